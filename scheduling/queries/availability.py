"""Reads and writes of open hours, blocks, imported calendars and referral settings."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    Uuid,
    and_,
    any_,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from config import times
from people import queries as people
from scheduling.models import Appointment, Block, BusyFeed, BusySpan, ReferralSettings, WorkingHours
from scheduling.queries.appointments import TAKEN
from scheduling.values import (
    BlockRule,
    Busy,
    Calendar,
    Modality,
    ReferralRules,
    Repeats,
    SessionType,
    Source,
    Span,
    WeeklyHours,
)

# No appointment is longer, so that none which began earlier than this reaches into a range.
LONGEST = timedelta(hours=24)
# A local day lies within a day of the same day in UTC, and a block that recurs is shorter than its two weeks. Where
# blocks touch, the grid counts from the first of them, unless they last for longer than two weeks together.
_DAY, _PERIOD, _WINDOW = timedelta(days=1), timedelta(days=14), timedelta(days=17)


# What slots are made from


async def calendar(
    session: AsyncSession, provider_id: UUID, since: datetime, until: datetime, *, but: UUID | None = None
) -> Calendar:
    """Return a provider's calendar, with everything in it that touches a range; `but` one appointment."""
    return (await _calendars(session, [provider_id], since, until, but))[provider_id]


async def calendars(
    session: AsyncSession, provider_ids: Sequence[UUID], since: datetime, until: datetime
) -> dict[UUID, Calendar]:
    """Return the calendars of many providers: five statements, however many they are."""
    return await _calendars(session, provider_ids, since, until, None)


async def _calendars(
    session: AsyncSession, provider_ids: Sequence[UUID], since: datetime, until: datetime, but: UUID | None
) -> dict[UUID, Calendar]:
    zones = await people.timezones(session, provider_ids)
    weekly = await _weekly(session, provider_ids)
    dated = await _dated(session, provider_ids, since, until)
    busy = await _appointments(session, provider_ids, since, until, but)
    for provider_id, found in (await _imported(session, provider_ids, since, until)).items():
        busy[provider_id] += found
    return {
        provider_id: Calendar(
            timezone=timezone,
            hours=tuple(weekly[provider_id]),
            blocks=tuple(dated[provider_id]),
            busy=tuple(sorted(busy[provider_id])),
        )
        for provider_id, timezone in zones.items()
    }


async def _weekly(session: AsyncSession, provider_ids: Sequence[UUID]) -> dict[UUID, list[WeeklyHours]]:
    found = await session.execute(
        select(
            col(WorkingHours.provider_id),
            col(WorkingHours.weekday),
            col(WorkingHours.opens_m),
            col(WorkingHours.closes_m),
            col(WorkingHours.timezone),
        )
        .where(_one_of(col(WorkingHours.provider_id), provider_ids))
        .order_by(col(WorkingHours.weekday), col(WorkingHours.opens_m))
    )
    hours: dict[UUID, list[WeeklyHours]] = defaultdict(list)
    for provider_id, weekday, opens_m, closes_m, timezone in found:
        hours[provider_id].append(WeeklyHours(weekday=weekday, opens_m=opens_m, closes_m=closes_m, timezone=timezone))
    return hours


async def _dated(
    session: AsyncSession, provider_ids: Sequence[UUID], since: datetime, until: datetime
) -> dict[UUID, list[BlockRule]]:
    first, last = (since - _WINDOW).date(), (until + _WINDOW).date()
    found = await session.execute(
        select(Block)
        .where(
            _one_of(col(Block.provider_id), provider_ids),
            col(Block.starts_on) <= last.isoformat(),
            _not_over(first),
        )
        .order_by(col(Block.starts_on), col(Block.starts_m), col(Block.id))
    )
    blocks: dict[UUID, list[BlockRule]] = defaultdict(list)
    for row in found.scalars():
        blocks[row.provider_id].append(rule(row))
    return blocks


def _not_over(day: date) -> ColumnElement[bool]:
    """Say that a block reaches to this day, or may come again until then."""
    until = func.coalesce(col(Block.repeats_until) >= (day - _PERIOD).isoformat(), True)
    return or_(col(Block.ends_on) >= day.isoformat(), and_(col(Block.repeats) != Repeats.NEVER, until))


def rule(row: Block) -> BlockRule:
    """Return a block as slots are made from it."""
    return BlockRule(
        kind=row.kind,
        starts_on=date.fromisoformat(row.starts_on),
        starts_m=row.starts_m,
        ends_on=date.fromisoformat(row.ends_on),
        ends_m=row.ends_m,
        timezone=row.timezone,
        repeats=row.repeats,
        until=date.fromisoformat(row.repeats_until) if row.repeats_until else None,
        accept_external=row.accept_external,
    )


async def _appointments(
    session: AsyncSession, provider_ids: Sequence[UUID], since: datetime, until: datetime, but: UUID | None
) -> dict[UUID, list[Busy]]:
    query = _spans(Appointment, provider_ids, since, until).where(
        col(Appointment.state).in_(TAKEN), col(Appointment.starts_at) > since - LONGEST
    )
    if but is not None:
        query = query.where(col(Appointment.id) != but)
    return _busy(await session.execute(query), appointment=True)


async def _imported(
    session: AsyncSession, provider_ids: Sequence[UUID], since: datetime, until: datetime
) -> dict[UUID, list[Busy]]:
    return _busy(await session.execute(_spans(BusySpan, provider_ids, since, until)), appointment=False)


def _spans(
    kind: type[Appointment | BusySpan], provider_ids: Sequence[UUID], since: datetime, until: datetime
) -> Select[UUID, Sequence[int], Sequence[int]]:
    """Ask for what touches a range: one row a provider, with all starts and all ends in the same order."""
    starts_at, ends_at = col(kind.starts_at), col(kind.ends_at)
    return (
        select(
            col(kind.provider_id),
            func.array_agg(_seconds(starts_at)).aggregate_order_by(starts_at, col(kind.id)),
            func.array_agg(_seconds(ends_at, up=True)).aggregate_order_by(starts_at, col(kind.id)),
        )
        .where(_one_of(col(kind.provider_id), provider_ids), starts_at < until, ends_at > since)
        .group_by(col(kind.provider_id))
    )


def _busy(found: Iterable[Any], *, appointment: bool) -> dict[UUID, list[Busy]]:
    busy: dict[UUID, list[Busy]] = defaultdict(list)
    for provider_id, starts, ends in found:
        busy[provider_id] = [Busy(start, end, appointment) for start, end in zip(starts, ends, strict=True)]
    return busy


def _one_of(column: Any, ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Say that a column is one of these: one parameter however many they are, so one plan."""
    return column == any_(cast(list(ids), ARRAY(Uuid())))  # type: ignore[no-any-return]


def _seconds(column: Any, *, up: bool = False) -> ColumnElement[int]:
    """Read an instant as whole seconds since 1970, rounded so that what is taken never shrinks."""
    of_epoch = func.extract("epoch", column)
    return cast(func.ceil(of_epoch) if up else func.floor(of_epoch), BigInteger())


# Working hours


async def working_hours(session: AsyncSession, provider_id: UUID) -> Sequence[WorkingHours]:
    """Return a provider's working hours, in the order of the week."""
    found = await session.execute(
        select(WorkingHours)
        .where(col(WorkingHours.provider_id) == provider_id)
        .order_by(col(WorkingHours.weekday), col(WorkingHours.opens_m))
    )
    return found.scalars().all()


async def replace_hours(session: AsyncSession, provider_id: UUID, rows: Sequence[WorkingHours]) -> None:
    """Write a provider's working hours in the place of what was there."""
    await session.execute(delete(WorkingHours).where(col(WorkingHours.provider_id) == provider_id))
    session.add_all(rows)
    await session.flush()


# Blocks


async def block(session: AsyncSession, block_id: UUID) -> Block | None:
    """Return one block."""
    return await session.get(Block, block_id)


async def blocks(session: AsyncSession, provider_id: UUID, *, after: UUID | None, limit: int) -> Sequence[Block]:
    """Return a provider's blocks in the order of their ids."""
    query = select(Block).where(col(Block.provider_id) == provider_id).order_by(col(Block.id)).limit(limit)
    if after:
        query = query.where(col(Block.id) > after)
    return (await session.execute(query)).scalars().all()


async def count_blocks(session: AsyncSession, provider_id: UUID, now: datetime) -> int:
    """Return how many of a provider's blocks are not over yet."""
    found = await session.execute(
        select(func.count()).where(col(Block.provider_id) == provider_id, _not_over((now - _DAY).date()))
    )
    return found.scalar_one()


async def delete_block(session: AsyncSession, row: Block) -> None:
    """Delete a block."""
    await session.delete(row)
    await session.flush()


# Settings


async def referral_settings(session: AsyncSession, provider_id: UUID) -> ReferralSettings:
    """Return how a provider wants to be booked; without a row, one that is not saved yet and says the defaults."""
    row = await session.get(ReferralSettings, provider_id)
    return row or default_settings(provider_id)


def default_settings(provider_id: UUID) -> ReferralSettings:
    """Return what holds for who has set nothing: both session types, by telehealth, adults, 48 hours ahead."""
    return ReferralSettings(
        provider_id=provider_id,
        session_types=[kind.value for kind in SessionType],
        by_source={},
        modalities=[Modality.TELEHEALTH.value],
        plans=[],
        states=[],
        not_treated=[],
    )


def referral_rules(row: ReferralSettings) -> ReferralRules:
    """Return what kinds of clients can book, as gates are asked of it (R18)."""
    return ReferralRules(
        accepting=row.accepting,
        paused_until=row.paused_until,
        session_types=_session_types(row.session_types),
        by_source={Source(source): _session_types(kinds) for source, kinds in row.by_source.items()},
        modalities=frozenset(Modality(modality) for modality in row.modalities),
        plans=frozenset(row.plans),
        states=frozenset(row.states),
        youngest=row.youngest,
        oldest=row.oldest,
        not_treated=frozenset(row.not_treated),
    )


def _session_types(kinds: Iterable[str]) -> frozenset[SessionType]:
    return frozenset(SessionType(kind) for kind in kinds)


# Imported calendars


async def busy_feed(session: AsyncSession, feed_id: UUID) -> BusyFeed | None:
    """Return one imported calendar."""
    return await session.get(BusyFeed, feed_id)


async def busy_feed_for_update(session: AsyncSession, feed_id: UUID) -> BusyFeed | None:
    """Return one imported calendar, locked."""
    return await session.get(BusyFeed, feed_id, with_for_update=True, populate_existing=True)


async def busy_feeds(session: AsyncSession, provider_id: UUID) -> Sequence[BusyFeed]:
    """Return a provider's imported calendars in the order of their ids."""
    found = await session.execute(
        select(BusyFeed).where(col(BusyFeed.provider_id) == provider_id).order_by(col(BusyFeed.id))
    )
    return found.scalars().all()


async def due_feeds(session: AsyncSession, now: datetime, stale: timedelta, limit: int = 500) -> Sequence[UUID]:
    """Return the imported calendars that are due to be read; a claim that is `stale` was left behind."""
    found = await session.execute(
        select(col(BusyFeed.id))
        .where(
            col(BusyFeed.due_at) <= now,
            or_(col(BusyFeed.claimed_at).is_(None), col(BusyFeed.claimed_at) <= now - stale),
        )
        .order_by(col(BusyFeed.due_at))
        .limit(limit)
    )
    return found.scalars().all()


async def delete_feed(session: AsyncSession, row: BusyFeed) -> None:
    """Delete an imported calendar with everything that it takes."""
    await session.execute(delete(BusySpan).where(col(BusySpan.feed_id) == row.id))
    await session.delete(row)
    await session.flush()


async def replace_busy(session: AsyncSession, row: BusyFeed, spans: Sequence[tuple[UUID, Span]]) -> None:
    """Write what an imported calendar takes in the place of its last copy; each span comes with its id."""
    await session.execute(delete(BusySpan).where(col(BusySpan.feed_id) == row.id))
    if spans:
        await session.execute(
            insert(BusySpan),
            [
                {
                    "id": span_id,
                    "feed_id": row.id,
                    "provider_id": row.provider_id,
                    "starts_at": times.instant(span.start),
                    "ends_at": times.instant(span.end),
                }
                for span_id, span in spans
            ],
        )
