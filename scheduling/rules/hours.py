"""What working hours and blocks may look like, before anything is made from them."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise

from scheduling.values import BlockKind, BlockRule, Repeats, WeeklyHours

# A block may last a year at most, and one that recurs less than the time until it comes again.
LONGEST_BLOCK = timedelta(days=366)
PERIODS = {Repeats.NEVER: LONGEST_BLOCK, Repeats.WEEKLY: timedelta(days=7), Repeats.BIWEEKLY: timedelta(days=14)}


def closing_too_early(hours: Sequence[WeeklyHours]) -> WeeklyHours | None:
    """Return the first that closes before it opens: a slip, or a night, which is two."""
    return next((one for one in hours if one.closes_m <= one.opens_m), None)


def overlapping(hours: Sequence[WeeklyHours]) -> tuple[WeeklyHours, WeeklyHours] | None:
    """Return two of one weekday that overlap; touching is no overlap."""
    inorder = sorted(hours, key=lambda one: (one.weekday, one.opens_m))
    for one, other in pairwise(inorder):
        if one.weekday == other.weekday and other.opens_m < one.closes_m:
            return one, other
    return None


class BlockTrouble(StrEnum):
    """What can be wrong with a block."""

    ENDS_BEFORE_IT_STARTS = "ends_before_it_starts"
    TOO_LONG = "too_long"
    LONGER_THAN_ITS_PERIOD = "longer_than_its_period"
    UNTIL_WITHOUT_REPEATS = "until_without_repeats"
    UNTIL_BEFORE_START = "until_before_start"
    TIME_OFF_IS_NOT_OPEN = "time_off_is_not_open"


def wrong_with(block: BlockRule) -> BlockTrouble | None:
    """Return what is wrong with a block, if anything is."""
    days = block.ends_on - block.starts_on
    length = days + timedelta(minutes=block.ends_m - block.starts_m)
    if length <= timedelta():
        return BlockTrouble.ENDS_BEFORE_IT_STARTS
    if block.until is not None and block.repeats is Repeats.NEVER:
        return BlockTrouble.UNTIL_WITHOUT_REPEATS
    if block.until is not None and block.until < block.starts_on:
        return BlockTrouble.UNTIL_BEFORE_START
    if length > PERIODS[block.repeats]:
        return BlockTrouble.TOO_LONG if block.repeats is Repeats.NEVER else BlockTrouble.LONGER_THAN_ITS_PERIOD
    if block.accept_external and block.kind is BlockKind.TIME_OFF:
        return BlockTrouble.TIME_OFF_IS_NOT_OPEN
    return None


def clock(minute: int) -> str:
    """Say a minute of the day: 540 is 09:00, 1440 is 24:00."""
    return f"{minute // 60:02d}:{minute % 60:02d}"
