"""Work on people's records beside requests: committing an import, asking clients again for what no longer counts."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from config.deps import Deps
from config.jobs import enqueue
from people import actions, queries
from people.forms import CURRENT
from people.values import FormKey
from status.values import CLOCK

_ASKED_AT_ONCE = 100


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
            an_hour=deps.settings.invitations_an_hour,
            now=deps.now(),
            new_id=deps.new_id,
        )
    if job is not None:
        await deps.live.publish((job_id, job.provider_id))


async def ask_again(deps: Deps, current: Mapping[FormKey, int] = CURRENT) -> None:
    """Ask clients again whose account was ready and lacks something: a form has a new version, a card is over (4.6).

    A hundred at a time; who was asked counts as ready no more, so the next look finds others.
    """
    now = deps.now()
    async with deps.sessions.begin() as session:
        for client_id in await queries.stale_accounts(session, now, _ASKED_AT_ONCE, current):
            client = await queries.client_for_update(session, client_id)
            if client is not None:
                await actions.settle_account(session, client, actor=CLOCK, now=now, new_id=deps.new_id, current=current)
