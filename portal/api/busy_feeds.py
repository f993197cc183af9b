"""Imported calendars: whose events take time away. Their addresses are secrets, so only the host is shown."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from portal.api import access
from portal.api.fields import Nothing, Shape
from portal.api.operation import ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from portal.text import CALENDAR_ADDRESS
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.values import FeedTrouble

IcsAddress = Annotated[
    str,
    Field(
        max_length=2000,
        pattern=CALENDAR_ADDRESS,
        description="The secret address of a calendar in the ICS format.",
        examples=["https://calendar.example.com/secret.ics"],
    ),
]


class NewBusyFeed(Shape):
    """An address to be read from now on."""

    url: IcsAddress


class BusyFeedShown(Shape):
    """An imported calendar. `good_at` is the age of the copy that counts; `trouble` says why it gets no younger."""

    id: UUID
    provider_id: UUID
    host: str
    created_at: datetime
    tried_at: datetime | None
    good_at: datetime | None
    trouble: FeedTrouble | None


class BusyFeedsShown(Shape):
    """All imported calendars of a provider, in the order of their ids."""

    items: list[BusyFeedShown]
    next: None = None


async def create(ask: Ask[NewBusyFeed, Nothing]) -> Answer:
    """Import a calendar."""
    provider = await access.provider(ask, ask.path["provider_id"], lock=True)
    row = await scheduling.add_feed(
        ask.session,
        provider.id,
        ask.body.url,
        loopback=ask.settings.busy_feed_loopback,
        actor=ask.actor,
        now=ask.now,
        new_id=ask.new_id,
    )
    return Answer(BusyFeedShown.model_validate(row), (provider.id,))


async def listed(ask: Ask[Nothing, Nothing]) -> Answer:
    """List a provider's imported calendars."""
    provider = await access.provider(ask, ask.path["provider_id"])
    rows = await queries.busy_feeds(ask.session, provider.id)
    return Answer(BusyFeedsShown(items=[BusyFeedShown.model_validate(row) for row in rows]))


async def delete(ask: Ask[Nothing, Nothing]) -> Answer:
    """Import a calendar no longer."""
    row = await access.busy_feed(ask, ask.path["provider_id"], ask.path["busy_feed_id"])
    await scheduling.remove_feed(ask.session, row, actor=ask.actor, now=ask.now, new_id=ask.new_id)
    return Answer(None, (row.provider_id,))


OPERATIONS = (
    Operation(
        name="createBusyFeed",
        method=Method.POST,
        path="/providers/{provider_id}/busy-feeds",
        roles=ADMIN_AND_PROVIDER,
        summary="Import a calendar whose events take time away",
        handler=create,
        body=NewBusyFeed,
        query=Nothing,
        answer=BusyFeedShown,
        status=201,
        makes="busy_feed_id",
    ),
    Operation(
        name="listBusyFeeds",
        method=Method.GET,
        path="/providers/{provider_id}/busy-feeds",
        roles=ADMIN_AND_PROVIDER,
        summary="List a provider's imported calendars",
        handler=listed,
        body=Nothing,
        query=Nothing,
        answer=BusyFeedsShown,
    ),
    Operation(
        name="deleteBusyFeed",
        method=Method.DELETE,
        path="/providers/{provider_id}/busy-feeds/{busy_feed_id}",
        roles=ADMIN_AND_PROVIDER,
        summary="Import a calendar no longer",
        handler=delete,
        body=Nothing,
        query=Nothing,
        answer=None,
        status=204,
    ),
)
