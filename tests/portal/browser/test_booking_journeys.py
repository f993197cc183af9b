"""Booking from a public page by keyboard alone, from another zone; and support, who explains a refused call."""

from collections.abc import Sequence
from datetime import timedelta

from playwright.async_api import Locator, Page, expect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from config.deps import Deps
from people.values import Role
from scheduling import actions as scheduling
from scheduling.models import Appointment, BookingDraft
from scheduling.values import AppointmentState, SessionType
from tests.builders import OPERATOR, World
from tests.fixtures import LINES, Carrier
from tests.portal.browser.conftest import DESK, PHONE, Visitor, Visitors
from tests.portal.pages.conftest import Accounts

# So many times Tab is pressed at most until something is reached: whoever needs more would give up.
FAR = 60


async def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until the focus is there, as somebody without a mouse does."""
    for _ in range(FAR):
        if await wanted.evaluate("one => one === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"not reached by keyboard: {wanted}")


async def fill_in(page: Page, typed: Sequence[tuple[str, str]]) -> None:
    for label, words in typed:
        await tab_to(page, page.get_by_label(label, exact=False).first)
        await page.keyboard.type(words)


async def test_somebody_books_in_another_time_zone_by_keyboard_alone(
    visitors: Visitors, world: World, deps: Deps, session: AsyncSession
) -> None:
    provider = await world.provider(timezone="America/New_York")
    await world.hours(provider)
    await world.settings(provider, step_m=60, states=["CO"])
    async with deps.sessions.begin() as writing:
        profile = {"slug": "pat-canary", "published": True}
        told = {"actor": OPERATOR, "now": deps.now(), "new_id": deps.new_id}
        await scheduling.change_profile(writing, provider.id, profile, **told)  # type: ignore[arg-type]
    context = await visitors.window.new_context(
        viewport=PHONE, locale="en-US", timezone_id="America/Denver", reduced_motion="reduce"
    )
    context.set_default_timeout(10_000)
    visitor = Visitor(visitors.base, deps, context, await context.new_page())
    visitor.listen()
    visitors.here.append(visitor)
    page = visitor.page

    await visitor.go("/p/pat-canary/openings?type=phone_consultation")
    await page.reload()  # the first look has told in which zone this browser lives
    await expect(page.get_by_text("America/Denver").first).to_be_visible()
    times = page.locator("input[name=offer]")
    first = page.get_by_label("Thursday, November 26, 12:00 PM – 12:15 PM MST")
    await expect(first).to_be_attached()  # two in the afternoon in New York, 48 hours ahead
    assert await times.first.get_attribute("id") == await first.get_attribute("id")
    await tab_to(page, first)
    await page.keyboard.press("Space")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Book with")).to_be_visible()
    await expect(page.get_by_text("12:00 PM – 12:15 PM MST")).to_be_visible()

    # A mistake first: it is told beside its field, and nothing else is lost.
    await fill_in(
        page,
        [
            ("First name (legal)", "Canary-Kim"),
            ("Last name (legal)", "Canary-Roe"),
            ("Mail address", "kim@example.com"),
            ("Telephone number", "12"),
            ("Birth date", "02281990"),
            ("State", "Colorado"),
            ("A few words", "Canary words"),
        ],
    )
    await tab_to(page, page.get_by_role("button", name="Send me the code"))
    await page.keyboard.press("Enter")
    await expect(page.locator("#phone-problem")).to_be_visible()
    await expect(page.get_by_label("First name (legal)")).to_have_value("Canary-Kim")
    await expect(page.get_by_label("A few words")).to_have_value("Canary words")
    number = page.get_by_label("Telephone number")
    await tab_to(page, number)
    await page.keyboard.press("Control+a")
    await page.keyboard.type("212 555 0177")
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
    draft = (await session.execute(select(BookingDraft))).scalar_one()
    await tab_to(page, page.get_by_label("Code"))
    await page.keyboard.type(scheduling.booking_code(draft.id, deps.settings))
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("It is booked")).to_be_visible()
    await expect(page.get_by_text("12:00 PM – 12:15 PM MST")).to_be_visible()
    row = (await session.execute(select(Appointment))).scalar_one()
    assert (row.state, row.session_type) == (AppointmentState.BOOKED, SessionType.PHONE_CONSULTATION)
    assert row.starts_at == deps.now() + timedelta(days=2)
    assert visitor.complaints == []


async def test_a_press_on_the_picture_of_a_week_chooses_the_time_of_the_list(
    visitors: Visitors, world: World, deps: Deps
) -> None:
    provider = await world.provider()
    await world.hours(provider)
    async with deps.sessions.begin() as writing:
        profile = {"slug": "pat-canary", "published": True}
        told = {"actor": OPERATOR, "now": deps.now(), "new_id": deps.new_id}
        await scheduling.change_profile(writing, provider.id, profile, **told)  # type: ignore[arg-type]
    visitor = await visitors.come(size=DESK)
    page = visitor.page
    await visitor.go("/p/pat-canary/openings")
    drawn = page.locator("#grid .ec-event")
    await expect(drawn).to_have_count(await page.locator("input[name=offer]").count())
    await drawn.nth(4).click()
    chosen = page.locator("input[name=offer]:checked")
    await expect(chosen).to_be_focused()
    assert await chosen.get_attribute("id") == "entry-1-5"
    assert visitor.complaints == []


async def test_support_explains_a_refused_call(
    service: str, carrier: Carrier, visitors: Visitors, accounts: Accounts, world: World
) -> None:
    provider, client, _ = await world.consultation(starts_in=timedelta(minutes=12))
    assert provider.dial_phone
    await carrier.dial(provider, LINES[0])
    visitor = await visitors.come(await accounts.of(operator=Role.SUPPORT))
    page = visitor.page
    await visitor.go("/")
    await page.get_by_role("link", name="Calls", exact=True).click()
    await page.get_by_label("Number that dialled").fill(provider.dial_phone)
    await page.get_by_role("button", name="Find calls").click()
    await page.get_by_role("row", name="too early").get_by_role("link").click()
    why = page.get_by_role("region", name="Why this caller was refused")
    await expect(why).to_contain_text("the line opened at Tue, Nov 24, 2:11 PM EST")
    await expect(page.get_by_role("rowheader", name="dialled")).to_be_visible()
    assert client.phone
    assert client.phone[-7:] not in (await page.content()).replace(" ", "").replace("-", "")
    assert provider.dial_phone not in page.url
    assert visitor.complaints == []
