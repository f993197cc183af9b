"""Messages: written, read, blocked. Called inside somebody's transaction; never commits."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import BadInput, NotFound, Problem, Refused
from config.keys import derive, six_digits
from config.settings import Settings
from people import queries
from people.actions.accounts import account_for
from people.actions.clients import begin_relationship, client_of_address, move_relationship
from people.models import Message, MessageDraft, Relationship, Thread
from people.rules import messages as rules
from people.rules.messages import NotWritable
from people.values import DraftedState, Language, MessageSide, RelationshipEvent, RelationshipState
from status import actions as ledger
from status.actions import NewId
from status.rules.access import STAFF, may, see_theirs
from status.values import Actor, ActorKind, Channel, EventKind, NoticeKey

# A message that is read at once needs no mail.
MAIL_AFTER = timedelta(minutes=1)

_SENTENCES = {
    NotWritable.ARCHIVED: "This client is archived. Say that you take them back into your list, then write.",
    NotWritable.BLOCKED: "You have blocked this client, so no messages go either way.",
    NotWritable.NOT_ACCEPTED: "This client has yet to accept you. Until then, nothing can be written to them.",
    NotWritable.ANSWER_FIRST: "This provider has added you. Say yes or no to that in your account first.",
    NotWritable.CLOSED_TO_YOU: "This message cannot be sent. Choose another provider, or write to our support.",
}


@may(ActorKind.PROVIDER, ActorKind.OPERATOR)
async def write_to_client(
    session: AsyncSession, provider_id: UUID, client_id: UUID, text: str, *, actor: Actor, now: datetime, new_id: NewId
) -> Thread:
    """Write to a client; Refused where they are archived, blocked, or have yet to accept (R41, R56)."""
    see_theirs(actor, provider_id=provider_id)
    link = await _between(session, provider_id, client_id)
    _see_that_it_may_be_written(MessageSide.PROVIDER, link)
    return await _write(
        session, provider_id, client_id, MessageSide.PROVIDER, text, actor=actor, now=now, new_id=new_id
    )


@may(ActorKind.CLIENT)
async def write_to_provider(
    session: AsyncSession, client_id: UUID, provider_id: UUID, text: str, *, actor: Actor, now: datetime, new_id: NewId
) -> Thread:
    """Write to a provider; the first message to one makes a prospect (R44). A blocked client is not told that."""
    see_theirs(actor, client_id=client_id)
    await _see_that_they_practise(session, provider_id)
    link = await queries.relationship_for_update(session, provider_id, client_id)
    if link is None:
        await _see_that_they_are_shown(session, provider_id)
        if await queries.threads_begun(session, client_id, now - timedelta(days=1)) >= rules.NEW_THREADS_A_DAY:
            raise Refused("too_many_threads", "You have written to several providers today. Wait for their answers.")
        link = await begin_relationship(
            session, provider_id, client_id, RelationshipState.PROSPECT, now=now, new_id=new_id
        )
    _see_that_it_may_be_written(MessageSide.CLIENT, link)
    return await _write(session, provider_id, client_id, MessageSide.CLIENT, text, actor=actor, now=now, new_id=new_id)


@may(ActorKind.PROVIDER, ActorKind.CLIENT)
async def write_to_support(
    session: AsyncSession,
    text: str,
    *,
    provider_id: UUID | None = None,
    client_id: UUID | None = None,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> Thread:
    """Write to support, as a provider or as a client."""
    see_theirs(actor, provider_id=provider_id, client_id=client_id)
    side = MessageSide.PROVIDER if provider_id else MessageSide.CLIENT
    return await _write(session, provider_id, client_id, side, text, actor=actor, now=now, new_id=new_id)


@may(ActorKind.OPERATOR)
async def write_as_support(
    session: AsyncSession, thread: Thread, text: str, *, actor: Actor, now: datetime, new_id: NewId
) -> Thread:
    """Answer as support; what a provider and a client write to each other is not support's."""
    if thread.provider_id is not None and thread.client_id is not None:
        raise NotFound
    return await _write(
        session, thread.provider_id, thread.client_id, MessageSide.DESK, text, actor=actor, now=now, new_id=new_id
    )


async def leave_word(
    session: AsyncSession, provider_id: UUID, client_id: UUID, text: str, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Let what a provider wrote with a cancellation stand in the thread, too (R39); its own letter tells of it."""
    link = await queries.relationship(session, provider_id, client_id)
    if link is not None and link.state is not RelationshipState.BLOCKED:
        side = MessageSide.PROVIDER
        await _write(
            session,
            provider_id,
            client_id,
            side,
            text[: rules.LONGEST],
            tell=False,
            actor=actor,
            now=now,
            new_id=new_id,
        )


async def read(session: AsyncSession, thread: Thread, side: MessageSide) -> None:
    """Note that a side has read all of a thread, which is locked."""
    setattr(thread, f"{side.value}_unread", 0)
    await session.flush()


@may(*STAFF)
async def block(
    session: AsyncSession, provider_id: UUID, client_id: UUID, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Take no more messages, bookings or requests from somebody; they are not told."""
    see_theirs(actor, provider_id=provider_id)
    link = await _between(session, provider_id, client_id)
    await move_relationship(session, link, RelationshipEvent.BLOCKED, now=now)
    await ledger.record(session, EventKind.CLIENT_BLOCKED, actor=actor, now=now, new_id=new_id, provider_id=provider_id)


async def _between(session: AsyncSession, provider_id: UUID, client_id: UUID) -> Relationship:
    link = await queries.relationship_for_update(session, provider_id, client_id)
    if link is None:
        raise NotFound
    return link


async def _see_that_they_practise(session: AsyncSession, provider_id: UUID) -> None:
    provider = await queries.provider(session, provider_id)
    if provider is None or not provider.active:
        raise Refused("not_writable", "This provider cannot be written to any more. Choose another one.")


async def _see_that_they_are_shown(session: AsyncSession, provider_id: UUID) -> None:
    """Refuse strangers' messages to somebody who has no public page."""
    profile = await queries.profile(session, provider_id)
    if profile is None or not profile.published:
        raise Refused("not_writable", "This provider cannot be written to any more. Choose another one.")


def _see_that_it_may_be_written(side: MessageSide, link: Relationship) -> None:
    why = rules.why_not(side, link.state)
    if why is not None:
        raise Refused(why.value, _SENTENCES[why])


def checked(text: str) -> str:
    """Return a message as it is kept, or raise BadInput: empty, or too long."""
    told = rules.plain(text)
    if not told:
        raise BadInput(Problem("text", "problems.message_empty"))
    if len(told) > rules.LONGEST:
        raise BadInput(Problem("text", "problems.message_long"))
    return told


async def _write(
    session: AsyncSession,
    provider_id: UUID | None,
    client_id: UUID | None,
    side: MessageSide,
    text: str,
    *,
    tell: bool = True,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> Thread:
    told = checked(text)
    thread = await queries.thread_between_for_update(session, provider_id, client_id, new_id=new_id(), now=now)
    hour_ago = now - timedelta(hours=1)
    if tell and await queries.written_since(session, thread.id, side, hour_ago) >= rules.AN_HOUR:
        raise Refused("too_many_messages", "You have written a lot within the hour. Wait a little, then go on.")
    thread.messages, thread.last_at = thread.messages + 1, now
    row = Message(id=new_id(), thread_id=thread.id, number=thread.messages, side=side, text=told, at=now)
    session.add(row)
    setattr(thread, f"{side.value}_unread", 0)  # whoever writes has read
    for other in _readers(thread, side):
        before: int = getattr(thread, f"{other.value}_unread")
        setattr(thread, f"{other.value}_unread", before + 1)
        if tell and before == 0 and other is not MessageSide.DESK:
            await _tell(session, thread, other, row.id, now=now, new_id=new_id)
    await session.flush()
    await ledger.record(
        session,
        EventKind.MESSAGE_SENT,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=provider_id,
        data={"thread": str(thread.id), "by": side.value},
    )
    return thread


def _readers(thread: Thread, writer: MessageSide) -> list[MessageSide]:
    sides = [
        *([MessageSide.PROVIDER] if thread.provider_id else []),
        *([MessageSide.CLIENT] if thread.client_id else []),
        *([MessageSide.DESK] if thread.provider_id is None or thread.client_id is None else []),
    ]
    return [one for one in sides if one is not writer]


async def _tell(
    session: AsyncSession, thread: Thread, reader: MessageSide, message_id: UUID, *, now: datetime, new_id: NewId
) -> None:
    """Say that there is a message, and no more (M25): once, until they have read."""
    await ledger.notify(
        session,
        NoticeKey.NEW_MESSAGE,
        Channel.MAIL,
        provider_id=thread.provider_id if reader is MessageSide.PROVIDER else None,
        client_id=thread.client_id if reader is MessageSide.CLIENT else None,
        subject_id=thread.id,
        dedupe=str(message_id),
        due_at=now + MAIL_AFTER,
        now=now,
        new_id=new_id,
    )


# From a public profile, by somebody who is not signed in


def message_code(draft_id: UUID, settings: Settings) -> str:
    """Return the six digits that complete a message, the same for its letter and for whoever judges what was typed."""
    return six_digits(derive(settings.secret_key.get_secret_value(), "message codes"), draft_id)


@dataclass(frozen=True, slots=True)
class WrongMessageCode:
    """Not this code: a try that counts, so whoever called has to keep what was written."""

    tries_left: int


async def begin_message(
    session: AsyncSession,
    provider_id: UUID,
    text: str,
    *,
    first_name: str,
    last_name: str,
    email: str,
    language: Language,
    timezone: str | None,
    now: datetime,
    new_id: NewId,
) -> MessageDraft:
    """Keep what a visitor writes until they have proven their address, and send the code there.

    Nothing here looks whether the address has an account: the answer is the same for all.
    """
    await _see_that_they_practise(session, provider_id)
    await _see_that_they_are_shown(session, provider_id)
    told = checked(text)
    if await queries.message_codes_sent(session, email, now - timedelta(hours=1)) >= rules.CODES_AN_HOUR:
        raise Refused("too_many_codes", "Too many codes were sent to this address. Try again in an hour.")
    row = MessageDraft(
        id=new_id(),
        provider_id=provider_id,
        first_name=first_name,
        last_name=last_name,
        email=email,
        language=language,
        timezone=timezone,
        text=told,
        state=DraftedState.AWAITING_CODE,
        created_at=now,
        expires_at=now + rules.CODE_LIVES,
    )
    session.add(row)
    await session.flush()
    await ledger.notify(
        session,
        NoticeKey.MESSAGE_CODE,
        Channel.MAIL,
        draft_id=row.id,
        subject_id=row.id,
        expires_at=row.expires_at,
        now=now,
        new_id=new_id,
    )
    return row


async def complete_message(
    session: AsyncSession, draft_id: UUID, code: str, *, settings: Settings, now: datetime, new_id: NewId
) -> Thread | WrongMessageCode:
    """Send what a visitor wrote, for who holds the code; the first message makes a prospect (R44)."""
    row = await queries.message_draft_for_update(session, draft_id)
    if row is None or row.state is not DraftedState.AWAITING_CODE:
        raise Refused("code_used", "This message was sent already.", status=404)
    if now >= row.expires_at or row.tries >= rules.CODE_TRIES:
        raise Refused("code_expired", "This code has expired. Write your message again to get another one.")
    if not hmac.compare_digest(message_code(row.id, settings).encode(), code.strip().encode()):
        row.tries += 1
        await session.flush()
        return WrongMessageCode(rules.CODE_TRIES - row.tries)
    client = await client_of_address(
        session,
        first_name=row.first_name,
        last_name=row.last_name,
        email=row.email,
        phone=None,
        birth_date=None,
        lives_in=None,
        plan=None,
        timezone=row.timezone,
        language=row.language,
        proven=True,
        actor=Actor(kind=ActorKind.CLIENT),
        now=now,
        new_id=new_id,
    )
    row.state = DraftedState.SENT
    await account_for(session, client, now=now, new_id=new_id)
    actor = Actor(kind=ActorKind.CLIENT, id=client.id)
    return await write_to_provider(session, client.id, row.provider_id, row.text, actor=actor, now=now, new_id=new_id)
