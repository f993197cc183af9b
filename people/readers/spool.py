"""Rows on their way from a reader to the database: a file without a name, a line of JSON for each."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO

import orjson

from people.values.imports import ROW_NOTES, ClientField, ClientRow, FileFacts, FileKind, Legacy, Said

_TOGETHER = 1000  # rows that are written at once


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that has been read: what it is, and its rows."""

    facts: FileFacts
    _rows: BinaryIO

    def chunks(self, size: int) -> Iterator[list[ClientRow]]:
        """Yield the rows, so many at a time."""
        self._rows.seek(0)
        rows = map(_row, self._rows)
        while chunk := list(islice(rows, size)):
            yield chunk


def write(rows: Generator[ClientRow, None, FileFacts], out: BinaryIO) -> FileFacts:
    """Write rows as they come; return the facts at their end."""
    waiting: list[bytes] = []
    try:
        while True:
            waiting.append(orjson.dumps(told(next(rows)), option=orjson.OPT_APPEND_NEWLINE))
            if len(waiting) == _TOGETHER:
                out.write(b"".join(waiting))
                waiting.clear()
    except StopIteration as end:
        out.write(b"".join(waiting))
        out.flush()
        facts: FileFacts = end.value
        return facts


def told(row: ClientRow) -> tuple[object, ...]:
    """Return a row as it is written down."""
    said = [(one.note, one.about, one.row) for one in row.said]
    return (row.number, row.first_name, row.last_name, row.email, row.phone, row.typed_phone, said)


def _row(line: bytes) -> ClientRow:
    number, first_name, last_name, email, phone, typed_phone, said = orjson.loads(line)
    return ClientRow(number, first_name, last_name, email, phone, typed_phone, tuple(note(*one) for one in said))


def note(code: str, about: str | None, row: int | None) -> Said:
    """Read a note as it was written down."""
    return Said(ROW_NOTES[code], ClientField(about) if about else None, row)


def facts_as_json(facts: FileFacts) -> dict[str, Any]:
    """Return facts as they are kept."""
    return {
        **{name: getattr(facts, name) for name in FileFacts.__dataclass_fields__},
        "kind": facts.kind.value,
        "dropped": list(facts.dropped),
        "columns": {field.value: name for field, name in facts.columns.items()},
        "samples": [{one.value: text for one, text in sample.items()} for sample in facts.samples],
    }


def facts_of_json(told: dict[str, Any]) -> FileFacts:
    """Read facts that were kept."""
    return FileFacts(
        kind=FileKind(told["kind"]),
        columns={ClientField(field): name for field, name in told["columns"].items()},
        dropped=tuple(told["dropped"]),
        rows=told["rows"],
        blank=told["blank"],
        encoding=told["encoding"],
        guessed=told["guessed"],
        samples=tuple({Legacy(one): text for one, text in sample.items()} for sample in told["samples"]),
        sheet=told["sheet"],
    )
