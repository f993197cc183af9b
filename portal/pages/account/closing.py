"""The end of an account, on its owner's wish (4.6)."""

from portal import session as sessions
from portal.pages.page import CLIENTS, Page, Redirect, Shown, View, Visit
from scheduling import actions as scheduling
from scheduling import queries as calendar


async def ask(visit: Visit) -> Shown:
    """Say what closing means, and what lies ahead."""
    ahead = await calendar.appointments_of_client(visit.session, visit.client_id, visit.now, 50)
    return View("account/close.html", {"ahead": ahead})


async def close(visit: Visit) -> Shown:
    """Close the account; every browser is signed out."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    ended = await scheduling.close_account(
        visit.session,
        visit.client_id,
        cancel_ahead=visit.form.get("cancel") == "yes",
        actor=visit.actor,
        house=scheduling.house(visit.settings),
        now=visit.now,
        new_id=visit.new_id,
    )
    await sessions.forget(visit.deps, list(ended))
    gone: dict[str, str | None] = {sessions.cookie_name(visit.settings): None}
    return Redirect("/", done="account.closed", subjects=(visit.client_id,), cookies=gone)


PAGES = (Page(name="account_close", path="/account/close", roles=CLIENTS, show=ask, submit=close),)
