"""The forms that clients acknowledge (R49): one file a form, every version with its words in both languages.

A version that was used is never changed, since rows name it; a change is the next number, and asks everybody again.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from people.values import FormKey, Language


@dataclass(frozen=True, slots=True)
class Form:
    """A version of a form, as somebody reads it."""

    title: str
    paragraphs: Sequence[str]


Versions = Mapping[int, Mapping[Language, Form]]


def _read(key: FormKey) -> Versions:
    told = tomllib.loads((Path(__file__).parent / f"{key.value}.toml").read_text(encoding="utf-8"))
    return {
        int(number): {
            language: Form(one["title"][language.value], tuple(one["paragraphs"][language.value]))
            for language in Language
        }
        for number, one in told.items()
    }


FORMS: Mapping[FormKey, Versions] = {key: _read(key) for key in FormKey}
CURRENT: Mapping[FormKey, int] = {key: max(versions) for key, versions in FORMS.items()}
