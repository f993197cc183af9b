"""The waitlist of a provider: who waits for a time that somebody gives back, and what they are offered."""

from datetime import datetime
from typing import Any
from uuid import UUID

from portal.api import access, cursors
from portal.api.fields import Listing, Nothing, Shape
from portal.api.operation import ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.models import WaitlistEntry
from scheduling.rules.waitlist import state_at
from scheduling.values import SessionType, Source, WaitlistState


class NewWait(Shape):
    """A client who waits for a freed time; `original_source` is how they would have booked it."""

    client_id: UUID
    session_type: SessionType
    original_source: Source


class WaitShown(Shape):
    """Somebody who waits since then. While a time is offered, `appointment_id` holds it until `expires_at`."""

    id: UUID
    provider_id: UUID
    client_id: UUID
    session_type: SessionType
    original_source: Source
    state: WaitlistState
    since: datetime
    appointment_id: UUID | None
    offered_at: datetime | None
    expires_at: datetime | None
    version: int


class WaitlistShown(Shape):
    """Who waits, in the order in which they came."""

    items: list[WaitShown]
    next: str | None


async def join(ask: Ask[NewWait, Nothing]) -> Answer:
    """Let a client wait for a freed time of a provider."""
    provider = await access.provider(ask, ask.path["provider_id"])
    if ask.caller.provider_id is not None:
        await access.client(ask, ask.body.client_id)
    row = await scheduling.join_waitlist(
        ask.session,
        provider.id,
        ask.body.client_id,
        session_type=ask.body.session_type,
        original_source=ask.body.original_source,
        actor=ask.actor,
        now=ask.now,
        new_id=ask.new_id,
    )
    return _answer(row, ask.now)


async def listed(ask: Ask[Nothing, Listing]) -> Answer:
    """List who waits for a provider, in order."""
    provider = await access.provider(ask, ask.path["provider_id"])
    found = await queries.waitlist(
        ask.session, provider.id, after=cursors.row_id(ask.query.after), limit=ask.query.limit + 1
    )
    rows, after = cursors.page(found, ask.query.limit)
    return Answer(WaitlistShown(items=[_view(row, ask.now) for row in rows], next=after))


async def accept(ask: Ask[Nothing, Nothing]) -> Answer:
    """Take the time that was offered, for the client."""
    row = await access.waitlist_entry(ask, ask.path["waitlist_id"])
    return _answer(await scheduling.accept_offer(ask.session, row.id, **_how(ask)), ask.now)


async def decline(ask: Ask[Nothing, Nothing]) -> Answer:
    """Let the time go that was offered, and keep the place in line."""
    row = await access.waitlist_entry(ask, ask.path["waitlist_id"])
    return _answer(await scheduling.decline_offer(ask.session, row.id, **_how(ask)), ask.now)


async def leave(ask: Ask[Nothing, Nothing]) -> Answer:
    """Wait no longer."""
    row = await access.waitlist_entry(ask, ask.path["waitlist_id"])
    return _answer(await scheduling.leave_waitlist(ask.session, row.id, **_how(ask)), ask.now)


def _how(ask: Ask[Any, Any]) -> dict[str, Any]:
    """Return what every change of an entry is told."""
    house = scheduling.house(ask.settings)
    return {"actor": ask.actor, "house": house, "now": ask.now, "new_id": ask.new_id}


def _answer(row: WaitlistEntry, now: datetime) -> Answer:
    held = (row.appointment_id,) if row.appointment_id else ()
    return Answer(_view(row, now), (row.id, row.provider_id, row.client_id, *held))


def _view(row: WaitlistEntry, now: datetime) -> WaitShown:
    return WaitShown(
        id=row.id,
        provider_id=row.provider_id,
        client_id=row.client_id,
        session_type=row.session_type,
        original_source=row.original_source,
        state=state_at(row.state, row.expires_at, now),
        since=row.since,
        appointment_id=row.appointment_id,
        offered_at=row.offered_at,
        expires_at=row.expires_at,
        version=row.version,
    )


OPERATIONS: tuple[Operation[Any, Any], ...] = (
    Operation(
        name="joinWaitlist",
        method=Method.POST,
        path="/providers/{provider_id}/waitlist",
        roles=ADMIN_AND_PROVIDER,
        summary="Let a client wait for a freed time",
        handler=join,
        body=NewWait,
        query=Nothing,
        answer=WaitShown,
        status=201,
    ),
    Operation(
        name="listWaitlist",
        method=Method.GET,
        path="/providers/{provider_id}/waitlist",
        roles=ADMIN_AND_PROVIDER,
        summary="List who waits for a provider, in order",
        handler=listed,
        body=Nothing,
        query=Listing,
        answer=WaitlistShown,
    ),
    *(
        Operation(
            name=f"{verb}Waitlist{what}",
            method=Method.POST,
            path=f"/waitlist/{{waitlist_id}}/{verb}",
            roles=ADMIN_AND_PROVIDER,
            summary=summary,
            handler=handler,
            body=Nothing,
            query=Nothing,
            answer=WaitShown,
        )
        for verb, what, summary, handler in (
            ("accept", "Offer", "Take the time that was offered", accept),
            ("decline", "Offer", "Let the time go that was offered", decline),
            ("leave", "", "Wait no longer", leave),
        )
    ),
)
