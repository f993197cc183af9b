"""Twilio's REST API: texts, what became of calls, how the numbers are set up.

The carrier's library writes the paths and reads the answers; the HTTP below it is ours. Its own does not keep
to a timeout, writes addresses with numbers in them into the log, and keeps the last request. And what the
carrier says in words when it refuses something names the number: nothing but status and code is ever kept.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import aiohttp
import structlog
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from bridge.carriers import twilio_codes
from bridge.carriers.twilio import CALLBACK
from config.deps import CarrierCall, CarrierUnreachable, Handover, LineConfiguration, Taken, Telephone, Texts
from config.errors import Refused
from config.settings import Settings

CONNECT_WITHIN_S = 5.0
ANSWER_WITHIN_S = 15.0
LONGEST_VALIDITY_S = 36_000
# Where a simulated carrier without an address is asked: never at the real one's.
NOWHERE = "http://127.0.0.1:9"
# How many texts to one number are looked through; since the one that is looked for there were a handful.
LOOK_THROUGH = 100

_log = structlog.get_logger(__name__)

# Settings of a number: the carrier's parameter, and the property of its library.
_SETTINGS: Mapping[str, str] = {
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "VoiceFallbackUrl": "voice_fallback_url",
    "VoiceFallbackMethod": "voice_fallback_method",
    "VoiceCallerIdLookup": "voice_caller_id_lookup",
    "VoiceApplicationSid": "voice_application_sid",
    "TrunkSid": "trunk_sid",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
    "SmsUrl": "sms_url",
    "SmsMethod": "sms_method",
    "SmsFallbackUrl": "sms_fallback_url",
    "SmsFallbackMethod": "sms_fallback_method",
    "SmsApplicationSid": "sms_application_sid",
}


@asynccontextmanager
async def carrier(
    settings: Settings,
    *,
    connect_within_s: float = CONNECT_WITHIN_S,
    answer_within_s: float = ANSWER_WITHIN_S,
) -> AsyncIterator[tuple[Telephone, Texts]]:
    """Open the account's REST API; nothing is asked until something is wanted."""
    limits = aiohttp.ClientTimeout(total=answer_within_s, connect=connect_within_s, sock_connect=connect_within_s)
    # trust_env stays off, and nothing is ever repeated: a POST sent twice is a text sent twice.
    async with aiohttp.ClientSession(timeout=limits) as session:
        client = Client(
            settings.twilio_api_key or settings.twilio_account_sid,
            settings.twilio_api_secret.get_secret_value() or settings.twilio_auth_tokens[0],
            account_sid=settings.twilio_account_sid,
            http_client=_Http(session),
            environment={"TWILIO_REGION": ""},  # else the library looks for its settings in ours
        )
        if settings.twilio_api_url or settings.carrier == "simulator":
            client.api.base_url = settings.twilio_api_url or NOWHERE
        yield RestTelephone(client), RestTexts(client, settings)


class _RefusedByCarrier(Exception):  # noqa: N818 - an answer
    """An answer other than 2xx: its status and the carrier's code, and deliberately nothing else."""

    def __init__(self, status: int, code: int | None) -> None:
        super().__init__(f"HTTP {status}, code {code}")
        self.status = status
        self.code = code


class _Http:
    """What the carrier's library sends its requests through."""

    is_async = True

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - the session's own limits hold
        allow_redirects: bool = False,  # noqa: ARG002 - a redirect would carry the secret elsewhere
    ) -> Response:
        """Send one request; raises _RefusedByCarrier, and what aiohttp raises."""
        told = dict(headers or {})
        if auth is not None:
            told["Authorization"] = aiohttp.encode_basic_auth(*auth)
        form = {name: str(value) for name, value in (data or {}).items()}
        async with self._session.request(
            method.upper(), url, params=params, data=form or None, headers=told, allow_redirects=False
        ) as answer:
            text = await answer.text()
        if not 200 <= answer.status < 300:
            raise _RefusedByCarrier(answer.status, _code(text))
        return Response(answer.status, text, answer.headers)


def _code(text: str) -> int | None:
    """Read the carrier's code from the body of a refusal, if it is one of the carrier's own."""
    try:
        body = json.loads(text)
    except json.JSONDecodeError:
        return None
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, int) else None


# Texts


class RestTexts:
    """The real `Texts`; they come from the first line of the pool, so that an answer reaches us."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._sender = settings.lines[0]
        self._receipts = f"{settings.carrier_base}/twilio/text/status"

    async def send(self, *, to: str, body: str, notice: UUID, valid_s: int) -> Handover:
        """Hand over one text, with one request and never a second."""
        try:
            made = await self._client.messages.create_async(
                to=to,
                from_=self._sender,
                body=body,
                status_callback=f"{self._receipts}/{notice}{CALLBACK}",
                validity_period=max(1, min(valid_s, LONGEST_VALIDITY_S)),
            )
        except _RefusedByCarrier as refusal:
            return Handover(
                twilio_codes.refusal(refusal.status, refusal.code).taken,
                code=str(refusal.code or refusal.status),
            )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as trouble:
            return Handover(Taken.NO, code=_name(trouble))  # not a byte of it has left
        except (aiohttp.ClientError, TimeoutError, json.JSONDecodeError) as trouble:
            return Handover(Taken.UNKNOWN, code=_name(trouble))
        if made.status in {"failed", "undelivered", "canceled"}:  # no callback tells a first status
            return Handover(Taken.NEVER, reference=made.sid, code=str(made.error_code or made.status))
        return Handover(Taken.YES, reference=made.sid)

    async def find(self, *, to: str, body: str, since: datetime) -> str | None:
        """Return the id of a text of ours with this body that was made since then; None means surely none was.

        The list is not filtered by its date of sending: a text that waits has none. A body that the account
        conceals counts as the same, since a text too few is mended by the portal and one too many by nothing.
        """
        found = await _ask(self._client.messages.list_async(to=to, from_=self._sender, limit=LOOK_THROUGH))
        for one in found:
            ours = one.direction == "outbound-api" and one.date_created is not None
            # A trial account puts a sentence before every body.
            if ours and one.date_created >= since and (not one.body or one.body.endswith(body)):
                return str(one.sid)
        return None


# Calls and numbers


class RestTelephone:
    """The real `Telephone`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def call(self, sid: str) -> CarrierCall | None:
        """Return a call, or None where the carrier knows none."""
        try:
            found = await _ask(self._client.calls(sid).fetch_async(), but=404)
        except _RefusedByCarrier:
            return None
        return _call(found)

    async def legs(self, parent_sid: str) -> Sequence[CarrierCall]:
        """Return the legs that `<Dial>` made out of a call."""
        found = await _ask(self._client.calls.list_async(parent_call_sid=parent_sid, limit=LOOK_THROUGH))
        return [_call(one) for one in found]

    async def probe(self) -> bool:
        """Tell whether the API answers, knows us, and calls the account active."""
        try:
            account = await _ask(self._client.api.v2010.account.fetch_async())
        except CarrierUnreachable:
            return False
        return bool(account.status == "active")

    async def line(self, number: str) -> LineConfiguration:
        """Read how a number is set up, by the names of the carrier's parameters; unset ones are empty."""
        record = await self._number(number)
        if record is None:
            return LineConfiguration(number, found=False, settings={})
        told = {name: _written(getattr(record, place)) for name, place in _SETTINGS.items()}
        return LineConfiguration(number, found=True, settings=told)

    async def configure(self, number: str, wanted: Mapping[str, str]) -> None:
        """Set these settings of a number, by the names that `line` uses; a stranger's number is Refused."""
        record = await self._number(number)
        if record is None:
            raise Refused("no_such_line", "The carrier's account has no such number.", status=404)
        changes = {_SETTINGS[name]: value for name, value in wanted.items()}
        await _ask(self._client.incoming_phone_numbers(record.sid).update_async(**changes))

    async def _number(self, number: str) -> Any | None:
        """Return the record of a number; the carrier's filter also finds numbers that merely contain it."""
        found = await _ask(self._client.incoming_phone_numbers.list_async(phone_number=number, limit=LOOK_THROUGH))
        return next((one for one in found if one.phone_number == number), None)


def _call(record: Any) -> CarrierCall:
    return CarrierCall(
        sid=record.sid,
        parent_sid=record.parent_call_sid or None,
        status=record.status,
        duration_s=int(record.duration) if record.duration else None,
        started_at=_instant(record.start_time),
        ended_at=_instant(record.end_time),
    )


def _instant(value: datetime | str | None) -> datetime | None:
    """Return what the library could read; what it could not, it hands on as text."""
    return value if isinstance(value, datetime) else None


def _written(value: str | bool | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value or ""


async def _ask(answer: Any, *, but: int | None = None) -> Any:
    """Await an answer; any failure, `but` one status, becomes CarrierUnreachable without the carrier's words."""
    try:
        return await answer
    except _RefusedByCarrier as refusal:
        if refusal.status == but:
            raise
        _log.warning("carrier.refused", status=refusal.status, code=refusal.code)
        trouble = str(refusal)
    except (aiohttp.ClientError, TimeoutError, json.JSONDecodeError) as failure:
        trouble = _name(failure)
    raise CarrierUnreachable(trouble)


def _name(trouble: Exception) -> str:
    return type(trouble).__name__
