import asyncpg
import pytest
from redis import Redis

from tests.engines import Databases


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_each_test_gets_a_migrated_database_that_nobody_has_written_to(database_url: str, turn: str) -> None:
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        tables = {row["tablename"] for row in await connection.fetch("SELECT tablename FROM pg_tables")}
        assert {"alembic_version", "pgqueuer"} <= tables
        assert "written" not in tables

        await connection.execute(f"CREATE TABLE written AS SELECT '{turn}' AS turn")
    finally:
        await connection.close()


@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_gets_an_empty_cache(redis_url: str, turn: str) -> None:
    with Redis.from_url(redis_url) as cache:
        assert cache.dbsize() == 0

        cache.set("turn", turn)


async def test_a_test_may_have_several_databases(databases: Databases, database_url: str) -> None:
    other = databases.copy()
    try:
        assert other != database_url
    finally:
        databases.discard(other)


async def test_a_database_is_dropped_even_where_a_test_has_left_a_connection_open(
    databases: Databases,
) -> None:
    url = databases.copy()
    left_open = await asyncpg.connect(url.replace("+asyncpg", ""))

    databases.discard(url)
    for _ in range(2):  # the first was made before; it is dropped with the second
        databases.discard(databases.copy())

    with pytest.raises((asyncpg.AdminShutdownError, asyncpg.ConnectionDoesNotExistError)):
        await left_open.execute("SELECT 1")
    await left_open.close()
