"""Tables as text: stdlib csv, strict; four delimiters; a header within the first rows (5.3)."""

import csv
from collections.abc import Generator, Iterator, Sequence
from itertools import islice
from typing import BinaryIO

from config.errors import Refused
from people.readers import tables, text
from people.rules.imports import Found, Wanted, find_header, read_row, unguard
from people.values.imports import ClientRow, FileFacts, FileKind, ReadChoices, RowError, Said

MOST_ROWS = 100_000
_MOST_RECORDS = 2 * MOST_ROWS  # empty ones and the header included
_LOOKED_THROUGH = 1000  # records in which a header is looked for: a thousand empty lines before it are enough
_DELIMITERS = ",;\t|"

Record = tuple[int, list[str]]


def read(file: BinaryIO, choices: ReadChoices) -> Generator[ClientRow, None, FileFacts]:
    """Yield the rows of a table; at the end, return what it is. Refused where it cannot be read as a whole."""
    encoding = text.encoding_of(file, choices.encoding)
    delimiter, header = _header(file, encoding, tables.wanted(choices, FileKind.CSV))
    samples, counts = text.Samples(encoding), tables.Counts(MOST_ROWS)
    width = max(index for index, name in enumerate(header.names) if name) + 1
    for number, record in islice(_records(file, encoding, delimiter), header.row, None):
        if counts.is_blank(map(str.strip, record)):
            continue
        said = _raggedness(record, width)
        cells = {field: unguard(record[at]) for field, at in header.columns.items() if at < len(record)}
        samples.look(*cells.values())
        yield read_row(number, cells, choices.region, said)
    counts.ensure_some()
    return FileFacts(
        kind=FileKind.CSV,
        columns=tables.named(header),
        dropped=tuple(tables.shown(header.dropped)),
        rows=counts.rows,
        blank=counts.blank,
        encoding=encoding.removesuffix("-sig"),
        guessed=choices.encoding is None and bool(samples.found),
        samples=tuple(samples.found),
    )


def _raggedness(record: Sequence[str], width: int) -> tuple[Said, ...]:
    if len(record) < width:
        return (Said(RowError.TOO_FEW_CELLS),)
    if any(map(str.strip, record[width:])):
        return (Said(RowError.TOO_MANY_CELLS),)
    return ()


def _header(file: BinaryIO, encoding: str, wanted: Wanted) -> tuple[str, Found]:
    """Return the delimiter under which a header is whole, and that header; Refused with what is missing if none is."""
    found: list[tuple[str, Found]] = []
    trouble: Refused | None = None
    for delimiter in _DELIMITERS:
        try:
            records = islice(_records(file, encoding, delimiter), _LOOKED_THROUGH)
            first = tables.first_filled(records)
        except Refused as no:
            trouble = trouble or no
            continue
        header = find_header(first, wanted)
        if header:
            found.append((delimiter, header))
    if not found:
        raise trouble or tables.nothing_there()
    delimiter, best = max(found, key=lambda one: (one[1].whole, len(one[1].columns), len(one[1].names)))
    tables.ensure_whole(best)
    return delimiter, best


def _records(file: BinaryIO, encoding: str, delimiter: str) -> Iterator[Record]:
    """Yield every record with its number, empty ones too: a spreadsheet counts them as well."""
    number = 0
    with text.opened(file, encoding) as lines:
        reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
        while True:
            number += 1
            try:
                record = next(reader, None)
            except csv.Error as error:
                raise _broken(number, error) from None
            if record is None:
                return
            if number > _MOST_RECORDS:
                raise tables.too_many(MOST_ROWS)
            yield number, record


def _broken(number: int, error: csv.Error) -> Refused:
    if "limit" in str(error):
        return Refused(
            "long_cell",
            f"A cell of row {number} does not end: it is too long, or a quote is not closed. Mend it, or export again.",
            status=422,
            row=number,
        )
    return Refused(
        "bad_quotes",
        f"The quotes of row {number} do not match, so the cells after it cannot be told apart. Mend it, or export "
        "again.",
        status=422,
        row=number,
    )
