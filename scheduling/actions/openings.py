"""Openings, computed ahead on every change of a calendar and every quarter of an hour (3.5), and looked at anew."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from scheduling import queries
from scheduling.actions.house import House
from scheduling.actions.slots import slot_rules
from scheduling.rules.matching.day_parts import hour_of_week, week
from scheduling.rules.matching.gates import SOURCE
from scheduling.rules.matching.openings import openings
from scheduling.rules.slots import AROUND_S, first_open, slots
from scheduling.values import Calendar, Openings, SessionType, SlotRules
from status.rules import sharing

# Time alone moves notice and horizon on: what a search reads is no older, unless the worker is away.
GOOD_FOR = timedelta(minutes=15)
# How far back it counts how bookings were kept: as far as whether outcomes were told (3.2, 3.4).
HISTORY = sharing.WINDOW
AT_ONCE = 500
_AROUND = timedelta(seconds=AROUND_S)


async def compute_openings(session: AsyncSession, provider_ids: Sequence[UUID], *, house: House, now: datetime) -> None:
    """Compute the openings of providers anew, with how they kept what was booked, and write them down."""
    records = await queries.records(session, provider_ids, now - HISTORY, now)
    found: dict[tuple[UUID, SessionType], tuple[Openings, Sequence[int]]] = {}
    for session_type in SessionType:
        computed = await openings_now(session, provider_ids, session_type, house=house, now=now)
        for provider_id, one in computed.items():
            found[provider_id, session_type] = one, week(hour_of_week(start) for start in one.starts)
    await queries.write_openings(session, found, records, now)


async def refresh_openings(session: AsyncSession, *, house: House, now: datetime) -> int:
    """Compute anew what is older than a quarter of an hour, of those who are listed; return of how many."""
    stale = await queries.stale_openings(session, now - GOOD_FOR, AT_ONCE)
    await compute_openings(session, stale, house=house, now=now)
    return len(stale)


async def openings_now(
    session: AsyncSession,
    provider_ids: Sequence[UUID],
    session_type: SessionType,
    *,
    house: House,
    now: datetime,
    first_only: bool = False,
) -> Mapping[UUID, Openings]:
    """Return the openings of providers as their calendars are now; `first_only` looks no further than the next."""
    if not provider_ids:
        return {}
    told = await queries.settings_of(session, provider_ids)
    rules = {one: slot_rules(row, session_type, SOURCE, house) for one, row in told.items()}
    horizon = timedelta(seconds=max(one.horizon for one in rules.values()))
    calendars = await queries.calendars(session, provider_ids, now - _AROUND, now + horizon + _AROUND)
    cut = _first if first_only else _all
    return {one: cut(calendar, rules[one], int(now.timestamp())) for one, calendar in calendars.items()}


def _all(calendar: Calendar, rules: SlotRules, now: int) -> Openings:
    found = slots(calendar, rules, since=now, until=now + rules.horizon + 1, issued=now, now=now)
    return openings(found, ZoneInfo(calendar.timezone), now=now)


def _first(calendar: Calendar, rules: SlotRules, now: int) -> Openings:
    found = first_open(calendar, rules, now=now)
    return Openings(next_at=found.start, starts=(found.start,), in_week=1) if found else Openings()
