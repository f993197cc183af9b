"""Issues: what providers report to support about an appointment (R110)."""

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from bridge import actions as bridge
from people import queries
from people.models import SupportCase
from people.values import CaseState
from portal.api import access, cursors
from portal.api.fields import Listing, Nothing, Shape, Words
from portal.api.operation import ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation


class NewIssue(Shape):
    """What went wrong, in the provider's words."""

    appointment_id: UUID
    text: Words


class IssueListing(Listing):
    """Which issues."""

    provider_id: UUID | None = None


class IssueShown(Shape):
    """An issue with the facts of the appointment's calls as they were when it was reported."""

    id: UUID
    state: CaseState
    provider_id: UUID
    appointment_id: UUID | None
    text: str
    facts: dict[str, JsonValue]
    created_at: datetime


class IssuesShown(Shape):
    """Issues, in the order of their ids."""

    items: list[IssueShown]
    next: str | None


async def report(ask: Ask[NewIssue, Nothing]) -> Answer:
    """Open a support case about an appointment."""
    appointment = await access.appointment(ask, ask.body.appointment_id)
    case = await bridge.report_issue(
        ask.session, appointment.id, text=ask.body.text, actor=ask.actor, now=ask.now, new_id=ask.new_id
    )
    return Answer(_view(case), (case.id, case.provider_id))


async def listed(ask: Ask[Nothing, IssueListing]) -> Answer:
    """List issues."""
    found = await queries.issues(
        ask.session,
        provider_id=access.only_theirs(ask, ask.query.provider_id),
        after=cursors.row_id(ask.query.after),
        limit=ask.query.limit + 1,
    )
    rows, after = cursors.page(found, ask.query.limit)
    return Answer(IssuesShown(items=[_view(row) for row in rows], next=after))


def _view(row: SupportCase) -> IssueShown:
    return IssueShown.model_validate(row)


OPERATIONS = (
    Operation(
        name="reportIssue",
        method=Method.POST,
        path="/issues",
        roles=ADMIN_AND_PROVIDER,
        summary="Report an issue about an appointment",
        handler=report,
        body=NewIssue,
        query=Nothing,
        answer=IssueShown,
        status=201,
        refuses=frozenset({404}),
    ),
    Operation(
        name="listIssues",
        method=Method.GET,
        path="/issues",
        roles=ADMIN_AND_PROVIDER,
        summary="List issues",
        handler=listed,
        body=Nothing,
        query=IssueListing,
        answer=IssuesShown,
        refuses=frozenset({404}),
    ),
)
