"""An appointment in full: what to dial, what became of it, and all that can be done with it (R34-R42, R50, R117)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from markupsafe import Markup

from bridge import actions as bridge
from bridge import queries as bridge_queries
from config.lifecycles import next_state
from people import queries as people
from people.rules import account
from portal import words
from portal.pages.calendar.whose import acting, appointment, name_of, names
from portal.pages.page import Shown, View, Visit
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.models import Appointment
from scheduling.rules.appointments import state_at
from scheduling.rules.vocabulary import CRISIS_CONTACTS
from scheduling.values import AppointmentEvent, AppointmentState, CancelReason, Scope
from status import actions as ledger
from status import queries as ledger_queries
from status.models import Consultation
from status.rules import consultation as rules
from status.rules.lifecycle import REFERRAL
from status.values import ConsultationStatus, How, MismatchReason, NoReason, ReferralEvent, ReferralState

# How far ahead free times are offered when an appointment is moved, and how many.
AHEAD = timedelta(days=14)
SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What became of a consultation, or until when that can be told."""

    status: ConsultationStatus
    asks: bool
    share_by: datetime
    in_call: bool
    can_be_doubted: bool
    talk_m: int | None


async def detail(visit: Visit) -> Shown:
    """Show an appointment; after a form that was refused, as it stands by now, with what was typed."""
    row, provider = await appointment(visit)
    contacts = await bridge.contacts(
        visit.session,
        [row],
        settings=visit.settings,
        actor=acting(visit, row.provider_id),
        now=visit.now,
        new_id=visit.new_id,
    )
    became = (await ledger_queries.latest_consultations(visit.session, [row.id])).get(row.id)
    referral = await ledger_queries.referral(visit.session, row.referral_id) if row.referral_id else None
    can = scheduling.possible(row, visit.now)
    state = state_at(row.state, row.ends_at, visit.now)
    request = await queries.request_of(visit.session, row.id) if state is AppointmentState.HELD else None
    asks_details = AppointmentEvent.CONFIRM_DETAILS in can
    missing = account.missing(await people.done_steps(visit.session, row.client_id, visit.now)) if asks_details else ()
    return View(
        "calendar/appointment.html",
        {
            "one": row,
            "name": (await names(visit, row.provider_id, {row.client_id}))[row.client_id],
            "provider_name": name_of(provider),
            "own": provider.id == visit.me.provider_id,
            "asked": "" if provider.id == visit.me.provider_id else f"&provider={provider.id}",
            "state": state.value,
            "outage": bool(await bridge_queries.lines_down(visit.session)),
            "contact": contacts[row.id],
            "question": _question(became, visit) if became else None,
            "can": {event.value for event in can},
            "missing": [step.value for step in missing],
            "free": await _free(visit, row) if AppointmentEvent.RESCHEDULE in can else [],
            "request": request,
            "match": referral is not None
            and next_state(REFERRAL, referral.state, ReferralEvent.NOT_A_MATCH) is not None,
            "handed_back": referral is not None and referral.state is ReferralState.HANDED_BACK,
            "mismatch": referral.mismatch.value if referral is not None and referral.mismatch else None,
            "crisis": CRISIS_CONTACTS,
            "opened": visit.form.get("which") if visit.form is not None else visit.query.get("open"),
            "hows": [one.value for one in How],
            "no_reasons": [one.value for one in NoReason],
            "cancel_reasons_in_words": [
                ("", words.say("home.not_said", visit.language)),
                *told(visit, "calendar.cancelled_for_", CancelReason),
            ],
            "match_reasons_in_words": told(visit, "calendar.match_", MismatchReason),
            "scopes_in_words": told(visit, "calendar.scope_", Scope),
        },
    )


def told(visit: Visit, key: str, kind: type[StrEnum]) -> list[tuple[str, Markup]]:
    """Return a closed list as options of a form, in the reader's words."""
    return [(one.value, words.say(f"{key}{one.value}", visit.language)) for one in kind]


def _question(row: Consultation, visit: Visit) -> Question:
    policy = ledger.policy(visit.settings)
    return Question(
        status=row.status,
        asks=row.status is ConsultationStatus.AWAITING_STATUS,
        share_by=rules.closes_at(row.ends_at, policy),
        in_call=row.live_since is not None,
        can_be_doubted=rules.can_be_doubted(row.status, row.ends_at, policy, visit.now),
        talk_m=None if row.talk_s is None else row.talk_s // 60,
    )


async def _free(visit: Visit, row: Appointment) -> list[tuple[datetime, datetime]]:
    free = await scheduling.free_times(
        visit.session,
        row.provider_id,
        row.session_type,
        since=visit.now,
        until=visit.now + AHEAD,
        length=row.ends_at - row.starts_at,
        but=row.id,
        house=scheduling.house(visit.settings),
        now=visit.now,
    )
    return free[:SHOWN]
