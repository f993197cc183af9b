"""A person's browser in front of the portal: a fresh one for each test, in one Chromium for all of them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    ViewportSize,
    async_playwright,
)

from config.deps import Deps
from people import actions as people
from people.models import Account
from portal import session as sessions
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import Worker
from tests.portal.browser.stories import Stage
from tests.portal.pages.conftest import Accounts, accounts, portal_base

__all__ = ["accounts", "portal_base"]  # fixtures of the folder beside

PHONE: ViewportSize = {"width": 375, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 900}
WAITS_MS = 10_000


@dataclass
class Visitor:
    """Somebody at a browser of their own: cookies, a page, and what the page complained of."""

    base: str
    deps: Deps
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Hear what the page complains of: errors of scripts and policies, and requests to elsewhere."""
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("request", self._request)

    def _console(self, said: ConsoleMessage) -> None:
        # A page that refuses a form is answered with 4xx, which a browser tells as an error of its address.
        about_itself = said.location.get("url") == self.page.url and "Failed to load resource" in said.text
        if said.type in {"error", "warning"} and not about_itself:
            self.complaints.append(f"console: {said.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.base}/", "data:", "about:", "blob:")):
            self.complaints.append(f"request to {request.url}")

    async def take(self, **cookies: str) -> None:
        """Hold cookies as if a page had set them."""
        await self.context.add_cookies([{"name": n, "value": v, "url": self.base} for n, v in cookies.items()])

    async def forget(self) -> None:
        """Hold no cookies any more."""
        await self.context.clear_cookies()

    async def sign_in(self, account: Account) -> None:
        """Be signed in, without the steps before."""
        token = self.deps.new_token()
        async with self.deps.sessions.begin() as session:
            await people.sign_in(
                session,
                account,
                token_digest=sessions.token_digest(token, self.deps.settings),
                settings=self.deps.settings,
                now=self.deps.now(),
                new_id=self.deps.new_id,
            )
        await self.take(**{sessions.cookie_name(self.deps.settings): token})

    async def go(self, path: str) -> str:
        """Go to a page; return its HTML as it was sent."""
        answer = await self.page.goto(f"{self.base}{path}")
        assert answer is not None
        return await self._told(answer)

    async def send(self, path: str, fields: dict[str, str]) -> str:
        """Send a form from a page of ours, as a browser does; return the HTML of the answer."""
        async with self.page.expect_navigation() as led:
            await self.page.evaluate(_SEND, [path, list(fields.items())])
        return await self._told(await led.value)

    async def _told(self, answer: Response) -> str:
        """Return the HTML of an answer; a page that says what went wrong with us is no page to be looked at."""
        if answer.status >= 500:
            self.complaints.append(f"{answer.status} at {answer.url.removeprefix(self.base)}")
        return await answer.text()


_SEND = """([path, fields]) => {
  const form = Object.assign(document.createElement("form"), {method: "post", action: path});
  for (const [name, value] of fields) form.append(Object.assign(document.createElement("input"), {name, value}));
  document.body.append(form);
  form.submit();
}"""


@pytest.fixture
async def window(chromium: str) -> AsyncIterator[Browser]:
    """Drive the browser of this process."""
    async with async_playwright() as playwright:
        driven = await playwright.chromium.connect_over_cdp(chromium)
        yield driven
        await driven.close()


@pytest.fixture
async def visitors(window: Browser, portal_base: str, deps: Deps) -> AsyncIterator["Visitors"]:
    """Open browsers as people come; each has cookies of its own."""
    found = Visitors(window, portal_base, deps)
    yield found
    await found.leave()


@dataclass
class Visitors:
    """Lets people come, each with a browser of their own."""

    window: Browser
    base: str
    deps: Deps
    here: list[Visitor] = field(default_factory=list)

    async def come(self, account: Account | None = None, *, size: ViewportSize = PHONE) -> Visitor:
        context = await self.window.new_context(
            viewport=size,
            locale="en-US",
            timezone_id="America/New_York",
            reduced_motion="reduce",
        )
        context.set_default_timeout(WAITS_MS)
        visitor = Visitor(self.base, self.deps, context, await context.new_page())
        visitor.listen()
        self.here.append(visitor)
        if account is not None:
            await visitor.sign_in(account)
        return visitor

    async def leave(self) -> None:
        while self.here:
            await self.here.pop().context.close()


@pytest.fixture
async def visitor(visitors: Visitors) -> Visitor:
    """Return somebody with a phone, whom nobody knows yet."""
    return await visitors.come()


@pytest.fixture
def page(visitor: Visitor) -> Page:
    return visitor.page


@pytest.fixture
def stage(deps: Deps, world: World, clock: Clock, accounts: Accounts, works: Worker) -> Stage:
    return Stage(deps, world, clock, accounts, works)
