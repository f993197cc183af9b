"""A provider's number, and the security of an account."""

from people.values import PracticeKind
from tests.portal.browser.stories import Scene, Stage, story


@story("number", "verified")
async def verified(stage: Stage) -> Scene:
    return Scene(path="/settings/number", who=await stage.accounts.of(await stage.world.provider()))


@story("number", "to be proven, in a group")
async def to_be_proven(stage: Stage) -> Scene:
    practice = await stage.world.practice(kind=PracticeKind.GROUP)
    provider = await stage.world.provider(practice=practice, verified=False)
    return Scene(path="/settings/number", who=await stage.accounts.of(provider))


@story("number", "a code is shown")
async def a_code(stage: Stage) -> Scene:
    provider = await stage.world.provider(verified=False)
    who = await stage.accounts.of(provider)
    return Scene(path="/settings/number/code", who=who, sent={}, sent_from="/settings/number")


@story("number", "missing")
async def missing(stage: Stage) -> Scene:
    provider = await stage.world.provider(dial_phone=None)
    return Scene(path="/settings/number", who=await stage.accounts.of(provider))


@story("other_number", "refused")
async def other_number(stage: Stage) -> Scene:
    who = await stage.accounts.of(await stage.world.provider())
    return Scene(path="/settings/number/change", who=who, sent={"number": "12"})


@story("pin", "refused")
async def pin(stage: Stage) -> Scene:
    who = await stage.accounts.of(await stage.world.provider())
    return Scene(path="/settings/number/pin", who=who, sent={"pin": "12"})


@story("security", "as it is")
async def security(stage: Stage) -> Scene:
    return Scene(path="/settings/security", who=await stage.accounts.of(await stage.world.provider()))


@story("change_password", "refused")
async def change_password(stage: Stage) -> Scene:
    who = await stage.accounts.of(await stage.world.provider())
    return Scene(path="/settings/security/password", who=who, sent={"password": "short"})


@story("change_factor", "as it is")
async def change_factor(stage: Stage) -> Scene:
    return Scene(path="/settings/security/factor", who=await stage.accounts.of(await stage.world.provider()))
