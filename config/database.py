"""The database: column types, keys, migrations, and what all tables have in common.

One dialect, PostgreSQL. Every rule of `docs/architecture.md` about tables has one helper here and one
test over all of `metadata`: aware UTC instants, enums stored by value with a CHECK, deferred keys.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import orjson
from alembic import command
from alembic.config import Config
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries
from sqlalchemy import (
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    MetaData,
    String,
    TypeDecorator,
    event,
    text,
)
from sqlalchemy import DateTime as SqlDateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlmodel import SQLModel

ROOT = Path(__file__).resolve().parent.parent

metadata: MetaData = SQLModel.metadata
metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

EnumT = TypeVar("EnumT", bound=StrEnum)


class EnumText(TypeDecorator[StrEnum]):
    """A StrEnum kept as its value in a text column; what comes back is the enum again."""

    impl = String
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write the value."""
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002
        """Read the enum."""
        return None if value is None else self.kind(value)


class Instant(TypeDecorator[datetime]):
    """An aware instant, in UTC on the way in and on the way out."""

    impl = SqlDateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse an instant without a zone."""
        if value is not None and value.tzinfo is None:
            msg = "an instant needs a zone"
            raise ValueError(msg)
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read it in UTC."""
        return None if value is None else value.astimezone(UTC)


def enum(kind: type[EnumT], *, nullable: bool = False, index: bool = False, primary: bool = False) -> Column[Any]:
    """Return a column for `kind`, stored by value; its CHECK comes from `checks`."""
    return Column(EnumText(kind), nullable=nullable, index=index, primary_key=primary)


def instant(*, nullable: bool = False, index: bool = False) -> Column[Any]:
    """Return a column for an aware UTC instant."""
    return Column(Instant(), nullable=nullable, index=index)


def key(target: str, *, nullable: bool = False, index: bool = True, primary: bool = False) -> Column[Any]:
    """Return a foreign key to `table.column`, checked at commit.

    Without ORM relationships a flush does not sort inserts by their keys, so the check has to wait.
    """
    return Column(
        ForeignKey(target, deferrable=True, initially="DEFERRED"),
        nullable=nullable,
        index=index and not primary,
        primary_key=primary,
    )


def document() -> Column[Any]:
    """Return a JSON column; what goes in has passed through pydantic or is made of ids, codes and instants."""
    return Column(JSONB(), nullable=False, server_default=text("'{}'::jsonb"))


def checks(**kinds: type[StrEnum]) -> tuple[CheckConstraint, ...]:
    """Return one CHECK per enum column: the column's name and the values that it may hold."""
    return tuple(
        CheckConstraint(f"{name} IN ({', '.join(repr(member.value) for member in kind)})", name=name)
        for name, kind in kinds.items()
    )


def engine(url: str, *, pool: int) -> AsyncEngine:
    """Return the engine behind all sessions: a fixed pool, since an overflowing one costs 40 % under load.

    What a statement was told stays out of its errors: those are logged, and names are in it.
    """
    made = create_async_engine(
        url,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=5,
        hide_parameters=True,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args={"timeout": 5, "command_timeout": 30},
    )
    event.listen(made.sync_engine, "handle_error", _say_that_it_is_away)
    event.listen(made.sync_engine, "checkout", _pass_over_a_closed_one)
    return made


def _pass_over_a_closed_one(connection: DBAPIConnection, _record: object, _proxy: object) -> None:
    """Let the pool open another connection in the place of one that has died: seeing that costs no round trip."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _say_that_it_is_away(context: ExceptionContext) -> None:
    """Tell a database that went away from a bug: SQLAlchemy has one bare error for both."""
    trouble = context.original_exception
    if not isinstance(trouble, Exception):
        return  # a task is being cancelled, and must learn of it
    if context.is_disconnect or (getattr(trouble, "sqlstate", None) or "").startswith(_AWAY):
        raise ConnectionError(type(trouble).__name__) from trouble


# Connection lost, server going down or starting, no connection left, statement cancelled.
_AWAY = ("08", "57P0", "53300", "57014")


def sessions(on: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Return the maker of sessions; rows stay readable after the commit."""
    return async_sessionmaker(on, expire_on_commit=False)


def driver_url(url: str) -> str:
    """Return `url` as the bare driver wants it, without SQLAlchemy's dialect."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)


def sqlalchemy_url(url: str) -> str:
    """Return `url` with the dialect that this service speaks; `postgres://` is taken as well."""
    bare = driver_url(url).replace("postgres://", "postgresql://", 1)
    return bare.replace("postgresql://", "postgresql+asyncpg://", 1)


@asynccontextmanager
async def driver_pool(url: str, *, size: int) -> AsyncIterator[asyncpg.Pool]:
    """Open a pool of bare connections, for the one path that needs them: answering a call.

    What is run on them leaves no trace in its session, so a connection that is given back is not asked to forget:
    that would be a round trip more for each call. A transaction left open is still rolled back, by the driver.

    The one statement that runs here is planned once for each connection: it always finds its few rows by the same
    indexes, and planning it anew costs more than running it.
    """
    async with asyncpg.create_pool(
        driver_url(url),
        min_size=0,
        max_size=size,
        timeout=2,
        reset=_forget_nothing,
        server_settings={"plan_cache_mode": "force_generic_plan", "jit": "off"},
    ) as pool:
        yield pool


async def _forget_nothing(_connection: asyncpg.Connection) -> None:
    """Stand in for the driver's own reset."""


async def free_connections(url: str) -> int:
    """Return how many connections the server has left for others than superusers."""
    connection = await asyncpg.connect(driver_url(url), timeout=5)
    try:
        found = await connection.fetchval(
            "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
            " - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') + 1"
        )
    finally:
        await connection.close()
    return int(found)


async def migrate(url: str) -> None:
    """Bring the database to the newest schema, the job engine's included; safe to run twice."""
    scripts = Config()
    scripts.set_main_option("script_location", str(ROOT / "migrations"))
    scripts.attributes["url"] = sqlalchemy_url(url)
    await asyncio.to_thread(command.upgrade, scripts, "head")
    connection = await asyncpg.connect(driver_url(url))
    try:
        jobs = Queries(AsyncpgDriver(connection))
        await (jobs.upgrade() if await jobs.schema_is_installed() else jobs.install())
    finally:
        await connection.close()


# What is raised when the database cannot be reached, or not in time; anything else is a bug.
UNREACHABLE = (
    TimeoutError,
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    PoolTimeout,
    OperationalError,
    InterfaceError,
)
