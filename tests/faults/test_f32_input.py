"""What nobody should send: too much, too slowly, malformed, or meant for somebody else's parser (F32–F34)."""

import asyncio
import json
from contextlib import suppress
from urllib.parse import quote, quote_from_bytes, urlsplit
from uuid import uuid4
from xml.etree import ElementTree as ET

import psutil
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app import web as web_role
from app.serve import BODY_S, IDLE_S, LINGER_S, serving
from bridge.values import Reason
from config.deps import Deps
from tests.builders import World
from tests.faults import kept, signed
from tests.faults.conftest import Voice
from tests.faults.signed import Poster
from tests.fixtures import Carrier

MIB = 1 << 20
FORM = "application/x-www-form-urlencoded"


async def raw(base: str, *pieces: bytes, within_s: float = 5.0) -> tuple[int | None, bytes]:
    """Send bytes as they stand; return the status of what came back, or None where the line was cut, and all of it."""
    where = urlsplit(base)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        async with asyncio.timeout(within_s):
            with suppress(ConnectionError):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return None, b""
            return int(head.split(b" ", 2)[1]), head
    finally:
        writer.transport.abort()


def head(path: str, length: int, *more: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {FORM}", f"Content-Length: {length}", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


# --- F32: too much, and malformed ----------------------------------------------------------------------


async def test_f32_too_much_is_refused_quickly_and_costs_no_memory(
    role: Voice, post: Poster, world: World, session: AsyncSession
) -> None:
    provider, _, _ = await world.consultation()
    before = await kept.counts(session)
    piece, many = b"a" * MIB, "&".join(f"p{n}=1" for n in range(10_000)).encode()
    process = psutil.Process()
    await raw(role.url, head("/twilio/voice", 10 * MIB), *[piece] * 10)
    at_first = process.memory_info().rss

    statuses = [(await raw(role.url, head("/twilio/voice", 10 * MIB), *[piece] * 10))[0] for _ in range(10)]
    statuses.append((await raw(role.url, head("/twilio/voice", 300 * 1024), b"a" * (300 * 1024)))[0])

    grown = process.memory_info().rss - at_first
    assert set(statuses) <= {413, None}
    assert statuses[-1] == 413
    assert grown < 20 * MIB
    assert (await raw(role.url, head("/twilio/voice", len(many)), many))[0] == 400
    long = f"X-Long: {'a' * 100_000}"
    assert (await raw(role.url, head("/twilio/voice", 0, long)))[0] in {400, 431}
    assert (await raw(role.url, head(f"/twilio/voice?{'a' * 100_000}", 0)))[0] in {400, 414}
    assert (await raw(role.url, head("/twilio/voice", 0, *(f"X-{n}: 1" for n in range(1000)))))[0] in {400, 431}
    assert await kept.counts(session) == before
    assert (await post("/twilio/voice", signed.call(provider.dial_phone or ""))).dials


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"From=%zz&To=%", 403),
        (b"From=%", 403),
        (b"From=%00", 403),
        (b"From=%ff%fe", 400),
        (b"From=\xff\xfe", 400),
        (b"\xc3\xa9=1", 400),
        (b"", 403),
        (b"&&&===&", 403),
        (b"\x00" * 1000, 403),
        (b"<?xml version='1.0'?><a/>", 403),
        (b"From=" + quote_from_bytes("é\u202e".encode()).encode(), 403),
    ],
    ids=lambda value: repr(value)[:20],
)
async def test_f32_what_is_no_form_or_not_signed_is_refused(
    role: Voice, session: AsyncSession, body: bytes, status: int
) -> None:
    assert (await raw(role.url, head("/twilio/voice", len(body)), body))[0] == status
    assert (await kept.counts(session))["calls"] == 0


WEIRD = [
    "%zz",
    "%",
    "\x00",
    "\x00+12125550199",
    "é",
    "\u202e",
    "\ud7ff\ue000",
    "0" * 5000,
    "\r\n",
    "-1",
    "1e309",
    "NaN",
]


async def test_f32_what_is_signed_and_makes_no_sense_is_answered_all_the_same(
    role: Voice, post: Poster, world: World
) -> None:
    """Everything here carries the carrier's signature, so somebody may be listening: no 5xx, and words."""
    provider, _, _ = await world.consultation()
    somewhere = uuid4()
    listening = ["/twilio/voice", f"/twilio/voice/dialled/{somewhere}", f"/twilio/voice/pin/{somewhere}?n=1"]
    listening += [
        f"/twilio/voice/menu/not-an-id?n={'9' * 5000}",
        "/twilio/voice/fallback",
        f"/twilio/voice/code/{somewhere}?n=x",
    ]
    names = ["CallSid", "From", "StirVerstat", "Digits", "DialCallStatus", "DialCallDuration", "DialBridged"]
    names += ["DialCallSid", "ErrorUrl", "CallStatus", "Body", "MessageSid"]
    answers = []

    for number, value in enumerate(WEIRD):
        path = listening[number % len(listening)]
        fine = signed.call(provider.dial_phone or "", DialCallStatus="busy", MessageSid=signed.sid("SM"), Body="x")
        answers += [await post(path, {**fine, name: value}) for name in names]
        answers.append(await post("/twilio/text", {**fine, "Body": value, "From": value}))

    assert {answer.status for answer in answers} <= {200, 409}
    assert all(answer.is_document for answer in answers)
    assert max(answer.took_s for answer in answers) < 1
    for answer in answers:
        ET.fromstring(answer.body)


async def test_f32_a_callback_that_makes_no_sense_is_refused_for_good(
    role: Voice, post: Poster, session: AsyncSession
) -> None:
    """Nobody listens to these: what cannot be read today cannot be read tomorrow, so it must not be repeated."""
    fine = signed.call("+12125550199", MessageSid=signed.sid("SM"), MessageStatus="delivered", SequenceNumber="1")
    told = {}
    for name, value in {
        "CallSid": "",
        "CallStatus": "talking",
        "SequenceNumber": "9" * 40,
        "Timestamp": "soon",
    }.items():
        for path in (f"/twilio/voice/leg/{uuid4()}", "/twilio/voice/ended"):
            told[name, path[:17]] = (await post(path, {**fine, "CallStatus": "completed", name: value})).status

    assert {status for (name, _), status in told.items() if name in {"CallSid", "CallStatus"}} == {400}
    assert {status for (name, _), status in told.items() if name in {"SequenceNumber", "Timestamp"}} == {204}


# --- F33: too slowly -----------------------------------------------------------------------------------


async def test_f33_five_hundred_half_open_connections_keep_nobody_waiting_and_are_cut(
    deps: Deps, world: World, carrier: Carrier
) -> None:
    """Under the web role, which serves the line as well as the API."""
    provider, _, _ = await world.consultation()
    where = urlsplit(deps.settings.public_url)
    halves = [
        b"",
        b"POST /twi",
        b"POST /twilio/voice HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
        head("/twilio/voice", 500) + b"From=",
        head("/api/v1/practices", 500) + b"{",
    ]
    # Whoever has been answered once and then sends half of a request is no better.
    second = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /health"
    assert max(IDLE_S, BODY_S + LINGER_S) <= 10
    async with serving(web_role.build(deps), deps.settings.host, deps.settings.port, idle_s=1.0, body_s=1.0):
        post = Poster(carrier.http, deps.settings.public_url)
        await post("/twilio/voice", signed.call(provider.dial_phone or ""))
        lines = []
        for number in range(500):
            reader, writer = await asyncio.open_connection(where.hostname, where.port)
            writer.write([*halves, second][number % 6])
            lines.append((reader, writer))

        answers = [await post("/twilio/voice", signed.call(provider.dial_phone or "")) for _ in range(5)]

        assert all(answer.dials for answer in answers)
        assert min(answer.took_s for answer in answers) < 0.2
        async with asyncio.timeout(10):
            await asyncio.gather(*(_ended(reader) for reader, _ in lines))
        for _, writer in lines:
            writer.transport.abort()


async def _ended(reader: asyncio.StreamReader) -> None:
    with suppress(ConnectionError):
        await reader.read()


# --- F34: meant for another parser ---------------------------------------------------------------------

INJECTIONS = [
    "+12125550199\r\nX-Evil: 1",
    '"><Dial>+12125550199</Dial><!--',
    "'; DROP TABLE calls; --",
    "=cmd|'/c calc'!A1",
    "<script>alert(1)</script>",
    "{{7*7}} ${7*7} %s %(x)s {0}",
    '\u2028{"event":"forged"}',
    "a\x1b[2Jb",
]


async def test_f34_what_is_injected_is_data(
    role: Voice, post: Poster, world: World, session: AsyncSession, caplog: pytest.LogCaptureFixture
) -> None:
    provider = await world.provider(dial_phone="+12125550177", pin="111111")
    await world.provider(dial_phone="+12125550177", pin="222222")
    await world.appointment(provider)
    answers = []

    for text in INJECTIONS:
        answers.append(await post("/twilio/voice", signed.call(text)))
        params = signed.call("+12125550177")
        await post("/twilio/voice", params)
        row = next(one for one in await kept.calls(session) if one.sid == params["CallSid"])
        answers.append(await post(f"/twilio/voice/pin/{row.id}?n=1", {**params, "Digits": text}))
        answers.append(await post("/twilio/text", signed.call("+12125550177", MessageSid=signed.sid("SM"), Body=text)))
        answers.append(
            await post(
                "/twilio/voice", params, headers={"X-Request-Id": text.encode().hex(), "User-Agent": quote(text)}
            )
        )

    for answer in answers:
        assert answer.status == 200
        assert {part.tag for part in ET.fromstring(answer.body).iter()} <= {
            "Response",
            "Say",
            "Gather",
            "Hangup",
            "Message",
        }
        assert "12125550199" not in answer.body
    assert {row.reason for row in await kept.calls(session) if row.caller_last2 is None} <= {
        Reason.UNKNOWN_CALLER,
        Reason.WITHHELD,
    }
    lines = [record.getMessage() for record in caplog.records if record.name == "config.http"]
    assert len(lines) >= 5 * len(INJECTIONS)
    for line in lines:
        assert len(line.splitlines()) == 1
        assert set(json.loads(line)) <= LOGGED


LOGGED = {"method", "route", "status", "duration_ms", "event", "reason", "request_id", "level", "logger", "timestamp"}


async def test_f34_a_header_adds_no_line_to_the_log(role: Voice, caplog: pytest.LogCaptureFixture) -> None:
    evil = ['x" , "event": "forged"', "x\\n{}", "é\u2028", "x\x1b[2J", "x\r{}", "x\x00", "x\n{}: forged"]
    names = ["X-Request-Id", "X-Twilio-Signature", "I-Twilio-Idempotency-Token", "User-Agent", "Host"]

    for name in names:
        for value in evil:
            await raw(role.url, head("/twilio/voice", 0, f"{name}: {value}"))

    lines = [record.getMessage() for record in caplog.records if record.name == "config.http"]
    assert lines
    for line in lines:
        told = json.loads(line)
        assert (told["event"], told["status"]) == ("request", 403)
        assert len(line.splitlines()) == 1
        assert "forged" not in line
    for record in caplog.records:  # nor is a stranger's nonsense worth a traceback
        assert record.exc_info is None
        assert "forged" not in record.getMessage()
