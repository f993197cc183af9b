"""What can happen to an appointment: booked, moved, given up. Called inside somebody's transaction; never commits.

Each action tells the ledger what it needs to judge by, in the same transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import NotFound, Refused
from config.keys import derive
from config.lifecycles import next_state
from config.settings import Settings
from people import actions as people
from people import queries as people_queries
from people.models import Relationship
from people.values import CaseKind, RelationshipEvent, RelationshipState
from scheduling import queries
from scheduling.actions import referrals
from scheduling.models import NO_OVERLAP, Appointment
from scheduling.rules import lifecycle, lines
from scheduling.values import (
    AppointmentEvent,
    AppointmentState,
    CancelledBy,
    CancelReason,
    SessionType,
    Source,
    tracked,
)
from status import actions as ledger
from status import queries as ledger_queries
from status.models import Consultation
from status.values import (
    Actor,
    Channel,
    ConsultationEvent,
    EventKind,
    NoticeKey,
    Policy,
    ReferralEvent,
)

NewId = Callable[[], UUID]

# How far back and ahead a neighbour can lie whose window still touches.
REACH = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The figures of this installation that appointments depend on, and the key that offers are signed with."""

    pool: Sequence[str]
    lead: timedelta
    consult_length: timedelta
    remind_before: timedelta
    policy: Policy
    # Of requests (R92): how long an answer may take, how long before the start it ends, how much time it must have.
    accept_ttl: timedelta
    request_cutoff: timedelta
    request_least: timedelta
    request_warning: timedelta
    # What one client may have at a time (R20, 1.16).
    open_bookings: int
    pending_requests: int
    # Of offers (R23, R24): the usual notice, how long one counts, and what it is signed with.
    min_notice: timedelta
    offer_lives: timedelta
    offer_key: bytes = field(repr=False)


def house(settings: Settings) -> House:
    """Return the figures of this installation."""
    return House(
        pool=settings.lines,
        lead=settings.line_lead,
        consult_length=timedelta(minutes=settings.consult_length_m),
        remind_before=timedelta(hours=settings.reminder_before_h),
        policy=ledger.policy(settings),
        accept_ttl=timedelta(hours=settings.accept_ttl_h),
        request_cutoff=timedelta(hours=settings.request_cutoff_h),
        request_least=timedelta(hours=settings.request_least_h),
        request_warning=timedelta(hours=settings.request_warning_h),
        open_bookings=settings.open_bookings,
        pending_requests=settings.pending_requests,
        min_notice=timedelta(hours=settings.min_notice_h),
        offer_lives=timedelta(minutes=settings.offer_m),
        offer_key=derive(settings.secret_key.get_secret_value(), "offers"),
    )


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
    held: bool = False,
) -> Appointment:
    """Put an appointment into a provider's calendar; Refused where it overlaps another.

    A `held` one keeps its time for somebody who has yet to say yes: `take_up` books it, `let_go` frees it. It belongs
    to the referral of the two from then on; `search_id` is the search that the client found the provider by.
    """
    link = await _both_known(session, provider_id, client_id)
    await _agree(session, link, session_type, source, now=now)
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
    )
    row.line = None if held else await _line_for(session, row, house)
    row.referral_id = await referrals.find(
        session, row, awaiting=held, search_id=search_id, actor=actor, now=now, new_id=new_id
    )
    session.add(row)
    await _flush(session)
    row.referral_id = await referrals.join(
        session, row, row.referral_id, awaiting=held, actor=actor, now=now, new_id=new_id
    )
    kind = EventKind.APPOINTMENT_HELD if held else EventKind.APPOINTMENT_BOOKED
    await _record(session, kind, row, actor=actor, now=now, new_id=new_id)
    if not held:
        await _track(session, row, house=house, now=now, new_id=new_id)
    return row


async def take_up(
    session: AsyncSession, appointment_id: UUID, *, actor: Actor, house: House, now: datetime, new_id: NewId
) -> Appointment:
    """Turn a hold into an appointment that stands: with a line of its own, and followed from now on."""
    row = await _moved(session, appointment_id, AppointmentEvent.ACCEPTED)
    referral_id = row.referral_id or await referrals.find(
        session, row, awaiting=False, search_id=None, actor=actor, now=now, new_id=new_id
    )
    row.referral_id = await referrals.join(
        session, row, referral_id, awaiting=False, actor=actor, now=now, new_id=new_id
    )
    row.state, row.version = AppointmentState.BOOKED, row.version + 1
    row.line = await _line_for(session, row, house)
    await _flush(session)
    await _record(session, EventKind.APPOINTMENT_BOOKED, row, actor=actor, now=now, new_id=new_id)
    await _track(session, row, house=house, now=now, new_id=new_id)
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
    """Free the time of a hold; `why` is what its end means for the referral that began with it."""
    row = await _moved(session, appointment_id, AppointmentEvent.LET_GO)
    row.state, row.version = AppointmentState.RELEASED, row.version + 1
    await session.flush()
    await _record(session, EventKind.APPOINTMENT_RELEASED, row, actor=actor, now=now, new_id=new_id)
    if why:
        await referrals.close(session, row, why, actor=actor, now=now, new_id=new_id)
    return row


async def _both_known(session: AsyncSession, provider_id: UUID, client_id: UUID) -> Relationship:
    provider = await people_queries.provider(session, provider_id)
    if provider is None or not provider.active:
        raise Refused("no_such_provider", "There is no active provider under this id.", status=422)
    link = await people_queries.relationship(session, provider_id, client_id)
    if link is None:
        raise Refused("no_such_client", "This provider has no client under this id.", status=422)
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


async def reschedule(
    session: AsyncSession,
    appointment_id: UUID,
    *,
    starts_at: datetime,
    ends_at: datetime | None,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> Appointment:
    """Move an appointment to another time: same id, its length kept unless told.

    The consultation of the old time ends as void and a new occurrence begins (R124); a settled one is Refused.
    """
    row = await _moved(session, appointment_id, AppointmentEvent.RESCHEDULE)
    if (starts_at, ends_at or row.ends_at) == (row.starts_at, row.ends_at):
        return row
    was_starts_at = row.starts_at
    await _end_tracking(session, row, ConsultationEvent.RESCHEDULED, actor=actor, house=house, now=now, new_id=new_id)
    length = row.ends_at - row.starts_at
    row.starts_at, row.ends_at = starts_at, ends_at or starts_at + length
    row.occurrence += 1
    row.version += 1
    row.line = await _line_for(session, row, house)
    await _flush(session)
    await _record(
        session,
        EventKind.APPOINTMENT_RESCHEDULED,
        row,
        actor=actor,
        now=now,
        new_id=new_id,
        data={"was_starts_at": was_starts_at.isoformat()},
    )
    await _track(session, row, house=house, now=now, new_id=new_id)
    for channel in (Channel.MAIL, Channel.PORTAL):
        await _tell(session, NoticeKey.RESCHEDULED, channel, row, now=now, new_id=new_id)
    return row


async def switch_to_call(
    session: AsyncSession, appointment_id: UUID, *, actor: Actor, house: House, now: datetime, new_id: NewId
) -> Appointment:
    """Turn a client-made session into a phone consultation that starts at the same time (R40)."""
    row = await _moved(session, appointment_id, AppointmentEvent.SWITCH_TO_CALL)
    if row.session_type is SessionType.PHONE_CONSULTATION:
        raise Refused("already_a_call", "This appointment is a phone consultation already.")
    if row.source is Source.PROVIDER_MADE:
        raise Refused("made_by_provider", "Only appointments that a client made can be switched to a call.")
    if now >= row.starts_at:
        raise Refused("already_started", "An appointment can be switched to a call before it starts.")
    row.session_type = SessionType.PHONE_CONSULTATION
    row.ends_at = min(row.ends_at, row.starts_at + house.consult_length)
    row.tracked = tracked(row.session_type, row.source, row.original_source)
    row.version += 1
    row.line = await _line_for(session, row, house)
    await _flush(session)
    await _record(session, EventKind.APPOINTMENT_SWITCHED_TO_CALL, row, actor=actor, now=now, new_id=new_id)
    await ledger.move_referral(
        session,
        row.referral_id,
        ReferralEvent.SWITCHED_TO_CALL,
        appointment_id=row.id,
        actor=actor,
        now=now,
        new_id=new_id,
    )
    await _track(session, row, house=house, now=now, new_id=new_id)
    return row


async def cancel(
    session: AsyncSession,
    appointment_id: UUID,
    *,
    by: CancelledBy,
    reason: CancelReason | None,
    message: str | None,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> Appointment:
    """Give up an appointment: by the client until its start, by the provider until its end."""
    event = AppointmentEvent.CANCEL_BY_PROVIDER if by is CancelledBy.PROVIDER else AppointmentEvent.CANCEL_BY_CLIENT
    row = await _moved(session, appointment_id, event)
    if now >= (row.ends_at if by is CancelledBy.PROVIDER else row.starts_at):
        raise Refused("too_late_to_cancel", "This appointment can no longer be cancelled: its time has come.")
    after = next_state(lifecycle.APPOINTMENT, row.state, event)
    assert after is not None  # noqa: S101 - _moved has looked
    await _end_tracking(session, row, ConsultationEvent.CANCELLED, actor=actor, house=house, now=now, new_id=new_id)
    row.state, row.version = after, row.version + 1
    row.cancelled_at, row.cancelled_by, row.cancel_reason, row.cancel_message = now, by, reason, message
    await session.flush()
    await _record(
        session,
        EventKind.APPOINTMENT_CANCELLED,
        row,
        actor=actor,
        now=now,
        new_id=new_id,
        data={"by": by.value, "reason": reason.value if reason else None},
    )
    await referrals.cancelled(session, row, by, actor=actor, now=now, new_id=new_id)
    return row


async def archive_client(
    session: AsyncSession,
    provider_id: UUID,
    client_id: UUID,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> None:
    """Archive a client in one provider's list; Refused while appointments lie ahead (R51)."""
    link = await people_queries.relationship(session, provider_id, client_id)
    if link is None:
        raise NotFound
    ahead = await queries.has_ahead(session, provider_id, client_id, now)
    if ahead:
        raise Refused(
            "appointments_ahead",
            f"Cancel the {len(ahead)} appointments that lie ahead with this client first.",
            appointments=[str(one) for one in ahead],
        )
    await people.move_relationship(session, link, RelationshipEvent.ARCHIVED, now=now)
    referral = await ledger_queries.open_referral(session, provider_id, client_id)
    await ledger.move_referral(
        session,
        referral.id if referral else None,
        ReferralEvent.CLIENT_ARCHIVED,
        actor=actor,
        now=now,
        new_id=new_id,
    )
    await ledger.record(
        session,
        EventKind.CLIENT_ARCHIVED,
        actor=actor,
        at=now,
        now=now,
        new_id=new_id,
        provider_id=provider_id,
    )


async def unarchive_client(
    session: AsyncSession, provider_id: UUID, client_id: UUID, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Take a client back into a provider's list."""
    link = await people_queries.relationship(session, provider_id, client_id)
    if link is None:
        raise NotFound
    await people.unarchive(session, link, now=now)
    await ledger.record(
        session,
        EventKind.CLIENT_UNARCHIVED,
        actor=actor,
        at=now,
        now=now,
        new_id=new_id,
        provider_id=provider_id,
    )


async def correct_consultation(
    session: AsyncSession,
    consultation_id: UUID,
    *,
    occurred: bool,
    reason: str,
    explanation: str,
    actor: Actor,
    policy: Policy,
    now: datetime,
    new_id: NewId,
) -> Consultation:
    """Append an operator's correction; its free words stand on a support case, history holds the case's id."""
    row = await ledger_queries.consultation(session, consultation_id)
    if row is None:
        raise NotFound
    case = await people.open_case(
        session,
        kind=CaseKind.CORRECTION,
        provider_id=row.provider_id,
        appointment_id=row.appointment_id,
        text=explanation,
        facts={"consultation": str(consultation_id), "reason": reason},
        now=now,
        new_id=new_id,
    )
    return await ledger.correct(
        session,
        consultation_id,
        occurred=occurred,
        reason=reason,
        case_id=case.id,
        actor=actor,
        now=now,
        policy=policy,
        new_id=new_id,
    )


async def _moved(session: AsyncSession, appointment_id: UUID, event: AppointmentEvent) -> Appointment:
    """Lock an appointment and see that its lifecycle has this move."""
    row = await queries.appointment_for_update(session, appointment_id)
    if row is None:
        raise NotFound
    if next_state(lifecycle.APPOINTMENT, row.state, event) is None:
        raise Refused(
            "not_possible_now",
            f"This appointment is {_STATES[row.state]}, so that is not possible.",
            state=row.state.value,
        )
    return row


_STATES = {
    AppointmentState.HELD: "waiting to be confirmed",
    AppointmentState.BOOKED: "booked",
    AppointmentState.RELEASED: "no longer held",
    AppointmentState.CANCELLED_BY_PROVIDER: "cancelled by the provider",
    AppointmentState.CANCELLED_BY_CLIENT: "cancelled by the client",
    AppointmentState.ENDED: "over",
    AppointmentState.DETAILS_CONFIRMED: "confirmed",
    AppointmentState.NO_SHOW: "marked as a no-show",
}


async def _line_for(session: AsyncSession, row: Appointment, house: House) -> str | None:
    if not row.tracked:
        return None
    with session.no_autoflush:  # the new time is written by `_flush`, which knows what an overlap is
        beside = await queries.neighbours(session, row.provider_id, row.starts_at, REACH, but=row.id)
    return lines.choose(
        house.pool, beside, starts_at=row.starts_at, ends_at=row.ends_at, lead=house.lead, current=row.line
    )


async def _track(session: AsyncSession, row: Appointment, *, house: House, now: datetime, new_id: NewId) -> None:
    """Begin to follow a tracked appointment: its consultation, and the reminder with the line's number (R105)."""
    if not row.tracked:
        return
    consultation = await ledger.open_consultation(
        session,
        appointment_id=row.id,
        occurrence=row.occurrence,
        provider_id=row.provider_id,
        referral_id=row.referral_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        policy=house.policy,
        new_id=new_id,
    )
    if now < row.starts_at:
        await ledger.notify(
            session,
            NoticeKey.REMINDER,
            Channel.MAIL,
            provider_id=row.provider_id,
            subject_id=consultation.id,
            appointment_id=row.id,
            due_at=max(now, row.starts_at - house.remind_before),
            expires_at=row.starts_at,
            now=now,
            new_id=new_id,
        )


async def _end_tracking(
    session: AsyncSession,
    row: Appointment,
    event: ConsultationEvent,
    *,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> None:
    """Settle the consultation of the present time; a reschedule of a settled one is Refused (R124)."""
    consultation = await ledger_queries.occurrence_for_update(session, row.id, row.occurrence)
    if consultation is None:
        return
    ended = await ledger.end_consultation(
        session, consultation, event, actor=actor, now=now, policy=house.policy, new_id=new_id
    )
    if not ended and event is ConsultationEvent.RESCHEDULED:
        raise Refused(
            "status_locked",
            "The status of this consultation is settled, so it can no longer be rescheduled. Book a new one.",
            consultation_status=consultation.status.value,
        )


async def _flush(session: AsyncSession) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        if getattr(error.orig and error.orig.__cause__, "constraint_name", None) == NO_OVERLAP:
            raise Refused(
                "overlap", "The provider has another appointment at this time. Choose another time."
            ) from None
        raise


async def _record(
    session: AsyncSession,
    kind: EventKind,
    row: Appointment,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
    data: dict[str, str | int | bool | None] | None = None,
) -> None:
    facts: dict[str, str | int | bool | None] = {
        "occurrence": row.occurrence,
        "starts_at": row.starts_at.isoformat(),
        "ends_at": row.ends_at.isoformat(),
        "source": row.source.value,
        "session_type": row.session_type.value,
    }
    await ledger.record(
        session,
        kind,
        actor=actor,
        at=now,
        now=now,
        new_id=new_id,
        provider_id=row.provider_id,
        appointment_id=row.id,
        data=facts | (data or {}),
    )


async def _tell(
    session: AsyncSession, key: NoticeKey, channel: Channel, row: Appointment, *, now: datetime, new_id: NewId
) -> None:
    await ledger.notify(
        session,
        key,
        channel,
        provider_id=row.provider_id,
        subject_id=row.id,
        appointment_id=row.id,
        dedupe=str(row.occurrence),
        due_at=now,
        now=now,
        new_id=new_id,
    )
