"""The line: how each number of the pool is doing, and the operator's switch."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from bridge import actions as bridge
from bridge import queries
from bridge.models import LineStatus
from bridge.values import DownReason, LineState
from config.errors import Refused
from people.values import TokenRole
from portal.api.fields import Nothing, Phone, Sentence, Shape
from portal.api.operation import ADMIN, ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation

Lines = Annotated[list[Phone], Field(min_length=1, max_length=100)]


class Outage(Shape):
    """Which lines are down, all unless told, and why, in words for other operators."""

    lines: Lines | None = None
    reason: Sentence | None = None


class Restoration(Shape):
    """For which lines the switch is taken back, all unless told."""

    lines: Lines | None = None


class LineShown(Shape):
    """A line; one that was never judged is taken to be up."""

    line: str
    state: LineState
    since: datetime | None
    reason: DownReason | None
    judged_at: datetime | None
    declared_at: datetime | None
    declared_reason: str | None


class LinesShown(Shape):
    """The lines of the pool, in their order."""

    items: list[LineShown]
    next: str | None


async def health(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show how the lines are doing."""
    return await _shown(ask)


async def declare_outage(ask: Ask[Outage, Nothing]) -> Answer:
    """Call lines down at once (R111)."""
    await bridge.declare_outage(
        ask.session,
        lines=_lines(ask, ask.body.lines),
        reason=ask.body.reason,
        actor=ask.actor,
        settings=ask.settings,
        now=ask.now,
        new_id=ask.new_id,
    )
    return await _shown(ask, told=True)


async def restore(ask: Ask[Restoration, Nothing]) -> Answer:
    """Take the switch back; a line that its own signs call down stays down."""
    await bridge.restore(
        ask.session,
        lines=_lines(ask, ask.body.lines),
        actor=ask.actor,
        settings=ask.settings,
        now=ask.now,
        new_id=ask.new_id,
    )
    return await _shown(ask, told=True)


def _lines(ask: Ask[Any, Any], told: Sequence[str] | None) -> Sequence[str]:
    pool = ask.settings.lines
    if told is None:
        return pool
    if set(told) - set(pool):
        raise Refused("no_such_line", "Name lines of the pool; see GET /line.", status=422)
    return tuple(dict.fromkeys(told))


async def _shown(ask: Ask[Any, Any], *, told: bool = False) -> Answer:
    judged = {row.line: row for row in await queries.line_statuses(ask.session)}
    for_operators = ask.caller.role is TokenRole.ADMIN
    items = [_view(line, judged.get(line), for_operators=for_operators) for line in ask.settings.lines]
    pool = ask.settings.lines if told else ()
    ids = await bridge.concerned(ask.session, pool, settings=ask.settings, now=ask.now)
    return Answer(LinesShown(items=items, next=None), tuple(ids))


def _view(line: str, row: LineStatus | None, *, for_operators: bool) -> LineShown:
    if row is None:
        return LineShown(
            line=line,
            state=LineState.UP,
            since=None,
            reason=None,
            judged_at=None,
            declared_at=None,
            declared_reason=None,
        )
    shown = LineShown.model_validate(row)
    return shown if for_operators else shown.model_copy(update={"declared_reason": None})


OPERATIONS = (
    Operation(
        name="getLine",
        method=Method.GET,
        path="/line",
        roles=ADMIN_AND_PROVIDER,
        summary="Show how the lines are doing",
        handler=health,
        body=Nothing,
        query=Nothing,
        answer=LinesShown,
    ),
    Operation(
        name="declareOutage",
        method=Method.POST,
        path="/line/outage",
        roles=ADMIN,
        summary="Call lines down",
        handler=declare_outage,
        body=Outage,
        query=Nothing,
        answer=LinesShown,
        body_optional=True,
    ),
    Operation(
        name="restoreLine",
        method=Method.POST,
        path="/line/restore",
        roles=ADMIN,
        summary="Take the switch back",
        handler=restore,
        body=Restoration,
        query=Nothing,
        answer=LinesShown,
        body_optional=True,
    ),
)
