"""Who is at the other end of a browser: the cookie, the row behind it, and the cache that stands in for the row.

The row is the truth. What the cache holds is only asked while the database is away, since the numbers that an
outage reveals must not hang on either store alone (house, Engines).
"""

from datetime import datetime, timedelta

import structlog
from pydantic import TypeAdapter
from redis.exceptions import RedisError

from config.deps import Deps
from config.keys import derive, digest
from config.settings import Settings
from people import queries
from people.values import Person

_PERSON = TypeAdapter(Person)
_SEEN_EVERY = timedelta(minutes=1)
_log = structlog.get_logger(__name__)


def cookie_name(settings: Settings) -> str:
    """Return the name of the session cookie: bound to the host where there is TLS."""
    return "__Host-consultline" if settings.production else "consultline"


def token_digest(token: str, settings: Settings) -> str:
    """Return what stands for a cookie's value in its row."""
    return digest(derive(settings.secret_key.get_secret_value(), "sign-ins"), token)


async def recognise(deps: Deps, token: str | None, now: datetime) -> Person | None:
    """Return who holds this cookie; None where it has ended, by its own hand, by idleness or by age."""
    if not token:
        return None
    key = token_digest(token, deps.settings)
    async with deps.sessions.begin() as session:
        found = await queries.signed_in(session, key, now)
        if found is None:
            return None
        person, row = found
        if now - row.seen_at >= timedelta(minutes=deps.settings.session_idle_m):
            return None
        if now - row.seen_at >= _SEEN_EVERY:
            row.seen_at = now
    await _remember(deps, key, person)
    return person


async def remembered(deps: Deps, token: str | None) -> Person | None:
    """Return who held this cookie a moment ago, while the database cannot be asked."""
    if not token:
        return None
    try:
        kept = await deps.redis.get(_key(token_digest(token, deps.settings)))
    except (RedisError, OSError):
        return None
    return _PERSON.validate_json(kept) if kept else None


async def forget(deps: Deps, digests: list[str]) -> None:
    """Take sign-ins out of the cache that have ended."""
    try:
        if digests:
            await deps.redis.delete(*[_key(one) for one in digests])
    except (RedisError, OSError) as trouble:
        _log.warning("session.not_forgotten", trouble=type(trouble).__name__)


async def _remember(deps: Deps, key: str, person: Person) -> None:
    try:
        await deps.redis.set(_key(key), _PERSON.dump_json(person), ex=deps.settings.session_idle_m * 60)
    except (RedisError, OSError) as trouble:
        _log.warning("session.not_remembered", trouble=type(trouble).__name__)


def _key(name: str) -> str:
    return f"session:{name}"
