"""What a letter is made of and what it may know."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from status.values import NoticeKey

_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._/-]*)?")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


class Dial(StrEnum):
    """What a reminder tells its reader to dial."""

    LINE = "line"
    DIRECT = "direct"  # the number that the portal shows
    UNVERIFIED = "unverified"  # the same, and how to get onto the line
    NO_NUMBER = "no_number"  # nothing to dial is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that a letter may say (requirements 1.13).

    Instants, a zone to tell them in, the line's own number and the portal's address: there is no field that a
    name, an age, a note or a person's number fits into, and `__post_init__` sees to it for the three strings.
    """

    portal_url: str
    timezone: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    opens_at: datetime | None = None
    share_by: datetime | None = None
    line: str | None = None
    dial: Dial | None = None

    def __post_init__(self) -> None:
        """Raise ValueError where a string is not what its field says, or an instant has no zone."""
        ZoneInfo(self.timezone)
        if not _URL.fullmatch(self.portal_url):
            raise ValueError("portal_url is an address without user, query or fragment")
        if self.line is not None and not _NUMBER.fullmatch(self.line):
            raise ValueError("line is an E.164 number")
        for instant in (self.starts_at, self.ends_at, self.opens_at, self.share_by):
            if instant is not None and instant.tzinfo is None:
                raise ValueError("an instant needs a zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One piece of news in every form that it may take.

    `subject`, `body` and `html` are a mail; `text` is spelled in the alphabet of texts and fits into one;
    `sentence` is for the portal.
    """

    subject: str
    body: str
    html: str
    text: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The words of one letter in one language; names in braces are filled in from the facts."""

    subject: str
    paragraphs: tuple[str, ...]
    text: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All letters of one language; a reminder is filed under what it tells its reader to dial."""

    letters: Mapping[NoticeKey | Dial, Wording]
    to_the_portal: str
    footer: str
    stop: str
