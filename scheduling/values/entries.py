"""The words about calendars as files (RFC 5545): what is written into other people's calendars."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Method(StrEnum):
    """What a file that comes by mail asks of a calendar (RFC 5546); a feed asks nothing."""

    PUBLISH = "PUBLISH"
    CANCEL = "CANCEL"


class EntryStatus(StrEnum):
    """Whether an entry stands."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An appointment as another calendar shows it.

    `uid` is the appointment's id, the same for ever; `sequence` rises with everything that changes, so that the
    newest version wins wherever several meet. `stamped_at` is when it last changed, or was told by mail.
    """

    uid: UUID
    sequence: int
    stamped_at: datetime
    starts_at: datetime
    ends_at: datetime
    status: EntryStatus
    title: str
    description: str
