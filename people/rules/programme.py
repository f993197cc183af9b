"""The client referral programme (R68-R82): why an enrolment does not move."""

from people.values import EnrolmentEvent, EnrolmentState


def why_not(state: EnrolmentState, event: EnrolmentEvent | None) -> tuple[str, str]:
    """Return code and sentence for a move that the table of 4.7 does not have; `event` is None for other payers.

    Submit has no guard but its row in the table here: which fields of a profile it needs (R84-R87) is for the
    public profile to say, which knows them.
    """
    match state:
        case EnrolmentState.DEACTIVATED:
            return "enrolment_ended", "This provider has left the programme for good. Contact support."
        case EnrolmentState.COMPLETED if event is EnrolmentEvent.DELETE:
            return "enrolment_completed", "This profile was submitted, so it cannot be deleted. Deactivate it instead."
        case _:
            return "not_possible_now", f"This enrolment is {state.value}, so that is not possible."
