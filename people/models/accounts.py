"""Accounts, and how people sign in to them. Secrets are kept as hashes, tries as rows (F5)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from config import database
from people.values import AccountKind, Language, LinkPurpose, Role


class Account(SQLModel, table=True):
    """Somebody who can sign in. `operator` makes them support or an operator of the platform.

    The second factor's secret is derived from the house's own and `totp_generation`, so it stands nowhere;
    `totp_since` is when it was confirmed, `totp_step` the last step that was used, which is good only once.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        Index("uq_accounts_address", "kind", text("lower(email)"), unique=True),
        CheckConstraint("operator IS NULL OR operator IN ('support', 'admin')", name="operator_role"),
        CheckConstraint("(kind = 'client') = (client_id IS NOT NULL)", name="whose"),
        *database.checks(kind=AccountKind, operator=Role, language=Language),
    )

    id: UUID = Field(primary_key=True)
    kind: AccountKind = Field(sa_column=database.enum(AccountKind))
    email: str = Field(max_length=254)
    client_id: UUID | None = Field(default=None, sa_column=database.key("clients.id", nullable=True))
    provider_id: UUID | None = Field(default=None, sa_column=database.key("providers.id", nullable=True))
    operator: Role | None = Field(default=None, sa_column=database.enum(Role, nullable=True))
    password_hash: str | None = Field(default=None, max_length=200)
    password_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    totp_generation: int = 0
    totp_since: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    totp_step: int = Field(default=0, sa_column=Column(BigInteger(), nullable=False))
    language: Language = Field(sa_column=database.enum(Language))
    timezone: str | None = Field(default=None, max_length=64)
    disabled_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    created_at: datetime = Field(sa_column=database.instant())
    version: int = 1


class Member(SQLModel, table=True):
    """Somebody who administers or schedules for a practice."""

    __tablename__ = "members"
    __table_args__ = (
        CheckConstraint("role IN ('practice_admin', 'scheduler')", name="practice_role"),
        *database.checks(role=Role),
    )

    account_id: UUID = Field(sa_column=database.key("accounts.id", primary=True))
    practice_id: UUID = Field(sa_column=database.key("practices.id", primary=True))
    role: Role = Field(sa_column=database.enum(Role))
    since: datetime = Field(sa_column=database.instant())


class SignIn(SQLModel, table=True):
    """One signed-in browser: a session, kept as the keyed hash of its cookie.

    It ends by itself after some time without use and, whatever is done, at `expires_at`.
    """

    __tablename__ = "sign_ins"

    id: UUID = Field(primary_key=True)
    account_id: UUID = Field(sa_column=database.key("accounts.id"))
    digest: str = Field(max_length=64, unique=True)
    created_at: datetime = Field(sa_column=database.instant())
    seen_at: datetime = Field(sa_column=database.instant())
    proven_at: datetime = Field(sa_column=database.instant())
    expires_at: datetime = Field(sa_column=database.instant(index=True))
    ended_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))


class SignInTry(SQLModel, table=True):
    """One failed attempt to sign in, under the keyed hash of what was tried from or against."""

    __tablename__ = "sign_in_tries"
    __table_args__ = (Index("ix_sign_in_tries_recent", "key", "at"),)

    id: UUID = Field(primary_key=True)
    key: str = Field(max_length=64)
    at: datetime = Field(sa_column=database.instant(index=True))


class RecoveryCode(SQLModel, table=True):
    """A code for who has lost their second factor; each works once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("account_id", "digest"),)

    id: UUID = Field(primary_key=True)
    account_id: UUID = Field(sa_column=database.key("accounts.id", index=False))
    digest: str = Field(max_length=64)
    created_at: datetime = Field(sa_column=database.instant())
    used_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))


class SingleUseLink(SQLModel, table=True):
    """A link that was mailed: GET shows a button, POST uses it, once (section 9).

    Its token is derived from the id and the house's secret, so it stands nowhere and can be written when it is sent.
    """

    __tablename__ = "single_use_links"
    __table_args__ = database.checks(purpose=LinkPurpose)

    id: UUID = Field(primary_key=True)
    purpose: LinkPurpose = Field(sa_column=database.enum(LinkPurpose))
    account_id: UUID = Field(sa_column=database.key("accounts.id"))
    email: str = Field(max_length=254)
    replaces: str | None = Field(default=None, max_length=254)  # the address that a new one takes the place of
    invited_by: UUID | None = Field(default=None, sa_column=database.key("providers.id", nullable=True))
    created_at: datetime = Field(sa_column=database.instant())
    expires_at: datetime = Field(sa_column=database.instant(index=True))
    used_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    voided_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
