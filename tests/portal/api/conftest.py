"""The API as programs meet it: real HTTP, real tokens, and the house behind it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from json import loads
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from app import web
from config.deps import Deps
from config.keys import derive
from people import actions as people
from people.models import ApiToken, Provider
from people.values import TokenRole


@dataclass(frozen=True)
class Reply:
    """What came back; `json` is None where there was no body, or a file."""

    status: int
    headers: Mapping[str, str]
    text: str
    json: Any
    body: bytes = b""

    @property
    def code(self) -> str:
        return str(self.json["code"])


@dataclass(frozen=True)
class Program:
    """A program with one token."""

    http: ClientSession
    base: str
    token: str | None
    row: ApiToken | None = None

    async def send(self, method: str, path: str, json: object = None, **told: Any) -> Reply:
        headers = dict(told.pop("headers", {}))
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if json is not None:
            told["json"] = json
        async with self.http.request(method, f"{self.base}{path}", headers=headers, **told) as response:
            raw = await response.read()
            said = loads(raw) if raw and response.content_type.endswith("json") else None
            return Reply(response.status, response.headers, raw.decode(errors="replace"), said, raw)

    async def get(self, path: str, **query: Any) -> Reply:
        return await self.send("GET", path, params={k: str(v) for k, v in query.items()})

    async def post(self, path: str, json: object = None, key: str | None = None) -> Reply:
        return await self.send("POST", path, json, headers={"Idempotency-Key": key} if key else {})

    async def patch(self, path: str, json: object) -> Reply:
        return await self.send("PATCH", path, json)

    async def delete(self, path: str) -> Reply:
        return await self.send("DELETE", path)

    async def put(self, path: str, json: object) -> Reply:
        return await self.send("PUT", path, json)


async def new_token(deps: Deps, role: TokenRole, subject_id: UUID | None = None) -> tuple[str, ApiToken]:
    """Make a token as `consultline token create` does."""
    token = f"cl_{role.value}_{uuid4().hex}"
    async with deps.sessions.begin() as session:
        row = await people.add_token(
            session,
            token=token,
            role=role,
            subject_id=subject_id,
            token_key=derive(deps.settings.secret_key.get_secret_value(), "tokens"),
            now=deps.now(),
            new_id=deps.new_id,
        )
    return token, row


@pytest.fixture
async def base(deps: Deps) -> AsyncIterator[str]:
    """Serve the web role and return the address of its root."""
    server = TestServer(web.build(deps))
    await server.start_server(access_log=None)
    yield str(server.make_url("")).rstrip("/")
    await server.close()


@dataclass(frozen=True)
class Api:
    """Programs with tokens of every role."""

    http: ClientSession
    base: str
    deps: Deps

    async def admin(self) -> Program:
        return await self._program(TokenRole.ADMIN, None)

    async def of(self, provider: Provider) -> Program:
        return await self._program(TokenRole.PROVIDER, provider.id)

    async def partner(self, payer_id: UUID | None = None) -> Program:
        return await self._program(TokenRole.PARTNER, payer_id or uuid4())

    def nobody(self, token: str | None = None) -> Program:
        return Program(self.http, f"{self.base}/api/v1", token)

    async def _program(self, role: TokenRole, subject_id: UUID | None) -> Program:
        token, row = await new_token(self.deps, role, subject_id)
        return Program(self.http, f"{self.base}/api/v1", token, row)


@pytest.fixture
def api(http: ClientSession, base: str, deps: Deps) -> Api:
    return Api(http, base, deps)


@pytest.fixture
async def admin(api: Api) -> Program:
    return await api.admin()
