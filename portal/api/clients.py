"""Clients, each as one provider has them in their list; an operator names the provider."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from config.errors import Refused
from people import actions as people
from people import queries
from people.models import Client, Relationship
from people.values import RelationshipState, TokenRole
from portal.api import access
from portal.api.fields import Absent, Address, Message, Name, Nothing, Phone, Shape, change, changes
from portal.api.operation import ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from scheduling import actions as scheduling


class NewClient(Shape):
    """A client to be added; a provider's token adds to its own list and needs no `provider_id`."""

    provider_id: UUID | None = None
    first_name: Name
    last_name: Name
    email: Address
    phone: Phone | None = None


class ClientChange(Shape):
    """What is to change; null takes a number or a preferred name away."""

    first_name: Name = Absent
    last_name: Name = Absent
    preferred_name: Name | None = Absent
    email: Address = Absent
    phone: Phone | None = Absent


class WhoseClient(Shape):
    """In whose list; an operator names the provider, unless the client has only one."""

    provider_id: UUID | None = None


class Archiving(WhoseClient):
    """In whose list, and whether what lies ahead with this client is cancelled, with a message to them."""

    cancel_ahead: bool = False
    message: Message | None = None


class RelationshipShown(Shape):
    """Where one provider and the client stand."""

    provider_id: UUID
    state: RelationshipState
    since: datetime


class ClientShown(Shape):
    """A client. A provider sees where the two of them stand; an operator, where all providers stand.

    Until a proposed client has accepted, their provider sees what they typed themselves and no more (R46).
    """

    id: UUID
    first_name: str
    last_name: str
    preferred_name: str | None
    email: str
    phone: str | None
    verified_at: datetime | None
    created_at: datetime
    version: int
    relationships: list[RelationshipShown]


async def create(ask: Ask[NewClient, Nothing]) -> Answer:
    """Add a client to a provider's list."""
    new = ask.body
    row, link = await people.add_client(
        ask.session,
        provider_id=access.acting_provider(ask, new.provider_id),
        first_name=new.first_name,
        last_name=new.last_name,
        email=new.email,
        phone=new.phone,
        now=ask.now,
        new_id=ask.new_id,
    )
    return _shown(ask, row, [link])


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show a client."""
    return _shown(ask, *await access.client(ask, ask.path["client_id"]))


async def edit(ask: Ask[ClientChange, Nothing]) -> Answer:
    """Change a client; once they have verified their address, only they do that themselves (R53, R54)."""
    row, links = await access.client(ask, ask.path["client_id"], lock=True)
    changed = changes(ask.body)
    if _sees_typed(ask, links):
        await people.retype(ask.session, links[0], changed)
        return _shown(ask, row, links)
    if row.verified_at is not None and ask.caller.role is not TokenRole.ADMIN:
        raise Refused("verified_client", "This client has verified their account, so only they can change it.")
    holder = await queries.client_by_email(ask.session, changed["email"]) if "email" in changed else None
    if holder is not None and holder.id != row.id:
        raise Refused("address_taken", "Another account has this address. Choose a different one.")
    return _shown(ask, change(row, changed), links)


async def archive(ask: Ask[Archiving, Nothing]) -> Answer:
    """Take a client out of a provider's list, unless appointments lie ahead that are not to be cancelled (R51)."""
    row, link = await _one_link(ask)
    await scheduling.archive_client(
        ask.session,
        link.provider_id,
        row.id,
        cancel_ahead=ask.body.cancel_ahead,
        message=ask.body.message,
        actor=ask.actor,
        house=scheduling.house(ask.settings),
        now=ask.now,
        new_id=ask.new_id,
    )
    return _shown(ask, row, [link])


async def unarchive(ask: Ask[WhoseClient, Nothing]) -> Answer:
    """Take a client back into a provider's list."""
    row, link = await _one_link(ask)
    await scheduling.unarchive_client(
        ask.session, link.provider_id, row.id, actor=ask.actor, now=ask.now, new_id=ask.new_id
    )
    return _shown(ask, row, [link])


async def _one_link(ask: Ask[Any, Nothing]) -> tuple[Client, Relationship]:
    wanted = access.only_theirs(ask, ask.body.provider_id)
    row, links = await access.client(ask, ask.path["client_id"])
    fitting = [link for link in links if wanted in {None, link.provider_id}]
    if len(fitting) != 1:
        raise Refused("provider_needed", "Say in whose list: `provider_id` of one who has this client.", status=422)
    return row, fitting[0]


def _sees_typed(ask: Ask[Any, Any], links: Sequence[Relationship]) -> bool:
    """Tell whether the caller is a provider whom this client has yet to accept."""
    return ask.caller.provider_id is not None and links[0].typed_email is not None


def _shown(ask: Ask[Any, Any], row: Client, links: Sequence[Relationship]) -> Answer:
    standing = [RelationshipShown.model_validate(link) for link in links]
    subjects = (row.id, *(link.provider_id for link in links))
    if _sees_typed(ask, links):
        return Answer(_typed(links[0], standing), subjects)
    shown = ClientShown(
        id=row.id,
        first_name=row.first_name,
        last_name=row.last_name,
        preferred_name=row.preferred_name,
        email=row.email,
        phone=row.phone,
        verified_at=row.verified_at,
        created_at=row.created_at,
        version=row.version,
        relationships=standing,
    )
    return Answer(shown, subjects)


def _typed(link: Relationship, standing: list[RelationshipShown]) -> ClientShown:
    """Show a proposed client: nothing here comes from their account, not even its age or how often it changed."""
    assert link.typed_first_name and link.typed_last_name and link.typed_email  # noqa: S101, PT018 - one CHECK for all
    return ClientShown(
        id=link.client_id,
        first_name=link.typed_first_name,
        last_name=link.typed_last_name,
        preferred_name=None,
        email=link.typed_email,
        phone=link.typed_phone,
        verified_at=None,
        created_at=link.since,
        version=1,
        relationships=standing,
    )


OPERATIONS = (
    Operation(
        name="createClient",
        method=Method.POST,
        path="/clients",
        roles=ADMIN_AND_PROVIDER,
        summary="Add a client to a provider's list",
        handler=create,
        body=NewClient,
        query=Nothing,
        answer=ClientShown,
        status=201,
        refuses=frozenset({404}),
        makes="client_id",
        links={"createAppointment": {"client_id": "/id", "provider_id": "/relationships/0/provider_id"}},
    ),
    Operation(
        name="getClient",
        method=Method.GET,
        path="/clients/{client_id}",
        roles=ADMIN_AND_PROVIDER,
        summary="Show a client",
        handler=show,
        body=Nothing,
        query=Nothing,
        answer=ClientShown,
    ),
    Operation(
        name="changeClient",
        method=Method.PATCH,
        path="/clients/{client_id}",
        roles=ADMIN_AND_PROVIDER,
        summary="Change a client",
        handler=edit,
        body=ClientChange,
        query=Nothing,
        answer=ClientShown,
    ),
    Operation(
        name="archiveClient",
        method=Method.POST,
        path="/clients/{client_id}/archive",
        roles=ADMIN_AND_PROVIDER,
        summary="Take a client out of a provider's list",
        handler=archive,
        body=Archiving,
        query=Nothing,
        answer=ClientShown,
        body_optional=True,
    ),
    Operation(
        name="unarchiveClient",
        method=Method.POST,
        path="/clients/{client_id}/unarchive",
        roles=ADMIN_AND_PROVIDER,
        summary="Take a client back into a provider's list",
        handler=unarchive,
        body=WhoseClient,
        query=Nothing,
        answer=ClientShown,
        body_optional=True,
    ),
)
