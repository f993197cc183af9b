"""The calendar and everything that is done in it, by providers and by those who schedule for them."""

from portal.pages.calendar import changes
from portal.pages.calendar.appointment import detail
from portal.pages.calendar.days import calendar
from portal.pages.calendar.new import new, save
from portal.pages.calendar.referrals import referrals
from portal.pages.calendar.unconfirmed import asked, confirm, decline, unconfirmed
from portal.pages.page import PRACTICE, PROVIDERS, Handler, Page

_ID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_APPOINTMENT = f"/appointments/{{appointment_id:{_ID}}}"
_REQUEST = f"/requests/{{request_id:{_ID}}}"


def _change(name: str, path: str, submit: Handler) -> Page:
    return Page(name=name, path=f"{_APPOINTMENT}/{path}", roles=PRACTICE, submit=submit, again=detail)


PAGES = (
    Page(name="calendar", path="/calendar", roles=PRACTICE, show=calendar, menu="calendar.menu"),
    Page(name="unconfirmed", path="/calendar/unconfirmed", roles=PRACTICE, show=unconfirmed),
    Page(name="referrals", path="/calendar/referrals", roles=PRACTICE, show=referrals),
    Page(name="new_appointment", path="/calendar/new", roles=PRACTICE, show=new, submit=save),
    Page(name="request", path=_REQUEST, roles=PRACTICE, show=asked),
    Page(name="confirm_request", path=f"{_REQUEST}/confirm", roles=PRACTICE, submit=confirm, again=asked),
    Page(name="decline_request", path=f"{_REQUEST}/decline", roles=PRACTICE, submit=decline, again=asked),
    Page(
        name="open_referral",
        path=f"/referrals/{{referral_id:{_ID}}}/open",
        roles=PRACTICE,
        submit=changes.open_referral,
    ),
    Page(name="appointment", path=_APPOINTMENT, roles=PRACTICE, show=detail),
    _change("reschedule", "reschedule", changes.reschedule),
    _change("switch_to_call", "switch-to-call", changes.switch_to_call),
    _change("cancel_appointment", "cancel", changes.cancel),
    _change("confirm_details", "confirm-details", changes.confirm_details),
    _change("mark_no_show", "no-show", changes.mark_no_show),
    _change("report_issue", "report", changes.report),
    _change("hand_back", "not-a-match", changes.hand_back),
    _change("doubt_status", "doubt", changes.doubt),
    Page(name="share", path=f"{_APPOINTMENT}/status", roles=PROVIDERS, submit=changes.share, again=detail),
)
