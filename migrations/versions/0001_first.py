"""The line, the ledger, the calendar and the people."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Go forward."""
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('admin', 'provider', 'partner')", name=op.f("ck_api_tokens_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_tokens_digest")),
    )
    op.create_table(
        "clients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("preferred_name", sa.String(length=100), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=16), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
    )
    op.create_index("uq_clients_email", "clients", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "transaction",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor_kind", sa.String(length=20), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("provider_id", sa.Uuid(), nullable=True),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("consultation_id", sa.Uuid(), nullable=True),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "kind IN ('appointment:booked', 'appointment:rescheduled', 'appointment:switched_to_call', 'appointment:cancelled', 'call:connected', 'call:refused', 'call:asked', 'call:rang_without_answer', 'call:ended', 'call:replayed', 'call:figures_disagree', 'call:orphan_fact', 'call:reaped', 'pin:failed', 'pin:locked', 'consultation:occurred:by_line', 'consultation:awaiting_status', 'consultation:answered', 'consultation:unknown:by_deadline', 'consultation:void:by_reschedule', 'consultation:not_applicable:by_cancel', 'consultation:corrected:by_operator', 'consultation:late_evidence', 'consultation:excused:by_outage', 'task:opened', 'task:closed', 'notice:sent', 'notice:failed', 'line:down', 'line:up', 'number:revealed', 'number:verified', 'number:changed', 'issue:reported', 'client:archived', 'client:unarchived', 'text:received', 'text:stopped', 'text:started', 'access:refused')",
            name=op.f("ck_events_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_appointment_id"), "events", ["appointment_id"], unique=False)
    op.create_index(op.f("ix_events_call_id"), "events", ["call_id"], unique=False)
    op.create_index("ix_events_cursor", "events", ["transaction", "sequence"], unique=False)
    op.create_index("ix_events_provider", "events", ["provider_id", "sequence"], unique=False)
    op.create_table(
        "line_signs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.String(length=16), nullable=False),
        sa.Column("sign", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "sign IN ('probe_ok', 'probe_failed', 'fallback', 'webhook_unanswered')",
            name=op.f("ck_line_signs_sign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_signs")),
    )
    op.create_index("ix_line_signs_recent", "line_signs", ["line", "at"], unique=False)
    op.create_table(
        "line_status",
        sa.Column("line", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declared_reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint("reason IN ('operator', 'probes', 'webhooks', 'dials')", name=op.f("ck_line_status_reason")),
        sa.CheckConstraint("state IN ('up', 'down')", name=op.f("ck_line_status_state")),
        sa.PrimaryKeyConstraint("line", name=op.f("pk_line_status")),
    )
    op.create_table(
        "practices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("line_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('solo', 'group')", name=op.f("ck_practices_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practices")),
    )
    op.create_table(
        "suppressions",
        sa.Column("number_key", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("reason IN ('stop', 'not_a_mobile', 'unreachable')", name=op.f("ck_suppressions_reason")),
        sa.PrimaryKeyConstraint("number_key", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "text_replies",
        sa.Column("sid", sa.String(length=64), nullable=False),
        sa.Column("sender_key", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.String(length=1000), nullable=False),
        sa.Column("offered", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sid", name=op.f("pk_text_replies")),
    )
    op.create_index("ix_text_replies_sender", "text_replies", ["sender_key", "at"], unique=False)
    op.create_table(
        "api_writes",
        sa.Column("token_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["token_id"],
            ["api_tokens.id"],
            name=op.f("fk_api_writes_token_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("token_id", "key", name=op.f("pk_api_writes")),
    )
    op.create_index(op.f("ix_api_writes_at"), "api_writes", ["at"], unique=False)
    op.create_table(
        "pin_tries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("caller_key", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id"],
            ["practices.id"],
            name=op.f("fk_pin_tries_practice_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pin_tries")),
    )
    op.create_index("ix_pin_tries_recent", "pin_tries", ["practice_id", "caller_key", "at"], unique=False)
    op.create_table(
        "providers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("dial_phone", sa.String(length=16), nullable=True),
        sa.Column("dial_phone_verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("office_phone", sa.String(length=16), nullable=True),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("language IN ('en', 'es')", name=op.f("ck_providers_language")),
        sa.ForeignKeyConstraint(
            ["practice_id"],
            ["practices.id"],
            name=op.f("fk_providers_practice_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_providers")),
    )
    op.create_index(
        "ix_providers_dialling",
        "providers",
        ["dial_phone"],
        unique=False,
        postgresql_where=sa.text("active AND dial_phone IS NOT NULL"),
    )
    op.create_index(op.f("ix_providers_practice_id"), "providers", ["practice_id"], unique=False)
    op.create_table(
        "appointments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("session_type", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("original_source", sa.String(), nullable=True),
        sa.Column("tracked", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("line", sa.String(length=16), nullable=True),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.String(), nullable=True),
        sa.Column("cancel_reason", sa.String(), nullable=True),
        sa.Column("cancel_message", sa.String(length=2000), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.text("provider_id"), "="),
            (sa.text("tstzrange(starts_at, ends_at, '[)')"), "&&"),
            where=sa.text("state IN ('held', 'booked')"),
            using="gist",
            name="ex_appointments_no_overlap",
        ),
        sa.CheckConstraint(
            "cancel_reason IN ('illness', 'conflict', 'not_a_match', 'other')",
            name=op.f("ck_appointments_cancel_reason"),
        ),
        sa.CheckConstraint("cancelled_by IN ('provider', 'client')", name=op.f("ck_appointments_cancelled_by")),
        sa.CheckConstraint(
            "original_source IN ('platform_search', 'booking_link', 'colleague', 'payer', 'client_portal', 'provider_made', 'waitlist_offer')",
            name=op.f("ck_appointments_original_source"),
        ),
        sa.CheckConstraint(
            "session_type IN ('full_session', 'phone_consultation')",
            name=op.f("ck_appointments_session_type"),
        ),
        sa.CheckConstraint(
            "source IN ('platform_search', 'booking_link', 'colleague', 'payer', 'client_portal', 'provider_made', 'waitlist_offer')",
            name=op.f("ck_appointments_source"),
        ),
        sa.CheckConstraint(
            "state IN ('held', 'booked', 'released', 'cancelled_p', 'cancelled_c', 'ended', 'details_confirmed', 'no_show')",
            name=op.f("ck_appointments_state"),
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_appointments_span")),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["clients.id"],
            name=op.f("fk_appointments_client_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["providers.id"],
            name=op.f("fk_appointments_provider_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
    )
    op.create_index("ix_appointments_calendar", "appointments", ["provider_id", "starts_at"], unique=False)
    op.create_index(op.f("ix_appointments_client_id"), "appointments", ["client_id"], unique=False)
    op.create_index(
        "ix_appointments_windows",
        "appointments",
        ["provider_id", "starts_at"],
        unique=False,
        postgresql_where=sa.text("tracked AND state = 'booked'"),
    )
    op.create_table(
        "phone_verifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("number_key", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["providers.id"],
            name=op.f("fk_phone_verifications_provider_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_verifications")),
    )
    op.create_index(op.f("ix_phone_verifications_provider_id"), "phone_verifications", ["provider_id"], unique=False)
    op.create_table(
        "pins",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id"],
            ["practices.id"],
            name=op.f("fk_pins_practice_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["providers.id"],
            name=op.f("fk_pins_provider_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("provider_id", name=op.f("pk_pins")),
        sa.UniqueConstraint("practice_id", "digest", name=op.f("uq_pins_practice_id_digest")),
    )
    op.create_index(op.f("ix_pins_practice_id"), "pins", ["practice_id"], unique=False)
    op.create_table(
        "relationships",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('prospect', 'active', 'archived', 'blocked')", name=op.f("ck_relationships_state")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["clients.id"],
            name=op.f("fk_relationships_client_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["providers.id"],
            name=op.f("fk_relationships_provider_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relationships")),
        sa.UniqueConstraint("provider_id", "client_id", name=op.f("uq_relationships_provider_id_client_id")),
    )
    op.create_index(op.f("ix_relationships_client_id"), "relationships", ["client_id"], unique=False)
    op.create_index(op.f("ix_relationships_provider_id"), "relationships", ["provider_id"], unique=False)
    op.create_table(
        "calls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("sid", sa.String(length=64), nullable=False),
        sa.Column("line", sa.String(length=16), nullable=False),
        sa.Column("caller_key", sa.String(length=64), nullable=True),
        sa.Column("caller_last2", sa.String(length=2), nullable=True),
        sa.Column("attestation", sa.String(), nullable=False),
        sa.Column("dialled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=True),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("occurrence", sa.Integer(), nullable=True),
        sa.Column("route", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("first_leg_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leg_heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("live", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("talk_s", sa.Integer(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "attestation IN ('passed_a', 'passed_b', 'passed_c', 'failed', 'none')",
            name=op.f("ck_calls_attestation"),
        ),
        sa.CheckConstraint("carrier IN ('twilio', 'simulator')", name=op.f("ck_calls_carrier")),
        sa.CheckConstraint(
            "outcome IN ('connected', 'no_answer', 'busy', 'failed', 'canceled', 'refused')",
            name=op.f("ck_calls_outcome"),
        ),
        sa.CheckConstraint(
            "reason IN ('too_early', 'too_late', 'unknown_caller', 'withheld', 'not_verified', 'no_consultation', 'already_in_call', 'pin_failed', 'attestation_failed', 'no_client_number', 'bad_client_number', 'service_trouble')",
            name=op.f("ck_calls_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name=op.f("fk_calls_appointment_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["providers.id"],
            name=op.f("fk_calls_provider_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint("carrier", "sid", name=op.f("uq_calls_carrier_sid")),
    )
    op.create_index("ix_calls_appointment", "calls", ["appointment_id", "occurrence"], unique=False)
    op.create_index("ix_calls_caller", "calls", ["caller_key", "dialled_at"], unique=False)
    op.create_index("ix_calls_line", "calls", ["line", "dialled_at"], unique=False)
    op.create_index(
        "ix_calls_open", "calls", ["dialled_at"], unique=False, postgresql_where=sa.text("settled_at IS NULL")
    )
    op.create_index(op.f("ix_calls_provider_id"), "calls", ["provider_id"], unique=False)
    op.create_table(
        "consultations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("how", sa.String(), nullable=True),
        sa.Column("no_reason", sa.String(), nullable=True),
        sa.Column("talk_s", sa.Integer(), nullable=True),
        sa.Column("live_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("excused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("late_evidence_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("judge_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "decided_by IN ('line', 'portal', 'text', 'deadline', 'operator', 'reschedule', 'cancel')",
            name=op.f("ck_consultations_decided_by"),
        ),
        sa.CheckConstraint("how IN ('direct_number', 'video', 'other')", name=op.f("ck_consultations_how")),
        sa.CheckConstraint("no_reason IN ('client_did_not_answer', 'other')", name=op.f("ck_consultations_no_reason")),
        sa.CheckConstraint(
            "status IN ('scheduled', 'awaiting_status', 'occurred_auto', 'occurred_manual', 'did_not_occur', 'unknown', 'void_rescheduled', 'not_applicable')",
            name=op.f("ck_consultations_status"),
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name=op.f("fk_consultations_appointment_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["providers.id"],
            name=op.f("fk_consultations_provider_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultations")),
        sa.UniqueConstraint("appointment_id", "occurrence", name=op.f("uq_consultations_appointment_id_occurrence")),
    )
    op.create_index(op.f("ix_consultations_appointment_id"), "consultations", ["appointment_id"], unique=False)
    op.create_index(
        "ix_consultations_due",
        "consultations",
        ["judge_at"],
        unique=False,
        postgresql_where=sa.text("judge_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_consultations_provider_id"), "consultations", ["provider_id"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("dedupe", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_by", sa.String(), nullable=True),
        sa.Column("reference", sa.String(length=200), nullable=True),
        sa.Column("trouble", sa.String(length=100), nullable=True),
        sa.CheckConstraint("channel IN ('mail', 'text', 'portal')", name=op.f("ck_notices_channel")),
        sa.CheckConstraint(
            "key IN ('consultation_reminder', 'status_task', 'status_text', 'status_unknown', 'status_corrected', 'line_outage', 'line_restored', 'rescheduled', 'dial_number_changed', 'pin_locked', 'issue_received', 'client_number_unusable')",
            name=op.f("ck_notices_key"),
        ),
        sa.CheckConstraint("recipient IN ('provider', 'client')", name=op.f("ck_notices_recipient")),
        sa.CheckConstraint("sent_by IN ('mail', 'text', 'portal')", name=op.f("ck_notices_sent_by")),
        sa.CheckConstraint(
            "state IN ('due', 'claimed', 'uncertain', 'sent', 'delivered', 'undelivered', 'failed', 'cancelled', 'expired', 'skipped')",
            name=op.f("ck_notices_state"),
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name=op.f("fk_notices_appointment_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("dedupe", name=op.f("uq_notices_dedupe")),
    )
    op.create_index(op.f("ix_notices_appointment_id"), "notices", ["appointment_id"], unique=False)
    op.create_index(
        "ix_notices_due",
        "notices",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('due', 'claimed', 'uncertain')"),
    )
    op.create_index(op.f("ix_notices_recipient_id"), "notices", ["recipient_id"], unique=False)
    op.create_index(op.f("ix_notices_reference"), "notices", ["reference"], unique=False)
    op.create_index(op.f("ix_notices_subject_id"), "notices", ["subject_id"], unique=False)
    op.create_table(
        "reveals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("line", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reason IN ('outage', 'number_not_verified', 'shared_number', 'group_practice', 'self_scheduled', 'no_client_number', 'window_over', 'cancelled', 'not_a_call')",
            name=op.f("ck_reveals_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name=op.f("fk_reveals_appointment_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reveals")),
        sa.UniqueConstraint("appointment_id", "occurrence", name=op.f("uq_reveals_appointment_id_occurrence")),
    )
    op.create_index(op.f("ix_reveals_appointment_id"), "reveals", ["appointment_id"], unique=False)
    op.create_table(
        "support_cases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.String(length=4000), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('issue', 'correction')", name=op.f("ck_support_cases_kind")),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_support_cases_state")),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name=op.f("fk_support_cases_appointment_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["providers.id"],
            name=op.f("fk_support_cases_provider_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_cases")),
    )
    op.create_index(op.f("ix_support_cases_appointment_id"), "support_cases", ["appointment_id"], unique=False)
    op.create_index(op.f("ix_support_cases_provider_id"), "support_cases", ["provider_id"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('share_consult_status', 'confirm_session_details', 'complete_public_profile', 'verify_phone_number', 'decide_request', 'support_followup', 'review_import')",
            name=op.f("ck_tasks_kind"),
        ),
        sa.CheckConstraint("state IN ('open', 'done', 'cancelled', 'expired')", name=op.f("ck_tasks_state")),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointments.id"],
            name=op.f("fk_tasks_appointment_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["providers.id"],
            name=op.f("fk_tasks_provider_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("kind", "subject_id", name=op.f("uq_tasks_kind_subject_id")),
    )
    op.create_index(op.f("ix_tasks_appointment_id"), "tasks", ["appointment_id"], unique=False)
    op.create_index(op.f("ix_tasks_provider_id"), "tasks", ["provider_id"], unique=False)
    op.create_index(op.f("ix_tasks_subject_id"), "tasks", ["subject_id"], unique=False)
    op.create_table(
        "call_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("leg", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_s", sa.Integer(), nullable=True),
        sa.Column("bridged", sa.Boolean(), nullable=True),
        sa.Column(
            "data",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.CheckConstraint("carrier IN ('twilio', 'simulator')", name=op.f("ck_call_events_carrier")),
        sa.CheckConstraint(
            "event IN ('dialled', 'initiated', 'ringing', 'answered', 'completed', 'busy', 'no_answer', 'failed', 'canceled')",
            name=op.f("ck_call_events_event"),
        ),
        sa.CheckConstraint(
            "source IN ('answer', 'leg', 'action', 'ended', 'rest', 'fallback')",
            name=op.f("ck_call_events_source"),
        ),
        sa.ForeignKeyConstraint(
            ["call_id"],
            ["calls.id"],
            name=op.f("fk_call_events_call_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_events")),
        sa.UniqueConstraint(
            "carrier",
            "leg",
            "source",
            "event",
            "sequence",
            name=op.f("uq_call_events_carrier_leg_source_event_sequence"),
        ),
    )
    op.create_index(op.f("ix_call_events_call_id"), "call_events", ["call_id"], unique=False)


def downgrade() -> None:
    """Go back."""
    op.drop_index(op.f("ix_call_events_call_id"), table_name="call_events")
    op.drop_table("call_events")
    op.drop_index(op.f("ix_tasks_subject_id"), table_name="tasks")
    op.drop_index(op.f("ix_tasks_provider_id"), table_name="tasks")
    op.drop_index(op.f("ix_tasks_appointment_id"), table_name="tasks")
    op.drop_table("tasks")
    op.drop_index(op.f("ix_support_cases_provider_id"), table_name="support_cases")
    op.drop_index(op.f("ix_support_cases_appointment_id"), table_name="support_cases")
    op.drop_table("support_cases")
    op.drop_index(op.f("ix_reveals_appointment_id"), table_name="reveals")
    op.drop_table("reveals")
    op.drop_index(op.f("ix_notices_subject_id"), table_name="notices")
    op.drop_index(op.f("ix_notices_reference"), table_name="notices")
    op.drop_index(op.f("ix_notices_recipient_id"), table_name="notices")
    op.drop_index(
        "ix_notices_due",
        table_name="notices",
        postgresql_where=sa.text("state IN ('due', 'claimed', 'uncertain')"),
    )
    op.drop_index(op.f("ix_notices_appointment_id"), table_name="notices")
    op.drop_table("notices")
    op.drop_index(op.f("ix_consultations_provider_id"), table_name="consultations")
    op.drop_index("ix_consultations_due", table_name="consultations", postgresql_where=sa.text("judge_at IS NOT NULL"))
    op.drop_index(op.f("ix_consultations_appointment_id"), table_name="consultations")
    op.drop_table("consultations")
    op.drop_index(op.f("ix_calls_provider_id"), table_name="calls")
    op.drop_index("ix_calls_open", table_name="calls", postgresql_where=sa.text("settled_at IS NULL"))
    op.drop_index("ix_calls_line", table_name="calls")
    op.drop_index("ix_calls_caller", table_name="calls")
    op.drop_index("ix_calls_appointment", table_name="calls")
    op.drop_table("calls")
    op.drop_index(op.f("ix_relationships_provider_id"), table_name="relationships")
    op.drop_index(op.f("ix_relationships_client_id"), table_name="relationships")
    op.drop_table("relationships")
    op.drop_index(op.f("ix_pins_practice_id"), table_name="pins")
    op.drop_table("pins")
    op.drop_index(op.f("ix_phone_verifications_provider_id"), table_name="phone_verifications")
    op.drop_table("phone_verifications")
    op.drop_index(
        "ix_appointments_windows",
        table_name="appointments",
        postgresql_where=sa.text("tracked AND state = 'booked'"),
    )
    op.drop_index(op.f("ix_appointments_client_id"), table_name="appointments")
    op.drop_index("ix_appointments_calendar", table_name="appointments")
    op.drop_table("appointments")
    op.drop_index(op.f("ix_providers_practice_id"), table_name="providers")
    op.drop_index(
        "ix_providers_dialling",
        table_name="providers",
        postgresql_where=sa.text("active AND dial_phone IS NOT NULL"),
    )
    op.drop_table("providers")
    op.drop_index("ix_pin_tries_recent", table_name="pin_tries")
    op.drop_table("pin_tries")
    op.drop_index(op.f("ix_api_writes_at"), table_name="api_writes")
    op.drop_table("api_writes")
    op.drop_index("ix_text_replies_sender", table_name="text_replies")
    op.drop_table("text_replies")
    op.drop_table("suppressions")
    op.drop_table("practices")
    op.drop_table("line_status")
    op.drop_index("ix_line_signs_recent", table_name="line_signs")
    op.drop_table("line_signs")
    op.drop_index("ix_events_provider", table_name="events")
    op.drop_index("ix_events_cursor", table_name="events")
    op.drop_index(op.f("ix_events_call_id"), table_name="events")
    op.drop_index(op.f("ix_events_appointment_id"), table_name="events")
    op.drop_table("events")
    op.drop_index("uq_clients_email", table_name="clients")
    op.drop_table("clients")
    op.drop_table("api_tokens")
