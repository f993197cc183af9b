"""What one payer is shown: the profiles that were submitted to it, and the openings that are for payers (R71)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from people import queries as people
from people.models import Enrolment, Provider
from scheduling.actions.house import House
from scheduling.actions.slots import list_slots
from scheduling.values import Offer, SessionType, Source


@dataclass(frozen=True, slots=True)
class Presented:
    """A provider as payers see them: what was submitted, whatever has changed since, and what is open to them now."""

    provider: Provider
    enrolment: Enrolment
    openings: Sequence[Offer]


async def payer_feed(
    session: AsyncSession,
    payer_id: UUID,
    *,
    since: datetime,
    until: datetime,
    after: UUID | None,
    limit: int,
    house: House,
    now: datetime,
) -> list[Presented]:
    """Return those who receive clients from a payer, in the order of their ids, with openings that start in a range."""
    found = []
    for provider, enrolment in await people.presented_to(session, payer_id, after=after, limit=limit):
        openings: list[Offer] = []
        for session_type in SessionType:
            openings += await list_slots(
                session,
                provider.id,
                session_type=session_type,
                source=Source.PAYER,
                payer_id=payer_id,
                since=since,
                until=until,
                house=house,
                now=now,
            )
        found.append(Presented(provider, enrolment, openings))
    return found
