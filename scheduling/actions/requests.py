"""Requests: an appointment that waits for a yes (requirements 4.2). Decided once, by a person or by time.

The calendar is locked first, then the request, then where the two people stand, then the hold. A time that is given
back goes to the waitlist. Called inside somebody's transaction; never commits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import NotFound, Refused
from config.lifecycles import next_state
from people import actions as people
from people import queries as people_queries
from people.models import Enrolment, Payer
from people.values import EnrolmentEvent, RelationshipEvent, RelationshipState
from scheduling import queries
from scheduling.actions.appointments import book_offered, let_go, take_up
from scheduling.actions.house import House
from scheduling.actions.waitlist import offer_freed
from scheduling.models import Request
from scheduling.rules import booking as rules
from scheduling.rules import lifecycle
from scheduling.rules.booking import Undecidable
from scheduling.values import Offer, RequestEvent, RequestState
from status import actions as ledger
from status.actions import NewId
from status.rules.access import STAFF, may, see_theirs
from status.values import CLOCK, Actor, ActorKind, Channel, EventKind, NoticeKey, ReferralEvent, TaskEvent, TaskKind

# What may still wait in the outbox when a request is decided, and no longer says what is so.
_ASKS = (NoticeKey.REQUEST_TO_DECIDE, NoticeKey.REQUEST_EXPIRING)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    """What an ending of a request is for everybody else."""

    kind: EventKind
    referral: ReferralEvent
    task: TaskEvent
    to_client: NoticeKey | None


_ENDINGS: Mapping[RequestEvent, _Ending] = {
    RequestEvent.ACCEPT: _Ending(
        kind=EventKind.REQUEST_ACCEPTED,
        referral=ReferralEvent.ACCEPTED,
        task=TaskEvent.ANSWERED,
        to_client=NoticeKey.REQUEST_ACCEPTED,
    ),
    RequestEvent.DECLINE: _Ending(
        kind=EventKind.REQUEST_DECLINED,
        referral=ReferralEvent.DECLINED,
        task=TaskEvent.ANSWERED,
        to_client=NoticeKey.REQUEST_DECLINED,
    ),
    RequestEvent.PROVIDER_LEFT: _Ending(
        kind=EventKind.REQUEST_DECLINED,
        referral=ReferralEvent.DECLINED,
        task=TaskEvent.SETTLED,
        to_client=NoticeKey.REQUEST_DECLINED,
    ),
    RequestEvent.EXPIRE: _Ending(
        kind=EventKind.REQUEST_EXPIRED,
        referral=ReferralEvent.EXPIRED,
        task=TaskEvent.DUE_PASSED,
        to_client=NoticeKey.REQUEST_EXPIRED,
    ),
    RequestEvent.WITHDRAW: _Ending(
        kind=EventKind.REQUEST_WITHDRAWN,
        referral=ReferralEvent.WITHDRAWN,
        task=TaskEvent.SETTLED,
        to_client=None,
    ),
}


async def make_request(
    session: AsyncSession,
    offer: Offer,
    client_id: UUID,
    *,
    payer: Payer | None,
    note: str | None,
    search_id: UUID | None,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> Request:
    """Hold the time of an offer and ask its provider; who may ask for what was judged before (`book_offer`)."""
    hold = await book_offered(
        session,
        offer,
        client_id,
        note=note,
        search_id=search_id,
        held=True,
        actor=actor,
        house=house,
        now=now,
        new_id=new_id,
    )
    row = Request(
        id=new_id(),
        appointment_id=hold.id,
        provider_id=offer.provider_id,
        client_id=client_id,
        referral_id=hold.referral_id,
        source=offer.source,
        payer_id=payer.id if payer else None,
        source_name=payer.name if payer else None,
        state=RequestState.PENDING,
        requested_at=now,
        expires_at=rules.expires_at(now, offer.starts_at, ttl=house.accept_ttl, cutoff=house.request_cutoff),
    )
    session.add(row)
    await session.flush()
    await _record(session, EventKind.REQUEST_MADE, row, actor=actor, now=now, new_id=new_id)
    await ledger.open_task(
        session,
        TaskKind.DECIDE_REQUEST,
        row.id,
        provider_id=row.provider_id,
        appointment_id=hold.id,
        due_at=row.expires_at,
        now=now,
        new_id=new_id,
    )
    await _ask(session, row, house=house, now=now, new_id=new_id)
    return row


async def _ask(session: AsyncSession, row: Request, *, house: House, now: datetime, new_id: NewId) -> None:
    """Tell the provider (M9), and 12 h before the end again (M10) unless that is now; and who schedules for them."""
    warn_at = row.expires_at - house.request_warning
    letters = [(NoticeKey.REQUEST_TO_DECIDE, channel, now) for channel in (Channel.MAIL, Channel.PORTAL)]
    if warn_at > now:
        letters.append((NoticeKey.REQUEST_EXPIRING, Channel.MAIL, warn_at))
    for key, channel, due_at in letters:
        await ledger.notify(
            session,
            key,
            channel,
            provider_id=row.provider_id,
            subject_id=row.id,
            appointment_id=row.appointment_id,
            due_at=due_at,
            expires_at=row.expires_at,
            now=now,
            new_id=new_id,
        )
    provider = await people_queries.provider(session, row.provider_id)
    for account in await people_queries.schedulers_of(session, provider.practice_id) if provider else ():
        await ledger.notify(
            session,
            NoticeKey.REQUEST_TO_DECIDE,
            Channel.MAIL,
            account_id=account.id,
            subject_id=row.id,
            appointment_id=row.appointment_id,
            expires_at=row.expires_at,
            now=now,
            new_id=new_id,
        )


@may(*STAFF)
async def accept_request(
    session: AsyncSession,
    request_id: UUID,
    *,
    version: int | None = None,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> Request:
    """Say yes: the hold becomes an appointment that stands, and the client active (R94). Never undone (R96).

    A client who was archived comes back into the list by it (4.6).
    """
    row = await _judged(session, request_id, RequestEvent.ACCEPT, actor=actor, version=version, now=now)
    link = await people_queries.relationship_for_update(session, row.provider_id, row.client_id)
    assert link is not None  # noqa: S101 - nothing is asked for without one
    await take_up(session, row.appointment_id, actor=actor, house=house, now=now, new_id=new_id)
    archived = link.state is RelationshipState.ARCHIVED
    returns = RelationshipEvent.UNARCHIVED if archived else RelationshipEvent.BECOMES_ACTIVE
    await people.move_relationship(session, link, returns, now=now)
    await _end(session, row, RequestEvent.ACCEPT, actor=actor, now=now, new_id=new_id)
    return row


@may(*STAFF)
async def decline_request(
    session: AsyncSession,
    request_id: UUID,
    *,
    reason: str | None = None,
    version: int | None = None,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> Request:
    """Say no; the client is told, with the provider's words if there are any (R95). Never undone (R96)."""
    row = await _judged(session, request_id, RequestEvent.DECLINE, actor=actor, version=version, now=now)
    row.reason = reason
    await _give_back(session, row, RequestEvent.DECLINE, actor=actor, house=house, now=now, new_id=new_id)
    return row


@may(ActorKind.CLIENT, ActorKind.PARTNER, ActorKind.OPERATOR)
async def withdraw_request(
    session: AsyncSession, request_id: UUID, *, actor: Actor, house: House, now: datetime, new_id: NewId
) -> Request:
    """Take back what a client has asked for; the provider finds a note in the portal."""
    row = await _judged(session, request_id, RequestEvent.WITHDRAW, actor=actor, now=now)
    await _give_back(session, row, RequestEvent.WITHDRAW, actor=actor, house=house, now=now, new_id=new_id)
    await ledger.notify(
        session,
        NoticeKey.REQUEST_WITHDRAWN,
        Channel.PORTAL,
        provider_id=row.provider_id,
        subject_id=row.id,
        appointment_id=row.appointment_id,
        now=now,
        new_id=new_id,
    )
    return row


async def expire_request(
    session: AsyncSession, request_id: UUID, *, house: House, now: datetime, new_id: NewId
) -> Request | None:
    """End a request whose time has passed (R93); None where it was decided before, or its time has not come."""
    row = await _locked(session, request_id)
    if row is None:
        return None
    event = rules.judge_request(row.state, RequestEvent.EXPIRE, expires_at=row.expires_at, now=now)
    if isinstance(event, Undecidable):
        return None
    await _give_back(session, row, event, actor=CLOCK, house=house, now=now, new_id=new_id)
    return row


@may(ActorKind.PRACTICE, ActorKind.OPERATOR)
async def leave_programme(
    session: AsyncSession, provider_id: UUID, *, actor: Actor, house: House, now: datetime, new_id: NewId
) -> Enrolment:
    """Take a provider out of the referral programme for good (R81, R82).

    What payers have asked for and nobody has decided is declined, and each client told; appointments stay.
    """
    see_theirs(actor, provider_id=provider_id)
    await queries.lock_calendar(session, provider_id)
    enrolment = await people.move_enrolment(
        session, provider_id, EnrolmentEvent.DEACTIVATE, actor=actor, now=now, new_id=new_id
    )
    for request_id in await queries.pending_by_payers(session, provider_id):
        row = await queries.request_for_update(session, request_id)
        assert row is not None  # noqa: S101 - requests are kept
        event = rules.judge_request(row.state, RequestEvent.PROVIDER_LEFT, expires_at=row.expires_at, now=now)
        if not isinstance(event, Undecidable):
            await _give_back(session, row, event, actor=actor, house=house, now=now, new_id=new_id)
    return enrolment


async def _judged(
    session: AsyncSession,
    request_id: UUID,
    event: RequestEvent,
    *,
    version: int | None = None,
    actor: Actor,
    now: datetime,
) -> Request:
    """Lock a request and see that this can happen to it now, else Refused with who decided it and when."""
    row = await _locked(session, request_id)
    if row is None:
        raise NotFound
    see_theirs(actor, provider_id=row.provider_id, client_id=row.client_id)
    if actor.kind is ActorKind.PARTNER and actor.id != row.payer_id:  # an appointment names no payer, a request does
        raise NotFound
    judged = rules.judge_request(row.state, event, expires_at=row.expires_at, now=now)
    if judged is Undecidable.DECIDED:
        raise Refused(
            "already_decided",
            f"This request was {row.state.value} already, and that cannot be undone.",
            state=row.state.value,
            decided_by=row.decided_by_kind,
            decided_at=row.decided_at,
        )
    if judged is Undecidable.EXPIRED:
        raise Refused(
            "request_expired",
            "The time to decide this request is over, so it has expired. The client can ask for another time.",
            expired_at=row.expires_at,
        )
    if version not in {None, row.version}:
        raise Refused("changed", "This request has changed meanwhile. Read it again, then decide.", version=row.version)
    return row


async def _locked(session: AsyncSession, request_id: UUID) -> Request | None:
    """Lock a request and, before it, the calendar in which it holds a time."""
    known = await queries.request(session, request_id)
    if known is not None:
        await queries.lock_calendar(session, known.provider_id)
    return await queries.request_for_update(session, request_id)


async def _give_back(
    session: AsyncSession,
    row: Request,
    event: RequestEvent,
    *,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> None:
    """End a request without an appointment: its time is free again, for whoever waits for one."""
    why = _ENDINGS[event].referral
    hold = await let_go(session, row.appointment_id, why=why, actor=actor, now=now, new_id=new_id)
    await _end(session, row, event, actor=actor, now=now, new_id=new_id)
    await offer_freed(
        session, row.provider_id, hold.starts_at, hold.ends_at, but=row.client_id, house=house, now=now, new_id=new_id
    )


async def _end(
    session: AsyncSession, row: Request, event: RequestEvent, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Move a request to its end, and tell whoever has to know."""
    after, ending = next_state(lifecycle.REQUEST, row.state, event), _ENDINGS[event]
    assert after is not None  # noqa: S101 - the rule has looked
    row.state, row.version = after, row.version + 1
    row.decided_at, row.decided_by_kind, row.decided_by_id = now, actor.kind, actor.id
    await session.flush()
    await _record(session, ending.kind, row, actor=actor, now=now, new_id=new_id, event=event.value)
    await ledger.close_task(session, TaskKind.DECIDE_REQUEST, row.id, ending.task, now=now, new_id=new_id)
    await ledger.withdraw_notices(session, row.id, now=now, keys=_ASKS)
    if ending.to_client is not None:
        await ledger.notify(
            session,
            ending.to_client,
            Channel.MAIL,
            client_id=row.client_id,
            subject_id=row.id,
            appointment_id=row.appointment_id,
            now=now,
            new_id=new_id,
        )


async def _record(
    session: AsyncSession,
    kind: EventKind,
    row: Request,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
    event: str | None = None,
) -> None:
    await ledger.record(
        session,
        kind,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=row.provider_id,
        appointment_id=row.appointment_id,
        data={
            "request": str(row.id),
            "source": row.source.value,
            "expires_at": row.expires_at.isoformat(),
            **({"event": event} if event else {}),
        },
    )
