"""The carrier's door: signed requests come in, documents go out.

The signature is checked by a middleware of this application, so that a new route cannot forget it; a second one
turns any failure on a path where somebody listens into a spoken apology, never silence and never the carrier's
own error message. Handlers parse, open one transaction, call one action, render.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar
from uuid import UUID

import structlog
from aiohttp import web

from bridge import actions
from bridge.carriers import signature, twilio
from bridge.rules import speech
from bridge.standby import STANDBY, Entry, Standby
from bridge.values import CarrierName, Connect, Fact, FactSource, Heard, InboundCall, Outcome, Route, Sign
from config.database import UNREACHABLE
from config.deps import Deps
from config.errors import BadInput, NotFound
from config.http import ARRIVED, DEPS
from people.values import Language
from status.actions import policy

_log = structlog.get_logger(__name__)

PARAMS: Final[web.RequestKey[Mapping[str, str]]] = web.RequestKey("params", Mapping)
BASES: Final = web.AppKey("bases", tuple[str, ...])
ASIDE: Final[web.AppKey[set[asyncio.Task[Any]]]] = web.AppKey("aside", set)

# The first statement of a call gives up after `statement_s`, as does the writing of a fact; the whole answer after
# `answer_s`: carriers that speak the same language wait 5 s at most, and a caller hears nothing meanwhile.
# What giving up itself may take: the driver waits for the server's word that a statement is cancelled.
LET_GO_S = 0.05
# What a person has keyed or written is looked up in several statements; an apology still fits behind it.
APOLOGY_S = 0.3

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
T = TypeVar("T")

# Nobody listens to the answer of these: a failure is told to the carrier, which tries again.
_UNHEARD = frozenset({"leg", "ended", "text-status"})
# These carry our own line in `To`.
_TO_US = frozenset({"voice", "menu", "pin", "code", "dialled", "ended", "fallback", "text"})


def build(deps: Deps, standby: Standby) -> web.Application:
    """Return the application to be mounted at `/twilio/`."""
    app = web.Application(middlewares=[apologise, genuine])
    app[DEPS] = deps  # here as well: to look into the applications around this one costs 3 µs each time
    app[STANDBY] = standby
    app[BASES] = signature.signed_bases(deps.settings.carrier_base)
    app[ASIDE] = set()
    app.cleanup_ctx.append(_finish_what_is_aside)
    app.router.add_post("/voice", voice, name="voice")
    app.router.add_post("/voice/menu/{call}", menu, name="menu")
    app.router.add_post("/voice/pin/{call}", pin, name="pin")
    app.router.add_post("/voice/code/{call}", code, name="code")
    app.router.add_post("/voice/dialled/{call}", dialled, name="dialled")
    app.router.add_post("/voice/leg/{call}", leg, name="leg")
    app.router.add_post("/voice/ended", ended, name="ended")
    app.router.add_post("/voice/fallback", fallback, name="fallback")
    app.router.add_post("/text", text, name="text")
    app.router.add_post("/text/status/{notice}", text_status, name="text-status")
    return app


# Middlewares


@web.middleware
async def genuine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in what the carrier signed for our account and our lines; anything else is 403 and writes nothing.

    The address is the configured one with the raw path: Host and X-Forwarded-* are the caller's to choose.
    """
    settings = request.app[DEPS].settings
    if request.content_type != "application/x-www-form-urlencoded":
        return _refuse("not_a_form", status=415)
    pairs = twilio.read_form(await request.read())
    given = request.headers.get("X-Twilio-Signature", "")
    bases = request.app[BASES]
    if not signature.is_genuine(given, settings.twilio_auth_tokens, bases, request.raw_path, pairs):
        return _refuse("signature" if given else "no_signature")
    params = dict(pairs)
    if params.get("AccountSid") != settings.twilio_account_sid:
        return _refuse("other_account")
    if _name(request) in _TO_US and params.get("To") not in settings.lines:
        return _refuse("not_our_line")
    request[PARAMS] = params
    return await handler(request)


def _refuse(reason: str, *, status: int = 403) -> web.Response:
    _because(reason)
    return web.Response(status=status)


def _because(reason: str) -> None:
    """Let the request's one log line say what became of it."""
    structlog.contextvars.bind_contextvars(reason=reason)


@web.middleware
async def apologise(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn a failure into words where somebody listens, and into 503 where the carrier should try again.

    This is the one place that catches everything: behind it is a person on the telephone. It logs the failure
    with its traceback and counts it as a sign against the line.
    """
    try:
        async with asyncio.timeout(request.app[DEPS].settings.answer_s):
            return await handler(request)
    except web.HTTPException:
        raise
    except BadInput as bad:
        _log.warning("webhook.unreadable", problems=[p.where for p in bad.problems])
        _because("unreadable")
        heard = PARAMS in request and _name(request) not in _UNHEARD
        return _sorry(request) if heard else web.Response(status=400)
    except NotFound:
        _because("unknown_id")
        return web.Response(status=204) if _name(request) in _UNHEARD else _document(twilio.hang_up())
    except Exception as failure:  # noqa: BLE001 - as said above
        _because(type(failure).__name__)
        _log.exception("webhook.failed", webhook=_name(request))
        if PARAMS not in request:
            return web.Response(status=503)
        _count_against_line(request)
        return web.Response(status=503) if _name(request) in _UNHEARD else _sorry(request)


def _name(request: web.Request) -> str:
    return request.match_info.route.name or ""


def _sorry(request: web.Request) -> web.Response:
    said = speech.SORRY[Language.ENGLISH]
    if _name(request) == "text":
        return _document(twilio.reply(said))
    return _document(twilio.say(said, Language.ENGLISH))


def _count_against_line(request: web.Request) -> None:
    """Note that a caller was not served. By way of the journal: the database may be what is in trouble."""
    deps, line = request.app[DEPS], request[PARAMS].get("To", "")
    if line not in deps.settings.lines:
        return
    try:
        request.app[STANDBY].note(Sign.WEBHOOK_UNANSWERED, line=line, at=request[ARRIVED], sign_id=deps.new_id())
    except OSError as trouble:
        _log.error("journal.unwritable", trouble=type(trouble).__name__)


# Beside the answer


async def _within(request: web.Request, seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """Return what the work returns, or raise TimeoutError after so many seconds, whatever giving it up takes.

    A transaction on a connection that answers late takes its time to be rolled back; nobody waits for that.
    """
    task = asyncio.create_task(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    finally:
        if not task.done():
            task.cancel()
            task.add_done_callback(_unheard)
            _put_aside(request, task)
    if not done:
        raise TimeoutError
    return task.result()


def _unheard(task: asyncio.Task[Any]) -> None:
    """Take note of how a given-up task ended, so that nobody else has to."""
    if not task.cancelled():
        task.exception()


def _hint(request: web.Request, subjects: Iterable[UUID]) -> None:
    """Tell open pages that something changed; no caller waits for that."""
    if ids := tuple(subjects):
        _put_aside(request, asyncio.create_task(request.app[DEPS].live.publish(ids)))


def _put_aside(request: web.Request, task: asyncio.Task[Any]) -> None:
    tasks = request.app[ASIDE]
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def _finish_what_is_aside(app: web.Application) -> AsyncIterator[None]:
    yield
    await asyncio.gather(*app[ASIDE], return_exceptions=True)


# A call


async def voice(request: web.Request) -> web.Response:
    """Answer a call (R98–R114)."""
    deps, standby, call = request.app[DEPS], request.app[STANDBY], _call(request)
    call_id = deps.new_id()
    # The standby has to give the same id: the row may have been written although we were not told.
    same = replace(deps, new_id=_first(call_id, deps.new_id))
    try:
        async with asyncio.timeout(deps.settings.statement_s + LET_GO_S):
            found = await actions.answer(same, call, within_s=deps.settings.statement_s)
    except UNREACHABLE as trouble:
        _log.warning("voice.standby", trouble=type(trouble).__name__)
        return _by_standby(request, call, call_id)
    if found is None:
        return _replayed()
    standby.remember(call, found)
    _because(_told(found.route))
    if not isinstance(found.route, Connect):
        # A refusal is history that the provider sees at once; a connection is heard of by its leg.
        _hint(request, [one for one in [_whose(found.route)] if one])
    return _routed(request, found.route, found.call_id)


def _by_standby(request: web.Request, call: InboundCall, call_id: UUID) -> web.Response:
    """Serve what the snapshot can serve without a guess, and keep the facts: the database is away (F1, F3)."""
    found = request.app[STANDBY].answer(call, request.app[DEPS], call_id=call_id)
    if found is None:
        return _replayed()
    _because(_told(found.route))
    if not isinstance(found.route, Connect):
        _count_against_line(request)
    return _routed(request, found.route, found.call_id)


def _replayed() -> web.Response:
    _because("replay")
    return _document(twilio.hang_up(), status=409)


def _first(one: UUID, then: Callable[[], UUID]) -> Callable[[], UUID]:
    """Return a source of ids that begins with this one."""
    ids = iter([one])
    return lambda: next(ids, None) or then()


async def fallback(request: web.Request) -> web.Response:
    """Take over where the carrier could not fetch or run a document of ours, and count that against the line.

    A call that was never answered is answered here; one that failed later gets an apology and is not rung again.
    """
    deps, standby, call = request.app[DEPS], request.app[STANDBY], _call(request)
    unanswered = twilio.failed_at(request[PARAMS]).endswith("/twilio/voice")
    fact = Fact(source=FactSource.FALLBACK, leg=call.sid, event=Heard.FAILED, sequence=0, at=None)
    try:
        await _within(request, deps.settings.statement_s, _fell_back(deps, call, fact))
    except UNREACHABLE:
        standby.note(Sign.FALLBACK, line=call.line, at=call.arrived_at, sign_id=deps.new_id())
        standby.keep(Entry(fact=fact, carrier=call.carrier, call_id=None, sid=call.sid, heard_at=call.arrived_at))
        return _by_standby(request, call, deps.new_id()) if unanswered else _sorry(request)
    return await voice(request) if unanswered else _sorry(request)


async def _fell_back(deps: Deps, call: InboundCall, fact: Fact) -> None:
    async with deps.sessions.begin() as session:
        await actions.note_sign(
            session, call.line, Sign.FALLBACK, settings=deps.settings, now=deps.now(), new_id=deps.new_id
        )
        await actions.hear(
            session,
            fact,
            carrier=call.carrier,
            call_id=None,
            sid=call.sid,
            policy=policy(deps.settings),
            now=call.arrived_at,
            new_id=deps.new_id,
        )


async def menu(request: web.Request) -> web.Response:
    """Take a choice from the menu (R103)."""
    return await _keyed(request, actions.keyed_choice)


async def pin(request: web.Request) -> web.Response:
    """Take a PIN (R114)."""
    return await _keyed(request, actions.keyed_pin)


async def code(request: web.Request) -> web.Response:
    """Take a verification code (R104)."""
    return await _keyed(request, actions.keyed_code)


async def _keyed(request: web.Request, action: Callable[..., Awaitable[Route]]) -> web.Response:
    call_id, call = _id(request, "call"), _call(request)
    digits, step = request[PARAMS].get("Digits", ""), int(request.query.get("n", "1"))
    deps = request.app[DEPS]

    async def take() -> Route:
        async with deps.sessions.begin() as session:
            return await action(
                session,
                call_id,
                digits,
                step=step,
                call=call,
                settings=deps.settings,
                now=call.arrived_at,
                new_id=deps.new_id,
            )

    route = await _within(request, deps.settings.answer_s - APOLOGY_S, take())
    _because(_told(route))
    return _routed(request, route, call_id)


# What is heard of it


async def dialled(request: web.Request) -> web.Response:
    """Take the result of the dial, and say what to do next where it did not connect."""
    fact = twilio.parse_dialled(request[PARAMS])
    ending = await _hear(request, fact)
    if ending is None:
        return _document(twilio.hang_up()) if fact.event is Heard.COMPLETED else _sorry(request)
    if ending.outcome in {None, Outcome.CONNECTED} or ending.closes_at is None:
        return _document(twilio.hang_up())
    assert ending.outcome is not None  # noqa: S101 - the line above
    told = speech.after_dial(
        ending.outcome,
        closes_at=ending.closes_at,
        now=request[ARRIVED],
        timezone=ending.timezone,
        language=ending.language,
    )
    return _document(twilio.say(told, ending.language))


async def leg(request: web.Request) -> web.Response:
    """Take what happens on the client's leg."""
    await _hear(request, twilio.parse_leg(request[PARAMS]))
    return web.Response(status=204)


async def ended(request: web.Request) -> web.Response:
    """Take the end of the provider's own leg."""
    await _hear(request, twilio.parse_ended(request[PARAMS]))
    return web.Response(status=204)


async def _hear(request: web.Request, fact: Fact) -> actions.Ending | None:
    """Keep a fact: in the database, or in the journal while that is away (F2) or where a bug is in the way."""
    deps = request.app[DEPS]
    call_id = _id(request, "call") if "call" in request.match_info else None
    sid, arrived = request[PARAMS].get("CallSid", ""), request[ARRIVED]

    async def write() -> actions.Ending:
        async with deps.sessions.begin() as session:
            return await actions.hear(
                session,
                fact,
                carrier=_carrier(deps),
                call_id=call_id,
                sid=sid,
                policy=policy(deps.settings),
                now=arrived,
                new_id=deps.new_id,
            )

    try:
        ending = await _within(request, deps.settings.statement_s, write())
    except Exception as trouble:
        request.app[STANDBY].keep(Entry(fact=fact, carrier=_carrier(deps), call_id=call_id, sid=sid, heard_at=arrived))
        if not isinstance(trouble, UNREACHABLE):
            raise
        return None
    _hint(request, ending.subjects)
    return ending


# Texts


async def text(request: web.Request) -> web.Response:
    """Take a provider's answer to the status text."""
    deps, came, arrived = request.app[DEPS], twilio.parse_text(request[PARAMS]), request[ARRIVED]

    async def take() -> tuple[str, tuple[UUID, ...]]:
        async with deps.sessions.begin() as session:
            return await actions.take_text(
                session,
                sid=came.sid,
                sender=came.sender,
                body=came.body,
                settings=deps.settings,
                policy=policy(deps.settings),
                now=arrived,
                new_id=deps.new_id,
            )

    answer, subjects = await _within(request, deps.settings.answer_s - APOLOGY_S, take())
    _hint(request, subjects)
    return _document(twilio.reply(answer))


async def text_status(request: web.Request) -> web.Response:
    """Take the fate of a text of ours."""
    deps, receipt = request.app[DEPS], twilio.parse_receipt(request[PARAMS])
    notice_id, to, arrived = _id(request, "notice"), request[PARAMS].get("To"), request[ARRIVED]

    async def take() -> tuple[UUID, ...]:
        async with deps.sessions.begin() as session:
            return await actions.take_receipt(
                session,
                notice_id,
                receipt=receipt,
                to=to,
                settings=deps.settings,
                now=arrived,
                new_id=deps.new_id,
            )

    _hint(request, await _within(request, deps.settings.statement_s, take()))
    return web.Response(status=204)


# Small parts


def _call(request: web.Request) -> InboundCall:
    deps = request.app[DEPS]
    return twilio.parse_call(request[PARAMS], carrier=_carrier(deps), arrived_at=request[ARRIVED])


def _carrier(deps: Deps) -> CarrierName:
    return CarrierName(deps.settings.carrier)


def _id(request: web.Request, name: str) -> UUID:
    try:
        return UUID(request.match_info[name])
    except ValueError:
        raise NotFound from None


def _whose(route: Route) -> UUID | None:
    return getattr(route, "provider_id", None)


def _told(route: Route) -> str:
    reason = getattr(route, "reason", None)
    return f"decline:{reason.value}" if reason else type(route).__name__.lower()


def _routed(request: web.Request, route: Route, call_id: UUID) -> web.Response:
    settings = request.app[DEPS].settings
    told = twilio.Telling(base=settings.carrier_base, ring_s=settings.ring_s, time_limit_s=settings.time_limit_s)
    return _document(twilio.render(route, call_id, told, request[ARRIVED]))


def _document(body: str, *, status: int = 200) -> web.Response:
    return web.Response(text=body, status=status, content_type=twilio.CONTENT_TYPE)
