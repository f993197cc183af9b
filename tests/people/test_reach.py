"""Which way a letter takes: a text by day only, mail where no text may go, nobody where there is no way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from people.rules.reach import TEXTS_FROM, TEXTS_UNTIL, next_text_hour, reach_by_mail, reach_by_text
from people.values import ByMail, ByText, Contact, Later, Nobody, Way

NEW_YORK = "America/New_York"
MOBILE, ADDRESS = "+12125550123", "pat@example.com"
PAT = Contact(number=MOBILE, takes_texts=True, suppressed=False, address=ADDRESS, timezone=NEW_YORK)


def local(wall: str, zone: str = NEW_YORK) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


NOON, NIGHT = local("2026-11-24 12:00"), local("2026-11-24 23:30")
MORNING = Later(local("2026-11-25 08:00"))


ZONES = [
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        ("2026-11-24 00:00:00", "2026-11-24 08:00:00"),
        ("2026-11-24 07:59:59", "2026-11-24 08:00:00"),
        ("2026-11-24 07:59:59.999999", "2026-11-24 08:00:00"),
        ("2026-11-24 08:00:00", None),
        ("2026-11-24 08:00:01", None),
        ("2026-11-24 12:00:00", None),
        ("2026-11-24 19:59:59.999999", None),
        ("2026-11-24 20:00:00", "2026-11-25 08:00:00"),
        ("2026-11-24 20:00:01", "2026-11-25 08:00:00"),
        ("2026-12-31 23:59:59", "2027-01-01 08:00:00"),
    ],
)
def test_texts_go_out_between_eight_and_eight_where_the_provider_is(zone: str, wall: str, expected: str | None) -> None:
    now = local(wall, zone)

    assert next_text_hour(now, zone) == (local(expected, zone) if expected else now)


@pytest.mark.parametrize(
    ("zone", "wall", "hours"),
    [
        pytest.param(NEW_YORK, "2026-10-31 20:00", 13, id="the night with 25 hours"),
        pytest.param(NEW_YORK, "2027-03-13 20:00", 11, id="the night with 23"),
        pytest.param("Australia/Lord_Howe", "2027-04-03 20:00", 12.5, id="half an hour more"),
        pytest.param("Australia/Lord_Howe", "2026-10-03 20:00", 11.5, id="half an hour less"),
        pytest.param("America/Phoenix", "2026-10-31 20:00", 12, id="a zone without"),
    ],
)
def test_f17_the_morning_is_eight_o_clock_whatever_the_night_was(zone: str, wall: str, hours: float) -> None:
    now = local(wall, zone)

    assert next_text_hour(now, zone) - now == timedelta(hours=hours)


@settings(max_examples=200, deadline=None)
@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
    st.sampled_from(sorted(available_timezones() - {"localtime"})),
)
def test_in_every_zone_and_night_it_is_the_next_hour_of_day(now: datetime, zone: str) -> None:
    found = next_text_hour(now, zone)
    there = found.astimezone(ZoneInfo(zone))

    assert found.tzinfo is UTC
    assert timedelta() <= found - now <= timedelta(hours=13)
    assert TEXTS_FROM <= there.time() < TEXTS_UNTIL
    if found != now:
        assert there.time() == TEXTS_FROM


@pytest.mark.parametrize(
    ("contact", "now", "expected"),
    [
        pytest.param(PAT, NOON, ByText(MOBILE), id="a mobile, by day"),
        pytest.param(PAT, NIGHT, MORNING, id="a mobile, at night"),
        pytest.param(replace(PAT, address=None), NIGHT, MORNING, id="a mobile and no address"),
        pytest.param(replace(PAT, suppressed=True), NOON, ByMail(ADDRESS, "stopped"), id="after STOP"),
        pytest.param(
            replace(PAT, suppressed=True), NIGHT, ByMail(ADDRESS, "stopped"), id="after STOP, mail knows no night"
        ),
        pytest.param(replace(PAT, takes_texts=False), NOON, ByMail(ADDRESS, "no_mobile"), id="a landline"),
        pytest.param(replace(PAT, number=None), NOON, ByMail(ADDRESS, "no_mobile"), id="no number"),
        pytest.param(replace(PAT, number=""), NIGHT, ByMail(ADDRESS, "no_mobile"), id="an empty number"),
        pytest.param(replace(PAT, number=None, address=None), NOON, Nobody("no_mobile"), id="nothing at all"),
        pytest.param(replace(PAT, suppressed=True, address=None), NOON, Nobody("stopped"), id="stopped and no address"),
        pytest.param(replace(PAT, texts_had=2), NOON, ByText(MOBILE), id="the third in a week"),
        pytest.param(replace(PAT, texts_had=3), NOON, ByMail(ADDRESS, "enough_texts"), id="the fourth in a week"),
        pytest.param(replace(PAT, bounced=True), NOON, ByText(MOBILE), id="a mobile, and mail that bounces"),
        pytest.param(
            replace(PAT, suppressed=True, bounced=True), NOON, Nobody("bounced"), id="stopped, and it bounces"
        ),
        pytest.param(replace(PAT, takes_texts=False, wants_mail=False), NOON, Nobody("not_wanted"), id="wants neither"),
    ],
)
def test_the_way_of_a_text(contact: Contact, now: datetime, expected: Way) -> None:
    assert expected == reach_by_text(contact, now)


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        (PAT, ByMail(ADDRESS)),
        (replace(PAT, suppressed=True, number=None), ByMail(ADDRESS)),
        (replace(PAT, address=None), Nobody("no_address")),
        (replace(PAT, address=""), Nobody("no_address")),
        (replace(PAT, bounced=True), Nobody("bounced")),
        (replace(PAT, wants_mail=False), Nobody("not_wanted")),
    ],
)
def test_the_way_of_a_mail(contact: Contact, expected: Way) -> None:
    assert expected == reach_by_mail(contact)
