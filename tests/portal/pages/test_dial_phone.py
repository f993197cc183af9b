"""R102: the number that a provider dials from opens the line, and nobody but the provider and operators is told it.

Not even where they have written it down as their office's number: everything that others read is looked through.
"""

from collections.abc import Callable
from datetime import timedelta

from aiohttp import ClientSession

from config import phones
from config.deps import Deps
from people import actions as people
from scheduling import actions as scheduling
from scheduling.values import SessionType, Source
from tests.builders import World, as_provider, present
from tests.portal.api.conftest import Api
from tests.portal.pages.conftest import Accounts, Browser


async def test_r102_the_number_that_opens_the_line_is_on_nothing_that_others_read(
    http: ClientSession,
    portal_base: str,
    browsers: Callable[[], Browser],
    accounts: Accounts,
    world: World,
    deps: Deps,
) -> None:
    api = Api(http, portal_base, deps)
    provider = await world.provider()
    assert provider.dial_phone is not None
    payer = await world.payer(provider)
    await world.hours(provider)
    await world.block(provider, accept_external=True)
    mine = as_provider(provider.id)
    async with deps.sessions.begin() as session:
        await present(session, provider.id, deps.now())
        row = await people.known_provider(session, provider.id)
        same = {"office_phone": row.dial_phone}
        await people.change_provider(session, row, same, actor=mine, now=deps.now(), new_id=deps.new_id)
        page = {"slug": "canary-lee", "published": True, "listed": True}
        await scheduling.change_profile(session, provider.id, page, actor=mine, now=deps.now(), new_id=deps.new_id)
    client = await world.client(provider)
    booked = await world.appointment(
        provider,
        client=client,
        starts_in=timedelta(days=2),
        session_type=SessionType.PHONE_CONSULTATION,
        source=Source.BOOKING_LINK,
    )
    admin, me = await api.admin(), await api.of(provider)
    assert (await admin.post(f"/providers/{provider.id}/enrolment/submit")).status == 200

    stranger, theirs, own = browsers(), browsers(), browsers()
    await accounts.by_cookie(theirs, await accounts.of_client(client))
    await accounts.by_cookie(own, await accounts.of(provider))
    read = {
        path: await stranger.get(path)
        for path in ("/p/canary-lee", "/p/canary-lee/openings", f"/write/{provider.id}", "/find")
    }
    read |= {
        path: await theirs.get(path)
        for path in ("/", "/bookings", f"/bookings/{booked.id}", f"/bookings/{booked.id}/calendar.ics", "/account")
    }
    read["export"] = await own.post("/clients/export.csv")
    assert {path: seen.status for path, seen in read.items() if seen.status != 200} == {}
    calendar = (await me.post(f"/providers/{provider.id}/calendar-feed", {"initials": False})).json["url"]
    read["calendar"] = await stranger.get(f"/calendar/{calendar.rpartition('/')[2]}")
    partner = await api.partner(payer.id)
    texts = {path: seen.text for path, seen in read.items()}
    texts["feed"] = (await partner.get(f"/feeds/payer/{payer.id}")).text
    texts["slots"] = (await partner.get(f"/providers/{provider.id}/slots", session_type="full_session")).text
    assert provider.last_name in texts["/p/canary-lee"]
    assert "PractitionerRole" in texts["feed"]
    assert "BEGIN:VEVENT" in texts["calendar"]

    digits = provider.dial_phone.removeprefix("+1")
    spellings = {digits, provider.dial_phone, phones.spoken(provider.dial_phone), f"{digits[3:6]}-{digits[6:]}"}
    told = {(path, one) for path, text in texts.items() for one in spellings if one in text.replace("\r\n ", "")}
    assert told == set()
