"""Which way a letter takes to a person, if any, and when."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from people.values import ByMail, ByText, Contact, Later, Nobody, Way

TEXTS_FROM, TEXTS_UNTIL = time(8), time(20)
TEXTS_A_WEEK = 3  # to a client (1.13)


def reach_by_text(contact: Contact, now: datetime) -> Way:
    """Choose for a letter that is meant as a text (R119).

    Without a mobile, after STOP, or after three in a week it goes by mail at once; a text waits for the morning.
    """
    why = why_no_text(contact)
    if why is None:
        assert contact.number is not None  # noqa: S101 - else there is a reason
        at = now if contact.at_any_hour else next_text_hour(now, contact.timezone)
        return ByText(contact.number) if at == now else Later(at)
    return reach_by_mail(contact, why)


def why_no_text(contact: Contact) -> str | None:
    """Return why no text goes to somebody, or None."""
    if contact.suppressed:
        return "stopped"
    if not (contact.number and contact.takes_texts):
        return "no_mobile"
    return "enough_texts" if contact.texts_had >= TEXTS_A_WEEK else None


def reach_by_mail(contact: Contact, instead_of_text: str | None = None) -> Way:
    """Choose for a letter that is meant as mail; mail knows no night. What is not mailed stands in the portal."""
    if not contact.wants_mail:
        return Nobody("not_wanted")
    if contact.bounced:
        return Nobody("bounced")
    return ByMail(contact.address, instead_of_text) if contact.address else Nobody(instead_of_text or "no_address")


def next_text_hour(now: datetime, timezone: str) -> datetime:
    """Return `now` if it is between 08:00 and 20:00 there, else the next 08:00 there, as an instant in UTC."""
    zone = ZoneInfo(timezone)
    local = now.astimezone(zone)
    if TEXTS_FROM <= local.time() < TEXTS_UNTIL:
        return now
    day = local.date() if local.time() < TEXTS_FROM else local.date() + timedelta(days=1)
    return datetime.combine(day, TEXTS_FROM, zone).astimezone(now.tzinfo)
