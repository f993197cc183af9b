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
    "invitation_failed",
    "account_ready",
    "insurance_request",
    "account_lacks",
    "provider_added",
    "new_message",
    "message_code",
    "issue_answered",
    "number_code",
)
EVENTS: tuple[str, ...] = (
    "client:invited",
    "client:invitation_failed",
    "client:changed",
    "client:ready",
    "client:lacks",
    "client:declined",
    "client:blocked",
    "client:closed",
    "message:sent",
    "text:consented",
    "issue:answered",
    "case:closed",
    "support:looked",
    "member:changed",
)
TASKS: tuple[str, ...] = ()


def upgrade() -> None:
    """Go forward."""
    _extend("notices", "key", NOTICES)
    _extend("events", "kind", EVENTS)
    _extend("tasks", "kind", TASKS)
    _profiles()
    _extend("support_cases", "kind", ("client_account",))
    _client_accounts()
    _messages()
    _numbers()


def _numbers() -> None:
    """Let a code be texted to a number, and a number that was given up be told of it (R104)."""
    op.add_column(
        "phone_verifications", sa.Column("texted", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.alter_column("phone_verifications", "texted", server_default=None)
    op.create_table(
        "former_numbers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["providers.id"],
            name=op.f("fk_former_numbers_provider_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_numbers")),
    )
    op.create_index(op.f("ix_former_numbers_provider_id"), "former_numbers", ["provider_id"], unique=False)


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
    _begun_with_a_code()
    _answers_of_support()


def _client_accounts() -> None:
    """Say where each account stands, and keep what its steps are made of instead of that they are done."""
    op.add_column("clients", sa.Column("account", sa.String(), nullable=False, server_default="invited"))
    op.add_column("clients", sa.Column("invited_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("clients", sa.Column("insurance_asked_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE clients SET account = 'verified' WHERE verified_at IS NOT NULL")
    op.alter_column("clients", "account", server_default=None)
    op.create_check_constraint(
        op.f("ck_clients_account"),
        "clients",
        "account IN ('self_registered', 'invited', 'invite_failed', 'invite_expired', 'verified', 'ready', 'closed')",
    )
    op.create_check_constraint(
        op.f("ck_clients_proven"),
        "clients",
        "account = 'closed' OR (account IN ('verified', 'ready')) = (verified_at IS NOT NULL)",
    )
    op.drop_table("client_steps")
    op.create_table(
        "insurances",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("company", sa.String(length=120), nullable=True),
        sa.Column("member_id", sa.String(length=64), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        _key("insurances", "client_id", "clients"),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_insurances")),
    )
    op.create_table(
        "billing_methods",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("expires_on", sa.String(length=10), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        _key("billing_methods", "client_id", "clients"),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_billing_methods")),
    )
    op.create_table(
        "form_acknowledgements",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("form IN ('billing', 'privacy')", name=op.f("ck_form_acknowledgements_form")),
        sa.CheckConstraint("language IN ('en', 'es')", name=op.f("ck_form_acknowledgements_language")),
        _key("form_acknowledgements", "client_id", "clients"),
        sa.PrimaryKeyConstraint("client_id", "form", "version", name=op.f("pk_form_acknowledgements")),
    )
    op.create_table(
        "bounces",
        sa.Column("address_key", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("address_key", name=op.f("pk_bounces")),
    )
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        _key("consents", "client_id", "clients"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index(op.f("ix_consents_client_id"), "consents", ["client_id"])
    op.create_table(
        "notice_choices",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("channel IN ('mail', 'text', 'portal')", name=op.f("ck_notice_choices_channel")),
        _key("notice_choices", "provider_id", "providers"),
        sa.PrimaryKeyConstraint("provider_id", "key", "channel", name=op.f("pk_notice_choices")),
    )
    _same_as("notice_choices", "key", "notices")


def _messages() -> None:
    """Keep what people write to each other."""
    op.create_table(
        "threads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("provider_unread", sa.Integer(), nullable=False),
        sa.Column("client_unread", sa.Integer(), nullable=False),
        sa.Column("desk_unread", sa.Integer(), nullable=False),
        sa.CheckConstraint("provider_id IS NOT NULL OR client_id IS NOT NULL", name=op.f("ck_threads_whose")),
        _key("threads", "provider_id", "providers"),
        _key("threads", "client_id", "clients"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threads")),
        sa.UniqueConstraint(
            "provider_id",
            "client_id",
            name=op.f("uq_threads_provider_id_client_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    for column in ("provider_id", "client_id", "last_at"):
        op.create_index(op.f(f"ix_threads_{column}"), "threads", [column])
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("text", sa.String(length=4000), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("side IN ('provider', 'client', 'desk')", name=op.f("ck_messages_side")),
        _key("messages", "thread_id", "threads"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("thread_id", "number", name=op.f("uq_messages_thread_id_number")),
    )
    op.create_table(
        "message_drafts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=True),
        sa.Column("text", sa.String(length=4000), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("language IN ('en', 'es')", name=op.f("ck_message_drafts_language")),
        sa.CheckConstraint("state IN ('awaiting_code', 'sent')", name=op.f("ck_message_drafts_state")),
        _key("message_drafts", "provider_id", "providers"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_drafts")),
    )
    for column in ("provider_id", "email", "expires_at"):
        op.create_index(op.f(f"ix_message_drafts_{column}"), "message_drafts", [column])


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"), initially="DEFERRED", deferrable=True
    )


def _same_as(table: str, column: str, other: str) -> None:
    """Allow in a closed list what another table's column of this name allows."""
    said = op.get_bind().scalar(
        sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"),
        {"name": f"ck_{other}_{column}"},
    )
    allowed = re.findall(r"'([^']+)'", said)
    op.create_check_constraint(
        op.f(f"ck_{table}_{column}"), table, f"{column} IN ({', '.join(repr(one) for one in allowed)})"
    )


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


def _begun_with_a_code() -> None:
    """Let a place on the waitlist be begun with a code as well; say by what name somebody goes, and if texts may go out."""
    op.add_column("booking_drafts", sa.Column("texts", sa.Integer(), nullable=True))
    op.add_column("booking_drafts", sa.Column("preferred_name", sa.String(100), nullable=True))
    for name in ("starts_at", "ends_at", "offered_at"):
        op.alter_column("booking_drafts", name, nullable=True)
    op.create_check_constraint(
        op.f("ck_booking_drafts_time"),
        "booking_drafts",
        "(starts_at IS NULL) = (ends_at IS NULL) AND (starts_at IS NULL) = (offered_at IS NULL)",
    )


def _answers_of_support() -> None:
    """Keep what support answered, and when a case was closed."""
    op.add_column("support_cases", sa.Column("answer", sa.String(4000), nullable=True))
    op.add_column("support_cases", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        op.f("ix_support_cases_open"), "support_cases", ["created_at"], postgresql_where=sa.text("state = 'open'")
    )
