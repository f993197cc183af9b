"""Clients from files and into files (R58–R67): a file is looked at, then committed; a list is taken home."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, WithJsonSchema

from config import phones, times
from config.errors import NotFound, Refused
from people import actions as people
from people import queries
from people.models import ImportJob, ImportRow
from people.presets import PLAIN, PRESETS
from people.readers import bounded, spool, xlsx
from people.readers.spool import Reading
from people.rules.imports import fate_of
from people.values import RelationshipState
from people.values.imports import (
    ClientField,
    FileKind,
    ImportState,
    InList,
    Legacy,
    ReadChoices,
    RowFate,
    RowOutcome,
)
from people.writers import as_csv, as_xlsx
from portal import notes
from portal.api import access, cursors
from portal.api.fields import ONE_LINE, WHOLE, Absent, Flag, Listing, Nothing, Shape
from portal.api.operation import ADMIN_AND_PROVIDER, Answer, Ask, Download, Method, Operation
from portal.uploads import Upload

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

HEADER = ("First Name", "Last Name", "Email", "Mobile Phone")

# What stands in the field itself is the name of the file; its bytes go another way.
File = Annotated[
    str,
    WithJsonSchema(
        {
            "type": "string",
            "format": "binary",
            "description": "A .csv, .xlsx or .vcf of 50 MB at most; its name has to end so.",
        }
    ),
]
Preset = Annotated[
    str,
    Field(
        pattern=f"^({'|'.join(PRESETS)})$",
        description="How the columns are called; the plain names where it is left out.",
        examples=[PLAIN],
    ),
]
ColumnName = Annotated[
    str, Field(min_length=1, max_length=200, pattern=ONE_LINE, description="The column, where no preset fits.")
]
RowNumbers = Annotated[list[Annotated[int, Field(ge=1, le=2_000_000), WHOLE]], Field(max_length=10_000)]


class NewImport(Shape):
    """A file of clients, and how to read it; a provider's token looks for its own list."""

    file: File
    provider_id: UUID = Absent
    preset: Preset = Absent
    encoding: Legacy = Absent
    sheet: ColumnName = Absent
    first_name_column: ColumnName = Absent
    last_name_column: ColumnName = Absent
    email_column: ColumnName = Absent
    phone_column: ColumnName = Absent


class CountsShown(Shape):
    """How many rows come to what. Those that are valid, or have a warning, are imported; blank ones are nothing."""

    valid: int
    warning: int
    error: int
    duplicate: int
    blank: int


class ResultShown(Shape):
    """With how many rows what was done."""

    added: int
    filled: int
    replaced: int
    unarchived: int
    skipped: int


class ProgressShown(Shape):
    """How many rows of a commit are done, of how many."""

    done: int
    of: int


class ImportShown(Shape):
    """A file that was looked at.

    `dropped` names columns whose contents were not kept. Where the encoding was guessed, `samples` shows words in
    each of those that it may be; if another is right, the file has to be sent again with that `encoding`.
    """

    id: UUID
    provider_id: UUID
    state: ImportState
    kind: FileKind
    columns: dict[str, str]
    dropped: list[str]
    sheet: str | None
    encoding: str | None
    guessed: bool
    samples: list[dict[str, str]]
    counts: CountsShown
    invite: bool
    progress: ProgressShown
    result: ResultShown | None
    created_at: datetime
    expires_at: datetime
    committed_at: datetime | None


class ImportsListed(Shape):
    """Imports."""

    items: list[ImportShown]
    next: str | None


class NoteShown(Shape):
    """Something that there is to say about a row."""

    code: str
    field: ClientField | None
    row: int | None
    sentence: str


class RowShown(Shape):
    """A row of the file, counted as a spreadsheet does. `typed_phone` is what stood where no number was read."""

    number: int
    outcome: RowOutcome
    first_name: str
    last_name: str
    email: str
    phone: str | None
    typed_phone: str | None
    notes: list[NoteShown]
    fate: RowFate | None


class RowsListed(Shape):
    """Rows of a file."""

    items: list[RowShown]
    next: str | None


class WhoseImports(Listing):
    """Whose imports; an operator's choice, or everybody's."""

    provider_id: UUID | None = None


class WhichRows(Listing):
    """Which rows."""

    outcome: RowOutcome | None = None


class Commit(Shape):
    """How to commit: `replace` are rows whose values count before the list's, `unarchive` rows whose client returns."""

    invite: bool = True
    replace: RowNumbers = Field(default_factory=list)
    unarchive: RowNumbers = Field(default_factory=list)


class WhichExport(Shape):
    """Whose clients, and as what; those who are archived only where they are asked for."""

    provider_id: UUID | None = None
    format: FileKind = FileKind.CSV
    archived: Flag = False


# A file is looked at


@asynccontextmanager
async def bring(ask: Ask[NewImport, Nothing], upload: Upload) -> AsyncIterator[tuple[UUID, Reading]]:
    """Read a file for a provider, in the way that was chosen."""
    async with ask.session.begin():
        provider_id = access.acting_provider(ask, ask.body.provider_id)
        region = await region_of(ask, provider_id)
    told = ask.body
    columns = {
        ClientField.FIRST_NAME: told.first_name_column,
        ClientField.LAST_NAME: told.last_name_column,
        ClientField.EMAIL: told.email_column,
        ClientField.PHONE: told.phone_column,
    }
    choices = ReadChoices(
        region=region,
        preset=told.preset or PLAIN,
        columns={field: name for field, name in columns.items() if name} or None,
        encoding=told.encoding,
        sheet=told.sheet,
    )
    async with bounded.reading(upload.file, upload.name, choices) as reading:
        yield provider_id, reading


async def region_of(ask: Ask[Any, Any], provider_id: UUID) -> str:
    """Return the country that numbers without a country code are of: that of the practice, else of our own lines."""
    provider = await queries.provider(ask.session, provider_id)
    practice = await queries.practice(ask.session, provider.practice_id) if provider else None
    if practice is None:
        raise Refused("no_such_provider", "There is no provider under this id.", status=422)
    return times.territory(practice.timezone) or phones.country(ask.settings.lines[0]) or "US"


async def create(ask: Ask[NewImport, Nothing]) -> Answer:
    """Keep what a file comes to, to be looked at."""
    provider_id, reading = ask.brought
    job = await people.look_at(
        ask.session,
        provider_id,
        reading,
        keep=timedelta(hours=ask.settings.keep_imports_h),
        now=ask.now,
        new_id=ask.new_id,
    )
    return Answer(_shown(job), (job.id, job.provider_id))


async def listed(ask: Ask[Nothing, WhoseImports]) -> Answer:
    """List imports."""
    query = ask.query
    rows = await queries.import_jobs(
        ask.session,
        provider_id=access.only_theirs(ask, query.provider_id),
        after=cursors.row_id(query.after),
        limit=query.limit + 1,
    )
    shown, after = cursors.page(rows, query.limit)
    return Answer(ImportsListed(items=[_shown(row) for row in shown], next=after))


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show an import, and how far its commit is."""
    return Answer(_shown(await access.import_job(ask, ask.path["import_id"])))


async def rows(ask: Ask[Nothing, WhichRows]) -> Answer:
    """List the rows of an import."""
    job = await access.import_job(ask, ask.path["import_id"])
    query = ask.query
    found = await queries.import_rows(
        ask.session, job.id, outcome=query.outcome, after=cursors.number(query.after), limit=query.limit + 1
    )
    shown = found[: query.limit]
    after = cursors.of_number(shown[-1].number) if len(found) > query.limit else None
    return Answer(RowsListed(items=[_row(row, job) for row in shown], next=after))


async def commit(ask: Ask[Commit, Nothing]) -> Answer:
    """Begin to commit an import; asked again, it is the same commit."""
    job = await access.import_job(ask, ask.path["import_id"])
    told = ask.body
    job = await people.begin_commit(
        ask.session,
        job.id,
        invite=told.invite,
        replaced=told.replace,
        unarchived=told.unarchive,
        actor=ask.actor,
        now=ask.now,
    )
    return Answer(_shown(job), (job.id, job.provider_id))


async def report(ask: Ask[Nothing, Nothing]) -> Answer:
    """Return a .csv that accounts for every row of an import; none once its rows are over."""
    job = await access.import_job(ask, ask.path["import_id"])
    if ask.now >= job.expires_at:
        raise NotFound
    found = await queries.import_rows(ask.session, job.id, outcome=None, after=0, limit=None)
    header = ("Row", "Result", *HEADER, "As typed", "Notes")
    return Answer(None, download=Download(as_csv(header, (_reported(row, job) for row in found)), "report.csv", CSV))


async def export(ask: Ask[Nothing, WhichExport]) -> Answer:
    """Return a provider's list as a file that can be imported again."""
    query = ask.query
    if query.format is FileKind.VCF:
        raise Refused("no_such_format", "A list can be had as csv or xlsx.", status=422)
    provider_id = access.acting_provider(ask, query.provider_id)
    region = await region_of(ask, provider_id)
    wanted = _SHOWN | ({RelationshipState.ARCHIVED} if query.archived else frozenset())
    found = [one for one in await queries.provider_list(ask.session, provider_id) if one[1].state in wanted]
    lines = [_exported(email, one, region) for email, one in found]
    if query.format is FileKind.CSV:
        return Answer(None, download=Download(as_csv(HEADER, lines), "clients.csv", CSV))
    if len(lines) > xlsx.MOST_ROWS:
        raise Refused("too_many_rows", f"Above {xlsx.MOST_ROWS:,} clients, take the .csv.", status=422)
    body = await asyncio.to_thread(as_xlsx, HEADER, lines)
    return Answer(None, download=Download(body, "clients.xlsx", XLSX))


_SHOWN = frozenset({RelationshipState.ACTIVE, RelationshipState.PROPOSED})


def _exported(email: str, client: InList, region: str) -> Sequence[str]:
    number = phones.written(client.phone, region) if client.phone else ""
    return (client.first_name, client.last_name, email, number)


def _reported(row: ImportRow, job: ImportJob) -> Sequence[str]:
    fate = _fate(row, job)
    said = [spool.note(*one) for one in row.said]
    return (
        str(row.number),
        notes.FATES[fate] if fate else notes.OUTCOMES[row.outcome],
        row.first_name,
        row.last_name,
        row.email,
        row.phone or "",
        row.typed_phone or "",
        notes.sentences(said),
    )


def _fate(row: ImportRow, job: ImportJob) -> RowFate | None:
    return fate_of(row.outcome, row.fate) if job.state is ImportState.COMMITTED else None


def _row(row: ImportRow, job: ImportJob) -> RowShown:
    said = [spool.note(*one) for one in row.said]
    return RowShown(
        number=row.number,
        outcome=row.outcome,
        first_name=row.first_name,
        last_name=row.last_name,
        email=row.email,
        phone=row.phone,
        typed_phone=row.typed_phone,
        notes=[
            NoteShown(code=one.note.value, field=one.about, row=one.row, sentence=notes.sentence(one)) for one in said
        ],
        fate=_fate(row, job),
    )


def _shown(job: ImportJob) -> ImportShown:
    facts = job.facts
    return ImportShown(
        id=job.id,
        provider_id=job.provider_id,
        state=job.state,
        kind=job.kind,
        columns=facts["columns"],
        dropped=facts["dropped"],
        sheet=facts["sheet"],
        encoding=facts["encoding"],
        guessed=facts["guessed"],
        samples=facts.get("samples", []),
        counts=CountsShown(**{name: job.counts[name] for name in CountsShown.model_fields}),
        invite=job.invite,
        progress=ProgressShown(done=job.done, of=job.counts["to_do"]),
        result=ResultShown(**job.result) if job.state is ImportState.COMMITTED else None,
        created_at=job.created_at,
        expires_at=job.expires_at,
        committed_at=job.committed_at,
    )


OPERATIONS = (
    Operation(
        name="createImport",
        method=Method.POST,
        path="/imports",
        roles=ADMIN_AND_PROVIDER,
        summary="Look at a file of clients; nothing is imported yet",
        handler=create,
        body=NewImport,
        query=Nothing,
        answer=ImportShown,
        status=201,
        refuses=frozenset({404}),
        makes="import_id",
        kept=False,
        bring=bring,
    ),
    Operation(
        name="listImports",
        method=Method.GET,
        path="/imports",
        roles=ADMIN_AND_PROVIDER,
        summary="List imports",
        handler=listed,
        body=Nothing,
        query=WhoseImports,
        answer=ImportsListed,
        refuses=frozenset({404}),
    ),
    Operation(
        name="getImport",
        method=Method.GET,
        path="/imports/{import_id}",
        roles=ADMIN_AND_PROVIDER,
        summary="Show an import, and how far its commit is",
        handler=show,
        body=Nothing,
        query=Nothing,
        answer=ImportShown,
    ),
    Operation(
        name="listImportRows",
        method=Method.GET,
        path="/imports/{import_id}/rows",
        roles=ADMIN_AND_PROVIDER,
        summary="List the rows of an import, and what each comes to",
        handler=rows,
        body=Nothing,
        query=WhichRows,
        answer=RowsListed,
    ),
    Operation(
        name="commitImport",
        method=Method.POST,
        path="/imports/{import_id}/commit",
        roles=ADMIN_AND_PROVIDER,
        summary="Import the clients of a file; asked again, it is the same commit",
        handler=commit,
        body=Commit,
        query=Nothing,
        answer=ImportShown,
        status=202,
        body_optional=True,
    ),
    Operation(
        name="reportImport",
        method=Method.GET,
        path="/imports/{import_id}/report",
        roles=ADMIN_AND_PROVIDER,
        summary="Download what was done with every row",
        handler=report,
        body=Nothing,
        query=Nothing,
        answer=None,
        files=(CSV,),
    ),
    Operation(
        name="exportClients",
        method=Method.GET,
        path="/clients/export",
        roles=ADMIN_AND_PROVIDER,
        summary="Download a provider's clients as a file that can be imported again",
        handler=export,
        body=Nothing,
        query=WhichExport,
        answer=None,
        refuses=frozenset({404, 422}),
        files=(CSV, XLSX),
    ),
)
