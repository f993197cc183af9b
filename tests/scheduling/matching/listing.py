"""Providers who can be found: published and listed, licensed in New York, open from nine to five on working days."""

from collections.abc import Mapping
from typing import Any

from people.models import Practice, Provider
from scheduling import actions as scheduling
from tests.builders import OPERATOR, World

HOURS = ("09:00", "17:00")


async def listed(
    world: World,
    *,
    practice: Practice | None = None,
    profile: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    hours: tuple[str, str] | None = HOURS,
    computed: bool = True,
) -> Provider:
    """Make one, with openings `computed` as the worker does it; `profile` and `settings` say what is different."""
    provider = await world.provider(practice=practice)
    if hours:
        await world.hours(provider, *hours)
    await world.settings(provider, **{"states": ["NY"], **(settings or {})})
    shown = {"published": True, "listed": True, "slug": f"canary-{provider.id.hex[:12]}", **(profile or {})}
    async with world.deps.sessions.begin() as session:
        await scheduling.change_profile(
            session, provider.id, shown, actor=OPERATOR, now=world.deps.now(), new_id=world.deps.new_id
        )
        if computed:
            house = scheduling.house(world.deps.settings)
            await scheduling.compute_openings(session, [provider.id], house=house, now=world.deps.now())
    return provider
