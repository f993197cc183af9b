"""Booking from an offer, as the source of the offer asks for it (requirements 1.16).

Either the appointment stands at once, or its time is held and somebody is asked. What a client begins and completes
with a code stands in `drafts`. Called inside somebody's transaction; never commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import Refused
from people import actions as people
from people import queries as people_queries
from people.models import Client, Payer, Provider, Relationship
from people.rules.age import age
from people.values import AccountState, RelationshipEvent, RelationshipState
from scheduling import queries
from scheduling.actions import slots, steps
from scheduling.actions.appointments import book_offered
from scheduling.actions.house import House
from scheduling.actions.requests import make_request
from scheduling.models import Appointment, Request
from scheduling.rules import booking as rules
from scheduling.rules.gates import failed_gates, sentence
from scheduling.rules.matching.record import read_answers
from scheduling.rules.policy import policy_for
from scheduling.values import REFERRALS, Acceptance, BookingClient, NotBookable, Offer, SessionType, Source
from status.actions import NewId
from status.rules.access import may, see_theirs
from status.values import Actor, ActorKind

# Offers of other sources are for other doors: the calendar's own, and the waitlist's.
BY_OFFER = REFERRALS | {Source.CLIENT_PORTAL}


@may(ActorKind.CLIENT, ActorKind.PARTNER, ActorKind.PROVIDER, ActorKind.OPERATOR)
async def book_offer(
    session: AsyncSession,
    offer: Offer,
    client: BookingClient,
    *,
    note: str | None,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
    search_id: UUID | None = None,
    proven: bool = False,
) -> Appointment | Request:
    """Book what was offered, or ask for it where the policy of its source wants a yes.

    Notice is judged as at the issue of the offer, conflicts as of now (R23). `proven` says that the client holds the
    address. Refused with three near times where the time is taken.
    """
    if actor.kind is ActorKind.PROVIDER:
        see_theirs(actor, provider_id=offer.provider_id)
    if offer.source not in BY_OFFER:
        raise Refused("not_by_offer", "What has this source is not booked from an offer.", status=422)
    told = _Told(note=note, search_id=search_id, problems=await problems_of(session, search_id), proven=proven)
    try:
        # What is given up in here gives the turn back at once: others need not wait while we look for other times.
        async with session.begin_nested():
            return await _in_turn(session, offer, client, told, actor=actor, house=house, now=now, new_id=new_id)
    except _Gone as gone:
        why = gone.why
    except Refused as no:
        if no.code != "overlap":
            raise
        why = NotBookable.TAKEN  # at this very moment, by a door that takes no turns
    raise await slots.gone(session, offer, why, house=house, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What came with a booking, and what is known of it."""

    note: str | None
    search_id: UUID | None
    problems: Sequence[str]
    proven: bool


class _Gone(Exception):  # noqa: N818 - it is what the slot is
    """The slot cannot be booked any more."""

    def __init__(self, why: NotBookable) -> None:
        super().__init__(why.value)
        self.why = why


async def _in_turn(
    session: AsyncSession,
    offer: Offer,
    client: BookingClient,
    told: _Told,
    *,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> Appointment | Request:
    """Judge a booking and make it, in the turn of the provider's calendar."""
    provider, payer = await _whose_time(session, offer)
    why = await slots.why_not(session, offer, house=house, now=now)
    if why is not None:
        raise _Gone(why)
    account = await account_of(session, client, proven=told.proven, actor=actor, now=now, new_id=new_id)
    if actor.kind is ActorKind.CLIENT and actor.id is None:  # whose address it is, is known only now
        actor = replace(actor, id=account.id)
    if account.account is AccountState.SELF_REGISTERED and account.invited_until is None:
        await people.ask_to_verify(session, account, provider.id, now=now, new_id=new_id)
    link = await people_queries.relationship_for_update(session, provider.id, account.id)
    _see_that_they_may_meet(offer, link)
    await see_that_gates_are_passed(
        session, provider, account, offer.session_type, offer.source, problems=told.problems, now=now
    )
    asked = await queries.practice_acceptance(session, provider.practice_id)
    policy = policy_for(offer.source, asked.get(offer.source), payer_is_instant=payer is not None and payer.instant)
    archived = link is not None and link.state is RelationshipState.ARCHIVED  # their provider is asked first (4.6)
    must_ask = archived or policy.acceptance is Acceptance.REQUIRED
    await _see_that_there_is_room(session, offer, account, asks=must_ask, house=house, now=now)
    await _bring_together(session, provider.id, account.id, link, asks=must_ask, now=now, new_id=new_id)
    if not must_ask:
        return await _book(session, offer, account.id, told, actor=actor, house=house, now=now, new_id=new_id)
    return await make_request(
        session,
        offer,
        account.id,
        payer=payer,
        note=told.note,
        search_id=told.search_id,
        actor=actor,
        house=house,
        now=now,
        new_id=new_id,
    )


async def account_of(
    session: AsyncSession, client: BookingClient, *, proven: bool, actor: Actor, now: datetime, new_id: NewId
) -> Client:
    """Return the account of who books or waits, locked; where there is none, it begins with what was typed."""
    return await people.client_of_address(
        session,
        first_name=client.first_name,
        last_name=client.last_name,
        preferred_name=client.preferred_name,
        email=client.email,
        phone=client.phone,
        birth_date=client.birth_date,
        lives_in=client.state,
        plan=client.plan,
        timezone=client.timezone,
        language=client.language,
        proven=proven,
        actor=actor,
        now=now,
        new_id=new_id,
    )


async def _whose_time(session: AsyncSession, offer: Offer) -> tuple[Provider, Payer | None]:
    """Return whose time it is, in the turn of this calendar, and the payer that sends the client, if one does.

    In turn, the second sees what the first has taken: it can be told what else is near, and a cap on the day holds.
    What refuses an overlap for certain is the database.
    """
    await queries.lock_calendar(session, offer.provider_id)
    provider = await people_queries.provider(session, offer.provider_id)
    if provider is None or not provider.active:
        raise Refused("provider_left", "This provider cannot be booked any more. Choose another one.")
    if offer.source is not Source.PAYER:
        return provider, None
    if offer.payer_id is None:
        raise Refused("no_payer", "This offer names no payer. Ask for times of the source payer.", status=422)
    payer = await people_queries.receives_from(session, provider.id, offer.payer_id, lock=True)
    if payer is None:
        raise Refused("not_in_programme", "This provider takes no clients from this payer. Choose another one.")
    return provider, payer


async def problems_of(session: AsyncSession, search_id: UUID | None) -> Sequence[str]:
    """Return what a client picked in a search; Refused where there is none under this id."""
    if search_id is None:
        return ()
    search = await queries.search(session, search_id)
    if search is None:
        raise Refused("no_such_search", "There is no search under this id. Leave `search_id` out.", status=422)
    return read_answers(search.answers).problems


def _see_that_they_may_meet(offer: Offer, link: Relationship | None) -> None:
    """Refuse whom a provider has blocked, in words that do not say so; the portal is for who is known."""
    if link is not None and link.state is RelationshipState.BLOCKED:
        raise Refused("not_bookable", "This time cannot be booked. Choose another provider.")
    known = link is not None and link.state is not RelationshipState.PROSPECT
    if offer.source is Source.CLIENT_PORTAL and not known:
        raise Refused("not_a_client", "Only clients of this provider book in the portal. Use the booking link.")


async def see_that_gates_are_passed(
    session: AsyncSession,
    provider: Provider,
    account: Client,
    session_type: SessionType,
    source: Source,
    *,
    problems: Sequence[str],
    now: datetime,
) -> None:
    """Ask every gate again, with what counts for this client (R18)."""
    today = now.astimezone(ZoneInfo(provider.timezone)).date()
    failed = failed_gates(
        queries.referral_rules(await queries.referral_settings(session, provider.id)),
        session_type=session_type,
        source=source,
        age=age(date.fromisoformat(account.birth_date), today) if account.birth_date else None,
        state=account.lives_in,
        plan=account.plan,
        problems=problems,
        now=now,
    )
    if failed:
        raise Refused("does_not_fit", sentence(failed), gates=sorted(failed))


async def _see_that_there_is_room(
    session: AsyncSession, offer: Offer, account: Client, *, asks: bool, house: House, now: datetime
) -> None:
    """Hold a client to three open bookings and two pending requests (R20, 1.16); their row is locked meanwhile."""
    if await queries.open_bookings(session, account.id, now) >= house.open_bookings:
        raise Refused(
            "too_many_bookings",
            f"There are {house.open_bookings} bookings ahead already. Cancel one first, or wait until one is over.",
            limit=house.open_bookings,
        )
    if not asks:
        return
    if await queries.pending_requests(session, account.id, now) >= house.pending_requests:
        raise Refused(
            "too_many_requests",
            f"There are {house.pending_requests} requests that wait for an answer. Withdraw one first, or wait.",
            limit=house.pending_requests,
        )
    # Where it is the client's standing that asks for a yes, the list of slots did not know.
    least = max(min(house.request_least, house.accept_ttl), house.offer_lives)
    if not rules.leaves_time(
        offer.issued_at, offer.starts_at, ttl=house.accept_ttl, cutoff=house.request_cutoff, least=least
    ):
        raise Refused("too_soon", "This time is too near for a request to be answered. Choose a later one.")


async def _bring_together(
    session: AsyncSession,
    provider_id: UUID,
    client_id: UUID,
    link: Relationship | None,
    *,
    asks: bool,
    now: datetime,
    new_id: NewId,
) -> None:
    """Let the two stand as the booking wants it: active at once, or prospect until a request is accepted (R94)."""
    if link is None:
        begins = RelationshipState.PROSPECT if asks else RelationshipState.ACTIVE
        await people.begin_relationship(session, provider_id, client_id, begins, now=now, new_id=new_id)
    elif link.state is RelationshipState.PROSPECT and not asks:
        await people.move_relationship(session, link, RelationshipEvent.BECOMES_ACTIVE, now=now)


async def _book(
    session: AsyncSession,
    offer: Offer,
    client_id: UUID,
    told: _Told,
    *,
    actor: Actor,
    house: House,
    now: datetime,
    new_id: NewId,
) -> Appointment:
    """Book what stands at once, and tell both of them (M1, M2)."""
    row = await book_offered(
        session,
        offer,
        client_id,
        note=told.note,
        search_id=told.search_id,
        actor=actor,
        house=house,
        now=now,
        new_id=new_id,
    )
    await steps.tell_made(session, row, now=now, new_id=new_id)
    return row
