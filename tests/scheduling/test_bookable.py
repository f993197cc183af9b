"""What was shown is asked for again when it is booked: by the same function, on the same terms (R18, R23)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from config import times
from config.deps import Deps
from config.errors import Refused
from people.models import Provider
from scheduling import actions, queries
from scheduling.rules import offers
from scheduling.values import BlockKind, Busy, Offer, Repeats, SessionType, Side, Source
from tests.builders import OPERATOR, World
from tests.clock import Clock

NEW_YORK = ZoneInfo("America/New_York")


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=NEW_YORK)


@pytest.fixture
async def provider(world: World) -> Provider:
    found = await world.provider()
    await world.hours(found)
    return found


async def listed(deps: Deps, provider: Provider, since: datetime, **told: Any) -> list[Offer]:
    async with deps.sessions() as session:
        return await actions.list_slots(
            session,
            provider.id,
            session_type=SessionType.FULL_SESSION,
            since=since,
            until=since + timedelta(days=1),
            house=actions.house(deps.settings),
            now=deps.now(),
            **{"source": Source.BOOKING_LINK, **told},
        )


async def ask(deps: Deps, offer: Offer) -> Refused | None:
    async with deps.sessions() as session:
        try:
            await actions.ensure_bookable(session, offer, house=actions.house(deps.settings), now=deps.now())
        except Refused as no:
            return no
    return None


async def offered(deps: Deps, provider: Provider, starts_at: datetime, **told: Any) -> Offer:
    """Return the offer of that time, which has to be listed."""
    return next(one for one in await listed(deps, provider, starts_at, **told) if one.starts_at == starts_at)


async def test_whatever_is_listed_can_be_booked(deps: Deps, provider: Provider, world: World) -> None:
    await world.appointment(provider, starts_at=at(27, 11))
    await world.settings(provider, buffer_after_m=20, step_m=10, per_day=3)

    found = await listed(deps, provider, at(27, 0))

    assert len(found) > 20
    assert [no for no in [await ask(deps, offer) for offer in found] if no] == []


async def test_notice_is_judged_by_when_it_was_shown(deps: Deps, provider: Provider, clock: Clock) -> None:
    offer = await offered(deps, provider, at(26, 14))

    clock.forward(minutes=9)

    assert await listed(deps, provider, at(26, 14)) != []
    assert offer.starts_at not in [one.starts_at for one in await listed(deps, provider, at(26, 0))]
    assert await ask(deps, offer) is None


CHANGES: dict[str, Any] = {
    "taken": lambda world, provider: world.appointment(provider, starts_at=at(27, 11, 49)),
    "too_close": lambda world, provider: world.settings(provider, buffer_before_m=15),
    "off_grid": lambda world, provider: world.settings(provider, session_length_m=55),
    "day_is_full": lambda world, provider: world.settings(provider, per_day=1),
    "too_far": lambda world, provider: world.settings(provider, horizon_d=2),
    "not_open": lambda world, provider: world.block(provider, "2026-11-27", "11:30", "12:00", kind=BlockKind.TIME_OFF),
    "accepting": lambda world, provider: world.settings(provider, accepting=False),
    "session_type": lambda world, provider: world.settings(provider, session_types=["phone_consultation"]),
}


@pytest.mark.parametrize("code", CHANGES)
async def test_r18_what_has_changed_since_then_counts(code: str, deps: Deps, provider: Provider, world: World) -> None:
    await world.appointment(provider, starts_at=at(27, 10, 30), length=timedelta(minutes=20))
    offer = await offered(deps, provider, at(27, 11))

    await CHANGES[code](world, provider)

    no = await ask(deps, offer)
    assert no is not None
    assert (no.code, no.status) == (code, 409)
    assert no.sentence.endswith(".")


async def test_three_others_come_with_a_refusal_each_with_an_offer_of_its_own(
    deps: Deps, provider: Provider, world: World, clock: Clock
) -> None:
    offer = await offered(deps, provider, at(27, 11), label="elm-street")
    await world.appointment(provider, starts_at=at(27, 11), length=timedelta(minutes=50))
    clock.forward(minutes=5)

    no = await ask(deps, offer)

    assert no is not None
    others: Any = no.facts["alternatives"]
    assert [one["starts_at"] for one in others] == [at(27, 9, 45), at(27, 10), at(27, 12)]
    house = actions.house(deps.settings)
    for one in others:
        read = offers.read(one["offer"], house.offer_key, now=deps.now(), lives=house.offer_lives)
        assert isinstance(read, Offer)
        assert (read.starts_at, read.issued_at, read.label) == (one["starts_at"], deps.now(), "elm-street")
        assert await ask(deps, read) is None


async def test_where_nothing_is_open_any_more_there_are_no_others(deps: Deps, provider: Provider, world: World) -> None:
    offer = await offered(deps, provider, at(27, 11))
    await world.block(provider, "2026-11-24", "00:00", "24:00", kind=BlockKind.TIME_OFF, repeats=Repeats.WEEKLY)
    await world.hours(provider, weekdays=[1])  # on Tuesdays, which are all off

    no = await ask(deps, offer)

    assert no is not None
    assert (no.code, no.facts["alternatives"]) == ("not_open", [])


async def test_r70_a_payer_that_was_taken_out_books_nothing(deps: Deps, provider: Provider, world: World) -> None:
    payer = await world.payer(provider)
    await world.block(provider, "2026-12-05", accept_external=True)
    told = {"source": Source.PAYER, "payer_id": payer.id}
    offer = await offered(deps, provider, at(5, 9, month=12), **told)
    assert await ask(deps, offer) is None

    async with deps.sessions.begin() as session:
        (await session.merge(payer)).active = False

    no = await ask(deps, offer)
    assert no is not None
    assert no.code == "not_in_programme"
    assert await listed(deps, provider, at(5, 9, month=12), **told) == []


async def test_r92_an_offer_that_is_taken_up_late_does_not_expire_at_once(
    deps: Deps, provider: Provider, world: World, clock: Clock
) -> None:
    """Four hours to decide, until two before the start; whoever takes it up in the last minute leaves most of them."""
    await world.settings(provider, urgent=True)
    clock.at = at(25, 5)
    offer = await offered(deps, provider, at(25, 11), source=Source.CLIENT_PORTAL)

    clock.forward(minutes=10, seconds=-1)

    assert await ask(deps, offer) is None
    assert offer.starts_at - timedelta(hours=2) - clock() > timedelta(hours=3, minutes=50)
    clock.at = at(25, 5) + timedelta(seconds=1)
    assert (await listed(deps, provider, at(25, 11), source=Source.CLIENT_PORTAL))[0].starts_at == at(25, 11, 15)


# What is loaded


async def test_a_calendar_holds_what_touches_the_range_and_nothing_else(
    deps: Deps, provider: Provider, world: World, session: AsyncSession
) -> None:
    booked = await world.appointment(provider, starts_at=at(27, 11), length=timedelta(minutes=50))
    await world.appointment(provider, starts_at=at(27, 10), length=timedelta(minutes=60))  # ends as it begins
    await world.appointment(await world.provider(), starts_at=at(27, 11))

    found = await queries.calendar(session, provider.id, at(27, 11), at(27, 12))
    without = await queries.calendar(session, provider.id, at(27, 11), at(27, 12), but=booked.id)

    assert found.timezone == "America/New_York"
    assert len(found.hours) == 5
    assert found.busy == (Busy(times.seconds(at(27, 11)), times.seconds(at(27, 11, 50)), appointment=True),)
    assert without.busy == ()


async def test_what_was_given_up_is_open_again_and_what_is_held_is_not(
    deps: Deps, provider: Provider, world: World, session: AsyncSession
) -> None:
    await world.request(provider, starts_in=timedelta(days=3))
    cancelled = await world.appointment(provider, starts_at=at(26, 11))
    async with deps.sessions.begin() as other:
        await actions.cancel(
            other,
            cancelled.id,
            by=Side.PROVIDER,
            reason=None,
            message="Sorry.",
            actor=OPERATOR,
            house=actions.house(deps.settings),
            now=deps.now(),
            new_id=deps.new_id,
        )

    found = await queries.calendar(session, provider.id, at(24, 0), at(29, 0))

    assert [one.start for one in found.busy] == [times.seconds(at(27, 14))]


@pytest.mark.parametrize(
    ("block", "loaded"),
    [
        pytest.param({"day": "2026-11-27"}, True, id="that day"),
        pytest.param({"day": "2026-10-01"}, False, id="long ago"),
        pytest.param({"day": "2027-02-01"}, False, id="far ahead"),
        pytest.param({"day": "2026-10-02", "repeats": Repeats.WEEKLY}, True, id="comes again"),
        pytest.param({"day": "2026-10-02", "repeats": Repeats.WEEKLY, "until": "2026-10-16"}, False, id="came again"),
        pytest.param(
            {"day": "2026-10-02", "repeats": Repeats.BIWEEKLY, "until": "2026-11-27"}, True, id="the last time"
        ),
    ],
)
async def test_which_blocks_are_loaded(
    provider: Provider, world: World, session: AsyncSession, block: dict[str, Any], loaded: bool
) -> None:
    await world.block(provider, **block)

    found = await queries.calendar(session, provider.id, at(27, 9), at(27, 17))

    assert len(found.blocks) == loaded


async def test_many_calendars_cost_as_many_statements_as_one(deps: Deps, world: World, session: AsyncSession) -> None:
    rows = [await world.provider() for _ in range(5)]
    for row in rows:
        await world.hours(row)
        await world.block(row, "2026-11-28")
        await world.appointment(row, starts_at=at(27, 11))
    said: list[str] = []
    engine = deps.sessions.kw["bind"].sync_engine
    event.listen(engine, "before_cursor_execute", lambda *told: said.append(told[2]))

    found = await queries.calendars(session, [*(row.id for row in rows), uuid4()], at(27, 0), at(28, 0))

    assert len(said) == 5
    assert set(found) == {row.id for row in rows}
    for row in rows:
        assert found[row.id] == await queries.calendar(session, row.id, at(27, 0), at(28, 0))
