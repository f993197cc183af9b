"""Matching in words: every line in both languages, without a number, and the published text as it is computed."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from people.values import Gender, Language
from portal import matching
from portal.matching import how_lists_are_ordered, line
from scheduling.actions import HISTORY
from scheduling.rules.matching.weights import ORDERING
from scheduling.rules.vocabulary import AFFIRMS, LANGUAGES, PROBLEMS, THERAPIES
from scheduling.values import Answers, DayPart, Line, LineCode, Preference, SessionType

ENGLISH, SPANISH = Language.ENGLISH, Language.SPANISH
ASKED = Answers(
    state="NY",
    age=34,
    session_type=SessionType.FULL_SESSION,
    language="es",
    gender=Gender.WOMAN,
    therapy="emdr",
    affirms=("black", "veterans"),
    day_parts=frozenset({DayPart.EVENING, DayPart.WEEKEND}),
)
AT = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "matching.md"


WHEN, CUANDO = "open in the evening or at the weekend", "con horas libres por la noche o el fin de semana"


@pytest.mark.parametrize(
    ("told", "english", "spanish"),
    [
        (
            Line(code=LineCode.FOCUS, problems=("grief", "panic")),
            "Works a lot with: grief and loss; panic attacks",
            "Trabaja mucho con: duelo y pérdida; ataques de pánico",
        ),
        (Line(code=LineCode.LISTED, problems=("sleep",)), "Also works with: sleep", "También trabaja con: sueño"),
        (
            Line(code=LineCode.RELATED, problems=("panic",)),
            "Works with something close to: panic attacks",
            "Trabaja con algo cercano a: ataques de pánico",
        ),
        (
            Line(code=LineCode.OPENING, at=AT),
            "Next opening: Tue, Nov 24, 5:00 PM EST",
            "Próxima hora libre: mar, 24 nov, 5:00 p.m. EST",
        ),
        (Line(code=LineCode.PLAN, plan="aetna"), "Takes Aetna, as they told us", "Acepta Aetna, según nos dijo"),
        (
            Line(code=LineCode.MEETS, preferences=tuple(Preference)),
            f"As you asked: speaks Spanish; a woman; works with EMDR; welcomes Black people and veterans; {WHEN}",
            f"Como pidió: habla español; una mujer; trabaja con EMDR; acoge a personas negras y veteranos; {CUANDO}",
        ),
        (Line(code=LineCode.NEAR), "Close to you", "Cerca de usted"),
        (Line(code=LineCode.PRESCRIBES), "Can prescribe medication", "Puede recetar medicación"),
        (Line(code=LineCode.NOT_LISTED, problems=("sleep",)), "Has not listed: sleep", "No ha indicado: sueño"),
        (
            Line(code=LineCode.DOES_NOT_MEET, preferences=(Preference.GENDER,)),
            "Not as you asked: a woman",
            "No como pidió: una mujer",
        ),
    ],
)
def test_lines(told: Line, english: str, spanish: str) -> None:
    assert line(told, ASKED, ENGLISH, "America/New_York") == english
    assert line(told, ASKED, SPANISH, "America/New_York") == spanish


def test_every_line_has_its_words() -> None:
    for code in LineCode:
        told = Line(code=code, problems=("grief",), preferences=(Preference.LANGUAGE,), plan="aetna", at=AT)
        assert line(told, ASKED, ENGLISH, "UTC") != line(told, ASKED, SPANISH, "UTC")


def test_no_line_has_a_number_but_a_time() -> None:
    for code in set(LineCode) - {LineCode.OPENING}:
        told = Line(code=code, problems=("grief",), preferences=tuple(Preference), plan="aetna")
        assert not re.search(r"[0-9]", line(told, ASKED, ENGLISH, "UTC") + line(told, ASKED, SPANISH, "UTC"))


def test_a_time_is_that_of_the_readers_zone() -> None:
    told = Line(code=LineCode.OPENING, at=AT)

    assert line(told, ASKED, ENGLISH, "America/Los_Angeles").endswith("2:00 PM PST")


@pytest.mark.parametrize(("problem", "said"), [("identity", "who I am"), ("ocd", "obsessions and compulsions")])
def test_a_label_inside_a_sentence_is_small_but_for_what_is_not(problem: str, said: str) -> None:
    assert line(Line(code=LineCode.LISTED, problems=(problem,)), ASKED, ENGLISH, "UTC") == f"Also works with: {said}"


def test_a_word_that_left_the_list_is_said_as_it_is_kept() -> None:
    told = Line(code=LineCode.FOCUS, problems=("no_longer_there",))

    assert line(told, ASKED, ENGLISH, "UTC") == "Works a lot with: no_longer_there"


@pytest.mark.parametrize("wish", Preference)
def test_every_wish_of_every_kind_can_be_said(wish: Preference) -> None:
    asked = [
        *(Answers(**WHO, language=one) for one in LANGUAGES),
        *(Answers(**WHO, therapy=one) for one in THERAPIES),
        *(Answers(**WHO, affirms=(one,)) for one in AFFIRMS),
        *(Answers(**WHO, gender=one) for one in Gender),
        *(Answers(**WHO, day_parts=frozenset({one})) for one in DayPart),
    ]
    for answers in asked:
        for language in Language:
            assert matching.preference(wish, answers, language)


WHO: dict[str, Any] = {"state": "NY", "age": 34, "session_type": SessionType.FULL_SESSION}


def test_every_problem_has_words_that_fit_into_a_line() -> None:
    for language in Language:
        said = [line(Line(code=LineCode.FOCUS, problems=(one,)), ASKED, language, "UTC") for one in PROBLEMS]
        assert max(len(one) for one in said) <= 80


def test_the_published_text_has_the_figures_of_the_order() -> None:
    english = " ".join(how_lists_are_ordered(ORDERING, HISTORY.days, ENGLISH))
    spanish = " ".join(how_lists_are_ordered(ORDERING, HISTORY.days, SPANISH))

    figures = re.findall(r"[0-9.]*[0-9]", english)
    assert figures == re.findall(r"[0-9.]*[0-9]", spanish)
    assert figures == [
        "50",
        "1",
        "0.7",
        "0.4",
        "0.7",
        "20",
        "20",
        "3",
        "7",
        "10",
        "90",
        "4",
        "5",
        "10",
        "2",
        "0.05",
        "256",
        "2",
        "500",
        "500",
        "1",
    ]


def test_the_page_for_practices_has_the_published_text_word_for_word() -> None:
    page = re.sub(r"\s+", " ", PAGE.read_text())

    missing = [one for one in how_lists_are_ordered(ORDERING, HISTORY.days, ENGLISH) if one not in page]
    assert missing == []
