"""What happens to a notice around the network: claimed before it, noted after it. Never commits, never sends.

A notice that was claimed is on its way until somebody notes what became of it. When nobody does, since the worker
died or nothing came back, it is uncertain: a text is then looked up at the carrier, a mail is sent again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bridge import actions as bridge
from bridge import queries as bridge_queries
from bridge import texts
from config import keys, phones
from config.deps import Handover, Taken
from config.settings import Settings
from people import queries as people_queries
from people.values import ByMail, ByText, Contact, Later, Nobody
from portal import rules
from portal.letters import Facts, Letter, render
from scheduling import queries as scheduling_queries
from status import actions as ledger
from status import queries as ledger_queries
from status.models import Notice
from status.values import CLOCK, Channel, EventKind, NoticeEvent, NoticeKey, NoticeState, Recipient

NewId = Callable[[], UUID]
_log = structlog.get_logger(__name__)

_ABOUT_CONSULTATION = frozenset(
    {
        NoticeKey.REMINDER,
        NoticeKey.STATUS_TASK,
        NoticeKey.STATUS_TEXT,
        NoticeKey.STATUS_UNKNOWN,
        NoticeKey.STATUS_CORRECTED,
    }
)


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
    told = await _gather(session, row, settings=settings, now=now, new_id=new_id)
    if row.state is NoticeState.UNCERTAIN and row.sent_by is Channel.TEXT:
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
    session: AsyncSession, row: Notice, told: "_Told | None", *, settings: Settings, now: datetime, new_id: NewId
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
            await ledger.note_failed(
                session, row, NoticeEvent.NOBODY_TO_REACH, trouble=way.why, now=now, new_id=new_id
            )
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
                message_id=f"<{row.id}@{urlsplit(settings.public_url).hostname}>",
                valid_s=rules.text_is_valid_for(now, told.contact.timezone, row.expires_at),
            )


async def _look_up(
    session: AsyncSession, row: Notice, told: "_Told | None", *, settings: Settings, now: datetime, new_id: NewId
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
    row.due_at = rules.look_up_again_at(row.claimed_at, now)  # should this one be left behind as well
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


# What a letter needs, as it is now


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """A letter, written from the rows as they are at this moment, and how its reader is reached."""

    letter: Letter
    contact: Contact
    still_true: bool


async def _gather(
    session: AsyncSession, row: Notice, *, settings: Settings, now: datetime, new_id: NewId
) -> _Told | None:
    """Write a letter from what is so now; None where its reader, or what it is about, is no more."""
    provider = (
        await people_queries.provider(session, row.recipient_id) if row.recipient is Recipient.PROVIDER else None
    )
    if provider is None or not provider.active:
        return None
    appointment = (
        await scheduling_queries.appointment(session, row.appointment_id) if row.appointment_id is not None else None
    )
    consultation = (
        await ledger_queries.consultation(session, row.subject_id) if row.key in _ABOUT_CONSULTATION else None
    )
    to_dial = None
    if row.key is NoticeKey.REMINDER and appointment is not None:
        found = await bridge.contacts(
            session, [appointment], settings=settings, actor=CLOCK, now=now, new_id=new_id
        )
        to_dial = found.get(appointment.id)
    lines_down = await bridge_queries.lines_down(session)
    about = consultation or appointment
    policy = ledger.policy(settings)
    standing = rules.Standing(
        status=consultation.status if consultation else None,
        state=appointment.state if appointment else None,
        same_occurrence=appointment is None or _occurrence(row, consultation) in {None, appointment.occurrence},
        over=about is not None and now >= about.ends_at,
        to_dial=to_dial,
        line_down=appointment.line in lines_down if appointment else bool(lines_down),
    )
    facts = Facts(
        portal_url=settings.public_url,
        timezone=provider.timezone,
        starts_at=about.starts_at if about else None,
        ends_at=about.ends_at if about else None,
        opens_at=about.starts_at - settings.line_lead if about else None,
        share_by=consultation.ends_at + timedelta(hours=policy.window_h) if consultation else None,
        line=appointment.line if appointment else None,
        dial=rules.dial(to_dial),
    )
    return _Told(letter=..., contact=..., still_true=rules.still_true(row.key, standing))
