"""What a client begins and completes with a code that went to their address (1.16): a booking, or a place in line.

Nothing is held before the address is proven, so nobody can squat on times; and no answer tells whether an address has
an account. Called inside somebody's transaction; never commits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import NotFound, Refused
from config.keys import six_digits
from people import actions as people
from people import queries as people_queries
from people.models import Provider
from people.values import Language, RelationshipState
from scheduling import queries
from scheduling.actions import slots
from scheduling.actions.booking import BY_OFFER, account_of, book_offer, problems_of, see_that_gates_are_passed
from scheduling.actions.house import House
from scheduling.actions.waitlist import join_waitlist
from scheduling.models import Appointment, BookingDraft, Request, WaitlistEntry
from scheduling.rules import booking as rules
from scheduling.rules.booking import CodeVerdict
from scheduling.values import BookingClient, DraftState, NotBookable, Offer, SessionType, Source
from status import actions as ledger
from status.actions import NewId
from status.values import Actor, ActorKind, Channel, EventKind, NoticeKey

# What a client completes with a code; a payer vouches for who it sends.
BY_CODE = BY_OFFER - {Source.PAYER}


@dataclass(frozen=True, slots=True)
class WrongCode:
    """Not this code: a try that counts, so whoever called has to keep what was written."""

    tries_left: int


# Begun


async def begin_booking(
    session: AsyncSession,
    offer: Offer,
    client: BookingClient,
    *,
    note: str | None,
    house: House,
    now: datetime,
    new_id: NewId,
    search_id: UUID | None = None,
) -> BookingDraft:
    """Write down what a client wants to book, and send a code to their address (M26).

    Nothing here looks whether the address has an account: the answer is the same for all. Nothing is held: the
    offer stays good for as long as the code, whatever else it loses by.
    """
    _see_that_it_is_by_code(offer.source)
    await problems_of(session, search_id)
    await _provider(session, offer.provider_id)
    await slots.ensure_bookable(session, offer, house=house, now=now)
    row = _draft(offer.provider_id, offer.session_type, offer.source, client, now=now, new_id=new_id)
    row.label, row.note, row.search_id = offer.label, note, search_id
    _take_time(row, offer)
    return await _begun(session, row, now=now, new_id=new_id)


async def begin_waiting(
    session: AsyncSession,
    provider_id: UUID,
    session_type: SessionType,
    source: Source,
    client: BookingClient,
    *,
    label: str | None = None,
    search_id: UUID | None = None,
    now: datetime,
    new_id: NewId,
) -> BookingDraft:
    """Write down that a client wants to wait for a freed time, and send a code to their address (R21)."""
    _see_that_it_is_by_code(source)
    await problems_of(session, search_id)
    await _provider(session, provider_id)
    row = _draft(provider_id, session_type, source, client, now=now, new_id=new_id)
    row.label, row.search_id = label, search_id
    return await _begun(session, row, now=now, new_id=new_id)


async def send_another_code(
    session: AsyncSession, draft_id: UUID, *, offer: Offer | None = None, house: House, now: datetime, new_id: NewId
) -> BookingDraft:
    """Begin once more what was typed already, with a new code; the one before counts no longer.

    The time is offered anew, or another one of the same kind is taken in its place; Refused with three near times
    where it is gone.
    """
    row = await _in_hand(session, draft_id)
    if row.state is DraftState.COMPLETED:
        raise Refused(*_NO_CODE[CodeVerdict.USED])
    row.state = DraftState.VOID
    if not books(row):
        typed = _typed(row)
        told: dict[str, object] = {"label": row.label, "search_id": row.search_id}
        return await begin_waiting(
            session,
            row.provider_id,
            row.session_type,
            row.source,
            typed,
            now=now,
            new_id=new_id,
            **told,  # type: ignore[arg-type]
        )
    offered = _other(row, offer) if offer else _offered(row)
    renewed = await slots.renewed(session, offered, house=house, now=now)
    if renewed is None:
        raise await slots.gone(session, replace(offered, issued_at=now), NotBookable.TAKEN, house=house, now=now)
    return await begin_booking(
        session,
        renewed,
        _typed(row),
        note=row.note,
        house=house,
        now=now,
        new_id=new_id,
        search_id=row.search_id,
    )


def _see_that_it_is_by_code(source: Source) -> None:
    if source not in BY_CODE:
        raise Refused("not_by_code", "What has this source is not booked with a code.", status=422)


async def _provider(session: AsyncSession, provider_id: UUID) -> Provider:
    provider = await people_queries.provider(session, provider_id)
    if provider is None or not provider.active:
        raise Refused("provider_left", "This provider cannot be booked any more. Choose another one.")
    return provider


def _draft(
    provider_id: UUID,
    session_type: SessionType,
    source: Source,
    client: BookingClient,
    *,
    now: datetime,
    new_id: NewId,
) -> BookingDraft:
    return BookingDraft(
        id=new_id(),
        provider_id=provider_id,
        session_type=session_type,
        source=source,
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
        texts=client.texts,
        state=DraftState.AWAITING_CODE,
        created_at=now,
        expires_at=now + rules.CODE_LIVES,
    )


def _take_time(row: BookingDraft, offer: Offer) -> None:
    row.starts_at, row.ends_at, row.offered_at = offer.starts_at, offer.ends_at, offer.issued_at


async def _begun(session: AsyncSession, row: BookingDraft, *, now: datetime, new_id: NewId) -> BookingDraft:
    if await queries.codes_sent(session, row.email, now - timedelta(hours=1)) >= rules.CODES_AN_HOUR:
        raise Refused("too_many_codes", "Too many codes were sent to this address. Try again in an hour.")
    session.add(row)
    await session.flush()
    await _record(session, EventKind.BOOKING_CODE_SENT, row, actor=Actor(kind=ActorKind.CLIENT), now=now, new_id=new_id)
    await ledger.notify(
        session,
        NoticeKey.BOOKING_CODE,
        Channel.MAIL,
        draft_id=row.id,
        subject_id=row.id,
        expires_at=row.expires_at,
        now=now,
        new_id=new_id,
    )
    return row


# Completed


_NO_CODE: Mapping[CodeVerdict, tuple[str, str]] = {
    CodeVerdict.USED: ("code_used", "This booking was completed already."),
    CodeVerdict.EXPIRED: ("code_expired", "This code has expired. Choose a time again to get another one."),
    CodeVerdict.TRIED_OUT: ("too_many_tries", "Too many wrong codes were entered. Choose a time again."),
}


async def complete_booking(
    session: AsyncSession,
    draft_id: UUID,
    code: str,
    *,
    offer: Offer | None = None,
    house: House,
    now: datetime,
    new_id: NewId,
) -> Appointment | Request | WrongCode:
    """Book what was begun, for who holds the code; conflicts are judged now, notice as it was offered.

    `offer` takes the place of a time that was gone. A booking that is refused leaves the code as it was.
    """
    row = await _in_hand(session, draft_id)
    if not books(row):
        raise NotFound
    wrong = await _judge(session, row, code, house=house, now=now)
    if wrong is not None:
        return wrong
    if offer is not None:
        _take_time(row, _other(row, offer))
    made = await book_offer(
        session,
        _offered(row),
        _typed(row),
        note=row.note,
        actor=await _who(session, row),
        house=house,
        now=now,
        new_id=new_id,
        search_id=row.search_id,
        proven=True,
    )
    row.appointment_id = made.id if isinstance(made, Appointment) else made.appointment_id
    await _completed(session, row, made.client_id, now=now, new_id=new_id)
    return made


async def complete_waiting(
    session: AsyncSession, draft_id: UUID, code: str, *, house: House, now: datetime, new_id: NewId
) -> WaitlistEntry | WrongCode:
    """Let who holds the code wait for a freed time of the provider; a refusal leaves the code as it was."""
    row = await _in_hand(session, draft_id)
    if books(row):
        raise NotFound
    wrong = await _judge(session, row, code, house=house, now=now)
    if wrong is not None:
        return wrong
    actor = await _who(session, row)
    entry = await wait(
        session,
        row.provider_id,
        row.session_type,
        row.source,
        _typed(row),
        search_id=row.search_id,
        actor=actor,
        now=now,
        new_id=new_id,
    )
    await _completed(session, row, entry.client_id, now=now, new_id=new_id)
    return entry


async def wait(
    session: AsyncSession,
    provider_id: UUID,
    session_type: SessionType,
    source: Source,
    client: BookingClient,
    *,
    search_id: UUID | None = None,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> WaitlistEntry:
    """Let a client whose address is proven wait for a freed time: they are a prospect from now on (R21, R44).

    The gates of R18 are asked, so that nobody waits for what they cannot have.
    """
    provider = await _provider(session, provider_id)
    account = await account_of(session, client, proven=True, actor=actor, now=now, new_id=new_id)
    problems = await problems_of(session, search_id)
    await see_that_gates_are_passed(session, provider, account, session_type, source, problems=problems, now=now)
    link = await people_queries.relationship_for_update(session, provider.id, account.id)
    if link is None:
        begins = RelationshipState.PROSPECT
        await people.begin_relationship(session, provider.id, account.id, begins, now=now, new_id=new_id)
    elif link.state is RelationshipState.BLOCKED:
        raise Refused("not_bookable", "This time cannot be booked. Choose another provider.")
    return await join_waitlist(
        session,
        provider.id,
        account.id,
        session_type=session_type,
        original_source=source,
        actor=replace(actor, id=account.id),
        now=now,
        new_id=new_id,
    )


async def _in_hand(session: AsyncSession, draft_id: UUID) -> BookingDraft:
    row = await queries.draft_for_update(session, draft_id)
    if row is None:
        raise NotFound
    return row


async def _judge(
    session: AsyncSession, row: BookingDraft, code: str, *, house: House, now: datetime
) -> WrongCode | None:
    right = six_digits(house.code_key, row.id)
    verdict = rules.judge_code(code, right, state=row.state, tries=row.tries, expires_at=row.expires_at, now=now)
    if verdict is CodeVerdict.WRONG:
        row.tries += 1
        await session.flush()
        return WrongCode(rules.CODE_TRIES - row.tries)
    if verdict is not CodeVerdict.RIGHT:
        raise Refused(*_NO_CODE[verdict])
    return None


async def _who(session: AsyncSession, row: BookingDraft) -> Actor:
    known = await people_queries.client_by_email(session, row.email)
    return Actor(kind=ActorKind.CLIENT, id=known.id if known else None)


async def _completed(
    session: AsyncSession, row: BookingDraft, client_id: UUID, *, now: datetime, new_id: NewId
) -> None:
    """Note that it is done. Texts are wanted to the number that was typed, so not where the account has another."""
    row.state = DraftState.COMPLETED
    await session.flush()
    actor = Actor(kind=ActorKind.CLIENT, id=client_id)
    client = await people_queries.client(session, client_id) if row.texts is not None else None
    if client is not None and client.phone is not None and client.phone == row.phone:
        await people.consent_to_texts(session, client, row.texts, actor=actor, now=now, new_id=new_id)
    await _record(session, EventKind.BOOKING_COMPLETED, row, actor=actor, now=now, new_id=new_id)


def books(row: BookingDraft) -> bool:
    """Tell whether a draft is for a time; else it is for a place in line."""
    return row.starts_at is not None


def _other(row: BookingDraft, offer: Offer) -> Offer:
    """Return another time in place of the one that was begun with; it must be of the same kind."""
    if (offer.provider_id, offer.session_type, offer.source) != (row.provider_id, row.session_type, row.source):
        raise Refused("offer_forged", "This time is not one of those that were offered. Choose one of the list.")
    return offer


def _offered(row: BookingDraft) -> Offer:
    assert row.starts_at is not None  # noqa: S101 - the callers have looked
    assert row.ends_at is not None  # noqa: S101 - a check of the table
    assert row.offered_at is not None  # noqa: S101 - as above
    return Offer(
        provider_id=row.provider_id,
        session_type=row.session_type,
        source=row.source,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        issued_at=row.offered_at,
        label=row.label,
    )


def _typed(row: BookingDraft) -> BookingClient:
    return BookingClient(
        first_name=row.first_name,
        last_name=row.last_name,
        preferred_name=row.preferred_name,
        email=row.email,
        phone=row.phone,
        birth_date=row.birth_date,
        state=row.lives_in,
        plan=row.plan,
        timezone=row.timezone,
        language=Language(row.language),
        texts=row.texts,
    )


async def _record(
    session: AsyncSession, kind: EventKind, row: BookingDraft, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    await ledger.record(
        session,
        kind,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=row.provider_id,
        appointment_id=row.appointment_id,
        data={"draft": str(row.id), "source": row.source.value, "session_type": row.session_type.value},
    )
