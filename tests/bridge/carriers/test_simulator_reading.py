"""What the simulated carrier signs, reads and refuses, without a network."""

import re
from pathlib import Path
from typing import Any

import pytest
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from twilio.twiml import voice_response  # type: ignore[import-untyped]

from bridge.carriers.simulator import payloads, twiml
from bridge.carriers.simulator.calls import pressed
from bridge.carriers.simulator.signing import signature, signed_url
from bridge.carriers.simulator.values import CarrierFault, Mischief
from bridge.carriers.simulator.wire import overrides

RECORDINGS = Path(__file__).parents[2] / "recordings"
URL = "https://voice.example.com/twilio/voice"


# Signatures


@pytest.mark.parametrize(
    ("url", "params", "expected"),
    [
        (
            "https://example.com/myapp.php?foo=1&bar=2",
            [
                ("CallSid", "CA1234567890ABCDE"),
                ("Caller", "+14158675310"),
                ("Digits", "1234"),
                ("From", "+14158675310"),
                ("To", "+18005551212"),
            ],
            "L/OH5YylLD5NRKLltdqwSvS0BnU=",
        ),
        (
            "https://mycompany.com/myapp.php?foo=1&bar=2",
            [
                ("CallSid", "CA1234567890ABCDE"),
                ("Caller", "+14158675309"),
                ("Digits", "1234"),
                ("From", "+14158675309"),
                ("To", "+18005551212"),
            ],
            "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        ),
        (
            "https://mycompany.com/myapp.php?foo=1&bar=2",
            [
                ("Sid", "CA123"),
                ("SidAccount", "AC123"),
                ("Digits", "5678"),
                ("Digits", "1234"),
                ("Digits", "1234"),
            ],
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        ),
    ],
)
def test_the_documented_vectors(url: str, params: list[tuple[str, str]], expected: str) -> None:
    assert signature("12345", url, params) == expected


@pytest.mark.parametrize("params", [{}, {"b": "", "a": "ü€ +&=", "B": "2"}, {"From": "+12125550101", "Z": " "}])
def test_the_signature_equals_the_carriers_library(params: dict[str, str]) -> None:
    oracle: Any = RequestValidator("a token")
    assert signature("a token", URL, params.items()) == oracle.compute_signature(URL, params)


@pytest.mark.parametrize(
    ("url", "voice", "signed"),
    [
        ("https://user:pass@example.com:8443/x?a=1&b=%20#rc=2", True, "https://example.com/x?a=1&b=%20"),
        ("https://example.com:443/x", True, "https://example.com/x"),
        ("http://127.0.0.1:8080/x#rt=500", True, "http://127.0.0.1:8080/x"),
        ("http://user@example.com/x/", True, "http://example.com/x/"),
        ("https://[::1]:8443/x", True, "https://[::1]/x"),
        ("https://user:pass@example.com:8443/x#rc=2", False, "https://example.com:8443/x"),
        ("http://example.com:81/x", False, "http://example.com:81/x"),
    ],
)
def test_what_of_a_url_is_signed(url: str, signed: str, *, voice: bool) -> None:
    assert signed_url(url, voice=voice) == signed


# Connection overrides


def test_the_documented_defaults() -> None:
    limits = overrides(URL)
    assert (limits.connect_s, limits.read_s, limits.total_s, limits.retries) == (5, 15, 15, 1)
    assert limits.policy == {"ct"}


def test_a_fragment_overrides_them() -> None:
    limits = overrides(f"{URL}#ct=2000&rt=5000&tt=12000&rc=2&rp=ct,rt,5xx&e=ashburn")
    assert (limits.connect_s, limits.read_s, limits.total_s, limits.retries) == (2, 5, 12, 2)
    assert limits.policy == {"ct", "rt", "5xx"}


@pytest.mark.parametrize(
    ("fragment", "code"),
    [("tt=15001", 11100), ("rc=6", 11100), ("ct=99", 11100), ("rt=soon", 11100), ("rp=6xx", 11243)],
)
def test_overrides_outside_of_the_documented_limits(fragment: str, code: int) -> None:
    with pytest.raises(CarrierFault) as fault:
        overrides(f"{URL}#{fragment}")
    assert fault.value.code == code


# Documents


def read(document: str, content_type: str = "text/xml") -> tuple[twiml.Verb, ...]:
    return twiml.read_voice(document.encode(), content_type, URL)


def recorded(name: str) -> str:
    return (RECORDINGS / name).read_text()


@pytest.mark.parametrize("path", sorted(RECORDINGS.glob("*.xml")), ids=lambda path: path.name)
def test_a_recorded_document_names_its_source(path: Path) -> None:
    head = re.search(r"<!--(.*?)-->", path.read_text(), re.DOTALL)
    assert head is not None
    assert re.search(r"source: https://\S+", head[1])
    assert "inferred: " in head[1]


def test_the_recorded_dial() -> None:
    assert read(recorded("dial.xml")) == (
        twiml.Dial(
            number="+12125550142",
            action="https://voice.example.com/twilio/voice/dialled/a1b2#rc=3&rp=ct,rt,5xx",
            caller_id="+12125550101",
            timeout=20,
            time_limit=14_400,
            answer_on_bridge=True,
            status_callback="https://voice.example.com/twilio/voice/leg/a1b2",
            events=frozenset({"initiated", "ringing", "answered", "completed"}),
        ),
    )


def test_the_recorded_gather() -> None:
    assert read(recorded("gather.xml")) == (
        twiml.Gather(
            action="https://voice.example.com/twilio/voice/menu/a1b2",
            timeout=7,
            num_digits=1,
            finish_on_key="#",
            nested=(
                twiml.Say(text="Para Ana, pulse uno.", language="es-MX"),
                twiml.Pause(length=1),
                twiml.Say(text="Para Luis, pulse dos.", language="es-MX"),
            ),
        ),
        twiml.Say(text="No se pulsó ninguna tecla.", language="es-MX"),
        twiml.Redirect(url="https://voice.example.com/twilio/voice"),
    )


def test_the_recorded_rejection_and_replies() -> None:
    assert read(recorded("reject.xml")) == (twiml.Reject(reason="busy"),)
    replies = twiml.read_text(recorded("text-reply.xml").encode(), "application/xml", URL)
    assert replies == ("Thank you.", "See the portal for the rest.")


def test_what_the_carriers_library_renders_is_understood() -> None:
    response: Any = voice_response.VoiceResponse()
    dial: Any = voice_response.Dial(caller_id="+12125550101", timeout=20, answer_on_bridge=True, action="/dialled")
    dial.number("+12125550142", status_callback="/leg", status_callback_event="initiated completed")
    response.append(dial)
    (verb,) = read(str(response))
    assert isinstance(verb, twiml.Dial)
    assert (verb.number, verb.timeout, sorted(verb.events)) == (
        "+12125550142",
        20,
        ["completed", "initiated"],
    )


def test_the_documented_defaults_of_verbs() -> None:
    dial, gather, pause = read("<Response><Dial>+12125550142</Dial><Gather/><Pause/></Response>")
    assert dial == twiml.Dial(
        number="+12125550142",
        action=None,
        caller_id=None,
        timeout=30,
        time_limit=14_400,
        answer_on_bridge=False,
        status_callback=None,
        events=frozenset({"completed"}),
    )
    assert gather == twiml.Gather(action=URL, timeout=5, num_digits=None, finish_on_key="#", nested=())
    assert pause == twiml.Pause(length=1)


def test_speech_markup_is_heard_as_words() -> None:
    (say,) = read('<Response><Say>You called <say-as interpret-as="time">2:59</say-as><break/>.</Say></Response>')
    assert say == twiml.Say(text="You called 2:59.")


def test_plain_text_is_read_aloud() -> None:
    assert read("502 Bad Gateway", "text/plain") == (twiml.Say(text="502 Bad Gateway"),)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("", 12100),
        ("<Response>", 12100),
        ("\n<?xml version='1.0'?><Response/>", 12100),
        ("<!DOCTYPE x [<!ENTITY y 'z'>]><Response/>", 12100),
        ("<html/>", 12102),
        ("<Response>Hello</Response>", 12200),
        ("<Response><say>Hello</say></Response>", 12200),
        ("<Response><Say loop='2'>Hello</Say></Response>", 12200),
        ("<Response><Say><Dial/></Say></Response>", 12200),
        ("<Response><Say/></Response>", 13520),
        (f"<Response><Say>{'x' * 4097}</Say></Response>", 13521),
        ("<Response><Play>https://example.com/a.mp3</Play></Response>", 12200),
        ("<Response><Record/></Response>", 12200),
        ("<Response><Start><Stream url='wss://example.com'/></Start></Response>", 12200),
        ("<Response><Start><Transcription/></Start></Response>", 12200),
        ("<Response><Dial record='record-from-answer'>+12125550142</Dial></Response>", 12200),
        ("<Response><Dial><Number machineDetection='Enable'>+12125550142</Number></Dial></Response>", 12200),
        (
            "<Response><Dial><Number>+12125550142</Number><Number>+12125550143</Number></Dial></Response>",
            12200,
        ),
        ("<Response><Dial><Conference>room</Conference></Dial></Response>", 13215),
        ("<Response><Dial timeout='4'>+12125550142</Dial></Response>", 13212),
        ("<Response><Dial timeLimit='14401'>+12125550142</Dial></Response>", 13216),
        ("<Response><Dial method='GET'>+12125550142</Dial></Response>", 12200),
        (
            "<Response><Dial><Number statusCallbackEvent='queued'>+12125550142</Number></Dial></Response>",
            12200,
        ),
        ("<Response><Gather><Hangup/></Gather></Response>", 13320),
        ("<Response><Gather numDigits='0'/></Response>", 13314),
        ("<Response><Gather timeout='-1'/></Response>", 13313),
        ("<Response><Gather finishOnKey='12'/></Response>", 13310),
        ("<Response><Gather input='speech'/></Response>", 13326),
        ("<Response><Pause length='0'/></Response>", 13910),
        ("<Response><Reject reason='tired'/></Response>", 12200),
        ("<Response><Message>Hello</Message></Response>", 12200),
    ],
)
def test_what_the_carrier_refuses(document: str, code: int) -> None:
    with pytest.raises(CarrierFault) as fault:
        read(document)
    assert fault.value.code == code


def test_a_document_of_another_type() -> None:
    with pytest.raises(CarrierFault) as fault:
        read("{}", "application/json")
    assert fault.value.code == 12300


def test_the_longest_sentence_may_be_said() -> None:
    assert read(f"<Response><Say>{'x' * 4096}</Say></Response>")


# Keys


@pytest.mark.parametrize(
    ("keys", "attributes", "taken"),
    [
        ("2", "numDigits='1'", ("2", "")),
        ("23", "numDigits='1'", ("2", "")),
        ("1234#", "", ("1234", "#")),
        ("1234", "", ("1234", "")),
        ("12*3", "finishOnKey='*'", ("12", "*")),
        ("12#3", "finishOnKey='' numDigits='4'", ("12#3", "")),
        ("#", "", ("", "#")),
        ("", "numDigits='1'", ("", "")),
    ],
)
def test_what_a_gather_takes(keys: str, attributes: str, taken: tuple[str, str]) -> None:
    (gather,) = read(f"<Response><Gather {attributes}/></Response>")
    assert isinstance(gather, twiml.Gather)
    assert pressed(keys, gather) == taken


# Texts


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("YES", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("ñ" * 160, 1),
        ("á" * 70, 1),
        ("á" * 71, 2),
    ],
)
def test_how_many_short_messages_a_text_takes(body: str, count: int) -> None:
    assert payloads.segments(body) == count


def test_mischief_with_a_misspelled_callback_is_refused() -> None:
    with pytest.raises(ValueError, match="anwsered"):
        Mischief(lose=frozenset({"anwsered"}))
