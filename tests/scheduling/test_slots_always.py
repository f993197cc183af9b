"""What always holds for slots, in all zones that ever moved their clocks (requirements 2.6)."""

import time
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from scheduling.rules.availability import open_spans
from scheduling.rules.slots import check, first_open, slots
from scheduling.rules.wall import DAY_S
from scheduling.values import Calendar, Span, Windows
from tests.scheduling import reference
from tests.scheduling.calendars import Asked, H, M, any_busy, every_day, questions
from tests.scheduling.zones import changes, moving

often, seldom = settings(max_examples=40), settings(max_examples=15)
any_windows = st.sampled_from(Windows)


def listed(asked: Asked, calendar: Calendar | None = None) -> tuple[Span, ...]:
    return slots(
        calendar or asked.calendar,
        asked.rules,
        since=asked.since,
        until=asked.until,
        issued=asked.issued,
        now=asked.issued,
    )


@seldom
@given(questions())
def test_slots_are_those_of_a_walk_past_the_clock(asked: Asked) -> None:
    found = listed(asked)

    event("some" if found else "none")
    assert found == reference.slots(
        asked.calendar, asked.rules, since=asked.since, until=asked.until, issued=asked.issued, now=asked.issued
    )


@seldom
@given(questions(), st.integers(0, 12 * 24), st.sampled_from([0, 10 * M, 3 * H]))
def test_a_check_names_the_first_objection_of_the_walk(asked: Asked, quarter: int, later: int) -> None:
    start = asked.since + quarter * 15 * M
    slot, now = Span(start, start + asked.rules.length), asked.issued + later
    quarters = reference.open_quarters(asked.calendar, asked.rules.windows, start, slot.end)

    told = check(asked.calendar, asked.rules, slot, issued=asked.issued, now=now)

    event(str(told))
    assert told == reference.why_not(asked.calendar, asked.rules, quarters, start, issued=asked.issued, now=now)


@often
@given(questions(any_windows))
def test_all_that_is_listed_can_be_booked_and_the_rest_cannot(asked: Asked) -> None:
    found = set(listed(asked))
    # Where nobody asks what is open, the list is only a suggestion of starts.
    sure = asked.rules.windows in {Windows.OPEN_HOURS, Windows.EXTERNAL_BLOCKS}

    until = min(asked.until, asked.since + 6 * H)
    for start in range(asked.since, until, 5 * M):
        slot = Span(start, start + asked.rules.length)
        told = check(asked.calendar, asked.rules, slot, issued=asked.issued, now=asked.issued)
        assert (told is None) >= (slot in found)
        assert (told is None) <= (slot in found) or not sure


@often
@given(questions(any_windows), st.data())
def test_an_appointment_more_is_never_a_slot_more(asked: Asked, data: st.DataObject) -> None:
    one = data.draw(any_busy(asked.since))

    fuller = replace(asked.calendar, busy=(*asked.calendar.busy, one))

    assert set(listed(asked, fuller)) <= set(listed(asked))


@often
@given(questions())
def test_every_slot_lies_in_one_window_and_meets_nothing_that_is_taken(asked: Asked) -> None:
    found = listed(asked)
    windows = open_spans(asked.calendar, asked.rules.windows, asked.since, asked.until + asked.rules.length)

    for slot in found:
        assert sum(window.start <= slot.start and slot.end <= window.end for window in windows) == 1
        assert all(slot.end <= taken.start or taken.end <= slot.start for taken in asked.calendar.busy)
    assert all(one.start < other.start for one, other in pairwise(found))
    assert all(slot.end - slot.start == asked.rules.length for slot in found)


@often
@given(questions(), st.data())
def test_what_is_listed_does_not_hang_on_where_the_range_begins_and_ends(asked: Asked, data: st.DataObject) -> None:
    between = data.draw(st.integers(asked.since, asked.until))

    assert listed(asked) == listed(replace(asked, until=between)) + listed(replace(asked, since=between))


@often
@given(questions(), st.data())
def test_what_is_open_does_not_hang_on_where_the_range_begins_and_ends(asked: Asked, data: st.DataObject) -> None:
    between = data.draw(st.integers(asked.since, asked.until))

    def seconds(since: int, until: int) -> dict[int, int]:
        spans = open_spans(asked.calendar, asked.rules.windows, since, until)
        assert all(one.end < other.start or one.anchor == other.anchor for one, other in pairwise(spans))
        return {second: span.anchor for span in spans for second in range(span.start, span.end, 15 * M)}

    between -= (between - asked.since) % (15 * M)
    assert seconds(asked.since, asked.until) == seconds(asked.since, between) | seconds(between, asked.until)


@often
@given(questions())
def test_what_is_free_and_what_is_taken_are_together_what_is_open(asked: Asked) -> None:
    """Said of quarters: each is a slot of its own, or one that something meets."""
    rules = replace(asked.rules, length=15 * M, step=15 * M, notice=0, buffer_before=0, buffer_after=0, per_day=None)
    rules = replace(rules, horizon=400 * DAY_S)
    free = {slot.start for slot in listed(replace(asked, rules=rules, issued=asked.since))}
    whole = {
        start
        for span in open_spans(asked.calendar, rules.windows, asked.since, asked.until + rules.length)
        for start in range(span.start, span.end, 15 * M)
        if start < asked.until
    }
    taken = {
        start for start in whole if any(one.start < start + 15 * M and start < one.end for one in asked.calendar.busy)
    }

    assert free | taken == whole
    assert not free & taken


@often
@given(questions(any_windows))
def test_the_first_opening_is_the_first_of_the_list(asked: Asked) -> None:
    now = asked.issued
    rules = replace(asked.rules, horizon=min(asked.rules.horizon, 20 * DAY_S))
    everything = slots(asked.calendar, rules, since=now, until=now + 21 * DAY_S, issued=now, now=now)

    assert first_open(asked.calendar, rules, now=now) == (everything[0] if everything else None)


@often
@given(questions())
def test_time_makes_no_slots(asked: Asked) -> None:
    """What was listed and is bookable later was bookable at its issue: nothing becomes possible by waiting."""
    for later in (1, 10 * M, 3 * H):
        after = slots(
            asked.calendar,
            asked.rules,
            since=asked.since,
            until=asked.until,
            issued=asked.issued,
            now=asked.issued + later,
        )
        assert set(after) <= set(listed(asked))


@often
@given(moving, st.data(), st.integers(0, 23))
def test_a_morning_stays_a_morning_when_the_clocks_are_moved(zone: str, data: st.DataObject, hour: int) -> None:
    """By the wall and not by UTC: only on the day of the change itself can an hour be missing."""
    change = data.draw(st.sampled_from(changes(zone)))
    calendar = Calendar(timezone=zone, hours=every_day(hour * 60, hour * 60 + 45, zone), blocks=(), busy=())

    spans = open_spans(calendar, Windows.OPEN_HOURS, change - 5 * DAY_S, change + 5 * DAY_S)

    for span in spans[1:-1]:
        wall = datetime.fromtimestamp(span.start, ZoneInfo(zone))
        assert (wall.hour, wall.minute) == (hour, 0) or span.start == change
        assert span.anchor == span.start
    assert len(spans) in {9, 10, 11}


@seldom
@given(questions(), moving)
def test_where_the_server_or_the_reader_is_changes_nothing(asked: Asked, elsewhere: str) -> None:
    found = listed(asked)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", elsewhere)
        time.tzset()
        there = listed(asked)
    time.tzset()

    assert there == found
