"""A provider makes their page at a browser, and an admin filters the grid of the programme by keyboard alone."""

import re

from playwright.async_api import FilePayload, expect

from config.deps import Deps
from people import queries
from people.values import Role
from tests.builders import World
from tests.people.pictures import photo
from tests.portal.browser.conftest import DESK, Visitor, Visitors
from tests.portal.pages.conftest import Accounts


async def test_a_page_is_made_copied_and_seen(visitors: Visitors, accounts: Accounts, world: World) -> None:
    """R2-R7: a photo from the file chooser, an address that is published, copied with a word, and looked at."""
    visitor = await visitors.come(await accounts.of(await world.provider()))
    page = visitor.page
    await visitor.go("/settings/photo")
    me = FilePayload(name="me.jpg", mimeType="image/jpeg", buffer=photo((600, 800)))
    await page.get_by_label("Choose a photo").set_input_files(me)
    await page.get_by_role("button", name="Send the photo").click()
    await expect(page.get_by_text("The photo is saved")).to_be_visible()

    await page.get_by_role("link", name="Back to the profile").click()
    await page.get_by_label("Last part of the address").fill("canary-lee")
    await page.get_by_label("Published: the address works").check()
    await page.get_by_label("Personal statement").fill("Canary, who listens.")
    await page.get_by_text("Languages").first.click()
    await page.get_by_label("Spanish", exact=True).check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Your profile is saved")).to_be_visible()
    await page.get_by_role("button", name="Copy").click()
    await expect(page.locator("#said")).to_have_text("The address is copied.")  # R5
    await page.get_by_role("link", name="View").click()
    await expect(page.get_by_text("You cannot book with yourself")).to_be_visible()  # R7
    await expect(page.get_by_role("link", name="Book a session")).to_have_count(0)

    stranger = await visitors.come(size=DESK)
    await stranger.go("/p/canary-lee?src=directory")
    shown = stranger.page.get_by_role("img", name="Photo of")
    assert await shown.evaluate("(one) => one.complete && one.naturalWidth > 0")
    await expect(stranger.page.get_by_text("Canary, who listens.")).to_be_visible()
    await stranger.page.get_by_role("link", name="Book a session").click()
    await expect(stranger.page).to_have_url(re.compile(r"/p/canary-lee/openings\?.*src=directory"))
    assert visitor.complaints == stranger.complaints == []


async def test_r77_a_header_is_pressed_and_filters_by_keyboard(
    visitors: Visitors, accounts: Accounts, world: World, deps: Deps
) -> None:
    practice = await world.practice()
    one, two = [await world.provider(practice=practice) for _ in range(2)]
    await world.payer(one)
    async with deps.sessions.begin() as session:
        payer = (await queries.payers(session, after=None, limit=1))[0]
    visitor: Visitor = await visitors.come(await accounts.in_practice(practice, Role.PRACTICE_ADMIN), size=DESK)
    page = visitor.page
    await visitor.go("/organization/programme/add")
    await page.get_by_label("Staff").select_option(str(two.id))
    await page.get_by_label(payer.name).check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("tbody tr")).to_have_count(2)

    await page.get_by_role("button", name="Application Status").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Incomplete")).to_be_visible()
    await page.get_by_role("link", name="Incomplete").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page.locator("tbody")).to_contain_text(two.last_name)
    await page.get_by_role("button", name="Payers").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#filter-payers")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#filter-payers")).to_be_hidden()
    assert visitor.complaints == []
