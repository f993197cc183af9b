"""When a consultation moves by itself: by talk, by its end, by its deadline, each at its edge."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.lifecycles import next_state
from status.rules.consultation import asks_at, closes_at, judge, judge_at
from status.rules.lifecycle import CONSULTATION
from status.values import ConsultationEvent, ConsultationFacts, ConsultationStatus, Policy

S, E = ConsultationStatus, ConsultationEvent
END = datetime(2026, 11, 24, 20, 15, tzinfo=UTC)
POLICY = Policy(min_talk_s=60, window_h=72, live_grace_h=4, text_after_h=24)
SCHEDULED = ConsultationFacts(status=S.SCHEDULED, ends_at=END, talk_s=None, live_since=None)
AWAITING = replace(SCHEDULED, status=S.AWAITING_STATUS)
LIVE = replace(SCHEDULED, live_since=END - timedelta(minutes=5))
HOUR, SECOND = 3600, 1


def at(seconds: float) -> datetime:
    return END + timedelta(seconds=seconds)


EDGES = [
    # The end (R117)
    ("scheduled, before the end", SCHEDULED, -SECOND, ()),
    ("scheduled, at the end", SCHEDULED, 0, (E.END_PASSED,)),
    ("scheduled, after the end", SCHEDULED, SECOND, (E.END_PASSED,)),
    # A call that runs
    ("live at the end", LIVE, 0, ()),
    ("live until end + 4 h", LIVE, 4 * HOUR - SECOND, ()),
    ("live at end + 4 h", LIVE, 4 * HOUR, (E.END_PASSED,)),
    ("live after end + 4 h", LIVE, 4 * HOUR + SECOND, (E.END_PASSED,)),
    ("hung up after the end, with too little talk", replace(SCHEDULED, talk_s=20), 300, (E.END_PASSED,)),
    ("live, but enough was said in an earlier call", replace(LIVE, talk_s=60), 0, (E.HELD,)),
    # How long was talked, R115
    ("no call", SCHEDULED, -60, ()),
    ("a bridged call of 0 s", replace(SCHEDULED, talk_s=0), -60, ()),
    ("59 s", replace(SCHEDULED, talk_s=59), -60, ()),
    ("60 s", replace(SCHEDULED, talk_s=60), -60, (E.HELD,)),
    ("61 s", replace(SCHEDULED, talk_s=61), -60, (E.HELD,)),
    ("60 s at the end: held, and nobody is asked (R123)", replace(SCHEDULED, talk_s=60), 0, (E.HELD,)),
    ("asked, then late evidence", replace(AWAITING, talk_s=60), HOUR, (E.HELD,)),
    ("asked, then too little", replace(AWAITING, talk_s=59), HOUR, ()),
    # The deadline (R120)
    ("asked, before the deadline", AWAITING, 72 * HOUR - SECOND, ()),
    ("asked, at the deadline", AWAITING, 72 * HOUR, (E.WINDOW_CLOSED,)),
    ("asked, after the deadline", AWAITING, 72 * HOUR + SECOND, (E.WINDOW_CLOSED,)),
    ("evidence a second before the deadline", replace(AWAITING, talk_s=600), 72 * HOUR - SECOND, (E.HELD,)),
    ("evidence at the deadline does not decide", replace(AWAITING, talk_s=600), 72 * HOUR, (E.WINDOW_CLOSED,)),
    # A sweep that comes late
    ("a week late", SCHEDULED, 168 * HOUR, (E.END_PASSED, E.WINDOW_CLOSED)),
    ("a week late, at last with evidence", replace(SCHEDULED, talk_s=600), 168 * HOUR, (E.END_PASSED, E.WINDOW_CLOSED)),
    ("a week late, live for all we know", LIVE, 168 * HOUR, (E.END_PASSED, E.WINDOW_CLOSED)),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "seconds", "expected"), [e[1:] for e in EDGES], ids=[e[0] for e in EDGES])
def test_what_has_become_true(
    facts: ConsultationFacts, seconds: float, expected: tuple[ConsultationEvent, ...]
) -> None:
    assert expected == judge(facts, at(seconds), POLICY)


@pytest.mark.parametrize(("talk_s", "expected"), [(None, ()), (0, (E.HELD,)), (1, (E.HELD,))])
def test_with_a_least_talk_of_nothing_any_bridged_call_counts(
    talk_s: int | None, expected: tuple[ConsultationEvent, ...]
) -> None:
    facts = replace(SCHEDULED, talk_s=talk_s)

    assert expected == judge(facts, at(-60), replace(POLICY, min_talk_s=0))


@pytest.mark.parametrize("status", [status for status in S if status.locked])
@pytest.mark.parametrize("seconds", [-60, 0, 72 * HOUR, 1000 * HOUR])
def test_r121_what_is_locked_does_not_move(status: ConsultationStatus, seconds: float) -> None:
    facts = replace(SCHEDULED, status=status, talk_s=600)

    assert judge(facts, at(seconds), POLICY) == ()
    assert judge_at(facts, POLICY) is None


def test_what_is_open_and_what_is_locked() -> None:
    assert {status for status in S if not status.locked} == {S.SCHEDULED, S.AWAITING_STATUS}
    assert {status for status in S if status.occurred} == {S.OCCURRED_AUTO, S.OCCURRED_MANUAL}


@pytest.mark.parametrize(
    ("facts", "expected_s"),
    [
        pytest.param(SCHEDULED, 0, id="its end"),
        pytest.param(LIVE, 4 * HOUR, id="a live call: end + 4 h"),
        pytest.param(AWAITING, 72 * HOUR, id="its deadline"),
        pytest.param(replace(AWAITING, live_since=END), 72 * HOUR, id="its deadline, whatever runs"),
    ],
)
def test_when_time_moves_it_next(facts: ConsultationFacts, expected_s: float) -> None:
    assert judge_at(facts, POLICY) == at(expected_s)


def test_a_deadline_before_the_grace_of_a_live_call_is_not_slept_through() -> None:
    hasty = replace(POLICY, window_h=1)

    assert judge_at(LIVE, hasty) == at(HOUR)
    assert judge(LIVE, at(HOUR), hasty) == (E.END_PASSED, E.WINDOW_CLOSED)


# The clocks are elapsed time (F17): a day with 23 or 25 hours shifts the hour that people see, not the deadline


@pytest.mark.parametrize(
    ("zone", "ends", "closes"),
    [
        ("America/New_York", "2026-10-30 14:30", "2026-11-02 13:30"),
        ("America/New_York", "2027-03-12 14:30", "2027-03-15 15:30"),
        ("America/Phoenix", "2026-10-30 14:30", "2026-11-02 14:30"),
        ("Australia/Lord_Howe", "2027-04-02 14:30", "2027-04-05 14:00"),
        ("Australia/Lord_Howe", "2026-10-02 14:30", "2026-10-05 15:00"),
    ],
)
def test_f17_three_days_are_72_hours_across_a_change_of_clocks(zone: str, ends: str, closes: str) -> None:
    there = ZoneInfo(zone)
    ends_at = datetime.fromisoformat(ends).replace(tzinfo=there).astimezone(UTC)
    facts = replace(AWAITING, ends_at=ends_at)

    deadline = closes_at(ends_at, POLICY)

    assert deadline - ends_at == timedelta(hours=72)
    assert f"{deadline.astimezone(there):%Y-%m-%d %H:%M}" == closes
    for off_s, expected in ((-1, ()), (0, (E.WINDOW_CLOSED,)), (1, (E.WINDOW_CLOSED,))):
        assert judge(facts, deadline + timedelta(seconds=off_s), POLICY) == expected


# Any facts, at any time

facts = st.builds(
    ConsultationFacts,
    status=st.sampled_from(S),
    ends_at=st.just(END),
    talk_s=st.none() | st.integers(0, 1000),
    live_since=st.none() | st.just(END - timedelta(minutes=1)),
)
seconds = st.integers(-10 * HOUR, 100 * HOUR)


def settled(told: ConsultationFacts, now: datetime) -> ConsultationStatus:
    """Return where a consultation stands once everything that is true by then has been applied."""
    status = told.status
    for event in judge(told, now, POLICY):
        after = next_state(CONSULTATION, status, event)
        assert after is not None, "the table has every move that the rules ask for"
        status = after
    return status


@settings(max_examples=300, deadline=None)
@given(facts, seconds)
def test_judging_twice_changes_nothing(told: ConsultationFacts, after_s: int) -> None:
    once = settled(told, at(after_s))

    assert settled(replace(told, status=once), at(after_s)) is once


@settings(max_examples=300, deadline=None)
@given(facts, seconds, seconds)
def test_a_late_sweep_comes_to_what_a_punctual_one_came_to(told: ConsultationFacts, one_s: int, other_s: int) -> None:
    """Whoever looked in between, and saw the same facts, changes nothing of where it ends, talk apart (R121)."""
    told = replace(told, talk_s=None)
    early, late = sorted((one_s, other_s))
    looked_at = replace(told, status=settled(told, at(early)))

    assert settled(looked_at, at(late)) is settled(told, at(late))


@settings(max_examples=300, deadline=None)
@given(facts, seconds)
def test_nothing_moves_by_time_before_the_instant_that_was_told(told: ConsultationFacts, after_s: int) -> None:
    due = judge_at(told, POLICY)
    by_time = set(judge(told, at(after_s), POLICY)) - {E.HELD}

    if due is None or at(after_s) < due:
        assert not by_time
    elif (told.talk_s or 0) < POLICY.min_talk_s:
        assert by_time


@given(facts)
def test_it_is_asked_at_the_end_or_when_the_grace_of_a_live_call_is_over(told: ConsultationFacts) -> None:
    assert asks_at(told, POLICY) == (at(4 * HOUR) if told.live_since else END)
