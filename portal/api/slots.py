"""Open slots, each with a signed offer that books it (R23, R27); for search pages, a practice's own site, payers."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field

from config import times
from config.errors import NotFound, Refused
from people import queries as people
from people.values import TokenRole
from portal.api import access
from portal.api.fields import Instant, Nothing, Shape
from portal.api.operation import EVERYBODY, Answer, Ask, Method, Operation
from scheduling import actions as scheduling
from scheduling.values import SessionType, Source, Span

MOST = timedelta(days=14)

# What a provider's own hand puts into the calendar needs no offer, and what was freed is offered by the waitlist.
_WITHOUT_OFFERS = frozenset({Source.PROVIDER_MADE, Source.WAITLIST_OFFER})

Label = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_-]{1,40}$",
        description="Where a booking link was placed, in a word of the provider's own.",
        examples=["directory"],
    ),
]


class SlotListing(Shape):
    """Which slots: those that start at `from` or later and before `to`, at most two weeks after it.

    Without `from`, from now on; without `to`, for two weeks. `source` is who asks in the end: a payer's token asks for
    itself, an operator names the payer, everybody else asks for a booking link unless told.
    """

    session_type: SessionType
    source: Source | None = None
    since: Instant | None = Field(default=None, alias="from")
    until: Instant | None = Field(default=None, alias="to")
    payer_id: UUID | None = None
    label: Label | None = None


class SlotShown(Shape):
    """An open slot. `offer` books it, for ten minutes."""

    starts_at: datetime
    ends_at: datetime
    offer: str


class OpeningShown(Shape):
    """A time that is open at present."""

    starts_at: datetime
    ends_at: datetime


class SlotsShown(Shape):
    """Open slots in the order of time; `next_opening` is the first one at or after `from`, however far ahead it is."""

    items: list[SlotShown]
    next: None = None
    next_opening: OpeningShown | None


async def listed(ask: Ask[Nothing, SlotListing]) -> Answer:
    """List a provider's open slots."""
    source = _source(ask)
    provider_id, payer_id = await _whose(ask, source)
    since, until = _range(ask)
    house = scheduling.house(ask.settings)
    offers = await scheduling.list_slots(
        ask.session,
        provider_id,
        session_type=ask.query.session_type,
        source=source,
        payer_id=payer_id,
        since=since,
        until=until,
        label=ask.query.label,
        house=house,
        now=ask.now,
    )
    items = [SlotShown(**scheduling.shown(offer, house)) for offer in offers]
    if items:
        first = OpeningShown(starts_at=items[0].starts_at, ends_at=items[0].ends_at)
        return Answer(SlotsShown(items=items, next_opening=first))
    opening = await scheduling.next_opening(
        ask.session,
        provider_id,
        session_type=ask.query.session_type,
        source=source,
        payer_id=payer_id,
        after=since,
        house=house,
        now=ask.now,
    )
    return Answer(SlotsShown(items=[], next_opening=_opening(opening) if opening else None))


def _range(ask: Ask[Nothing, SlotListing]) -> tuple[datetime, datetime]:
    since = ask.query.since or ask.now
    until = ask.query.until or since + MOST
    if until - since > MOST:
        raise Refused("too_long", "Ask for two weeks at most: `from` and `to`.", status=422)
    return since, until


def _opening(span: Span) -> OpeningShown:
    return OpeningShown(starts_at=times.instant(span.start), ends_at=times.instant(span.end))


def _source(ask: Ask[Nothing, SlotListing]) -> Source:
    """Return who asks in the end; a payer's token asks for nobody else, and nobody else for a payer."""
    is_partner = ask.caller.role is TokenRole.PARTNER
    source = ask.query.source or (Source.PAYER if is_partner else Source.BOOKING_LINK)
    if source in _WITHOUT_OFFERS:
        raise Refused("no_offers", f"There are no offers for {source.value}. Ask for another source.", status=422)
    if (source is Source.PAYER) != is_partner and ask.caller.role is not TokenRole.ADMIN:
        raise Refused("forbidden", f"This token may not ask on behalf of {source.value}.", status=403)
    return source


async def _whose(ask: Ask[Nothing, SlotListing], source: Source) -> tuple[UUID, UUID | None]:
    """Return the provider and, where one asks, the payer; to a payer there is nobody outside its programme (R70)."""
    provider_id, payer_id = ask.path["provider_id"], ask.query.payer_id
    if ask.caller.role is TokenRole.PARTNER:
        await access.provider_for_payer(ask, provider_id)
        if payer_id not in {None, ask.caller.payer_id}:
            raise NotFound
        return provider_id, ask.caller.payer_id
    await access.provider(ask, provider_id)
    if source is not Source.PAYER:
        return provider_id, None
    if payer_id is None or await people.payer(ask.session, payer_id) is None:
        raise Refused("payer_needed", "Say which payer asks: `payer_id`.", status=422)
    return provider_id, payer_id


OPERATIONS = (
    Operation(
        name="listSlots",
        method=Method.GET,
        path="/providers/{provider_id}/slots",
        roles=EVERYBODY,
        summary="List a provider's open slots, each with an offer that books it",
        handler=listed,
        body=Nothing,
        query=SlotListing,
        answer=SlotsShown,
        refuses=frozenset({422}),
    ),
)
