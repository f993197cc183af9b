"""The words of the portal in both languages, one file an area.

A file is a table of keys, each with `en` and `es`; where a number decides, `en_one` and `es_one` stand beside them.
Names in braces are filled in. A test sees that no key lacks a language, and that both name the same things.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from markupsafe import Markup, escape

from people.values import Language

Entry = Mapping[str, str]


@cache
def catalogue() -> Mapping[str, Entry]:
    """Return every sentence under `area.key`."""
    found: dict[str, Entry] = {}
    for path in sorted(files(__name__).iterdir(), key=lambda one: one.name):
        if path.name.endswith(".toml"):
            area = path.name.removesuffix(".toml")
            found |= {f"{area}.{key}": entry for key, entry in tomllib.loads(path.read_text("utf-8")).items()}
    return found


def say(key: str, language: Language, **told: object) -> Markup:
    """Return a sentence, what is told in it escaped; `n` chooses between one and many. KeyError where there is none."""
    entry = catalogue()[key]
    one = told.get("n") == 1 and f"{language.value}_one" in entry
    text = entry[f"{language.value}_one" if one else language.value]
    return Markup(escape(text)).format(**told) if told else Markup(escape(text))  # noqa: S704 - escaped


def knows(key: str) -> bool:
    """Tell whether there is such a sentence."""
    return key in catalogue()


def plain(key: str, language: Language, **told: object) -> str:
    """Return a sentence as plain text, for messages and files; nothing is escaped."""
    return catalogue()[key][language.value].format(**told)
