"""Who asks, and what is theirs.

A token is a keyed hash in a row and has one role; a provider's acts as that provider. What belongs to another
is answered like what does not exist, by the same steps, and each such attempt is written down (F35).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

import structlog
from aiohttp import hdrs, web
from sqlalchemy.ext.asyncio import AsyncSession

from config.deps import Deps
from config.errors import NotFound, Refused
from config.keys import derive, digest
from people import queries as people
from people.models import ApiToken, Client, ImportJob, Practice, Provider, Relationship
from people.values import TokenRole
from portal.api.operation import Ask, Caller
from scheduling import queries as scheduling
from scheduling.models import Appointment, Block, BookingDraft, BusyFeed, Request, Search, Series, WaitlistEntry
from status import actions as ledger
from status import queries as ledger_queries
from status.models import Consultation, PsychiatricReferral, Referral
from status.values import EventKind

Row = TypeVar("Row")


class _OfProvider(Protocol):
    """A row that belongs to one provider."""

    provider_id: UUID


Belonging = TypeVar("Belonging", bound=_OfProvider)


_BEARER = re.compile(r"Bearer +(cl_(?:admin|provider|partner)_[A-Za-z0-9_-]{16,200})", re.IGNORECASE)
_log = structlog.get_logger(__name__)


async def identify(deps: Deps, authorization: str | None) -> Caller:
    """Return who asks, or answer 401; a revoked token, or one of a provider who left, is as good as none."""
    sent = _BEARER.fullmatch(authorization or "")
    if sent is None:
        raise web.HTTPUnauthorized(headers={hdrs.WWW_AUTHENTICATE: 'Bearer realm="consultline"'})
    key = derive(deps.settings.secret_key.get_secret_value(), "tokens")
    async with deps.sessions() as session:
        row = await people.token(session, digest(key, sent[1]))
        known = row is not None and await _lives(session, row)
    if row is None or not known:
        raise web.HTTPUnauthorized(headers={hdrs.WWW_AUTHENTICATE: 'Bearer realm="consultline", error="invalid_token"'})
    return Caller(row.id, row.role, row.subject_id)


async def _lives(session: AsyncSession, row: ApiToken) -> bool:
    if row.role is not TokenRole.PROVIDER:
        return True
    acts_as = await people.provider(session, row.subject_id) if row.subject_id else None
    return acts_as is not None and acts_as.active


# What is theirs


@dataclass(frozen=True, slots=True)
class Attempt:
    """A provider asked for something that is not theirs; `exists` tells if it is another's or nobody's."""

    noun: str
    subject_id: UUID
    exists: bool


class NotYours(NotFound):
    """There is no such thing among yours: the same answer as for what does not exist."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__()
        self.attempt = attempt


async def note_attempt(deps: Deps, caller: Caller, attempt: Attempt, now: datetime) -> None:
    """Write an attempt down, in a transaction of its own, since the one that it was made in is gone.

    An id that nobody has is written down as well: else the time that the answer takes would tell them apart.
    """
    _log.warning("access.refused", noun=attempt.noun, subject=str(attempt.subject_id), exists=attempt.exists)
    async with deps.sessions.begin() as session:
        await ledger.record(
            session,
            EventKind.ACCESS_REFUSED,
            actor=caller.actor,
            now=now,
            new_id=deps.new_id,
            data={"noun": attempt.noun, "subject": str(attempt.subject_id), "exists": attempt.exists},
        )


def _theirs(caller: Caller, noun: str, subject_id: UUID, row: Row | None, *, owned: bool) -> Row:
    if caller.role is TokenRole.ADMIN:
        if row is None:
            raise NotFound
        return row
    if row is None or not owned:
        raise NotYours(Attempt(noun, subject_id, exists=row is not None))
    return row


def _own(ask: Ask[Any, Any], noun: str, subject_id: UUID, row: Belonging | None) -> Belonging:
    """Return what belongs to the provider who asks; an operator gets anybody's."""
    owned = row is not None and row.provider_id == ask.caller.provider_id
    return _theirs(ask.caller, noun, subject_id, row, owned=owned)


async def appointment(ask: Ask[Any, Any], appointment_id: UUID) -> Appointment:
    """Return an appointment of the caller's."""
    return _own(ask, "appointment", appointment_id, await scheduling.appointment(ask.session, appointment_id))


async def series(ask: Ask[Any, Any], series_id: UUID) -> Series:
    """Return a series of the caller's."""
    return _own(ask, "series", series_id, await scheduling.series(ask.session, series_id))


async def waitlist_entry(ask: Ask[Any, Any], entry_id: UUID) -> WaitlistEntry:
    """Return an entry of the caller's waitlist."""
    return _own(ask, "waitlist", entry_id, await scheduling.waitlist_entry(ask.session, entry_id))


async def consultation(ask: Ask[Any, Any], consultation_id: UUID) -> Consultation:
    """Return a consultation of the caller's."""
    return _own(ask, "consultation", consultation_id, await ledger_queries.consultation(ask.session, consultation_id))


async def referral(ask: Ask[Any, Any], referral_id: UUID) -> Referral:
    """Return a referral of the caller's."""
    return _own(ask, "referral", referral_id, await ledger_queries.referral(ask.session, referral_id))


async def draft(ask: Ask[Any, Any], draft_id: UUID) -> BookingDraft:
    """Return a booking that was begun with the caller."""
    return _own(ask, "draft", draft_id, await scheduling.draft(ask.session, draft_id))


async def request(ask: Ask[Any, Any], request_id: UUID) -> Request:
    """Return a request that the caller decides, or has sent as a payer."""
    row = await scheduling.request(ask.session, request_id)
    if ask.caller.role is TokenRole.PARTNER:
        sent = row is not None and row.payer_id == ask.caller.payer_id
        return _theirs(ask.caller, "request", request_id, row, owned=sent)
    return _own(ask, "request", request_id, row)


async def psychiatric(ask: Ask[Any, Any], psychiatric_id: UUID) -> PsychiatricReferral:
    """Return a referral for medication that the caller has made or was sent."""
    row = await ledger_queries.psychiatric_referral(ask.session, psychiatric_id)
    owned = row is not None and ask.caller.provider_id in {row.provider_id, row.prescriber_id}
    return _theirs(ask.caller, "psychiatric_referral", psychiatric_id, row, owned=owned)


async def practice(ask: Ask[Any, Any], practice_id: UUID, *, lock: bool = False) -> Practice:
    """Return the practice that the caller works in; an operator gets any."""
    find = people.practice_for_update if lock else people.practice
    row = await find(ask.session, practice_id)
    me = await people.provider(ask.session, ask.caller.provider_id) if ask.caller.provider_id else None
    owned = me is not None and me.practice_id == practice_id
    return _theirs(ask.caller, "practice", practice_id, row, owned=owned)


async def provider(ask: Ask[Any, Any], provider_id: UUID, *, lock: bool = False) -> Provider:
    """Return the caller as a provider; an operator gets any."""
    find = people.provider_for_update if lock else people.provider
    row = await find(ask.session, provider_id)
    return _theirs(ask.caller, "provider", provider_id, row, owned=provider_id == ask.caller.provider_id)


async def provider_for_payer(ask: Ask[Any, Any], provider_id: UUID) -> Provider:
    """Return a provider to whom the calling payer may send clients now (R70); to it there are no others."""
    row = await people.provider(ask.session, provider_id)
    payer = ask.caller.payer_id and await people.receives_from(ask.session, provider_id, ask.caller.payer_id)
    return _theirs(ask.caller, "provider", provider_id, row, owned=bool(payer))


async def block(ask: Ask[Any, Any], provider_id: UUID, block_id: UUID) -> Block:
    """Return a block of a provider's, who is locked, so that two changes come one after the other."""
    await provider(ask, provider_id, lock=True)
    row = await scheduling.block(ask.session, block_id)
    return _of_provider(ask, "block", provider_id, block_id, row)


async def busy_feed(ask: Ask[Any, Any], provider_id: UUID, busy_feed_id: UUID) -> BusyFeed:
    """Return an imported calendar of a provider's."""
    await provider(ask, provider_id, lock=True)
    row = await scheduling.busy_feed_for_update(ask.session, busy_feed_id)
    return _of_provider(ask, "busy_feed", provider_id, busy_feed_id, row)


def _of_provider(
    ask: Ask[Any, Any], noun: str, provider_id: UUID, subject_id: UUID, row: Belonging | None
) -> Belonging:
    """Return what belongs to the provider that the path names; an operator, too, finds it under no other."""
    owned = row is not None and row.provider_id == provider_id
    if row is not None and not owned and ask.caller.role is TokenRole.ADMIN:
        raise NotFound
    return _theirs(ask.caller, noun, subject_id, row, owned=owned)


async def client(ask: Ask[Any, Any], client_id: UUID, *, lock: bool = False) -> tuple[Client, Sequence[Relationship]]:
    """Return a client of the caller's and where the two stand; an operator sees where all stand."""
    find = people.client_for_update if lock else people.client
    row = await find(ask.session, client_id)
    links = await people.relationships_of_client(ask.session, client_id)
    own = [link for link in links if ask.caller.provider_id in {None, link.provider_id}]
    return _theirs(ask.caller, "client", client_id, row, owned=bool(own)), own


async def import_job(ask: Ask[Any, Any], job_id: UUID) -> ImportJob:
    """Return an import of the caller's."""
    return _own(ask, "import", job_id, await people.import_job(ask.session, job_id))


async def search(ask: Ask[Any, Any], search_id: UUID) -> Search:
    """Return a search that the caller's own program made; an operator gets any."""
    row = await scheduling.search(ask.session, search_id)
    owned = row is not None and row.asked_by == ask.caller.provider_id
    return _theirs(ask.caller, "search", search_id, row, owned=owned)


def only_theirs(ask: Ask[Any, Any], named: UUID | None) -> UUID | None:
    """Return whose rows a list shows: the caller's own; an operator's choice, or all."""
    own = ask.caller.provider_id
    if own is None:
        return named
    if named not in {None, own}:
        assert named is not None  # noqa: S101 - it is none of the two
        raise NotYours(Attempt("provider", named, exists=True))
    return own


def acting_provider(ask: Ask[Any, Any], named: UUID | None) -> UUID:
    """Return which provider something is done for: the caller, or whom an operator names."""
    found = only_theirs(ask, named)
    if found is None:
        raise Refused("provider_needed", "Say which provider this is for: `provider_id`.", status=422)
    return found
