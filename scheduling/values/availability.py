"""The words about open hours: wall time on the way in, spans of UTC on the way out (requirements 2.4).

A minute of the day counts from local midnight, 0 to 1440; a weekday counts from Monday, 0.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple


class BlockKind(StrEnum):
    """Whether a dated block opens time or takes it away."""

    OPEN = "open"
    TIME_OFF = "time_off"


class Repeats(StrEnum):
    """How a block comes again, in wall time."""

    NEVER = "never"
    WEEKLY = "weekly"
    BIWEEKLY = "biweekly"


class Caution(StrEnum):
    """What a provider is told of a time that they choose themselves; it stands in nobody's way."""

    OUTSIDE_HOURS = "outside_hours"
    BUSY_ELSEWHERE = "busy_elsewhere"  # by an event of an imported calendar


class FeedTrouble(StrEnum):
    """Why an imported calendar could not be read; the last good copy counts until it can (section 9)."""

    NOT_PUBLIC = "not_public"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    TOO_LARGE = "too_large"
    NOT_A_CALENDAR = "not_a_calendar"


class Span(NamedTuple):
    """A stretch of time: whole seconds of UTC since 1970, half-open."""

    start: int
    end: int


class OpenSpan(NamedTuple):
    """A stretch that is open for booking; its grid of starts counts from `anchor`, the local start of the window."""

    start: int
    end: int
    anchor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyHours:
    """Working hours of one weekday in one zone; a night is two of these, one on each side of midnight."""

    weekday: int
    opens_m: int
    closes_m: int
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRule:
    """A dated block, perhaps recurring. `until` is the last day on which it may begin again.

    `accept_external` is *Accept External Appointments* (R30).
    """

    kind: BlockKind
    starts_on: date
    starts_m: int
    ends_on: date
    ends_m: int
    timezone: str
    repeats: Repeats = Repeats.NEVER
    until: date | None = None
    accept_external: bool = False


class Busy(NamedTuple):
    """A stretch that is taken: by an appointment, or by an event of an imported calendar."""

    start: int
    end: int
    appointment: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Everything of one provider that slots are made from, loaded for a range that is wide enough."""

    timezone: str
    hours: tuple[WeeklyHours, ...]
    blocks: tuple[BlockRule, ...]
    busy: tuple[Busy, ...]
