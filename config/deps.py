"""What the house needs from outside, as contracts, and the one record that carries it around.

`app/deps.py` is the only place where real ones are made. Each contract has one real class, one stand-in
that speaks the same protocol, and one test that both pass.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import asyncpg
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from config.live import Live
from config.settings import Settings


class Taken(StrEnum):
    """What is known of a message after the attempt to hand it over."""

    YES = "yes"
    NO = "no"  # surely not taken: it may be tried again
    NEVER = "never"  # refused for good: it must not be tried again
    UNKNOWN = "unknown"  # it may have been taken: look it up before anything else


@dataclass(frozen=True, slots=True)
class Handover:
    """The result of one attempt; `reference` is the receiver's id, `code` its own word for the trouble."""

    taken: Taken
    reference: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class CarrierCall:
    """A call as the carrier's REST API tells it, in the carrier's own words."""

    sid: str
    parent_sid: str | None
    status: str
    duration_s: int | None
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class LineConfiguration:
    """How a line is set up at the carrier: the addresses it asks, and what must be empty or off."""

    number: str
    found: bool
    settings: Mapping[str, str]


class CarrierUnreachable(Exception):  # noqa: N818 - says what is so
    """The carrier's REST API did not answer, or not in time, or answered with its own failure."""


class Telephone(Protocol):
    """The carrier's REST API, as far as calls and numbers go. Raises CarrierUnreachable."""

    async def call(self, sid: str) -> CarrierCall | None:
        """Return the call, or None where the carrier knows none."""
        ...

    async def legs(self, parent_sid: str) -> Sequence[CarrierCall]:
        """Return the calls that `<Dial>` made out of one."""
        ...

    async def probe(self) -> bool:
        """Tell whether the API answers as it should."""
        ...

    async def line(self, number: str) -> LineConfiguration:
        """Read how a number is set up."""
        ...

    async def configure(self, number: str, wanted: Mapping[str, str]) -> None:
        """Set up a number."""
        ...


class Texts(Protocol):
    """Text messages."""

    async def send(self, *, to: str, body: str, notice: UUID, valid_s: int) -> Handover:
        """Hand over one text; it is dropped by the carrier when not delivered within `valid_s` seconds."""
        ...

    async def find(self, *, to: str, body: str, since: datetime) -> str | None:
        """Return the id of a text with this body that was taken since then, if there is one."""
        ...


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """A file for calendars that goes with a message; `method` is what it asks of them (RFC 5546)."""

    method: str
    text: str


class Mail(Protocol):
    """Electronic mail."""

    async def send(
        self,
        *,
        to: str,
        subject: str,
        body: str,
        html: str | None,
        message_id: str,
        calendar: CalendarFile | None = None,
    ) -> Handover:
        """Hand over one message; `message_id` stays the same however often it is tried."""
        ...


@dataclass(frozen=True, slots=True)
class WayToPay:
    """What a processor calls a way to pay, how it is shown, and its last good day in ISO, if it ends."""

    reference: str
    label: str
    expires_on: str | None


class Processor(Protocol):
    """Who takes clients' cards: they are entered on a page of the processor's, and no number ever comes here."""

    def page(self, *, ticket: str, back: str) -> str:
        """Return where a client enters a card; afterwards they come `back` with the id of what came of it."""
        ...

    async def redeem(self, result: str, *, ticket: str) -> WayToPay | None:
        """Return the way to pay behind a result that was made for this ticket; None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Deps:
    """Everything that is not a value: passed to the edges, never into rules."""

    settings: Settings
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    new_code: Callable[[], str]
    new_token: Callable[[], str]
    sessions: async_sessionmaker[AsyncSession]
    driver: asyncpg.Pool
    redis: "Redis"
    live: Live
    telephone: Telephone
    texts: Texts
    mail: Mail
    processor: Processor | None
