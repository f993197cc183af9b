"""The list of what waits for a decision (R90, R91), and the decisions over HTTP."""

from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col

from config.deps import Deps
from people.models import Payer
from tests.builders import World
from tests.clock import Clock
from tests.portal.api.conftest import Api, Program

DAY = timedelta(days=1)


async def test_what_ends_first_stands_first(api: Api, world: World, clock: Clock) -> None:
    """R90: soonest first, with the time that is left; pages go on where the last one ended."""
    provider = await world.provider()
    me = await api.of(provider)
    late = await world.request(provider, starts_in=7 * DAY)
    soon = await world.request(provider, starts_in=DAY)
    between = await world.request(provider, starts_in=1.5 * DAY)
    await world.request(await world.provider())

    seen, after = [], None
    for _ in range(3):
        query = {"limit": 1, **({"after": after} if after else {})}
        page = (await me.get("/requests", **query)).json
        seen += page["items"]
        after = page["next"]

    assert [one["id"] for one in seen] == [str(one.id) for one in (soon, between, late)]
    assert [one["remaining_s"] for one in seen] == [22 * 3600, 34 * 3600, 48 * 3600]
    assert after is None
    assert [one["id"] for one in (await me.get("/requests")).json["items"]] == [one["id"] for one in seen]


async def test_the_tab_holds_payers_and_the_portal_by_name(api: Api, world: World, deps: Deps) -> None:
    """R91: the payer's name is the one it had when they asked."""
    provider = await world.provider()
    payer = await world.payer(provider)
    await world.request(provider, payer=payer, starts_in=DAY)
    await world.request(provider, starts_in=2 * DAY)
    async with deps.sessions.begin() as session:
        await session.execute(update(Payer).where(col(Payer.id) == payer.id).values(name="Canary Health renamed"))

    items = (await (await api.of(provider)).get("/requests")).json["items"]

    assert [(one["source"], one["source_name"]) for one in items] == [
        ("payer", payer.name),
        ("client_portal", "Client portal"),
    ]


async def test_what_has_ended_is_gone_from_the_tab_before_any_sweep(api: Api, world: World, clock: Clock) -> None:
    """R93: removed from what waits, kept in what was."""
    provider = await world.provider()
    me = await api.of(provider)
    request = await world.request(provider)
    clock.to(request.expires_at)

    pending = (await me.get("/requests", state="pending")).json["items"]
    expired = (await me.get("/requests", state="expired")).json["items"]
    accept = await me.post(f"/requests/{request.id}/accept")
    decline = await me.post(f"/requests/{request.id}/decline")

    assert pending == []
    assert [(one["id"], one["state"], one["remaining_s"]) for one in expired] == [(str(request.id), "expired", None)]
    assert (accept.status, accept.code) == (decline.status, decline.code) == (409, "request_expired")


async def test_a_reason_is_the_providers_choice(api: Api, world: World) -> None:
    provider = await world.provider()
    me = await api.of(provider)
    one, two = await world.request(provider, starts_in=DAY), await world.request(provider, starts_in=2 * DAY)

    with_words = await me.post(f"/requests/{one.id}/decline", {"reason": "Canary reasons"})
    without = await me.post(f"/requests/{two.id}/decline")

    assert (with_words.json["state"], with_words.json["reason"]) == ("declined", "Canary reasons")
    assert (without.json["state"], without.json["reason"]) == ("declined", None)


async def test_a_decision_is_about_what_was_seen(api: Api, world: World) -> None:
    provider = await world.provider()
    me = await api.of(provider)
    request = await world.request(provider)

    stale = await me.post(f"/requests/{request.id}/accept", {"version": 7})

    assert (stale.status, stale.code, stale.json["facts"]) == (409, "changed", {"version": 1})


async def test_an_operator_withdraws_for_the_client(admin: Program, world: World) -> None:
    request = await world.request(await world.provider())

    withdrawn = await admin.post(f"/requests/{request.id}/withdraw")

    assert (withdrawn.status, withdrawn.json["state"], withdrawn.json["decided_by"]) == (200, "withdrawn", "operator")


async def test_a_payer_follows_what_it_has_sent_and_can_take_it_back(api: Api, world: World) -> None:
    """Its own requests and nobody else's; what the provider writes to the client is not for who pays."""
    provider = await world.provider()
    payer = await world.payer(provider)
    other = await world.payer()
    mine = await world.request(provider, payer=payer)
    declined = await world.request(provider, payer=payer, starts_in=timedelta(days=8))
    await (await api.of(provider)).post(f"/requests/{declined.id}/decline", {"reason": "Canary: I am away."})
    partner, stranger = await api.partner(payer.id), await api.partner(other.id)

    assert (await partner.get(f"/requests/{mine.id}")).json["state"] == "pending"
    told = await partner.get(f"/requests/{declined.id}")
    assert (told.json["state"], told.json["reason"]) == ("declined", None)
    assert (await stranger.get(f"/requests/{mine.id}")).status == 404
    assert (await stranger.post(f"/requests/{mine.id}/withdraw")).status == 404
    withdrawn = await partner.post(f"/requests/{mine.id}/withdraw")
    assert (withdrawn.json["state"], withdrawn.json["decided_by"]) == ("withdrawn", "partner")
