"""Clocks that disagree, nights with an hour too many or too few, and two windows at once (F16, F17, F19, F23).

There is one clock by which windows and deadlines are judged: `deps.now()` of the process that answers, read when
the request's headers have arrived. The database's clock has no say, so a skew between the two moves no window.
"""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bridge.carriers.simulator import Outcome
from bridge.values import Outcome as Kept
from bridge.values import Reason
from status.models import Consultation, Event
from status.values import ConsultationStatus, EventKind
from tests.builders import World
from tests.clock import Clock
from tests.engines import ROOT
from tests.faults import kept, signed
from tests.faults.signed import Poster
from tests.fixtures import LINES, Carrier, Worker

# --- F16: one clock ------------------------------------------------------------------------------------

FLOORS = ("app", "portal", "bridge", "scheduling", "people", "status", "config")
# Asks how old the queue's own jobs are, which are stamped by the database.
BY_THE_DATABASE = {"config/operations.py"}
_CLOCK_OF_SQL = re.compile(
    r"(?<![\w.])(?:now|clock_timestamp|statement_timestamp|transaction_timestamp)\(\)|\bcurrent_timestamp\b|\blocaltime",
    re.IGNORECASE,
)


def statements_with_a_clock() -> Iterator[str]:
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            docstrings = set()
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
                    docstrings.add(id(getattr(node.body[0], "value", None)))
                words = node.value if isinstance(node, ast.Constant) and id(node) not in docstrings else None
                if isinstance(words, str) and _CLOCK_OF_SQL.search(words):
                    yield path.relative_to(ROOT).as_posix()


def test_f16_no_statement_asks_the_database_what_time_it_is() -> None:
    assert set(statements_with_a_clock()) == BY_THE_DATABASE


@pytest.mark.parametrize("skew_s", [90, -90])
async def test_f16_a_window_is_judged_by_our_clock_and_not_by_the_databases(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock, works: Worker, skew_s: int
) -> None:
    by_database = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
    clock.to(by_database + timedelta(seconds=skew_s))
    edge = clock()
    length = timedelta(seconds=40)  # over, or not yet open, by the other clock
    provider = await world.provider()
    appointment = await world.appointment(provider, starts_at=edge, length=length)
    elsewhere = await world.provider()
    open_there = by_database - timedelta(seconds=30 if skew_s > 0 else 0)
    await world.appointment(elsewhere, starts_at=open_there, length=length)

    ours, theirs = await carrier.dial(provider, outcome=Outcome.NO_ANSWER), await carrier.dial(elsewhere)

    assert ours.rang
    assert not theirs.rang
    clock.to(appointment.ends_at)
    await works.turn()
    asked = {row.provider_id: row.status for row in await kept.rows(session, Consultation)}
    assert asked[provider.id] is ConsultationStatus.AWAITING_STATUS


# --- F17: the nights when clocks change ----------------------------------------------------------------


async def test_f17_half_past_one_comes_twice_and_each_is_its_own_consultation(
    service: str, carrier: Carrier, world: World, clock: Clock
) -> None:
    first, second = datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    clock.to(first - timedelta(hours=1))
    provider = await world.provider(timezone="America/New_York")
    before, after = await world.client(provider), await world.client(provider)
    await world.appointment(provider, client=before, starts_at=first)
    await world.appointment(provider, client=after, starts_at=second)
    seen = {}

    for name, at in {
        "1:28:59 EDT": first - timedelta(seconds=61),
        "1:29 EDT": first - timedelta(seconds=60),
        "1:44:59 EDT": first + timedelta(minutes=15, seconds=-1),
        "1:45 EDT": first + timedelta(minutes=15),
        "1:28:59 EST": second - timedelta(seconds=61),
        "1:29 EST": second - timedelta(seconds=60),
        "1:45 EST": second + timedelta(minutes=15),
    }.items():
        clock.to(at)
        call = await carrier.dial(provider, outcome=Outcome.NO_ANSWER)
        seen[name] = [rang.number for rang in call.rang]

    assert seen == {
        "1:28:59 EDT": [],
        "1:29 EDT": [before.phone],
        "1:44:59 EDT": [before.phone],
        "1:45 EDT": [],
        "1:28:59 EST": [],
        "1:29 EST": [after.phone],
        "1:45 EST": [],
    }


@pytest.mark.parametrize(
    ("zone", "starts_at", "until"),
    [
        ("America/New_York", datetime(2026, 3, 8, 6, 55, tzinfo=UTC), "3:10 AM"),  # 1:55 EST to 3:10 EDT
        ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 25, tzinfo=UTC), "2:40 AM"),  # half an hour forward
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 14, 55, tzinfo=UTC), "1:40 AM"),  # and half an hour back
        ("Asia/Kolkata", datetime(2026, 3, 8, 6, 55, tzinfo=UTC), "12:40 PM"),  # where nothing changes
    ],
)
async def test_f17_a_window_across_the_change_is_as_long_as_it_is(
    service: str, carrier: Carrier, world: World, clock: Clock, zone: str, starts_at: datetime, until: str
) -> None:
    clock.to(starts_at - timedelta(days=1))
    provider = await world.provider(timezone=zone)
    appointment = await world.appointment(provider, starts_at=starts_at)

    clock.to(starts_at + timedelta(minutes=14, seconds=59))
    last = await carrier.dial(provider, outcome=Outcome.NO_ANSWER)
    clock.forward(seconds=1)
    over = await carrier.dial(provider)

    assert appointment.ends_at - appointment.starts_at == timedelta(minutes=15)
    assert last.rang
    assert f"until {until}" in last.words[0]
    assert not over.rang
    assert f"ended at {until}" in over.words[0]


@pytest.mark.parametrize(
    "ends_at",
    [
        datetime(2026, 10, 31, 19, 0, tzinfo=UTC),  # 3 PM, and 2 PM a day later
        datetime(2026, 3, 7, 20, 0, tzinfo=UTC),  # 3 PM, and 4 PM a day later
    ],
    ids=["autumn", "spring"],
)
async def test_f17_a_day_has_86400_seconds_and_three_have_three_times_as_many(
    carrier: Carrier, world: World, session: AsyncSession, clock: Clock, works: Worker, ends_at: datetime
) -> None:
    clock.to(ends_at - timedelta(minutes=15))
    provider, _, appointment = await world.consultation()
    assert appointment.ends_at == ends_at
    clock.to(ends_at)
    await works.turn()

    def texts() -> int:
        return len([one for one in carrier.simulator.book.messages.values() if one.to == provider.dial_phone])

    told = []
    for seconds in (86_399, 86_400):
        clock.to(ends_at + timedelta(seconds=seconds))
        await works.turn()
        told.append(texts())
    status = []
    for seconds in (3 * 86_400 - 1, 3 * 86_400):
        clock.to(ends_at + timedelta(seconds=seconds))
        await works.turn()
        status.append((await kept.only_consultation(session)).status)

    assert told == [0, 1]
    assert status == [ConsultationStatus.AWAITING_STATUS, ConsultationStatus.UNKNOWN]


# --- F19: a second that other clocks do not have -------------------------------------------------------


@pytest.mark.parametrize(
    ("answered", "completed", "talk_s"),
    [
        ("Wed, 31 Dec 2025 23:59:60 +0000", "Thu, 01 Jan 2026 00:01:30 +0000", 91),
        ("Wed, 31 Dec 2025 23:58:00 +0000", "Wed, 31 Dec 2025 23:59:60 +0000", 119),
        ("Thu, 01 Jan 2026 00:00:01 +0000", "Wed, 31 Dec 2025 23:59:60 +0000", 0),  # a smeared clock runs back
        ("no instant at all", "Thu, 01 Jan 2026 00:01:30 -0000", 0),
    ],
)
async def test_f19_a_leap_second_makes_no_time_negative(
    service: str,
    post: Poster,
    world: World,
    session: AsyncSession,
    clock: Clock,
    answered: str,
    completed: str,
    talk_s: int,
) -> None:
    clock.to(datetime(2025, 12, 31, 23, 59, tzinfo=UTC))
    provider, _, _ = await world.consultation()
    await post("/twilio/voice", signed.call(provider.dial_phone or ""))
    row = await kept.only_call(session)
    child = {"CallSid": signed.sid(), "ParentCallSid": row.sid}
    for sequence, (status, at) in enumerate([("in-progress", answered), ("completed", completed)]):
        told = signed.call(provider.dial_phone or "", CallStatus=status, Timestamp=at, SequenceNumber=str(sequence))
        assert (await post(f"/twilio/voice/leg/{row.id}", {**told, **child})).status == 204

    row = await kept.only_call(session)

    assert (row.outcome, row.talk_s) == (Kept.CONNECTED, talk_s)


# --- F23: one provider, two windows at once ------------------------------------------------------------


async def test_f23_of_two_open_windows_none_is_guessed(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock
) -> None:
    provider = await world.provider()
    one, other = await world.client(provider), await world.client(provider)
    first = await world.appointment(provider, client=one, starts_in=timedelta(minutes=-14))
    second = await world.appointment(provider, client=other, starts_in=timedelta(minutes=1))
    third = next(line for line in LINES if line not in {first.line, second.line})

    silent = await carrier.dial(provider, third, digits=[""])
    lost = await carrier.dial(provider, third, digits=["7", "0", "*"])

    assert not silent.rang
    assert "did not receive any digits" in silent.words[-1]
    assert not lost.rang
    assert "did not understand your choice" in lost.words[-1]
    asked = [event for event in await kept.rows(session, Event) if event.kind is EventKind.CALL_ASKED]
    assert {event.data["asked"] for event in asked} == {"menu"}
    assert {row.sid: row.reason for row in await kept.calls(session)} == {
        silent.sid: None,
        lost.sid: Reason.NO_CONSULTATION,
    }
    chosen = await carrier.dial(provider, third, digits=["9", "1"], talk_s=70)
    assert [rang.number for rang in chosen.rang] == [one.phone]
    clock.forward(seconds=1)
    left = await carrier.dial(provider, third, outcome=Outcome.BUSY)  # the first has occurred (R103, 4)
    assert [rang.number for rang in left.rang] == [other.phone]
