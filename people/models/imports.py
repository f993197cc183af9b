"""Imports of clients: a file that was looked at, and its rows while they are kept."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from config import database
from people.values.imports import FileKind, ImportState, RowFate, RowOutcome


class ImportJob(SQLModel, table=True):
    """One file of clients: a preview, then at most one commit of it (R63).

    `facts` is what the file is, `counts` what its rows come to, `result` what was done with them. `invite` is whether
    letters go out to those who are added (R67). Of a commit that is under way, `done` rows of those to be done are
    written; nobody sees them before all are. The rows are gone after `expires_at`, and with them a preview.
    """

    __tablename__ = "import_jobs"
    __table_args__ = (
        Index("ix_import_jobs_committing", "id", postgresql_where=text("state = 'committing'")),
        CheckConstraint("(state = 'preview') = (actor_kind IS NULL)", name="whose"),
        *database.checks(kind=FileKind, state=ImportState),
    )

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id"))
    kind: FileKind = Field(sa_column=database.enum(FileKind))
    state: ImportState = Field(sa_column=database.enum(ImportState))
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=database.document())
    counts: dict[str, int] = Field(default_factory=dict, sa_column=database.document())
    result: dict[str, int] = Field(default_factory=dict, sa_column=database.document())
    invite: bool = False
    done: int = 0
    tries: int = 0
    actor_kind: str | None = Field(default=None, max_length=16)
    actor_id: UUID | None = None
    created_at: datetime = Field(sa_column=database.instant())
    committed_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    expires_at: datetime = Field(sa_column=database.instant(index=True))


class ImportRow(SQLModel, table=True):
    """One row of a file: what was read of it, what is said of it, what was ticked for it, what was done with it."""

    __tablename__ = "import_rows"
    __table_args__ = database.checks(outcome=RowOutcome, fate=RowFate)

    job_id: UUID = Field(sa_column=database.key("import_jobs.id", primary=True))
    number: int = Field(primary_key=True)
    outcome: RowOutcome = Field(sa_column=database.enum(RowOutcome))
    first_name: str = Field(max_length=100)
    last_name: str = Field(max_length=100)
    email: str = Field(max_length=254)
    phone: str | None = Field(default=None, max_length=16)
    typed_phone: str | None = Field(default=None, max_length=100)
    said: list[list[Any]] = Field(default_factory=list, sa_column=Column(JSONB(), nullable=False))
    replace: bool = False
    unarchive: bool = False
    fate: RowFate | None = Field(default=None, sa_column=database.enum(RowFate, nullable=True))
