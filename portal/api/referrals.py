"""Referrals: clients who came to a provider, as the provider sees them behind the icon (R32-R39, R42, R19)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from people import queries as people_queries
from people.values import SeenClient
from portal.api import access, cursors
from portal.api.fields import Listing, Nothing, Shape, Words
from portal.api.operation import ADMIN, ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from portal.api.vocabulary import CrisisContactShown, crisis_contacts
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.models import Appointment
from scheduling.values import AppointmentState, SessionType, Source
from status import queries as ledger_queries
from status.models import Referral
from status.values import MismatchReason, ReferralState


class ReferralListing(Listing):
    """Which referrals: of whom, and where they stand."""

    provider_id: UUID | None = None
    state: ReferralState | None = None


class Mismatch(Shape):
    """Why a client is not a good match; `text` is for support alone."""

    reason: MismatchReason
    text: Words | None = None


class MovingOn(Shape):
    """Why a client wants somebody else, in their words, for support alone."""

    reason: Words | None = None


class ReferredAppointment(Shape):
    """An appointment of a referral."""

    id: UUID
    session_type: SessionType
    state: AppointmentState
    starts_at: datetime
    ends_at: datetime


class ReferralShown(Shape):
    """A referral. `name` is how the client wants to be called; `age` is null where it was not given.

    `appointment` is the next one that lies ahead, else the last one; `note` is what the client wrote.
    """

    id: UUID
    provider_id: UUID
    client_id: UUID
    name: str
    age: int | None
    source: Source
    state: ReferralState
    note: str | None
    appointment: ReferredAppointment | None
    created_at: datetime
    seen_at: datetime | None
    changed_at: datetime
    version: int


class ReferralsShown(Shape):
    """Referrals, the newest first; `unseen` counts all that nobody has opened yet, on whatever page (R32)."""

    items: list[ReferralShown]
    next: str | None
    unseen: int


class ReferralInFull(ReferralShown):
    """A referral with the client's legal name, every appointment of it, and why it was handed back."""

    first_name: str
    last_name: str
    appointments: list[ReferredAppointment]
    mismatch: MismatchReason | None


class HandedBack(Shape):
    """A referral that was handed back; appointments that lie ahead stay until the provider cancels them.

    `crisis` tells where somebody in danger finds help at once, where the reason was acuity.
    """

    referral: ReferralShown
    crisis: list[CrisisContactShown]
    ahead: list[ReferredAppointment]


class SearchedAgain(Shape):
    """A new search with a client's old answers, and without the provider whose referral came to nothing."""

    search_id: UUID


class MovedOn(Shape):
    """A referral that its client has ended; appointments that lie ahead stay until somebody cancels them.

    `search_id` is a new search with the client's old answers and without this provider: null where they came without
    a search.
    """

    referral: ReferralShown
    ahead: list[ReferredAppointment]
    search_id: UUID | None


async def listed(ask: Ask[Nothing, ReferralListing]) -> Answer:
    """List referrals, the newest first."""
    provider_id = access.only_theirs(ask, ask.query.provider_id)
    found = await ledger_queries.referrals(
        ask.session,
        provider_id=provider_id,
        state=ask.query.state,
        before=cursors.instant_and_id(ask.query.after),
        limit=ask.query.limit + 1,
    )
    rows, after = cursors.newest(found, ask.query.limit)
    unseen = await ledger_queries.unseen(ask.session, provider_id)
    return Answer(ReferralsShown(items=await _views(ask, rows), next=after, unseen=unseen))


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show a referral in full."""
    row = await access.referral(ask, ask.path["referral_id"])
    client = (await _clients(ask, [row]))[row.provider_id, row.client_id]
    everything = await queries.all_of_referral(ask.session, row.id)
    return Answer(
        ReferralInFull(
            **dict(await _view(ask, row)),
            first_name=client.first_name,
            last_name=client.last_name,
            appointments=_appointments(everything),
            mismatch=row.mismatch,
        )
    )


async def open_(ask: Ask[Nothing, Nothing]) -> Answer:
    """Mark a referral as seen."""
    row = await access.referral(ask, ask.path["referral_id"])
    row = await scheduling.see_referral(ask.session, row.id, actor=ask.actor, now=ask.now, new_id=ask.new_id)
    return Answer(await _view(ask, row), (row.id, row.provider_id))


async def not_a_match(ask: Ask[Mismatch, Nothing]) -> Answer:
    """Hand a client back to support (R42)."""
    row = await access.referral(ask, ask.path["referral_id"])
    row = await scheduling.hand_back(
        ask.session,
        row.id,
        reason=ask.body.reason,
        text=ask.body.text,
        actor=ask.actor,
        now=ask.now,
        new_id=ask.new_id,
    )
    shown = HandedBack(
        referral=await _view(ask, row),
        crisis=crisis_contacts() if ask.body.reason is MismatchReason.ACUITY else [],
        ahead=await _ahead(ask, row),
    )
    return Answer(shown, (row.id, row.provider_id))


async def find_another(ask: Ask[MovingOn, Nothing]) -> Answer:
    """End a referral for a client who wants somebody else (R19)."""
    row = await access.referral(ask, ask.path["referral_id"])
    row, found = await scheduling.find_another(
        ask.session,
        row.id,
        reason=ask.body.reason,
        actor=ask.actor,
        house=scheduling.house(ask.settings),
        now=ask.now,
        new_id=ask.new_id,
    )
    shown = MovedOn(
        referral=await _view(ask, row),
        ahead=await _ahead(ask, row),
        search_id=found.search_id if found else None,
    )
    return Answer(shown, (row.id, row.provider_id))


async def search_again(ask: Ask[Nothing, Nothing]) -> Answer:
    """Search with a client's old answers after their referral came to nothing (R39)."""
    row = await access.referral(ask, ask.path["referral_id"])
    found = await scheduling.search_for_referred(
        ask.session, row.id, house=scheduling.house(ask.settings), now=ask.now, new_id=ask.new_id
    )
    return Answer(SearchedAgain(search_id=found.search_id))


async def _view(ask: Ask[Any, Any], row: Referral) -> ReferralShown:
    return (await _views(ask, [row]))[0]


async def _views(ask: Ask[Any, Any], rows: Sequence[Referral]) -> list[ReferralShown]:
    ids = [row.id for row in rows]
    clients = await _clients(ask, rows)
    told = await queries.of_referrals(ask.session, ids, ask.now)
    notes = await queries.notes_of_referrals(ask.session, ids)
    return [
        ReferralShown(
            id=row.id,
            provider_id=row.provider_id,
            client_id=row.client_id,
            name=clients[row.provider_id, row.client_id].name,
            age=clients[row.provider_id, row.client_id].age,
            source=Source(row.source),
            state=row.state,
            note=notes.get(row.id),
            appointment=ReferredAppointment.model_validate(told[row.id]) if row.id in told else None,
            created_at=row.created_at,
            seen_at=row.seen_at,
            changed_at=row.changed_at,
            version=row.version,
        )
        for row in rows
    ]


async def _clients(ask: Ask[Any, Any], rows: Sequence[Referral]) -> dict[tuple[UUID, UUID], SeenClient]:
    pairs = [(row.provider_id, row.client_id) for row in rows]
    return dict(await people_queries.seen(ask.session, pairs, ask.now))


async def _ahead(ask: Ask[Any, Any], row: Referral) -> list[ReferredAppointment]:
    return _appointments(await queries.ahead_of(ask.session, row.provider_id, row.client_id, ask.now))


def _appointments(rows: Sequence[Appointment]) -> list[ReferredAppointment]:
    return [ReferredAppointment.model_validate(row) for row in rows]


OPERATIONS = (
    Operation(
        name="listReferrals",
        method=Method.GET,
        path="/referrals",
        roles=ADMIN_AND_PROVIDER,
        summary="List referrals",
        handler=listed,
        body=Nothing,
        query=ReferralListing,
        answer=ReferralsShown,
        refuses=frozenset({404}),
    ),
    Operation(
        name="getReferral",
        method=Method.GET,
        path="/referrals/{referral_id}",
        roles=ADMIN_AND_PROVIDER,
        summary="Show a referral in full",
        handler=show,
        body=Nothing,
        query=Nothing,
        answer=ReferralInFull,
    ),
    Operation(
        name="openReferral",
        method=Method.POST,
        path="/referrals/{referral_id}/open",
        roles=ADMIN_AND_PROVIDER,
        summary="Mark a referral as seen",
        handler=open_,
        body=Nothing,
        query=Nothing,
        answer=ReferralShown,
    ),
    Operation(
        name="handBackReferral",
        method=Method.POST,
        path="/referrals/{referral_id}/not-a-match",
        roles=ADMIN_AND_PROVIDER,
        summary="Hand a client back who is not a good match",
        handler=not_a_match,
        body=Mismatch,
        query=Nothing,
        answer=HandedBack,
    ),
    Operation(
        name="findAnotherProvider",
        method=Method.POST,
        path="/referrals/{referral_id}/find-another",
        roles=ADMIN,
        summary="End a referral for a client who wants somebody else",
        handler=find_another,
        body=MovingOn,
        query=Nothing,
        answer=MovedOn,
        body_optional=True,
        links={"getSearch": {"search_id": "/search_id"}},
    ),
    Operation(
        name="searchAgain",
        method=Method.POST,
        path="/referrals/{referral_id}/search",
        roles=ADMIN,
        summary="Search with a client's old answers after their referral came to nothing",
        handler=search_again,
        body=Nothing,
        query=Nothing,
        answer=SearchedAgain,
        status=201,
        links={"getSearch": {"search_id": "/search_id"}},
    ),
)
