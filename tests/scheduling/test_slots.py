"""The one slot function: what is listed, what can be booked, and why not (R23-R27, R29, requirements 2.6)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from scheduling.rules.slots import check, first_open, nearest, slots
from scheduling.values import BlockKind, BlockRule, Busy, Calendar, NotBookable, SlotRules, Span, Windows
from tests.scheduling.calendars import block, every_day, row, time_off
from tests.scheduling.zones import at, shown

NEW_YORK, LORD_HOWE, HAVANA = "America/New_York", "Australia/Lord_Howe", "America/Havana"
M, H, D = 60, 3600, 86_400
TOO_SOON, TOO_FAR, TAKEN = NotBookable.TOO_SOON, NotBookable.TOO_FAR, NotBookable.TAKEN

# A Tuesday in March; the clocks of New York were moved on the Sunday before.
DAY = "2026-03-10"
LONG_AGO = at("2026-03-01 00:00", NEW_YORK)
RULES = SlotRules(length=50 * M, step=30 * M, notice=0, horizon=60 * D)


def second(clock: str, day: str = DAY, zone: str = NEW_YORK) -> int:
    return at(f"{day} {clock}", zone)


def slot(starts: str, ends: str, day: str = DAY) -> Span:
    return Span(second(starts, day), second(ends, day))


def appointment(starts: str, ends: str, day: str = DAY) -> Busy:
    return Busy(second(starts, day), second(ends, day), appointment=True)


def imported(starts: str, ends: str, day: str = DAY) -> Busy:
    return Busy(second(starts, day), second(ends, day), appointment=False)


def morning(*busy: Busy, blocks: tuple[BlockRule, ...] = ()) -> Calendar:
    """Every day from nine to twelve."""
    return Calendar(timezone=NEW_YORK, hours=every_day(9 * 60, 12 * 60, NEW_YORK), blocks=blocks, busy=busy)


def listed(
    calendar: Calendar,
    rules: SlotRules = RULES,
    *,
    day: str = DAY,
    zone: str = NEW_YORK,
    issued: int = LONG_AGO,
) -> list[str]:
    """The starts that are listed for a day."""
    following = date.fromisoformat(day) + timedelta(days=1)
    since, until = at(f"{day} 00:00", zone), at(f"{following} 00:00", zone)
    found = slots(calendar, rules, since=since, until=until, issued=issued, now=issued)
    assert all(one.end - one.start == rules.length for one in found)
    return [shown(one.start, zone)[4:] for one in found]


def checked(
    calendar: Calendar, wanted: Span, rules: SlotRules = RULES, *, issued: int = LONG_AGO, now: int | None = None
) -> NotBookable | None:
    return check(calendar, rules, wanted, issued=issued, now=issued if now is None else now)


# --- windows, grid, length ----------------------------------------------------------------------------------


def test_an_empty_morning_is_listed_on_its_grid() -> None:
    assert listed(morning()) == ["09:00", "09:30", "10:00", "10:30", "11:00"]


def test_without_hours_there_are_no_openings_and_no_error() -> None:
    nothing = replace(morning(), hours=())

    assert listed(nothing) == []
    assert first_open(nothing, RULES, now=LONG_AGO) is None


@pytest.mark.parametrize(
    ("length", "step", "starts"),
    [
        (50, 60, ["09:00", "10:00", "11:00"]),
        (60, 60, ["09:00", "10:00", "11:00"]),
        (61, 60, ["09:00", "10:00"]),
        (15, 45, ["09:00", "09:45", "10:30", "11:15"]),
        (180, 15, ["09:00"]),
        (181, 15, []),
    ],
)
def test_a_slot_ends_within_its_window(length: int, step: int, starts: list[str]) -> None:
    assert listed(morning(), replace(RULES, length=length * M, step=step * M)) == starts


def test_what_is_taken_cuts_and_the_grid_stays() -> None:
    """A cancelled hour must come back where it was, and no list may depend on what somebody else has booked."""
    assert listed(morning(appointment("09:00", "09:50"))) == ["10:00", "10:30", "11:00"]
    assert listed(morning(imported("09:40", "10:10"))) == ["10:30", "11:00"]


def test_time_off_cuts_and_the_grid_stays() -> None:
    away = morning(blocks=(time_off(f"{DAY} 08:00", f"{DAY} 09:20"),))

    assert listed(away) == ["09:30", "10:00", "10:30", "11:00"]


def test_a_night_is_listed_over_midnight_on_one_grid() -> None:
    night = Calendar(
        timezone=NEW_YORK,
        hours=(row(0, "22:20", "24:00"), row(1, "00:00", "02:00")),
        blocks=(),
        busy=(),
    )
    rules = replace(RULES, step=50 * M)

    assert listed(night, rules, day="2026-03-09") == ["22:20", "23:10"]
    assert listed(night, rules) == ["00:00", "00:50"]
    assert checked(night, Span(second("23:10", "2026-03-09"), second("00:00")), rules) is None


def test_a_list_has_what_starts_within_its_range() -> None:
    since, until = second("09:30"), second("11:00")
    found = slots(morning(), RULES, since=since, until=until, issued=LONG_AGO, now=LONG_AGO)

    assert [one.start for one in found] == [since, second("10:00"), second("10:30")]
    assert slots(morning(), RULES, since=since, until=since, issued=LONG_AGO, now=LONG_AGO) == ()
    assert slots(morning(), RULES, since=until, until=since, issued=LONG_AGO, now=LONG_AGO) == ()


def test_two_session_types_share_the_time() -> None:
    """A consultation of 15 minutes takes the sessions that it meets, and the reverse (R27)."""
    consultation = replace(RULES, length=15 * M, step=15 * M)
    call, session = appointment("10:00", "10:15"), appointment("10:00", "10:50")

    assert listed(morning(call)) == ["09:00", "10:30", "11:00"]
    assert listed(morning(session), consultation)[3:6] == ["09:45", "11:00", "11:15"]


def test_a_payer_is_offered_only_blocks_that_accept_external_appointments() -> None:
    open_block = block(f"{DAY} 15:00", f"{DAY} 17:00", BlockKind.OPEN, accept_external=True)
    rules = replace(RULES, windows=Windows.EXTERNAL_BLOCKS)
    calendar = morning(appointment("15:30", "16:00"), blocks=(open_block,))

    assert listed(calendar, rules) == ["16:00"]
    assert checked(calendar, slot("09:00", "09:50"), rules) is NotBookable.NOT_OPEN


# --- days on which clocks are moved -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "starts"),
    [
        (NEW_YORK, "2026-03-08", ["00:00", "01:00", "03:00", "04:00"]),
        (NEW_YORK, "2026-11-01", ["00:00", "01:00", "01:00", "02:00", "03:00", "04:00"]),
        (NEW_YORK, "2026-06-01", ["00:00", "01:00", "02:00", "03:00", "04:00"]),
        # The clocks of Lord Howe go half an hour forward, and the grid of the window goes on as it was.
        (LORD_HOWE, "2026-10-04", ["00:00", "01:00", "02:30", "03:30"]),
        (LORD_HOWE, "2026-04-05", ["00:00", "01:00", "01:30", "02:30", "03:30"]),
        (HAVANA, "2026-03-08", ["01:00", "02:00", "03:00", "04:00"]),
        (HAVANA, "2026-11-01", ["00:00", "00:00", "01:00", "02:00", "03:00", "04:00"]),
    ],
)
def test_a_night_on_which_clocks_are_moved(zone: str, day: str, starts: list[str]) -> None:
    """From midnight to five, hour by hour: each start is an instant of its own, one hour after the one before."""
    night = Calendar(timezone=zone, hours=every_day(0, 5 * 60, zone), blocks=(), busy=())
    rules = replace(RULES, length=60 * M, step=60 * M)

    found = listed(night, rules, day=day, zone=zone, issued=at(f"{day} 00:00", zone) - 30 * D)

    assert found == starts


# --- notice and horizon -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "reason"), [(-1, TOO_SOON), (0, None), (1, None)])
@pytest.mark.parametrize("hours", [2, 48])
def test_notice_is_elapsed_time_and_its_edge_is_allowed(seconds: int, reason: NotBookable | None, hours: int) -> None:
    """R24: 48 hours before Tuesday at nine are 48 hours, on whichever side of the change they begin."""
    rules, wanted = replace(RULES, notice=hours * H), slot("09:00", "09:50")
    issued = wanted.start - hours * H - seconds

    assert checked(morning(), wanted, rules, issued=issued) is reason
    assert ("09:00" in listed(morning(), rules, issued=issued)) is (reason is None)


@pytest.mark.parametrize(
    ("day", "issued", "first"),
    [
        # From Friday at nine over the night of the change: 48 hours are Sunday at ten.
        ("2026-03-08", "2026-03-06 09:00", "10:00"),
        # In November they are Sunday at eight, so nine is well within.
        ("2026-11-01", "2026-10-30 09:00", "09:00"),
        ("2026-11-01", "2026-10-30 10:00", "09:00"),
        ("2026-11-01", "2026-10-30 10:01", "09:30"),
    ],
)
def test_48_hours_over_the_night_of_the_change(day: str, issued: str, first: str) -> None:
    found = listed(morning(), replace(RULES, notice=48 * H), day=day, issued=at(issued, NEW_YORK))

    assert found[0] == first


@pytest.mark.parametrize(("seconds", "reason"), [(-1, TOO_FAR), (0, None), (1, None)])
def test_the_horizon_is_elapsed_time_and_its_edge_is_allowed(seconds: int, reason: NotBookable | None) -> None:
    wanted = slot("09:00", "09:50")
    issued = wanted.start - RULES.horizon + seconds
    found = listed(morning(), issued=issued)

    assert checked(morning(), wanted, issued=issued) is reason
    assert ("09:00" in found) is (reason is None)
    assert "09:30" not in found


def test_notice_is_judged_when_the_list_was_shown_and_what_is_taken_now() -> None:
    """R23: whoever takes ten minutes to read has as much notice as whoever takes none."""
    rules, wanted = replace(RULES, notice=48 * H), slot("09:00", "09:50")
    issued = wanted.start - 48 * H

    assert checked(morning(), wanted, rules, issued=issued, now=issued + 599) is None
    assert checked(morning(), wanted, rules, issued=issued + 599, now=issued + 599) is TOO_SOON
    taken = morning(appointment("09:00", "09:50"))
    assert checked(taken, wanted, rules, issued=issued, now=issued + 599) is TAKEN


@pytest.mark.parametrize(("seconds", "reason"), [(-1, None), (0, None), (1, TOO_SOON)])
def test_what_has_begun_cannot_be_booked_whatever_the_offer_says(seconds: int, reason: NotBookable | None) -> None:
    wanted = slot("09:00", "09:50")

    assert checked(morning(), wanted, issued=wanted.start - 5 * M, now=wanted.start + seconds) is reason


# --- what is taken, and how close one may come --------------------------------------------------------------


@pytest.mark.parametrize(
    ("starts", "ends", "reason"),
    [
        ("08:00", "10:00", None),
        ("08:00", "10:01", TAKEN),
        ("10:50", "12:00", None),
        ("10:49", "12:00", TAKEN),
        ("10:20", "10:21", TAKEN),
        ("08:00", "14:00", TAKEN),
    ],
)
@pytest.mark.parametrize("is_appointment", [True, False])
def test_spans_are_half_open(starts: str, ends: str, reason: NotBookable | None, is_appointment: bool) -> None:
    busy = Busy(second(starts), second(ends), is_appointment)

    assert checked(morning(busy), slot("10:00", "10:50")) is reason


@pytest.mark.parametrize(
    ("before", "after", "gap"),
    [(0, 0, 0), (10, 0, 10), (0, 10, 10), (10, 10, 10), (10, 25, 25), (25, 10, 25)],
)
@pytest.mark.parametrize("side", ["earlier", "later"])
def test_the_gap_is_the_larger_of_the_two_buffers_on_either_side(before: int, after: int, gap: int, side: str) -> None:
    """Neither their sum nor one of them twice: those are what others' calendars are complained about for (2.3)."""
    rules, wanted = replace(RULES, buffer_before=before * M, buffer_after=after * M), slot("10:00", "10:50")
    for short, reason in ((0, None), (1, NotBookable.TOO_CLOSE)):
        if side == "earlier":
            edge = wanted.start - gap * M + short
            busy = Busy(edge - H, edge, appointment=True)
        else:
            edge = wanted.end + gap * M - short
            busy = Busy(edge, edge + H, appointment=True)
        if gap:
            assert checked(morning(busy), wanted, rules) is reason
        assert ("10:00" in listed(morning(busy), rules)) is (reason is None)


def test_imported_events_are_taken_without_buffers() -> None:
    rules = replace(RULES, buffer_before=15 * M, buffer_after=15 * M)

    assert checked(morning(imported("08:00", "10:00")), slot("10:00", "10:50"), rules) is None
    assert checked(morning(appointment("08:00", "10:00")), slot("10:00", "10:50"), rules) is NotBookable.TOO_CLOSE


def test_buffers_do_not_keep_from_the_ends_of_a_window() -> None:
    assert listed(morning(), replace(RULES, buffer_before=H, buffer_after=H)) == listed(morning())


def test_what_is_taken_the_day_before_reaches_over_midnight() -> None:
    always = replace(morning(appointment("21:00", "23:50", "2026-03-09")), hours=every_day(0, 24 * 60, NEW_YORK))
    rules = replace(RULES, buffer_before=30 * M)

    assert listed(always, rules)[0] == "00:30"


# --- a full day ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("per_day", "full"), [(1, True), (2, True), (3, False), (None, False)])
def test_a_day_has_as_many_appointments_as_its_provider_wants(per_day: int | None, full: bool) -> None:
    two = morning(appointment("09:00", "09:50"), appointment("15:00", "15:50"), imported("16:00", "16:50"))
    rules = replace(RULES, per_day=per_day)

    assert listed(two, rules) == ([] if full else ["10:00", "10:30", "11:00"])
    assert checked(two, slot("10:00", "10:50"), rules) is (NotBookable.DAY_IS_FULL if full else None)
    assert listed(two, rules, day="2026-03-11") == listed(morning())


@pytest.mark.parametrize(
    ("starts", "day", "full"),
    [
        ("23:59", "2026-03-09", False),
        ("00:00", "2026-03-10", True),
        ("23:59", "2026-03-10", True),
        ("00:00", "2026-03-11", False),
    ],
)
def test_a_day_is_the_providers_local_day_and_counts_what_begins_on_it(starts: str, day: str, full: bool) -> None:
    begins = second(starts, day)
    one = morning(Busy(begins, begins + 10 * M, appointment=True))

    assert (listed(one, replace(RULES, per_day=1)) == []) is full


def test_a_day_of_25_hours_is_one_day() -> None:
    """Half past one comes twice on 1 November; what begins at the first belongs to the day of the second."""
    first = at("2026-11-01 01:30", NEW_YORK)
    night = replace(morning(Busy(first, first + 50 * M, appointment=True)), hours=every_day(0, 1440, NEW_YORK))

    assert listed(night, replace(RULES, per_day=1), day="2026-11-01") == []
    since = at("2026-11-01 23:00", NEW_YORK)
    found = slots(night, replace(RULES, per_day=1), since=since, until=since + 2 * H, issued=first - D, now=first - D)
    assert [shown(one.start, NEW_YORK) for one in found] == ["Mon 00:00", "Mon 00:30"]


# --- why not ------------------------------------------------------------------------------------------------


def test_of_several_reasons_the_first_is_told_that_no_one_else_has_a_hand_in() -> None:
    full = morning(appointment("09:00", "09:50"))
    strict = replace(RULES, buffer_after=15 * M, per_day=1, notice=48 * H)
    too_late, in_time, early = second("09:00"), LONG_AGO, LONG_AGO - 60 * D

    assert checked(full, slot("20:07", "21:00"), strict, issued=too_late) is TOO_SOON
    assert checked(full, slot("20:07", "21:00"), strict, issued=early) is TOO_FAR
    assert checked(full, slot("20:07", "21:00"), strict, issued=in_time) is NotBookable.NOT_OPEN
    assert checked(full, slot("09:07", "09:57"), strict, issued=in_time) is NotBookable.OFF_GRID
    assert checked(full, slot("09:30", "10:20"), strict, issued=in_time) is TAKEN
    assert checked(full, slot("10:00", "10:50"), strict, issued=in_time) is NotBookable.TOO_CLOSE
    assert checked(full, slot("10:30", "11:20"), strict, issued=in_time) is NotBookable.DAY_IS_FULL
    assert checked(full, slot("10:30", "11:20"), replace(strict, per_day=2), issued=in_time) is None


def test_whether_a_time_is_taken_is_not_told_outside_of_open_hours() -> None:
    assert checked(morning(appointment("20:00", "21:00")), slot("20:00", "20:50")) is NotBookable.NOT_OPEN


@pytest.mark.parametrize("ends", ["09:49", "09:51", "10:20"])
def test_a_slot_of_another_length_is_none(ends: str) -> None:
    """The length of the session was changed after the list was shown."""
    assert checked(morning(), slot("09:00", ends)) is NotBookable.OFF_GRID


def test_a_slot_that_hangs_out_of_its_window_is_not_open() -> None:
    assert checked(morning(), slot("11:30", "12:20")) is NotBookable.NOT_OPEN
    assert checked(morning(), slot("08:30", "09:20")) is NotBookable.NOT_OPEN


def test_a_slot_over_the_gap_between_two_windows_is_not_open() -> None:
    two = replace(morning(), hours=(row(1, "09:00", "10:00"), row(1, "10:10", "12:00")))

    assert checked(two, slot("09:30", "10:20")) is NotBookable.NOT_OPEN


# --- where nobody asks what is open -------------------------------------------------------------------------


@pytest.mark.parametrize("windows", [Windows.ANY, Windows.FREED])
def test_where_nobody_asks_any_start_and_any_length_will_do(windows: Windows) -> None:
    rules = replace(RULES, windows=windows)
    busy = morning(appointment("10:00", "10:30"), blocks=(time_off(f"{DAY} 00:00", f"{DAY} 24:00"),))

    assert checked(busy, slot("22:07", "22:29"), rules) is None
    assert checked(busy, slot("10:30", "12:00"), rules) is None
    assert checked(busy, slot("10:29", "12:00"), rules) is TAKEN
    assert checked(busy, slot("10:30", "12:00"), replace(rules, buffer_after=M)) is NotBookable.TOO_CLOSE
    assert checked(busy, slot("10:30", "12:00"), rules, issued=second("10:31")) is TOO_SOON


def test_where_nobody_asks_the_list_counts_from_midnight() -> None:
    always = replace(morning(), hours=())
    found = listed(always, replace(RULES, windows=Windows.ANY, step=60 * M))

    assert found == [f"{hour:02}:00" for hour in range(24)]


# --- the first opening, and the nearest ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "notice", "first"),
    [
        ("2026-03-10 08:00", 0, "2026-03-10 09:00"),
        ("2026-03-10 09:00", 0, "2026-03-10 09:00"),
        ("2026-03-10 09:01", 0, "2026-03-10 09:30"),
        ("2026-03-10 11:01", 0, "2026-03-11 09:00"),
        ("2026-03-10 11:01", 48, "2026-03-13 09:00"),
        ("2026-03-10 09:00", 48, "2026-03-12 09:00"),
    ],
)
def test_the_first_opening(now: str, notice: int, first: str) -> None:
    found = first_open(morning(), replace(RULES, notice=notice * H), now=at(now, NEW_YORK))

    assert found is not None
    assert found == (at(first, NEW_YORK), at(first, NEW_YORK) + 50 * M)


@pytest.mark.parametrize(("horizon", "found"), [(2 * D - 1, False), (2 * D, True), (2 * D + 1, True)])
def test_the_horizon_may_end_where_a_look_does(horizon: int, found: bool) -> None:
    one = replace(morning(), hours=(), blocks=(block(f"{DAY} 09:00", f"{DAY} 10:00"),))

    opening = first_open(one, replace(RULES, horizon=horizon), now=second("09:00") - 2 * D)

    assert (opening is not None) is found


def test_the_first_opening_may_be_the_last_before_the_horizon() -> None:
    one = replace(morning(), hours=(), blocks=(block("2026-05-01 09:00", "2026-05-01 10:00"),))
    start = at("2026-05-01 09:00", NEW_YORK)

    assert first_open(one, RULES, now=start - RULES.horizon) == (start, start + 50 * M)
    assert first_open(one, RULES, now=start - RULES.horizon - 1) is None


@pytest.mark.parametrize("days", [0, 1, 2, 6, 14, 30, 59, 60])
@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_the_first_opening_is_found_at_the_edge_of_each_look(days: int, seconds: int) -> None:
    """A look goes two days far, the next one four, and so on to the horizon, which is at sixty."""
    start = at("2026-05-01 09:00", NEW_YORK)
    one = replace(morning(), hours=(), blocks=(block("2026-05-01 09:00", "2026-05-01 09:50"),))
    now, rules = start - days * D + seconds, replace(RULES, notice=0)

    found = first_open(one, rules, now=now)

    assert found == (None if now > start or now + rules.horizon < start else (start, start + 50 * M))


def test_the_nearest_are_told_in_order() -> None:
    found = tuple(Span(start, start + 50) for start in (0, 100, 200, 300, 400))

    assert nearest(found, Span(190, 240)) == found[1:4]
    assert nearest(found, Span(10_000, 10_050)) == found[2:]
    assert nearest(found, Span(-10_000, -9_950)) == found[:3]
    assert nearest(found[:2], Span(150, 200)) == found[:2]
    assert nearest((), Span(150, 200)) == ()


def test_of_two_as_near_the_earlier_comes_first() -> None:
    found = tuple(Span(start, start + 50) for start in (0, 100, 200, 300, 400))

    assert nearest(found, Span(200, 250), 1) == (found[1],)
    assert nearest(found, Span(250, 300), 1) == (found[2],)
    assert nearest(found, Span(250, 300), 3) == found[1:4]


def test_an_alternative_is_another_time() -> None:
    found = tuple(Span(start, start + 50) for start in (0, 100, 200))

    assert nearest(found, found[1]) == (found[0], found[2])
