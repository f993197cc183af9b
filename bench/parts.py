"""What the parts of a call cost in microseconds, beside the carrier's own library where it has the same part."""

import gc
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from timeit import repeat
from uuid import uuid4

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from twilio.twiml.voice_response import Dial, VoiceResponse  # type: ignore[import-untyped]

from bench import calls
from bench.report import Report
from bridge.carriers import signature, twilio
from bridge.rules import talk
from bridge.values import Connect, Fact, FactSource, Heard
from people.values import Language

TIMES, ROUNDS = 400, 9


def run(report: Report) -> None:
    """Measure each part, ours and the library's in turns."""
    checked = _signature()
    rendered = _documents()
    report.title(f"Parts, in µs: the best of {ROUNDS} rounds of {TIMES}")
    report.line(f"fold of a call's {len(_FACTS)} facts: {_us({'fold': _fold})['fold']:.1f}")
    report.line(_beside("signature of 25 fields", checked))
    report.line(_beside("document of a connection", rendered))


def _us(parts: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Return the microseconds of each part; they take turns, since the machine drifts."""
    gc.disable()
    best = dict.fromkeys(parts, float("inf"))
    for _ in range(ROUNDS):
        for name, part in parts.items():
            best[name] = min(best[name], *repeat(part, number=TIMES, repeat=1))
    gc.enable()
    return {name: seconds / TIMES * 1e6 for name, seconds in best.items()}


def _beside(name: str, us: Mapping[str, float]) -> str:
    return f"{name}: {us['ours']:.1f}, the library {us['library']:.1f} ({us['library'] / us['ours']:.0f} times as long)"


def _signature() -> Mapping[str, float]:
    fields = calls.form("+12125550142", calls.new_sid())
    bases, params = signature.signed_bases(calls.BASE), dict(fields)
    given = signature.signature(calls.TOKEN, calls.BASE + calls.PATH, fields)
    library = RequestValidator(calls.TOKEN)
    parts: dict[str, Callable[[], bool]] = {
        "ours": lambda: signature.is_genuine(given, (calls.TOKEN,), bases, calls.PATH, fields),
        "library": lambda: library.validate(calls.BASE + calls.PATH, params, given),
    }
    if not all(part() for part in parts.values()):
        msg = "a signature was not recognised"
        raise RuntimeError(msg)
    return _us(parts)


def _documents() -> Mapping[str, float]:
    call_id, now = uuid4(), datetime.now(UTC)
    route = Connect(
        provider_id=uuid4(),
        appointment_id=uuid4(),
        occurrence=1,
        caller_id="+12125550101",
        client_number="+12125550142",
        language=Language.ENGLISH,
    )
    told = twilio.Telling(base=calls.BASE, ring_s=20, time_limit_s=14400)

    def library() -> str:
        path = f"{calls.BASE}{calls.PATH}"
        answer = VoiceResponse()
        dial = Dial(
            action=f"{path}/dialled/{call_id}{twilio.STEP}",
            answer_on_bridge=True,
            caller_id=route.caller_id,
            time_limit=told.time_limit_s,
            timeout=told.ring_s,
        )
        dial.number(
            route.client_number,
            status_callback=f"{path}/leg/{call_id}{twilio.CALLBACK}",
            status_callback_event="initiated ringing answered completed",
        )
        answer.append(dial)
        return str(answer)

    parts: dict[str, Callable[[], str]] = {
        "ours": lambda: twilio.render(route, call_id, told, now),
        "library": library,
    }
    if parts["ours"]() != parts["library"]():
        msg = "the two documents are not the same"
        raise RuntimeError(msg)
    return _us(parts)


_PARENT, _LEG, _BEGAN = calls.new_sid(), calls.new_sid(), datetime(2026, 1, 5, 15, tzinfo=UTC)


def _fact(source: FactSource, leg: str, event: Heard, after_s: int | None, **told: int | bool) -> Fact:
    at = None if after_s is None else _BEGAN + timedelta(seconds=after_s)
    return Fact(source=source, leg=leg, event=event, sequence=after_s or 0, at=at, **told)  # type: ignore[arg-type]


# What is heard of a call that goes well.
_FACTS = (
    _fact(FactSource.ANSWER, _PARENT, Heard.DIALLED, 0),
    _fact(FactSource.LEG, _LEG, Heard.INITIATED, 1),
    _fact(FactSource.LEG, _LEG, Heard.RINGING, 2),
    _fact(FactSource.LEG, _LEG, Heard.ANSWERED, 9),
    _fact(FactSource.LEG, _LEG, Heard.COMPLETED, 849, duration_s=840),
    _fact(FactSource.ACTION, _LEG, Heard.COMPLETED, None, duration_s=840, bridged=True),
    _fact(FactSource.ENDED, _PARENT, Heard.COMPLETED, 851, duration_s=850),
)


def _fold() -> object:
    return talk.fold(_PARENT, _FACTS)
