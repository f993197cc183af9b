"""What people write to each other, and what is begun by who has yet to prove their address."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from config import database
from people.values import DraftedState, Language, MessageSide


class Thread(SQLModel, table=True):
    """All that two sides have written to each other: a provider and a client, or one of them and support.

    `…_unread` is how many messages of others a side has yet to read; support is one side, whoever is there.
    """

    __tablename__ = "threads"
    __table_args__ = (
        UniqueConstraint("provider_id", "client_id", postgresql_nulls_not_distinct=True),
        CheckConstraint("provider_id IS NOT NULL OR client_id IS NOT NULL", name="whose"),
    )

    id: UUID = Field(primary_key=True)
    provider_id: UUID | None = Field(default=None, sa_column=database.key("providers.id", nullable=True))
    client_id: UUID | None = Field(default=None, sa_column=database.key("clients.id", nullable=True))
    created_at: datetime = Field(sa_column=database.instant())
    last_at: datetime = Field(sa_column=database.instant(index=True))
    messages: int = 0
    provider_unread: int = 0
    client_unread: int = 0
    desk_unread: int = 0


class Message(SQLModel, table=True):
    """One message, in plain text; `number` counts those of its thread from 1."""

    __tablename__ = "messages"
    __table_args__ = (UniqueConstraint("thread_id", "number"), *database.checks(side=MessageSide))

    id: UUID = Field(primary_key=True)
    thread_id: UUID = Field(sa_column=database.key("threads.id", index=False))
    number: int
    side: MessageSide = Field(sa_column=database.enum(MessageSide))
    text: str = Field(max_length=4000)
    at: datetime = Field(sa_column=database.instant())


class MessageDraft(SQLModel, table=True):
    """A message that a visitor has written to a provider and has yet to complete with the code in their mail (R44)."""

    __tablename__ = "message_drafts"
    __table_args__ = database.checks(state=DraftedState, language=Language)

    id: UUID = Field(primary_key=True)
    provider_id: UUID = Field(sa_column=database.key("providers.id"))
    first_name: str = Field(max_length=100)
    last_name: str = Field(max_length=100)
    email: str = Field(max_length=254, index=True)
    language: Language = Field(sa_column=database.enum(Language))
    timezone: str | None = Field(default=None, max_length=64)
    text: str = Field(max_length=4000)
    state: DraftedState = Field(sa_column=database.enum(DraftedState))
    tries: int = 0
    created_at: datetime = Field(sa_column=database.instant())
    expires_at: datetime = Field(sa_column=database.instant(index=True))
