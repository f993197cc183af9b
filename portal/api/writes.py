"""A write that is sent twice is done once: the Idempotency-Key.

The key is claimed in the transaction of the write and keeps its answer, so a crash leaves neither. What was
refused has left nothing either, so the same key may be tried again.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from config.deps import Deps
from config.errors import BadInput, Problem, Refused
from config.keys import derive, digest
from people import queries as people
from people.models import ApiWrite
from portal.api.operation import Caller, Operation

HEADER = "Idempotency-Key"
PATTERN = r"^[!-~]{1,200}$"


@dataclass(frozen=True, slots=True)
class Claim:
    """A key as one token uses it, and what it stands for: method, path and body, as a keyed hash."""

    token_id: UUID
    key: str
    fingerprint: str


def read_claim(
    request: web.Request, operation: Operation[Any, Any], caller: Caller, raw: bytes, deps: Deps
) -> Claim | None:
    """Read the key that came with a write, if one did."""
    key = request.headers.get(HEADER)
    if key is None or not operation.writes or not operation.kept:
        return None
    if len(request.headers.getall(HEADER)) > 1 or not re.fullmatch(PATTERN, key):
        raise BadInput(Problem(HEADER, "Send one key of 1 to 200 visible ASCII characters."))
    secret = derive(deps.settings.secret_key.get_secret_value(), "writes")
    said = f"{request.method} {request.path}\n".encode() + raw
    return Claim(caller.token_id, key, digest(secret, said.decode("latin-1")))


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it went out: its status and its JSON, byte for byte, and where what was made is."""

    status: int
    text: str | None
    location: str | None = None


async def given_before(session: AsyncSession, claim: Claim, now: datetime) -> Given | None:
    """Claim the key; return what was answered if the same was sent before.

    Refused where it came with something else (422), or while the first request still runs (409).
    """
    if not await people.lock_write(session, claim.token_id, claim.key):
        raise Refused("write_running", "The first request with this Idempotency-Key is still running. Try again.")
    held = await people.claim_write(
        session, ApiWrite(token_id=claim.token_id, key=claim.key, fingerprint=claim.fingerprint, at=now)
    )
    if held is None:
        return None
    if held.fingerprint != claim.fingerprint or held.status is None:
        raise Refused("key_used", "This Idempotency-Key was sent with another request. Use a new one.", status=422)
    kept = held.body or {}
    return Given(held.status, kept.get("json"), kept.get("location"))


async def keep(session: AsyncSession, claim: Claim, given: Given) -> None:
    """Keep what is answered."""
    body: dict[str, object] = {"json": given.text, "location": given.location}
    await people.finish_write(session, claim.token_id, claim.key, given.status, body)


async def let_go(session: AsyncSession, claim: Claim) -> None:
    """Give a key back: what it came with was refused, though it has left something behind."""
    await people.drop_write(session, claim.token_id, claim.key)
