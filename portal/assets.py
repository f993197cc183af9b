"""The files that pages need, each under an address that changes with its content, so that it may be kept for good."""

import hashlib
from functools import cache
from importlib.resources import files

from aiohttp import web

PREFIX = "/static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


@cache
def contents() -> dict[str, bytes]:
    """Return every file under its name, those of vendors as `vendor/…`."""
    root = files("portal") / "static"
    found = {one.name: one.read_bytes() for one in root.iterdir() if one.is_file()}
    vendor = root / "vendor"
    return found | {f"vendor/{one.name}": one.read_bytes() for one in vendor.iterdir() if one.is_file()}


@cache
def address(name: str) -> str:
    """Return the address of a file; KeyError where there is none."""
    digest = hashlib.sha256(contents()[name]).hexdigest()[:12]
    return f"{PREFIX}/{digest}/{name}"


async def serve(request: web.Request) -> web.StreamResponse:
    """Serve a file under the address that `address` gives; any other is not found."""
    name = request.match_info["name"]
    if name not in contents() or address(name) != request.path:
        raise web.HTTPNotFound
    kind = _TYPES.get(f".{name.rpartition('.')[2]}", "text/plain")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Content-Type": f"{kind}; charset=utf-8"}
    return web.Response(body=contents()[name], headers=headers)
