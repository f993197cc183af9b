"""Clients leave a provider's list and come back: what their appointments have to say about it (R51)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import NotFound, Refused
from people import actions as people
from people import queries as people_queries
from people.values import RelationshipEvent
from scheduling import queries
from scheduling.actions.changes import cancel
from scheduling.actions.house import House, NewId
from scheduling.actions.requests import decline_request, expire_request, withdraw_request
from scheduling.actions.series import cancel_series
from scheduling.actions.waitlist import leave_waitlist
from scheduling.values import AppointmentState, Scope, Side
from status import actions as ledger
from status import queries as ledger_queries
from status.rules.access import STAFF, may, see_theirs
from status.values import Actor, ActorKind, EventKind, ReferralEvent


@may(*STAFF)
async def archive_client(
    session: AsyncSession,
    provider_id: UUID,
    client_id: UUID,
    *,
    cancel_ahead: bool = False,
    message: str | None = None,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> None:
    """Archive a client in one provider's list; Refused while appointments or requests lie ahead (R51).

    Told to `cancel_ahead`, it cancels and declines them first, with a `message` to the client.
    """
    see_theirs(actor, provider_id=provider_id)
    await queries.lock_calendar(session, provider_id)
    link = await people_queries.relationship_for_update(session, provider_id, client_id)
    if link is None:
        raise NotFound
    ahead = await queries.ahead_with(session, provider_id, client_id, now)
    requests = await queries.pending_with(session, provider_id, client_id)
    if ahead and not cancel_ahead:
        raise Refused(
            "appointments_ahead",
            f"Cancel the {len(ahead)} appointments and requests that lie ahead with this client first, or tell us to.",
            appointments=[str(one.id) for one in ahead],
            requests=[str(one) for one in requests],
        )
    for wait in await queries.waits_of(session, provider_id, client_id):
        await leave_waitlist(session, wait.id, actor=actor, house=house, now=now, new_id=new_id)
    for request_id in requests:
        lapsed = await expire_request(session, request_id, house=house, now=now, new_id=new_id)
        if lapsed is None:
            await decline_request(session, request_id, reason=message, actor=actor, house=house, now=now, new_id=new_id)
    for one in ahead:
        await _cancel(session, one.id, message, actor=actor, house=house, now=now, new_id=new_id)
    await people.move_relationship(session, link, RelationshipEvent.ARCHIVED, now=now)
    referral = await ledger_queries.open_referral(session, provider_id, client_id)
    await ledger.move_referral(
        session,
        referral.id if referral else None,
        ReferralEvent.CLIENT_ARCHIVED,
        actor=actor,
        now=now,
        new_id=new_id,
    )
    await ledger.record(
        session,
        EventKind.CLIENT_ARCHIVED,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=provider_id,
        data={"cancelled": len(ahead)},
    )


async def _cancel(
    session: AsyncSession,
    appointment_id: UUID,
    message: str | None,
    *,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> None:
    """Cancel what still stands; a series goes as a whole, so that the client has one letter about it."""
    row = await queries.appointment(session, appointment_id)
    if row is None or row.state is not AppointmentState.BOOKED:
        return
    if row.series_id is not None and row.starts_at > now:
        await cancel_series(
            session,
            row.id,
            Scope.ALL,
            reason=None,
            message=message,
            actor=actor,
            house=house,
            now=now,
            new_id=new_id,
        )
        return
    await cancel(
        session,
        row.id,
        by=Side.PROVIDER,
        reason=None,
        message=message,
        actor=actor,
        house=house,
        now=now,
        new_id=new_id,
    )


@may(*STAFF)
async def unarchive_client(
    session: AsyncSession, provider_id: UUID, client_id: UUID, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Take a client back into a provider's list."""
    see_theirs(actor, provider_id=provider_id)
    link = await people_queries.relationship_for_update(session, provider_id, client_id)
    if link is None:
        raise NotFound
    await people.unarchive(session, link, now=now)
    await ledger.record(
        session,
        EventKind.CLIENT_UNARCHIVED,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=provider_id,
    )


@may(ActorKind.CLIENT, ActorKind.OPERATOR)
async def close_account(
    session: AsyncSession,
    client_id: UUID,
    *,
    cancel_ahead: bool,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> Sequence[str]:
    """Close a client's account on their own wish (4.6); Refused while something lies ahead, unless it is cancelled.

    Returns what stands for the cookies of their sign-ins, to be forgotten by the cache.
    """
    see_theirs(actor, client_id=client_id)
    links = sorted(await people_queries.relationships_of_client(session, client_id), key=lambda one: one.provider_id)
    for link in links:
        await queries.lock_calendar(session, link.provider_id)
    ahead = {link.provider_id: await queries.ahead_with(session, link.provider_id, client_id, now) for link in links}
    asked = {link.provider_id: await queries.pending_with(session, link.provider_id, client_id) for link in links}
    n = sum(map(len, ahead.values()))
    begun = [one for rows in ahead.values() for one in rows if one.starts_at <= now]
    if begun or (n and not cancel_ahead):
        raise Refused(
            "still_booked",
            f"{n} appointments or requests of yours lie ahead or are on. Cancel them first, or tell us to.",
            n=n,
        )
    told: dict[str, Any] = {"actor": actor, "house": house, "now": now, "new_id": new_id}
    for link in links:
        for wait in await queries.waits_of(session, link.provider_id, client_id):
            await leave_waitlist(session, wait.id, **told)
        for request_id in asked[link.provider_id]:
            if await expire_request(session, request_id, house=house, now=now, new_id=new_id) is None:
                await withdraw_request(session, request_id, **told)
        for one in ahead[link.provider_id]:
            row = await queries.appointment(session, one.id)
            if row is not None and row.state is AppointmentState.BOOKED:
                await cancel(session, row.id, by=Side.CLIENT, reason=None, message=None, **told)
    client = await people_queries.client_for_update(session, client_id)
    if client is None:
        raise NotFound
    met = await queries.providers_met(session, client_id, now)
    return await people.close_client(session, client, keeps_name=met, actor=actor, now=now, new_id=new_id)
