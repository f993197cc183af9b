"""What is judged when somebody books, asks or decides, at every edge."""

from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.keys import derive, six_digits
from config.lifecycles import next_state
from scheduling.rules import booking as rules
from scheduling.rules.booking import CodeVerdict, Undecidable
from scheduling.rules.lifecycle import REQUEST
from scheduling.values import DraftState, RequestEvent, RequestState

NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
TTL, CUTOFF, LEAST = 48 * HOUR, 2 * HOUR, 4 * HOUR
KEY = derive("a-secret-for-tests-that-is-long-enough", "booking codes")
DRAFT = UUID("00000000-0000-4000-8000-000000000001")

PENDING = RequestState.PENDING
DECIDED = [state for state in RequestState if state is not PENDING]
BY_PERSON = (RequestEvent.ACCEPT, RequestEvent.DECLINE, RequestEvent.WITHDRAW)


# Requests, 4.2


@pytest.mark.parametrize(
    ("starts_in", "expires_in"),
    [
        (96 * HOUR, 48 * HOUR),
        (50 * HOUR, 48 * HOUR),
        (50 * HOUR - SECOND, 48 * HOUR - SECOND),
        (48 * HOUR + timedelta(minutes=1), 46 * HOUR + timedelta(minutes=1)),  # decision 4: the collision
        (6 * HOUR, 4 * HOUR),
    ],
)
def test_a_request_ends_after_48_hours_or_two_before_its_start(starts_in: timedelta, expires_in: timedelta) -> None:
    assert rules.expires_at(NOW, NOW + starts_in, ttl=TTL, cutoff=CUTOFF) == NOW + expires_in


@pytest.mark.parametrize(("more", "fine"), [(-SECOND, False), (0 * SECOND, True), (SECOND, True)])
def test_an_answer_has_four_hours_at_least(more: timedelta, fine: bool) -> None:
    assert rules.leaves_time(NOW, NOW + CUTOFF + LEAST + more, ttl=TTL, cutoff=CUTOFF, least=LEAST) is fine


@pytest.mark.parametrize(
    ("event", "left", "comes_to"),
    [
        *((event, left, event) for event, left in product(BY_PERSON, (HOUR, SECOND))),
        *((event, left, Undecidable.EXPIRED) for event, left in product(BY_PERSON, (0 * HOUR, -SECOND, -HOUR))),
        (RequestEvent.EXPIRE, SECOND, Undecidable.NOT_YET),
        (RequestEvent.EXPIRE, 0 * HOUR, RequestEvent.EXPIRE),
        (RequestEvent.EXPIRE, -HOUR, RequestEvent.EXPIRE),
        (RequestEvent.PROVIDER_LEFT, SECOND, RequestEvent.PROVIDER_LEFT),
        (RequestEvent.PROVIDER_LEFT, 0 * HOUR, RequestEvent.EXPIRE),
    ],
)
def test_time_is_judged_before_the_event(
    event: RequestEvent, left: timedelta, comes_to: RequestEvent | Undecidable
) -> None:
    assert rules.judge_request(PENDING, event, expires_at=NOW + left, now=NOW) is comes_to


@pytest.mark.parametrize(("state", "event"), [*product(DECIDED, RequestEvent)])
@pytest.mark.parametrize("left", [HOUR, 0 * HOUR, -HOUR])
def test_what_is_decided_stays_so(state: RequestState, event: RequestEvent, left: timedelta) -> None:
    assert rules.judge_request(state, event, expires_at=NOW + left, now=NOW) is Undecidable.DECIDED


@given(
    events=st.lists(st.tuples(st.sampled_from(RequestEvent), st.integers(-7200, 7200)), max_size=8),
)
def test_however_events_come_a_request_is_decided_once(events: list[tuple[RequestEvent, int]]) -> None:
    """Whatever the order, also of instants: one leaves the pending state, and the table has a row for it."""
    state, ends = PENDING, 0
    for event, at in events:
        judged = rules.judge_request(state, event, expires_at=NOW, now=NOW + timedelta(seconds=at))
        if isinstance(judged, RequestEvent):
            after = next_state(REQUEST, state, judged)
            assert after is not None
            state, ends = after, ends + 1
    assert ends == (state is not PENDING)


@pytest.mark.parametrize(
    ("left", "shown"), [(SECOND, PENDING), (0 * HOUR, RequestState.EXPIRED), (-SECOND, RequestState.EXPIRED)]
)
def test_a_request_shows_as_expired_before_the_sweep_has_been_there(left: timedelta, shown: RequestState) -> None:
    assert rules.state_at(PENDING, expires_at=NOW + left, now=NOW) is shown
    assert rules.state_at(RequestState.ACCEPTED, expires_at=NOW + left, now=NOW) is RequestState.ACCEPTED


# Codes, 1.16


def test_a_code_is_six_digits_of_its_draft_and_of_the_secret() -> None:
    code = six_digits(KEY, DRAFT)

    assert len(code) == 6
    assert code.isdecimal()
    assert code == six_digits(KEY, DRAFT)
    others = {six_digits(KEY, UUID(int=n)) for n in range(1000)}
    assert len(others) > 990  # of a million, a thousand rarely meet
    assert six_digits(derive("another-secret-that-is-long-enough-too", "booking codes"), DRAFT) != code


@pytest.mark.parametrize(
    ("state", "tries", "left", "typed_right", "verdict"),
    [
        (DraftState.AWAITING_CODE, 0, HOUR, True, CodeVerdict.RIGHT),
        (DraftState.AWAITING_CODE, 0, SECOND, True, CodeVerdict.RIGHT),
        (DraftState.AWAITING_CODE, 0, 0 * HOUR, True, CodeVerdict.EXPIRED),
        (DraftState.AWAITING_CODE, 0, -SECOND, True, CodeVerdict.EXPIRED),
        (DraftState.AWAITING_CODE, 0, HOUR, False, CodeVerdict.WRONG),
        (DraftState.AWAITING_CODE, 4, HOUR, True, CodeVerdict.RIGHT),
        (DraftState.AWAITING_CODE, 4, HOUR, False, CodeVerdict.WRONG),
        (DraftState.AWAITING_CODE, 5, HOUR, True, CodeVerdict.TRIED_OUT),
        (DraftState.COMPLETED, 0, HOUR, True, CodeVerdict.USED),
        (DraftState.VOID, 0, HOUR, True, CodeVerdict.USED),
    ],
)
def test_a_code_counts_once_within_ten_minutes_and_five_tries(
    state: DraftState, tries: int, left: timedelta, typed_right: bool, verdict: CodeVerdict
) -> None:
    right = six_digits(KEY, DRAFT)
    typed = right if typed_right else f"{(int(right) + 1) % 1_000_000:06d}"

    judged = rules.judge_code(typed, right, state=state, tries=tries, expires_at=NOW + left, now=NOW)

    assert judged is verdict
