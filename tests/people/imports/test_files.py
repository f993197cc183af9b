"""Files of all kinds, each with a trap of its own: what is read of them, or the one sentence that they end in."""

import io
from collections.abc import Sequence
from tempfile import TemporaryFile

import pytest

from config.errors import Refused
from people.readers import bounded, kind_of, read
from people.values.imports import ClientRow, FileFacts, ReadChoices
from tests.people.imports.files import TRAPS, Row, Trap


def here(data: bytes, name: str, choices: ReadChoices) -> tuple[list[ClientRow], FileFacts]:
    """Read a file in this process."""
    file = io.BytesIO(data)
    rows = read(file, kind_of(file, name), choices)
    found = []
    while True:
        try:
            found.append(next(rows))
        except StopIteration as end:
            return found, end.value


async def apart(data: bytes, name: str, choices: ReadChoices) -> tuple[list[ClientRow], FileFacts]:
    """Read a file as the service does: what is large, and every workbook, in a process with limits."""
    with TemporaryFile() as file:
        file.write(data)
        async with bounded.reading(file, name, choices) as reading:
            return [row for chunk in reading.chunks(1000) for row in chunk], reading.facts


def as_told(rows: Sequence[ClientRow]) -> list[Row]:
    return [
        (
            row.first_name,
            row.last_name,
            row.email,
            row.phone,
            *(one.note.value + (f" of {one.row}" if one.row else "") for one in row.said),
        )
        for row in rows
    ]


async def comes_of(trap: Trap) -> tuple[list[ClientRow], FileFacts] | Refused:
    data = trap.make()
    try:
        return await apart(data, trap.name, trap.choices) if trap.alone else here(data, trap.name, trap.choices)
    except Refused as no:
        return no


@pytest.mark.parametrize("trap", [pytest.param(trap, id=trap.trap) for trap in TRAPS])
async def test_a_file_with_a_trap(trap: Trap) -> None:
    found = await comes_of(trap)

    if isinstance(found, Refused):
        assert (found.code, trap.facts) == (trap.refused, {name: found.facts[name] for name in trap.facts})
        assert found.sentence.endswith(".")
    else:
        assert trap.refused is None
        assert as_told(found[0]) == list(trap.rows)
