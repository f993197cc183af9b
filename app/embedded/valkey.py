"""Valkey from its wheel. It runs with our rights, and keeps its data over a restart although it need not."""

import signal
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from app.embedded.engine import LOCALHOST, Engine, Tuning, rights_of
from app.embedded.folder import keep_secret


def prepare(data: Path, server: Path, tuning: Tuning) -> Engine:
    """Make the folder and the password at the first start; return how to run the server."""
    home = data / "valkey"
    home.mkdir(mode=0o700, exist_ok=True)
    password = keep_secret(data, "redis_password")

    def settings(port: int) -> str:
        lines = {
            "bind": LOCALHOST,
            "port": port,
            "requirepass": password,  # other users of this machine can knock as well
            "dir": f'"{home}"',
            "pidfile": f'"{home / "valkey.pid"}"',
            "databases": 64,
            "save": '""' if tuning is Tuning.TESTS else "60 1",
        }
        return "".join(f"{key} {value}\n" for key, value in lines.items())

    def url(port: int) -> str:
        return f"redis://:{password}@{LOCALHOST}:{port}/0"

    async def knock(port: int) -> None:
        try:
            async with Redis.from_url(url(port)) as client:
                await client.ping()
        except RedisConnectionError as error:  # not there yet, or still loading
            raise ConnectionRefusedError from error

    return Engine(
        name="Valkey",
        log=data / "valkey.log",
        rights=rights_of(),
        command=lambda _port: (str(server), "-"),
        told=settings,  # not on the command line, where everybody reads them
        knock=knock,
        url=url,
        farewell=signal.SIGTERM,  # it saves and leaves
    )
