"""Photos of providers, each under an address that changes with its picture, so that it may be kept for good."""

from aiohttp import web

from config.http import DEPS
from people import queries

PREFIX = "/photos"
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Type": "image/webp",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def photo_path(digest: str, size: str = "large") -> str:
    """Return the path of a photo; sizes are `large` and `small`, a square."""
    return f"{PREFIX}/{digest}/{size}.webp"


async def serve(request: web.Request) -> web.StreamResponse:
    """Serve a photo; one that is shown no more is not found. Who knows its address has been shown it."""
    deps = request.config_dict[DEPS]
    async with deps.sessions() as session:
        found = await queries.photo(session, request.match_info["digest"], request.match_info["size"])
    if found is None:
        raise web.HTTPNotFound
    return web.Response(body=found, headers=_HEADERS)


def add_to(app: web.Application) -> None:
    """Mount the photos."""
    app.router.add_get(f"{PREFIX}/{{digest:[0-9a-f]{{64}}}}/{{size:large|small}}.webp", serve)
