"""Calendars as files: appointments in the words of RFC 5545, for mails and for feeds.

Times are in UTC. An entry is one appointment and never a rule that repeats, so no zone is needed to read it, and
the clocks of no place can move it.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache

import icalendar

from scheduling.values import AppointmentState, Entry, EntryStatus, Method

_END = b"END:VCALENDAR\r\n"
_PRODUCT = "-//Consultline//Appointments//EN"


def letter_file(entries: Sequence[Entry], method: Method, organizer: str) -> str:
    """Return the file that a mail carries; `organizer` is the address that the mail comes from.

    Nobody is named as an attendee: this tells, it does not invite (docs/decisions/0015).
    """
    calendar = _calendar()
    calendar.add("method", method.value)
    for one in entries:
        event = _event(one)
        address = icalendar.vCalAddress(f"mailto:{organizer}")
        address.params["CN"] = "Consultline"
        event.add("organizer", address)
        calendar.add_component(event)
    return _written(calendar).decode()


def feed_file(entries: Sequence[Entry], *, name: str, every: timedelta) -> bytes:
    """Return the whole of a calendar that is read again and again; `every` says how often that is welcome.

    The same entries give the same bytes, in whatever order they come. Half a millisecond for an entry that is
    written for the first time, a few microseconds for one that was written before.
    """
    calendar = _calendar()
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)  # what most programs read instead of NAME
    calendar.add("refresh-interval", every, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", icalendar.vDuration(every))
    head = _written(calendar).removesuffix(_END)
    ordered = sorted(entries, key=lambda entry: (entry.starts_at, entry.uid))
    return b"".join([head, *map(_feed_entry, ordered), _END])


@lru_cache(maxsize=8192)  # of a calendar that is read every hour nearly nothing changes in between; 10 MB at most
def _feed_entry(one: Entry) -> bytes:
    event = _event(one)
    event.add("last-modified", one.stamped_at)
    written: bytes = event.to_ical()
    return written


def status_of(state: AppointmentState) -> EntryStatus | None:
    """Return how an appointment shows in a calendar; None for a hold that was let go, which nobody need see."""
    match state:
        case AppointmentState.HELD:
            return EntryStatus.TENTATIVE
        case AppointmentState.RELEASED:
            return None
        case AppointmentState.CANCELLED_BY_PROVIDER | AppointmentState.CANCELLED_BY_CLIENT:
            return EntryStatus.CANCELLED
        case _:
            return EntryStatus.CONFIRMED


def initials(*names: str) -> str:
    """Return the first letters of somebody's names: "C. R."; one that begins with no letter is left out."""
    firsts = (name.strip()[:1].upper() for name in names)
    return " ".join(f"{first}." for first in firsts if first.isalpha())


def _calendar() -> icalendar.Calendar:
    calendar = icalendar.Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    return calendar


def _written(calendar: icalendar.Calendar) -> bytes:
    written: bytes = calendar.to_ical()
    return written


def _event(one: Entry) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", str(one.uid))
    event.add("sequence", one.sequence)
    event.add("dtstamp", one.stamped_at)
    event.add("dtstart", one.starts_at)
    event.add("dtend", one.ends_at)
    event.add("summary", one.title)
    event.add("description", one.description)
    event.add("status", one.status.value)
    event.add("class", "PRIVATE")  # who shares a calendar shows that they are busy and not with what
    event.add("transp", "TRANSPARENT" if one.status is EntryStatus.CANCELLED else "OPAQUE")
    return event
