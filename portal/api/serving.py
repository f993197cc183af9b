"""How an operation is served: who asks, what was sent, one transaction, what is answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import structlog
from aiohttp import hdrs, web
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import BadInput, Problem, Refused
from config.http import ARRIVED, DEPS
from portal import uploads
from portal.api import access, fields, writes
from portal.api.fields import Nothing, Shape
from portal.api.operation import PREFIX, Answer, Ask, Caller, Download, Operation
from portal.api.writes import Claim, Given

# What the database alone can see, by its own codes: a row under the same unique key, two appointments at one time.
# Somebody was faster; whatever else it raises is a bug.
_CONFLICT = ("conflict", "Somebody has written the same just now. Read it again, then decide.")
_OVERLAP = ("overlap", "The provider has another appointment at this time. Choose another time.")
_FASTER = {"23505": _CONFLICT, "23P01": _OVERLAP}


async def serve(operation: Operation[Any, Any], request: web.Request) -> web.Response:
    """Answer one request."""
    deps, now = request.config_dict[DEPS], request[ARRIVED]
    caller = await access.identify(deps, request.headers.get(hdrs.AUTHORIZATION))
    structlog.contextvars.bind_contextvars(role=caller.role.value, bearer=str(caller.token_id))
    if caller.role not in operation.roles:
        raise web.HTTPForbidden
    if operation.bring is not None:
        return await _serve_with_file(operation, request, caller)
    raw = await request.read() if operation.body is not Nothing else b""
    query, body = read(operation, request, raw)
    claim = writes.read_claim(request, operation, caller, raw, deps)
    ask = _Asked(operation, request, caller, query, body, now)
    try:
        return await _answer(ask, claim)
    except access.NotYours as no:
        await access.note_attempt(deps, caller, no.attempt, now)
        raise


async def _serve_with_file(operation: Operation[Any, Any], request: web.Request, caller: Caller) -> web.Response:
    """Answer a request that brings a file: received, then read, and only then is a transaction begun."""
    deps, now = request.config_dict[DEPS], request[ARRIVED]
    assert operation.bring is not None  # noqa: S101 - that is why we are here
    try:
        async with uploads.received(request) as upload, deps.sessions() as session:
            query, body = read(operation, request, upload.fields)
            asked = _Asked(operation, request, caller, query, body, now)
            async with operation.bring(asked.with_session(session), upload) as brought:
                return await _answer(asked, None, brought)
    except access.NotYours as no:
        await access.note_attempt(deps, caller, no.attempt, now)
        raise


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that was read; its transaction is yet to begin."""

    operation: Operation[Any, Any]
    request: web.Request
    caller: Caller
    query: Shape
    body: Shape
    now: datetime

    def with_session(self, session: AsyncSession, brought: object = None) -> Ask[Any, Any]:
        return Ask(
            session=session,
            deps=self.request.config_dict[DEPS],
            caller=self.caller,
            path={name: UUID(value) for name, value in self.request.match_info.items()},
            body=self.body,
            query=self.query,
            now=self.now,
            brought=brought,
        )


async def _answer(asked: _Asked, claim: Claim | None, brought: object = None) -> web.Response:
    """Do what was asked in one transaction, and answer."""
    deps = asked.request.config_dict[DEPS]
    try:
        async with deps.sessions.begin() as session:
            before = await writes.given_before(session, claim, asked.now) if claim else None
            if before:
                return respond(before, replayed=True)
            answer = await asked.operation.handler(asked.with_session(session, brought))
            given = _given(asked.operation, asked.request, answer)
            if claim and answer.refused:
                await writes.let_go(session, claim)
            elif claim:
                await writes.keep(session, claim, given)
    except DBAPIError as error:
        said = _FASTER.get(getattr(error.orig, "sqlstate", None) or "")
        if said is None:
            raise
        raise Refused(*said) from None
    await deps.live.publish(answer.subjects)
    if answer.refused:
        raise answer.refused
    return _file(answer.download) if answer.download else respond(given)


def _file(download: Download) -> web.Response:
    response = web.Response(body=download.body, content_type=download.content_type)
    response.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{download.name}"'
    return response


def _given(operation: Operation[Any, Any], request: web.Request, answer: Answer) -> Given:
    text = answer.shown.model_dump_json() if answer.shown else None
    location = None
    if answer.at is not None:
        location = f"{PREFIX}{answer.at}"
    elif operation.makes and text and answer.status is None:
        location = f"{request.path}/{orjson.loads(text)['id']}"
    return Given(answer.status or operation.status, text, location)


def read(operation: Operation[Any, Any], request: web.Request, sent: bytes | Mapping[str, str]) -> tuple[Shape, Shape]:
    """Read query and body, JSON or the fields of a form; BadInput carries everything that is wrong with both."""
    wrong: list[Problem] = []
    query, in_query = _read_query(operation.query, request)
    wrong.extend(in_query)
    body: Shape = Nothing()
    if operation.body is not Nothing:
        body, in_body = (
            _read_body(operation, request, sent) if isinstance(sent, bytes) else _read_form(operation.body, sent)
        )
        wrong.extend(in_body)
    if wrong:
        raise BadInput(*wrong)
    return query, body


def _read_query(model: type[Shape], request: web.Request) -> tuple[Shape, Sequence[Problem]]:
    twice = [Problem(name, "Send this once.") for name in set(request.query) if len(request.query.getall(name)) > 1]
    try:
        return model.model_validate_strings(dict(request.query)), twice
    except ValidationError as error:
        return Nothing(), [*twice, *fields.problems(error)]


def _read_form(model: type[Shape], fields_sent: Mapping[str, str]) -> tuple[Shape, Sequence[Problem]]:
    try:
        return model.model_validate_strings(dict(fields_sent)), ()
    except ValidationError as error:
        return Nothing(), fields.problems(error)


def _read_body(operation: Operation[Any, Any], request: web.Request, raw: bytes) -> tuple[Shape, Sequence[Problem]]:
    if not raw and operation.body_optional:
        raw = b"{}"
    elif not raw:
        return Nothing(), [Problem("body", "Send a JSON object.")]
    elif request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    try:
        return operation.body.model_validate_json(raw), ()
    except ValidationError as error:
        return Nothing(), fields.problems(error)


def respond(given: Given, *, replayed: bool = False) -> web.Response:
    """Return an answer; what was made says where it is."""
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    response = web.Response(text=given.text, status=given.status, headers=headers)
    if given.text is not None:
        response.content_type = "application/json"
        response.charset = None
    if given.location:
        response.headers[hdrs.LOCATION] = given.location
    return response
