"""One inbound call, from the first request to the last: follow the documents, tell what happens.

Time is the call's own: it starts at `now()` and moves by what the documents and the phone take.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import assert_never

from bridge.carriers.simulator import payloads, twiml
from bridge.carriers.simulator.book import Book
from bridge.carriers.simulator.callbacks import Callback, Courier, Page
from bridge.carriers.simulator.legs import Clock, LiveLeg, Phone, Ringing
from bridge.carriers.simulator.values import (
    CarrierFault,
    Exchange,
    Heard,
    Leg,
    Mischief,
    Outcome,
    Party,
    Rang,
    Webhooks,
)
from bridge.carriers.simulator.wire import Wire

SPEECH_PER_S = 15  # characters a second, about
MAX_DOCUMENTS = 50  # then the caller loses patience: a loop of documents must end
APPLICATION_ERROR = "Sorry, an application error has occurred. Goodbye."


@dataclass(frozen=True, kw_only=True)
class Caller:
    """What the person does who placed the call."""

    digits: Sequence[str]  # what is pressed at each Gather in turn; "" is silence
    hung_up_by: Party
    stir_verstat: str | None


@dataclass(kw_only=True)
class PlacedCall:
    """A call that was placed, and all that came of it."""

    leg: Leg
    started: datetime
    heard: list[Heard] = field(default_factory=list)
    rang: list[Rang] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)  # every attempt, in order
    faults: list[CarrierFault] = field(default_factory=list)  # what the carrier's debugger would list
    outcome: Outcome | None = None  # of the phone that was dialled last; None where none was
    child_sid: str | None = None
    talk_s: int = 0  # of all dialled legs together
    status: str = "ringing"  # of the inbound call, in the carrier's words
    duration_s: int = 0  # of the inbound call, from its answer
    courier: Courier | None = field(default=None, repr=False)

    @property
    def sid(self) -> str:
        """The inbound call's id."""
        return self.leg.sid

    @property
    def words(self) -> list[str]:
        """What the caller heard, without languages."""
        return [heard.text for heard in self.heard]

    def sent(self, kind: str) -> list[Exchange]:
        """Return the requests of one kind, in order; every attempt and copy counts."""
        return [exchange for exchange in self.exchanges if exchange.kind == kind]

    async def deliver_late(self) -> None:
        """Let everything arrive that `Mischief.late` held back."""
        if self.courier is not None:
            await self.courier.deliver_held()


class _Over(Exception):  # noqa: N818 - no error: nobody is left on the caller's side
    """The call is over."""


class Run:
    """The carrier's side of one call while it lasts."""

    def __init__(
        self,
        leg: Leg,
        *,
        caller: Caller,
        phone: Phone,
        mischief: Mischief,
        webhooks: Webhooks,
        wire: Wire,
        book: Book,
        clock: Clock,
    ) -> None:
        """Enter the call into the book."""
        self._placed = PlacedCall(leg=leg, started=clock.at)
        self._courier = self._placed.courier = Courier(
            wire, mischief, exchanges=self._placed.exchanges, faults=self._placed.faults
        )
        self._leg = leg
        self._live = LiveLeg(leg, "ringing", book=book, clock=clock, stir_verstat=caller.stir_verstat)
        self._caller = caller
        self._digits = list(caller.digits)
        self._phone = phone
        self._silent_end = mischief.hang_up_while_ringing
        self._webhooks = webhooks
        self._wire = wire
        self._book = book
        self._clock = clock
        self._documents = 0
        self._ending: str | None = None  # the final status where it is not told by the answer
        self._told_end = False

    async def play(self) -> PlacedCall:
        """Play the call to its end."""
        params = payloads.voice(self._leg, stir_verstat=self._caller.stir_verstat, at=self._clock.at)
        try:
            page: Page | None = await self._fetch(self._webhooks.voice_url, params, "voice")
            while page is not None:
                page = await self._follow(page)
        except _Over:
            pass
        except CarrierFault:
            self._live.answer()
            self._placed.heard.append(Heard(text=APPLICATION_ERROR, by_carrier=True))
        await self._finish()
        return self._placed

    async def _finish(self) -> None:
        """End the inbound leg and tell it."""
        self._live.end(self._final_status())
        self._placed.status = self._live.record.status
        self._placed.duration_s = self._live.record.duration_s or 0
        if not self._told_end:
            await self._tell_end()

    def _final_status(self) -> str:
        return self._ending or ("completed" if self._live.answered else "no-answer")

    async def _tell_end(self) -> None:
        """Tell the number's status callback, if it has one, how the call stands now."""
        self._told_end = True
        if self._webhooks.ended_url is None:
            return
        params = payloads.call_ended(
            self._leg, self._final_status(), at=self._clock.at, duration_s=self._live.seconds()
        )
        await self._courier.bring(Callback(name="ended", kind="ended", url=self._webhooks.ended_url, params=params))

    # Documents

    async def _fetch(self, url: str, params: Mapping[str, str], kind: str, token: str | None = None) -> Page:
        """Ask for a document, or else the fallback for one. Raises CarrierFault when both fail."""
        self._documents += 1
        if self._documents > MAX_DOCUMENTS:
            raise _Over
        try:
            return await self._ask(url, params, kind, token)
        except CarrierFault as fault:
            self._placed.faults.append(fault)
            if self._webhooks.fallback_url is None:
                raise
            params = payloads.failed_over(params, fault)
        try:
            return await self._ask(self._webhooks.fallback_url, params, "fallback")
        except CarrierFault as fault:
            self._placed.faults.append(fault)
            raise

    async def _ask(self, url: str, params: Mapping[str, str], kind: str, token: str | None = None) -> Page:
        exchange = await self._wire.post(url, params, kind=kind, seen=self._placed.exchanges, token=token)
        return twiml.read_voice(exchange.body.encode(), exchange.content_type, url)

    async def _follow(self, page: Page) -> Page | None:
        """Follow one document; return the next, or None where the call ends with this one."""
        if not page:
            self._live.answer()
        for verb in page:
            following = await self._do(verb)
            if following is not None:
                return following
        return None

    async def _do(self, verb: twiml.Verb) -> Page | None:
        """Do one verb; return the document that takes over, or None where the next verb is due."""
        match verb:
            case twiml.Reject() if not self._live.answered:
                self._ending = "busy" if verb.reason == "busy" else "no-answer"
                raise _Over
            case twiml.Dial():  # the one verb that may leave the inbound call ringing
                return await self._dial(verb)
            case _:
                self._live.answer()
        match verb:
            case twiml.Say():
                self._placed.heard.append(Heard(text=verb.text, language=verb.language))
                await self._clock.forward(-(-len(verb.text) // SPEECH_PER_S))
            case twiml.Pause():
                await self._clock.forward(verb.length)
            case twiml.Gather():
                return await self._gather(verb)
            case twiml.Redirect():
                return await self._fetch(verb.url, payloads.standard(self._leg, "in-progress"), "redirect")
            case twiml.Hangup() | twiml.Reject():
                raise _Over
            case _:
                assert_never(verb)
        return None

    async def _gather(self, verb: twiml.Gather) -> Page | None:
        """Let the caller press the next of the planned keys; silence falls through to the next verb."""
        for nested in verb.nested:
            await self._do(nested)
        typed, finish = pressed(self._digits.pop(0) if self._digits else "", verb)
        if not finish and len(typed) != verb.num_digits:
            await self._clock.forward(verb.timeout)
        if not typed:
            return None
        return await self._fetch(verb.action, payloads.gathered(self._leg, typed, finish), "gather")

    # Dial

    async def _dial(self, verb: twiml.Dial) -> Page | None:
        """Let the phone ring, tell what happens, and ask the action for the next document."""
        if not verb.answer_on_bridge:
            self._live.answer()
        caller_id = verb.caller_id or self._leg.from_
        self._courier.gather()
        trouble = self._cannot_dial(verb.number, caller_id)
        if trouble is None:
            outcome, talk_s = await self._ring(verb, caller_id)
        else:
            self._placed.faults.append(trouble)
            self._placed.child_sid = None
            outcome, talk_s = Outcome.FAILED, None
        self._placed.outcome = outcome
        self._placed.talk_s += talk_s or 0
        gone = outcome is Outcome.CANCELED or (talk_s is not None and self._caller.hung_up_by is Party.CALLER)
        page = await self._ask_action(verb, outcome, talk_s, gone=gone)
        if gone or (verb.action is not None and page is None):
            raise _Over
        return page

    def _cannot_dial(self, number: str, caller_id: str) -> CarrierFault | None:
        """Say why no phone can ring: not a number, or a caller id that is not ours to show."""
        if not twiml.is_number(number):
            return CarrierFault(13223, "the number to dial is not E.164")
        if caller_id not in {self._leg.from_, self._leg.to} and not self._book.may_show(caller_id):
            return CarrierFault(13214, "the caller id is neither the caller's, nor the line's, nor verified")
        return None

    async def _ring(self, verb: twiml.Dial, caller_id: str) -> tuple[Outcome, int | None]:
        """Let one phone ring."""
        child = replace(
            self._leg,
            sid=self._book.sid("CA"),
            from_=caller_id,
            to=verb.number,
            direction="outbound-dial",
            parent_sid=self._leg.sid,
        )
        self._placed.child_sid = child.sid
        self._placed.rang.append(
            Rang(
                number=verb.number,
                caller_id=caller_id,
                timeout=verb.timeout,
                time_limit=verb.time_limit,
                answer_on_bridge=verb.answer_on_bridge,
            )
        )
        live = LiveLeg(child, "initiated", book=self._book, clock=self._clock)
        ringing = Ringing(live, verb, self._phone, clock=self._clock, courier=self._courier)
        return await ringing.play(on_answer=self._live.answer)

    async def _ask_action(self, verb: twiml.Dial, outcome: Outcome, talk_s: int | None, *, gone: bool) -> Page | None:
        """Ask the action in its place among the callbacks; its answer counts if anyone hears it."""
        if verb.action is not None and not (outcome is Outcome.CANCELED and self._silent_end):
            params = payloads.dialled(
                self._leg,
                self._final_status() if gone else self._live.record.status,
                dial_status="completed" if talk_s is not None else outcome.value,
                child_sid=self._placed.child_sid,
                talk_s=talk_s,
            )
            page = await self._courier.bring(
                Callback(
                    name="action",
                    kind="dial-action",
                    url=verb.action,
                    params=params,
                    fetch=None if gone else partial(self._fetch, verb.action, params, "dial-action"),
                )
            )
            if not self._courier.reorders:
                return page
        if self._courier.reorders and not self._told_end:
            await self._tell_end()
        return await self._courier.release()


def pressed(keys: str, verb: twiml.Gather) -> tuple[str, str]:
    """Return what a Gather takes of the pressed keys: digits, and the key that ended them ("" for none)."""
    typed = ""
    for key in keys:
        if key == verb.finish_on_key:
            return typed, key
        typed += key
        if len(typed) == verb.num_digits:
            break
    return typed, ""
