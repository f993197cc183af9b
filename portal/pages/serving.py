"""How a page is served: who is there, one transaction, what is shown; a refused form is shown again as it was typed."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote, urlsplit
from zoneinfo import available_timezones

import structlog
from aiohttp import hdrs, web
from aiohttp.web_request import FileField
from multidict import MultiDict, MultiDictProxy
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from bridge import queries as bridge
from config.database import UNREACHABLE
from config.deps import Deps
from config.errors import BadInput, Refused
from config.http import ARRIVED, DEPS, LARGEST_BODY, NO_FORM, REQUEST_ID
from people import queries as people
from people.values import Language, Person
from portal import session as sessions
from portal.pages import rendering
from portal.pages.page import DESK, PRACTICE, Download, Handler, Page, Redirect, Shown, Trouble, View, Visit

FLASH = "done"
ZONE, LANGUAGE = "zone", "language"
RECENT_S = 15 * 60
_YEAR_S = 365 * 24 * 3600

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# What the database alone can see: somebody wrote the same, or took the same time, a moment before.
_FASTER = {"23505": "conflict", "23P01": "overlap"}
_log = structlog.get_logger(__name__)


async def serve(page: Page, request: web.Request) -> web.StreamResponse:
    """Answer one request to a page; what is raised is answered as a page, too."""
    deps = request.config_dict[DEPS]
    unsafe = request.method not in {"GET", "HEAD"}
    if unsafe and not same_origin(request):
        return await trouble(request, 403, "foreign_form")
    token = request.cookies.get(sessions.cookie_name(deps.settings))
    try:
        person = await sessions.recognise(deps, token, request[ARRIVED])
    except UNREACHABLE:
        return await trouble(request, 503, "away", await sessions.remembered(deps, token))
    if page.roles and (person is None or not page.roles & person.roles):
        return await _not_theirs(request, person)
    if page.recent and person is not None and (request[ARRIVED] - person.proven_at).total_seconds() > RECENT_S:
        return _see_other(f"/prove?to={quote(request.path, safe='/')}")
    handler = page.submit if unsafe else page.show
    if handler is None:
        raise web.HTTPMethodNotAllowed(request.method, [m for m, h in (("GET", page.show), ("POST", page.submit)) if h])
    if page.largest_body > LARGEST_BODY:
        request = request.clone(client_max_size=page.largest_body)
    visit = await _visit(request, deps, person, with_form=unsafe)
    try:
        return await _answer(page, request, handler, visit)
    finally:
        for sent in visit.files.values():
            if isinstance(sent, FileField):
                sent.file.close()


async def _answer(page: Page, request: web.Request, handler: Handler, visit: Visit) -> web.StreamResponse:
    deps = visit.deps
    try:
        async with deps.sessions.begin() as session:
            visit = await _begun(visit, session)
            shown = await handler(visit)
    except (Refused, BadInput, DBAPIError) as no:
        why = _why(no)
        if why is None:
            raise
        again = page.again or page.show
        if visit.form is None or again is None or why.status == 404:
            return await trouble(request, why.status, why.code or "refused", visit.person, why)
        visit = replace(visit, trouble=why)
        try:
            async with deps.sessions.begin() as session:
                visit = await _begun(visit, session)
                shown = await again(visit)
        except Refused as gone:  # what the form was about is not there, or not theirs
            return await trouble(request, gone.status, gone.code, visit.person, why)
        if isinstance(shown, View):
            shown = replace(shown, status=why.status)
        return respond(request, visit, shown)
    except UNREACHABLE:
        return await trouble(request, 503, "away", visit.person)
    if not isinstance(shown, Download):
        await deps.live.publish(shown.subjects)
    return respond(request, visit, shown)


async def _begun(visit: Visit, session: AsyncSession) -> Visit:
    """Give a visit its transaction; whoever is of a practice acts for those who are in it now.

    Who may dial, or is asked why nobody can, is told on every page when the line is down (R111).
    """
    practices = {practice_id for practice_id, _ in visit.person.practices} if visit.person else set()
    told = visit.person is not None and bool(visit.person.roles & (PRACTICE | DESK))
    return replace(
        visit,
        session=session,
        acts_for=await people.provider_ids(session, practices),
        outage=told and bool(await bridge.lines_down(session)),
    )


def _why(no: Refused | BadInput | DBAPIError) -> Trouble | None:
    if isinstance(no, Refused):
        return Trouble(no.status, no.code, no.sentence, no.facts)
    if isinstance(no, BadInput):
        return Trouble(422, "bad_input", None, {}, tuple(no.problems))
    code = _FASTER.get(getattr(no.orig, "sqlstate", None) or "")
    return Trouble(409, code) if code else None


def same_origin(request: web.Request) -> bool:
    """Tell whether a form was sent from a page of ours: by what browsers say of themselves (decision 0010)."""
    said = request.headers.get("Sec-Fetch-Site")
    if said is not None:
        return said == "same-origin"
    origin = request.headers.get(hdrs.ORIGIN)
    return origin is not None and urlsplit(origin).netloc == request.headers.get(hdrs.HOST)


async def _visit(request: web.Request, deps: Deps, person: Person | None, *, with_form: bool) -> Visit:
    form: MultiDict[str] = MultiDict()
    files: dict[str, object] = {}
    if with_form:
        for name, value in (await _posted(request)).items():
            if isinstance(value, str):
                form.add(name, value.replace("\x00", ""))
            elif isinstance(value, FileField):
                files[name] = value
    language = language_of(request, person)
    return Visit(
        session=None,  # type: ignore[arg-type]  # each transaction brings its own
        deps=deps,
        now=request[ARRIVED],
        person=person,
        language=language,
        timezone=zone_of(request, person),
        path=dict(request.match_info),
        query=dict(request.query),
        form=MultiDictProxy(form) if with_form else None,
        files=files,
        part=request.query.get("part") if request.headers.get("HX-Request") else None,
        cookies=dict(request.cookies),
        remote=request.remote,
    )


async def _posted(request: web.Request) -> MultiDictProxy[str | bytes | bytearray | FileField]:
    try:
        return await request.post()
    except NO_FORM:
        raise web.HTTPBadRequest from None


def language_of(request: web.Request, person: Person | None) -> Language:
    """Return in which language somebody reads: as they chose, as their account says, as their browser asks."""
    chosen = request.cookies.get(LANGUAGE)
    if chosen in set(Language):
        return Language(chosen)
    if person is not None:
        return person.language
    asked = request.headers.get(hdrs.ACCEPT_LANGUAGE, "").lower().lstrip()
    return Language.SPANISH if asked.startswith("es") else Language.ENGLISH


def zone_of(request: web.Request, person: Person | None) -> str:
    """Return in which zone times are told: as they chose or as their browser told, else as their account says."""
    chosen = request.cookies.get(ZONE, "").replace("%2F", "/")
    if chosen in available_timezones():
        return chosen
    return (person.timezone if person else None) or "America/New_York"


def respond(request: web.Request, visit: Visit, shown: Shown) -> web.StreamResponse:
    """Make a response of what a handler returned."""
    if isinstance(shown, Download):
        name = quote(shown.name)
        response = web.Response(body=shown.body, content_type=shown.content_type)
        response.headers[hdrs.CONTENT_DISPOSITION] = f"attachment; filename*=UTF-8''{name}"
        return response
    secure = visit.settings.production
    if isinstance(shown, Redirect):
        response = _see_other(shown.to, shown.done, 308 if shown.moved else 303)
        for name, kept in shown.kept.items():
            response.set_cookie(name, kept, path="/", secure=secure, httponly=True, samesite="Lax", max_age=_YEAR_S)
    else:
        flash = request.cookies.get(FLASH)
        menu = request.config_dict[rendering.MENU]
        text = rendering.page(shown, visit, path=request.path, here=request.path_qs, menu=menu, done=flash)
        response = web.Response(text=text, status=shown.status, content_type="text/html")
        if flash:
            response.del_cookie(FLASH, path="/")
    for name, value in shown.cookies.items():
        if value is None:
            response.del_cookie(name, path="/", secure=secure, httponly=True, samesite="Lax")
        else:
            response.set_cookie(name, value, path="/", secure=secure, httponly=True, samesite="Lax")
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers[hdrs.VARY] = "Cookie, Accept-Language, HX-Request"
    return response


def _see_other(to: str, done: str | None = None, status: int = 303) -> web.Response:
    response = web.Response(status=status, headers={hdrs.LOCATION: to})
    if done:
        response.set_cookie(FLASH, done, path="/", httponly=True, samesite="Lax", max_age=60)
    return response


async def _not_theirs(request: web.Request, person: Person | None) -> web.StreamResponse:
    """Send who is not signed in to the door, and tell others nothing of what stands behind theirs."""
    if person is not None:
        return await trouble(request, 404, "not_found", person)
    if request.headers.get("HX-Request"):
        return web.Response(status=204, headers={"HX-Redirect": "/sign-in"})
    to = quote(request.path_qs if request.method == "GET" else "/", safe="/")
    return _see_other(f"/sign-in?to={to}" if to != "/" else "/sign-in")


async def trouble(
    request: web.Request, status: int, code: str, person: Person | None = None, why: Trouble | None = None
) -> web.StreamResponse:
    """Return a page that says what went wrong and what to do; it asks the database nothing."""
    deps = request.config_dict[DEPS]
    visit = Visit(
        session=None,  # type: ignore[arg-type]  # this page asks nobody
        deps=deps,
        now=request[ARRIVED],
        person=person,
        language=language_of(request, person),
        timezone=zone_of(request, person),
        path={},
        query={},
        trouble=why,
    )
    told: Mapping[str, object] = {"code": code, "status": status, "request_id": request[REQUEST_ID]}
    return respond(request, visit, View("trouble.html", told, status))
