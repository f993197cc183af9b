"""The shared words of clients and providers: problems, kinds of providers, plans, therapies, languages (3.6).

They are data beside this file, read once when it is imported, and wrong data stops the process at its start. Ids
never change: rows and other programs hold them. Labels and synonyms may be mended at any time.
"""

import json
from collections.abc import Collection, Mapping
from importlib.resources import files
from typing import Any

from scheduling.values import CrisisContact, Problem, Word


def _read(name: str) -> Any:
    return json.loads(files(__name__).joinpath(name).read_text("utf-8"))


def _words(told: Collection[Mapping[str, str]]) -> Mapping[str, Word]:
    return {one["id"]: Word(**one) for one in told}


def _problem(told: Mapping[str, Any]) -> Problem:
    lists = {
        "synonyms": {language: tuple(words) for language, words in told["synonyms"].items()},
        "icd10": tuple(told["icd10"]),
    }
    return Problem(**{**told, **lists})


PROBLEMS: Mapping[str, Problem] = {one["id"]: _problem(one) for one in _read("problems.json")}
CRISIS_CONTACTS: tuple[CrisisContact, ...] = tuple(CrisisContact(**one) for one in _read("crisis.json"))

_LISTS = _read("words.json")
PLANS, THERAPIES, LANGUAGES, AFFIRMS, STATES = (
    _words(_LISTS[name]) for name in ("plans", "therapies", "languages", "affirms", "states")
)

_TYPES = _read("provider_types.json")
PROVIDER_TYPES = _words(_TYPES["types"])
PROVIDER_TYPES_NOTICE, PROVIDER_TYPES_SOURCE = str(_TYPES["notice"]), str(_TYPES["source"])
PRESCRIBERS: tuple[str, ...] = tuple(_TYPES["prescribers"])

_CHILDREN: Mapping[str, frozenset[str]] = {
    parent: frozenset(child.id for child in PROBLEMS.values() if child.parent == parent) for parent in PROBLEMS
}


def prescribes(taxonomy: str | None) -> bool:
    """Tell whether a provider of this type may prescribe: by the first characters of the code."""
    return taxonomy is not None and taxonomy.startswith(PRESCRIBERS)


def is_crisis(problems: Collection[str]) -> bool:
    """Tell whether somebody should first see where to find help at once (R14)."""
    return any(PROBLEMS[one].crisis for one in problems)


def leads_to_prescribers(problems: Collection[str]) -> bool:
    """Tell whether only those who prescribe can help with this."""
    return any(PROBLEMS[one].prescribers for one in problems)


def counting(problems: Collection[str]) -> tuple[str, ...]:
    """Return the problems that an order depends on, in their order.

    Crisis picks change nothing (R14), and what leads to prescribers is settled by a gate.
    """
    return tuple(one for one in problems if not (PROBLEMS[one].crisis or PROBLEMS[one].prescribers))


def relatives(problem: str) -> frozenset[str]:
    """Return the parent and the children of a problem."""
    parent = PROBLEMS[problem].parent
    return _CHILDREN[problem] | ({parent} if parent else frozenset())


def with_parents(problems: Collection[str]) -> frozenset[str]:
    """Return these problems and their parents: whoever does not treat anxiety does not treat panic either."""
    parents = {PROBLEMS[one].parent for one in problems}
    return frozenset(problems) | {one for one in parents if one}
