"""Lists of clients as files that people open in a spreadsheet: no cell of them is ever run there (5.7)."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell

from people.rules.imports import guard

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # a file with any of these cannot be opened


def as_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Write a .csv with a mark, without which some programs read its letters wrongly; cells are quoted by RFC 4180."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([guard(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Write an .xlsx whose cells are all text, whatever they begin with."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Clients")

    def cell(text: str) -> Cell:
        made = WriteOnlyCell(sheet, _NOT_XML.sub("", text))
        made.data_type = "s"
        return made

    for row in (header, *rows):
        sheet.append([cell(text) for text in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
