"""Keys for different purposes out of the one secret, so that none can stand in for another."""

import hashlib
import hmac
from uuid import UUID


def derive(secret: str, purpose: str) -> bytes:
    """Return a 32-byte key that only `purpose` uses."""
    return hmac.new(secret.encode(), b"consultline/" + purpose.encode(), hashlib.sha256).digest()


def digest(key: bytes, value: str) -> str:
    """Return the keyed hash of `value` as 64 hex digits."""
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


def six_digits(key: bytes, row_id: UUID) -> str:
    """Return the code that goes with a row: stored nowhere, derived again by its letter and by whoever judges it."""
    return f"{int.from_bytes(hmac.new(key, row_id.bytes, hashlib.sha256).digest()) % 1_000_000:06d}"
