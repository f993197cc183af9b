"""Matching in words: why somebody stands in a list, and how every list is ordered, in both languages (3.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from babel.lists import format_list

from config import times
from people.values import Gender, Language
from portal import words
from scheduling.rules import vocabulary
from scheduling.values import Answers, Gate, Line, LineCode, Ordering, Preference, Word

_PARAGRAPHS = (
    "gates",
    "problems",
    "preferences",
    "soonest",
    "reliability",
    "distance",
    "bands",
    "guard",
    "many",
    "never",
    "version",
)
_PERCENT = ("problems", "preferences", "soonest", "reliability", "distance")


def line(told: Line, answers: Answers, language: Language, timezone: str) -> str:
    """Say one line of an explanation; times are those of the zone."""
    match told.code:
        case LineCode.OPENING:
            assert told.at is not None  # noqa: S101 - what such a line is about
            return _say("opening", language, at=times.day_and_time(told.at, timezone, language.value))
        case LineCode.PLAN:
            assert told.plan is not None  # noqa: S101 - what such a line is about
            return _say("plan", language, plan=label(vocabulary.PLANS, told.plan, language))
        case LineCode.MEETS | LineCode.DOES_NOT_MEET:
            wishes = [preference(one, answers, language) for one in told.preferences]
            return _say(told.code.value, language, preferences="; ".join(wishes))
        case _:
            names = [_inside(label(vocabulary.PROBLEMS, one, language)) for one in told.problems]
            return _say(told.code.value, language, problems="; ".join(names))


def preference(wish: Preference, answers: Answers, language: Language) -> str:
    """Say what somebody asked for."""
    match wish:
        case Preference.LANGUAGE:
            spoken = label(vocabulary.LANGUAGES, answers.language or "", language)
            return _say("language", language, word=spoken if language is Language.ENGLISH else _inside(spoken))
        case Preference.THERAPY:
            return _say("therapy", language, word=_inside(label(vocabulary.THERAPIES, answers.therapy or "", language)))
        case Preference.GENDER:
            return _say(f"gender_{(answers.gender or Gender.NONBINARY).value}", language)
        case Preference.AFFIRMS:
            whom = [label(vocabulary.AFFIRMS, one, language) for one in answers.affirms]
            return _say("affirms", language, word=format_list(whom, locale=language.value))
        case Preference.DAY_PARTS:
            parts = [_say(f"day_{one.value}", language) for one in sorted(answers.day_parts)]
            return _say("day_parts", language, word=format_list(parts, style="or", locale=language.value))


def gate(one: Gate, language: Language) -> str:
    """Say a condition that somebody does not meet, as it stands after "everything but this"."""
    return _say(f"but_{one.value}", language)


def label(list_of: Mapping[str, Word], word: str, language: Language) -> str:
    """Return the label of a word; one that the list has no more is said as it is kept."""
    found = list_of.get(word)
    if found is None:
        return word
    return found.en if language is Language.ENGLISH else found.es


def _inside(text: str) -> str:
    """Return a label as it stands inside a sentence: EMDR stays, Sleep does not."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def how_lists_are_ordered(by: Ordering, history_days: int, language: Language) -> Sequence[str]:
    """Return the published text, with every figure taken from the order itself."""
    figures = {name: f"{value:g}" for name, value in asdict(by).items()}
    figures |= {name: f"{100 * getattr(by, name):g}" for name in _PERCENT}
    return [_say(f"order_{one}", language, **figures, history_days=history_days) for one in _PARAGRAPHS]


def _say(key: str, language: Language, **told: object) -> str:
    """Return a sentence as plain text: pages escape it where they show it."""
    return words.catalogue()[f"matching.{key}"][language.value].format(**told)
