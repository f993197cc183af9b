"""Workbooks by openpyxl, read-only (5.4). Slow and not proof against everything: run in a process with limits."""

import zipfile
from collections.abc import Generator, Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO

from openpyxl import load_workbook

from config.errors import Refused
from people.readers import tables
from people.readers.damage import damaged, too_demanding
from people.rules.imports import Found, find_header, read_row
from people.values.imports import ClientRow, FileFacts, FileKind, ReadChoices, RowError, Said

MOST_ROWS = 10_000
MOST_PARTS = 200
LARGEST_WHOLE = 50 * 1024 * 1024  # of all parts, unpacked
MOST_PACKED = 100  # how many times smaller than that the file may be
_WIDEST, _LOOKED_THROUGH = 512, 200  # columns and rows in which a header is looked for
_LAST_ROW = 1_048_576  # that a workbook can have

_SHEET = "xl/workbook.xml"
_ENCRYPTED_FLAG = 0x1


def read(file: BinaryIO, choices: ReadChoices) -> Generator[ClientRow, None, FileFacts]:
    """Yield the rows of the one sheet that has the header; at the end, return what it is.

    What is not text or a whole number, a date or an error value, makes its row one with an error. Formulas are not
    run: what counts is the value that was saved with them.
    """
    ensure_harmless(file)
    book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    sheet, header = _sheet(book, choices)
    counts, last = tables.Counts(MOST_ROWS), max(header.columns.values()) + 1
    before = None
    for number, row in islice(_rows(sheet, last), header.row, None):
        if row is before:  # one and the same row stands for all that are not in the file, and there may be a million
            counts.blank += 1
            continue
        before = row
        texts = {field: _text(row[at]) for field, at in header.columns.items()}
        if counts.is_blank(text is None or text.strip() for text in texts.values()):
            continue
        said = tuple(Said(RowError.NOT_TEXT, field) for field, text in texts.items() if text is None)
        yield read_row(number, {field: text or "" for field, text in texts.items()}, choices.region, said)
    counts.ensure_some()
    return FileFacts(
        kind=FileKind.XLSX,
        columns=tables.named(header),
        dropped=tuple(tables.shown(header.dropped)),
        rows=counts.rows,
        blank=counts.blank,
        sheet=sheet.title,
    )


def ensure_harmless(file: BinaryIO) -> None:
    """Refuse what is no workbook, or is one that unpacks to more than it should, by the archive's own list."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
    except zipfile.BadZipFile:
        raise damaged() from None
    if any(part.flag_bits & _ENCRYPTED_FLAG for part in parts):
        raise Refused(
            "password", "This file is protected by a password. Untick the protection and export it again.", status=422
        )
    if _SHEET not in names:
        raise Refused("archive", "This is an archive and no workbook. Unpack it and give the file in it.", status=422)
    if any(name.endswith("vbaProject.bin") for name in names):
        raise Refused("macros", "This workbook holds macros. Save it as .xlsx.", status=422)
    whole, size = sum(part.file_size for part in parts), file.seek(0, 2)
    if len(parts) > MOST_PARTS or whole > LARGEST_WHOLE or whole > MOST_PACKED * size:
        raise too_demanding()
    file.seek(0)


def _sheet(book: Any, choices: ReadChoices) -> tuple[Any, Found]:
    """Return the one visible sheet with a whole header; Refused where there is none, or several to choose from."""
    wanted = tables.wanted(choices, FileKind.XLSX)
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    chosen = [sheet for sheet in visible if choices.sheet in {None, sheet.title}]
    if choices.sheet is not None and not chosen:
        raise _choose_sheet(sheet.title for sheet in visible)
    found = [(sheet, header) for sheet in chosen if (header := find_header(_first(sheet), wanted))]
    whole = [one for one in found if one[1].whole]
    if len(whole) > 1:
        raise _choose_sheet(sheet.title for sheet, _ in whole)
    if not found:
        raise tables.nothing_there()
    sheet, header = whole[0] if whole else max(found, key=lambda one: len(one[1].columns))
    tables.ensure_whole(header)
    return sheet, header


def _choose_sheet(titles: Iterator[str]) -> Refused:
    return Refused(
        "choose_sheet", "Say which sheet of this workbook holds the clients.", status=422, sheets=tables.shown(titles)
    )


def _first(sheet: Any) -> list[tuple[int, Sequence[str]]]:
    rows = islice(_rows(sheet, _WIDEST), _LOOKED_THROUGH)
    return tables.first_filled((number, [_text(cell) or "" for cell in row]) for number, row in rows)


def _rows(sheet: Any, columns: int) -> Iterator[tuple[int, Sequence[Any]]]:
    """Yield each row with its number, so many cells of it, whatever stands beyond."""
    yield from enumerate(sheet.iter_rows(max_row=_LAST_ROW, max_col=columns), 1)


def _text(cell: Any) -> str | None:
    """Return what a cell says as text, or None where it is no text: a date, a yes or no, an error."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "e" or isinstance(value, bool):
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return None
