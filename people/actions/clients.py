"""Clients in providers' lists."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import Refused
from config.lifecycles import next_state
from people import queries
from people.actions import client_accounts as accounts
from people.models import (
    Client,
    Relationship,
)
from people.rules import lifecycle
from people.values import (
    AccountEvent,
    AccountState,
    Insured,
    Language,
    RelationshipEvent,
    RelationshipState,
)
from status import actions as ledger
from status.actions import NewId
from status.rules.access import STAFF, may, see_theirs
from status.values import Actor, ActorKind, Channel, EventKind, NoticeKey


@may(*STAFF)
async def add_client(
    session: AsyncSession,
    *,
    provider_id: UUID,
    first_name: str,
    last_name: str,
    email: str,
    phone: str | None,
    preferred_name: str | None = None,
    insured: Insured | None = None,
    invite: bool = False,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> tuple[Client, Relationship]:
    """Add a client to a provider's list, and `invite` them to an account of their own, at once or later (R49, R67).

    An address that has an account keeps it as it is: a relationship is proposed, and until the client accepts it
    the provider is shown what they typed and nothing else (R46). Who has written first is in the list from now on.
    """
    see_theirs(actor, provider_id=provider_id)
    provider = await queries.provider(session, provider_id)
    if provider is None:
        raise Refused("no_such_provider", "There is no provider under this id.", status=422)
    known = await queries.client_by_email_in_turn(session, email)
    if known is not None:
        existing = await queries.relationship(session, provider_id, known.id)
        if existing is not None and existing.state is RelationshipState.PROSPECT:
            await move_relationship(session, existing, RelationshipEvent.BECOMES_ACTIVE, now=now)
            return known, existing
        if existing is not None:
            raise Refused("already_your_client", "You have a client with this e-mail address already.")
    row = known or Client(
        id=new_id(),
        first_name=first_name,
        last_name=last_name,
        preferred_name=preferred_name,
        email=email,
        phone=phone,
        language=provider.language,
        created_at=now,
    )
    link = Relationship(
        id=new_id(), provider_id=provider_id, client_id=row.id, state=RelationshipState.ACTIVE, since=now
    )
    if known is not None:
        link.state = RelationshipState.PROPOSED
        link.typed_first_name, link.typed_last_name = first_name, last_name
        link.typed_email, link.typed_phone = email, phone
    session.add_all([row, link])
    await session.flush()
    if known is None and insured is not None:
        await accounts.set_insurance(session, row, insured, actor=actor, now=now, new_id=new_id)
    if invite:
        await invite_client(session, row, link, actor=actor, now=now, new_id=new_id)
    return row, link


@may(*STAFF)
async def invite_client(
    session: AsyncSession, client: Client, link: Relationship, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Invite a client, or tell who has an account already that this provider has added them (M6, M24).

    Asked again it is sent again; who has an account is told of the same provider once a week at most.
    """
    see_theirs(actor, provider_id=link.provider_id)
    if link.state is not RelationshipState.PROPOSED:
        await accounts.invite(session, client, link.provider_id, actor=actor, now=now, new_id=new_id)
        return
    week = (now - link.since) // timedelta(days=7)
    await ledger.notify(
        session,
        NoticeKey.PROVIDER_ADDED,
        Channel.MAIL,
        Channel.PORTAL,
        client_id=client.id,
        subject_id=link.id,
        dedupe=f"{link.since.isoformat()}:{week}",
        now=now,
        new_id=new_id,
    )


@may(ActorKind.CLIENT)
async def accept_provider(
    session: AsyncSession, link: Relationship, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Let a provider see a client's account, on the client's own word (R46)."""
    see_theirs(actor, client_id=link.client_id)
    await move_relationship(session, link, RelationshipEvent.ACCEPTED, now=now)
    await ledger.record(
        session,
        EventKind.CLIENT_ACCEPTED,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=link.provider_id,
    )


@may(ActorKind.CLIENT)
async def decline_provider(
    session: AsyncSession, link: Relationship, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Keep an account closed to a provider who has added its client: they have what they typed, and nothing more."""
    see_theirs(actor, client_id=link.client_id)
    if link.state is not RelationshipState.PROPOSED:
        raise Refused("not_possible_now", "There is nothing to answer here any more.", state=link.state.value)
    await move_relationship(session, link, RelationshipEvent.ARCHIVED, now=now)
    await ledger.record(
        session, EventKind.CLIENT_DECLINED, actor=actor, now=now, new_id=new_id, provider_id=link.provider_id
    )


async def retype(session: AsyncSession, link: Relationship, changed: Mapping[str, str | None]) -> None:
    """Change what a provider typed about somebody who has yet to accept; the account itself is out of their reach."""
    if changed.keys() - {"first_name", "last_name", "phone"}:
        raise Refused(
            "not_accepted_yet",
            "This client has yet to accept you. Until then, change no more than the names and the number you typed; "
            "for another address, archive this client and add a new one.",
        )
    for name, value in changed.items():
        setattr(link, f"typed_{name}", value)
    await session.flush()


async def unarchive(session: AsyncSession, link: Relationship, *, now: datetime) -> None:
    """Take a client back into a provider's list; one who never accepted is proposed again."""
    client = await queries.client(session, link.client_id)
    if client is not None and client.account is AccountState.CLOSED:
        raise Refused("account_closed", "This account is closed. Add the person anew if they come back.")
    accepted = link.typed_email is None
    event = RelationshipEvent.UNARCHIVED if accepted else RelationshipEvent.PROPOSED_AGAIN
    await move_relationship(session, link, event, now=now)


_TYPED = (
    "first_name",
    "last_name",
    "preferred_name",
    "phone",
    "birth_date",
    "lives_in",
    "plan",
    "timezone",
    "language",
)


async def client_of_address(
    session: AsyncSession,
    *,
    first_name: str,
    last_name: str,
    email: str,
    phone: str | None,
    birth_date: str | None,
    lives_in: str | None,
    plan: str | None,
    timezone: str | None,
    language: Language,
    preferred_name: str | None = None,
    proven: bool,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> Client:
    """Return the account of an address, locked; where there is none, it begins with what was typed (4.6).

    `proven` says that the address is in the hands of who typed: an account that was not verified is from now on,
    and takes what was typed. What a verified account says of itself counts more than anything typed, else somebody
    could book with another's number (1.16). Unproven words fill only what was empty.
    """
    typed = Client(
        id=new_id(),
        first_name=first_name,
        last_name=last_name,
        preferred_name=preferred_name,
        email=email,
        phone=phone,
        birth_date=birth_date,
        lives_in=lives_in,
        plan=plan,
        timezone=timezone,
        language=language,
        account=AccountState.SELF_REGISTERED,
        created_at=now,
    )
    row = await queries.client_by_email_in_turn(session, email)
    made = row is None
    if row is None:
        await queries.add_unless_known(session, typed)
        row = await queries.client_by_email_in_turn(session, email)
        assert row is not None  # noqa: S101 - it was there, or it is now
    if row.verified_at is not None:
        return row
    for name in _TYPED:
        told = getattr(typed, name)
        if told is not None and (proven or getattr(row, name) is None):
            setattr(row, name, told)
    row.version += 0 if made else 1
    await session.flush()
    if proven:
        await accounts.prove_address(session, row, AccountEvent.ADDRESS_PROVEN, actor=actor, now=now, new_id=new_id)
    return row


async def begin_relationship(
    session: AsyncSession, provider_id: UUID, client_id: UUID, state: RelationshipState, *, now: datetime, new_id: NewId
) -> Relationship:
    """Bring a provider and a client together for the first time."""
    row = Relationship(id=new_id(), provider_id=provider_id, client_id=client_id, state=state, since=now)
    session.add(row)
    await session.flush()
    return row


async def move_relationship(
    session: AsyncSession, link: Relationship, event: RelationshipEvent, *, now: datetime
) -> None:
    """Move a relationship by its table, else Refused."""
    after = next_state(lifecycle.RELATIONSHIP, link.state, event)
    if after is None:
        raise Refused("not_possible_now", f"This client is {link.state.value} in your list.", state=link.state.value)
    link.state, link.since = after, now
    if after is RelationshipState.ACTIVE:
        link.typed_first_name = link.typed_last_name = link.typed_email = link.typed_phone = None
    await session.flush()
