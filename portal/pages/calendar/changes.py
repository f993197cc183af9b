"""What is done with an appointment from its page; each action decides for itself, what is stale is refused (R34)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bridge import actions as bridge
from config.errors import Refused
from portal.pages.calendar.typed import Typed
from portal.pages.calendar.whose import acting, appointment, may_see
from portal.pages.page import Form, Redirect, Shown, Visit
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.models import Appointment
from scheduling.values import CancelReason, Caution, Scope, Side
from status import actions as ledger
from status import queries as ledger_queries
from status.values import DecidedBy, How, MismatchReason, NoReason

LONGEST = timedelta(hours=24)
_CAUTIONS = {
    Caution.OUTSIDE_HOURS: "calendar.moved_outside_hours",
    Caution.BUSY_ELSEWHERE: "calendar.moved_busy_elsewhere",
}


def _form(visit: Visit) -> Form:
    assert visit.form is not None  # noqa: S101 - a POST has one
    return visit.form


def _version(visit: Visit) -> int | None:
    """Return which version of the appointment was seen, where a form says no more than that (R34)."""
    typed = Typed(_form(visit))
    version = typed.whole("version", 1, 10**9)
    typed.finish()
    return version


def _how(visit: Visit, row: Appointment, version: int | None) -> dict[str, Any]:
    """Return what every change of an appointment is told."""
    return {
        "version": version,
        "actor": acting(visit, row.provider_id),
        "house": scheduling.house(visit.settings),
        "now": visit.now,
        "new_id": visit.new_id,
    }


def done(row: Appointment, key: str) -> Redirect:
    """Go back to the appointment, and let every page that shows it look again."""
    return Redirect(f"/appointments/{row.id}", done=key, subjects=(row.id, row.provider_id, row.client_id))


def cautioned(cautions: tuple[Caution, ...], otherwise: str) -> str:
    """Return the sentence that says what a provider should know of the time that they chose, if anything."""
    return next((_CAUTIONS[one] for one in cautions), otherwise)


async def reschedule(visit: Visit) -> Shown:
    """Move an appointment to one of the free times, or to any other; of a series, as many as are meant."""
    row, _ = await appointment(visit)
    typed = Typed(_form(visit))
    version, scope = typed.whole("version", 1, 10**9), typed.of(Scope, "scope") or Scope.THIS
    starts_at = _chosen(visit) or typed.instant("new_day", "new_time", visit.timezone)
    typed.finish()
    assert starts_at is not None  # noqa: S101 - it is there, or was refused
    if starts_at < visit.now:
        raise Refused("in_the_past", "Choose a time that lies ahead.", status=422)
    how = _how(visit, row, version)
    if scope is Scope.THIS:
        row = await scheduling.reschedule(
            visit.session, row.id, starts_at=starts_at, ends_at=None, by=Side.PROVIDER, **how
        )
    else:
        row = await scheduling.move_series(visit.session, row.id, scope, starts_at=starts_at, ends_at=None, **how)
    return done(row, cautioned(await scheduling.cautions(visit.session, row), "calendar.moved"))


def _chosen(visit: Visit) -> datetime | None:
    """Return the free time that was chosen of the list, if one was."""
    try:
        found = datetime.fromisoformat(_form(visit).get("free", ""))
    except ValueError:
        return None
    return found if found.tzinfo is not None and 2000 < found.year < 2100 else None


async def switch_to_call(visit: Visit) -> Shown:
    """Turn a session into a phone consultation (R40)."""
    row, _ = await appointment(visit)
    version = _version(visit)
    return done(
        await scheduling.switch_to_call(visit.session, row.id, **_how(visit, row, version)), "calendar.switched"
    )


async def cancel(visit: Visit) -> Shown:
    """Give an appointment up, with words for the client (R39)."""
    row, _ = await appointment(visit)
    typed = Typed(_form(visit))
    version, scope = typed.whole("version", 1, 10**9), typed.of(Scope, "cancel_scope") or Scope.THIS
    reason, message = typed.of(CancelReason, "cancel_reason"), typed.words("cancel_message", 2000)
    typed.finish()
    why = {"reason": reason, "message": message, **_how(visit, row, version)}
    if scope is Scope.THIS:
        row = await scheduling.cancel(visit.session, row.id, by=Side.PROVIDER, **why)
    else:
        row = await scheduling.cancel_series(visit.session, row.id, scope, **why)
    return done(row, "calendar.cancelled")


async def confirm_details(visit: Visit) -> Shown:
    """Confirm the details of a session that was held (R50)."""
    row, _ = await appointment(visit)
    version = _version(visit)
    row = await scheduling.confirm_details(
        visit.session, row.id, version=version, actor=acting(visit, row.provider_id), now=visit.now, new_id=visit.new_id
    )
    return done(row, "calendar.confirmed")


async def mark_no_show(visit: Visit) -> Shown:
    """Mark a session that the client did not come to."""
    row, _ = await appointment(visit)
    version = _version(visit)
    row = await scheduling.mark_no_show(
        visit.session, row.id, version=version, actor=acting(visit, row.provider_id), now=visit.now, new_id=visit.new_id
    )
    return done(row, "calendar.marked_no_show")


async def share(visit: Visit) -> Shown:
    """Take the answer to "did it take place?" (R117), from the pop-up as from the start page (R118)."""
    row, _ = await appointment(visit)
    found = (await ledger_queries.latest_consultations(visit.session, [row.id])).get(row.id)
    if found is None:
        raise Refused("not_possible_now", "There is no status to share for this appointment.")
    typed = Typed(_form(visit))
    occurred = typed.one_of("occurred", ["yes", "no"], needed=True) == "yes"
    how, reason = typed.of(How, "how"), typed.of(NoReason, "no_reason")
    typed.finish()
    await ledger.answer(
        visit.session,
        found.id,
        occurred=occurred,
        by=DecidedBy.PORTAL,
        actor=acting(visit, row.provider_id),
        how=how if occurred else None,
        no_reason=None if occurred else reason,
        now=visit.now,
        policy=ledger.policy(visit.settings),
        new_id=visit.new_id,
    )
    return done(row, "home.shared")


async def doubt(visit: Visit) -> Shown:
    """Say that an automatic status is not right (R115)."""
    row, _ = await appointment(visit)
    typed = Typed(_form(visit))
    text = typed.words("doubt_text", 4000, needed=True)
    typed.finish()
    await bridge.doubt_status(
        visit.session,
        row.id,
        text=text or "",
        policy=ledger.policy(visit.settings),
        actor=acting(visit, row.provider_id),
        now=visit.now,
        new_id=visit.new_id,
    )
    return done(row, "calendar.reported")


async def report(visit: Visit) -> Shown:
    """Report an issue with an appointment's call (R110)."""
    row, _ = await appointment(visit)
    typed = Typed(_form(visit))
    text = typed.words("issue_text", 4000, needed=True)
    typed.finish()
    await bridge.report_issue(
        visit.session, row.id, text=text or "", actor=acting(visit, row.provider_id), now=visit.now, new_id=visit.new_id
    )
    return done(row, "calendar.reported")


async def hand_back(visit: Visit) -> Shown:
    """Say that a client is not a good match (R42); appointments that lie ahead stay until they are cancelled."""
    row, _ = await appointment(visit)
    if row.referral_id is None:
        raise Refused("not_possible_now", "This appointment belongs to no referral.")
    typed = Typed(_form(visit))
    reason, text = typed.of(MismatchReason, "match_reason", needed=True), typed.words("match_text", 4000)
    typed.finish()
    assert reason is not None  # noqa: S101 - it is there, or was refused
    await scheduling.hand_back(
        visit.session,
        row.referral_id,
        reason=reason,
        text=text,
        actor=acting(visit, row.provider_id),
        now=visit.now,
        new_id=visit.new_id,
    )
    return done(row, "calendar.handed_back")


async def open_referral(visit: Visit) -> Shown:
    """Open a referral: it is seen from now on (R32), and leads to its appointment."""
    referral = await ledger_queries.referral(visit.session, UUID(visit.path["referral_id"]))
    if referral is None:
        raise Refused("not_found", "There is no such referral.", status=404)
    await may_see(visit, referral.provider_id)
    row = await scheduling.see_referral(
        visit.session, referral.id, actor=acting(visit, referral.provider_id), now=visit.now, new_id=visit.new_id
    )
    found = (await queries.of_referrals(visit.session, [row.id], visit.now)).get(row.id)
    to = f"/appointments/{found.id}" if found else f"/calendar/referrals?provider={row.provider_id}"
    return Redirect(to, subjects=(row.id, row.provider_id))
