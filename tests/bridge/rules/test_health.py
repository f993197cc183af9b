"""Is the line down? Each trigger of R111 with its edges, the way back, and that no order of facts matters."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.rules.health import HISTORY, line_health
from bridge.values import Dial, DownReason, Health, HealthFacts, LineState, Sign

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
UP = Health(state=LineState.UP)
OK, BAD, FALLBACK, UNANSWERED = (
    Sign.PROBE_OK,
    Sign.PROBE_FAILED,
    Sign.FALLBACK,
    Sign.WEBHOOK_UNANSWERED,
)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def signs(*told: tuple[float, Sign]) -> tuple[tuple[datetime, Sign], ...]:
    return tuple((ago(seconds), sign) for seconds, sign in told)


def dial(seconds: float, leg_after_s: float | None = 1, *, failed: bool = False) -> Dial:
    at = ago(seconds)
    return Dial(at, None if leg_after_s is None else at + timedelta(seconds=leg_after_s), failed)


def down(reason: DownReason, since_s: float) -> Health:
    return Health(state=LineState.DOWN, reason=reason, since=ago(since_s))


def judged(
    told: Iterable[tuple[datetime, Sign]] = (),
    dials: Iterable[Dial] = (),
    *,
    declared_s: float | None = None,
) -> Health:
    declared_at = None if declared_s is None else ago(declared_s)
    return line_health(HealthFacts(signs=tuple(told), dials=tuple(dials), declared_at=declared_at), NOW)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param((), UP, id="nothing at all"),
        pytest.param(((30, OK), (15, OK), (0, OK)), UP, id="all well"),
        pytest.param(((0, BAD),), UP, id="one failed"),
        pytest.param(((15, BAD), (0, BAD)), UP, id="two in a row"),
        pytest.param(((30, BAD), (15, BAD), (0, BAD)), down(DownReason.PROBES, 0), id="three in a row"),
        pytest.param(((45, BAD), (30, BAD), (15, BAD), (0, BAD)), down(DownReason.PROBES, 15), id="since the third"),
        pytest.param(((45, BAD), (30, BAD), (15, OK), (0, BAD)), UP, id="one well among them"),
        pytest.param(
            ((60, OK), (45, BAD), (30, BAD), (15, BAD), (0, OK)),
            down(DownReason.PROBES, 15),
            id="well again, but not quiet for long enough",
        ),
        pytest.param(((-15, BAD), (0, BAD), (15, BAD)), UP, id="what is still to come does not count"),
    ],
)
def test_three_failed_probes_in_a_row(told: tuple[tuple[float, Sign], ...], expected: Health) -> None:
    assert expected == judged(signs(*told))


@pytest.mark.parametrize("first", [FALLBACK, UNANSWERED])
@pytest.mark.parametrize("second", [FALLBACK, UNANSWERED])
@pytest.mark.parametrize(("apart_s", "is_down"), [(0, True), (119, True), (120, True), (120.001, False), (121, False)])
def test_two_webhooks_gone_wrong_within_two_minutes(first: Sign, second: Sign, apart_s: float, is_down: bool) -> None:
    expected = down(DownReason.WEBHOOKS, 0) if is_down else UP

    assert expected == judged(signs((apart_s, first), (0, second)))


def test_one_webhook_gone_wrong_is_not_enough() -> None:
    assert judged(signs((0, FALLBACK), (1, OK), (2, BAD))) == UP


SILENT, FAILED, FINE = 0, 1, 2


def dials(*kinds: int, every_s: float = 10, last_s: float = 30) -> list[Dial]:
    """Return dials of these kinds, oldest first; the last one was made `last_s` seconds ago."""
    out = []
    for back, kind in enumerate(reversed(kinds)):
        seconds = last_s + back * every_s
        out.append(dial(seconds, None if kind == SILENT else 1, failed=kind == FAILED))
    return out[::-1]


@pytest.mark.parametrize(
    ("made", "is_down"),
    [
        pytest.param(dials(*[FAILED] * 4), False, id="four failed"),
        pytest.param(dials(*[FAILED] * 5), True, id="five failed, and no others"),
        pytest.param(dials(*[FAILED] * 5, *[FINE] * 5), True, id="five of ten, then well"),
        pytest.param(dials(*[FINE] * 5, *[FAILED] * 5), True, id="five of ten at the end"),
        pytest.param(dials(*[FINE] * 6, *[FAILED] * 4), False, id="four of ten"),
        pytest.param(dials(*[SILENT] * 4), False, id="four silent"),
        pytest.param(dials(*[SILENT] * 5), True, id="five silent"),
        pytest.param(dials(SILENT, FAILED, SILENT, FAILED, SILENT), True, id="silent and failed add up"),
        pytest.param(dials(*[FAILED] * 4, *[FINE] * 6, FAILED), False, id="the first of five is the eleventh back"),
        pytest.param(dials(*[FAILED] * 4, *[FINE] * 5, FAILED), True, id="the first of five is the tenth back"),
        pytest.param(
            [*dials(*[FINE] * 10), *dials(*[FAILED] * 4, every_s=40, last_s=200)],
            False,
            id="ten newer ones are fine",
        ),
    ],
)
def test_half_of_the_last_ten_dials(made: list[Dial], is_down: bool) -> None:
    found = judged(dials=made)

    assert found.state is (LineState.DOWN if is_down else LineState.UP)
    assert found.reason is (DownReason.DIALS if is_down else None)


@pytest.mark.parametrize(("first_s", "is_down"), [(599, True), (600, True), (600.001, False), (601, False)])
def test_dials_count_for_ten_minutes(first_s: float, is_down: bool) -> None:
    """Told by their legs at once, so that the instant of the dial is the one that counts."""
    first = Dial(ago(first_s), ago(first_s), failed=True)
    others = [Dial(ago(n), ago(n), failed=True) for n in range(4)]

    assert (judged(dials=[first, *others]).state is LineState.DOWN) is is_down


@pytest.mark.parametrize(
    ("since_s", "heard_after_s", "is_down"),
    [
        pytest.param(19.999, None, False, id="not yet 20 s: it may still come"),
        pytest.param(20, None, True, id="20 s without a child event"),
        pytest.param(21, None, True, id="21 s"),
        pytest.param(60, 20, False, id="heard of at 20 s"),
        pytest.param(60, 20.001, True, id="heard of too late"),
        pytest.param(60, 45, True, id="heard of at last, but it was silent"),
    ],
)
def test_a_dial_without_a_child_event_for_20_seconds_is_bad(
    since_s: float, heard_after_s: float | None, is_down: bool
) -> None:
    five = [dial(since_s + n / 1000, heard_after_s) for n in range(5)]
    last_is_in_time = judged(dials=[*five[1:], dial(0, None)])

    assert (judged(dials=five).state is LineState.DOWN) is is_down
    assert last_is_in_time.state is LineState.UP


def test_a_line_that_nobody_calls_is_judged_by_its_probes() -> None:
    quiet = signs(*((15 * n, OK) for n in range(120)))
    failing = signs(*((15 * n, BAD) for n in range(4)), *((15 * n, OK) for n in range(4, 120)))

    assert judged(quiet) == UP
    assert judged(failing) == down(DownReason.PROBES, 15)


# The way back


@pytest.mark.parametrize(("quiet_s", "is_down"), [(0, True), (299, True), (299.999, True), (300, False), (301, False)])
def test_it_comes_up_after_five_quiet_minutes(quiet_s: float, is_down: bool) -> None:
    told = signs((quiet_s + 1, FALLBACK), (quiet_s, FALLBACK), *((n, OK) for n in range(0, 300, 15)))

    assert judged(told) == (down(DownReason.WEBHOOKS, quiet_s) if is_down else UP)


def test_f44_one_bad_sign_keeps_it_down_and_it_does_not_flap() -> None:
    told = signs((900, FALLBACK), (899, FALLBACK), *((899 - 299 * n, BAD) for n in range(1, 4)))
    states = [line_health(HealthFacts(signs=told), ago(900 - seconds)).state for seconds in range(0, 1201, 1)]

    changes = [n for n in range(1, len(states)) if states[n] is not states[n - 1]]

    assert changes == [1, 898 + 300]  # down with the second fallback, up 5 minutes after the last bad sign


@pytest.mark.parametrize(("apart_s", "is_down"), [(299, True), (300, False), (301, False)])
def test_a_bad_sign_after_five_quiet_minutes_finds_it_up(apart_s: float, is_down: bool) -> None:
    told = signs((apart_s + 1, FALLBACK), (apart_s, FALLBACK), (0, BAD))

    assert judged(told) == (down(DownReason.WEBHOOKS, apart_s) if is_down else UP)


def test_one_bad_sign_alone_neither_takes_it_down_nor_counts_towards_the_next() -> None:
    told = signs((700, FALLBACK), (400, UNANSWERED), (200, BAD), (0, FALLBACK))

    assert judged(told) == UP


def test_it_goes_down_anew_after_a_late_recovery() -> None:
    told = signs((900, FALLBACK), (899, FALLBACK), (1, UNANSWERED), (0, FALLBACK))

    assert line_health(HealthFacts(signs=told), ago(500)) == UP
    assert judged(told) == down(DownReason.WEBHOOKS, 0)


def test_it_is_since_the_first_threshold_and_for_the_first_reason() -> None:
    told = signs((100, FALLBACK), (99, FALLBACK), (30, BAD), (15, BAD), (0, BAD))

    assert judged(told) == down(DownReason.WEBHOOKS, 99)


# The operator's switch


@pytest.mark.parametrize(
    ("declared_s", "expected"), [(0, down(DownReason.OPERATOR, 0)), (3600, down(DownReason.OPERATOR, 3600)), (-1, UP)]
)
def test_the_operators_switch_counts_at_once_and_does_not_end_by_itself(declared_s: float, expected: Health) -> None:
    well = signs(*((15 * n, OK) for n in range(40)))

    assert expected == judged(well, declared_s=declared_s)


def test_the_operators_word_goes_before_other_reasons_and_back_at_once() -> None:
    bad = signs((1, FALLBACK), (0, FALLBACK))

    assert judged(bad, declared_s=60) == down(DownReason.OPERATOR, 60)
    assert judged(bad) == down(DownReason.WEBHOOKS, 0)
    assert judged() == UP


# Any facts

whole_seconds = st.integers(0, int(HISTORY.total_seconds()))
facts = st.builds(
    HealthFacts,
    signs=st.lists(
        st.tuples(whole_seconds.map(ago), st.sampled_from([OK, BAD, BAD, FALLBACK, UNANSWERED])), max_size=25
    ).map(tuple),
    dials=st.lists(
        st.builds(dial, whole_seconds, st.none() | st.integers(0, 40), failed=st.booleans()), max_size=25
    ).map(tuple),
)


def bad_signs(told: HealthFacts) -> list[datetime]:
    """Return when each bad sign was given, said in another way than the rules do."""
    out = [at for at, sign in told.signs if sign is not OK]
    for one in told.dials:
        silent_at = one.at + timedelta(seconds=20)
        if one.first_leg_at is None or one.first_leg_at > silent_at:
            out.append(silent_at)
        elif one.failed:
            out.append(one.first_leg_at)
    return out


@settings(max_examples=200, deadline=None)
@given(facts, st.data())
def test_the_order_of_facts_does_not_matter(told: HealthFacts, data: st.DataObject) -> None:
    turned = HealthFacts(
        signs=tuple(data.draw(st.permutations(told.signs))),
        dials=tuple(data.draw(st.permutations(told.dials))),
    )

    assert line_health(told, NOW) == line_health(turned, NOW)


@settings(max_examples=200, deadline=None)
@given(facts)
def test_down_means_a_bad_sign_within_the_last_five_minutes(told: HealthFacts) -> None:
    found = line_health(told, NOW)
    recent = [at for at in bad_signs(told) if ago(300) < at <= NOW]

    if found.state is LineState.DOWN:
        assert recent
        assert found.since is not None
        assert found.since in bad_signs(told)
        assert found.since <= NOW
    if not recent:
        assert found == UP


@settings(max_examples=100, deadline=None)
@given(facts, st.integers(0, 1800))
def test_what_comes_later_does_not_change_what_was_judged_before(told: HealthFacts, back_s: int) -> None:
    then = ago(back_s)
    known = HealthFacts(
        signs=tuple(one for one in told.signs if one[0] <= then),
        dials=tuple(
            Dial(d.at, d.first_leg_at if d.first_leg_at and d.first_leg_at <= then else None, d.failed)
            for d in told.dials
            if d.at <= then
        ),
    )

    assert line_health(known, then) == line_health(told, then)


def test_a_storm_of_signs_is_judged_quickly() -> None:
    """In an outage every call leaves two signs, and every one of them is judged at once."""
    storm = HealthFacts(
        signs=tuple((ago(n / 20), FALLBACK) for n in range(20_000)),
        dials=tuple(dial(n / 20, None) for n in range(20_000)),
    )
    began = process_time()

    assert line_health(storm, NOW).state is LineState.DOWN

    assert process_time() - began < 1.5
