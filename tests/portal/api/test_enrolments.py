"""The referral programme over HTTP: every row of requirements 4.7 that is built, and why the others are refused."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from config.deps import Deps
from config.errors import Refused
from people import actions as people
from people.models import Account, Provider
from people.values import AccountKind, EnrolmentEvent, Language, Role
from tests.builders import OPERATOR, World, as_provider, present
from tests.clock import Clock
from tests.fixtures import Worker
from tests.mailbox import Mailbox
from tests.portal.api.conftest import Api, Program, Reply


async def in_programme(admin: Program, world: World) -> tuple[Provider, str]:
    provider = await world.provider()
    await admin.patch(f"/practices/{provider.practice_id}", {"programme": True})
    async with world.deps.sessions.begin() as session:
        await present(session, provider.id, world.deps.now())
    payer = await admin.post("/payers", {"name": "Canary Health"})
    return provider, payer.json["id"]


async def do(admin: Program, provider: Provider, *steps: str, payer: str) -> Reply:
    """Take the steps one after the other; return the answer to the last."""
    path, named = f"/providers/{provider.id}/enrolment", {"payer_ids": [payer]}
    replies = []
    for step in steps:
        below = "" if step in {"enrol", "payers"} else f"/{step}"
        method = "PATCH" if step == "payers" else "POST"
        replies.append(await admin.send(method, f"{path}{below}", None if below else named))
    return replies[-1]


@pytest.mark.parametrize(
    ("steps", "status", "said"),
    [
        ("enrol", 201, "incomplete"),
        ("enrol payers", 200, "incomplete"),
        ("enrol submit", 200, "completed"),
        ("enrol submit submit", 200, "completed"),
        ("enrol submit payers", 200, "completed"),
        ("enrol delete", 200, "deleted"),
        ("enrol delete enrol", 201, "incomplete"),
        ("enrol deactivate", 200, "deactivated"),
        ("enrol submit deactivate", 200, "deactivated"),
        ("enrol enrol", 409, "already_enrolled"),
        ("enrol submit enrol", 409, "already_enrolled"),
        ("enrol submit delete", 409, "enrolment_completed"),
        ("enrol deactivate enrol", 409, "enrolment_ended"),
        ("enrol deactivate payers", 409, "enrolment_ended"),
        ("enrol deactivate submit", 409, "enrolment_ended"),
        ("enrol deactivate delete", 409, "enrolment_ended"),
        ("enrol deactivate deactivate", 409, "enrolment_ended"),
        ("enrol delete submit", 404, "not_found"),
        ("submit", 404, "not_found"),
    ],
)
async def test_an_enrolment_goes_by_its_table(admin: Program, world: World, steps: str, status: int, said: str) -> None:
    provider, payer = await in_programme(admin, world)

    reply = await do(admin, provider, *steps.split(), payer=payer)

    assert (reply.status, reply.json.get("code") or reply.json["state"]) == (status, said)


REQUIRED: dict[str, Any] = {
    "npi": None,
    "office_phone": None,
    "location": None,
    "photo": None,
    "statement": None,
    "focus": [],
    "languages": [],
    "taxonomy": None,
}


@pytest.mark.parametrize("name", REQUIRED)
async def test_r84_what_payers_need_is_there_or_a_profile_is_not_submitted(
    api: Api, admin: Program, world: World, name: str
) -> None:
    """And where something that comes from elsewhere goes missing later, payers see nothing until it is mended."""
    provider, payer = await in_programme(admin, world)
    me, path = await api.of(provider), f"/providers/{provider.id}"

    async def take_away() -> Reply:
        if name == "photo":
            return await me.delete(f"{path}/photo")
        below = "" if name in {"npi", "office_phone", "location"} else "/profile"
        return await me.patch(f"{path}{below}", {name: REQUIRED[name]})

    await do(admin, provider, "enrol", "submit", payer=payer)
    assert (await take_away()).status == 200

    shown = (await me.get(f"{path}/enrolment")).json
    pulled = name in {"npi", "office_phone", "location", "photo"}
    assert (shown["state"], shown["needs_attention"], shown["missing"]) == ("completed", pulled, [name])
    again = await me.post(f"{path}/enrolment/submit")
    assert (again.status, again.code, again.json["facts"]["missing"]) == (409, "profile_incomplete", [name])
    assert (await me.get(f"{path}/enrolment")).json["submitted_at"] == shown["submitted_at"]


async def test_r74_r78_who_is_told_what_in_the_life_of_an_enrolment(
    api: Api, admin: Program, world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    """M8 once, and again when asked; the task; hidden and mended; who administers the practice is told as well."""
    provider, payer = await in_programme(admin, world)
    await administrator(world, provider)
    path = f"/providers/{provider.id}"

    async def subjects() -> list[str]:
        await works.turn()
        found = [
            f"{mail['To']}".split("@")[0] + ": " + " ".join(f"{mail['Subject']}".split()) for mail in mailbox.letters()
        ]
        mailbox.taken.clear()
        return sorted(found)

    async def tasks() -> list[str]:
        rows = (await admin.get("/tasks", provider_id=provider.id)).json["items"]
        return [row["state"] for row in rows if row["kind"] == "complete_public_profile"]

    name = provider.email.split("@")[0]
    fill_in = f"{name}: You are in the client referral programme: please fill in your public profile"
    await do(admin, provider, "enrol", payer=payer)
    assert (await subjects(), await tasks()) == ([fill_in], ["open"])
    for _ in range(2):
        await admin.post(f"{path}/enrolment/remind")
    assert await subjects() == [fill_in]  # once an hour at most
    clock.forward(hours=1)
    assert (await admin.post(f"{path}/enrolment/remind")).status == 200
    assert await subjects() == [fill_in]

    await do(admin, provider, "submit", payer=payer)
    assert (await subjects(), await tasks()) == ([], ["done"])
    await admin.patch(path, {"office_phone": None})
    await admin.patch(path, {"location": None})
    assert await subjects() == [
        "admin: A profile of your practice is hidden from payers",
        f"{name}: Your public profile is hidden from payers",
    ]
    await admin.patch(path, {"office_phone": "+12125550109"})
    assert (await admin.get(f"{path}/enrolment")).json["needs_attention"] is True
    await admin.patch(path, {"location": "2 Canary Street"})
    assert (await admin.get(f"{path}/enrolment")).json["needs_attention"] is False
    await admin.post(f"{path}/enrolment/deactivate")
    assert await subjects() == [f"{name}: You have left the client referral programme"]


async def test_what_is_taken_away_while_a_profile_is_submitted_is_missed(
    api: Api, admin: Program, world: World, deps: Deps
) -> None:
    """Whoever comes second sees what the first has done, also when both had begun before."""
    provider, payer = await in_programme(admin, world)
    await do(admin, provider, "enrol", payer=payer)
    me = await api.of(provider)
    told: Any = {"actor": OPERATOR, "now": deps.now(), "new_id": deps.new_id}
    async with deps.sessions.begin() as session:
        row = await people.known_provider(session, provider.id)
        await people.change_provider(session, row, {"office_phone": None}, **told)  # holds the enrolment until its end
        submitting = asyncio.create_task(me.post(f"/providers/{provider.id}/enrolment/submit"))
        await waiting_for_a_lock(deps)
    late = await submitting
    assert (late.status, late.json["facts"]["missing"]) == (409, ["office_phone"])


@pytest.mark.parametrize("event", [EnrolmentEvent.DELETE, EnrolmentEvent.DEACTIVATE])
async def test_r73_nobody_leaves_by_their_own_hand(
    admin: Program, world: World, deps: Deps, event: EnrolmentEvent
) -> None:
    provider, payer = await in_programme(admin, world)
    await do(admin, provider, "enrol", payer=payer)
    async with deps.sessions.begin() as session:
        with pytest.raises(Refused, match="administers your practice"):
            await people.move_enrolment(
                session, provider.id, event, actor=as_provider(provider.id), now=deps.now(), new_id=deps.new_id
            )


async def waiting_for_a_lock(deps: Deps) -> None:
    """Return when somebody waits for a row that another transaction holds."""
    async with asyncio.timeout(10):
        while True:
            async with deps.sessions() as session:
                waits = await session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
            if waits:
                return
            await asyncio.sleep(0.02)


async def administrator(world: World, provider: Provider) -> Account:
    """Return somebody who administers a provider's practice."""
    deps = world.deps
    async with deps.sessions.begin() as session:
        account = await people.add_account(
            session,
            kind=AccountKind.STAFF,
            email="admin@example.com",
            language=Language.ENGLISH,
            now=deps.now(),
            new_id=deps.new_id,
        )
        await people.add_member(session, account, provider.practice_id, Role.PRACTICE_ADMIN, now=deps.now())
    return account


async def test_an_enrolment_shows_what_leaving_would_decline(admin: Program, world: World) -> None:
    """R81: the count is shown before anybody decides."""
    provider = await world.provider()
    payer = await world.payer(provider)
    request = await world.request(provider, payer=payer)
    path = f"/providers/{provider.id}/enrolment"

    shown = await admin.get(path)
    left = await admin.post(f"{path}/deactivate")

    assert (shown.json["state"], shown.json["payer_ids"]) == ("completed", [str(payer.id)])
    assert (shown.json["pending_requests"], left.json["pending_requests"]) == (1, 0)
    declined = (await admin.get(f"/requests/{request.id}")).json
    assert (declined["state"], declined["decided_by"]) == ("declined", "operator")


async def test_without_the_programme_nothing_of_it_exists(admin: Program, world: World) -> None:
    """R68."""
    provider, payer = await in_programme(admin, world)
    await do(admin, provider, "enrol", payer=payer)
    await admin.patch(f"/practices/{provider.practice_id}", {"programme": False})
    path = f"/providers/{provider.id}/enrolment"

    replies = [await admin.get(path), *[await do(admin, provider, one, payer=payer) for one in ("enrol", "submit")]]

    assert [reply.status for reply in replies] == [404, 404, 404]


@pytest.mark.parametrize("payers", ["none", "unknown", "inactive"])
async def test_at_least_one_payer_that_is_there(admin: Program, world: World, payers: str) -> None:
    """R70."""
    provider, payer = await in_programme(admin, world)
    await admin.patch(f"/payers/{payer}", {"active": payers != "inactive"})
    named: dict[str, Any] = {"none": [], "unknown": [str(uuid4())], "inactive": [payer]}

    reply = await admin.post(f"/providers/{provider.id}/enrolment", {"payer_ids": named[payers]})

    assert reply.status == (400 if payers == "none" else 422)


async def test_payers_have_names_of_their_own(admin: Program) -> None:
    one = await admin.post("/payers", {"name": "Canary Health"})
    same = await admin.post("/payers", {"name": "Canary Health"})
    other = await admin.post("/payers", {"name": "Canary Care", "instant": True})
    renamed = await admin.patch(f"/payers/{other.json['id']}", {"name": "Canary Health"})
    kept = await admin.patch(f"/payers/{one.json['id']}", {"name": "Canary Health", "active": False})

    assert (one.status, one.json["instant"], one.json["active"]) == (201, False, True)
    assert one.headers["Location"] == f"/api/v1/payers/{one.json['id']}"
    assert (same.status, same.code) == (renamed.status, renamed.code) == (409, "name_taken")
    assert (kept.status, kept.json["active"]) == (200, False)
    listed = (await admin.get("/payers")).json["items"]
    assert {row["name"] for row in listed} == {"Canary Health", "Canary Care"}


@pytest.mark.parametrize(
    ("source", "asked", "status", "comes_to"),
    [
        ("booking_link", "required", 200, "required"),
        ("platform_search", "required", 200, "required"),
        ("booking_link", "none", 200, "none"),
        ("client_portal", "none", 200, "none"),
        ("payer", "none", 200, "required"),  # it counts with payers that allow it
        ("provider_made", "required", 422, None),
        ("waitlist_offer", "none", 422, None),
    ],
)
async def test_a_practice_asks_for_what_it_may(
    admin: Program, world: World, source: str, asked: str, status: int, comes_to: str | None
) -> None:
    """1.16: more for any source that clients use; less where the house, and the payer, allow it."""
    practice = await world.practice()
    path = f"/practices/{practice.id}/policies"

    changed = await admin.put(path, {"source": source, "acceptance": asked})

    assert changed.status == status
    found = {one["source"]: one for one in (await admin.get(path)).json["items"]}
    if comes_to:
        assert (found[source]["acceptance"], found[source]["asked"]) == (comes_to, asked)
        await admin.put(path, {"source": source, "acceptance": None})
        back = {one["source"]: one for one in (await admin.get(path)).json["items"]}
        assert back[source]["asked"] is None


async def test_policies_tell_the_table(admin: Program, world: World) -> None:
    practice = await world.practice()

    items = (await admin.get(f"/practices/{practice.id}/policies")).json["items"]

    told = {one["source"]: (one["acceptance"], one["ttl_h"], one["windows"], one["notice"]) for one in items}
    assert told == {
        "platform_search": ("none", None, "open_hours", True),
        "booking_link": ("none", None, "open_hours", True),
        "colleague": ("none", None, "open_hours", True),
        "payer": ("required", 48, "external_blocks", True),
        "client_portal": ("required", 48, "open_hours", True),
        "provider_made": ("none", None, "any", False),
        "waitlist_offer": ("client", 2, "freed", False),
    }
