"""The ledger of what a provider was told."""

from datetime import timedelta

from people import actions as people
from people import queries
from status.values import Channel, NoticeKey
from tests.portal.browser.stories import Scene, Stage, story


@story("settings_notices", "letters of several fates, and one that is done without")
async def some(stage: Stage) -> Scene:
    provider, _, over = await stage.world.consultation()
    await stage.world.request(provider)
    stage.clock.to(over.ends_at + timedelta(minutes=1))
    await stage.works.turn()
    async with stage.deps.sessions.begin() as session:
        await queries.choose_notices(session, provider.id, [(NoticeKey.NEW_MESSAGE, Channel.MAIL)], stage.deps.now())
    return Scene(path="/settings/notices", who=await stage.accounts.of(provider))


@story("settings_notices", "nothing yet, and mail that is refused")
async def nothing(stage: Stage) -> Scene:
    provider = await stage.world.provider()
    async with stage.deps.sessions.begin() as session:
        key = people.address_key(provider.email, stage.deps.settings)
        await queries.note_bounce(session, key, stage.deps.now())
    return Scene(path="/settings/notices", who=await stage.accounts.of(provider))
