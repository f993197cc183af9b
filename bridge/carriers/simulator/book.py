"""What the carrier remembers: calls, texts, numbers, who opted out, and how its REST API is to fail."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from bridge.carriers.simulator.values import (
    Account,
    CallRecord,
    CarrierFault,
    Exchange,
    Fate,
    MessageRecord,
    RestFailure,
    Webhooks,
)

# https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out: what a long code understands by itself.
STOP_WORDS = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})


@dataclass(kw_only=True)
class NumberRecord:
    """A number of the account; `settings` are the writable properties under their REST names."""

    sid: str
    number: str
    created: datetime
    updated: datetime
    settings: dict[str, str | bool | None]


@dataclass(kw_only=True)
class Book:
    """The memory that calls, texts and the REST API share; it lasts as long as the process."""

    account: Account
    now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    calls: dict[str, CallRecord] = field(default_factory=dict)
    messages: dict[str, MessageRecord] = field(default_factory=dict)
    numbers: dict[str, NumberRecord] = field(default_factory=dict)
    verified: set[str] = field(default_factory=set)  # caller ids that the account proved to be its own
    opted_out: set[tuple[str, str]] = field(default_factory=set)  # (who, of which number)
    fates: dict[str, Fate] = field(default_factory=dict)  # by recipient; others are delivered
    failures: deque[RestFailure] = field(default_factory=deque)
    reports: list[Exchange] = field(default_factory=list)  # callbacks about texts, in order of arrival
    faults: list[CarrierFault] = field(default_factory=list)  # those of them that failed

    def sid(self, prefix: str) -> str:
        """Return a new id: two letters and 32 hex digits."""
        return f"{prefix}{self.new_id().hex}"

    def add_number(self, number: str, webhooks: Webhooks | None = None) -> NumberRecord:
        """Let the account own a number, set up with these addresses or with none."""
        now = self.now()
        asks = webhooks or Webhooks(voice_url="")
        record = NumberRecord(
            sid=self.sid("PN"),
            number=number,
            created=now,
            updated=now,
            settings={
                "friendly_name": number,
                "voice_url": asks.voice_url or None,
                "voice_method": "POST",
                "voice_fallback_url": asks.fallback_url,
                "voice_fallback_method": "POST",
                "voice_caller_id_lookup": False,
                "voice_application_sid": None,
                "trunk_sid": None,
                "status_callback": asks.ended_url,
                "status_callback_method": "POST",
                "sms_url": asks.text_url,
                "sms_method": "POST",
                "sms_fallback_url": None,
                "sms_fallback_method": "POST",
                "sms_application_sid": None,
            },
        )
        self.numbers[record.sid] = record
        return record

    def number(self, number: str) -> NumberRecord | None:
        """Return one of the account's numbers."""
        return next((record for record in self.numbers.values() if record.number == number), None)

    def webhooks(self, number: str) -> Webhooks | None:
        """Return what a number of the account asks; None where it is not ours or asks nobody."""
        record = self.number(number)
        if record is None or not record.settings["voice_url"]:
            return None

        def address(name: str) -> str | None:
            return str(record.settings[name]) if record.settings[name] else None

        return Webhooks(
            voice_url=str(record.settings["voice_url"]),
            fallback_url=address("voice_fallback_url"),
            ended_url=address("status_callback"),
            text_url=address("sms_url"),
        )

    def may_show(self, caller_id: str) -> bool:
        """Tell whether the account may show this number on any call."""
        return caller_id in self.verified or self.number(caller_id) is not None

    def fate(self, to: str) -> Fate:
        """Return what becomes of a text to this person."""
        return self.fates.get(to, Fate())

    def note_keyword(self, *, from_: str, to: str, body: str) -> None:
        """Opt a person out or in, as the carrier does on its own before it forwards the text."""
        word = body.strip().upper()
        if word in STOP_WORDS:
            self.opted_out.add((from_, to))
        elif word in START_WORDS:
            self.opted_out.discard((from_, to))

    def fail_next(self, failure: RestFailure | None = None, *, times: int = 1) -> None:
        """Let the next requests to the REST API fail."""
        self.failures.extend([failure or RestFailure()] * times)
