"""What a referral makes of what happens around it."""

from collections.abc import Mapping

from status.values import ConsultationEvent, ReferralEvent, ReferralState

_C, _R = ConsultationEvent, ReferralEvent

# A consultation's own move, as its referral sees it. A correction counts as what it says; one to "did not occur"
# moves no referral that is engaged: the two may have met in other ways, and the correction stands where it belongs.
AFTER_CONSULTATION: Mapping[ConsultationEvent, ReferralEvent] = {
    _C.HELD: _R.HELD,
    _C.ANSWERED_YES: _R.HELD,
    _C.CORRECTED_YES: _R.HELD,
    _C.ANSWERED_NO: _R.NOT_HELD,
    _C.WINDOW_CLOSED: _R.NOT_HELD,
    _C.CORRECTED_NO: _R.NOT_HELD,
}


def when_booked(state: ReferralState) -> ReferralEvent | None:
    """Return what a further appointment that stands means for an open referral; None where it changes nothing.

    Whoever books at once with somebody who has yet to accept is as good as accepted.
    """
    return {
        ReferralState.AWAITING_ACCEPTANCE: ReferralEvent.ACCEPTED,
        ReferralState.NO_CONTACT: ReferralEvent.BOOKED_AGAIN,
    }.get(state)
