"""The steps that changes of an appointment are made of: taken in hand, given a line, written down, told.

For the other files of this room alone.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import NotFound, Refused
from config.jobs import enqueue
from config.lifecycles import next_state
from people import queries as people_queries
from scheduling import queries
from scheduling.actions.house import House, NewId
from scheduling.models import NO_OVERLAP, Appointment
from scheduling.rules import appointments as rules
from scheduling.rules import lifecycle, lines
from scheduling.values import (
    REFERRALS,
    AppointmentEvent,
    AppointmentFacts,
    AppointmentState,
    NotPossible,
    SessionType,
    Side,
)
from status import actions as ledger
from status import queries as ledger_queries
from status.rules.access import see_theirs
from status.values import CLOCK, Actor, Channel, ConsultationEvent, EventKind, NoticeKey, TaskEvent, TaskKind

Data = dict[str, str | int | bool | None]

# How far back and ahead a neighbour can lie whose window still touches.
REACH = timedelta(days=1)

_STATES = {
    AppointmentState.HELD: "waiting to be confirmed",
    AppointmentState.BOOKED: "booked",
    AppointmentState.RELEASED: "no longer held",
    AppointmentState.CANCELLED_BY_PROVIDER: "cancelled by the provider",
    AppointmentState.CANCELLED_BY_CLIENT: "cancelled by the client",
    AppointmentState.ENDED: "over",
    AppointmentState.DETAILS_CONFIRMED: "over, and its details are confirmed",
    AppointmentState.NO_SHOW: "marked as a no-show",
}

_SENTENCES = {
    NotPossible.MESSAGE_NEEDED: "Write the client a few words: they came to you by a referral.",
    NotPossible.TOO_LATE_TO_CANCEL: "This appointment can no longer be cancelled: its time has come.",
    NotPossible.ALREADY_STARTED: "This appointment has begun already, so that is not possible any more.",
    NotPossible.MOVES_USED_UP: "This appointment was moved as often as it can be. Cancel it, or ask your provider.",
    NotPossible.ALREADY_A_CALL: "This appointment is a phone consultation already.",
    NotPossible.MADE_BY_PROVIDER: "Only appointments that a client made can be switched to a call.",
    NotPossible.IN_A_SERIES: "An appointment of a series cannot be switched to a call.",
    NotPossible.NOT_A_SESSION: "That is for sessions. The status of a consultation is shared instead.",
    NotPossible.TOO_LATE_FOR_NO_SHOW: "A no-show can be marked within seven days of the end.",
}
_NOT_READABLE = frozenset({NotPossible.MESSAGE_NEEDED})


# In hand


async def in_hand(
    session: AsyncSession,
    appointment_id: UUID,
    event: AppointmentEvent,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
    version: int | None = None,
) -> tuple[Appointment, AppointmentState]:
    """Lock an appointment, let time move it first, and return it with the state that the event leads to.

    Refused where its lifecycle has no such move, or where it is not the `version` that the caller has seen (R34).
    """
    row = await locked(session, appointment_id, actor)
    see_version(row, version, now)
    await let_time_pass(session, row, now=now, new_id=new_id)
    after = next_state(lifecycle.APPOINTMENT, row.state, event)
    if after is None:
        raise Refused(
            "not_possible_now",
            f"This appointment is {_STATES[row.state]}, so that is not possible.",
            state=row.state.value,
        )
    return row, after


async def locked(session: AsyncSession, appointment_id: UUID, actor: Actor) -> Appointment:
    """Lock an appointment and, before it, the calendar that it stands in; NotFound where there is none for them."""
    known = await queries.appointment(session, appointment_id)
    if known is not None:
        await queries.lock_calendar(session, known.provider_id)
    row = await queries.appointment_for_update(session, appointment_id)
    if row is None:
        raise NotFound
    see_theirs(actor, provider_id=row.provider_id, client_id=row.client_id)
    return row


def see_version(row: Appointment, seen: int | None, now: datetime) -> None:
    """Refuse what was decided by the look of another version (R34)."""
    if seen in {None, row.version}:
        return
    state = rules.state_at(row.state, row.ends_at, now)
    raise Refused(
        "changed",
        f"This appointment has changed meanwhile: it is {_STATES[state]}. Look at it again, then decide.",
        state=state.value,
        version=row.version,
    )


async def let_time_pass(session: AsyncSession, row: Appointment, *, now: datetime, new_id: NewId) -> None:
    """Move an appointment whose end has passed; a session's provider is asked for its details from then on."""
    after = rules.state_at(row.state, row.ends_at, now)
    if after is row.state:
        return
    row.state = after
    await session.flush()
    await record(session, EventKind.APPOINTMENT_ENDED, row, actor=CLOCK, now=now, new_id=new_id)
    if row.session_type is SessionType.FULL_SESSION:
        await ledger.open_task(
            session,
            TaskKind.CONFIRM_SESSION_DETAILS,
            rules.occurrence_id(row.id, row.occurrence),
            provider_id=row.provider_id,
            appointment_id=row.id,
            due_at=None,
            now=now,
            new_id=new_id,
        )


async def close_details(
    session: AsyncSession, row: Appointment, event: TaskEvent, *, now: datetime, new_id: NewId
) -> None:
    """End the question for a session's details, if it was asked."""
    subject_id = rules.occurrence_id(row.id, row.occurrence)
    await ledger.close_task(session, TaskKind.CONFIRM_SESSION_DETAILS, subject_id, event, now=now, new_id=new_id)


def facts(row: Appointment) -> AppointmentFacts:
    """Return what the rules look at."""
    return AppointmentFacts(
        state=row.state,
        session_type=row.session_type,
        source=row.source,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        referred=row.referral_id is not None,
        in_series=row.series_id is not None,
        moves_by_client=row.moves_by_client,
    )


def refuse(why: NotPossible | None) -> None:
    """Say no in words, where a rule has said no."""
    if why is not None:
        raise Refused(why.value, _SENTENCES[why], status=422 if why in _NOT_READABLE else 409)


async def flush(session: AsyncSession) -> None:
    """Write a time; Refused where the provider has another appointment then."""
    try:
        await session.flush()
    except IntegrityError as error:
        if getattr(error.orig and error.orig.__cause__, "constraint_name", None) == NO_OVERLAP:
            raise Refused(
                "overlap", "The provider has another appointment at this time. Choose another time."
            ) from None
        raise


async def line_for(session: AsyncSession, row: Appointment, house: House) -> str | None:
    """Choose the line for a time that is not written yet (R103)."""
    if not row.tracked:
        return None
    with session.no_autoflush:  # the new time is written by `flush`, which knows what an overlap is
        beside = await queries.neighbours(session, row.provider_id, row.starts_at, REACH, but=row.id)
    return lines.choose(
        house.pool, beside, starts_at=row.starts_at, ends_at=row.ends_at, lead=house.lead, current=row.line
    )


# Followed


async def track(session: AsyncSession, row: Appointment, *, house: House, now: datetime, new_id: NewId) -> None:
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


async def end_tracking(
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


async def remind_client(
    session: AsyncSession, row: Appointment, *, told_now: bool, house: House, now: datetime, new_id: NewId
) -> None:
    """See to it that the client is reminded of the present time (M19)."""
    due_at = rules.reminder_at(row.starts_at, told_now=told_now, before=house.remind_before, now=now)
    if due_at is None:
        return
    await ledger.notify(
        session,
        NoticeKey.CLIENT_REMINDER,
        Channel.TEXT if await people_queries.wants_texts(session, row.client_id) else Channel.MAIL,
        client_id=row.client_id,
        subject_id=row.id,
        appointment_id=row.id,
        dedupe=str(row.occurrence),
        due_at=due_at,
        expires_at=row.starts_at,
        now=now,
        new_id=new_id,
    )


# Written down and told


async def record(
    session: AsyncSession,
    kind: EventKind,
    row: Appointment,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
    data: Data | None = None,
) -> None:
    """Append a line about an appointment to history, with the facts as they are now.

    Whatever it was, their provider's next openings are computed anew.
    """
    told: Data = {
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
        now=now,
        new_id=new_id,
        provider_id=row.provider_id,
        appointment_id=row.id,
        data=told | (data or {}),
    )
    await enqueue(session, "openings", row.provider_id, once=False)


async def tell(
    session: AsyncSession,
    key: NoticeKey,
    sides: Iterable[Side],
    row: Appointment,
    *,
    now: datetime,
    new_id: NewId,
    channels: Iterable[Channel] = (Channel.MAIL, Channel.PORTAL),
) -> None:
    """Tell one side or both what has become of an appointment; of one change they hear once."""
    ways = tuple(channels)
    for side in sides:
        await ledger.notify(
            session,
            key,
            *ways,
            provider_id=row.provider_id if side is Side.PROVIDER else None,
            client_id=row.client_id if side is Side.CLIENT else None,
            subject_id=row.id,
            appointment_id=row.id,
            dedupe=str(row.occurrence),
            now=now,
            new_id=new_id,
        )


async def tell_made(session: AsyncSession, row: Appointment, *, now: datetime, new_id: NewId) -> None:
    """Tell both that an appointment stands which a client has made (M1, M2)."""
    referred = (row.original_source or row.source) in REFERRALS
    to_provider = NoticeKey.NEW_REFERRAL if referred else NoticeKey.BOOKING_MADE
    await tell(session, to_provider, [Side.PROVIDER], row, now=now, new_id=new_id)
    await tell(session, NoticeKey.BOOKING_MADE, [Side.CLIENT], row, now=now, new_id=new_id, channels=[Channel.MAIL])
