"""What may be done with an appointment, and when (requirements 4.3); which moves there are says the lifecycle."""

from datetime import datetime, timedelta
from uuid import UUID, uuid5

from scheduling.rules import lifecycle
from scheduling.values import (
    AppointmentEvent,
    AppointmentFacts,
    AppointmentState,
    NotPossible,
    SessionType,
    Side,
    Source,
)

BY_PROVIDERS = frozenset(
    {
        AppointmentEvent.RESCHEDULE,
        AppointmentEvent.SWITCH_TO_CALL,
        AppointmentEvent.CANCEL_BY_PROVIDER,
        AppointmentEvent.CONFIRM_DETAILS,
        AppointmentEvent.MARK_NO_SHOW,
    }
)

# How long after its end a session can be marked as a no-show.
NO_SHOW_WITHIN = timedelta(days=7)


def state_at(state: AppointmentState, ends_at: datetime, now: datetime) -> AppointmentState:
    """Return where an appointment stands: one whose end has passed is over, however late the sweep comes."""
    over = state is AppointmentState.BOOKED and now >= ends_at
    return AppointmentState.ENDED if over else state


def why_not_cancelled(
    facts: AppointmentFacts, by: Side, *, message: str | None, written_down: bool, now: datetime
) -> NotPossible | None:
    """Tell what stands against a cancellation: a client's ends with the start, a referral needs words (R39).

    An operator who has `written_down` what a provider did may not know their words.
    """
    if by is Side.CLIENT and now >= facts.starts_at:
        return NotPossible.TOO_LATE_TO_CANCEL
    if by is Side.PROVIDER and facts.referred and not message and not written_down:
        return NotPossible.MESSAGE_NEEDED
    return None


def is_late(starts_at: datetime, now: datetime, within: timedelta) -> bool:
    """Tell whether a client gives up an appointment later than was asked of them."""
    return starts_at - now < within


def why_not_moved(facts: AppointmentFacts, by: Side, *, limit: int, now: datetime) -> NotPossible | None:
    """Tell what stands against another time: a client moves what has not begun, and not for ever."""
    if by is Side.PROVIDER:
        return None
    if now >= facts.starts_at:
        return NotPossible.ALREADY_STARTED
    return NotPossible.MOVES_USED_UP if facts.moves_by_client >= limit else None


def why_not_a_call(facts: AppointmentFacts, *, now: datetime) -> NotPossible | None:
    """Tell what stands against turning a session into a phone consultation (R40)."""
    if facts.session_type is SessionType.PHONE_CONSULTATION:
        return NotPossible.ALREADY_A_CALL
    if facts.in_series:
        return NotPossible.IN_A_SERIES
    if facts.source is Source.PROVIDER_MADE:
        return NotPossible.MADE_BY_PROVIDER
    return NotPossible.ALREADY_STARTED if now >= facts.starts_at else None


def why_not_confirmed(facts: AppointmentFacts) -> NotPossible | None:
    """Tell what stands against confirming a session's details (R50), besides what the client has yet to do."""
    return None if facts.session_type is SessionType.FULL_SESSION else NotPossible.NOT_A_SESSION


def why_no_no_show(facts: AppointmentFacts, *, now: datetime) -> NotPossible | None:
    """Tell what stands against marking a no-show."""
    if facts.session_type is not SessionType.FULL_SESSION:
        return NotPossible.NOT_A_SESSION
    return NotPossible.TOO_LATE_FOR_NO_SHOW if now >= facts.ends_at + NO_SHOW_WITHIN else None


def possible(facts: AppointmentFacts, *, now: datetime) -> frozenset[AppointmentEvent]:
    """Return what a provider can do with an appointment as it stands, with the right words where some are needed."""
    after = lifecycle.APPOINTMENT.get(state_at(facts.state, facts.ends_at, now), {})
    against = {
        AppointmentEvent.SWITCH_TO_CALL: why_not_a_call(facts, now=now),
        AppointmentEvent.CONFIRM_DETAILS: why_not_confirmed(facts),
        AppointmentEvent.MARK_NO_SHOW: why_no_no_show(facts, now=now),
    }
    return frozenset(event for event in after if event in BY_PROVIDERS and against.get(event) is None)


def reminder_at(starts_at: datetime, *, told_now: bool, before: timedelta, now: datetime) -> datetime | None:
    """Return when the client is reminded (M19): a day ahead; nearer than that at once, unless a letter goes out now."""
    if now >= starts_at:
        return None
    due_at = starts_at - before
    if due_at > now:
        return due_at
    return None if told_now else now


def occurrence_id(appointment_id: UUID, occurrence: int) -> UUID:
    """Return the name of one time of an appointment, which a task about it goes by: a later time asks anew."""
    return uuid5(appointment_id, str(occurrence))
