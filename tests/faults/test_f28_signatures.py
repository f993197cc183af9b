"""Who may speak to the carrier's door: forged, foreign and old signatures (F28, F30, F31)."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
from multidict import MultiDict
from sqlalchemy.ext.asyncio import AsyncSession

from app import deps as real
from bridge.carriers.simulator import Outcome
from config.settings import Settings, SettingsError, load
from tests.builders import World
from tests.clock import Clock
from tests.faults import kept, signed
from tests.faults.conftest import running
from tests.faults.signed import Poster
from tests.fixtures import ACCOUNT, LINES, TOKEN, Carrier

FORM = "application/x-www-form-urlencoded"
ROUTES = (
    "/twilio/voice",
    "/twilio/voice/menu/{id}?n=1",
    "/twilio/voice/pin/{id}?n=1",
    "/twilio/voice/code/{id}?n=1",
    "/twilio/voice/dialled/{id}",
    "/twilio/voice/leg/{id}",
    "/twilio/voice/ended",
    "/twilio/voice/fallback",
    "/twilio/text",
    "/twilio/text/status/{id}",
)


class Unchanged:
    """Holds the tables, and the folder of the journal, against what they were."""

    def __init__(self, session: AsyncSession, folder: Path) -> None:
        self._session, self._folder = session, folder
        self._before: tuple[dict[str, int], list[Path]] | None = None

    async def now(self) -> tuple[dict[str, int], list[Path]]:
        return await kept.counts(self._session), sorted(self._folder.rglob("*"))

    async def remember(self) -> None:
        self._before = await self.now()

    async def holds(self) -> bool:
        return await self.now() == self._before


@pytest.fixture
def unchanged(session: AsyncSession, settings: Settings) -> Unchanged:
    return Unchanged(session, settings.data_dir)


# --- F28: forged ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ROUTES)
async def test_f28_no_route_takes_what_is_not_signed(
    service: str, post: Poster, world: World, unchanged: Unchanged, route: str
) -> None:
    provider, _, _ = await world.consultation()
    path = route.format(id=uuid4())
    params = signed.call(provider.dial_phone or "", MessageSid=signed.sid("SM"), Digits="1", Body="YES")
    await unchanged.remember()

    for wrong in ("", "AAAA", "é", signed.signature(service + path, params, token="another-token")):
        answer = await post(path, params, headers={"X-Twilio-Signature": wrong})
        assert (answer.status, answer.body) == (403, "")

    assert await unchanged.holds()


Variant = Callable[[str, str, dict[str, str]], tuple[str, dict[str, str]]]
VARIANTS: Mapping[str, Variant] = {
    "another path": lambda base, path, params: (f"{base}{path}/fallback", params),
    "https for http": lambda base, path, params: (base.replace("http:", "https:") + path, params),
    "another port": lambda base, path, params: (f"{base.rsplit(':', 1)[0]}:1{path}", params),
    "no port": lambda base, path, params: (base.rsplit(":", 1)[0] + path, params),
    "another host": lambda base, path, params: (base.replace("127.0.0.1", "localhost") + path, params),
    "a slash at the end": lambda base, path, params: (f"{base}{path}/", params),
    "a query that is not there": lambda base, path, params: (f"{base}{path}?n=1", params),
    "a fragment": lambda base, path, params: (f"{base}{path}#rc=3", params),
    "a parameter less": lambda base, path, params: (base + path, {**params, "From": ""}),
    "a parameter more": lambda base, path, params: (base + path, {**params, "More": "1"}),
    "another value": lambda base, path, params: (base + path, {**params, "CallSid": signed.sid()}),
    "the letters of a name": lambda base, path, params: (
        base + path,
        {("from" if name == "From" else name): value for name, value in params.items()},
    ),
}


@pytest.mark.parametrize("variant", VARIANTS)
async def test_f28_a_signature_for_something_else_is_none(
    service: str, post: Poster, world: World, unchanged: Unchanged, variant: str
) -> None:
    provider, _, _ = await world.consultation()
    params = signed.call(provider.dial_phone or "")
    url, told = VARIANTS[variant](service, "/twilio/voice", params)
    await unchanged.remember()

    answer = await post("/twilio/voice", params, headers={"X-Twilio-Signature": signed.signature(url, told)})

    assert (answer.status, answer.body) == (403, "")
    assert await unchanged.holds()
    assert (await post("/twilio/voice", params)).dials  # nothing else was wrong with it


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "attacker.example.org"},
        {"X-Forwarded-Host": "attacker.example.org"},
        {"X-Forwarded-Proto": "https"},
        {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1;host=attacker.example.org;proto=https"},
        {"X-Original-URL": "/twilio/voice/ended", "X-HTTP-Method-Override": "GET"},
    ],
    ids=lambda headers: next(iter(headers)),
)
async def test_f28_what_a_caller_says_of_host_and_scheme_has_no_say(
    service: str, post: Poster, world: World, unchanged: Unchanged, headers: dict[str, str]
) -> None:
    """The address is the configured one: signed for that it is taken, for another that they claim it is not."""
    provider, _, _ = await world.consultation()
    params = signed.call(provider.dial_phone or "")
    claimed = ("https://" if "https" in str(headers) else "http://") + "attacker.example.org/twilio/voice"
    await unchanged.remember()

    assert (await post("/twilio/voice", params, signed_as=claimed, headers=headers)).status == 403
    assert await unchanged.holds()
    assert (await post("/twilio/voice", params, headers=headers)).dials


async def test_f28_parameters_and_query_count_as_they_stand(
    service: str, post: Poster, world: World, session: AsyncSession
) -> None:
    provider, _, _ = await world.consultation()
    params = signed.call(provider.dial_phone or "")
    backwards = dict(reversed(params.items()))
    query = "/twilio/voice?b=2&a=1&a=%20&c=%2B%7e"

    assert (await post("/twilio/voice", backwards)).dials  # names are sorted before they are signed
    assert (await post(query, signed.call(provider.dial_phone or ""))).dials
    resorted = signed.call(provider.dial_phone or "")
    by_another_order = f"{service}/twilio/voice?a=1&a=%20&b=2&c=%2B%7e"
    assert (await post(query, resorted, signed_as=by_another_order)).status == 403


async def test_f28_a_name_that_comes_twice_is_signed_with_all_its_values(
    service: str, post: Poster, world: World, unchanged: Unchanged
) -> None:
    provider, _, _ = await world.consultation()
    params = signed.call(provider.dial_phone or "")
    more = "&From=%2B12125550199&From=%2B12125550199"
    twice = MultiDict([*params.items(), ("From", "+12125550199"), ("From", "+12125550199")])
    body = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in params.items()) + more
    await unchanged.remember()

    forged = await post("/twilio/voice", params, body=body.encode())
    assert forged.status == 403
    assert await unchanged.holds()
    url = f"{service}/twilio/voice"
    genuine = await post(
        "/twilio/voice", params, body=body.encode(), headers={"X-Twilio-Signature": signed.signature(url, twice)}
    )
    assert genuine.status == 200
    assert not genuine.dials  # it comes from the last of them, who is nobody


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
async def test_f28_only_forms_are_read(
    service: str, post: Poster, world: World, unchanged: Unchanged, content_type: str
) -> None:
    provider, _, _ = await world.consultation()
    await unchanged.remember()

    answer = await post("/twilio/voice", signed.call(provider.dial_phone or ""), headers={"Content-Type": content_type})

    assert answer.status == 415
    assert await unchanged.holds()


async def test_f28_a_get_is_no_way_in(service: str, http: aiohttp.ClientSession, unchanged: Unchanged) -> None:
    await unchanged.remember()

    for route in ROUTES:
        async with http.get(service + route.format(id=uuid4())) as answer:
            assert answer.status in {405, 415}

    assert await unchanged.holds()


# --- F30: signed, but not for us -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        {"AccountSid": "AC" + "f" * 32},
        {"AccountSid": ""},
        {"AccountSid": ACCOUNT.upper()},
        {"To": "+12125550109"},
        {"To": LINES[0].removeprefix("+")},
        {"To": f"{LINES[0]} "},
        {"To": ""},
    ],
    ids=str,
)
async def test_f30_another_account_or_another_line_is_refused(
    service: str, post: Poster, world: World, unchanged: Unchanged, other: dict[str, str]
) -> None:
    provider, _, _ = await world.consultation()
    params = {**signed.call(provider.dial_phone or ""), **other}
    await unchanged.remember()

    for path in ("/twilio/voice", "/twilio/voice/ended", "/twilio/voice/fallback", "/twilio/text"):
        assert (await post(path, params)).status == 403

    assert await unchanged.holds()


async def test_f30_a_refused_request_is_told_in_the_log(
    service: str, post: Poster, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await post("/twilio/voice", signed.call("+12125550199", AccountSid="AC" + "f" * 32))
    await post("/twilio/voice", signed.call("+12125550199", To="+12125550109"))
    await post("/twilio/voice", signed.call("+12125550199"), headers={"X-Twilio-Signature": ""})
    await post("/twilio/voice", signed.call("+12125550199"), headers={"X-Twilio-Signature": "AAAA"})

    told = [json.loads(record.getMessage()) for record in caplog.records if record.name == "config.http"]
    assert [line["reason"] for line in told] == ["other_account", "not_our_line", "no_signature", "signature"]


# --- F31: a new token ----------------------------------------------------------------------------------

NEW = "the-next-auth-token-of-the-tests"


async def test_f31_while_a_token_changes_nobody_is_refused_and_afterwards_the_old_one_is(
    settings: Settings, clock: Clock, world: World, http: aiohttp.ClientSession
) -> None:
    provider, _, _ = await world.consultation()
    answers = {}

    for stage, tokens in {
        "before": (TOKEN,),
        "both": (NEW, TOKEN),
        "promoted": (NEW, TOKEN),
        "retired": (NEW,),
    }.items():
        told = settings.model_copy(update={"twilio_auth_tokens": tokens})
        async with real.connect(told, now=clock) as deps, running(deps) as role:
            post = Poster(http, role.url)
            answers[stage] = [
                (await post("/twilio/voice", signed.call(provider.dial_phone or ""), token=token)).status
                for token in (TOKEN, NEW)
            ]

    assert answers == {"before": [200, 403], "both": [200, 200], "promoted": [200, 200], "retired": [403, 200]}


@pytest.mark.parametrize("tokens", ["", ",", " , "])
def test_f31_without_a_token_nothing_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tokens: str) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "DATABASE_URL": "postgresql://127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1",
        "CONSULTLINE_SECRET_KEY": "a" * 32,
        "CONSULTLINE_TWILIO_ACCOUNT_SID": ACCOUNT,
        "CONSULTLINE_LINES": LINES[0],
        "CONSULTLINE_TWILIO_AUTH_TOKENS": tokens,
    }.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match="CONSULTLINE_TWILIO_AUTH_TOKENS"):
        load()


@pytest.mark.parametrize("tokens", [(), ("",)])
async def test_f31_a_service_without_a_token_refuses_everything(
    settings: Settings, clock: Clock, world: World, http: aiohttp.ClientSession, tokens: tuple[str, ...]
) -> None:
    provider, _, _ = await world.consultation()
    told = settings.model_copy(update={"twilio_auth_tokens": tokens, "twilio_api_secret": settings.secret_key})
    async with real.connect(told, now=clock) as deps, running(deps) as role:
        post = Poster(http, role.url)
        for token in (TOKEN, "", " "):
            assert (await post("/twilio/voice", signed.call(provider.dial_phone or ""), token=token)).status == 403


async def test_f31_a_call_goes_on_while_the_token_changes(
    settings: Settings, clock: Clock, world: World, carrier: Carrier, session: AsyncSession
) -> None:
    """The carrier signs by what it holds: a call that began with the old token may end with the new one."""
    provider, client, _ = await world.consultation()
    told = settings.model_copy(update={"twilio_auth_tokens": (NEW, TOKEN)})

    async def promote() -> None:
        account = carrier.simulator._wire._account
        object.__setattr__(account, "auth_token", NEW)

    async with real.connect(told, now=clock) as deps, running(deps):
        call = await carrier.dial(provider, outcome=Outcome.ANSWERED, talk_s=80, while_ringing=promote)

    assert [rang.number for rang in call.rang] == [client.phone]
    assert call.faults == []
    assert (await kept.only_call(session)).talk_s == 80
