"""The web role: the portal, the JSON API, and the line as well unless it has an address of its own."""

from aiohttp import web

from app.voice import add_line
from config import operations
from config.deps import Deps
from config.http import application
from portal import api, calendar_feed, pages


def build(deps: Deps) -> web.Application:
    """Return the application of a web process."""
    app = application(deps, pages.as_pages)
    operations.add_to(app)
    app.add_subapp("/api/v1", api.build(deps))
    calendar_feed.add_to(app)
    pages.add_to(app)
    if deps.settings.voice_url is None:
        add_line(app, deps)
    return app
