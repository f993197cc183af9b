"""Which columns of a table are wanted, and where its header is (R59–R62, R64)."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from people.values.imports import ClientField

# For each field the names that its column may have, the best first.
Wanted = Mapping[ClientField, Sequence[str]]

HEADER_WITHIN = 5  # rows that are not empty
NEEDED = (ClientField.FIRST_NAME, ClientField.LAST_NAME, ClientField.EMAIL)


@dataclass(frozen=True, slots=True)
class Found:
    """A row that is, or comes nearest to, the header: which column holds each field, and what is wrong with it.

    `missing` names required columns that are not there, all of them; `twice` those whose name stands there twice.
    """

    row: int
    names: tuple[str, ...]
    columns: Mapping[ClientField, int]
    missing: tuple[str, ...]
    twice: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Tell whether everything that is needed is there, once."""
        return not self.missing and not self.twice

    @property
    def dropped(self) -> tuple[str, ...]:
        """Return the names of the columns that are not read."""
        used = set(self.columns.values())
        return tuple(name for index, name in enumerate(self.names) if name and index not in used)


def header_key(name: str) -> str:
    """Return what column names are compared by: no case, one space for any spaces and underscores, NFKC (R59)."""
    plain = unicodedata.normalize("NFKC", name).strip("\ufeff\u200b\u200c\u200d\u2060").replace("_", " ")
    return " ".join(plain.split()).casefold()


def find_header(rows: Sequence[tuple[int, Sequence[str]]], wanted: Wanted) -> Found | None:
    """Return the header among the first rows that are not empty, each with its number; else what comes nearest.

    None where nothing looks like a table at all.
    """
    candidates = [_read(number, names, wanted) for number, names in rows[:HEADER_WITHIN]]
    return max(candidates, key=_likeness, default=None)


def _likeness(found: Found) -> tuple[bool, int, int, int]:
    """Order candidates: the first that is whole, else the one with the most that is wanted, then with most columns."""
    return (found.whole, len(found.columns), sum(map(bool, found.names)), -found.row)


def _read(number: int, names: Sequence[str], wanted: Wanted) -> Found:
    keys = [header_key(name) for name in names]
    counted = Counter(keys)
    places = {key: index for index, key in reversed(list(enumerate(keys))) if key}
    columns = {field: places[key] for field, key in _chosen(places, wanted)}
    names = tuple(name.strip("\ufeff \t") for name in names)
    twice = tuple(names[index] for index in columns.values() if counted[keys[index]] > 1)
    return Found(number, names, columns, _missing(columns, wanted), twice)


def _chosen(places: Mapping[str, int], wanted: Wanted) -> Iterator[tuple[ClientField, str]]:
    """Yield each field whose column is there; a full name only where the two names do not stand apart."""
    found = {
        field: next((key for key in map(header_key, names) if key in places), None) for field, names in wanted.items()
    }
    apart = found.get(ClientField.FIRST_NAME) and found.get(ClientField.LAST_NAME)
    for field, key in found.items():
        if key is None or (field is ClientField.FULL_NAME and apart):
            continue
        yield field, key


def _missing(columns: Mapping[ClientField, int], wanted: Wanted) -> tuple[str, ...]:
    needed = [field for field in NEEDED if field is ClientField.EMAIL or ClientField.FULL_NAME not in columns]
    return tuple(wanted[field][0] for field in needed if field not in columns)
