"""The demo: everything in one process, on engines of its own, with a practice whose consultations lie around now.

The carrier is the simulated one, mail goes to a folder, and nothing listens anywhere but on this machine.
"""

import argparse
import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import aiohttp
from aiosmtpd.smtp import SMTP, Envelope, Session

from app import deps as real
from app import web, worker
from app.embedded import Addresses, RunFacts, Tuning, engines, erase, forget_run, keep_secret, write_run
from app.scenes import ZONE, DemoSignIn, Scene, lay_out, password, sign_ins
from app.serve import serving, until_stopped
from bridge.carriers import setup
from bridge.carriers.simulator import Account, Simulator, rest
from config import database, logging, phones
from config.deps import Deps
from config.keys import derive, digest
from config.settings import Settings, data_dir, load
from config.times import clock_time
from people import actions as people
from people import queries as people_queries
from people.models import Provider
from people.values import TokenRole

LINES = ("+12125550100", "+12125550101", "+12125550102")


def facts(data: Path, *, port: int, addresses: Addresses, carrier_port: int, mail_port: int) -> dict[str, object]:
    """Return the settings of the demo, as `run.json` keeps them for other commands."""
    return {
        "database_url": addresses.database_url,
        "redis_url": addresses.redis_url,
        "port": port,
        "host": "127.0.0.1",
        "data_dir": str(data),
        "public_url": f"http://127.0.0.1:{port}",
        "secret_key": keep_secret(data, "secret_key"),
        "carrier": "simulator",
        "twilio_account_sid": "AC" + hashlib.sha256(keep_secret(data, "account").encode()).hexdigest()[:32],
        "twilio_auth_tokens": keep_secret(data, "carrier_token"),
        "twilio_api_key": "SK" + hashlib.sha256(keep_secret(data, "api_key").encode()).hexdigest()[:32],
        "twilio_api_secret": keep_secret(data, "api_secret"),
        "twilio_api_url": f"http://127.0.0.1:{carrier_port}",
        "lines": ",".join(LINES),
        "mail_url": f"smtp://127.0.0.1:{mail_port}",
    }


async def main(told: argparse.Namespace) -> int:
    """Run the demo until the process is told to stop."""
    await demo(data_dir().resolve(), port=told.port, fresh=told.fresh)
    return 0


async def demo(data: Path, *, port: int, fresh: bool) -> None:
    """Bring everything up, lay the practice out, and work until stopped."""
    if fresh:
        erase(data)
    async with engines(data, tuning=Tuning.SERVICE) as addresses:
        await database.migrate(addresses.database_url)
        async with catching_mail(data / "mail") as mail_port, carrier_port() as free:
            told = facts(data, port=port, addresses=addresses, carrier_port=free, mail_port=mail_port)
            settings = load(**told)
            logging.configure(production=settings.production)
            async with (
                real.connect(settings) as deps,
                aiohttp.ClientSession() as http,
                serving(rest(simulator(settings, deps, http)), "127.0.0.1", free),
                serving(web.build(deps), "127.0.0.1", port),
            ):
                scenes = await lay_out(deps)
                people_in = await sign_ins(deps, data, [provider for _, provider, _ in scenes])
                token = await admin_token(deps, data)
                write_run(data, RunFacts.model_validate({**told, "pid": real.pid(), "started_at": deps.now()}))
                try:
                    print(welcome(settings, scenes, people_in, token, data), flush=True)
                    await until_stopped(worker.run(deps))
                finally:
                    forget_run(data)


@asynccontextmanager
async def carrier_port() -> AsyncIterator[int]:
    """Find a free port for the simulated carrier's API."""
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = int(server.sockets[0].getsockname()[1])
    server.close()
    await server.wait_closed()
    yield port


def simulator(settings: Settings, deps: Deps, http: aiohttp.ClientSession) -> Simulator:
    """Return the carrier, set up as `consultline carrier configure` would leave the real one."""
    found = Simulator(
        http,
        account=account(settings),
        webhooks=setup.simulated(settings),
        now=deps.now,
        new_id=deps.new_id,
    )
    for line in settings.lines:
        found.book.add_number(line, setup.simulated(settings))
    return found


def account(settings: Settings) -> Account:
    """Return the account by which the simulated carrier signs."""
    return Account(
        sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_tokens[0],
        keys={settings.twilio_api_key: settings.twilio_api_secret.get_secret_value()},
    )


# Mail


class _Catcher:
    """Keeps each message as a file of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._count = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self._count += 1
        name = f"{real.now():%Y%m%dT%H%M%S}-{self._count:04d}.eml"
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        path = self._folder / name
        path.touch(mode=0o600)
        path.write_bytes(content)
        return "250 kept"


@asynccontextmanager
async def catching_mail(folder: Path) -> AsyncIterator[int]:
    """Take mail on a free local port and keep it in a folder; nothing leaves the machine."""
    catcher = _Catcher(folder)
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(catcher, enable_SMTPUTF8=True), "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()


# What is printed


async def admin_token(deps: Deps, data: Path) -> str:
    """Return the demo's admin token, made at the first start."""
    token = f"cl_admin_{keep_secret(data, 'admin_token')}"
    key = derive(deps.settings.secret_key.get_secret_value(), "tokens")
    async with deps.sessions.begin() as session:
        if await people_queries.token(session, digest(key, token)) is None:
            await people.add_token(
                session,
                token=token,
                role=TokenRole.ADMIN,
                subject_id=None,
                token_key=key,
                now=deps.now(),
                new_id=deps.new_id,
            )
    return token


def welcome(
    settings: Settings,
    scenes: list[tuple[Scene, Provider, list[UUID]]],
    people_in: list[DemoSignIn],
    token: str,
    data: Path,
) -> str:
    """Return what the terminal shows."""
    now = real.now()
    doors = "\n".join(f"  {one.email:<30} {one.key}" for one in people_in)
    rows = "\n".join(
        f"  {scene.dial_phone}  {scene.title:<13} "
        + ", ".join(
            f"{clock_time(now + timedelta(seconds=start), ZONE, 'en')}–"
            f"{clock_time(now + timedelta(seconds=start + length), ZONE, 'en')}"
            for start, length in scene.consultations
        )
        + f"  → {scene.expect}"
        for scene, _, _ in scenes
    )
    return f"""
Consultline is running on this machine only.

  portal        {settings.public_url}/
  API           {settings.public_url}/api/v1   (description: /api/v1/openapi.json)
  health        {settings.public_url}/health/ready
  lines         {", ".join(phones.spoken(line) for line in settings.lines)}
  admin token   {token}
  mail          {data / "mail"} (each message is a file)

Sign in with one of these addresses and the password {password(data)}; an authenticator app takes the key beside it:

{doors}

Consultations around now (times of {ZONE}); dial as one of these providers:

{rows}

In a second terminal:

  .venv/bin/consultline call --from {scenes[0][0].dial_phone} --talk 840

Stop with Ctrl-C. Data stay in {data}; `--fresh` starts anew.
"""
