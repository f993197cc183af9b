"""Hints to open pages that something changed: ids only, best effort, never a fact.

A page fetches its state anew on each hint, so a lost one costs seconds.
"""

from collections.abc import Iterable
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

CHANNEL = "live"
_log = structlog.get_logger(__name__)


class Live:
    """Publishes the ids of subjects whose state changed, after the change was committed."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def publish(self, subjects: Iterable[UUID]) -> None:
        """Tell whoever listens; an unreachable cache is logged and forgotten."""
        ids = sorted({str(subject) for subject in subjects})
        if not ids:
            return
        try:
            await self._redis.publish(CHANNEL, " ".join(ids))
        except (RedisError, OSError) as trouble:
            _log.warning("live.unheard", trouble=type(trouble).__name__)
