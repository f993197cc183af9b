"""What people do at a browser, from its first click to its end: with script, on a telephone, and by keyboard alone."""

import time
from datetime import timedelta

from playwright.async_api import Page, expect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from people.models import SupportCase
from people.values import Role
from scheduling.models import Appointment, Request
from scheduling.values import AppointmentState, RequestState
from tests.builders import World, fresh
from tests.clock import Clock
from tests.fixtures import LINES, Carrier, Worker
from tests.portal.browser.conftest import DESK, Visitor, Visitors
from tests.portal.pages.conftest import PASSWORD, Accounts

# A hint takes milliseconds; a page that was given none looks by itself after 15 s.
AT_ONCE_S = 5


async def test_a_provider_signs_in_with_their_app(visitor: Visitor, accounts: Accounts, world: World) -> None:
    account = await accounts.of(await world.provider())
    page = visitor.page
    await visitor.go("/calendar")
    await page.get_by_label("E-mail address").first.fill(account.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.locator("input[name=code]").fill(accounts.code(account))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Your calendar")).to_be_visible()  # where they wanted to go
    assert visitor.complaints == []


async def test_the_card_follows_the_call(
    service: str, carrier: Carrier, visitors: Visitors, accounts: Accounts, world: World
) -> None:
    provider, client, _ = await world.consultation()
    visitor = await visitors.come(await accounts.of(provider))
    async with visitor.page.expect_request(lambda request: request.url.endswith("/live")):
        await visitor.go("/")
    card = visitor.page.locator("article", has_text=client.last_name)
    await expect(card.get_by_role("link", name="Call the line")).to_have_attribute("href", f"tel:{LINES[0]}")
    took: list[float] = []

    async def in_call() -> None:
        since = time.monotonic()
        await expect(card.get_by_text("In call")).to_be_visible(timeout=AT_ONCE_S * 1000)
        took.append(time.monotonic() - since)

    await carrier.dial(provider, LINES[0], talk_s=300, while_talking=in_call)
    await expect(card.get_by_text("shared automatically")).to_be_visible(timeout=AT_ONCE_S * 1000)
    assert took
    assert visitor.complaints == []


async def test_a_task_is_answered_and_an_outage_lays_the_number_open(
    visitors: Visitors, accounts: Accounts, world: World, clock: Clock, works: Worker
) -> None:
    provider, client, over = await world.consultation()
    clock.to(over.ends_at)
    await works.turn()
    await world.appointment(provider, client=client, starts_in=timedelta(hours=1))
    visitor = await visitors.come(await accounts.of(provider))
    page = visitor.page
    await visitor.go("/")
    await page.get_by_label("If yes: how?").select_option("video")
    await page.get_by_role("button", name="Yes").click()
    await expect(page.get_by_role("status")).to_have_text("Thank you. The status is shared.")
    await expect(page.get_by_text("No tasks")).to_be_visible()

    assert client.phone is not None
    assert client.phone not in await page.content()
    support = await visitors.come(await accounts.of(operator=Role.ADMIN), size=DESK)
    await support.go("/desk/line")
    await support.page.get_by_label("Why it is down").fill("A drill")
    await support.page.get_by_role("button", name="Declare an outage").click()
    direct = page.get_by_role("link", name="Call directly")
    await expect(direct).to_have_attribute("href", f"tel:{client.phone}", timeout=AT_ONCE_S * 1000)
    await expect(page.get_by_text("The line is out of service, so this is your client's own number.")).to_be_visible()
    assert visitor.complaints == []


async def test_the_pop_up_is_used_by_keyboard_alone_and_an_issue_is_reported(
    visitors: Visitors, accounts: Accounts, world: World, session: AsyncSession
) -> None:
    provider, _, _ = await world.consultation(starts_in=timedelta(hours=1))
    visitor = await visitors.come(await accounts.of(provider), size=DESK)
    page = visitor.page
    await visitor.go("/calendar?view=list")
    await _tab_to(page, "a.entry")
    await page.keyboard.press("Enter")
    await expect(page.locator("#appointment-title")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#appointment-title")).to_be_hidden()
    assert await page.evaluate("document.activeElement.matches('a.entry')")  # back where they were

    await page.keyboard.press("Enter")
    await expect(page.locator("#appointment-title")).to_be_visible()
    await _tab_to(page, "dialog summary")
    await page.keyboard.press("Enter")
    await _tab_to(page, "textarea[name=issue_text]")
    await page.keyboard.type("Canary words: nobody answers.")
    await _tab_to(page, "button")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Support has it")).to_be_visible()
    assert (await session.execute(select(SupportCase))).scalar_one().text == "Canary words: nobody answers."
    assert visitor.complaints == []


async def _tab_to(page: Page, selector: str) -> None:
    """Press Tab until something that fits has the focus; a person sees where it is at every step."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"no way to {selector} by keyboard")


async def test_a_request_is_accepted_and_another_declined(
    visitors: Visitors, accounts: Accounts, world: World, session: AsyncSession
) -> None:
    provider = await world.provider()
    first, second = [await world.request(provider, starts_in=timedelta(days=days)) for days in (2, 3)]
    visitor = await visitors.come(await accounts.of(provider))
    page = visitor.page
    await visitor.go("/calendar")
    await page.get_by_role("link", name="Unconfirmed Appointments (2)").click()
    await page.get_by_role("link", name="Confirm or decline").first.click()
    await expect(page.get_by_text("Your answer cannot be undone")).to_be_visible()
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_role("link", name="Unconfirmed Appointments (1)")).to_be_visible()
    await page.get_by_role("link", name="Confirm or decline").click()
    await page.get_by_label("Words to the client").fill("Canary words")
    await page.get_by_role("button", name="Decline").click()
    await expect(page.get_by_text("Nothing waits for an answer")).to_be_visible()
    decided = {(await fresh(session, Request, one.id)).state for one in (first, second)}  # type: ignore[attr-defined]
    assert decided == {RequestState.ACCEPTED, RequestState.DECLINED}
    holds = {(await fresh(session, Appointment, one.appointment_id)).state for one in (first, second)}  # type: ignore[attr-defined]
    assert holds == {AppointmentState.BOOKED, AppointmentState.RELEASED}
    assert visitor.complaints == []


async def test_clients_come_from_a_file_and_one_of_them_is_archived(
    visitors: Visitors, accounts: Accounts, world: World, works: Worker
) -> None:
    provider = await world.provider()
    visitor = await visitors.come(await accounts.of(provider), size=DESK)
    page = visitor.page
    await visitor.go("/clients")
    await page.get_by_role("link", name="Import").click()
    rows = ["Canary-Ana,Canary-Bee,ana@example.com,212-555-0142", "Canary-Ben,Canary-Cee,ben@example.com,"]
    text = "\r\n".join(["First Name,Last Name,Email,Mobile Phone", *rows])
    await page.get_by_label("File").set_input_files(
        {"name": "clients.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    await page.get_by_role("button", name="Look at it").click()
    await expect(page.get_by_role("row", name="Canary-Ana Canary-Bee")).to_be_visible()
    await page.get_by_role("button", name="Import", exact=True).click()
    await works.turn()
    await visitor.go("/clients")
    await page.get_by_role("link", name="Canary-Ana Canary-Bee").click()
    await page.get_by_role("link", name="Archive Client").click()
    await page.get_by_role("button", name="Archive Client").click()
    await visitor.go("/clients")
    await expect(page.get_by_role("link", name="Canary-Ben Canary-Cee")).to_be_visible()
    await expect(page.get_by_role("link", name="Canary-Ana Canary-Bee")).to_have_count(0)
    await page.get_by_role("link", name="Show Archived Clients (1)").click()
    await expect(page.get_by_role("link", name="Canary-Ana Canary-Bee")).to_be_visible()
    assert visitor.complaints == []


async def test_a_day_is_printed_as_a_list_without_what_is_pressed(
    visitors: Visitors, accounts: Accounts, world: World
) -> None:
    provider, client, _ = await world.consultation(starts_in=timedelta(hours=1))
    visitor = await visitors.come(await accounts.of(provider), size=DESK)
    await visitor.go("/calendar?view=day")
    await expect(visitor.page.locator("#grid")).to_be_visible()
    await visitor.page.emulate_media(media="print")
    await expect(visitor.page.locator("a.entry", has_text=client.last_name)).to_be_visible()
    await expect(visitor.page.get_by_text("November 24").first).to_be_visible()
    for pressed in ("header", "footer", "#grid", "main nav", ".nav-tabs"):
        await expect(visitor.page.locator(pressed).first).to_be_hidden()
    assert visitor.complaints == []
