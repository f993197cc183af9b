"""What a file is: by what is in it, and then its name has to agree (R58)."""

import codecs
from typing import BinaryIO

from config.errors import Refused
from people.values.imports import FileKind

LARGEST = 50 * 1024 * 1024
_HEAD = 4096
_LOOKED_THROUGH = 1024 * 1024  # of an OLE container, for the name of what is encrypted in it

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_BEGIN = "begin:vcard"
_ACCEPTED = "Give a .csv, an .xlsx or a .vcf file."
# Files of other kinds begin like this; none of these bytes begin a table or a card.
_OTHERS = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"{\\rtf", b"\x7fELF")


def kind_of(file: BinaryIO, name: str) -> FileKind:
    """Return what a file is, leaving it at its beginning; Refused where it is none of the three, or misnamed."""
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(_HEAD)
    rest = file.read(_LOOKED_THROUGH) if head.startswith(_OLE) else b""
    file.seek(0)
    if size > LARGEST:
        raise too_large()
    if not head.strip(b" \t\r\n\x00"):
        raise Refused("empty_file", f"There is nothing in this file. {_ACCEPTED}", status=422)
    if head.startswith(_OLE):
        raise _container(encrypted=_ENCRYPTED in head + rest)
    if head.startswith(_OTHERS):
        raise Refused("other_file", f"This is a file of another kind. {_ACCEPTED}", status=422)
    found = _by_content(head)
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension not in {"", found.value}:
        raise _misnamed(found, extension)
    return found


def too_large() -> Refused:
    """Return the refusal of a file that has too many bytes."""
    return Refused(
        "too_large",
        f"A file may have {LARGEST // 1024 // 1024} MB at most. Export fewer clients at a time.",
        status=413,
    )


def _by_content(head: bytes) -> FileKind:
    if head.startswith(_ZIP):
        return FileKind.XLSX
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = head.decode("utf-16" if wide else "latin-1", errors="replace")
    begins = text.removeprefix("\xef\xbb\xbf").lstrip().casefold().startswith(_BEGIN)
    return FileKind.VCF if begins else FileKind.CSV


def _container(*, encrypted: bool) -> Refused:
    if encrypted:
        return Refused(
            "password", "This file is protected by a password. Untick the protection and export it again.", status=422
        )
    return Refused("old_format", "This is a workbook in the old format. Open it and save it as .xlsx.", status=422)


def _misnamed(found: FileKind, extension: str) -> Refused:
    if found is FileKind.XLSX and extension == "xlsm":
        return Refused("macros", "This workbook may hold macros. Save it as .xlsx.", status=422)
    if found is FileKind.XLSX and extension == "zip":
        return Refused(
            "archive",
            "This is an archive. Unpack it and give the file in it; if it asks for a password, untick the protection "
            "and export again.",
            status=422,
        )
    if extension in set(FileKind):
        return Refused(
            "misnamed",
            f"The name of this file ends in .{extension}, and what is in it is a .{found.value}. Give the file that "
            "was exported, under the name that it had.",
            status=422,
        )
    return Refused("other_file", f"Files of this name are not read. {_ACCEPTED}", status=422)
