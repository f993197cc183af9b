"""Clients who are proposed to; imports."""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

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


def downgrade() -> None:
    """Go back: not without losing what was imported, so by a copy of the database only."""
    raise NotImplementedError


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
