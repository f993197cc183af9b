"""Clients from a file: sent, looked at, committed, with a report of every row (R58–R67)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, cast
from uuid import UUID

from aiohttp.web_request import FileField

from config.errors import BadInput, NotFound, Problem
from people import actions as people
from people import queries
from people.models import ImportJob, ImportRow
from people.presets import PLAIN, PRESETS
from people.readers import bounded, spool
from people.readers.kinds import LARGEST
from people.rules.imports import fate_of
from people.values import Language
from people.values.imports import (
    ClientField,
    ImportState,
    Legacy,
    ReadChoices,
    RowDuplicate,
    RowOutcome,
    Said,
)
from people.writers import as_csv
from portal import words
from portal.pages.clients.lists import CSV, HEADER, region_of
from portal.pages.clients.one import ID
from portal.pages.page import PROVIDERS, Download, Page, Redirect, Shown, View, Visit
from portal.pages.typed import Typed

ROWS, TICKS, EARLIER = 100, 200, 10
_FORM = 256 * 1024
COLUMNS = (ClientField.FIRST_NAME, ClientField.LAST_NAME, ClientField.EMAIL, ClientField.PHONE)
# What can be ticked of a row that is in the list already, and for what.
TICKED = {RowDuplicate.IN_YOUR_LIST: "replace", RowDuplicate.ARCHIVED: "unarchive"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the file, counted as a spreadsheet does, with what there is to say about it."""

    number: int
    outcome: str
    name: str
    email: str
    phone: str
    notes: str
    fate: str | None
    tick: str | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """A file that was looked at before."""

    id: UUID
    at: datetime
    state: str
    n: int


async def ask(visit: Visit) -> Shown:
    """Show the form for a file; after one whose columns were not found, where each of them stands."""
    facts = visit.trouble.facts if visit.trouble else {}
    found = [str(one) for one in _listed(facts.get("columns"))]
    earlier = await queries.latest_imports(visit.session, visit.provider_id, EARLIER)
    return View(
        "imports/ask.html",
        {
            "presets": [(key, _preset(visit.language, key)) for key in PRESETS],
            "plain": PLAIN,
            "encodings": [one.value for one in Legacy],
            "found": found,
            "sheets": [str(one) for one in _listed(facts.get("sheets"))],
            "fields": [one.value for one in COLUMNS],
            "earlier": [
                Earlier(one.id, one.created_at, one.state.value, sum(_counts(one).values())) for one in earlier
            ],
        },
    )


def _listed(told: object) -> Sequence[object]:
    return told if isinstance(told, list | tuple) else ()


def _preset(language: Language, key: str) -> str:
    return str(words.say(f"imports.preset_{key}", language))


async def look_at(visit: Visit) -> Shown:
    """Read a file in a process of its own, and keep what it comes to; nothing is imported yet."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    sent = visit.files.get("file")
    if not isinstance(sent, FileField) or not sent.filename:
        raise BadInput(Problem("file", "problems.file"))
    typed = Typed(visit.form)
    preset = typed.one_of("preset", PRESETS) or PLAIN
    encoding = typed.one_of("encoding", [one.value for one in Legacy])
    sheet, columns = typed.name("sheet"), {one: typed.name(f"column_{one.value}") for one in COLUMNS}
    typed.finish()
    async with visit.deps.sessions() as reading:  # given back before the file is read, which may take long
        region = await region_of(visit, reading)
    choices = ReadChoices(
        region=region,
        preset=preset,
        columns={one: name for one, name in columns.items() if name} or None,
        encoding=Legacy(encoding) if encoding else None,
        sheet=sheet,
    )
    async with bounded.reading(cast("BinaryIO", sent.file), sent.filename, choices) as reading_of_it:
        job = await people.look_at(
            visit.session,
            visit.provider_id,
            reading_of_it,
            keep=timedelta(hours=visit.settings.keep_imports_h),
            now=visit.now,
            new_id=visit.new_id,
        )
    return Redirect(f"/clients/import/{job.id}", subjects=(job.id, job.provider_id))


async def _theirs(visit: Visit) -> ImportJob:
    row = await queries.import_job(visit.session, UUID(visit.path["import_id"]))
    if row is None or row.provider_id != visit.provider_id:
        raise NotFound
    return row


async def preview(visit: Visit) -> Shown:
    """Show what a file comes to, how far its commit is, or what was done with every row."""
    job = await _theirs(visit)
    outcome = visit.query.get("outcome", "")
    wanted = RowOutcome(outcome) if outcome in set(RowOutcome) else None
    after = visit.query.get("after", "")
    since = int(after) if after.isascii() and after.isdigit() and len(after) < 8 else 0
    found = await queries.import_rows(visit.session, job.id, outcome=wanted, after=since, limit=ROWS + 1)
    ticks: Sequence[ImportRow] = ()
    if job.state is ImportState.PREVIEW:
        ticks = await queries.import_rows(visit.session, job.id, outcome=RowOutcome.DUPLICATE, after=0, limit=TICKS)
    shown = [_row(one, job, visit.language) for one in found[:ROWS]]
    return View(
        "imports/preview.html",
        {
            "id": job.id,
            "state": job.state.value,
            "over": job.state is ImportState.PREVIEW and visit.now >= job.expires_at,
            "expires_at": job.expires_at,
            "counts": _counts(job),
            "dropped": job.facts["dropped"],
            "guessed": job.facts["guessed"],
            "samples": job.facts.get("samples", []),
            "done": job.done,
            "of": job.counts["to_do"],
            "result": job.result,
            "outcome": wanted.value if wanted else None,
            "rows": shown,
            "after": shown[-1].number if len(found) > ROWS else None,
            "ticks": [one for one in (_row(row, job, visit.language) for row in ticks) if one.tick],
            "kept": visit.now < job.expires_at,
            "an_hour": visit.settings.invitations_an_hour,
        },
    )


def _counts(job: ImportJob) -> Mapping[str, int]:
    return {one.value: job.counts[one.value] for one in RowOutcome}


def _row(row: ImportRow, job: ImportJob, language: Language) -> Row:
    said = [spool.note(*one) for one in row.said]
    fate = fate_of(row.outcome, row.fate) if job.state is ImportState.COMMITTED else None
    tick = next((TICKED[one.note] for one in said if isinstance(one.note, RowDuplicate) and one.note in TICKED), None)
    return Row(
        number=row.number,
        outcome=row.outcome.value,
        name=f"{row.first_name} {row.last_name}".strip(),
        email=row.email,
        phone=row.phone or "",
        notes=" ".join(_note(one, language) for one in said),
        fate=fate.value if fate else None,
        tick=tick,
    )


def _note(one: Said, language: Language) -> str:
    told = str(words.say(f"imports.note_{one.note.value}", language))
    return f"{told} {words.say('imports.note_row', language, row=one.row)}" if one.row else told


async def commit(visit: Visit) -> Shown:
    """Begin to import what can be; asked again, it is the same commit."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    job = await _theirs(visit)
    ticked = {
        what: [int(one) for one in visit.form.getall(what, []) if one.isascii() and one.isdigit() and len(one) < 8]
        for what in TICKED.values()
    }
    await people.begin_commit(
        visit.session,
        job.id,
        invite=visit.form.get("invite") != "later",
        replaced=ticked["replace"],
        unarchived=ticked["unarchive"],
        actor=visit.actor,
        now=visit.now,
    )
    return Redirect(f"/clients/import/{job.id}", subjects=(job.id, job.provider_id))


async def report(visit: Visit) -> Shown:
    """Return a .csv that accounts for every row; none once the rows are over."""
    job = await _theirs(visit)
    if visit.now >= job.expires_at:
        raise NotFound
    found = await queries.import_rows(visit.session, job.id, outcome=None, after=0, limit=None)
    language = visit.language
    say = {key: str(words.say(f"imports.{key}", language)) for key in ("row", "result", "typed", "notes")}
    header = (say["row"], say["result"], *HEADER, say["typed"], say["notes"])
    return Download(as_csv(header, (_reported(row, job, language) for row in found)), "report.csv", CSV)


def _reported(row: ImportRow, job: ImportJob, language: Language) -> Sequence[str]:
    told = _row(row, job, language)
    key = f"imports.fate_{told.fate}" if told.fate else f"imports.outcome_{told.outcome}"
    result = str(words.say(key, language))
    typed = row.typed_phone or ""
    return (str(row.number), result, row.first_name, row.last_name, row.email, row.phone or "", typed, told.notes)


PAGES = (
    Page(
        name="import",
        path="/clients/import",
        roles=PROVIDERS,
        show=ask,
        submit=look_at,
        largest_body=LARGEST + _FORM,
    ),
    Page(
        name="import_preview", path=f"/clients/import/{{import_id:{ID}}}", roles=PROVIDERS, show=preview, submit=commit
    ),
    Page(name="import_report", path=f"/clients/import/{{import_id:{ID}}}/report", roles=PROVIDERS, submit=report),
)
