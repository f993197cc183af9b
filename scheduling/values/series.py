"""The words about series (R28)."""

from dataclasses import dataclass
from datetime import date
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesRule:
    """A series in wall time: it stays at nine o'clock when the clocks change."""

    starts_on: date
    starts_m: int
    length_m: int
    timezone: str
    every: Every
    times: int
