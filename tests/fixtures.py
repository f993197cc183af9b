"""The house, put together for stories: real engines, real HTTP and signatures, a clock moved by hand.

The only thing that is not real is what stands on the other side of the carrier's edge.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from app import deps as real
from app import voice, worker
from bridge import jobs as line
from bridge.carriers.signature import signature
from bridge.carriers.simulator import Account, PlacedCall, Simulator, Webhooks, rest
from config.deps import Deps
from config.settings import Settings
from people.models import Provider
from tests.builders import World
from tests.clock import Clock
from tests.mailbox import Mailbox, serving

LINES = ("+12125550100", "+12125550101", "+12125550102")
ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "the-auth-token-of-the-tests"
SECRET = "a-secret-for-tests-that-is-long-enough"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    """Return the settings of a small installation; the carrier's API answers at a port of its own."""
    port, api, mail = unused_port(), unused_port(), unused_port()
    return Settings(
        database_url=database_url,
        redis_url=redis_url,
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        data_dir=tmp_path / "data",
        secret_key=SecretStr(SECRET),
        carrier="simulator",
        twilio_account_sid=ACCOUNT,
        twilio_auth_tokens=(TOKEN,),
        twilio_api_key="SK" + "0" * 32,
        twilio_api_secret=SecretStr("the-api-secret-of-the-tests"),
        twilio_api_url=f"http://127.0.0.1:{api}",
        mail_url=f"smtp://127.0.0.1:{mail}",
        lines=LINES,
        # A story is not about time limits, and the machine that tells it may be busy; tests/faults has the real ones.
        statement_s=5,
        answer_s=10,
    )


@pytest.fixture
async def deps(settings: Settings, clock: Clock) -> AsyncIterator[Deps]:
    """Return the real thing on real engines, but for the clock."""
    async with real.connect(settings, now=clock) as found:
        yield found


@pytest.fixture
def world(deps: Deps) -> World:
    return World(deps)


@pytest.fixture
async def session(deps: Deps) -> AsyncIterator[AsyncSession]:
    """Return a session for looking at rows; a story changes nothing through it."""
    async with deps.sessions() as found:
        yield found


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as found:
        yield found


@dataclass
class Carrier:
    """The carrier's side: places calls and texts from a provider's telephone to a line."""

    simulator: Simulator
    deps: Deps
    http: aiohttp.ClientSession

    async def post(self, path: str, params: Mapping[str, str]) -> tuple[int, str]:
        """Send one signed request as it stands, and return status and body whatever they are."""
        url = f"{self.deps.settings.carrier_base}{path}"
        signed = signature(TOKEN, url, list(params.items()))
        async with self.http.post(url, data=params, headers={"X-Twilio-Signature": signed}) as answer:
            return answer.status, await answer.text()

    async def dial(self, caller: Provider | str, line: str | None = LINES[0], **told: object) -> PlacedCall:
        number = caller if isinstance(caller, str) else caller.dial_phone
        assert number is not None
        assert line is not None
        return await self.simulator.dial(number, line, **told)  # type: ignore[arg-type]

    async def text(self, sender: Provider | str, body: str, line: str = LINES[0]) -> list[str]:
        number = sender if isinstance(sender, str) else sender.dial_phone
        assert number is not None
        return list((await self.simulator.text(number, line, body)).replies)


@pytest.fixture
async def carrier(deps: Deps, http: aiohttp.ClientSession) -> AsyncIterator[Carrier]:
    """Run the carrier's REST API on loopback, and be its telephone network."""
    base = deps.settings.carrier_base
    simulator = Simulator(
        http,
        account=Account(
            sid=ACCOUNT,
            auth_token=TOKEN,
            keys={deps.settings.twilio_api_key: deps.settings.twilio_api_secret.get_secret_value()},
        ),
        webhooks=Webhooks(
            voice_url=f"{base}/twilio/voice",
            fallback_url=f"{base}/twilio/voice/fallback",
            ended_url=f"{base}/twilio/voice/ended",
            text_url=f"{base}/twilio/text",
        ),
        now=deps.now,
        new_id=uuid4,
    )
    assert deps.settings.twilio_api_url is not None
    runner = await serve(rest(simulator), int(deps.settings.twilio_api_url.rsplit(":", 1)[1]))
    yield Carrier(simulator, deps, http)
    await runner.cleanup()


async def serve(app: web.Application, port: int) -> web.AppRunner:
    """Serve an application on loopback until the runner is cleaned up."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


@pytest.fixture
async def mailbox(settings: Settings) -> AsyncIterator[Mailbox]:
    """Run a real SMTP server at the address of the settings, and keep what it takes."""
    box = Mailbox()
    async with serving(box, port=urlsplit(settings.mail_url).port or 25):
        yield box


@pytest.fixture
async def service(deps: Deps) -> AsyncIterator[str]:
    """Run the voice role and return its address."""
    runner = await serve(voice.build(deps), deps.settings.port)
    yield deps.settings.public_url
    await runner.cleanup()


@dataclass
class Worker:
    """The worker role, one turn at a time: what is due by the story's clock, and everything that follows from it."""

    deps: Deps

    async def turn(self) -> None:
        await worker.sweep(self.deps)
        await worker.drain(self.deps)

    async def probe(self) -> None:
        await line.probe(self.deps)


@pytest.fixture
def works(deps: Deps) -> Worker:
    return Worker(deps)
