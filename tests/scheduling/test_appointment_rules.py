"""What may be done with an appointment, and when: the guards of requirements 4.3, each with its edges."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from scheduling.rules import appointments as rules
from scheduling.rules import waitlist
from scheduling.rules.series import occurrences, shift, shifted
from scheduling.values import (
    AppointmentFacts,
    AppointmentState,
    CancelReason,
    Every,
    NotPossible,
    SeriesRule,
    SessionType,
    Side,
    Source,
)

START = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
END = START + timedelta(minutes=50)
SECOND = timedelta(seconds=1)
FACTS = AppointmentFacts(
    state=AppointmentState.BOOKED,
    session_type=SessionType.FULL_SESSION,
    source=Source.BOOKING_LINK,
    starts_at=START,
    ends_at=END,
    referred=True,
    in_series=False,
    moves_by_client=0,
)


@pytest.mark.parametrize("state", list(AppointmentState))
@pytest.mark.parametrize("after", [-SECOND, timedelta(), SECOND])
def test_what_was_booked_is_over_at_its_end_whatever_the_sweep_does(state: AppointmentState, after: timedelta) -> None:
    over = state is AppointmentState.BOOKED and after >= timedelta()

    assert rules.state_at(state, END, END + after) is (AppointmentState.ENDED if over else state)


@pytest.mark.parametrize(
    ("by", "after", "message", "written_down", "why"),
    [
        (Side.CLIENT, -SECOND, None, False, None),
        (Side.CLIENT, timedelta(), None, False, NotPossible.TOO_LATE_TO_CANCEL),
        (Side.PROVIDER, timedelta(), "I am ill.", False, None),
        (Side.PROVIDER, -SECOND, None, False, NotPossible.MESSAGE_NEEDED),
        (Side.PROVIDER, -SECOND, "", False, NotPossible.MESSAGE_NEEDED),
        (Side.PROVIDER, -SECOND, None, True, None),
    ],
)
def test_who_may_cancel_until_when(
    by: Side, after: timedelta, message: str | None, written_down: bool, why: NotPossible | None
) -> None:
    now = START + after

    assert rules.why_not_cancelled(FACTS, by, message=message, written_down=written_down, now=now) is why


@pytest.mark.parametrize(
    ("changed", "after", "why"),
    [
        ({}, -SECOND, None),
        ({}, timedelta(), NotPossible.ALREADY_STARTED),
        ({"session_type": SessionType.PHONE_CONSULTATION}, -SECOND, NotPossible.ALREADY_A_CALL),
        ({"source": Source.PROVIDER_MADE}, -SECOND, NotPossible.MADE_BY_PROVIDER),
        ({"source": Source.PROVIDER_MADE, "in_series": True}, -SECOND, NotPossible.IN_A_SERIES),
    ],
)
def test_r40_what_can_become_a_call(changed: dict[str, object], after: timedelta, why: NotPossible | None) -> None:
    facts = replace(FACTS, **changed)  # type: ignore[arg-type]

    assert rules.why_not_a_call(facts, now=START + after) is why


@pytest.mark.parametrize(
    ("by", "moves", "after", "why"),
    [
        (Side.CLIENT, 1, -SECOND, None),
        (Side.CLIENT, 2, -SECOND, NotPossible.MOVES_USED_UP),
        (Side.CLIENT, 0, timedelta(), NotPossible.ALREADY_STARTED),
        (Side.PROVIDER, 9, timedelta(days=1), None),
    ],
)
def test_a_client_moves_twice_and_before_the_start(
    by: Side, moves: int, after: timedelta, why: NotPossible | None
) -> None:
    assert rules.why_not_moved(replace(FACTS, moves_by_client=moves), by, limit=2, now=START + after) is why


@pytest.mark.parametrize(
    ("ahead", "told_now", "due"),
    [
        (timedelta(hours=24, seconds=1), False, SECOND),
        (timedelta(hours=24), False, timedelta()),
        (timedelta(hours=24), True, None),
        (timedelta(), False, None),
    ],
)
def test_a_client_is_reminded_a_day_ahead_and_not_twice_at_once(
    ahead: timedelta, told_now: bool, due: timedelta | None
) -> None:
    now = START - ahead
    at = rules.reminder_at(START, told_now=told_now, before=timedelta(hours=24), now=now)

    assert at == (None if due is None else now + due)


@pytest.mark.parametrize(
    ("ahead", "kept"),
    [
        (timedelta(hours=4), timedelta(hours=2)),
        (timedelta(hours=2), timedelta(hours=1)),
        (timedelta(minutes=75), timedelta(minutes=15)),
        (timedelta(minutes=75) - SECOND, None),
        (-SECOND, None),
    ],
)
def test_an_offer_ends_an_hour_before_its_start(ahead: timedelta, kept: timedelta | None) -> None:
    now = START - ahead

    assert waitlist.offer_ends(START, hold=timedelta(hours=2), now=now) == (None if kept is None else now + kept)


def test_what_others_have_of_a_freed_time_is_not_offered() -> None:
    at = [START + timedelta(minutes=10 * n) for n in range(6)]

    assert list(waitlist.free_parts((at[0], at[5]), [])) == [(at[0], at[5])]
    assert list(waitlist.free_parts((at[0], at[5]), [(at[1], at[2])])) == [(at[0], at[1]), (at[2], at[5])]
    assert list(waitlist.free_parts((at[1], at[4]), [(at[0], at[2]), (at[3], at[5])])) == [(at[2], at[3])]
    assert list(waitlist.free_parts((at[1], at[4]), [(at[0], at[5])])) == []


@pytest.mark.parametrize("reason", [None, *CancelReason])
def test_a_provider_who_is_away_is_so_for_everybody(reason: CancelReason | None) -> None:
    away = reason in {CancelReason.ILLNESS, CancelReason.CONFLICT}

    assert waitlist.is_free_again(Side.CLIENT, reason)
    assert waitlist.is_free_again(Side.PROVIDER, reason) is not away


@pytest.mark.parametrize(
    ("starts_on", "minute", "every", "expected"),
    [
        ("2027-03-07", 9 * 60, Every.WEEK, ["2027-03-07T14:00", "2027-03-14T13:00"]),
        ("2027-10-31", 9 * 60, Every.TWO_WEEKS, ["2027-10-31T13:00", "2027-11-14T14:00"]),
        # 2:30 does not exist on that morning: the moment at which the clocks skip it
        ("2027-03-07", 150, Every.WEEK, ["2027-03-07T07:30", "2027-03-14T07:00"]),
        # 1:30 comes twice on that morning: the first of them
        ("2027-10-31", 90, Every.WEEK, ["2027-10-31T05:30", "2027-11-07T05:30"]),
    ],
)
def test_r28_a_series_steps_on_the_wall(starts_on: str, minute: int, every: Every, expected: list[str]) -> None:
    rule = SeriesRule(
        starts_on=date.fromisoformat(starts_on),
        starts_m=minute,
        length_m=50,
        timezone="America/New_York",
        every=every,
        times=2,
    )

    found = occurrences(rule)

    assert [one.starts_at.strftime("%Y-%m-%dT%H:%M") for one in found] == expected
    assert {one.ends_at - one.starts_at for one in found} == {timedelta(minutes=50)}


def test_r28_a_series_is_shifted_on_the_wall_over_a_change_of_the_clocks() -> None:
    before, after = datetime(2027, 3, 9, 14, tzinfo=UTC), datetime(2027, 3, 16, 13, tzinfo=UTC)
    by = shift(before, datetime(2027, 3, 10, 15, 30, tzinfo=UTC), "America/New_York")

    assert shifted(before, by) == datetime(2027, 3, 10, 15, 30, tzinfo=UTC)
    assert shifted(after, by) == datetime(2027, 3, 17, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "session_type", "at", "can"),
    [
        (AppointmentState.HELD, SessionType.FULL_SESSION, START - SECOND, ""),
        (AppointmentState.BOOKED, SessionType.FULL_SESSION, START - SECOND, "cancel reschedule switch"),
        (AppointmentState.BOOKED, SessionType.FULL_SESSION, START, "cancel reschedule"),
        (AppointmentState.BOOKED, SessionType.PHONE_CONSULTATION, START - SECOND, "cancel reschedule"),
        (AppointmentState.BOOKED, SessionType.FULL_SESSION, END, "confirm mark reschedule"),
        (AppointmentState.ENDED, SessionType.FULL_SESSION, END + timedelta(days=7), "confirm reschedule"),
        (AppointmentState.ENDED, SessionType.PHONE_CONSULTATION, END, "reschedule"),
        (AppointmentState.CANCELLED_BY_CLIENT, SessionType.FULL_SESSION, START, ""),
        (AppointmentState.NO_SHOW, SessionType.FULL_SESSION, END, ""),
    ],
)
def test_what_a_provider_is_offered(state: AppointmentState, session_type: SessionType, at: datetime, can: str) -> None:
    found = rules.possible(replace(FACTS, state=state, session_type=session_type), now=at)
    assert " ".join(sorted(one.value.partition("_")[0] for one in found)) == can
