"""Open slots as programs ask for them: what is listed, to whom, and with what offers (R18, R21-R31, R92)."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.deps import Deps
from people import actions as people
from people.models import Payer, Provider
from people.values import EnrolmentEvent
from scheduling import actions as scheduling
from scheduling.rules import offers
from scheduling.values import Offer, SessionType, Source
from status.values import EventKind
from tests.builders import OPERATOR, World, present
from tests.clock import Clock
from tests.portal.api.conftest import Api, Program, Reply
from tests.portal.api.test_hours import history

NEW_YORK = ZoneInfo("America/New_York")
FULL, CALL = "full_session", "phone_consultation"


@pytest.fixture
async def provider(world: World) -> Provider:
    """Return a provider who works from nine to five on working days; now it is Tuesday, two in the afternoon."""
    found = await world.provider()
    await world.hours(found)
    return found


@pytest.fixture
async def me(api: Api, provider: Provider) -> Program:
    return await api.of(provider)


async def slots(program: Program, provider: Provider, session_type: str = FULL, **query: Any) -> Reply:
    told = {name.removesuffix("_"): value for name, value in query.items()}
    return await program.get(f"/providers/{provider.id}/slots", session_type=session_type, **told)


def starts(reply: Reply) -> list[str]:
    """Return when slots start, as a New Yorker says it: "Thu 26 14:00"."""
    assert reply.status == 200, reply.text
    return [local(item["starts_at"]) for item in reply.json["items"]]


def local(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(NEW_YORK):%a %d %H:%M}"


def read(deps: Deps, text: str, now: datetime) -> offers.BadOffer | Offer:
    house = scheduling.house(deps.settings)
    return offers.read(text, house.offer_key, now=now, lives=house.offer_lives)


async def test_r24_clients_see_two_weeks_that_begin_in_48_hours(me: Program, provider: Provider, clock: Clock) -> None:
    found = starts(await slots(me, provider))

    assert found[:3] == ["Thu 26 14:00", "Thu 26 14:15", "Thu 26 14:30"]
    assert found[-1] == "Tue 08 13:45"
    assert not {one for one in found if one[:3] in {"Sat", "Sun"}}
    assert {one[-5:] for one in found} <= {
        f"{hour:02d}:{minute:02d}" for hour in range(9, 17) for minute in range(0, 60, 15)
    }
    assert max(one[-5:] for one in found) == "16:00"  # the last that ends by five
    clock.forward(seconds=1)
    assert starts(await slots(me, provider))[0] == "Thu 26 14:15"


async def test_r27_sessions_and_consultations_have_lists_of_their_own(
    me: Program, provider: Provider, world: World
) -> None:
    await world.settings(provider, session_length_m=45)
    full, call = await slots(me, provider), await slots(me, provider, CALL)

    def length(reply: Reply) -> timedelta:
        one = reply.json["items"][0]
        return datetime.fromisoformat(one["ends_at"]) - datetime.fromisoformat(one["starts_at"])

    assert (length(full), length(call)) == (timedelta(minutes=45), timedelta(minutes=15))
    assert max(one[-5:] for one in starts(call)) == "16:45"


async def test_a_consultation_takes_the_sessions_that_it_overlaps(
    me: Program, provider: Provider, world: World
) -> None:
    await world.appointment(provider, starts_at=datetime(2026, 11, 27, 11, 0, tzinfo=NEW_YORK))
    friday = [one[-5:] for one in starts(await slots(me, provider)) if one.startswith("Fri 27")]

    assert [one for one in friday if "09:45" <= one <= "11:30"] == ["09:45", "10:00", "11:15", "11:30"]


async def test_r21_no_hours_are_an_empty_list_and_no_error(api: Api, world: World) -> None:
    idle = await world.provider()

    found = await slots(await api.of(idle), idle)

    assert (found.status, found.json) == (200, {"items": [], "next": None, "next_opening": None})


async def test_a_range_that_is_asked_for(me: Program, provider: Provider) -> None:
    friday = await slots(me, provider, from_="2026-11-27T09:00:00-05:00", to="2026-11-27T10:00:00-05:00")

    assert starts(friday) == ["Fri 27 09:00", "Fri 27 09:15", "Fri 27 09:30", "Fri 27 09:45"]
    assert local(friday.json["next_opening"]["starts_at"]) == "Fri 27 09:00"


async def test_what_is_over_shows_nothing_and_says_what_is_next(me: Program, provider: Provider) -> None:
    past = await slots(me, provider, from_="2026-11-16T00:00:00Z", to="2026-11-20T00:00:00Z")

    assert starts(past) == []
    assert local(past.json["next_opening"]["starts_at"]) == "Thu 26 14:00"


async def test_2_6_the_next_opening_is_found_however_far_ahead_it_is(api: Api, world: World) -> None:
    away = await world.provider()
    await world.block(away, "2027-01-20")
    me = await api.of(away)

    found = await slots(me, away)

    assert (starts(found), local(found.json["next_opening"]["starts_at"])) == ([], "Wed 20 09:00")
    later = await slots(me, away, from_="2027-01-20T10:00:00-05:00", to="2027-01-20T10:00:00-05:00")
    assert local(later.json["next_opening"]["starts_at"]) == "Wed 20 10:00"
    await world.settings(away, horizon_d=56)
    assert (await slots(me, away)).json["next_opening"] is None


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"from_": "2026-12-01T00:00:00Z", "to": "2026-12-15T00:00:00Z"}, 200),
        ({"from_": "2026-12-01T00:00:00Z", "to": "2026-12-15T00:00:01Z"}, 422),
        ({"to": "2026-12-08T19:00:01Z"}, 422),
        ({"from_": "2026-12-15T00:00:00Z", "to": "2026-12-01T00:00:00Z"}, 200),
        ({"from_": "2026-12-01"}, 400),
        ({"since": "2026-12-01T00:00:00Z"}, 400),
        ({"source": "provider_made"}, 422),
        ({"source": "waitlist_offer"}, 422),
        ({"source": "payer"}, 403),
        ({"label": "x" * 41}, 400),
    ],
)
async def test_what_can_be_asked_for(me: Program, provider: Provider, query: dict[str, str], status: int) -> None:
    assert (await slots(me, provider, **query)).status == status


async def test_a_session_type_has_to_be_named(me: Program, provider: Provider) -> None:
    refused = await me.get(f"/providers/{provider.id}/slots")

    assert (refused.status, refused.json["errors"][0]["where"]) == (400, "session_type")


async def test_r23_an_offer_says_what_was_shown_and_lives_ten_minutes(
    me: Program, provider: Provider, deps: Deps
) -> None:
    found = await slots(me, provider, CALL, source="colleague", label="elm-street")
    one = found.json["items"][0]

    offer = read(deps, one["offer"], deps.now() + timedelta(minutes=10, seconds=-1))

    assert offer == Offer(
        provider_id=provider.id,
        session_type=SessionType.PHONE_CONSULTATION,
        source=Source.COLLEAGUE,
        starts_at=datetime.fromisoformat(one["starts_at"]),
        ends_at=datetime.fromisoformat(one["ends_at"]),
        issued_at=deps.now(),
        label="elm-street",
    )
    assert read(deps, one["offer"], deps.now() + timedelta(minutes=10)) is offers.BadOffer.EXPIRED


# Settings at listing (R18, R25, R26)


@pytest.mark.parametrize(
    ("wanted", "source", "first"),
    [
        pytest.param({"urgent": True}, "booking_link", "Tue 24 16:00", id="urgent: two hours of notice"),
        pytest.param({"urgent": True, "urgent_notice_h": 1}, "booking_link", "Tue 24 15:00", id="urgent: one"),
        pytest.param({"urgent": True}, "client_portal", "Wed 25 09:00", id="R92: six where somebody has to say yes"),
        pytest.param({"accepting": False}, "booking_link", None, id="takes nobody new"),
        pytest.param({"accepting": False}, "client_portal", "Thu 26 14:00", id="but those who are there already"),
        pytest.param({"session_types": [CALL]}, "booking_link", None, id="R26: no sessions"),
        pytest.param({"session_types": []}, "booking_link", None, id="R26: nothing at all"),
        pytest.param({"by_source": {"colleague": [CALL]}}, "colleague", None, id="R26: not by that source"),
        pytest.param({"by_source": {"colleague": [CALL]}}, "booking_link", "Thu 26 14:00", id="R26: by the others"),
        pytest.param(
            {"session_types": [], "by_source": {"colleague": [FULL]}}, "colleague", "Thu 26 14:00", id="R26: only there"
        ),
        pytest.param({"step_m": 60}, "booking_link", "Thu 26 14:00", id="by the hour"),
        pytest.param({"horizon_d": 1}, "booking_link", None, id="a horizon before the notice"),
    ],
)
async def test_r18_settings_count_when_times_are_listed(
    me: Program, provider: Provider, world: World, wanted: dict[str, Any], source: str, first: str | None
) -> None:
    await world.settings(provider, **wanted)

    found = starts(await slots(me, provider, source=source))

    assert (found[0] if found else None) == first


async def test_r18_a_pause_ends_by_itself(me: Program, provider: Provider, world: World, clock: Clock) -> None:
    await world.settings(provider, paused_until=clock() + timedelta(days=1))

    assert starts(await slots(me, provider)) == []
    clock.forward(days=1, seconds=-1)
    assert starts(await slots(me, provider)) == []
    clock.forward(seconds=1)
    assert starts(await slots(me, provider))[0] == "Fri 27 14:00"


async def test_a_practice_that_wants_to_be_asked_gets_time_for_it(
    admin: Program, me: Program, provider: Provider, world: World
) -> None:
    await world.settings(provider, urgent=True)
    assert starts(await slots(me, provider))[0] == "Tue 24 16:00"

    asked = {"source": "booking_link", "acceptance": "required"}
    assert (await admin.put(f"/practices/{provider.practice_id}/policies", asked)).status == 200

    assert starts(await slots(me, provider))[0] == "Wed 25 09:00"


async def test_a_provider_who_has_left_has_no_openings(admin: Program, provider: Provider, deps: Deps) -> None:
    async with deps.sessions.begin() as session:
        (await session.merge(provider)).active = False

    assert starts(await slots(admin, provider)) == []


# What payers see: R30, R69 to R71


async def test_r30_a_payer_sees_the_blocks_that_accept_external_appointments_and_nothing_else(
    api: Api, provider: Provider, world: World, deps: Deps
) -> None:
    payer = await world.payer(provider)
    partner = await api.partner(payer.id)
    await world.block(provider, "2026-12-05")
    await world.block(provider, "2026-12-06", "10:00", "11:00", accept_external=True)

    found = await slots(partner, provider)

    assert starts(found) == ["Sun 06 10:00"]
    offer = read(deps, found.json["items"][0]["offer"], deps.now())
    assert isinstance(offer, Offer)
    assert (offer.source, offer.payer_id) == (Source.PAYER, payer.id)
    assert starts(await slots(partner, provider, source="payer", payer_id=payer.id)) == ["Sun 06 10:00"]


@pytest.mark.parametrize("source", ["platform_search", "booking_link", "colleague", "client_portal"])
async def test_a_payer_asks_for_nobody_else(api: Api, provider: Provider, world: World, source: str) -> None:
    partner = await api.partner((await world.payer(provider)).id)

    refused = await slots(partner, provider, source=source)

    assert (refused.status, refused.code) == (403, "forbidden")


async def test_r70_to_a_payer_there_is_nobody_outside_of_its_programme(
    api: Api, provider: Provider, world: World, deps: Deps
) -> None:
    """Not enrolled at all, not completed, another payer's, deactivated: each as if there were nobody."""
    payer, other = await world.payer(), await world.payer(provider)
    partner = await api.partner(payer.id)
    begun = await enrolled(world, deps, payer)

    for row in (provider, begun, await world.provider()):
        missed = await slots(partner, row)
        assert (missed.status, missed.code) == (404, "not_found")
    assert (await slots(await api.partner(other.id), provider, payer_id=payer.id)).status == 404

    await move(deps, begun, EnrolmentEvent.SUBMIT)
    assert (await slots(partner, begun)).status == 200
    await move(deps, begun, EnrolmentEvent.DEACTIVATE)
    assert (await slots(partner, begun)).status == 404
    assert len(await history(deps, EventKind.ACCESS_REFUSED)) == 4


async def enrolled(world: World, deps: Deps, payer: Payer) -> Provider:
    """Return a provider of the programme whose profile is not submitted yet."""
    practice = await world.practice()
    await world.payer(await world.provider(practice=practice))  # lets the practice in
    row = await world.provider(practice=practice)
    async with deps.sessions.begin() as session:
        await people.enrol(session, row.id, [payer.id], actor=OPERATOR, now=deps.now(), new_id=deps.new_id)
        await present(session, row.id, deps.now())
    return row


async def move(deps: Deps, provider: Provider, event: EnrolmentEvent) -> None:
    async with deps.sessions.begin() as session:
        await people.move_enrolment(session, provider.id, event, actor=OPERATOR, now=deps.now(), new_id=deps.new_id)


async def test_an_operator_names_the_payer(admin: Program, provider: Provider, world: World) -> None:
    payer = await world.payer(provider)
    await world.block(provider, "2026-12-06", "10:00", "11:00", accept_external=True)

    assert (await slots(admin, provider, source="payer")).code == "payer_needed"
    assert (await slots(admin, provider, source="payer", payer_id=provider.id)).code == "payer_needed"
    assert starts(await slots(admin, provider, source="payer", payer_id=payer.id)) == ["Sun 06 10:00"]
    assert starts(await slots(admin, provider, source="payer", payer_id=(await world.payer()).id)) == []
