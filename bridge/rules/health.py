"""Is the line down? Judged from our own signs, without memory but for what the last half hour shows (R111).

When in doubt it is down: a needless reveal shows a number that the provider may see anyway, a missed one
leaves somebody waiting. The carrier's status page lags by 25 to 78 minutes and has no say here.
"""

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
    """Judge a line at `now`: the signs are replayed in order, so the answer depends on nothing else.

    It goes down at a threshold and comes up after five minutes without a bad sign. The operator's switch counts
    at once, in both directions, and does not wait.
    """
    if facts.declared_at is not None and facts.declared_at <= now:
        return Health(state=LineState.DOWN, since=facts.declared_at, reason=DownReason.OPERATOR)
    since: datetime | None = None
    reason: DownReason | None = None
    last_bad: datetime | None = None
    for at in _instants(facts, now, figures):
        if last_bad is not None and at - last_bad >= figures.quiet:
            since = reason = last_bad = None
        if not _bad_at(facts, at, figures):
            continue  # only a bad sign takes a line down or keeps it there
        found = _trigger(facts, at, figures)
        if last_bad is not None:
            last_bad = at
        elif found is not None:
            since, reason, last_bad = at, found, at
    if last_bad is None or now - last_bad >= figures.quiet:
        return Health(state=LineState.UP)
    return Health(state=LineState.DOWN, since=since, reason=reason)


def _instants(facts: HealthFacts, now: datetime, figures: Thresholds) -> list[datetime]:
    known = {at for at, _ in facts.signs} | {_judged_at(d, figures) for d in facts.dials}
    return sorted(at for at in known if at <= now)


def _judged_at(dial: Dial, figures: Thresholds) -> datetime:
    """A dial tells something once its leg was heard of, or 20 s after it should have been."""
    return min(dial.first_leg_at or dial.at + figures.leg_within, dial.at + figures.leg_within)


def _is_bad(dial: Dial, figures: Thresholds) -> bool:
    silent = dial.first_leg_at is None or dial.first_leg_at - dial.at > figures.leg_within
    return dial.failed or silent


def _trigger(facts: HealthFacts, at: datetime, figures: Thresholds) -> DownReason | None:
    probes = [sign for when, sign in sorted(facts.signs) if when <= at and sign not in _WEBHOOKS]
    recent = probes[-figures.probes_in_a_row :]
    if len(recent) == figures.probes_in_a_row and set(recent) == {Sign.PROBE_FAILED}:
        return DownReason.PROBES
    webhooks = [1 for when, sign in facts.signs if sign in _WEBHOOKS and at - figures.webhooks_within <= when <= at]
    if len(webhooks) >= figures.webhooks:
        return DownReason.WEBHOOKS
    dials = sorted((d for d in facts.dials if at - figures.dials_within <= _judged_at(d, figures) <= at), key=_when)
    if sum(_is_bad(d, figures) for d in dials[-figures.dials :]) >= figures.bad_dials:
        return DownReason.DIALS
    return None


def _when(dial: Dial) -> datetime:
    return dial.at


def _bad_at(facts: HealthFacts, at: datetime, figures: Thresholds) -> bool:
    if any(when == at and sign is not Sign.PROBE_OK for when, sign in facts.signs):
        return True
    return any(_judged_at(d, figures) == at and _is_bad(d, figures) for d in facts.dials)
