"""What letters say, and what they cannot say."""

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from people.values import Language
from portal import letters
from portal.letters import CATALOGUES, AccountFacts, ClientFacts, Dial, Facts, Letter, ProviderFacts, gsm7, render
from portal.letters.values import Catalogue, Wording
from scheduling.values import Method, SessionType
from status.rules.letters import KINDS
from status.values import NoticeKey, Recipient

# Wednesday, 30 September 2026, noon in New York: long names of day and month.
STARTS = datetime(2026, 9, 30, 16, 0, tzinfo=UTC)
FACTS = ProviderFacts(
    portal_url="https://portal.example.com",
    timezone="America/New_York",
    starts_at=STARTS,
    ends_at=STARTS + timedelta(minutes=15),
    opens_at=STARTS - timedelta(minutes=1),
    share_by=STARTS + timedelta(minutes=15, hours=72),
    decide_by=STARTS - timedelta(hours=2),
    code="274913",
    line="+12125550180",
    dial=Dial.LINE,
)
TO_CLIENT = ClientFacts(
    portal_url="https://portal.example.com",
    timezone="America/New_York",
    starts_at=STARTS,
    ends_at=STARTS + timedelta(minutes=15),
    provider="Canary-Pat Canary-Provider",
    session_type=SessionType.PHONE_CONSULTATION,
    until=STARTS - timedelta(hours=22),
    ahead=(STARTS, STARTS + timedelta(days=7)),
    code="042917",
)
TO_ACCOUNT = AccountFacts(
    portal_url="https://portal.example.com",
    timezone="America/New_York",
    link="https://portal.example.com/l/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdEfGh",
    until=STARTS,
    provider="Canary-Pat Canary-Provider",
)
EN, ES = Language.ENGLISH, Language.SPANISH
PROVIDERS_KEYS = {NoticeKey.REMINDER, *(key for key in CATALOGUES[EN].to_providers if isinstance(key, NoticeKey))}
CLIENTS_KEYS = {*CATALOGUES[EN].to_clients}
ACCOUNTS_KEYS = {*CATALOGUES[EN].to_accounts}
TO_PROVIDERS = [(key, FACTS) for key in sorted(PROVIDERS_KEYS) if key is not NoticeKey.REMINDER]
REMINDERS = [(NoticeKey.REMINDER, replace(FACTS, dial=dial)) for dial in Dial]
TO_CLIENTS = [
    (key, replace(TO_CLIENT, session_type=kind, wrote=wrote))
    for key in sorted(CLIENTS_KEYS)
    for kind in SessionType
    for wrote in (False, True)
]
EVERY_LETTER: list[tuple[NoticeKey, Facts]] = [
    *TO_PROVIDERS,
    *REMINDERS,
    *TO_CLIENTS,
    *((key, TO_ACCOUNT) for key in sorted(ACCOUNTS_KEYS)),
]


def at(starts_at: datetime, timezone: str, facts: Facts = FACTS, **changes: object) -> Facts:
    """Return the facts of a consultation of 15 minutes."""
    if isinstance(facts, AccountFacts):
        return replace(facts, timezone=timezone, until=starts_at)
    ends_at = starts_at + timedelta(minutes=15)
    if isinstance(facts, ClientFacts):
        later: dict[str, object] = {
            "until": starts_at - timedelta(hours=22),
            "ahead": (starts_at, starts_at + timedelta(days=7)),
        }
    else:
        later = {
            "opens_at": starts_at - timedelta(minutes=1),
            "share_by": ends_at + timedelta(hours=72),
            "decide_by": starts_at - timedelta(hours=2),
        }
    told = later | {"timezone": timezone, "starts_at": starts_at, "ends_at": ends_at} | changes
    return replace(facts, **told)  # type: ignore[arg-type]


# What stands in them


def test_the_reminder_tells_the_line_and_when_it_works() -> None:
    letter = render(NoticeKey.REMINDER, FACTS, EN)
    assert letter.subject == "Reminder: phone consultation on Wed, Sep 30, 12:00 PM EDT"
    assert letter.text == (
        "Consultline: consultation Wed, Sep 30, 12:00 PM EDT. "
        "Call +1 212-555-0180 between 11:59 AM and 12:15 PM EDT. STOP to end texts."
    )
    assert "from 11:59 AM until 12:15 PM EDT" in letter.body


@pytest.mark.parametrize("dial", [Dial.DIRECT, Dial.UNVERIFIED, Dial.NO_NUMBER])
@pytest.mark.parametrize("language", list(Language))
def test_a_reminder_for_which_the_line_is_no_use_names_no_number(dial: Dial, language: Language) -> None:
    letter = render(NoticeKey.REMINDER, replace(FACTS, dial=dial), language)
    assert "555" not in every_word(letter)


def test_the_status_text_asks_and_says_until_when() -> None:
    assert render(NoticeKey.STATUS_TEXT, FACTS, EN).text == (
        "Consultline: Did your consultation on Wed, Sep 30, 12:00 PM EDT take place? "
        "Reply YES or NO by Sat, Oct 3, 12:15 PM EDT. STOP to end texts."
    )
    assert render(NoticeKey.STATUS_TEXT, FACTS, ES).text == (
        "Consultline: ¿Se hizo su consulta del mié 30 sept, 12:00 p.m. EDT? "
        "Responda SI o NO hasta el sab 3 oct, 12:15 p.m. EDT. STOP: no mas textos."
    )


@pytest.mark.parametrize("language", list(Language))
def test_the_status_letter_by_mail_asks_for_no_reply(language: Language) -> None:
    letter = render(NoticeKey.STATUS_TEXT, FACTS, language)
    assert not re.search(r"\bYES\b|\bSI\b|\bReply\b|\bResponda\b", letter.body)
    assert "https://portal.example.com/" in letter.body


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(("key", "facts"), EVERY_LETTER)
def test_every_text_says_how_to_end_texts(key: NoticeKey, facts: Facts, language: Language) -> None:
    assert "STOP" in render(key, facts, language).text


# The time of their place


@pytest.mark.parametrize(
    ("starts_at", "timezone", "said"),
    [
        (datetime(2026, 3, 8, 6, 30, tzinfo=UTC), "America/New_York", "Sun, Mar 8, 1:30 AM EST"),
        (datetime(2026, 3, 8, 7, 30, tzinfo=UTC), "America/New_York", "Sun, Mar 8, 3:30 AM EDT"),
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "America/New_York", "Sun, Nov 1, 1:30 AM EDT"),
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "America/New_York", "Sun, Nov 1, 1:30 AM EST"),
        (datetime(2026, 11, 24, 20, 0, tzinfo=UTC), "America/Phoenix", "Tue, Nov 24, 1:00 PM MST"),
        (datetime(2026, 11, 24, 20, 0, tzinfo=UTC), "Asia/Kathmandu", "Wed, Nov 25, 1:45 AM UTC+5:45"),
        (datetime(2026, 11, 24, 20, 0, tzinfo=UTC), "America/Sao_Paulo", "Tue, Nov 24, 5:00 PM UTC-3"),
        (datetime(2026, 11, 24, 20, 0, tzinfo=UTC), "UTC", "Tue, Nov 24, 8:00 PM UTC"),
    ],
)
def test_instants_are_told_in_the_readers_zone_and_the_zone_is_printed(
    starts_at: datetime, timezone: str, said: str
) -> None:
    assert f"phone consultation on {said}." in render(NoticeKey.REMINDER, at(starts_at, timezone), EN).body


def test_a_line_that_opens_the_day_before_names_that_day() -> None:
    midnight = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)
    letter = render(NoticeKey.REMINDER, at(midnight, "America/New_York"), EN)
    assert "from Tue, Nov 24, 11:59 PM until 12:15 AM EST" in letter.body


def test_a_line_that_is_open_while_the_clocks_change_names_both_zones() -> None:
    before = datetime(2026, 11, 1, 5, 50, tzinfo=UTC)
    letter = render(NoticeKey.REMINDER, at(before, "America/New_York"), EN)
    assert "from 1:49 AM EDT until 1:05 AM EST" in letter.body


# One text each, in the alphabet of texts


@pytest.mark.parametrize("language", list(Language))
def test_a_text_fits_into_one_in_every_zone(language: Language) -> None:
    """Zones that tell this hour by the same words are the same here: of six hundred about fifty are left."""
    told_alike = {STARTS.astimezone(ZoneInfo(name)).strftime("%d %H:%M %Z"): name for name in available_timezones()}
    for timezone in told_alike.values():
        for key, facts in EVERY_LETTER:
            told = at(STARTS, timezone, facts)
            assert gsm7.length(render(key, told, language).text) <= 160, (key, facts, timezone)


@given(
    minute=st.integers(0, 2 * 366 * 24 * 4).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + n * timedelta(minutes=15)),
    timezone=st.sampled_from(["America/New_York", "America/Los_Angeles", "Pacific/Chatham", "Asia/Kathmandu"]),
    letter=st.sampled_from(EVERY_LETTER),
    language=st.sampled_from(list(Language)),
)
@settings(deadline=None, max_examples=400)
def test_a_text_fits_into_one_at_every_hour(
    minute: datetime, timezone: str, letter: tuple[NoticeKey, Facts], language: Language
) -> None:
    key, facts = letter
    assert gsm7.length(render(key, at(minute, timezone, facts), language).text) <= 160


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("línea, número, más, adiós, tú", "linea, numero, mas, adios, tu"),
        ("¿mié o ñandú, pingüino?", "¿mié o ñandu, pingüino?"),
        ("2:59\u202fp.\xa0m.", "2:59 p. m."),
        ("it\u2019s 1\u20132\u2026", "it's 1-2..."),
        ("plain [text] €", "plain [text] €"),
    ],
)
def test_a_text_keeps_the_accents_that_its_alphabet_has(written: str, spelled: str) -> None:
    assert gsm7.spell(written) == spelled


def test_what_no_text_can_hold_is_a_bug() -> None:
    with pytest.raises(ValueError, match=r"U\+4E2D"):
        gsm7.spell("中")
    with pytest.raises(ValueError, match="alphabet"):
        gsm7.length("á")


def test_some_characters_count_twice() -> None:
    assert gsm7.length("abc") == 3
    assert gsm7.length("[€]") == 6


# Two languages


def test_a_client_whose_number_is_unknown_is_asked_for_one() -> None:
    unknown = replace(TO_CLIENT, can_be_called=False)
    said = render(NoticeKey.BOOKING_MADE, unknown, EN).body
    assert "we have no number of yours: please add one in the portal" in said
    assert "calls you at the number" not in said
    held = replace(unknown, session_type=SessionType.FULL_SESSION)
    assert "no number" not in render(NoticeKey.BOOKING_MADE, held, EN).body


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


def forms(wording: Wording) -> tuple[str, ...]:
    return (wording.subject, " ".join(wording.paragraphs), wording.if_wrote or "", wording.text, wording.sentence)


def test_every_letter_that_may_be_sent_is_written_and_no_other() -> None:
    by_reader = {reader: {kind.key for kind in KINDS if kind.reader is reader} for reader in Recipient}
    assert by_reader[Recipient.PROVIDER] == PROVIDERS_KEYS
    assert by_reader[Recipient.CLIENT] | by_reader[Recipient.DRAFT] == CLIENTS_KEYS
    assert by_reader[Recipient.ACCOUNT] == ACCOUNTS_KEYS
    assert {*NoticeKey} == PROVIDERS_KEYS | CLIENTS_KEYS | ACCOUNTS_KEYS


def loose(catalogue: Catalogue) -> list[tuple[str, set[str]]]:
    """Return what is named in the sentences of a catalogue that belong to no letter."""
    found = []
    for field in fields(Catalogue):
        value = getattr(catalogue, field.name)
        several = value.items() if isinstance(value, Mapping) else [("", value)]
        found += [(f"{field.name} {name}", placeholders(words)) for name, words in several if isinstance(words, str)]
    return found


@pytest.mark.parametrize("language", list(Language))
def test_every_letter_is_written_in_every_language(language: Language) -> None:
    catalogue = CATALOGUES[language]
    assert set(catalogue.to_providers) == PROVIDERS_KEYS - {NoticeKey.REMINDER} | {*Dial}
    assert set(catalogue.to_clients) == CLIENTS_KEYS
    assert set(catalogue.to_accounts) == ACCOUNTS_KEYS
    assert set(catalogue.session) == set(catalogue.held) == set(catalogue.entry_title) == {*SessionType}
    assert set(catalogue.enclosed) == {*Method}
    assert loose(catalogue) == loose(CATALOGUES[EN])


@pytest.mark.parametrize("key", sorted(CATALOGUES[EN].to_providers))
def test_both_languages_tell_providers_the_same_facts(key: NoticeKey | Dial) -> None:
    english, spanish = (forms(CATALOGUES[language].to_providers[key]) for language in (EN, ES))
    assert [placeholders(form) for form in english] == [placeholders(form) for form in spanish]


@pytest.mark.parametrize("key", sorted(CLIENTS_KEYS))
def test_both_languages_tell_clients_the_same_facts(key: NoticeKey) -> None:
    english, spanish = (forms(CATALOGUES[language].to_clients[key]) for language in (EN, ES))
    assert [placeholders(form) for form in english] == [placeholders(form) for form in spanish]


# A mail


class Page(HTMLParser):
    """Collects words, links and the language of a page, and the tags that were opened and not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str | None] = []
        self.language: str | None = None
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        assert not {"src", "srcset", "background"} & told.keys()  # nothing is fetched when it is read
        if tag == "html":
            self.language = told["lang"]
        if tag == "a":
            self.links.append(told["href"])
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def read(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    return page


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(("key", "facts"), EVERY_LETTER)
def test_the_page_says_what_the_plain_text_says(key: NoticeKey, facts: Facts, language: Language) -> None:
    letter = render(key, facts, language)
    page = read(letter.html)
    assert (page.language, page.open, page.links) == (language.value, [], ["https://portal.example.com/"])
    paragraphs = [p for p in letter.body.split("\n\n") if "https://" not in p and not p.startswith("-- ")]
    assert paragraphs
    assert all(paragraph in page.words for paragraph in paragraphs)
    assert not re.search(r"[{}]", every_word(letter) + letter.html.split("<body", 1)[1])


def test_the_page_escapes_what_could_be_markup() -> None:
    page = letters._html("a < b & c", ["a <b> & c"], 'https://x.example/"', "Open", "Bye", EN)
    assert "<title>a &lt; b &amp; c</title>" in page
    assert "<p>a &lt;b&gt; &amp; c</p>" in page
    assert 'href="https://x.example/&quot;"' in page


@pytest.mark.parametrize("base", ["https://portal.example.com", "https://portal.example.com/"])
def test_links_lead_to_the_front_door_and_hold_nothing(base: str) -> None:
    letter = render(NoticeKey.STATUS_TEXT, replace(FACTS, portal_url=base), EN)
    assert re.findall(r"https?://\S+", letter.body) == ["https://portal.example.com/"]


# What cannot get in


def every_word(letter: Letter) -> str:
    return f"{letter.subject}\n{letter.body}\n{letter.text}\n{letter.sentence}"


@pytest.mark.parametrize(
    "changes",
    [
        {"line": "Casey Client"},
        {"line": "2125550180"},
        {"portal_url": "https://portal.example.com/?client=Casey"},
        {"portal_url": "https://casey@portal.example.com"},
        {"portal_url": "https://portal.example.com/#Casey"},
        {"portal_url": "Casey"},
        {"timezone": "Casey/Client"},
        {"starts_at": datetime(2026, 9, 30, 16, 0)},  # noqa: DTZ001
    ],
)
def test_facts_take_no_name(changes: dict[str, object]) -> None:
    with pytest.raises((ValueError, LookupError)):
        replace(FACTS, **changes)  # type: ignore[arg-type]


def test_facts_for_providers_have_no_room_for_anything_about_a_client() -> None:
    assert {field.name for field in fields(ProviderFacts)} == {
        "portal_url",
        "timezone",
        "starts_at",
        "ends_at",
        "opens_at",
        "share_by",
        "code",
        "decide_by",
        "line",
        "dial",
        "path",
    }


def test_facts_for_clients_have_no_room_for_words_or_numbers() -> None:
    """A provider's name and a code of six digits are all the text that there is: no line, no reason, no message."""
    assert {field.name for field in fields(ClientFacts)} == {
        "portal_url",
        "timezone",
        "starts_at",
        "ends_at",
        "provider",
        "session_type",
        "until",
        "ahead",
        "can_be_called",
        "wrote",
        "code",
        "path",
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "12345"},
        {"code": "+12125550180"},
        {"provider": "Pat\nBcc: casey@example.com"},
        {"path": "bookings?name=Canary"},
        {"path": "/elsewhere.example.com"},
        {"path": "bookings/Canary-Kim"},
        {"provider": "P" * 202},
        {"until": datetime(2026, 9, 30, 16, 0)},  # noqa: DTZ001
        {"ahead": (STARTS, datetime(2026, 9, 30, 16, 0))},  # noqa: DTZ001
    ],
)
def test_facts_for_clients_take_only_what_their_fields_say(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"line|digits|zone|path"):
        replace(TO_CLIENT, **changes)  # type: ignore[arg-type]


def test_a_missing_fact_is_named() -> None:
    with pytest.raises(KeyError, match="share_by"):
        render(NoticeKey.STATUS_TEXT, replace(FACTS, share_by=None), EN)
