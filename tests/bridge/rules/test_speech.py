"""What a caller hears: every sentence of the catalogue, in both languages."""

import re
from datetime import UTC, datetime, timedelta
from itertools import chain
from uuid import UUID

import pytest

from bridge.rules import speech
from bridge.values import AskCode, AskPin, Choice, Connect, Decline, Detail, Greet, Menu, Outcome, Reason, Route
from config.phones import Unusable
from people.values import Language

NOW = datetime(2026, 11, 24, 19, 48, tzinfo=UTC)  # 2:48 PM in New York
OPENS = NOW + timedelta(minutes=11)
TOMORROW = NOW + timedelta(days=1)
NEW_YORK = "America/New_York"
SOMEBODY, SOMETHING = UUID(int=1), UUID(int=2)
EN, ES = Language.ENGLISH, Language.SPANISH


def decline(
    reason: Reason,
    language: Language = EN,
    *,
    at: datetime | None = None,
    timezone: str | None = NEW_YORK,
    detail: Detail | Unusable | None = None,
) -> Decline:
    return Decline(
        reason=reason,
        language=language,
        provider_id=SOMEBODY,
        appointment_id=SOMETHING,
        timezone=timezone,
        at=at,
        detail=detail,
    )


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (
            decline(Reason.TOO_EARLY, at=OPENS),
            "You are early. The line for your next consultation opens at 2:59 PM. Please call again then.",
        ),
        (
            decline(Reason.TOO_EARLY, ES, at=OPENS),
            (
                "Llama usted antes de tiempo. La línea para su próxima consulta se abre a las 2:59 p.m. "
                "Por favor, vuelva a llamar entonces."
            ),
        ),
        (
            decline(Reason.TOO_EARLY, at=TOMORROW),
            (
                "You are early. The line for your next consultation opens on Wednesday, November 25 at 2:48 PM. "
                "Please call again then."
            ),
        ),
        (
            decline(Reason.TOO_EARLY, ES, at=TOMORROW),
            (
                "Llama usted antes de tiempo. La línea para su próxima consulta se abre "
                "el miércoles 25 de noviembre a las 2:48 p.m. Por favor, vuelva a llamar entonces."
            ),
        ),
        (
            decline(Reason.TOO_LATE, at=NOW - timedelta(minutes=3)),
            (
                "The time of your consultation ended at 2:45 PM, so the line has closed. "
                "You can find your client's direct number on the client page of your portal."
            ),
        ),
        (
            decline(Reason.NOT_VERIFIED),
            "This number is not verified yet. Please verify it under settings in your portal, then call again.",
        ),
        (
            Menu(
                provider_id=SOMEBODY,
                choices=(Choice("1", SOMETHING, OPENS), Choice("2", SOMEBODY, OPENS + timedelta(minutes=15))),
                language=EN,
                timezone=NEW_YORK,
            ),
            "For your 2:59 PM consultation press 1. For your 3:14 PM consultation press 2.",
        ),
        (
            Menu(
                provider_id=SOMEBODY,
                choices=(
                    Choice("1", SOMETHING, NOW - timedelta(hours=1, minutes=43)),
                    Choice("2", SOMEBODY, NOW - timedelta(minutes=88)),
                ),
                language=ES,
                timezone=NEW_YORK,
            ),
            "Para su consulta de la 1:05 p.m. marque 1. Para su consulta de la 1:20 p.m. marque 2.",
        ),
        (AskPin(language=EN), "Please enter your six digit PIN."),
        (AskPin(language=EN, step=2), "That PIN does not match. Please enter your six digit PIN again."),
        (AskCode(language=ES), "Por favor, marque el código de seis dígitos que muestra su portal."),
        (
            AskCode(language=EN, step=3),
            "That code does not match. Please enter the six digit code that your portal shows.",
        ),
        (
            Greet(provider_id=SOMEBODY, language=EN, timezone=NEW_YORK, opens_at=None),
            "Thank you. This number is verified now and we will recognize it.",
        ),
        (
            Greet(provider_id=SOMEBODY, language=EN, timezone=NEW_YORK, opens_at=OPENS),
            (
                "Thank you. This number is verified now and we will recognize it. "
                "The line for your next consultation opens at 2:59 PM."
            ),
        ),
    ],
)
def test_what_is_said(route: Route, expected: str) -> None:
    assert expected == speech.sentence(route, NOW)


def test_a_connection_says_nothing() -> None:
    route = Connect(
        provider_id=SOMEBODY,
        appointment_id=SOMETHING,
        occurrence=1,
        caller_id="+12125550123",
        client_number="+12125550142",
        language=EN,
    )

    assert speech.sentence(route, NOW) == ""


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("America/New_York", "at 2:59 PM"),
        ("America/Chicago", "at 1:59 PM"),
        ("Pacific/Honolulu", "at 9:59 AM"),
        ("Australia/Lord_Howe", "at 6:59 AM"),  # the next day there, and now as well
        ("Asia/Kolkata", "at 1:29 AM"),
    ],
)
def test_times_are_the_providers_own(zone: str, expected: str) -> None:
    said = speech.sentence(decline(Reason.TOO_EARLY, at=OPENS, timezone=zone), NOW)

    assert f"opens {expected}." in said


def test_a_day_is_named_when_it_is_another_one_there() -> None:
    late = datetime(2026, 11, 25, 4, 55, tzinfo=UTC)  # 11:55 PM in New York

    said = speech.sentence(decline(Reason.TOO_EARLY, at=late + timedelta(minutes=10)), late)

    assert "on Wednesday, November 25 at 12:05 AM" in said


@pytest.mark.parametrize(
    ("hour", "expected"), [(17, "a las 12:30"), (18, "a la 1:30"), (19, "a las 2:30"), (15, "a las 10:30")]
)
def test_in_spanish_one_o_clock_has_an_article_of_its_own(hour: int, expected: str) -> None:
    at = datetime(2026, 11, 24, hour, 30, tzinfo=UTC)

    assert f"se abre {expected}" in speech.sentence(decline(Reason.TOO_EARLY, ES, at=at), NOW)


@pytest.mark.parametrize(
    ("outcome", "language", "expected"),
    [
        (Outcome.NO_ANSWER, EN, "Your client did not pick up. You can call this line again until 2:59 PM."),
        (Outcome.BUSY, EN, "Your client's line is busy. You can call this line again until 2:59 PM."),
        (Outcome.FAILED, EN, "The call could not be completed. You can call this line again until 2:59 PM."),
        (Outcome.CANCELED, EN, "The call was not completed. You can call this line again until 2:59 PM."),
        (
            Outcome.NO_ANSWER,
            ES,
            "Su cliente no contestó. Puede volver a llamar a esta línea hasta las 2:59 p.m.",
        ),
    ],
)
def test_a_dial_that_failed_says_until_when_to_try_again(outcome: Outcome, language: Language, expected: str) -> None:
    assert expected == speech.after_dial(outcome, closes_at=OPENS, now=NOW, timezone=NEW_YORK, language=language)


@pytest.mark.parametrize(("off_s", "again"), [(-1, True), (0, False), (1, False)])
def test_at_the_end_nobody_is_told_to_call_again(off_s: int, again: bool) -> None:
    said = speech.after_dial(
        Outcome.BUSY, closes_at=NOW, now=NOW + timedelta(seconds=off_s), timezone=NEW_YORK, language=EN
    )

    assert ("call this line again" in said) is again
    assert ("direct number on the client page" in said) is not again


# The whole catalogue

REFUSALS = [
    decline(reason, language, at=at, timezone=zone, detail=detail)
    for reason in Reason
    for language in Language
    for detail in (None, *Detail, *Unusable)
    for at, zone in ((None, None), (OPENS, NEW_YORK), (TOMORROW, NEW_YORK), (OPENS, None), (None, NEW_YORK))
]
AFTER = [
    speech.after_dial(outcome, closes_at=closes_at, now=NOW, timezone=NEW_YORK, language=language)
    for outcome in Outcome
    for language in Language
    for closes_at in (OPENS, NOW)
]
EVERYTHING = {
    *chain.from_iterable((speech.SORRY[language], speech.NOTHING_KEYED[language]) for language in Language),
    *(speech.sentence(route, NOW) for route in REFUSALS),
    *AFTER,
}
ADVICE = re.compile(
    r"please|you can|por favor|puede|portal|encontrará",  # what to do, or where to look
    re.IGNORECASE,
)


def test_every_sentence_is_one_that_can_be_spoken() -> None:
    for said in EVERYTHING:
        assert said
        assert said == said.strip()
        assert said[-1] == "."
        assert len(said) <= 300
        assert not re.search(r"[{}<>&_]|\.\.", said)
        assert not re.search(r"\d{3}", said)


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("language", Language)
def test_every_refusal_says_what_to_do_next_in_both_languages(reason: Reason, language: Language) -> None:
    said = speech.sentence(decline(reason, language, at=OPENS), NOW)

    assert ADVICE.search(said)
    assert bool(re.search(r"\b(the|your|you|call)\b", said)) is (language is EN)
    assert bool(re.search(r"\b(su|el|la|consulta)\b", said)) is (language is ES)


@pytest.mark.parametrize("detail", Detail)
@pytest.mark.parametrize("language", Language)
def test_a_detail_says_more_than_its_reason(detail: Detail, language: Language) -> None:
    said = speech.sentence(decline(Reason.NOT_VERIFIED, language, detail=detail), NOW)

    assert said != speech.sentence(decline(Reason.NOT_VERIFIED, language), NOW)
    assert ADVICE.search(said)


def test_a_refusal_whose_hour_was_lost_is_spoken_all_the_same() -> None:
    said = speech.sentence(decline(Reason.TOO_EARLY, at=None), NOW)

    assert said == speech.sentence(decline(Reason.NO_CONSULTATION), NOW)


def test_all_languages_are_catalogued() -> None:
    catalogues = [value for value in vars(speech).values() if isinstance(value, dict)]
    texts = [c for c in catalogues if set(c) & set(Language)]
    texts += [text for c in catalogues for text in c.values() if isinstance(text, dict)]

    assert len(texts) > 30
    assert all(set(text) == set(Language) for text in texts)
