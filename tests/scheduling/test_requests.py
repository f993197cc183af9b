"""A request from its beginning to each of its ends (requirements 4.2): what becomes of it, and who is told."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import NotFound, Refused
from people import actions as people
from people.models import Client, Enrolment, Provider, Relationship
from people.values import EnrolmentState, RelationshipEvent, RelationshipState
from scheduling import actions as scheduling
from scheduling.models import Appointment, Request
from scheduling.values import AppointmentState, RequestState, SessionType, Side, Source
from status.models import Consultation, Event, Notice, Referral, Task
from status.values import Actor, Channel, EventKind, NoticeKey, NoticeState, ReferralState, TaskKind, TaskState
from tests.builders import World, as_client, as_practice, as_provider
from tests.clock import Clock
from tests.faults.kept import rows
from tests.fixtures import LINES, Worker
from tests.mailbox import Mailbox

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)

End = Callable[[World, Request], Awaitable[object]]


def by(world: World, actor: Actor) -> dict[str, Any]:
    """Return what every action is told, whoever acts."""
    deps = world.deps
    return {"actor": actor, "house": scheduling.house(deps.settings), "now": deps.now(), "new_id": deps.new_id}


async def accept(world: World, request: Request, **told: object) -> Request:
    async with world.deps.sessions.begin() as session:
        return await scheduling.accept_request(
            session,
            request.id,
            actor=as_provider(request.provider_id),
            house=scheduling.house(world.deps.settings),
            now=world.deps.now(),
            new_id=world.deps.new_id,
            **told,  # type: ignore[arg-type]
        )


async def decline(world: World, request: Request, reason: str | None = None) -> Request:
    async with world.deps.sessions.begin() as session:
        return await scheduling.decline_request(
            session, request.id, reason=reason, **by(world, as_provider(request.provider_id))
        )


async def withdraw(world: World, request: Request) -> Request:
    async with world.deps.sessions.begin() as session:
        return await scheduling.withdraw_request(session, request.id, **by(world, as_client(request.client_id)))


async def leave(world: World, request: Request) -> Enrolment:
    async with world.deps.sessions.begin() as session:
        return await scheduling.leave_programme(
            session, request.provider_id, **by(world, as_practice(request.provider_id))
        )


async def by_payer(world: World, **told: object) -> tuple[Provider, Client, Request]:
    """Return a provider, somebody new whom a payer has sent, and what they ask for."""
    provider = await world.provider()
    client = await world.prospect(provider)
    payer = await world.payer(provider)
    request = await world.request(provider, client=client, payer=payer, **told)  # type: ignore[arg-type]
    return provider, client, request


async def letters(session: AsyncSession) -> set[tuple[NoticeKey, Channel, str]]:
    return {(one.key, one.channel, one.recipient.value) for one in await rows(session, Notice)}


def addressed(mailbox: Mailbox) -> list[str]:
    return [str(one["To"]) for one in mailbox.letters()]


# Made


async def test_a_request_holds_its_time_and_asks_the_provider(world: World, session: AsyncSession) -> None:
    provider, client, request = await by_payer(world, note="Canary words")

    (hold,) = await rows(session, Appointment)
    assert (hold.state, hold.id, hold.line, hold.note) == (
        AppointmentState.HELD,
        request.appointment_id,
        None,
        "Canary words",
    )
    assert (request.state, request.source) == (RequestState.PENDING, Source.PAYER)
    assert (request.source_name or "").startswith("Canary Health")
    (referral,) = await rows(session, Referral)
    assert (referral.id, referral.state) == (request.referral_id, ReferralState.AWAITING_ACCEPTANCE)
    (task,) = await questions(session)
    assert (task.subject_id, task.provider_id, task.due_at) == (request.id, provider.id, request.expires_at)
    (link,) = await rows(session, Relationship)
    assert (link.client_id, link.state) == (client.id, RelationshipState.PROSPECT)
    assert await letters(session) == {
        (NoticeKey.ENROLLED, Channel.MAIL, "provider"),  # M8, from before
        (NoticeKey.REQUEST_TO_DECIDE, Channel.MAIL, "provider"),
        (NoticeKey.REQUEST_TO_DECIDE, Channel.PORTAL, "provider"),
        (NoticeKey.REQUEST_EXPIRING, Channel.MAIL, "provider"),
    }
    assert await rows(session, Consultation) == []  # nothing is followed that does not stand


async def test_no_word_of_the_client_is_in_history(world: World, session: AsyncSession) -> None:
    await by_payer(world, note="Canary words")

    told = [str(one.data) for one in await rows(session, Event)]

    assert not [one for one in told if "anary" in one]


@pytest.mark.parametrize(
    ("starts_in", "warned"), [(timedelta(days=7), True), (14 * HOUR + SECOND, True), (14 * HOUR, False)]
)
async def test_a_provider_is_reminded_unless_they_have_just_been_asked(
    world: World, session: AsyncSession, starts_in: timedelta, warned: bool
) -> None:
    """M10, twelve hours before the end; the end is two hours before the start."""
    _, _, request = await by_payer(world, starts_in=starts_in)

    found = [one for one in await rows(session, Notice) if one.key is NoticeKey.REQUEST_EXPIRING]

    assert [one.due_at for one in found] == ([request.expires_at - 12 * HOUR] if warned else [])


async def test_a_held_time_is_taken(world: World) -> None:
    """1.16: the hold is in the constraint that refuses overlaps."""
    provider, _, request = await by_payer(world)

    with pytest.raises(Refused, match="another appointment"):
        await world.appointment(provider, starts_at=world.deps.now() + timedelta(days=7, minutes=10))

    await decline(world, request)
    await world.appointment(provider, starts_at=world.deps.now() + timedelta(days=7, minutes=10))


# Accepted


async def test_a_yes_books_the_time_and_makes_the_client_active(
    world: World, session: AsyncSession, works: Worker, mailbox: Mailbox
) -> None:
    provider, client, request = await by_payer(world, session_type=SessionType.PHONE_CONSULTATION)

    await accept(world, request)

    (kept,) = await rows(session, Request)
    assert (kept.state, kept.decided_at, kept.decided_by_kind) == (
        RequestState.ACCEPTED,
        world.deps.now(),
        "provider",
    )
    (row,) = await rows(session, Appointment)
    assert (row.id, row.state, row.line in LINES) == (request.appointment_id, AppointmentState.BOOKED, True)
    (consultation,) = await rows(session, Consultation)
    assert (consultation.appointment_id, consultation.referral_id) == (row.id, kept.referral_id)
    (referral,) = await rows(session, Referral)
    assert referral.state is ReferralState.NEW
    (link,) = await rows(session, Relationship)
    assert link.state is RelationshipState.ACTIVE
    (task,) = await questions(session)
    assert task.state is TaskState.DONE
    await works.turn()
    assert client.email in addressed(mailbox)
    asked = [one for one in mailbox.letters() if one["To"] == provider.email and "request" in one["Subject"].lower()]
    assert not asked  # nobody is asked for what they have decided


async def test_a_yes_brings_back_whom_the_provider_had_archived(world: World, session: AsyncSession) -> None:
    """4.6: a client who books again is asked for, and in the list again with the yes."""
    provider = await world.provider()
    client = await world.client(provider)
    async with world.deps.sessions.begin() as writing:
        await scheduling.archive_client(writing, provider.id, client.id, **by(world, as_provider(provider.id)))
    request = await world.request(provider, client=client)
    (link,) = await rows(session, Relationship)
    assert link.state is RelationshipState.ARCHIVED  # asking alone changes nothing

    await accept(world, request)

    (link,) = await rows(session, Relationship)
    assert link.state is RelationshipState.ACTIVE


async def test_nobody_accepts_whom_they_have_blocked_meanwhile(world: World, session: AsyncSession) -> None:
    _, _, request = await by_payer(world)
    (link,) = await rows(session, Relationship)
    async with world.deps.sessions.begin() as writing:
        link = await writing.merge(link)
        await people.move_relationship(writing, link, RelationshipEvent.BLOCKED, now=world.deps.now())

    with pytest.raises(Refused, match="blocked"):
        await accept(world, request)

    (kept,) = await rows(session, Request)
    (row,) = await rows(session, Appointment)
    assert (kept.state, row.state) == (RequestState.PENDING, AppointmentState.HELD)


# Declined, withdrawn, left


@pytest.mark.parametrize("reason", [None, "Canary reasons"])
async def test_a_no_frees_the_time_and_tells_the_client(
    world: World, session: AsyncSession, reason: str | None
) -> None:
    """R95: the client is always told, a reason is the provider's choice."""
    _, client, request = await by_payer(world)

    await decline(world, request, reason)

    (kept,) = await rows(session, Request)
    assert (kept.state, kept.reason) == (RequestState.DECLINED, reason)
    await ended(session, AppointmentState.RELEASED, ReferralState.CLOSED_DECLINED, TaskState.DONE)
    assert (NoticeKey.REQUEST_DECLINED, Channel.MAIL, "client") in await letters(session)
    (link,) = await rows(session, Relationship)
    assert (link.client_id, link.state) == (client.id, RelationshipState.PROSPECT)


async def test_a_withdrawal_is_a_note_in_the_portal_and_no_letter(world: World, session: AsyncSession) -> None:
    _, _, request = await by_payer(world)

    await withdraw(world, request)

    (kept,) = await rows(session, Request)
    assert kept.state is RequestState.WITHDRAWN
    await ended(session, AppointmentState.RELEASED, ReferralState.CLOSED_WITHDRAWN, TaskState.CANCELLED)
    told = await letters(session)
    assert (NoticeKey.REQUEST_WITHDRAWN, Channel.PORTAL, "provider") in told
    assert not [one for one in told if one[2] == "client"]


async def test_whoever_leaves_the_programme_declines_what_payers_asked_for(
    world: World, session: AsyncSession, clock: Clock
) -> None:
    """R81: pending payer requests end with a letter to each client; appointments stay, and so does what others ask."""
    provider = await world.provider()
    payer = await world.payer(provider)
    booked = await world.request(provider, payer=payer, starts_in=timedelta(days=3))
    await accept(world, booked)
    pending = await world.request(provider, payer=payer, starts_in=timedelta(days=4))
    overdue = await world.request(provider, payer=payer, starts_in=3 * HOUR)
    clock.forward(hours=1)  # its end, though no sweep has been there
    own = await world.request(provider, starts_in=timedelta(days=5))

    await leave(world, pending)

    found = {one.id: one.state for one in await rows(session, Request)}
    assert found == {
        booked.id: RequestState.ACCEPTED,
        pending.id: RequestState.DECLINED,
        overdue.id: RequestState.EXPIRED,
        own.id: RequestState.PENDING,
    }
    (enrolment,) = await rows(session, Enrolment)
    assert enrolment.state is EnrolmentState.DEACTIVATED
    states = {one.id: one.state for one in await rows(session, Appointment)}
    assert states[booked.appointment_id] is AppointmentState.BOOKED
    assert states[pending.appointment_id] is AppointmentState.RELEASED
    assert (NoticeKey.REQUEST_DECLINED, Channel.MAIL, "client") in await letters(session)


async def questions(session: AsyncSession) -> Sequence[Task]:
    """Return who is, or was, asked to decide; a provider in the programme has other tasks as well."""
    return [one for one in await rows(session, Task) if one.kind is TaskKind.DECIDE_REQUEST]


async def ended(session: AsyncSession, hold: AppointmentState, referral: ReferralState, task: TaskState) -> None:
    """See what a request leaves behind that came to nothing; nobody is reminded of it any more."""
    assert [one.state for one in await rows(session, Appointment)] == [hold]
    assert [one.state for one in await rows(session, Referral)] == [referral]
    assert [one.state for one in await questions(session)] == [task]
    asked = [one for one in await rows(session, Notice) if one.key is NoticeKey.REQUEST_EXPIRING]
    assert [one.state for one in asked] == [NoticeState.CANCELLED]


# Time


async def test_a_request_ends_by_itself_and_says_so_once(
    world: World, session: AsyncSession, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    _, client, request = await by_payer(world)
    clock.to(request.expires_at - SECOND)
    await works.turn()
    assert [one.state for one in await rows(session, Request)] == [RequestState.PENDING]

    clock.to(request.expires_at)
    await works.turn()
    await works.turn()

    (kept,) = await rows(session, Request)
    assert (kept.state, kept.decided_at, kept.decided_by_kind) == (RequestState.EXPIRED, clock(), "clock")
    assert [one.state for one in await rows(session, Appointment)] == [AppointmentState.RELEASED]
    assert [one.state for one in await rows(session, Referral)] == [ReferralState.CLOSED_EXPIRED]
    assert [one.state for one in await questions(session)] == [TaskState.EXPIRED]
    assert addressed(mailbox).count(client.email) == 1


async def test_the_reminder_comes_twelve_hours_before_the_end_and_once(
    world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    provider, _, request = await by_payer(world)
    await works.turn()
    before = len(mailbox.letters())

    clock.to(request.expires_at - 12 * HOUR - SECOND)
    await works.turn()
    assert len(mailbox.letters()) == before

    clock.to(request.expires_at - 12 * HOUR)
    for _ in range(2):
        await works.turn()
    assert addressed(mailbox)[before:] == [provider.email]


@pytest.mark.parametrize("end", [accept, decline, withdraw])
async def test_at_its_end_nobody_decides_a_request_any_more(
    world: World, session: AsyncSession, clock: Clock, end: End
) -> None:
    """R93: 48 hours are half-open, and the guard does not wait for the sweep."""
    _, _, request = await by_payer(world)
    clock.to(request.expires_at)

    with pytest.raises(Refused, match="expired") as no:
        await end(world, request)

    assert no.value.code == "request_expired"
    assert [one.state for one in await rows(session, Request)] == [RequestState.PENDING]


@pytest.mark.parametrize("end", [accept, decline, withdraw])
async def test_a_second_before_its_end_a_request_can_still_be_decided(world: World, clock: Clock, end: End) -> None:
    _, _, request = await by_payer(world)
    clock.to(request.expires_at - SECOND)

    await end(world, request)


# Never twice


@pytest.mark.parametrize("first", [accept, decline, withdraw, leave])
@pytest.mark.parametrize("second", [accept, decline, withdraw])
async def test_whoever_comes_second_hears_who_decided_and_when(
    world: World, session: AsyncSession, clock: Clock, first: End, second: End
) -> None:
    """4.2, R96: a 409 with who decided and when, and nothing changes any more."""
    _, _, request = await by_payer(world)
    decided_at = clock()
    await first(world, request)
    (kept,) = await rows(session, Request)
    history = len(await rows(session, Event))
    clock.forward(minutes=1)

    with pytest.raises(Refused, match="cannot be undone") as no:
        await second(world, request)

    assert (no.value.code, no.value.status) == ("already_decided", 409)
    assert no.value.facts == {
        "state": kept.state.value,
        "decided_by": kept.decided_by_kind,
        "decided_at": decided_at,
    }
    assert len(await rows(session, Event)) == history


async def test_a_decision_is_about_the_request_that_was_seen(world: World) -> None:
    _, _, request = await by_payer(world)

    with pytest.raises(Refused, match="changed"):
        await accept(world, request, version=request.version + 1)
    await accept(world, request, version=request.version)


async def test_a_cancelled_appointment_is_a_new_event_and_no_undoing(world: World, session: AsyncSession) -> None:
    """R96: what was accepted stays accepted when the appointment is given up later."""
    _, _, request = await by_payer(world)
    await accept(world, request)
    async with world.deps.sessions.begin() as writing:
        await scheduling.cancel(
            writing,
            request.appointment_id,
            by=Side.CLIENT,
            reason=None,
            message=None,
            actor=as_client(request.client_id),
            house=scheduling.house(world.deps.settings),
            now=world.deps.now(),
            new_id=world.deps.new_id,
        )

    (kept,) = await rows(session, Request)
    kinds = [one.kind for one in await rows(session, Event)]
    assert kept.state is RequestState.ACCEPTED
    assert kinds.count(EventKind.REQUEST_ACCEPTED) == 1
    assert EventKind.APPOINTMENT_CANCELLED in kinds


async def test_what_nobody_asked_for_is_not_found(world: World) -> None:
    _, _, request = await by_payer(world)
    request.id = world.deps.new_id()

    for end in (accept, decline, withdraw):
        with pytest.raises(NotFound):
            await end(world, request)
