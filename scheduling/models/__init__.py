"""The tables of the calendar."""

from scheduling.models.appointments import NO_OVERLAP, Appointment, Series
from scheduling.models.availability import Block, BusyFeed, BusySpan, ReferralSettings, WorkingHours
from scheduling.models.booking import BookingDraft, CalendarFeed, PracticePolicy, Request, WaitlistEntry
from scheduling.models.matching import Impression, Opening, Search

__all__ = [
    "NO_OVERLAP",
    "Appointment",
    "Block",
    "BookingDraft",
    "BusyFeed",
    "BusySpan",
    "CalendarFeed",
    "Impression",
    "Opening",
    "PracticePolicy",
    "ReferralSettings",
    "Request",
    "Search",
    "Series",
    "WaitlistEntry",
    "WorkingHours",
]
