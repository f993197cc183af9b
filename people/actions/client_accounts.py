"""Clients' own accounts: invited, proven, set up step by step, closed (requirements 4.6).

Whoever changes a client has locked their row before; then come their account, then their links.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import Refused
from config.keys import derive, digest
from config.lifecycles import next_state
from config.settings import Settings
from people import queries
from people.actions.accounts import add_account, disable_account, make_link, use_up
from people.forms import CURRENT
from people.models import Account, BillingMethod, Client, Insurance, Relationship, SingleUseLink
from people.rules import account as rules
from people.rules import lifecycle
from people.values import (
    AccountEvent,
    AccountKind,
    AccountState,
    AccountStep,
    FormKey,
    Insured,
    Language,
    LinkPurpose,
    RelationshipEvent,
    RelationshipState,
)
from status import actions as ledger
from status.actions import NewId
from status.rules.access import STAFF, may, see_theirs
from status.values import CLOCK, Actor, ActorKind, Channel, EventKind, NoticeKey

INVITATIONS_AN_HOUR = 3
NOBODY = "–"  # the name of who has closed their account, where it stands no more


async def standing(
    session: AsyncSession, client: Client, now: datetime, current: Mapping[FormKey, int] = CURRENT
) -> AccountState:
    """Return where an account stands now, whatever was written down last."""
    lacks: Sequence[AccountStep] = ()
    if client.account is AccountState.READY:
        lacks = rules.missing(await queries.done_steps(session, client.id, now, current))
    return rules.as_of(client.account, client.invited_until, lacks, now)


async def move_account(session: AsyncSession, client: Client, event: AccountEvent, *, now: datetime) -> None:
    """Move an account by its table, else Refused."""
    before = await standing(session, client, now)
    after = next_state(lifecycle.ACCOUNT, before, event)
    if after is None:
        raise _no(before)
    client.account, client.version = after, client.version + 1
    if after.verified and client.verified_at is None:
        client.verified_at = now
    await session.flush()


def _no(state: AccountState) -> Refused:
    if state.verified:
        return Refused("verified_client", "This client has verified their account, so only they can change it.")
    if state is AccountState.CLOSED:
        return Refused("account_closed", "This account is closed. Add the person anew if they come back.")
    return Refused("self_registered", "This client has made their account themselves, so only they can change it.")


def address_key(email: str, settings: Settings) -> str:
    """Return what stands for an address that mail does not reach."""
    return digest(derive(settings.secret_key.get_secret_value(), "addresses"), email.casefold())


# Before the address is proven


async def invite(
    session: AsyncSession,
    client: Client,
    provider_id: UUID,
    *,
    event: AccountEvent = AccountEvent.INVITED,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> None:
    """Invite a client to their account (M6); an earlier link is void. Refused once they have proven their address."""
    await move_account(session, client, event, now=now)
    await ask_to_verify(session, client, provider_id, now=now, new_id=new_id)
    await ledger.record(
        session,
        EventKind.CLIENT_INVITED,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=provider_id,
        data={"client": str(client.id)},
    )


async def ask_to_verify(
    session: AsyncSession, client: Client, provider_id: UUID, *, now: datetime, new_id: NewId
) -> None:
    """Mail the link by which a client proves their address, good for 14 days and once (R49).

    The account that it opens begins with what is still missing, so it is a request for the insurance, too (R48).
    """
    account = await _account(session, client, now=now, new_id=new_id)
    hour_ago = now - timedelta(hours=1)
    if await queries.links_since(session, account.id, LinkPurpose.INVITATION, hour_ago) >= INVITATIONS_AN_HOUR:
        raise Refused("invited_often", "This client was invited several times within the hour. Try again later.")
    link = await make_link(
        session,
        account,
        LinkPurpose.INVITATION,
        email=client.email,
        invited_by=provider_id,
        now=now,
        new_id=new_id,
    )
    client.invited_until = link.expires_at
    client.insurance_asked_at = now
    await session.flush()


async def _account(session: AsyncSession, client: Client, *, now: datetime, new_id: NewId) -> Account:
    found = await queries.account_of_client_for_update(session, client.id)
    if found is not None:
        return found
    return await add_account(
        session,
        kind=AccountKind.CLIENT,
        email=client.email,
        language=client.language,
        timezone=client.timezone,
        client_id=client.id,
        now=now,
        new_id=new_id,
    )


@may(*STAFF)
async def correct_client(
    session: AsyncSession,
    client: Client,
    provider_id: UUID,
    changed: Mapping[str, str | None],
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> None:
    """Correct what a provider typed of a client, who is locked and has yet to prove their address (R53, R54).

    With another address the old link is void and a new invitation goes there, and so it does after one that failed.
    """
    see_theirs(actor, provider_id=provider_id)
    before = await standing(session, client, now)
    if next_state(lifecycle.ACCOUNT, before, AccountEvent.EDITED) is None:
        raise _no(before)
    new_address = "email" in changed and (changed["email"] or "").casefold() != client.email.casefold()
    if new_address:
        await _see_that_it_is_free(session, client, str(changed["email"]))
    for name, value in changed.items():
        setattr(client, name, value)
    account = await queries.account_of_client_for_update(session, client.id)
    if account is not None:
        account.email = client.email
    was_invited = client.invited_until is not None
    if was_invited and (new_address or before is AccountState.INVITE_FAILED):
        await invite(session, client, provider_id, event=AccountEvent.EDITED, actor=actor, now=now, new_id=new_id)
    elif changed:
        client.version += 1
    await session.flush()
    await _note_change(session, client, changed, provider_id, actor=actor, now=now, new_id=new_id)


async def _see_that_it_is_free(session: AsyncSession, client: Client, email: str) -> None:
    holder = await queries.client_by_email(session, email)
    if holder is not None and holder.id != client.id:
        raise Refused("address_taken", "Another account has this address. Choose a different one.")


async def _note_change(
    session: AsyncSession,
    client: Client,
    changed: Mapping[str, object],
    provider_id: UUID | None,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> None:
    """Write down which fields have changed, and nothing of what stands in them."""
    if changed:
        await ledger.record(
            session,
            EventKind.CLIENT_CHANGED,
            actor=actor,
            now=now,
            new_id=new_id,
            provider_id=provider_id,
            data={"client": str(client.id), "fields": ",".join(sorted(changed))},
        )


async def note_failed_invitation(session: AsyncSession, link_id: UUID, *, now: datetime, new_id: NewId) -> None:
    """Take in that an invitation was refused for good: its link is void, and who sent it is told (4.6)."""
    link = await queries.link(session, link_id)
    account = await queries.account(session, link.account_id) if link else None
    client = await queries.client_for_update(session, account.client_id) if account and account.client_id else None
    if link is None or client is None or link.voided_at is not None or link.used_at is not None:
        return
    after = next_state(lifecycle.ACCOUNT, await standing(session, client, now), AccountEvent.BOUNCED)
    if after is None:
        return
    client.account, client.version = after, client.version + 1
    await queries.void_links(session, link.account_id, LinkPurpose.INVITATION, now)
    await ledger.record(
        session,
        EventKind.CLIENT_INVITATION_FAILED,
        actor=CLOCK,
        now=now,
        new_id=new_id,
        provider_id=link.invited_by,
        data={"client": str(client.id)},
    )
    if link.invited_by is not None:
        between = await queries.relationship(session, link.invited_by, client.id)
        if between is not None:
            await _tell_provider(session, between, NoticeKey.INVITATION_FAILED, now=now, new_id=new_id)


async def _tell_provider(
    session: AsyncSession, between: Relationship, key: NoticeKey, *, now: datetime, new_id: NewId
) -> None:
    await ledger.notify(
        session,
        key,
        Channel.PORTAL,
        provider_id=between.provider_id,
        subject_id=between.id,
        dedupe=now.isoformat(),
        now=now,
        new_id=new_id,
    )


async def use_link(
    session: AsyncSession, link: SingleUseLink, account: Account, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Use a link up. Whoever uses one has shown that the address is theirs."""
    await use_up(session, link, account, now=now, new_id=new_id)
    client = await queries.client_for_update(session, account.client_id) if account.client_id else None
    if client is None:
        return
    if client.verified_at is None:
        invited = link.purpose is LinkPurpose.INVITATION
        event = AccountEvent.LINK_USED if invited else AccountEvent.ADDRESS_PROVEN
        await prove_address(session, client, event, actor=actor, now=now, new_id=new_id)
    elif link.purpose is LinkPurpose.NEW_ADDRESS:
        await move_account(session, client, AccountEvent.ADDRESS_CHANGED, now=now)


async def prove_address(
    session: AsyncSession, client: Client, event: AccountEvent, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Note that a client holds their address; from now on nobody else changes their data (R53)."""
    await move_account(session, client, event, now=now)
    await ledger.record(
        session, EventKind.CLIENT_VERIFIED, actor=actor, now=now, new_id=new_id, data={"client": str(client.id)}
    )
    await settle_account(session, client, actor=actor, now=now, new_id=new_id)


# The steps, in any order once the address is proven (R49)


@may(ActorKind.CLIENT, *STAFF)
async def set_insurance(
    session: AsyncSession, client: Client, told: Insured, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Keep what is told of an insurance: all three make it known, less is a draft (R47).

    Who may write it is the door's matter (R53): the client, or a provider while nobody has proven the address.
    """
    if actor.kind is ActorKind.CLIENT:
        see_theirs(actor, client_id=client.id)
    row = await queries.insurance(session, client.id)
    if row is None:
        row = Insurance(client_id=client.id, changed_at=now)
        session.add(row)
    row.company, row.member_id, row.changed_at = told.company, told.member_id, now
    if told.birth_date is not None:
        client.birth_date = told.birth_date
    await session.flush()
    await _after_step(session, client, AccountStep.INSURANCE, actor=actor, now=now, new_id=new_id)


@may(ActorKind.CLIENT, ActorKind.OPERATOR)
async def set_billing_method(
    session: AsyncSession,
    client: Client,
    *,
    reference: str,
    label: str,
    expires_on: str | None,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> None:
    """Keep how a client pays: the name that the processor gave it, never the number of a card."""
    see_theirs(actor, client_id=client.id)
    _see_that_it_is_proven(client)
    row = await queries.billing_method(session, client.id)
    if row is None:
        row = BillingMethod(client_id=client.id, reference=reference, label=label, added_at=now)
        session.add(row)
    row.reference, row.label, row.expires_on, row.added_at = reference, label, expires_on, now
    await session.flush()
    await _after_step(session, client, AccountStep.BILLING, actor=actor, now=now, new_id=new_id)


@may(ActorKind.CLIENT)
async def acknowledge_form(
    session: AsyncSession,
    client: Client,
    form: FormKey,
    version: int,
    language: Language,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
    current: Mapping[FormKey, int] = CURRENT,
) -> None:
    """Note that a client acknowledges a form; Refused where there is a newer version than the one they were shown."""
    see_theirs(actor, client_id=client.id)
    _see_that_it_is_proven(client)
    if current[form] != version:
        raise Refused("form_renewed", "This form has a new version. Read that one, then acknowledge it.")
    await queries.acknowledge(session, client.id, form, version, language, now)
    await _after_step(session, client, AccountStep.FORMS, actor=actor, now=now, new_id=new_id, current=current)


def _see_that_it_is_proven(client: Client) -> None:
    if client.account is AccountState.CLOSED:
        raise _no(AccountState.CLOSED)
    if client.verified_at is None:
        raise Refused("verify_first", "The client verifies their address first.")


async def _after_step(
    session: AsyncSession,
    client: Client,
    step: AccountStep,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
    current: Mapping[FormKey, int] = CURRENT,
) -> None:
    await _note_change(session, client, {step.value: None}, None, actor=actor, now=now, new_id=new_id)
    if client.verified_at is not None:
        await settle_account(session, client, actor=actor, now=now, new_id=new_id, current=current)
    client.version += 1
    await session.flush()


async def settle_account(
    session: AsyncSession,
    client: Client,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
    current: Mapping[FormKey, int] = CURRENT,
) -> None:
    """Let an account be ready once nothing is missing, and ask again for what no longer counts (4.6)."""
    lacks = rules.missing(await queries.done_steps(session, client.id, now, current))
    event = AccountEvent.LAPSED if lacks else AccountEvent.COMPLETED
    after = next_state(lifecycle.ACCOUNT, client.account, event)
    if after is None:
        return
    client.account, client.version = after, client.version + 1
    await session.flush()
    ready = after is AccountState.READY
    kind = EventKind.CLIENT_READY if ready else EventKind.CLIENT_LACKS
    await ledger.record(session, kind, actor=actor, now=now, new_id=new_id, data={"client": str(client.id)})
    if not ready:
        await ledger.notify(
            session,
            NoticeKey.ACCOUNT_LACKS,
            Channel.MAIL,
            Channel.PORTAL,
            client_id=client.id,
            subject_id=client.id,
            dedupe=now.isoformat(),
            now=now,
            new_id=new_id,
        )
        return
    for between in await queries.relationships_of_client(session, client.id):
        if between.state is RelationshipState.ACTIVE:
            await _tell_provider(session, between, NoticeKey.ACCOUNT_READY, now=now, new_id=new_id)


async def ask_for_insurance(session: AsyncSession, between: Relationship, *, now: datetime, new_id: NewId) -> bool:
    """Ask a client for their insurance (M7), unless it is known or was asked for within a week (R48)."""
    client = await queries.client_for_update(session, between.client_id)
    if client is None or client.account is AccountState.CLOSED:
        return False
    done = await queries.done_steps(session, client.id, now)
    if not rules.may_ask_for_insurance(client.insurance_asked_at, known=AccountStep.INSURANCE in done, now=now):
        return False
    client.insurance_asked_at = now
    await session.flush()
    await ledger.notify(
        session,
        NoticeKey.INSURANCE_REQUEST,
        Channel.MAIL,
        Channel.PORTAL,
        client_id=client.id,
        subject_id=between.id,
        dedupe=now.isoformat(),
        now=now,
        new_id=new_id,
    )
    return True


# A client's own hand


@may(ActorKind.CLIENT, ActorKind.OPERATOR)
async def change_own_data(
    session: AsyncSession, client: Client, changed: Mapping[str, object], *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Change what a client says of themselves: names, number, language and zone; the address goes another way."""
    see_theirs(actor, client_id=client.id)
    if client.account is AccountState.CLOSED:
        raise _no(AccountState.CLOSED)
    different = {name: value for name, value in changed.items() if getattr(client, name) != value}
    for name, value in different.items():
        setattr(client, name, value)
    account = await queries.account_of_client_for_update(session, client.id)
    if account is not None:
        account.language, account.timezone = client.language, client.timezone
    client.version += 1 if different else 0
    await session.flush()
    await _note_change(session, client, different, None, actor=actor, now=now, new_id=new_id)


async def close_client(
    session: AsyncSession, client: Client, *, keeps_name: frozenset[UUID], actor: Actor, now: datetime, new_id: NewId
) -> Sequence[str]:
    """Close an account for good and forget whose it was; returns what stands for its cookies, to be forgotten.

    Appointments and calls stay, without a person. Providers in `keeps_name` have met the client and must be able to
    tell of whom their records are: the name stays in their own list, and nowhere else.
    """
    await move_account(session, client, AccountEvent.CLOSED, now=now)
    nobody = f"{client.id}@closed.invalid"
    for between in await queries.relationships_of_client(session, client.id):
        kept = between.provider_id in keeps_name and between.typed_email is None
        if next_state(lifecycle.RELATIONSHIP, between.state, RelationshipEvent.ARCHIVED) is not None:
            between.state, between.since = RelationshipState.ARCHIVED, now
        if kept:
            between.typed_first_name, between.typed_last_name = client.first_name, client.last_name
        if kept or between.typed_email is not None:
            between.typed_email, between.typed_phone = nobody, None
    account = await queries.account_of_client_for_update(session, client.id)
    ended: Sequence[str] = ()
    if account is not None:
        ended = await disable_account(session, account, now=now)
        account.email = nobody
        for purpose in LinkPurpose:
            await queries.void_links(session, account.id, purpose, now)
        await queries.forget_addresses(session, account.id, nobody)
    client.first_name, client.last_name, client.preferred_name = NOBODY, NOBODY, None
    client.email, client.phone, client.birth_date = nobody, None, None
    client.lives_in = client.plan = client.timezone = client.verified_at = client.invited_until = None
    await queries.forget_person(session, client.id)
    await session.flush()
    await ledger.record(
        session, EventKind.CLIENT_CLOSED, actor=actor, now=now, new_id=new_id, data={"client": str(client.id)}
    )
    return ended
