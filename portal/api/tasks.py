"""Tasks: what people are asked to do."""

from datetime import datetime
from uuid import UUID

from people.values import TokenRole
from portal.api import access, cursors
from portal.api.fields import Listing, Nothing, Shape
from portal.api.operation import ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from status import queries
from status.values import TaskKind, TaskState


class TaskListing(Listing):
    """Which tasks."""

    provider_id: UUID | None = None
    state: TaskState | None = None


class TaskShown(Shape):
    """A task; `subject_id` is what it is about, a consultation for `share_consult_status`."""

    id: UUID
    kind: TaskKind
    subject_id: UUID
    provider_id: UUID
    appointment_id: UUID | None
    state: TaskState
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None


class TasksShown(Shape):
    """Tasks, in the order of their ids."""

    items: list[TaskShown]
    next: str | None


async def listed(ask: Ask[Nothing, TaskListing]) -> Answer:
    """List tasks; what support has to do is for operators."""
    found = await queries.tasks(
        ask.session,
        provider_id=access.only_theirs(ask, ask.query.provider_id),
        state=ask.query.state,
        but=TaskKind.SUPPORT_FOLLOWUP if ask.caller.role is TokenRole.PROVIDER else None,
        after=cursors.row_id(ask.query.after),
        limit=ask.query.limit + 1,
    )
    rows, after = cursors.page(found, ask.query.limit)
    return Answer(TasksShown(items=[TaskShown.model_validate(row) for row in rows], next=after))


OPERATIONS = (
    Operation(
        name="listTasks",
        method=Method.GET,
        path="/tasks",
        roles=ADMIN_AND_PROVIDER,
        summary="List tasks",
        handler=listed,
        body=Nothing,
        query=TaskListing,
        answer=TasksShown,
        refuses=frozenset({404}),
    ),
)
