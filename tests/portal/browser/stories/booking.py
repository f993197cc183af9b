"""Booking from a public page, finding somebody, and what a client has booked."""

from datetime import timedelta

from people.models import Provider
from scheduling import actions as scheduling
from scheduling.models import BookingDraft
from scheduling.values import SessionType, Source
from tests.builders import OPERATOR
from tests.portal.browser.stories import Scene, Stage, story

KIM = {"first_name": "Canary-Kim", "last_name": "Canary-Roe", "email": "no address", "state": "NY"}


async def public(stage: Stage, *, hours: bool = True, **settings: object) -> tuple[Provider, str]:
    """Return a provider with a public page that searches find, and its path."""
    world, deps = stage.world, stage.deps
    provider = await world.provider()
    if hours:
        await world.hours(provider)
    await world.settings(provider, step_m=60, **{"states": ["NY"], "plans": ["aetna"], **settings})
    slug = f"page-{provider.id.hex[:12]}"
    told = {"slug": slug, "published": True, "listed": True, "focus": ["anxiety"]}
    async with deps.sessions.begin() as session:
        await scheduling.change_profile(session, provider.id, told, actor=OPERATOR, now=deps.now(), new_id=deps.new_id)
    async with deps.sessions.begin() as session:
        house = scheduling.house(deps.settings)
        await scheduling.compute_openings(session, [provider.id], house=house, now=deps.now())
    return provider, f"/p/{slug}"


async def offered(stage: Stage, provider: Provider, *, ahead: int = 3) -> str:
    """Return a signed offer of a session."""
    house, now = scheduling.house(stage.deps.settings), stage.deps.now()
    async with stage.deps.sessions() as session:
        found = await scheduling.list_slots(
            session,
            provider.id,
            session_type=SessionType.FULL_SESSION,
            source=Source.BOOKING_LINK,
            since=now,
            until=now + timedelta(days=7),
            house=house,
            now=now,
        )
    return str(scheduling.shown(found[ahead], house)["offer"])


@story("openings", "a week of times")
async def times(stage: Stage) -> Scene:
    _, page = await public(stage)
    return Scene(path=f"{page}/openings?type=phone_consultation")


@story("openings", "there are none")
async def none(stage: Stage) -> Scene:
    _, page = await public(stage, hours=False)
    return Scene(path=f"{page}/openings")


@story("openings", "nobody new is taken")
async def closed(stage: Stage) -> Scene:
    _, page = await public(stage, accepting=False)
    return Scene(path=f"{page}/openings")


@story("openings", "one's own page")
async def own(stage: Stage) -> Scene:
    provider, page = await public(stage)
    return Scene(path=f"{page}/openings", who=await stage.accounts.of(provider))


@story("book", "a stranger, and the address is none")
async def wrong(stage: Stage) -> Scene:
    provider, page = await public(stage)
    offer = await offered(stage, provider)
    return Scene(path=f"{page}/book?offer={offer}", sent={"offer": offer, **KIM})


@story("book", "a client asks")
async def asks(stage: Stage) -> Scene:
    provider, page = await public(stage)
    client = await stage.world.client(provider)
    offer = await offered(stage, provider)
    return Scene(path=f"{page}/book?offer={offer}", who=await stage.accounts.of_client(client))


@story("book", "the time was just taken")
async def taken(stage: Stage) -> Scene:
    provider, page = await public(stage)
    offer = await offered(stage, provider, ahead=0)
    await stage.world.appointment(
        provider, starts_in=timedelta(days=2), length=timedelta(hours=3), session_type=SessionType.FULL_SESSION
    )
    sent = {"offer": offer, **KIM, "email": f"{provider.id.hex[:8]}@example.com", "birth_date": "1990-02-28"}
    return Scene(path=f"{page}/book?offer={offer}", sent=sent)


async def begun(stage: Stage) -> BookingDraft:
    provider, _ = await public(stage)
    starts_at = (stage.deps.now() + timedelta(days=6)).replace(hour=15)
    return await stage.world.draft(provider, starts_at=starts_at, email=f"{provider.id.hex[:8]}@example.com")


@story("code", "it is asked for")
async def code(stage: Stage) -> Scene:
    return Scene(path=f"/book/{(await begun(stage)).id}")


@story("code", "it was wrong")
async def wrong_code(stage: Stage) -> Scene:
    draft = await begun(stage)
    right = scheduling.booking_code(draft.id, stage.deps.settings)
    return Scene(path=f"/book/{draft.id}", sent={"code": f"{(int(right) + 1) % 1_000_000:06d}"})


@story("code", "it has ended")
async def over(stage: Stage) -> Scene:
    draft = await begun(stage)
    stage.clock.forward(minutes=10)
    return Scene(path=f"/book/{draft.id}")


@story("join_waitlist", "a stranger")
async def waits(stage: Stage) -> Scene:
    _, page = await public(stage, hours=False)
    return Scene(path=f"{page}/waitlist?type=phone_consultation", sent={"email": "no address"})


@story("waitlist_place", "a time is offered")
async def offer(stage: Stage) -> Scene:
    provider = await stage.world.provider()
    client = await stage.world.client(provider)
    entry = await stage.world.waits(provider, client=client)
    await stage.world.freed(provider)
    return Scene(path=f"/waitlist/{entry.id}", who=await stage.accounts.of_client(client))


@story("waitlist_place", "nothing is offered")
async def waiting(stage: Stage) -> Scene:
    provider = await stage.world.provider()
    client = await stage.world.client(provider)
    entry = await stage.world.waits(provider, client=client)
    return Scene(path=f"/waitlist/{entry.id}", who=await stage.accounts.of_client(client))


# A client's own


@story("bookings", "everything there can be")
async def everything(stage: Stage) -> Scene:
    provider = await stage.world.provider()
    client = await stage.world.client(provider)
    await stage.world.appointment(provider, client=client, starts_in=timedelta(days=2))
    await stage.world.request(provider, client=client)
    await stage.world.waits(provider, client=client)
    await stage.world.freed(provider, starts_in=timedelta(days=5))
    await stage.world.appointment(provider, client=client, starts_in=timedelta(days=-2))
    return Scene(path="/bookings", who=await stage.accounts.of_client(client))


@story("bookings", "nothing")
async def nothing(stage: Stage) -> Scene:
    client = await stage.world.client(await stage.world.provider())
    return Scene(path="/bookings", who=await stage.accounts.of_client(client))


@story("booking", "a consultation ahead, about to be cancelled")
async def ahead(stage: Stage) -> Scene:
    _, client, row = await stage.world.consultation(starts_in=timedelta(days=2))
    return Scene(
        path=f"/bookings/{row.id}",
        who=await stage.accounts.of_client(client),
        pressed=lambda page: page.locator("summary").first.click(),
    )


@story("booking", "a request")
async def request(stage: Stage) -> Scene:
    provider = await stage.world.provider()
    client = await stage.world.client(provider)
    row = await stage.world.request(provider, client=client)
    return Scene(path=f"/bookings/{row.appointment_id}", who=await stage.accounts.of_client(client))


@story("move_booking", "a week of times")
async def move(stage: Stage) -> Scene:
    provider, _ = await public(stage)
    client = await stage.world.client(provider)
    row = await stage.world.appointment(
        provider,
        client=client,
        starts_in=timedelta(days=3),
        length=timedelta(minutes=50),
        session_type=SessionType.FULL_SESSION,
    )
    return Scene(path=f"/bookings/{row.id}/move", who=await stage.accounts.of_client(client))


# Finding somebody


@story("find", "questions, with an age that cannot be")
async def questions(_: Stage) -> Scene:
    return Scene(path="/find", sent={"age": "340", "problems": "anxiety"})


@story("found", "some fit")
async def found(stage: Stage) -> Scene:
    await public(stage)
    await public(stage)
    search = await stage.world.search(
        problems=("anxiety", "self_harm_suicidal"), language="es", timezone="America/New_York"
    )
    return Scene(path=f"/find/{search.search_id}")


@story("found", "nobody fits")
async def nobody(stage: Stage) -> Scene:
    await public(stage)
    search = await stage.world.search(plan="cigna")
    return Scene(path=f"/find/{search.search_id}")


@story("how_ordered", "as it is")
async def order(_: Stage) -> Scene:
    return Scene(path="/find/order")
