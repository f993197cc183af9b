"""Appointments as they belong to referrals."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from scheduling.models import Appointment, Search
from scheduling.queries.appointments import TAKEN


async def of_referrals(session: AsyncSession, referrals: Sequence[UUID], now: datetime) -> Mapping[UUID, Appointment]:
    """Return of each referral the appointment that is told with it: the next one ahead, else the one that was last."""
    ahead = and_(col(Appointment.state).in_(TAKEN), col(Appointment.ends_at) > now)
    away = func.abs(func.extract("epoch", col(Appointment.starts_at)) - now.timestamp())
    found = await session.execute(
        select(Appointment)
        .where(col(Appointment.referral_id).in_(referrals))
        .ext(distinct_on(col(Appointment.referral_id)))
        .order_by(col(Appointment.referral_id), ahead.desc(), away, col(Appointment.id))
    )
    return {row.referral_id: row for row in found.scalars() if row.referral_id}


async def all_of_referral(session: AsyncSession, referral_id: UUID) -> Sequence[Appointment]:
    """Return the appointments of a referral, in order of time."""
    found = await session.execute(
        select(Appointment)
        .where(col(Appointment.referral_id) == referral_id)
        .order_by(col(Appointment.starts_at), col(Appointment.id))
    )
    return found.scalars().all()


async def notes_of_referrals(session: AsyncSession, referrals: Sequence[UUID]) -> Mapping[UUID, str]:
    """Return what the client wrote last, with any appointment of each referral (R33)."""
    found = await session.execute(
        select(col(Appointment.referral_id), col(Appointment.note))
        .where(col(Appointment.referral_id).in_(referrals), col(Appointment.note).is_not(None))
        .ext(distinct_on(col(Appointment.referral_id)))
        .order_by(col(Appointment.referral_id), col(Appointment.created_at).desc(), col(Appointment.id))
    )
    return {referral_id: note for referral_id, note in found if referral_id and note}


async def ahead_of(session: AsyncSession, provider_id: UUID, client_id: UUID, now: datetime) -> Sequence[Appointment]:
    """Return the held and booked appointments of a provider with a client that have not ended, in order of time."""
    found = await session.execute(
        select(Appointment)
        .where(
            col(Appointment.provider_id) == provider_id,
            col(Appointment.client_id) == client_id,
            col(Appointment.state).in_(TAKEN),
            col(Appointment.ends_at) > now,
        )
        .order_by(col(Appointment.starts_at), col(Appointment.id))
    )
    return found.scalars().all()


async def ahead_of_referral(session: AsyncSession, referral_id: UUID, now: datetime, *, but: UUID) -> bool:
    """Tell whether a referral has an appointment, save one, that is held or booked and has not ended."""
    found = await session.execute(
        select(col(Appointment.id)).where(
            col(Appointment.referral_id) == referral_id,
            col(Appointment.state).in_(TAKEN),
            col(Appointment.ends_at) > now,
            col(Appointment.id) != but,
        )
    )
    return found.first() is not None


async def searches_of(session: AsyncSession, search_ids: Sequence[UUID]) -> Mapping[UUID, Search]:
    """Return searches by their ids; one that was forgotten is left out."""
    found = await session.execute(select(Search).where(col(Search.id).in_(search_ids)))
    return {row.id: row for row in found.scalars()}
