"""Appointments, each with what to dial for it and what became of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bridge import actions as bridge
from bridge.values import Contact, ContactKind, ContactReason
from config.errors import Refused
from people.values import TokenRole
from portal.api import access, consultations, cursors
from portal.api.consultations import ConsultationShown
from portal.api.fields import Instant, Listing, Message, Nothing, Shape, Version
from portal.api.operation import ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.models import Appointment
from scheduling.rules.appointments import state_at
from scheduling.values import AppointmentState, CancelReason, Caution, Scope, SessionType, Side, Source
from status import actions as ledger
from status import queries as ledger_queries

LONGEST = timedelta(hours=24)


class NewAppointment(Shape):
    """An appointment to be made.

    A provider's token makes it for itself, as `provider_made`; an operator names `provider_id` and `source`.
    `original_source` belongs to a `waitlist_offer`.
    """

    provider_id: UUID | None = None
    client_id: UUID
    session_type: SessionType
    source: Source | None = None
    original_source: Source | None = None
    starts_at: Instant
    ends_at: Instant


class Seen(Shape):
    """The version that the caller has seen; if another one stands by now, nothing is done."""

    version: Version | None = None


class NewTime(Seen):
    """Another time, and which side wants it, the provider if nothing is said; without `ends_at` the length stays.

    `scope` is for an appointment of a series: the later ones, or all that lie ahead, move by the same step.
    """

    starts_at: Instant
    ends_at: Instant | None = None
    by: Side = Side.PROVIDER
    scope: Scope = Scope.THIS


class Cancellation(Seen):
    """Which side gives the appointment up, and why; a provider writes to a client who came by a referral.

    With `scope`, a provider gives up more of the series that it belongs to.
    """

    by: Side
    reason: CancelReason | None = None
    message: Message | None = None
    scope: Scope = Scope.THIS


class AppointmentListing(Listing):
    """Which appointments: of whom, and those that overlap a span."""

    provider_id: UUID | None = None
    since: Instant | None = None
    until: Instant | None = None


class ContactShown(Shape):
    """What to dial, if anything, and when it works."""

    kind: ContactKind
    number: str | None
    reason: ContactReason | None
    opens_at: datetime | None
    closes_at: datetime | None


class AppointmentShown(Shape):
    """An appointment; `occurrence` counts its times, `version` its changes but for that time passes.

    `cautions` come with a time that the provider has just chosen: it is outside their hours, or taken elsewhere.
    """

    id: UUID
    provider_id: UUID
    client_id: UUID
    session_type: SessionType
    source: Source
    original_source: Source | None
    tracked: bool
    state: AppointmentState
    starts_at: datetime
    ends_at: datetime
    line: str | None
    occurrence: int
    version: int
    created_at: datetime
    cancelled_at: datetime | None
    cancelled_by: Side | None
    cancel_reason: CancelReason | None
    cancel_message: str | None
    cancelled_late: bool
    moves_by_client: int
    label: str | None
    note: str | None
    referral_id: UUID | None
    series_id: UUID | None
    series_place: int | None
    cautions: list[Caution]
    contact: ContactShown
    consultation: ConsultationShown | None


class AppointmentsShown(Shape):
    """Appointments, in the order of their ids."""

    items: list[AppointmentShown]
    next: str | None


async def create(ask: Ask[NewAppointment, Nothing]) -> Answer:
    """Put an appointment into a provider's calendar."""
    new = ask.body
    provider_id, source = access.acting_provider(ask, new.provider_id), _source(ask)
    _span(ask, new.starts_at, new.ends_at)
    if ask.caller.role is TokenRole.PROVIDER:
        await access.client(ask, new.client_id)
    row = await scheduling.book(
        ask.session,
        provider_id=provider_id,
        client_id=new.client_id,
        session_type=new.session_type,
        source=source,
        original_source=new.original_source,
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        actor=ask.actor,
        house=scheduling.house(ask.settings),
        now=ask.now,
        new_id=ask.new_id,
    )
    return await answer(ask, row, await _cautions(ask, row, source is Source.PROVIDER_MADE))


async def listed(ask: Ask[Nothing, AppointmentListing]) -> Answer:
    """List appointments."""
    found = await queries.appointments(
        ask.session,
        provider_id=access.only_theirs(ask, ask.query.provider_id),
        since=ask.query.since,
        until=ask.query.until,
        after=cursors.row_id(ask.query.after),
        limit=ask.query.limit + 1,
    )
    rows, after = cursors.page(found, ask.query.limit)
    return Answer(AppointmentsShown(items=await views(ask, rows), next=after))


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show an appointment."""
    return await answer(ask, await access.appointment(ask, ask.path["appointment_id"]))


async def reschedule(ask: Ask[NewTime, Nothing]) -> Answer:
    """Move an appointment to another time."""
    row = await access.appointment(ask, ask.path["appointment_id"])
    if ask.caller.role is TokenRole.PROVIDER and ask.body.by is not Side.PROVIDER:
        raise Refused("not_your_side", "What you move yourself is moved by the provider.", status=403)
    starts_at = ask.body.starts_at
    ends_at = ask.body.ends_at or starts_at + (row.ends_at - row.starts_at)
    _span(ask, starts_at, ends_at)
    how = _how(ask)
    if ask.body.scope is Scope.THIS:
        row = await scheduling.reschedule(
            ask.session, row.id, starts_at=starts_at, ends_at=ask.body.ends_at, by=ask.body.by, **how
        )
    elif ask.body.by is Side.PROVIDER:
        row = await scheduling.move_series(
            ask.session, row.id, ask.body.scope, starts_at=starts_at, ends_at=ask.body.ends_at, **how
        )
    else:
        raise _PROVIDERS_ONLY
    return await answer(ask, row, await _cautions(ask, row, ask.body.by is Side.PROVIDER))


async def cancel(ask: Ask[Cancellation, Nothing]) -> Answer:
    """Give up an appointment."""
    row = await access.appointment(ask, ask.path["appointment_id"])
    why = {"reason": ask.body.reason, "message": ask.body.message, **_how(ask)}
    if ask.body.scope is Scope.THIS:
        row = await scheduling.cancel(ask.session, row.id, by=ask.body.by, **why)
    elif ask.body.by is Side.PROVIDER:
        row = await scheduling.cancel_series(ask.session, row.id, ask.body.scope, **why)
    else:
        raise _PROVIDERS_ONLY
    return await answer(ask, row)


async def switch_to_call(ask: Ask[Seen, Nothing]) -> Answer:
    """Turn a session that a client made into a phone consultation (R40)."""
    row = await access.appointment(ask, ask.path["appointment_id"])
    row = await scheduling.switch_to_call(ask.session, row.id, **_how(ask))
    return await answer(ask, row)


async def confirm_details(ask: Ask[Seen, Nothing]) -> Answer:
    """Confirm the details of a session that was held (R50)."""
    row = await access.appointment(ask, ask.path["appointment_id"])
    row = await scheduling.confirm_details(
        ask.session, row.id, version=ask.body.version, actor=ask.actor, now=ask.now, new_id=ask.new_id
    )
    return await answer(ask, row)


async def mark_no_show(ask: Ask[Seen, Nothing]) -> Answer:
    """Mark a session that the client did not come to."""
    row = await access.appointment(ask, ask.path["appointment_id"])
    row = await scheduling.mark_no_show(
        ask.session, row.id, version=ask.body.version, actor=ask.actor, now=ask.now, new_id=ask.new_id
    )
    return await answer(ask, row)


def _source(ask: Ask[NewAppointment, Nothing]) -> Source:
    """Return who made it: the provider themselves, or whom an operator names (R100)."""
    source, original = ask.body.source, ask.body.original_source
    if ask.caller.role is TokenRole.PROVIDER:
        if source not in {None, Source.PROVIDER_MADE} or original:
            raise Refused("not_your_source", "What you make yourself has the source provider_made.", status=403)
        return Source.PROVIDER_MADE
    if source is None:
        raise Refused("source_needed", "Say who made this appointment: `source`.", status=422)
    if original and source is not Source.WAITLIST_OFFER:
        raise Refused("no_offer", "`original_source` belongs to the source waitlist_offer.", status=422)
    return source


_PROVIDERS_ONLY = Refused(
    "providers_only", "Only its provider changes a series. A client can move or cancel one appointment.", status=403
)


def _how(ask: Ask[Any, Nothing]) -> dict[str, Any]:
    """Return what every change of an appointment is told."""
    return {
        "version": ask.body.version,
        "actor": ask.actor,
        "house": scheduling.house(ask.settings),
        "now": ask.now,
        "new_id": ask.new_id,
    }


async def _cautions(ask: Ask[Any, Any], row: Appointment, chosen: bool) -> Sequence[Caution]:
    return await scheduling.cautions(ask.session, row) if chosen else ()


def _span(ask: Ask[Any, Any], starts_at: datetime, ends_at: datetime) -> None:
    """See that a time can be one; the past is for operators, who write down what has been."""
    if not starts_at < ends_at <= starts_at + LONGEST:
        raise Refused("bad_span", "An appointment ends after it starts, and within 24 hours.", status=422)
    if ask.caller.role is TokenRole.PROVIDER and starts_at < ask.now:
        raise Refused("in_the_past", "Choose a time that lies ahead.", status=422)


async def answer(ask: Ask[Any, Any], row: Appointment, cautions: Sequence[Caution] = ()) -> Answer:
    """Answer with an appointment."""
    return Answer((await views(ask, [row], cautions))[0], (row.id, row.provider_id, row.client_id))


async def _contacts(ask: Ask[Any, Any], rows: Sequence[Appointment]) -> Mapping[UUID, Contact]:
    """Return whom to dial for each; a payer dials nobody, and an account may have a number that it does not know."""
    if ask.caller.role is TokenRole.PARTNER:
        nobody = Contact(kind=ContactKind.NONE, number=None, reason=None, opens_at=None, closes_at=None)
        return dict.fromkeys((row.id for row in rows), nobody)
    return await bridge.contacts(
        ask.session, rows, settings=ask.settings, actor=ask.actor, now=ask.now, new_id=ask.new_id
    )


async def views(
    ask: Ask[Any, Any], rows: Sequence[Appointment], cautions: Sequence[Caution] = ()
) -> list[AppointmentShown]:
    """Return appointments as they are shown, in their order."""
    contacts = await _contacts(ask, rows)
    became = await ledger_queries.latest_consultations(ask.session, [row.id for row in rows])
    policy = ledger.policy(ask.settings)
    return [
        AppointmentShown(
            id=row.id,
            provider_id=row.provider_id,
            client_id=row.client_id,
            session_type=row.session_type,
            source=row.source,
            original_source=row.original_source,
            tracked=row.tracked,
            state=state_at(row.state, row.ends_at, ask.now),
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            line=row.line,
            occurrence=row.occurrence,
            version=row.version,
            created_at=row.created_at,
            cancelled_at=row.cancelled_at,
            cancelled_by=row.cancelled_by,
            cancel_reason=row.cancel_reason,
            cancel_message=row.cancel_message,
            cancelled_late=row.cancelled_late,
            moves_by_client=row.moves_by_client,
            label=row.label,
            note=row.note,
            referral_id=row.referral_id,
            series_id=row.series_id,
            series_place=row.series_place,
            cautions=list(cautions),
            contact=ContactShown.model_validate(contacts[row.id]),
            consultation=consultations.view(became[row.id], policy) if row.id in became else None,
        )
        for row in rows
    ]


OPERATIONS = (
    Operation(
        name="createAppointment",
        method=Method.POST,
        path="/appointments",
        roles=ADMIN_AND_PROVIDER,
        summary="Make an appointment",
        handler=create,
        body=NewAppointment,
        query=Nothing,
        answer=AppointmentShown,
        status=201,
        refuses=frozenset({404}),
        makes="appointment_id",
        links={
            "getConsultation": {"consultation_id": "/consultation/id"},
            "answerConsultation": {"consultation_id": "/consultation/id"},
            "correctConsultation": {"consultation_id": "/consultation/id"},
        },
    ),
    Operation(
        name="listAppointments",
        method=Method.GET,
        path="/appointments",
        roles=ADMIN_AND_PROVIDER,
        summary="List appointments",
        handler=listed,
        body=Nothing,
        query=AppointmentListing,
        answer=AppointmentsShown,
        refuses=frozenset({404}),
    ),
    Operation(
        name="getAppointment",
        method=Method.GET,
        path="/appointments/{appointment_id}",
        roles=ADMIN_AND_PROVIDER,
        summary="Show an appointment",
        handler=show,
        body=Nothing,
        query=Nothing,
        answer=AppointmentShown,
    ),
    Operation(
        name="rescheduleAppointment",
        method=Method.PATCH,
        path="/appointments/{appointment_id}",
        roles=ADMIN_AND_PROVIDER,
        summary="Move an appointment to another time",
        handler=reschedule,
        body=NewTime,
        query=Nothing,
        answer=AppointmentShown,
    ),
    Operation(
        name="cancelAppointment",
        method=Method.POST,
        path="/appointments/{appointment_id}/cancel",
        roles=ADMIN_AND_PROVIDER,
        summary="Give up an appointment",
        handler=cancel,
        body=Cancellation,
        query=Nothing,
        answer=AppointmentShown,
    ),
    Operation(
        name="switchAppointmentToCall",
        method=Method.POST,
        path="/appointments/{appointment_id}/switch-to-call",
        roles=ADMIN_AND_PROVIDER,
        summary="Turn a session into a phone consultation",
        handler=switch_to_call,
        body=Seen,
        query=Nothing,
        answer=AppointmentShown,
        body_optional=True,
    ),
    Operation(
        name="confirmSessionDetails",
        method=Method.POST,
        path="/appointments/{appointment_id}/confirm-details",
        roles=ADMIN_AND_PROVIDER,
        summary="Confirm the details of a session that was held",
        handler=confirm_details,
        body=Seen,
        query=Nothing,
        answer=AppointmentShown,
        body_optional=True,
    ),
    Operation(
        name="markNoShow",
        method=Method.POST,
        path="/appointments/{appointment_id}/no-show",
        roles=ADMIN_AND_PROVIDER,
        summary="Mark a session that the client did not come to",
        handler=mark_no_show,
        body=Seen,
        query=Nothing,
        answer=AppointmentShown,
        body_optional=True,
    ),
)
