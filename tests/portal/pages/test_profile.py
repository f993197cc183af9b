"""A provider's page and the settings that fill it: written, refused with nothing lost, shown, moved, hidden."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from aiohttp import FormData
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from config.deps import Deps
from people import queries
from people.rules import profile as rules
from people.values.profiles import ProfilePart
from scheduling import actions as scheduling
from scheduling import queries as calendar
from scheduling.models import Appointment
from scheduling.values import AppointmentState, SessionType
from tests.builders import World
from tests.clock import Clock
from tests.people import pictures
from tests.portal.pages.conftest import Accounts, Browser

WHOLE = {
    "version": "1",
    "slug": "Canary-Lee",
    "switches": ["published", "listed"],
    "statement": "Canary statement.\r\n\r\nA <b>second</b> paragraph.",
    "highlights": "Canary highlight one\n\nCanary highlight two",
    "focus_1": "grief",
    "focus_2": "anxiety",
    "also": ["sleep", "grief"],
    "taxonomy": "1041C0700X",
    "languages": ["en", "es"],
    "what_1": "MSW",
    "where_1": "Canary University",
    "year_1": "1999",
    "gender": "woman",
    "pronouns": "she/her",
    "faith": "Canary-Quaker",
    "shown": ["pronouns"],
}


def sent(**changed: object) -> FormData:
    """Return the form as a browser sends it."""
    made = FormData()
    for name, value in {**WHOLE, **changed}.items():
        for one in value if isinstance(value, list) else [value]:
            made.add_field(name, str(one))
    return made


async def test_a_page_is_written_shown_moved_and_hidden(
    browser: Browser, browsers: Callable[[], Browser], accounts: Accounts, world: World, deps: Deps
) -> None:
    provider = await world.provider()
    async with deps.sessions.begin() as session:
        row = await queries.provider_for_update(session, provider.id)
        assert row is not None
        row.office_phone = row.dial_phone
    await world.settings(provider, plans=["aetna"], states=["NY"])
    await accounts.by_cookie(browser, await accounts.of(provider))
    seen = await browser.get("/settings")
    assert seen.path == "/settings/profile"
    assert "0 % complete" in seen.words

    seen = await browser.post("/settings/profile", sent())
    assert (seen.status, "Your profile is saved" in seen.words, "85 % complete" in seen.words) == (200, True, True)
    assert 'value="http://127.0.0.1' in seen.text
    assert "/p/canary-lee" in seen.text

    stranger = browsers()
    page = await stranger.get("/p/Canary-LEE?src=directory")
    assert page.path == "/p/canary-lee"
    for told in (
        "Canary statement.",
        "Canary highlight two",
        "Grief",
        "MSW, Canary University, 1999",
        "she/her",
        "Aetna",
    ):
        assert told in page.words, told
    assert "<b>second" not in page.text
    assert "/p/canary-lee/openings?type=phone_consultation&amp;src=directory" in page.text
    for kept in ("Canary-Quaker", "Woman", provider.dial_phone or "", (provider.dial_phone or "")[-8:], "noindex"):
        assert kept not in page.text, kept  # R86, R102
    assert f"/write/{provider.id}" in page.text
    assert "&amp;src=" not in (await stranger.get("/p/canary-lee?src=a%40example.com&search=x")).text
    assert "&amp;search=" in (await stranger.get(f"/p/canary-lee?search={provider.id}")).text

    await browser.post("/settings/profile", sent(version="2", slug="canary-pat", switches=["published", "noindex"]))
    old = await stranger.get("/p/canary-lee?src=x", allow_redirects=False)
    assert (old.status, old.headers["Location"]) == (308, "/p/canary-pat?src=x")
    assert 'content="noindex"' in (await stranger.get("/p/canary-lee")).text

    await browser.post("/settings/profile", sent(version="3", slug="canary-pat", switches=[]))
    nobody = await stranger.get("/p/nobody-at-all")
    for path in ("/p/canary-pat", "/p/canary-lee"):
        hidden = await stranger.get(path)
        assert (hidden.status, hidden.words.replace("canary-pat", "")) == (404, nobody.words)
    preview = await browser.get("/p/canary-pat")  # R7
    assert (preview.status, "only you see it" in preview.words, "/openings" in preview.text) == (200, True, False)


async def test_what_is_wrong_is_told_beside_its_field_and_nothing_typed_is_lost(
    browser: Browser, accounts: Accounts, world: World, session: AsyncSession
) -> None:
    provider, other = await world.provider(), await world.provider()
    await accounts.by_cookie(browser, await accounts.of(other))
    await browser.post("/settings/profile", sent())
    await accounts.by_cookie(browser, await accounts.of(provider))

    seen = await browser.post(
        "/settings/profile",
        sent(slug="a--b", statement="x" * 4001, highlights="\n".join("abcdef"), year_1="99", what_2="PhD"),
    )
    assert seen.status == 422
    for where in ("slug", "statement", "highlights", "year_1", "where_2"):
        assert f'id="{where}-problem"' in seen.text, where
        assert f'href="#{where}"' in seen.text, where
    for typed in ('value="a--b"', "x" * 4001, 'value="PhD"', 'value="Canary University"'):
        assert typed in seen.text

    taken = await browser.post("/settings/profile", sent())
    assert (taken.status, "or had it before" in taken.words) == (422, True)
    needed = await browser.post("/settings/profile", sent(slug=""))
    assert "needs an address" in needed.words
    await browser.post("/settings/profile", sent(slug="canary-kim"))
    late = await browser.post("/settings/profile", sent(slug="canary-kim", statement="Canary, later."))  # R72
    assert (late.status, "Canary, later." in late.text, 'value="2"' in late.text) == (409, True, True)
    profile = await queries.profile(session, provider.id)
    assert profile is not None
    assert (profile.statement or "").startswith("Canary statement.")


async def test_photo_and_office_have_pages_of_their_own(browser: Browser, accounts: Accounts, world: World) -> None:
    provider = await world.provider()
    await accounts.by_cookie(browser, await accounts.of(provider))

    def photo(data: bytes) -> FormData:
        made = FormData()
        made.add_field("photo", BytesIO(data), filename="canary.jpg")
        return made

    seen = await browser.post("/settings/photo", photo(pictures.sideways()))
    assert "The photo is saved" in seen.words
    assert "/photos/" in seen.text
    for wrong, why in (
        (pictures.SVG, "no photo that we can read"),
        (b"", "Choose a photo first"),
        (pictures.photo() + bytes(10 * 1024 * 1024 - 1000), "larger than 10 MB"),
    ):
        refused = await browser.post("/settings/photo", photo(wrong))
        assert (refused.status in {413, 422}, why in refused.words) == (True, True)
        assert "/photos/" in refused.text  # the one that was sent before is still there
    assert "The photo is removed" in (await browser.post("/settings/photo", {"remove": "yes"})).words

    office = {"first_name": "Canary-Pat", "last_name": "Lee", "npi": "1234567890", "office_phone": "12"}
    wrong_ones = await browser.post("/settings/office", office)
    assert ("npi-problem" in wrong_ones.text, "office_phone-problem" in wrong_ones.text) == (True, True)
    same = await browser.post(
        "/settings/office", {**office, "npi": "1234567893", "office_phone": provider.dial_phone or ""}
    )
    assert "works like a key" in same.words  # R102
    saved = await browser.post("/settings/office", {**office, "npi": "1234567893", "office_phone": "(212) 555-0198"})
    assert ("Your office details are saved" in saved.words, "works like a key" in saved.words) == (True, False)


async def test_referral_settings_say_what_they_do_and_why_one_is_not_shown(
    browser: Browser, accounts: Accounts, world: World, clock: Clock, deps: Deps
) -> None:
    provider, _, appointment = await world.consultation()
    clock.to(appointment.ends_at + timedelta(days=4))
    await accounts.by_cookie(browser, await accounts.of(provider))
    for _ in range(5):
        await world.search(state="CA", age=30)

    seen = await browser.get("/settings/referrals")
    assert "Urgent referrals (within 48 hours)" in seen.words  # R25
    assert "State not among yours" in seen.words
    assert "You are in no search" in seen.words
    typed = {
        "accepting": "yes",
        "urgent": "yes",
        "urgent_notice_h": "3",
        "session_types": "full_session",
        "modalities": "telehealth",
        "youngest": "16",
        "oldest": "70",
        "states": "CA",
        "plans": "aetna",
        "not_treated": "psychosis",
    }
    saved = await browser.post("/settings/referrals", typed)
    assert "Your referral settings are saved" in saved.words
    assert 'name="states" value="CA" id="states-6" checked' in saved.text
    assert "State not among yours" not in saved.words
    paused = await browser.post("/settings/referrals", {**typed, "paused_until": "2026-12-24"})
    assert 'value="2026-12-24"' in paused.text
    async with deps.sessions() as session:
        row = await calendar.referral_settings(session, provider.id)
    assert row.paused_until == datetime(2026, 12, 24, 5, tzinfo=UTC)  # midnight in New York
    none = await browser.post("/settings/referrals", {**typed, "paused_until": "2026-02-30"})
    assert (none.status, 'id="paused_until-problem"' in none.text) == (422, True)
    wrong = await browser.post("/settings/referrals", {**typed, "youngest": "71", "urgent_notice_h": "3"})
    assert (wrong.status, "above the oldest" in wrong.words) == (422, True)
    other = await browser.post("/settings/referrals", {**typed, "urgent_notice_h": "48", "oldest": "old"})
    assert ("1 to 47 hours" in other.words, "from 0 to 120" in other.words) == (True, True)


@pytest.mark.parametrize(
    ("filled", "percent", "recommended"),
    [
        ({}, 0, ("photo", "statement", "highlights")),
        ({ProfilePart.PHOTO: True}, 14, ("statement", "highlights")),
        (dict.fromkeys(ProfilePart, True), 100, ()),
    ],
)
def test_r3_how_complete_a_profile_is(
    filled: dict[ProfilePart, bool], percent: int, recommended: tuple[str, ...]
) -> None:
    found = rules.completeness(filled)
    assert (found.percent, found.recommended) == (percent, recommended)


async def test_r12_who_came_a_second_time_is_counted_of_those_who_had_the_time_to(
    world: World, clock: Clock, deps: Deps, session: AsyncSession
) -> None:
    provider = await world.provider()
    once, twice, new = [await world.client(provider) for _ in range(3)]
    first = clock()
    for client, days in ((once, 1), (twice, 2), (twice, 40), (new, 3)):
        await world.appointment(
            provider, client=client, starts_in=timedelta(days=days), session_type=SessionType.FULL_SESSION
        )
    async with deps.sessions.begin() as writing:
        await writing.execute(update(Appointment).values(state=AppointmentState.ENDED))

    clock.to(first + timedelta(days=62, hours=2))
    found = await scheduling.second_visits(session, provider.id, now=clock())
    assert (found.first, found.again, found.percent) == (2, 1, 50)
    assert (await scheduling.second_visits(session, provider.id, now=first)).percent is None
