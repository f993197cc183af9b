"""In which encoding a text is: by its mark, strict UTF-8, else one of three that bytes cannot tell apart (5.3)."""

import codecs
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, TextIO

from config.errors import Refused
from people.values.imports import Legacy

_CHUNK = 1 << 16
_SAMPLES = 5
_LEGACY = frozenset(Legacy)
_MARKS = (
    (codecs.BOM_UTF32_LE, None),  # before UTF-16, whose mark begins in the same way
    (codecs.BOM_UTF32_BE, None),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(file: BinaryIO, chosen: Legacy | None) -> str:
    """Return the encoding in which all of a file can be read, by Python's name, leaving the file at its beginning.

    Refused where there is none, or where NULs say that it is no text at all.
    """
    file.seek(0)
    head = file.read(4)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            if encoding is None or not _reads(file, encoding):
                raise _unreadable()
            return encoding
    for encoding in [chosen.value] if chosen else ["utf-8", Legacy.CP1252.value]:
        if _reads(file, encoding):
            return encoding
    raise _unreadable()


def _reads(file: BinaryIO, encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(_CHUNK):
            if "\x00" in decoder.decode(chunk):
                raise Refused("not_text", "There are NULs in this file, so it is no text. Export it again.", status=422)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True


def _unreadable() -> Refused:
    return Refused(
        "unknown_encoding",
        "The letters of this file cannot be read. Export it as UTF-8, or say in which encoding it is.",
        status=422,
        encodings=[one.value for one in Legacy],
    )


@contextmanager
def opened(file: BinaryIO, encoding: str, newline: str | None = "") -> Iterator[TextIO]:
    """Read a file as text from its beginning, and leave it open."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline=newline)
    try:
        yield text
    finally:
        text.detach()


@dataclass
class Samples:
    """Some words with letters outside ASCII, in each of the encodings that a file may be in."""

    encoding: str
    found: list[Mapping[Legacy, str]] = field(default_factory=list)

    def look(self, *words: str) -> None:
        """Take what shows a difference."""
        if self.encoding not in _LEGACY or len(self.found) >= _SAMPLES:
            return
        for word in words:
            if word.isascii():
                continue
            raw = word.encode(self.encoding, errors="replace")
            sample = {one: raw.decode(one.value, errors="replace")[:100] for one in Legacy}
            if sample not in self.found:
                self.found.append(sample)
