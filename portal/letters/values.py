"""What a letter is made of and what it may know."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from scheduling.values import Method, SessionType
from status.values import NoticeKey

_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._/-]*)?")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_LINK = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._/-]*)?/l/[A-Za-z0-9_-]{20,80}")
_PATH = re.compile(r"([a-z-]+(/[0-9a-f-]{36})?)?")
_CODE = re.compile(r"[0-9]{6}")
_ONE_LINE = re.compile("[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,201}")


class Dial(StrEnum):
    """What a reminder tells its reader to dial."""

    LINE = "line"
    DIRECT = "direct"  # the number that the portal shows
    UNVERIFIED = "unverified"  # the same, and how to get onto the line
    NO_NUMBER = "no_number"  # nothing to dial is known


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What every letter may say: instants, a zone to tell them in, and the portal's address.

    `path` is the page there that the letter is about: a word and perhaps an opaque id; empty is the start page.
    """

    portal_url: str
    timezone: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    path: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError where a string is not what its field says, or an instant has no zone."""
        ZoneInfo(self.timezone)
        if not _URL.fullmatch(self.portal_url):
            raise ValueError("portal_url is an address without user, query or fragment")
        if not _PATH.fullmatch(self.path):
            raise ValueError("path is a word and perhaps an id")
        for field in fields(self):
            value = getattr(self, field.name)
            instants = value if isinstance(value, tuple) else (value,)
            if any(isinstance(one, datetime) and one.tzinfo is None for one in instants):
                raise ValueError("an instant needs a zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFacts(_Facts):
    """Everything that a letter to a provider may say (requirements 1.13).

    Instants, a zone to tell them in, the line's own number and the portal's address: there is no field that a
    name, an age, a note or a person's number fits into, and `__post_init__` sees to it for the four strings.
    """

    opens_at: datetime | None = None
    share_by: datetime | None = None
    decide_by: datetime | None = None
    line: str | None = None
    dial: Dial | None = None
    code: str | None = None

    def __post_init__(self) -> None:
        """Raise ValueError where a string is not what its field says, or an instant has no zone."""
        _Facts.__post_init__(self)
        if self.line is not None and not _NUMBER.fullmatch(self.line):
            raise ValueError("line is an E.164 number")
        if self.code is not None and not (len(self.code) == 6 and self.code.isdecimal()):
            raise ValueError("code has six digits")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFacts(_Facts):
    """Everything that a letter to a client may say (requirements 1.13).

    `provider` is with whom, as the provider shows their name. There is no field for a telephone number, so none of
    a provider's and none of the line's gets in (R102), and none for words: what a provider wrote stands in the
    portal, and `wrote` says that there is something to read. `can_be_called` tells whether any number of theirs is
    known, and not which. `until` is when an offer or a code ends, `ahead` when what is left of a series starts.
    """

    provider: str | None = None
    session_type: SessionType | None = None
    until: datetime | None = None
    ahead: tuple[datetime, ...] | None = None
    can_be_called: bool = True
    wrote: bool = False
    code: str | None = None

    def __post_init__(self) -> None:
        """Raise ValueError where a string is not what its field says, or an instant has no zone."""
        _Facts.__post_init__(self)
        if self.provider is not None and not _ONE_LINE.fullmatch(self.provider):
            raise ValueError("provider is a name on one line")
        if self.code is not None and not _CODE.fullmatch(self.code):
            raise ValueError("code is six digits")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts(_Facts):
    """Everything that a letter about an account may say: a link that works once, until when, and who invites.

    `link` is an address of the portal with an opaque token; `provider` is the name of who has added a client, as
    they show it, and the only thing that an invitation may tell (M6).
    """

    link: str | None = None
    until: datetime | None = None
    provider: str | None = None

    def __post_init__(self) -> None:
        """Raise ValueError where a string is not what its field says, or an instant has no zone."""
        _Facts.__post_init__(self)
        if self.link is not None and not _LINK.fullmatch(self.link):
            raise ValueError("link is an address of the portal with a token")
        if self.provider is not None and not _ONE_LINE.fullmatch(self.provider):
            raise ValueError("provider is a name on one line")


Facts = ProviderFacts | ClientFacts | AccountFacts


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
    """The words of one letter in one language; names in braces are filled in from the facts.

    `if_wrote` is one more paragraph, for where the other side has written something that stands in the portal.
    """

    subject: str
    paragraphs: tuple[str, ...]
    text: str
    sentence: str
    if_wrote: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All letters of one language; a reminder to a provider is filed under what it tells its reader to dial.

    `session` names a kind of session and `held` says how it is held, both to clients; `enclosed` says what the file
    for calendars does that goes with a mail. The last four stand in calendars.
    """

    to_providers: Mapping[NoticeKey | Dial, Wording]
    to_clients: Mapping[NoticeKey, Wording]
    to_accounts: Mapping[NoticeKey, Wording]
    session: Mapping[SessionType, str]
    held: Mapping[SessionType, str]
    held_without_a_number: str
    enclosed: Mapping[Method, str]
    none_ahead: str
    to_the_portal: str
    footer_for_providers: str
    footer_for_clients: str
    footer_for_accounts: str
    stop: str
    entry_title: Mapping[SessionType, str]
    entry_title_with_initials: str
    entry_with: str
    entry_line: str
