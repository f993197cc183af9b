"""A provider answers the status text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bridge import queries
from bridge.actions.history import NewId, caller_key
from bridge.carriers.twilio import Receipt
from bridge.models import TextReply
from bridge.rules import replies, routing
from bridge.texts import suppression
from config.errors import Refused
from config.phones import read_caller
from config.settings import Settings
from people import queries as people_queries
from people.values import Language, SuppressionReason
from status import actions as ledger
from status import queries as ledger_queries
from status.values import Actor, ActorKind, DecidedBy, EventKind, Policy


async def take_receipt(
    session: AsyncSession,
    notice_id: UUID,
    *,
    receipt: Receipt,
    to: str | None,
    settings: Settings,
    now: datetime,
    new_id: NewId,
) -> tuple[UUID, ...]:
    """Take the fate of a text of ours; a number that no text can reach, or whose owner stopped them, gets none."""
    row = await ledger.note_receipt(
        session,
        notice_id,
        delivered=receipt.delivered,
        code=receipt.code,
        reference=receipt.sid,
        now=now,
        new_id=new_id,
    )
    if row is None:
        return ()
    why = suppression(receipt.code) if receipt.delivered is False else None
    number = read_caller(to or "").number
    key = caller_key(number, settings)
    if why is not None and key is not None:
        await people_queries.suppress(session, key, why, now)
    return tuple(one for one in (row.recipient_id, row.appointment_id) if one)


LISTS_LAST = timedelta(days=4)


async def take_text(
    session: AsyncSession,
    *,
    sid: str,
    sender: str | None,
    body: str,
    settings: Settings,
    policy: Policy,
    now: datetime,
    new_id: NewId,
) -> tuple[str, tuple[UUID, ...]]:
    """Take a provider's text and return what is said back, and whose state may have changed.

    The same text twice gets the same answer. A stranger gets none.
    """
    known = await queries.text_reply(session, sid)
    if known is not None:
        return known.answer, ()
    providers = await people_queries.providers_with_number(session, sender) if sender else ()
    key = caller_key(sender, settings)
    reply = replies.read_reply(body)
    if not providers or key is None:
        await _from_a_client(session, sid, sender, key, reply, now=now, new_id=new_id)
        return "", ()
    ids = tuple(provider.id for provider in providers)
    said = _Said(language=routing.one_language(Language(p.language) for p in providers), timezone=providers[0].timezone)
    offered: list[str] | None = None
    if reply.word is replies.Word.STOP:
        # The carrier confirms a STOP by itself; a second confirmation is one too many.
        await people_queries.suppress(session, key, SuppressionReason.STOP, now)
        answer, kind = "", EventKind.TEXTS_STOPPED
    elif reply.word is replies.Word.START:
        await people_queries.lift_suppression(session, key, now)
        answer, kind = said(replies.Say.STARTED), EventKind.TEXTS_STARTED
    else:
        kind = EventKind.TEXT_RECEIVED
        answer, offered = await _answer_text(session, reply, ids, key, said, policy=policy, now=now, new_id=new_id)
    session.add(TextReply(sid=sid, sender_key=key, answer=answer, offered=offered, at=now))
    await session.flush()
    for provider_id in ids:
        await ledger.record(
            session,
            kind,
            actor=Actor(kind=ActorKind.PROVIDER, id=provider_id),
            now=now,
            new_id=new_id,
            provider_id=provider_id,
            data={"word": reply.word.value},
        )
    return answer, ids


async def _from_a_client(
    session: AsyncSession,
    sid: str,
    sender: str | None,
    key: str | None,
    reply: replies.Reply,
    *,
    now: datetime,
    new_id: NewId,
) -> None:
    """Take STOP and START of somebody who has consented to texts; the carrier confirms both by itself."""
    if sender is None or key is None or reply.word not in {replies.Word.STOP, replies.Word.START}:
        return
    if not await people_queries.consented_number(session, sender):
        return
    stops = reply.word is replies.Word.STOP
    if stops:
        await people_queries.suppress(session, key, SuppressionReason.STOP, now)
    else:
        await people_queries.lift_suppression(session, key, now)
    session.add(TextReply(sid=sid, sender_key=key, answer="", offered=None, at=now))
    await session.flush()
    kind = EventKind.TEXTS_STOPPED if stops else EventKind.TEXTS_STARTED
    await ledger.record(session, kind, actor=Actor(kind=ActorKind.CLIENT), now=now, new_id=new_id)


@dataclass(frozen=True, slots=True)
class _Said:
    """Says things back in one language and zone."""

    language: Language
    timezone: str

    def __call__(self, what: replies.Say, when: datetime | None = None, listed: Sequence[datetime] = ()) -> str:
        return replies.say(what, self.language, timezone=self.timezone, when=when, listed=listed)


async def _answer_text(
    session: AsyncSession,
    reply: replies.Reply,
    providers: Sequence[UUID],
    key: str,
    said: _Said,
    *,
    policy: Policy,
    now: datetime,
    new_id: NewId,
) -> tuple[str, list[str] | None]:
    if reply.word is replies.Word.OTHER:
        return said(replies.Say.HELP), None
    open_ones = await ledger_queries.open_questions(session, providers)
    if reply.number is not None:
        listed = await queries.last_list(session, key, now - LISTS_LAST)
        if not 1 <= reply.number <= len(listed):
            return said(replies.Say.NOT_ON_LIST), None
        target = await ledger_queries.consultation(session, listed[reply.number - 1])
    elif len(open_ones) > 1:
        return (
            said(replies.Say.LIST, listed=[c.starts_at for c in open_ones]),
            [str(c.id) for c in open_ones],
        )
    else:
        since = now - LISTS_LAST
        target = open_ones[0] if open_ones else await ledger_queries.last_asked_by_text(session, providers, since)
    if target is None or target.provider_id not in providers:
        return said(replies.Say.NOTHING_OPEN), None
    try:
        await ledger.answer(
            session,
            target.id,
            occurred=reply.word is replies.Word.YES,
            by=DecidedBy.TEXT,
            actor=Actor(kind=ActorKind.PROVIDER, id=target.provider_id),
            now=now,
            policy=policy,
            new_id=new_id,
        )
    except Refused as refusal:
        closed = refusal.code == "window_closed"
        return said(replies.Say.CLOSED if closed else replies.Say.ALREADY, target.starts_at), None
    return said(replies.Say.SHARED, target.starts_at), None
