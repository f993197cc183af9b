"""Is the line down? Judged from our own signs, without memory but for what the last half hour shows (R111).

When in doubt it is down: a needless reveal shows a number that the provider may see anyway, a missed one
leaves somebody waiting. The carrier's status page lags by 25 to 78 minutes and has no say here.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.values import Dial, DownReason, Health, HealthFacts, LineState, Sign

HISTORY = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The figures of R111."""

    probes_in_a_row: int = 3
    webhooks: int = 2
    webhooks_within: timedelta = timedelta(minutes=2)
    dials: int = 10
    bad_dials: int = 5
    dials_within: timedelta = timedelta(minutes=10)
    leg_within: timedelta = timedelta(seconds=20)
    quiet: timedelta = timedelta(minutes=5)


DEFAULTS = Thresholds()
_WEBHOOKS = frozenset({Sign.FALLBACK, Sign.WEBHOOK_UNANSWERED})


def line_health(facts: HealthFacts, now: datetime, figures: Thresholds = DEFAULTS) -> Health:
    """Judge a line at `now`: the bad signs are replayed in order of time, whatever the order of the facts.

    It goes down at a threshold and comes up after five minutes without a bad sign. The operator's switch counts
    at once, in both directions, and does not wait.
    """
    if facts.declared_at is not None and facts.declared_at <= now:
        return Health(state=LineState.DOWN, since=facts.declared_at, reason=DownReason.OPERATOR)
    known = _known(facts, now, figures)
    since: datetime | None = None
    reason: DownReason | None = None
    last_bad: datetime | None = None
    for at in known.bad:
        if last_bad is not None and at - last_bad < figures.quiet:
            last_bad = at  # one bad sign keeps a line down, a threshold takes it there
            continue
        since, reason = at, _trigger(known, at, figures)
        last_bad = at if reason else None
    if last_bad is None or now - last_bad >= figures.quiet:
        return Health(state=LineState.UP)
    return Health(state=LineState.DOWN, since=since, reason=reason)


@dataclass(frozen=True, slots=True)
class _Known:
    """What was known by an instant, in order of time: probes as (when, failed), dials as (when, bad, told at).

    Of two at the same instant the bad one comes last, and so counts as the newer: when in doubt, down.
    """

    probes: list[tuple[datetime, bool]]
    webhooks: list[datetime]
    dials: list[tuple[datetime, bool, datetime]]
    bad: list[datetime]


def _known(facts: HealthFacts, now: datetime, figures: Thresholds) -> _Known:
    signs = [(at, sign) for at, sign in facts.signs if at <= now]
    probes = sorted((at, sign is Sign.PROBE_FAILED) for at, sign in signs if sign not in _WEBHOOKS)
    webhooks = sorted(at for at, sign in signs if sign in _WEBHOOKS)
    dials = sorted(one for one in (_judged(dial, figures) for dial in facts.dials) if one[2] <= now)
    bad = {at for at, failed in probes if failed} | {told_at for _, is_bad, told_at in dials if is_bad}
    return _Known(probes, webhooks, dials, sorted(bad.union(webhooks)))


def _judged(dial: Dial, figures: Thresholds) -> tuple[datetime, bool, datetime]:
    """Return a dial as (when, bad, told at).

    It tells something once its leg was heard of, or 20 s after it should have been.
    """
    late = dial.at + figures.leg_within
    if dial.first_leg_at is None or dial.first_leg_at > late:
        return dial.at, True, late
    return dial.at, dial.failed, dial.first_leg_at


def _trigger(known: _Known, at: datetime, figures: Thresholds) -> DownReason | None:
    """Return which threshold of R111 has been reached at `at`."""
    probes = known.probes[: bisect_right(known.probes, (at, True))][-figures.probes_in_a_row :]
    if len(probes) == figures.probes_in_a_row and all(failed for _, failed in probes):
        return DownReason.PROBES
    webhooks = bisect_right(known.webhooks, at) - bisect_left(known.webhooks, at - figures.webhooks_within)
    if webhooks >= figures.webhooks:
        return DownReason.WEBHOOKS
    dials = [bad for _, bad, told_at in known.dials if at - figures.dials_within <= told_at <= at]
    if sum(dials[-figures.dials :]) >= figures.bad_dials:
        return DownReason.DIALS
    return None
