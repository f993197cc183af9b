"""The start page of everybody."""

from datetime import timedelta

from people.values import Role
from scheduling.values import SessionType
from tests.portal.browser.stories import Scene, Stage, story


@story("home", "nobody is signed in")
async def front(_: Stage) -> Scene:
    return Scene(path="/")


@story("home", "a provider's day, with all that can be asked of them")
async def full(stage: Stage) -> Scene:
    world, clock = stage.world, stage.clock
    provider, client, over = await world.consultation()
    await world.appointment(provider, starts_in=-timedelta(hours=2), session_type=SessionType.FULL_SESSION)
    clock.to(over.ends_at)
    await stage.works.turn()
    await world.appointment(provider, client=client, starts_in=timedelta(minutes=30))
    await world.appointment(provider, starts_in=timedelta(days=2))
    await world.request(provider)
    return Scene(path="/", who=await stage.accounts.of(provider))


@story("home", "a provider of whom nothing is asked, with a number that is not verified")
async def empty(stage: Stage) -> Scene:
    return Scene(path="/", who=await stage.accounts.of(await stage.world.provider(verified=False)))


@story("home", "a client with an appointment")
async def client(stage: Stage) -> Scene:
    _, booked, _ = await stage.world.consultation(starts_in=timedelta(hours=3))
    return Scene(path="/", who=await stage.accounts.of_client(booked))


@story("home", "the support desk")
async def desk(stage: Stage) -> Scene:
    return Scene(path="/", who=await stage.accounts.of(operator=Role.SUPPORT, email="support@example.com"))


@story("contact", "as it is")
async def contact(_: Stage) -> Scene:
    return Scene(path="/contact")


@story("trouble", "a path that is not there")
async def nothing(_: Stage) -> Scene:
    return Scene(path="/no-such-page")
