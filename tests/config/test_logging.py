"""Canaries: nothing that belongs to a person comes out of the mask, in any spelling."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import process_time
from typing import Any
from urllib.parse import quote, quote_plus, urlencode
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.logging import mask, mask_text

ROOT = Path(__file__).resolve().parents[2]
SPELLINGS = [
    "+12125550123",
    "12125550123",
    "2125550123",
    "(212) 555-0123",
    "212-555-0123",
    "212.555.0123",
    "212 555 0123",
    "212/555/0123",
    "212_555_0123",
    "1 212 555 0123",
    "1-212-555-0123",
    "+1 (212) 555-0123",
    "+1\u00a0212\u00a0555\u00a00123",
    "212\u2011555\u20110123",
    "212\u2013555\u20130123",
    "555-0123",
    "5550123",
    "tel:+1-212-555-0123",
    "sip:+12125550123@example.com",
]
SPELLINGS += [quote(spelling, safe="") for spelling in SPELLINGS] + [quote_plus(spelling) for spelling in SPELLINGS]
ADDRESSES = [
    "pat@example.com",
    "Pat.O'Brien+line@mail.example.org",
    "josé@example.com",
    "pat%40example.com",
    "pat%2Bline%40example.com",
    "<pat@example.com>",
    "mailto:pat@example.com",
    "pat_1@example.com",
]
SECRETS = [
    "Bearer cl_admin_0123456789abcdefghij",
    "cl_provider_abcdefghijklmnop-_0123",
    "SK0123456789abcdef0123456789abcdef",
    "Basic QUMwMTIzNDU2Nzg5Og==",
    "pin=123456",
    "pin: 1234",
    "Digits=987654",
    "code=123456",
    "password=correct-horse",
    "token=abc",
    "postgresql://consultline:hunter-2@127.0.0.1:5432/consultline",
]
KEPT = [
    "6f9619ff-8b86-4011-b42d-00c04fc964ff",
    "12345678-1234-1234-1234-123456789012",
    "CA1b2c3d4e5f60718293a4b5c6d7e8f901",
    "AC01234567890123456789012345678901",
    "SM00112233445566778899aabbccddeeff",
    "2026-11-24T19:59:02Z",
    "2026-11-24T19:59:02.123456+00:00",
    "2026-11-24 19:59:02+00:00",
    "2026-11-24T14:59-05:00",
    "/twilio/voice/menu/6f9619ff-8b86-4011-b42d-00c04fc964ff?n=1",
    "answered 12 of 200 in 35.25 ms",
    "error 30003",
    "Tue, 24 Nov 2026 19:59:02 +0000",
]


def digits_of(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


@pytest.mark.parametrize("spelling", sorted(set(SPELLINGS)))
def test_f43_a_number_in_any_spelling_is_masked(spelling: str) -> None:
    for around in ("{}", "caller {} refused", "From={}&To=x", "['{}']", "x{}y", "2026-11-24T19:59:02Z {}"):
        masked = mask_text(around.format(spelling))

        assert "0123" not in masked
        assert "555" not in masked


@settings(deadline=None)
@given(
    st.from_regex(r"\+1[2-9]\d{9}", fullmatch=True),
    st.lists(
        st.sampled_from([" ", "-", ".", "(", ")", " (", ") ", "/", "\u2011", "%20", "+"]), min_size=11, max_size=11
    ),
)
def test_f43_a_number_with_anything_between_its_digits_is_masked(number: str, between: list[str]) -> None:
    apart = "".join(d + gap for d, gap in zip(number, [*between, ""], strict=True))

    assert len(digits_of(mask_text(f"from {apart} refused"))) < 7


@pytest.mark.parametrize("address", ADDRESSES)
def test_f43_a_mail_address_is_masked(address: str) -> None:
    for around in ("{}", "to {}, at last", "email={}", "{{'to': '{}'}}"):
        masked = mask_text(around.format(address))

        for part in ("pat", "Pat", "jos", "Brien", "example"):
            assert part not in masked


@pytest.mark.parametrize("secret", SECRETS)
def test_f43_a_secret_is_masked(secret: str) -> None:
    for around in ("{}", "sent {} to us", "({})"):
        masked = mask_text(around.format(secret))

        for part in ("0123456789", "abcdef", "QUMw", "1234", "9876", "horse", "=abc", "hunter"):
            assert part not in masked


@pytest.mark.parametrize("text", KEPT)
def test_ids_and_instants_survive(text: str) -> None:
    for around in ("{}", "call {} ended", "{} {}"):
        assert mask_text(around.format(text, text)) == around.format(text, text)


def test_an_id_beside_a_number_survives_it() -> None:
    assert mask_text("6f9619ff-8b86-4011-b42d-00c04fc964ff +12125550123 2026-11-24T19:59:02Z") == (
        "6f9619ff-8b86-4011-b42d-00c04fc964ff [number] 2026-11-24T19:59:02Z"
    )


@pytest.mark.parametrize(
    "text",
    ["one\r\ntwo", "one\ntwo", "one\x0btwo", "one\x0ctwo", "one\x1etwo", "one\x85two", "one\u2028two", "one\u2029two"],
)
def test_f34_a_log_line_stays_one_line(text: str) -> None:
    masked = mask_text(text)

    assert masked.splitlines() == [masked]
    assert masked.startswith("one\\")
    assert masked.endswith("two")


def test_f34_a_log_line_gives_no_orders_to_a_terminal() -> None:
    assert mask_text("\x1b[31m\x07\x9b31m\x00") == "\\x1b[31m\\x07\\x9b31m\\x00"


@settings(deadline=None)
@given(st.text(st.characters(), max_size=60))
def test_any_text_can_be_logged(text: str) -> None:
    masked = mask_text(text + "\ud800\udfff")

    masked.encode()
    assert masked.splitlines() in ([masked], [])
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", masked)


def test_a_long_text_is_masked_quickly() -> None:
    began = process_time()

    for hostile in ("a" * 100_000, "1 " * 50_000, "a.b-" * 25_000, "pin=" * 25_000, "://" * 30_000, "(" * 100_000):
        mask_text(hostile)

    assert process_time() - began < 3


# Entries


def masked(**entry: Any) -> Mapping[str, Any]:
    return mask(None, "info", dict(entry))


@pytest.mark.parametrize(
    "key",
    [
        *("name", "first_name", "client_name", "phone", "dial_phone", "number", "client_number", "caller", "callee"),
        *("email", "mail", "address", "note", "text", "body", "token", "secret", "api_secret", "password", "pin"),
        *("digits", "code_typed", "from", "to", "authorization", "cookie", "from_"),
        *(
            "From",
            "To",
            "Caller",
            "Called",
            "CallerName",
            "FromCity",
            "ToZip",
            "firstName",
            "CallToken",
            "StirPassportToken",
        ),
        *("X-From", "PHONE"),
    ],
)
def test_what_a_key_says_is_private_is_not_looked_at(key: str) -> None:
    assert masked(**{key: "Casey"}) == {key: "[private]"}
    assert masked(inner={key: ["Casey"]}) == {"inner": {key: "[private]"}}


@pytest.mark.parametrize(
    "key", ["event", "logger", "path", "route", "call", "reason", "status", "CallSid", "tone", "bodies", "format"]
)
def test_other_keys_are_looked_at(key: str) -> None:
    assert masked(**{key: "voice.standby"}) == {key: "voice.standby"}


class Somebody:
    def __str__(self) -> str:
        return "Casey <casey@example.com>, 212-555-0123"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("+12125550123", "[number]"),
        (["212.555.0123"], ["[number]"]),
        (("a", {"b": "pat@example.com"}), ["a", {"b": "[mail]"}]),
        ({"+12125550123": "x"}, {"[number]": "x"}),
        (frozenset({"5550123"}), ["[number]"]),
        (ValueError("no call from +12125550123"), "no call from [number]"),
        (Somebody(), "Casey <[mail]>, [number]"),
        (b"+12125550123", "[bytes]"),
        (12125550123, "[number]"),
        (5550123, "[number]"),
        (2125550123.0, "[number]"),
        (UUID("12345678-1234-1234-1234-123456789012"), "12345678-1234-1234-1234-123456789012"),
        (999_999, 999_999),
        (-3, -3),
        (35.25, 35.25),
        (True, True),
        (None, None),
    ],
)
def test_f43_a_value_of_any_kind_is_masked(value: object, expected: object) -> None:
    assert masked(found=value) == {"found": expected}


def test_flags_stay_flags_whatever_they_are_called() -> None:
    assert masked(has_pin=True, phone=None) == {"has_pin": True, "phone": None}


# The whole pipeline, as a process of its own writes it

PROGRAM = """
import logging, sys, structlog
from config.logging import configure

configure(production=sys.argv[1] == "production")
log, old = structlog.get_logger("bridge.webhooks"), logging.getLogger("asyncio")
structlog.contextvars.bind_contextvars(request_id="12345678-1234-1234-1234-123456789012")
for canary in sys.argv[2:]:
    log.info("voice.seen", found=canary, caller=canary, inner=[{"x": canary}, (canary,)])
    log.warning("voice " + canary)
    old.warning("slow callback for %s", canary)
    try:
        raise ValueError(canary)
    except ValueError:
        log.exception("voice.failed", found=canary)
        old.exception("failed for %s", canary)
log.info("voice.ended", call="6f9619ff-8b86-4011-b42d-00c04fc964ff", talk_s=312)
log.info("sur\\udc80rogate \\u2028 one\\r\\ntwo")
logging.getLogger("twilio.http_client").info("BEGIN Twilio API Request")
"""


@pytest.fixture(scope="module", params=["production", "development"])
def written(request: pytest.FixtureRequest) -> tuple[str, list[str]]:
    """Return how it was configured, and the lines that a process wrote about every canary."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, request.param, *SPELLINGS, *ADDRESSES, *SECRETS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == ""
    return request.param, ended.stderr.split("\n")


def test_f43_a_process_writes_no_canary(written: tuple[str, list[str]]) -> None:
    _, lines = written
    text = re.sub(r"\d{4}-\d{2}-\d{2}T[\d:.]+Z", "", "\n".join(lines))  # whose digits are chance

    for canary in (*SPELLINGS, *ADDRESSES, *SECRETS):
        assert canary not in text
    for part in (
        "555",
        "0123",
        "Pat",
        "jos",
        "hunter",
        "horse",
        "Traceback (most recent call last)\n",
        "--- Logging error",
    ):
        assert part not in text.replace("00c04fc964ff", "")


def test_a_process_writes_one_line_for_each_entry(written: tuple[str, list[str]]) -> None:
    how, lines = written
    canaries = len([*SPELLINGS, *ADDRESSES, *SECRETS])

    assert lines[-1] == ""
    traces = 0 if how == "production" else 2  # the console shows a trace on a line of its own
    assert len(lines) - 1 == canaries * (5 + traces) + 2
    assert "6f9619ff-8b86-4011-b42d-00c04fc964ff" in lines[-3]
    if how == "production":
        entries = [json.loads(line) for line in lines[:-1]]
        assert {entry["request_id"] for entry in entries} == {"12345678-1234-1234-1234-123456789012"}
        assert entries[-2]["talk_s"] == 312
        assert {entry["level"] for entry in entries} == {"info", "warning", "error"}
        assert all(entry["timestamp"].endswith("Z") for entry in entries)
        assert "ValueError" in entries[3]["exception"]
        assert "ValueError" in entries[4]["exception"]


def test_what_a_query_carries_is_masked_as_well() -> None:
    query = urlencode({"From": "+12125550123", "To": "(212) 555-0124", "Email": "pat@example.com", "Digits": "123456"})

    assert mask_text(f"/twilio/voice?{query}") == "/twilio/voice?From=[number]&To=[number]&Email=[mail]&[token]"
