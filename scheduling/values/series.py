"""The words about series (R28)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Every(StrEnum):
    """How often a series comes."""

    WEEK = "week"
    TWO_WEEKS = "two_weeks"


class Scope(StrEnum):
    """How much of a series is meant."""

    THIS = "this"
    THIS_AND_LATER = "this_and_later"
    ALL = "all"  # that lie ahead


class Save(StrEnum):
    """What to do with a series of which some occurrences meet another appointment."""

    ALL_OR_NOTHING = "all_or_nothing"
    FREE_ONES = "free_ones"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time of a series, by its place from 1 on, and the instants that it comes to."""

    place: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesRule:
    """A series in wall time: it stays at nine o'clock when the clocks change."""

    starts_on: date
    starts_m: int
    length_m: int
    timezone: str
    every: Every
    times: int
