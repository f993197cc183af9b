"""A client who seeks help and a provider who could give it; each test says what is different."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from scheduling.values import (
    Answers,
    Candidate,
    Modality,
    Openings,
    Parts,
    ReferralRules,
    Scored,
    SessionType,
)

# A Tuesday, 2 PM in New York.
NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
DAY, HOUR = 86_400, 3600
START = int(NOW.timestamp())


def provider_id(n: int) -> UUID:
    return UUID(int=n)


ANSWERS = Answers(state="NY", age=34, session_type=SessionType.FULL_SESSION, timezone="America/New_York")

RULES = ReferralRules(
    accepting=True,
    paused_until=None,
    session_types=frozenset(SessionType),
    modalities=frozenset(Modality),
    plans=frozenset({"aetna", "cigna"}),
    states=frozenset({"NY", "NJ"}),
    youngest=18,
    oldest=65,
    not_treated=frozenset(),
)

CANDIDATE = Candidate(
    provider_id=provider_id(1),
    timezone="America/New_York",
    shown=True,
    rules=RULES,
    taxonomy="103TC0700X",
    openings=Openings(next_at=START + 2 * DAY, starts=(START + 2 * DAY,), in_week=10),
)


def asking(**told: Any) -> Answers:
    return replace(ANSWERS, **told)


def candidate(**told: Any) -> Candidate:
    return replace(CANDIDATE, **told)


def settings(**told: Any) -> Candidate:
    """Return the candidate with other referral settings."""
    return replace(CANDIDATE, rules=replace(RULES, **told))


def scored(n: int, *, exposure: float = 0.0, **told: Any) -> Scored:
    parts = {"problems": 0.7, "preferences": 1.0, "soonest": 1.0, "reliability": 0.8, **told}
    return Scored(provider_id=provider_id(n), parts=Parts(**parts), exposure=exposure)
