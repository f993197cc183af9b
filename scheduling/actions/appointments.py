"""A time in a provider's calendar: taken, held, taken up, let go. Called inside somebody's transaction; never commits.

Each action tells the ledger what it needs to judge by, in the same transaction.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import Refused
from people import actions as people
from people import queries as people_queries
from people.models import Relationship
from people.values import RelationshipEvent, RelationshipState
from scheduling import queries
from scheduling.actions import referrals, steps
from scheduling.actions.house import House, NewId
from scheduling.models import Appointment
from scheduling.values import AppointmentEvent, AppointmentState, Offer, SessionType, Source, tracked
from status.rules.access import STAFF, may, see_theirs
from status.values import Actor, ActorKind, EventKind, ReferralEvent


@may(ActorKind.CLIENT, ActorKind.PARTNER, *STAFF)
async def book(
    session: AsyncSession,
    *,
    provider_id: UUID,
    client_id: UUID,
    session_type: SessionType,
    source: Source,
    original_source: Source | None,
    starts_at: datetime,
    ends_at: datetime,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
    label: str | None = None,
    note: str | None = None,
    search_id: UUID | None = None,
    series: tuple[UUID, int] | None = None,
    held: bool = False,
) -> Appointment:
    """Put an appointment into a provider's calendar; Refused where it overlaps another.

    A `held` one keeps its time for somebody who has yet to say yes: `take_up` books it, `let_go` frees it. It belongs
    to the referral of the two from then on; `search_id` is the search that the client found the provider by, and
    `series` the series that it is part of, with its place there.
    """
    see_theirs(actor, provider_id=provider_id, client_id=client_id)
    await queries.lock_calendar(session, provider_id)
    if source is Source.PROVIDER_MADE:
        await people_queries.client_for_update(session, client_id)  # before the two of them: they may be asked (R48)
    asked = held and source is not Source.WAITLIST_OFFER
    link = await _both_known(session, provider_id, client_id, asked=asked)
    await _agree(session, link, session_type, source, now=now)
    if source is Source.PROVIDER_MADE and link.state is RelationshipState.PROSPECT:
        await people.move_relationship(session, link, RelationshipEvent.BECOMES_ACTIVE, now=now)  # R44
    row = Appointment(
        id=new_id(),
        provider_id=provider_id,
        client_id=client_id,
        session_type=session_type,
        source=source,
        original_source=original_source,
        tracked=tracked(session_type, source, original_source),
        state=AppointmentState.HELD if held else AppointmentState.BOOKED,
        starts_at=starts_at,
        ends_at=ends_at,
        created_at=now,
        label=label,
        note=note,
        series_id=series[0] if series else None,
        series_place=series[1] if series else None,
    )
    row.line = None if held else await steps.line_for(session, row, house)
    row.referral_id = await referrals.find(
        session, row, awaiting=held, search_id=search_id, actor=actor, now=now, new_id=new_id
    )
    session.add(row)
    await steps.flush(session)
    row.referral_id = await referrals.join(
        session, row, row.referral_id, awaiting=held, actor=actor, now=now, new_id=new_id
    )
    kind = EventKind.APPOINTMENT_HELD if held else EventKind.APPOINTMENT_BOOKED
    await steps.record(session, kind, row, actor=actor, now=now, new_id=new_id)
    if not held:
        await _follow(session, row, house=house, now=now, new_id=new_id)
    if source is Source.PROVIDER_MADE:
        await people.ask_for_insurance(session, link, now=now, new_id=new_id)
    return row


async def book_offered(
    session: AsyncSession,
    offer: Offer,
    client_id: UUID,
    *,
    note: str | None,
    search_id: UUID | None,
    held: bool = False,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> Appointment:
    """Put what was offered into the calendar, booked or `held`, as `book` does."""
    return await book(
        session,
        provider_id=offer.provider_id,
        client_id=client_id,
        session_type=offer.session_type,
        source=offer.source,
        original_source=None,
        starts_at=offer.starts_at,
        ends_at=offer.ends_at,
        actor=actor,
        house=house,
        now=now,
        new_id=new_id,
        label=offer.label,
        note=note,
        search_id=search_id,
        held=held,
    )


async def take_up(
    session: AsyncSession, appointment_id: UUID, *, actor: Actor, house: House, now: datetime, new_id: NewId
) -> Appointment:
    """Turn a hold into an appointment that stands: with a line of its own, and followed from now on."""
    row, after = await steps.in_hand(
        session, appointment_id, AppointmentEvent.ACCEPTED, actor=actor, now=now, new_id=new_id
    )
    referral_id = row.referral_id or await referrals.find(
        session, row, awaiting=False, search_id=None, actor=actor, now=now, new_id=new_id
    )
    row.referral_id = await referrals.join(
        session, row, referral_id, awaiting=False, actor=actor, now=now, new_id=new_id
    )
    row.state, row.version = after, row.version + 1
    row.line = await steps.line_for(session, row, house)
    await steps.flush(session)
    await steps.record(session, EventKind.APPOINTMENT_BOOKED, row, actor=actor, now=now, new_id=new_id)
    await _follow(session, row, house=house, now=now, new_id=new_id)
    return row


async def let_go(
    session: AsyncSession,
    appointment_id: UUID,
    *,
    why: ReferralEvent | None = None,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> Appointment:
    """Free the time of a hold; `why` is what its end means for the referral that began with it.

    Who lets go tells the waitlist, too (`offer_freed`).
    """
    row, after = await steps.in_hand(
        session, appointment_id, AppointmentEvent.LET_GO, actor=actor, now=now, new_id=new_id
    )
    row.state, row.version = after, row.version + 1
    await session.flush()
    await steps.record(session, EventKind.APPOINTMENT_RELEASED, row, actor=actor, now=now, new_id=new_id)
    if why:
        await referrals.close(session, row, why, actor=actor, now=now, new_id=new_id)
    return row


async def _both_known(session: AsyncSession, provider_id: UUID, client_id: UUID, *, asked: bool) -> Relationship:
    """Return where the two stand, locked: nobody is archived while an appointment is made for them (R51).

    A client who was archived may still ask; the provider's yes takes them back (4.6).
    """
    provider = await people_queries.provider(session, provider_id)
    if provider is None or not provider.active:
        raise Refused("no_such_provider", "There is no active provider under this id.", status=422)
    link = await people_queries.relationship_for_update(session, provider_id, client_id)
    if link is None:
        raise Refused("no_such_client", "This provider has no client under this id.", status=422)
    if link.state is RelationshipState.ARCHIVED and not asked:
        raise Refused("client_archived", "This client is archived. Take them back into the list first.")
    if link.state is RelationshipState.BLOCKED:
        raise Refused("client_blocked", "This client is blocked, so no appointment can be made for them.")
    return link


async def _agree(
    session: AsyncSession, link: Relationship, session_type: SessionType, source: Source, *, now: datetime
) -> None:
    """See to it that nobody learns a client's number by booking a call: whoever books themselves has accepted (R46)."""
    if link.typed_email is None:
        return
    if source is not Source.PROVIDER_MADE:
        if link.state is RelationshipState.PROPOSED:
            await people.move_relationship(session, link, RelationshipEvent.BECOMES_ACTIVE, now=now)
    elif session_type is SessionType.PHONE_CONSULTATION:
        raise Refused("not_accepted_yet", "This client has yet to accept you. Until then, book sessions and no calls.")


async def _follow(session: AsyncSession, row: Appointment, *, house: House, now: datetime, new_id: NewId) -> None:
    """Follow what stands from now on; of what their provider makes, a client has no other letter than a reminder."""
    await steps.track(session, row, house=house, now=now, new_id=new_id)
    told_now = row.source is not Source.PROVIDER_MADE
    await steps.remind_client(session, row, told_now=told_now, house=house, now=now, new_id=new_id)
