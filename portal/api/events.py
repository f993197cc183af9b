"""Events: the history, in an order that can be followed without missing a line."""

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from portal.api import access, cursors
from portal.api.fields import Listing, Nothing, Shape
from portal.api.operation import ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from status import queries
from status.models import Event
from status.values import EventKind


class EventListing(Listing):
    """Which lines of history."""

    provider_id: UUID | None = None
    appointment_id: UUID | None = None


class ActorShown(Shape):
    """Who did it: line, provider, client, operator, partner or clock."""

    kind: str
    id: UUID | None


class EventShown(Shape):
    """One line of history; `data` holds ids, codes, counts and instants."""

    id: UUID
    at: datetime
    recorded_at: datetime
    kind: EventKind
    actor: ActorShown
    provider_id: UUID | None
    appointment_id: UUID | None
    consultation_id: UUID | None
    call_id: UUID | None
    data: dict[str, JsonValue]


class EventsShown(Shape):
    """History; `next` is always there: ask again with it for what has happened since."""

    items: list[EventShown]
    next: str


async def listed(ask: Ask[Nothing, EventListing]) -> Answer:
    """List history after a cursor, up to the oldest line that may still be followed by an earlier one."""
    start = cursors.event(ask.query.after)
    rows = await queries.events(
        ask.session,
        provider_id=access.only_theirs(ask, ask.query.provider_id),
        appointment_id=ask.query.appointment_id,
        after=start,
        limit=ask.query.limit,
    )
    reached = (rows[-1].transaction or 0, rows[-1].sequence or 0) if rows else start
    return Answer(EventsShown(items=[_view(row) for row in rows], next=cursors.of_event(*reached)))


def _view(row: Event) -> EventShown:
    return EventShown(
        id=row.id,
        at=row.at,
        recorded_at=row.recorded_at,
        kind=row.kind,
        actor=ActorShown(kind=row.actor_kind, id=row.actor_id),
        provider_id=row.provider_id,
        appointment_id=row.appointment_id,
        consultation_id=row.consultation_id,
        call_id=row.call_id,
        data=row.data,
    )


OPERATIONS = (
    Operation(
        name="listEvents",
        method=Method.GET,
        path="/events",
        roles=ADMIN_AND_PROVIDER,
        summary="Follow the history",
        handler=listed,
        body=Nothing,
        query=EventListing,
        answer=EventsShown,
        refuses=frozenset({404}),
    ),
)
