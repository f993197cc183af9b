"""The schema that migrations make is the one that the models describe, read from PostgreSQL's own catalogue."""

import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from config.database import ROOT, driver_url, metadata, migrate, sqlalchemy_url
from tests.config.test_metadata import MODELS
from tests.engines import named

# The job engine brings its own tables, alembic has one.
OURS = "n.nspname = 'public' AND c.relname !~ '^(pgqueuer|alembic_version)'"

CATALOGUE = {
    "columns": f"""
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull, a.attidentity,
               a.attgenerated, pg_get_expr(d.adbin, d.adrelid) AS default, a.attcollation
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE {OURS} AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
    """,
    "constraints": f"""
        SELECT c.relname, k.conname, k.contype::text, pg_get_constraintdef(k.oid) AS definition, k.convalidated
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {OURS}
    """,
    "indexes": f"""
        SELECT c.relname, i.relname AS index, pg_get_indexdef(x.indexrelid) AS definition, x.indisvalid
        FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {OURS}
    """,
    "tables": f"""
        SELECT c.relname, c.relkind::text, c.relpersistence::text
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {OURS} AND c.relkind <> 'i'
    """,
}


async def read(url: str) -> dict[str, set[tuple[Any, ...]]]:
    """Return everything that the catalogue tells of our tables."""
    connection = await asyncpg.connect(driver_url(url))
    try:
        return {what: {tuple(row) for row in await connection.fetch(query)} for what, query in CATALOGUE.items()}
    finally:
        await connection.close()


@pytest.fixture
async def described(database_url: str) -> AsyncIterator[str]:
    """Make a database by the models alone, beside the migrated one."""
    name = f"{database_url.rpartition('/')[2]}_described"
    url = named(database_url, name)
    server = await asyncpg.connect(driver_url(named(database_url, "postgres")))
    await server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    engine = create_async_engine(sqlalchemy_url(url), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("CREATE EXTENSION btree_gist")
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    yield url
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


async def test_migrations_make_what_the_models_describe(database_url: str, described: str) -> None:
    migrated, wanted = await read(database_url), await read(described)

    for what in CATALOGUE:
        assert migrated[what] == wanted[what]
    assert {row[0] for row in migrated["tables"] if row[1] == "r"} == {
        kind.__table__.name  # type: ignore[attr-defined]
        for kind in MODELS
    }
    assert all(len(rows) > 20 for rows in migrated.values())


async def test_migrating_twice_changes_nothing(database_url: str) -> None:
    before = await read(database_url)

    await migrate(database_url)

    assert await read(database_url) == before


async def test_an_empty_database_is_migrated_whole(database_url: str, described: str) -> None:
    """The job engine's tables are there as well, and a second start finds everything as it was."""
    connection = await asyncpg.connect(driver_url(described))
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await connection.close()

    await migrate(described)

    assert await read(described) == await read(database_url)
    connection = await asyncpg.connect(driver_url(described))
    try:
        assert await connection.fetchval("SELECT to_regclass('pgqueuer')") is not None
        assert await connection.fetchval("SELECT count(*) FROM alembic_version") == 1
    finally:
        await connection.close()


NEXT_MIGRATION = """
import sys
from alembic import command
from alembic.config import Config

scripts = Config()
scripts.set_main_option("script_location", "migrations")
scripts.attributes["url"] = sys.argv[1]
command.check(scripts)
"""


def test_the_next_migration_would_be_empty(database_url: str) -> None:
    """Asked in a process of its own: what `migrations/env.py` forgets to import, a new migration would drop."""
    command = [sys.executable, "-c", NEXT_MIGRATION, sqlalchemy_url(database_url)]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
