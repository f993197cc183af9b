"""The simulated carrier's REST API, asked by the carrier's own client."""

import asyncio
import inspect
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from twilio.base.exceptions import (  # type: ignore[import-untyped]
    TwilioException,
    TwilioRestException,
)
from twilio.http.async_http_client import AsyncTwilioHttpClient  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]
from twilio.rest.api.v2010.account.call import CallInstance  # type: ignore[import-untyped]
from twilio.rest.api.v2010.account.incoming_phone_number import (  # type: ignore[import-untyped]
    IncomingPhoneNumberInstance,
)
from twilio.rest.api.v2010.account.message import MessageInstance  # type: ignore[import-untyped]

from bridge.carriers.simulator import (
    Account,
    Fate,
    Mischief,
    RestFailure,
    Simulator,
    Webhooks,
    rest,
)

# The carrier's client gives aiohttp 3 an auth argument that aiohttp 4 will not take.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

RECORDINGS = Path(__file__).parents[2] / "recordings"
ACCOUNT = Account(sid="AC0123456789abcdef0123456789abcdef", auth_token="a token of sixteen", keys={"SK01": "a secret"})
PROVIDER, LINE, CLIENT = "+12125550101", "+12125550180", "+12125550142"


@dataclass
class World:
    """The carrier with its API, a service that it reports to, and the carrier's own client."""

    simulator: Simulator
    client: Any
    http: aiohttp.ClientSession
    api: str
    service: str
    now: datetime
    told: list[str] = field(default_factory=list)

    async def send(self, body: str = "Did it take place?", **more: Any) -> Any:
        return await self.client.messages.create_async(to=PROVIDER, from_=LINE, body=body, **more)

    async def get(self, path: str, **query: str) -> Any:
        """Ask without the client, to see the body as it is."""
        auth = aiohttp.BasicAuth(ACCOUNT.sid, ACCOUNT.auth_token)
        url = f"{self.api}/2010-04-01/Accounts/{ACCOUNT.sid}{path}.json"
        async with self.http.get(url, params=query, auth=auth) as response:
            return await response.json()


def ids() -> Callable[[], UUID]:
    numbers = iter(range(1, 10_000))
    return lambda: UUID(int=next(numbers))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made: World
    told: list[str] = []

    async def service(request: web.Request) -> web.Response:
        params = await request.post()
        if request.path == "/voice":
            dial = f'<Dial answerOnBridge="true"><Number>{CLIENT}</Number></Dial>'
            return web.Response(body=f"<Response>{dial}</Response>", content_type="text/xml")
        told.append(str(params.get("MessageStatus", "")))
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/{path:.*}", service)
    async with (
        TestServer(app) as there,
        aiohttp.ClientSession() as http,
        AsyncTwilioHttpClient() as twilio_http,
    ):
        base = str(there.make_url("")).rstrip("/")
        simulator = Simulator(
            http,
            account=ACCOUNT,
            webhooks=Webhooks(voice_url=f"{base}/voice"),
            now=lambda: made.now,
            new_id=ids(),
        )
        async with TestServer(rest(simulator)) as api:
            client: Any = Client(ACCOUNT.sid, ACCOUNT.auth_token, http_client=twilio_http)
            client.api.base_url = str(api.make_url("")).rstrip("/")
            made = World(
                simulator=simulator,
                client=client,
                http=http,
                api=client.api.base_url,
                service=base,
                now=datetime(2026, 11, 24, 20, 0, tzinfo=UTC),
                told=told,
            )
            yield made
            await simulator.settle()


# Messages


async def test_a_text_is_taken_and_told(world: World) -> None:
    sent = await world.send(status_callback=f"{world.service}/text/status")
    assert (sent.status, sent.direction, sent.num_segments, sent.date_sent) == (
        "queued",
        "outbound-api",
        "1",
        None,
    )
    assert re.fullmatch("SM[0-9a-f]{32}", sent.sid)
    await world.simulator.settle()
    assert world.told == ["sent", "delivered"]
    fetched = await world.client.messages(sent.sid).fetch_async()
    assert (fetched.status, fetched.body, fetched.date_sent) == ("delivered", "Did it take place?", world.now)


async def test_a_text_that_is_not_delivered(world: World) -> None:
    world.simulator.book.fates[PROVIDER] = Fate(status="undelivered", error_code=30003, callbacks=("undelivered",))
    sent = await world.send(status_callback=f"{world.service}/text/status")
    await world.simulator.settle()
    fetched = await world.client.messages(sent.sid).fetch_async()
    assert (world.told, fetched.status, fetched.error_code) == (["undelivered"], "undelivered", 30003)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"to": "5550101"}, 21211),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"from_": ""}, 21603),
        ({"to": ""}, 21604),
        ({"from_": "+12125550199"}, 21606),
    ],
)
async def test_texts_that_are_not_taken(world: World, wanted: dict[str, str], code: int) -> None:
    world.simulator.book.add_number(LINE)
    with pytest.raises(TwilioRestException) as refusal:
        await world.client.messages.create_async(**{"to": PROVIDER, "from_": LINE, "body": "Hello", **wanted})
    assert (refusal.value.status, refusal.value.code) == (400, code)
    assert world.simulator.book.messages == {}


async def test_who_opted_out_gets_no_text(world: World) -> None:
    await world.simulator.text(PROVIDER, LINE, "STOP")
    with pytest.raises(TwilioRestException) as refusal:
        await world.send()
    assert refusal.value.code == 21610
    await world.simulator.text(PROVIDER, LINE, "START")
    assert (await world.send()).status == "queued"


async def test_a_text_is_looked_up(world: World) -> None:
    first = await world.send("first")
    world.now += timedelta(minutes=5)
    second = await world.send("second")
    await world.client.messages.create_async(to=CLIENT, from_=LINE, body="to another")
    find = world.client.messages.list_async
    assert [found.sid for found in await find(to=PROVIDER)] == [second.sid, first.sid]
    assert [found.body for found in await find(to=PROVIDER, date_sent_after=world.now)] == ["second"]
    before = world.now - timedelta(minutes=1)
    assert [found.body for found in await find(to=PROVIDER, date_sent_before=before)] == ["first"]
    assert len(await find(date_sent=world.now.date())) == 3
    assert await find(date_sent=world.now.date() + timedelta(days=1)) == []
    assert await find(from_=CLIENT) == []


async def test_a_long_list_comes_in_pages(world: World) -> None:
    sent = [await world.send(f"number {number}") for number in range(5)]
    found = await world.client.messages.list_async(to=PROVIDER, page_size=2)
    assert [one.sid for one in found] == [one.sid for one in reversed(sent)]
    assert len(await world.client.messages.list_async(limit=3)) == 3
    page = await world.get("/Messages", PageSize="2", Page="1", To=PROVIDER)
    assert (page["start"], page["end"], len(page["messages"])) == (2, 3, 2)
    assert re.search(r"To=%2B12125550101&PageSize=2&Page=0$", page["previous_page_uri"])


# Calls


async def test_a_call_and_its_leg(world: World) -> None:
    call = await world.simulator.dial(PROVIDER, LINE, talk_s=312, mischief=Mischief(lose=frozenset({"completed"})))
    parent = await world.client.calls(call.sid).fetch_async()
    assert (parent.status, parent.duration, parent.direction) == ("completed", "312", "inbound")
    assert parent.stir_verstat == "TN-Validation-Passed-A"
    (child,) = await world.client.calls.list_async(parent_call_sid=call.sid)
    assert (child.sid, child.to, child.parent_call_sid) == (call.child_sid, CLIENT, call.sid)
    assert child.end_time - child.start_time == timedelta(seconds=6 + 312)


async def test_a_call_that_lives(world: World) -> None:
    seen: list[Any] = []

    async def look() -> None:
        seen.extend(await world.client.calls.list_async())

    call = await world.simulator.dial(PROVIDER, LINE, while_talking=look)
    assert [(found.sid, found.status, found.duration, found.end_time) for found in seen] == [
        (call.child_sid, "in-progress", None, None),
        (call.sid, "in-progress", None, None),
    ]


async def test_calls_are_found_by_time_and_status(world: World) -> None:
    await world.simulator.dial(PROVIDER, LINE)
    find = world.client.calls.list_async
    assert len(await find(status="completed", start_time_after=world.now, to=LINE)) == 1
    assert await find(start_time_after=world.now + timedelta(minutes=1)) == []
    assert await find(status="busy") == []


# Numbers


async def test_a_number_is_set_up(world: World) -> None:
    world.simulator.book.add_number("+12125550181")
    world.simulator.book.add_number(LINE)
    (number,) = await world.client.incoming_phone_numbers.list_async(phone_number=LINE)
    assert (number.voice_url, number.voice_application_sid, number.trunk_sid) == (None, None, None)
    await world.client.incoming_phone_numbers(number.sid).update_async(
        voice_url=f"{world.service}/voice",
        voice_caller_id_lookup=True,
        status_callback=f"{world.service}/ended",
    )
    again = await world.client.incoming_phone_numbers(number.sid).fetch_async()
    assert (again.voice_url, again.voice_caller_id_lookup, again.sms_url) == (
        f"{world.service}/voice",
        True,
        None,
    )
    call = await world.simulator.dial(PROVIDER, LINE)
    assert [exchange.url for exchange in call.sent("ended")] == [f"{world.service}/ended"]


async def test_a_fallback_without_a_first_address(world: World) -> None:
    number = world.simulator.book.add_number(LINE)
    with pytest.raises(TwilioRestException) as refusal:
        await world.client.incoming_phone_numbers(number.sid).update_async(voice_fallback_url="https://example.com")
    assert refusal.value.code == 21405
    assert number.settings["voice_fallback_url"] is None


# Who asks


@pytest.mark.parametrize(("user", "password", "status"), [("SK01", "a secret", 200), ("SK01", "guess", 401)])
async def test_a_key_opens_the_account(world: World, user: str, password: str, status: int) -> None:
    url = f"{world.api}/2010-04-01/Accounts/{ACCOUNT.sid}.json"
    async with world.http.get(url, auth=aiohttp.BasicAuth(user, password)) as response:
        assert response.status == status
        assert (await response.json()).get("code") == (None if status == 200 else 20003)


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic !"}])
async def test_nobody_asks_without_a_name(world: World, header: dict[str, str]) -> None:
    url = f"{world.api}/2010-04-01/Accounts/{ACCOUNT.sid}/Calls.json"
    async with world.http.get(url, headers=header) as response:
        assert response.status == 401


@pytest.mark.parametrize("path", ["/Calls/CA00", "/Messages/SM00", "/IncomingPhoneNumbers/PN00", "/Recordings"])
async def test_what_is_not_there(world: World, path: str) -> None:
    assert (await world.get(path))["code"] == 20404


async def test_another_account_is_not_there(world: World) -> None:
    auth = aiohttp.BasicAuth(ACCOUNT.sid, ACCOUNT.auth_token)
    async with world.http.get(f"{world.api}/2010-04-01/Accounts/AC00/Calls.json", auth=auth) as response:
        assert response.status == 404


@pytest.mark.parametrize("query", [{"DateSent>": "soon"}, {"Page": "x"}])
async def test_a_question_that_makes_no_sense(world: World, query: dict[str, str]) -> None:
    await world.send()
    assert (await world.get("/Messages", **query))["code"] == 20001


# Failures


@pytest.mark.parametrize(("status", "code"), [(500, 20500), (429, 20429), (400, 21610), (503, 20503)])
async def test_a_scripted_error(world: World, status: int, code: int) -> None:
    world.simulator.book.fail_next(RestFailure(status=status, code=code))
    with pytest.raises(TwilioRestException) as failure:
        await world.send()
    assert (failure.value.status, failure.value.code) == (status, code)
    assert world.simulator.book.messages == {}
    assert (await world.send()).status == "queued"


async def test_several_errors_in_a_row(world: World) -> None:
    world.simulator.book.fail_next(times=2)
    for _ in range(2):
        with pytest.raises(TwilioException):  # of lists the client tells no code
            await world.client.calls.list_async()
    assert await world.client.calls.list_async() == []


@pytest.mark.parametrize("took_it", [True, False])
async def test_an_answer_that_is_lost(world: World, *, took_it: bool) -> None:
    world.simulator.book.fail_next(RestFailure(status=0, took_it=took_it))
    with pytest.raises(aiohttp.ClientError):
        await world.send(status_callback=f"{world.service}/text/status")
    await world.simulator.settle()
    found = await world.client.messages.list_async(to=PROVIDER, date_sent_after=world.now)
    assert [message.status for message in found] == (["delivered"] if took_it else [])
    assert world.told == (["sent", "delivered"] if took_it else [])


async def test_an_error_after_the_text_was_taken(world: World) -> None:
    world.simulator.book.fail_next(RestFailure(status=500, took_it=True))
    with pytest.raises(TwilioRestException) as failure:
        await world.send()
    assert failure.value.status == 500
    assert len(world.simulator.book.messages) == 1


async def test_an_answer_that_never_comes(world: World) -> None:
    world.simulator.book.fail_next(RestFailure(status=None))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await world.send()
    assert world.simulator.book.messages == {}


# Recordings


def shape(value: Any) -> Any:
    """The names and types of a JSON value; the keys of `subresource_uris` vary with the account."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else type(value).__name__


def fits(answer: Any, recorded: Any) -> bool:
    """Tell whether two shapes are one, where null may stand for any type."""
    if isinstance(answer, dict) and isinstance(recorded, dict):
        return answer.keys() == recorded.keys() and all(fits(answer[name], recorded[name]) for name in answer)
    if isinstance(answer, list) and isinstance(recorded, list):
        return all(fits(one, recorded[0]) for one in answer)
    return answer == recorded or "NoneType" in {answer, recorded}


async def test_the_answers_are_as_recorded(world: World) -> None:
    created = await world.http.post(
        f"{world.api}/2010-04-01/Accounts/{ACCOUNT.sid}/Messages.json",
        data={"To": PROVIDER, "From": LINE, "Body": "Hello"},
        auth=aiohttp.BasicAuth(ACCOUNT.sid, ACCOUNT.auth_token),
    )
    await world.simulator.settle()
    number = world.simulator.book.add_number(LINE, Webhooks(voice_url=f"{world.service}/voice"))
    call = await world.simulator.dial(PROVIDER, LINE)
    message = next(iter(world.simulator.book.messages))
    answers = {
        "rest-message-created": await created.json(),
        "rest-message": await world.get(f"/Messages/{message}"),
        "rest-messages": await world.get("/Messages"),
        "rest-call": await world.get(f"/Calls/{call.child_sid}"),
        "rest-calls": await world.get("/Calls"),
        "rest-number": await world.get(f"/IncomingPhoneNumbers/{number.sid}"),
        "rest-numbers": await world.get("/IncomingPhoneNumbers"),
        "rest-error": await world.get("/Calls/CA00"),
    }
    assert created.status == 201
    read = {path.stem: json.loads(path.read_text())["body"] for path in RECORDINGS.glob("rest-*.json")}
    assert read.keys() == answers.keys()
    for name, answer in answers.items():
        assert fits(shape(answer), shape(read[name])), name


@pytest.mark.parametrize(
    ("instance", "recording"),
    [
        (MessageInstance, "rest-message"),
        (CallInstance, "rest-call"),
        (IncomingPhoneNumberInstance, "rest-number"),
    ],
)
def test_the_recordings_have_what_the_carriers_client_reads(instance: Any, recording: str) -> None:
    reads = set(re.findall(r'payload\.get\(\s*"(\w+)"', inspect.getsource(instance)))
    known = json.loads((RECORDINGS / f"{recording}.json").read_text())["body"].keys()
    assert reads <= known
