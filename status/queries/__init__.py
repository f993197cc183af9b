"""Reads and writes of the ledger's tables."""

from status.queries.consultations import (
    consultation,
    consultation_for_update,
    due_consultations,
    last_asked_by_text,
    latest_consultations,
    missed_consultations,
    occurrence_for_update,
    open_questions,
    overlapping_consultations,
    sharing_of,
)
from status.queries.history import (
    add_event,
    appointments_changed_at,
    events,
)
from status.queries.notices import (
    OPEN_NOTICES,
    add_notice,
    delete_settled_notices,
    due_notices,
    notice,
    notice_for_update,
    notice_in_turn_for_update,
    notices,
    open_notices_for_update,
)
from status.queries.psychiatric import (
    accepted_by,
    due_psychiatric,
    open_psychiatric_for_update,
    psychiatric_referral,
    psychiatric_referral_for_update,
    psychiatric_referrals,
)
from status.queries.referrals import (
    add_referral,
    open_referral,
    referral,
    referral_for_update,
    referrals,
    unseen,
)
from status.queries.tasks import (
    task_for_update,
    tasks,
)

__all__ = [
    "OPEN_NOTICES",
    "accepted_by",
    "add_event",
    "add_notice",
    "add_referral",
    "appointments_changed_at",
    "consultation",
    "consultation_for_update",
    "delete_settled_notices",
    "due_consultations",
    "due_notices",
    "due_psychiatric",
    "events",
    "last_asked_by_text",
    "latest_consultations",
    "missed_consultations",
    "notice",
    "notice_for_update",
    "notice_in_turn_for_update",
    "notices",
    "occurrence_for_update",
    "open_notices_for_update",
    "open_psychiatric_for_update",
    "open_questions",
    "open_referral",
    "overlapping_consultations",
    "psychiatric_referral",
    "psychiatric_referral_for_update",
    "psychiatric_referrals",
    "referral",
    "referral_for_update",
    "referrals",
    "sharing_of",
    "task_for_update",
    "tasks",
    "unseen",
]
