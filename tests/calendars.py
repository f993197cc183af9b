"""Calendars as files, read by two libraries that know nothing of each other: what only one of them takes is a bug."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import icalendar
import vobject  # type: ignore[import-untyped]  # the types that exist are of another version


@dataclass(frozen=True, slots=True, order=True)
class Read:
    """An entry as it was read."""

    starts_at: datetime
    uid: str
    sequence: int
    ends_at: datetime
    stamped_at: datetime
    title: str
    description: str
    status: str


def read(written: str) -> list[Read]:
    """Return the entries of a calendar, after both libraries have agreed on every word of them."""
    one, two = icalendar.Calendar.from_ical(written), vobject.readOne(written)
    assert (str(one["VERSION"]), str(one["PRODID"])) == (two.version.value, two.prodid.value)
    found = [_by_icalendar(event) for event in one.walk("VEVENT")]
    assert found == [_by_vobject(event) for event in getattr(two, "vevent_list", [])]
    return found


def _by_icalendar(event: Any) -> Read:
    return Read(
        uid=str(event["UID"]),
        sequence=int(event["SEQUENCE"]),
        starts_at=event.decoded("DTSTART"),
        ends_at=event.decoded("DTEND"),
        stamped_at=event.decoded("DTSTAMP"),
        title=str(event["SUMMARY"]),
        description=str(event["DESCRIPTION"]),
        status=str(event["STATUS"]),
    )


def _by_vobject(event: Any) -> Read:
    return Read(
        uid=event.uid.value,
        sequence=int(event.sequence.value),
        starts_at=event.dtstart.value,
        ends_at=event.dtend.value,
        stamped_at=event.dtstamp.value,
        title=event.summary.value,
        description=event.description.value,
        status=event.status.value,
    )
