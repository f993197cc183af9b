"""In which zone times are told, and in which language: for everybody, signed in or not."""

from zoneinfo import available_timezones

from people.values import Language
from portal.pages.page import EVERYBODY, Page, Redirect, Shown, Visit
from portal.pages.serving import LANGUAGE, ZONE


async def choose(visit: Visit) -> Shown:
    """Keep a choice in a cookie, and go back to where it was made."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    cookies: dict[str, str | None] = {}
    if visit.form.get("zone") in available_timezones():
        cookies[ZONE] = visit.form["zone"]
    if visit.form.get("language") in set(Language):
        cookies[LANGUAGE] = visit.form["language"]
    to = visit.form.get("to", "/")
    return Redirect(to if to.startswith("/") and not to.startswith(("//", "/\\")) else "/", cookies=cookies)


PAGES = (Page(name="preferences", path="/preferences", roles=EVERYBODY, submit=choose),)
