"""Who may do what: every route of the router, every role, own rows and another's (F35).

A route without a case fails, so nobody can add one without saying who may use it on what.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import FormData
from sqlalchemy import event, select
from sqlmodel import col

from app import web
from config.deps import Deps
from config.keys import derive, six_digits
from people.models import Provider
from people.values import PracticeKind
from portal import api as doors
from scheduling.rules import offers
from scheduling.values import Offer, SessionType, Source
from status.models import Event
from status.queries import latest_consultations
from status.values import EventKind
from tests.builders import World
from tests.clock import START
from tests.fixtures import SECRET
from tests.people.pictures import photo
from tests.portal.api.conftest import Api, Program, Reply
from tests.portal.api.test_support import call

LIST, NOT_FOUND, FORBIDDEN = "list", 404, 403
CODES = {FORBIDDEN: "forbidden", NOT_FOUND: "not_found"}


@dataclass(frozen=True)
class Things:
    """One of everything that a provider can have; with unknown ids, nobody's."""

    practice_id: UUID
    provider_id: UUID
    client_id: UUID
    appointment_id: UUID
    consultation_id: UUID
    call_id: UUID
    referral_id: UUID
    payer_id: UUID
    request_id: UUID
    block_id: UUID
    busy_feed_id: UUID
    import_id: UUID
    search_id: UUID
    draft_id: UUID
    psychiatric_id: UUID
    series_id: UUID
    waitlist_id: UUID

    def ids(self) -> set[str]:
        return {str(self.provider_id), str(self.client_id), str(self.appointment_id), str(self.consultation_id)}


@dataclass(frozen=True)
class Case:
    """What to send about somebody's things, and what each caller gets; `foreign` is a provider who has others."""

    admin: int = 200
    own: int = 200
    foreign: int | str = NOT_FOUND
    body: Callable[[Things], Any] | None = None
    query: Callable[[Things], dict[str, str]] | None = None
    partner: int = FORBIDDEN
    form: Callable[[Things], FormData] | None = None


def by_provider(things: Things) -> dict[str, str]:
    return {"provider_id": str(things.provider_id)}


def file_for(things: Things) -> FormData:
    form = FormData({"provider_id": str(things.provider_id)})
    form.add_field("file", b"First Name,Last Name,Email\nKim,Roe,kim@example.com\n", filename="clients.csv")
    return form


def photo_of(_: Things) -> FormData:
    form = FormData()
    form.add_field("file", photo(), filename="me.jpg")
    return form


def signed(provider_id: UUID) -> str:
    """Return an offer of a session with this provider, as the list of slots has it."""
    offer = Offer(
        provider_id=provider_id,
        session_type=SessionType.FULL_SESSION,
        source=Source.BOOKING_LINK,
        starts_at=MONDAY,
        ends_at=MONDAY + timedelta(minutes=50),
        issued_at=START,
    )
    return offers.sign(offer, derive(SECRET, "offers"))


# Ten o'clock in New York, six days ahead.
MONDAY = START + timedelta(days=5, hours=20)
PERSON = {"first_name": "Kim", "last_name": "Roe", "email": "kim@example.com"}
NEW_PROVIDER = {**PERSON, "dial_phone": "+12125550190", "timezone": "America/New_York"}
SOMEBODY = {"state": "NY", "age": 34, "session_type": "full_session"}
TUESDAYS = {
    "session_type": "full_session",
    "starts_on": "2026-12-01",
    "starts_at_local": "15:00",
    "every": "week",
    "times": 3,
}
A_CALL = {"session_type": "phone_consultation", "original_source": "booking_link"}
NEXT_WEEK = {"starts_at": "2026-12-01T10:00:00Z", "ends_at": "2026-12-01T11:00:00Z"}

CASES = {
    "createPractice": Case(201, 403, 403, lambda _: {"name": "Oak", "kind": "solo", "timezone": "America/New_York"}),
    "getPractice": Case(),
    "changePractice": Case(200, 403, 403, lambda _: {"name": "Oak"}),
    "listPolicies": Case(),
    "changePolicy": Case(200, 403, 403, lambda _: {"source": "booking_link", "acceptance": "required"}),
    "createProvider": Case(201, 403, 403, lambda t: {**NEW_PROVIDER, "practice_id": str(t.practice_id)}),
    "listProviders": Case(200, 200, LIST),
    "getProvider": Case(),
    "changeProvider": Case(body=lambda _: {"last_name": "Roe"}),
    "setPin": Case(204, 204, 404, lambda _: {"pin": "274913"}),
    "verifyDialPhone": Case(201, 201),
    "textDialPhoneCode": Case(201, 201),
    "takeDialPhoneCode": Case(409, 409, 404, lambda _: {"code": "274913"}),  # none was texted
    "createPayer": Case(201, 403, 403, lambda _: {"name": "Oak Health"}),
    "listPayers": Case(200, 200, LIST),
    "getPayer": Case(200, 200, LIST),  # whom one can be enrolled with is no secret
    "changePayer": Case(200, 403, 403, lambda _: {"instant": True}),
    "enrolProvider": Case(409, 403, 403, lambda t: {"payer_ids": [str(t.payer_id)]}),
    "getEnrolment": Case(),
    "changeEnrolmentPayers": Case(200, 403, 403, lambda t: {"payer_ids": [str(t.payer_id)]}),
    "deleteEnrolment": Case(409, 403, 403),
    "submitEnrolment": Case(),
    "getPayerFeed": Case(200, 403, 403, partner=NOT_FOUND),
    "remindOfEnrolment": Case(409, 403, 403),
    "deactivateEnrolment": Case(200, 403, 403),
    "getHours": Case(),
    "setHours": Case(body=lambda _: {"hours": [{"weekday": 0, "opens": "09:00", "closes": "17:00"}]}),
    "createBlock": Case(201, 201, 404, body=lambda _: {"starts_on": "2026-12-05", "opens": "09:00", "closes": "12:00"}),
    "listBlocks": Case(),
    "changeBlock": Case(body=lambda _: {"accept_external": True}),
    "deleteBlock": Case(204, 204),
    "createBusyFeed": Case(201, 201, 404, body=lambda _: {"url": "https://calendar.example.com/other.ics"}),
    "listBusyFeeds": Case(),
    "deleteBusyFeed": Case(204, 204),
    "getProfile": Case(),
    "changeProfile": Case(body=lambda _: {"languages": ["es"]}),
    "putPhoto": Case(form=photo_of),
    "deletePhoto": Case(),
    "getVisibility": Case(),
    "getReferralSettings": Case(),
    "changeReferralSettings": Case(body=lambda _: {"urgent": True}),
    # To a payer there is nobody outside of its programme; tests/portal/api/test_slots.py has who is inside.
    "listSlots": Case(partner=NOT_FOUND, query=lambda _: {"session_type": "full_session"}),
    "inviteClient": Case(),
    "listMessages": Case(200, 200, 404, None, by_provider),
    "writeMessage": Case(201, 201, 404, lambda t: {"provider_id": str(t.provider_id), "text": "Hello."}),
    "keepBilling": Case(409, 403, 403, lambda _: {"reference": "pm_1", "label": "Visa 4242"}),  # not verified yet
    "keepInsurance": Case(body=lambda _: {"company": "Canary Health"}),
    "createClient": Case(201, 201, 404, lambda t: {**PERSON, "provider_id": str(t.provider_id)}),
    "getClient": Case(),
    "changeClient": Case(body=lambda _: {"last_name": "Roe"}),
    "archiveClient": Case(409, 409),  # an appointment lies ahead; that is for them to know
    "unarchiveClient": Case(409, 409),
    "createImport": Case(201, 201, form=file_for),
    "listImports": Case(200, 200, 404, None, by_provider),
    "getImport": Case(),
    "listImportRows": Case(),
    "commitImport": Case(202, 202),
    "reportImport": Case(),
    "exportClients": Case(200, 200, 404, None, by_provider),
    "createAppointment": Case(
        422, 201, 404, lambda t: {"client_id": str(t.client_id), "session_type": "full_session", **NEXT_WEEK}
    ),
    "listAppointments": Case(200, 200, 404, None, by_provider),
    "getAppointment": Case(),
    "rescheduleAppointment": Case(body=lambda _: {"starts_at": "2026-12-01T10:00:00Z"}),
    "cancelAppointment": Case(body=lambda _: {"by": "provider", "message": "I am ill."}),
    "switchAppointmentToCall": Case(409, 409),
    "createBooking": Case(201, 202, 404, lambda t: {"offer": signed(t.provider_id), "client": PERSON}, partner=403),
    "completeBooking": Case(201, 201, 404, lambda t: {"code": six_digits(derive(SECRET, "booking codes"), t.draft_id)}),
    "listRequests": Case(200, 200, 404, None, by_provider),
    "getRequest": Case(partner=NOT_FOUND),  # no payer has sent it
    "acceptRequest": Case(),
    "declineRequest": Case(),
    "withdrawRequest": Case(200, 403, 403, partner=NOT_FOUND),
    "confirmSessionDetails": Case(409, 409),  # it is not over yet
    "markNoShow": Case(409, 409),
    "createSeries": Case(403, 201, 404, lambda t: {"client_id": str(t.client_id), **TUESDAYS}),
    "getSeries": Case(),
    "joinWaitlist": Case(201, 201, 404, lambda t: {"client_id": str(t.client_id), **A_CALL}),
    "listWaitlist": Case(),
    "acceptWaitlistOffer": Case(409, 409),  # nothing is offered
    "declineWaitlistOffer": Case(409, 409),
    "leaveWaitlist": Case(),
    "listAppointmentCalls": Case(),
    "makeCalendarFeed": Case(201, 201),
    "getCalendarFeed": Case(),
    "revokeCalendarFeed": Case(204, 204),
    "listCalls": Case(200, 403, 403),
    "searchCalls": Case(200, 403, 403, lambda _: {"number": "+12125550190"}),
    "listCallFacts": Case(200, 403, 403),
    "getConsultation": Case(),
    "answerConsultation": Case(409, 409, 404, lambda _: {"occurred": True}),
    "correctConsultation": Case(409, 403, 403, lambda _: {"occurred": True, "reason": "A slip."}),
    "listReferrals": Case(200, 200, 404, None, by_provider),
    "getReferral": Case(),
    "openReferral": Case(),
    "handBackReferral": Case(409, 409, 404, lambda _: {"reason": "other"}),  # nobody has opened it yet
    "findAnotherProvider": Case(409, 403, 403),
    "searchAgain": Case(409, 403, 403),
    "createPsychiatricReferral": Case(201, 201, 404, by_provider),
    "listPsychiatricReferrals": Case(200, 200, 404, None, by_provider),
    "getPsychiatricReferral": Case(),
    "consentToPsychiatricReferral": Case(body=lambda _: {"by": "client", "statement": 1}),
    # Nobody has consented yet; and what is up to a prescriber is not up to who refers.
    "sendPsychiatricReferral": Case(
        409, 409, 404, lambda t: {"search_id": str(t.search_id), "prescriber_id": str(t.provider_id)}
    ),
    "acceptPsychiatricReferral": Case(409, 403),
    "declinePsychiatricReferral": Case(409, 403),
    "notePsychiatricVisit": Case(409, 403),
    "withdrawPsychiatricReferral": Case(),
    "getSharing": Case(),
    "listTasks": Case(200, 200, 404, None, by_provider),
    "listNotices": Case(200, 200, 404, None, by_provider),
    "listEvents": Case(200, 200, 404, None, by_provider),
    "reportIssue": Case(201, 201, 404, lambda t: {"appointment_id": str(t.appointment_id), "text": "It cut off."}),
    "listIssues": Case(200, 200, 404, None, by_provider),
    "getLine": Case(200, 200, LIST),
    "declareOutage": Case(200, 403, 403),
    "restoreLine": Case(200, 403, 403),
    "getVocabulary": Case(200, 200, LIST, partner=200),
    "getSearchOrder": Case(200, 200, LIST, partner=200),
    "createSearch": Case(201, 201, 404, lambda t: {**SOMEBODY, "from_search": str(t.search_id)}),
    "getSearch": Case(),
    "repeatSearch": Case(201, 201, 404, lambda _: {}),
    "getSearchRecord": Case(200, 403, 403),
}
OPERATIONS = {operation.name: operation for operation in doors.OPERATIONS}


async def things_of(world: World, provider: Provider) -> Things:
    appointment = await world.appointment(provider, starts_in=timedelta(hours=1))
    assert provider.dial_phone
    made = await call(world.deps, provider, appointment, number=provider.dial_phone, at=world.deps.now())
    async with world.deps.sessions() as session:
        consultation = (await latest_consultations(session, [appointment.id]))[appointment.id]
    assert appointment.referral_id
    payer, request = await world.payer(provider), await world.request(provider)
    await world.hours(provider)
    draft = await world.draft(provider, starts_at=MONDAY + timedelta(hours=2))
    block, feed = await world.block(provider), await world.busy_feed(provider)
    search = await world.search(provider)
    client = await world.client(provider)
    series, waits = await world.series(provider, client=client), await world.waits(provider, client=client)
    return Things(
        provider.practice_id,
        provider.id,
        appointment.client_id,
        appointment.id,
        consultation.id,
        made.id,
        appointment.referral_id,
        payer.id,
        request.id,
        block.id,
        feed.id,
        (await world.looked_at(provider)).id,
        search.search_id,
        draft.id,
        (await world.drafted(provider)).id,
        series.id,
        waits.id,
    )


def nobodys() -> Things:
    return Things(*(uuid4() for _ in fields(Things)))


async def ask(program: Program, name: str, things: Things) -> Reply:
    operation, case = OPERATIONS[name], CASES[name]
    path = operation.path.format(**{key: str(value) for key, value in vars(things).items()})
    return await program.send(
        operation.method,
        path,
        case.body(things) if case.body else None,
        params=case.query(things) if case.query else {},
        **({"data": case.form(things)} if case.form else {}),
    )


async def test_f35_every_route_of_the_router_has_a_case(deps: Deps) -> None:
    routed = {
        (route.method, route.resource.canonical)
        for route in web.build(deps).router.routes()
        if route.resource and route.resource.canonical.startswith(doors.PREFIX)
    }
    known = {(op.method.value, f"{doors.PREFIX}{op.path}") for op in OPERATIONS.values() if op.name in CASES}
    heads = {("HEAD", path) for method, path in known if method == "GET"}
    description = {(method, f"{doors.PREFIX}/openapi.json") for method in ("GET", "HEAD")}

    assert routed == known | heads | description
    assert set(CASES) == set(OPERATIONS)


READS = {name for name in CASES if not OPERATIONS[name].writes}


async def test_f35_who_is_turned_away(api: Api, world: World, deps: Deps) -> None:
    """Without a token, in another role, at another's: nothing of that leaves a trace but the attempt."""
    one, two = await world.provider(), await world.provider()
    own, foreign = await things_of(world, one), await things_of(world, two)
    me, partner = await api.of(one), await api.partner()
    nobodys_programs = (api.nobody(), api.nobody("cl_admin_" + "0" * 32), api.nobody("no-token-at-all"))

    for name, case in CASES.items():
        for program in nobodys_programs:
            refused = await ask(program, name, own)
            assert (refused.status, refused.code) == (401, "unauthorized"), name
            assert refused.headers["WWW-Authenticate"].startswith("Bearer "), name
        by_payer = await ask(partner, name, own)
        assert by_payer.status == case.partner, name
        if case.partner in CODES:
            assert by_payer.code == CODES[case.partner], name

        before = await attempts(deps)
        reply = await ask(me, name, foreign)
        if case.foreign == LIST:
            assert reply.status == 200, name
            assert not {one for one in foreign.ids() if one in reply.text}, name
        else:
            assert reply.status == case.foreign, name
        assert await attempts(deps) - before == (1 if case.foreign == NOT_FOUND else 0), name


async def test_f35_who_reads_what(api: Api, world: World) -> None:
    one, two = await world.provider(), await world.provider()
    own, foreign = await things_of(world, one), await things_of(world, two)
    me, admin = await api.of(one), await api.admin()

    for name in READS:
        assert (await ask(me, name, own)).status == CASES[name].own, name
        assert (await ask(admin, name, foreign)).status == CASES[name].admin, name


@pytest.mark.parametrize("name", [name for name in CASES if name not in READS])
async def test_f35_who_writes_what(name: str, api: Api, world: World) -> None:
    """Each in a world of its own, since it changes it."""
    one, two = await world.provider(), await world.provider()
    own, foreign = await things_of(world, one), await things_of(world, two)

    assert (await ask(await api.of(one), name, own)).status == CASES[name].own
    assert (await ask(await api.admin(), name, foreign)).status == CASES[name].admin


async def test_f35_anothers_and_nobodys_cannot_be_told_apart(api: Api, world: World, deps: Deps) -> None:
    """Not by the answer, and not by how long it takes: the same statements are run for both."""
    one, two = await world.provider(), await world.provider()
    await things_of(world, one)
    foreign, unknown = await things_of(world, two), nobodys()
    me = await api.of(one)

    for name, case in CASES.items():
        if case.foreign != NOT_FOUND:
            continue
        await ask(me, name, foreign)  # so that no first time is measured
        with statements(deps) as for_foreign:
            refused = await ask(me, name, foreign)
        with statements(deps) as for_unknown:
            missed = await ask(me, name, unknown)

        assert refused.status == missed.status == 404, name
        assert without_id(refused.json) == without_id(missed.json), name
        assert set(refused.headers) == set(missed.headers), name
        assert for_foreign == for_unknown, name


async def test_an_attempt_is_written_down_with_who_and_what(api: Api, world: World, deps: Deps) -> None:
    one, two = await world.provider(), await world.provider()
    theirs = await world.appointment(two)
    me = await api.of(one)

    await me.get(f"/appointments/{theirs.id}")

    async with deps.sessions() as session:
        found = await session.execute(select(Event).where(col(Event.kind) == EventKind.ACCESS_REFUSED))
        row = found.scalar_one()
    assert (row.actor_kind, row.actor_id, row.provider_id) == ("provider", one.id, None)
    assert row.data == {"noun": "appointment", "subject": str(theirs.id), "exists": True}
    for provider in (one, two):
        history = await (await api.of(provider)).get("/events")
        assert "access:refused" not in history.text


async def test_an_operator_who_misses_makes_no_attempt(admin: Program, deps: Deps) -> None:
    assert (await admin.get(f"/appointments/{uuid4()}")).status == 404
    assert await attempts(deps) == 0


async def test_a_token_ends_with_its_revocation(admin: Program, deps: Deps) -> None:
    assert admin.row is not None
    assert (await admin.get("/line")).status == 200
    async with deps.sessions.begin() as session:
        row = await session.merge(admin.row)
        row.revoked_at = deps.now()

    assert (await admin.get("/line")).status == 401


async def test_a_token_of_a_provider_who_left_is_none(api: Api, world: World, deps: Deps) -> None:
    provider = await world.provider()
    me = await api.of(provider)
    async with deps.sessions.begin() as session:
        row = await session.merge(provider)
        row.active = False

    assert (await me.get("/line")).status == 401


async def test_a_number_to_dial_from_is_shown_to_its_owner_and_operators(
    api: Api, admin: Program, world: World
) -> None:
    practice = await world.practice(kind=PracticeKind.GROUP)
    one, two = await world.provider(practice=practice), await world.provider(practice=practice)
    me = await api.of(one)
    assert two.dial_phone

    seen = [await me.get(path) for path in ("/providers", f"/providers/{two.id}", f"/practices/{practice.id}")]

    assert not [reply for reply in seen if two.dial_phone[-7:] in reply.text]
    assert (await me.get(f"/providers/{one.id}")).json["dial_phone"] == one.dial_phone
    assert (await admin.get(f"/providers/{two.id}")).json["dial_phone"] == two.dial_phone


async def attempts(deps: Deps) -> int:
    async with deps.sessions() as session:
        found = await session.execute(select(Event).where(col(Event.kind) == EventKind.ACCESS_REFUSED))
        return len(found.scalars().all())


def without_id(problem: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in problem.items() if name != "request_id"}


@contextmanager
def statements(deps: Deps) -> Iterator[list[str]]:
    """Collect what is asked of the database meanwhile."""
    seen: list[str] = []
    engine = deps.sessions.kw["bind"].sync_engine

    def note(*told: Any) -> None:
        seen.append(told[2])

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)
