"""A write that is sent twice is done once."""

import asyncio

import pytest
from sqlalchemy import text

from config.deps import Deps
from people import queries as people
from tests.builders import World
from tests.portal.api.conftest import Api, Program

OAK = {"name": "Oak", "kind": "solo", "timezone": "America/New_York"}


async def practices(deps: Deps) -> int:
    async with deps.sessions() as session:
        return int((await session.execute(text("SELECT count(*) FROM practices"))).scalar_one())


async def test_the_same_again_gets_the_same_and_does_nothing(admin: Program, deps: Deps) -> None:
    first = await admin.post("/practices", OAK, key="once")
    again = await admin.post("/practices", OAK, key="once")

    assert (first.status, again.status) == (201, 201)
    assert first.text == again.text
    assert first.headers["Location"] == again.headers["Location"]
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    assert await practices(deps) == 1


async def test_an_answer_without_words_is_repeated_too(api: Api, world: World) -> None:
    provider = await world.provider()
    me = await api.of(provider)

    for _ in range(2):
        reply = await me.send(
            "PUT", f"/providers/{provider.id}/pin", {"pin": "274913"}, headers={"Idempotency-Key": "p"}
        )
        assert (reply.status, reply.text) == (204, "")


async def test_a_key_stands_for_one_request_of_one_token(admin: Program, api: Api, deps: Deps) -> None:
    await admin.post("/practices", OAK, key="once")

    other_body = await admin.post("/practices", {**OAK, "name": "Elm"}, key="once")
    await admin.post("/line/outage", {}, key="switch")
    other_path = await admin.post("/line/restore", {}, key="switch")
    other_token = await (await api.admin()).post("/practices", OAK, key="once")

    assert (other_body.status, other_body.code) == (422, "key_used")
    assert (other_path.status, other_path.code) == (422, "key_used")
    assert other_token.status == 201
    assert await practices(deps) == 2


async def test_while_the_first_still_runs_the_second_is_told(admin: Program, deps: Deps) -> None:
    assert admin.row is not None
    async with deps.sessions.begin() as session:
        assert await people.lock_write(session, admin.row.id, "once")
        meanwhile = await admin.post("/practices", OAK, key="once")

    assert (meanwhile.status, meanwhile.code) == (409, "write_running")
    assert (await admin.post("/practices", OAK, key="once")).status == 201
    assert await practices(deps) == 1


async def test_of_many_at_once_one_is_done(admin: Program, deps: Deps) -> None:
    replies = await asyncio.gather(*(admin.post("/practices", OAK, key="once") for _ in range(12)))

    assert {reply.status for reply in replies} <= {201, 409}
    assert {reply.code for reply in replies if reply.status == 409} <= {"write_running"}
    assert len({reply.text for reply in replies if reply.status == 201}) == 1
    assert await practices(deps) == 1


async def test_what_was_refused_may_be_tried_again(admin: Program, world: World) -> None:
    provider = await world.provider()
    there = await world.appointment(provider)
    new = {
        "provider_id": str(provider.id),
        "client_id": str(there.client_id),
        "session_type": "full_session",
        "source": "client_portal",
        "starts_at": there.starts_at.isoformat(),
        "ends_at": there.ends_at.isoformat(),
    }

    assert (await admin.post("/appointments", new, key="once")).status == 409
    await admin.post(f"/appointments/{there.id}/cancel", {"by": "provider"})
    assert (await admin.post("/appointments", new, key="once")).status == 201


async def test_a_crash_after_the_work_leaves_neither_work_nor_key(admin: Program, deps: Deps) -> None:
    async with deps.sessions.begin() as session:
        await session.execute(text("ALTER TABLE api_writes ADD CONSTRAINT broken CHECK (status IS NULL)"))

    crashed = await admin.post("/practices", OAK, key="once")

    assert crashed.status == 500
    assert await practices(deps) == 0
    async with deps.sessions.begin() as session:
        await session.execute(text("ALTER TABLE api_writes DROP CONSTRAINT broken"))
    assert (await admin.post("/practices", OAK, key="once")).status == 201
    assert await practices(deps) == 1


async def test_a_secret_answer_is_not_kept(api: Api, world: World, deps: Deps) -> None:
    provider = await world.provider(verified=False)
    me = await api.of(provider)

    shown = await me.post(f"/providers/{provider.id}/dial-phone/verify", key="once")

    assert shown.status == 201
    async with deps.sessions() as session:
        assert (await session.execute(text("SELECT count(*) FROM api_writes"))).scalar_one() == 0


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "clé"])
async def test_a_key_that_is_none_is_refused(admin: Program, deps: Deps, key: str) -> None:
    refused = await admin.send("POST", "/practices", OAK, headers={"Idempotency-Key": key})

    assert (refused.status, refused.json["errors"][0]["where"]) == (400, "Idempotency-Key")
    assert await practices(deps) == 0
