"""A wire that misbehaves on demand, between the service and what it needs.

The toxics have the names that toxiproxy gave them:

| toxic     | what happens                                                                             |
|-----------|------------------------------------------------------------------------------------------|
| `latency` | what comes back comes that many seconds later, in order and without limiting the rate     |
| `slow`    | what comes back trickles at that many bytes a second                                     |
| `hang`    | toxiproxy's `timeout` of 0: nothing passes, no connection is closed, new ones are taken   |
| `deaf`    | as `hang`, for what comes back only: the other side hears us, and we hear nothing         |
| `reset`   | every connection ends with a RST, new ones work                                          |
| `down`    | as `reset`, and new ones are refused                                                     |
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

CHUNK = 64 * 1024
AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: close with a RST


class Proxy:
    """A TCP proxy on a port of loopback, in front of another."""

    def __init__(self, host: str, port: int) -> None:
        """Stand before `host:port`; `port` of the proxy is known once it is up, and stays the same."""
        self._to = (host, port)
        self.port = 0
        self.latency_s = 0.0
        self.bytes_a_second: int | None = None
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._flows: set[asyncio.Task[None]] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._sockets: set[asyncio.StreamWriter] = set()
        self._up_open, self._down_open = asyncio.Event(), asyncio.Event()
        self._up_open.set()
        self._down_open.set()

    async def up(self) -> None:
        """Listen, and let everything pass."""
        self.heal()
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def heal(self) -> None:
        """Take back all toxics but `down`; what hung in the wire arrives."""
        self.latency_s, self.bytes_a_second = 0.0, None
        self._up_open.set()
        self._down_open.set()

    def latency(self, seconds: float) -> None:
        self.latency_s = seconds

    def slow(self, bytes_a_second: int) -> None:
        self.bytes_a_second = bytes_a_second

    def hang(self) -> None:
        self._up_open.clear()
        self._down_open.clear()

    def deaf(self) -> None:
        self._down_open.clear()

    def reset(self) -> None:
        for flow in self._flows:
            flow.cancel()
        for writer in self._sockets:
            with suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            writer.transport.abort()
        self._sockets.clear()

    def down(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self.reset()
        self.heal()

    async def close(self) -> None:
        """Go down for good."""
        self.down()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        self._sockets.add(writer)
        try:
            back_reader, back_writer = await asyncio.open_connection(*self._to)
        except OSError:
            writer.transport.abort()
            return
        self._sockets.add(back_writer)
        flows = [
            asyncio.create_task(self._flow(reader, back_writer, self._up_open, back=False)),
            asyncio.create_task(self._flow(back_reader, writer, self._down_open, back=True)),
        ]
        self._flows.update(flows)
        try:
            await asyncio.gather(*flows, return_exceptions=True)
        finally:
            self._flows.difference_update(flows)
            for one in (writer, back_writer):
                self._sockets.discard(one)
                one.transport.abort()

    async def _flow(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_open: asyncio.Event, *, back: bool
    ) -> None:
        """Carry one direction: one task takes in, the other gives out when it is due."""
        clock = asyncio.get_running_loop().time
        held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def take_in() -> None:
            data = b"start"
            while data:
                try:
                    data = await reader.read(CHUNK)
                except OSError:
                    data = b""
                held.put_nowait((clock() + (self.latency_s if back else 0.0), data))

        async with asyncio.TaskGroup() as tasks:
            taking = tasks.create_task(take_in())
            while True:
                due, data = await held.get()
                await is_open.wait()
                if due > clock():
                    await asyncio.sleep(due - clock())
                if not data:
                    break
                if back and self.bytes_a_second:
                    await asyncio.sleep(len(data) / self.bytes_a_second)
                with suppress(OSError):
                    writer.write(data)
                    await writer.drain()
            with suppress(OSError, RuntimeError):
                writer.write_eof()
            taking.cancel()


@asynccontextmanager
async def before(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """Stand before the server of a URL; yield the proxy and the URL that leads through it."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = Proxy(parts.hostname, parts.port)
    await proxy.up()
    login = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    try:
        yield proxy, urlunsplit(parts._replace(netloc=f"{login}127.0.0.1:{proxy.port}"))
    finally:
        await proxy.close()
