"""The lifecycles of the calendar, as tables (requirements 4.2, 4.3). What is not listed does not happen."""

from collections.abc import Mapping

from scheduling.values import (
    AppointmentEvent,
    AppointmentState,
    RequestEvent,
    RequestState,
    WaitlistEvent,
    WaitlistState,
)

_S, _E = AppointmentState, AppointmentEvent

APPOINTMENT: Mapping[AppointmentState, Mapping[AppointmentEvent, AppointmentState]] = {
    _S.HELD: {
        _E.ACCEPTED: _S.BOOKED,
        _E.LET_GO: _S.RELEASED,
    },
    _S.BOOKED: {
        _E.RESCHEDULE: _S.BOOKED,
        _E.SWITCH_TO_CALL: _S.BOOKED,
        _E.CANCEL_BY_PROVIDER: _S.CANCELLED_BY_PROVIDER,
        _E.CANCEL_BY_CLIENT: _S.CANCELLED_BY_CLIENT,
        _E.END_PASSED: _S.ENDED,
    },
    _S.ENDED: {
        _E.RESCHEDULE: _S.BOOKED,
        _E.CONFIRM_DETAILS: _S.DETAILS_CONFIRMED,
        _E.MARK_NO_SHOW: _S.NO_SHOW,
    },
}

_R, _Q = RequestState, RequestEvent

# Decided once: no way leads out of the four ends (R96).
REQUEST: Mapping[RequestState, Mapping[RequestEvent, RequestState]] = {
    _R.PENDING: {
        _Q.ACCEPT: _R.ACCEPTED,
        _Q.DECLINE: _R.DECLINED,
        _Q.EXPIRE: _R.EXPIRED,
        _Q.WITHDRAW: _R.WITHDRAWN,
        _Q.PROVIDER_LEFT: _R.DECLINED,
    },
}

_W, _V = WaitlistState, WaitlistEvent

# An offer that was not taken leads back into the line; nobody loses their place by one evening away.
WAITLIST: Mapping[WaitlistState, Mapping[WaitlistEvent, WaitlistState]] = {
    _W.WAITING: {_V.OFFERED: _W.OFFERED, _V.LEFT: _W.LEFT},
    _W.OFFERED: {
        _V.ACCEPTED: _W.BOOKED,
        _V.DECLINED: _W.WAITING,
        _V.LAPSED: _W.WAITING,
        _V.LEFT: _W.LEFT,
    },
}
