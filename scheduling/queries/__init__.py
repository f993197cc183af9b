"""Reads and writes of the calendar's tables."""

from scheduling.queries.appointments import (
    TAKEN,
    ahead_of_referral,
    appointment,
    appointment_for_update,
    appointments,
    has_ahead,
    neighbours,
    upcoming_tracked,
    window,
    windows,
)

__all__ = [
    "TAKEN",
    "ahead_of_referral",
    "appointment",
    "appointment_for_update",
    "appointments",
    "has_ahead",
    "neighbours",
    "upcoming_tracked",
    "window",
    "windows",
]
