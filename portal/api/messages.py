"""Messages between a provider and one of their clients; what is written with support stays on pages."""

from datetime import datetime
from uuid import UUID

from config.errors import NotFound, Refused
from people import actions as people
from people import queries
from people.models import Message
from people.values import MessageSide
from portal.api import access, cursors
from portal.api.fields import Listing, Nothing, Shape, Words
from portal.api.operation import ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from scheduling import actions as scheduling


class NewMessage(Shape):
    """What a provider writes. An archived client is taken back into the list by an explicit yes only (R56)."""

    provider_id: UUID | None = None
    text: Words
    unarchive: bool = False


class MessageListing(Listing):
    """Whose thread with this client; an operator names the provider."""

    provider_id: UUID | None = None


class MessageShown(Shape):
    """A message; `number` counts those of its thread from 1."""

    id: UUID
    number: int
    by: MessageSide
    text: str
    at: datetime


class MessagesShown(Shape):
    """Messages of a thread, the newest first, and how many of the client's the provider has yet to read."""

    items: list[MessageShown]
    unread: int
    next: str | None


async def listed(ask: Ask[Nothing, MessageListing]) -> Answer:
    """List the messages between a provider and a client; nothing counts as read by it."""
    provider_id, client_id = await _pair(ask, ask.query.provider_id)
    thread = await queries.thread_between(ask.session, provider_id, client_id)
    if thread is None:
        return Answer(MessagesShown(items=[], unread=0, next=None))
    before = cursors.number(ask.query.after) or None
    found = await queries.messages(ask.session, thread.id, before=before, limit=ask.query.limit + 1)
    rows = list(reversed(found))[: ask.query.limit]
    after = cursors.of_number(rows[-1].number) if len(found) > ask.query.limit else None
    return Answer(MessagesShown(items=[_shown(one) for one in rows], unread=thread.provider_unread, next=after))


async def write(ask: Ask[NewMessage, Nothing]) -> Answer:
    """Write to a client."""
    provider_id, client_id = await _pair(ask, ask.body.provider_id)
    if ask.body.unarchive:
        await _take_back(ask, provider_id, client_id)
    thread = await people.write_to_client(
        ask.session, provider_id, client_id, ask.body.text, actor=ask.actor, now=ask.now, new_id=ask.new_id
    )
    [row] = await queries.messages(ask.session, thread.id, before=None, limit=1)
    return Answer(_shown(row), (thread.id, provider_id, client_id))


async def _pair(ask: Ask[NewMessage, Nothing] | Ask[Nothing, MessageListing], named: UUID | None) -> tuple[UUID, UUID]:
    provider_id = access.acting_provider(ask, named)
    client, links = await access.client(ask, ask.path["client_id"])
    if all(link.provider_id != provider_id for link in links):
        raise NotFound
    return provider_id, client.id


async def _take_back(ask: Ask[NewMessage, Nothing], provider_id: UUID, client_id: UUID) -> None:
    try:
        await scheduling.unarchive_client(
            ask.session, provider_id, client_id, actor=ask.actor, now=ask.now, new_id=ask.new_id
        )
    except Refused as no:
        if no.code != "not_possible_now":  # who is there already need not come back
            raise


def _shown(row: Message) -> MessageShown:
    return MessageShown(id=row.id, number=row.number, by=row.side, text=row.text, at=row.at)


OPERATIONS = (
    Operation(
        name="listMessages",
        method=Method.GET,
        path="/clients/{client_id}/messages",
        roles=ADMIN_AND_PROVIDER,
        summary="List the messages between a provider and a client",
        handler=listed,
        body=Nothing,
        query=MessageListing,
        answer=MessagesShown,
        refuses=frozenset({404, 422}),
    ),
    Operation(
        name="writeMessage",
        method=Method.POST,
        path="/clients/{client_id}/messages",
        roles=ADMIN_AND_PROVIDER,
        summary="Write to a client",
        handler=write,
        body=NewMessage,
        query=Nothing,
        answer=MessageShown,
        status=201,
    ),
)
