"""Passwords: hashed and compared in a thread, since both take long on purpose (argon2id)."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

# 19 MiB and two passes are the least that OWASP advises; one lane, since the cores are shared with calls.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# What is compared against where there is no account, so that the answer takes as long.
_NOBODY = _HASHER.hash("the password of nobody")


async def hashed(password: str) -> str:
    """Return what is kept of a password."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def fits(password: str, kept: str | None) -> bool:
    """Tell whether a password is the one that was kept; as slowly where none was."""
    return await asyncio.to_thread(_fits, password, kept or _NOBODY) and kept is not None


def _fits(password: str, kept: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
