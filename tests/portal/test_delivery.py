"""Notices on their way: each letter once, by the way that reaches, or visibly not at all.

Real PostgreSQL, real SMTP, the simulated carrier's REST API over HTTP; the clock is moved by hand.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bridge import actions as bridge
from bridge.carriers.simulator import Fate, RestFailure
from bridge.carriers.simulator.values import MessageRecord
from bridge.values import Contact as ToDial
from bridge.values import ContactKind, ContactReason
from config import deps as contracts
from config.deps import Deps, Handover, Taken
from config.errors import Refused
from people import actions as people
from people import queries as people_queries
from people.models import Provider, Suppression
from people.values import ByText, Contact, Language, SuppressionReason
from portal import jobs, rules
from portal.delivery import after_attempt
from portal.letters import Dial
from scheduling import actions as scheduling
from scheduling.models import Appointment
from scheduling.values import AppointmentState, Side, Source
from status import actions as ledger
from status import queries as ledger_queries
from status.models import Consultation, Event, Notice
from status.values import (
    CLOCK,
    Channel,
    ConsultationStatus,
    DecidedBy,
    EventKind,
    NoticeKey,
    NoticeState,
)
from tests.builders import OPERATOR, World
from tests.clock import START, Clock
from tests.fixtures import LINES, Carrier, Worker
from tests.mailbox import Mailbox

DAY = timedelta(days=1)
SOMEBODY = Contact(number="+12125550101", takes_texts=True, suppressed=False, address=None, timezone="America/New_York")
NUMBER = re.compile(r"555-?01\d\d")  # any invented one, and no port of this machine


# Telling the stories


async def asked(world: World, clock: Clock, works: Worker, provider: Provider | None = None) -> Consultation:
    """Let a consultation pass without a call, and the day after it, up to the minute of the status text."""
    provider = provider or await world.provider()
    appointment = await world.appointment(provider)
    clock.to(appointment.ends_at)
    await works.turn()
    clock.forward(hours=24)
    async with world.deps.sessions() as session:
        found = (await session.execute(select(Consultation))).scalar_one()
        assert found.status is ConsultationStatus.AWAITING_STATUS
        return found


async def notices(deps: Deps, channel: Channel = Channel.TEXT, key: NoticeKey | None = None) -> list[Notice]:
    query = select(Notice).where(col(Notice.channel) == channel).order_by(col(Notice.created_at), col(Notice.id))
    if key:
        query = query.where(col(Notice.key) == key)
    async with deps.sessions() as session:
        return list((await session.execute(query)).scalars())


async def notice(deps: Deps, channel: Channel = Channel.TEXT, key: NoticeKey | None = None) -> Notice:
    (only,) = await notices(deps, channel, key)
    return only


async def events(deps: Deps, kind: EventKind) -> list[Event]:
    async with deps.sessions() as session:
        found = await session.execute(select(Event).where(col(Event.kind) == kind).order_by(col(Event.sequence)))
        return list(found.scalars())


def texts_of(carrier: Carrier) -> list[MessageRecord]:
    return [m for m in carrier.simulator.book.messages.values() if m.direction == "outbound-api"]


async def deliver(deps: Deps, row: Notice | None = None) -> Notice:
    row = row or await notice(deps)
    await jobs.deliver(deps, row.id)
    async with deps.sessions() as session:
        return await session.get_one(Notice, row.id)


async def answer(deps: Deps, consultation: Consultation) -> None:
    async with deps.sessions.begin() as session:
        await ledger.answer(
            session,
            consultation.id,
            occurred=True,
            by=DecidedBy.PORTAL,
            actor=CLOCK,
            now=deps.now(),
            policy=ledger.policy(deps.settings),
            new_id=deps.new_id,
        )


async def receipt(deps: Deps, row: Notice, *, delivered: bool | None, code: str | None = None, **more: Any) -> None:
    async with deps.sessions.begin() as session:
        await ledger.note_receipt(
            session, row.id, delivered=delivered, code=code, now=deps.now(), new_id=deps.new_id, **more
        )


# Sent once


async def test_a_status_text_goes_out_once_and_its_receipt_settles_it(
    service: str, carrier: Carrier, world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    await asked(world, clock, works)
    await works.turn()
    await carrier.simulator.settle()
    (text,) = texts_of(carrier)
    assert text.from_ == LINES[0]
    assert text.body == (
        "Consultline: Did your consultation on Tue, Nov 24, 2:00 PM EST take place? "
        "Reply YES or NO by Fri, Nov 27, 2:15 PM EST. STOP to end texts."
    )
    row = await notice(world.deps)
    assert (row.state, row.reference, row.attempts) == (NoticeState.DELIVERED, text.sid, 1)
    assert (row.sent_by, row.sent_at, row.trouble) == (Channel.TEXT, clock(), None)
    (told,) = await events(world.deps, EventKind.NOTICE_SENT)
    assert told.data == {"notice": str(row.id), "key": "status_text", "attempts": 1, "by": "text"}
    clock.forward(hours=5)
    await works.turn()
    assert len(texts_of(carrier)) == 1
    assert mailbox.taken == []


async def test_nothing_goes_before_its_time(carrier: Carrier, world: World, clock: Clock, works: Worker) -> None:
    await asked(world, clock, works)
    clock.forward(seconds=-1)
    row = await deliver(world.deps)
    assert (row.state, row.attempts) == (NoticeState.DUE, 0)
    assert texts_of(carrier) == []


async def test_many_workers_send_one_text(carrier: Carrier, world: World, clock: Clock, works: Worker) -> None:
    await asked(world, clock, works)
    row = await notice(world.deps)
    await asyncio.gather(*(jobs.deliver(world.deps, row.id) for _ in range(8)))
    assert len(texts_of(carrier)) == 1
    assert (await notice(world.deps)).attempts == 1


async def test_the_text_speaks_the_providers_language(
    carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    await asked(world, clock, works, await world.provider(language=Language.SPANISH, timezone="America/Phoenix"))
    await deliver(world.deps)
    (text,) = texts_of(carrier)
    assert "del mar 24 nov, 12:00 p.m. MST" in text.body


async def test_an_unknown_notice_is_no_work(world: World) -> None:
    await jobs.deliver(world.deps, UUID(int=1))


# Tried again


async def test_a_carrier_that_was_down_gets_it_when_it_is_up(
    carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    await asked(world, clock, works)
    carrier.simulator.book.fail_next(RestFailure(status=429, code=20429), times=3)
    waits = []
    for attempt in (1, 2, 3):
        row = await deliver(world.deps)
        assert (row.state, row.attempts, row.trouble) == (NoticeState.DUE, attempt, "20429")
        assert (row.sent_by, row.reference) == (None, None)
        waits.append(row.due_at - clock())
        assert await deliver(world.deps) == row  # too early
        clock.to(row.due_at)
    assert [round(wait / timedelta(seconds=30)) for wait in waits] == [1, 2, 4]
    row = await deliver(world.deps)
    assert (row.state, row.attempts, row.trouble) == (NoticeState.SENT, 4, None)
    assert len(texts_of(carrier)) == 1


async def test_a_carrier_that_stays_down_ends_in_a_mail(
    carrier: Carrier, world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    await asked(world, clock, works)
    carrier.simulator.book.fail_next(RestFailure(status=429, code=20429), times=50)
    row = await notice(world.deps)
    while row.state is NoticeState.DUE:
        clock.to(row.due_at)
        row = await deliver(world.deps, row)
    assert (row.state, row.attempts, row.trouble) == (NoticeState.FAILED, rules.MAX_ATTEMPTS, "20429")
    (told,) = await events(world.deps, EventKind.NOTICE_FAILED)
    assert told.data == {"notice": str(row.id), "key": "status_text", "attempts": 8, "trouble": "20429"}
    instead = await notice(world.deps, Channel.MAIL)
    assert (await deliver(world.deps, instead)).state is NoticeState.SENT
    assert mailbox.letter()["Subject"] == "Did your consultation on Tue, Nov 24, 2:00 PM EST take place?"


async def test_a_letter_whose_next_try_would_come_too_late_is_given_up(
    carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    consultation = await asked(world, clock, works)
    clock.to(consultation.ends_at + timedelta(hours=72, seconds=-10))
    carrier.simulator.book.fail_next(RestFailure(status=429))
    row = await deliver(world.deps)
    assert (row.state, row.attempts) == (NoticeState.FAILED, 1)


# No answer


async def test_an_ambiguous_text_that_was_taken_is_found_and_not_repeated(
    carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    await asked(world, clock, works)
    carrier.simulator.book.fail_next(RestFailure(status=500, took_it=True))
    row = await deliver(world.deps)
    assert (row.state, row.due_at, row.trouble) == (NoticeState.UNCERTAIN, clock() + timedelta(minutes=1), "20500")
    clock.forward(minutes=1)
    row = await deliver(world.deps)
    (text,) = texts_of(carrier)
    assert (row.state, row.reference, row.attempts) == (NoticeState.SENT, text.sid, 1)
    assert (row.sent_by, row.trouble) == (Channel.TEXT, None)
    assert len(await events(world.deps, EventKind.NOTICE_SENT)) == 1


async def test_an_ambiguous_text_that_was_not_taken_is_sent_again(
    carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    await asked(world, clock, works)
    carrier.simulator.book.fail_next(RestFailure(status=500))
    await deliver(world.deps)
    clock.forward(minutes=1)
    row = await deliver(world.deps)
    assert (row.state, row.due_at) == (NoticeState.DUE, clock())
    assert texts_of(carrier) == []
    row = await deliver(world.deps)
    assert (row.state, row.attempts) == (NoticeState.SENT, 2)
    assert len(texts_of(carrier)) == 1


async def test_an_older_text_of_the_same_words_is_not_taken_for_this_one(
    carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    await asked(world, clock, works)
    carrier.simulator.book.fail_next(RestFailure(status=500, took_it=True))
    await deliver(world.deps)
    texts_of(carrier)[0].created -= timedelta(minutes=30)
    clock.forward(minutes=1)
    assert (await deliver(world.deps)).state is NoticeState.DUE


async def test_a_carrier_whose_books_are_closed_is_asked_ever_more_rarely(
    carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    await asked(world, clock, works)
    carrier.simulator.book.fail_next(RestFailure(status=500, took_it=True), times=1)
    row = await deliver(world.deps)
    carrier.simulator.book.fail_next(RestFailure(status=500), times=4)
    waits = []
    for _ in range(4):
        clock.to(row.due_at)
        row = await deliver(world.deps)
        assert row.state is NoticeState.UNCERTAIN
        waits.append(row.due_at - clock())
    assert waits == [timedelta(minutes=m) for m in (1, 2, 4, 8)]
    clock.to(row.due_at)
    assert (await deliver(world.deps)).state is NoticeState.SENT
    assert len(texts_of(carrier)) == 1


async def test_books_that_stay_closed_until_it_is_too_late_leave_a_visible_failure(
    carrier: Carrier, world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    await asked(world, clock, works)
    carrier.simulator.book.fail_next(RestFailure(status=500))
    await deliver(world.deps)
    clock.forward(hours=49)
    carrier.simulator.book.fail_next(RestFailure(status=500))
    row = await deliver(world.deps)
    assert (row.state, row.trouble) == (NoticeState.FAILED, "20500")
    assert await notices(world.deps, Channel.MAIL) == []  # the question is closed by now


@pytest.mark.parametrize("change", ["number", "language", "timezone"])
async def test_who_has_changed_in_between_gets_a_mail_and_no_second_text(
    carrier: Carrier, world: World, clock: Clock, works: Worker, mailbox: Mailbox, change: str
) -> None:
    consultation = await asked(world, clock, works)
    carrier.simulator.book.fail_next(RestFailure(status=500, took_it=True))
    await deliver(world.deps)
    async with world.deps.sessions.begin() as session:
        provider = await session.get_one(Provider, consultation.provider_id)
        if change == "number":
            provider.dial_phone = "+12125550199"
        elif change == "language":
            provider.language = Language.SPANISH
        else:
            provider.timezone = "America/Chicago"
    clock.forward(minutes=1)
    row = await deliver(world.deps)
    assert (row.state, row.trouble) == (NoticeState.FAILED, "changed_meanwhile")
    await works.turn()
    assert len(texts_of(carrier)) == 1
    assert len(mailbox.taken) == 1


# Killed


class Killed(BaseException):
    """The end of a process, as its code sees it."""


@dataclass
class Sessions:
    """The real maker of sessions, until the process dies at the chosen transaction, before or after its commit."""

    real: Any
    dies_at: int | None = None
    after_commit: bool = False
    begun: int = 0

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        self.begun += 1
        doomed = self.begun == self.dies_at
        async with self.real.begin() as session:
            yield session
            if doomed and not self.after_commit:
                raise Killed
        if doomed:
            raise Killed


@dataclass
class Texts:
    """The real texts, until the process dies before or after handing one over."""

    real: contracts.Texts
    before: bool = False
    after: bool = False
    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def send(self, *, to: str, body: str, notice: UUID, valid_s: int) -> Handover:
        if self.before:
            raise Killed
        handover = await self.real.send(to=to, body=body, notice=notice, valid_s=valid_s)
        if self.meanwhile:
            await self.meanwhile()
        if self.after:
            raise Killed
        return handover

    async def find(self, *, to: str, body: str, since: datetime) -> str | None:
        found = await self.real.find(to=to, body=body, since=since)
        if self.meanwhile:
            await self.meanwhile()
        if self.after:
            raise Killed
        return found


def dying(deps: Deps, at: int, *, after_commit: bool = False) -> Deps:
    doomed: Any = Sessions(deps.sessions, at, after_commit=after_commit)
    return replace(deps, sessions=doomed)


KILLS: dict[str, Callable[[Deps], Deps]] = {
    "before the claim is committed": lambda d: dying(d, 1),
    "after the claim": lambda d: dying(d, 1, after_commit=True),
    "before the network": lambda d: replace(d, texts=Texts(d.texts, before=True)),
    "after the network": lambda d: replace(d, texts=Texts(d.texts, after=True)),
    "before the note is committed": lambda d: dying(d, 2),
    "after the note": lambda d: dying(d, 2, after_commit=True),
}


async def go_on(deps: Deps, clock: Clock) -> Notice:
    """Let other workers go on from what was left, as the sweep does, until nothing is left to do."""
    for _ in range(4):
        clock.forward(minutes=6)
        async with deps.sessions.begin() as session:
            due = await ledger_queries.due_notices(session, clock(), rules.STALE)
        for one in due:
            await jobs.deliver(deps, one)
    return await notice(deps)


@pytest.mark.parametrize("moment", KILLS)
async def test_a_worker_that_is_killed_leaves_one_text_in_the_end(
    carrier: Carrier, world: World, clock: Clock, works: Worker, mailbox: Mailbox, moment: str
) -> None:
    await asked(world, clock, works)
    row = await notice(world.deps)
    with pytest.raises(Killed):
        await jobs.deliver(KILLS[moment](world.deps), row.id)
    row = await go_on(world.deps, clock)
    assert row.state is NoticeState.SENT
    assert [text.sid for text in texts_of(carrier)] == [row.reference]
    assert len(await events(world.deps, EventKind.NOTICE_SENT)) == 1
    assert mailbox.taken == []


@pytest.mark.parametrize("second", KILLS)
@pytest.mark.parametrize("first", ["after the claim", "after the network", "before the note is committed"])
async def test_a_worker_that_is_killed_while_looking_leaves_one_text_in_the_end(
    carrier: Carrier, world: World, clock: Clock, works: Worker, first: str, second: str
) -> None:
    await asked(world, clock, works)
    row = await notice(world.deps)
    with pytest.raises(Killed):
        await jobs.deliver(KILLS[first](world.deps), row.id)
    clock.forward(minutes=6)
    try:
        await jobs.deliver(KILLS[second](world.deps), row.id)
    except Killed:
        pass
    else:
        assert second == "before the network"  # a look-up sends nothing
    row = await go_on(world.deps, clock)
    assert row.state is NoticeState.SENT
    assert [text.sid for text in texts_of(carrier)] == [row.reference]


async def test_a_claim_is_left_alone_while_its_worker_may_be_alive(
    carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    await asked(world, clock, works)
    row = await notice(world.deps)
    with pytest.raises(Killed):
        await jobs.deliver(KILLS["before the network"](world.deps), row.id)
    clock.forward(minutes=4, seconds=59)
    assert (await deliver(world.deps)).state is NoticeState.CLAIMED
    clock.forward(seconds=1)
    assert (await deliver(world.deps)).state is NoticeState.DUE  # looked up, and not there
    assert texts_of(carrier) == []


async def test_a_worker_that_slept_over_its_claim_does_not_send(
    carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    await asked(world, clock, works)
    real = world.deps.sessions

    class Sleepy(Sessions):
        @asynccontextmanager
        async def begin(self) -> AsyncIterator[AsyncSession]:
            async with self.real.begin() as session:
                yield session
            clock.forward(minutes=3)

    row = await notice(world.deps)
    await jobs.deliver(replace(world.deps, sessions=Sleepy(real)), row.id)  # type: ignore[arg-type]
    assert texts_of(carrier) == []
    assert (await go_on(world.deps, clock)).state is NoticeState.SENT
    assert len(texts_of(carrier)) == 1


@pytest.mark.parametrize("moment", ["before the network", "after the network"])
async def test_an_answer_that_comes_after_a_later_claim_does_not_touch_it(
    carrier: Carrier, world: World, clock: Clock, works: Worker, moment: str
) -> None:
    await asked(world, clock, works)
    row = await notice(world.deps)

    async def somebody_else_claims() -> None:
        clock.forward(minutes=6)
        assert (await deliver(world.deps)).state is NoticeState.DUE
        with pytest.raises(Killed):
            await jobs.deliver(KILLS[moment](world.deps), row.id)

    carrier.simulator.book.fail_next(RestFailure(status=429))
    slow = replace(world.deps, texts=Texts(world.deps.texts, meanwhile=somebody_else_claims))
    await jobs.deliver(slow, row.id)
    row = await notice(world.deps)
    assert (row.state, row.attempts) == (NoticeState.CLAIMED, 2)
    assert (await go_on(world.deps, clock)).state is NoticeState.SENT
    assert len(texts_of(carrier)) == 1


@pytest.mark.parametrize("outcome", ["killed", "unknown"])
async def test_a_slow_look_up_does_not_put_back_what_was_sent_since(
    carrier: Carrier, world: World, clock: Clock, works: Worker, outcome: str
) -> None:
    await asked(world, clock, works)
    carrier.simulator.book.fail_next(RestFailure(status=500))
    row = await deliver(world.deps)
    clock.to(row.due_at)

    async def somebody_faster_sends() -> None:
        clock.forward(minutes=2)
        assert (await deliver(world.deps)).state is NoticeState.DUE
        if outcome == "killed":
            with pytest.raises(Killed):
                await jobs.deliver(KILLS["after the network"](world.deps), row.id)
        else:
            carrier.simulator.book.fail_next(RestFailure(status=500, took_it=True))
            await deliver(world.deps)
        assert len(texts_of(carrier)) == 1

    slow = replace(world.deps, texts=Texts(world.deps.texts, meanwhile=somebody_faster_sends))
    await jobs.deliver(slow, row.id)
    row = await notice(world.deps)
    assert row.state is (NoticeState.CLAIMED if outcome == "killed" else NoticeState.UNCERTAIN)
    assert (await go_on(world.deps, clock)).state is NoticeState.SENT
    assert len(texts_of(carrier)) == 1


async def test_a_bug_leaves_the_claim_and_never_loses_the_row(
    carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    await asked(world, clock, works)

    class Broken(Texts):
        async def send(self, **_: Any) -> Handover:
            raise ZeroDivisionError

    row = await notice(world.deps)
    with pytest.raises(ZeroDivisionError):
        await jobs.deliver(replace(world.deps, texts=Broken(world.deps.texts)), row.id)
    assert (await notice(world.deps)).state is NoticeState.CLAIMED
    assert (await go_on(world.deps, clock)).state is NoticeState.SENT


# Refused, opted out, no mobile


async def test_who_opted_out_at_the_carrier_gets_a_mail_at_once_and_from_then_on(
    carrier: Carrier, world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    provider = await world.provider()
    await asked(world, clock, works, provider)
    assert provider.dial_phone is not None
    carrier.simulator.book.opted_out.add((provider.dial_phone, LINES[0]))
    await works.turn()
    row = await notice(world.deps)
    assert (row.state, row.trouble) == (NoticeState.FAILED, "21610")
    assert (await notice(world.deps, Channel.MAIL)).state is NoticeState.SENT
    assert mailbox.letter()["To"] == provider.email
    assert "Reply YES" not in mailbox.letter().as_string()
    key = bridge.caller_key(provider.dial_phone, world.deps.settings)
    async with world.deps.sessions() as session:
        assert key is not None
        assert await people_queries.suppressed(session, key)
    # The next letter does not even try.
    await world.appointment(provider, starts_in=timedelta(hours=1))
    clock.forward(hours=2)
    await works.turn()
    clock.forward(hours=26)
    requests = len(carrier.simulator.book.messages)
    await works.turn()
    assert len(carrier.simulator.book.messages) == requests
    later = (await notices(world.deps))[-1]
    assert (later.state, later.sent_by, later.attempts) == (NoticeState.SENT, Channel.MAIL, 1)


@pytest.mark.parametrize(
    ("code", "reason"),
    [(21614, SuppressionReason.NOT_A_MOBILE), (21612, None), (21408, None), (21211, None)],
)
async def test_a_text_refused_for_good_goes_by_mail_and_stops_others_where_none_can_arrive(
    carrier: Carrier,
    world: World,
    clock: Clock,
    works: Worker,
    mailbox: Mailbox,
    code: int,
    reason: SuppressionReason | None,
) -> None:
    provider = await world.provider()
    await asked(world, clock, works, provider)
    carrier.simulator.book.fail_next(RestFailure(status=400, code=code))
    await works.turn()
    assert (await notice(world.deps)).state is NoticeState.FAILED
    assert len(mailbox.taken) == 1
    assert await suppression(world.deps, provider) is reason


async def suppression(deps: Deps, provider: Provider) -> SuppressionReason | None:
    key = bridge.caller_key(provider.dial_phone, deps.settings)
    async with deps.sessions() as session:
        found = await session.get(Suppression, key)
        return found.reason if found else None


@pytest.mark.parametrize(
    "told",
    [{"dial_phone": None}, {"verified": False}, {"dial_phone": "+18005550199"}],
    ids=["no number", "not verified", "toll-free"],
)
async def test_who_has_no_number_for_texts_gets_a_mail(
    carrier: Carrier, world: World, clock: Clock, works: Worker, mailbox: Mailbox, told: dict[str, Any]
) -> None:
    provider = await world.provider(**told)
    await asked(world, clock, works, provider)
    await works.turn()
    row = await notice(world.deps)
    assert (row.state, row.sent_by, row.channel) == (NoticeState.SENT, Channel.MAIL, Channel.TEXT)
    assert texts_of(carrier) == []
    assert mailbox.letter()["To"] == provider.email


async def test_stop_by_text_is_honoured_and_start_takes_it_back(
    service: str, carrier: Carrier, world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    provider = await world.provider()
    await carrier.text(provider, "STOP")
    await asked(world, clock, works, provider)
    await works.turn()
    assert texts_of(carrier) == []
    assert len(mailbox.taken) == 1
    await carrier.text(provider, "START")
    await world.appointment(provider, starts_in=timedelta(hours=1))
    clock.forward(hours=2)
    await works.turn()
    clock.forward(hours=26)
    await works.turn()
    assert len(texts_of(carrier)) == 1


# Quiet hours


def new_york(month: int, day: int, hour: int, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("America/New_York"))


@pytest.mark.parametrize(
    ("due", "sent"),
    [
        (new_york(11, 25, 7, 59), new_york(11, 25, 8)),
        (new_york(11, 25, 8), new_york(11, 25, 8)),
        (new_york(11, 25, 19, 59), new_york(11, 25, 19, 59)),
        (new_york(11, 25, 20), new_york(11, 26, 8)),
        (new_york(11, 25, 23, 59), new_york(11, 26, 8)),
        (new_york(11, 25, 0), new_york(11, 25, 8)),
        # The clocks went forward at two o'clock, and back.
        (new_york(3, 8, 7, 59), new_york(3, 8, 8)),
        (new_york(3, 7, 20, 30), new_york(3, 8, 8)),
        (new_york(11, 1, 7, 59), new_york(11, 1, 8)),
        (new_york(10, 31, 20, 30), new_york(11, 1, 8)),
    ],
    ids=lambda at: at.strftime("%m-%d %H:%M"),
)
async def test_a_text_waits_for_the_day_of_its_reader(
    carrier: Carrier, world: World, clock: Clock, works: Worker, due: datetime, sent: datetime
) -> None:
    clock.to(due - timedelta(hours=24, minutes=15))
    await asked(world, clock, works)
    assert clock() == due
    row = await deliver(world.deps)
    if due != sent:
        assert (row.state, row.due_at, row.attempts) == (NoticeState.DUE, sent, 0)
        assert texts_of(carrier) == []
        clock.to(sent)
        row = await deliver(world.deps)
    assert (row.state, row.sent_at) == (NoticeState.SENT, sent)


async def test_a_text_whose_morning_would_be_too_late_goes_by_mail_tonight(
    carrier: Carrier, world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    clock.to(new_york(11, 24, 3))
    consultation = await asked(world, clock, works)
    clock.to(consultation.ends_at + timedelta(hours=71))  # two at night; closes at three
    row = await deliver(world.deps)
    assert (row.state, row.sent_by) == (NoticeState.SENT, Channel.MAIL)
    assert len(mailbox.taken) == 1


@pytest.mark.parametrize(
    ("now", "expires_at", "seconds"),
    [
        (new_york(11, 25, 19, 59), None, 60),
        (new_york(11, 25, 8), None, 12 * 3600),
        (new_york(11, 25, 8), new_york(11, 25, 8, 30), 1800),
        (new_york(11, 25, 8), new_york(11, 27, 8), 12 * 3600),
        (new_york(11, 1, 8), None, 12 * 3600),
        (new_york(11, 25, 8), new_york(11, 25, 8), 1),
    ],
)
def test_a_text_is_dropped_by_the_carrier_at_night_and_when_it_is_no_longer_true(
    now: datetime, expires_at: datetime | None, seconds: int
) -> None:
    assert rules.text_is_valid_for(now, SOMEBODY, expires_at) == seconds


def test_a_text_that_somebody_waits_for_knows_no_night() -> None:
    now = new_york(11, 25, 23)
    waits = replace(SOMEBODY, at_any_hour=True)

    assert rules.choose_way(Channel.TEXT, waits, now, now + timedelta(minutes=10)) == ByText("+12125550101")
    assert rules.text_is_valid_for(now, waits, now + timedelta(minutes=10)) == 600


# Too late, no longer true


async def test_a_letter_after_its_end_is_not_sent(
    carrier: Carrier, world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    consultation = await asked(world, clock, works)
    clock.to(consultation.ends_at + timedelta(hours=72))
    row = await deliver(world.deps)
    assert (row.state, row.settled_at) == (NoticeState.EXPIRED, clock())
    assert texts_of(carrier) == []
    assert mailbox.taken == []


async def test_a_status_that_was_shared_in_time_is_not_asked_for(
    carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    consultation = await asked(world, clock, works)
    await answer(world.deps, consultation)
    assert (await deliver(world.deps)).state is NoticeState.CANCELLED
    assert texts_of(carrier) == []


async def test_a_status_that_was_shared_between_two_tries_is_not_asked_for(
    carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    consultation = await asked(world, clock, works)
    carrier.simulator.book.fail_next(RestFailure(status=500))
    await deliver(world.deps)  # uncertain: a withdrawal leaves it to the look-up
    await answer(world.deps, consultation)
    clock.forward(minutes=1)
    assert (await deliver(world.deps)).state is NoticeState.DUE
    assert (await deliver(world.deps)).state is NoticeState.CANCELLED
    assert texts_of(carrier) == []


async def test_a_status_that_is_shared_while_the_text_is_on_its_way_stays_shared(
    service: str, carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    consultation = await asked(world, clock, works)
    provider_id = consultation.provider_id

    async def shared() -> None:
        await answer(world.deps, consultation)

    row = await notice(world.deps)
    await jobs.deliver(replace(world.deps, texts=Texts(world.deps.texts, meanwhile=shared)), row.id)
    await carrier.simulator.settle()
    assert (await notice(world.deps)).state is NoticeState.DELIVERED
    async with world.deps.sessions() as session:
        provider = await session.get_one(Provider, provider_id)
    await carrier.text(provider, "NO")
    with pytest.raises(Refused):
        await answer(world.deps, consultation)
    async with world.deps.sessions() as session:
        row_now = await session.get_one(Consultation, consultation.id)
        assert row_now.status is ConsultationStatus.OCCURRED_MANUAL


# What the carrier reports


async def test_a_receipt_that_is_faster_than_the_worker_is_kept(
    carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    await asked(world, clock, works)
    row = await notice(world.deps)

    async def delivered() -> None:
        await receipt(world.deps, row, delivered=None)
        await receipt(world.deps, row, delivered=True)

    await jobs.deliver(replace(world.deps, texts=Texts(world.deps.texts, meanwhile=delivered)), row.id)
    row = await notice(world.deps)
    (text,) = texts_of(carrier)
    assert (row.state, row.reference, row.sent_by) == (NoticeState.DELIVERED, text.sid, Channel.TEXT)
    assert len(await events(world.deps, EventKind.NOTICE_SENT)) == 1


async def test_a_failure_that_is_reported_before_the_worker_notes_anything_is_kept(
    carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    await asked(world, clock, works)
    row = await notice(world.deps)

    async def undelivered() -> None:
        await receipt(world.deps, row, delivered=False, code="30003")

    await jobs.deliver(replace(world.deps, texts=Texts(world.deps.texts, meanwhile=undelivered)), row.id)
    row = await notice(world.deps)
    assert (row.state, row.trouble) == (NoticeState.UNDELIVERED, "30003")
    assert row.reference == texts_of(carrier)[0].sid
    assert len(await notices(world.deps, Channel.MAIL)) == 1


@pytest.mark.parametrize("delivered", [None, True])
async def test_a_receipt_settles_an_uncertain_text_without_a_look_up(
    carrier: Carrier, world: World, clock: Clock, works: Worker, *, delivered: bool | None
) -> None:
    await asked(world, clock, works)
    carrier.simulator.book.fail_next(RestFailure(status=500, took_it=True))
    row = await deliver(world.deps)
    await receipt(world.deps, row, delivered=delivered, reference=texts_of(carrier)[0].sid)
    row = await go_on(world.deps, clock)
    assert row.state is (NoticeState.DELIVERED if delivered else NoticeState.SENT)
    assert row.reference == texts_of(carrier)[0].sid
    assert len(texts_of(carrier)) == 1


async def test_a_text_that_was_not_delivered_goes_by_mail_once(
    service: str, carrier: Carrier, world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    provider = await world.provider()
    await asked(world, clock, works, provider)
    assert provider.dial_phone is not None
    fate = Fate(status="undelivered", error_code=30003, callbacks=("sent", "undelivered", "undelivered"))
    carrier.simulator.book.fates[provider.dial_phone] = fate
    await works.turn()
    await carrier.simulator.settle()
    await works.turn()
    row = await notice(world.deps)
    assert (row.state, row.trouble) == (NoticeState.UNDELIVERED, "30003")
    assert len(mailbox.taken) == 1
    assert len(await events(world.deps, EventKind.NOTICE_FAILED)) == 1


async def test_what_comes_after_a_final_word_changes_nothing(
    carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    await asked(world, clock, works)
    row = await deliver(world.deps)
    await receipt(world.deps, row, delivered=True)
    await receipt(world.deps, row, delivered=False, code="30008")
    await receipt(world.deps, row, delivered=None)
    row = await notice(world.deps)
    assert (row.state, row.trouble) == (NoticeState.DELIVERED, None)
    assert await notices(world.deps, Channel.MAIL) == []


async def test_a_receipt_about_an_earlier_try_says_nothing_about_the_later_one(
    carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    await asked(world, clock, works)
    row = await deliver(world.deps)
    await receipt(world.deps, row, delivered=False, code="30008", reference="SM" + "0" * 32)
    assert (await notice(world.deps)).state is NoticeState.SENT


async def test_a_receipt_about_nothing_of_ours_is_no_trouble(world: World) -> None:
    async with world.deps.sessions.begin() as session:
        told = await ledger.note_receipt(
            session, UUID(int=1), delivered=True, code=None, now=world.deps.now(), new_id=world.deps.new_id
        )
    assert told is None


async def test_a_receipt_that_no_text_can_arrive_suppresses_the_number(
    carrier: Carrier, world: World, clock: Clock, works: Worker
) -> None:
    provider = await world.provider()
    await asked(world, clock, works, provider)
    row = await deliver(world.deps)
    async with world.deps.sessions.begin() as session:
        await people.note_receipt(
            session,
            row.id,
            delivered=False,
            code="30006",
            suppress=SuppressionReason.NOT_A_MOBILE,
            number_key=bridge.caller_key(provider.dial_phone, world.deps.settings),
            reference=row.reference,
            now=world.deps.now(),
            new_id=world.deps.new_id,
        )
    assert (await notice(world.deps)).state is NoticeState.UNDELIVERED
    assert await suppression(world.deps, provider) is SuppressionReason.NOT_A_MOBILE
    assert len(await notices(world.deps, Channel.MAIL)) == 1


# Mail


@dataclass
class Ahead:
    """A consultation two days ahead, and the minute in which its reminder is due."""

    provider: Provider
    appointment: Appointment
    names: list[str] = field(default_factory=list)


async def ahead(world: World, clock: Clock, *, phone: str | None = "", **told: Any) -> Ahead:
    provider = await world.provider(**told)
    client = await world.client(provider, phone=phone)
    appointment = await world.appointment(provider, client=client, starts_in=2 * DAY)
    clock.to(appointment.starts_at - DAY)
    return Ahead(
        provider,
        appointment,
        [client.first_name, client.last_name, client.email, *([client.phone] if client.phone else [])],
    )


async def reminder(deps: Deps) -> Notice:
    return await notice(deps, Channel.MAIL, NoticeKey.REMINDER)


def to_providers(mailbox: Mailbox) -> list[EmailMessage]:
    """Return the letters of these stories: what clients are told at the same time is another one."""
    return [letter for letter in mailbox.letters() if letter["To"].startswith("provider")]


def letter_of(mailbox: Mailbox) -> EmailMessage:
    (only,) = to_providers(mailbox)
    return only


def body_of(mailbox: Mailbox) -> str:
    part = letter_of(mailbox).get_body(("plain",))
    assert part is not None
    return str(part.get_content())


async def test_a_reminder_tells_the_line_and_its_hours_and_no_name(
    world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    story = await ahead(world, clock)
    await works.turn()
    letter = letter_of(mailbox)
    assert letter["Subject"] == "Reminder: phone consultation on Thu, Nov 26, 2:00 PM EST"
    assert "call +1 212-555-0100" in body_of(mailbox)
    assert "from 1:59 PM until 2:15 PM EST" in body_of(mailbox)
    row = await reminder(world.deps)
    assert letter["Message-ID"] == f"<{row.id}@127.0.0.1>"
    assert (row.state, row.sent_by, row.reference) == (NoticeState.SENT, Channel.MAIL, letter["Message-ID"])
    assert letter.get_body(("html",)) is not None
    for private in story.names:
        assert private not in letter.as_string()


async def test_a_rescheduled_consultation_is_not_reminded_of_at_its_old_time(
    world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    story = await ahead(world, clock)
    async with world.deps.sessions.begin() as session:
        await scheduling.reschedule(
            session,
            story.appointment.id,
            starts_at=story.appointment.starts_at + 3 * DAY,
            ends_at=None,
            actor=OPERATOR,
            house=scheduling.house(world.deps.settings),
            now=clock(),
            new_id=world.deps.new_id,
        )
    await works.turn()
    told = [letter["Subject"] for letter in to_providers(mailbox)]
    assert told == ["An appointment was moved to Sun, Nov 29, 2:00 PM EST"]
    states = {row.state for row in await notices(world.deps, Channel.MAIL, NoticeKey.REMINDER)}
    assert states == {NoticeState.CANCELLED, NoticeState.DUE}


async def test_of_two_moves_only_the_later_is_told(world: World, clock: Clock, works: Worker, mailbox: Mailbox) -> None:
    story = await ahead(world, clock)
    for days in (3, 5):
        async with world.deps.sessions.begin() as session:
            await scheduling.reschedule(
                session,
                story.appointment.id,
                starts_at=story.appointment.starts_at + days * DAY,
                ends_at=None,
                actor=OPERATOR,
                house=scheduling.house(world.deps.settings),
                now=clock(),
                new_id=world.deps.new_id,
            )
    await works.turn()
    assert letter_of(mailbox)["Subject"] == "An appointment was moved to Tue, Dec 1, 2:00 PM EST"


async def test_a_cancelled_consultation_is_not_reminded_of(
    world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    story = await ahead(world, clock)
    async with world.deps.sessions.begin() as session:
        await scheduling.cancel(
            session,
            story.appointment.id,
            by=Side.CLIENT,
            reason=None,
            message=None,
            actor=OPERATOR,
            house=scheduling.house(world.deps.settings),
            now=clock(),
            new_id=world.deps.new_id,
        )
    await works.turn()
    assert letter_of(mailbox)["Subject"].startswith("Your appointment on")
    assert (await reminder(world.deps)).state is NoticeState.CANCELLED


async def test_a_reminder_while_the_line_is_down_names_no_line(
    world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    """Booked two hours ahead, the reminder goes at once; within four hours of it the number is laid open."""
    provider = await world.provider()
    async with world.deps.sessions.begin() as session:
        await declare(world.deps, session)
    appointment = await world.appointment(provider, starts_in=timedelta(hours=2))
    row = await reminder(world.deps)
    assert (await deliver(world.deps, row)).state is NoticeState.SENT
    assert "The portal shows the direct number to call." in body_of(mailbox)
    assert not NUMBER.search(body_of(mailbox))
    async with world.deps.sessions() as session:
        told = await bridge_contact(world.deps, session, appointment)
        assert told.reason is not None
        assert told.reason.value == "outage"


async def bridge_contact(deps: Deps, session: AsyncSession, appointment: Appointment) -> Any:
    found = await bridge.contacts(
        session, [appointment], settings=deps.settings, actor=OPERATOR, now=deps.now(), new_id=deps.new_id
    )
    return found[appointment.id]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"verified": False}, "verify the number that you call from"),
        ({"phone": None}, "no telephone number of your client"),
        ({"phone": "+442079460018"}, "no telephone number of your client"),
    ],
    ids=["not verified", "no number", "abroad"],
)
async def test_a_reminder_says_what_stands_in_the_way(
    world: World, clock: Clock, works: Worker, mailbox: Mailbox, told: dict[str, Any], said: str
) -> None:
    story = await ahead(world, clock, **told)
    await works.turn()
    assert said in body_of(mailbox)
    assert "212-555-0100" not in body_of(mailbox)
    assert not any(private in letter_of(mailbox).as_string() for private in story.names)


async def test_what_a_provider_made_is_not_reminded_of(
    world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    provider = await world.provider()
    await world.appointment(provider, starts_in=DAY, source=Source.PROVIDER_MADE)
    await works.turn()
    assert to_providers(mailbox) == []


async def test_mail_waits_for_a_server_that_is_down_and_keeps_its_id(
    world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    await ahead(world, clock)
    mailbox.data = "451 4.3.0 try later"
    row = await deliver(world.deps, await reminder(world.deps))
    assert (row.state, row.trouble, row.attempts) == (NoticeState.DUE, "451", 1)
    mailbox.data = "250 OK"
    clock.to(row.due_at)
    assert (await deliver(world.deps, row)).state is NoticeState.SENT
    assert len({letter["Message-ID"] for letter in mailbox.letters()}) == 1


async def test_mail_without_an_answer_is_sent_again_under_the_same_id(
    world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    await ahead(world, clock)
    mailbox.data = "drop"
    row = await deliver(world.deps, await reminder(world.deps))
    assert (row.state, row.trouble) == (NoticeState.UNCERTAIN, "disconnected")
    mailbox.data = "250 OK"
    clock.to(row.due_at)
    row = await deliver(world.deps, row)
    assert (row.state, row.attempts) == (NoticeState.SENT, 2)
    assert [letter["Message-ID"] for letter in mailbox.letters()] == [f"<{row.id}@127.0.0.1>"] * 2


async def test_mail_that_never_gets_an_answer_ends(world: World, clock: Clock, works: Worker, mailbox: Mailbox) -> None:
    await ahead(world, clock)
    mailbox.data = "drop"
    row = await reminder(world.deps)
    while row.state in {NoticeState.DUE, NoticeState.UNCERTAIN}:
        clock.to(row.due_at)
        row = await deliver(world.deps, row)
    assert (row.state, row.attempts, row.trouble) == (NoticeState.FAILED, rules.MAX_ATTEMPTS, "disconnected")
    assert len(mailbox.taken) == rules.MAX_ATTEMPTS


async def test_mail_to_nobody_fails_visibly(world: World, clock: Clock, works: Worker, mailbox: Mailbox) -> None:
    await ahead(world, clock)
    mailbox.rcpt = "550 5.1.1 no such user"
    await works.turn()
    row = await reminder(world.deps)
    assert (row.state, row.trouble, row.settled_at) == (NoticeState.FAILED, "550", clock())
    failed = [event.data["key"] for event in await events(world.deps, EventKind.NOTICE_FAILED)]
    assert failed.count("consultation_reminder") == 1


async def test_who_has_left_gets_nothing(world: World, clock: Clock, works: Worker, mailbox: Mailbox) -> None:
    story = await ahead(world, clock)
    async with world.deps.sessions.begin() as session:
        (await session.get_one(Provider, story.provider.id)).active = False
    await works.turn()
    assert (await reminder(world.deps)).state is NoticeState.CANCELLED
    assert to_providers(mailbox) == []


# The other letters


async def test_an_outage_is_told_while_it_lasts(world: World, clock: Clock, works: Worker, mailbox: Mailbox) -> None:
    await world.appointment(await world.provider(), starts_in=timedelta(hours=3))
    await works.turn()
    mailbox.taken.clear()
    async with world.deps.sessions.begin() as session:
        await declare(world.deps, session)
    await works.turn()
    assert letter_of(mailbox)["Subject"] == "The consultation line is out of service"


async def test_an_outage_that_is_over_is_not_told_any_more(
    world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    await world.appointment(await world.provider(), starts_in=timedelta(hours=3))
    await works.turn()
    mailbox.taken.clear()
    async with world.deps.sessions.begin() as session:
        await declare(world.deps, session)
    async with world.deps.sessions.begin() as session:
        await bridge.restore(
            session, lines=LINES, actor=OPERATOR, settings=world.deps.settings, now=clock(), new_id=world.deps.new_id
        )
    row = await notice(world.deps, Channel.MAIL, NoticeKey.LINE_OUTAGE)
    assert (await deliver(world.deps, row)).state is NoticeState.CANCELLED
    assert to_providers(mailbox) == []


async def declare(deps: Deps, session: AsyncSession) -> None:
    await bridge.declare_outage(
        session,
        lines=LINES,
        reason=None,
        actor=OPERATOR,
        settings=deps.settings,
        now=deps.now(),
        new_id=deps.new_id,
    )


async def test_a_report_is_acknowledged_without_a_word_of_it(
    world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    _, client, appointment = await world.consultation()
    async with world.deps.sessions.begin() as session:
        await bridge.report_issue(
            session,
            appointment.id,
            text=f"{client.first_name} could not hear me",
            actor=OPERATOR,
            now=clock(),
            new_id=world.deps.new_id,
        )
    await works.turn()
    assert letter_of(mailbox)["Subject"] == "We have received your report"
    assert "hear me" not in letter_of(mailbox).as_string()
    assert client.first_name not in letter_of(mailbox).as_string()


async def test_a_changed_number_is_told_without_the_number(
    world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    provider = await world.provider()
    async with world.deps.sessions.begin() as session:
        row = await people.known_provider(session, provider.id)
        await people.change_dial_phone(
            session,
            row,
            "+12125550199",
            verified=False,
            actor=OPERATOR,
            now=clock(),
            new_id=world.deps.new_id,
        )
    await works.turn()
    assert letter_of(mailbox)["Subject"] == "The number that you call the line from was changed"
    assert not NUMBER.search(body_of(mailbox))


# The rules behind it

LINE = ToDial(kind=ContactKind.LINE, number=LINES[0])
REMINDED = rules.Standing(status=ConsultationStatus.SCHEDULED, state=AppointmentState.BOOKED, to_dial=LINE)
ASKED = rules.Standing(status=ConsultationStatus.AWAITING_STATUS, state=AppointmentState.BOOKED, over=True)
MOVED = rules.Standing(state=AppointmentState.BOOKED)


@pytest.mark.parametrize(
    ("key", "now_is", "expected"),
    [
        (NoticeKey.REMINDER, REMINDED, True),
        (NoticeKey.REMINDER, replace(REMINDED, over=True), False),
        (NoticeKey.REMINDER, replace(REMINDED, same_occurrence=False), False),
        (NoticeKey.REMINDER, replace(REMINDED, state=AppointmentState.CANCELLED_BY_CLIENT), False),
        (NoticeKey.REMINDER, replace(REMINDED, status=ConsultationStatus.VOID_RESCHEDULED), False),
        (NoticeKey.REMINDER, replace(REMINDED, status=None), False),
        (NoticeKey.REMINDER, replace(REMINDED, to_dial=None), False),
        *(
            (key, replace(ASKED, status=status), status is ConsultationStatus.AWAITING_STATUS)
            for key in (NoticeKey.STATUS_TEXT, NoticeKey.STATUS_TASK)
            for status in ConsultationStatus
        ),
        (NoticeKey.RESCHEDULED, MOVED, True),
        (NoticeKey.RESCHEDULED, replace(MOVED, over=True), False),
        (NoticeKey.RESCHEDULED, replace(MOVED, same_occurrence=False), False),
        (NoticeKey.RESCHEDULED, replace(MOVED, state=AppointmentState.CANCELLED_BY_PROVIDER), False),
        (NoticeKey.CLIENT_NUMBER_UNUSABLE, MOVED, True),
        (NoticeKey.CLIENT_NUMBER_UNUSABLE, replace(MOVED, over=True), False),
        (NoticeKey.LINE_OUTAGE, replace(MOVED, line_down=True), True),
        (NoticeKey.LINE_OUTAGE, MOVED, False),
        (NoticeKey.LINE_RESTORED, MOVED, True),
        (NoticeKey.LINE_RESTORED, replace(MOVED, line_down=True), False),
        *(
            (key, rules.Standing(), True)
            for key in (
                NoticeKey.STATUS_UNKNOWN,
                NoticeKey.STATUS_CORRECTED,
                NoticeKey.DIAL_NUMBER_CHANGED,
                NoticeKey.PIN_LOCKED,
                NoticeKey.ISSUE_RECEIVED,
            )
        ),
    ],
)
def test_a_letter_is_still_true(key: NoticeKey, now_is: rules.Standing, *, expected: bool) -> None:
    assert rules.still_true(key, now_is) is expected


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        (LINE, Dial.LINE),
        (None, None),
        *(
            (ToDial(kind=ContactKind.DIRECT, number="+12125550120", reason=reason), said)
            for reason, said in (
                (ContactReason.OUTAGE, Dial.DIRECT),
                (ContactReason.SHARED_NUMBER, Dial.DIRECT),
                (ContactReason.GROUP_PRACTICE, Dial.DIRECT),
                (ContactReason.NUMBER_NOT_VERIFIED, Dial.UNVERIFIED),
            )
        ),
        *(
            (ToDial(kind=ContactKind.NONE, reason=reason), said)
            for reason, said in (
                (ContactReason.NO_CLIENT_NUMBER, Dial.NO_NUMBER),
                (ContactReason.WINDOW_OVER, None),
                (ContactReason.CANCELLED, None),
                (ContactReason.NOT_A_CALL, None),
            )
        ),
    ],
)
def test_a_reminder_says_what_to_dial(contact: ToDial | None, expected: Dial | None) -> None:
    assert rules.dial(contact) is expected


def test_waits_double_and_differ_a_little() -> None:
    ids = [UUID(int=n * 7919) for n in range(500)]
    for attempts, seconds in ((1, 30), (2, 60), (3, 120), (7, 1920), (8, 3600), (40, 3600)):
        waits = {rules.wait_after(one, attempts).total_seconds() for one in ids}
        assert min(waits) >= 0.9 * seconds
        assert max(waits) <= 1.1 * seconds
        assert len(waits) > 100
    assert rules.wait_after(ids[3], 2) == rules.wait_after(ids[3], 2)


@pytest.mark.parametrize(
    ("state", "due", "claimed", "expected"),
    [
        (NoticeState.DUE, 0, None, True),
        (NoticeState.DUE, 1, None, False),
        (NoticeState.UNCERTAIN, 0, -900, True),
        (NoticeState.UNCERTAIN, 1, -900, False),
        (NoticeState.CLAIMED, -900, -299, False),
        (NoticeState.CLAIMED, -900, -300, True),
        *((state, -900, -900, False) for state in NoticeState if state not in ledger_queries.OPEN_NOTICES),
    ],
)
def test_a_notice_is_due(state: NoticeState, due: int, claimed: int | None, *, expected: bool) -> None:
    claimed_at = None if claimed is None else START + timedelta(seconds=claimed)
    assert rules.is_due(state, START + timedelta(seconds=due), claimed_at, START) is expected


@pytest.mark.parametrize("taken", list(Taken))
def test_only_an_attempt_that_surely_failed_is_given_up(taken: Taken) -> None:
    kept, given_up = after_attempt(taken, gives_up=False), after_attempt(taken, gives_up=True)
    assert (kept != given_up) == (taken is Taken.NO)
