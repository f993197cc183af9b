"""What an operation of the API is: one value, from which its route, its checks and its description are made.

Who may use it stands where it is registered, and nowhere else.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from config.deps import Deps
from config.errors import Refused
from config.settings import Settings
from people.values import TokenRole
from portal.api.fields import Shape
from portal.uploads import Upload
from status.values import Actor, ActorKind

PREFIX = "/api/v1"

ADMIN = frozenset({TokenRole.ADMIN})
ADMIN_AND_PROVIDER = frozenset({TokenRole.ADMIN, TokenRole.PROVIDER})
EVERYBODY = frozenset(TokenRole)

B = TypeVar("B", bound=Shape)
Q = TypeVar("Q", bound=Shape)


class Method(StrEnum):
    """What an operation does to what its path names."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a program asks: `subject_id` is the provider or payer that its token acts as."""

    token_id: UUID
    role: TokenRole
    subject_id: UUID | None

    @property
    def provider_id(self) -> UUID | None:
        """Return the provider that this caller is, if it is one."""
        return self.subject_id if self.role is TokenRole.PROVIDER else None

    @property
    def payer_id(self) -> UUID | None:
        """Return the payer that this caller is, if it is one."""
        return self.subject_id if self.role is TokenRole.PARTNER else None

    @property
    def actor(self) -> Actor:
        """Return who history names: the provider or payer, or the token of an operator."""
        if self.role is TokenRole.ADMIN:
            return Actor(kind=ActorKind.OPERATOR, id=self.token_id)
        return Actor(kind=ActorKind(self.role.value), id=self.subject_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Generic[B, Q]):
    """A request that was read and may go on: its transaction, its caller, and what was sent.

    `brought` is what the operation's `bring` has made of a file.
    """

    session: AsyncSession
    deps: Deps
    caller: Caller
    path: Mapping[str, UUID]
    body: B
    query: Q
    now: datetime
    brought: Any = None

    @property
    def settings(self) -> Settings:
        """Return the settings of this installation."""
        return self.deps.settings

    @property
    def actor(self) -> Actor:
        """Return who history names."""
        return self.caller.actor

    @property
    def new_id(self) -> Callable[[], UUID]:
        """Return the source of ids."""
        return self.deps.new_id


@dataclass(frozen=True, slots=True)
class Download:
    """A file to be answered with, of one of the operation's `files`."""

    body: bytes
    name: str
    content_type: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it, and the ids of what has changed, for pages that are open.

    `status` names one of the operation's `others`. `at` is where what was made is, below the API, where that is not
    below the operation's own path. `refused` is a no that has left something behind, such as a counted try: what was
    written is kept, and the no is answered.
    """

    shown: BaseModel | None
    subjects: tuple[UUID, ...] = ()
    status: int | None = None
    at: str | None = None
    refused: Refused | None = None
    download: Download | None = None


@dataclass(frozen=True, slots=True)
class Other:
    """Another status that an operation answers well with: what is shown then, and where its links lead from."""

    answers: tuple[type[Shape], ...]
    links: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[B, Q]):
    """One method on one path.

    `makes` names the path parameter that the id of the answer fills, for `Location` and links; `links` leads
    from fields of the answer (JSON pointers) to parameters and body fields of other operations. `refuses` has
    the statuses that its rules can give besides those that every operation can. Where `kept` is False, the
    answer is a secret, or worth nothing, and not kept for a repeated Idempotency-Key. `others` are further
    statuses of answers that are no refusals.

    With `bring` the body is a form with one file, which it reads before the transaction begins: what it yields is
    `Ask.brought`. It is asked with a transaction of its own that is over before the file is read. `files` are the
    media types of an answer that is a file.
    """

    name: str
    method: Method
    path: str
    roles: frozenset[TokenRole]
    summary: str
    handler: Callable[[Ask[B, Q]], Awaitable[Answer]]
    body: type[B]
    query: type[Q]
    answer: type[Shape] | None
    status: int = 200
    others: Mapping[int, Other] = field(default_factory=dict)
    body_optional: bool = False
    refuses: frozenset[int] = frozenset()
    makes: str | None = None
    links: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kept: bool = True
    bring: Callable[[Ask[B, Q], Upload], AbstractAsyncContextManager[Any]] | None = None
    files: tuple[str, ...] = ()

    @property
    def writes(self) -> bool:
        """Tell whether it changes anything."""
        return self.method is not Method.GET
