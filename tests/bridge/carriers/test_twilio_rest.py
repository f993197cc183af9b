"""The carrier's REST API as the service uses it, held to the simulated carrier over real HTTP."""

import asyncio
import contextlib
import logging
import traceback
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from bridge.carriers.simulator import Account, Fate, Mischief, RestFailure, Simulator, Webhooks, rest
from bridge.carriers.simulator.values import MessageRecord
from bridge.carriers.twilio_codes import CODES, Meaning, refusal, suppression
from bridge.carriers.twilio_rest import NOWHERE, RestTexts, carrier
from config.deps import CarrierUnreachable, Handover, Taken, Telephone, Texts
from config.errors import Refused
from config.settings import Settings
from people.values import SuppressionReason
from tests.clock import START, Clock

ACCOUNT = Account(sid="AC" + "0123456789abcdef" * 2, auth_token="a-token", keys={"SK01": "a-secret"})
LINES = ("+12125550180", "+12125550181")
PROVIDER, CLIENT = "+12125550110", "+12125550120"
NOTICE = UUID("5b3f6a52-6f1a-4a63-9a55-0d4f3e1c0b7a")
BODY = "Consultline: Did your consultation take place?"
MARGIN = timedelta(minutes=1)


@dataclass
class World:
    """The simulated carrier with its API, and the two classes that speak to it."""

    simulator: Simulator
    telephone: Telephone
    texts: Texts
    settings: Settings
    clock: Clock
    api: str

    async def send(self, **changes: Any) -> Handover:
        told: dict[str, Any] = {"to": PROVIDER, "body": BODY, "notice": NOTICE, "valid_s": 3600, **changes}
        handover: Handover = await self.texts.send(**told)
        await self.simulator.settle()
        return handover

    async def find(self, body: str = BODY, *, to: str = PROVIDER) -> str | None:
        return await self.texts.find(to=to, body=body, since=START - MARGIN)

    @property
    def only(self) -> MessageRecord:
        (message,) = self.simulator.book.messages.values()
        return message


def ids(first: int = 1) -> Any:
    numbers = iter(range(first, first + 10_000))
    return lambda: UUID(int=next(numbers))


def settings_for(api: str, service: str, **changes: Any) -> Settings:
    told: dict[str, Any] = {
        "database_url": "postgresql://127.0.0.1/nothing",
        "redis_url": "redis://127.0.0.1/0",
        "public_url": service,
        "secret_key": "a-secret-for-tests-that-is-long-enough",
        "twilio_account_sid": ACCOUNT.sid,
        "twilio_auth_tokens": ("a-token",),
        "twilio_api_url": api,
        "lines": LINES,
    }
    return Settings(**{**told, **changes})


@pytest.fixture
async def world() -> AsyncIterator[World]:
    receipts = web.Application()
    receipts.router.add_post("/twilio/text/status/{notice}", _receipt)
    clock = Clock()
    async with contextlib.AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        simulator = Simulator(http, account=ACCOUNT, webhooks=Webhooks(voice_url=""), now=clock, new_id=ids())
        for line in LINES:
            simulator.book.add_number(line)
        api = await stack.enter_async_context(TestServer(rest(simulator)))
        service = await stack.enter_async_context(TestServer(receipts))
        settings = settings_for(str(api.make_url("")), str(service.make_url("")))
        telephone, texts = await stack.enter_async_context(carrier(settings, connect_within_s=1, answer_within_s=1))
        yield World(simulator, telephone, texts, settings, clock, str(api.make_url("")))


async def _receipt(request: web.Request) -> web.Response:
    return web.Response(status=204)


# A text is handed over


async def test_a_text_goes_from_the_first_line_and_its_fate_is_reported(world: World) -> None:
    handover = await world.send()
    message = world.only
    assert handover == Handover(Taken.YES, reference=message.sid)
    assert (message.from_, message.to, message.body) == (LINES[0], PROVIDER, BODY)
    base = world.settings.carrier_base
    assert message.status_callback == f"{base}/twilio/text/status/{NOTICE}#rc=3&rp=ct,rt,5xx"
    assert [report.params["MessageStatus"] for report in world.simulator.book.reports] == ["sent", "delivered"]


@pytest.mark.parametrize(("wanted", "told"), [(90, "90"), (0, "1"), (-5, "1"), (99_999, "36000")])
async def test_a_text_has_an_end_to_its_validity(wanted: int, told: str, listener: "Listener") -> None:
    await listener.texts.send(to=PROVIDER, body=BODY, notice=NOTICE, valid_s=wanted)
    assert listener.seen["ValidityPeriod"] == told


async def test_a_key_opens_the_api_where_one_is_set(world: World) -> None:
    told = {"twilio_api_key": "SK01", "twilio_api_secret": "a-secret", "twilio_auth_tokens": ("another",)}
    settings = settings_for(world.api, world.settings.public_url, **told)
    async with carrier(settings) as (telephone, _):
        assert await telephone.probe()


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (RestFailure(status=500), Handover(Taken.UNKNOWN, code="20500")),
        (RestFailure(status=503, code=20503), Handover(Taken.UNKNOWN, code="20503")),
        (RestFailure(status=429, code=20429), Handover(Taken.NO, code="20429")),
        (RestFailure(status=401, code=20003), Handover(Taken.NO, code="20003")),
        (RestFailure(status=400, code=21408), Handover(Taken.NEVER, code="21408")),
        (RestFailure(status=400, code=99999), Handover(Taken.NEVER, code="99999")),
        (RestFailure(status=0), Handover(Taken.UNKNOWN, code="ServerDisconnectedError")),
        (RestFailure(status=None), Handover(Taken.UNKNOWN, code="SocketTimeoutError")),
        (RestFailure(status=500, took_it=True), Handover(Taken.UNKNOWN, code="20500")),
    ],
    ids=lambda value: f"{value.status}-{value.code}" if isinstance(value, RestFailure) else "",
)
async def test_what_the_api_says_decides(world: World, failure: RestFailure, expected: Handover) -> None:
    world.simulator.book.fail_next(failure)
    handover = await world.send()
    assert (handover.taken, handover.reference) == (expected.taken, None)
    assert len(world.simulator.book.messages) == failure.took_it
    if failure.status:
        assert handover == expected


async def test_who_opted_out_is_never_asked_again(world: World) -> None:
    await world.simulator.text(PROVIDER, LINES[0], "STOP")
    assert await world.send() == Handover(Taken.NEVER, code="21610")


async def test_nobody_at_the_address_means_surely_not_taken() -> None:
    settings = settings_for(f"http://127.0.0.1:{unused_port()}", "http://127.0.0.1:1")
    async with carrier(settings) as (telephone, texts):
        handover = await texts.send(to=PROVIDER, body=BODY, notice=NOTICE, valid_s=60)
        assert handover == Handover(Taken.NO, code="ClientConnectorError")
        assert not await telephone.probe()
        with pytest.raises(CarrierUnreachable):
            await texts.find(to=PROVIDER, body=BODY, since=START)


async def test_a_simulated_carrier_without_an_address_is_not_looked_for_at_the_real_one() -> None:
    settings = settings_for("http://127.0.0.1:1", "http://127.0.0.1:1", carrier="simulator", twilio_api_url=None)
    async with carrier(settings) as (_, texts):
        handover = await texts.send(to=PROVIDER, body=BODY, notice=NOTICE, valid_s=60)
        assert handover.taken is Taken.NO
        assert isinstance(texts, RestTexts)
        assert texts._client.api.base_url == NOWHERE


async def test_a_name_that_does_not_resolve_means_surely_not_taken() -> None:
    async with carrier(settings_for("http://carrier.invalid", "http://127.0.0.1:1")) as (_, texts):
        handover = await texts.send(to=PROVIDER, body=BODY, notice=NOTICE, valid_s=60)
    assert handover.taken is Taken.NO


# Answers that the simulated carrier does not give


@dataclass
class Listener:
    """Answers every request in one way, and keeps the last form and the number of requests."""

    texts: Texts
    telephone: Telephone
    status: int = 201
    body: str = "{}"
    count: int = 0
    seen: Mapping[str, str] = field(default_factory=dict)


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async def answer(request: web.Request) -> web.Response:
        made.seen = {name: str(value) for name, value in (await request.post()).items()}
        made.count += 1
        return web.Response(status=made.status, text=made.body, headers={"Location": "/elsewhere"})

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    async with TestServer(app) as server:
        settings = settings_for(str(server.make_url("")), "http://127.0.0.1:1")
        async with carrier(settings) as (telephone, texts):
            made = Listener(texts, telephone)
            yield made


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (502, "<html>Bad gateway</html>", Handover(Taken.UNKNOWN, code="502")),
        (504, "", Handover(Taken.UNKNOWN, code="504")),
        (429, "slow down", Handover(Taken.NO, code="429")),
        (400, '{"code": "text"}', Handover(Taken.NEVER, code="400")),
        (400, "[]", Handover(Taken.NEVER, code="400")),
        (302, "", Handover(Taken.UNKNOWN, code="302")),
        (201, "<html>", Handover(Taken.UNKNOWN, code="JSONDecodeError")),
        (201, '{"sid": "SM1", "status": "failed", "error_code": 30006}', Handover(Taken.NEVER, "SM1", "30006")),
        (201, '{"sid": "SM1", "status": "accepted"}', Handover(Taken.YES, "SM1")),
    ],
)
async def test_odd_answers_are_read_without_a_guess(
    listener: Listener, status: int, body: str, expected: Handover
) -> None:
    listener.status, listener.body = status, body
    handover = await listener.texts.send(to=PROVIDER, body=BODY, notice=NOTICE, valid_s=60)
    assert handover == expected
    assert listener.count == 1  # whatever came back, it was asked once


# A text is looked up


async def test_a_text_that_was_taken_without_a_word_is_found(world: World) -> None:
    world.simulator.book.fail_next(RestFailure(status=500, took_it=True))
    assert (await world.send()).taken is Taken.UNKNOWN
    assert await world.find() == world.only.sid


async def test_a_text_that_was_not_taken_is_not_found(world: World) -> None:
    world.simulator.book.fail_next(RestFailure(status=500))
    await world.send()
    assert await world.find() is None


async def test_another_text_another_person_and_an_older_one_are_not_it(world: World) -> None:
    await world.send()
    assert await world.find("Consultline: something else") is None
    assert await world.find(to=CLIENT) is None
    assert await world.texts.find(to=PROVIDER, body=BODY, since=START + MARGIN) is None


async def test_a_reply_of_the_same_words_is_not_it(world: World) -> None:
    await world.send()
    world.only.direction = "outbound-reply"
    assert await world.find() is None


@pytest.mark.parametrize("kept", [f"Sent from your trial account - {BODY}", ""], ids=["trial", "concealed"])
async def test_a_body_that_the_account_changed_is_it_all_the_same(world: World, kept: str) -> None:
    await world.send()
    world.only.body = kept
    assert await world.find() == world.only.sid


async def test_a_text_that_still_waits_at_the_carrier_is_found(world: World) -> None:
    await world.send()
    world.only.sent = None
    assert await world.find() == world.only.sid


@pytest.mark.parametrize("failure", [RestFailure(status=500), RestFailure(status=429), RestFailure(status=None)])
async def test_a_look_up_without_an_answer_is_no_answer(world: World, failure: RestFailure) -> None:
    await world.send()
    world.simulator.book.fail_next(failure)
    with pytest.raises(CarrierUnreachable):
        await world.find()


# Calls


async def test_a_call_and_its_legs_are_told(world: World) -> None:
    dial = f"<Response><Dial callerId='{LINES[0]}'><Number>{CLIENT}</Number></Dial></Response>"

    async def voice(_: web.Request) -> web.Response:
        return web.Response(text=dial, content_type="text/xml")

    app = web.Application()
    app.router.add_post("/voice", voice)
    async with TestServer(app) as service:
        number = world.simulator.book.number(LINES[0])
        assert number is not None
        number.settings["voice_url"] = str(service.make_url("/voice"))
        placed = await world.simulator.dial(PROVIDER, LINES[0], talk_s=62, mischief=Mischief())
    call = await world.telephone.call(placed.sid)
    assert call is not None
    assert (call.sid, call.parent_sid, call.status) == (placed.sid, None, "completed")
    (leg,) = await world.telephone.legs(placed.sid)
    assert (leg.parent_sid, leg.status, leg.duration_s) == (placed.sid, "completed", 62)
    assert leg.started_at is not None
    assert leg.ended_at is not None
    assert leg.ended_at.tzinfo is not None


async def test_a_call_that_the_carrier_does_not_know_is_none(world: World) -> None:
    assert await world.telephone.call("CA" + "0" * 32) is None
    assert await world.telephone.legs("CA" + "0" * 32) == []


async def test_a_call_that_cannot_be_asked_for_is_unreachable(world: World) -> None:
    world.simulator.book.fail_next(times=2)
    with pytest.raises(CarrierUnreachable):
        await world.telephone.call("CA" + "0" * 32)
    with pytest.raises(CarrierUnreachable):
        await world.telephone.legs("CA" + "0" * 32)


# The probe


async def test_the_probe_is_true_where_the_account_answers(world: World) -> None:
    assert await world.telephone.probe()


@pytest.mark.parametrize("failure", [RestFailure(status=500), RestFailure(status=0), RestFailure(status=None)])
async def test_the_probe_is_false_where_nothing_good_comes_back(world: World, failure: RestFailure) -> None:
    world.simulator.book.fail_next(failure, times=2)  # what only reads is asked a second time when the line drops
    assert not await world.telephone.probe()


@pytest.mark.parametrize(("body", "expected"), [('{"status": "active"}', True), ('{"status": "suspended"}', False)])
async def test_the_probe_is_false_where_the_account_is_suspended(
    listener: Listener, body: str, *, expected: bool
) -> None:
    listener.status, listener.body = 200, body
    assert await listener.telephone.probe() is expected


# How a number is set up


async def test_a_line_is_read_and_set_up_by_the_carriers_names(world: World) -> None:
    wanted = {
        "VoiceUrl": "https://voice.example.com/twilio/voice#rc=2",
        "VoiceMethod": "POST",
        "VoiceFallbackUrl": "https://other.example.com/twilio/voice/fallback",
        "StatusCallback": "https://voice.example.com/twilio/voice/ended",
        "SmsUrl": "https://voice.example.com/twilio/text",
        "VoiceCallerIdLookup": "false",
        "VoiceApplicationSid": "",
        "TrunkSid": "",
    }
    number = world.simulator.book.number(LINES[1])
    assert number is not None
    number.settings |= {"trunk_sid": "TK" + "0" * 32, "voice_caller_id_lookup": True}
    before = await world.telephone.line(LINES[1])
    assert before.found
    assert (before.settings["TrunkSid"], before.settings["VoiceCallerIdLookup"]) == ("TK" + "0" * 32, "true")
    await world.telephone.configure(LINES[1], wanted)
    after = await world.telephone.line(LINES[1])
    assert after.settings == {**before.settings, **wanted}
    other = world.simulator.book.number(LINES[0])
    assert other is not None
    assert other.settings["voice_url"] is None


async def test_a_number_of_somebody_else_is_not_ours_to_set_up(world: World) -> None:
    assert not (await world.telephone.line(CLIENT)).found
    with pytest.raises(Refused):
        await world.telephone.configure(CLIENT, {"VoiceUrl": "https://voice.example.com/"})


async def test_a_number_that_merely_contains_ours_is_not_ours(listener: Listener) -> None:
    """The carrier's filter is a pattern, so its list may hold more than was asked for."""
    listener.status = 200
    listener.body = (
        '{"incoming_phone_numbers": [{"sid": "PN1", "phone_number": "+121255501801"}], "next_page_uri": null}'
    )
    assert not (await listener.telephone.line(LINES[0])).found


# The table of codes


@pytest.mark.parametrize(
    ("code", "status", "meaning"),
    [
        (21610, 400, Meaning(Taken.NEVER, SuppressionReason.STOP)),
        (21614, 400, Meaning(Taken.NEVER, SuppressionReason.NOT_A_MOBILE)),
        (21211, 400, Meaning(Taken.NEVER)),
        (21612, 400, Meaning(Taken.NEVER)),
        (21408, 403, Meaning(Taken.NEVER)),
        (20429, 429, Meaning(Taken.NO)),
        (20003, 401, Meaning(Taken.NO)),
        (None, 429, Meaning(Taken.NO)),
        (None, 403, Meaning(Taken.NO)),
        (None, 400, Meaning(Taken.NEVER)),
        (12345, 409, Meaning(Taken.NEVER)),
        (20500, 500, Meaning(Taken.UNKNOWN)),
        (21610, 503, Meaning(Taken.UNKNOWN)),
        (None, 408, Meaning(Taken.UNKNOWN)),
        (None, 307, Meaning(Taken.UNKNOWN)),
    ],
)
def test_a_refusal_means(code: int | None, status: int, meaning: Meaning) -> None:
    assert refusal(status, code) == meaning


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("21610", SuppressionReason.STOP),
        ("30006", SuppressionReason.NOT_A_MOBILE),
        ("30005", SuppressionReason.UNREACHABLE),
        ("30003", None),  # only switched off, perhaps
        ("30007", None),
        ("99999", None),
        ("SocketTimeoutError", None),
        ("", None),
        (None, None),
        ("²", None),
    ],
)
def test_a_code_suppresses_a_number_only_where_no_text_can_ever_arrive(
    code: str | None, reason: SuppressionReason | None
) -> None:
    assert suppression(code) is reason


def test_no_code_of_the_table_claims_that_a_text_was_taken() -> None:
    assert {meaning.taken for meaning in CODES.values()} == {Taken.NO, Taken.NEVER}
    assert all(m.taken is Taken.NEVER for m in CODES.values() if m.suppress)


# What must never get out


async def test_neither_log_nor_exception_names_a_number(
    world: World, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    world.simulator.book.fates[PROVIDER] = Fate(callbacks=())
    await world.send()
    await world.find()
    failures = [RestFailure(status=400, code=21211), RestFailure(status=500), RestFailure(status=0)]
    for failure in failures:
        world.simulator.book.fail_next(failure)
        await world.send()
        world.simulator.book.fail_next(failure, times=1 if failure.status else 2)
        with pytest.raises(CarrierUnreachable) as told:
            await world.find()
        assert told.value.__context__ is None
        assert "55501" not in "".join(traceback.format_exception(told.value))
    ours = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]
    assert "55501" not in "".join(ours) + capsys.readouterr().out


async def test_a_cancelled_request_is_cancelled(world: World) -> None:
    world.simulator.book.fail_next(RestFailure(status=None))
    task = asyncio.create_task(world.find())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
