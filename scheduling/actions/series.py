"""Series: appointments that a provider lets come again, each a row of its own (R28).

Called inside somebody's transaction; never commits. The calendar is locked first, so what is free when it is looked
at is free when it is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import Refused
from scheduling import queries
from scheduling.actions import changes, steps
from scheduling.actions.appointments import book
from scheduling.actions.house import House, NewId
from scheduling.actions.waitlist import offer_freed
from scheduling.models import Appointment, Series
from scheduling.rules import series as rules
from scheduling.rules.appointments import state_at
from scheduling.values import (
    AppointmentEvent,
    AppointmentState,
    CancelReason,
    Occurrence,
    Save,
    Scope,
    SeriesRule,
    SessionType,
    Side,
    Source,
)
from status import actions as ledger
from status.rules.access import STAFF, may
from status.values import Actor, Channel, EventKind, NoticeKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What came of making a series: the appointments that stand, and the times that were not free."""

    series: Series
    appointments: Sequence[Appointment]
    conflicts: Sequence[Occurrence]


async def make_series(
    session: AsyncSession,
    *,
    provider_id: UUID,
    client_id: UUID,
    session_type: SessionType,
    rule: SeriesRule,
    save: Save,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> Made:
    """Make a series; only its provider does (R28).

    Refused with every time that meets another appointment, unless only the free ones are wanted.
    """
    if actor.kind != Side.PROVIDER.value or actor.id != provider_id:
        raise Refused("providers_only", "Only providers make appointments that come again.", status=403)
    wanted = rules.occurrences(rule)
    if wanted[0].starts_at < now:
        raise Refused("in_the_past", "Begin a series with a time that lies ahead.", status=422)
    await queries.lock_calendar(session, provider_id)
    conflicts = await _conflicts(session, provider_id, wanted, but=())
    free = [one for one in wanted if one not in conflicts]
    if not free or (conflicts and save is Save.ALL_OR_NOTHING):
        raise _not_free(conflicts, len(free))
    row = Series(
        id=new_id(),
        provider_id=provider_id,
        client_id=client_id,
        session_type=session_type,
        starts_on=rule.starts_on.isoformat(),
        starts_m=rule.starts_m,
        length_m=rule.length_m,
        timezone=rule.timezone,
        every=rule.every,
        times=rule.times,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    made = [
        await book(
            session,
            provider_id=provider_id,
            client_id=client_id,
            session_type=session_type,
            source=Source.PROVIDER_MADE,
            original_source=None,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            actor=actor,
            house=house,
            now=now,
            new_id=new_id,
            series=(row.id, one.place),
        )
        for one in free
    ]
    await _record(session, EventKind.SERIES_MADE, row, len(made), actor=actor, now=now, new_id=new_id)
    return Made(series=row, appointments=made, conflicts=conflicts)


@may(*STAFF)
async def move_series(
    session: AsyncSession,
    appointment_id: UUID,
    scope: Scope,
    *,
    starts_at: datetime,
    ends_at: datetime | None,
    version: int | None = None,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> Appointment:
    """Move an appointment of a series, and with it the later ones or all that lie ahead, by the same step on the wall.

    Those that were moved alone before stay where they are. All are moved, or none: what they would meet is listed.
    """
    named, _ = await steps.in_hand(
        session, appointment_id, AppointmentEvent.RESCHEDULE, actor=actor, now=now, new_id=new_id, version=version
    )
    row, members = await _whole(session, named)
    chosen = [
        members[one.id]
        for one in rules.chosen([_member(one, now) for one in members.values()], _member(named, now), scope, now=now)
        if one.id == named.id or not one.moved
    ]
    if named not in chosen:
        raise Refused("already_started", "This appointment has begun already. Move one that lies ahead.")
    length = ends_at - starts_at if ends_at else named.ends_at - named.starts_at
    shift = rules.shift(named.starts_at, starts_at, row.timezone)
    wanted: dict[UUID, Occurrence] = {}
    for one in chosen:
        start = starts_at if one is named else rules.shifted(one.starts_at, shift)
        wanted[one.id] = Occurrence(place=one.series_place or 0, starts_at=start, ends_at=start + length)
    if min(one.starts_at for one in wanted.values()) < now:
        raise Refused("in_the_past", "Some of them would lie in the past. Choose a later time.", status=422)
    conflicts = await _conflicts(session, row.provider_id, list(wanted.values()), but=list(wanted))
    if conflicts:
        raise _not_free(conflicts, len(wanted) - len(conflicts))
    was = [(one.starts_at, one.ends_at) for one in chosen]
    # One after the other, away from the direction in which they go, so that none meets the old time of another.
    for one in sorted(chosen, key=lambda one: one.starts_at, reverse=starts_at > named.starts_at):
        to = wanted[one.id]
        if (to.starts_at, to.ends_at) != (one.starts_at, one.ends_at):
            await changes.move(
                session,
                one,
                AppointmentState.BOOKED,
                starts_at=to.starts_at,
                ends_at=to.ends_at,
                by=Side.PROVIDER,
                actor=actor,
                house=house,
                now=now,
                new_id=new_id,
            )
        one.series_moved = False
    for since, until in was:
        await offer_freed(
            session, row.provider_id, since, until, but=row.client_id, house=house, now=now, new_id=new_id
        )
    await _tell(session, EventKind.SERIES_CHANGED, row, len(chosen), actor=actor, now=now, new_id=new_id)
    return named


@may(*STAFF)
async def cancel_series(
    session: AsyncSession,
    appointment_id: UUID,
    scope: Scope,
    *,
    reason: CancelReason | None,
    message: str | None,
    version: int | None = None,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> Appointment:
    """Give up, as the provider, an appointment of a series with the later ones, or all that lie ahead."""
    named = await steps.locked(session, appointment_id, actor)
    steps.see_version(named, version, now)
    row, members = await _whole(session, named)
    chosen = rules.chosen([_member(one, now) for one in members.values()], _member(named, now), scope, now=now)
    if not chosen:
        raise Refused("nothing_ahead", "Nothing of this series lies ahead from there on.")
    for one in chosen:
        await changes.give_up(
            session,
            members[one.id],
            AppointmentState.CANCELLED_BY_PROVIDER,
            by=Side.PROVIDER,
            reason=reason,
            message=message,
            actor=actor,
            house=house,
            now=now,
            new_id=new_id,
        )
    await _tell(session, EventKind.SERIES_CANCELLED, row, len(chosen), actor=actor, now=now, new_id=new_id)
    return named


async def _whole(session: AsyncSession, named: Appointment) -> tuple[Series, dict[UUID, Appointment]]:
    row = await queries.series(session, named.series_id) if named.series_id else None
    if row is None:
        raise Refused("not_in_a_series", "This appointment belongs to no series.", status=422)
    return row, {one.id: one for one in await queries.members_for_update(session, row.id)}


def _member(row: Appointment, now: datetime) -> rules.Member:
    return rules.Member(
        id=row.id,
        place=row.series_place or 0,
        state=state_at(row.state, row.ends_at, now),
        starts_at=row.starts_at,
        moved=row.series_moved,
    )


async def _conflicts(
    session: AsyncSession, provider_id: UUID, wanted: Sequence[Occurrence], *, but: Sequence[UUID]
) -> list[Occurrence]:
    """Return the times at which the provider has another appointment; the calendar is locked."""
    since, until = min(one.starts_at for one in wanted), max(one.ends_at for one in wanted)
    taken = await queries.taken_between(session, provider_id, since, until, but=but)
    return [one for one in wanted if any(start < one.ends_at and one.starts_at < end for start, end in taken)]


def _not_free(conflicts: Sequence[Occurrence], free: int) -> Refused:
    return Refused(
        "conflicts",
        f"{len(conflicts)} of {len(conflicts) + free} times meet other appointments. Choose another time"
        + (", or save the free ones." if free else "."),
        conflicts=[
            {"place": one.place, "starts_at": one.starts_at.isoformat(), "ends_at": one.ends_at.isoformat()}
            for one in conflicts
        ],
        free=free,
    )


async def _tell(
    session: AsyncSession, kind: EventKind, row: Series, count: int, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Write a change of a series down, and tell the client of it once, however many appointments it is about (M28)."""
    row.version += 1
    await session.flush()
    await _record(session, kind, row, count, actor=actor, now=now, new_id=new_id)
    await ledger.notify(
        session,
        NoticeKey.SERIES_CHANGED,
        Channel.MAIL,
        Channel.PORTAL,
        client_id=row.client_id,
        subject_id=row.id,
        dedupe=str(row.version),
        now=now,
        new_id=new_id,
    )


async def _record(
    session: AsyncSession, kind: EventKind, row: Series, count: int, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    await ledger.record(
        session,
        kind,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=row.provider_id,
        data={"series": str(row.id), "appointments": count, "version": row.version},
    )
