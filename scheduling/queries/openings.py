"""What is computed ahead for searches, who was shown how often, and how bookings were kept (3.2, 3.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Integer, Uuid, and_, any_, cast, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from people.models import Profile, Provider
from scheduling.models import Appointment, BookingDraft, Impression, Opening, ReferralSettings, Request, Search
from scheduling.queries.availability import default_settings
from scheduling.values import AppointmentState, Openings, Record, RequestState, SessionType, Source
from status import queries as ledger

# Held as agreed, as far as the provider goes: a client who did not come is not theirs to answer for.
_KEPT = (
    AppointmentState.BOOKED,
    AppointmentState.ENDED,
    AppointmentState.DETAILS_CONFIRMED,
    AppointmentState.NO_SHOW,
)
# An appointment that was cancelled in the window began in it or later, but for one that was under way.
_LONGEST = timedelta(days=1)


def _one_of(column: Any, ids: Sequence[UUID]) -> ColumnElement[bool]:
    return column == any_(cast(list(ids), ARRAY(Uuid())))  # type: ignore[no-any-return]


# Openings


async def settings_of(session: AsyncSession, provider_ids: Sequence[UUID]) -> Mapping[UUID, ReferralSettings]:
    """Return how providers want to be booked; unsaved rows with the defaults for those who have none."""
    found = await session.execute(
        select(ReferralSettings).where(_one_of(col(ReferralSettings.provider_id), provider_ids))
    )
    told = {row.provider_id: row for row in found.scalars()}
    return {one: told.get(one) or default_settings(one) for one in provider_ids}


async def stale_openings(session: AsyncSession, before: datetime, limit: int) -> Sequence[UUID]:
    """Return listed providers whose openings were computed before then, or never; the longest ago first."""
    oldest = func.min(col(Opening.computed_at))
    found = await session.execute(
        select(col(Profile.provider_id))
        .join(Provider, col(Provider.id) == col(Profile.provider_id))
        .outerjoin(Opening, col(Opening.provider_id) == col(Profile.provider_id))
        .where(col(Profile.published), col(Profile.listed), col(Provider.active))
        .group_by(col(Profile.provider_id))
        .having(or_(oldest.is_(None), oldest <= before))
        .order_by(oldest.nulls_first(), col(Profile.provider_id))
        .limit(limit)
    )
    return found.scalars().all()


async def write_openings(
    session: AsyncSession,
    found: Mapping[tuple[UUID, SessionType], tuple[Openings, Sequence[int]]],
    records: Mapping[UUID, Record],
    now: datetime,
) -> None:
    """Write openings with their week of hours and the records in the place of what was there, unless that is newer."""
    rows = [
        {
            "provider_id": provider_id,
            "session_type": session_type,
            "next_at": datetime.fromtimestamp(openings.next_at, now.tzinfo) if openings.next_at else None,
            "open_in_week": openings.in_week,
            "starts": list(openings.starts),
            "week": list(week),
            **asdict(records[provider_id]),
            "computed_at": now,
        }
        for (provider_id, session_type), (openings, week) in sorted(found.items())
    ]
    if not rows:
        return
    new = insert(Opening)
    written = {name: new.excluded[name] for name in rows[0] if name not in {"provider_id", "session_type"}}
    await session.execute(
        new.on_conflict_do_update(
            index_elements=["provider_id", "session_type"],
            set_=written,
            where=col(Opening.computed_at) <= new.excluded.computed_at,
        ),
        rows,
    )


# How bookings were kept


async def records(
    session: AsyncSession, provider_ids: Sequence[UUID], since: datetime, now: datetime
) -> Mapping[UUID, Record]:
    """Return how providers kept what clients booked, and whether they tell, since then (3.2, 3.4)."""
    kept_and_dropped = await _kept_and_dropped(session, provider_ids, since, now)
    expired = await _expired(session, provider_ids, since)
    sharing = await ledger.sharing_of(session, provider_ids, since)
    return {
        one: Record(
            kept=kept_and_dropped.get(one, (0, 0))[0],
            dropped=kept_and_dropped.get(one, (0, 0))[1] + expired.get(one, 0),
            shared=sharing.get(one, (0, 0))[0],
            missed=sharing.get(one, (0, 0))[1],
        )
        for one in provider_ids
    }


async def _kept_and_dropped(
    session: AsyncSession, provider_ids: Sequence[UUID], since: datetime, now: datetime
) -> Mapping[UUID, tuple[int, int]]:
    kept = and_(col(Appointment.state).in_(_KEPT), col(Appointment.starts_at) >= since, col(Appointment.ends_at) <= now)
    dropped = and_(
        col(Appointment.state) == AppointmentState.CANCELLED_BY_PROVIDER, col(Appointment.cancelled_at) >= since
    )
    found = await session.execute(
        select(col(Appointment.provider_id), func.count().filter(kept), func.count().filter(dropped))
        .where(
            _one_of(col(Appointment.provider_id), provider_ids),
            col(Appointment.starts_at) >= since - _LONGEST,
            col(Appointment.source) != Source.PROVIDER_MADE,
        )
        .group_by(col(Appointment.provider_id))
    )
    return {provider_id: (held, lost) for provider_id, held, lost in found}


async def _expired(session: AsyncSession, provider_ids: Sequence[UUID], since: datetime) -> Mapping[UUID, int]:
    found = await session.execute(
        select(col(Request.provider_id), func.count())
        .where(
            _one_of(col(Request.provider_id), provider_ids),
            col(Request.state) == RequestState.EXPIRED,
            col(Request.expires_at) >= since,
        )
        .group_by(col(Request.provider_id))
    )
    return {one: count for one, count in found}  # noqa: C416 - rows are no pairs to a checker of types


async def until_first_opening(session: AsyncSession, now: datetime) -> Sequence[tuple[SessionType, int, int]]:
    """Count those who are listed by session type and by whole days until their next opening; -1 where there is none."""
    days = func.coalesce(func.floor(func.extract("epoch", col(Opening.next_at) - now) / 86400), literal(-1)).cast(
        Integer
    )
    found = await session.execute(
        select(col(Opening.session_type), days.label("days"), func.count())
        .join(Profile, col(Profile.provider_id) == col(Opening.provider_id))
        .join(Provider, col(Provider.id) == col(Opening.provider_id))
        .where(col(Profile.published), col(Profile.listed), col(Provider.active))
        .group_by(col(Opening.session_type), "days")
        .order_by(col(Opening.session_type), "days")
    )
    return [(kind, max(-1, n), count) for kind, n, count in found]


# Who was shown


async def impressions(session: AsyncSession, provider_ids: Sequence[UUID], week: str) -> Mapping[UUID, int]:
    """Return how often providers stood on a first page in a week."""
    found = await session.execute(
        select(col(Impression.provider_id), col(Impression.shown)).where(
            _one_of(col(Impression.provider_id), provider_ids), col(Impression.week) == week
        )
    )
    return {one: count for one, count in found}  # noqa: C416 - rows are no pairs to a checker of types


async def count_impressions(session: AsyncSession, provider_ids: Sequence[UUID], week: str) -> None:
    """Count one more first page for each; in the order of ids, so that two searches never wait for each other."""
    if not provider_ids:
        return
    await session.execute(
        insert(Impression).on_conflict_do_update(
            index_elements=["provider_id", "week"], set_={"shown": col(Impression.shown) + 1}
        ),
        [{"provider_id": one, "week": week, "shown": 1} for one in sorted(provider_ids)],
    )


# Searches


async def search(session: AsyncSession, search_id: UUID) -> Search | None:
    """Return one search."""
    return await session.get(Search, search_id)


async def answers_since(session: AsyncSession, since: datetime, limit: int) -> Sequence[Mapping[str, Any]]:
    """Return what was asked for in searches since then, the newest first."""
    found = await session.execute(
        select(col(Search.answers)).where(col(Search.at) >= since).order_by(col(Search.at).desc()).limit(limit)
    )
    return found.scalars().all()


async def forget_searches(session: AsyncSession, before: datetime, week: str, limit: int) -> int:
    """Delete searches made before then, and impressions of weeks before that one; return how many searches.

    What came of a search stays: it only forgets from which one it came.
    """
    old = (await session.execute(select(col(Search.id)).where(col(Search.at) < before).limit(limit))).scalars().all()
    if old:
        await session.execute(
            update(BookingDraft).where(_one_of(col(BookingDraft.search_id), old)).values(search_id=None)
        )
        await ledger.forget_searches(session, old)
        await session.execute(delete(Search).where(_one_of(col(Search.id), old)))
    await session.execute(delete(Impression).where(col(Impression.week) < week))
    return len(old)
