"""Letters: what people are told, in their language and in the time of their place.

`render` is pure. It is given facts that were gathered at the moment of sending, so a letter about something that
has changed is not written at all. Links lead to the portal's front door and hold nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, format_time

from config import phones
from people.values import Language
from portal.letters import gsm7
from portal.letters.english import ENGLISH
from portal.letters.spanish import SPANISH
from portal.letters.values import AccountFacts, Catalogue, ClientFacts, Dial, Facts, Letter, ProviderFacts, Wording
from scheduling.values import Method, SessionType
from status.values import NoticeKey

__all__ = [
    "CATALOGUES",
    "ENCLOSED_FOR_CLIENTS",
    "ENCLOSED_FOR_PROVIDERS",
    "AccountFacts",
    "ClientFacts",
    "Dial",
    "Facts",
    "Letter",
    "ProviderFacts",
    "entry_for_client",
    "entry_for_provider",
    "render",
]

CATALOGUES: Mapping[Language, Catalogue] = {Language.ENGLISH: ENGLISH, Language.SPANISH: SPANISH}
_LOCALES = {Language.ENGLISH: "en_US", Language.SPANISH: "es_US"}
_DAYS = {Language.ENGLISH: "EEE, MMM d", Language.SPANISH: "EEE d MMM"}


# The letters that carry a file for calendars, and what it asks of them. What one has put into a calendar, another
# takes out again.
ENCLOSED_FOR_CLIENTS: Mapping[NoticeKey, Method] = {
    NoticeKey.BOOKING_MADE: Method.PUBLISH,
    NoticeKey.REQUEST_ACCEPTED: Method.PUBLISH,
    NoticeKey.SWITCHED_TO_CALL: Method.PUBLISH,
    NoticeKey.RESCHEDULED: Method.PUBLISH,
    NoticeKey.SERIES_CHANGED: Method.PUBLISH,
    NoticeKey.CANCELLED_BY_PROVIDER: Method.CANCEL,
    NoticeKey.CANCELLED_BY_CLIENT: Method.CANCEL,
}
ENCLOSED_FOR_PROVIDERS: Mapping[NoticeKey, Method] = {
    NoticeKey.RESCHEDULED: Method.PUBLISH,
    NoticeKey.CANCELLED_BY_CLIENT: Method.CANCEL,
}


def render(key: NoticeKey, facts: Facts, language: Language) -> Letter:
    """Write a letter in all its forms; raises KeyError, naming it, where a fact is missing that it tells.

    Whose facts they are says for whom it is: what stands in letters to clients cannot get into one to a provider.
    """
    catalogue = CATALOGUES[language]
    if isinstance(facts, ProviderFacts):
        wording = catalogue.to_providers[facts.dial if key is NoticeKey.REMINDER and facts.dial else key]
        words, footer = _for_provider(facts, language), catalogue.footer_for_providers
        paragraphs, enclosed = wording.paragraphs, ENCLOSED_FOR_PROVIDERS.get(key)
    elif isinstance(facts, AccountFacts):
        wording, enclosed = catalogue.to_accounts[key], None
        words, footer, paragraphs = _for_account(facts, language), catalogue.footer_for_accounts, wording.paragraphs
    else:
        wording = catalogue.to_clients[key]
        words, footer = _for_client(facts, catalogue, language), catalogue.footer_for_clients
        paragraphs, enclosed = _with(wording, wrote=facts.wrote), ENCLOSED_FOR_CLIENTS.get(key)
    if enclosed is not None:
        paragraphs = (*paragraphs, catalogue.enclosed[enclosed])
    subject = wording.subject.format_map(words)
    told = [paragraph.format_map(words) for paragraph in paragraphs]
    link = _link(facts)
    return Letter(
        subject=subject,
        body="\n\n".join([*told, f"{catalogue.to_the_portal}: {link}", f"-- \n{footer}"]) + "\n",
        html=_html(subject, told, link, catalogue.to_the_portal, footer, language),
        text=gsm7.spell(f"{wording.text.format_map(words)} {catalogue.stop}"),
        sentence=wording.sentence.format_map(words),
    )


def entry_for_client(session_type: SessionType, facts: ClientFacts, language: Language) -> tuple[str, str]:
    """Return title and description of an appointment in a client's calendar: no clinical word, no number (R102).

    With whom stands in the description alone: the title is what others see of a calendar that is shared.
    """
    catalogue = CATALOGUES[language]
    words = _for_client(facts, catalogue, language)
    told = (
        catalogue.entry_with.format_map(words),
        _held(session_type, facts, catalogue).format_map(words),
        _link(facts),
    )
    return catalogue.entry_title[session_type], "\n".join(told)


def entry_for_provider(
    session_type: SessionType, facts: ProviderFacts, language: Language, initials: str = ""
) -> tuple[str, str]:
    """Return title and description of an appointment in a provider's calendar.

    The line and when it works stand there for a consultation that is held over it (R105); initials of the client
    where the provider has asked for them.
    """
    catalogue = CATALOGUES[language]
    title = catalogue.entry_title[session_type]
    if initials:
        title = catalogue.entry_title_with_initials.format(title=title, initials=initials)
    told = (catalogue.entry_line.format_map(_for_provider(facts, language)),) if facts.line else ()
    return title, "\n".join((*told, _link(facts)))


def _link(facts: Facts) -> str:
    return f"{facts.portal_url.rstrip('/')}/{facts.path}"


def _with(wording: Wording, *, wrote: bool) -> tuple[str, ...]:
    """Return the paragraphs; the news comes first, then that there is something to read."""
    if not wrote or wording.if_wrote is None:
        return wording.paragraphs
    first, *rest = wording.paragraphs
    return (first, wording.if_wrote, *rest)


def _for_provider(facts: ProviderFacts, language: Language) -> dict[str, str]:
    """Return what stands for the names in braces; one whose fact is unknown is absent."""
    words = _instants(
        {"when": facts.starts_at, "share_by": facts.share_by, "decide_by": facts.decide_by}, facts, language
    )
    if facts.code:
        words["code"] = facts.code
    if facts.line:
        words["line"] = phones.spoken(facts.line)
    if facts.opens_at and facts.ends_at:
        words["opens"] = _opening(facts.opens_at, facts.ends_at, facts.timezone, language)
        words["closes"] = f"{_clock(facts.ends_at, facts.timezone, language)} {_zone(facts.ends_at, facts.timezone)}"
    return words


def _for_client(facts: ClientFacts, catalogue: Catalogue, language: Language) -> dict[str, str]:
    """Return what stands for the names in braces; one whose fact is unknown is absent."""
    words = _instants({"when": facts.starts_at, "until": facts.until}, facts, language)
    words |= {name: told for name, told in (("provider", facts.provider), ("code", facts.code)) if told}
    if facts.session_type:
        words["session"] = catalogue.session[facts.session_type]
        words["held"] = _held(facts.session_type, facts, catalogue).format_map(words)
    if facts.ahead is not None:
        told = [_day_and_time(one, facts.timezone, language) for one in facts.ahead]
        words["ahead"] = "; ".join(told) or catalogue.none_ahead
    return words


def _for_account(facts: AccountFacts, language: Language) -> dict[str, str]:
    """Return what stands for the names in braces; one whose fact is unknown is absent."""
    words = _instants({"until": facts.until}, facts, language)
    return words | {name: told for name, told in (("link", facts.link), ("provider", facts.provider)) if told}


def _held(session_type: SessionType, facts: ClientFacts, catalogue: Catalogue) -> str:
    if session_type is SessionType.PHONE_CONSULTATION and not facts.can_be_called:
        return catalogue.held_without_a_number
    return catalogue.held[session_type]


def _instants(told: Mapping[str, datetime | None], facts: Facts, language: Language) -> dict[str, str]:
    return {name: _day_and_time(at, facts.timezone, language) for name, at in told.items() if at}


def _opening(opens_at: datetime, ends_at: datetime, timezone: str, language: Language) -> str:
    """Say when the line opens: the hour, its day where that is another one, its zone where the clocks change."""
    there = ZoneInfo(timezone)
    hour = _clock(opens_at, timezone, language)
    if opens_at.astimezone(there).date() != ends_at.astimezone(there).date():
        hour = f"{_day(opens_at, timezone, language)}, {hour}"
    zone = _zone(opens_at, timezone)
    return hour if zone == _zone(ends_at, timezone) else f"{hour} {zone}"


def _day_and_time(instant: datetime, timezone: str, language: Language) -> str:
    """Say an instant in the time of a place: "Tue, Nov 24, 2:59 PM EST"."""
    day, hour = _day(instant, timezone, language), _clock(instant, timezone, language)
    return f"{day}, {hour} {_zone(instant, timezone)}"


def _day(instant: datetime, timezone: str, language: Language) -> str:
    return format_datetime(instant, _DAYS[language], tzinfo=ZoneInfo(timezone), locale=_LOCALES[language])


def _clock(instant: datetime, timezone: str, language: Language) -> str:
    said = format_time(instant, "short", tzinfo=ZoneInfo(timezone), locale=_LOCALES[language])
    return said.replace("\u202f", " ").replace("\xa0", " ")


def _zone(instant: datetime, timezone: str) -> str:
    """Name a place's zone at an instant: EST, or UTC+5:30 where it has no letters of its own.

    The zone database's own short names, since a language's names for zones can be forty characters long.
    """
    name = instant.astimezone(ZoneInfo(timezone)).strftime("%Z")
    if name[0] not in "+-":
        return name
    hours, minutes = name[1:3].lstrip("0") or "0", name[3:5]
    return f"UTC{name[0]}{hours}" + (f":{minutes}" if minutes not in {"", "00"} else "")


def _html(
    subject: str, paragraphs: Sequence[str], link: str, to_the_portal: str, footer: str, language: Language
) -> str:
    """Return the same words as a page that needs nothing from anywhere."""
    told = "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    return (
        f'<!doctype html>\n<html lang="{language.value}">\n<head><meta charset="utf-8">'
        f"<title>{escape(subject)}</title></head>\n"
        '<body style="font-family: sans-serif; font-size: 16px; line-height: 1.5; max-width: 36em">\n'
        f'{told}\n<p><a href="{escape(link)}">{escape(to_the_portal)}</a></p>\n'
        f'<p style="color: #595959; font-size: 14px">{escape(footer)}</p>\n</body>\n</html>\n'
    )
