"""Practices."""

from datetime import datetime
from uuid import UUID

from config.errors import Refused
from people import actions as people
from people import queries
from people.models import Practice
from people.values import PracticeKind, TokenRole
from portal.api.access import Attempt, NotYours
from portal.api.fields import Absent, Nothing, Shape, Title, Zone, change, changes
from portal.api.operation import ADMIN, ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from config.errors import NotFound


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


class PracticeShown(Shape):
    """A practice; a solo practice always has the line."""

    id: UUID
    name: str
    kind: PracticeKind
    timezone: str
    line_enabled: bool
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
    return _shown(row)


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show a practice to its own people and to operators."""
    row = await queries.practice(ask.session, ask.path["practice_id"])
    if ask.caller.role is TokenRole.PROVIDER:
        me = await queries.provider(ask.session, ask.caller.subject_id)
        ...
    return _shown(row)
