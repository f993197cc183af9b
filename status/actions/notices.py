"""Letters: into the outbox, out of it, and what became of them."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.jobs import enqueue
from config.lifecycles import next_state
from status import queries
from status.actions.history import NewId, record
from status.models import Notice
from status.rules import letters, lifecycle
from status.values import (
    CLOCK,
    Channel,
    EventKind,
    NoticeEvent,
    NoticeKey,
    NoticeState,
    Recipient,
)


async def notify(
    session: AsyncSession,
    key: NoticeKey,
    *channels: Channel,
    provider_id: UUID | None = None,
    client_id: UUID | None = None,
    draft_id: UUID | None = None,
    account_id: UUID | None = None,
    subject_id: UUID,
    appointment_id: UUID | None = None,
    due_at: datetime | None = None,
    now: datetime,
    new_id: NewId,
    expires_at: datetime | None = None,
    dedupe: str = "",
) -> None:
    """Put a letter into the outbox: to a provider, a client, an account, or who began the booking `draft_id`.

    The same one about the same subject is written once for each of its channels; it is due now unless told otherwise.

    A portal notice is delivered by standing there. Others are enqueued when due now, else found by the sweep.
    """
    readers = {
        Recipient.PROVIDER: provider_id,
        Recipient.CLIENT: client_id,
        Recipient.ACCOUNT: account_id,
        Recipient.DRAFT: draft_id,
    }
    named = [(recipient, one) for recipient, one in readers.items() if one is not None]
    if len(named) != 1:
        raise ValueError("a letter has one reader")
    [(recipient, recipient_id)] = named
    for channel in channels:
        letters.ensure_known(key, recipient, channel)
        row = Notice(
            id=new_id(),
            key=key,
            channel=channel,
            recipient=recipient,
            recipient_id=recipient_id,
            subject_id=subject_id,
            appointment_id=appointment_id,
            dedupe=f"{key.value}:{channel.value}:{recipient_id}:{subject_id}:{dedupe}",
            state=NoticeState.DUE,
            created_at=now,
            due_at=due_at or now,
            expires_at=expires_at,
        )
        if channel is Channel.PORTAL:
            row.state, row.sent_at, row.settled_at, row.sent_by = NoticeState.DELIVERED, now, now, Channel.PORTAL
        if await queries.add_notice(session, row) and channel is not Channel.PORTAL and row.due_at <= now:
            await enqueue(session, "deliver", row.id)


async def notify_many(
    session: AsyncSession,
    key: NoticeKey,
    recipient: Recipient,
    letters_to: Iterable[tuple[UUID, UUID, datetime]],
    *,
    now: datetime,
    new_id: NewId,
) -> None:
    """Put many letters by mail into the outbox at once: to whom, about what, and when each is due.

    The sweep finds them when their time comes.
    """
    letters.ensure_known(key, recipient, Channel.MAIL)
    await queries.add_notices(
        session,
        [
            {
                "id": new_id(),
                "key": key,
                "channel": Channel.MAIL,
                "recipient": recipient,
                "recipient_id": recipient_id,
                "subject_id": subject_id,
                "dedupe": f"{key.value}:{Channel.MAIL.value}:{recipient_id}:{subject_id}:",
                "state": NoticeState.DUE,
                "created_at": now,
                "due_at": due_at,
                "attempts": 0,
            }
            for recipient_id, subject_id, due_at in letters_to
        ],
    )


async def withdraw_notices(
    session: AsyncSession, subject_id: UUID, *, now: datetime, keys: Iterable[NoticeKey] = tuple(NoticeKey)
) -> None:
    """Cancel the letters about a subject that have not begun to be sent."""
    wanted = set(keys)
    for row in await queries.open_notices_for_update(session, subject_id):
        if row.key in wanted:
            move_notice(row, NoticeEvent.NO_LONGER_TRUE, now=now)
    await session.flush()


def move_notice(row: Notice, event: NoticeEvent, *, now: datetime) -> bool:
    """Move a notice by its table; False where the table has no such move."""
    after = next_state(lifecycle.NOTICE, row.state, event)
    if after is None:
        return False
    row.state = after
    if after not in queries.OPEN_NOTICES:
        row.settled_at = now
    return True


async def note_sent(
    session: AsyncSession, row: Notice, *, by: Channel, reference: str | None, now: datetime, new_id: NewId
) -> None:
    """Write down that a letter was taken; whether its sender or a receipt says so first makes no difference."""
    told_before = row.sent_at is not None
    move_notice(row, NoticeEvent.TAKEN, now=now)
    row.sent_by, row.reference = by, reference
    if told_before:
        await session.flush()  # what came of it since then stays
        return
    row.sent_at, row.trouble = now, None
    await session.flush()
    await _record_notice(session, EventKind.NOTICE_SENT, row, now=now, new_id=new_id, by=by.value)


async def note_failed(
    session: AsyncSession, row: Notice, event: NoticeEvent, *, trouble: str | None, now: datetime, new_id: NewId
) -> bool:
    """End a letter that did not arrive; False where its lifecycle has no such move.

    What was to be a text goes by mail instead, at once: who was to be told has to learn of it (R119).
    """
    if not move_notice(row, event, now=now):
        return False
    row.trouble = trouble
    if row.sent_at is None:
        row.reference = None
    await session.flush()
    await _record_notice(session, EventKind.NOTICE_FAILED, row, now=now, new_id=new_id, trouble=trouble)
    by_text = row.channel is Channel.TEXT and row.sent_by is Channel.TEXT
    if by_text and (row.expires_at is None or now < row.expires_at):
        await notify(
            session,
            row.key,
            Channel.MAIL,
            provider_id=row.recipient_id if row.recipient is Recipient.PROVIDER else None,
            client_id=row.recipient_id if row.recipient is Recipient.CLIENT else None,
            account_id=row.recipient_id if row.recipient is Recipient.ACCOUNT else None,
            draft_id=row.recipient_id if row.recipient is Recipient.DRAFT else None,
            subject_id=row.subject_id,
            appointment_id=row.appointment_id,
            dedupe=f"instead:{row.id}",
            expires_at=row.expires_at,
            now=now,
            new_id=new_id,
        )
    return True


async def note_receipt(
    session: AsyncSession,
    notice_id: UUID,
    *,
    delivered: bool | None,
    code: str | None,
    reference: str | None = None,
    now: datetime,
    new_id: NewId,
) -> Notice | None:
    """Take in what the carrier says of a text; None where it is about no notice of ours.

    `delivered` is None while the text is on its way: that the carrier has it settles an uncertain one. `reference`
    is the carrier's id of the text; one about an earlier try of the same notice says nothing about the later one.
    A final state stays, whatever comes after it, and so does everything about a letter that went by mail.
    """
    row = await queries.notice_in_turn_for_update(session, notice_id)
    if row is None or row.sent_by is Channel.MAIL:
        return None
    if row.sent_at is not None and reference and row.reference and reference != row.reference:
        return row
    event = {True: NoticeEvent.DELIVERED, False: NoticeEvent.UNDELIVERED, None: NoticeEvent.TAKEN}[delivered]
    if next_state(lifecycle.NOTICE, row.state, event) is None:
        return row
    if row.sent_at is None:
        await note_sent(session, row, by=Channel.TEXT, reference=reference, now=now, new_id=new_id)
    if delivered is False:
        await note_failed(session, row, event, trouble=code, now=now, new_id=new_id)
    elif delivered:
        move_notice(row, event, now=now)
        await session.flush()
    return row


async def _record_notice(
    session: AsyncSession, kind: EventKind, row: Notice, *, now: datetime, new_id: NewId, **data: str | None
) -> None:
    await record(
        session,
        kind,
        actor=CLOCK,
        now=now,
        new_id=new_id,
        provider_id=row.recipient_id if row.recipient is Recipient.PROVIDER else None,
        appointment_id=row.appointment_id,
        data={"notice": str(row.id), "key": row.key.value, "attempts": row.attempts, **data},
    )
