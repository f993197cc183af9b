"""The part of the carrier's REST API that the service uses: messages, calls, numbers, the account.

Paths and bodies are those of the API version 2010-04-01, so that the carrier's own client works against
it: `client.api.base_url = "http://127.0.0.1:…"`. It listens only where it is bound: bind it to loopback.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from bridge.carriers.simulator.book import NumberRecord
from bridge.carriers.simulator.carrier import Simulator
from bridge.carriers.simulator.payloads import API_VERSION, rfc2822, segments
from bridge.carriers.simulator.twiml import MAX_TEXT, is_number
from bridge.carriers.simulator.values import CallRecord, MessageRecord, RestFailure

Json = str | int | bool | None | Mapping[str, "Json"] | list["Json"]
_Record = TypeVar("_Record", CallRecord, MessageRecord)
SIMULATOR = web.AppKey("simulator", Simulator)
CLOSING = web.AppKey("closing", asyncio.Event)
TAKEN = web.RequestKey("taken", MessageRecord)  # the text that a request handed over
PAGE_SIZE = 50
MAX_PAGE_SIZE = 1000
_TERMINAL = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
# Form parameter -> property, of what may be set on a number.
_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        name: re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        for name in (
            "FriendlyName",
            "VoiceUrl",
            "VoiceMethod",
            "VoiceFallbackUrl",
            "VoiceFallbackMethod",
            "VoiceCallerIdLookup",
            "VoiceApplicationSid",
            "TrunkSid",
            "StatusCallback",
            "StatusCallbackMethod",
            "SmsUrl",
            "SmsMethod",
            "SmsFallbackUrl",
            "SmsFallbackMethod",
            "SmsApplicationSid",
        )
    }
)


class _Refusal(Exception):  # noqa: N818 - an answer of the API
    """A request that the API refuses, with its documented number."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def rest(simulator: Simulator) -> web.Application:
    """Make the API; texts created through it meet their fate in the simulator's book."""
    app = web.Application(middlewares=[_guard])
    app[SIMULATOR] = simulator
    app[CLOSING] = asyncio.Event()

    async def close(app: web.Application) -> None:
        app[CLOSING].set()

    app.on_shutdown.append(close)
    account = f"/{API_VERSION}/Accounts/{{account}}"
    app.add_routes(
        [
            web.get(f"{account}.json", _account),
            web.post(f"{account}/Messages.json", _create_message),
            web.get(f"{account}/Messages.json", _list_messages),
            web.get(f"{account}/Messages/{{sid}}.json", _get_message),
            web.get(f"{account}/Calls.json", _list_calls),
            web.get(f"{account}/Calls/{{sid}}.json", _get_call),
            web.get(f"{account}/IncomingPhoneNumbers.json", _list_numbers),
            web.get(f"{account}/IncomingPhoneNumbers/{{sid}}.json", _get_number),
            web.post(f"{account}/IncomingPhoneNumbers/{{sid}}.json", _update_number),
        ]
    )
    return app


# Around every request


@web.middleware
async def _guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Check who asks, fail where that is scripted, and answer refusals as the API does."""
    book = request.app[SIMULATOR].book
    try:
        _authenticate(request)
        failure = book.failures.popleft() if book.failures else None
        if failure is not None and not failure.took_it:
            return await _fail(request, failure)
        answer = await handler(request)
        if failure is None and TAKEN in request:
            await answer.prepare(request)  # the answer is on its way before the first callback
            await answer.write_eof()
        if TAKEN in request:
            request.app[SIMULATOR].report(request[TAKEN])
        return answer if failure is None else await _fail(request, failure)
    except _Refusal as refusal:
        return _refused(refusal.status, refusal.code, str(refusal))
    except web.HTTPNotFound:
        return _refused(404, 20404, f"The requested resource {request.path} was not found")
    except web.HTTPMethodNotAllowed:
        return _refused(405, 20004, "Method not allowed")


def _authenticate(request: web.Request) -> None:
    """Raise _Refusal unless the account's token or one of its keys opens this account's path."""
    account = request.app[SIMULATOR].account
    secrets = {account.sid: account.auth_token, **account.keys}
    try:
        given = aiohttp.BasicAuth.decode(request.headers.get("Authorization", ""))
    except ValueError:
        given = aiohttp.BasicAuth("")
    if not given.login or secrets.get(given.login) != given.password:
        raise _Refusal(401, 20003, "Authenticate")
    if request.match_info.get("account", account.sid) != account.sid:
        raise _Refusal(404, 20404, f"The requested resource {request.path} was not found")


async def _fail(request: web.Request, failure: RestFailure) -> web.StreamResponse:
    """Answer as scripted: never, with a dropped line, or with an error."""
    if failure.status is None:
        await request.app[CLOSING].wait()
    if not failure.status:
        if request.transport is not None:
            request.transport.close()
        return web.Response(status=503)
    return _refused(failure.status, failure.code, "Scripted failure")


def _refused(status: int, code: int, message: str) -> web.Response:
    body = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    headers = {"Retry-After": "1"} if status == web.HTTPTooManyRequests.status_code else {}
    return web.json_response(body, status=status, headers=headers)


# Messages


async def _create_message(request: web.Request) -> web.Response:
    """Take a text: 201 with `queued`."""
    simulator = request.app[SIMULATOR]
    book, form = simulator.book, await request.post()
    given = {name: str(value) for name, value in form.items()}
    _check_message(given, opted_out=book.opted_out, known=[record.number for record in book.numbers.values()])
    now = simulator.now()
    message = MessageRecord(
        sid=book.sid("SM"),
        from_=given.get("From"),
        to=given["To"],
        body=given["Body"],
        direction="outbound-api",
        status="queued",
        created=now,
        updated=now,
        status_callback=given.get("StatusCallback"),
        messaging_service_sid=given.get("MessagingServiceSid"),
    )
    book.messages[message.sid] = message
    request[TAKEN] = message
    answer = web.json_response(_message(message, simulator.account.sid), status=201)
    message.sent = now  # null in the first answer, and there as soon as anyone looks it up
    return answer


def _check_message(given: Mapping[str, str], *, opted_out: set[tuple[str, str]], known: list[str]) -> None:
    """Raise _Refusal for what the API does not take."""
    sender = given.get("From", "")
    if not given.get("To"):
        raise _Refusal(400, 21604, "A 'To' phone number is required.")
    if not is_number(given["To"]):
        raise _Refusal(400, 21211, "The 'To' number is not a valid phone number.")
    if not sender and not given.get("MessagingServiceSid"):
        raise _Refusal(400, 21603, "A 'From' phone number is required.")
    if not given.get("Body"):
        raise _Refusal(400, 21602, "Message body is required.")
    if len(given["Body"]) > MAX_TEXT:
        raise _Refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit")
    if sender and known and sender not in known:
        raise _Refusal(400, 21606, "The 'From' phone number provided is not a valid number of this account.")
    if (given["To"], sender) in opted_out:
        raise _Refusal(400, 21610, "Attempt to send to unsubscribed recipient")


def _message(message: MessageRecord, account: str) -> dict[str, Json]:
    uri = f"/{API_VERSION}/Accounts/{account}/Messages/{message.sid}"
    return {
        "sid": message.sid,
        "account_sid": account,
        "api_version": API_VERSION,
        "messaging_service_sid": message.messaging_service_sid,
        "from": message.from_,
        "to": message.to,
        "body": message.body,
        "direction": message.direction,
        "status": message.status,
        "num_segments": str(segments(message.body)),
        "num_media": "0",
        "date_created": rfc2822(message.created),
        "date_updated": rfc2822(message.updated),
        "date_sent": _instant(message.sent),
        "error_code": message.error_code,
        "error_message": None,
        "price": None,
        "price_unit": "USD",
        "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json"},
    }


async def _get_message(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    message = simulator.book.messages.get(request.match_info["sid"])
    if message is None:
        raise web.HTTPNotFound
    return web.json_response(_message(message, simulator.account.sid))


async def _list_messages(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    query = request.query
    found = [
        _message(message, simulator.account.sid)
        for message in _newest_first(simulator.book.messages.values())
        if query.get("To", message.to) == message.to
        and query.get("From", message.from_) == message.from_
        and _within(query, "DateSent", message.sent)
    ]
    return _page(request, "messages", found)


# Calls


def _call(call: CallRecord, account: str) -> dict[str, Json]:
    uri = f"/{API_VERSION}/Accounts/{account}/Calls/{call.leg.sid}"
    return {
        "sid": call.leg.sid,
        "account_sid": account,
        "api_version": API_VERSION,
        "parent_call_sid": call.leg.parent_sid,
        "phone_number_sid": None,
        "group_sid": None,
        "trunk_sid": None,
        "from": call.leg.from_,
        "from_formatted": call.leg.from_,
        "to": call.leg.to,
        "to_formatted": call.leg.to,
        "direction": call.leg.direction,
        "status": call.status,
        "start_time": rfc2822(call.created),
        "end_time": _instant(call.ended),
        "duration": None if call.duration_s is None else str(call.duration_s),
        "date_created": rfc2822(call.created),
        "date_updated": rfc2822(call.updated),
        "annotation": None,
        "answered_by": None,
        "caller_name": None,
        "forwarded_from": None,
        "queue_time": "0",
        "stir_verstat": call.stir_verstat,
        "price": None,
        "price_unit": "USD",
        "uri": f"{uri}.json",
        "subresource_uris": {
            "notifications": f"{uri}/Notifications.json",
            "recordings": f"{uri}/Recordings.json",
        },
    }


async def _get_call(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    call = simulator.book.calls.get(request.match_info["sid"])
    if call is None:
        raise web.HTTPNotFound
    return web.json_response(_call(call, simulator.account.sid))


async def _list_calls(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    query = request.query
    found = [
        _call(call, simulator.account.sid)
        for call in _newest_first(simulator.book.calls.values())
        if query.get("ParentCallSid", call.leg.parent_sid) == call.leg.parent_sid
        and query.get("From", call.leg.from_) == call.leg.from_
        and query.get("To", call.leg.to) == call.leg.to
        and query.get("Status", call.status) == call.status
        and _within(query, "StartTime", call.created)
        and _within(query, "EndTime", call.ended)
    ]
    return _page(request, "calls", found)


# Numbers


def _number(record: NumberRecord, account: str) -> dict[str, Json]:
    return {
        "sid": record.sid,
        "account_sid": account,
        "api_version": API_VERSION,
        "phone_number": record.number,
        "origin": "twilio",
        "beta": False,
        "address_requirements": "none",
        "address_sid": None,
        "bundle_sid": None,
        "identity_sid": None,
        "emergency_status": "Inactive",
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "status": "in-use",
        "type": "local",
        "voice_receive_mode": "voice",
        "capabilities": {"mms": True, "sms": True, "voice": True},
        "date_created": rfc2822(record.created),
        "date_updated": rfc2822(record.updated),
        **record.settings,
        "uri": f"/{API_VERSION}/Accounts/{account}/IncomingPhoneNumbers/{record.sid}.json",
    }


async def _list_numbers(request: web.Request) -> web.Response:
    simulator = request.app[SIMULATOR]
    wanted = request.query.get("PhoneNumber")
    found = [
        _number(record, simulator.account.sid)
        for record in simulator.book.numbers.values()
        if wanted is None or record.number == wanted
    ]
    return _page(request, "incoming_phone_numbers", found)


def _number_record(request: web.Request) -> NumberRecord:
    record = request.app[SIMULATOR].book.numbers.get(request.match_info["sid"])
    if record is None:
        raise web.HTTPNotFound
    return record


async def _get_number(request: web.Request) -> web.Response:
    return web.json_response(_number(_number_record(request), request.app[SIMULATOR].account.sid))


async def _update_number(request: web.Request) -> web.Response:
    """Set what was given and leave the rest; a fallback without a first address is refused."""
    simulator = request.app[SIMULATOR]
    record = _number_record(request)
    changed = dict(record.settings)
    for name, value in (await request.post()).items():
        if name in _SETTINGS:
            changed[_SETTINGS[name]] = str(value) == "true" if name == "VoiceCallerIdLookup" else str(value) or None
    if changed["voice_fallback_url"] and not changed["voice_url"]:
        raise _Refusal(400, 21405, "A fallback URL needs a voice URL.")
    record.settings, record.updated = changed, simulator.now()
    return web.json_response(_number(record, simulator.account.sid))


async def _account(request: web.Request) -> web.Response:
    sid = request.app[SIMULATOR].account.sid
    uri = f"/{API_VERSION}/Accounts/{sid}"
    body = {
        "sid": sid,
        "owner_account_sid": sid,
        "friendly_name": "Simulated",
        "status": "active",
        "type": "Full",
    }
    return web.json_response({**body, "uri": f"{uri}.json", "subresource_uris": {"calls": f"{uri}/Calls.json"}})


# Lists


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else rfc2822(instant)


def _newest_first(records: Iterable[_Record]) -> list[_Record]:
    """Order as the API does; of those entered in one instant the later one comes first."""
    entered = list(enumerate(records))
    entered.sort(key=lambda entry: (entry[1].created, entry[0]), reverse=True)
    return [record for _, record in entered]


def _within(query: Mapping[str, str], name: str, instant: datetime | None) -> bool:
    """Tell whether an instant passes the filters `Name` (that day), `Name<` and `Name>`, each inclusive."""
    for suffix in ("", "<", ">"):
        written = query.get(f"{name}{suffix}")
        if written is None:
            continue
        if instant is None:
            return False
        try:
            wanted = datetime.fromisoformat(written)
        except ValueError as error:
            raise _Refusal(400, 20001, f"Invalid {name}") from error
        wanted = wanted if wanted.tzinfo else wanted.replace(tzinfo=UTC)
        at = instant.astimezone(UTC).replace(microsecond=0)
        if (
            (suffix == "" and at.date() != wanted.date())
            or (suffix == "<" and at > wanted)
            or (suffix == ">" and at < wanted)
        ):
            return False
    return True


def _page(request: web.Request, name: str, found: list[dict[str, Json]]) -> web.Response:
    """Return one page of a list, with the way to its neighbours."""
    try:
        size = min(int(request.query.get("PageSize", PAGE_SIZE)), MAX_PAGE_SIZE)
        number = int(request.query.get("Page", 0))
    except ValueError as error:
        raise _Refusal(400, 20001, "Invalid page") from error
    first = number * size
    shown = found[first : first + size]

    def uri(page: int) -> str:
        others = [(key, value) for key, value in request.query.items() if key not in {"Page", "PageSize"}]
        return f"{request.path}?{urlencode([*others, ('PageSize', size), ('Page', page)])}"

    return web.json_response(
        {
            name: shown,
            "page": number,
            "page_size": size,
            "start": first,
            "end": max(first, first + len(shown) - 1),
            "uri": uri(number),
            "first_page_uri": uri(0),
            "previous_page_uri": uri(number - 1) if number else None,
            "next_page_uri": uri(number + 1) if first + size < len(found) else None,
        }
    )
