"""Enrolments: the places of providers in the client referral programme (requirements 4.7).

Where a practice does not have the programme, nothing of this exists (R68).
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from config.errors import NotFound
from people import actions as people
from people import queries
from people.models import Enrolment
from people.rules import programme
from people.values import EnrolmentEvent, EnrolmentState
from people.values.profiles import Required
from portal.api import access
from portal.api.fields import Nothing, Shape
from portal.api.operation import ADMIN, ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from scheduling import actions as scheduling
from scheduling import queries as scheduling_queries

PATH = "/providers/{provider_id}/enrolment"


class PayersNamed(Shape):
    """Which payers may send clients; at least one (R70)."""

    payer_ids: Annotated[list[UUID], Field(min_length=1, max_length=100)]


class EnrolmentShown(Shape):
    """A provider's place in the programme; leaving it would decline `pending_requests` (R81).

    `missing` is what the profile lacks to be submitted. With `needs_attention` payers see nothing of it (R78).
    """

    id: UUID
    provider_id: UUID
    practice_id: UUID
    state: EnrolmentState
    payer_ids: list[UUID]
    pending_requests: int
    created_at: datetime
    submitted_at: datetime | None
    needs_attention: bool
    missing: list[Required]
    ended_at: datetime | None
    version: int


async def create(ask: Ask[PayersNamed, Nothing]) -> Answer:
    """Take a provider into the programme."""
    provider_id = ask.path["provider_id"]
    row = await people.enrol(
        ask.session, provider_id, set(ask.body.payer_ids), actor=ask.actor, now=ask.now, new_id=ask.new_id
    )
    return await _shown(ask, row, at=PATH.format(provider_id=provider_id))


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show a provider's place in the programme."""
    provider = await access.provider(ask, ask.path["provider_id"])
    await people.programme_of(ask.session, provider.id)
    row = await queries.enrolment(ask.session, provider.id)
    if row is None:
        raise NotFound
    return await _shown(ask, row)


async def change_payers(ask: Ask[PayersNamed, Nothing]) -> Answer:
    """Say which payers may send clients from now on."""
    row = await people.change_payers(
        ask.session,
        ask.path["provider_id"],
        set(ask.body.payer_ids),
        actor=ask.actor,
        now=ask.now,
        new_id=ask.new_id,
    )
    return await _shown(ask, row)


async def submit(ask: Ask[Nothing, Nothing]) -> Answer:
    """Submit the profile: from now on payers see it as it is now, and may send clients."""
    await access.provider(ask, ask.path["provider_id"])
    return await _moved(ask, EnrolmentEvent.SUBMIT)


async def remind(ask: Ask[Nothing, Nothing]) -> Answer:
    """Write to the provider once more."""
    row = await people.remind_to_submit(
        ask.session, ask.path["provider_id"], actor=ask.actor, now=ask.now, new_id=ask.new_id
    )
    return await _shown(ask, row)


async def delete(ask: Ask[Nothing, Nothing]) -> Answer:
    """Take back an enrolment that was never completed; the provider may be enrolled again (R80)."""
    return await _moved(ask, EnrolmentEvent.DELETE)


async def deactivate(ask: Ask[Nothing, Nothing]) -> Answer:
    """Take a provider out of the programme for good, and decline what payers have asked for (R81, R82)."""
    row = await scheduling.leave_programme(
        ask.session,
        ask.path["provider_id"],
        actor=ask.actor,
        house=scheduling.house(ask.settings),
        now=ask.now,
        new_id=ask.new_id,
    )
    return await _shown(ask, row)


async def _moved(ask: Ask[Nothing, Nothing], event: EnrolmentEvent) -> Answer:
    row = await people.move_enrolment(
        ask.session, ask.path["provider_id"], event, actor=ask.actor, now=ask.now, new_id=ask.new_id
    )
    return await _shown(ask, row)


async def _shown(ask: Ask[Any, Any], row: Enrolment, *, at: str | None = None) -> Answer:
    pending = await scheduling_queries.pending_by_payers(ask.session, row.provider_id)
    shown = EnrolmentShown(
        id=row.id,
        provider_id=row.provider_id,
        practice_id=row.practice_id,
        state=row.state,
        payer_ids=list(await queries.payers_of(ask.session, row.id)),
        pending_requests=len(pending),
        created_at=row.created_at,
        submitted_at=row.submitted_at,
        needs_attention=row.needs_attention,
        missing=list(programme.missing(await people.told(ask.session, row.provider_id))),
        ended_at=row.ended_at,
        version=row.version,
    )
    return Answer(shown, (row.id, row.provider_id), at=at)


OPERATIONS = (
    Operation(
        name="enrolProvider",
        method=Method.POST,
        path=PATH,
        roles=ADMIN,
        summary="Take a provider into the client referral programme",
        handler=create,
        body=PayersNamed,
        query=Nothing,
        answer=EnrolmentShown,
        status=201,
    ),
    Operation(
        name="getEnrolment",
        method=Method.GET,
        path=PATH,
        roles=ADMIN_AND_PROVIDER,
        summary="Show a provider's place in the programme",
        handler=show,
        body=Nothing,
        query=Nothing,
        answer=EnrolmentShown,
    ),
    Operation(
        name="changeEnrolmentPayers",
        method=Method.PATCH,
        path=PATH,
        roles=ADMIN,
        summary="Say which payers may send clients",
        handler=change_payers,
        body=PayersNamed,
        query=Nothing,
        answer=EnrolmentShown,
    ),
    Operation(
        name="deleteEnrolment",
        method=Method.POST,
        path=f"{PATH}/delete",
        roles=ADMIN,
        summary="Take back an enrolment that was never completed",
        handler=delete,
        body=Nothing,
        query=Nothing,
        answer=EnrolmentShown,
    ),
    Operation(
        name="submitEnrolment",
        method=Method.POST,
        path=f"{PATH}/submit",
        roles=ADMIN_AND_PROVIDER,
        summary="Submit a provider's profile to the payers",
        handler=submit,
        body=Nothing,
        query=Nothing,
        answer=EnrolmentShown,
    ),
    Operation(
        name="remindOfEnrolment",
        method=Method.POST,
        path=f"{PATH}/remind",
        roles=ADMIN,
        summary="Write to an enrolled provider once more that the profile waits for them",
        handler=remind,
        body=Nothing,
        query=Nothing,
        answer=EnrolmentShown,
    ),
    Operation(
        name="deactivateEnrolment",
        method=Method.POST,
        path=f"{PATH}/deactivate",
        roles=ADMIN,
        summary="Take a provider out of the programme for good",
        handler=deactivate,
        body=Nothing,
        query=Nothing,
        answer=EnrolmentShown,
    ),
)
