"""Where a list goes on: opaque to whoever holds it."""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar
from uuid import UUID

from config.errors import Refused


class _Row(Protocol):
    id: UUID


class _Begun(_Row, Protocol):
    created_at: datetime


R = TypeVar("R", bound=_Row)
B = TypeVar("B", bound=_Begun)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def page(rows: Sequence[R], limit: int) -> tuple[Sequence[R], str | None]:
    """Return at most `limit` rows and the cursor behind them; one row more was asked of the database."""
    shown = rows[:limit]
    return shown, _write(shown[-1].id.bytes) if len(rows) > limit else None


def row_id(cursor: str | None) -> UUID | None:
    """Read a cursor of `page`."""
    return UUID(bytes=_read(cursor, 16)) if cursor else None


def of_number(number: int) -> str:
    """Return the cursor behind a row that counts from 1 in its list."""
    return _write(struct.pack(">i", number))


def number(cursor: str | None) -> int:
    """Read a cursor of `of_number`; none is the beginning."""
    return int(struct.unpack(">i", _read(cursor, 4))[0]) if cursor else 0


def of_event(transaction: int, sequence: int) -> str:
    """Return the cursor behind a line of history."""
    return _write(struct.pack(">qq", transaction, sequence))


def event(cursor: str | None) -> tuple[int, int]:
    """Read a cursor of `of_event`; none is the beginning of history."""
    if cursor is None:
        return 0, 0
    transaction, sequence = struct.unpack(">qq", _read(cursor, 16))
    return transaction, sequence


def of_instant_and_id(instant: datetime, row_id: UUID) -> str:
    """Return the cursor behind a row of a list in the order of time."""
    return _write(struct.pack(">q", (instant - _EPOCH) // _MICROSECOND) + row_id.bytes)


def newest(rows: Sequence[B], limit: int) -> tuple[Sequence[B], str | None]:
    """Return at most `limit` rows that begin with the newest, and the cursor behind them, as `page` does."""
    shown = rows[:limit]
    return shown, of_instant_and_id(shown[-1].created_at, shown[-1].id) if len(rows) > limit else None


def instant_and_id(cursor: str | None) -> tuple[datetime, UUID] | None:
    """Read a cursor of `of_instant_and_id`."""
    if cursor is None:
        return None
    raw = _read(cursor, 24)
    try:
        return _EPOCH + struct.unpack(">q", raw[:8])[0] * _MICROSECOND, UUID(bytes=raw[8:])
    except OverflowError:
        raise _no_such_cursor() from None


def of_place(place: int) -> str:
    """Return the cursor behind so many lines of a list that does not change."""
    return _write(struct.pack(">I", place))


def place(cursor: str | None) -> int:
    """Read a cursor of `of_place`; none is the beginning."""
    if cursor is None:
        return 0
    found: int = struct.unpack(">I", _read(cursor, 4))[0]
    return found


def _write(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _read(cursor: str, size: int) -> bytes:
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError:
        raw = b""
    if len(raw) != size:
        raise _no_such_cursor()
    return raw


def _no_such_cursor() -> Refused:
    return Refused("no_such_cursor", "No list has given this cursor. Begin without one.", status=422)
