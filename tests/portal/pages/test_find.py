"""Finding a provider: questions without an account, who fits and why, and nothing relaxed in silence."""

import re
from html import unescape
from typing import Any

import pytest

from config.deps import Deps
from people.models import Provider
from scheduling import actions as scheduling
from tests.builders import OPERATOR, World
from tests.portal.pages.conftest import Accounts, Browser

ASKED = {"state": "NY", "age": "34", "session_type": "full_session"}


async def listed(world: World, deps: Deps, slug: str, settings: dict[str, Any], **told: Any) -> Provider:
    """Return a provider with open weeks who is found by searches."""
    provider = await world.provider()
    await world.hours(provider)
    await world.settings(provider, states=["NY"], **settings)
    profile = {"slug": slug, "published": True, "listed": True, **told}
    async with deps.sessions.begin() as session:
        await scheduling.change_profile(
            session, provider.id, profile, actor=OPERATOR, now=deps.now(), new_id=deps.new_id
        )
    async with deps.sessions.begin() as session:
        house = scheduling.house(deps.settings)
        await scheduling.compute_openings(session, [provider.id], house=house, now=deps.now())
    return provider


@pytest.mark.parametrize("language", ["en", "es"])
async def test_a_stranger_is_told_who_fits_why_and_when(
    browser: Browser, world: World, deps: Deps, language: str
) -> None:
    best = await listed(world, deps, "best", {}, focus=["anxiety"], languages=["es"])
    other = await listed(world, deps, "other", {}, also=["sleep"])
    browser.take("language", language)
    browser.take("zone", "America/Denver")
    assert (await browser.get("/find")).status == 200
    wrong = await browser.post("/find", {**ASKED, "age": "340", "problems": ["anxiety", "sleep"]})
    assert (wrong.status, 'id="age-problem"' in wrong.text) == (422, True)
    assert wrong.text.count("checked") == 3  # both problems and the kind of session are as they were ticked

    seen = await browser.post("/find", {**ASKED, "problems": "anxiety", "language": "es"})
    assert seen.status == 200, seen.words
    assert re.fullmatch(r"/find/[0-9a-f-]{36}", seen.path)
    assert seen.words.index(best.last_name) < seen.words.index(other.last_name)
    assert "MST" in seen.words
    links = [unescape(one) for one in re.findall(r'href="(/p/best[^"]*)"', seen.text)]
    search_id = seen.path.rpartition("/")[2]
    assert f"/p/best/openings?type=full_session&search={search_id}" in links
    assert (await browser.get(links[-1])).status == 200
    again = await browser.get("/find", params={"from": search_id})
    assert 'value="34"' in again.text
    order = await browser.get("/find/order")
    assert "SHA-256" in order.words


async def test_r16_nothing_is_relaxed_in_silence_but_by_who_asks_for_it(
    browser: Browser, world: World, deps: Deps
) -> None:
    provider = await listed(world, deps, "one", {"plans": ["aetna"]})
    seen = await browser.post("/find", {**ASKED, "plan": "cigna", "gender": "woman", "only": ["language"]})
    assert "Nobody meets all of that" in seen.words
    assert "takes your insurance plan" in seen.words
    assert provider.last_name in seen.words
    more = await browser.post(f"{seen.path}/without", {"but": "plan"})
    assert more.path != seen.path
    assert "One provider meets every condition" in more.words
    odd = await browser.post(f"{seen.path}/without", {"but": "nonsense"})
    assert "Nobody meets all of that" in odd.words


async def test_r14_crisis_picks_show_where_help_is_first(browser: Browser, world: World, deps: Deps) -> None:
    await listed(world, deps, "one", {})
    seen = await browser.post("/find", {**ASKED, "problems": "self_harm_suicidal"})
    assert "988" in seen.words
    assert seen.words.index("988") < seen.words.index("meets every condition")
    six = ["anxiety", "ocd", "trauma", "sleep", "mood", "relationships"]
    many = await browser.post("/find", {**ASKED, "problems": six})
    assert (many.status, "at most five" in many.words) == (422, True)


async def test_f35_what_a_client_looked_for_is_theirs_alone(
    browser: Browser, accounts: Accounts, world: World, deps: Deps
) -> None:
    provider = await listed(world, deps, "one", {})
    client = await world.client(provider)
    await accounts.by_cookie(browser, await accounts.of_client(client))
    seen = await browser.post("/find", ASKED)
    assert seen.status == 200
    await browser.post("/sign-out")
    assert (await browser.get(seen.path)).status == 404
    asked = await world.search(asked_by=provider)
    assert (await browser.get(f"/find/{asked.search_id}")).status == 404
