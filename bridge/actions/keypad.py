"""A caller keys digits: a PIN, a choice, a code. The n-th answer to a question counts once."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bridge import queries
from bridge.actions.answering import conclude, fresh_connect
from bridge.actions.history import NewId, caller_key, record
from bridge.models import Call
from bridge.routes import read_route
from bridge.rules import routing
from bridge.values import (
    AskCode,
    AskPin,
    Connect,
    Decline,
    Detail,
    Greet,
    InboundCall,
    Menu,
    Reason,
    Route,
)
from config.errors import NotFound
from config.keys import derive, digest
from config.settings import Settings
from people import actions as people
from people import queries as people_queries
from people.models import Provider
from people.values import CallerFacts
from status.values import LINE, Actor, EventKind


async def keyed_pin(
    session: AsyncSession,
    call_id: UUID,
    digits: str,
    *,
    step: int,
    call: InboundCall,
    settings: Settings,
    now: datetime,
    new_id: NewId,
) -> Route:
    """Take a PIN: three tries a call, ten an hour for a practice and number (R114). The n-th answer counts once."""
    row = await _asked(session, call_id, call)
    asked = read_route(row.route) if row.route else None
    if not isinstance(asked, AskPin) or asked.step != step:
        return await _said_before(session, asked, call)
    key = caller_key(call.caller.number, settings)
    callers = await people_queries.callers(session, call.caller.number or "", call.arrived_at)
    with_pin = {c.provider_id: c for c in callers if c.verified and c.has_pin}
    practices = {c.practice_id for c in with_pin.values()}
    if key is None or not with_pin:
        route: Route = Decline(reason=Reason.PIN_FAILED, language=asked.language)
    elif await people.pin_is_locked(session, practices, key, now):
        route = Decline(reason=Reason.PIN_FAILED, language=asked.language, detail=Detail.PIN_LOCKED)
    else:
        owners = await _pin_owners(session, call, digits, settings)
        if len(owners) == 1 and owners[0] in with_pin:
            caller = with_pin[owners[0]]
            found = await queries.candidates(
                session, [caller.provider_id], call.arrived_at, lead=settings.line_lead, but=row.id
            )
            route = routing.recognised(call, caller, found)
        else:
            route = await _wrong_pin(session, row, asked, practices, key, call, now=now, new_id=new_id)
    await conclude(session, row, route, now=now, new_id=new_id)
    return route


async def _pin_owners(session: AsyncSession, call: InboundCall, digits: str, settings: Settings) -> Sequence[UUID]:
    key = derive(settings.secret_key.get_secret_value(), "pins")
    return await people_queries.pin_owners(session, call.caller.number or "", digest(key, digits))


async def _wrong_pin(
    session: AsyncSession,
    row: Call,
    asked: AskPin,
    practices: set[UUID],
    key: str,
    call: InboundCall,
    *,
    now: datetime,
    new_id: NewId,
) -> Route:
    await people.note_wrong_pin(
        session,
        practices=practices,
        caller_key=key,
        call_id=row.id,
        number=call.caller.number or "",
        now=now,
        new_id=new_id,
    )
    await record(session, EventKind.PIN_FAILED, row, now=now, new_id=new_id, data={"try": asked.step})
    if asked.step >= people.PIN_TRIES_A_CALL:
        return Decline(reason=Reason.PIN_FAILED, language=asked.language)
    return replace(asked, step=asked.step + 1)


async def keyed_choice(
    session: AsyncSession,
    call_id: UUID,
    digits: str,
    *,
    step: int,
    call: InboundCall,
    settings: Settings,
    now: datetime,
    new_id: NewId,
) -> Route:
    """Take a choice from the menu; it is judged by the instant at which the call arrived (R108)."""
    row = await _asked(session, call_id, call)
    asked = read_route(row.route) if row.route else None
    if not isinstance(asked, Menu) or asked.step != step:
        return await _said_before(session, asked, call)
    first = replace(call, arrived_at=row.dialled_at, line=row.line)
    chosen = next((c.appointment_id for c in asked.choices if c.digit == digits), None)
    caller = await _caller(session, asked.provider_id, call)
    found = await queries.candidates(
        session, [asked.provider_id], first.arrived_at, lead=settings.line_lead, but=row.id
    )
    candidate = next((c for c in found if c.window.appointment_id == chosen and c.open_at(first.arrived_at)), None)
    if caller is not None and candidate is not None:
        route = routing.connect(first, caller, candidate)
    elif chosen is None and asked.step < people.PIN_TRIES_A_CALL:
        route = replace(asked, step=asked.step + 1)
    else:
        route = Decline(
            reason=Reason.NO_CONSULTATION,
            language=asked.language,
            provider_id=asked.provider_id,
            timezone=asked.timezone,
            detail=Detail.NOT_CHOSEN if chosen is None else None,
        )
    await conclude(session, row, route, now=now, new_id=new_id)
    return route


class _Keys(TypedDict):
    """What a code and the number that it is for are known by."""

    code_key: bytes
    number_key: str


async def keyed_code(
    session: AsyncSession,
    call_id: UUID,
    digits: str,
    *,
    step: int,
    call: InboundCall,
    settings: Settings,
    now: datetime,
    new_id: NewId,
) -> Route:
    """Take the code that the portal shows; the right one verifies the number that calls (R104)."""
    row = await _asked(session, call_id, call)
    asked = read_route(row.route) if row.route else None
    if not isinstance(asked, AskCode) or asked.step != step:
        return await _said_before(session, asked, call)
    callers = await people_queries.callers(session, call.caller.number or "", now)
    waiting = [c for c in callers if c.verifying and not c.verified]
    verified = await people.try_code(
        session,
        [c.provider_id for c in waiting],
        digits,
        code_key=derive(settings.secret_key.get_secret_value(), "codes"),
        number_key=caller_key(call.caller.number, settings) or "",
        actor=LINE,
        now=now,
        new_id=new_id,
    )
    if verified is None:
        route: Route = (
            replace(asked, step=asked.step + 1)
            if asked.step < people.PIN_TRIES_A_CALL
            else Decline(reason=Reason.NOT_VERIFIED, language=asked.language, detail=Detail.WRONG_CODE)
        )
    else:
        caller = next(c for c in waiting if c.provider_id == verified)
        found = await queries.candidates(session, [verified], now, lead=settings.line_lead)
        opens = [c.window.opens_at for c in found if c.window.opens_at > now]
        route = Greet(
            provider_id=verified,
            language=caller.language,
            timezone=caller.timezone,
            opens_at=min(opens, default=None),
        )
    await conclude(session, row, route, now=now, new_id=new_id)
    return route


async def begin_verification(
    session: AsyncSession,
    provider: Provider,
    *,
    settings: Settings,
    new_code: Callable[[], str],
    now: datetime,
    new_id: NewId,
) -> tuple[str, datetime]:
    """Make the code that a provider is shown and keys from their number; return it and when it ends."""
    code = new_code()
    ends_at = await people.begin_verification(
        session,
        provider,
        code=code,
        **_keys(provider, settings),
        now=now,
        new_id=new_id,
    )
    return code, ends_at


async def text_number_code(
    session: AsyncSession, provider: Provider, *, settings: Settings, actor: Actor, now: datetime, new_id: NewId
) -> datetime:
    """Text a code to a provider's number, the second way to verify it; return when it ends (R104)."""
    return await people.text_number_code(
        session, provider, **_keys(provider, settings), actor=actor, now=now, new_id=new_id
    )


async def take_number_code(
    session: AsyncSession,
    provider: Provider,
    typed: str,
    *,
    settings: Settings,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> int | None:
    """Take the code that was texted; None where it verifies the number, else how many tries are left."""
    return await people.take_number_code(
        session, provider, typed, **_keys(provider, settings), actor=actor, now=now, new_id=new_id
    )


def _keys(provider: Provider, settings: Settings) -> _Keys:
    return {
        "code_key": derive(settings.secret_key.get_secret_value(), "codes"),
        "number_key": caller_key(provider.dial_phone, settings) or "",
    }


async def _asked(session: AsyncSession, call_id: UUID, call: InboundCall) -> Call:
    """Return the call that was asked for digits, locked; the id must belong to the carrier's call."""
    row = await queries.call_for_update(session, call_id)
    if row is None or (row.carrier, row.sid) != (call.carrier, call.sid):
        raise NotFound
    return row


async def _said_before(session: AsyncSession, route: Route | None, call: InboundCall) -> Route:
    """Answer a repeated request with what was decided at the first one."""
    if isinstance(route, Connect):
        return await fresh_connect(session, route, call)
    return route or Decline(reason=Reason.SERVICE_TROUBLE)


async def _caller(session: AsyncSession, provider_id: UUID, call: InboundCall) -> CallerFacts | None:
    callers = await people_queries.callers(session, call.caller.number or "", call.arrived_at)
    return next((c for c in callers if c.provider_id == provider_id and c.verified), None)
