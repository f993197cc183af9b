"""The line is judged by real probes through a wire that fails (F44)."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app import deps as real
from bridge import actions
from bridge.models import Reveal
from bridge.values import ContactKind, ContactReason, LineState
from config.deps import Deps
from config.settings import Settings
from scheduling import queries as calendar
from scheduling.models import Appointment
from status.values import EventKind
from tests.builders import OPERATOR, World
from tests.clock import Clock
from tests.faults import kept
from tests.faults.proxy import Proxy, before
from tests.fixtures import Carrier, Worker

PROBE_EVERY_S = 15


class Probing:
    """A worker that looks at the carrier's API every fifteen seconds, through a wire."""

    def __init__(self, deps: Deps, wire: Proxy, clock: Clock, session: AsyncSession) -> None:
        self._worker, self._wire, self._clock, self._session = Worker(deps), wire, clock, session

    async def __call__(self, pattern: str) -> str:
        """Probe once for each letter, `x` with a broken wire; tell the state after each: `u`p or `d`own."""
        seen = ""
        for letter in pattern:
            if letter == "x":
                self._wire.down()
            else:
                await self._wire.up()
            await self._worker.probe()
            states = await kept.line_states(self._session)
            assert len(states) == 1  # all lines hang on one API
            seen += "d" if states == {LineState.DOWN} else "u"
            self._clock.forward(seconds=PROBE_EVERY_S)
        return seen


@pytest.fixture
async def probe(settings: Settings, carrier: Carrier, clock: Clock, session: AsyncSession) -> AsyncIterator[Probing]:
    async with before(settings.twilio_api_url or "") as (wire, url):
        told = settings.model_copy(update={"twilio_api_url": url})
        async with real.connect(told, now=clock) as deps:
            yield Probing(deps, wire, clock, session)


async def contact(world: World, appointment: Appointment) -> tuple[ContactKind, ContactReason | None]:
    async with world.deps.sessions.begin() as writing:
        row = await calendar.appointment(writing, appointment.id)
        assert row is not None
        found = await actions.contacts(
            writing,
            [row],
            settings=world.deps.settings,
            actor=OPERATOR,
            now=world.deps.now(),
            new_id=world.deps.new_id,
        )
    return found[appointment.id].kind, found[appointment.id].reason


@pytest.mark.parametrize("pattern", ["..........x..........", "x.x.x.x.x.", "xx.xx.xx.xx.", ".xx...xx.x.x"])
async def test_f44_probes_that_fail_now_and_then_are_no_outage(
    probe: Probing, world: World, session: AsyncSession, pattern: str
) -> None:
    _, _, appointment = await world.consultation()

    assert await probe(pattern) == "u" * len(pattern)

    assert (await contact(world, appointment))[0] is ContactKind.LINE
    assert await kept.rows(session, Reveal) == []
    assert not {EventKind.LINE_DOWN, EventKind.NUMBER_REVEALED} & set(await kept.kinds(session))


async def test_f44_a_line_that_is_down_stays_down_until_it_has_been_quiet_for_five_minutes(
    probe: Probing, world: World, session: AsyncSession, clock: Clock
) -> None:
    """Down after three in a row; a flapping API brings it up no sooner, and tells everything once."""
    provider, _, appointment = await world.consultation()
    later = await world.appointment(provider, starts_in=timedelta(hours=5))

    flapping = await probe("xxx" + "...x.x..xx..x" + "." * 19)

    assert flapping == "uud" + "d" * 13 + "d" * 19
    assert await contact(world, appointment) == (ContactKind.DIRECT, ContactReason.OUTAGE)
    assert await probe("....") == "uuuu"
    kinds = await kept.kinds(session)
    lines = len(world.deps.settings.lines)
    assert (kinds.count(EventKind.LINE_DOWN), kinds.count(EventKind.LINE_UP)) == (lines, lines)
    assert kinds.count(EventKind.NUMBER_REVEALED) == len(await kept.rows(session, Reveal)) == 1
    assert (await contact(world, appointment))[0] is ContactKind.DIRECT  # to its end, even if the line is up again
    assert (await contact(world, later))[0] is ContactKind.LINE


async def test_f44_each_number_that_is_laid_open_is_in_the_history_with_who_was_told(
    probe: Probing, world: World, session: AsyncSession
) -> None:
    first, second = [await world.consultation() for _ in range(2)]

    await probe("xxx")
    await contact(world, first[2])

    events = [one for one in await kept.events(session) if one.kind is EventKind.NUMBER_REVEALED]
    assert {(one.provider_id, one.appointment_id) for one in events} == {
        (first[0].id, first[2].id),
        (second[0].id, second[2].id),
    }
    assert all(one.data["reason"] == "outage" for one in events)
    assert len(events) == 2
