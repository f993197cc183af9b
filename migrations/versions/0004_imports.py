"""Clients who are proposed to; imports."""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

EVENTS = ("client:accepted", "clients:imported")


def upgrade() -> None:
    """Go forward."""
    op.drop_constraint(op.f("ck_relationships_state"), "relationships", type_="check")
    op.create_check_constraint(
        op.f("ck_relationships_state"),
        "relationships",
        "state IN ('prospect', 'proposed', 'active', 'archived', 'blocked')",
    )
    op.add_column("relationships", sa.Column("typed_first_name", sa.String(length=100), nullable=True))
    op.add_column("relationships", sa.Column("typed_last_name", sa.String(length=100), nullable=True))
    op.add_column("relationships", sa.Column("typed_email", sa.String(length=254), nullable=True))
    op.add_column("relationships", sa.Column("typed_phone", sa.String(length=16), nullable=True))
    op.create_check_constraint(
        op.f("ck_relationships_proposed"), "relationships", "state <> 'proposed' OR typed_email IS NOT NULL"
    )
    op.create_check_constraint(
        op.f("ck_relationships_accepted"),
        "relationships",
        "state NOT IN ('prospect', 'active') OR typed_email IS NULL",
    )
    op.create_check_constraint(
        op.f("ck_relationships_typed"),
        "relationships",
        "(typed_email IS NULL) = (typed_first_name IS NULL) AND (typed_email IS NULL) = (typed_last_name IS NULL)",
    )
    _tell_of(*EVENTS)
    op.create_table(
        "import_jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("counts", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("result", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("invite", sa.Boolean(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("actor_kind", sa.String(length=16), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(state = 'preview') = (actor_kind IS NULL)", name=op.f("ck_import_jobs_whose")),
        sa.CheckConstraint("kind IN ('csv', 'xlsx', 'vcf')", name=op.f("ck_import_jobs_kind")),
        sa.CheckConstraint(
            "state IN ('preview', 'committing', 'committed', 'failed')", name=op.f("ck_import_jobs_state")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["providers.id"],
            name=op.f("fk_import_jobs_provider_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_jobs")),
    )
    op.create_index(op.f("ix_import_jobs_expires_at"), "import_jobs", ["expires_at"], unique=False)
    op.create_index(op.f("ix_import_jobs_provider_id"), "import_jobs", ["provider_id"], unique=False)
    op.create_index(
        "ix_import_jobs_committing", "import_jobs", ["id"], postgresql_where=sa.text("state = 'committing'")
    )
    op.create_table(
        "import_rows",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=16), nullable=True),
        sa.Column("typed_phone", sa.String(length=100), nullable=True),
        sa.Column("said", postgresql.JSONB(), nullable=False),
        sa.Column("replace", sa.Boolean(), nullable=False),
        sa.Column("unarchive", sa.Boolean(), nullable=False),
        sa.Column("fate", sa.String(), nullable=True),
        sa.CheckConstraint(
            "fate IN ('added', 'filled', 'replaced', 'unarchived', 'skipped')", name=op.f("ck_import_rows_fate")
        ),
        sa.CheckConstraint(
            "outcome IN ('valid', 'warning', 'error', 'duplicate')", name=op.f("ck_import_rows_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["import_jobs.id"], name=op.f("fk_import_rows_job_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_import_rows")),
    )


def downgrade() -> None:
    """Go back: not without losing what was imported, so by a copy of the database only."""
    msg = "This migration does not go back. Restore the copy of the database that was made before it."
    raise RuntimeError(msg)


def _tell_of(*kinds: str) -> None:
    """Let history tell of these as well: they are added to the list that is there, so that it stands in one place."""
    said = op.get_bind().scalar(
        sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ck_events_kind'")
    )
    allowed = [*re.findall(r"'([^']+)'", said), *kinds]
    op.drop_constraint(op.f("ck_events_kind"), "events", type_="check")
    op.create_check_constraint(
        op.f("ck_events_kind"), "events", f"kind IN ({', '.join(repr(kind) for kind in allowed)})"
    )
