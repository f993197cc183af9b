"""Notices: which letters were due to whom, and what became of them. Their words are nowhere."""

from datetime import datetime
from uuid import UUID

from portal.api import access, cursors
from portal.api.fields import Listing, Nothing, Shape
from portal.api.operation import ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from status import queries
from status.values import Channel, NoticeKey, NoticeState, Recipient


class NoticeListing(Listing):
    """Which notices."""

    provider_id: UUID | None = None


class NoticeShown(Shape):
    """A notice: `channel` is how it was to go, `sent_by` how it went, `trouble` is a code."""

    id: UUID
    key: NoticeKey
    channel: Channel
    recipient: Recipient
    recipient_id: UUID
    subject_id: UUID
    appointment_id: UUID | None
    state: NoticeState
    created_at: datetime
    due_at: datetime
    expires_at: datetime | None
    attempts: int
    sent_at: datetime | None
    settled_at: datetime | None
    sent_by: Channel | None
    trouble: str | None


class NoticesShown(Shape):
    """Notices, in the order of their ids."""

    items: list[NoticeShown]
    next: str | None


async def listed(ask: Ask[Nothing, NoticeListing]) -> Answer:
    """List notices."""
    found = await queries.notices(
        ask.session,
        recipient_id=access.only_theirs(ask, ask.query.provider_id),
        after=cursors.row_id(ask.query.after),
        limit=ask.query.limit + 1,
    )
    rows, after = cursors.page(found, ask.query.limit)
    return Answer(NoticesShown(items=[NoticeShown.model_validate(row) for row in rows], next=after))


OPERATIONS = (
    Operation(
        name="listNotices",
        method=Method.GET,
        path="/notices",
        roles=ADMIN_AND_PROVIDER,
        summary="List notices",
        handler=listed,
        body=Nothing,
        query=NoticeListing,
        answer=NoticesShown,
        refuses=frozenset({404}),
    ),
)
