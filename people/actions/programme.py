"""The client referral programme: payers, and the places of providers in it (requirements 4.7).

Leaving it is in `scheduling`, since it declines what payers have asked for (R81).
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import NotFound, Refused
from config.lifecycles import next_state
from people import queries
from people.models import Enrolment, Payer, Practice, Provider
from people.rules import lifecycle, programme
from people.values import EnrolmentEvent, EnrolmentState
from status import actions as ledger
from status.actions import NewId
from status.values import Actor, EventKind


async def add_payer(session: AsyncSession, *, name: str, instant: bool, now: datetime, new_id: NewId) -> Payer:
    """Add a payer (R69); `instant` lets practices book its clients without a yes."""
    await _see_that_name_is_free(session, name, None)
    row = Payer(id=new_id(), name=name, instant=instant, created_at=now)
    session.add(row)
    await session.flush()
    return row


async def rename_payer(session: AsyncSession, row: Payer, name: str) -> None:
    """Give a payer another name; requests keep the one that it had (R91)."""
    await _see_that_name_is_free(session, name, row.id)
    row.name = name
    await session.flush()


async def _see_that_name_is_free(session: AsyncSession, name: str, but: UUID | None) -> None:
    known = await queries.payer_by_name(session, name)
    if known is not None and known.id != but:
        raise Refused("name_taken", "There is a payer of this name already. Choose another name.")


async def enrol(
    session: AsyncSession,
    provider_id: UUID,
    payer_ids: Collection[UUID],
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> Enrolment:
    """Take a provider into the programme (R70, R76); who has left it does not come back this way (R82)."""
    provider, _ = await programme_of(session, provider_id)
    earlier = await queries.enrolment_for_update(session, provider_id)
    if earlier is not None and earlier.state is EnrolmentState.DEACTIVATED:
        raise Refused(*programme.why_not(earlier.state, None))
    if earlier is not None:
        raise Refused("already_enrolled", "This provider is in the programme already.")
    await _see_that_payers_are_known(session, payer_ids)
    row = Enrolment(
        id=new_id(),
        provider_id=provider.id,
        practice_id=provider.practice_id,
        state=EnrolmentState.INCOMPLETE,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    await queries.set_payers(session, row.id, payer_ids)
    await _record(session, row, "enrol", actor=actor, now=now, new_id=new_id)
    return row


async def change_payers(
    session: AsyncSession,
    provider_id: UUID,
    payer_ids: Collection[UUID],
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> Enrolment:
    """Say which payers may send clients from now on (R79); what was asked for before stays to be decided."""
    row = await _enrolled(session, provider_id)
    if row.state not in {EnrolmentState.INCOMPLETE, EnrolmentState.COMPLETED}:
        raise Refused(*programme.why_not(row.state, None))
    await _see_that_payers_are_known(session, payer_ids)
    await queries.set_payers(session, row.id, payer_ids)
    row.version += 1
    await session.flush()
    await _record(session, row, "payers", actor=actor, now=now, new_id=new_id)
    return row


async def move_enrolment(
    session: AsyncSession, provider_id: UUID, event: EnrolmentEvent, *, actor: Actor, now: datetime, new_id: NewId
) -> Enrolment:
    """Move an enrolment by its table, else Refused with what to do instead."""
    row = await _enrolled(session, provider_id)
    after = next_state(lifecycle.ENROLMENT, row.state, event)
    if after is None:
        raise Refused(*programme.why_not(row.state, event), state=row.state.value)
    row.state, row.version = after, row.version + 1
    if event is EnrolmentEvent.SUBMIT:
        row.submitted_at = now
    else:
        row.ended_at = now
    await session.flush()
    await _record(session, row, event.value, actor=actor, now=now, new_id=new_id)
    return row


async def programme_of(session: AsyncSession, provider_id: UUID) -> tuple[Provider, Practice]:
    """Return an active provider and their practice; NotFound where it does not have the programme (R68)."""
    provider = await queries.provider(session, provider_id)
    practice = await queries.practice(session, provider.practice_id) if provider and provider.active else None
    if provider is None or practice is None or not practice.programme:
        raise NotFound
    return provider, practice


async def _enrolled(session: AsyncSession, provider_id: UUID) -> Enrolment:
    await programme_of(session, provider_id)
    row = await queries.enrolment_for_update(session, provider_id)
    if row is None:
        raise NotFound
    return row


async def _see_that_payers_are_known(session: AsyncSession, payer_ids: Collection[UUID]) -> None:
    unknown = set(payer_ids) - await queries.active_payers(session, payer_ids)
    if unknown or not payer_ids:
        raise Refused("no_such_payer", "Name payers that are there and active, at least one.", status=422)


async def _record(
    session: AsyncSession, row: Enrolment, event: str, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    await ledger.record(
        session,
        EventKind.ENROLMENT_MOVED,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=row.provider_id,
        data={"enrolment": str(row.id), "event": event, "state": row.state.value},
    )
