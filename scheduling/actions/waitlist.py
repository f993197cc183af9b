"""The waitlist: a time that somebody gives back is held for whoever is first in line (issue 3, point 10).

Called inside somebody's transaction; never commits. Whoever frees a time calls `offer_freed` in the same one, so that
nobody else can take it in between.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import NotFound, Refused
from config.lifecycles import next_state
from people import actions as people
from people import queries as people_queries
from people.values import RelationshipEvent, RelationshipState
from scheduling import queries
from scheduling.actions import steps
from scheduling.actions.appointments import book, let_go, take_up
from scheduling.actions.house import House, NewId
from scheduling.actions.slots import usual_length_m
from scheduling.models import Appointment, WaitlistEntry
from scheduling.rules import lifecycle
from scheduling.rules import waitlist as rules
from scheduling.values import CLIENT_MADE, SessionType, Source, WaitlistEvent, WaitlistState
from status import actions as ledger
from status.rules.access import STAFF, may, see_theirs
from status.values import CLOCK, Actor, ActorKind, Channel, EventKind, NoticeKey

# Who waits had wanted to book by one of these.
BY = CLIENT_MADE - {Source.WAITLIST_OFFER}

_KINDS = {
    WaitlistEvent.OFFERED: EventKind.WAITLIST_OFFERED,
    WaitlistEvent.ACCEPTED: EventKind.WAITLIST_BOOKED,
    WaitlistEvent.DECLINED: EventKind.WAITLIST_LAPSED,
    WaitlistEvent.LAPSED: EventKind.WAITLIST_LAPSED,
    WaitlistEvent.LEFT: EventKind.WAITLIST_LEFT,
}


@may(ActorKind.CLIENT, *STAFF)
async def join_waitlist(
    session: AsyncSession,
    provider_id: UUID,
    client_id: UUID,
    *,
    session_type: SessionType,
    original_source: Source,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> WaitlistEntry:
    """Let a client wait for a freed time of a provider, behind who came before; Refused where they wait already."""
    see_theirs(actor, provider_id=provider_id, client_id=client_id)
    if original_source not in BY:
        raise Refused("no_such_wait", "Only what a client would have booked themselves is waited for.", status=422)
    link = await people_queries.relationship(session, provider_id, client_id)
    if link is None or link.state is RelationshipState.BLOCKED:
        raise Refused("no_such_client", "This provider has no client under this id.", status=422)
    if link.state not in queries.TOGETHER:
        raise Refused("not_a_client_now", f"This client is {link.state.value}, so there is nothing to wait for.")
    row = WaitlistEntry(
        id=new_id(),
        provider_id=provider_id,
        client_id=client_id,
        session_type=session_type,
        original_source=original_source,
        state=WaitlistState.WAITING,
        since=now,
    )
    if not await queries.add_waitlist_entry(session, row):
        raise Refused("waits_already", "This client waits for that already.")
    await _record(session, EventKind.WAITLIST_JOINED, row, actor=actor, now=now, new_id=new_id)
    found = await queries.waitlist_entry(session, row.id)
    assert found is not None  # noqa: S101 - written a statement ago
    return found


async def offer_freed(
    session: AsyncSession,
    provider_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    *,
    but: UUID | None = None,
    house: House,
    now: datetime,
    new_id: NewId,
) -> WaitlistEntry | None:
    """Hold a freed time for whoever is first in line and fits into it; return who that is, if there is anybody.

    What others have of it by now is left out. `but` is the client who has just given it back. Nobody is asked for a
    time that is too near (`offer_ends`).
    """
    if rules.offer_ends(ends_at, hold=house.waitlist_hold, now=now) is None:
        return None
    await queries.lock_calendar(session, provider_id)
    lengths = await _lengths(session, provider_id, house)
    taken = await queries.taken_between(session, provider_id, starts_at, ends_at)
    for since, until in rules.free_parts((starts_at, ends_at), taken):
        expires_at = rules.offer_ends(since, hold=house.waitlist_hold, now=now)
        fitting = rules.fitting(until - since, lengths) if expires_at else frozenset()
        row = await queries.first_waiting(session, provider_id, fitting, since, but=but) if fitting else None
        if row is not None:
            row.offered_at, row.expires_at, row.freed_until = now, expires_at, ends_at
            await _hold(session, row, since, since + lengths[row.session_type], house=house, now=now, new_id=new_id)
            return row
    return None


async def _hold(
    session: AsyncSession,
    row: WaitlistEntry,
    starts_at: datetime,
    ends_at: datetime,
    *,
    house: House,
    now: datetime,
    new_id: NewId,
) -> None:
    """Hold a time for somebody, and tell them until when (M18)."""
    hold = await book(
        session,
        provider_id=row.provider_id,
        client_id=row.client_id,
        session_type=row.session_type,
        source=Source.WAITLIST_OFFER,
        original_source=row.original_source,
        starts_at=starts_at,
        ends_at=ends_at,
        actor=CLOCK,
        house=house,
        now=now,
        new_id=new_id,
        held=True,
    )
    row.appointment_id = hold.id
    await _move(session, row, WaitlistEvent.OFFERED, hold, actor=CLOCK, now=now, new_id=new_id)
    await ledger.notify(
        session,
        NoticeKey.WAITLIST_OPENING,
        Channel.TEXT if await people_queries.wants_texts(session, row.client_id) else Channel.MAIL,
        client_id=row.client_id,
        subject_id=row.id,
        appointment_id=hold.id,
        dedupe=str(hold.id),
        expires_at=row.expires_at,
        now=now,
        new_id=new_id,
    )


async def _lengths(session: AsyncSession, provider_id: UUID, house: House) -> dict[SessionType, timedelta]:
    return {kind: timedelta(minutes=await usual_length_m(session, provider_id, kind, house)) for kind in SessionType}


@may(ActorKind.CLIENT, *STAFF)
async def accept_offer(
    session: AsyncSession, entry_id: UUID, *, actor: Actor, house: House, now: datetime, new_id: NewId
) -> WaitlistEntry:
    """Take what the waitlist has offered: the hold becomes an appointment, and both are told."""
    row = await _in_hand(session, entry_id, actor)
    if rules.state_at(row.state, row.expires_at, now) is not WaitlistState.OFFERED or row.appointment_id is None:
        lapsed = row.state is WaitlistState.OFFERED
        raise Refused(
            "offer_over" if lapsed else "no_offer",
            "The time to accept this offer is over; the place on the waitlist is kept."
            if lapsed
            else "There is no offer to accept at the moment.",
            state=row.state.value,
        )
    made = await take_up(session, row.appointment_id, actor=actor, house=house, now=now, new_id=new_id)
    link = await people_queries.relationship_for_update(session, row.provider_id, row.client_id)
    if link is not None and link.state is RelationshipState.PROSPECT:
        await people.move_relationship(session, link, RelationshipEvent.BECOMES_ACTIVE, now=now)
    row.expires_at, row.freed_until = None, None
    await _move(session, row, WaitlistEvent.ACCEPTED, made, actor=actor, now=now, new_id=new_id)
    await steps.tell_made(session, made, now=now, new_id=new_id)
    return row


@may(ActorKind.CLIENT, *STAFF)
async def decline_offer(
    session: AsyncSession, entry_id: UUID, *, actor: Actor, house: House, now: datetime, new_id: NewId
) -> WaitlistEntry:
    """Let an offer go and keep the place in line; whoever comes next is offered the time."""
    row = await _in_hand(session, entry_id, actor)
    if row.state is not WaitlistState.OFFERED:
        raise Refused("no_offer", "There is no offer to decline at the moment.", state=row.state.value)
    await _pass_on(session, row, WaitlistEvent.DECLINED, actor=actor, house=house, now=now, new_id=new_id)
    return row


@may(ActorKind.CLIENT, *STAFF)
async def leave_waitlist(
    session: AsyncSession, entry_id: UUID, *, actor: Actor, house: House, now: datetime, new_id: NewId
) -> WaitlistEntry:
    """Wait no longer; what was offered goes to whoever comes next."""
    row = await _in_hand(session, entry_id, actor)
    if next_state(lifecycle.WAITLIST, row.state, WaitlistEvent.LEFT) is None:
        raise Refused("waits_no_more", "This client does not wait any more.", state=row.state.value)
    await _pass_on(session, row, WaitlistEvent.LEFT, actor=actor, house=house, now=now, new_id=new_id)
    return row


async def lapse_offer(
    session: AsyncSession, entry_id: UUID, *, house: House, now: datetime, new_id: NewId
) -> WaitlistEntry | None:
    """End an offer that nobody has answered in time; None where its time has not come, or it was answered."""
    row = await _in_hand(session, entry_id, CLOCK)
    if rules.state_at(row.state, row.expires_at, now) is row.state:
        return None
    await _pass_on(session, row, WaitlistEvent.LAPSED, actor=CLOCK, house=house, now=now, new_id=new_id)
    return row


async def _in_hand(session: AsyncSession, entry_id: UUID, actor: Actor) -> WaitlistEntry:
    """Lock an entry and, before it, the calendar that it waits for."""
    known = await queries.waitlist_entry(session, entry_id)
    if known is not None:
        await queries.lock_calendar(session, known.provider_id)
    row = await queries.waitlist_entry_for_update(session, entry_id)
    if row is None:
        raise NotFound
    see_theirs(actor, provider_id=row.provider_id, client_id=row.client_id)
    return row


async def _pass_on(
    session: AsyncSession,
    row: WaitlistEntry,
    event: WaitlistEvent,
    *,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> None:
    """Move an entry away from its offer, if it has one, and offer the time to whoever comes next."""
    held = row.appointment_id if row.state is WaitlistState.OFFERED else None
    hold = await let_go(session, held, actor=actor, now=now, new_id=new_id) if held else None
    until = row.freed_until
    row.appointment_id, row.expires_at, row.freed_until = None, None, None
    row.passed_starts_at = hold.starts_at if hold else row.passed_starts_at
    await _move(session, row, event, hold, actor=actor, now=now, new_id=new_id)
    await ledger.withdraw_notices(session, row.id, now=now)
    if hold is not None and until is not None:
        await offer_freed(
            session, row.provider_id, hold.starts_at, until, but=row.client_id, house=house, now=now, new_id=new_id
        )


async def _move(
    session: AsyncSession,
    row: WaitlistEntry,
    event: WaitlistEvent,
    appointment: Appointment | None,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> None:
    after = next_state(lifecycle.WAITLIST, row.state, event)
    assert after is not None  # noqa: S101 - the callers have looked
    row.state, row.version = after, row.version + 1
    await session.flush()
    await _record(session, _KINDS[event], row, appointment, event=event, actor=actor, now=now, new_id=new_id)


async def _record(
    session: AsyncSession,
    kind: EventKind,
    row: WaitlistEntry,
    appointment: Appointment | None = None,
    *,
    event: WaitlistEvent | None = None,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> None:
    await ledger.record(
        session,
        kind,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=row.provider_id,
        appointment_id=appointment.id if appointment else None,
        data={
            "entry": str(row.id),
            "session_type": row.session_type.value,
            "original_source": row.original_source.value,
            **({"event": event.value} if event else {}),
            **({"expires_at": row.expires_at.isoformat()} if row.expires_at else {}),
        },
    )
