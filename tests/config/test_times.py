"""Instants are aware and in UTC; what people are told is their own hour."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import BadInput
from config.times import clock_time, day_and_time, same_local_day, spoken_day, utc, zone

AT = datetime(2026, 11, 24, 19, 59, tzinfo=UTC)
NEW_YORK, LORD_HOWE = "America/New_York", "Australia/Lord_Howe"


def test_an_instant_of_any_zone_is_the_same_in_utc() -> None:
    there = AT.astimezone(timezone(timedelta(hours=-5)))

    assert utc(there) == AT
    assert utc(there).tzinfo is UTC


def test_of_an_hour_that_comes_twice_each_is_an_instant_of_its_own() -> None:
    first = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo(NEW_YORK))

    assert utc(first.replace(fold=1)) - utc(first) == timedelta(hours=1)


def test_a_naive_instant_is_a_bug() -> None:
    with pytest.raises(ValueError, match="needs a zone"):
        utc(datetime(2026, 11, 24))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize("name", [NEW_YORK, LORD_HOWE, "UTC", "Asia/Kolkata"])
def test_a_zone_is_taken_by_its_name(name: str) -> None:
    assert zone(name) == name


@pytest.mark.parametrize("name", ["", "EST5EDT4", "New York", "america/new_york", "../etc/passwd", "+05:00", "\x00"])
def test_what_is_no_zone_is_said_to_be(name: str) -> None:
    with pytest.raises(BadInput) as told:
        zone(name, where="provider.timezone")

    assert [problem.where for problem in told.value.problems] == ["provider.timezone"]


@pytest.mark.parametrize(
    ("zone_name", "language", "clock", "day", "both"),
    [
        (NEW_YORK, "en", "2:59 PM", "Tuesday, November 24", "Tue, Nov 24, 2:59 PM EST"),
        (NEW_YORK, "es", "2:59 p.m.", "martes 24 de noviembre", "mar, 24 nov, 2:59 p.m. EST"),
        ("America/Phoenix", "en", "12:59 PM", "Tuesday, November 24", "Tue, Nov 24, 12:59 PM MST"),
        (LORD_HOWE, "en", "6:59 AM", "Wednesday, November 25", "Wed, Nov 25, 6:59 AM +1100"),
        ("Asia/Kolkata", "en", "1:29 AM", "Wednesday, November 25", "Wed, Nov 25, 1:29 AM +0530"),
    ],
)
def test_what_people_are_told(zone_name: str, language: str, clock: str, day: str, both: str) -> None:
    assert clock_time(AT, zone_name, language) == clock
    assert spoken_day(AT, zone_name, language) == day
    assert day_and_time(AT, zone_name, language) == both


@pytest.mark.parametrize(("fold", "expected"), [(0, "1:30 AM EDT"), (1, "1:30 AM EST")])
def test_the_zones_short_name_tells_two_hours_apart(fold: int, expected: str) -> None:
    at = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo(NEW_YORK), fold=fold).astimezone(UTC)

    assert day_and_time(at, NEW_YORK, "en").endswith(expected)


def test_only_plain_spaces_are_spoken() -> None:
    for language in ("en", "es"):
        for said in (clock_time(AT, NEW_YORK, language), day_and_time(AT, NEW_YORK, language)):
            assert "\u202f" not in said
            assert "\xa0" not in said


@pytest.mark.parametrize(
    ("off_h", "zone_name", "expected"),
    [
        (9, NEW_YORK, True),  # 11:59 PM there
        (10, NEW_YORK, False),
        (-15, NEW_YORK, False),  # 11:59 PM of the day before
        (10, "UTC", False),
        (9, LORD_HOWE, True),
    ],
)
def test_a_day_is_a_day_where_somebody_lives(off_h: int, zone_name: str, expected: bool) -> None:
    assert same_local_day(AT, AT + timedelta(hours=off_h), zone_name) is expected


@settings(max_examples=100, deadline=None)
@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
    st.sampled_from(sorted(available_timezones() - {"localtime"})),
)
def test_the_same_hour_is_told_as_the_zones_own_rules_say(at: datetime, zone_name: str) -> None:
    there = at.astimezone(ZoneInfo(zone_name))

    assert clock_time(at, zone_name, "en") == f"{there:%I:%M %p}".removeprefix("0")
