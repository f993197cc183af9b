"""The description of the API (OpenAPI 3.1), made from the operations and from the types that check.

Every status that an operation can give is in it. Where the answer of one operation holds what another needs,
a link says so.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from config.http import PROBLEM_JSON
from portal.api import writes
from portal.api.fields import Nothing, Shape
from portal.api.operation import Operation

Document = dict[str, Any]
Operations = Sequence[Operation[Any, Any]]

_PATH_PARAMETER = re.compile(r"\{([a-z_]+)\}")
_FORM = "multipart/form-data"
_ALWAYS = frozenset({400, 401, 403, 500, 503})
_OF_A_BODY = frozenset({413, 415})
_OF_A_FILE = frozenset({408})
_OF_A_WRITE = frozenset({409, 422})

_WHAT = {
    400: "Something that was sent cannot be read; `errors` names all of it.",
    401: "There is no token, or one that is not valid.",
    403: "The token's role may not do this.",
    404: "There is nothing under this id, or it is not the caller's.",
    408: "The file did not come in time.",
    409: "The rules say no, as things stand.",
    413: "The body is too large.",
    415: "The body is not what the operation takes.",
    422: "What was sent can be read and makes no sense.",
    500: "A fault on our side, to be found by `request_id`.",
    503: "The service cannot reach what it needs; try again.",
}


class ProblemField(Shape):
    """One thing that is wrong with an input: where, and what to do about it."""

    where: str
    sentence: str


class ProblemDetails(BaseModel):
    """What went wrong (RFC 9457): `code` is for programs and never changes, `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[ProblemField]
    facts: dict[str, Any] | None = None


def document(operations: Operations) -> Document:
    """Return the description."""
    paths: dict[str, Document] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, operations)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Consultline",
            "version": "1",
            "description": "Practices, providers, clients, appointments, calls; instants are in UTC.",
        },
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {
            "schemas": _schemas(operations),
            "responses": {str(status): _problem(status) for status in sorted(_WHAT)},
            "headers": {"RequestId": {"description": "Names this request in our logs.", "schema": {"type": "string"}}},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token such as `cl_provider_…`.",
                }
            },
        },
    }


def statuses(operation: Operation[Any, Any]) -> frozenset[int]:
    """Return every status that an operation can give."""
    found = _ALWAYS | operation.refuses | {operation.status} | set(operation.others)
    if "{" in operation.path:
        found |= {404}
    if operation.body is not Nothing:
        found |= _OF_A_BODY | (_OF_A_FILE if operation.bring else frozenset())
    if operation.writes or "after" in operation.query.model_fields:
        found |= _OF_A_WRITE if operation.writes else {422}
    return found


def _operation(operation: Operation[Any, Any], others: Operations) -> Document:
    shown: Document = {
        "operationId": operation.name,
        "tags": [operation.path.split("/")[1]],
        "summary": operation.summary,
        "security": [{"token": sorted(role.value for role in operation.roles)}],
        "parameters": list(_parameters(operation)),
        "responses": {str(status): _response(operation, status, others) for status in sorted(statuses(operation))},
    }
    if operation.body is not Nothing:
        shown["requestBody"] = {
            "required": not operation.body_optional,
            "content": {_FORM if operation.bring else "application/json": {"schema": _ref(operation.body)}},
        }
    return shown


def _parameters(operation: Operation[Any, Any]) -> Iterator[Document]:
    for name in _PATH_PARAMETER.findall(operation.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    schema = operation.query.model_json_schema(ref_template=_REF)
    for name, field in schema.get("properties", {}).items():
        needed = name in schema.get("required", ())
        yield {"name": name, "in": "query", "required": needed, "schema": _not_null(field)}
    if operation.writes and operation.kept:
        yield {
            "name": writes.HEADER,
            "in": "header",
            "required": False,
            "description": "The same key with the same request gets the same answer and does nothing twice.",
            "schema": {"type": "string", "pattern": writes.PATTERN},
        }


def _not_null(field: Document) -> Document:
    """Return a query field's schema without null, which an address cannot hold."""
    options = [option for option in field.get("anyOf", ()) if option.get("type") != "null"]
    if not options:
        return {name: value for name, value in field.items() if name != "title"}
    return dict(options[0])


def _response(operation: Operation[Any, Any], status: int, others: Operations) -> Document:
    if status == operation.status:
        answers, links = _answers(operation), _links(operation, others)
    elif status in operation.others:
        other = operation.others[status]
        answers, links = other.answers, _leads(other.links, others)
    else:
        return {"$ref": f"#/components/responses/{status}"}
    shown: Document = {"description": HTTPStatus(status).phrase, "headers": dict(_headers(operation, status))}
    if answers:
        refs = [_ref(answer) for answer in answers]
        shown["content"] = {"application/json": {"schema": refs[0] if len(refs) == 1 else {"oneOf": refs}}}
    elif operation.files and status == operation.status:
        shown["content"] = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in operation.files}
        shown["headers"]["Content-Disposition"] = {"required": True, "schema": {"type": "string"}}
    linked = dict(links)
    if linked:
        shown["links"] = linked
    return shown


def _answers(operation: Operation[Any, Any]) -> tuple[type[Shape], ...]:
    return (operation.answer,) if operation.answer else ()


def _headers(operation: Operation[Any, Any], status: int) -> Iterator[tuple[str, Document]]:
    yield "X-Request-Id", {"$ref": "#/components/headers/RequestId"}
    if operation.makes:
        yield (
            "Location",
            {
                "required": status == operation.status,
                "description": "Where it is.",
                "schema": {"type": "string"},
            },
        )


def _links(operation: Operation[Any, Any], others: Operations) -> Iterator[tuple[str, Document]]:
    """Lead from what was made to every operation that takes its id, in its path, query or body."""
    leads: dict[str, Mapping[str, str]] = {}
    if operation.makes:
        leads = {other.name: {operation.makes: "/id"} for other in others if _takes(other, operation.makes)}
    yield from _leads(leads | dict(operation.links), others)


def _leads(leads: Mapping[str, Mapping[str, str]], others: Operations) -> Iterator[tuple[str, Document]]:
    for name, filled in leads.items():
        other = next(one for one in others if one.name == name)
        values = {field: f"$response.body#{pointer}" for field, pointer in filled.items()}
        in_body = {field: value for field, value in values.items() if field in other.body.model_fields}
        link: Document = {"operationId": name}
        if len(in_body) < len(values):
            link["parameters"] = {field: value for field, value in values.items() if field not in in_body}
        if in_body:
            link["requestBody"] = in_body
        yield name, link


def _takes(other: Operation[Any, Any], name: str) -> bool:
    return f"{{{name}}}" in other.path or name in other.body.model_fields or name in other.query.model_fields


def _problem(status: int) -> Document:
    headers: Document = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = {"required": True, "schema": {"type": "string"}}
    return {
        "description": _WHAT[status],
        "headers": headers,
        "content": {PROBLEM_JSON: {"schema": _ref(ProblemDetails)}},
    }


_REF = "#/components/schemas/{model}"


def _ref(model: type[BaseModel]) -> Document:
    return {"$ref": _REF.format(model=model.__name__)}


def _schemas(operations: Operations) -> Document:
    sent = {operation.body for operation in operations if operation.body is not Nothing}
    answered = {answer for operation in operations for answer in _answers(operation)}
    answered |= {answer for operation in operations for other in operation.others.values() for answer in other.answers}
    _, made = models_json_schema([*_in(sent, "validation"), *_in(answered, "serialization")], ref_template=_REF)
    problem = ProblemDetails.model_json_schema(ref_template=_REF)
    schemas: Document = made["$defs"]
    schemas.update(problem.pop("$defs"), ProblemDetails=problem)
    for operation in operations:
        schemas.update(operation.query.model_json_schema(ref_template=_REF).get("$defs", {}))
    return schemas


def _in(models: Iterable[type[Shape]], mode: JsonSchemaMode) -> list[tuple[type[BaseModel], JsonSchemaMode]]:
    return [(model, mode) for model in sorted(models, key=lambda one: one.__name__)]
