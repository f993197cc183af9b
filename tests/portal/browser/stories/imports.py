"""Clients from a file."""

from people.models import Account, Provider
from people.values.imports import ImportState
from tests.portal.browser.stories import Scene, Stage, story


async def _somebody(stage: Stage) -> tuple[Provider, Account]:
    provider = await stage.world.provider()
    return provider, await stage.accounts.of(provider)


@story("import", "no file is chosen, and there were others before")
async def ask(stage: Stage) -> Scene:
    provider, account = await _somebody(stage)
    await stage.world.looked_at(provider)
    return Scene(path="/clients/import", who=account, sent={"preset": "plain"})


@story("import_preview", "rows of every kind")
async def preview(stage: Stage) -> Scene:
    provider, account = await _somebody(stage)
    known = await stage.world.client(provider)
    job = await stage.world.looked_at(
        provider,
        "Canary-Ana,Canary-Bee,ana.i@example.com,212-555-0142",
        "CANARY-KIM,Canary-Roe,kim.i@example.com,12",
        "Canary-Kim,,kim2.i@example.com,",
        f"Canary-Other,{known.last_name},{known.email},",
    )
    return Scene(path=f"/clients/import/{job.id}", who=account)


@story("import_preview", "being committed")
async def committing(stage: Stage) -> Scene:
    provider, account = await _somebody(stage)
    job = await stage.world.looked_at(provider)
    async with stage.deps.sessions.begin() as session:
        row = await session.merge(job)
        row.state, row.actor_kind = ImportState.COMMITTING, "provider"
    return Scene(path=f"/clients/import/{job.id}", who=account)


@story("import_preview", "done")
async def done(stage: Stage) -> Scene:
    provider, account = await _somebody(stage)
    job = await stage.world.looked_at(provider)
    async with stage.deps.sessions.begin() as session:
        row = await session.merge(job)
        row.state, row.actor_kind = ImportState.COMMITTED, "provider"
        row.result = {"added": 1, "filled": 0, "replaced": 0, "unarchived": 0, "skipped": 0}
    return Scene(path=f"/clients/import/{job.id}", who=account)
