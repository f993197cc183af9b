"""The start page: what is next for a provider and what they are asked, a client's appointments, or else the door."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bridge import actions as bridge
from bridge import queries as bridge_queries
from bridge.values import Contact
from config.errors import NotFound
from people import actions as people
from people import queries as people_queries
from people.rules.account import missing
from people.values import EnrolmentState
from portal.pages.page import DESK, EVERYBODY, PRACTICE, PROVIDERS, Page, Redirect, Shown, View, Visit
from scheduling import actions as scheduling
from scheduling import queries as calendar
from scheduling.models import Appointment
from scheduling.rules.waitlist import state_at
from scheduling.values import AppointmentState, RequestState, WaitlistState
from status import actions as ledger
from status import queries as ledger_queries
from status.rules import consultation as rules
from status.values import ConsultationStatus, DecidedBy, How, NoReason, TaskKind, TaskState

AHEAD = timedelta(days=7)
SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """An appointment as its provider sees it: with whom, what to dial, and how it goes."""

    id: UUID
    name: str
    session_type: str
    starts_at: datetime
    ends_at: datetime
    contact: Contact
    status: ConsultationStatus | None
    in_call: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A consultation of which nobody knows yet whether it took place, and until when that can be told (R120)."""

    consultation_id: UUID
    name: str
    starts_at: datetime
    share_by: datetime


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """A session that is over and whose details nobody has confirmed yet (R50)."""

    appointment_id: UUID
    name: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class ToDecide:
    """A request that waits for a yes or a no (R90)."""

    id: UUID
    name: str
    source: str
    starts_at: datetime
    ends_at: datetime
    expires_at: datetime


async def home(visit: Visit) -> Shown:
    """Show the start page that fits who is there."""
    person = visit.person
    if person is not None and person.provider_id is not None:
        return await _provider(visit)
    if person is not None and person.client_id is not None:
        return await _client(visit)
    if person is not None and person.roles & DESK:
        return Redirect("/desk")
    if person is not None and person.roles & PRACTICE:
        return Redirect("/calendar")
    return View("home/front.html")


async def _provider(visit: Visit) -> View:
    session, provider_id = visit.session, visit.provider_id
    provider = await people_queries.provider(session, provider_id)
    rows = await calendar.appointments_ahead(session, provider_id, visit.now, visit.now + AHEAD, SHOWN)
    open_ones = await ledger_queries.open_questions(session, [provider_id])
    requests = await calendar.requests(
        session, provider_id=provider_id, state=RequestState.PENDING, now=visit.now, after=None, limit=SHOWN
    )
    over = await ledger_queries.tasks(
        session,
        provider_id=provider_id,
        state=TaskState.OPEN,
        kind=TaskKind.CONFIRM_SESSION_DETAILS,
        after=None,
        limit=SHOWN,
    )
    confirm = [one.appointment_id for one in over if one.appointment_id]
    asked = await calendar.appointments_by_id(session, [*(one.appointment_id for one in open_ones), *confirm])
    clients = {row.id: row.client_id for row in (*rows, *asked)}
    names = await _names(visit, {*clients.values(), *(one.client_id for one, _ in requests)})
    policy = ledger.policy(visit.settings)
    enrolment = await people_queries.enrolment(session, provider_id)
    return View(
        "home/provider.html",
        {
            "fill_in": enrolment is not None and enrolment.state is EnrolmentState.INCOMPLETE,
            "attention": enrolment is not None and enrolment.needs_attention,
            "unread": await people_queries.unread(session, provider_id=provider_id),
            "refused": await people_queries.bounced(
                session, people.address_key(provider.email if provider else "", visit.settings)
            ),
            "verified": provider is not None and provider.dial_phone_verified_at is not None,
            "next": await _next(visit, rows, names),
            "questions": [
                Question(
                    one.id, names[clients[one.appointment_id]], one.starts_at, rules.closes_at(one.ends_at, policy)
                )
                for one in open_ones
            ],
            "to_confirm": [
                ToConfirm(row.id, names[row.client_id], row.starts_at) for row in asked if row.id in confirm
            ],
            "requests": [
                ToDecide(
                    one.id,
                    names[one.client_id],
                    one.source_name or one.source.value,
                    hold.starts_at,
                    hold.ends_at,
                    one.expires_at,
                )
                for one, hold in requests
            ],
            "outage": bool(await bridge_queries.lines_down(session)),
            "hows": [how.value for how in How],
            "reasons": [reason.value for reason in NoReason],
        },
    )


async def _next(visit: Visit, rows: Sequence[Appointment], names: dict[UUID, str]) -> list[Next]:
    contacts = await bridge.contacts(
        visit.session, rows, settings=visit.settings, actor=visit.actor, now=visit.now, new_id=visit.new_id
    )
    became = await ledger_queries.latest_consultations(visit.session, [row.id for row in rows])
    return [
        Next(
            id=row.id,
            name=names[row.client_id],
            session_type=row.session_type.value,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            contact=contacts[row.id],
            status=became[row.id].status if row.id in became else None,
            in_call=row.id in became and became[row.id].live_since is not None,
        )
        for row in rows
    ]


async def _names(visit: Visit, clients: set[UUID]) -> dict[UUID, str]:
    """Return what each client is called in this provider's list: until they accept, what was typed there (R46)."""
    pairs = [(visit.provider_id, client_id) for client_id in clients]
    found = await people_queries.seen(visit.session, pairs, visit.now)
    return {client_id: one.name for (_, client_id), one in found.items()}


async def _client(visit: Visit) -> View:
    rows = await calendar.appointments_of_client(visit.session, visit.client_id, visit.now, SHOWN)
    providers = {row.provider_id: await people_queries.provider(visit.session, row.provider_id) for row in rows}
    told = [
        {
            "id": row.id,
            "with": f"{who.first_name} {who.last_name}" if (who := providers[row.provider_id]) else "",
            "session_type": row.session_type.value,
            "held": row.state is AppointmentState.HELD,
            "starts_at": row.starts_at,
            "ends_at": row.ends_at,
        }
        for row in rows
    ]
    waits = await calendar.waits_of_client(visit.session, visit.client_id)
    offered = [
        (row.id, row.expires_at)
        for row in waits
        if state_at(row.state, row.expires_at, visit.now) is WaitlistState.OFFERED
    ]
    done = await people_queries.done_steps(visit.session, visit.client_id, visit.now)
    return View(
        "home/client.html",
        {
            "appointments": told,
            "offered": offered,
            "unread": await people_queries.unread(visit.session, client_id=visit.client_id),
            "missing": [step.value for step in missing(done)],
        },
    )


# What a provider answers from here


async def share(visit: Visit) -> Shown:
    """Take the answer to "did it take place?" (R117, R118); a settled one is refused with its reason."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    row = await ledger_queries.consultation(visit.session, UUID(visit.path["consultation_id"]))
    if row is None or row.provider_id != visit.provider_id:
        raise NotFound
    occurred = visit.form.get("occurred") == "yes"
    how, reason = visit.form.get("how", ""), visit.form.get("reason", "")
    await ledger.answer(
        visit.session,
        row.id,
        occurred=occurred,
        by=DecidedBy.PORTAL,
        actor=visit.actor,
        how=How(how) if occurred and how in set(How) else None,
        no_reason=NoReason(reason) if not occurred and reason in set(NoReason) else None,
        now=visit.now,
        policy=ledger.policy(visit.settings),
        new_id=visit.new_id,
    )
    return Redirect("/", done="home.shared", subjects=(row.appointment_id, visit.provider_id))


async def decide(visit: Visit) -> Shown:
    """Confirm or decline a request (R94, R95); neither can be undone (R96)."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    row = await calendar.request(visit.session, UUID(visit.path["request_id"]))
    if row is None or row.provider_id != visit.provider_id:
        raise NotFound
    if visit.form.get("decision") == "accept":
        await scheduling.accept_request(
            visit.session,
            row.id,
            actor=visit.actor,
            house=scheduling.house(visit.settings),
            now=visit.now,
            new_id=visit.new_id,
        )
        return Redirect("/", done="home.accepted", subjects=(row.appointment_id, row.provider_id, row.client_id))
    await scheduling.decline_request(
        visit.session,
        row.id,
        reason=visit.form.get("reason") or None,
        actor=visit.actor,
        house=scheduling.house(visit.settings),
        now=visit.now,
        new_id=visit.new_id,
    )
    return Redirect("/", done="home.declined", subjects=(row.appointment_id, row.provider_id, row.client_id))


async def contact(visit: Visit) -> Shown:
    """Say how support is reached (R127)."""
    return View("home/contact.html", {"address": visit.settings.support_address})


_ID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
PAGES = (
    Page(name="home", path="/", roles=EVERYBODY, show=home),
    Page(name="contact", path="/contact", roles=EVERYBODY, show=contact),
    Page(
        name="share_status",
        path=f"/consultations/{{consultation_id:{_ID}}}/answer",
        roles=PROVIDERS,
        submit=share,
        again=home,
    ),
    Page(name="decide", path=f"/requests/{{request_id:{_ID}}}/decide", roles=PROVIDERS, submit=decide, again=home),
)
