"""Working hours, blocks, imported calendars, and the address of one's own."""

from scheduling.values import BlockKind, Repeats
from tests.portal.browser.stories import Scene, Stage, story


@story("hours", "a week with blocks and an imported calendar, and two stretches that overlap")
async def overlap(stage: Stage) -> Scene:
    provider, world = await stage.world.provider(), stage.world
    await world.hours(provider)
    await world.block(provider, repeats=Repeats.WEEKLY, until="2027-01-30")
    await world.block(provider, day="2026-12-24", kind=BlockKind.TIME_OFF)
    await world.busy_feed(provider)
    sent = {"opens_0_0": "09:00", "closes_0_0": "12:00", "opens_0_1": "11:00", "closes_0_1": ""}
    return Scene(path="/settings/hours", sent=sent, who=await stage.accounts.of(provider))


@story("hours", "nothing is open")
async def nothing(stage: Stage) -> Scene:
    return Scene(path="/settings/hours", who=await stage.accounts.of(await stage.world.provider()))


@story("new_block", "of a provider in the programme, ending before it starts")
async def backwards(stage: Stage) -> Scene:
    provider = await stage.world.provider()
    await stage.world.payer(provider)
    sent = {"kind": "open", "starts_on": "2026-12-01", "opens": "12:00", "closes": "09:00", "repeats": "never"}
    return Scene(path="/settings/hours/blocks/new", sent=sent, who=await stage.accounts.of(provider))


@story("block", "as it is")
async def block(stage: Stage) -> Scene:
    provider = await stage.world.provider()
    row = await stage.world.block(provider)
    return Scene(path=f"/settings/hours/blocks/{row.id}", who=await stage.accounts.of(provider))


@story("calendar_feed", "none")
async def no_feed(stage: Stage) -> Scene:
    return Scene(path="/settings/calendar-feed", who=await stage.accounts.of(await stage.world.provider()))


@story("calendar_feed", "made, and shown this once")
async def made(stage: Stage) -> Scene:
    account = await stage.accounts.of(await stage.world.provider())
    return Scene(path="/settings/calendar-feed", sent={"do": "make", "initials": "yes"}, who=account)
