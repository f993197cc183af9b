"""A client as their provider sees them: the name they want, an age that is counted now, nothing before a yes."""

from datetime import UTC, datetime

import pytest

from config.deps import Deps
from people import queries
from people.models import Client, Provider
from tests.builders import World

NEW_YEARS_EVE = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)


async def told(deps: Deps, client: Client, **changed: str | None) -> None:
    async with deps.sessions.begin() as session:
        row = await session.merge(client)
        for name, value in changed.items():
            setattr(row, name, value)


@pytest.mark.parametrize(
    ("zone", "born", "age"),
    [
        ("America/New_York", None, None),
        ("America/New_York", "2000-12-31", 26),
        ("America/New_York", "2001-01-01", 25),
        ("Europe/Berlin", "2001-01-01", 26),  # where it is tomorrow already
        ("America/New_York", "2019-01-01", 7),
    ],
)
async def test_r33_the_age_is_that_of_the_providers_day(
    world: World, deps: Deps, zone: str, born: str | None, age: int | None
) -> None:
    provider = await world.provider(timezone=zone)
    client = await world.client(provider)
    await told(deps, client, birth_date=born)

    async with deps.sessions() as session:
        found = await queries.seen(session, [(provider.id, client.id)], NEW_YEARS_EVE)

    assert found[provider.id, client.id].age == age


async def test_r57_the_preferred_name_comes_first_and_the_legal_one_is_kept(world: World, deps: Deps) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    await told(deps, client, preferred_name="Canary-Kit", lives_in="NY")

    async with deps.sessions() as session:
        one = (await queries.seen(session, [(provider.id, client.id)], deps.now()))[provider.id, client.id]

    assert one.name == f"Canary-Kit {client.last_name}"
    assert (one.first_name, one.last_name, one.lives_in) == (client.first_name, client.last_name, "NY")


async def test_r46_who_has_not_accepted_yet_is_seen_as_they_were_typed(world: World, deps: Deps) -> None:
    one, two = await world.provider(), await world.provider()
    client = await world.client(one)
    await told(deps, client, birth_date="2000-01-01", lives_in="NY", preferred_name="Canary-Kit")
    await world.client(two, email=client.email)

    async with deps.sessions() as session:
        pairs = [(one.id, client.id), (two.id, client.id)]
        found = await queries.seen(session, pairs, deps.now())

    assert found[one.id, client.id].age == 26
    seen_by_two = found[two.id, client.id]
    assert (seen_by_two.age, seen_by_two.lives_in) == (None, None)
    assert seen_by_two.name.startswith("Canary-Casey")


async def test_nobody_else_is_returned(world: World, deps: Deps) -> None:
    one, two = await world.provider(), await world.provider()
    clients: list[tuple[Provider, Client]] = [(who, await world.client(who)) for who in (one, two)]

    async with deps.sessions() as session:
        found = await queries.seen(session, [(who.id, client.id) for who, client in clients], deps.now())

    assert set(found) == {(who.id, client.id) for who, client in clients}
