"""What an imported calendar takes: the stretches and not a word of what they are."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.aside import Limits, TookTooMuch, read_aside
from scheduling.readers import ics
from scheduling.readers.ics import Asked, NotACalendar, TooMuch, expand, thin, without_the_past
from scheduling.values import Span

NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
ASKED = Asked(since=NOW, until=NOW + timedelta(days=60), timezone="America/New_York")


def event(*lines: str, uid: str = "one") -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261101T000000Z", *lines, "END:VEVENT", ""])


def calendar(*parts: str) -> bytes:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{''.join(parts)}END:VCALENDAR\r\n".encode()


def taken(*parts: str, asked: Asked = ASKED) -> list[str]:
    """Return what a calendar takes, as day and time of UTC from and to."""
    spans = expand(thin(calendar(*parts)), asked)
    return [f"{_said(span.start)}-{_said(span.end)}" for span in spans]


def _said(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%d.%m.%H:%M}"


PLAIN = ("DTSTART:20261201T100000Z", "DTEND:20261201T110000Z")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(PLAIN, ["01.12.10:00-01.12.11:00"], id="an hour"),
        pytest.param(("DTSTART:20261201T100000Z", "DURATION:PT90M"), ["01.12.10:00-01.12.11:30"], id="by its length"),
        pytest.param(("DTSTART:20261201T100000Z",), [], id="of no length"),
        # Zones: what names none is in the provider's
        pytest.param(
            ("DTSTART;TZID=Europe/Berlin:20261201T100000", "DTEND;TZID=Europe/Berlin:20261201T110000"),
            ["01.12.09:00-01.12.10:00"],
            id="in a zone",
        ),
        pytest.param(
            ("DTSTART:20261201T100000", "DTEND:20261201T110000"), ["01.12.15:00-01.12.16:00"], id="in no zone"
        ),
        pytest.param(
            ("DTSTART;TZID=Nowhere:20261201T100000", "DTEND;TZID=Nowhere:20261201T110000"),
            ["01.12.15:00-01.12.16:00"],
            id="in a zone that nobody knows",
        ),
        pytest.param(
            ("DTSTART;TZID=W. Europe Standard Time:20261201T100000", "DURATION:PT1H"),
            ["01.12.09:00-01.12.10:00"],
            id="in a zone by the name that Windows has for it",
        ),
        pytest.param(("DTSTART;VALUE=DATE:20261201",), ["01.12.05:00-02.12.05:00"], id="all day"),
        pytest.param(
            ("DTSTART;VALUE=DATE:20261201", "DTEND;VALUE=DATE:20261204"), ["01.12.05:00-04.12.05:00"], id="three days"
        ),
        # What does not count
        pytest.param((*PLAIN, "STATUS:CANCELLED"), [], id="cancelled"),
        pytest.param((*PLAIN, "STATUS:TENTATIVE"), ["01.12.10:00-01.12.11:00"], id="tentative is taken"),
        pytest.param((*PLAIN, "TRANSP:TRANSPARENT"), [], id="shown as free"),
        pytest.param((*PLAIN, "TRANSP:OPAQUE"), ["01.12.10:00-01.12.11:00"], id="shown as busy"),
        pytest.param((*PLAIN, "X-MICROSOFT-CDO-BUSYSTATUS:FREE"), [], id="shown as free, by Outlook"),
        # Recurring
        pytest.param(
            (*PLAIN, "RRULE:FREQ=WEEKLY;COUNT=3"),
            ["01.12.10:00-01.12.11:00", "08.12.10:00-08.12.11:00", "15.12.10:00-15.12.11:00"],
            id="weekly",
        ),
        pytest.param(
            (*PLAIN, "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE:20261208T100000Z"),
            ["01.12.10:00-01.12.11:00", "15.12.10:00-15.12.11:00"],
            id="but not then",
        ),
        pytest.param(
            (*PLAIN, "RDATE:20261203T120000Z"),
            ["01.12.10:00-01.12.11:00", "03.12.12:00-03.12.13:00"],
            id="and then as well",
        ),
        pytest.param(
            ("DTSTART;TZID=America/New_York:20200107T090000", "DURATION:PT1H", "RRULE:FREQ=MONTHLY;BYDAY=1TU"),
            ["01.12.14:00-01.12.15:00", "05.01.14:00-05.01.15:00"],
            id="since years",
        ),
        # Edges of the range
        pytest.param(("DTSTART:20261124T180000Z", "DTEND:20261124T190000Z"), [], id="over as the range begins"),
        pytest.param(
            ("DTSTART:20261124T180000Z", "DTEND:20261124T190001Z"), ["24.11.19:00-24.11.19:00"], id="a second into it"
        ),
        pytest.param(
            ("DTSTART:20261101T000000Z", "DTEND:20261130T000000Z"), ["24.11.19:00-30.11.00:00"], id="cut to the range"
        ),
        pytest.param(("DTSTART:20270123T190000Z", "DURATION:PT1H"), [], id="begins as the range ends"),
        # What cannot be read does not keep the rest from being read
        pytest.param(("DTSTART:at ten", "DTEND:at eleven"), [], id="no date"),
        pytest.param((*PLAIN, "RRULE:FREQ=SOMETIMES"), [], id="no rule"),
        pytest.param(("SUMMARY:nothing else",), [], id="no time at all"),
        pytest.param((PLAIN[0], "DTEND:20261301T000000Z"), [], id="an end in the thirteenth month"),
        pytest.param((*PLAIN, "RRULE:FREQ=MONTHLY;BYDAY=9MO"), [], id="the ninth Monday of a month"),
    ],
)
def test_what_an_event_takes(lines: tuple[str, ...], expected: list[str]) -> None:
    beside = event("DTSTART:20261220T100000Z", "DTEND:20261220T110000Z", uid="beside")

    assert taken(event(*lines)) == expected
    assert sorted([*expected, "20.12.10:00-20.12.11:00"]) == sorted(taken(event(*lines), beside))


def test_one_time_of_a_series_is_moved_and_another_cancelled() -> None:
    zone = "TZID=America/New_York"
    series = event(f"DTSTART;{zone}:20261201T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=3")
    moved = event(f"RECURRENCE-ID;{zone}:20261208T100000", f"DTSTART;{zone}:20261209T120000", "DURATION:PT2H")
    cancelled = event(f"RECURRENCE-ID;{zone}:20261215T100000", f"DTSTART;{zone}:20261215T100000", "STATUS:CANCELLED")

    assert taken(series, moved, cancelled) == ["01.12.15:00-01.12.16:00", "09.12.17:00-09.12.19:00"]


def test_a_series_stays_at_its_hour_when_the_clocks_change() -> None:
    spring = Asked(
        since=datetime(2026, 3, 1, tzinfo=UTC), until=datetime(2026, 3, 16, tzinfo=UTC), timezone="America/New_York"
    )
    lines = ("DTSTART;TZID=America/New_York:20260301T093000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY")

    assert taken(event(*lines), asked=spring) == [
        "01.03.14:30-01.03.15:30",
        "08.03.13:30-08.03.14:30",
        "15.03.13:30-15.03.14:30",
    ]


def test_a_zone_that_the_file_brings_along_counts() -> None:
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Ours\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0300\r\n"
        "TZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )

    assert taken(zone, event("DTSTART;TZID=Ours:20261201T100000", "DURATION:PT1H")) == ["01.12.07:00-01.12.08:00"]


def test_a_calendar_of_nothing_but_busy_times_is_read() -> None:
    part = (
        "BEGIN:VFREEBUSY\r\nUID:1\r\nFREEBUSY:20261201T100000Z/PT1H,20261202T100000Z/20261202T120000Z\r\n"
        "FREEBUSY;FBTYPE=FREE:20261203T100000Z/PT1H\r\nEND:VFREEBUSY\r\n"
    )

    assert taken(part) == ["01.12.10:00-01.12.11:00", "02.12.10:00-02.12.12:00"]


def test_events_that_touch_or_overlap_are_one_stretch() -> None:
    parts = [
        event(f"DTSTART:20261201T{start}00Z", f"DTEND:20261201T{end}00Z", uid=start)
        for start, end in (("1000", "1100"), ("1100", "1200"), ("1130", "1145"), ("1300", "1400"))
    ]

    assert taken(*parts) == ["01.12.10:00-01.12.12:00", "01.12.13:00-01.12.14:00"]


# Before anything is expanded


WORDS = ("SUMMARY:Canary-Casey", "DESCRIPTION:Canary\r\n  and more", "ATTENDEE;CN=Canary:mailto:c@example.com")


def test_every_word_of_what_it_is_and_with_whom_is_dropped() -> None:
    alarm = ("BEGIN:VALARM", "TRIGGER:-PT10M", "DESCRIPTION:Canary", "END:VALARM")
    task = "BEGIN:VTODO\r\nSUMMARY:Canary\r\nEND:VTODO\r\n"

    kept = thin(calendar("X-WR-CALNAME:Canary\r\n", task, event(*PLAIN, *WORDS, *alarm)))

    assert "Canary" not in kept
    assert expand(kept, ASKED) == expand(thin(calendar(event(*PLAIN))), ASKED) != []


def test_what_a_server_stamps_anew_with_each_answer_makes_no_difference() -> None:
    one = calendar(event(*PLAIN))

    assert thin(one) == thin(one.replace(b"DTSTAMP:20261101", b"DTSTAMP:20261102"))
    assert thin(one) != thin(one.replace(b"DTEND:20261201T11", b"DTEND:20261201T12"))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text.replace(b"\r\n", b"\n"), id="lines end as on Unix"),
        pytest.param(lambda text: b"\xef\xbb\xbf" + text, id="a mark of bytes before it"),
        pytest.param(lambda text: b"\r\n\r\n" + text, id="empty lines before it"),
        pytest.param(lambda text: text.replace(b"DTSTART:2026", b"DTSTA\r\n RT:20\r\n\t26"), id="folded lines"),
        pytest.param(lambda text: text.replace(b"VEVENT", b"vevent").replace(b"DTEND", b"dtend"), id="small letters"),
    ],
)
def test_spellings_of_the_same(change: Callable[[bytes], bytes]) -> None:
    plain = calendar(event(*PLAIN))

    assert expand(thin(change(plain)), ASKED) == expand(thin(plain), ASKED) != []


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Sign in</html>", b"BEGIN:VCARD\r\nEND:VCARD\r\n", b"\xff\xfe\x00", calendar()[:-20], b"PK\x03\x04"],
)
def test_what_is_no_calendar(body: bytes) -> None:
    with pytest.raises(NotACalendar):
        thin(body)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@settings(max_examples=200)
def test_whatever_comes_in_is_thinned_or_refused(body: bytes) -> None:
    for whole in (body, calendar(body.decode(errors="replace")), calendar(event(body.decode(errors="replace")))):
        try:
            kept = thin(whole)
        except NotACalendar:
            continue
        assert kept.startswith("BEGIN:VCALENDAR\r\n")


# What would take for ever


def test_single_events_of_the_past_are_left_out_before_they_cost_anything() -> None:
    past = [event(f"DTSTART:2020{n % 12 + 1:02d}01T100000Z", "DURATION:PT1H", uid=str(n)) for n in range(20)]
    ended = event("DTSTART:20200101T100000Z", "DTEND:20200101T110000Z", uid="ended")
    long = event("DTSTART:20200101T100000Z", "DTEND:20261130T000000Z", uid="long")
    weekly = event("DTSTART:20200101T100000Z", "DTEND:20200101T110000Z", "RRULE:FREQ=YEARLY", uid="yearly")
    kept = without_the_past(thin(calendar(ended, *past, long, weekly, ended, event(*PLAIN))), ASKED.since)

    assert kept.count("UID:ended") == 0
    assert kept.count("BEGIN:VEVENT") == len(past) + 3  # a length is not read here, so these stay
    assert taken(ended, *past, long, weekly) == ["24.11.19:00-30.11.00:00", "01.01.10:00-01.01.11:00"]


def test_more_events_than_anybody_has_are_too_much() -> None:
    many = [event(*PLAIN, uid=str(n)) for n in range(ics.MOST_EVENTS + 1)]

    with pytest.raises(TooMuch):
        expand(thin(calendar(*many)), ASKED)


@pytest.mark.parametrize(("count", "fits"), [(10, True), (11, False)])
def test_more_stretches_than_anybody_has_are_too_much(count: int, fits: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ics, "MOST_SPANS", 10)
    hourly = thin(calendar(event(*PLAIN[:1], "DURATION:PT1M", f"RRULE:FREQ=HOURLY;COUNT={count}")))

    made = ics.busy(ics.ask(hourly, ASKED))

    if fits:
        assert len(ics.answer(made)) == count
    else:
        with pytest.raises(TooMuch):
            ics.answer(made)


async def test_a_rule_that_never_lets_go_is_ended_from_outside() -> None:
    nasty = thin(calendar(event("DTSTART:19700101T000000Z", "DURATION:PT1S", "RRULE:FREQ=SECONDLY")))

    with pytest.raises(TookTooMuch):
        await read_aside("scheduling.readers.ics:busy", ics.ask(nasty, ASKED), limits=Limits(cpu_s=1))


async def test_what_is_read_aside_is_what_is_read_here() -> None:
    thinned = thin(calendar(event(*PLAIN, "RRULE:FREQ=DAILY;COUNT=3")))

    found = ics.answer(await read_aside("scheduling.readers.ics:busy", ics.ask(thinned, ASKED), limits=Limits()))

    assert list(found) == expand(thinned, ASKED)
    assert all(isinstance(span, Span) for span in found)
    assert len(found) == 3
