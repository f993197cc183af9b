"""The pages of the portal: one file an area, each page a value that says its path and who may see it.

Every action works without script. A page is shown from one transaction; a form that is refused is shown again with
everything that was typed and the reason beside it.
"""

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from config.http import database_is_away
from portal import assets, live, photos
from portal.pages import (
    account,
    booking,
    bookings,
    calendar,
    clients,
    desk,
    find,
    home,
    hours,
    imports,
    messages,
    notices,
    number,
    organization,
    preferences,
    profiles,
    rendering,
    security,
    serving,
    sign_in,
)
from portal.pages.page import Page

_log = structlog.get_logger(__name__)

_AREAS = (
    home,
    sign_in,
    preferences,
    booking,
    bookings,
    find,
    calendar,
    clients,
    imports,
    messages,
    account,
    notices,
    hours,
    desk,
    organization,
    profiles,
    number,
    security,
)
PAGES: tuple[Page, ...] = tuple(page for area in _AREAS for page in area.PAGES)


def add_to(app: web.Application) -> None:
    """Mount every page, the files that they need, and the stream of hints."""
    app[rendering.MENU] = tuple(page for page in PAGES if page.menu)
    for page in PAGES:
        if page.show is not None:
            app.router.add_get(page.path, _served(page))
        if page.submit is not None:
            app.router.add_post(page.path, _served(page))
    app.router.add_get(f"{assets.PREFIX}/{{digest}}/{{name:.+}}", assets.serve)
    live.add_to(app)
    photos.add_to(app)


def _served(page: Page) -> Handler:
    async def served(request: web.Request) -> web.StreamResponse:
        return await serving.serve(page, request)

    return served


# What programs ask; everything else is asked by somebody with a browser.
_PROGRAMS = ("/api/", "/twilio/", "/health/", "/metrics")


@web.middleware
async def as_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer people with pages, also what was not found and what went wrong."""
    if request.path.startswith(_PROGRAMS) or request.path.endswith(".ics"):
        return await handler(request)
    try:
        return await handler(request)
    except web.HTTPException as no:
        if no.status < 400:
            raise
        code = {404: "not_found", 405: "no_such_way", 413: "too_large"}.get(no.status, "refused")
        return await serving.trouble(request, no.status, code)
    except Exception as bug:  # noqa: BLE001 - the last resort, as in config.http: logged with its trace, told without
        if database_is_away(bug):
            return await serving.trouble(request, 503, "away")
        _log.exception("page.bug")
        return await serving.trouble(request, 500, "bug")
