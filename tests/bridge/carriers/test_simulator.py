"""Calls and texts of the simulated carrier against a small real service, and the recordings it is held to."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from multidict import MultiDictProxy
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from bridge.carriers.simulator import (
    Account,
    Exchange,
    Fate,
    Heard,
    Mischief,
    Outcome,
    Party,
    PlacedCall,
    Simulator,
    Webhooks,
)
from bridge.carriers.simulator.calls import APPLICATION_ERROR
from bridge.carriers.simulator.values import EVENTS, MessageRecord

RECORDINGS = Path(__file__).parents[2] / "recordings"
ACCOUNT = Account(sid="AC0123456789abcdef0123456789abcdef", auth_token="a token of sixteen")
NOW = datetime(2026, 11, 24, 19, 59, tzinfo=UTC)
PROVIDER, LINE, CLIENT = "+12125550101", "+12125550180", "+12125550142"
HANGUP = "<Response><Hangup/></Response>"
ALL_EVENTS = "initiated ringing answered completed"


def dial(attributes: str = "", *, events: str = ALL_EVENTS, number: str = CLIENT) -> str:
    return (
        f'<Response><Dial action="/dialled" answerOnBridge="true" timeout="20" {attributes}>'
        f'<Number statusCallback="/leg" statusCallbackEvent="{events}">{number}</Number>'
        "</Dial></Response>"
    )


@dataclass(frozen=True)
class Got:
    path: str
    params: MultiDictProxy[str]
    token: str
    user_agent: str


@dataclass
class Answer:
    body: str = ""
    status: int = 200
    content_type: str = "text/xml"
    location: str = ""
    wait: Callable[[], Awaitable[None]] | None = None


@dataclass
class Service:
    """A service that says what it is told to say, and checks signatures with the carrier's own library."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    got: list[Got] = field(default_factory=list)
    base: str = ""

    def says(self, path: str, *bodies: str | Answer) -> None:
        """Answer with these in turn, and with the last of them ever after."""
        self.answers[path] = [Answer(body) if isinstance(body, str) else body for body in bodies]

    def events(self) -> list[str]:
        """What the callbacks told, in order of arrival."""
        return [
            got.params.get("DialCallStatus") or got.params["CallStatus"] for got in self.got if got.path != "/voice"
        ]

    async def answer(self, request: web.Request) -> web.Response:
        params = await request.post()
        oracle: Any = RequestValidator(ACCOUNT.auth_token)
        if not oracle.validate(f"{self.base}{request.path_qs}", params, request.headers["X-Twilio-Signature"]):
            return web.Response(status=403)
        texts = MultiDictProxy[str](params)  # type: ignore[arg-type]
        token = request.headers["I-Twilio-Idempotency-Token"]
        self.got.append(Got(request.path, texts, token, request.headers["User-Agent"]))
        answers = self.answers.get(request.path, [Answer("<Response/>")])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer.wait is not None:
            await answer.wait()
        return web.Response(
            body=answer.body,
            status=answer.status,
            content_type=answer.content_type,
            headers={"Location": answer.location} if answer.location else {},
        )


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    app = web.Application()
    app.router.add_post("/{path:.*}", made.answer)
    async with TestServer(app) as server:
        made.base = str(server.make_url("")).rstrip("/")
        made.says("/dialled", HANGUP)
        yield made


def ids() -> Callable[[], UUID]:
    numbers = iter(range(1, 10_000))
    return lambda: UUID(int=next(numbers))


@pytest.fixture
async def simulator(service: Service) -> AsyncIterator[Simulator]:
    async with aiohttp.ClientSession() as http:
        yield make(http, service)


def make(http: aiohttp.ClientSession, service: Service, **hooks: str | None) -> Simulator:
    webhooks = {
        "voice_url": f"{service.base}/voice",
        "fallback_url": f"{service.base}/fallback",
        "ended_url": f"{service.base}/ended",
        "text_url": f"{service.base}/text",
        **hooks,
    }
    return Simulator(
        http,
        account=ACCOUNT,
        webhooks=Webhooks(**webhooks),  # type: ignore[arg-type]
        now=lambda: NOW,
        new_id=ids(),
    )


# What the outcomes look like


@pytest.mark.parametrize(
    ("outcome", "told", "sip", "bridged", "talk_s"),
    [
        (Outcome.ANSWERED, ["initiated", "ringing", "in-progress", "completed"], "200", "true", 312),
        (Outcome.VOICEMAIL, ["initiated", "ringing", "in-progress", "completed"], "200", "true", 312),
        (Outcome.NO_ANSWER, ["initiated", "ringing", "no-answer"], "487", "false", 0),
        (Outcome.BUSY, ["initiated", "ringing", "busy"], "486", "false", 0),
        (Outcome.FAILED, ["initiated", "failed"], "404", "false", 0),
        (Outcome.CANCELED, ["initiated", "ringing", "canceled"], "487", "false", 0),
    ],
)
async def test_an_outcome(
    service: Service,
    simulator: Simulator,
    *,
    outcome: Outcome,
    told: list[str],
    sip: str,
    bridged: str,
    talk_s: int,
) -> None:
    service.says("/voice", dial())
    call = await simulator.dial(PROVIDER, LINE, outcome=outcome, talk_s=312)
    leg = [got.params for got in service.got if got.path == "/leg"]
    (action,) = [got.params for got in service.got if got.path == "/dialled"]
    (ended,) = [got.params for got in service.got if got.path == "/ended"]
    assert [params["CallStatus"] for params in leg] == told
    assert [params["SequenceNumber"] for params in leg] == [str(number) for number in range(len(told))]
    assert {params["CallSid"] for params in leg} == {call.child_sid}
    assert {params["ParentCallSid"] for params in leg} == {call.sid}
    assert (leg[-1]["SipResponseCode"], leg[-1]["CallDuration"]) == (sip, str(talk_s))
    assert action["DialCallStatus"] == told[-1]
    assert (action["DialCallSid"], action["DialBridged"]) == (call.child_sid, bridged)
    assert action.get("DialCallDuration") == (str(talk_s) if talk_s else None)
    assert (call.outcome, call.talk_s) == (outcome, talk_s)
    assert ended["CallStatus"] == call.status == ("no-answer" if outcome is Outcome.CANCELED else "completed")
    assert int(ended["CallDuration"]) == call.duration_s == talk_s
    assert (call.faults, call.heard) == ([], [])


async def test_a_voicemail_takes_twenty_seconds(service: Service, simulator: Simulator) -> None:
    service.says("/voice", dial())
    assert (await simulator.dial(PROVIDER, LINE, outcome=Outcome.VOICEMAIL)).talk_s == 20
    assert (await simulator.dial(PROVIDER, LINE)).talk_s == 60


async def test_time_is_told_by_the_timestamps(service: Service, simulator: Simulator) -> None:
    service.says("/voice", dial())
    call = await simulator.dial(PROVIDER, LINE, talk_s=59, ring_s=7)
    stamps = [got.params["Timestamp"] for got in service.got if "Timestamp" in got.params]
    assert [datetime.strptime(stamp, "%a, %d %b %Y %H:%M:%S %z") - NOW for stamp in stamps] == [
        timedelta(seconds=seconds) for seconds in (0, 1, 8, 67, 67)
    ]
    assert (call.sent("leg-completed")[0].params["Duration"], call.duration_s) == ("1", 59)


async def test_real_time_is_waited_for(service: Service) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    service.says("/voice", dial())
    async with aiohttp.ClientSession() as http:
        simulator = make(http, service)
        simulator._sleep = sleep
        await simulator.dial(PROVIDER, LINE, talk_s=30)
        assert waited == []
        await simulator.dial(PROVIDER, LINE, talk_s=30, real_time=True)
    assert waited == [1, 5, 30]


async def test_a_phone_that_rings_longer_than_the_dial_lets_it(service: Service, simulator: Simulator) -> None:
    service.says("/voice", dial())
    assert (await simulator.dial(PROVIDER, LINE, ring_s=25)).outcome is Outcome.ANSWERED
    assert (await simulator.dial(PROVIDER, LINE, ring_s=26)).outcome is Outcome.NO_ANSWER


async def test_the_time_limit_ends_a_conversation(service: Service, simulator: Simulator) -> None:
    service.says("/voice", dial('timeLimit="600"'))
    assert (await simulator.dial(PROVIDER, LINE, talk_s=601)).talk_s == 600


async def test_only_the_events_that_were_asked_for_are_told(service: Service, simulator: Simulator) -> None:
    service.says("/voice", dial(events="answered completed"))
    call = await simulator.dial(PROVIDER, LINE)
    told = [(exchange.kind, exchange.params["SequenceNumber"]) for exchange in call.exchanges[1:3]]
    assert told == [("leg-answered", "0"), ("leg-completed", "1")]


async def test_how_the_phone_rang(service: Service, simulator: Simulator) -> None:
    service.says("/voice", dial(f'callerId="{PROVIDER}" timeLimit="14400"'))
    (rang,) = (await simulator.dial(PROVIDER, LINE)).rang
    assert (rang.number, rang.caller_id, rang.timeout, rang.time_limit) == (CLIENT, PROVIDER, 20, 14_400)
    assert rang.answer_on_bridge


@pytest.mark.parametrize(("caller_id", "rings"), [(LINE, 1), ("+12125550177", 1), ("+12125550178", 0)])
async def test_a_caller_id_that_is_not_ours_to_show(
    service: Service, simulator: Simulator, caller_id: str, rings: int
) -> None:
    simulator.book.verified.add("+12125550177")
    service.says("/voice", dial(f'callerId="{caller_id}"'))
    call = await simulator.dial(PROVIDER, LINE)
    assert len(call.rang) == rings
    assert [fault.code for fault in call.faults] == ([] if rings else [13214])


async def test_a_number_that_is_none(service: Service, simulator: Simulator) -> None:
    service.says("/voice", dial(number="555-0142"))
    call = await simulator.dial(PROVIDER, LINE)
    assert [fault.code for fault in call.faults] == [13223]
    assert (call.rang, call.child_sid, service.events()) == ([], None, ["failed", "completed"])


# Answering


@pytest.mark.parametrize(
    ("document", "parent_status"),
    [
        (dial(), "ringing"),
        (dial().replace('answerOnBridge="true"', ""), "in-progress"),
        (dial().replace("<Dial", "<Say>One moment.</Say><Dial"), "in-progress"),
    ],
)
async def test_answer_on_bridge_counts_as_the_first_verb_only(
    service: Service, simulator: Simulator, document: str, parent_status: str
) -> None:
    service.says("/voice", document)
    seen: list[str] = []

    async def look() -> None:
        seen.extend(call.status for call in simulator.book.calls.values() if call.leg.parent_sid is None)

    call = await simulator.dial(PROVIDER, LINE, outcome=Outcome.NO_ANSWER, while_ringing=look)
    assert seen == [parent_status]
    assert call.sent("dial-action")[0].params["CallStatus"] == parent_status


@pytest.mark.parametrize(
    ("document", "status", "billed"),
    [
        ("<Response><Reject/></Response>", "no-answer", False),
        ('<Response><Reject reason="busy"/></Response>', "busy", False),
        ("<Response><Say>Goodbye.</Say><Reject/></Response>", "completed", True),
        (HANGUP, "completed", True),
        ("<Response/>", "completed", True),
    ],
)
async def test_only_a_rejection_leaves_the_call_unanswered(
    service: Service, simulator: Simulator, document: str, status: str, *, billed: bool
) -> None:
    service.says("/voice", document)
    call = await simulator.dial(PROVIDER, LINE)
    assert call.status == status
    assert (simulator.book.calls[call.sid].answered is not None) is billed


async def test_what_the_caller_hears(service: Service, simulator: Simulator) -> None:
    service.says(
        "/voice",
        '<Response><Say language="es-MX">Un momento.</Say><Pause/><Redirect>/next</Redirect></Response>',
    )
    service.says("/next", "<Response><Say>The line opens at 2:59.</Say></Response>")
    call = await simulator.dial(PROVIDER, LINE)
    assert call.heard == [Heard(text="Un momento.", language="es-MX"), Heard(text="The line opens at 2:59.")]
    assert call.words == ["Un momento.", "The line opens at 2:59."]
    assert [got.path for got in service.got] == ["/voice", "/next", "/ended"]


async def test_the_answer_to_the_action_is_heard(service: Service, simulator: Simulator) -> None:
    service.says("/voice", dial())
    service.says("/dialled", "<Response><Say>There was no answer.</Say></Response>")
    call = await simulator.dial(PROVIDER, LINE, outcome=Outcome.NO_ANSWER)
    assert call.words == ["There was no answer."]
    assert (call.status, call.duration_s) == ("completed", 2)


async def test_without_an_action_the_document_goes_on(service: Service, simulator: Simulator) -> None:
    service.says("/voice", f"<Response><Dial>{CLIENT}</Dial><Say>Goodbye.</Say></Response>")
    assert (await simulator.dial(PROVIDER, LINE)).words == ["Goodbye."]
    with_action = f'<Response><Dial action="/dialled">{CLIENT}</Dial><Say>Unreachable.</Say></Response>'
    service.says("/voice", with_action)
    assert (await simulator.dial(PROVIDER, LINE)).words == []


async def test_an_action_may_dial_again(service: Service, simulator: Simulator) -> None:
    service.says("/voice", dial())
    service.says("/dialled", dial(number="+12125550143"), HANGUP)
    call = await simulator.dial(PROVIDER, LINE, talk_s=40)
    assert [rang.number for rang in call.rang] == [CLIENT, "+12125550143"]
    assert call.talk_s == 80


@pytest.mark.parametrize(("party", "words"), [(Party.CALLEE, ["Goodbye."]), (Party.CALLER, [])])
async def test_nobody_hears_the_answer_once_the_caller_hung_up(
    service: Service, simulator: Simulator, party: Party, words: list[str]
) -> None:
    service.says("/voice", dial())
    service.says("/dialled", "<Response><Say>Goodbye.</Say></Response>")
    call = await simulator.dial(PROVIDER, LINE, hung_up_by=party)
    assert call.words == words
    (action,) = call.sent("dial-action")
    assert action.params["CallStatus"] == ("in-progress" if words else "completed")


# Keys


MENU = (
    '<Response><Gather action="/menu" numDigits="1" timeout="7"><Say>Press one or two.</Say></Gather>'
    "<Say>Nothing was pressed.</Say></Response>"
)


async def test_pressed_keys_go_to_the_action(service: Service, simulator: Simulator) -> None:
    service.says("/voice", MENU)
    service.says("/menu", '<Response><Gather action="/pin"><Say>Your code.</Say></Gather></Response>')
    service.says("/pin", dial())
    call = await simulator.dial(PROVIDER, LINE, digits=["2", "1234#"])
    menu, pin = call.sent("gather")
    assert (menu.params["Digits"], menu.params["FinishedOnKey"]) == ("2", "")
    assert (pin.params["Digits"], pin.params["FinishedOnKey"]) == ("1234", "#")
    assert (call.words, call.talk_s) == (["Press one or two.", "Your code."], 60)
    assert call.sent("dial-action")[0].params["CallStatus"] == "in-progress"


async def test_silence_falls_through(service: Service, simulator: Simulator) -> None:
    service.says("/voice", MENU)
    call = await simulator.dial(PROVIDER, LINE)
    assert call.words == ["Press one or two.", "Nothing was pressed."]
    assert (call.sent("gather"), call.duration_s) == ([], 2 + 7 + 2)


async def test_a_menu_that_never_ends_tires_the_caller(service: Service, simulator: Simulator) -> None:
    service.says("/voice", "<Response><Gather/><Redirect/></Response>")
    call = await simulator.dial(PROVIDER, LINE)
    assert len(service.got) == 51
    assert (call.status, call.faults) == ("completed", [])


async def test_keys_that_no_telephone_has(simulator: Simulator) -> None:
    with pytest.raises(ValueError, match="no such keys"):
        await simulator.dial(PROVIDER, LINE, digits=["one"])


# When the service fails


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer("boom", status=500), 11217),
        (Answer("no", status=403), 11217),
        (Answer("<Response>"), 12100),
        (Answer("<Response><Play>x</Play></Response>"), 12200),
        (Answer("{}", content_type="application/json"), 12300),
        (Answer(f"<Response><Say>{'x' * 70_000}</Say></Response>"), 11750),
        (Answer(f"<Response><Say>{'x' * 5_000}</Say></Response>"), 13521),
        (Answer(""), 12100),
    ],
)
async def test_the_fallback_is_told_what_went_wrong(
    service: Service, simulator: Simulator, answer: Answer, code: int
) -> None:
    service.says("/voice", answer)
    service.says("/fallback", "<Response><Say>Please see the portal.</Say></Response>")
    call = await simulator.dial(PROVIDER, LINE)
    (fallback,) = [got.params for got in service.got if got.path == "/fallback"]
    assert (fallback["ErrorCode"], fallback["ErrorUrl"]) == (str(code), f"{service.base}/voice")
    assert (fallback["CallSid"], fallback["CallStatus"]) == (call.sid, "ringing")
    assert [fault.code for fault in call.faults] == [code]
    assert call.heard == [Heard(text="Please see the portal.")]


async def test_without_a_fallback_the_carrier_apologises(service: Service) -> None:
    service.says("/voice", Answer(status=500))
    async with aiohttp.ClientSession() as http:
        call = await make(http, service, fallback_url=None).dial(PROVIDER, LINE)
    assert call.heard == [Heard(text=APPLICATION_ERROR, by_carrier=True)]
    assert service.events() == ["completed"]


async def test_a_fallback_that_fails_as_well(service: Service, simulator: Simulator) -> None:
    service.says("/voice", Answer(status=500))
    service.says("/fallback", "<Response><Play/></Response>")
    call = await simulator.dial(PROVIDER, LINE)
    assert call.heard == [Heard(text=APPLICATION_ERROR, by_carrier=True)]
    assert [fault.code for fault in call.faults] == [11217, 12200]


async def test_an_action_that_fails_goes_to_the_fallback(service: Service, simulator: Simulator) -> None:
    service.says("/voice", dial())
    service.says("/dialled", Answer(status=503))
    service.says("/fallback", "<Response><Say>Goodbye.</Say></Response>")
    call = await simulator.dial(PROVIDER, LINE)
    (fallback,) = call.sent("fallback")
    assert (fallback.params["DialCallStatus"], fallback.params["ErrorCode"]) == ("completed", "11217")
    assert (call.words, call.talk_s) == (["Goodbye."], 60)


async def test_a_wrong_signature_would_be_refused(service: Service) -> None:
    async with aiohttp.ClientSession() as http:
        simulator = Simulator(
            http,
            account=Account(sid=ACCOUNT.sid, auth_token="another token"),
            webhooks=Webhooks(voice_url=f"{service.base}/voice"),
            now=lambda: NOW,
            new_id=ids(),
        )
        call = await simulator.dial(PROVIDER, LINE)
    assert ([exchange.status for exchange in call.exchanges], service.got) == ([403], [])


@pytest.mark.parametrize(("status", "code"), [(302, 11217), (307, 11215)])
async def test_a_webhook_must_not_redirect(service: Service, simulator: Simulator, status: int, code: int) -> None:
    """302 turns the POST into a GET, which this service does not know; 307 goes in a circle."""
    service.says("/voice", Answer(status=status, location="/voice"))
    call = await simulator.dial(PROVIDER, LINE)
    assert [fault.code for fault in call.faults] == [code]


async def test_nobody_listens(service: Service) -> None:
    async with aiohttp.ClientSession() as http:
        call = await make(http, service, voice_url="http://127.0.0.1:1/voice").dial(PROVIDER, LINE)
    assert [fault.code for fault in call.faults] == [11202]
    assert [exchange.status for exchange in call.sent("voice")] == [None, None]  # retried once by default


# Retries


async def test_retries_carry_one_token(service: Service) -> None:
    service.says("/voice", Answer(status=500), Answer(status=503), dial())
    async with aiohttp.ClientSession() as http:
        hooks = {"voice_url": f"{service.base}/voice#rc=2&rp=5xx"}
        call = await make(http, service, **hooks).dial(PROVIDER, LINE)
    first, second, third = call.sent("voice")
    assert [first.status, second.status, third.status] == [500, 503, 200]
    assert first.token == second.token == third.token
    assert len({got.token for got in service.got}) == len(service.got) - 2
    assert (call.faults, call.talk_s) == ([], 60)


@pytest.mark.parametrize(
    ("fragment", "status", "attempts"),
    [
        ("", 500, 1),
        ("#rc=3", 500, 1),
        ("#rc=3&rp=5xx", 404, 1),
        ("#rc=3&rp=4xx", 404, 4),
        ("#rp=all", 429, 2),
    ],
)
async def test_the_retry_policy(service: Service, fragment: str, status: int, attempts: int) -> None:
    service.says("/voice", Answer(status=status))
    async with aiohttp.ClientSession() as http:
        call = await make(http, service, voice_url=f"{service.base}/voice{fragment}").dial(PROVIDER, LINE)
    assert len(call.sent("voice")) == attempts


@pytest.mark.parametrize(
    ("fragment", "code", "attempts"),
    [("#rt=100", 11205, 1), ("#rt=100&rc=1&rp=rt", 11205, 2), ("#tt=100", 11203, 1)],
)
async def test_a_service_that_thinks_too_long(service: Service, fragment: str, code: int, attempts: int) -> None:
    released = asyncio.Event()

    async def wait() -> None:
        await released.wait()

    service.says("/voice", Answer(HANGUP, wait=wait))
    async with aiohttp.ClientSession() as http:
        call = await make(http, service, voice_url=f"{service.base}/voice{fragment}").dial(PROVIDER, LINE)
    released.set()
    assert [fault.code for fault in call.faults] == [code]
    assert [exchange.status for exchange in call.sent("voice")] == [None] * attempts


async def test_a_fragment_in_a_document_counts_too(service: Service, simulator: Simulator) -> None:
    service.says("/voice", dial().replace('"/dialled"', '"/dialled#rc=1&amp;rp=5xx"'))
    service.says("/dialled", Answer(status=502), HANGUP)
    call = await simulator.dial(PROVIDER, LINE)
    assert [exchange.status for exchange in call.sent("dial-action")] == [502, 200]
    assert call.faults == []


async def test_a_callback_that_fails_is_noted_and_the_call_goes_on(service: Service, simulator: Simulator) -> None:
    service.says("/voice", dial())
    service.says("/leg", Answer(status=500))
    call = await simulator.dial(PROVIDER, LINE)
    assert [fault.code for fault in call.faults] == [11217] * 4
    assert service.events()[-2:] == ["completed", "completed"]


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        (Answer(status=204), []),
        (Answer("<Response/>"), []),
        (Answer("OK", content_type="text/plain"), [12300]),
        (Answer(HANGUP), [12200]),
    ],
)
async def test_what_a_callback_may_be_answered(
    service: Service, simulator: Simulator, answer: Answer, codes: list[int]
) -> None:
    service.says("/voice", dial(events="completed"))
    service.says("/leg", answer)
    call = await simulator.dial(PROVIDER, LINE)
    assert [fault.code for fault in call.faults] == codes


# Mischief


def names(call: PlacedCall) -> list[str]:
    """The callbacks in order of arrival, by the names of EVENTS."""
    kinds = {"dial-action": "action"}
    return [kinds.get(exchange.kind, exchange.kind.removeprefix("leg-")) for exchange in call.exchanges[1:]]


async def test_without_mischief(service: Service, simulator: Simulator) -> None:
    service.says("/voice", dial())
    assert names(await simulator.dial(PROVIDER, LINE)) == [*EVENTS]


@pytest.mark.parametrize("same_token", [True, False])
async def test_copies(service: Service, simulator: Simulator, *, same_token: bool) -> None:
    service.says("/voice", dial())
    service.says("/dialled", "<Response><Say>Goodbye.</Say></Response>")
    mischief = Mischief(copies=3, same_token=same_token)
    call = await simulator.dial(PROVIDER, LINE, mischief=mischief)
    assert names(call) == [name for name in EVENTS for _ in range(3)]
    assert len({exchange.token for exchange in call.exchanges[1:]}) == (6 if same_token else 18)
    assert all(len({*copy.params.items()} ^ {*first.params.items()}) == 0 for first, copy in pairs(call))
    assert (call.words, call.talk_s, call.faults) == (["Goodbye."], 60, [])


def pairs(call: PlacedCall) -> list[tuple[Exchange, Exchange]]:
    told = call.exchanges[1:]
    return [(told[place], told[place + 1]) for place in range(len(told)) if place % 3 != 2]


@pytest.mark.parametrize(
    ("order", "arrived"),
    [
        (EVENTS[::-1], [*EVENTS[::-1]]),
        (("completed", "action"), ["completed", "action", "initiated", "ringing", "answered", "ended"]),
        (
            ("completed", "ringing", "completed"),
            ["completed", "ringing", "completed", "initiated", "answered", "action", "ended"],
        ),
        (("ended",), ["ended", "initiated", "ringing", "answered", "completed", "action"]),
    ],
)
async def test_order(service: Service, simulator: Simulator, order: tuple[str, ...], arrived: list[str]) -> None:
    service.says("/voice", dial())
    service.says("/dialled", "<Response><Say>Goodbye.</Say></Response>")
    call = await simulator.dial(PROVIDER, LINE, mischief=Mischief(order=order))
    assert names(call) == arrived
    assert call.words == ["Goodbye."]
    told = {exchange.kind: exchange.params.get("SequenceNumber") for exchange in call.exchanges}
    assert [told[f"leg-{name}"] for name in EVENTS[:4]] == ["0", "1", "2", "3"]


async def test_order_when_an_action_dials_again(service: Service, simulator: Simulator) -> None:
    service.says("/voice", dial())
    service.says("/dialled", dial(number="+12125550143"), HANGUP)
    call = await simulator.dial(PROVIDER, LINE, mischief=Mischief(order=("action", "ended")))
    assert names(call) == [*("action", "ended"), *EVENTS[:4], "action", *EVENTS[:4]]


async def test_in_parallel(service: Service, simulator: Simulator) -> None:
    together = asyncio.Barrier(6)

    async def meet() -> None:
        await together.wait()

    service.says("/voice", dial())
    for path in ("/leg", "/ended"):
        service.says(path, Answer(status=204, wait=meet))
    service.says("/dialled", Answer(HANGUP, wait=meet))
    call = await simulator.dial(PROVIDER, LINE, mischief=Mischief(at_once=True))
    assert sorted(names(call)) == sorted(EVENTS)


@pytest.mark.parametrize("lost", EVENTS)
async def test_lost_callbacks(service: Service, simulator: Simulator, lost: str) -> None:
    service.says("/voice", dial())
    call = await simulator.dial(PROVIDER, LINE, mischief=Mischief(lose=frozenset({lost})))
    assert names(call) == [name for name in EVENTS if name != lost]
    assert (call.status, call.talk_s) == ("completed", 60)


async def test_nothing_at_all_arrives(service: Service, simulator: Simulator) -> None:
    service.says("/voice", dial())
    call = await simulator.dial(PROVIDER, LINE, mischief=Mischief(lose=frozenset(EVENTS)))
    assert names(call) == []
    child = simulator.book.calls[str(call.child_sid)]
    assert (child.status, child.duration_s, child.leg.parent_sid) == ("completed", 60, call.sid)


async def test_late_callbacks(service: Service, simulator: Simulator) -> None:
    service.says("/voice", dial())
    late = Mischief(late=frozenset({"answered", "completed", "action"}))
    call = await simulator.dial(PROVIDER, LINE, mischief=late)
    assert names(call) == ["initiated", "ringing", "ended"]
    await call.deliver_late()
    assert names(call)[3:] == ["answered", "completed", "action"]
    await call.deliver_late()
    assert len(names(call)) == 6
    assert call.exchanges[-1].params["DialCallDuration"] == "60"


@pytest.mark.parametrize(("outcome", "child"), [(Outcome.ANSWERED, "canceled"), (Outcome.NO_ANSWER, "no-answer")])
async def test_the_caller_hangs_up_while_it_rings(
    service: Service, simulator: Simulator, outcome: Outcome, child: str
) -> None:
    service.says("/voice", dial())
    mischief = Mischief(hang_up_while_ringing=True)
    call = await simulator.dial(PROVIDER, LINE, outcome=outcome, mischief=mischief)
    assert service.events() == ["initiated", "ringing", child, "no-answer"]
    assert (call.sent("dial-action"), call.outcome, call.talk_s) == ([], Outcome.CANCELED, 0)


async def test_mischief_comes_together(service: Service, simulator: Simulator) -> None:
    service.says("/voice", dial())
    mischief = Mischief(
        copies=2, order=("completed", "initiated"), lose=frozenset({"action"}), late=frozenset({"initiated"})
    )
    call = await simulator.dial(PROVIDER, LINE, outcome=Outcome.BUSY, mischief=mischief)
    assert names(call) == ["completed"] * 2 + ["ringing"] * 2 + ["ended"] * 2
    await call.deliver_late()
    assert names(call)[-1] == "initiated"


async def test_a_second_call_while_one_is_live(service: Service, simulator: Simulator) -> None:
    service.says("/voice", dial())
    others: list[PlacedCall] = []

    async def dial_again() -> None:
        others.append(await simulator.dial(PROVIDER, LINE))

    call = await simulator.dial(PROVIDER, LINE, while_talking=dial_again)
    assert len({call.sid, call.child_sid, others[0].sid, others[0].child_sid}) == 4
    told = [got.params["CallSid"] for got in service.got if got.path == "/ended"]
    assert told == [others[0].sid, call.sid]


async def test_a_captured_request_is_sent_again(service: Service, simulator: Simulator) -> None:
    service.says("/voice", dial())
    call = await simulator.dial(PROVIDER, LINE)
    again = await simulator.replay(call.exchanges[0])
    assert (again.body, again.token) == (call.exchanges[0].body, call.exchanges[0].token)
    first, last = service.got[0], service.got[-1]
    assert (first.path, [*first.params.items()]) == (last.path, [*last.params.items()])


# Texts


async def test_a_text_is_answered(service: Service, simulator: Simulator) -> None:
    service.says("/text", "<Response><Message>Thank you.</Message></Response>")
    placed = await simulator.text(PROVIDER, LINE, "Yes, it took place")
    (got,) = service.got
    assert (got.params["Body"], got.params["From"], got.params["MessageSid"]) == (
        "Yes, it took place",
        PROVIDER,
        placed.sid,
    )
    assert placed.replies == ("Thank you.",)
    kept = [(message.direction, message.body) for message in simulator.book.messages.values()]
    assert kept == [("inbound", "Yes, it took place"), ("outbound-reply", "Thank you.")]


async def test_a_text_that_arrives_twice(service: Service, simulator: Simulator) -> None:
    service.says("/text", "<Response/>")
    placed = await simulator.text(PROVIDER, LINE, "NO", copies=2)
    assert len({got.token for got in service.got}) == 1
    assert ([got.params["MessageSid"] for got in service.got], placed.replies) == ([placed.sid] * 2, ())


async def test_stop_is_understood_by_the_carrier_itself(service: Service, simulator: Simulator) -> None:
    service.says("/text", "<Response><Message>You will get no more texts.</Message></Response>")
    assert (await simulator.text(PROVIDER, LINE, " stop ")).replies == ()
    assert (PROVIDER, LINE) in simulator.book.opted_out
    assert (await simulator.text(PROVIDER, LINE, "START")).replies
    assert simulator.book.opted_out == set()


async def test_a_service_that_fails_at_a_text(service: Service, simulator: Simulator) -> None:
    service.says("/text", Answer(status=500))
    placed = await simulator.text(PROVIDER, LINE, "YES")
    assert ([fault.code for fault in placed.faults], placed.replies) == ([11217], ())


@pytest.mark.parametrize(
    ("fate", "told"),
    [
        (Fate(), [("sent", None), ("delivered", None)]),
        (Fate(callbacks=("delivered", "sent")), [("delivered", None), ("sent", None)]),
        (Fate(callbacks=()), []),
        (
            Fate(status="undelivered", error_code=30003, callbacks=("sent", "undelivered")),
            [("sent", None), ("undelivered", "30003")],
        ),
        (Fate(status="failed", error_code=30008, callbacks=("failed",)), [("failed", "30008")]),
    ],
)
async def test_the_fate_of_a_text(
    service: Service, simulator: Simulator, fate: Fate, told: list[tuple[str, str | None]]
) -> None:
    simulator.book.fates[PROVIDER] = fate
    message = sent_text(service)
    simulator.report(message)
    await simulator.settle()
    assert [(got.params["MessageStatus"], got.params.get("ErrorCode")) for got in service.got] == told
    assert (message.status, message.error_code) == (fate.status, fate.error_code)
    assert simulator.book.faults == []


def sent_text(service: Service) -> MessageRecord:
    return MessageRecord(
        sid="SM00112233445566778899aabbccddeeff",
        from_=LINE,
        to=PROVIDER,
        body="Did the consultation take place?",
        direction="outbound-api",
        status="queued",
        created=NOW,
        updated=NOW,
        status_callback=f"{service.base}/text/status",
    )


async def test_a_number_with_addresses_of_its_own(service: Service, simulator: Simulator) -> None:
    simulator.book.add_number(LINE, Webhooks(voice_url=f"{service.base}/other"))
    await simulator.dial(PROVIDER, LINE)
    await simulator.dial(PROVIDER, "+12125550181")
    assert [got.path for got in service.got] == ["/other", "/voice", "/ended"]


# Recordings


SHAPES: Mapping[str, str] = {
    "CallSid|ParentCallSid|DialCallSid": "CA[0-9a-f]{32}",
    "AccountSid": "AC[0-9a-f]{32}",
    "MessageSid|SmsSid|SmsMessageSid": "SM[0-9a-f]{32}",
    "ApiVersion": "2010-04-01",
    "Direction": "inbound|outbound-dial",
    "CallStatus": "initiated|ringing|in-progress|completed|busy|failed|no-answer|canceled",
    "DialCallStatus": "completed|busy|failed|no-answer|canceled",
    "DialBridged": "true|false",
    "From|To|Caller|Called": r"\+[1-9][0-9]{6,14}",
    "(From|To|Caller|Called)(City|State|Zip)": "",
    "(From|To|Caller|Called)Country": "[A-Z]{2}|",
    "CallToken": (
        r"%7B%22parentCallInfoToken%22%3A%22[\w-]+\.[\w-]+\.[\w-]+%22%2C"
        r"%22identityHeaderTokens%22%3A%5B%5D%7D"
    ),
    "StirVerstat": (
        "TN-Validation-(Passed|Failed)-[ABC](-Diverted|-Passthrough)?|TN-Validation-Failed|No-TN-Validation"
    ),
    "StirStatus": "[ABC]",
    "Timestamp": (
        "(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-3][0-9] [A-Z][a-z]{2} [0-9]{4} "
        r"[0-9]{2}:[0-9]{2}:[0-9]{2} \+0000"
    ),
    "CallbackSource": "call-progress-events",
    "SequenceNumber|CallDuration|Duration|DialCallDuration|NumMedia|NumSegments": "[0-9]+",
    "SipResponseCode": "[2-6][0-9]{2}",
    "ErrorCode": "[1-9][0-9]{4}",
    "ErrorUrl": "https?://[^#]+",
    "Digits": "[0-9*#]+",
    "FinishedOnKey": "[0-9*#]?",
    "msg": "Gather End",
    "Body": "(?s:.+)",
    "SmsStatus|MessageStatus": "received|sending|sent|delivered|undelivered|failed",
    "RawDlrDoneDate": "[0-9]{10}",
}


@dataclass(frozen=True)
class Recording:
    name: str
    kind: str
    params: Mapping[str, str]
    when: Mapping[str, Sequence[str]]

    def is_of(self, kind: str, params: Mapping[str, str]) -> bool:
        """Tell whether a request has the names of this recording, no more and no fewer."""
        return (
            kind == self.kind
            and params.keys() == self.params.keys()
            and all(params[name] in values for name, values in self.when.items())
        )


def misshapen(params: Mapping[str, str]) -> list[str]:
    """The names whose value has not its documented shape, or that have none."""
    return [
        name
        for name, value in params.items()
        if not any(re.fullmatch(names, name) and re.fullmatch(shape, value) for names, shape in SHAPES.items())
    ]


def recordings() -> list[Recording]:
    read = [(path.stem, json.loads(path.read_text())) for path in sorted(RECORDINGS.glob("*.json"))]
    return [
        Recording(name, found["kind"], found["params"], found.get("when", {}))
        for name, found in read
        if "params" in found
    ]


@pytest.mark.parametrize("path", sorted(RECORDINGS.glob("*.json")), ids=lambda path: path.name)
def test_a_recording_names_its_source_and_what_is_inferred(path: Path) -> None:
    found = json.loads(path.read_text())
    assert found["source"]
    assert all(re.match(r"https://[\w.-]+/\S+$", source) for source in found["source"])
    assert isinstance(found["inferred"], list)
    assert ("params" in found) != ("body" in found)


@pytest.mark.parametrize("recording", recordings(), ids=lambda recording: recording.name)
def test_a_recording_has_the_documented_shapes(recording: Recording) -> None:
    assert misshapen(recording.params) == []
    assert recording.is_of(recording.kind, recording.params)


async def everything(service: Service, simulator: Simulator) -> list[Exchange]:
    """Play every kind of call and text, and return all requests."""
    service.says("/voice", dial())
    calls = [
        await simulator.dial(PROVIDER, LINE, outcome=outcome, hung_up_by=party)
        for outcome in Outcome
        for party in Party
    ]
    calls.append(await simulator.dial(PROVIDER, LINE, stir_verstat=None))
    calls.append(await simulator.dial(PROVIDER, LINE, mischief=Mischief(hang_up_while_ringing=True)))
    service.says("/voice", MENU)
    service.says("/menu", "<Response><Redirect>/next</Redirect></Response>")
    calls.append(await simulator.dial(PROVIDER, LINE, digits=["1"]))
    service.says("/voice", Answer(status=500))
    service.says("/fallback", dial(number="nobody"))
    calls.append(await simulator.dial(PROVIDER, LINE))
    service.says("/voice", dial())
    service.says("/dialled", Answer(status=500))
    service.says("/fallback", HANGUP)
    calls.append(await simulator.dial(PROVIDER, LINE))
    placed = await simulator.text(PROVIDER, LINE, "Sí")
    for fate in (
        Fate(callbacks=("sending", "sent", "delivered")),
        Fate(status="undelivered", error_code=30003, callbacks=("undelivered",)),
        Fate(status="failed", error_code=30008, callbacks=("failed",)),
    ):
        simulator.book.fates[PROVIDER] = fate
        simulator.report(sent_text(service))
        await simulator.settle()
    return [*(sent for call in calls for sent in call.exchanges), *placed.exchanges, *simulator.book.reports]


async def test_every_request_is_as_recorded_and_every_recording_is_sent(service: Service, simulator: Simulator) -> None:
    known = recordings()
    sent = await everything(service, simulator)
    matched = set()
    for exchange in sent:
        fitting = [recording.name for recording in known if recording.is_of(exchange.kind, exchange.params)]
        assert fitting, f"{exchange.kind} with {sorted(exchange.params)} is not recorded"
        assert misshapen(exchange.params) == []
        matched.update(fitting)
    assert matched == {recording.name for recording in known}
    assert {got.user_agent for got in service.got} == {"TwilioProxy/1.1"}
