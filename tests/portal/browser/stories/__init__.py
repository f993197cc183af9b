"""Every page in the states that people meet it in, told as stories: what is laid out, who looks, and at which path.

One file an area. `tests/portal/browser/test_every_page.py` visits each story in both languages; a page of
`portal.pages.PAGES` without one fails there.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules

from playwright.async_api import Page

from config.deps import Deps
from people.models import Account
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import Worker
from tests.portal.pages.conftest import Accounts


@dataclass(frozen=True)
class Stage:
    """What a story lays its state out with. The stories of an area share a database, and each begins at `clock.START`.

    So a story makes people of its own, and does not count on being the only one.
    """

    deps: Deps
    world: World
    clock: Clock
    accounts: Accounts
    works: Worker


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Where a story leads: a path, who looks at it, and how it comes to the state that it is about.

    `sent` is a form that is posted to `path` (from the page `sent_from`, or else from the path itself), to be looked
    at as it is refused. `pressed` does what people do on the page before it is looked at, such as to open a dialog.
    """

    path: str
    who: Account | None = None
    sent: Mapping[str, str] | None = None
    sent_from: str | None = None
    pressed: Callable[[Page], Awaitable[object]] | None = None
    cookies: Mapping[str, str] = field(default_factory=dict)


Teller = Callable[[Stage], Awaitable[Scene]]


@dataclass(frozen=True)
class Story:
    """A page in a state, such as ("calendar", "empty")."""

    page: str
    state: str
    tell: Teller


_told: dict[str, list[Story]] = {}


def story(page: str, state: str) -> Callable[[Teller], Teller]:
    """Register a story of a page, under the area whose file it stands in."""

    def keep(tell: Teller) -> Teller:
        _told.setdefault(tell.__module__.rpartition(".")[2], []).append(Story(page, state, tell))
        return tell

    return keep


def by_area() -> Mapping[str, list[Story]]:
    """Return every story there is."""
    for one in iter_modules(__path__):
        import_module(f"{__name__}.{one.name}")
    return _told
