"""The two legs of a call: the inbound one, and the phone that a Dial lets ring.

What each outcome looks like; a star marks what no page documents (the recordings name it too).

| the callee's phone | callbacks of the leg               | SIP  | Dial action: status, seconds, bridged |
|--------------------|------------------------------------|------|---------------------------------------|
| answered           | initiated ringing answered completed | 200* | completed, talk, true               |
| voicemail          | the same, 20 s                     | 200* | the same                              |
| no-answer          | initiated ringing no-answer        | 487  | no-answer, none, false                |
| busy               | initiated ringing busy             | 486  | busy, none, false                     |
| failed             | initiated failed*                  | 404  | failed, none, false                   |
| canceled           | initiated ringing canceled*        | 487  | canceled*, none, false; no effect*    |
| caller hangs up    | the same, or no-answer*            | 487  | not requested*                        |
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.carriers.simulator import payloads
from bridge.carriers.simulator.book import Book
from bridge.carriers.simulator.callbacks import Callback, Courier
from bridge.carriers.simulator.twiml import Dial
from bridge.carriers.simulator.values import CallRecord, Leg, Outcome

EXTRA_RING_S = 5  # documented: the carrier adds about five seconds to every Dial timeout
STIR_STATUS = "B"  # inferred: the carrier does not own the caller's number, so it cannot attest with A
_TERMINAL_SIP = {"completed": 200, "busy": 486, "no-answer": 487, "canceled": 487, "failed": 404}


@dataclass(kw_only=True)
class Clock:
    """The call's own time; `wait` is awaited for each second that goes by."""

    at: datetime
    wait: Callable[[float], Awaitable[None]]

    async def forward(self, seconds: int) -> None:
        """Let time go by."""
        self.at += timedelta(seconds=seconds)
        await self.wait(seconds)


class LiveLeg:
    """A leg that lives, with its entry in the carrier's book."""

    def __init__(self, leg: Leg, status: str, *, book: Book, clock: Clock, stir_verstat: str | None = None) -> None:
        """Enter the leg into the book."""
        self.leg = leg
        self._clock = clock
        self.record = CallRecord(leg=leg, status=status, created=clock.at, updated=clock.at, stir_verstat=stir_verstat)
        book.calls[leg.sid] = self.record

    def become(self, status: str) -> None:
        """Note another status; the first `in-progress` is the answer."""
        self.record.status = status
        self.record.updated = self._clock.at
        if status == "in-progress" and self.record.answered is None:
            self.record.answered = self._clock.at

    def answer(self) -> None:
        """Answer, if that has not happened."""
        if self.record.answered is None:
            self.become("in-progress")

    @property
    def answered(self) -> bool:
        """Tell whether the leg was ever answered."""
        return self.record.answered is not None

    def seconds(self) -> int:
        """Return the time since the answer."""
        return 0 if self.record.answered is None else int((self._clock.at - self.record.answered).total_seconds())

    def end(self, status: str) -> None:
        """Close the entry."""
        self.become(status)
        self.record.ended = self._clock.at
        self.record.duration_s = self.seconds() if self.answered else None


@dataclass(frozen=True, kw_only=True)
class Phone:
    """How the dialled person's phone behaves, and what a test does meanwhile; seconds."""

    outcome: Outcome
    talk_s: int
    ring_s: int
    caller_gives_up: bool
    while_ringing: Callable[[], Awaitable[None]] | None = None
    while_talking: Callable[[], Awaitable[None]] | None = None


class Ringing:
    """The dialled leg, from `initiated` to its end."""

    def __init__(self, leg: LiveLeg, verb: Dial, phone: Phone, *, clock: Clock, courier: Courier) -> None:
        """Report to the number's callback address what it asked for."""
        self._live = leg
        self._verb = verb
        self._phone = phone
        self._clock = clock
        self._courier = courier
        self._sequence = 0  # counts the callbacks that are sent, from 0

    async def play(self, on_answer: Callable[[], None]) -> tuple[Outcome, int | None]:
        """Play the leg; return how it ended and the seconds talked, None where nobody answered.

        A phone that would ring for longer than the Dial lets it is not answered.
        """
        phone, verb = self._phone, self._verb
        await self._report("initiated", "initiated")
        await self._clock.forward(1)
        if phone.outcome is Outcome.FAILED:
            return await self._end(Outcome.FAILED, "failed")
        await self._report("ringing", "ringing")
        if phone.while_ringing is not None:
            await phone.while_ringing()
        if phone.outcome is Outcome.BUSY:
            return await self._end(Outcome.BUSY, "busy")
        longest = verb.timeout + EXTRA_RING_S
        if phone.caller_gives_up:
            await self._clock.forward(min(phone.ring_s, longest))
            unanswered = phone.outcome is Outcome.NO_ANSWER
            return await self._end(Outcome.CANCELED, "no-answer" if unanswered else "canceled")
        if phone.outcome is Outcome.NO_ANSWER or phone.ring_s > longest:
            await self._clock.forward(longest)
            return await self._end(Outcome.NO_ANSWER, "no-answer")
        await self._clock.forward(phone.ring_s)
        on_answer()
        await self._report("answered", "in-progress")
        if phone.while_talking is not None:
            await phone.while_talking()
        await self._clock.forward(min(phone.talk_s, verb.time_limit))
        return await self._end(phone.outcome, "completed")

    async def _end(self, outcome: Outcome, status: str) -> tuple[Outcome, int | None]:
        """End the leg."""
        self._live.end(status)
        await self._report("completed", status)
        return outcome, self._live.record.duration_s

    async def _report(self, name: str, status: str) -> None:
        """Note the status and tell it, if the number asked for this event."""
        ended = self._live.record.ended is not None
        if not ended:
            self._live.become(status)
        if self._verb.status_callback is None or name not in self._verb.events:
            return
        params = payloads.leg_event(
            self._live.leg,
            status,
            at=self._clock.at,
            sequence=self._sequence,
            ended=(self._live.record.duration_s or 0, _TERMINAL_SIP[status]) if ended else None,
            stir_status=STIR_STATUS if name in {"ringing", "answered"} else None,
        )
        self._sequence += 1
        await self._courier.bring(
            Callback(name=name, kind=f"leg-{name}", url=self._verb.status_callback, params=params)
        )
