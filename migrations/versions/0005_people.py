"""What providers say of themselves, clients' own accounts, and messages."""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# What is new in closed lists, in the order of the enumerations.
NOTICES: tuple[str, ...] = (
    "enrolled",
    "profile_needs_attention",
    "enrolment_ended",
)
EVENTS: tuple[str, ...] = ()
TASKS: tuple[str, ...] = ()


def upgrade() -> None:
    """Go forward."""
    _extend("notices", "key", NOTICES)
    _extend("events", "kind", EVENTS)
    _extend("tasks", "kind", TASKS)
    _profiles()


def _profiles() -> None:
    """Add what providers say of themselves beyond matching, their photos, and what payers were shown."""
    op.add_column("providers", sa.Column("npi", sa.String(length=10), nullable=True))
    op.add_column("providers", sa.Column("location", sa.String(length=300), nullable=True))
    for name, length in (("pronouns", 60), ("ethnicity", 60), ("faith", 60), ("statement", 4000), ("photo", 64)):
        op.add_column("profiles", sa.Column(name, sa.String(length=length), nullable=True))
    for name, length in (("shown", 16), ("highlights", 120)):
        op.add_column(
            "profiles",
            sa.Column(name, postgresql.ARRAY(sa.String(length=length)), server_default=sa.text("'{}'"), nullable=False),
        )
    op.add_column(
        "profiles",
        sa.Column("education", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
    )
    op.add_column("profiles", sa.Column("noindex", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.alter_column("profiles", "noindex", server_default=None)
    op.add_column("profiles", sa.Column("edited_by_kind", sa.String(length=16), nullable=True))
    op.add_column("profiles", sa.Column("edited_by", sa.Uuid(), nullable=True))
    op.create_check_constraint(op.f("ck_profiles_highlights"), "profiles", "cardinality(highlights) <= 5")
    op.create_table(
        "profile_addresses",
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("slug = lower(slug)", name=op.f("ck_profile_addresses_slug")),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["providers.id"],
            name=op.f("fk_profile_addresses_provider_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_profile_addresses")),
    )
    op.create_index(op.f("ix_profile_addresses_provider_id"), "profile_addresses", ["provider_id"], unique=False)
    op.execute(
        "INSERT INTO profile_addresses (slug, provider_id, taken_at)"
        " SELECT lower(slug), provider_id, updated_at FROM profiles WHERE slug IS NOT NULL"
    )
    op.create_table(
        "photos",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("large", sa.LargeBinary(), nullable=False),
        sa.Column("small", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["providers.id"],
            name=op.f("fk_photos_provider_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_photos")),
    )
    op.create_index(op.f("ix_photos_provider_id"), "photos", ["provider_id"], unique=False)
    op.add_column(
        "enrolments",
        sa.Column("submitted", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
    )
    op.add_column("enrolments", sa.Column("needs_attention", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.alter_column("enrolments", "needs_attention", server_default=None)


def downgrade() -> None:
    """Go back: not without losing what people wrote, so by a copy of the database only."""
    msg = "This migration does not go back. Restore the copy of the database that was made before it."
    raise RuntimeError(msg)


def _extend(table: str, column: str, values: Sequence[str]) -> None:
    """Add to a closed list what is not in it yet, after what is."""
    name = f"ck_{table}_{column}"
    said = op.get_bind().scalar(
        sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"), {"name": name}
    )
    allowed = list(dict.fromkeys([*re.findall(r"'([^']+)'", said), *values]))
    op.drop_constraint(op.f(name), table, type_="check")
    op.create_check_constraint(op.f(name), table, f"{column} IN ({', '.join(repr(one) for one in allowed)})")
