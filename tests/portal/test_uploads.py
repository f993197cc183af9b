"""Uploads have limits of their own, and weaken nobody else's: served as the web role is."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from app import web
from app.serve import serving
from config.deps import Deps
from people.values import TokenRole
from portal import uploads
from tests.builders import World
from tests.people.imports.files import ANN_CSV, HEADER
from tests.portal.api.conftest import new_token

BODY_S = 0.2
HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="clients.csv"\r\n\r\n' + HEADER.encode() + b"\r\n"
TAIL = ANN_CSV.encode() + b"\r\n\r\n--x--\r\n"
FORM = {"Content-Type": "multipart/form-data; boundary=x"}


@pytest.fixture
async def address(deps: Deps) -> AsyncIterator[str]:
    async with serving(web.build(deps), "127.0.0.1", 0, body_s=BODY_S) as port:
        yield f"http://127.0.0.1:{port}/api/v1"


@pytest.fixture
async def bearer(deps: Deps, world: World) -> dict[str, str]:
    token, _ = await new_token(deps, TokenRole.PROVIDER, (await world.provider()).id)
    return {"Authorization": f"Bearer {token}"}


async def test_a_file_may_take_longer_than_other_bodies(
    address: str, bearer: dict[str, str], http: aiohttp.ClientSession
) -> None:
    """The other body begins after the file and is cut before its end; the file goes on."""

    async def forever() -> AsyncIterator[bytes]:
        yield b'{"first_name": '
        await asyncio.Event().wait()

    async def file() -> AsyncIterator[bytes]:
        yield HEAD
        json = {"Content-Type": "application/json"}
        async with http.post(f"{address}/clients", headers=bearer | json, data=forever()) as other:
            assert other.status == 408
        yield TAIL

    async with http.post(f"{address}/imports", headers=bearer | FORM, data=file()) as made:
        assert made.status == 201
        assert (await made.json())["counts"]["valid"] == 1


async def test_a_file_that_stops_coming_is_given_up(
    address: str, bearer: dict[str, str], http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PAUSE_S", BODY_S)

    async def file() -> AsyncIterator[bytes]:
        yield HEAD
        await asyncio.Event().wait()

    async with http.post(f"{address}/imports", headers=bearer | FORM, data=file()) as cut:
        assert cut.status == 408


async def test_nothing_is_received_of_who_may_not_send(address: str, http: aiohttp.ClientSession) -> None:
    async def file() -> AsyncIterator[bytes]:
        yield HEAD
        await asyncio.Event().wait()

    async with http.post(f"{address}/imports", headers=FORM, data=file()) as refused:
        assert refused.status == 401


@pytest.mark.parametrize(
    "body", [b"--x\r\nNone--x--\r\n", b"--x\r\n[]--x--\r\n", b"no form at all", b"--x\r\n\x00: y\r\n\r\n--x--\r\n"]
)
async def test_f32_a_form_that_is_none_is_said_to_be(
    address: str, bearer: dict[str, str], http: aiohttp.ClientSession, body: bytes
) -> None:
    async with http.post(f"{address}/imports", data=body, headers=bearer | FORM) as reply:
        assert reply.status == 400
        assert (await reply.json(content_type=None))["code"] == "bad_input"
