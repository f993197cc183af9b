"""Calls: that they were made and what became of them, never what was said (R97)."""

from datetime import datetime
from uuid import UUID

from bridge import actions as bridge
from bridge import queries
from bridge.values import Attestation, CarrierName, FactSource, Heard, Outcome, Reason
from config.errors import NotFound
from portal.api import access, cursors
from portal.api.fields import Instant, Listing, Nothing, Phone, Shape
from portal.api.operation import ADMIN, ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation


class CallListing(Listing):
    """Which calls."""

    provider_id: UUID | None = None
    appointment_id: UUID | None = None
    since: Instant | None = None


class CallSearch(CallListing):
    """Which calls, by the number that dialled as well; no number may stand in an address, so this is sent."""

    number: Phone


class CallShown(Shape):
    """A call as its provider sees it; `occurrence` tells for which of the appointment's times it was."""

    id: UUID
    occurrence: int | None
    dialled_at: datetime
    outcome: Outcome | None
    reason: Reason | None
    answered_at: datetime | None
    ended_at: datetime | None
    talk_s: int | None


class CallsShown(Shape):
    """Calls, in the order of their ids."""

    items: list[CallShown]
    next: str | None


class SupportCallShown(CallShown):
    """A call as support sees it: of the calling number there are the last two digits and no more."""

    carrier: CarrierName
    sid: str
    line: str
    caller_last2: str | None
    attestation: Attestation
    provider_id: UUID | None
    appointment_id: UUID | None
    live: bool
    settled_at: datetime | None


class SupportCallsShown(Shape):
    """Calls, in the order of their ids."""

    items: list[SupportCallShown]
    next: str | None


class FactShown(Shape):
    """One thing that was heard of a call."""

    source: FactSource
    leg: str
    event: Heard
    sequence: int
    at: datetime | None
    heard_at: datetime
    duration_s: int | None
    bridged: bool | None


class FactsShown(Shape):
    """Everything that was heard of a call, in the order in which it was heard."""

    items: list[FactShown]
    next: str | None


async def of_appointment(ask: Ask[Nothing, Listing]) -> Answer:
    """List the calls for an appointment."""
    appointment = await access.appointment(ask, ask.path["appointment_id"])
    found = await queries.calls(
        ask.session,
        provider_id=None,
        appointment_id=appointment.id,
        caller_key=None,
        since=None,
        after=cursors.row_id(ask.query.after),
        limit=ask.query.limit + 1,
    )
    rows, after = cursors.page(found, ask.query.limit)
    return Answer(CallsShown(items=[CallShown.model_validate(row) for row in rows], next=after))


async def listed(ask: Ask[Nothing, CallListing]) -> Answer:
    """List calls for support."""
    return await _found(ask, ask.query, None)


async def search(ask: Ask[CallSearch, Nothing]) -> Answer:
    """List the calls from a number: what is typed is hashed, since no number is kept."""
    return await _found(ask, ask.body, bridge.caller_key(ask.body.number, ask.settings))


async def facts(ask: Ask[Nothing, Nothing]) -> Answer:
    """List what was heard of a call."""
    if await queries.call(ask.session, ask.path["call_id"]) is None:
        raise NotFound
    rows = await queries.call_events(ask.session, ask.path["call_id"])
    return Answer(FactsShown(items=[FactShown.model_validate(row) for row in rows], next=None))


async def _found(
    ask: Ask[Nothing, CallListing] | Ask[CallSearch, Nothing], wanted: CallListing, caller_key: str | None
) -> Answer:
    found = await queries.calls(
        ask.session,
        provider_id=wanted.provider_id,
        appointment_id=wanted.appointment_id,
        caller_key=caller_key,
        since=wanted.since,
        after=cursors.row_id(wanted.after),
        limit=wanted.limit + 1,
    )
    rows, after = cursors.page(found, wanted.limit)
    return Answer(SupportCallsShown(items=[SupportCallShown.model_validate(row) for row in rows], next=after))


OPERATIONS = (
    Operation(
        name="listAppointmentCalls",
        method=Method.GET,
        path="/appointments/{appointment_id}/calls",
        roles=ADMIN_AND_PROVIDER,
        summary="List the calls for an appointment",
        handler=of_appointment,
        body=Nothing,
        query=Listing,
        answer=CallsShown,
    ),
    Operation(
        name="listCalls",
        method=Method.GET,
        path="/calls",
        roles=ADMIN,
        summary="List calls",
        handler=listed,
        body=Nothing,
        query=CallListing,
        answer=SupportCallsShown,
    ),
    Operation(
        name="searchCalls",
        method=Method.POST,
        path="/calls/search",
        roles=ADMIN,
        summary="Find the calls from a number",
        handler=search,
        body=CallSearch,
        query=Nothing,
        answer=SupportCallsShown,
        kept=False,
    ),
    Operation(
        name="listCallFacts",
        method=Method.GET,
        path="/calls/{call_id}/facts",
        roles=ADMIN,
        summary="List what was heard of a call",
        handler=facts,
        body=Nothing,
        query=Nothing,
        answer=FactsShown,
    ),
)
