"""The portal as people meet it: real HTTP, cookies, and forms that are sent as browsers send them."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from html import unescape
from typing import Any

import pyotp
import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer
from argon2 import PasswordHasher
from yarl import URL

from app import web
from config.deps import Deps
from people import actions as people
from people.models import Account, Client, Practice, Provider
from people.values import AccountKind, Language, Role

PASSWORD = "four words of-the-tests"
HASHED = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@dataclass(frozen=True)
class Seen:
    """A page that was shown: where it led to, and what is on it."""

    status: int
    path: str
    text: str
    headers: Any

    @property
    def words(self) -> str:
        """Return what is on the page as a reader meets it."""
        without = re.sub(r"<(script|style)\b.*?</\1>", " ", self.text, flags=re.DOTALL)
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", without))).strip()


class Browser:
    """A browser without script: cookies, links, forms."""

    def __init__(self, base: str, http: ClientSession) -> None:
        self.base, self.http = base, http

    async def get(self, path: str, **told: Any) -> Seen:
        async with self.http.get(f"{self.base}{path}", **told) as reply:
            return Seen(reply.status, reply.url.path, await reply.text(), reply.headers)

    async def post(self, path: str, data: Any = None, **told: Any) -> Seen:
        headers = {"Sec-Fetch-Site": "same-origin", **told.pop("headers", {})}
        async with self.http.post(f"{self.base}{path}", data=data or {}, headers=headers, **told) as reply:
            return Seen(reply.status, reply.url.path, await reply.text(), reply.headers)

    def take(self, name: str, value: str) -> None:
        """Hold a cookie as if a page had set it."""
        self.http.cookie_jar.update_cookies({name: value}, URL(self.base))

    def cookies(self) -> dict[str, str]:
        return {cookie.key: cookie.value for cookie in self.http.cookie_jar}


@pytest.fixture
async def portal_base(deps: Deps) -> AsyncIterator[str]:
    server = TestServer(web.build(deps))
    await server.start_server(access_log=None)
    yield str(server.make_url("")).rstrip("/")
    await server.close()


@pytest.fixture
async def browsers(portal_base: str) -> AsyncIterator[Callable[[], Browser]]:
    """Open as many browsers as a story needs; each has cookies of its own."""
    opened: list[ClientSession] = []

    def new() -> Browser:
        opened.append(ClientSession(cookie_jar=CookieJar(unsafe=True)))
        return Browser(portal_base, opened[-1])

    yield new
    for one in opened:
        await one.close()


@pytest.fixture
async def browser(browsers: Callable[[], Browser]) -> Browser:
    return browsers()


@dataclass
class Accounts:
    """Makes accounts and signs their owners in, through the same doors as everybody."""

    deps: Deps

    async def of(
        self,
        provider: Provider | None = None,
        *,
        operator: Role | None = None,
        email: str | None = None,
        password_hash: str | None = HASHED,
        with_factor: bool = True,
        language: Language = Language.ENGLISH,
    ) -> Account:
        async with self.deps.sessions.begin() as session:
            row = await people.add_account(
                session,
                kind=AccountKind.STAFF,
                email=email or (provider.email if provider else "desk@example.com"),
                language=language,
                provider_id=provider.id if provider else None,
                operator=operator,
                now=self.deps.now(),
                new_id=self.deps.new_id,
            )
            row.password_hash = password_hash
            row.totp_since = self.deps.now() if with_factor else None
        return row

    async def of_client(self, client: Client) -> Account:
        async with self.deps.sessions.begin() as session:
            return await people.add_account(
                session,
                kind=AccountKind.CLIENT,
                email=client.email,
                language=Language.ENGLISH,
                client_id=client.id,
                now=self.deps.now(),
                new_id=self.deps.new_id,
            )

    async def in_practice(self, practice: Practice, role: Role, *, email: str = "front.desk@example.com") -> Account:
        """Return somebody who administers or schedules for a practice, and is no provider."""
        account = await self.of(email=f"{self.deps.new_id().hex[:8]}.{email}")
        async with self.deps.sessions.begin() as session:
            await people.add_member(session, account, practice.id, role, now=self.deps.now())
        return account

    async def join(self, account: Account, practice: Practice, role: Role = Role.PRACTICE_ADMIN) -> None:
        """Let somebody who has an account administer or schedule for a practice as well."""
        async with self.deps.sessions.begin() as session:
            await people.add_member(session, account, practice.id, role, now=self.deps.now())

    def code(self, account: Account) -> str:
        """Return what the owner's app shows now."""
        secret = people.totp_secret(account, self.deps.settings)
        return pyotp.TOTP(secret).at(self.deps.now())

    async def sign_in(self, browser: Browser, account: Account) -> Seen:
        """Sign somebody in: with password and code, or as a client by the cookie that a link would have given."""
        if account.kind is AccountKind.CLIENT:
            return await self.by_cookie(browser, account)
        await browser.post("/sign-in", {"email": account.email, "password": PASSWORD})
        return await browser.post("/sign-in/second", {"code": self.code(account)})

    async def by_cookie(self, browser: Browser, account: Account) -> Seen:
        """Give a browser a session of this account without the steps before, for stories about what comes after."""
        from portal import session as sessions  # noqa: PLC0415 - only here

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
        browser.take(sessions.cookie_name(self.deps.settings), token)
        return await browser.get("/")


@pytest.fixture
def accounts(deps: Deps) -> Accounts:
    return Accounts(deps)
