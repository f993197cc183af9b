"""Clients, each as one provider has them in their list; an operator names the provider."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field

from config.errors import Refused
from people import actions as people
from people import queries
from people.models import Client, Relationship
from people.rules import account as rules
from people.values import AccountState, AccountStep, Insured, RelationshipState, TokenRole
from portal.api import access
from portal.api.fields import (
    Absent,
    Address,
    BirthDay,
    Day,
    Message,
    Name,
    Nothing,
    Phone,
    Shape,
    changes,
)
from portal.api.operation import ADMIN, ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from portal.text import ONE_LINE
from scheduling import actions as scheduling

Company = Annotated[str, Field(min_length=1, max_length=120, pattern=ONE_LINE), AfterValidator(str.strip)]
MemberId = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9 -]{0,20}[A-Za-z0-9][A-Za-z0-9 -]{0,20}$", examples=["XK20411907"])
]


class InsuranceTold(Shape):
    """What is known of an insurance: all three, or it stays a draft and the client is asked for it (R47)."""

    company: Company | None = None
    member_id: MemberId | None = None
    birth_date: BirthDay | None = None


class NewClient(Shape):
    """A client to be added; a provider's token adds to its own list and needs no `provider_id`."""

    provider_id: UUID | None = None
    first_name: Name
    last_name: Name
    email: Address
    phone: Phone | None = None
    preferred_name: Name | None = None
    insurance: InsuranceTold | None = None
    invite: bool = True


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


class InsuranceKept(WhoseClient):
    """An insurance, whole or as a draft: what is left out is taken away, save for the birth date."""

    company: Company | None = None
    member_id: MemberId | None = None
    birth_date: BirthDay | None = None


class BillingKept(Shape):
    """What a processor calls a client's way to pay. Never the number of a card: a reference has letters in it."""

    reference: Annotated[str, Field(max_length=200, pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", examples=["pm_8Xk2vQ"])]
    label: Annotated[str, Field(min_length=1, max_length=60, pattern=ONE_LINE, examples=["Visa 4242"])]
    expires_on: Day | None = None


class RelationshipShown(Shape):
    """Where one provider and the client stand."""

    provider_id: UUID
    state: RelationshipState
    since: datetime


class ClientShown(Shape):
    """A client. A provider sees where the two of them stand; an operator, where all providers stand.

    `missing` are the steps of their account that are not done, or no longer count (R50). Until a proposed client has
    accepted, their provider sees what they typed themselves and no more (R46).
    """

    id: UUID
    first_name: str
    last_name: str
    preferred_name: str | None
    email: str
    phone: str | None
    account: AccountState
    missing: list[AccountStep]
    verified_at: datetime | None
    created_at: datetime
    version: int
    relationships: list[RelationshipShown]


async def create(ask: Ask[NewClient, Nothing]) -> Answer:
    """Add a client to a provider's list, and invite them unless that is to wait."""
    new = ask.body
    row, link = await people.add_client(
        ask.session,
        provider_id=access.acting_provider(ask, new.provider_id),
        first_name=new.first_name,
        last_name=new.last_name,
        preferred_name=new.preferred_name,
        email=new.email,
        phone=new.phone,
        insured=_insured(new.insurance) if new.insurance else None,
        invite=new.invite,
        actor=ask.actor,
        now=ask.now,
        new_id=ask.new_id,
    )
    return await _shown(ask, row, [link])


def _insured(told: InsuranceTold | InsuranceKept) -> Insured:
    day = told.birth_date.isoformat() if told.birth_date else None
    return Insured(company=told.company, member_id=told.member_id, birth_date=day)


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show a client."""
    return await _shown(ask, *await access.client(ask, ask.path["client_id"]))


async def edit(ask: Ask[ClientChange, Nothing]) -> Answer:
    """Change a client; once they have verified their address, only they do that themselves (R53, R54)."""
    row, links = await access.client(ask, ask.path["client_id"], lock=True)
    changed = changes(ask.body)
    if _sees_typed(ask, links):
        await people.retype(ask.session, links[0], changed)
    elif ask.caller.role is TokenRole.ADMIN and "email" not in changed:
        await people.change_own_data(ask.session, row, changed, actor=ask.actor, now=ask.now, new_id=ask.new_id)
    else:
        await people.correct_client(
            ask.session, row, links[0].provider_id, changed, actor=ask.actor, now=ask.now, new_id=ask.new_id
        )
    return await _shown(ask, row, links)


async def invite(ask: Ask[WhoseClient, Nothing]) -> Answer:
    """Invite a client, again or for the first time; who has an account is told who has added them (R46, R49)."""
    row, link = await _one_link(ask, lock=True)
    await people.invite_client(ask.session, row, link, actor=ask.actor, now=ask.now, new_id=ask.new_id)
    return await _shown(ask, row, [link])


async def keep_insurance(ask: Ask[InsuranceKept, Nothing]) -> Answer:
    """Keep a client's insurance, as long as it is not theirs alone to tell (R47, R53)."""
    row, link = await _one_link(ask, lock=True)
    if link.typed_email is not None and ask.caller.provider_id is not None:
        raise Refused("not_accepted_yet", "This client has yet to accept you. Until then, only they tell this.")
    may = ask.caller.role is TokenRole.ADMIN or ask.settings.provider_may_edit_insurance
    if row.verified_at is not None and not may:
        raise Refused("verified_client", "This client has verified their account, so only they can change it.")
    await people.set_insurance(ask.session, row, _insured(ask.body), actor=ask.actor, now=ask.now, new_id=ask.new_id)
    return await _shown(ask, row, [link])


async def keep_billing(ask: Ask[BillingKept, Nothing]) -> Answer:
    """Keep the token that a payment processor's own program has for a client (R49)."""
    row, links = await access.client(ask, ask.path["client_id"], lock=True)
    told = ask.body
    await people.set_billing_method(
        ask.session,
        row,
        reference=told.reference,
        label=told.label,
        expires_on=told.expires_on.isoformat() if told.expires_on else None,
        actor=ask.actor,
        now=ask.now,
        new_id=ask.new_id,
    )
    return await _shown(ask, row, links)


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
    return await _shown(ask, row, [link])


async def unarchive(ask: Ask[WhoseClient, Nothing]) -> Answer:
    """Take a client back into a provider's list."""
    row, link = await _one_link(ask)
    await scheduling.unarchive_client(
        ask.session, link.provider_id, row.id, actor=ask.actor, now=ask.now, new_id=ask.new_id
    )
    return await _shown(ask, row, [link])


async def _one_link(ask: Ask[Any, Nothing], *, lock: bool = False) -> tuple[Client, Relationship]:
    wanted = access.only_theirs(ask, ask.body.provider_id)
    row, links = await access.client(ask, ask.path["client_id"], lock=lock)
    fitting = [link for link in links if wanted in {None, link.provider_id}]
    if len(fitting) != 1:
        raise Refused("provider_needed", "Say in whose list: `provider_id` of one who has this client.", status=422)
    return row, fitting[0]


def _sees_typed(ask: Ask[Any, Any], links: Sequence[Relationship]) -> bool:
    """Tell whether the caller is a provider whom this client has yet to accept."""
    return ask.caller.provider_id is not None and links[0].typed_email is not None


async def _shown(ask: Ask[Any, Any], row: Client, links: Sequence[Relationship]) -> Answer:
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
        account=await people.standing(ask.session, row, ask.now),
        missing=list(rules.missing(await queries.done_steps(ask.session, row.id, ask.now))),
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
        account=AccountState.INVITED,
        missing=list(AccountStep),
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
        name="inviteClient",
        method=Method.POST,
        path="/clients/{client_id}/invite",
        roles=ADMIN_AND_PROVIDER,
        summary="Invite a client to their account, again or for the first time",
        handler=invite,
        body=WhoseClient,
        query=Nothing,
        answer=ClientShown,
        body_optional=True,
    ),
    Operation(
        name="keepInsurance",
        method=Method.PUT,
        path="/clients/{client_id}/insurance",
        roles=ADMIN_AND_PROVIDER,
        summary="Keep a client's insurance",
        handler=keep_insurance,
        body=InsuranceKept,
        query=Nothing,
        answer=ClientShown,
    ),
    Operation(
        name="keepBilling",
        method=Method.PUT,
        path="/clients/{client_id}/billing",
        roles=ADMIN,
        summary="Keep the token of a client's way to pay",
        handler=keep_billing,
        body=BillingKept,
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
