"""What a letter needs, read at the moment of sending: who reads it, what it is about, and whether it is still so."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bridge import actions as bridge
from bridge import queries as bridge_queries
from bridge.values import Contact as ToDial
from config import phones
from config.deps import CalendarFile
from config.keys import derive
from config.settings import Settings
from people import actions as people
from people import queries as people_queries
from people.models import Client, Enrolment, PhoneVerification, Provider, Relationship, Thread
from people.rules.account import missing
from people.values import AccountStep, Contact, Language
from portal import entries, letters, rules
from portal.letters import AccountFacts, ClientFacts, Letter, ProviderFacts, render
from scheduling import actions as scheduling
from scheduling import queries as scheduling_queries
from scheduling.models import Appointment, Request, Series, WaitlistEntry
from scheduling.rules.entries import letter_file
from scheduling.values import AppointmentState, Entry, Method
from status import queries as ledger_queries
from status.actions import NewId
from status.models import Consultation, Notice, PsychiatricReferral, Referral
from status.rules.letters import OPTIONAL
from status.values import CLOCK, Channel, NoticeKey, NoticeState, Recipient

# Of a series that goes on for a year nobody reads every date.
SERIES_SHOWN = 8

# What the subject of a letter is, and how it is read; the others are about their appointment, or about nothing.
_SUBJECTS: Mapping[NoticeKey, tuple[str, Callable[[AsyncSession, UUID], Awaitable[object | None]]]] = {
    NoticeKey.REMINDER: ("consultation", ledger_queries.consultation),
    NoticeKey.STATUS_TASK: ("consultation", ledger_queries.consultation),
    NoticeKey.STATUS_TEXT: ("consultation", ledger_queries.consultation),
    NoticeKey.STATUS_UNKNOWN: ("consultation", ledger_queries.consultation),
    NoticeKey.STATUS_CORRECTED: ("consultation", ledger_queries.consultation),
    NoticeKey.REQUEST_TO_DECIDE: ("request", scheduling_queries.request),
    NoticeKey.REQUEST_EXPIRING: ("request", scheduling_queries.request),
    NoticeKey.REQUEST_ACCEPTED: ("request", scheduling_queries.request),
    NoticeKey.REQUEST_DECLINED: ("request", scheduling_queries.request),
    NoticeKey.REQUEST_EXPIRED: ("request", scheduling_queries.request),
    NoticeKey.REQUEST_WITHDRAWN: ("request", scheduling_queries.request),
    NoticeKey.NO_CONTACT: ("referral", ledger_queries.referral),
    NoticeKey.HANDED_BACK: ("referral", ledger_queries.referral),
    NoticeKey.CLIENT_MOVED_ON: ("referral", ledger_queries.referral),
    NoticeKey.PSYCHIATRIC_REFERRAL: ("psychiatric", ledger_queries.psychiatric_referral),
    NoticeKey.PSYCHIATRIC_ANSWERED: ("psychiatric", ledger_queries.psychiatric_referral),
    NoticeKey.WAITLIST_OPENING: ("waits", scheduling_queries.waitlist_entry),
    NoticeKey.SERIES_CHANGED: ("series", scheduling_queries.series),
    NoticeKey.ENROLLED: ("enrolment", people_queries.enrolment_by_id),
    NoticeKey.PROFILE_NEEDS_ATTENTION: ("enrolment", people_queries.enrolment_by_id),
    NoticeKey.ENROLMENT_ENDED: ("enrolment", people_queries.enrolment_by_id),
    NoticeKey.INSURANCE_REQUEST: ("between", people_queries.relationship_by_id),
    NoticeKey.PROVIDER_ADDED: ("between", people_queries.relationship_by_id),
    NoticeKey.INVITATION_FAILED: ("between", people_queries.relationship_by_id),
    NoticeKey.ACCOUNT_READY: ("between", people_queries.relationship_by_id),
    NoticeKey.ACCOUNT_LACKS: ("client", people_queries.client),
    NoticeKey.NUMBER_CODE: ("verification", people_queries.verification),
    NoticeKey.NEW_MESSAGE: ("thread", people_queries.thread),
}
# Letters to clients that name no provider.
_ABOUT_NOBODY = frozenset({NoticeKey.NEW_MESSAGE, NoticeKey.ACCOUNT_LACKS})
_ZONE = "America/New_York"  # of who has told none
_WEEK = timedelta(days=7)
# Of these the last part of `dedupe` is the occurrence that they were written for: it is what sets them apart.
_FOR_ONE_TIME = frozenset({NoticeKey.RESCHEDULED, NoticeKey.CLIENT_REMINDER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A letter, written from the rows as they are at this moment, and how its reader is reached."""

    letter: Letter
    contact: Contact
    still_true: bool = True
    calendar: CalendarFile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    """The rows that a letter is about; what it has nothing to do with stays away."""

    appointment: Appointment | None = None
    consultation: Consultation | None = None
    request: Request | None = None
    referral: Referral | None = None
    psychiatric: PsychiatricReferral | None = None
    waits: WaitlistEntry | None = None
    series: Series | None = None
    enrolment: Enrolment | None = None
    of_series: Sequence[Appointment] = ()
    between: Relationship | None = None
    client: Client | None = None
    thread: Thread | None = None
    verification: PhoneVerification | None = None
    unread: bool = False
    lacks: frozenset[AccountStep] = frozenset()
    to_dial: ToDial | None = None
    lines_down: frozenset[str] = frozenset()

    @property
    def times(self) -> Consultation | Appointment | None:
        """Return what says when it is: a consultation that was moved keeps the time at which it should have been."""
        return self.consultation or self.appointment

    @property
    def provider_id(self) -> UUID | None:
        """Return whose matter it is."""
        found = self.appointment or self.request or self.referral or self.series or self.waits or self.between
        return found.provider_id if found else None


async def gather(
    session: AsyncSession, row: Notice, *, settings: Settings, now: datetime, new_id: NewId
) -> Told | None:
    """Write a letter from what is so now; None where its reader, or what it is about, is no more.

    One that is no longer true is not written, since its facts may be gone as well: save for a text that perhaps
    went out, which is looked up by its words.
    """
    if row.recipient is Recipient.DRAFT:
        return await _to_who_books(session, row, settings=settings, now=now)
    if row.recipient is Recipient.ACCOUNT:
        return await _to_account(session, row, settings=settings, now=now)
    about = await _about(session, row, now)
    if about is None:
        return None
    if row.key is NoticeKey.REMINDER and about.appointment is not None:
        found = await bridge.contacts(
            session, [about.appointment], settings=settings, actor=CLOCK, now=now, new_id=new_id
        )
        about = replace(about, to_dial=found.get(about.appointment.id))
        if rules.dial(about.to_dial) is None:
            return None
    still_true = rules.still_true(row.key, _standing(row, about, now))
    if not still_true and not is_looked_up(row):
        return None
    write = _to_client if row.recipient is Recipient.CLIENT else _to_provider
    told = await write(session, row, about, settings=settings, now=now)
    return told and replace(told, still_true=still_true)


def is_looked_up(row: Notice) -> bool:
    """Tell whether this is a text of which nobody knows whether it went out."""
    return row.state is NoticeState.UNCERTAIN and row.sent_by is Channel.TEXT


# What it is about


async def _about(session: AsyncSession, row: Notice, now: datetime) -> _About | None:
    """Read what a letter is about; None where that is no more."""
    found = _About(
        appointment=await scheduling_queries.appointment(session, row.appointment_id) if row.appointment_id else None,
        lines_down=await bridge_queries.lines_down(session),
    )
    if row.key not in _SUBJECTS:
        return found
    name, read = _SUBJECTS[row.key]
    subject = await read(session, row.subject_id)
    if subject is None:
        return None
    if isinstance(subject, Series):
        found = replace(found, of_series=await scheduling_queries.of_series(session, subject.id, now))
    if isinstance(subject, Relationship | Client):
        client_id = subject.id if isinstance(subject, Client) else subject.client_id
        done = await people_queries.done_steps(session, client_id, now)
        found = replace(found, lacks=frozenset(missing(done)))
    if isinstance(subject, Thread):
        waiting = subject.client_unread if row.recipient is Recipient.CLIENT else subject.provider_unread
        found = replace(found, unread=waiting > 0)
    return replace(found, **{name: subject})  # type: ignore[arg-type]  # each name with what is read for it


def _standing(row: Notice, about: _About, now: datetime) -> rules.Standing:
    appointment, consultation, times = about.appointment, about.consultation, about.times
    occurrence = consultation.occurrence if consultation else _told_occurrence(row)
    return rules.Standing(
        status=consultation.status if consultation else None,
        state=appointment.state if appointment else None,
        session_type=appointment.session_type if appointment else None,
        same_occurrence=appointment is None or occurrence in {None, appointment.occurrence},
        begun=times is not None and now >= times.starts_at,
        over=times is not None and now >= times.ends_at,
        request=about.request.state if about.request else None,
        waits=about.waits.state if about.waits and about.waits.appointment_id == row.appointment_id else None,
        referral=about.referral.state if about.referral else None,
        psychiatric=about.psychiatric.state if about.psychiatric else None,
        enrolment=about.enrolment.state if about.enrolment else None,
        needs_attention=about.enrolment is not None and about.enrolment.needs_attention,
        too_late=_too_late(about, now),
        to_dial=about.to_dial,
        lacks=about.lacks,
        between=about.between.state if about.between else None,
        unread=about.unread,
        unproven=about.verification is not None and about.verification.used_at is None,
        line_down=appointment.line in about.lines_down if appointment else bool(about.lines_down),
    )


def _too_late(about: _About, now: datetime) -> bool:
    ends_at = _answer_by(about)
    return ends_at is not None and now >= ends_at


def _answer_by(about: _About) -> datetime | None:
    """Return until when its reader can answer, where a letter asks for an answer."""
    asks = about.request or about.waits or about.psychiatric or about.verification
    return asks.expires_at if asks else None


def _told_occurrence(row: Notice) -> int | None:
    tail = row.dedupe.rpartition(":")[2]
    return int(tail) if row.key in _FOR_ONE_TIME and tail.isdecimal() else None


# To a provider


async def _to_provider(
    session: AsyncSession, row: Notice, about: _About, *, settings: Settings, now: datetime
) -> Told | None:
    provider = await people_queries.provider(session, row.recipient_id)
    if provider is None or not provider.active:
        return None
    appointment = about.appointment
    method = letters.ENCLOSED_FOR_PROVIDERS.get(row.key)
    entry = entries.for_provider(appointment, provider, stamped_at=now, settings=settings) if appointment else None
    return Told(
        letter=render(row.key, _provider_facts(row.key, provider, about, settings), Language(provider.language)),
        contact=await _reached_for(session, row, provider, settings),
        calendar=_enclosed(method, [entry], settings),
    )


def _provider_facts(key: NoticeKey, provider: Provider, about: _About, settings: Settings) -> ProviderFacts:
    times, appointment, consultation = about.times, about.appointment, about.consultation
    window = timedelta(hours=settings.status_window_h)
    return ProviderFacts(
        portal_url=settings.public_url,
        timezone=provider.timezone,
        starts_at=times.starts_at if times else None,
        ends_at=times.ends_at if times else None,
        opens_at=times.starts_at - settings.line_lead if times else None,
        share_by=consultation.ends_at + window if consultation else None,
        decide_by=_answer_by(about),
        line=appointment.line if appointment else None,
        dial=rules.dial(about.to_dial),
        path=_page_of_provider(key, about),
        code=people.number_code(about.verification.id, _code_key(settings)) if about.verification else None,
    )


def _code_key(settings: Settings) -> bytes:
    return derive(settings.secret_key.get_secret_value(), "codes")


async def _reached_for(session: AsyncSession, row: Notice, provider: Provider, settings: Settings) -> Contact:
    """Return how a provider is reached for this letter: what is about a number goes to it, or nowhere (R104)."""
    usual = await _contact_of_provider(session, provider, row.key, settings)
    if row.key is NoticeKey.NUMBER_CODE:
        return await _at_number(session, provider.dial_phone, replace(usual, at_any_hour=True), settings)
    if row.key is NoticeKey.DIAL_NUMBER_CHANGED and row.channel is Channel.TEXT:
        former = await people_queries.former_number(session, row.subject_id)
        return await _at_number(session, former.number if former else None, usual, settings)
    return usual


async def _at_number(session: AsyncSession, number: str | None, usual: Contact, settings: Settings) -> Contact:
    key = bridge.caller_key(number, settings)
    return replace(
        usual,
        number=number,
        takes_texts=number is not None and phones.may_take_texts(number),
        suppressed=key is not None and await people_queries.suppressed(session, key),
        address=None,
    )


def _page_of_provider(key: NoticeKey, about: _About) -> str:
    """Return the provider's page that a letter is about, by its opaque id."""
    if key is NoticeKey.ISSUE_ANSWERED:
        return "issues"
    if about.thread:
        return f"messages/{about.thread.id}"
    return f"clients/{about.between.client_id}" if about.between else ""


async def _contact_of_provider(
    session: AsyncSession, provider: Provider, letter: NoticeKey, settings: Settings
) -> Contact:
    """Return how a provider is reached. Only a verified number gets texts: a reply from another is not theirs.

    What they have chosen to do without counts for letters that leave the choice, and for no others.
    """
    number = provider.dial_phone if provider.dial_phone_verified_at is not None else None
    key = bridge.caller_key(number, settings)
    off = await people_queries.unwanted(session, provider.id, letter) & OPTIONAL.get(letter, frozenset())
    return Contact(
        number=number,
        takes_texts=number is not None and phones.may_take_texts(number) and Channel.TEXT not in off,
        suppressed=key is not None and await people_queries.suppressed(session, key),
        address=provider.email,
        timezone=provider.timezone,
        bounced=await people_queries.bounced(session, people.address_key(provider.email, settings)),
        wants_mail=Channel.MAIL not in off,
    )


# To a client


async def _to_client(
    session: AsyncSession, row: Notice, about: _About, *, settings: Settings, now: datetime
) -> Told | None:
    client = await people_queries.client(session, row.recipient_id)
    provider = await people_queries.provider(session, about.provider_id) if about.provider_id else None
    if client is None or (provider is None and row.key not in _ABOUT_NOBODY):
        return None
    language = Language(client.language)
    facts = _client_facts(client, provider, about, settings)
    rows = about.of_series if about.series else [about.appointment]
    method = letters.ENCLOSED_FOR_CLIENTS.get(row.key)
    found = [entries.for_client(one, facts, language, stamped_at=now) for one in rows if one is not None]
    return Told(
        letter=render(row.key, facts, language),
        contact=await _contact_of_client(session, client, row, facts.timezone, settings, now),
        calendar=_enclosed(method, found, settings),
    )


def _client_facts(client: Client, provider: Provider | None, about: _About, settings: Settings) -> ClientFacts:
    appointment, request = about.appointment, about.request
    return ClientFacts(
        portal_url=settings.public_url,
        timezone=client.timezone or (provider.timezone if provider else _ZONE),
        starts_at=appointment.starts_at if appointment else None,
        ends_at=appointment.ends_at if appointment else None,
        provider=f"{provider.first_name} {provider.last_name}" if provider else None,
        session_type=appointment.session_type if appointment else None,
        until=_answer_by(about),
        ahead=_ahead(about) if about.series else None,
        can_be_called=client.phone is not None,
        # A cancelled appointment's words, or a declined request's: they stand in the portal and go no further.
        wrote=bool((appointment and appointment.cancel_message) or (request and request.reason)),
        path=_page_of(about),
    )


def _page_of(about: _About) -> str:
    """Return the client's page that a letter is about: where a time is taken, or what was booked is seen to."""
    if about.waits:
        return f"waitlist/{about.waits.id}"
    if about.thread:
        return f"messages/{about.thread.id}"
    if about.between or about.client:
        return "account"
    return f"bookings/{about.appointment.id}" if about.appointment else ""


def _ahead(about: _About) -> tuple[datetime, ...]:
    booked = (one.starts_at for one in about.of_series if one.state is AppointmentState.BOOKED)
    return tuple(sorted(booked)[:SERIES_SHOWN])


async def _contact_of_client(
    session: AsyncSession, client: Client, row: Notice, timezone: str, settings: Settings, now: datetime
) -> Contact:
    """Return how a client is reached: by text where they have consented for this number, at most three in a week."""
    consent = await people_queries.consent(session, client.id, client.phone) if client.phone else None
    number = client.phone if consent else None
    key = bridge.caller_key(number, settings)
    return Contact(
        number=number,
        takes_texts=number is not None and phones.may_take_texts(number),
        suppressed=key is not None and await people_queries.suppressed(session, key),
        address=client.email,
        timezone=timezone,
        texts_had=await ledger_queries.texts_had(session, client.id, now - _WEEK, but=row.id) if number else 0,
        bounced=await people_queries.bounced(session, people.address_key(client.email, settings)),
    )


def _by_mail(address: str, timezone: str) -> Contact:
    """Return how somebody is reached who has asked for mail to this address a moment ago, bounced before or not."""
    return Contact(number=None, takes_texts=False, suppressed=False, address=address, timezone=timezone)


# To who books


async def _to_who_books(session: AsyncSession, row: Notice, *, settings: Settings, now: datetime) -> Told | None:
    """Write the code to the address that was typed; it may be a stranger's, so with whom and when is not told."""
    if row.key is NoticeKey.MESSAGE_CODE:
        return await _to_who_writes(session, row, settings=settings, now=now)
    draft = await scheduling_queries.draft(session, row.recipient_id)
    provider = await people_queries.provider(session, draft.provider_id) if draft else None
    if draft is None or provider is None:
        return None
    if not rules.still_true(row.key, rules.Standing(draft=draft.state, too_late=now >= draft.expires_at)):
        return None
    facts = ClientFacts(
        portal_url=settings.public_url,
        timezone=draft.timezone or provider.timezone,
        until=draft.expires_at,
        code=scheduling.booking_code(draft.id, settings),
    )
    return Told(letter=render(row.key, facts, Language(draft.language)), contact=_by_mail(draft.email, facts.timezone))


async def _to_who_writes(session: AsyncSession, row: Notice, *, settings: Settings, now: datetime) -> Told | None:
    """Write the code for a message to the address that was typed with it."""
    draft = await people_queries.message_draft(session, row.recipient_id)
    if draft is None:
        return None
    if not rules.still_true(row.key, rules.Standing(drafted=draft.state, too_late=now >= draft.expires_at)):
        return None
    facts = ClientFacts(
        portal_url=settings.public_url,
        timezone=draft.timezone or _ZONE,
        until=draft.expires_at,
        code=people.message_code(draft.id, settings),
    )
    return Told(letter=render(row.key, facts, draft.language), contact=_by_mail(draft.email, facts.timezone))


# To an account


async def _to_account(session: AsyncSession, row: Notice, *, settings: Settings, now: datetime) -> Told | None:
    """Write about an account: to the address that a link was made for, else to the account's own.

    Of a change of address the subject is the link that brought it: its letter goes to the address before and after.
    """
    account = await people_queries.account(session, row.recipient_id)
    link = await people_queries.link(session, row.subject_id)
    if account is None or account.disabled_at is not None:
        return None
    asked = await scheduling_queries.request(session, row.subject_id)
    enrolment = await people_queries.enrolment_by_id(session, row.subject_id)
    hidden = enrolment is not None and enrolment.needs_attention
    is_over = link is None or link.used_at is not None or link.voided_at is not None or now >= link.expires_at
    if asked is not None:
        is_over = now >= asked.expires_at
    standing = rules.Standing(too_late=is_over, needs_attention=hidden, request=asked.state if asked else None)
    if not rules.still_true(row.key, standing):
        return None
    inviting = await people_queries.provider(session, link.invited_by) if link and link.invited_by else None
    facts = AccountFacts(
        portal_url=settings.public_url,
        timezone=account.timezone or (inviting.timezone if inviting else _ZONE),
        link=f"{settings.public_url}/l/{people.link_token(link, settings)}" if link else None,
        until=link.expires_at if link else (asked.expires_at if asked else None),
        provider=f"{inviting.first_name} {inviting.last_name}" if inviting else None,
    )
    address = link.email if link and row.key is not NoticeKey.ADDRESS_CHANGED else account.email
    if row.key is NoticeKey.ADDRESS_CHANGED and link and row.dedupe.endswith(":before"):
        address = link.replaces or account.email
    return Told(letter=render(row.key, facts, account.language), contact=_by_mail(address, facts.timezone))


# What goes with it


def _enclosed(method: Method | None, found: Sequence[Entry | None], settings: Settings) -> CalendarFile | None:
    shown = [one for one in found if one is not None]
    if method is None or not shown:
        return None
    return CalendarFile(method.value, letter_file(shown, method, entries.organizer(settings)))
