"""Requests: appointments that wait for a yes, those that expire soonest first (R90-R96)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from people.values import TokenRole
from portal.api import access, cursors
from portal.api.fields import Listing, Note, Nothing, Shape, Version
from portal.api.operation import ADMIN_AND_PROVIDER, EVERYBODY, Answer, Ask, Method, Operation
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.models import Appointment, Request
from scheduling.rules.booking import state_at
from scheduling.values import RequestState, SessionType, Source


class RequestListing(Listing):
    """Which requests."""

    provider_id: UUID | None = None
    state: RequestState | None = None


class RequestAcceptance(Shape):
    """A yes; with `version`, only to the request as it was seen."""

    version: Version | None = None


class RequestRefusal(Shape):
    """A no, perhaps with words for the client."""

    reason: Note | None = None
    version: Version | None = None


class RequestShown(Shape):
    """A request. `source_name` is the payer's name as it was when they asked, or where else it came from (R91).

    `remaining_s` is how many seconds there are left to decide it; `decided_by`, what kind of person did.
    """

    id: UUID
    appointment_id: UUID
    provider_id: UUID
    client_id: UUID
    source: Source
    source_name: str
    payer_id: UUID | None
    session_type: SessionType
    starts_at: datetime
    ends_at: datetime
    note: str | None
    state: RequestState
    requested_at: datetime
    expires_at: datetime
    remaining_s: int | None
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None
    version: int


class RequestsShown(Shape):
    """Requests, those that expire soonest first."""

    items: list[RequestShown]
    next: str | None


_SOURCES = {
    Source.PLATFORM_SEARCH: "Search",
    Source.BOOKING_LINK: "Booking link",
    Source.COLLEAGUE: "Colleague",
    Source.PAYER: "Payer",
    Source.CLIENT_PORTAL: "Client portal",
    Source.PROVIDER_MADE: "Provider",
    Source.WAITLIST_OFFER: "Waitlist",
}


async def listed(ask: Ask[Nothing, RequestListing]) -> Answer:
    """List requests."""
    found = await queries.requests(
        ask.session,
        provider_id=access.only_theirs(ask, ask.query.provider_id),
        state=ask.query.state,
        after=cursors.instant_and_id(ask.query.after),
        limit=ask.query.limit + 1,
        now=ask.now,
    )
    rows, more = found[: ask.query.limit], len(found) > ask.query.limit
    after = cursors.of_instant_and_id(rows[-1][0].expires_at, rows[-1][0].id) if more else None
    return Answer(RequestsShown(items=[view(row, hold, ask.now) for row, hold in rows], next=after))


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show a request."""
    return await answer(ask, await access.request(ask, ask.path["request_id"]))


async def accept(ask: Ask[RequestAcceptance, Nothing]) -> Answer:
    """Say yes; that is never undone (R96)."""
    row = await access.request(ask, ask.path["request_id"])
    row = await scheduling.accept_request(
        ask.session,
        row.id,
        version=ask.body.version,
        actor=ask.actor,
        house=scheduling.house(ask.settings),
        now=ask.now,
        new_id=ask.new_id,
    )
    return await answer(ask, row)


async def decline(ask: Ask[RequestRefusal, Nothing]) -> Answer:
    """Say no; that is never undone (R96)."""
    row = await access.request(ask, ask.path["request_id"])
    row = await scheduling.decline_request(
        ask.session,
        row.id,
        reason=ask.body.reason,
        version=ask.body.version,
        actor=ask.actor,
        house=scheduling.house(ask.settings),
        now=ask.now,
        new_id=ask.new_id,
    )
    return await answer(ask, row)


async def withdraw(ask: Ask[Nothing, Nothing]) -> Answer:
    """Take a request back for the client who made it, as an operator or as the payer that sent it."""
    row = await access.request(ask, ask.path["request_id"])
    row = await scheduling.withdraw_request(
        ask.session,
        row.id,
        actor=ask.actor,
        house=scheduling.house(ask.settings),
        now=ask.now,
        new_id=ask.new_id,
    )
    return await answer(ask, row)


async def answer(ask: Ask[Any, Any], row: Request) -> Answer:
    """Answer with a request."""
    hold = await queries.appointment(ask.session, row.appointment_id)
    assert hold is not None  # noqa: S101 - requests keep their hold
    shown = view(row, hold, ask.now)
    if ask.caller.role is TokenRole.PARTNER:  # what a provider writes to a client is not for who pays
        shown = shown.model_copy(update={"reason": None})
    return Answer(shown, (row.id, row.appointment_id, row.provider_id, row.client_id))


def view(row: Request, hold: Appointment, now: datetime) -> RequestShown:
    """Return how a request stands at this moment."""
    state = state_at(row.state, expires_at=row.expires_at, now=now)
    pending = state is RequestState.PENDING
    return RequestShown(
        id=row.id,
        appointment_id=row.appointment_id,
        provider_id=row.provider_id,
        client_id=row.client_id,
        source=row.source,
        source_name=row.source_name or _SOURCES[row.source],
        payer_id=row.payer_id,
        session_type=hold.session_type,
        starts_at=hold.starts_at,
        ends_at=hold.ends_at,
        note=hold.note,
        state=state,
        requested_at=row.requested_at,
        expires_at=row.expires_at,
        remaining_s=int((row.expires_at - now).total_seconds()) if pending else None,
        decided_at=row.decided_at,
        decided_by=row.decided_by_kind,
        reason=row.reason,
        version=row.version,
    )


OPERATIONS = (
    Operation(
        name="listRequests",
        method=Method.GET,
        path="/requests",
        roles=ADMIN_AND_PROVIDER,
        summary="List requests, those that expire soonest first",
        handler=listed,
        body=Nothing,
        query=RequestListing,
        answer=RequestsShown,
        refuses=frozenset({404}),
    ),
    Operation(
        name="getRequest",
        method=Method.GET,
        path="/requests/{request_id}",
        roles=EVERYBODY,
        summary="Show a request",
        handler=show,
        body=Nothing,
        query=Nothing,
        answer=RequestShown,
    ),
    Operation(
        name="acceptRequest",
        method=Method.POST,
        path="/requests/{request_id}/accept",
        roles=ADMIN_AND_PROVIDER,
        summary="Accept a request: it becomes an appointment",
        handler=accept,
        body=RequestAcceptance,
        query=Nothing,
        answer=RequestShown,
        body_optional=True,
    ),
    Operation(
        name="declineRequest",
        method=Method.POST,
        path="/requests/{request_id}/decline",
        roles=ADMIN_AND_PROVIDER,
        summary="Decline a request: its time is free again",
        handler=decline,
        body=RequestRefusal,
        query=Nothing,
        answer=RequestShown,
        body_optional=True,
    ),
    Operation(
        name="withdrawRequest",
        method=Method.POST,
        path="/requests/{request_id}/withdraw",
        roles=frozenset({TokenRole.ADMIN, TokenRole.PARTNER}),
        summary="Withdraw a request for the client who made it",
        handler=withdraw,
        body=Nothing,
        query=Nothing,
        answer=RequestShown,
    ),
)
