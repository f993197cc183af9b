"""What a page of the portal is: one value, from which its route, its checks and its tests are made.

Who may see it stands where it is made, and nowhere else; what is theirs is decided by the actions.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from multidict import MultiDictProxy
from sqlalchemy.ext.asyncio import AsyncSession

from config.deps import Deps
from config.errors import Problem
from config.settings import Settings
from people.values import Language, Person, Role
from status.values import Actor, ActorKind

EVERYBODY: frozenset[Role] = frozenset()
PROVIDERS = frozenset({Role.PROVIDER})
CLIENTS = frozenset({Role.CLIENT})
PRACTICE = frozenset({Role.PROVIDER, Role.PRACTICE_ADMIN, Role.SCHEDULER})
PRACTICE_ADMINS = frozenset({Role.PRACTICE_ADMIN})
DESK = frozenset({Role.SUPPORT, Role.ADMIN})
SIGNED_IN = frozenset(Role)

Form = MultiDictProxy[str]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why what was sent did not go through: shown on the page it came from, with everything that was typed.

    `code` is a refusal's, with its own English `sentence`; `problems` stand beside their fields.
    """

    status: int
    code: str | None = None
    sentence: str | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request to a page: its transaction, who is there, what was asked and typed.

    `form` is what was posted, and is there again after a refusal, with `trouble` saying why. `acts_for` are the
    providers of the practices that this person administers or schedules for, `outage` whether the line is down.
    """

    session: AsyncSession
    deps: Deps
    now: datetime
    person: Person | None
    language: Language
    timezone: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Form | None = None
    files: Mapping[str, object] = field(default_factory=dict)
    trouble: Trouble | None = None
    part: str | None = None
    cookies: Mapping[str, str] = field(default_factory=dict)
    remote: str | None = None
    acts_for: frozenset[UUID] = frozenset()
    outage: bool = False

    @property
    def settings(self) -> Settings:
        """Return the settings of this installation."""
        return self.deps.settings

    @property
    def new_id(self) -> Callable[[], UUID]:
        """Return the source of ids."""
        return self.deps.new_id

    @property
    def me(self) -> Person:
        """Return who is signed in, on a page that only they reach."""
        assert self.person is not None  # noqa: S101 - the page's roles have seen to it
        return self.person

    @property
    def provider_id(self) -> UUID:
        """Return which provider this is, on a provider's page."""
        assert self.me.provider_id is not None  # noqa: S101 - as above
        return self.me.provider_id

    @property
    def client_id(self) -> UUID:
        """Return which client this is, on a client's page."""
        assert self.me.client_id is not None  # noqa: S101 - as above
        return self.me.client_id

    @property
    def actor(self) -> Actor:
        """Return who history names."""
        if self.person is None:
            return Actor(kind=ActorKind.CLIENT)
        if self.person.provider_id:
            return Actor(kind=ActorKind.PROVIDER, id=self.person.provider_id)
        if self.person.client_id:
            return Actor(kind=ActorKind.CLIENT, id=self.person.client_id)
        if self.person.roles & DESK:
            return Actor(kind=ActorKind.OPERATOR, id=self.person.account_id)
        return self.as_practice

    @property
    def as_practice(self) -> Actor:
        """Return who history names where somebody acts for their practice, a provider who administers it included."""
        return Actor(kind=ActorKind.PRACTICE, id=self.me.account_id, providers=self.acts_for)


@dataclass(frozen=True, slots=True)
class View:
    """A page to be shown: a template and what it tells. `subjects` are the ids of what has changed, if anything."""

    template: str
    told: Mapping[str, object] = field(default_factory=dict)
    status: int = 200
    subjects: tuple[UUID, ...] = ()
    cookies: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go on to another page (303), or for good where it has `moved` (308).

    `done` is the key of a sentence that is shown there once.

    `cookies` last as long as the browser, None takes one away; `kept` ones last a year.
    """

    to: str
    done: str | None = None
    subjects: tuple[UUID, ...] = ()
    cookies: Mapping[str, str | None] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Download:
    """A file."""

    body: bytes
    name: str
    content_type: str


Shown = View | Redirect | Download
Handler = Callable[[Visit], Awaitable[Shown]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One path: how it is shown (GET), what happens when its form is sent (POST).

    `again` is shown instead of `show` when the form was refused, for a path that has no page of its own.
    `roles` are those of whom one is enough; empty is everybody. `recent` asks for the password again when the last
    proof is older than a quarter of an hour. `menu` is the key of its words in the menu, if it stands there. `file`
    says that it is a file to be kept, and nothing to be looked at.
    """

    name: str
    path: str
    roles: frozenset[Role]
    show: Handler | None = None
    submit: Handler | None = None
    again: Handler | None = None
    recent: bool = False
    menu: str | None = None
    file: bool = False
    largest_body: int = 256 * 1024
