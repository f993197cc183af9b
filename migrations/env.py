"""Run migrations: alembic's entry point, for one database whose address the caller hands in."""

import asyncio
from typing import Literal

from alembic import context
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel.sql.sqltypes import AutoString

import bridge.models  # noqa: F401 - imported for its tables
import people.models  # noqa: F401 - imported for its tables
import scheduling.models  # noqa: F401 - imported for its tables
import status.models  # noqa: F401 - imported for its tables
from config.database import EnumText, Instant, metadata


def ours(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    """Leave the job engine's tables alone: it brings and upgrades its own."""
    return not (kind == "table" and name is not None and name.startswith("pgqueuer"))


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write plain column types: a migration must go on to work when our own types have moved on."""
    if kind == "type" and isinstance(item, EnumText):
        return "sa.String()"
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})"
    return False


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=ours,
        render_item=render_item,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _run() -> None:
    engine = create_async_engine(context.config.attributes["url"], poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_migrate)
    await engine.dispose()


asyncio.run(_run())
