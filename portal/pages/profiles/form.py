"""The form of a profile: what stands in it, and what is read from it. Two pages have it, and admins see less of it."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from config.errors import BadInput, Problem
from people.models import Profile
from people.rules import profile as rules
from people.values import Gender, Language
from people.values.profiles import Demographic
from portal import words
from portal.matching import label
from portal.pages.page import Form
from scheduling.rules import vocabulary
from scheduling.values import Word

Options = Sequence[tuple[str, str]]

FOCUS = tuple(f"focus_{n}" for n in range(1, rules.FOCUS_MOST + 1))
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_EMPTY = {"what": None, "where": None, "year": None}
_YEARS = range(1940, 2100)
_LISTS = {
    "also": vocabulary.PROBLEMS,
    "languages": vocabulary.LANGUAGES,
    "therapies": vocabulary.THERAPIES,
    "affirms": vocabulary.AFFIRMS,
}


def options(known: Mapping[str, Word], language: Language) -> Options:
    """Return the words of a list as choices, in the order of the reader's language."""
    found = [(one, label(known, one, language)) for one in known]
    return sorted(found, key=lambda one: one[1].casefold())


def told(row: Profile, language: Language, *, owner: bool) -> Mapping[str, object]:
    """Return what the form shows; to who does not own the profile nothing that is the owner's alone (R86)."""
    room = min(max(len(row.education) + 2, 3), rules.EDUCATION_MOST)
    none = [("", words.say("profile.none", language))]
    return {
        "profile": {
            "statement": row.statement,
            "highlights": "\n".join(row.highlights),
            "focus": dict(zip(FOCUS, [*row.focus, *[""] * len(FOCUS)], strict=False)),
            **{name: getattr(row, name) for name in _LISTS},
            "taxonomy": row.taxonomy or "",
            "education": [*row.education, *[_EMPTY] * room][:room],
            "version": row.version,
        },
        "own": {name.value: getattr(row, name) for name in Demographic} | {"shown": row.shown} if owner else None,
        "choices": {
            **{name: options(known, language) for name, known in _LISTS.items()},
            "focus": [*none, *options(vocabulary.PROBLEMS, language)],
            "taxonomy": [*none, *options(vocabulary.PROVIDER_TYPES, language)],
            "gender": [*none, *((one.value, words.say(f"profile.gender_{one.value}", language)) for one in Gender)],
            "shown": [(one.value, words.say(f"profile.{one.value}", language)) for one in Demographic],
        },
    }


def read(form: Form, *, owner: bool) -> dict[str, Any]:
    """Return what is to be changed; BadInput with everything that is wrong. What is the owner's is dropped else."""
    problems: list[Problem] = []
    changed: dict[str, Any] = {
        "statement": _lines(form, "statement", rules.STATEMENT_LONGEST, problems),
        "highlights": _highlights(form, problems),
        "focus": list(dict.fromkeys(one for name in FOCUS if (one := form.get(name)) in vocabulary.PROBLEMS)),
        "taxonomy": form.get("taxonomy") if form.get("taxonomy") in vocabulary.PROVIDER_TYPES else None,
        "education": _education(form, problems),
    }
    for name, known in _LISTS.items():
        changed[name] = [one for one in known if one in form.getall(name, [])]
    if owner:
        gender = form.get("gender")
        changed["gender"] = Gender(gender) if gender in set(Gender) else None
        for name in (Demographic.PRONOUNS, Demographic.ETHNICITY, Demographic.FAITH):
            changed[name.value] = _line(form, name.value, rules.DEMOGRAPHIC_LONGEST, problems)
        changed["shown"] = [one.value for one in Demographic if one.value in form.getall("shown", [])]
    if problems:
        raise BadInput(*problems)
    return changed


def read_whole(form: Form) -> dict[str, Any]:
    """Return what is to be changed of one's own profile and of its page; BadInput with everything that is wrong."""
    wrong: list[Problem] = []
    changed: dict[str, Any] = {}
    for part in (read_address, partial(read, owner=True)):
        try:
            changed |= part(form)
        except BadInput as bad:
            wrong.extend(bad.problems)
    if wrong:
        raise BadInput(*wrong)
    return changed


def read_address(form: Form) -> dict[str, Any]:
    """Return the address of the page and its switches; BadInput where it can be none."""
    slug = form.get("slug", "").strip().lower()
    if slug and not (3 <= len(slug) <= 80 and _SLUG.fullmatch(slug)):
        raise BadInput(Problem("slug", "profile.problem_slug"))
    switches = form.getall("switches", [])
    return {"slug": slug or None, **{name: name in switches for name in ("published", "listed", "noindex")}}


def clean(text: str) -> str:
    """Return what was typed with lines that end as ours do, and without characters that nobody sees."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def version(form: Form) -> int | None:
    """Return the version that somebody has looked at."""
    said = form.get("version", "")
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else None


def _lines(form: Form, name: str, longest: int, problems: list[Problem]) -> str | None:
    said = clean(form.get(name, ""))
    if len(said) > longest:
        problems.append(Problem(name, "profile.problem_too_long"))
    return said or None


def _line(form: Form, name: str, longest: int, problems: list[Problem]) -> str | None:
    said = _lines(form, name, longest, problems)
    return " ".join(said.split()) if said else None


def _highlights(form: Form, problems: list[Problem]) -> list[str]:
    said = (_lines(form, "highlights", 10_000, problems) or "").split("\n")
    found = [" ".join(one.split()) for one in said if one.strip()]
    if len(found) > rules.HIGHLIGHTS_MOST or any(len(one) > rules.HIGHLIGHT_LONGEST for one in found):
        problems.append(Problem("highlights", "profile.problem_highlights"))
    return found


def _education(form: Form, problems: list[Problem]) -> list[dict[str, Any]]:
    found = []
    for n in range(1, rules.EDUCATION_MOST + 1):
        what, where = (_line(form, f"{name}_{n}", rules.EDUCATION_LONGEST, problems) for name in ("what", "where"))
        year = form.get(f"year_{n}", "").strip()
        if year and not (year.isascii() and year.isdecimal() and len(year) == 4 and int(year) in _YEARS):
            problems.append(Problem(f"year_{n}", "profile.problem_year"))
            continue
        if not (what or where or year):
            continue
        problems.extend(
            Problem(f"{name}_{n}", "problems.missing") for name, said in (("what", what), ("where", where)) if not said
        )
        found.append({"what": what, "where": where, "year": int(year) if year else None})
    return found
