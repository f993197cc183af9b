"""The simulated carrier: places calls and texts to the service, reports on texts that the service sent."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import aiohttp

from bridge.carriers.simulator import payloads, twiml
from bridge.carriers.simulator.book import Book
from bridge.carriers.simulator.calls import Caller, PlacedCall, Run
from bridge.carriers.simulator.legs import Clock, Phone
from bridge.carriers.simulator.values import (
    Account,
    CarrierFault,
    Exchange,
    Leg,
    MessageRecord,
    Mischief,
    Outcome,
    Party,
    Webhooks,
)
from bridge.carriers.simulator.wire import Wire

TALK_S = 60
VOICEMAIL_S = 20
RING_S = 5
_KEYS = frozenset("0123456789*#")


@dataclass(kw_only=True)
class PlacedText:
    """A text that was sent to the service, and what it answered."""

    sid: str
    replies: tuple[str, ...] = ()
    exchanges: list[Exchange] = field(default_factory=list)
    faults: list[CarrierFault] = field(default_factory=list)


class Simulator:
    """A carrier with one account. Close the session yourself, and `settle` before that."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        *,
        account: Account,
        webhooks: Webhooks,
        now: Callable[[], datetime],
        new_id: Callable[[], UUID],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        book: Book | None = None,
    ) -> None:
        """Ask `webhooks` for every number that `book` does not know better.

        `now` stamps events; `sleep` is awaited with `real_time` only: a test may move its clock there.
        """
        self.account = account
        self.book = book or Book(account=account, now=now, new_id=new_id)
        self.now = now
        self._webhooks = webhooks
        self._sleep = sleep
        self._wire = Wire(http, account, new_id=new_id)
        self._reports: set[asyncio.Task[None]] = set()

    async def dial(
        self,
        from_: str,
        to: str,
        *,
        outcome: Outcome = Outcome.ANSWERED,
        talk_s: int | None = None,
        ring_s: int = RING_S,
        digits: Sequence[str] = (),
        hung_up_by: Party = Party.CALLEE,
        stir_verstat: str | None = "TN-Validation-Passed-A",
        mischief: Mischief | None = None,
        real_time: bool = False,
        while_ringing: Callable[[], Awaitable[None]] | None = None,
        while_talking: Callable[[], Awaitable[None]] | None = None,
    ) -> PlacedCall:
        """Place a call to one of the service's numbers and play it to its end.

        `talk_s` is 60, on a voicemail 20, unless told otherwise; `digits` has one entry for each Gather.
        """
        if not all(set(keys) <= _KEYS for keys in digits):
            msg = f"no such keys on a telephone: {digits}"
            raise ValueError(msg)
        mischief = mischief or Mischief()
        if talk_s is None:
            talk_s = VOICEMAIL_S if outcome is Outcome.VOICEMAIL else TALK_S
        run = Run(
            Leg(
                sid=self.book.sid("CA"),
                account_sid=self.account.sid,
                from_=from_,
                to=to,
                direction="inbound",
            ),
            caller=Caller(digits=digits, hung_up_by=hung_up_by, stir_verstat=stir_verstat),
            phone=Phone(
                outcome=outcome,
                talk_s=talk_s,
                ring_s=ring_s,
                caller_gives_up=mischief.hang_up_while_ringing or outcome is Outcome.CANCELED,
                while_ringing=while_ringing,
                while_talking=while_talking,
            ),
            mischief=mischief,
            webhooks=self._hooks(to),
            wire=self._wire,
            book=self.book,
            clock=Clock(at=self.now(), wait=self._sleep if real_time else _at_once),
        )
        return await run.play()

    async def replay(self, exchange: Exchange) -> Exchange:
        """Send a captured request once more, as an attacker or a late retry would. Raises CarrierFault."""
        voice = "CallSid" in exchange.params
        return await self._wire.post(
            exchange.url, exchange.params, kind=exchange.kind, seen=[], token=exchange.token, voice=voice
        )

    async def text(self, from_: str, to: str, body: str, *, copies: int = 1) -> PlacedText:
        """Send a text to one of the service's numbers; the same one `copies` times, with one token."""
        placed = PlacedText(sid=self.book.sid("SM"))
        url = self._hooks(to).text_url
        self._enter(placed.sid, from_=from_, to=to, body=body, direction="inbound", status="received")
        self.book.note_keyword(from_=from_, to=to, body=body)
        if url is None:
            return placed
        params = payloads.text(self.account.sid, placed.sid, from_=from_, to=to, body=body)
        token = self._wire.new_token()
        for copy in range(copies):
            try:
                answer = await self._wire.post(
                    url, params, kind="text", seen=placed.exchanges, token=token, voice=False
                )
                replies = twiml.read_text(answer.body.encode(), answer.content_type, url)
            except CarrierFault as fault:
                placed.faults.append(fault)
                continue
            if copy == 0 and (from_, to) not in self.book.opted_out:
                placed.replies = replies
        for reply in placed.replies:
            self._enter(
                self.book.sid("SM"),
                from_=to,
                to=from_,
                body=reply,
                direction="outbound-reply",
                status="delivered",
            )
        return placed

    def _hooks(self, number: str) -> Webhooks:
        return self.book.webhooks(number) or self._webhooks

    def _enter(self, sid: str, *, from_: str, to: str, body: str, direction: str, status: str) -> None:
        now = self.now()
        self.book.messages[sid] = MessageRecord(
            sid=sid,
            from_=from_,
            to=to,
            body=body,
            direction=direction,
            status=status,
            created=now,
            updated=now,
            sent=now,
        )

    def report(self, message: MessageRecord) -> None:
        """Let a text that was taken meet its fate, and report on it in the background."""
        task = asyncio.get_running_loop().create_task(self._report(message))
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)

    async def settle(self) -> None:
        """Wait until all texts have met their fate."""
        while self._reports:
            await asyncio.gather(*self._reports)

    async def _report(self, message: MessageRecord) -> None:
        """Tell each status in the order that the fate says; what fails is lost, as at the carrier."""
        fate = self.book.fate(message.to)
        message.status, message.error_code, message.updated = fate.status, fate.error_code, self.now()
        if message.status_callback is None:
            return
        for status in fate.callbacks:
            params = payloads.text_status(
                self.account.sid,
                message.sid,
                status,
                from_=message.from_ or "",
                to=message.to,
                at=self.now(),
                error_code=fate.error_code if status in {"undelivered", "failed"} else None,
            )
            try:
                await self._wire.post(
                    message.status_callback, params, kind="text-status", seen=self.book.reports, voice=False
                )
            except CarrierFault as fault:
                self.book.faults.append(fault)


async def _at_once(_seconds: float) -> None:
    """Let no time go by."""
