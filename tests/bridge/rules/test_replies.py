"""A provider's text: read without guessing, answered without a name."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.rules.replies import Reply, Say, Word, read_reply, say
from people.values import Language

AT = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)
NEW_YORK = "America/New_York"
YES, NO, OTHER = Reply(Word.YES), Reply(Word.NO), Reply(Word.OTHER)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        *(
            (body, YES)
            for body in (
                "YES",
                "yes",
                "Yes.",
                " yes ",
                "yes!",
                "Y",
                "yep",
                "SI",
                "Sí",
                "si\u0301",
                "\uff39\uff25\uff33",
                "yes\n",
            )
        ),
        *((body, NO) for body in ("NO", "no", "No.", "n", "nope", "No!")),
        *(
            (body, Reply(Word.STOP))
            for body in (
                "STOP",
                "stop",
                "Stop.",
                "STOPALL",
                "UNSUBSCRIBE",
                "END",
                "QUIT",
                "REVOKE",
                "OPTOUT",
                "opt out",
                "OPT  OUT",
                "CANCEL",
                "alto",
            )
        ),
        *((body, Reply(Word.START)) for body in ("START", "start", "UNSTOP", "empezar")),
        ("1 YES", Reply(Word.YES, 1)),
        ("2. no", Reply(Word.NO, 2)),
        ("3) Yes", Reply(Word.YES, 3)),
        ("#2 yes", Reply(Word.YES, 2)),
        ("yes 2", Reply(Word.YES, 2)),
        ("NO #12", Reply(Word.NO, 12)),
        ("no: 1", Reply(Word.NO, 1)),
        ("0 yes", Reply(Word.YES, 0)),
        # Not clear enough
        *(
            (body, OTHER)
            for body in (
                "",
                "   ",
                ".",
                "?",
                "1",
                "2 1",
                "1 yes 2",
                "123 yes",
                "yes no",
                "yes and no",
                "not yet",
                "maybe",
                "yes please",
                "no, she did",
                "yesterday",
                "know",
                "1 maybe",
                "help",
                "HELP",
                "stop it",
                "yes \x00",
                "=cmd|' /C calc'!A0",
                "<Response/>",
                "👍",
                "ok",
                "si no",
            )
        ),
    ],
)
def test_a_text_is_read_as_what_it_clearly_says(body: str, expected: Reply) -> None:
    assert expected == read_reply(body)


@given(st.text(max_size=200))
def test_any_text_is_read_as_something(body: str) -> None:
    reply = read_reply(body)

    assert reply.number is None or (0 <= reply.number <= 99 and reply.word in {Word.YES, Word.NO})


@given(st.text(alphabet="yesnoYESNO sí123.#:)-", max_size=12))
def test_yes_and_no_are_never_taken_for_one_another(body: str) -> None:
    word = read_reply(body).word
    letters = re.findall(r"[^\W\d]+", body.casefold())

    if word is Word.YES:
        assert len(letters) == 1
        assert letters[0][0] in "ys"
    if word is Word.NO:
        assert len(letters) == 1
        assert letters[0][0] == "n"


def test_a_list_names_consultations_by_day_and_time() -> None:
    assert say(Say.LIST, Language.ENGLISH, timezone=NEW_YORK, listed=[AT, LATER]) == (
        "Which one? 1: Tue, Nov 24, 3:00 PM EST; 2: Wed, Nov 25, 10:30 AM EST. Reply for example 1 YES or 1 NO."
    )


@pytest.mark.parametrize("what", Say)
@pytest.mark.parametrize("language", Language)
def test_every_answer_is_one_line_in_both_languages(what: Say, language: Language) -> None:
    said = say(what, language, timezone=NEW_YORK, when=AT, listed=[AT])

    assert said.endswith(".")
    assert not re.search(r"[{}\n]", said)
    assert len(said) <= 160
    assert said != say(what, next(other for other in Language if other is not language), when=AT, listed=[AT])


@pytest.mark.parametrize("what", [Say.SHARED, Say.CLOSED, Say.ALREADY])
def test_an_answer_says_which_consultation_it_is_about(what: Say) -> None:
    assert "Tue, Nov 24, 3:00 PM EST" in say(what, Language.ENGLISH, timezone=NEW_YORK, when=AT)


def test_help_tells_all_three_words() -> None:
    said = say(Say.HELP, Language.ENGLISH)

    assert all(word in said for word in ("YES", "NO", "STOP"))
