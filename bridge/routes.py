"""A decided route as it stands in a call's row: ids, codes and instants, never a number."""

from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

from bridge.values import AskCode, AskPin, Choice, Connect, Decline, Detail, Greet, Menu, Reason, Route
from config.phones import Unusable
from people.values import Language


def write_route(route: Route) -> dict[str, Any]:
    """Return the document for a route; a connection is kept without its two numbers."""
    language = route.language.value
    match route:
        case Connect():
            return {
                "kind": "connect",
                "provider": str(route.provider_id),
                "appointment": str(route.appointment_id),
                "occurrence": route.occurrence,
                "language": language,
            }
        case Menu():
            return {
                "kind": "menu",
                "provider": str(route.provider_id),
                "choices": [[c.digit, str(c.appointment_id), c.starts_at.isoformat()] for c in route.choices],
                "timezone": route.timezone,
                "step": route.step,
                "language": language,
            }
        case AskPin():
            return {"kind": "ask_pin", "step": route.step, "language": language}
        case AskCode():
            return {"kind": "ask_code", "step": route.step, "language": language}
        case Greet():
            return {
                "kind": "greet",
                "provider": str(route.provider_id),
                "timezone": route.timezone,
                "opens_at": route.opens_at.isoformat() if route.opens_at else None,
                "language": language,
            }
        case Decline():
            return {
                "kind": "decline",
                "reason": route.reason.value,
                "provider": str(route.provider_id) if route.provider_id else None,
                "appointment": str(route.appointment_id) if route.appointment_id else None,
                "timezone": route.timezone,
                "at": route.at.isoformat() if route.at else None,
                "detail": route.detail.value if route.detail else None,
                "language": language,
            }
        case _:
            assert_never(route)


def read_route(document: dict[str, Any]) -> Route:
    """Return the route that `write_route` wrote; a connection comes back without its two numbers."""
    language = Language(document["language"])
    match document["kind"]:
        case "connect":
            return Connect(
                provider_id=UUID(document["provider"]),
                appointment_id=UUID(document["appointment"]),
                occurrence=document["occurrence"],
                caller_id="",
                client_number="",
                language=language,
            )
        case "menu":
            return Menu(
                provider_id=UUID(document["provider"]),
                choices=tuple(
                    Choice(digit, UUID(appointment), datetime.fromisoformat(starts_at))
                    for digit, appointment, starts_at in document["choices"]
                ),
                timezone=document["timezone"],
                step=document["step"],
                language=language,
            )
        case "ask_pin":
            return AskPin(step=document["step"], language=language)
        case "ask_code":
            return AskCode(step=document["step"], language=language)
        case "greet":
            return Greet(
                provider_id=UUID(document["provider"]),
                timezone=document["timezone"],
                opens_at=_instant(document["opens_at"]),
                language=language,
            )
        case _:
            return Decline(
                reason=Reason(document["reason"]),
                language=language,
                provider_id=_uuid(document["provider"]),
                appointment_id=_uuid(document["appointment"]),
                timezone=document["timezone"],
                at=_instant(document["at"]),
                detail=_detail(document["detail"]),
            )


def _instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _uuid(value: str | None) -> UUID | None:
    return UUID(value) if value else None


def _detail(value: str | None) -> Detail | Unusable | None:
    if value is None:
        return None
    return Detail(value) if value in set(Detail) else Unusable(value)
