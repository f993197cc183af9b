"""What a .csv and an .xlsx have in common: a header that is looked for, rows that are counted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from config.errors import Refused
from people.presets import PLAIN, PRESETS
from people.rules.imports import HEADER_WITHIN, Found, Wanted
from people.values.imports import ClientField, FileKind, ReadChoices

_NAMED = 100  # columns, at most, that a refusal names, each of so many characters


def wanted(choices: ReadChoices, kind: FileKind) -> Wanted:
    """Return which columns are looked for: those that somebody has named, else those of the preset."""
    if choices.columns:
        named: dict[ClientField, Sequence[str]] = {field: (name,) for field, name in choices.columns.items() if name}
        plain = PRESETS[PLAIN].columns
        return {
            field: named.get(field, plain[field]) for field in plain if field in named or field != ClientField.PHONE
        }
    preset = PRESETS[choices.preset]
    if kind not in preset.kinds:
        raise Refused(
            "other_preset",
            f"This preset is for .{' and .'.join(sorted(preset.kinds))} files. Choose another, or none.",
            status=422,
        )
    return preset.columns


def first_filled(records: Iterable[tuple[int, Sequence[str]]]) -> list[tuple[int, Sequence[str]]]:
    """Return the first rows with anything in them: a header stands among these (R59)."""
    found = []
    for number, record in records:
        if any(map(str.strip, record)):
            found.append((number, record))
            if len(found) == HEADER_WITHIN:
                break
    return found


def named(header: Found) -> Mapping[ClientField, str]:
    """Return which column, by its name, each field is read from."""
    return {field: header.names[at] for field, at in header.columns.items()}


def ensure_whole(header: Found) -> None:
    """Refuse a table without a column that is needed, naming all of them at once, or with one of them twice (R62)."""
    if header.missing:
        raise Refused(
            "columns_missing",
            f"These columns are missing: {', '.join(header.missing)}. Name them so, choose a preset that fits, or say "
            "which columns they are.",
            status=422,
            missing=list(header.missing),
            columns=shown(header.names),
        )
    if header.twice:
        raise Refused(
            "columns_twice",
            f"These columns are there twice: {', '.join(header.twice)}. Take one of each away.",
            status=422,
            twice=list(header.twice),
        )


def shown(names: Iterable[str]) -> list[str]:
    """Return the names of columns, as many and as long as an answer can hold."""
    return [name[:_NAMED] for name in names if name][:_NAMED]


def nothing_there() -> Refused:
    """Return the refusal of a file without rows."""
    return Refused("no_rows", "There are no clients in this file.", status=422)


def too_many(most: int) -> Refused:
    """Return the refusal of a file with too many rows."""
    return Refused(
        "too_many_rows",
        f"A file of this kind may have {most:,} rows at most. Export fewer clients at a time.",
        status=422,
    )


@dataclass
class Counts:
    """How many rows there were, with something in them and without; Refused beyond `most`."""

    most: int
    rows: int = 0
    blank: int = 0

    def is_blank(self, cells: Iterable[object]) -> bool:
        """Count a row, and tell whether there is nothing in it."""
        if not any(cells):
            self.blank += 1
            return True
        self.rows += 1
        if self.rows > self.most:
            raise too_many(self.most)
        return False

    def ensure_some(self) -> None:
        """Refuse a file in which nobody stands."""
        if not self.rows:
            raise nothing_there()
