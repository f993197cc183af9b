"""How values are told on pages: instants in somebody's zone, numbers as they are read, spans as hours."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time

from config import phones
from people.values import Language

LOCALES = {Language.ENGLISH: "en_US", Language.SPANISH: "es_US"}
_DAY = {Language.ENGLISH: "EEEE, MMMM d", Language.SPANISH: "EEEE, d 'de' MMMM"}
_SHORT = {Language.ENGLISH: "EEE, MMM d", Language.SPANISH: "EEE, d MMM"}


def clock(at: datetime, zone: str, language: Language) -> str:
    """Say the time of day: "2:59 PM"."""
    return _plain(format_time(at, "short", tzinfo=ZoneInfo(zone), locale=LOCALES[language]))


def day(at: datetime | date, zone: str, language: Language) -> str:
    """Say the day: "Tuesday, November 24"."""
    local = at.astimezone(ZoneInfo(zone)).date() if isinstance(at, datetime) else at
    return format_date(local, _DAY[language], locale=LOCALES[language])


def day_and_time(at: datetime, zone: str, language: Language) -> str:
    """Say day, time and zone: "Tue, Nov 24, 2:59 PM EST"."""
    there = ZoneInfo(zone)
    told = format_datetime(at, f"{_SHORT[language]}, h:mm a", tzinfo=there, locale=LOCALES[language])
    return f"{_plain(told)} {zone_name(at, zone)}"


def exactly(at: datetime, zone: str, language: Language) -> str:
    """Say day and time to the second, with the zone: "Tue, Nov 24, 2:59:03 PM EST"."""
    told = format_datetime(at, f"{_SHORT[language]}, h:mm:ss a", tzinfo=ZoneInfo(zone), locale=LOCALES[language])
    return f"{_plain(told)} {zone_name(at, zone)}"


def span(starts_at: datetime, ends_at: datetime, zone: str, language: Language) -> str:
    """Say a span of one day: "2:00 PM – 2:50 PM"."""
    return f"{clock(starts_at, zone, language)} – {clock(ends_at, zone, language)}"


def zone_name(at: datetime, zone: str) -> str:
    """Say the short name of a zone as it is then: "EST"; an offset where it has no name."""
    name = at.astimezone(ZoneInfo(zone)).strftime("%Z")
    return f"UTC{name}" if name[:1] in "+-" else name


def local_day(at: datetime, zone: str) -> date:
    """Return the calendar day there."""
    return at.astimezone(ZoneInfo(zone)).date()


def midnight(on: date, zone: str) -> datetime:
    """Return when a calendar day begins there, as an instant in UTC."""
    return datetime(on.year, on.month, on.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def left(until: datetime, now: datetime) -> tuple[int, int]:
    """Return the whole hours and minutes that are left; none is less than zero."""
    minutes = max(0, int((until - now) / timedelta(minutes=1)))
    return divmod(minutes, 60)


def number(e164: str | None) -> str:
    """Say a telephone number; nothing where there is none."""
    return phones.spoken(e164) if e164 else ""


def _plain(text: str) -> str:
    return text.replace("\u202f", " ")
