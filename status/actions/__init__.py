"""What can happen in the ledger.

Every action is called inside somebody's transaction and never commits. `now` and ids are passed in.
"""

from status.actions.consultations import (
    answer,
    correct,
    end_consultation,
    excuse,
    facts,
    judge,
    open_consultation,
    policy,
    record_talk,
)
from status.actions.deadlines import enqueue_due
from status.actions.history import Data, NewId, record
from status.actions.notices import (
    move_notice,
    note_failed,
    note_receipt,
    note_sent,
    notify,
    notify_many,
    withdraw_notices,
)
from status.actions.psychiatric import draft_psychiatric, lapse_psychiatric, move_psychiatric
from status.actions.referrals import booked_further, move_referral, open_referral
from status.actions.tasks import close_task, open_task

__all__ = [
    "Data",
    "NewId",
    "answer",
    "booked_further",
    "close_task",
    "correct",
    "draft_psychiatric",
    "end_consultation",
    "enqueue_due",
    "excuse",
    "facts",
    "judge",
    "lapse_psychiatric",
    "move_notice",
    "move_psychiatric",
    "move_referral",
    "note_failed",
    "note_receipt",
    "note_sent",
    "notify",
    "notify_many",
    "open_consultation",
    "open_referral",
    "open_task",
    "policy",
    "record",
    "record_talk",
    "withdraw_notices",
]
