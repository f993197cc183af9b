"""Readers of the files that clients are imported from: what is not wanted of a file never leaves them (R65).

`bounded.read` is the way in: it reads a large file, and every workbook, in a process with limits. Each reader is a
generator of rows that ends with the facts about its file, and raises Refused where the file cannot be read.
"""

from collections.abc import Generator
from dataclasses import replace
from typing import BinaryIO

from people.readers import csv, vcard
from people.readers.kinds import kind_of
from people.values.imports import (
    ClientRow,
    FileFacts,
    FileKind,
    ReadChoices,
    RowDuplicate,
    RowOutcome,
    RowWarning,
    Said,
    outcome,
)


def read(file: BinaryIO, kind: FileKind, choices: ReadChoices) -> Generator[ClientRow, None, FileFacts]:
    """Yield the rows of a file, each compared with those above it (5.6); at the end, return what the file is."""
    if kind is FileKind.XLSX:
        from people.readers import xlsx  # noqa: PLC0415 - takes half a second, and only its own process wants it

        rows = xlsx.read(file, choices)
    else:
        rows = (csv if kind is FileKind.CSV else vcard).read(file, choices)
    addresses: dict[str, int] = {}
    people: dict[tuple[str, str, str], int] = {}
    while True:
        try:
            row = next(rows)
        except StopIteration as end:
            facts: FileFacts = end.value
            return facts
        yield _beside(row, addresses, people)


def _beside(row: ClientRow, addresses: dict[str, int], people: dict[tuple[str, str, str], int]) -> ClientRow:
    """Say of a row whose address, or whose name and number, stood above; the first of them is the one that counts."""
    if outcome(row.said) is RowOutcome.ERROR:
        return row
    first = addresses.setdefault(row.email.casefold(), row.number)
    if first != row.number:
        return replace(row, said=(*row.said, Said(RowDuplicate.SAME_ADDRESS, row=first)))
    if row.phone is None:
        return row
    same = people.setdefault((row.first_name.casefold(), row.last_name.casefold(), row.phone), row.number)
    return row if same == row.number else replace(row, said=(*row.said, Said(RowWarning.SAME_PERSON, row=same)))


__all__ = ["kind_of", "read"]
