"""Reads and writes of the calendar's tables."""

from scheduling.queries.appointments import (
    TAKEN,
    appointment,
    appointment_for_update,
    appointments,
    has_ahead,
    neighbours,
    upcoming_tracked,
    window,
    windows,
)
from scheduling.queries.calendar_feeds import calendar_feed, calendar_feed_behind, starting_between
from scheduling.queries.referrals import (
    ahead_of,
    ahead_of_referral,
    all_of_referral,
    notes_of_referrals,
    of_referrals,
)

__all__ = [
    "TAKEN",
    "ahead_of",
    "ahead_of_referral",
    "all_of_referral",
    "appointment",
    "appointment_for_update",
    "appointments",
    "calendar_feed",
    "calendar_feed_behind",
    "has_ahead",
    "neighbours",
    "notes_of_referrals",
    "of_referrals",
    "starting_between",
    "upcoming_tracked",
    "window",
    "windows",
]
