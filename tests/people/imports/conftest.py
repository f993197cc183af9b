"""Imports as the service does them: a file is looked at, then committed by the worker's job."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlmodel import col

from config.deps import Deps
from people import actions, jobs, queries
from people.models import Client, ImportJob, ImportRow, Provider, Relationship
from people.rules.imports import fate_of
from status.values import Actor, ActorKind
from tests.builders import World


@dataclass
class Importer:
    """Does what the doors do, and tells in short what came of it."""

    deps: Deps
    world: World

    async def look_at(self, provider: Provider, *lines: str) -> ImportJob:
        return await self.world.looked_at(provider, *lines)

    async def begin(self, job: ImportJob, *, replace: Sequence[int] = (), unarchive: Sequence[int] = ()) -> ImportJob:
        async with self.deps.sessions.begin() as session:
            return await actions.begin_commit(
                session,
                job.id,
                invite=True,
                replaced=replace,
                unarchived=unarchive,
                actor=Actor(kind=ActorKind.PROVIDER, id=job.provider_id),
                now=self.deps.now(),
            )

    async def commit(self, job: ImportJob, *, replace: Sequence[int] = (), unarchive: Sequence[int] = ()) -> ImportJob:
        """Commit, and return the import as it stands then."""
        await self.begin(job, replace=replace, unarchive=unarchive)
        await jobs.commit_import(self.deps, job.id)
        return await self.job(job.id)

    async def job(self, job_id: UUID) -> ImportJob:
        async with self.deps.sessions() as session:
            found = await queries.import_job(session, job_id)
        assert found is not None
        return found

    async def rows(self, job: ImportJob) -> list[ImportRow]:
        async with self.deps.sessions() as session:
            return list(await queries.import_rows(session, job.id, outcome=None, after=0, limit=1000))

    async def said(self, job: ImportJob) -> list[tuple[int, str, list[str]]]:
        """Return number, outcome and notes of each row."""
        return [(row.number, row.outcome.value, [one[0] for one in row.said]) for row in await self.rows(job)]

    async def fates(self, job: ImportJob) -> list[tuple[int, str]]:
        return [(row.number, fate_of(row.outcome, row.fate).value) for row in await self.rows(job)]

    async def listed(self, provider: Provider) -> list[tuple[str, str | None, str]]:
        """Return address, number and state of everybody in a list, as the provider sees them."""
        async with self.deps.sessions() as session:
            found = await queries.provider_list(session, provider.id)
        return sorted((email, one.phone, one.state.value) for email, one in found)

    async def account(self, email: str) -> tuple[Client, list[Relationship]]:
        async with self.deps.sessions() as session:
            client = await queries.client_by_email(session, email)
            assert client is not None
            links = await session.execute(select(Relationship).where(col(Relationship.client_id) == client.id))
            return client, list(links.scalars())


@pytest.fixture
def importer(deps: Deps, world: World) -> Importer:
    return Importer(deps, world)
