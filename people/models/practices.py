"""Practices, providers, what providers say of themselves, and how the line knows them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from config import database
from people.values import (
    Gender,
    Language,
    PracticeKind,
)


class Practice(SQLModel, table=True):
    """A practice; `line_enabled` counts for groups only, a solo practice always has the line (R114)."""

    __tablename__ = "practices"
    __table_args__ = database.checks(kind=PracticeKind)

    id: UUID = Field(primary_key=True)
    name: str = Field(max_length=200)
    kind: PracticeKind = Field(sa_column=database.enum(PracticeKind))
    timezone: str = Field(max_length=64)
    line_enabled: bool
    programme: bool = False  # whether the client referral programme is open to it (R68)
    created_at: datetime = Field(sa_column=database.instant())


class Provider(SQLModel, table=True):
    """A therapist. `dial_phone` is a credential and E.164; `office_phone` may be shown (R102).

    `location` is where they usually work, as it stands on an envelope.
    """

    __tablename__ = "providers"
    __table_args__ = (
        Index("ix_providers_dialling", "dial_phone", postgresql_where=text("active AND dial_phone IS NOT NULL")),
        *database.checks(language=Language),
    )

    id: UUID = Field(primary_key=True)
    practice_id: UUID = Field(sa_column=database.key("practices.id"))
    first_name: str = Field(max_length=100)
    last_name: str = Field(max_length=100)
    email: str = Field(max_length=254)
    dial_phone: str | None = Field(default=None, max_length=16)
    dial_phone_verified_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    office_phone: str | None = Field(default=None, max_length=16)
    npi: str | None = Field(default=None, max_length=10)
    location: str | None = Field(default=None, max_length=300)
    timezone: str = Field(max_length=64)
    language: Language = Field(sa_column=database.enum(Language))
    active: bool = True
    created_at: datetime = Field(sa_column=database.instant())
    version: int = 1


class Profile(SQLModel, table=True):
    """What a provider says of themselves for clients to choose by (R2, R10, R15); a draft until `published`.

    `published` makes the address work, `listed` puts them into searches. `focus` and `also` are problems of the
    shared vocabulary, at most five of them in focus. Coordinates are those of the practice, in degrees.
    `education` has entries of `what`, `where` and perhaps a `year`. Gender, pronouns, ethnicity and faith are filled in
    by the provider alone (R86), and `shown` has those that are told to others. `photo` is a digest of `photos`.
    `edited_by` is who wrote last, as history names them (R72).
    """

    __tablename__ = "profiles"
    __table_args__ = (
        Index("uq_profiles_slug", text("lower(slug)"), unique=True),
        Index("ix_profiles_focus", "focus", postgresql_using="gin"),
        Index("ix_profiles_also", "also", postgresql_using="gin"),
        CheckConstraint("cardinality(focus) <= 5", name="focus"),
        CheckConstraint("cardinality(highlights) <= 5", name="highlights"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="place"),
        *database.checks(gender=Gender),
    )

    provider_id: UUID = Field(sa_column=database.key("providers.id", primary=True))
    slug: str | None = Field(default=None, max_length=80)
    published: bool = False
    listed: bool = False
    taxonomy: str | None = Field(default=None, max_length=10)
    focus: list[str] = Field(sa_column=Column(ARRAY(String(64)), nullable=False, server_default=text("'{}'")))
    also: list[str] = Field(sa_column=Column(ARRAY(String(64)), nullable=False, server_default=text("'{}'")))
    languages: list[str] = Field(sa_column=Column(ARRAY(String(8)), nullable=False, server_default=text("'{}'")))
    therapies: list[str] = Field(sa_column=Column(ARRAY(String(64)), nullable=False, server_default=text("'{}'")))
    affirms: list[str] = Field(sa_column=Column(ARRAY(String(64)), nullable=False, server_default=text("'{}'")))
    gender: Gender | None = Field(default=None, sa_column=database.enum(Gender, nullable=True))
    pronouns: str | None = Field(default=None, max_length=60)
    ethnicity: str | None = Field(default=None, max_length=60)
    faith: str | None = Field(default=None, max_length=60)
    shown: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(String(16)), nullable=False, server_default=text("'{}'"))
    )
    statement: str | None = Field(default=None, max_length=4000)
    highlights: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(String(120)), nullable=False, server_default=text("'{}'"))
    )
    education: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSONB(), nullable=False, server_default=text("'[]'::jsonb"))
    )
    photo: str | None = Field(default=None, max_length=64)
    noindex: bool = False
    latitude: float | None = None
    longitude: float | None = None
    edited_by_kind: str | None = Field(default=None, max_length=16)
    edited_by: UUID | None = None
    updated_at: datetime = Field(sa_column=database.instant())
    version: int = 1


class ProfileAddress(SQLModel, table=True):
    """An address that a profile has, or once had: nobody else ever gets it, and old ones lead on (R4)."""

    __tablename__ = "profile_addresses"
    __table_args__ = (CheckConstraint("slug = lower(slug)", name="slug"),)

    slug: str = Field(primary_key=True, max_length=80)
    provider_id: UUID = Field(sa_column=database.key("providers.id"))
    taken_at: datetime = Field(sa_column=database.instant())


class Photo(SQLModel, table=True):
    """A provider's photo in two sizes, both WebP; the digest is keyed by whose it is, and changes with the photo.

    Kept as long as the profile or what was submitted to payers shows it.
    """

    __tablename__ = "photos"

    digest: str = Field(primary_key=True, max_length=64)
    provider_id: UUID = Field(sa_column=database.key("providers.id"))
    large: bytes = Field(sa_column=Column(LargeBinary(), nullable=False), repr=False)
    small: bytes = Field(sa_column=Column(LargeBinary(), nullable=False), repr=False)
    made_at: datetime = Field(sa_column=database.instant())


class Pin(SQLModel, table=True):
    """A provider's PIN on the line: six digits, unique in the practice, kept as a keyed hash (R114)."""

    __tablename__ = "pins"
    __table_args__ = (UniqueConstraint("practice_id", "digest"),)

    provider_id: UUID = Field(sa_column=database.key("providers.id", primary=True))
    practice_id: UUID = Field(sa_column=database.key("practices.id"))
    digest: str = Field(max_length=64)
    set_at: datetime = Field(sa_column=database.instant())


class PinTry(SQLModel, table=True):
    """One wrong PIN; rows, so that a lost cache grants no further guesses (F5)."""

    __tablename__ = "pin_tries"
    __table_args__ = (Index("ix_pin_tries_recent", "practice_id", "caller_key", "at"),)

    id: UUID = Field(primary_key=True)
    practice_id: UUID = Field(sa_column=database.key("practices.id", index=False))
    caller_key: str = Field(max_length=64)
    call_id: UUID
    at: datetime = Field(sa_column=database.instant())


class PhoneVerification(SQLModel, table=True):
    """A code that proves a number from both ends (R104).

    It is shown to the signed-in provider and keyed from that number, or `texted` to it and typed into the portal.
    """

    __tablename__ = "phone_verifications"

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id"))
    number_key: str = Field(max_length=64)
    digest: str = Field(max_length=64)
    created_at: datetime = Field(sa_column=database.instant())
    expires_at: datetime = Field(sa_column=database.instant())
    tries: int = 0
    used_at: datetime | None = Field(default=None, sa_column=database.instant(nullable=True))
    texted: bool = False


class FormerNumber(SQLModel, table=True):
    """A number that was a provider's, kept until it has been told that it is no more (R104, M21)."""

    __tablename__ = "former_numbers"

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id"))
    number: str = Field(max_length=16)
    given_up_at: datetime = Field(sa_column=database.instant())
