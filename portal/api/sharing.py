"""How a provider shares what became of their consultations, and what that is worth in matching (R122)."""

from datetime import datetime
from uuid import UUID

from portal.api import access
from portal.api.fields import Nothing, Shape
from portal.api.operation import ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from status import queries
from status.rules import sharing


class MissShown(Shape):
    """A consultation whose status was never shared, and when it stops to count."""

    consultation_id: UUID
    appointment_id: UUID
    ended_at: datetime
    drops_out_at: datetime


class SharingShown(Shape):
    """What counts now: consultations that ended after `since` and were to be told about.

    Reliability in matching is multiplied by `factor`. What overlapped an outage of the line counts as neither.
    """

    shared: int
    missed: int
    factor: float
    since: datetime
    misses: list[MissShown]


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show how a provider shares outcomes."""
    row = await access.provider(ask, ask.path["provider_id"])
    since = ask.now - sharing.WINDOW
    shared, missed = (await queries.sharing_of(ask.session, [row.id], since)).get(row.id, (0, 0))
    return Answer(
        SharingShown(
            shared=shared,
            missed=missed,
            factor=sharing.factor(shared, missed),
            since=since,
            misses=[
                MissShown(
                    consultation_id=one.id,
                    appointment_id=one.appointment_id,
                    ended_at=one.ends_at,
                    drops_out_at=sharing.drops_out_at(one.ends_at),
                )
                for one in await queries.missed_consultations(ask.session, row.id, since)
            ],
        )
    )


OPERATIONS = (
    Operation(
        name="getSharing",
        method=Method.GET,
        path="/providers/{provider_id}/sharing",
        roles=ADMIN_AND_PROVIDER,
        summary="Show how a provider shares outcomes, and what it is worth in matching",
        handler=show,
        body=Nothing,
        query=Nothing,
        answer=SharingShown,
    ),
)
