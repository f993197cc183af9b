"""Series: appointments that a provider lets come again (R28). Nobody else makes them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from people.values import TokenRole
from portal.api import access, appointments
from portal.api.appointments import AppointmentShown
from portal.api.fields import WHOLE, Day, Nothing, Opens, Shape, Zone
from portal.api.operation import ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.models import Series
from scheduling.rules.hours import clock
from scheduling.values import Every, Occurrence, Save, SeriesRule, SessionType

PROVIDERS = frozenset({TokenRole.PROVIDER})


class NewSeries(Shape):
    """Appointments that come again at the same hour on the wall, in the provider's zone unless told.

    Without `length_m` they are as long as the provider's sessions, or the house's consultations. Where some times
    meet other appointments nothing is saved, and all of them are listed, unless `save` asks for the free ones.
    """

    client_id: UUID
    session_type: SessionType
    starts_on: Day
    starts_at_local: Opens
    timezone: Zone | None = None
    length_m: Annotated[int, Field(ge=5, le=480), WHOLE] | None = None
    every: Every
    times: Annotated[int, Field(ge=2, le=52), WHOLE]
    save: Save = Save.ALL_OR_NOTHING


class ConflictShown(Shape):
    """A time of a series, by its place from 1 on, that was not free."""

    place: int
    starts_at: datetime
    ends_at: datetime


class SeriesShown(Shape):
    """A series as it was made, and its appointments as they are; `version` counts its changes.

    `conflicts` are told once, by the answer to making it.
    """

    id: UUID
    provider_id: UUID
    client_id: UUID
    session_type: SessionType
    starts_on: str
    starts_at_local: str
    timezone: str
    length_m: int
    every: Every
    times: int
    created_at: datetime
    version: int
    appointments: list[AppointmentShown]
    conflicts: list[ConflictShown]


async def create(ask: Ask[NewSeries, Nothing]) -> Answer:
    """Make a series for a client of one's own."""
    new = ask.body
    provider_id = access.acting_provider(ask, None)
    provider = await access.provider(ask, provider_id)
    await access.client(ask, new.client_id)
    house = scheduling.house(ask.settings)
    made = await scheduling.make_series(
        ask.session,
        provider_id=provider_id,
        client_id=new.client_id,
        session_type=new.session_type,
        rule=SeriesRule(
            starts_on=new.starts_on,
            starts_m=new.starts_at_local,
            length_m=new.length_m or await scheduling.usual_length_m(ask.session, provider_id, new.session_type, house),
            timezone=new.timezone or provider.timezone,
            every=new.every,
            times=new.times,
        ),
        save=new.save,
        actor=ask.actor,
        house=house,
        now=ask.now,
        new_id=ask.new_id,
    )
    return await _shown(ask, made.series, made.conflicts)


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show a series with all its appointments."""
    return await _shown(ask, await access.series(ask, ask.path["series_id"]))


async def _shown(ask: Ask[Any, Any], row: Series, conflicts: Sequence[Occurrence] = ()) -> Answer:
    members = await queries.members(ask.session, row.id)
    shown = SeriesShown(
        id=row.id,
        provider_id=row.provider_id,
        client_id=row.client_id,
        session_type=row.session_type,
        starts_on=row.starts_on,
        starts_at_local=clock(row.starts_m),
        timezone=row.timezone,
        length_m=row.length_m,
        every=row.every,
        times=row.times,
        created_at=row.created_at,
        version=row.version,
        appointments=await appointments.views(ask, members),
        conflicts=[ConflictShown.model_validate(one) for one in conflicts],
    )
    return Answer(shown, (row.id, row.provider_id, row.client_id, *(one.id for one in members)))


OPERATIONS = (
    Operation(
        name="createSeries",
        method=Method.POST,
        path="/series",
        roles=PROVIDERS,
        summary="Let appointments with a client come again",
        handler=create,
        body=NewSeries,
        query=Nothing,
        answer=SeriesShown,
        status=201,
        refuses=frozenset({404}),
        makes="series_id",
    ),
    Operation(
        name="getSeries",
        method=Method.GET,
        path="/series/{series_id}",
        roles=ADMIN_AND_PROVIDER,
        summary="Show a series with its appointments",
        handler=show,
        body=Nothing,
        query=Nothing,
        answer=SeriesShown,
    ),
)
