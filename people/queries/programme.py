"""Reads and writes of payers and of the places of providers in the referral programme."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from people.models import Enrolment, EnrolmentPayer, Payer, Practice, Provider
from people.values import EnrolmentState


async def payer(session: AsyncSession, payer_id: UUID) -> Payer | None:
    """Return one payer."""
    return await session.get(Payer, payer_id)


async def payer_for_update(session: AsyncSession, payer_id: UUID) -> Payer | None:
    """Return one payer, locked."""
    return await session.get(Payer, payer_id, with_for_update=True, populate_existing=True)


async def payer_by_name(session: AsyncSession, name: str) -> Payer | None:
    """Return the payer of this name."""
    return (await session.execute(select(Payer).where(col(Payer.name) == name))).scalar_one_or_none()


async def payers(session: AsyncSession, *, after: UUID | None, limit: int) -> Sequence[Payer]:
    """Return payers in the order of their ids."""
    query = select(Payer).order_by(col(Payer.id)).limit(limit)
    if after:
        query = query.where(col(Payer.id) > after)
    return (await session.execute(query)).scalars().all()


async def active_payers(session: AsyncSession, payer_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these are payers that may send clients."""
    found = await session.execute(
        select(col(Payer.id)).where(col(Payer.id).in_(payer_ids), col(Payer.active)).order_by(col(Payer.id))
    )
    return set(found.scalars())


async def enrolment(session: AsyncSession, provider_id: UUID) -> Enrolment | None:
    """Return a provider's place in the programme; one that was deleted is none."""
    found = await session.execute(select(Enrolment).where(*_of(provider_id)))
    return found.scalar_one_or_none()


async def enrolment_by_id(session: AsyncSession, enrolment_id: UUID) -> Enrolment | None:
    """Return one enrolment, whatever has become of it."""
    return await session.get(Enrolment, enrolment_id)


async def enrolment_for_update(session: AsyncSession, provider_id: UUID) -> Enrolment | None:
    """Return the same, locked."""
    found = await session.execute(
        select(Enrolment).where(*_of(provider_id)).with_for_update().execution_options(populate_existing=True)
    )
    return found.scalar_one_or_none()


def _of(provider_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return col(Enrolment.provider_id) == provider_id, col(Enrolment.state) != EnrolmentState.DELETED


async def enrolments_of(session: AsyncSession, practice_id: UUID) -> Sequence[tuple[Enrolment, Sequence[UUID]]]:
    """Return the places of a practice's providers in the programme, each with its payers; deleted ones are none."""
    payers_then = (
        select(func.array_agg(col(EnrolmentPayer.payer_id)))
        .where(col(EnrolmentPayer.enrolment_id) == col(Enrolment.id))
        .scalar_subquery()
    )
    found = await session.execute(
        select(Enrolment, payers_then)
        .where(col(Enrolment.practice_id) == practice_id, col(Enrolment.state) != EnrolmentState.DELETED)
        .order_by(col(Enrolment.id))
    )
    return [(row, payer_ids or []) for row, payer_ids in found]


async def payers_of(session: AsyncSession, enrolment_id: UUID) -> Sequence[UUID]:
    """Return which payers may send clients to an enrolled provider."""
    found = await session.execute(
        select(col(EnrolmentPayer.payer_id))
        .where(col(EnrolmentPayer.enrolment_id) == enrolment_id)
        .order_by(col(EnrolmentPayer.payer_id))
    )
    return found.scalars().all()


async def set_payers(session: AsyncSession, enrolment_id: UUID, payer_ids: Collection[UUID]) -> None:
    """Let these payers, and no others, send clients to an enrolled provider."""
    await session.execute(delete(EnrolmentPayer).where(col(EnrolmentPayer.enrolment_id) == enrolment_id))
    rows = [{"enrolment_id": enrolment_id, "payer_id": one} for one in sorted(payer_ids)]
    await session.execute(insert(EnrolmentPayer).values(rows))


async def receives_from(
    session: AsyncSession, provider_id: UUID, payer_id: UUID, *, lock: bool = False
) -> Payer | None:
    """Return the payer, if it may send clients to this provider now (R30, R70, R71): strict, all of it has to hold.

    The practice has the programme, the provider's enrolment is completed and needs no attention (R78), it names the
    payer, and the payer is active. With `lock` the enrolment stays as it is until this transaction ends, so that
    nobody leaves under a booking.
    """
    query = select(Payer).where(*_receiving(payer_id), col(Enrolment.provider_id) == provider_id)
    if lock:
        query = query.with_for_update(read=True, of=Enrolment)
    return (await session.execute(query)).scalar_one_or_none()


async def presented_to(
    session: AsyncSession, payer_id: UUID, *, after: UUID | None, limit: int
) -> Sequence[tuple[Provider, Enrolment]]:
    """Return the active providers who receive clients from a payer now, in the order of their ids."""
    query = select(Provider, Enrolment).where(
        *_receiving(payer_id), col(Provider.id) == col(Enrolment.provider_id), col(Provider.active)
    )
    if after:
        query = query.where(col(Provider.id) > after)
    found = await session.execute(query.order_by(col(Provider.id)).limit(limit))
    return [(provider, enrolment) for provider, enrolment in found]


def _receiving(payer_id: UUID) -> tuple[ColumnElement[bool], ...]:
    """Return what has to hold so that an enrolled provider receives clients from a payer: as `receives_from` says."""
    return (
        col(EnrolmentPayer.payer_id) == col(Payer.id),
        col(Enrolment.id) == col(EnrolmentPayer.enrolment_id),
        col(Practice.id) == col(Enrolment.practice_id),
        col(Enrolment.state) == EnrolmentState.COMPLETED,
        ~col(Enrolment.needs_attention),
        col(Practice.programme).is_(True),
        col(Payer.id) == payer_id,
        col(Payer.active).is_(True),
    )
