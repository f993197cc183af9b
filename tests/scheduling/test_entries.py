"""Calendars as files, read back by two libraries that know nothing of each other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.rules.entries import feed_file, initials, letter_file, status_of
from scheduling.values import AppointmentState, Entry, EntryStatus, Method
from tests.calendars import Read, read

STARTS = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
ENTRY = Entry(
    uid=UUID("3f1d8a52-4b60-4f0e-9a36-0d1f64b1c111"),
    sequence=2,
    stamped_at=STARTS - timedelta(days=2),
    starts_at=STARTS,
    ends_at=STARTS + timedelta(minutes=50),
    status=EntryStatus.CONFIRMED,
    title="Session",
    description="With Canary-Pat Canary-Provider.\nhttps://portal.example.com/",
)
ORGANIZER = "no-reply@example.com"
HOUR = timedelta(hours=1)


def told(entry: Entry) -> Read:
    return Read(
        uid=str(entry.uid),
        sequence=entry.sequence,
        starts_at=entry.starts_at,
        ends_at=entry.ends_at,
        stamped_at=entry.stamped_at,
        title=entry.title,
        description=entry.description,
        status=entry.status.value,
    )


# In a mail


def test_a_mail_publishes_an_appointment_and_invites_nobody() -> None:
    written = letter_file([ENTRY], Method.PUBLISH, ORGANIZER)
    assert read(written) == [told(ENTRY)]
    calendar = icalendar.Calendar.from_ical(written)
    (event,) = calendar.walk("VEVENT")
    assert calendar["METHOD"] == "PUBLISH"
    assert event["ORGANIZER"] == f"mailto:{ORGANIZER}"  # RFC 5546, 3.2.1: it must be there, an attendee must not
    assert "ATTENDEE" not in event
    assert event["CLASS"] == "PRIVATE"
    assert event["TRANSP"] == "OPAQUE"


def test_a_cancelled_one_is_taken_out_under_the_same_id() -> None:
    gone = replace(ENTRY, status=EntryStatus.CANCELLED, sequence=3)
    written = letter_file([gone], Method.CANCEL, ORGANIZER)
    assert read(written) == [told(gone)]
    calendar = icalendar.Calendar.from_ical(written)
    (event,) = calendar.walk("VEVENT")
    assert calendar["METHOD"] == "CANCEL"
    assert (event["STATUS"], event["TRANSP"]) == ("CANCELLED", "TRANSPARENT")


def test_times_are_in_utc_and_need_no_zone() -> None:
    written = letter_file([ENTRY], Method.PUBLISH, ORGANIZER)
    assert "DTSTART:20261124T190000Z\r\n" in written
    assert "DTEND:20261124T195000Z\r\n" in written
    assert "TZID" not in written
    assert "VTIMEZONE" not in written


def test_every_line_ends_as_the_standard_says_and_none_is_too_long() -> None:
    long = replace(ENTRY, description="ñandú, sí; \\ and so on\n" * 20)
    written = letter_file([long], Method.PUBLISH, ORGANIZER).encode()
    assert written.count(b"\n") == written.count(b"\r\n")
    assert max(len(line) for line in written.split(b"\r\n")) <= 75
    assert read(written.decode()) == [told(long)]


# In a feed


def test_a_feed_says_its_name_and_how_often_to_come_and_asks_for_nothing() -> None:
    written = feed_file([ENTRY], name="Consultline", every=HOUR).decode()
    assert read(written) == [told(ENTRY)]
    calendar = icalendar.Calendar.from_ical(written)
    assert calendar["X-WR-CALNAME"] == calendar["NAME"] == "Consultline"
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in written
    assert "X-PUBLISHED-TTL:PT1H\r\n" in written
    assert "METHOD" not in calendar
    (event,) = calendar.walk("VEVENT")
    assert event.decoded("LAST-MODIFIED") == ENTRY.stamped_at
    assert "ORGANIZER" not in event


def test_a_feed_that_is_written_in_parts_is_what_the_library_writes_as_a_whole() -> None:
    later = replace(ENTRY, uid=UUID(int=7), starts_at=STARTS + HOUR)
    written = feed_file([later, ENTRY], name="Consultline", every=HOUR)
    assert icalendar.Calendar.from_ical(written).to_ical() == written


def test_a_feed_without_appointments_is_still_a_calendar() -> None:
    assert read(feed_file([], name="Consultline", every=HOUR).decode()) == []


@given(
    entries=st.lists(
        st.builds(
            Entry,
            uid=st.uuids(),
            sequence=st.integers(0, 1000),
            stamped_at=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
                lambda at: at.replace(microsecond=0)
            ),
            starts_at=st.integers(0, 200_000).map(lambda minute: STARTS + timedelta(minutes=minute)),
            ends_at=st.integers(200_001, 200_100).map(lambda minute: STARTS + timedelta(minutes=minute)),
            status=st.sampled_from(EntryStatus),
            title=st.sampled_from(["Session", "Consulta telefónica", "Session, C. R."]),
            description=st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=80),
        ),
        max_size=5,
        unique_by=lambda entry: entry.uid,
    )
)
def test_whatever_is_written_is_read_alike_and_the_same_in_any_order(entries: list[Entry]) -> None:
    written = feed_file(entries, name="Consultline", every=HOUR)
    assert written == feed_file(entries[::-1], name="Consultline", every=HOUR)
    assert sorted(read(written.decode())) == sorted(told(one) for one in entries)


# What shows, and as what


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (AppointmentState.HELD, EntryStatus.TENTATIVE),
        (AppointmentState.BOOKED, EntryStatus.CONFIRMED),
        (AppointmentState.ENDED, EntryStatus.CONFIRMED),
        (AppointmentState.DETAILS_CONFIRMED, EntryStatus.CONFIRMED),
        (AppointmentState.NO_SHOW, EntryStatus.CONFIRMED),
        (AppointmentState.CANCELLED_BY_PROVIDER, EntryStatus.CANCELLED),
        (AppointmentState.CANCELLED_BY_CLIENT, EntryStatus.CANCELLED),
        (AppointmentState.RELEASED, None),
    ],
)
def test_how_an_appointment_shows(state: AppointmentState, status: EntryStatus | None) -> None:
    assert status_of(state) is status


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (("Casey", "Roe"), "C. R."),
        (("ángel", "de la Cruz"), "Á. D."),
        ((" Kim", "李"), "K. 李."),
        (("", "Roe"), "R."),
        (("*", "1st"), ""),
    ],
)
def test_initials_are_the_first_letters(names: tuple[str, ...], shown: str) -> None:
    assert initials(*names) == shown
