"""Work is enqueued in the transaction that made it necessary: both exist together, or neither does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from config.database import engine, sessions, sqlalchemy_url
from config.jobs import enqueue
from people.models import Practice
from people.values import PracticeKind

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
FIRST, SECOND = UUID(int=1), UUID(int=2)


@pytest.fixture
async def begin(database_url: str) -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    made = engine(sqlalchemy_url(database_url), pool=2)
    yield sessions(made)
    await made.dispose()


async def waiting(begin: async_sessionmaker[AsyncSession]) -> list[tuple[str, str]]:
    """Return the jobs that others can see, as (kind of work, subject)."""
    async with begin() as session:
        found = await session.execute(text("SELECT entrypoint, payload FROM pgqueuer ORDER BY id"))
        return [(entrypoint, payload.decode()) for entrypoint, payload in found]


async def practices(begin: async_sessionmaker[AsyncSession]) -> int:
    async with begin() as session:
        return (await session.execute(select(func.count()).select_from(Practice))).scalar_one()


def practice() -> Practice:
    return Practice(
        id=uuid4(),
        name="Elm Street Practice",
        kind=PracticeKind.SOLO,
        timezone="America/New_York",
        line_enabled=False,
        created_at=NOW,
    )


async def test_a_job_enqueued_as_the_first_act_does_not_survive_a_rollback(
    begin: async_sessionmaker[AsyncSession],
) -> None:
    async with begin() as session, session.begin() as transaction:
        await enqueue(session, "judge", FIRST)
        await transaction.rollback()

    assert await waiting(begin) == []


async def test_a_job_enqueued_after_other_work_does_not_survive_a_rollback(
    begin: async_sessionmaker[AsyncSession],
) -> None:
    async with begin() as session, session.begin() as transaction:
        session.add(practice())
        await session.flush()
        await enqueue(session, "judge", FIRST)
        await transaction.rollback()

    assert (await waiting(begin), await practices(begin)) == ([], 0)


async def test_nobody_sees_a_job_before_the_commit(begin: async_sessionmaker[AsyncSession]) -> None:
    async with begin.begin() as session:
        await enqueue(session, "judge", FIRST)

        assert await waiting(begin) == []

    assert await waiting(begin) == [("judge", str(FIRST))]


async def test_a_job_that_waits_already_is_not_doubled_and_does_not_abort_the_business(
    begin: async_sessionmaker[AsyncSession],
) -> None:
    async with begin.begin() as session:
        await enqueue(session, "judge", FIRST)

    async with begin.begin() as session:
        session.add(practice())
        await session.flush()
        await enqueue(session, "judge", FIRST)
        await enqueue(session, "judge", FIRST, SECOND, SECOND)
        session.add(practice())

    assert await waiting(begin) == [("judge", str(FIRST)), ("judge", str(SECOND))]
    assert await practices(begin) == 2


async def test_different_work_for_one_subject_is_not_the_same_job(begin: async_sessionmaker[AsyncSession]) -> None:
    async with begin.begin() as session:
        await enqueue(session, "judge", FIRST)
        await enqueue(session, "deliver", FIRST)

    assert await waiting(begin) == [("judge", str(FIRST)), ("deliver", str(FIRST))]


async def test_no_subjects_are_no_work(begin: async_sessionmaker[AsyncSession]) -> None:
    async with begin.begin() as session:
        await enqueue(session, "judge")

    assert await waiting(begin) == []


async def test_where_it_may_run_twice_nobody_waits_for_another(begin: async_sessionmaker[AsyncSession]) -> None:
    """Two bookings with one provider enqueue the same; to wait there could be a deadlock."""
    async with begin() as one, one.begin():
        await enqueue(one, "openings", FIRST, once=False)
        async with begin() as other, other.begin():
            await asyncio.wait_for(enqueue(other, "openings", FIRST, once=False), timeout=5)

    assert await waiting(begin) == [("openings", str(FIRST))] * 2
