"""Appointments as other calendars show them: rows, and the words of the letters, put together."""

from datetime import datetime
from email.utils import parseaddr

from config.settings import Settings
from people.models import Provider
from people.values import Language
from portal import letters
from portal.letters import ClientFacts, ProviderFacts
from scheduling.models import Appointment
from scheduling.rules.entries import status_of
from scheduling.values import Entry, EntryStatus


def for_provider(
    row: Appointment, provider: Provider, initials: str = "", *, stamped_at: datetime, settings: Settings
) -> Entry | None:
    """Return an appointment for its provider's calendar; None where it is not one that anybody need see.

    Nothing of the client but the initials, where they are given; of the numbers the line's alone (R102, R105).
    """
    status = status_of(row.state)
    if status is None:
        return None
    facts = ProviderFacts(
        portal_url=settings.public_url,
        timezone=provider.timezone,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        opens_at=row.starts_at - settings.line_lead,
        line=row.line if status is EntryStatus.CONFIRMED else None,
    )
    words = letters.entry_for_provider(row.session_type, facts, Language(provider.language), initials)
    return _entry(row, status, words, stamped_at)


def for_client(row: Appointment, facts: ClientFacts, language: Language, *, stamped_at: datetime) -> Entry | None:
    """Return an appointment for its client's calendar; None where it is not one that anybody need see."""
    status = status_of(row.state)
    return (
        _entry(row, status, letters.entry_for_client(row.session_type, facts, language), stamped_at) if status else None
    )


def _entry(row: Appointment, status: EntryStatus, words: tuple[str, str], stamped_at: datetime) -> Entry:
    title, description = words
    return Entry(
        uid=row.id,
        sequence=row.version - 1,
        stamped_at=stamped_at,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        status=status,
        title=title,
        description=description,
    )


def organizer(settings: Settings) -> str:
    """Return the address that files for calendars name: the one that mails come from."""
    return parseaddr(settings.mail_from)[1]
