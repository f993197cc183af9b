"""A call comes in: it is written down, decided, and answered."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bridge import queries
from bridge.actions.hearing import refold
from bridge.actions.history import NewId, caller_key, record
from bridge.models import Call
from bridge.routes import read_route, write_route
from bridge.rules import routing
from bridge.values import (
    AskCode,
    AskPin,
    Connect,
    Decline,
    Fact,
    FactSource,
    Greet,
    Heard,
    InboundCall,
    Menu,
    Outcome,
    Reason,
    Route,
)
from config.deps import Deps
from config.errors import NotFound
from people import queries as people_queries
from scheduling import queries as scheduling
from status import actions as ledger
from status.values import Channel, EventKind, NoticeKey, Policy

# A carrier gives up after 15 s, so a later request with a known CallSid is no retry of its own.
RETRY_WITHIN = timedelta(seconds=60)


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
        await record(session, EventKind.CALL_REPLAYED, row, now=call.arrived_at, new_id=deps.new_id)
        return None
    if row.route is not None:
        route = read_route(row.route)
        if isinstance(route, Connect):
            route = await fresh_connect(session, route, call)
        return Answer(route, row.id)
    first = replace(call, arrived_at=row.dialled_at)
    known = await queries.known(session, first, lead=deps.settings.line_lead, but=row.id)
    route = routing.decide_route(first, known)
    foreseen = (row.provider_id, row.appointment_id)
    if not (isinstance(route, Connect) and (route.provider_id, route.appointment_id) == foreseen):
        await conclude(session, row, route, now=call.arrived_at, new_id=deps.new_id)
    return Answer(route, row.id)


async def fresh_connect(session: AsyncSession, route: Connect, call: InboundCall) -> Route:
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
        await record(session, EventKind.CALL_ASKED, row, now=now, new_id=new_id, data={"asked": kind})


async def _tell_refusal(session: AsyncSession, row: Call, route: Decline, *, now: datetime, new_id: NewId) -> None:
    """Make a refusal history that the provider can see: "you called 12 minutes early"."""
    data: dict[str, str | int | bool | None] = {
        "reason": route.reason.value,
        "detail": route.detail.value if route.detail else None,
    }
    if route.at is not None:
        data["edge"] = route.at.isoformat()
        data["off_by_s"] = int((row.dialled_at - route.at).total_seconds())
    await record(
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
            now=now,
            new_id=new_id,
        )
