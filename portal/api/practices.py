"""Practices."""

from datetime import datetime
from uuid import UUID

from config.errors import Refused
from people import actions as people
from people.values import PracticeKind
from portal.api import access
from portal.api.fields import Absent, Nothing, Shape, Title, Zone, change, changes
from portal.api.operation import ADMIN, ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation


class NewPractice(Shape):
    """A practice to be added; a group starts with the line off."""

    name: Title
    kind: PracticeKind
    timezone: Zone


class PracticeChange(Shape):
    """What is to change; what is not sent stays."""

    name: Title = Absent
    timezone: Zone = Absent
    line_enabled: bool = Absent
    programme: bool = Absent


class PracticeShown(Shape):
    """A practice; a solo practice always has the line. `programme` opens the client referral programme (R68)."""

    id: UUID
    name: str
    kind: PracticeKind
    timezone: str
    line_enabled: bool
    programme: bool
    created_at: datetime


async def create(ask: Ask[NewPractice, Nothing]) -> Answer:
    """Add a practice."""
    row = await people.add_practice(
        ask.session,
        name=ask.body.name,
        kind=ask.body.kind,
        timezone=ask.body.timezone,
        now=ask.now,
        new_id=ask.new_id,
    )
    return Answer(PracticeShown.model_validate(row))


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show a practice."""
    row = await access.practice(ask, ask.path["practice_id"])
    return Answer(PracticeShown.model_validate(row))


async def edit(ask: Ask[PracticeChange, Nothing]) -> Answer:
    """Change a practice; its line is switched for a group only (R114)."""
    row = await access.practice(ask, ask.path["practice_id"], lock=True)
    changed = changes(ask.body)
    if row.kind is PracticeKind.SOLO and changed.get("line_enabled") is False:
        raise Refused("solo_has_the_line", "A solo practice always has the line; only a group's can be switched off.")
    change(row, changed)
    return Answer(PracticeShown.model_validate(row), (row.id,))


OPERATIONS = (
    Operation(
        name="createPractice",
        method=Method.POST,
        path="/practices",
        roles=ADMIN,
        summary="Add a practice",
        handler=create,
        body=NewPractice,
        query=Nothing,
        answer=PracticeShown,
        status=201,
        makes="practice_id",
    ),
    Operation(
        name="getPractice",
        method=Method.GET,
        path="/practices/{practice_id}",
        roles=ADMIN_AND_PROVIDER,
        summary="Show a practice",
        handler=show,
        body=Nothing,
        query=Nothing,
        answer=PracticeShown,
    ),
    Operation(
        name="changePractice",
        method=Method.PATCH,
        path="/practices/{practice_id}",
        roles=ADMIN,
        summary="Change a practice: its line, its place in the referral programme",
        handler=edit,
        body=PracticeChange,
        query=Nothing,
        answer=PracticeShown,
    ),
)
