"""Files that are sent by a form: streamed into a file without a name, counted on the way, cut off where they end.

Their limits are their own. All other bodies are read at once and may have a hundredth of this.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import BinaryIO

from aiohttp import BodyPartReader, MultipartReader, web

from config.errors import BadInput, Problem
from config.http import NO_FORM
from people.readers.kinds import LARGEST, too_large

FILE = "file"
WITHIN_S = 300.0  # the whole of it
PAUSE_S = 10.0  # between two pieces
_PIECE = 1 << 16
_LARGEST_FIELD = 4096
_MOST_FIELDS = 32
_AROUND = 256 * 1024  # what a form may have beside its file


@dataclass(frozen=True, slots=True)
class Upload:
    """A form that has come: its file, under the name that its sender gave it, and its other fields."""

    file: BinaryIO
    name: str
    fields: Mapping[str, str]


@asynccontextmanager
async def received(request: web.Request) -> AsyncIterator[Upload]:
    """Receive a form, and keep its file while the block runs; what is empty in it was not filled in."""
    if not request.content_type.startswith("multipart/form-data"):
        raise web.HTTPUnsupportedMediaType
    if (request.content_length or 0) > LARGEST + _AROUND:
        raise too_large()
    with TemporaryFile() as file:
        try:
            async with asyncio.timeout(WITHIN_S):
                fields = await _parts(await request.multipart(), file)
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        except NO_FORM:
            raise BadInput(Problem("body", "Send a form as multipart/form-data.")) from None
        file.seek(0)
        yield Upload(file, fields.get(FILE, ""), fields)


async def _parts(parts: MultipartReader, file: BinaryIO) -> dict[str, str]:
    fields: dict[str, str] = {}
    while (part := await _next(parts)) is not None:
        name = part.name or ""
        if name in fields or len(fields) >= _MOST_FIELDS:
            raise BadInput(Problem(name[:100], "Send this once."))
        if name == FILE:
            fields[name] = part.filename or name
            await _copy(part, file)
        else:
            text = await _field(part, name)
            if text:
                fields[name] = text
    return fields


async def _next(parts: MultipartReader) -> BodyPartReader | None:
    async with asyncio.timeout(PAUSE_S):
        part = await parts.next()
    if isinstance(part, MultipartReader):
        raise BadInput(Problem("body", "A part of this form is a form itself. Send one file."))
    return part


async def _copy(part: BodyPartReader, file: BinaryIO) -> None:
    size = 0
    while piece := await _piece(part):
        size += len(piece)
        if size > LARGEST:
            raise too_large()
        file.write(piece)


async def _field(part: BodyPartReader, name: str) -> str:
    found = b""
    while piece := await _piece(part):
        found += piece
        if len(found) > _LARGEST_FIELD:
            raise BadInput(Problem(name[:100], "This is too long."))
    try:
        return found.decode()
    except UnicodeDecodeError:
        raise BadInput(Problem(name[:100], "Send this in UTF-8.")) from None


async def _piece(part: BodyPartReader) -> bytes:
    async with asyncio.timeout(PAUSE_S):
        return bytes(await part.read_chunk(_PIECE))
