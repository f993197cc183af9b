"""Clients from a file, by command: `consultline import-clients`."""

import argparse
import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.operate import OPERATOR, service
from app.trouble import Failed
from config import phones, times
from config.deps import Deps
from people import actions, jobs, queries
from people.models import ImportJob, Provider
from people.presets import PRESETS
from people.readers import bounded, spool
from people.readers.spool import Reading
from people.values.imports import FileFacts, ImportState, Legacy, ReadChoices, RowFate, RowOutcome
from portal import notes

SHOWN = 20  # rows of each outcome that is not simply fine
LOOKS_EVERY_S = 0.5


async def import_clients(told: argparse.Namespace) -> int:
    """Print what a file comes to, and keep nothing; with --commit, import it and print what was done."""
    with _opened(told.file) as file:
        async with service() as deps:
            provider, choices = await _chosen(deps, told)
            async with bounded.reading(file, told.file.name, choices) as reading:
                _print_file(reading.facts)
                job = await _look_at(deps, provider, reading, told)
            if job is None:
                print("Nothing is imported yet. Add --commit to import what is valid.")
                return 0
            _print_result(await _commit(deps, job.id))
    return 0


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as trouble:
        msg = f"{path.name} cannot be read: {trouble.strerror}."
        raise Failed(msg) from None


async def _chosen(deps: Deps, told: argparse.Namespace) -> tuple[Provider, ReadChoices]:
    """Return whose clients they are, and how the file is to be read."""
    if told.preset not in PRESETS:
        msg = f"There is no such preset. There are {', '.join(sorted(PRESETS))}."
        raise Failed(msg)
    async with deps.sessions() as session:
        found = await queries.providers_by_email(session, told.provider)
        if len(found) != 1:
            msg = "Give --provider, the address of one provider; none or several have this one."
            raise Failed(msg)
        practice = await queries.practice(session, found[0].practice_id)
    zone = practice.timezone if practice else ""
    return found[0], ReadChoices(
        region=times.territory(zone) or phones.country(deps.settings.lines[0]) or "US",
        preset=told.preset,
        encoding=Legacy(told.encoding) if told.encoding else None,
        sheet=told.sheet,
    )


async def _look_at(deps: Deps, provider: Provider, reading: Reading, told: argparse.Namespace) -> ImportJob | None:
    """Print what the rows come to; return the import if it is to be committed, else leave nothing behind."""
    async with deps.sessions() as session, session.begin() as transaction:
        job = await actions.look_at(
            session,
            provider.id,
            reading,
            keep=timedelta(hours=deps.settings.keep_imports_h),
            now=deps.now(),
            new_id=deps.new_id,
        )
        await _print_rows(session, job)
        if not told.commit:
            await transaction.rollback()
            return None
        return await actions.begin_commit(
            session,
            job.id,
            invite=not told.do_not_invite,
            replaced=(),
            unarchived=(),
            actor=OPERATOR,
            now=deps.now(),
        )


async def _commit(deps: Deps, job_id: UUID) -> ImportJob:
    """Do what a worker does, unless one is at it already; tell how far it is where somebody watches."""
    work = asyncio.create_task(jobs.commit_import(deps, job_id))
    while True:
        await asyncio.wait([work], timeout=LOOKS_EVERY_S)
        async with deps.sessions() as session:
            job = await queries.import_job(session, job_id)
        if job is None or job.state is not ImportState.COMMITTING:
            break
        if sys.stderr.isatty():
            print(f"\r{job.done:,} of {job.counts['to_do']:,} rows", end="", file=sys.stderr, flush=True)
        if work.done():
            await asyncio.sleep(LOOKS_EVERY_S)
    await work
    if job is None or job.state is not ImportState.COMMITTED:
        msg = "The import failed, and nothing of it was written. The worker's log says why."
        raise Failed(msg)
    return job


def _print_file(facts: FileFacts) -> None:
    print(f"file       .{facts.kind.value}{f', {facts.encoding}' if facts.encoding else ''}, {facts.rows:,} rows")
    for field, name in facts.columns.items():
        print(f"reads      {name} as {field.value.replace('_', ' ')}")
    if facts.dropped:
        print(f"leaves out {', '.join(facts.dropped)}")
    if facts.guessed:
        print("guesses    the encoding. If names look wrong, give --encoding:")
        for sample in facts.samples:
            print("           " + ", ".join(f"{text} ({one.value})" for one, text in sample.items()))


async def _print_rows(session: AsyncSession, job: ImportJob) -> None:
    for outcome in RowOutcome:
        count = job.counts[outcome.value]
        print(f"{outcome.value:<10} {count:,}")
        if outcome is RowOutcome.VALID:
            continue
        for row in await queries.import_rows(session, job.id, outcome=outcome, after=0, limit=SHOWN):
            print(f"           row {row.number}: {notes.sentences(spool.note(*one) for one in row.said)}")
        if count > SHOWN:
            print(f"           and {count - SHOWN:,} more")


def _print_result(job: ImportJob) -> None:
    for fate in RowFate:
        print(f"{fate.value:<10} {job.result[fate.value]:,}")
