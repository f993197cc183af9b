"""A provider's page, and the settings that fill it."""

from datetime import timedelta

from people import actions as people
from people.models import Provider
from people.values.profiles import PhotoFiles
from scheduling import actions as scheduling
from status.values import Actor, ActorKind
from tests.builders import present
from tests.people.pictures import photo
from tests.portal.browser.stories import Scene, Stage, story


@story("public_page", "everything is told")
async def whole(stage: Stage) -> Scene:
    await _with_page(stage, "canary-whole")
    return Scene(path="/p/canary-whole?src=directory")


@story("public_page", "its owner looks at it before it is published")
async def preview(stage: Stage) -> Scene:
    provider = await _with_page(stage, "canary-preview", published=False)
    return Scene(path="/p/canary-preview", who=await stage.accounts.of(provider))


@story("public_page", "there is nobody")
async def nobody(_: Stage) -> Scene:
    return Scene(path="/p/nobody-at-all")


@story("settings", "the first tab")
async def begin(stage: Stage) -> Scene:
    return Scene(path="/settings", who=await stage.accounts.of(await stage.world.provider()))


@story("settings_profile", "nothing is filled in")
async def empty(stage: Stage) -> Scene:
    return Scene(path="/settings/profile", who=await stage.accounts.of(await stage.world.provider()))


@story("settings_profile", "everything is filled in")
async def full(stage: Stage) -> Scene:
    provider = await _with_page(stage, "canary-full")
    return Scene(path="/settings/profile", who=await stage.accounts.of(provider))


@story("settings_profile", "refused")
async def refused(stage: Stage) -> Scene:
    wrong = {"slug": "a--b", "year_1": "99", "what_2": "MSW", "highlights": "\n".join("123456")}
    return Scene(path="/settings/profile", who=await stage.accounts.of(await stage.world.provider()), sent=wrong)


@story("settings_photo", "there is none, and what was sent is none")
async def no_photo(stage: Stage) -> Scene:
    return Scene(path="/settings/photo", who=await stage.accounts.of(await stage.world.provider()), sent={"photo": ""})


@story("settings_office", "refused")
async def office(stage: Stage) -> Scene:
    wrong = {"first_name": "", "npi": "1234567890", "office_phone": "12"}
    return Scene(path="/settings/office", who=await stage.accounts.of(await stage.world.provider()), sent=wrong)


@story("settings_referrals", "searches were made, and a status was missed")
async def referrals(stage: Stage) -> Scene:
    world, clock = stage.world, stage.clock
    provider, _, appointment = await world.consultation()
    clock.to(appointment.ends_at)
    await stage.works.turn()
    clock.to(appointment.ends_at + timedelta(hours=73))
    await stage.works.turn()
    for _ in range(5):
        await world.search(state="CA", age=30)
    return Scene(path="/settings/referrals", who=await stage.accounts.of(provider))


async def _with_page(stage: Stage, slug: str, *, published: bool = True) -> Provider:
    provider, deps = await stage.world.provider(), stage.deps
    await stage.world.settings(provider, plans=["aetna", "cigna"], states=["CA", "NY"])
    told = {
        "slug": slug,
        "published": published,
        "listed": True,
        "highlights": ["12 345", "67 890"],
        "also": ["sleep"],
        "therapies": ["emdr"],
        "affirms": ["veterans"],
        "education": [{"what": "MSW", "where": "NYU", "year": 1999}],
        "gender": "woman",
        "pronouns": "she/her",
        "shown": ["gender", "pronouns"],
    }
    async with deps.sessions.begin() as session:
        await present(session, provider.id, deps.now())
        picture = PhotoFiles(large=photo((600, 600), "WEBP"), small=photo((192, 192), "WEBP"))
        mine = Actor(kind=ActorKind.PROVIDER, id=provider.id)
        await people.set_photo(session, provider.id, picture, actor=mine, now=deps.now(), new_id=deps.new_id)
        await scheduling.change_profile(
            session,
            provider.id,
            told,
            actor=mine,
            now=deps.now(),
            new_id=deps.new_id,
        )
    return provider
