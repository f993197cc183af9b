"""The client referral programme (R68-R88): why an enrolment does not move, and what a submitted profile needs."""

from collections.abc import Mapping

from people.rules import npi
from people.values import EnrolmentEvent, EnrolmentState
from people.values.profiles import PULLED, Required


def why_not(state: EnrolmentState, event: EnrolmentEvent | None) -> tuple[str, str]:
    """Return code and sentence for a move that the table of 4.7 does not have; `event` is None for other payers."""
    match state:
        case EnrolmentState.DEACTIVATED:
            return "enrolment_ended", "This provider has left the programme for good. Contact support."
        case EnrolmentState.COMPLETED if event is EnrolmentEvent.DELETE:
            return "enrolment_completed", "This profile was submitted, so it cannot be deleted. Deactivate it instead."
        case _:
            return "not_possible_now", f"This enrolment is {state.value}, so that is not possible."


def missing(told: Mapping[Required, object]) -> tuple[Required, ...]:
    """Return what a profile lacks to be submitted (R84-R87), in the order of its form; an NPI has to be well-formed."""
    return tuple(one for one in Required if not _there(one, told.get(one)))


def needs_attention(state: EnrolmentState, told: Mapping[Required, object]) -> bool:
    """Tell whether something that was there when a profile was submitted is gone where it comes from (R78)."""
    return state is EnrolmentState.COMPLETED and any(one in PULLED for one in missing(told))


def _there(one: Required, value: object) -> bool:
    if one is Required.NPI:
        return isinstance(value, str) and npi.well_formed(value)
    return bool(value.strip() if isinstance(value, str) else value)
