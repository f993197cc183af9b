"""Work to be done soon, enqueued inside the transaction that made it necessary.

No business deadline lives in the queue: a deadline is a `due_at` in a row, and a sweep enqueues what is due.
Rows are the truth; a handler claims its row first, so a doubled job has no effect.
"""

from uuid import UUID

from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def enqueue(session: AsyncSession, entrypoint: str, *subjects: UUID, once: bool = True) -> None:
    """Enqueue one job per subject in the session's own transaction; a job that waits already is not doubled.

    To see that, two transactions with the same subject wait for each other. Where they could meet elsewhere as well,
    as two bookings with one provider can, that would be a deadlock: without `once` nobody waits, and a job may run
    twice.

    SQLAlchemy begins lazily: without a statement of its own first, a job put on the bare connection would be
    committed at once and survive a rollback. A duplicate key would abort the business transaction, hence "skip".
    """
    if not subjects:
        return
    await session.execute(text("SELECT 1"))
    connection = await session.connection()
    bare = (await connection.get_raw_connection()).driver_connection
    assert bare is not None  # noqa: S101 - a connected session has one
    ids = [str(subject) for subject in subjects]
    await Queries(AsyncpgDriver(bare)).enqueue(
        [entrypoint] * len(ids),
        [name.encode() for name in ids],
        [0] * len(ids),
        None,
        [f"{entrypoint}:{name}" if once else None for name in ids],
        on_conflict="skip",
    )
