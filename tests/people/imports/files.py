"""Files to import, each made here and named after its trap, with what has to come of it.

All people in them are invented: every name has "Canary" in it, addresses are at example.com, numbers 212-555-01xx.
"""

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from openpyxl import Workbook

from people.values.imports import ClientField, Legacy, ReadChoices

HEADER = "First Name,Last Name,Email,Mobile Phone"
ANN = ("Ann", "Canary", "ann@example.com", "+12125550142")
BEA = ("Bea", "Canary", "bea@example.com", "+12125550143")
ANN_CSV, BEA_CSV = "Ann,Canary,ann@example.com,212-555-0142", "Bea,Canary,bea@example.com,(212) 555-0143"

# A row as it has to come out: the two names, address, number, then everything that is said of it.
Row = tuple[str | None, ...]


@dataclass(frozen=True)
class Trap:
    """A file, how it is called, how it is read, and what comes of it: rows, or a refusal with these facts."""

    trap: str
    name: str
    make: Callable[[], bytes]
    rows: Sequence[Row] = ()
    refused: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    chosen: Mapping[str, Any] = field(default_factory=dict)
    alone: bool = False  # needs the process with limits to come out of it

    @property
    def choices(self) -> ReadChoices:
        return ReadChoices(**{"region": "US", **self.chosen})


def table(*lines: str, encoding: str = "utf-8", end: str = "\r\n") -> Callable[[], bytes]:
    return lambda: "".join(line + end for line in lines).encode(encoding)


def raw(data: bytes) -> Callable[[], bytes]:
    return lambda: data


def card(*lines: str, version: str = "3.0", encoding: str = "utf-8") -> bytes:
    return "".join(f"{line}\r\n" for line in ("BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD")).encode(
        encoding
    )


def cards(*made: bytes) -> Callable[[], bytes]:
    return lambda: b"".join(made)


def book(*sheets: Sequence[Sequence[Any]], change: Callable[[Workbook], None] | None = None) -> Callable[[], bytes]:
    """Make a workbook of these sheets, each a list of rows."""

    @cache
    def made() -> bytes:
        workbook = Workbook()
        workbook.remove(workbook.worksheets[0])
        for number, rows in enumerate(sheets, 1):
            sheet = workbook.create_sheet(f"Sheet{number}")
            for row in rows:
                sheet.append(list(row))
        if change:
            change(workbook)
        out = io.BytesIO()
        workbook.save(out)
        return out.getvalue()

    return made


def repacked(make: Callable[[], bytes], change: Callable[[dict[str, bytes]], None]) -> Callable[[], bytes]:
    """Make a workbook, and change the parts of its archive."""

    def made() -> bytes:
        with zipfile.ZipFile(io.BytesIO(make())) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        change(parts)
        return archived(parts)

    return made


def archived(parts: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def edited(part: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    def edit(parts: dict[str, bytes]) -> None:
        assert old in parts[part], f"{old!r} is not in {part}"
        parts[part] = parts[part].replace(old, new, 1)

    return edit


def added(name: str, data: bytes) -> Callable[[dict[str, bytes]], None]:
    return lambda parts: parts.update({name: data})


def many_parts(parts: dict[str, bytes]) -> None:
    parts.update({f"xl/media/image{number}.png": b"x" for number in range(200)})


def with_encrypted_flag(make: Callable[[], bytes]) -> Callable[[], bytes]:
    """Set the flag of encryption in an archive's list."""
    return lambda: make().replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")


WIDE_EMAIL = "\uff25\uff2d\uff21\uff29\uff2c"
WIDE_EQUALS = "\uff1d"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
COLUMNS = ["First Name", "Last Name", "Email", "Mobile Phone"]
ROW_ANN = ["Ann", "Canary", "ann@example.com", "212-555-0142"]
ROW_BEA = ["Bea", "Canary", "bea@example.com", "(212) 555-0143"]
SHEET = "xl/worksheets/sheet1.xml"
ENTITIES = (
    b'<!DOCTYPE x [<!ENTITY a "Canary Canary Canary Canary">'
    + b"".join(b'<!ENTITY %c "%s">' % (ord("b") + n, b"&%c;" % (ord("a") + n) * 10) for n in range(9))
    + b"]>"
)


def hidden_first(workbook: Workbook) -> None:
    workbook.worksheets[0].sheet_state = "hidden"


def far_cell(workbook: Workbook) -> None:
    workbook.worksheets[0]["XFD1048576"] = "far away"


def formula_as_address(workbook: Workbook) -> None:
    workbook.worksheets[0]["C2"] = '=CONCATENATE("ann","@example.com")'


def phantom_rows(workbook: Workbook) -> None:
    workbook.worksheets[0]["H500"] = " "


def long_sheet(rows: int) -> Callable[[], bytes]:
    """Make a workbook with so many rows by hand: openpyxl takes seconds for it."""

    def change(parts: dict[str, bytes]) -> None:
        row = b"".join(
            b'<c r="%s%%d" t="inlineStr"><is><t>%s</t></is></c>' % (column, text)
            for column, text in ((b"A", b"Ann"), (b"B", b"Canary"), (b"C", b"ann%d@example.com"))
        )
        body = b"".join(b'<row r="%d">' % n + row % (n, n, n, n) + b"</row>" for n in range(2, rows + 2))
        parts[SHEET] = parts[SHEET].replace(b"</sheetData>", body + b"</sheetData>")

    return repacked(book([COLUMNS]), change)


def rows_of(*names: str) -> Iterable[str]:
    return (f"{name},Canary,{name.lower()}@example.com," for name in names)


TRAPS = (
    # Tables: what is in them, and under which name
    Trap("plain", "clients.csv", table(HEADER, ANN_CSV, BEA_CSV), [ANN, BEA]),
    Trap("nothing at all", "clients.csv", raw(b""), refused="empty_file"),
    Trap("blank lines only", "clients.csv", raw(b"\r\n \r\n\r\n"), refused="empty_file"),
    Trap("a header and nobody", "clients.csv", table(HEADER), refused="no_rows"),
    Trap("no extension", "clients", table(HEADER, ANN_CSV), [ANN]),
    Trap("extension in capitals", "CLIENTS.CSV", table(HEADER, ANN_CSV), [ANN]),
    Trap("a table called .xlsx", "clients.xlsx", table(HEADER, ANN_CSV), refused="misnamed"),
    Trap("a table called .txt", "clients.txt", table(HEADER, ANN_CSV), refused="other_file"),
    Trap("a card called .csv", "clients.csv", cards(card("N:Canary;Ann;;;")), refused="misnamed"),
    Trap("a .pdf called .csv", "clients.csv", raw(b"%PDF-1.7 ..."), refused="other_file"),
    Trap("a photo called .csv", "clients.csv", raw(b"\xff\xd8\xff\xe0..."), refused="other_file"),
    Trap(
        "needed columns missing, all are named",
        "clients.csv",
        table("Name,Email,Diagnosis", "Ann Canary,ann@example.com,x"),
        refused="columns_missing",
        facts={"missing": ["First Name", "Last Name"], "columns": ["Name", "Email", "Diagnosis"]},
    ),
    Trap(
        "an alias without a preset",
        "clients.csv",
        table("Given Name,Surname,Email", "Ann,Canary,ann@example.com"),
        refused="columns_missing",
    ),
    Trap(
        "a needed column twice",
        "clients.csv",
        table("First Name,Last Name,Email,email", "Ann,Canary,ann@example.com,bea@example.com"),
        refused="columns_twice",
        facts={"twice": ["Email"]},
    ),
    Trap(
        "names in other cases, widths and spaces",
        "clients.csv",
        table(f"  LAST_NAME , first  name ,{WIDE_EMAIL},mobile__phone", "Canary,Ann,ann@example.com,212-555-0142"),
        [ANN],
    ),
    Trap(
        "header in the fifth row that is not empty",
        "clients.csv",
        table("Report,,,", ",,,", "made today,,,", "by nobody,,,", "for nobody,,,", HEADER, ANN_CSV),
        [ANN],
    ),
    Trap(
        "header in the sixth row that is not empty",
        "clients.csv",
        table("one,,,", "two,,,", "three,,,", "four,,,", "five,,,", HEADER, ANN_CSV),
        refused="columns_missing",
    ),
    Trap(
        "no number column",
        "clients.csv",
        table("Email,First Name,Last Name", "ann@example.com,Ann,Canary"),
        [(*ANN[:3], None)],
    ),
    Trap("semicolons", "clients.csv", table(*(one.replace(",", ";") for one in (HEADER, ANN_CSV))), [ANN]),
    Trap("tabs", "clients.csv", table(*(one.replace(",", "\t") for one in (HEADER, ANN_CSV))), [ANN]),
    Trap("bars", "clients.csv", table(*(one.replace(",", "|") for one in (HEADER, ANN_CSV))), [ANN]),
    Trap(
        "semicolons, and commas inside of quotes",
        "clients.csv",
        table('First Name;Last Name;Email;"Notes, old, new, more"', 'Ann;Canary;ann@example.com;"a,b,c,d"'),
        [(*ANN[:3], None)],
    ),
    Trap("line ends of old Macs", "clients.csv", table(HEADER, ANN_CSV, end="\r"), [ANN]),
    Trap(
        "a line end inside of quotes",
        "clients.csv",
        table(HEADER + ",Notes", f'{ANN_CSV},"one\r\ntwo"', f"{BEA_CSV},x"),
        [ANN, BEA],
    ),
    Trap(
        "a quote inside of quotes",
        "clients.csv",
        table(HEADER, f'"{ANN[0]} ""Canary""",{ANN_CSV.split(",", 1)[1]}'),
        [('Ann "Canary"', *ANN[1:])],
    ),
    Trap(
        "blanks before quotes",
        "clients.csv",
        table(HEADER, '"Ann", "Canary", "ann@example.com", "212-555-0142"'),
        [ANN],
    ),
    Trap(
        "a quote that is not closed",
        "clients.csv",
        table(HEADER, f"{ANN_CSV}", '"Bea,Canary,bea@example.com,'),
        refused="bad_quotes",
        facts={"row": 3},
    ),
    Trap(
        "letters after a closed quote",
        "clients.csv",
        table(HEADER, '"Ann"x,Canary,ann@example.com,'),
        refused="bad_quotes",
        facts={"row": 2},
    ),
    Trap(
        "a cell of 200,000 letters",
        "clients.csv",
        table(f"{HEADER},Notes", f"{ANN_CSV},{'x' * 200_000}"),
        refused="long_cell",
        facts={"row": 2},
    ),
    Trap(
        "ragged rows",
        "clients.csv",
        table(HEADER, "Ann,Canary,ann@example.com", f"{BEA_CSV},,", "Cat,Canary,cat@example.com,,surplus"),
        [(*ANN[:3], None, "too_few_cells"), BEA, ("Cat", "Canary", "cat@example.com", None, "too_many_cells")],
    ),
    Trap("empty columns at the end of the header", "clients.csv", table(f"{HEADER},,", ANN_CSV), [ANN]),
    Trap("empty rows between", "clients.csv", table(HEADER, "", ANN_CSV, " , ,,", BEA_CSV, ""), [ANN, BEA]),
    Trap(
        "one row too many",
        "clients.csv",
        lambda: f"{HEADER}\n".encode() + b"A,B,c@example.com,\n" * 100_001,
        refused="too_many_rows",
    ),
    Trap(
        "two million empty rows",
        "clients.csv",
        lambda: f"{HEADER}\n{ANN_CSV}\n".encode() + b"\n" * 2_000_000,
        refused="too_many_rows",
    ),
    # Encodings
    Trap("a mark before the header", "clients.csv", table("\ufeff" + HEADER, ANN_CSV), [ANN]),
    Trap("utf-16 with a mark", "clients.csv", table("\ufeff" + HEADER, ANN_CSV, encoding="utf-16-le"), [ANN]),
    Trap("utf-16 the other way round", "clients.csv", table("\ufeff" + HEADER, ANN_CSV, encoding="utf-16-be"), [ANN]),
    Trap("utf-16 without a mark", "clients.csv", table(HEADER, ANN_CSV, encoding="utf-16-le"), refused="not_text"),
    Trap(
        "utf-16 cut off in a letter",
        "clients.csv",
        lambda: table("\ufeff" + HEADER, encoding="utf-16-le")()[:-1],
        refused="unknown_encoding",
    ),
    Trap("utf-32", "clients.csv", table("\ufeff" + HEADER, ANN_CSV, encoding="utf-32-le"), refused="unknown_encoding"),
    Trap("a NUL in a cell", "clients.csv", table(HEADER, "An\x00n,Canary,ann@example.com,"), refused="not_text"),
    Trap(
        "cp1252",
        "clients.csv",
        table(HEADER, "José,Canary,ann@example.com,", encoding="cp1252"),
        [("José", *ANN[1:3], None)],
    ),
    Trap(
        "cp1252 chosen to be of a Mac",
        "clients.csv",
        table(HEADER, "José,Canary,ann@example.com,", encoding="mac_roman"),
        [("José", *ANN[1:3], None)],
        chosen={"encoding": Legacy.MAC_ROMAN},
    ),
    Trap(
        "cp1250 chosen",
        "clients.csv",
        table(HEADER, "Łukasz,Canary,ann@example.com,", encoding="cp1250"),
        [("Łukasz", *ANN[1:3], None)],
        chosen={"encoding": Legacy.CP1250},
    ),
    Trap(
        "bytes that cp1252 has not",
        "clients.csv",
        lambda: f"{HEADER}\n".encode() + b"\x81\x8d\x8f,Canary,ann@example.com,\n",
        refused="unknown_encoding",
    ),
    Trap(
        "letters composed of two",
        "clients.csv",
        table(HEADER, "Jose\u0301,Canary,ann@example.com,"),
        [("José", *ANN[1:3], None)],
    ),
    Trap(
        "a letter that was lost before",
        "clients.csv",
        table(HEADER, "Jos\ufffd,Canary,ann@example.com,"),
        [("Jos\ufffd", *ANN[1:3], None, "damaged_name")],
    ),
    # Cells
    Trap(
        "blanks that cannot be seen",
        "clients.csv",
        table(HEADER, "\u00a0Ann\u200b,\ufeffCanary\u00a0,\u200bann@example.com\u00a0, 212-555-0142 "),
        [ANN],
    ),
    Trap(
        "a formula as a name",
        "clients.csv",
        table(HEADER, "=cmd|' /C calc'!A0,Canary,ann@example.com,"),
        [("=cmd|' /C calc'!A0", *ANN[1:3], None, "formula_in_name")],
    ),
    Trap(
        "a formula in full width",
        "clients.csv",
        table(HEADER, f"{WIDE_EQUALS}1+1,Canary,ann@example.com,"),
        [(f"{WIDE_EQUALS}1+1", *ANN[1:3], None, "formula_in_name")],
    ),
    Trap(
        "a quote before a number, as exports set it",
        "clients.csv",
        table(HEADER, "Ann,Canary,ann@example.com,'+12125550142"),
        [ANN],
    ),
    Trap(
        "a quote before a name that needs none",
        "clients.csv",
        table(HEADER, "'t,Canary,ann@example.com,"),
        [("'t", *ANN[1:3], None)],
    ),
    Trap(
        "a control character in a name",
        "clients.csv",
        table(HEADER, "An\x07n,Canary,ann@example.com,"),
        [("An\x07n", *ANN[1:3], None, "control_in_name")],
    ),
    Trap(
        "a name of 101 letters",
        "clients.csv",
        table(HEADER, f"{'A' * 50}{'b' * 51},Canary,ann@example.com,"),
        [(f"{'A' * 50}{'b' * 50}", *ANN[1:3], None, "long_name")],
    ),
    Trap(
        "a name of 100 letters",
        "clients.csv",
        table(HEADER, f"A{'b' * 99},Canary,ann@example.com,"),
        [(f"A{'b' * 99}", *ANN[1:3], None)],
    ),
    Trap(
        "two people in one row",
        "clients.csv",
        table(HEADER, "Ann & Bob,Canary,ann@example.com,"),
        [("Ann & Bob", *ANN[1:3], None, "two_people")],
    ),
    Trap(
        "a name in capitals",
        "clients.csv",
        table(HEADER, "ANN,Canary,ann@example.com,"),
        [("ANN", *ANN[1:3], None, "capitals")],
    ),
    Trap(
        "nothing but an address",
        "clients.csv",
        table(HEADER, ",,ann@example.com,"),
        [("", "", ANN[2], None, "no_first_name", "no_last_name")],
    ),
    Trap("no address", "clients.csv", table(HEADER, "Ann,Canary,,"), [("Ann", "Canary", "", None, "no_email")]),
    Trap(
        "an address that is none",
        "clients.csv",
        table(HEADER, "Ann,Canary,ann@example,"),
        [("Ann", "Canary", "ann@example", None, "bad_email")],
    ),
    Trap(
        "two addresses in a cell",
        "clients.csv",
        table(HEADER, "Ann,Canary,ann@example.com; bea@example.com,"),
        [("Ann", "Canary", "ann@example.com; bea@example.com", None, "bad_email")],
    ),
    Trap(
        "an address with other letters",
        "clients.csv",
        table(HEADER, "Ann,Canary,añn@example.com,"),
        [("Ann", "Canary", "añn@example.com", None, "bad_email")],
    ),
    Trap(
        "an address in capitals",
        "clients.csv",
        table(HEADER, "Ann,Canary,ANN+canary@EXAMPLE.com,"),
        [("Ann", "Canary", "ANN+canary@example.com", None)],
    ),
    Trap(
        "numbers that are none",
        "clients.csv",
        table(
            HEADER,
            "Ann,Canary,a@example.com,none",
            "Bea,Canary,b@example.com,555-0142",
            "Cat,Canary,c@example.com,1.21256E+10",
            "Dan,Canary,d@example.com,212-555-0142 after 5",
        ),
        [
            ("Ann", "Canary", "a@example.com", None, "bad_phone"),
            ("Bea", "Canary", "b@example.com", None, "bad_phone"),
            ("Cat", "Canary", "c@example.com", None, "rounded_phone"),
            ("Dan", "Canary", "d@example.com", None, "bad_phone"),
        ],
    ),
    Trap(
        "numbers that may be one",
        "clients.csv",
        table(
            HEADER,
            "Ann,Canary,a@example.com,555-555-0142",
            "Bea,Canary,b@example.com,212-555-0143 ext. 12",
            "Cat,Canary,c@example.com,+34 612 34 56 78",
        ),
        [
            ("Ann", "Canary", "a@example.com", "+15555550142", "unknown_phone"),
            ("Bea", "Canary", "b@example.com", "+12125550143", "extension"),
            ("Cat", "Canary", "c@example.com", "+34612345678"),
        ],
    ),
    Trap(
        "numbers of another country",
        "clients.csv",
        table(HEADER, "Ann,Canary,a@example.com,612 34 56 78"),
        [("Ann", "Canary", "a@example.com", "+34612345678")],
        chosen={"region": "ES"},
    ),
    Trap(
        "the same address in other letters",
        "clients.csv",
        table(HEADER, *rows_of("Ann", "Bea"), "Else,Canary,ANN@Example.com,"),
        [(*ANN[:3], None), (*BEA[:3], None), ("Else", "Canary", "ANN@example.com", None, "same_address of 2")],
    ),
    Trap(
        "the same address after a row with an error",
        "clients.csv",
        table(HEADER, "Ann,,ann@example.com,", ANN_CSV),
        [("Ann", "", ANN[2], None, "no_last_name"), ANN],
    ),
    Trap(
        "one person with two addresses",
        "clients.csv",
        table(HEADER, ANN_CSV, "ann,CANARY,other@example.com,+1 212 555 0142"),
        [ANN, ("ann", "CANARY", "other@example.com", "+12125550142", "capitals", "same_person of 2")],
    ),
    # Presets and chosen columns
    Trap(
        "a preset with whole names",
        "clients.csv",
        table(
            "Client,Status,Email,Phone",
            '"Canary, Ann",Active,ann@example.com,212-555-0142',
            "Bea de Canary,Active,bea@example.com,(212) 555-0143",
            "Cat,Active,cat@example.com,",
        ),
        [
            (*ANN, "name_split"),
            ("Bea de", "Canary", *BEA[2:], "name_split"),
            ("", "Cat", "cat@example.com", None, "no_first_name"),
        ],
        chosen={"preset": "client_report"},
    ),
    Trap(
        "a preset with a couple",
        "clients.csv",
        table("Client,Email", "Ann & Bob Canary,ann@example.com"),
        [("Ann & Bob", "Canary", "ann@example.com", None, "two_people", "name_split")],
        chosen={"preset": "client_report"},
    ),
    Trap(
        "a preset for other files",
        "clients.csv",
        table(HEADER, ANN_CSV),
        refused="other_preset",
        chosen={"preset": "client_workbook"},
    ),
    Trap(
        "chosen columns",
        "clients.csv",
        table("Vorname,Nachname,Adresse,Telefon,Mobile Phone", "Ann,Canary,ann@example.com,x,212-555-0142"),
        [(*ANN[:3], None)],
        chosen={
            "columns": {
                ClientField.FIRST_NAME: "Vorname",
                ClientField.LAST_NAME: "Nachname",
                ClientField.EMAIL: "Adresse",
            }
        },
    ),
    Trap(
        "chosen columns that are not there",
        "clients.csv",
        table(HEADER, ANN_CSV),
        refused="columns_missing",
        facts={"missing": ["Vorname"], "columns": COLUMNS},
        chosen={"columns": {ClientField.FIRST_NAME: "Vorname"}},
    ),
    # Workbooks
    Trap("workbook", "clients.xlsx", book([COLUMNS, ROW_ANN, ROW_BEA]), [ANN, BEA]),
    Trap("a workbook called .csv", "clients.csv", book([COLUMNS, ROW_ANN]), refused="misnamed"),
    Trap(
        "numbers as numbers",
        "clients.xlsx",
        book([COLUMNS, [*ROW_ANN[:3], 12125550142], [*ROW_BEA[:3], 2125550143.0]]),
        [ANN, BEA],
    ),
    Trap(
        "a date, a yes and an error where text should be",
        "clients.xlsx",
        book(
            [
                COLUMNS,
                [date(2026, 11, 24), *ROW_ANN[1:]],
                [ROW_BEA[0], True, *ROW_BEA[2:]],
                ["#N/A", "Canary", "cat@example.com", None],
            ]
        ),
        [
            ("", *ANN[1:], "not_text", "no_first_name"),
            (BEA[0], "", *BEA[2:], "not_text", "no_last_name"),
            ("", "Canary", "cat@example.com", None, "not_text", "no_first_name"),
        ],
    ),
    Trap(
        "a formula cell",
        "clients.xlsx",
        book([COLUMNS, ROW_ANN, ROW_BEA], change=formula_as_address),
        [("Ann", "Canary", "", ANN[3], "no_email"), BEA],
    ),
    Trap("a cell far away", "clients.xlsx", book([COLUMNS, ROW_ANN], change=far_cell), [ANN]),
    Trap("phantom rows", "clients.xlsx", book([COLUMNS, ROW_ANN], change=phantom_rows), [ANN]),
    Trap(
        "a hidden sheet first", "clients.xlsx", book([COLUMNS, ROW_BEA], [COLUMNS, ROW_ANN], change=hidden_first), [ANN]
    ),
    Trap("the second sheet", "clients.xlsx", book([["Notes"], ["none"]], [COLUMNS, ROW_ANN]), [ANN]),
    Trap(
        "two sheets with clients",
        "clients.xlsx",
        book([COLUMNS, ROW_ANN], [COLUMNS, ROW_BEA]),
        refused="choose_sheet",
        facts={"sheets": ["Sheet1", "Sheet2"]},
    ),
    Trap(
        "two sheets, one chosen",
        "clients.xlsx",
        book([COLUMNS, ROW_ANN], [COLUMNS, ROW_BEA]),
        [BEA],
        chosen={"sheet": "Sheet2"},
    ),
    Trap(
        "a chosen sheet that is not there",
        "clients.xlsx",
        book([COLUMNS, ROW_ANN]),
        refused="choose_sheet",
        chosen={"sheet": "Sheet7"},
    ),
    Trap(
        "one of two sheets lacks a column", "clients.xlsx", book([COLUMNS[:2], ROW_ANN[:2]], [COLUMNS, ROW_ANN]), [ANN]
    ),
    Trap(
        "needed columns missing in a workbook",
        "clients.xlsx",
        book([["Email", "Age"], ["ann@example.com", 44]]),
        refused="columns_missing",
        facts={"missing": ["First Name", "Last Name"], "columns": ["Email", "Age"]},
    ),
    Trap("ten thousand and one rows", "clients.xlsx", long_sheet(10_001), refused="too_many_rows"),
    Trap("an old workbook", "clients.xls", raw(OLE), refused="old_format"),
    Trap("an old workbook called .xlsx", "clients.xlsx", raw(OLE), refused="old_format"),
    Trap("a password", "clients.xlsx", raw(OLE + "EncryptedPackage".encode("utf-16-le")), refused="password"),
    Trap(
        "a password on the archive",
        "clients.xlsx",
        with_encrypted_flag(book([COLUMNS, ROW_ANN])),
        refused="password",
    ),
    Trap("macros by name", "clients.xlsm", book([COLUMNS, ROW_ANN]), refused="macros"),
    Trap(
        "macros inside",
        "clients.xlsx",
        repacked(book([COLUMNS, ROW_ANN]), added("xl/vbaProject.bin", b"x")),
        refused="macros",
    ),
    Trap("an archive", "clients.zip", raw(archived({"clients.csv": HEADER.encode()})), refused="archive"),
    Trap(
        "an archive called .xlsx",
        "clients.xlsx",
        raw(archived({"clients.csv": HEADER.encode()})),
        refused="archive",
    ),
    Trap(
        "an archive in an archive",
        "clients.xlsx",
        lambda: archived({"clients.xlsx": book([COLUMNS, ROW_ANN])()}),
        refused="archive",
    ),
    Trap("a workbook cut off", "clients.xlsx", lambda: book([COLUMNS, ROW_ANN])()[:-50], refused="damaged"),
    Trap(
        "two hundred parts too many",
        "clients.xlsx",
        repacked(book([COLUMNS, ROW_ANN]), many_parts),
        refused="too_demanding",
    ),
    Trap(
        "a bomb that unpacks to 60 MB",
        "clients.xlsx",
        repacked(book([COLUMNS, ROW_ANN]), added("xl/padding.bin", bytes(60 * 1024 * 1024))),
        refused="too_demanding",
    ),
    Trap(
        "a bomb of entities",
        "clients.xlsx",
        repacked(book([COLUMNS, ROW_ANN]), edited(SHEET, b"<worksheet", ENTITIES + b"<worksheet")),
        refused="damaged",
        alone=True,
    ),
    Trap(
        "a row with a number beyond all",
        "clients.xlsx",
        repacked(book([COLUMNS, ROW_ANN]), edited(SHEET, b'<row r="2"', b'<row r="999999999999"')),
        refused="no_rows",
    ),
    Trap(
        "a sheet that is no XML",
        "clients.xlsx",
        repacked(book([COLUMNS, ROW_ANN]), edited(SHEET, b"<sheetData>", b"<sheetDa")),
        refused="damaged",
        alone=True,
    ),
    # Cards
    Trap(
        "a card of 3.0",
        "clients.vcf",
        cards(
            card(
                "N:Canary;Ann;;;", "FN:Ann Canary", "EMAIL;TYPE=INTERNET:ann@example.com", "TEL;TYPE=CELL:212-555-0142"
            )
        ),
        [ANN],
    ),
    Trap(
        "a card of 4.0",
        "clients.vcf",
        cards(
            card(
                "N:Canary;Ann;;;",
                "EMAIL:ann@example.com",
                'TEL;VALUE=uri;TYPE="voice,cell":tel:+1-212-555-0142',
                version="4.0",
            )
        ),
        [ANN],
    ),
    Trap(
        "a card of 2.1, quoted-printable over two lines",
        "clients.vcf",
        cards(
            card(
                "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Canary;Jos=C3=",
                "=A9",
                "EMAIL;INTERNET:ann@example.com",
                "TEL;CELL:212-555-0142",
                version="2.1",
            )
        ),
        [("José", *ANN[1:])],
    ),
    Trap(
        "a card of 2.1 in another charset than its file",
        "clients.vcf",
        cards(card("N;CHARSET=windows-1252:Canary;José", "EMAIL:ann@example.com", version="2.1", encoding="cp1252")),
        [("José", *ANN[1:3], None)],
    ),
    Trap(
        "a charset that is a trap",
        "clients.vcf",
        cards(card("N;CHARSET=unicode_escape:Canary;A\\x6en", "EMAIL:ann@example.com", version="2.1")),
        [("Ax6en", *ANN[1:3], None)],
    ),
    Trap(
        "a mark before the first card",
        "clients.vcf",
        lambda: b"\xef\xbb\xbf" + card("N:Canary;Ann", "EMAIL:ann@example.com"),
        [(*ANN[:3], None)],
    ),
    Trap(
        "cards in utf-16",
        "clients.vcf",
        cards(("\ufeff" + card("N:Canary;José", "EMAIL:ann@example.com").decode()).encode("utf-16-le")),
        [("José", *ANN[1:3], None)],
    ),
    Trap(
        "groups and folded lines",
        "clients.vcf",
        cards(
            card("N:Can", " ary;Ann", "item1.EMAIL;type=INTERNET:ann@exam", "\tple.com", "item1.X-ABLabel:_$!<Work>!$_")
        ),
        [(*ANN[:3], None)],
    ),
    Trap(
        "escaped semicolons and commas",
        "clients.vcf",
        cards(card("N:Canary\\; Old\\, Old;Ann\\nBea;;;", "EMAIL:ann@example.com")),
        [("Ann Bea", "Canary; Old, Old", ANN[2], None)],
    ),
    Trap(
        "a photo whose lines look like more",
        "clients.vcf",
        cards(
            card(
                "N:Canary;Ann",
                "PHOTO;ENCODING=b;TYPE=JPEG:data:image/jpeg;base64,AAAA",
                " EMAIL:bea@example.com",
                "EMAIL:ann@example.com",
            )
        ),
        [(*ANN[:3], None)],
    ),
    Trap(
        "a photo of a million letters",
        "clients.vcf",
        lambda: card("N:Canary;Ann", "PHOTO;ENCODING=BASE64:" + "A" * 1_000_000, "EMAIL:ann@example.com"),
        [(*ANN[:3], None)],
    ),
    Trap(
        "several addresses and numbers",
        "clients.vcf",
        cards(
            card(
                "N:Canary;Ann",
                "EMAIL:else@example.com",
                "EMAIL;PREF=1:ann@example.com",
                "TEL;TYPE=HOME,PREF:212-555-0150",
                "TEL;TYPE=CELL:212-555-0142",
                version="4.0",
            ),
            card(
                "N:Canary;Bea",
                "EMAIL:bea@example.com",
                "EMAIL:else@example.com",
                "TEL:212-555-0143",
                "TEL:212-555-0151",
            ),
        ),
        [(*ANN, "several_emails", "several_phones"), (*BEA, "several_emails", "several_phones")],
    ),
    Trap(
        "only a whole name",
        "clients.vcf",
        cards(card("FN:Ann Canary", "EMAIL:ann@example.com")),
        [(*ANN[:3], None, "name_split")],
    ),
    Trap(
        "all of the name in one part",
        "clients.vcf",
        cards(card("N:Ann Canary;;;;", "FN:Ann Canary", "EMAIL:ann@example.com")),
        [(*ANN[:3], None, "name_split")],
    ),
    Trap(
        "a company",
        "clients.vcf",
        cards(card("FN:Canary Works", "KIND:org", "EMAIL:ann@example.com")),
        [("Canary", "Works", ANN[2], None, "not_a_person", "name_split")],
    ),
    Trap(
        "a company of another kind",
        "clients.vcf",
        cards(card("N:;;;;", "FN:Canary", "X-ABShowAs:COMPANY", "EMAIL:ann@example.com")),
        [("", "", ANN[2], None, "not_a_person", "no_first_name", "no_last_name")],
    ),
    Trap(
        "a couple in a card",
        "clients.vcf",
        cards(card("N:Canary;Ann & Bob", "EMAIL:ann@example.com")),
        [("Ann & Bob", *ANN[1:3], None, "two_people")],
    ),
    Trap(
        "a card inside of a card",
        "clients.vcf",
        cards(
            card(
                "N:Canary;Ann",
                "AGENT:",
                "BEGIN:VCARD",
                "N:Canary;Agent",
                "EMAIL:agent@example.com",
                "END:VCARD",
                "EMAIL:ann@example.com",
                version="2.1",
            )
        ),
        [(*ANN[:3], None)],
    ),
    Trap(
        "a card that does not end",
        "clients.vcf",
        cards(
            b"BEGIN:VCARD\r\nN:Canary;Ann\r\nEMAIL:ann@example.com\r\n", card("N:Canary;Bea", "EMAIL:bea@example.com")
        ),
        [(*ANN[:3], None, "incomplete_card"), (*BEA[:3], None)],
    ),
    Trap(
        "a card cut off",
        "clients.vcf",
        cards(card("N:Canary;Bea", "EMAIL:bea@example.com"), b"BEGIN:VCARD\r\nN:Canary;Ann\r\nEMAIL:ann@exa"),
        [(*BEA[:3], None), ("Ann", "Canary", "ann@exa", None, "incomplete_card", "bad_email")],
    ),
    Trap(
        "a name in base64",
        "clients.vcf",
        cards(card("N;ENCODING=B:Q2FuYXJ5O0Fubjs7Ow==", "EMAIL:ann@example.com")),
        [(*ANN[:3], None)],
    ),
    Trap(
        "cards in small letters",
        "clients.vcf",
        cards(b"begin:vcard\nversion:3.0\nn:Canary;Ann\nemail:ann@example.com\nend:vcard\n"),
        [(*ANN[:3], None)],
    ),
)
