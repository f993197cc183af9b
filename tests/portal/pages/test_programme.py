"""Organization → Manage Subscription → Client Referral Program, and the public profile that is submitted there."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from config.deps import Deps
from people import queries
from people.models import Practice, Provider
from people.values import Role
from tests.builders import World, present
from tests.fixtures import Worker
from tests.mailbox import Mailbox
from tests.portal.pages.conftest import Accounts, Browser

GRID = "/organization/programme"


async def opened(world: World, deps: Deps) -> Practice:
    """Return a practice that has the programme."""
    practice = await world.practice()
    async with deps.sessions.begin() as session:
        row = await queries.practice_for_update(session, practice.id)
        assert row is not None
        row.programme = True
    return practice


async def test_r76_to_r82_staff_are_added_filtered_edited_deleted_and_deactivated(
    browser: Browser, accounts: Accounts, world: World, deps: Deps
) -> None:
    practice = await opened(world, deps)
    one, two, done = [await world.provider(practice=practice) for _ in range(3)]
    elm, oak = await world.payer(done), await world.payer()
    await world.request(done, payer=elm)
    await world.appointment(done, starts_in=timedelta(days=2))
    await accounts.by_cookie(browser, await accounts.in_practice(practice, Role.PRACTICE_ADMIN))
    seen = await browser.get("/organization")
    assert (seen.path, one.last_name in seen.words) == ("/organization/staff", True)

    add = await browser.get(f"{GRID}/add")
    assert (str(one.id) in add.text, str(done.id) in add.text) == (True, False)  # R76
    nobody = await browser.post(f"{GRID}/add", {"staff": str(one.id)})
    assert (nobody.status, "at least one payer" in nobody.words) == (422, True)  # R70
    added = await browser.post(f"{GRID}/add", {"staff": str(one.id), "payers": str(elm.id)})
    assert "A mail is on its way" in added.words
    await browser.post(f"{GRID}/add", {"staff": str(two.id), "payers": str(oak.id)})
    again = await browser.post(f"{GRID}/add", {"staff": str(two.id), "payers": str(oak.id)})
    assert (again.status, "in the programme already" in again.words) == (409, True)

    async def shown(query: str) -> list[str]:
        text = (await browser.get(f"{GRID}?{query}")).text.partition("<tbody>")[2]
        rows = sorted(
            (text.index(p.last_name + "</a>"), p.last_name) for p in (one, two, done) if p.last_name + "</a>" in text
        )
        return [name for _, name in rows]

    names = [one.last_name, two.last_name, done.last_name]
    assert await shown("") == names
    assert await shown("down=1") == names[::-1]  # R77
    assert await shown("status=completed") == [done.last_name]
    assert await shown(f"payers={oak.id}") == [two.last_name]
    assert await shown(f"staff={one.id}&status=incomplete") == [one.last_name]
    assert await shown("sort=status&staff=no-id&status=nothing") == [done.last_name, one.last_name, two.last_name]
    assert "Nobody matches" in (await browser.get(f"{GRID}?staff={uuid4()}")).words

    edited = await browser.post(f"{GRID}/{one.id}", {"payers": str(oak.id)})
    assert "The payers are saved" in edited.words
    assert (await browser.post(f"{GRID}/{one.id}", {})).status == 422  # the last one stays
    assert "A mail is on its way" in (await browser.post(f"{GRID}/{one.id}/remind")).words
    assert "can be added again" in (await browser.get(f"{GRID}/{one.id}/delete")).words
    assert "Deleted from" in (await browser.post(f"{GRID}/{one.id}/delete")).words
    late = await browser.post(f"{GRID}/{done.id}/delete")  # R80, from a stale page
    assert (late.status, "Deactivate it instead" in late.words) == (409, True)
    asked = await browser.get(f"{GRID}/{done.id}/deactivate")  # R81
    assert "One open request from a payer is declined" in asked.words
    assert "One booked appointment stays" in asked.words
    left = await browser.post(f"{GRID}/{done.id}/deactivate")
    assert "Left for good" in left.words
    assert str(done.id) not in (await browser.get(f"{GRID}/add")).text.partition("<select")[2]  # R82
    for path in (f"{GRID}/{done.id}", f"{GRID}/{done.id}/deactivate"):
        refused = await browser.post(path, {"payers": str(elm.id)})
        assert (refused.status, "Contact support" in refused.words) == (409, True)


async def test_r84_to_r88_a_public_profile_is_saved_and_then_submitted_by_an_admin(
    browser: Browser,
    browsers: Callable[[], Browser],
    accounts: Accounts,
    world: World,
    deps: Deps,
    session: AsyncSession,
) -> None:
    practice = await opened(world, deps)
    provider = await world.provider(practice=practice)
    path = f"/organization/staff/{provider.id}/profile"
    owner = browsers()
    await accounts.by_cookie(owner, await accounts.of(provider))
    await owner.post("/settings/profile", {"version": "1", "pronouns": "Canary/they", "gender": "woman"})
    admin = await accounts.in_practice(practice, Role.PRACTICE_ADMIN)
    await accounts.by_cookie(browser, admin)

    seen = await browser.get(path)
    assert "first has to add this provider" in seen.words  # R88
    assert "Submit Profile" not in seen.words
    for owners in ("Canary/they", 'name="pronouns"', 'name="gender"'):
        assert owners not in seen.text  # R86
    assert "Canary/they" in (await owner.get(path)).text
    typed = {
        "version": "2",
        "statement": "Canary statement.",
        "pronouns": "dropped",
        "gender": "man",
        "shown": "gender",
    }
    saved = await browser.post(path, {**typed, "do": "save"})
    assert "It is not submitted" in saved.words
    profile = await queries.profile(session, provider.id)
    assert profile is not None
    assert (profile.pronouns, profile.gender, profile.shown) == ("Canary/they", "woman", [])
    assert f"Last changed by {admin.email}" in (await owner.get("/settings/profile")).words  # R72

    await world.payer()
    payer = await world.payer()
    await browser.post(f"{GRID}/add", {"staff": str(provider.id), "payers": str(payer.id)})
    assert "fill in and submit your Public Profile" in (await owner.get("/")).words
    lacking = await browser.post(path, {"version": "3", "statement": "Typed anew.", "do": "submit"})
    assert lacking.status == 422
    for where in ("npi", "office_phone", "location", "photo", "focus_1", "languages", "taxonomy"):
        assert f'href="#{where}"' in lacking.text, where
        assert f'id="{where}"' in lacking.text, where
    assert "Typed anew." in lacking.text
    async with deps.sessions.begin() as writing:
        await present(writing, provider.id, deps.now())
    whole = {"statement": "Canary, whole.", "focus_1": "grief", "languages": "en", "taxonomy": "1041C0700X"}
    sent = await browser.post(path, {"version": "3", **whole, "do": "submit"})
    assert "payers see it now" in sent.words
    changed = await owner.post(path, {"version": "4", **whole, "highlights": "New", "do": "save"})
    assert changed.status == 200
    enrolment = await queries.enrolment(session, provider.id)
    assert enrolment is not None
    assert (enrolment.submitted["statement"], enrolment.submitted["highlights"]) == ("Canary, whole.", [])
    assert "highlights" not in str(enrolment.submitted.get("pronouns"))

    office = {"first_name": "Canary-Pat", "last_name": "Lee", "office_phone": "", "npi": "1234567893", "location": "x"}
    await browser.post(f"/organization/staff/{provider.id}", office)
    assert "Payers do not see this profile" in (await owner.get(path)).words  # R78
    assert "Payers do not see your Public Profile" in (await owner.get("/")).words
    assert "Needs attention" in (await browser.get(GRID)).words


async def test_r68_r73_only_who_administers_a_practice_with_the_programme_finds_any_of_it(
    browsers: Callable[[], Browser], accounts: Accounts, world: World, deps: Deps
) -> None:
    practice, other = await opened(world, deps), await opened(world, deps)
    provider, foreign = await world.provider(practice=practice), await world.provider(practice=other)
    payer = await world.payer(foreign)
    without = await world.practice()
    theirs = await world.provider(practice=without)
    admin, scheduler, second = browsers(), browsers(), browsers()
    await accounts.by_cookie(admin, await accounts.in_practice(practice, Role.PRACTICE_ADMIN))
    await accounts.by_cookie(scheduler, await accounts.in_practice(practice, Role.SCHEDULER, email="s@example.com"))
    await accounts.by_cookie(second, await accounts.in_practice(without, Role.PRACTICE_ADMIN, email="w@example.com"))
    own = browsers()
    await accounts.by_cookie(own, await accounts.of(provider))

    def paths(whose: Provider) -> list[str]:
        below = ("", "/delete", "/deactivate")
        return [f"/organization/staff/{whose.id}", *(f"{GRID}/{whose.id}{one}" for one in below)]

    form = {"payers": str(payer.id), "first_name": "Canary", "last_name": "Canary"}
    for path in (*paths(foreign), f"/organization/staff/{foreign.id}/profile"):
        assert [(await admin.get(path)).status, (await admin.post(path, form)).status] == [404, 404], path
    for who in (scheduler, own):
        for path in ("/organization/staff", GRID, f"{GRID}/add", *paths(provider)):
            assert [(await who.get(path)).status, (await who.post(path, form)).status][0] == 404, path
    assert (await own.get(f"/organization/staff/{foreign.id}/profile")).status == 404
    assert (await scheduler.get(f"/organization/staff/{provider.id}/profile")).status == 404
    assert (await admin.post(f"{GRID}/add", {"staff": str(foreign.id), "payers": str(payer.id)})).status == 404

    staff = await second.get("/organization/staff")
    assert (staff.status, "Client Referral Program" in staff.words) == (200, False)  # the tab is absent
    for path in (GRID, f"{GRID}/add", f"{GRID}/{theirs.id}"):
        assert [(await second.get(path)).status, (await second.post(path, form)).status][0] == 404, path
    saved = await second.post(f"/organization/staff/{theirs.id}/profile", {"statement": "Canary.", "do": "save"})
    assert "The profile is saved" in saved.words  # R83
    refused = await second.post(f"/organization/staff/{theirs.id}/profile", {"statement": "Canary.", "do": "submit"})
    assert (refused.status, "does not take part" in refused.words) == (409, True)


@pytest.mark.parametrize("role", [Role.PRACTICE_ADMIN, None])
async def test_an_admin_may_be_a_provider_as_well(
    browser: Browser, accounts: Accounts, world: World, deps: Deps, role: Role | None
) -> None:
    practice = await opened(world, deps)
    provider = await world.provider(practice=practice)
    account = await accounts.of(provider)
    if role:
        await accounts.join(account, practice, role)
    await accounts.by_cookie(browser, account)

    seen = await browser.get(f"/organization/staff/{provider.id}/profile")
    assert (seen.status, 'name="pronouns"' in seen.text) == (200, True)
    assert ("Active Staff Members" in seen.words) is bool(role)


async def test_the_mail_of_an_enrolment_names_nobody(
    browser: Browser, accounts: Accounts, world: World, deps: Deps, works: Worker, mailbox: Mailbox
) -> None:
    """M8."""
    practice = await opened(world, deps)
    provider = await world.provider(practice=practice)
    payer = await world.payer()
    await accounts.by_cookie(browser, await accounts.in_practice(practice, Role.PRACTICE_ADMIN))
    await browser.post(f"{GRID}/add", {"staff": str(provider.id), "payers": str(payer.id)})
    await works.turn()
    letter = mailbox.letter()
    assert (letter["To"], "public profile" in str(letter["Subject"])) == (provider.email, True)
    assert "Canary" not in letter.as_string()
