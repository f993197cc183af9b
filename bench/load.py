"""The generator of load: bare sockets and requests made beforehand, so that it costs little beside a server.

Two ways of asking. `closed`: each connection asks again as soon as it has its answer; that finds what a server
can do. `open`: requests come when chance says, at a rate, whether earlier ones have been answered or not; that
finds how long people wait. A request that has to wait for a free connection waits on its own account.
"""

import asyncio
import gc
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from random import Random
from time import perf_counter, process_time

CONNECTIONS = 32


@dataclass
class Measured:
    """One round: the seconds that each request took, and how many were answered otherwise than wanted.

    `cost_s` is the generator's own processor time, `late_s` how long after its time a request was begun.
    """

    seconds: float = 0.0
    took: list[float] = field(default_factory=list)
    wrong: int = 0
    sent: int = 0
    cost_s: float = 0.0
    late_s: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.took) / self.seconds

    def ms(self, share: float) -> float:
        """Return the milliseconds within which this share of the requests was answered."""
        return quantile(self.took, share) * 1000


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the values lies."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))]


class _Connection(asyncio.Protocol):
    """One connection that is kept alive: a request, its answer, the next request."""

    def __init__(self, answered: Callable[["_Connection", bool], None], wanted: bytes) -> None:
        self.began = 0.0
        self._answered = answered
        self._wanted = wanted
        self._buffer = b""
        self._length = -1
        self._transport: asyncio.Transport | None = None
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send(self, request: bytes, began: float) -> None:
        assert self._transport is not None
        self.began = began
        self._transport.write(request)

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._length < 0:
            head, found, _ = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            told = head.lower().partition(b"content-length:")[2]
            self._length = len(head) + 4 + int(told.partition(b"\r\n")[0] or 0)
        if len(self._buffer) < self._length:
            return
        answer, self._buffer, self._length = self._buffer, b"", -1
        self._answered(self, answer.startswith(b"HTTP/1.1 200") and self._wanted in answer)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(exc)


@asynccontextmanager
async def _connections(
    port: int, count: int, answered: Callable[[_Connection, bool], None], wanted: bytes
) -> AsyncIterator[list[_Connection]]:
    loop = asyncio.get_running_loop()
    made = [
        (await loop.create_connection(lambda: _Connection(answered, wanted), "127.0.0.1", port))[1]
        for _ in range(count)
    ]
    try:
        yield made
    finally:
        for one in made:
            one.close()
        await asyncio.gather(*(one.lost for one in made))


@contextmanager
def _costs(measured: Measured) -> Iterator[None]:
    """Take the processor time; the garbage of a round is collected after it, so that it shows in no answer."""
    gc.collect()
    gc.disable()
    began = process_time()
    try:
        yield
    finally:
        measured.cost_s = process_time() - began
        gc.enable()


async def closed(
    port: int, requests: Iterable[bytes], *, seconds: float, warm_s: float, wanted: bytes = b"<Response>"
) -> Measured:
    """Ask over 32 connections for so long, after a time of warming up that does not count."""
    measured, left = Measured(), iter(requests)
    begin, over = perf_counter() + warm_s, asyncio.get_running_loop().create_future()
    end, busy = begin + seconds, 0

    def answered(connection: _Connection, fine: bool) -> None:
        nonlocal busy
        now = perf_counter()
        measured.wrong += not fine
        if fine and begin <= now < end:
            measured.took.append(now - connection.began)
        request = next(left, None) if now < end else None
        if request is None:
            busy -= 1
            if now < end and not over.done():
                over.set_exception(RuntimeError("too few requests were made for this round"))
            elif not busy:
                over.set_result(None)
            return
        measured.sent += 1
        connection.send(request, now)

    with _costs(measured):
        async with _connections(port, CONNECTIONS, answered, wanted) as connections:
            busy = len(connections)
            for connection, request in zip(connections, left, strict=False):
                measured.sent += 1
                connection.send(request, perf_counter())
            await over
    measured.seconds = seconds
    return measured


async def open_(
    port: int, requests: Sequence[bytes], *, rate: float, seconds: float, seed: int, wanted: bytes = b"<Response>"
) -> Measured:
    """Ask at a rate, with the gaps of a Poisson process; the same seed gives the same gaps."""
    measured, chance, loop = Measured(), Random(seed), asyncio.get_running_loop()
    free: deque[_Connection] = deque()
    waiting: deque[tuple[bytes, float]] = deque()
    over, left = loop.create_future(), iter(requests)
    busy, due, start = 0, 0.0, perf_counter()

    def answered(connection: _Connection, fine: bool) -> None:
        nonlocal busy
        measured.wrong += not fine
        if fine:
            measured.took.append(perf_counter() - connection.began)
        if waiting:
            connection.send(*waiting.popleft())
            return
        busy -= 1
        free.append(connection)
        if not busy and due >= seconds:
            over.set_result(None)

    def arrive() -> None:
        nonlocal busy, due
        now = perf_counter() - start
        while due <= now and due < seconds:
            measured.late_s.append(now - due)
            measured.sent += 1
            request, began = next(left), perf_counter()
            if free:
                busy += 1
                free.popleft().send(request, began)
            else:
                waiting.append((request, began))
            due += chance.expovariate(rate)
        if due < seconds:
            loop.call_later(max(0.0, start + due - perf_counter()), arrive)

    with _costs(measured):
        async with _connections(port, CONNECTIONS, answered, wanted) as connections:
            free.extend(connections)
            start, due = perf_counter(), chance.expovariate(rate)
            arrive()
            await over
    measured.seconds = seconds
    return measured
