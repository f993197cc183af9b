"""Where real things are made: the clock, chance, connections.

This file and `config/settings.py` are the only ones that look at the environment, the clock or chance.
"""

import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

from bridge.carriers.twilio_rest import carrier
from config import database, redis
from config.deps import Deps
from config.live import Live
from config.mail import Smtp
from config.sandbox import Sandbox
from config.settings import Settings


def now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


def pid() -> int:
    """Return the id of this process."""
    return os.getpid()


def new_code() -> str:
    """Return six random digits."""
    return f"{secrets.randbelow(10**6):06d}"


def new_token() -> str:
    """Return 256 random bits, to be kept by whoever is shown them."""
    return secrets.token_urlsafe(32)


@asynccontextmanager
async def connect(settings: Settings, *, now: Callable[[], datetime] = now) -> AsyncIterator[Deps]:
    """Open what the house needs from outside, and close it again.

    Nothing here waits for a server: a process starts while its database is away and serves what it can (F1).
    """
    engine = database.engine(database.sqlalchemy_url(settings.database_url), pool=settings.database_pool)
    cache = redis.connect(settings.redis_url)
    async with (
        database.driver_pool(settings.database_url, size=settings.voice_pool) as driver,
        carrier(settings) as (telephone, texts),
    ):
        try:
            yield Deps(
                settings=settings,
                now=now,
                new_id=uuid4,
                new_code=new_code,
                new_token=new_token,
                sessions=database.sessions(engine),
                driver=driver,
                redis=cache,
                live=Live(cache),
                telephone=telephone,
                texts=texts,
                mail=Smtp(settings.mail_url, settings.mail_from, now=now),
                processor=Sandbox.of(settings) if settings.processor == "sandbox" and not settings.production else None,
            )
        finally:
            await cache.aclose()
            await engine.dispose()
