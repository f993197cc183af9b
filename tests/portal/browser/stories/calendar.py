"""The calendar, an appointment in all that can be done with it, what waits for an answer."""

from datetime import timedelta
from uuid import UUID

from playwright.async_api import Page

from people.models import Provider
from people.values import Role
from scheduling.values import SessionType, Source
from tests.builders import World
from tests.portal.browser.stories import Scene, Stage, story

WORDS = "Canary words: I would rather speak in the evening.\nCanary words, more of them."


async def _week(stage: Stage) -> Provider:
    world, clock = stage.world, stage.clock
    provider, client, over = await world.consultation()
    clock.to(over.ends_at)
    await stage.works.turn()
    await world.hours(provider)
    await world.appointment(provider, client=client, starts_in=timedelta(minutes=30))
    await world.appointment(provider, starts_in=timedelta(days=1), session_type=SessionType.FULL_SESSION)
    await world.request(provider, starts_in=timedelta(days=2), note=WORDS)
    await world.series(provider, starts_on="2026-11-26")
    return provider


@story("calendar", "a week with everything")
async def week(stage: Stage) -> Scene:
    return Scene(path="/calendar", who=await stage.accounts.of(await _week(stage)))


@story("calendar", "a day, with the pop-up open")
async def pop_up(stage: Stage) -> Scene:
    async def press(page: Page) -> None:
        await page.locator("a.entry").first.click()
        await page.locator("#appointment-title").wait_for()

    return Scene(path="/calendar?view=day", who=await stage.accounts.of(await _week(stage)), pressed=press)


@story("calendar", "a list of nothing")
async def nothing(stage: Stage) -> Scene:
    return Scene(path="/calendar?view=list", who=await stage.accounts.of(await stage.world.provider()))


@story("calendar", "that of a provider, for who schedules for the practice")
async def scheduled_for(stage: Stage) -> Scene:
    practice = await stage.world.practice()
    for _ in range(2):
        await stage.world.appointment(await stage.world.provider(practice=practice), starts_in=timedelta(hours=2))
    account = await stage.accounts.in_practice(practice, Role.SCHEDULER)
    return Scene(path="/calendar?view=list", who=account)


@story("referrals", "one that is new")
async def referrals(stage: Stage) -> Scene:
    provider, _, _ = await stage.world.consultation(starts_in=timedelta(hours=3))
    await stage.world.request(provider, source=Source.PAYER, payer=await stage.world.payer(provider), note=WORDS)
    return Scene(path="/calendar/referrals", who=await stage.accounts.of(provider))


@story("referrals", "none")
async def no_referrals(stage: Stage) -> Scene:
    return Scene(path="/calendar/referrals", who=await stage.accounts.of(await stage.world.provider()))


@story("appointment", "a consultation ahead, with a cancellation that lacks words")
async def ahead(stage: Stage) -> Scene:
    provider, _, row = await stage.world.consultation(starts_in=timedelta(hours=3))
    await stage.world.hours(provider)
    sent = {"which": "cancel", "version": str(row.version), "cancel_message": ""}
    account = await stage.accounts.of(provider)
    return Scene(path=f"/appointments/{row.id}/cancel", sent_from="/calendar", sent=sent, who=account)


@story("appointment", "a consultation that is over and was not shared")
async def asked(stage: Stage) -> Scene:
    provider, _, row = await stage.world.consultation()
    stage.clock.to(row.ends_at)
    await stage.works.turn()
    return Scene(path=f"/appointments/{row.id}", who=await stage.accounts.of(provider))


@story("appointment", "a session that is over, of a client who is not ready")
async def session_over(stage: Stage) -> Scene:
    provider = await stage.world.provider()
    row = await stage.world.appointment(
        provider, session_type=SessionType.FULL_SESSION, length=timedelta(minutes=50), source=Source.BOOKING_LINK
    )
    stage.clock.to(row.ends_at)
    sent = {"which": "confirm", "version": str(row.version)}
    account = await stage.accounts.of(provider)
    return Scene(path=f"/appointments/{row.id}/confirm-details", sent_from="/calendar", sent=sent, who=account)


@story("appointment", "one of a series")
async def of_series(stage: Stage) -> Scene:
    provider = await stage.world.provider()
    await stage.world.series(provider)
    return Scene(path=f"/appointments/{await _first(stage.world, provider)}", who=await stage.accounts.of(provider))


async def _first(world: World, provider: Provider) -> UUID:
    from scheduling import queries  # noqa: PLC0415 - only here

    async with world.deps.sessions() as session:
        now = world.deps.now()
        rows = await queries.appointments_between(session, provider.id, now, now + timedelta(days=60), 1)
    return rows[0].id


@story("unconfirmed", "two, from a payer and from the portal")
async def unconfirmed(stage: Stage) -> Scene:
    provider = await stage.world.provider()
    await stage.world.request(provider, payer=await stage.world.payer(provider), note=WORDS)
    await stage.world.request(provider, starts_in=timedelta(hours=9))
    return Scene(path="/calendar/unconfirmed", who=await stage.accounts.of(provider))


@story("unconfirmed", "none")
async def all_confirmed(stage: Stage) -> Scene:
    return Scene(path="/calendar/unconfirmed", who=await stage.accounts.of(await stage.world.provider()))


@story("request", "to be decided, with words that are too long")
async def request(stage: Stage) -> Scene:
    provider = await stage.world.provider()
    row = await stage.world.request(provider, note=WORDS)
    sent = {"version": "1", "reason": "canary " * 200}
    path = f"/requests/{row.id}/decline"
    return Scene(path=path, sent_from="/calendar", sent=sent, who=await stage.accounts.of(provider))


@story("request", "too late")
async def too_late(stage: Stage) -> Scene:
    provider = await stage.world.provider()
    row = await stage.world.request(provider)
    stage.clock.to(row.expires_at)
    return Scene(path=f"/requests/{row.id}", who=await stage.accounts.of(provider))


@story("new_appointment", "a series of which one time is taken")
async def conflicts(stage: Stage) -> Scene:
    provider = await stage.world.provider()
    client = await stage.world.client(provider)
    await stage.world.series(provider, client=client, starts_on="2026-12-01", times=2)
    sent = {
        "provider": str(provider.id),
        "client": str(client.id),
        "session_type": "full_session",
        "day": "2026-12-01",
        "time": "09:00",
        "every": "week",
        "times": "4",
        "do": "save",
    }
    return Scene(path="/calendar/new", sent=sent, who=await stage.accounts.of(provider))


@story("new_appointment", "nobody is in the list")
async def new(stage: Stage) -> Scene:
    return Scene(path="/calendar/new", who=await stage.accounts.of(await stage.world.provider()))
