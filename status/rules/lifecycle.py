"""The lifecycles of the ledger, as tables. What is not listed does not happen."""

from collections.abc import Mapping

from status.values import (
    ConsultationEvent,
    ConsultationStatus,
    NoticeEvent,
    NoticeState,
    PsychiatricEvent,
    PsychiatricState,
    ReferralEvent,
    ReferralState,
    TaskEvent,
    TaskState,
)

_S, _E = ConsultationStatus, ConsultationEvent

# Requirements 4.4. A correction keeps the original in history and changes what is shown.
_CORRECTION = {_E.CORRECTED_YES: _S.OCCURRED_MANUAL, _E.CORRECTED_NO: _S.DID_NOT_OCCUR}

CONSULTATION: Mapping[ConsultationStatus, Mapping[ConsultationEvent, ConsultationStatus]] = {
    _S.SCHEDULED: {
        _E.HELD: _S.OCCURRED_AUTO,
        _E.END_PASSED: _S.AWAITING_STATUS,
        _E.RESCHEDULED: _S.VOID_RESCHEDULED,
        _E.CANCELLED: _S.NOT_APPLICABLE,
    },
    _S.AWAITING_STATUS: {
        _E.ANSWERED_YES: _S.OCCURRED_MANUAL,
        _E.ANSWERED_NO: _S.DID_NOT_OCCUR,
        _E.HELD: _S.OCCURRED_AUTO,
        _E.WINDOW_CLOSED: _S.UNKNOWN,
        _E.RESCHEDULED: _S.VOID_RESCHEDULED,
    },
    _S.OCCURRED_AUTO: _CORRECTION,
    _S.OCCURRED_MANUAL: _CORRECTION,
    _S.DID_NOT_OCCUR: _CORRECTION,
    _S.UNKNOWN: _CORRECTION,
}

_F, _R = ReferralState, ReferralEvent
_NEW_OR_SEEN = {
    _R.CANCELLED_BY_PROVIDER: _F.CLOSED_BY_PROVIDER,
    _R.CANCELLED_BY_CLIENT: _F.CLOSED_BY_CLIENT,
    _R.HELD: _F.ENGAGED,
    _R.NOT_HELD: _F.NO_CONTACT,
    _R.CLIENT_ARCHIVED: _F.CLOSED_BY_PROVIDER,
}

# Requirements 4.1, and one move more: what was not held, and is after all (by an operator's correction, or by another
# appointment of the two), leads out of no_contact like anywhere else.
REFERRAL: Mapping[ReferralState, Mapping[ReferralEvent, ReferralState]] = {
    _F.AWAITING_ACCEPTANCE: {
        _R.ACCEPTED: _F.NEW,
        _R.DECLINED: _F.CLOSED_DECLINED,
        _R.EXPIRED: _F.CLOSED_EXPIRED,
        _R.WITHDRAWN: _F.CLOSED_WITHDRAWN,
        _R.CLIENT_ARCHIVED: _F.CLOSED_BY_PROVIDER,
    },
    _F.NEW: {_R.OPENED: _F.SEEN, _R.SWITCHED_TO_CALL: _F.NEW, **_NEW_OR_SEEN},
    _F.SEEN: {
        _R.SWITCHED_TO_CALL: _F.SEEN,
        **_NEW_OR_SEEN,
        _R.NOT_A_MATCH: _F.HANDED_BACK,
        _R.FIND_ANOTHER: _F.REMATCH_BY_CLIENT,
    },
    _F.ENGAGED: {
        _R.NOT_A_MATCH: _F.HANDED_BACK,
        _R.FIND_ANOTHER: _F.REMATCH_BY_CLIENT,
        _R.CLIENT_ARCHIVED: _F.CLOSED_BY_PROVIDER,
    },
    _F.NO_CONTACT: {
        _R.BOOKED_AGAIN: _F.SEEN,
        _R.HELD: _F.ENGAGED,
        _R.FIND_ANOTHER: _F.REMATCH_BY_CLIENT,
        _R.CLIENT_ARCHIVED: _F.CLOSED_BY_PROVIDER,
    },
}

_P, _Y = PsychiatricState, PsychiatricEvent

# The last paragraph of 4.1, and one move more: consent can be taken back for as long as nobody was told a name.
PSYCHIATRIC: Mapping[PsychiatricState, Mapping[PsychiatricEvent, PsychiatricState]] = {
    _P.DRAFT: {_Y.CONSENT: _P.CONSENTED, _Y.WITHDRAW: _P.WITHDRAWN},
    _P.CONSENTED: {_Y.SEND: _P.SENT, _Y.WITHDRAW: _P.WITHDRAWN},
    _P.SENT: {
        _Y.ACCEPT: _P.ACCEPTED,
        _Y.DECLINE: _P.DECLINED,
        _Y.EXPIRE: _P.EXPIRED,
        _Y.WITHDRAW: _P.WITHDRAWN,
    },
    _P.ACCEPTED: {_Y.VISIT: _P.FIRST_VISIT},
}

# Requirements 4.5.
TASK: Mapping[TaskState, Mapping[TaskEvent, TaskState]] = {
    TaskState.OPEN: {
        TaskEvent.ANSWERED: TaskState.DONE,
        TaskEvent.SETTLED: TaskState.CANCELLED,
        TaskEvent.DUE_PASSED: TaskState.EXPIRED,
    },
}

_N, _V = NoticeState, NoticeEvent

# A claim left behind by a worker that died is uncertain: the text may be on its way.
NOTICE: Mapping[NoticeState, Mapping[NoticeEvent, NoticeState]] = {
    _N.DUE: {
        _V.CLAIMED: _N.CLAIMED,
        _V.POSTPONED: _N.DUE,
        _V.NO_LONGER_TRUE: _N.CANCELLED,
        _V.TOO_LATE: _N.EXPIRED,
        _V.NOBODY_TO_REACH: _N.SKIPPED,
        _V.DELIVERED: _N.DELIVERED,
    },
    _N.CLAIMED: {
        _V.TAKEN: _N.SENT,
        _V.SURELY_NOT_TAKEN: _N.DUE,
        _V.PERHAPS_TAKEN: _N.UNCERTAIN,
        _V.REFUSED_FOR_GOOD: _N.FAILED,
        _V.GIVEN_UP: _N.FAILED,
        _V.DELIVERED: _N.DELIVERED,
        _V.UNDELIVERED: _N.UNDELIVERED,
    },
    _N.UNCERTAIN: {
        _V.TAKEN: _N.SENT,
        _V.SURELY_NOT_TAKEN: _N.DUE,
        _V.GIVEN_UP: _N.FAILED,
        _V.DELIVERED: _N.DELIVERED,
        _V.UNDELIVERED: _N.UNDELIVERED,
    },
    _N.SENT: {_V.DELIVERED: _N.DELIVERED, _V.UNDELIVERED: _N.UNDELIVERED},
}
