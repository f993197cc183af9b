"""What can happen on the line: a call comes in, something is heard of it, a line fails and recovers.

Actions load, decide by `rules`, and apply. They are called inside somebody's transaction and never commit;
`answer` alone opens its own, since its first statement must not wait for one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bridge import queries
from bridge.models import Call, LineStatus, Reveal, TextReply
from bridge.routes import read_route, write_route
from bridge.rules import health as health_rules
from bridge.rules import replies, routing, talk
from bridge.rules.contact import ContactFacts, contact
from bridge.values import (
    AskCode,
    AskPin,
    CarrierName,
    Connect,
    Contact,
    ContactReason,
    Decline,
    Detail,
    Fact,
    FactSource,
    Greet,
    Heard,
    InboundCall,
    LineState,
    Menu,
    Outcome,
    Reason,
    Route,
    Sign,
)
from config.deps import Deps
from config.errors import NotFound, Refused
from config.keys import derive, digest
from config.phones import number_key
from config.settings import Settings
from people import actions as people
from people import queries as people_queries
from people.models import Provider, SupportCase
from people.values import CallerFacts, CaseKind, Language, SuppressionReason
from scheduling import queries as scheduling
from scheduling.models import Appointment
from scheduling.values import AppointmentState
from status import actions as ledger
from status import queries as ledger_queries
from status.values import LINE, Actor, Channel, DecidedBy, EventKind, NoticeKey, Policy

NewId = Callable[[], UUID]
_log = structlog.get_logger(__name__)

# A carrier gives up after 15 s, so a later request with a known CallSid is no retry of its own.
RETRY_WITHIN = timedelta(seconds=60)

# A leg is put down as live by the fact that it was answered; the newest of its facts says when it was last heard of.
AGREE_WITHIN_S = 2


def caller_key(number: str | None, settings: Settings) -> str | None:
    """Return the keyed hash under which a call keeps who dialled."""
    return number_key(number, derive(settings.secret_key.get_secret_value(), "numbers")) if number else None


# A call comes in


@dataclass(frozen=True, slots=True)
class Answer:
    """What the line does with a call, and the opaque id under which more is heard of it."""

    route: Route
    call_id: UUID


async def answer(deps: Deps, call: InboundCall, *, within_s: float) -> Answer | None:
    """Write a call down, decide, and write the decision down where the first statement could not foresee it.

    A carrier's retry gets the answer of the first request. None is a replay: an old request sent once more by
    somebody, which must not be told a number (F29).
    """
    settings = deps.settings
    found = await queries.arrive(
        deps.driver,
        call,
        call_id=deps.new_id(),
        fact_id=deps.new_id(),
        caller_key=caller_key(call.caller.number, settings),
        lead=settings.line_lead,
        within_s=within_s,
    )
    if found.call_id is None:
        async with deps.sessions.begin() as session:
            return await _again(session, call, deps)
    route = routing.decide_route(call, found.known)
    foreseen = (found.provider_id, found.appointment_id)
    if not (isinstance(route, Connect) and (route.provider_id, route.appointment_id) == foreseen):
        async with deps.sessions.begin() as session:
            row = await queries.call_for_update(session, found.call_id)
            assert row is not None  # noqa: S101 - written a statement ago
            await conclude(session, row, route, now=call.arrived_at, new_id=deps.new_id)
    return Answer(route, found.call_id)


async def adopt(
    session: AsyncSession,
    call: InboundCall,
    route: Route,
    *,
    call_id: UUID,
    key: str | None,
    last2: str | None,
    policy: Policy,
    now: datetime,
    new_id: NewId,
) -> None:
    """Write down a call that was answered while the database was away, and take up facts that came before it."""
    if not await queries.add_call(session, call, call_id=call_id, key=key, last2=last2):
        return
    row = await queries.call_for_update(session, call_id)
    assert row is not None  # noqa: S101 - written a statement ago
    await queries.add_fact(
        session,
        Fact(source=FactSource.ANSWER, leg=call.sid, event=Heard.DIALLED, sequence=0, at=call.arrived_at),
        fact_id=new_id(),
        call_id=call_id,
        carrier=call.carrier,
        now=call.arrived_at,
    )
    await conclude(session, row, route, now=call.arrived_at, new_id=new_id)
    await queries.adopt_orphans(session, row)
    await refold(session, row, now=now, policy=policy, new_id=new_id)


async def _again(session: AsyncSession, call: InboundCall, deps: Deps) -> Answer | None:
    row = await queries.call_by_sid_for_update(session, call.carrier, call.sid)
    if row is None:
        raise NotFound
    if call.arrived_at - row.dialled_at > RETRY_WITHIN:
        await _record(session, EventKind.CALL_REPLAYED, row, now=call.arrived_at, new_id=deps.new_id)
        return None
    if row.route is not None:
        route = read_route(row.route)
        if isinstance(route, Connect):
            route = await _fresh_connect(session, route, call)
        return Answer(route, row.id)
    first = replace(call, arrived_at=row.dialled_at)
    known = await queries.known(session, first, lead=deps.settings.line_lead, but=row.id)
    route = routing.decide_route(first, known)
    foreseen = (row.provider_id, row.appointment_id)
    if not (isinstance(route, Connect) and (route.provider_id, route.appointment_id) == foreseen):
        await conclude(session, row, route, now=call.arrived_at, new_id=deps.new_id)
    return Answer(route, row.id)


async def _fresh_connect(session: AsyncSession, route: Connect, call: InboundCall) -> Route:
    """Resolve the two numbers of a stored connection anew, from the request and the client's row."""
    appointment = await scheduling.appointment(session, route.appointment_id)
    client = await people_queries.client(session, appointment.client_id) if appointment else None
    if client is None or client.phone is None or call.caller.number is None:
        return Decline(reason=Reason.SERVICE_TROUBLE, language=route.language)
    return replace(route, caller_id=call.caller.number, client_number=client.phone)


async def conclude(session: AsyncSession, row: Call, route: Route, *, now: datetime, new_id: NewId) -> None:
    """Write down what was decided for a call, and tell the provider where it was refused."""
    row.route = write_route(route)
    row.appointment_id, row.occurrence = None, None
    match route:
        case Connect():
            row.provider_id = route.provider_id
            row.appointment_id, row.occurrence = route.appointment_id, route.occurrence
        case Menu() | Greet():
            row.provider_id = route.provider_id
        case AskPin() | AskCode():
            row.provider_id = None
        case Decline():
            row.provider_id = route.provider_id
            row.outcome, row.reason, row.settled_at = Outcome.REFUSED, route.reason, now
    if isinstance(route, Greet):
        row.outcome, row.settled_at = Outcome.CANCELED, now
    await session.flush()
    if isinstance(route, Decline):
        await _tell_refusal(session, row, route, now=now, new_id=new_id)
    elif not isinstance(route, Connect):
        kind = type(route).__name__.lower()
        await _record(session, EventKind.CALL_ASKED, row, now=now, new_id=new_id, data={"asked": kind})


async def _tell_refusal(session: AsyncSession, row: Call, route: Decline, *, now: datetime, new_id: NewId) -> None:
    """Make a refusal history that the provider can see: "you called 12 minutes early"."""
    data: dict[str, str | int | bool | None] = {
        "reason": route.reason.value,
        "detail": route.detail.value if route.detail else None,
    }
    if route.at is not None:
        data["edge"] = route.at.isoformat()
        data["off_by_s"] = int((row.dialled_at - route.at).total_seconds())
    await _record(
        session,
        EventKind.CALL_REFUSED,
        row,
        now=now,
        new_id=new_id,
        appointment_id=route.appointment_id,
        data=data,
    )
    trouble_with_client = {Reason.NO_CLIENT_NUMBER, Reason.BAD_CLIENT_NUMBER}
    if route.reason in trouble_with_client and route.provider_id and route.appointment_id:
        await ledger.notify(
            session,
            NoticeKey.CLIENT_NUMBER_UNUSABLE,
            Channel.PORTAL,
            provider_id=route.provider_id,
            subject_id=route.appointment_id,
            appointment_id=route.appointment_id,
            dedupe=str(row.dialled_at.date()),
            due_at=now,
            now=now,
            new_id=new_id,
        )


# A caller keys digits


async def keyed_pin(
    session: AsyncSession,
    call_id: UUID,
    digits: str,
    *,
    step: int,
    call: InboundCall,
    settings: Settings,
    now: datetime,
    new_id: NewId,
) -> Route:
    """Take a PIN: three tries a call, ten an hour for a practice and number (R114). The n-th answer counts once."""
    row = await _asked(session, call_id, call)
    asked = read_route(row.route) if row.route else None
    if not isinstance(asked, AskPin) or asked.step != step:
        return await _said_before(session, asked, call)
    key = caller_key(call.caller.number, settings)
    callers = await people_queries.callers(session, call.caller.number or "", call.arrived_at)
    with_pin = {c.provider_id: c for c in callers if c.verified and c.has_pin}
    practices = {c.practice_id for c in with_pin.values()}
    if key is None or not with_pin:
        route: Route = Decline(reason=Reason.PIN_FAILED, language=asked.language)
    elif await people.pin_is_locked(session, practices, key, now):
        route = Decline(reason=Reason.PIN_FAILED, language=asked.language, detail=Detail.PIN_LOCKED)
    else:
        owners = await _pin_owners(session, call, digits, settings)
        if len(owners) == 1 and owners[0] in with_pin:
            caller = with_pin[owners[0]]
            found = await queries.candidates(
                session, [caller.provider_id], call.arrived_at, lead=settings.line_lead, but=row.id
            )
            route = routing.recognised(call, caller, found)
        else:
            route = await _wrong_pin(session, row, asked, practices, key, call, now=now, new_id=new_id)
    await conclude(session, row, route, now=now, new_id=new_id)
    return route


async def _pin_owners(session: AsyncSession, call: InboundCall, digits: str, settings: Settings) -> Sequence[UUID]:
    key = derive(settings.secret_key.get_secret_value(), "pins")
    return await people_queries.pin_owners(session, call.caller.number or "", digest(key, digits))


async def _wrong_pin(
    session: AsyncSession,
    row: Call,
    asked: AskPin,
    practices: set[UUID],
    key: str,
    call: InboundCall,
    *,
    now: datetime,
    new_id: NewId,
) -> Route:
    await people.note_wrong_pin(
        session,
        practices=practices,
        caller_key=key,
        call_id=row.id,
        number=call.caller.number or "",
        now=now,
        new_id=new_id,
    )
    await _record(session, EventKind.PIN_FAILED, row, now=now, new_id=new_id, data={"try": asked.step})
    if asked.step >= people.PIN_TRIES_A_CALL:
        return Decline(reason=Reason.PIN_FAILED, language=asked.language)
    return replace(asked, step=asked.step + 1)


async def keyed_choice(
    session: AsyncSession,
    call_id: UUID,
    digits: str,
    *,
    step: int,
    call: InboundCall,
    settings: Settings,
    now: datetime,
    new_id: NewId,
) -> Route:
    """Take a choice from the menu; it is judged by the instant at which the call arrived (R108)."""
    row = await _asked(session, call_id, call)
    asked = read_route(row.route) if row.route else None
    if not isinstance(asked, Menu) or asked.step != step:
        return await _said_before(session, asked, call)
    first = replace(call, arrived_at=row.dialled_at, line=row.line)
    chosen = next((c.appointment_id for c in asked.choices if c.digit == digits), None)
    caller = await _caller(session, asked.provider_id, call)
    found = await queries.candidates(
        session, [asked.provider_id], first.arrived_at, lead=settings.line_lead, but=row.id
    )
    candidate = next((c for c in found if c.window.appointment_id == chosen and c.open_at(first.arrived_at)), None)
    if caller is not None and candidate is not None:
        route = routing.connect(first, caller, candidate)
    elif chosen is None and asked.step < people.PIN_TRIES_A_CALL:
        route = replace(asked, step=asked.step + 1)
    else:
        route = Decline(
            reason=Reason.NO_CONSULTATION,
            language=asked.language,
            provider_id=asked.provider_id,
            timezone=asked.timezone,
            detail=Detail.NOT_CHOSEN if chosen is None else None,
        )
    await conclude(session, row, route, now=now, new_id=new_id)
    return route


async def keyed_code(
    session: AsyncSession,
    call_id: UUID,
    digits: str,
    *,
    step: int,
    call: InboundCall,
    settings: Settings,
    now: datetime,
    new_id: NewId,
) -> Route:
    """Take the code that the portal shows; the right one verifies the number that calls (R104)."""
    row = await _asked(session, call_id, call)
    asked = read_route(row.route) if row.route else None
    if not isinstance(asked, AskCode) or asked.step != step:
        return await _said_before(session, asked, call)
    callers = await people_queries.callers(session, call.caller.number or "", now)
    waiting = [c for c in callers if c.verifying and not c.verified]
    verified = await people.try_code(
        session,
        [c.provider_id for c in waiting],
        digits,
        code_key=derive(settings.secret_key.get_secret_value(), "codes"),
        number_key=caller_key(call.caller.number, settings) or "",
        actor=LINE,
        now=now,
        new_id=new_id,
    )
    if verified is None:
        route: Route = (
            replace(asked, step=asked.step + 1)
            if asked.step < people.PIN_TRIES_A_CALL
            else Decline(reason=Reason.NOT_VERIFIED, language=asked.language, detail=Detail.WRONG_CODE)
        )
    else:
        caller = next(c for c in waiting if c.provider_id == verified)
        found = await queries.candidates(session, [verified], now, lead=settings.line_lead)
        opens = [c.window.opens_at for c in found if c.window.opens_at > now]
        route = Greet(
            provider_id=verified,
            language=caller.language,
            timezone=caller.timezone,
            opens_at=min(opens, default=None),
        )
    await conclude(session, row, route, now=now, new_id=new_id)
    return route


async def begin_verification(
    session: AsyncSession,
    provider: Provider,
    *,
    settings: Settings,
    new_code: Callable[[], str],
    now: datetime,
    new_id: NewId,
) -> tuple[str, datetime]:
    """Make the code that a provider is shown and keys from their number; return it and when it ends."""
    code = new_code()
    ends_at = await people.begin_verification(
        session,
        provider,
        code=code,
        code_key=derive(settings.secret_key.get_secret_value(), "codes"),
        number_key=caller_key(provider.dial_phone, settings) or "",
        now=now,
        new_id=new_id,
    )
    return code, ends_at


async def _asked(session: AsyncSession, call_id: UUID, call: InboundCall) -> Call:
    """Return the call that was asked for digits, locked; the id must belong to the carrier's call."""
    row = await queries.call_for_update(session, call_id)
    if row is None or (row.carrier, row.sid) != (call.carrier, call.sid):
        raise NotFound
    return row


async def _said_before(session: AsyncSession, route: Route | None, call: InboundCall) -> Route:
    """Answer a repeated request with what was decided at the first one."""
    if isinstance(route, Connect):
        return await _fresh_connect(session, route, call)
    return route or Decline(reason=Reason.SERVICE_TROUBLE)


async def _caller(session: AsyncSession, provider_id: UUID, call: InboundCall) -> CallerFacts | None:
    callers = await people_queries.callers(session, call.caller.number or "", call.arrived_at)
    return next((c for c in callers if c.provider_id == provider_id and c.verified), None)


# Something is heard of a call


@dataclass(frozen=True, slots=True)
class Ending:
    """What a call amounts to now, and for a dial that failed what the caller may be told."""

    outcome: Outcome | None
    closes_at: datetime | None = None
    timezone: str = "UTC"
    language: Language = Language.ENGLISH
    subjects: tuple[UUID, ...] = ()


async def hear(
    session: AsyncSession,
    fact: Fact,
    *,
    carrier: CarrierName,
    call_id: UUID | None,
    sid: str | None,
    policy: Policy,
    now: datetime,
    new_id: NewId,
) -> Ending:
    """Write one fact down, fold all of them, and tell the ledger what changed.

    The call is known by our id or by the carrier's; a fact about an unknown one is kept as an orphan (F13).
    """
    row = (
        await queries.call_for_update(session, call_id)
        if call_id
        else await queries.call_by_sid_for_update(session, carrier, sid or "")
    )
    new = await queries.add_fact(
        session,
        fact,
        fact_id=new_id(),
        call_id=row.id if row else None,
        carrier=carrier,
        now=now,
        data={"call": str(call_id)} if row is None and call_id else None,
    )
    if row is None:
        if new:
            await ledger.record(
                session,
                EventKind.CALL_ORPHAN,
                actor=LINE,
                at=fact.at or now,
                now=now,
                new_id=new_id,
                data={"source": fact.source.value, "event": fact.event.value},
            )
        return Ending(None)
    if new:
        await refold(session, row, now=now, policy=policy, new_id=new_id)
    return await _ending(session, row)


async def refold(session: AsyncSession, row: Call, *, now: datetime, policy: Policy, new_id: NewId) -> None:
    """Fold all facts of a locked call and apply what differs from what is stored."""
    events = await queries.call_events(session, row.id)
    end = talk.fold(row.sid, [queries.fact(event) for event in events])
    about_leg = [e for e in events if e.source in {FactSource.LEG, FactSource.ACTION, FactSource.REST}]
    row.first_leg_at = min((e.heard_at for e in about_leg), default=None)
    row.leg_heard_at = max((e.heard_at for e in about_leg), default=None)
    was = (row.outcome, row.talk_s, row.live, row.answered_at, row.ended_at)
    refused = row.outcome is Outcome.REFUSED
    if not refused and end.outcome is not None:
        row.outcome = end.outcome
    row.answered_at, row.ended_at, row.talk_s = end.answered_at, end.ended_at, end.talk_s
    row.live = end.live and not end.caller_gone
    over = end.caller_gone or (end.outcome is not None and not end.live)
    if over and row.settled_at is None:
        row.settled_at = now
    await session.flush()
    if was == (row.outcome, row.talk_s, row.live, row.answered_at, row.ended_at):
        return
    await _tell_change(session, row, was[0], was[1], end.off_by_s, now=now, new_id=new_id)
    await _tell_ledger(session, row, now=now, policy=policy, new_id=new_id)


async def _tell_change(
    session: AsyncSession,
    row: Call,
    was_outcome: Outcome | None,
    was_talk_s: int | None,
    off_by_s: int,
    *,
    now: datetime,
    new_id: NewId,
) -> None:
    if row.outcome is not was_outcome and row.outcome is not None:
        connected = row.outcome is Outcome.CONNECTED
        await _record(
            session,
            EventKind.CALL_CONNECTED if connected else EventKind.CALL_RANG,
            row,
            now=now,
            new_id=new_id,
            data={"outcome": row.outcome.value},
        )
    if row.talk_s is not None and row.talk_s != was_talk_s:
        await _record(session, EventKind.CALL_ENDED, row, now=now, new_id=new_id, data={"talk_s": row.talk_s})
    if off_by_s > AGREE_WITHIN_S:
        _log.warning("call.figures_disagree", call=str(row.id), off_by_s=off_by_s)
        await _record(session, EventKind.CALL_DISAGREES, row, now=now, new_id=new_id, data={"off_by_s": off_by_s})


async def _tell_ledger(session: AsyncSession, row: Call, *, now: datetime, policy: Policy, new_id: NewId) -> None:
    """Give the ledger the talk time of all calls of this occurrence (R115), locked from the top floor down."""
    if row.appointment_id is None or row.occurrence is None:
        return
    consultation = await ledger_queries.occurrence_for_update(session, row.appointment_id, row.occurrence)
    if consultation is None:
        return
    talk_s, live_since = await queries.talk_of(session, row.appointment_id, row.occurrence)
    await ledger.record_talk(
        session,
        consultation,
        talk_s=talk_s,
        live_since=live_since,
        call_id=row.id,
        now=now,
        policy=policy,
        new_id=new_id,
    )


async def _ending(session: AsyncSession, row: Call) -> Ending:
    provider = await people_queries.provider(session, row.provider_id) if row.provider_id else None
    appointment = await scheduling.appointment(session, row.appointment_id) if row.appointment_id else None
    return Ending(
        outcome=row.outcome,
        closes_at=appointment.ends_at if appointment else None,
        timezone=provider.timezone if provider else "UTC",
        language=Language(provider.language) if provider else Language.ENGLISH,
        subjects=tuple(one for one in (row.id, row.appointment_id, row.provider_id) if one),
    )


async def take_report(
    session: AsyncSession,
    call_id: UUID,
    facts: Iterable[Fact],
    *,
    policy: Policy,
    now: datetime,
    new_id: NewId,
) -> None:
    """Take in what the carrier's REST API says of a call whose end was not heard; then it is over in any case."""
    row = await queries.call_for_update(session, call_id)
    if row is None:
        return
    for fact in facts:
        await queries.add_fact(session, fact, fact_id=new_id(), call_id=row.id, carrier=row.carrier, now=now)
    await refold(session, row, now=now, policy=policy, new_id=new_id)


# A provider answers a text


LISTS_LAST = timedelta(days=4)


async def take_text(
    session: AsyncSession,
    *,
    sid: str,
    sender: str | None,
    body: str,
    settings: Settings,
    policy: Policy,
    now: datetime,
    new_id: NewId,
) -> tuple[str, tuple[UUID, ...]]:
    """Take a provider's text and return what is said back, and whose state may have changed.

    The same text twice gets the same answer. A stranger gets none.
    """
    known = await queries.text_reply(session, sid)
    if known is not None:
        return known.answer, ()
    providers = await people_queries.providers_with_number(session, sender) if sender else ()
    key = caller_key(sender, settings)
    if not providers or key is None:
        return "", ()
    reply = replies.read_reply(body)
    ids = tuple(provider.id for provider in providers)
    said = _Said(language=routing.one_language(Language(p.language) for p in providers), timezone=providers[0].timezone)
    offered: list[str] | None = None
    if reply.word is replies.Word.STOP:
        # The carrier confirms a STOP by itself; a second confirmation is one too many.
        await people_queries.suppress(session, key, SuppressionReason.STOP, now)
        answer, kind = "", EventKind.TEXTS_STOPPED
    elif reply.word is replies.Word.START:
        await people_queries.lift_suppression(session, key, now)
        answer, kind = said(replies.Say.STARTED), EventKind.TEXTS_STARTED
    else:
        kind = EventKind.TEXT_RECEIVED
        answer, offered = await _answer_text(session, reply, ids, key, said, policy=policy, now=now, new_id=new_id)
    session.add(TextReply(sid=sid, sender_key=key, answer=answer, offered=offered, at=now))
    await session.flush()
    for provider_id in ids:
        await ledger.record(
            session,
            kind,
            actor=Actor(kind="provider", id=provider_id),
            at=now,
            now=now,
            new_id=new_id,
            provider_id=provider_id,
            data={"word": reply.word.value},
        )
    return answer, ids


@dataclass(frozen=True, slots=True)
class _Said:
    """Says things back in one language and zone."""

    language: Language
    timezone: str

    def __call__(self, what: replies.Say, when: datetime | None = None, listed: Sequence[datetime] = ()) -> str:
        return replies.say(what, self.language, timezone=self.timezone, when=when, listed=listed)


async def _answer_text(
    session: AsyncSession,
    reply: replies.Reply,
    providers: Sequence[UUID],
    key: str,
    said: _Said,
    *,
    policy: Policy,
    now: datetime,
    new_id: NewId,
) -> tuple[str, list[str] | None]:
    if reply.word is replies.Word.OTHER:
        return said(replies.Say.HELP), None
    open_ones = await ledger_queries.open_questions(session, providers)
    if reply.number is not None:
        listed = await queries.last_list(session, key, now - LISTS_LAST)
        if not 1 <= reply.number <= len(listed):
            return said(replies.Say.NOT_ON_LIST), None
        target = await ledger_queries.consultation(session, listed[reply.number - 1])
    elif len(open_ones) > 1:
        return (
            said(replies.Say.LIST, listed=[c.starts_at for c in open_ones]),
            [str(c.id) for c in open_ones],
        )
    else:
        since = now - LISTS_LAST
        target = open_ones[0] if open_ones else await ledger_queries.last_asked_by_text(session, providers, since)
    if target is None or target.provider_id not in providers:
        return said(replies.Say.NOTHING_OPEN), None
    try:
        await ledger.answer(
            session,
            target.id,
            occurred=reply.word is replies.Word.YES,
            by=DecidedBy.TEXT,
            actor=Actor(kind="provider", id=target.provider_id),
            now=now,
            policy=policy,
            new_id=new_id,
        )
    except Refused as refusal:
        closed = refusal.code == "window_closed"
        return said(replies.Say.CLOSED if closed else replies.Say.ALREADY, target.starts_at), None
    return said(replies.Say.SHARED, target.starts_at), None


async def _record(
    session: AsyncSession,
    kind: EventKind,
    row: Call,
    *,
    now: datetime,
    new_id: NewId,
    appointment_id: UUID | None = None,
    data: dict[str, str | int | bool | None] | None = None,
) -> None:
    await ledger.record(
        session,
        kind,
        actor=LINE,
        at=row.dialled_at if kind in {EventKind.CALL_REFUSED, EventKind.CALL_ASKED} else now,
        now=now,
        new_id=new_id,
        provider_id=row.provider_id,
        appointment_id=appointment_id or row.appointment_id,
        call_id=row.id,
        data=data,
    )


# A line fails and recovers


async def note_sign(
    session: AsyncSession, line: str, sign: Sign, *, settings: Settings, now: datetime, new_id: NewId
) -> LineState:
    """Write a sign down and judge the line by it at once."""
    await queries.add_sign(session, sign_id=new_id(), line=line, sign=sign, now=now)
    return await judge_line(session, line, settings=settings, now=now, new_id=new_id)


async def judge_line(
    session: AsyncSession, line: str, *, settings: Settings, now: datetime, new_id: NewId, actor: Actor = LINE
) -> LineState:
    """Judge a line and apply what follows: numbers laid open, consultations excused, providers told (R111)."""
    row = await queries.line_status_for_update(session, line, now)
    facts = await queries.health_facts(session, line, now - health_rules.HISTORY, row.declared_at)
    health = health_rules.line_health(facts, now)
    changed = health.state is not row.state
    row.state, row.reason, row.judged_at = health.state, health.reason, now
    row.since = health.since if health.state is LineState.DOWN else (now if changed else row.since)
    await session.flush()
    if changed:
        _log.warning("line.judged", line_index=_index(settings, line), state=health.state.value, reason=health.reason)
        kind = EventKind.LINE_DOWN if health.state is LineState.DOWN else EventKind.LINE_UP
        data: dict[str, str | int | bool | None] = {
            "line": _index(settings, line),
            "reason": health.reason.value if health.reason else None,
        }
        await ledger.record(session, kind, actor=actor, at=now, now=now, new_id=new_id, data=data)
    if health.state is LineState.DOWN:
        await _lay_open(session, row, settings=settings, now=now, new_id=new_id)
    elif changed:
        await _announce_recovery(session, row, settings=settings, now=now, new_id=new_id)
    return health.state


def _index(settings: Settings, line: str) -> int | None:
    """Name a line by its place in the pool: history and logs hold no numbers, not even ours."""
    return settings.lines.index(line) if line in settings.lines else None


async def _lay_open(
    session: AsyncSession, row: LineStatus, *, settings: Settings, now: datetime, new_id: NewId
) -> None:
    """Reveal the direct number of everything tracked on this line that has not ended and starts within 4 h."""
    until = now + timedelta(hours=settings.reveal_ahead_h)
    for appointment in await scheduling.upcoming_tracked(session, row.line, now, until):
        await _reveal(session, appointment, row, actor=LINE, now=now, new_id=new_id)
    overlapping = await scheduling.upcoming_tracked(session, row.line, row.since or now, now)
    consultations = await ledger_queries.overlapping_consultations(
        session, [a.id for a in overlapping], row.since or now, now
    )
    for consultation in consultations:
        await ledger.excuse(session, consultation, now=now, new_id=new_id)


async def _reveal(
    session: AsyncSession,
    appointment: Appointment,
    row: LineStatus,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> None:
    """Lay one number open, once for each occurrence, and tell its provider, once for each outage."""
    reveal = Reveal(
        id=new_id(),
        appointment_id=appointment.id,
        occurrence=appointment.occurrence,
        line=row.line,
        reason=ContactReason.OUTAGE,
        at=now,
    )
    if not await queries.add_reveal(session, reveal):
        return
    await ledger.record(
        session,
        EventKind.NUMBER_REVEALED,
        actor=actor,
        at=now,
        now=now,
        new_id=new_id,
        provider_id=appointment.provider_id,
        appointment_id=appointment.id,
        data={"reason": "outage", "occurrence": appointment.occurrence},
    )
    for channel in (Channel.MAIL, Channel.PORTAL):
        await ledger.notify(
            session,
            NoticeKey.LINE_OUTAGE,
            channel,
            provider_id=appointment.provider_id,
            subject_id=appointment.provider_id,
            appointment_id=appointment.id,
            dedupe=f"{row.line[-4:]}:{(row.since or now).isoformat()}",
            due_at=now,
            expires_at=appointment.ends_at,
            now=now,
            new_id=new_id,
        )


async def _announce_recovery(
    session: AsyncSession, row: LineStatus, *, settings: Settings, now: datetime, new_id: NewId
) -> None:
    """Say in the portal, and nowhere louder, that the line works again."""
    until = now + timedelta(hours=settings.reveal_ahead_h)
    for appointment in await scheduling.upcoming_tracked(session, row.line, now, until):
        await ledger.notify(
            session,
            NoticeKey.LINE_RESTORED,
            Channel.PORTAL,
            provider_id=appointment.provider_id,
            subject_id=appointment.provider_id,
            appointment_id=appointment.id,
            dedupe=f"{row.line[-4:]}:{now.isoformat()}",
            due_at=now,
            now=now,
            new_id=new_id,
        )


async def declare_outage(
    session: AsyncSession,
    *,
    lines: Sequence[str],
    reason: str | None,
    actor: Actor,
    settings: Settings,
    now: datetime,
    new_id: NewId,
) -> None:
    """Throw the operator's switch: these lines are down from now on, whatever the signs say."""
    for line in sorted(lines):
        row = await queries.line_status_for_update(session, line, now)
        row.declared_at, row.declared_reason = row.declared_at or now, reason
        await session.flush()
        await judge_line(session, line, settings=settings, now=now, new_id=new_id, actor=actor)


async def restore(
    session: AsyncSession,
    *,
    lines: Sequence[str],
    actor: Actor,
    settings: Settings,
    now: datetime,
    new_id: NewId,
) -> None:
    """Take the operator's switch back; a line that its own signs call down stays down."""
    for line in sorted(lines):
        row = await queries.line_status_for_update(session, line, now)
        row.declared_at, row.declared_reason = None, None
        await session.flush()
        await judge_line(session, line, settings=settings, now=now, new_id=new_id, actor=actor)


# What a provider is shown


async def contacts(
    session: AsyncSession,
    appointments: Sequence[Appointment],
    *,
    settings: Settings,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> dict[UUID, Contact]:
    """Return what to dial for each appointment.

    While its line is down, an appointment within the next 4 h is laid open here as well, so that what is shown
    does not wait for the sweep; what was laid open stays so to its end.
    """
    ids = [a.id for a in appointments]
    open_ones = set(await queries.revealed(session, ids))
    down = {row.line: row for row in await queries.line_statuses(session) if row.state is LineState.DOWN}
    until = now + timedelta(hours=settings.reveal_ahead_h)
    for one in appointments:
        if (
            one.line in down
            and one.tracked
            and one.state is AppointmentState.BOOKED
            and now < one.ends_at
            and one.starts_at <= until
            and (one.id, one.occurrence) not in open_ones
        ):
            await _reveal(session, one, down[one.line], actor=actor, now=now, new_id=new_id)
            open_ones.add((one.id, one.occurrence))
    found = {}
    for side in await queries.sides(session, ids):
        one = side.appointment
        facts = ContactFacts(
            session_type=one.session_type,
            tracked=one.tracked,
            state=one.state,
            opens_at=one.starts_at - settings.line_lead,
            ends_at=one.ends_at,
            line=one.line,
            client_number=side.client_number,
            verified=side.provider.dial_phone_verified_at is not None,
            shared_by=side.shared_by,
            has_pin=side.has_pin,
            practice_kind=side.practice.kind,
            line_enabled=side.practice.line_enabled,
            revealed=(one.id, one.occurrence) in open_ones,
        )
        found[one.id] = contact(facts, now)
    return found


async def report_issue(
    session: AsyncSession, appointment_id: UUID, *, text: str, actor: Actor, now: datetime, new_id: NewId
) -> SupportCase:
    """Open a support case about an appointment, with the facts of its calls, and acknowledge it (R110, M23)."""
    appointment = await scheduling.appointment(session, appointment_id)
    if appointment is None:
        raise NotFound
    rows = await queries.calls(
        session,
        provider_id=None,
        appointment_id=appointment_id,
        caller_key=None,
        since=None,
        after=None,
        limit=50,
    )
    calls = [
        {
            "id": str(row.id),
            "dialled_at": row.dialled_at.isoformat(),
            "outcome": row.outcome.value if row.outcome else None,
            "reason": row.reason.value if row.reason else None,
            "talk_s": row.talk_s,
        }
        for row in rows
    ]
    case = await people.open_case(
        session,
        kind=CaseKind.ISSUE,
        provider_id=appointment.provider_id,
        appointment_id=appointment_id,
        text=text,
        facts={"calls": calls, "occurrence": appointment.occurrence},
        now=now,
        new_id=new_id,
    )
    await ledger.record(
        session,
        EventKind.ISSUE_REPORTED,
        actor=actor,
        at=now,
        now=now,
        new_id=new_id,
        provider_id=appointment.provider_id,
        appointment_id=appointment_id,
        data={"case": str(case.id)},
    )
    for channel in (Channel.MAIL, Channel.PORTAL):
        await ledger.notify(
            session,
            NoticeKey.ISSUE_RECEIVED,
            channel,
            provider_id=appointment.provider_id,
            subject_id=case.id,
            appointment_id=appointment_id,
            due_at=now,
            now=now,
            new_id=new_id,
        )
    return case
