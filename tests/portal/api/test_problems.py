"""How the API says no: problem details, all problems at once, and nothing that was sent."""

import json

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer, unused_port
from sqlalchemy import text
from structlog.testing import capture_logs

from app import deps as real
from app import web
from config.deps import Deps
from config.settings import Settings
from tests.builders import World
from tests.portal.api.conftest import Api, Program, Reply

PERSON = {"first_name": "Kim", "last_name": "Roe", "email": "kim@example.com"}


def is_problem(reply: Reply, status: int, code: str) -> bool:
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert set(reply.json) - {"facts"} == {"type", "title", "status", "detail", "code", "request_id", "errors"}
    assert reply.json["type"] == f"urn:consultline:problem:{reply.code}"
    assert reply.json["request_id"] == reply.headers["X-Request-Id"]
    return (reply.status, reply.json["status"], reply.code) == (status, status, code)


async def test_every_problem_of_an_input_is_named_at_once(api: Api, world: World) -> None:
    me = await api.of(await world.provider())

    refused = await me.send(
        "POST",
        "/clients?dry=1",
        {"first_name": " ", "email": "kim", "phone": "555-0199", "note": "secret words", "provider_id": 7},
    )

    assert is_problem(refused, 400, "bad_input")
    assert {one["where"]: one["sentence"] for one in refused.json["errors"]} == {
        "dry": "There is no such field.",
        "provider_id": "UUID input should be a string, bytes or UUID object.",
        "first_name": "Write words on one line, without control characters.",
        "last_name": "This field is needed.",
        "email": "Enter a mail address such as ana@example.com.",
        "phone": "Enter a valid telephone number with its country code, such as +12125550100.",
        "note": "There is no such field.",
    }
    assert "secret words" not in refused.text


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"[]", "body"),
        (b"null", "body"),
        (b'"x"', "body"),
        (b'{"first_name": "\xff"}', "body"),
        (b'{"first_name": "\\ud800"}', "body"),
        (b"[" * 100_000, "body"),
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(api: Api, world: World, body: bytes, where: str) -> None:
    me = await api.of(await world.provider())

    refused = await me.send("POST", "/clients", data=body, headers={"Content-Type": "application/json"})

    assert is_problem(refused, 400, "bad_input")
    assert refused.json["errors"][0]["where"] == where


@pytest.mark.parametrize(
    "name",
    [
        "a\x00b",
        "a\nb",
        "a\rb",
        "\x1b[31m",
        "a\u202eb",
        "a\u2028b",
        "\u200b",
        "   ",
        "",
        "x" * 101,
        "a\x85b",
        None,
        7,
        ["a"],
    ],
)
async def test_f34_a_name_is_words_on_one_line(api: Api, world: World, name: object) -> None:
    me = await api.of(await world.provider())

    refused = await me.post("/clients", {**PERSON, "first_name": name})

    assert (refused.status, [one["where"] for one in refused.json["errors"]]) == (400, ["first_name"])


@pytest.mark.parametrize(
    "name",
    ["=cmd|' /C calc'!A0", "'; DROP TABLE clients; --", "<script>alert(1)</script>", "Zoë O'Neil", "李", "x" * 100],
)
async def test_f34_what_is_only_odd_is_kept_as_it_is(api: Api, world: World, name: str) -> None:
    me = await api.of(await world.provider())

    made = await me.post("/clients", {**PERSON, "first_name": f"  {name}"[:100]})

    assert made.status == 201
    assert made.json["first_name"] == f"  {name}"[:100].strip()
    assert (await me.get(f"/clients/{made.json['id']}")).json == made.json


async def test_a_query_is_read_as_strictly(admin: Program) -> None:
    for query, where in (
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=1_0", "limit"),
        ("limit=%202", "limit"),
        ("limit=2.0", "limit"),
        ("limit=1&limit=1", "limit"),
        ("state=opened", "state"),
        ("provider_id=1", "provider_id"),
        ("after=%00", "after"),
        ("before=x", "before"),
    ):
        refused = await admin.send("GET", f"/tasks?{query}")
        assert is_problem(refused, 400, "bad_input"), query
        assert {one["where"] for one in refused.json["errors"]} == {where}


async def test_other_methods_paths_and_media_are_refused(admin: Program, api: Api) -> None:
    assert is_problem(await admin.send("GET", "/nothing"), 404, "not_found")
    assert is_problem(await admin.send("GET", "/clients/7"), 404, "not_found")
    assert is_problem(await api.nobody().send("GET", "/clients/%00"), 404, "not_found")
    delete = await admin.send("DELETE", "/line")
    assert is_problem(delete, 405, "method_not_allowed")
    assert delete.headers["Allow"] == "GET,HEAD"
    form = await admin.send("POST", "/practices", data={"name": "Oak"})
    assert is_problem(form, 415, "not_json")
    large = await admin.send(
        "POST", "/practices", data=b" " * (256 * 1024 + 1), headers={"Content-Type": "application/json"}
    )
    assert is_problem(large, 413, "too_large")


async def test_who_is_unknown_learns_nothing_of_what_was_sent(api: Api) -> None:
    for token in (None, "", "cl_admin_", "cl_admin_" + "x" * 500, "Basic YTpi", "cl_root_" + "0" * 32, "\xe9" * 30):
        refused = await api.nobody(token).send("POST", "/practices", {"nonsense": 1})
        assert is_problem(refused, 401, "unauthorized")
        assert refused.json["errors"] == []


async def test_a_bug_is_answered_with_the_requests_id_and_nothing_else(
    admin: Program, deps: Deps, api: Api, world: World
) -> None:
    me = await api.of(await world.provider())
    async with deps.sessions.begin() as session:
        await session.execute(text("ALTER TABLE clients RENAME COLUMN first_name TO gone"))

    with capture_logs() as logs:
        failed = await me.post("/clients", PERSON)

    assert is_problem(failed, 500, "bug")
    assert "gone" not in failed.text
    assert "first_name" not in failed.text
    bug = next(one for one in logs if one["event"] == "request.bug")
    assert bug["exc_info"]
    line = next(one for one in logs if one["event"] == "request")
    assert (line["status"], line["route"]) == (500, "/api/v1/clients")


async def test_a_lost_connection_is_no_bug_and_the_next_request_finds_a_new_one(admin: Program, deps: Deps) -> None:
    assert (await admin.get("/line")).status == 200
    async with deps.driver.acquire() as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    lost = await admin.get("/line")

    assert lost.status == 200 or is_problem(lost, 503, "service_trouble")
    assert (await admin.get("/line")).status == 200
    assert deps.sessions.kw["bind"].pool.checkedout() == 0


async def test_without_its_database_the_api_says_when_to_come_back(
    settings: Settings, http: ClientSession, admin: Program
) -> None:
    away = settings.model_copy(update={"database_url": f"postgresql://nobody@127.0.0.1:{unused_port()}/none"})
    async with real.connect(away) as without:
        server = TestServer(web.build(without))
        await server.start_server(access_log=None)
        lost = await Program(http, str(server.make_url("/api/v1")), admin.token).get("/line")
        await server.close()

    assert is_problem(lost, 503, "service_trouble")
    assert lost.headers["Retry-After"] == "5"


async def test_the_description_is_public_and_names_no_secret(http: ClientSession, base: str, deps: Deps) -> None:
    async with http.get(f"{base}/api/v1/openapi.json") as response:
        described = json.loads(await response.text())

    assert (response.status, described["openapi"]) == (200, "3.1.0")
    assert deps.settings.secret_key.get_secret_value() not in json.dumps(described)
