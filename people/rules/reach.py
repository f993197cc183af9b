"""Which way a letter takes to a person, if any, and when."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from people.values import ByMail, ByText, Contact, Later, Nobody, Way

TEXTS_FROM, TEXTS_UNTIL = time(8), time(20)


def reach_by_text(contact: Contact, now: datetime) -> Way:
    """Choose for a letter that is meant as a text (R119).

    Without a mobile, or after STOP, it goes by mail at once; a text waits for the morning.
    """
    if contact.number and contact.takes_texts and not contact.suppressed:
        at = next_text_hour(now, contact.timezone)
        return ByText(contact.number) if at == now else Later(at)
    why = "stopped" if contact.suppressed else "no_mobile"
    return ByMail(contact.address, why) if contact.address else Nobody(why)


def reach_by_mail(contact: Contact) -> Way:
    """Choose for a letter that is meant as mail; mail knows no night."""
    return ByMail(contact.address) if contact.address else Nobody("no_address")


def next_text_hour(now: datetime, timezone: str) -> datetime:
    """Return `now` if it is between 08:00 and 20:00 there, else the next 08:00 there, as an instant in UTC."""
    zone = ZoneInfo(timezone)
    local = now.astimezone(zone)
    if TEXTS_FROM <= local.time() < TEXTS_UNTIL:
        return now
    day = local.date() if local.time() < TEXTS_FROM else local.date() + timedelta(days=1)
    return datetime.combine(day, TEXTS_FROM, zone).astimezone(now.tzinfo)
