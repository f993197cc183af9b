"""The zones of the world and the moments at which their clocks are moved, for tests that walk through all of them."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

# In these years all clocks differ from UTC by whole quarters of an hour.
FIRST, LAST = datetime(2000, 1, 1), datetime(2037, 12, 31)  # noqa: DTZ001 - by the clock of each zone
_LOOK = timedelta(days=6)  # no zone is moved there and back within a week


def at(wall: str, zone: str, *, fold: int = 0) -> int:
    """The second of UTC at which clocks show a wall time such as 2026-03-10 09:00; `fold` 1 is its second time."""
    return int(datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp())


def shown(second: int, zone: str) -> str:
    """What clocks show then, such as `Tue 09:00`."""
    return datetime.fromtimestamp(second, ZoneInfo(zone)).strftime("%a %H:%M")


@cache
def changes(zone: str) -> tuple[int, ...]:
    """The seconds of UTC at which the clocks of a zone are moved."""
    found, there = [], ZoneInfo(zone)
    at, offset = FIRST, there.utcoffset(FIRST)
    while at < LAST:
        following = there.utcoffset(at + _LOOK)
        if following != offset:
            low, high = (int(wall.replace(tzinfo=there).timestamp()) for wall in (at, at + _LOOK))
            while high - low > 1:
                middle = (low + high) // 2
                moved = datetime.fromtimestamp(middle, there).utcoffset() != offset
                low, high = (low, middle) if moved else (middle, high)
            found.append(high)
        at, offset = at + _LOOK, following
    return tuple(found)


# All that ever moved their clocks in these years.
moving = st.sampled_from(sorted(available_timezones())).filter(changes)


@st.composite
def zones_and_days(draw: st.DrawFn) -> tuple[str, date]:
    """A zone, and a day that is never far from one on which its clocks are moved."""
    zone = draw(moving)
    change = draw(st.sampled_from(changes(zone)))
    return zone, datetime.fromtimestamp(change, UTC).date() + timedelta(days=draw(st.integers(-3, 3)))
