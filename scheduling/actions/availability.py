"""What a provider says of their time: working hours, blocks, and how they want to be booked (R18, R22, R25, R26, R30).

Nothing here touches an appointment that stands (R25). Each change is history, and what was computed ahead from the
old state is computed anew.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import Refused
from config.jobs import enqueue
from scheduling import queries
from scheduling.models import Block, ReferralSettings, WorkingHours
from scheduling.rules.hours import BlockTrouble, clock, closing_too_early, overlapping, wrong_with
from scheduling.values import BlockRule, WeeklyHours
from status import actions as ledger
from status.rules.access import STAFF, may, see_theirs
from status.values import Actor, EventKind

NewId = Callable[[], UUID]
Facts = dict[str, str | int | bool | None]

# Slots are made from every block that is not over; this many is more than a person can mean.
MOST_BLOCKS = 500

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


# Working hours


@may(*STAFF)
async def set_hours(
    session: AsyncSession,
    provider_id: UUID,
    hours: Sequence[WeeklyHours],
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> Sequence[WorkingHours]:
    """Replace a provider's working hours; Refused where two overlap or one closes before it opens."""
    see_theirs(actor, provider_id=provider_id)
    _refuse_what_cannot_be(hours)
    rows = [
        WorkingHours(
            id=new_id(),
            provider_id=provider_id,
            weekday=one.weekday,
            opens_m=one.opens_m,
            closes_m=one.closes_m,
            timezone=one.timezone,
        )
        for one in sorted(hours, key=lambda one: (one.weekday, one.opens_m))
    ]
    await queries.replace_hours(session, provider_id, rows)
    await _changed(
        session,
        EventKind.AVAILABILITY_CHANGED,
        provider_id,
        {"what": "hours", "spans": len(rows)},
        actor=actor,
        now=now,
        new_id=new_id,
    )
    return rows


def _refuse_what_cannot_be(hours: Sequence[WeeklyHours]) -> None:
    early = closing_too_early(hours)
    if early:
        raise Refused(
            "closes_before_it_opens",
            f"{_said(early)} closes before it opens. A night is two: until 24:00, and from 00:00 of the next day.",
            status=422,
        )
    both = overlapping(hours)
    if both:
        raise Refused(
            "hours_overlap", f"{_said(both[0])} and {_said(both[1])} overlap. Make one of the two.", status=422
        )


def _said(hours: WeeklyHours) -> str:
    return f"{_WEEKDAYS[hours.weekday]} {clock(hours.opens_m)}–{clock(hours.closes_m)}"


# Blocks


@may(*STAFF)
async def add_block(
    session: AsyncSession, provider_id: UUID, block: BlockRule, *, actor: Actor, now: datetime, new_id: NewId
) -> Block:
    """Add a block of open time, or of time off."""
    see_theirs(actor, provider_id=provider_id)
    _refuse_block(block)
    if await queries.count_blocks(session, provider_id, now) >= MOST_BLOCKS:
        raise Refused(
            "too_many_blocks", f"There are {MOST_BLOCKS} blocks that are not over yet. Delete some, or let one recur."
        )
    row = Block(id=new_id(), provider_id=provider_id, created_at=now, **_columns(block))
    session.add(row)
    await session.flush()
    await _block_changed(session, row, "block_added", actor=actor, now=now, new_id=new_id)
    return row


@may(*STAFF)
async def change_block(
    session: AsyncSession, row: Block, block: BlockRule, *, actor: Actor, now: datetime, new_id: NewId
) -> Block:
    """Write a block anew, the toggle of external appointments included (R30)."""
    see_theirs(actor, provider_id=row.provider_id)
    _refuse_block(block)
    for name, value in _columns(block).items():
        setattr(row, name, value)
    row.version += 1
    await session.flush()
    await _block_changed(session, row, "block_changed", actor=actor, now=now, new_id=new_id)
    return row


@may(*STAFF)
async def remove_block(session: AsyncSession, row: Block, *, actor: Actor, now: datetime, new_id: NewId) -> None:
    """Delete a block."""
    see_theirs(actor, provider_id=row.provider_id)
    await queries.delete_block(session, row)
    await _block_changed(session, row, "block_removed", actor=actor, now=now, new_id=new_id)


def _columns(block: BlockRule) -> dict[str, Any]:
    return {
        "kind": block.kind,
        "starts_on": block.starts_on.isoformat(),
        "starts_m": block.starts_m,
        "ends_on": block.ends_on.isoformat(),
        "ends_m": block.ends_m,
        "timezone": block.timezone,
        "repeats": block.repeats,
        "repeats_until": block.until.isoformat() if block.until else None,
        "accept_external": block.accept_external,
    }


def _refuse_block(block: BlockRule) -> None:
    trouble = wrong_with(block)
    if trouble:
        raise Refused(trouble.value, _TROUBLES[trouble], status=422)


_TROUBLES: Mapping[BlockTrouble, str] = {
    BlockTrouble.ENDS_BEFORE_IT_STARTS: "A block has to end after it starts. Give `ends_on` where that is a later day.",
    BlockTrouble.TOO_LONG: "A block may last a year at most. Give an earlier end.",
    BlockTrouble.LONGER_THAN_ITS_PERIOD: "A block that recurs may not last longer than until it comes again.",
    BlockTrouble.UNTIL_WITHOUT_REPEATS: "Only a block that recurs has `repeats_until`. Set `repeats`, or leave it out.",
    BlockTrouble.UNTIL_BEFORE_START: "`repeats_until` lies before the block's first day. Give a later one.",
    BlockTrouble.TIME_OFF_IS_NOT_OPEN: "Time off accepts no appointments. Leave out `accept_external`.",
}


async def _block_changed(
    session: AsyncSession, row: Block, what: str, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    facts: Facts = {"what": what, "block": str(row.id), "kind": row.kind.value, "accept_external": row.accept_external}
    await _changed(session, EventKind.AVAILABILITY_CHANGED, row.provider_id, facts, actor=actor, now=now, new_id=new_id)


# Settings


@may(*STAFF)
async def change_settings(
    session: AsyncSession,
    provider_id: UUID,
    changed: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> ReferralSettings:
    """Change how a provider wants to be booked; the caller holds the provider's row."""
    see_theirs(actor, provider_id=provider_id)
    row = await queries.referral_settings(session, provider_id)
    if not changed:
        return row
    for name, value in changed.items():
        setattr(row, name, value)
    if row.youngest > row.oldest:
        raise Refused("ages", "`youngest` is above `oldest`. Give the ages as a range.", status=422)
    row.version += 1
    session.add(row)
    await session.flush()
    facts: Facts = {"fields": ",".join(sorted(changed))}
    await _changed(session, EventKind.SETTINGS_CHANGED, provider_id, facts, actor=actor, now=now, new_id=new_id)
    return row


async def _changed(
    session: AsyncSession,
    kind: EventKind,
    provider_id: UUID,
    facts: Facts,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> None:
    """Write a change down, and have the next opening computed anew."""
    await ledger.record(session, kind, actor=actor, at=now, now=now, new_id=new_id, provider_id=provider_id, data=facts)
    await enqueue(session, "openings", provider_id, once=False)
