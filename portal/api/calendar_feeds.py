"""The secret address of a provider's calendar: made, shown once, ended."""

from datetime import datetime

from portal.api import access
from portal.api.fields import Nothing, Shape
from portal.api.operation import ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from scheduling import actions as scheduling
from scheduling import queries


class NewCalendarFeed(Shape):
    """What stands in titles: with `initials` the client's, else only what kind of appointment it is."""

    initials: bool = False


class CalendarFeedMade(Shape):
    """`url` is shown now and never again: whoever has it can read the calendar."""

    url: str
    initials: bool
    created_at: datetime


class CalendarFeedShown(Shape):
    """Whether there is an address that works, since when, and whether initials stand in its titles."""

    live: bool
    initials: bool | None
    created_at: datetime | None


async def make(ask: Ask[NewCalendarFeed, Nothing]) -> Answer:
    """Make a new address; the one before it ends at once."""
    provider = await access.provider(ask, ask.path["provider_id"], lock=True)
    row, token = await scheduling.make_calendar_feed(
        ask.session,
        provider.id,
        secret=ask.deps.new_token(),
        initials=ask.body.initials,
        actor=ask.actor,
        settings=ask.settings,
        now=ask.now,
        new_id=ask.new_id,
    )
    url = f"{ask.settings.public_url.rstrip('/')}/calendar/{token}.ics"
    return Answer(CalendarFeedMade(url=url, initials=row.initials, created_at=row.created_at), (provider.id,))


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Tell whether there is one; the address itself is not known here."""
    provider = await access.provider(ask, ask.path["provider_id"])
    row = await queries.calendar_feed(ask.session, provider.id)
    if row is None:
        return Answer(CalendarFeedShown(live=False, initials=None, created_at=None))
    return Answer(CalendarFeedShown(live=True, initials=row.initials, created_at=row.created_at))


async def revoke(ask: Ask[Nothing, Nothing]) -> Answer:
    """End the address."""
    provider = await access.provider(ask, ask.path["provider_id"], lock=True)
    await scheduling.revoke_calendar_feed(ask.session, provider.id, actor=ask.actor, now=ask.now, new_id=ask.new_id)
    return Answer(None, (provider.id,))


_PATH = "/providers/{provider_id}/calendar-feed"

OPERATIONS = (
    Operation(
        name="makeCalendarFeed",
        method=Method.POST,
        path=_PATH,
        roles=ADMIN_AND_PROVIDER,
        summary="Make the secret address of a provider's calendar",
        handler=make,
        body=NewCalendarFeed,
        query=Nothing,
        answer=CalendarFeedMade,
        status=201,
        body_optional=True,
        kept=False,
    ),
    Operation(
        name="getCalendarFeed",
        method=Method.GET,
        path=_PATH,
        roles=ADMIN_AND_PROVIDER,
        summary="Tell whether a provider's calendar has an address",
        handler=show,
        body=Nothing,
        query=Nothing,
        answer=CalendarFeedShown,
    ),
    Operation(
        name="revokeCalendarFeed",
        method=Method.POST,
        path=f"{_PATH}/revoke",
        roles=ADMIN_AND_PROVIDER,
        summary="End the address of a provider's calendar",
        handler=revoke,
        body=Nothing,
        query=Nothing,
        answer=None,
        status=204,
    ),
)
