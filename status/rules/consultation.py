"""When a consultation moves by itself: by talk, by its end, by its deadline."""

from datetime import datetime, timedelta

from status.values import ConsultationEvent, ConsultationFacts, ConsultationStatus, Policy


def closes_at(ends_at: datetime, policy: Policy) -> datetime:
    """Return the instant from which on the status can no longer be shared (R120): 72 h after the end, elapsed."""
    return ends_at + timedelta(hours=policy.window_h)


def can_be_doubted(status: ConsultationStatus, ends_at: datetime, policy: Policy, now: datetime) -> bool:
    """Tell whether a provider can say that an automatic status is not right: until its window closes (R115)."""
    return status is ConsultationStatus.OCCURRED_AUTO and now < closes_at(ends_at, policy)


def asks_at(facts: ConsultationFacts, policy: Policy) -> datetime:
    """Return the instant at which the provider is asked: the end, or 4 h later while a call still runs (R117)."""
    return facts.ends_at + (timedelta(hours=policy.live_grace_h) if facts.live_since else timedelta())


def judge(facts: ConsultationFacts, now: datetime, policy: Policy) -> tuple[ConsultationEvent, ...]:
    """Return the events that have become true by `now`, in the order in which they are applied.

    Time comes first: at or after the deadline, evidence no longer decides (R121), however late this runs.
    """
    if facts.status.locked:
        return ()
    scheduled = facts.status is ConsultationStatus.SCHEDULED
    if now >= closes_at(facts.ends_at, policy):
        asked = (ConsultationEvent.END_PASSED,) if scheduled else ()
        return (*asked, ConsultationEvent.WINDOW_CLOSED)
    if facts.talk_s is not None and facts.talk_s >= policy.min_talk_s:
        return (ConsultationEvent.HELD,)
    if scheduled and now >= asks_at(facts, policy):
        return (ConsultationEvent.END_PASSED,)
    return ()


def judge_at(facts: ConsultationFacts, policy: Policy) -> datetime | None:
    """Return the next instant at which time alone can move it, or None when it is settled."""
    if facts.status.locked:
        return None
    deadline = closes_at(facts.ends_at, policy)
    return min(asks_at(facts, policy), deadline) if facts.status is ConsultationStatus.SCHEDULED else deadline
