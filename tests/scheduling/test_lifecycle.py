"""The lifecycle of an appointment: every row of requirements 4.3 that is built, and that nothing else moves it."""

from itertools import product

import pytest

from config.lifecycles import next_state
from scheduling.rules.lifecycle import APPOINTMENT, REQUEST
from scheduling.values import AppointmentEvent as Event
from scheduling.values import AppointmentState as State
from scheduling.values import RequestEvent, RequestState

LISTED = {
    (State.HELD, Event.ACCEPTED): State.BOOKED,
    (State.HELD, Event.LET_GO): State.RELEASED,
    (State.BOOKED, Event.RESCHEDULE): State.BOOKED,
    (State.BOOKED, Event.SWITCH_TO_CALL): State.BOOKED,
    (State.BOOKED, Event.CANCEL_BY_PROVIDER): State.CANCELLED_BY_PROVIDER,
    (State.BOOKED, Event.CANCEL_BY_CLIENT): State.CANCELLED_BY_CLIENT,
    (State.BOOKED, Event.END_PASSED): State.ENDED,
    (State.ENDED, Event.RESCHEDULE): State.BOOKED,
    (State.ENDED, Event.CONFIRM_DETAILS): State.DETAILS_CONFIRMED,
    (State.ENDED, Event.MARK_NO_SHOW): State.NO_SHOW,
}


@pytest.mark.parametrize(("state", "event"), [*product(State, Event)])
def test_an_appointment_moves_as_listed_and_not_otherwise(state: State, event: Event) -> None:
    assert next_state(APPOINTMENT, state, event) is LISTED.get((state, event))


def test_a_cancelled_appointment_does_not_come_back() -> None:
    for state in (State.CANCELLED_BY_CLIENT, State.CANCELLED_BY_PROVIDER, State.RELEASED):
        assert state not in APPOINTMENT


ENDS = {
    RequestEvent.ACCEPT: RequestState.ACCEPTED,
    RequestEvent.DECLINE: RequestState.DECLINED,
    RequestEvent.EXPIRE: RequestState.EXPIRED,
    RequestEvent.WITHDRAW: RequestState.WITHDRAWN,
    RequestEvent.PROVIDER_LEFT: RequestState.DECLINED,
}


@pytest.mark.parametrize(("state", "event"), [*product(RequestState, RequestEvent)])
def test_a_request_is_decided_once_and_never_again(state: RequestState, event: RequestEvent) -> None:
    """Requirements 4.2: every row, and that "cannot be undone" is the answer to everything else (R96)."""
    assert next_state(REQUEST, state, event) is (ENDS[event] if state is RequestState.PENDING else None)
