"""Blocks: dated open time with *Accept External Appointments* (R30, R31), and time off; both may recur."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.api import access, cursors
from portal.api.fields import Absent, Closes, Day, Listing, Nothing, Opens, Shape, Zone, changes
from portal.api.operation import ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.models import Block
from scheduling.rules.hours import clock
from scheduling.values import BlockKind, BlockRule, Repeats


class NewBlock(Shape):
    """A block in wall time; without `ends_on` it ends on the day on which it starts.

    `repeats_until` is the last day on which it may begin again. `accept_external` lets payers ask for its times,
    while the provider is in their programme.
    """

    kind: BlockKind = BlockKind.OPEN
    starts_on: Day
    opens: Opens
    ends_on: Day | None = None
    closes: Closes
    timezone: Zone | None = None
    repeats: Repeats = Repeats.NEVER
    repeats_until: Day | None = None
    accept_external: bool = False


class BlockChange(Shape):
    """What is to change; null takes the end of a recurrence away. A new first day moves the last one along."""

    kind: BlockKind = Absent
    starts_on: Day = Absent
    opens: Opens = Absent
    ends_on: Day = Absent
    closes: Closes = Absent
    timezone: Zone = Absent
    repeats: Repeats = Absent
    repeats_until: Day | None = Absent
    accept_external: bool = Absent


class BlockShown(Shape):
    """A block; `version` counts its changes."""

    id: UUID
    provider_id: UUID
    kind: BlockKind
    starts_on: str
    opens: str
    ends_on: str
    closes: str
    timezone: str
    repeats: Repeats
    repeats_until: str | None
    accept_external: bool
    created_at: datetime
    version: int


class BlocksShown(Shape):
    """Blocks, in the order of their ids."""

    items: list[BlockShown]
    next: str | None


async def create(ask: Ask[NewBlock, Nothing]) -> Answer:
    """Add a block to a provider's calendar."""
    provider = await access.provider(ask, ask.path["provider_id"], lock=True)
    new = ask.body
    block = BlockRule(
        kind=new.kind,
        starts_on=new.starts_on,
        starts_m=new.opens,
        ends_on=new.ends_on or new.starts_on,
        ends_m=new.closes,
        timezone=new.timezone or provider.timezone,
        repeats=new.repeats,
        until=new.repeats_until,
        accept_external=new.accept_external,
    )
    row = await scheduling.add_block(ask.session, provider.id, block, actor=ask.actor, now=ask.now, new_id=ask.new_id)
    return _answer(row)


async def listed(ask: Ask[Nothing, Listing]) -> Answer:
    """List a provider's blocks."""
    provider = await access.provider(ask, ask.path["provider_id"])
    found = await queries.blocks(
        ask.session, provider.id, after=cursors.row_id(ask.query.after), limit=ask.query.limit + 1
    )
    rows, after = cursors.page(found, ask.query.limit)
    return Answer(BlocksShown(items=[_shown(row) for row in rows], next=after))


async def edit(ask: Ask[BlockChange, Nothing]) -> Answer:
    """Change a block; what is booked in it stays."""
    row = await access.block(ask, ask.path["provider_id"], ask.path["block_id"])
    changed: dict[str, Any] = {_NAMES.get(name, name): value for name, value in changes(ask.body).items()}
    block = queries.rule(row)
    if "starts_on" in changed:  # the days that it lasts stay, unless told
        changed.setdefault("ends_on", block.ends_on + (changed["starts_on"] - block.starts_on))
    row = await scheduling.change_block(
        ask.session, row, replace(block, **changed), actor=ask.actor, now=ask.now, new_id=ask.new_id
    )
    return _answer(row)


_NAMES = {"opens": "starts_m", "closes": "ends_m", "repeats_until": "until"}


async def delete(ask: Ask[Nothing, Nothing]) -> Answer:
    """Delete a block; what is booked in it stays."""
    row = await access.block(ask, ask.path["provider_id"], ask.path["block_id"])
    await scheduling.remove_block(ask.session, row, actor=ask.actor, now=ask.now, new_id=ask.new_id)
    return Answer(None, (row.provider_id,))


def _answer(row: Block) -> Answer:
    return Answer(_shown(row), (row.provider_id,))


def _shown(row: Block) -> BlockShown:
    return BlockShown(
        id=row.id,
        provider_id=row.provider_id,
        kind=row.kind,
        starts_on=row.starts_on,
        opens=clock(row.starts_m),
        ends_on=row.ends_on,
        closes=clock(row.ends_m),
        timezone=row.timezone,
        repeats=row.repeats,
        repeats_until=row.repeats_until,
        accept_external=row.accept_external,
        created_at=row.created_at,
        version=row.version,
    )


OPERATIONS = (
    Operation(
        name="createBlock",
        method=Method.POST,
        path="/providers/{provider_id}/blocks",
        roles=ADMIN_AND_PROVIDER,
        summary="Add a block of open time, or of time off",
        handler=create,
        body=NewBlock,
        query=Nothing,
        answer=BlockShown,
        status=201,
        makes="block_id",
    ),
    Operation(
        name="listBlocks",
        method=Method.GET,
        path="/providers/{provider_id}/blocks",
        roles=ADMIN_AND_PROVIDER,
        summary="List a provider's blocks",
        handler=listed,
        body=Nothing,
        query=Listing,
        answer=BlocksShown,
    ),
    Operation(
        name="changeBlock",
        method=Method.PATCH,
        path="/providers/{provider_id}/blocks/{block_id}",
        roles=ADMIN_AND_PROVIDER,
        summary="Change a block",
        handler=edit,
        body=BlockChange,
        query=Nothing,
        answer=BlockShown,
    ),
    Operation(
        name="deleteBlock",
        method=Method.DELETE,
        path="/providers/{provider_id}/blocks/{block_id}",
        roles=ADMIN_AND_PROVIDER,
        summary="Delete a block",
        handler=delete,
        body=Nothing,
        query=Nothing,
        answer=None,
        status=204,
    ),
)
