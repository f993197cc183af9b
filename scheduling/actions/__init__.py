"""What can happen in the calendar. Called inside somebody's transaction; never commits."""

from scheduling.actions.appointments import (
    House,
    archive_client,
    book,
    cancel,
    correct_consultation,
    house,
    let_go,
    reschedule,
    switch_to_call,
    take_up,
    unarchive_client,
)
from scheduling.actions.calendar_feeds import calendar_feed_digest, make_calendar_feed, revoke_calendar_feed
from scheduling.actions.deadlines import enqueue_due
from scheduling.actions.referrals import find_another, hand_back, see_referral
from scheduling.actions.requests import (
    accept_request,
    decline_request,
    expire_request,
    leave_programme,
    withdraw_request,
)

__all__ = [
    "House",
    "accept_request",
    "archive_client",
    "book",
    "calendar_feed_digest",
    "cancel",
    "correct_consultation",
    "decline_request",
    "enqueue_due",
    "expire_request",
    "find_another",
    "hand_back",
    "house",
    "leave_programme",
    "let_go",
    "make_calendar_feed",
    "reschedule",
    "revoke_calendar_feed",
    "see_referral",
    "switch_to_call",
    "take_up",
    "unarchive_client",
    "withdraw_request",
]
