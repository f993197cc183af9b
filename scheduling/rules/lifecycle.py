"""The lifecycle of an appointment, as a table (requirements 4.3). What is not listed does not happen."""

from collections.abc import Mapping

from scheduling.values import AppointmentEvent, AppointmentState

_S, _E = AppointmentState, AppointmentEvent

APPOINTMENT: Mapping[AppointmentState, Mapping[AppointmentEvent, AppointmentState]] = {
    _S.BOOKED: {
        _E.RESCHEDULE: _S.BOOKED,
        _E.SWITCH_TO_CALL: _S.BOOKED,
        _E.CANCEL_BY_PROVIDER: _S.CANCELLED_BY_PROVIDER,
        _E.CANCEL_BY_CLIENT: _S.CANCELLED_BY_CLIENT,
    },
}
