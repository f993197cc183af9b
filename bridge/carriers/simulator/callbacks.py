"""Callbacks on their way to the service, and the mischief that befalls them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bridge.carriers.simulator import twiml
from bridge.carriers.simulator.values import CarrierFault, Exchange, Mischief
from bridge.carriers.simulator.wire import Wire

Page = tuple[twiml.Verb, ...]


@dataclass(frozen=True, kw_only=True)
class Callback:
    """A request that may arrive lost, late, twice or in another order.

    `fetch` is set where the answer is a document that somebody still hears: it takes the idempotency token.
    """

    name: str  # one of EVENTS
    kind: str  # the name of its recording
    url: str
    params: Mapping[str, str]
    fetch: Callable[[str], Awaitable[Page]] | None = None


class Courier:
    """Delivers the callbacks of one call by its `Mischief`."""

    def __init__(
        self, wire: Wire, mischief: Mischief, *, exchanges: list[Exchange], faults: list[CarrierFault]
    ) -> None:
        """Note every attempt on `exchanges` and every failure on `faults`."""
        self._wire = wire
        self._mischief = mischief
        self._exchanges = exchanges
        self._faults = faults
        self._gathered: list[Callback] | None = None
        self.held: list[Callback] = []

    @property
    def reorders(self) -> bool:
        """Tell whether the callbacks of a dial are gathered before they are sent."""
        return bool(self._mischief.order) or self._mischief.at_once

    def gather(self) -> None:
        """Keep what is brought from now on, if it is to arrive in another order."""
        if self.reorders:
            self._gathered = []

    async def bring(self, callback: Callback) -> Page | None:
        """Deliver a callback now, or keep it for `release`; return the document that came back."""
        if self._gathered is None:
            return await self._deliver(callback)
        self._gathered.append(callback)
        return None

    async def release(self) -> Page | None:
        """Deliver what was kept: first what `order` names, as often as it names it, then the rest in turn."""
        kept, self._gathered = self._gathered or [], None
        named = {callback.name: callback for callback in kept}
        order = [name for name in self._mischief.order if name in named]
        due = [named[name] for name in (*order, *(name for name in named if name not in order))]
        if self._mischief.at_once and due:
            arriving = [asyncio.ensure_future(self._deliver(callback)) for callback in due]
            await asyncio.wait(arriving)
            pages = [arrived.result() for arrived in arriving]
        else:
            pages = [await self._deliver(callback) for callback in due]
        return next((page for page in pages if page is not None), None)

    async def _deliver(self, callback: Callback) -> Page | None:
        """Deliver one callback as often as it is to arrive; only the first answer counts."""
        if callback.name in self._mischief.lose:
            return None
        if callback.name in self._mischief.late:
            self.held.append(callback)
            return None
        token = self._wire.new_token()
        page = None
        for copy in range(self._mischief.copies):
            carried = token if copy == 0 or self._mischief.same_token else self._wire.new_token()
            if callback.fetch is not None and copy == 0:
                page = await callback.fetch(carried)
            else:
                await self.tell(callback, carried)
        return page

    async def tell(self, callback: Callback, token: str) -> None:
        """Send a callback whose answer has no effect; a failure or a wrong answer is only noted."""
        try:
            exchange = await self._wire.post(
                callback.url, callback.params, kind=callback.kind, seen=self._exchanges, token=token
            )
            if callback.name != "action":
                twiml.check_acknowledgement(exchange.body.encode(), exchange.content_type, callback.url)
        except CarrierFault as fault:
            self._faults.append(fault)

    async def deliver_held(self) -> None:
        """Let everything arrive that was held back."""
        held, self.held = self.held, []
        for callback in held:
            await self.tell(callback, self._wire.new_token())
