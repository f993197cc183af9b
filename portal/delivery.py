"""What happens to a notice around the network: claimed before it, noted after it. Never commits, never sends.

A notice that was claimed is on its way until somebody notes what became of it. When nobody does, since the worker
died or nothing came back, it is uncertain: a text is then looked up at the carrier, a mail is sent again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bridge import actions as bridge
from bridge import texts
from config import keys
from config.deps import CalendarFile, Handover, Taken
from config.settings import Settings
from people import actions as people
from people import queries as people_queries
from people.values import ByMail, ByText, Later, Nobody
from portal import rules
from portal.gathering import Told, gather, is_looked_up
from portal.letters import Letter
from status import actions as ledger
from status import queries as ledger_queries
from status.models import Notice
from status.values import Channel, NoticeEvent, NoticeKey, NoticeState, Recipient

NewId = Callable[[], UUID]
_log = structlog.get_logger(__name__)


# What `begin` returns: what is left to do


@dataclass(frozen=True, slots=True)
class Settled:
    """There is nothing to send; `subjects` are the ids whose state changed."""

    subjects: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Send this now, by the way that the claim was made for; `attempt` tells this claim from a later one."""

    notice_id: UUID
    attempt: int
    claimed_at: datetime
    way: ByText | ByMail
    letter: Letter
    calendar: CalendarFile | None
    message_id: str
    valid_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """Find out whether the carrier took this text since then."""

    notice_id: UUID
    attempt: int
    to: str
    body: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """The carrier's books were read: the id of the text, or None where it surely is not in them."""

    reference: str | None


@dataclass(frozen=True, slots=True)
class Unread:
    """The carrier's books could not be read."""


# The first transaction


async def begin(
    session: AsyncSession, notice_id: UUID, *, settings: Settings, now: datetime, new_id: NewId
) -> Settled | Send | LookUp | None:
    """Take a notice in hand and return what is to be done; None where it is not due or in other hands."""
    row = await ledger_queries.notice_for_update(session, notice_id)
    if row is None or not rules.is_due(row.state, row.due_at, row.claimed_at, now):
        return None
    if row.state is NoticeState.CLAIMED:
        ledger.move_notice(row, NoticeEvent.PERHAPS_TAKEN, now=now)
        row.trouble = "left_behind"
    told = await gather(session, row, settings=settings, now=now, new_id=new_id)
    if is_looked_up(row):
        return await _look_up(session, row, told, settings=settings, now=now, new_id=new_id)
    if row.state is NoticeState.UNCERTAIN:
        if row.attempts >= rules.MAX_ATTEMPTS:
            await ledger.note_failed(session, row, NoticeEvent.GIVEN_UP, trouble=row.trouble, now=now, new_id=new_id)
            return Settled(_subjects(row))
        # Nobody can look into a mailbox. A second copy under the same Message-ID is dropped by who has the first,
        # and a letter twice is better than none; a text has no such id, so it is never sent on suspicion.
        ledger.move_notice(row, NoticeEvent.SURELY_NOT_TAKEN, now=now)
    return await _claim(session, row, told, settings=settings, now=now, new_id=new_id)


async def _claim(
    session: AsyncSession, row: Notice, told: Told | None, *, settings: Settings, now: datetime, new_id: NewId
) -> Settled | Send:
    if row.expires_at is not None and now >= row.expires_at:
        ledger.move_notice(row, NoticeEvent.TOO_LATE, now=now)
        return Settled(_subjects(row))
    if told is None or not told.still_true:
        ledger.move_notice(row, NoticeEvent.NO_LONGER_TRUE, now=now)
        return Settled(_subjects(row))
    way = rules.choose_way(row.channel, told.contact, now, row.expires_at)
    match way:
        case Later():
            ledger.move_notice(row, NoticeEvent.POSTPONED, now=now)
            row.due_at = way.at
            return Settled(_subjects(row))
        case Nobody():
            await ledger.note_failed(session, row, NoticeEvent.NOBODY_TO_REACH, trouble=way.why, now=now, new_id=new_id)
            return Settled(_subjects(row))
        case ByText() | ByMail():
            ledger.move_notice(row, NoticeEvent.CLAIMED, now=now)
            row.attempts += 1
            row.claimed_at = now
            row.sent_by = Channel.TEXT if isinstance(way, ByText) else Channel.MAIL
            row.reference = _fingerprint(way.number, told.letter, settings) if isinstance(way, ByText) else None
            return Send(
                notice_id=row.id,
                attempt=row.attempts,
                claimed_at=now,
                way=way,
                letter=told.letter,
                calendar=told.calendar,
                message_id=f"<{row.id}@{urlsplit(settings.public_url).hostname}>",
                valid_s=rules.text_is_valid_for(now, told.contact, row.expires_at),
            )


async def _look_up(
    session: AsyncSession, row: Notice, told: Told | None, *, settings: Settings, now: datetime, new_id: NewId
) -> Settled | LookUp:
    """Prepare a look into the carrier's books, for the very text that was claimed.

    Who has changed their number, language or zone since would be looked up under words that were never sent. That
    text is given up and a mail goes instead, since a second text might follow a first.
    """
    assert row.claimed_at is not None  # noqa: S101 - it was claimed once, or it would not be uncertain
    number = told.contact.number if told else None
    if told is None or number is None or row.reference != _fingerprint(number, told.letter, settings):
        await ledger.note_failed(
            session, row, NoticeEvent.GIVEN_UP, trouble="changed_meanwhile", now=now, new_id=new_id
        )
        return Settled(_subjects(row))
    row.due_at = rules.look_up_again_at(row.claimed_at, now)  # unless this look tells more
    return LookUp(
        notice_id=row.id,
        attempt=row.attempts,
        to=number,
        body=told.letter.text,
        since=row.claimed_at - rules.CLOCKS_DIFFER,
    )


def _fingerprint(number: str, letter: Letter, settings: Settings) -> str:
    """Return what stands for a claimed text in its row, which must hold neither number nor words."""
    key = keys.derive(settings.secret_key.get_secret_value(), "claimed texts")
    return keys.digest(key, f"{number}\n{letter.text}")


# The second transaction


async def note(
    session: AsyncSession, step: Send, handover: Handover, *, settings: Settings, now: datetime, new_id: NewId
) -> tuple[UUID, ...]:
    """Write down what became of an attempt, and return the ids whose state changed.

    A receipt may have been faster, and a later claim has its own news: neither is overwritten.
    """
    row = await ledger_queries.notice_in_turn_for_update(session, step.notice_id)
    if row is None or row.attempts != step.attempt:
        return ()
    next_at = now + rules.wait_after(row.id, row.attempts)
    event = after_attempt(handover.taken, gives_up=rules.gives_up(row.attempts, next_at, row.expires_at))
    if event is NoticeEvent.TAKEN:
        by = Channel.TEXT if isinstance(step.way, ByText) else Channel.MAIL
        await ledger.note_sent(session, row, by=by, reference=handover.reference, now=now, new_id=new_id)
        if isinstance(step.way, ByMail) and row.recipient is Recipient.ACCOUNT:
            await people_queries.lift_bounce(session, people.address_key(step.way.address, settings), now)
    elif event is NoticeEvent.PERHAPS_TAKEN:
        _wait(row, event, until=now + rules.LOOK_UP_AFTER, trouble=handover.code, now=now)
    elif event is NoticeEvent.SURELY_NOT_TAKEN:
        _back_to_the_outbox(row, due_at=next_at, trouble=handover.code, now=now)
    else:
        await _suppress(session, step.way, handover, settings=settings, now=now)
        await ledger.note_failed(session, row, event, trouble=handover.code, now=now, new_id=new_id)
        if row.key is NoticeKey.CLIENT_INVITATION and event is NoticeEvent.REFUSED_FOR_GOOD:
            await people.note_failed_invitation(session, row.subject_id, now=now, new_id=new_id)
    _log.info("notice.tried", notice=str(row.id), key=row.key.value, state=row.state.value, code=handover.code)
    return _subjects(row)


async def note_look_up(
    session: AsyncSession, step: LookUp, answer: Found | Unread, *, now: datetime, new_id: NewId
) -> tuple[UUID, ...]:
    """Write down what the carrier's books say of an uncertain text."""
    row = await ledger_queries.notice_in_turn_for_update(session, step.notice_id)
    if row is None or row.attempts != step.attempt or row.state is not NoticeState.UNCERTAIN:
        return ()
    assert row.claimed_at is not None  # noqa: S101 - as above
    match answer:
        case Found(reference) if reference is not None:
            await ledger.note_sent(session, row, by=Channel.TEXT, reference=reference, now=now, new_id=new_id)
        case Found() if row.attempts < rules.MAX_ATTEMPTS:
            _back_to_the_outbox(row, due_at=now, trouble=row.trouble, now=now)
        case Unread() if not rules.stops_looking(row.claimed_at, now, row.expires_at):
            pass  # the next look has its time already
        case _:
            await ledger.note_failed(session, row, NoticeEvent.GIVEN_UP, trouble=row.trouble, now=now, new_id=new_id)
    _log.info("notice.looked_up", notice=str(row.id), key=row.key.value, state=row.state.value)
    return _subjects(row)


def after_attempt(taken: Taken, *, gives_up: bool) -> NoticeEvent:
    """Return what an attempt comes to."""
    match taken:
        case Taken.YES:
            return NoticeEvent.TAKEN
        case Taken.UNKNOWN:
            return NoticeEvent.PERHAPS_TAKEN
        case Taken.NEVER:
            return NoticeEvent.REFUSED_FOR_GOOD
        case Taken.NO:
            return NoticeEvent.GIVEN_UP if gives_up else NoticeEvent.SURELY_NOT_TAKEN
        case _:
            assert_never(taken)


def _wait(row: Notice, event: NoticeEvent, *, until: datetime, trouble: str | None, now: datetime) -> None:
    if ledger.move_notice(row, event, now=now):
        row.due_at, row.trouble = until, trouble


def _back_to_the_outbox(row: Notice, *, due_at: datetime, trouble: str | None, now: datetime) -> None:
    """Let a letter be tried anew, as if nobody had begun: perhaps by another way, perhaps not at all."""
    if ledger.move_notice(row, NoticeEvent.SURELY_NOT_TAKEN, now=now):
        row.due_at, row.trouble, row.sent_by, row.reference = due_at, trouble, None, None


async def _suppress(
    session: AsyncSession, way: ByText | ByMail, handover: Handover, *, settings: Settings, now: datetime
) -> None:
    """Send no more texts to a number that the carrier says none can reach, or whose owner has had enough.

    Nor mail to an address that its server refuses; who asks for a link there is sent one all the same.
    """
    if isinstance(way, ByMail) and handover.taken is Taken.NEVER and rules.is_bounce(handover.code):
        await people_queries.note_bounce(session, people.address_key(way.address, settings), now)
    why = texts.suppression(handover.code) if isinstance(way, ByText) else None
    key = bridge.caller_key(way.number, settings) if isinstance(way, ByText) else None
    if why is not None and key is not None:
        await people_queries.suppress(session, key, why, now)


def _subjects(row: Notice) -> tuple[UUID, ...]:
    return tuple(one for one in (row.recipient_id, row.appointment_id) if one is not None)
