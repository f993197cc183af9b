"""Work on people's records that takes longer than a request: committing an import."""

from datetime import timedelta
from uuid import UUID

from config.deps import Deps
from config.jobs import enqueue
from people import actions, queries


async def enqueue_imports(deps: Deps) -> None:
    """Enqueue every commit that was asked for and is not done: its worker may have died."""
    async with deps.sessions.begin() as session:
        await enqueue(session, "import", *await queries.committing_imports(session))


async def commit_import(deps: Deps, job_id: UUID) -> None:
    """Commit an import: all of it in one transaction, its progress written down beside it in others.

    Killed at any point it leaves nothing, and a later job begins anew; two at once do no harm.
    """

    async def progress(done: int) -> None:
        async with deps.sessions.begin() as beside:
            await queries.note_progress(beside, job_id, done)
        await deps.live.publish((job_id,))

    async with deps.sessions.begin() as session:
        if not await actions.take_up_import(session, job_id):
            return
    async with deps.sessions.begin() as session:
        job = await actions.commit_import(
            session,
            job_id,
            progress=progress,
            keep=timedelta(hours=deps.settings.keep_imports_h),
            now=deps.now(),
            new_id=deps.new_id,
        )
    if job is not None:
        await deps.live.publish((job_id, job.provider_id))
