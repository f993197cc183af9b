"""The processes under measure: the voice role as in service, and the two handlers that it is held against.

**L0** checks the signature with an HMAC of its own and answers with a prepared document; **L1** does one indexed
select besides, through the bare driver's pool as it comes. Both stand in an application without any middleware,
write nothing and log nothing: what is left to be gained lies between them and the voice role.
"""

import asyncio
import base64
import hashlib
import hmac
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

import asyncpg
from aiohttp import web
from aiohttp.test_utils import unused_port

from app.roles import connected
from app.serve import serving, until_stopped
from bench.calls import BASE, PATH, TOKEN
from config import database
from config.settings import load

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 30.0

_TWIML = (
    '<?xml version="1.0" encoding="UTF-8"?><Response><Dial answerOnBridge="true" callerId="+12125550101" '
    'timeLimit="14400" timeout="20"><Number>+12125550142</Number></Dial></Response>'
)

Answer = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def server(name: str, environment: dict[str, str], folder: Path) -> AsyncIterator[int]:
    """Run one of `voice`, `l0`, `l1` in a process of its own and yield its port; its log goes to the folder."""
    port = unused_port()
    log = folder / f"{name}-{port}.log"
    process = _start(name, {**environment, "PORT": str(port)}, log)
    try:
        await _answers(process, port, log)
        yield port
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 20)


def _start(name: str, environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as written:
        return subprocess.Popen(
            [sys.executable, "-m", "bench.servers", name],
            env={**os.environ, **environment},
            cwd=ROOT,
            stdout=written,
            stderr=written,
        )


async def _answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until a server takes connections; raises RuntimeError with the end of its log where it does not."""
    began = perf_counter()
    while process.poll() is None and perf_counter() - began < PATIENCE_S:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise RuntimeError(_last_words(log))


def _last_words(log: Path) -> str:
    return f"a server did not start:\n{log.read_text()[-2000:]}"


def l0() -> web.Application:
    """Return the handler that checks the signature and answers."""
    url, token = (BASE + PATH).encode(), TOKEN.encode()

    async def answer(request: web.Request) -> web.Response:
        if not await _is_genuine(request, url, token):
            return web.Response(status=403)
        return web.Response(text=_TWIML, content_type="text/xml")

    return _application(answer)


def l1(pool: asyncpg.Pool) -> web.Application:
    """Return the same with one indexed select."""
    url, token = (BASE + PATH).encode(), TOKEN.encode()

    async def answer(request: web.Request) -> web.Response:
        if not await _is_genuine(request, url, token):
            return web.Response(status=403)
        form = await request.post()
        found = await pool.fetchrow("SELECT id FROM providers WHERE active AND dial_phone = $1", form["From"])
        return web.Response(text=_TWIML, content_type="text/xml", status=200 if found else 404)

    return _application(answer)


async def _is_genuine(request: web.Request, url: bytes, token: bytes) -> bool:
    form = await request.post()
    told = url + "".join(name + str(value) for name, value in sorted(form.items())).encode()
    shown = base64.b64encode(hmac.new(token, told, hashlib.sha1).digest()).decode()
    return hmac.compare_digest(shown, request.headers.get("X-Twilio-Signature", ""))


def _application(answer: Answer) -> web.Application:
    app = web.Application()
    app.router.add_post(PATH, answer)
    return app


async def main(name: str) -> None:
    """Serve until told to stop."""
    settings = load()
    if name == "voice":
        from app import voice  # noqa: PLC0415 - the bare handlers need nothing of it

        async with connected(settings) as deps, serving(voice.build(deps), settings.host, settings.port):
            await until_stopped()
    elif name == "l0":
        async with serving(l0(), settings.host, settings.port):
            await until_stopped()
    else:
        url = database.driver_url(settings.database_url)
        async with (
            asyncpg.create_pool(url, min_size=settings.voice_pool, max_size=settings.voice_pool) as pool,
            serving(l1(pool), settings.host, settings.port),
        ):
            await until_stopped()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
