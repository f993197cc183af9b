"""Clients, and where each stands with a provider."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from config import database
from people.values import (
    AccountState,
    FormKey,
    Language,
    RelationshipState,
    SuppressionReason,
)
from status.values import Channel, NoticeKey


class Client(SQLModel, table=True):
    """A person who seeks help. One account per address; the number may be missing (R61).

    `account` is where it was put last: `rules.account.as_of` tells where it stands now. `invited_until` is when the
    last invitation ends; without one nobody was invited yet. `insurance_asked_at` is when they were last asked (R48).
    """

    __tablename__ = "clients"
    __table_args__ = (
        Index("uq_clients_email", text("lower(email)"), unique=True),
        CheckConstraint(
            "account = 'closed' OR (account IN ('verified', 'ready')) = (verified_at IS NOT NULL)", name="proven"
        ),
        *database.checks(language=Language, account=AccountState),
    )

    id: UUID = Field(primary_key=True)
    first_name: str = Field(max_length=100)
    last_name: str = Field(max_length=100)
    preferred_name: str | None = Field(default=None, max_length=100)
    email: str = Field(max_length=254)
    phone: str | None = Field(default=None, max_length=16)
    birth_date: str | None = Field(default=None, max_length=10)
    lives_in: str | None = Field(default=None, max_length=2)
    plan: str | None = Field(default=None, max_length=64)
    timezone: str | None = Field(default=None, max_length=64)
    language: Language = Field(default=Language.ENGLISH, sa_column=database.enum(Language))
    account: AccountState = Field(default=AccountState.INVITED, sa_column=database.enum(AccountState))
    invited_until: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    insurance_asked_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    verified_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    created_at: datetime = Field(sa_column=database.instant())
    version: int = 1


class Insurance(SQLModel, table=True):
    """A client's insurance, a draft until all of it is there; the birth date stands on the client (R47)."""

    __tablename__ = "insurances"

    client_id: UUID = Field(sa_column=database.key("clients.id", primary=True))
    company: str | None = Field(default=None, max_length=120)
    member_id: str | None = Field(default=None, max_length=64)
    changed_at: datetime = Field(sa_column=database.instant())


class BillingMethod(SQLModel, table=True):
    """How a client pays: what the processor calls it, and how it is shown. No number of a card is ever here.

    `expires_on` is the last day on which it is good, where the processor has told one.
    """

    __tablename__ = "billing_methods"

    client_id: UUID = Field(sa_column=database.key("clients.id", primary=True))
    reference: str = Field(max_length=200)
    label: str = Field(max_length=60)
    expires_on: str | None = Field(default=None, max_length=10)
    added_at: datetime = Field(sa_column=database.instant())


class FormAcknowledgement(SQLModel, table=True):
    """A version of a form that a client has acknowledged, in which language they read it (R49)."""

    __tablename__ = "form_acknowledgements"
    __table_args__ = database.checks(form=FormKey, language=Language)

    client_id: UUID = Field(sa_column=database.key("clients.id", primary=True))
    form: FormKey = Field(sa_column=database.enum(FormKey, primary=True))
    version: int = Field(primary_key=True)
    language: Language = Field(sa_column=database.enum(Language))
    at: datetime = Field(sa_column=database.instant())


class Relationship(SQLModel, table=True):
    """Where one provider and one client stand; archived here says nothing about other providers.

    `typed_*` is what the provider wrote about an address that has an account. Until the client accepts it is all
    that this provider is shown (R46); it is gone afterwards, so whether they have accepted can be read from it.
    """

    __tablename__ = "relationships"
    __table_args__ = (
        UniqueConstraint("provider_id", "client_id"),
        CheckConstraint("state <> 'proposed' OR typed_email IS NOT NULL", name="proposed"),
        CheckConstraint("state NOT IN ('prospect', 'active') OR typed_email IS NULL", name="accepted"),
        CheckConstraint(
            "(typed_email IS NULL) = (typed_first_name IS NULL) AND (typed_email IS NULL) = (typed_last_name IS NULL)",
            name="typed",
        ),
        *database.checks(state=RelationshipState),
    )

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id"))
    client_id: UUID = Field(sa_column=database.key("clients.id"))
    state: RelationshipState = Field(sa_column=database.enum(RelationshipState))
    since: datetime = Field(sa_column=database.instant())
    typed_first_name: str | None = Field(default=None, max_length=100)
    typed_last_name: str | None = Field(default=None, max_length=100)
    typed_email: str | None = Field(default=None, max_length=254)
    typed_phone: str | None = Field(default=None, max_length=16)


class Suppression(SQLModel, table=True):
    """A number that gets no texts, kept as a keyed hash; `lifted_at` after START."""

    __tablename__ = "suppressions"
    __table_args__ = database.checks(reason=SuppressionReason)

    number_key: str = Field(primary_key=True, max_length=64)
    reason: SuppressionReason = Field(sa_column=database.enum(SuppressionReason))
    since: datetime = Field(sa_column=database.instant())
    lifted_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))


class Bounce(SQLModel, table=True):
    """An address that a mail server has refused for good, kept as a keyed hash; `lifted_at` once it is tried again."""

    __tablename__ = "bounces"

    address_key: str = Field(primary_key=True, max_length=64)
    since: datetime = Field(sa_column=database.instant())
    lifted_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))


class Consent(SQLModel, table=True):
    """That a client wants texts to a number, in the words of a version; what is withdrawn stays as history."""

    __tablename__ = "consents"

    id: UUID = Field(primary_key=True)
    client_id: UUID = Field(sa_column=database.key("clients.id"))
    number: str = Field(max_length=16)
    version: int
    given_at: datetime = Field(sa_column=database.instant())
    withdrawn_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))


class NoticeChoice(SQLModel, table=True):
    """A letter that a provider does not want by this way; it stands in the portal all the same."""

    __tablename__ = "notice_choices"
    __table_args__ = database.checks(key=NoticeKey, channel=Channel)

    provider_id: UUID = Field(sa_column=database.key("providers.id", primary=True))
    key: NoticeKey = Field(sa_column=database.enum(NoticeKey, primary=True))
    channel: Channel = Field(sa_column=database.enum(Channel, primary=True))
    since: datetime = Field(sa_column=database.instant())
