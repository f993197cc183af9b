"""Twilio's words in both directions: its recordings are read, its library agrees with what is written."""

import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.twiml.messaging_response import MessagingResponse  # type: ignore[import-untyped]
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse  # type: ignore[import-untyped]

from bridge.carriers import twilio
from bridge.rules import speech
from bridge.values import (
    FINAL,
    AskCode,
    AskPin,
    Attestation,
    CarrierName,
    Choice,
    Connect,
    Decline,
    Detail,
    Fact,
    FactSource,
    Greet,
    Heard,
    InboundCall,
    Menu,
    Reason,
    Route,
)
from config.errors import BadInput
from config.phones import CallerId, CallerKind, Unusable
from people.values import Language

RECORDINGS = {
    path.stem: json.loads(path.read_text()) for path in (Path(__file__).parents[2] / "recordings").glob("*.json")
}
NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
SID, CHILD, TEXT = (
    "CA1b2c3d4e5f60718293a4b5c6d7e8f901",
    "CAf0e1d2c3b4a5968778695a4b3c2d1e0f",
    "SM00112233445566778899aabbccddeeff",
)
LINE, PROVIDER, CLIENT = "+12125550180", "+12125550101", "+12125550142"
CALL_ID = UUID("6f9619ff-8b86-4011-b42d-00c04fc964ff")

# --- what comes in ---


def parse_call(params: twilio.Params) -> InboundCall:
    return twilio.parse_call(params, carrier=CarrierName.TWILIO, arrived_at=NOW)


def inbound(attestation: Attestation) -> InboundCall:
    return InboundCall(
        carrier=CarrierName.TWILIO,
        sid=SID,
        line=LINE,
        caller=CallerId(CallerKind.NUMBER, PROVIDER),
        attestation=attestation,
        arrived_at=NOW,
    )


def leg(event: Heard, sequence: int, duration_s: int | None = None) -> Fact:
    return Fact(
        source=FactSource.LEG,
        leg=CHILD,
        event=event,
        sequence=sequence,
        at=datetime(2026, 11, 24, 19, 59, 2, tzinfo=UTC),
        duration_s=duration_s,
    )


def dialled(event: Heard, *, of: str = CHILD, duration_s: int | None = None, bridged: bool | None = False) -> Fact:
    return Fact(
        source=FactSource.ACTION,
        leg=of,
        event=event,
        sequence=0,
        at=None,
        duration_s=duration_s,
        bridged=bridged,
    )


READ: list[tuple[str, Callable[[twilio.Params], object], object]] = [
    ("voice", parse_call, inbound(Attestation.PASSED_A)),
    ("voice-unattested", parse_call, inbound(Attestation.NONE)),
    ("redirect", parse_call, inbound(Attestation.NONE)),
    ("gather", parse_call, inbound(Attestation.NONE)),
    ("fallback", parse_call, inbound(Attestation.PASSED_A)),
    ("fallback", twilio.failed_at, "/twilio/voice"),
    ("fallback-later", parse_call, inbound(Attestation.NONE)),
    ("fallback-later", twilio.failed_at, "/twilio/voice/dialled/a1b2"),
    ("leg-initiated", twilio.parse_leg, leg(Heard.INITIATED, 0)),
    ("leg-ringing", twilio.parse_leg, leg(Heard.RINGING, 1)),
    ("leg-answered", twilio.parse_leg, leg(Heard.ANSWERED, 2)),
    ("leg-completed", twilio.parse_leg, leg(Heard.COMPLETED, 3, 312)),
    ("leg-completed-unanswered", twilio.parse_leg, leg(Heard.NO_ANSWER, 2, 0)),
    ("dial-action", twilio.parse_dialled, dialled(Heard.COMPLETED, duration_s=312, bridged=True)),
    ("dial-action-unanswered", twilio.parse_dialled, dialled(Heard.NO_ANSWER)),
    ("dial-action-undialled", twilio.parse_dialled, dialled(Heard.FAILED, of=SID)),
    (
        "ended",
        twilio.parse_ended,
        Fact(
            source=FactSource.ENDED,
            leg=SID,
            event=Heard.COMPLETED,
            sequence=0,
            at=datetime(2026, 11, 24, 20, 4, 20, tzinfo=UTC),
            duration_s=313,
        ),
    ),
    ("text", twilio.parse_text, twilio.InboundText(TEXT, PROVIDER, LINE, "YES")),
    ("text-status", twilio.parse_receipt, twilio.Receipt(TEXT, None, None)),
    ("text-status-delivered", twilio.parse_receipt, twilio.Receipt(TEXT, True, None)),
    ("text-status-failed", twilio.parse_receipt, twilio.Receipt(TEXT, False, "30008")),
    ("text-status-undelivered", twilio.parse_receipt, twilio.Receipt(TEXT, False, "30003")),
]


@pytest.mark.parametrize(
    ("recording", "read", "expected"), READ, ids=lambda told: told if isinstance(told, str) else ""
)
def test_a_recording_is_read(recording: str, read: Callable[[twilio.Params], object], expected: object) -> None:
    body = urlencode(RECORDINGS[recording]["params"]).encode()

    assert expected == read(dict(twilio.read_form(body)))


def test_every_recording_of_a_request_is_read() -> None:
    assert {name for name, _, _ in READ} == {name for name, told in RECORDINGS.items() if "params" in told}


def test_a_recording_of_the_rest_api_says_what_became_of_a_call() -> None:
    assert twilio.rest_status(RECORDINGS["rest-call"]["body"]["status"]) is Heard.COMPLETED


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("queued", None),
        ("initiated", Heard.INITIATED),
        ("ringing", Heard.RINGING),
        ("in-progress", Heard.ANSWERED),
        ("completed", Heard.COMPLETED),
        ("busy", Heard.BUSY),
        ("no-answer", Heard.NO_ANSWER),
        ("failed", Heard.FAILED),
        ("canceled", Heard.CANCELED),
        ("something-new", None),
        ("", None),
    ],
)
def test_a_status_has_one_meaning(status: str, expected: Heard | None) -> None:
    assert twilio.rest_status(status) is expected


@pytest.mark.parametrize("status", ["answered", "completed"])
def test_a_dial_that_was_answered_is_over_when_its_action_is_asked(status: str) -> None:
    fact = twilio.parse_dialled({"CallSid": SID, "DialCallStatus": status, "DialBridged": "true"})

    assert fact.event is Heard.COMPLETED
    assert fact.event in FINAL


@pytest.mark.parametrize(
    ("told", "expected"),
    [({}, None), ({"DialBridged": "true"}, True), ({"DialBridged": "false"}, False), ({"DialBridged": ""}, False)],
)
def test_whether_they_were_joined_is_told_or_not(told: dict[str, str], expected: bool | None) -> None:
    assert twilio.parse_dialled({"CallSid": SID, "DialCallStatus": "completed", **told}).bridged is expected


@pytest.mark.parametrize(
    ("verstat", "expected"),
    [
        (None, Attestation.NONE),
        ("", Attestation.NONE),
        ("NULL", Attestation.NONE),
        ("No-TN-Validation", Attestation.NONE),
        ("TN-Validation-Passed-A", Attestation.PASSED_A),
        ("TN-Validation-Passed-B", Attestation.PASSED_B),
        ("TN-Validation-Passed-C", Attestation.PASSED_C),
        ("TN-Validation-Passed-A-Diverted", Attestation.PASSED_A),
        ("TN-Validation-Passed-C-Passthrough", Attestation.PASSED_C),
        ("TN-Validation-Passed-D", Attestation.NONE),
        ("TN-Validation-Passed-", Attestation.NONE),
        ("TN-Validation-Passed-AB", Attestation.NONE),
        ("TN-Validation-Failed", Attestation.FAILED),
        ("TN-Validation-Failed-A", Attestation.FAILED),
        ("TN-Validation-Failed-B", Attestation.FAILED),
        ("TN-Validation-Failed-C", Attestation.FAILED),
        ("TN-Validation-Failed-A-Diverted", Attestation.FAILED),
        ("TN-Validation-Failed-something-new", Attestation.FAILED),
        ("\x00", Attestation.NONE),
    ],
)
def test_f26_what_the_carriers_vouch_for(verstat: str | None, expected: Attestation) -> None:
    params = {"CallSid": SID, "To": LINE, "From": PROVIDER}

    call = parse_call(params if verstat is None else {**params, "StirVerstat": verstat})

    assert call.attestation is expected


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        ("Anonymous", CallerKind.WITHHELD),
        ("", CallerKind.WITHHELD),
        ("+266696687", CallerKind.WITHHELD),
        ("+17378742833", CallerKind.WITHHELD),
        ("sip:+12125550101@example.com", CallerKind.SIP),
        ("client:12125550101", CallerKind.CLIENT),
        ("+1212555010\x00", CallerKind.INVALID),
        ("'; DROP TABLE calls; --", CallerKind.WITHHELD),
        ("+1 212 555 0101", CallerKind.INVALID),
    ],
)
def test_f27_a_caller_without_a_number_has_none(sender: str, kind: CallerKind) -> None:
    assert parse_call({"CallSid": SID, "To": LINE, "From": sender}).caller == CallerId(kind)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put this machine into a zone of its own."""
    with monkeypatch.context() as within:
        within.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("Tue, 24 Nov 2026 19:59:02 +0000", datetime(2026, 11, 24, 19, 59, 2, tzinfo=UTC)),
        ("Tue, 24 Nov 2026 19:59:02 GMT", datetime(2026, 11, 24, 19, 59, 2, tzinfo=UTC)),
        ("Tue, 24 Nov 2026 14:59:02 -0500", datetime(2026, 11, 24, 19, 59, 2, tzinfo=UTC)),
        # Of no told zone: UTC, and never this machine's own
        ("Tue, 24 Nov 2026 19:59:02 -0000", datetime(2026, 11, 24, 19, 59, 2, tzinfo=UTC)),
        ("Tue, 24 Nov 2026 19:59:02", datetime(2026, 11, 24, 19, 59, 2, tzinfo=UTC)),
        # F19: a leap second
        ("Thu, 31 Dec 2026 23:59:60 +0000", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("Thu, 31 Dec 2026 18:59:60 -0500", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)),
        # Nonsense
        *(
            (nonsense, None)
            for nonsense in (
                "",
                "yesterday",
                "2026-11-24T19:59:02Z",
                "Tue, 24 Nov 2026 25:00:00 +0000",
                "Tue, 24 Nov 2026 23:59:61 +0000",
                "Tue, 31 Nov 2026 19:59:02 +0000",
                "Tue, 24 Nov 99999 19:59:02 +0000",
                "Fri, 31 Dec 9999 23:59:59 -1200",
                "Tue, 24 Nov 2026 19:59:02 +9999",
                "1795550342",
                "\x00",
                "9" * 5000,
            )
        ),
    ],
)
def test_f19_the_carriers_instants(elsewhere: None, told: str, expected: datetime | None) -> None:
    fact = twilio.parse_leg({"CallSid": CHILD, "CallStatus": "ringing", "Timestamp": told})

    assert fact.at == expected
    assert fact.at is None or fact.at.tzinfo is UTC


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("0", 0),
        ("312", 312),
        ("0312", 312),
        ("999999999", 999_999_999),
        *(
            (nonsense, None)
            for nonsense in ("", "-5", "+5", "3.5", "1e3", " 5", "٣", "NaN", "9" * 10, "9" * 5000, "5\x00")
        ),
    ],
)
def test_f32_the_carriers_figures(told: str, expected: int | None) -> None:
    """What comes out fits into a column of four bytes, whatever came in."""
    fact = twilio.parse_leg({"CallSid": CHILD, "CallStatus": "completed", "CallDuration": told, "SequenceNumber": told})

    assert fact.duration_s == expected
    assert fact.sequence == (expected or 0)


def test_minutes_are_not_taken_for_seconds() -> None:
    assert twilio.parse_leg({"CallSid": CHILD, "CallStatus": "completed", "Duration": "6"}).duration_s is None


NO_SID = ["", "x" * 65, "CA\x00", "CA\n", "CAé", "CA\x7f"]


@pytest.mark.parametrize("sid", NO_SID)
@pytest.mark.parametrize(
    ("read", "name"),
    [
        (parse_call, "CallSid"),
        (twilio.parse_leg, "CallSid"),
        (twilio.parse_ended, "CallSid"),
        (twilio.parse_text, "MessageSid"),
        (twilio.parse_receipt, "MessageSid"),
    ],
)
def test_f32_an_id_that_is_none_is_said_to_be(read: Callable[[twilio.Params], object], name: str, sid: str) -> None:
    with pytest.raises(BadInput) as told:
        read({name: sid, "CallStatus": "ringing"})

    assert [problem.where for problem in told.value.problems] == [name]


@pytest.mark.parametrize("sid", NO_SID[1:])
def test_f32_the_leg_of_an_action_is_an_id_as_well(sid: str) -> None:
    with pytest.raises(BadInput) as told:
        twilio.parse_dialled({"CallSid": SID, "DialCallSid": sid, "DialCallStatus": "completed"})

    assert [problem.where for problem in told.value.problems] == ["DialCallSid"]


@pytest.mark.parametrize("status", ["", "queued", "something-new", "COMPLETED", "\x00"])
def test_f32_an_unknown_status_is_said_to_be(status: str) -> None:
    with pytest.raises(BadInput):
        twilio.parse_leg({"CallSid": CHILD, "CallStatus": status})


@pytest.mark.parametrize(
    ("code", "expected"),
    [("30003", "30003"), ("", None), ("\x00", None), ("3" * 21, None), ("3 or 4", None), ("é", None)],
)
def test_an_error_code_is_a_code(code: str, expected: str | None) -> None:
    receipt = twilio.parse_receipt({"MessageSid": TEXT, "MessageStatus": "undelivered", "ErrorCode": code})

    assert receipt == twilio.Receipt(TEXT, False, expected)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *(
            (status, None)
            for status in ("accepted", "scheduled", "queued", "sending", "sent", "partially_delivered", "", "new")
        ),
        ("delivered", True),
        ("read", True),
        ("undelivered", False),
        ("failed", False),
        ("canceled", False),
    ],
)
def test_only_final_states_of_a_text_say_something(status: str, expected: bool | None) -> None:
    assert twilio.parse_receipt({"MessageSid": TEXT, "MessageStatus": status}).delivered is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://voice.example.com/twilio/voice", "/twilio/voice"),
        ("https://voice.example.com/twilio/voice/pin/a1b2?n=2", "/twilio/voice/pin/a1b2"),
        ("https://voice.example.com/twilio/voice#rc=3", "/twilio/voice"),
        ("https://voice.example.com", "/"),
        ("", "/"),
        ("\x00", "/"),
    ],
)
def test_which_address_had_failed(url: str, expected: str) -> None:
    assert twilio.failed_at({"ErrorUrl": url}) == expected


def test_a_long_text_is_cut() -> None:
    assert len(twilio.parse_text({"MessageSid": TEXT, "From": PROVIDER, "To": LINE, "Body": "x" * 9999}).body) == 1600


# What forms are made of, F32

text_of_forms = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(deadline=None)
@given(st.lists(st.tuples(text_of_forms, text_of_forms), max_size=20))
def test_a_form_is_read_as_it_was_written(told: list[tuple[str, str]]) -> None:
    body = urlencode(told).encode()

    assert twilio.read_form(body) == told


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text("%&=+;ab0F\x00ÿ", max_size=60).map(str.encode))
def test_f32_any_bytes_are_a_form_or_bad_input(body: bytes) -> None:
    try:
        form = twilio.read_form(body)
    except BadInput:
        return
    assert form == parse_qsl(body.decode(), keep_blank_values=True)
    for name, value in form:
        (name + value).encode()  # no half characters


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", []),
        (b"Body=", [("Body", "")]),
        (b"Body", [("Body", "")]),
        (b"Body=a+b%20c%2B", [("Body", "a b c+")]),
        (b"Body=%zz%", [("Body", "%zz%")]),
        (b"Body=%00", [("Body", "\x00")]),
        (b"Body=a;b", [("Body", "a;b")]),
        (b"a=1&a=2&&a=1", [("a", "1"), ("a", "2"), ("a", "1")]),
        (b"Body=%C3%A9", [("Body", "é")]),
    ],
)
def test_odd_forms(body: bytes, expected: list[tuple[str, str]]) -> None:
    assert expected == twilio.read_form(body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"Body=%FF", id="no UTF-8, encoded"),
        pytest.param(b"Body=\xff", id="no UTF-8"),
        pytest.param("Body=é".encode(), id="not encoded"),
        pytest.param(b"&".join(b"a%d=1" % n for n in range(201)), id="201 fields"),
        pytest.param(b"&".join(b"a%d=1" % n for n in range(10_000)), id="10,000 fields"),
        pytest.param(b"&" * 100_000, id="100,000 empty fields"),
    ],
)
def test_f32_what_is_no_form(body: bytes) -> None:
    with pytest.raises(BadInput):
        twilio.read_form(body)


def test_two_hundred_fields_are_a_form() -> None:
    assert len(twilio.read_form(b"&".join(b"a%d=1" % n for n in range(200)))) == 200


NAMES = sorted(set(chain.from_iterable(told["params"] for told in RECORDINGS.values() if "params" in told)))
values = st.text(max_size=30) | st.sampled_from(
    [
        *("completed", "no-answer", "in-progress", "true", "312", "9" * 100, SID, CHILD, TEXT, LINE, PROVIDER),
        *("Tue, 24 Nov 2026 19:59:02 +0000", "Thu, 31 Dec 2026 23:59:60 +0000", "TN-Validation-Failed-A"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), values))
def test_f32_any_parameters_are_read_or_bad_input(params: dict[str, str]) -> None:
    for read in (parse_call, *(read for _, read, _ in READ)):
        try:
            found = read(params)
        except BadInput:
            continue
        if isinstance(found, Fact):
            assert found.leg.isascii()
            assert 0 < len(found.leg) <= 64
            assert found.at is None or found.at.tzinfo is UTC
            assert found.duration_s is None or 0 <= found.duration_s < 2**31


# --- what goes out ---

BASE = "https://voice.example.com"
TOLD = twilio.Telling(base=BASE, ring_s=20, time_limit_s=14400)
NEW_YORK = "America/New_York"
LOCALES = {Language.ENGLISH: "en-US", Language.SPANISH: "es-US"}
instants = st.integers(-(10**6), 10**6).map(lambda s: NOW + timedelta(seconds=s))
languages = st.sampled_from(Language)
zones = st.sampled_from([NEW_YORK, "Australia/Lord_Howe", "Asia/Kolkata"])
connects = st.builds(
    Connect,
    provider_id=st.uuids(),
    appointment_id=st.uuids(),
    occurrence=st.integers(1, 9),
    caller_id=st.sampled_from([PROVIDER, "+13475550199"]),
    client_number=st.sampled_from([CLIENT, "+16465550100"]),
    language=languages,
)
menus = st.builds(
    Menu,
    provider_id=st.uuids(),
    choices=st.lists(st.builds(Choice, st.sampled_from("123456789"), st.uuids(), instants), min_size=2, max_size=9).map(
        tuple
    ),
    language=languages,
    timezone=zones,
    step=st.integers(1, 3),
)
asked = st.builds(AskPin, language=languages, step=st.integers(1, 3)) | st.builds(
    AskCode, language=languages, step=st.integers(1, 3)
)
greets = st.builds(Greet, provider_id=st.uuids(), language=languages, timezone=zones, opens_at=st.none() | instants)
declines = st.builds(
    Decline,
    reason=st.sampled_from(Reason),
    language=languages,
    provider_id=st.none() | st.uuids(),
    appointment_id=st.none() | st.uuids(),
    timezone=st.none() | zones,
    at=st.none() | instants,
    detail=st.none() | st.sampled_from(Detail) | st.sampled_from(Unusable),
)
routes: st.SearchStrategy[Route] = st.one_of(connects, menus, asked, greets, declines)


def document(route: Route, call_id: UUID = CALL_ID, now: datetime = NOW) -> str:
    return twilio.render(route, call_id, TOLD, now)


def by_the_library(route: Route, call_id: UUID, now: datetime) -> str:
    """Write the same document with the carrier's own library."""
    response = VoiceResponse()
    step = "#ct=2000&rt=5000&tt=12000&rc=2&rp=ct,rt,5xx"
    base = f"{BASE}/twilio/voice"
    if isinstance(route, Connect):
        dial = Dial(
            action=f"{base}/dialled/{call_id}{step}",
            answer_on_bridge=True,
            caller_id=route.caller_id,
            time_limit=14400,
            timeout=20,
        )
        dial.number(
            route.client_number,
            status_callback=f"{base}/leg/{call_id}#rc=3&rp=ct,rt,5xx",
            status_callback_event="initiated ringing answered completed",
        )
        response.append(dial)
        return str(response)
    language, said = LOCALES[route.language], speech.sentence(route, now)
    if isinstance(route, Menu | AskPin | AskCode):
        name, digits = {Menu: ("menu", 1), AskPin: ("pin", 6), AskCode: ("code", 6)}[type(route)]
        gather = Gather(
            action=f"{base}/{name}/{call_id}?n={route.step}{step}", input="dtmf", num_digits=digits, timeout=10
        )
        gather.say(said, language=language)
        response.append(gather)
        said = speech.NOTHING_KEYED[route.language]
    response.say(said, language=language)
    response.hangup()
    return str(response)


@settings(max_examples=300, deadline=None)
@given(routes, st.uuids(), instants)
def test_a_document_is_what_the_carriers_library_writes(route: Route, call_id: UUID, now: datetime) -> None:
    ours, theirs = document(route, call_id, now), by_the_library(route, call_id, now)

    assert ET.canonicalize(ours) == ET.canonicalize(theirs)


def test_small_documents_are_what_the_carriers_library_writes() -> None:
    over, empty, text = VoiceResponse(), VoiceResponse(), MessagingResponse()
    over.hangup()
    text.message("Reply YES & <NO>")

    assert ET.canonicalize(twilio.hang_up()) == ET.canonicalize(str(over))
    assert ET.canonicalize(twilio.nothing()) == ET.canonicalize(str(empty))
    assert ET.canonicalize(twilio.reply("Reply YES & <NO>")) == ET.canonicalize(str(text))
    assert twilio.reply("") == twilio.nothing()


# All that may ever stand in a document; a verb or an attribute that is not listed here is a failure.
MAY_STAND = {
    "Response": set[str](),
    "Dial": {"action", "answerOnBridge", "callerId", "timeLimit", "timeout"},
    "Number": {"statusCallback", "statusCallbackEvent"},
    "Gather": {"action", "input", "numDigits", "timeout"},
    "Say": {"language"},
    "Hangup": set[str](),
}
LISTENS = re.compile(
    r"record|stream|transcri|siprec|machinedetection|amd|speech|<start|<connect|<conference|<play", re.IGNORECASE
)
OPAQUE = re.compile(
    r"https://voice\.example\.com/twilio/voice/(dialled|leg|menu|pin|code)/"
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(\?n=\d)?"
)
RULES_OF_REQUESTS = re.compile(r"((ct|rt|tt)=\d{1,5}|rc=[0-5]|rp=(4xx|5xx|ct|rt|all)(,(4xx|5xx|ct|rt|all))*)(&|\Z)")


@settings(max_examples=500, deadline=None)
@given(routes, st.uuids(), instants)
def test_no_document_listens_and_no_address_tells_of_a_person(route: Route, call_id: UUID, now: datetime) -> None:
    written = document(route, call_id, now)
    root = ET.fromstring(written)
    elements = list(root.iter())

    assert root.tag == "Response"
    assert len(written.encode()) < 64 * 1024
    assert not LISTENS.search(written)
    for element in elements:
        assert set(element.attrib) <= MAY_STAND[element.tag]
    addresses = [v for e in elements for v in e.attrib.values() if "://" in v]
    for address in addresses:
        named, _, told = address.partition("#")
        assert OPAQUE.fullmatch(named)
        assert str(call_id) in named
        assert RULES_OF_REQUESTS.sub("", told) == ""
    others = [v for e in elements for k, v in e.attrib.items() if k != "callerId" and v not in addresses]
    said = [e.text or "" for e in elements if e.tag == "Say"]
    for told in (*others, *said):
        assert not re.search(r"\d{7,}|\d{3}.{0,2}\d{4}", told.replace("14400", ""))
    for sentence in said:
        assert sentence.strip()
        assert len(sentence) <= 4096


@settings(deadline=None)
@given(connects, st.uuids())
def test_a_connection_dials_first_and_shows_the_providers_number(route: Connect, call_id: UUID) -> None:
    root = ET.fromstring(document(route, call_id))
    (dial,) = list(root)
    (number,) = list(dial)

    assert dial.tag == "Dial"
    assert dial.attrib["callerId"] == route.caller_id
    assert dial.attrib["answerOnBridge"] == "true"
    assert dial.attrib["timeLimit"] == "14400"
    assert dial.attrib["timeout"] == "20"
    assert number.text == route.client_number
    assert set(number.attrib["statusCallbackEvent"].split()) == {
        "initiated",
        "ringing",
        "answered",
        "completed",
    }


@settings(deadline=None)
@given(menus | asked | greets | declines)
def test_nothing_else_dials(route: Route) -> None:
    root = ET.fromstring(document(route))

    assert not list(root.iter("Dial"))
    assert root[-1].tag == "Hangup"
    assert {say.attrib["language"] for say in root.iter("Say")} == {LOCALES[route.language]}


HOSTILE = ['"/><Record/><x a="', "</Number></Dial><Record/>", "&amp;", "<![CDATA[", "'", "]]>", "+1212\n5550142"]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_f34_no_value_can_become_a_verb(hostile: str) -> None:
    route = Connect(
        provider_id=CALL_ID,
        appointment_id=CALL_ID,
        occurrence=1,
        caller_id=hostile,
        client_number=hostile,
        language=Language.ENGLISH,
    )
    root = ET.fromstring(document(route))

    assert [e.tag for e in root.iter()] == ["Response", "Dial", "Number"]
    assert root[0][0].text == hostile
    assert root[0].attrib["callerId"] == hostile
    assert ET.fromstring(twilio.reply(hostile))[0].text == hostile
    assert ET.fromstring(twilio.say(hostile, Language.SPANISH))[0].text == hostile


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("language", Language)
def test_every_refusal_is_spoken_in_both_languages(reason: Reason, language: Language) -> None:
    route = Decline(reason=reason, language=language, timezone=NEW_YORK, at=NOW + timedelta(minutes=11))
    root = ET.fromstring(document(route))

    assert [e.tag for e in root] == ["Say", "Hangup"]
    assert root[0].attrib == {"language": LOCALES[language]}
    assert root[0].text == speech.sentence(route, NOW)


def test_addresses_are_below_the_configured_base() -> None:
    told = twilio.Telling(base="http://127.0.0.1:8080/line", ring_s=5, time_limit_s=60)
    route = Connect(
        provider_id=CALL_ID,
        appointment_id=CALL_ID,
        occurrence=1,
        caller_id=PROVIDER,
        client_number=CLIENT,
        language=Language.ENGLISH,
    )
    dial = ET.fromstring(twilio.render(route, CALL_ID, told, NOW))[0]

    assert urlsplit(dial.attrib["action"]).path == f"/line/twilio/voice/dialled/{CALL_ID}"
    assert (dial.attrib["timeout"], dial.attrib["timeLimit"]) == ("5", "60")


def read(name: str) -> Any:
    return ET.fromstring((Path(__file__).parents[2] / "recordings" / name).read_text())


def test_a_connection_is_built_as_the_carriers_example() -> None:
    theirs = read("dial.xml")
    ours = ET.fromstring(
        document(
            Connect(
                provider_id=CALL_ID,
                appointment_id=CALL_ID,
                occurrence=1,
                caller_id=PROVIDER,
                client_number=CLIENT,
                language=Language.ENGLISH,
            )
        )
    )

    assert [e.tag for e in ours.iter()] == [e.tag for e in theirs.iter()]
    for mine, shown in zip(ours.iter(), theirs.iter(), strict=True):
        assert set(mine.attrib) <= set(shown.attrib)
