"""Clients from files and into files, over HTTP: looked at, committed by the worker, reported, exported."""

import asyncio
import csv
import io
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import FormData
from openpyxl import load_workbook

from config.deps import Deps
from people.values.imports import ROW_NOTES, RowFate, RowOutcome
from portal.notes import FATES, OUTCOMES, SENTENCES
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import Worker
from tests.people.imports.files import ANN_CSV, HEADER, TRAPS, table
from tests.portal.api.conftest import Api, Program, Reply

FORM = "multipart/form-data; boundary=x"
BY_NAME = {trap.trap: trap for trap in TRAPS}


async def upload(program: Program, data: bytes, name: str = "clients.csv", **fields: str) -> Reply:
    form = FormData()
    for field, value in fields.items():
        form.add_field(field, value)
    form.add_field("file", data, filename=name, content_type="application/octet-stream")
    return await program.send("POST", "/imports", data=form)


def lines(*told: str) -> bytes:
    return table(HEADER, *told)()


async def test_a_file_is_looked_at_then_committed_then_reported(api: Api, world: World, works: Worker) -> None:
    provider = await world.provider()
    me = await api.of(provider)

    made = await upload(me, lines(ANN_CSV, "Bea,Canary,,", "Cat,Canary,cat@example.com,none"))

    assert made.status == 201
    path = f"/imports/{made.json['id']}"
    assert made.headers["Location"] == f"/api/v1{path}"
    assert made.json == {
        "id": made.json["id"],
        "provider_id": str(provider.id),
        "state": "preview",
        "kind": "csv",
        "columns": {
            "first_name": "First Name",
            "last_name": "Last Name",
            "email": "Email",
            "phone": "Mobile Phone",
        },
        "dropped": [],
        "sheet": None,
        "encoding": "utf-8",
        "guessed": False,
        "samples": [],
        "counts": {"valid": 1, "warning": 1, "error": 1, "duplicate": 0, "blank": 0},
        "invite": False,
        "progress": {"done": 0, "of": 2},
        "result": None,
        "created_at": "2026-11-24T19:00:00Z",
        "expires_at": "2026-11-25T19:00:00Z",
        "committed_at": None,
    }
    rows = (await me.get(f"{path}/rows", outcome="error")).json
    assert rows == {
        "items": [
            {
                "number": 3,
                "outcome": "error",
                "first_name": "Bea",
                "last_name": "Canary",
                "email": "",
                "phone": None,
                "typed_phone": None,
                "notes": [
                    {
                        "code": "no_email",
                        "field": "email",
                        "row": None,
                        "sentence": "The e-mail address is missing.",
                    }
                ],
                "fate": None,
            }
        ],
        "next": None,
    }

    begun = await me.post(f"{path}/commit", {"invite": False})
    assert (begun.status, begun.json["state"], begun.json["invite"]) == (202, "committing", False)
    await works.turn()
    again = await me.post(f"{path}/commit")

    assert (again.status, again.json["state"]) == (202, "committed")
    assert again.json["result"] == {"added": 2, "filled": 0, "replaced": 0, "unarchived": 0, "skipped": 0}
    assert again.json["progress"] == {"done": 2, "of": 2}
    report = await me.get(f"{path}/report")
    assert report.headers["Content-Disposition"] == 'attachment; filename="report.csv"'
    assert [row[:2] + row[6:] for row in csv.reader(io.StringIO(report.body.decode("utf-8-sig")))] == [
        ["Row", "Result", "As typed", "Notes"],
        ["2", "Added", "", ""],
        ["3", "Left alone", "", "The e-mail address is missing."],
        ["4", "Added", "none", "The number cannot be read; it is left empty."],
    ]
    assert [one["id"] for one in (await me.get("/imports")).json["items"]] == [made.json["id"]]


async def test_r65_what_is_not_wanted_is_named_and_nowhere_kept(api: Api, world: World, deps: Deps) -> None:
    me = await api.of(await world.provider())
    secret = "a-diagnosis-that-nobody-else-may-read"

    made = await upload(me, table(f"{HEADER},Diagnosis,Member ID", f"{ANN_CSV},{secret},{secret}")())

    assert made.json["dropped"] == ["Diagnosis", "Member ID"]
    async with deps.driver.acquire() as connection:
        for name in ("import_jobs", "import_rows"):
            kept = await connection.fetch(f"SELECT {name}::text AS all FROM {name}")
            assert kept
            assert secret not in str(kept)


async def test_a_guess_is_shown_with_samples_and_another_encoding_can_be_chosen(api: Api, world: World) -> None:
    me = await api.of(await world.provider())
    data = table(HEADER, "José,Canary,ann@example.com,", encoding="mac_roman")()

    guessed = (await upload(me, data)).json
    chosen = (await upload(me, data, encoding="mac_roman")).json

    assert (guessed["encoding"], guessed["guessed"]) == ("cp1252", True)
    assert guessed["samples"] == [{"cp1252": "JosŽ", "mac_roman": "José", "cp1250": "JosŽ"}]
    assert (chosen["encoding"], chosen["guessed"]) == ("mac_roman", False)
    shown = [(await me.get(f"/imports/{one['id']}/rows")).json["items"][0]["first_name"] for one in (guessed, chosen)]
    assert shown == ["JosŽ", "José"]


async def test_missing_columns_are_told_and_can_be_chosen(api: Api, world: World) -> None:
    me = await api.of(await world.provider())
    data = table("Given,Surname,Address", "Ann,Canary,ann@example.com")()

    refused = await upload(me, data)
    chosen = await upload(me, data, first_name_column="given", last_name_column="Surname", email_column="Address")

    assert (refused.status, refused.code) == (422, "columns_missing")
    assert refused.json["facts"] == {
        "missing": ["First Name", "Last Name", "Email"],
        "columns": ["Given", "Surname", "Address"],
    }
    assert chosen.json["columns"] == {"first_name": "Given", "last_name": "Surname", "email": "Address"}


async def test_a_preset_is_used_where_it_is_chosen(api: Api, world: World) -> None:
    me = await api.of(await world.provider())
    data = table("Client,Email", "Ann Canary,ann@example.com")()

    assert (await upload(me, data)).code == "columns_missing"
    assert (await upload(me, data, preset="client_report")).json["counts"]["warning"] == 1
    assert (await upload(me, data, preset="no_such_preset")).status == 400


async def test_the_region_is_that_of_the_practice(api: Api, world: World, deps: Deps) -> None:
    provider = await world.provider()
    async with deps.sessions.begin() as session:
        practice = await session.merge(await world.practice())
        practice.timezone = "Europe/Madrid"
        (await session.merge(provider)).practice_id = practice.id

    made = await upload(await api.of(provider), lines("Ann,Canary,ann@example.com,612 34 56 78"))

    rows = (await (await api.of(provider)).get(f"/imports/{made.json['id']}/rows")).json["items"]
    assert rows[0]["phone"] == "+34612345678"


async def test_rows_are_listed_page_by_page(api: Api, world: World) -> None:
    me = await api.of(await world.provider())
    made = await upload(me, lines(*(f"Canary{n},Client,c{n}@example.com," for n in range(5))))
    path, seen = f"/imports/{made.json['id']}/rows", []
    after: dict[str, str] = {}

    while True:
        page = (await me.get(path, limit=2, **after)).json
        seen.append([one["number"] for one in page["items"]])
        if page["next"] is None:
            break
        after = {"after": page["next"]}

    assert seen == [[2, 3], [4, 5], [6]]


@pytest.mark.parametrize(
    ("trap", "status", "code"),
    [
        ("nothing at all", 422, "empty_file"),
        ("an old workbook", 422, "old_format"),
        ("a password", 422, "password"),
        ("macros inside", 422, "macros"),
        ("an archive in an archive", 422, "archive"),
        ("a bomb that unpacks to 60 MB", 422, "too_demanding"),
        ("a bomb of entities", 422, "damaged"),
        ("a NUL in a cell", 422, "not_text"),
        ("a table called .xlsx", 422, "misnamed"),
        ("a quote that is not closed", 422, "bad_quotes"),
    ],
)
async def test_a_hostile_file_ends_in_a_sentence(
    api: Api, world: World, deps: Deps, trap: str, status: int, code: str
) -> None:
    me = await api.of(await world.provider())

    refused = await upload(me, BY_NAME[trap].make(), BY_NAME[trap].name)

    assert (refused.status, refused.code) == (status, code)
    assert (await me.get("/imports")).json["items"] == []
    assert (await upload(me, lines(ANN_CSV))).status == 201, "and the service goes on"


async def test_a_file_that_says_that_it_is_too_large_is_answered_before_it_comes(
    api: Api, world: World, base: str
) -> None:
    me = await api.of(await world.provider())
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(base).port)

    writer.write(
        f"POST /api/v1/imports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {me.token}\r\n"
        f"Content-Type: {FORM}\r\nContent-Length: {200 * 1024 * 1024}\r\n\r\n".encode()
    )
    said = await reader.readline()
    writer.close()

    assert said.startswith(b"HTTP/1.1 413 ")


async def test_a_file_that_does_not_say_how_large_it_is_is_cut_off(api: Api, world: World) -> None:
    """200 MB come in pieces; no more is taken of them than a file may have."""
    me = await api.of(await world.provider())
    sent = 0

    async def pieces() -> Any:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="clients.csv"\r\n\r\n'
        for _ in range(200):
            sent += 1
            yield b"x" * 1024 * 1024
        yield b"\r\n--x--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    refused = await me.send("POST", "/imports", data=pieces(), headers=headers)

    assert (refused.status, refused.code) == (413, "too_large")
    assert sent < 100


PART = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", "{}", 415),
        (FORM, "no form at all", 400),
        (FORM, "", 400),
        (FORM, "--x--\r\n", 400),
        (FORM, PART.format("provider_id", "x") + "--x--\r\n", 400),
        (FORM, PART.format("file", HEADER) * 2 + "--x--\r\n", 400),
        (FORM, PART.format("file", HEADER) + PART.format("sheet", "x" * 5000) + "--x--\r\n", 400),
        (FORM, PART.format("file", HEADER) + PART.format("surprise", "x") + "--x--\r\n", 400),
        (FORM, PART.format("file", HEADER), 400),
        ("multipart/form-data", PART.format("file", HEADER), 400),
    ],
    ids=[
        "json",
        "words",
        "empty",
        "no part",
        "no file",
        "twice",
        "long field",
        "unknown field",
        "no end",
        "no boundary",
    ],
)
async def test_what_is_no_form_is_told(api: Api, world: World, kind: str, body: str, status: int) -> None:
    me = await api.of(await world.provider())

    refused = await me.send("POST", "/imports", data=body.encode(), headers={"Content-Type": kind})

    assert refused.status == status


async def test_other_bodies_keep_their_limit(api: Api, world: World) -> None:
    me = await api.of(await world.provider())

    refused = await me.post("/clients", {"first_name": "x" * 300_000})

    assert (refused.status, refused.code) == (413, "too_large")


async def test_a_report_is_over_with_its_rows(api: Api, world: World, clock: Clock) -> None:
    me = await api.of(await world.provider())
    made = (await upload(me, lines(ANN_CSV))).json
    path = f"/imports/{made['id']}"

    clock.forward(hours=24)

    assert (await me.get(f"{path}/report")).status == 404
    assert ((await me.post(f"{path}/commit")).status, (await me.post(f"{path}/commit")).code) == (409, "preview_over")


# Export


CSV_AND_XLSX = pytest.mark.parametrize("kind", ["csv", "xlsx"])


def cells(kind: str, body: bytes) -> list[list[str]]:
    if kind == "csv":
        return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    sheet = load_workbook(io.BytesIO(body)).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "inlineStr", "n"}, (
        "no cell is a formula"
    )
    return [[str(cell.value or "") for cell in row] for row in sheet.iter_rows()]


@CSV_AND_XLSX
async def test_an_exported_list_is_imported_as_the_same_clients(
    api: Api, world: World, works: Worker, kind: str
) -> None:
    one, two = await world.provider(), await world.provider()
    mine, theirs = await api.of(one), await api.of(two)
    for told in (
        {"first_name": "Ann", "last_name": "Canary", "email": "ann@example.com", "phone": "212 555 0142"},
        {"first_name": "José", "last_name": "Canary-Ñ", "email": "jose@example.com", "phone": "+34 612 34 56 78"},
        {"first_name": "-Bea", "last_name": "@Canary", "email": "bea@example.com"},
    ):
        assert (await mine.post("/clients", told)).status == 201

    exported = await mine.get("/clients/export", format=kind)
    assert (exported.status, exported.headers["Content-Disposition"]) == (
        200,
        f'attachment; filename="clients.{kind}"',
    )
    again = (await upload(mine, exported.body, f"clients.{kind}")).json
    moved = (await upload(theirs, exported.body, f"clients.{kind}")).json
    await theirs.post(f"/imports/{moved['id']}/commit")
    await works.turn()

    assert again["counts"]["duplicate"] == 3
    assert {note for row in await notes_of(mine, again["id"]) for note in row} == {"in_your_list"}
    assert moved["counts"] == {"valid": 3, "warning": 0, "error": 0, "duplicate": 0, "blank": 0}
    assert cells(kind, (await theirs.get("/clients/export", format=kind)).body) == cells(kind, exported.body)


async def notes_of(program: Program, import_id: str) -> list[list[str]]:
    rows = (await program.get(f"/imports/{import_id}/rows")).json["items"]
    return [[note["code"] for note in row["notes"]] for row in rows]


async def test_no_cell_of_an_exported_csv_is_a_formula(api: Api, world: World) -> None:
    me = await api.of(await world.provider())
    await me.post(
        "/clients",
        {"first_name": "=1+1", "last_name": "@Canary", "email": "ann@example.com", "phone": "+34 612 34 56 78"},
    )

    rows = cells("csv", (await me.get("/clients/export")).body)

    assert rows == [
        ["First Name", "Last Name", "Email", "Mobile Phone"],
        ["'=1+1", "'@Canary", "ann@example.com", "'+34 612 34 56 78"],
    ]


async def test_archived_clients_are_exported_where_they_are_asked_for(api: Api, world: World) -> None:
    provider = await world.provider()
    me = await api.of(provider)
    client = await world.client(provider)
    await me.post(f"/clients/{client.id}/archive")

    counts = [len(cells("csv", (await me.get("/clients/export", **told)).body)) for told in ({}, {"archived": "true"})]

    assert counts == [1, 2]


async def test_r46_of_a_proposed_client_what_was_typed_is_exported(api: Api, world: World) -> None:
    one, two = await world.provider(), await world.provider()
    await world.client(one, email="ann@example.com", phone="+12125550199")
    me = await api.of(two)
    await me.post("/clients", {"first_name": "Typed", "last_name": "Canary", "email": "ann@example.com"})

    assert cells("csv", (await me.get("/clients/export")).body)[1:] == [["Typed", "Canary", "ann@example.com", ""]]


async def test_a_list_that_a_workbook_cannot_bring_back_is_not_written_as_one(
    api: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = await world.provider()
    await world.client(provider)
    monkeypatch.setattr("people.readers.xlsx.MOST_ROWS", 0)

    refused = await (await api.of(provider)).get("/clients/export", format="xlsx")

    assert (refused.status, refused.code) == (422, "too_many_rows")


def test_everything_that_can_be_said_of_a_row_has_a_sentence() -> None:
    assert set(SENTENCES) == set(ROW_NOTES.values())
    assert set(OUTCOMES) == set(RowOutcome)
    assert set(FATES) == set(RowFate)
    assert len(ROW_NOTES) == len(SENTENCES), "no two notes have one code"
