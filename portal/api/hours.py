"""Working hours: when in a week a provider can be booked, in wall time."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from portal.api import access
from portal.api.fields import Closes, Nothing, Opens, Shape, Weekday, Zone
from portal.api.operation import ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.models import WorkingHours
from scheduling.rules.hours import clock
from scheduling.values import WeeklyHours


class Hours(Shape):
    """A stretch of one weekday, 0 being Monday. A night is two: until 24:00, and from 00:00 of the next day."""

    weekday: Weekday
    opens: Opens
    closes: Closes


class NewHours(Shape):
    """All working hours of a week; without `timezone` they are in the provider's own."""

    timezone: Zone | None = None
    hours: Annotated[list[Hours], Field(max_length=100)]


class OneStretch(Shape):
    """A stretch of one weekday, 0 being Monday."""

    weekday: int
    opens: str
    closes: str


class HoursShown(Shape):
    """Working hours in the order of the week, and the zone in which they are meant."""

    timezone: str
    hours: list[OneStretch]


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show a provider's working hours."""
    provider = await access.provider(ask, ask.path["provider_id"])
    return _shown(await queries.working_hours(ask.session, provider.id), provider.timezone)


async def replace(ask: Ask[NewHours, Nothing]) -> Answer:
    """Replace a provider's working hours; what is booked stays."""
    provider = await access.provider(ask, ask.path["provider_id"], lock=True)
    timezone = ask.body.timezone or provider.timezone
    hours = [
        WeeklyHours(weekday=one.weekday, opens_m=one.opens, closes_m=one.closes, timezone=timezone)
        for one in ask.body.hours
    ]
    rows = await scheduling.set_hours(ask.session, provider.id, hours, actor=ask.actor, now=ask.now, new_id=ask.new_id)
    return Answer(_shown(rows, timezone).shown, (provider.id,))


def _shown(rows: Sequence[WorkingHours], timezone: str) -> Answer:
    shown = HoursShown(
        timezone=rows[0].timezone if rows else timezone,
        hours=[OneStretch(weekday=row.weekday, opens=clock(row.opens_m), closes=clock(row.closes_m)) for row in rows],
    )
    return Answer(shown)


OPERATIONS = (
    Operation(
        name="getHours",
        method=Method.GET,
        path="/providers/{provider_id}/hours",
        roles=ADMIN_AND_PROVIDER,
        summary="Show a provider's working hours",
        handler=show,
        body=Nothing,
        query=Nothing,
        answer=HoursShown,
    ),
    Operation(
        name="setHours",
        method=Method.PUT,
        path="/providers/{provider_id}/hours",
        roles=ADMIN_AND_PROVIDER,
        summary="Replace a provider's working hours",
        handler=replace,
        body=NewHours,
        query=Nothing,
        answer=HoursShown,
    ),
)
