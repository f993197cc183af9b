"""Open hours: weekly rows, blocks and time off become windows, by the wall of their zone (R21, R30, R31)."""

from dataclasses import replace
from datetime import date

import pytest

from scheduling.rules.availability import open_spans
from scheduling.values import BlockRule, Calendar, Repeats, WeeklyHours, Windows
from tests.scheduling.calendars import block, every_day, row, time_off
from tests.scheduling.zones import at, shown

NEW_YORK, LORD_HOWE, APIA = "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"
HAVANA, CAIRO, LOS_ANGELES = "America/Havana", "Africa/Cairo", "America/Los_Angeles"
M, H = 60, 3600


def calendar(*rows: WeeklyHours, blocks: tuple[BlockRule, ...] = (), zone: str = NEW_YORK) -> Calendar:
    return Calendar(timezone=zone, hours=rows, blocks=blocks, busy=())


def told(
    calendar: Calendar,
    since: str,
    until: str,
    windows: Windows = Windows.OPEN_HOURS,
    *,
    zone: str = NEW_YORK,
) -> list[str]:
    """What is open, such as `Tue 09:00 - Tue 12:00`, with its anchor where that is not its start."""
    spans = open_spans(calendar, windows, at(since, zone), at(until, zone))
    return [
        f"{shown(span.start, zone)} - {shown(span.end, zone)}"
        + (f" from {shown(span.anchor, zone)}" if span.anchor != span.start else "")
        for span in spans
    ]


def lengths(calendar: Calendar, since: str, until: str, zone: str) -> list[float]:
    """How many hours the windows last, by a clock that is never moved."""
    spans = open_spans(calendar, Windows.OPEN_HOURS, at(since, zone), at(until, zone))
    return [(span.end - span.start) / H for span in spans]


# --- weekly hours, windows that are one, and the ends of the range ------------------------------------------


def test_a_week_has_what_its_rows_say() -> None:
    """2026-06-01 is a Monday."""
    hours = calendar(row(0, "09:00", "12:00"), row(0, "13:00", "17:00"), row(6, "10:00", "11:00"))

    assert told(hours, "2026-06-01 00:00", "2026-06-08 00:00") == [
        "Mon 09:00 - Mon 12:00",
        "Mon 13:00 - Mon 17:00",
        "Sun 10:00 - Sun 11:00",
    ]


def test_without_hours_nothing_is_open() -> None:
    assert told(calendar(), "2026-06-01 00:00", "2026-07-01 00:00") == []


def test_an_empty_range_has_nothing() -> None:
    hours = calendar(*every_day(0, 1440, NEW_YORK))

    for windows in Windows:
        assert told(hours, "2026-06-01 10:00", "2026-06-01 10:00", windows) == []
        assert told(hours, "2026-06-02 10:00", "2026-06-01 10:00", windows) == []


@pytest.mark.parametrize(
    ("rows", "spans"),
    [
        ([("09:00", "12:00"), ("12:00", "15:00")], ["Mon 09:00 - Mon 15:00"]),
        ([("09:00", "12:00"), ("11:00", "15:00")], ["Mon 09:00 - Mon 15:00"]),
        ([("09:00", "15:00"), ("10:00", "11:00")], ["Mon 09:00 - Mon 15:00"]),
        ([("09:00", "12:00"), ("12:01", "15:00")], ["Mon 09:00 - Mon 12:00", "Mon 12:01 - Mon 15:00"]),
    ],
)
def test_windows_that_touch_or_overlap_are_one(rows: list[tuple[str, str]], spans: list[str]) -> None:
    hours = calendar(*(row(0, opens, closes) for opens, closes in rows))

    assert told(hours, "2026-06-01 00:00", "2026-06-02 00:00") == spans


def test_two_rows_make_a_night_whose_grid_counts_from_the_evening() -> None:
    night = calendar(row(0, "22:20", "24:00"), row(1, "00:00", "02:00"))

    assert told(night, "2026-06-01 12:00", "2026-06-02 12:00") == ["Mon 22:20 - Tue 02:00"]
    assert told(night, "2026-06-02 00:00", "2026-06-03 00:00") == ["Tue 00:00 - Tue 02:00 from Mon 22:20"]
    assert told(night, "2026-06-01 00:00", "2026-06-02 00:00") == ["Mon 22:20 - Tue 00:00"]


def test_a_sunday_night_goes_on_into_monday() -> None:
    night = calendar(row(6, "22:00", "24:00"), row(0, "00:00", "02:00"))

    assert told(night, "2026-06-06 12:00", "2026-06-09 12:00") == ["Sun 22:00 - Mon 02:00"]


def test_the_range_cuts_and_the_grid_stays() -> None:
    hours = calendar(row(0, "09:00", "17:00"))

    assert told(hours, "2026-06-01 10:07", "2026-06-01 11:09") == ["Mon 10:07 - Mon 11:09 from Mon 09:00"]
    assert told(hours, "2026-06-01 16:59", "2026-06-01 23:00") == ["Mon 16:59 - Mon 17:00 from Mon 09:00"]
    assert told(hours, "2026-06-01 17:00", "2026-06-01 23:00") == []
    assert told(hours, "2026-06-01 08:00", "2026-06-01 09:00") == []


def test_every_row_has_a_zone_of_its_own() -> None:
    """Somebody moved: their mornings are still those of the east until they say otherwise."""
    hours = calendar(row(0, "09:00", "12:00"), row(0, "09:00", "12:00", LOS_ANGELES), zone=LOS_ANGELES)

    assert told(hours, "2026-06-01 00:00", "2026-06-02 00:00", zone=LOS_ANGELES) == [
        "Mon 06:00 - Mon 12:00",
    ]


def test_a_row_far_in_the_east_opens_on_the_day_before() -> None:
    """Monday morning on Kiritimati is Sunday in Honolulu."""
    there = "Pacific/Honolulu"
    hours = calendar(row(0, "08:00", "09:00", "Pacific/Kiritimati"), zone=there)

    for since, until in (("00:00", "23:00"), ("08:00", "08:30"), ("08:30", "09:00")):
        (span,) = open_spans(
            hours, Windows.OPEN_HOURS, at(f"2026-05-31 {since}", there), at(f"2026-05-31 {until}", there)
        )
        assert span.anchor == at("2026-05-31 08:00", there)
    away = replace(hours, blocks=(time_off("2026-06-01 08:00", "2026-06-01 08:20", timezone="Pacific/Kiritimati"),))
    assert told(away, "2026-05-31 08:00", "2026-05-31 08:30", zone=there) == ["Sun 08:20 - Sun 08:30 from Sun 08:00"]


# --- what never closes --------------------------------------------------------------------------------------


def test_what_never_closes_counts_from_a_midnight_wherever_one_looks() -> None:
    always = calendar(*every_day(0, 1440, NEW_YORK))

    for since in ("2026-06-01 10:07", "2026-06-02 00:00", "2027-02-03 04:05"):
        (span,) = open_spans(always, Windows.OPEN_HOURS, at(since, NEW_YORK), at(since, NEW_YORK) + 40 * 24 * H)
        assert span == (at(since, NEW_YORK), at(since, NEW_YORK) + 40 * 24 * H, at("2024-01-01 00:00", NEW_YORK))


@pytest.mark.parametrize(
    ("ends", "anchor"),
    [("2026-06-15 08:20", "2026-06-01 08:20"), ("2026-06-15 08:21", "2024-01-01 00:00")],
)
def test_two_weeks_without_a_break_are_the_longest_that_has_a_start(ends: str, anchor: str) -> None:
    long = calendar(blocks=(block("2026-06-01 08:20", ends),))

    for since, until in (
        ("2026-05-01 00:00", "2026-07-01 00:00"),
        ("2026-06-01 08:20", "2026-06-01 09:00"),
        ("2026-06-08 00:00", "2026-06-08 01:00"),
        ("2026-06-15 08:00", "2026-06-16 08:00"),
    ):
        (span,) = open_spans(long, Windows.OPEN_HOURS, at(since, NEW_YORK), at(until, NEW_YORK))
        assert span.anchor == at(anchor, NEW_YORK)


def test_six_days_and_nights_count_from_their_start_on_the_last_of_them() -> None:
    rows = [row(weekday, "00:00", "24:00") for weekday in range(1, 6)]
    week = calendar(row(0, "07:40", "24:00"), *rows)

    assert told(week, "2026-06-06 20:00", "2026-06-06 21:00") == ["Sat 20:00 - Sat 21:00 from Mon 07:40"]


# --- nights and days on which clocks are moved --------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "opens", "closes", "spans", "hours"),
    [
        # New York, Sunday 8 March: two to three does not exist.
        (NEW_YORK, "2026-03-08", "09:00", "12:00", ["Sun 09:00 - Sun 12:00"], [3]),
        (NEW_YORK, "2026-03-08", "00:00", "24:00", ["Sun 00:00 - Mon 00:00"], [23]),
        (NEW_YORK, "2026-03-08", "01:00", "02:00", ["Sun 01:00 - Sun 03:00"], [1]),
        (NEW_YORK, "2026-03-08", "01:00", "02:30", ["Sun 01:00 - Sun 03:00"], [1]),
        (NEW_YORK, "2026-03-08", "02:00", "03:00", [], []),
        (NEW_YORK, "2026-03-08", "02:15", "02:45", [], []),
        (NEW_YORK, "2026-03-08", "02:30", "04:00", ["Sun 03:00 - Sun 04:00"], [1]),
        # Sunday 1 November: one to two comes twice. A window opens and closes by the first of the two.
        (NEW_YORK, "2026-11-01", "09:00", "12:00", ["Sun 09:00 - Sun 12:00"], [3]),
        (NEW_YORK, "2026-11-01", "00:00", "24:00", ["Sun 00:00 - Mon 00:00"], [25]),
        (NEW_YORK, "2026-11-01", "01:00", "02:00", ["Sun 01:00 - Sun 02:00"], [2]),
        (NEW_YORK, "2026-11-01", "00:30", "01:30", ["Sun 00:30 - Sun 01:30"], [1]),
        (NEW_YORK, "2026-11-01", "01:15", "01:45", ["Sun 01:15 - Sun 01:45"], [0.5]),
        (NEW_YORK, "2026-11-01", "01:30", "03:00", ["Sun 01:30 - Sun 03:00"], [2.5]),
        # Lord Howe moves by half an hour.
        (LORD_HOWE, "2026-10-04", "00:00", "24:00", ["Sun 00:00 - Mon 00:00"], [23.5]),
        (LORD_HOWE, "2026-10-04", "02:15", "03:00", ["Sun 02:30 - Sun 03:00"], [0.5]),
        (LORD_HOWE, "2026-04-05", "01:00", "03:00", ["Sun 01:00 - Sun 03:00"], [2.5]),
        # Samoa had no 30 December in 2011.
        (APIA, "2011-12-30", "09:00", "17:00", [], []),
        # Cuba and Egypt move theirs at midnight.
        (HAVANA, "2026-03-08", "00:00", "03:00", ["Sun 01:00 - Sun 03:00"], [2]),
        (HAVANA, "2026-11-01", "00:00", "01:00", ["Sun 00:00 - Sun 01:00"], [2]),
        (CAIRO, "2026-04-24", "00:00", "02:00", ["Fri 01:00 - Fri 02:00"], [1]),
        (CAIRO, "2026-10-29", "22:00", "24:00", ["Thu 22:00 - Fri 00:00"], [3]),
        (CAIRO, "2026-10-29", "23:00", "23:30", ["Thu 23:00 - Thu 23:30"], [0.5]),
    ],
)
def test_the_day_on_which_clocks_are_moved(
    zone: str, day: str, opens: str, closes: str, spans: list[str], hours: list[float]
) -> None:
    on = calendar(row(date.fromisoformat(day).weekday(), opens, closes, zone), zone=zone)
    before = f"{day[:-2]}{int(day[-2:]) - 1:02} 12:00" if day[-2:] != "01" else "2026-10-31 12:00"
    after = f"{day[:-2]}{int(day[-2:]) + 1:02} 12:00"

    assert told(on, before, after, zone=zone) == spans
    assert lengths(on, before, after, zone) == hours


def test_nine_in_the_morning_stays_nine_in_the_morning() -> None:
    hours = calendar(row(4, "09:00", "10:00"), row(0, "09:00", "10:00"))
    march = open_spans(hours, Windows.OPEN_HOURS, at("2026-03-06 00:00", NEW_YORK), at("2026-03-10 00:00", NEW_YORK))

    assert [shown(span.start, NEW_YORK) for span in march] == ["Fri 09:00", "Mon 09:00"]
    assert march[1].start - march[0].start == 3 * 24 * H - H


def test_a_night_over_the_midnight_that_comes_twice_is_one_window() -> None:
    night = calendar(row(5, "22:00", "24:00", HAVANA), row(6, "00:00", "02:00", HAVANA), zone=HAVANA)

    assert told(night, "2026-10-31 12:00", "2026-11-01 12:00", zone=HAVANA) == ["Sat 22:00 - Sun 02:00"]
    assert lengths(night, "2026-10-31 12:00", "2026-11-01 12:00", HAVANA) == [5]


def test_samoa_went_from_thursday_to_saturday() -> None:
    hours = calendar(*every_day(9 * 60, 10 * 60, APIA), zone=APIA)

    assert told(hours, "2011-12-28 00:00", "2012-01-01 00:00", zone=APIA) == [
        "Wed 09:00 - Wed 10:00",
        "Thu 09:00 - Thu 10:00",
        "Sat 09:00 - Sat 10:00",
    ]


# --- blocks -------------------------------------------------------------------------------------------------


def test_a_block_opens_where_there_are_no_hours_and_joins_those_that_it_meets() -> None:
    both = calendar(
        row(0, "09:00", "12:00"),
        blocks=(block("2026-06-01 11:00", "2026-06-01 14:00"), block("2026-06-03 18:00", "2026-06-03 20:00")),
    )

    assert told(both, "2026-06-01 00:00", "2026-06-08 00:00") == ["Mon 09:00 - Mon 14:00", "Wed 18:00 - Wed 20:00"]


def test_a_block_may_last_several_days_and_end_at_midnight() -> None:
    retreat = calendar(blocks=(block("2026-06-01 18:00", "2026-06-03 24:00"),))

    assert told(retreat, "2026-06-01 00:00", "2026-06-08 00:00") == ["Mon 18:00 - Thu 00:00"]
    assert told(retreat, "2026-06-03 09:00", "2026-06-03 10:00") == ["Wed 09:00 - Wed 10:00 from Mon 18:00"]


@pytest.mark.parametrize(
    ("repeats", "until", "days"),
    [
        (Repeats.NEVER, None, [2]),
        (Repeats.WEEKLY, None, [2, 9, 16, 23, 30]),
        (Repeats.BIWEEKLY, None, [2, 16, 30]),
        # The last day on which it may begin is one of its days.
        (Repeats.WEEKLY, 16, [2, 9, 16]),
        (Repeats.WEEKLY, 15, [2, 9]),
        (Repeats.WEEKLY, 17, [2, 9, 16]),
        (Repeats.BIWEEKLY, 29, [2, 16]),
        (Repeats.BIWEEKLY, 30, [2, 16, 30]),
        (Repeats.WEEKLY, 2, [2]),
        (Repeats.WEEKLY, 1, []),
    ],
)
def test_a_block_comes_again_until_its_last_day(repeats: Repeats, until: int | None, days: list[int]) -> None:
    last = None if until is None else date(2026, 6, until)
    again = calendar(blocks=(block("2026-06-02 09:00", "2026-06-02 12:00", repeats=repeats, until=last),))

    spans = open_spans(again, Windows.OPEN_HOURS, at("2026-05-01 00:00", NEW_YORK), at("2026-07-01 00:00", NEW_YORK))

    assert [span.start for span in spans] == [at(f"2026-06-{day:02} 09:00", NEW_YORK) for day in days]


def test_every_other_week_keeps_its_beat_for_years_and_over_the_change() -> None:
    again = calendar(
        blocks=(block("2026-01-06 09:00", "2026-01-06 10:00", repeats=Repeats.BIWEEKLY),),
    )

    assert told(again, "2028-03-06 00:00", "2028-03-20 00:00") == ["Tue 09:00 - Tue 10:00"]
    assert told(again, "2028-03-14 09:00", "2028-03-14 10:00") == ["Tue 09:00 - Tue 10:00"]
    assert told(again, "2028-03-07 00:00", "2028-03-08 00:00") == []


def test_a_block_that_begins_before_its_last_day_ends_after_it() -> None:
    again = calendar(
        blocks=(block("2026-06-05 22:00", "2026-06-07 06:00", repeats=Repeats.WEEKLY, until=date(2026, 6, 12)),)
    )

    assert told(again, "2026-06-12 00:00", "2026-06-30 00:00") == ["Fri 22:00 - Sun 06:00"]


def test_a_block_has_a_zone_of_its_own() -> None:
    there = calendar(
        blocks=(block("2026-03-05 09:00", "2026-03-05 10:00", timezone="Europe/Berlin", repeats=Repeats.WEEKLY),)
    )

    # Between the two changes Berlin is an hour closer to New York.
    assert told(there, "2026-03-01 00:00", "2026-04-03 00:00") == [
        "Thu 03:00 - Thu 04:00",
        "Thu 04:00 - Thu 05:00",
        "Thu 04:00 - Thu 05:00",
        "Thu 04:00 - Thu 05:00",
        "Thu 03:00 - Thu 04:00",
    ]


# --- time off -----------------------------------------------------------------------------------------------


def test_time_off_cuts_and_the_grid_stays_where_it_was() -> None:
    hours = calendar(
        row(0, "09:00", "17:00"),
        blocks=(
            time_off("2026-06-01 08:00", "2026-06-01 09:20"),
            time_off("2026-06-01 12:10", "2026-06-01 13:00"),
            time_off("2026-06-01 12:40", "2026-06-01 13:10"),
        ),
    )

    assert told(hours, "2026-06-01 00:00", "2026-06-02 00:00") == [
        "Mon 09:20 - Mon 12:10 from Mon 09:00",
        "Mon 13:10 - Mon 17:00 from Mon 09:00",
    ]


def test_time_off_takes_blocks_as_well_and_whole_weeks() -> None:
    away = calendar(
        *every_day(9 * 60, 10 * 60, NEW_YORK),
        blocks=(
            block("2026-06-03 18:00", "2026-06-03 20:00", accept_external=True),
            time_off("2026-06-01 00:00", "2026-06-05 24:00"),
        ),
    )

    assert told(away, "2026-06-01 00:00", "2026-06-08 00:00") == ["Sat 09:00 - Sat 10:00", "Sun 09:00 - Sun 10:00"]
    assert told(away, "2026-06-01 00:00", "2026-06-08 00:00", Windows.EXTERNAL_BLOCKS) == []


def test_a_lunch_break_comes_again() -> None:
    lunch = calendar(
        *every_day(9 * 60, 17 * 60, NEW_YORK),
        blocks=(time_off("2026-06-01 12:00", "2026-06-01 13:00", repeats=Repeats.WEEKLY),),
    )

    assert told(lunch, "2026-06-08 00:00", "2026-06-10 00:00") == [
        "Mon 09:00 - Mon 12:00",
        "Mon 13:00 - Mon 17:00 from Mon 09:00",
        "Tue 09:00 - Tue 17:00",
    ]


def test_time_off_that_ends_where_a_window_begins_takes_nothing() -> None:
    hours = calendar(
        row(0, "09:00", "10:00"),
        blocks=(time_off("2026-06-01 08:00", "2026-06-01 09:00"), time_off("2026-06-01 10:00", "2026-06-01 11:00")),
    )

    assert told(hours, "2026-06-01 00:00", "2026-06-02 00:00") == ["Mon 09:00 - Mon 10:00"]


# --- which windows a source may use -------------------------------------------------------------------------


def test_a_payer_sees_only_blocks_that_accept_external_appointments() -> None:
    mixed = calendar(
        row(0, "09:00", "12:00"),
        blocks=(
            block("2026-06-01 11:00", "2026-06-01 14:00", accept_external=True),
            block("2026-06-01 14:00", "2026-06-01 16:00"),
            time_off("2026-06-01 13:00", "2026-06-01 13:30"),
        ),
    )

    assert told(mixed, "2026-06-01 00:00", "2026-06-02 00:00") == [
        "Mon 09:00 - Mon 13:00",
        "Mon 13:30 - Mon 16:00 from Mon 09:00",
    ]
    assert told(mixed, "2026-06-01 00:00", "2026-06-02 00:00", Windows.EXTERNAL_BLOCKS) == [
        "Mon 11:00 - Mon 13:00",
        "Mon 13:30 - Mon 14:00 from Mon 11:00",
    ]


def test_time_off_that_accepts_external_appointments_opens_nothing() -> None:
    odd = calendar(blocks=(replace(time_off("2026-06-01 09:00", "2026-06-01 10:00"), accept_external=True),))

    assert told(odd, "2026-06-01 00:00", "2026-06-02 00:00", Windows.EXTERNAL_BLOCKS) == []


@pytest.mark.parametrize("windows", [Windows.ANY, Windows.FREED])
def test_where_nobody_asks_all_of_the_range_is_open(windows: Windows) -> None:
    closed = calendar(blocks=(time_off("2026-06-01 00:00", "2026-06-05 00:00"),))
    since, until = at("2026-06-01 10:07", NEW_YORK), at("2026-06-03 11:00", NEW_YORK)

    (span,) = open_spans(closed, windows, since, until)

    assert span[:2] == (since, until)
    assert shown(span.anchor, NEW_YORK).endswith("00:00")
