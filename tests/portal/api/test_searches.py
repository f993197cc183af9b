"""Looking for a provider, as a practice's site does it: from the questionnaire to a list that explains itself."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from config.deps import Deps
from people.models import Provider
from scheduling import actions as scheduling
from scheduling.models import Impression, Opening, Search
from scheduling.rules.vocabulary import CRISIS_CONTACTS
from scheduling.values import AppointmentState, SessionType, Side, Source
from status.models import Referral
from tests.builders import OPERATOR, World
from tests.clock import Clock
from tests.fixtures import Worker
from tests.portal.api.conftest import Api, Program, Reply
from tests.scheduling.matching.listing import HOURS, listed

SOMEBODY = {"state": "NY", "age": 34, "session_type": "full_session", "timezone": "America/New_York"}


def names(reply: Reply) -> list[str]:
    assert reply.status in {200, 201}, reply.text
    return [one["provider_id"] for one in reply.json["items"]]


def codes(reply: Reply, place: int = 0) -> list[str]:
    return [line["code"] for line in reply.json["items"][place]["lines"]]


def without(reply: Reply) -> list[tuple[str, str | None, int]]:
    return [(one["gate"], one["preference"], one["count"]) for one in reply.json["without"]]


async def test_a_search_finds_who_fits_and_says_why(admin: Program, world: World) -> None:
    fits = await listed(world, profile={"focus": ["grief"], "languages": ["en", "es"]}, settings={"plans": ["aetna"]})
    await listed(world, settings={"states": ["CA"]})

    reply = await admin.post(
        "/searches", {**SOMEBODY, "problems": ["grief"], "plan": "aetna", "preferences": {"language": "es"}}
    )

    assert reply.status == 201
    assert reply.headers["Location"] == f"/api/v1/searches/{reply.json['id']}"
    assert (reply.json["considered"], reply.json["passed"], reply.json["scored"]) == (2, 1, 1)
    assert reply.json["crisis"] == []
    assert reply.json["next"] is None
    [found] = reply.json["items"]
    assert found == {
        "provider_id": str(fits.id),
        "first_name": "Canary-Pat",
        "last_name": fits.last_name,
        "slug": found["slug"],
        "taxonomy": None,
        # Two days of notice from Tuesday at two: Friday at nine, since Thursday at two is still in working hours.
        "next_opening": "2026-11-26T19:00:00Z",
        "lines": [
            {"code": "focus", "problems": ["grief"], "preferences": [], "plan": None, "at": None},
            {"code": "opening", "problems": [], "preferences": [], "plan": None, "at": "2026-11-26T19:00:00Z"},
            {"code": "meets", "problems": [], "preferences": ["language"], "plan": None, "at": None},
            {"code": "plan", "problems": [], "preferences": [], "plan": "aetna", "at": None},
        ],
    }
    # Who stands behind one closed gate is counted and not named, since somebody was found.
    assert reply.json["without"] == []  # the other one takes no plan either


async def test_r16_no_gate_is_relaxed_in_silence(admin: Program, world: World) -> None:
    for n in range(3):
        await listed(world, settings={"plans": ["aetna"] if n else []}, profile={"languages": ["es"] if n > 1 else []})
    asked = {**SOMEBODY, "preferences": {"language": "es", "gender": "man"}, "only": ["gender"]}

    nobody = await admin.post("/searches", asked)
    with_plan = await admin.post("/searches", {**SOMEBODY, "plan": "aetna"})

    assert names(nobody) == []
    assert (nobody.json["considered"], nobody.json["passed"]) == (3, 0)
    assert without(nobody) == [("preference", "gender", 3)]
    assert len(nobody.json["without"][0]["provider_ids"]) == 3
    assert len(names(with_plan)) == 2
    assert without(with_plan) == [("plan", None, 1)]
    assert with_plan.json["without"][0]["provider_ids"] == []


async def test_r14_a_crisis_shows_where_help_is_and_changes_no_order(admin: Program, world: World) -> None:
    for problem in ("grief", "anxiety", "sleep"):
        await listed(world, profile={"focus": [problem, "self_harm"]})
    await listed(world, settings={"not_treated": ["self_harm_suicidal", "self_harm"]})

    calm = await admin.post("/searches", {**SOMEBODY, "problems": ["grief"]})
    danger = await admin.post("/searches", {**SOMEBODY, "problems": ["self_harm", "grief"]})

    assert calm.json["crisis"] == []
    assert [one["id"] for one in danger.json["crisis"]] == [one.id for one in CRISIS_CONTACTS]
    assert danger.json["crisis"][0]["call"] == "988"
    records = [await admin.get(f"/searches/{reply.json['id']}/record") for reply in (calm, danger)]
    bands = [{one["provider_id"]: one["band"] for one in reply.json["items"]} for reply in records]
    assert bands[0] == bands[1]
    assert danger.json["passed"] == 4
    assert "self_harm" not in str(danger.json["items"])


async def test_a_stored_search_gives_its_order_again_whatever_has_changed(
    admin: Program, world: World, clock: Clock
) -> None:
    people = [await listed(world, profile={"focus": ["grief"] if n % 2 else []}) for n in range(14)]

    made = await admin.post("/searches", {**SOMEBODY, "problems": ["grief"]})
    first = names(made)
    second = names(await admin.get(f"/searches/{made.json['id']}", after=made.json["next"]))
    record = await admin.get(f"/searches/{made.json['id']}/record")

    assert (len(first), len(second)) == (10, 4)
    assert [one["provider_id"] for one in record.json["items"]] == first + second
    assert {*first, *second} == {str(one.id) for one in people}
    # Who has the problem in focus stands before all others.
    focused = {str(one.id) for one in people[1::2]}
    assert set(first[:7]) == focused
    # Days later, with other openings and another focus, the order of that search is the same.
    clock.forward(days=3)
    again = await admin.get(f"/searches/{made.json['id']}", limit=50)
    assert names(again) == first + second
    assert again.json["next"] is None
    fresh = await admin.post("/searches", {**SOMEBODY, "problems": ["grief"]})
    assert names(fresh) != first


async def test_what_a_record_says(admin: Program, world: World) -> None:
    provider = await listed(world, profile={"also": ["grief"]})
    await listed(world, settings={"accepting": False, "states": []})

    made = await admin.post("/searches", {**SOMEBODY, "problems": ["grief"], "preferences": {"therapy": "emdr"}})
    record = await admin.get(f"/searches/{made.json['id']}/record")

    assert record.json["seed"] == f"2026-11-24/{made.json['id']}"
    assert record.json["version"] == 1
    assert record.json["answers"] == {**SOMEBODY, "problems": ["grief"], "therapy": "emdr"}
    assert record.json["failed"] == [{"gates": ["accepting", "licensed"], "count": 1}]
    # 0.5 × 0.7 + 0.2 × 0 + 0.2 × 1 + 0.1 × 4/5 = 0.63, which is in band 13 (0.65).
    assert record.json["items"] == [
        {
            "provider_id": str(provider.id),
            "band": 13,
            "score": 0.63,
            "problems": 0.7,
            "preferences": 0.0,
            "soonest": 1.0,
            "reliability": 0.8,
            "distance": None,
            "exposure": 0.0,
            "next_opening": "2026-11-26T19:00:00Z",
            "gone": False,
        }
    ]


async def test_r19_find_another_option_with_the_old_answers(admin: Program, world: World) -> None:
    one, two, three = [await listed(world, profile={"focus": ["grief"]}) for _ in range(3)]
    made = await admin.post("/searches", {**SOMEBODY, "problems": ["grief"]})
    assert len(names(made)) == 3

    again = await admin.post(f"/searches/{made.json['id']}/again", {"exclude": [str(one.id)]})
    once_more = await admin.post(f"/searches/{again.json['id']}/again", {"exclude": [str(two.id)]})
    with_others = await admin.post("/searches", {**SOMEBODY, "age": 40, "from_search": once_more.json["id"]})

    assert set(names(again)) == {str(two.id), str(three.id)}
    assert names(once_more) == names(with_others) == [str(three.id)]
    # That they were moved on from is nobody's business, and no gate that could be opened.
    assert once_more.json["without"] == []
    record = await admin.get(f"/searches/{again.json['id']}/record")
    assert record.json["answers"] == {**SOMEBODY, "problems": ["grief"], "exclude": [str(one.id)]}
    assert record.json["seed"] != made.json["id"]


async def test_a_search_that_nobody_made_cannot_be_gone_on_from(admin: Program) -> None:
    reply = await admin.post("/searches", {**SOMEBODY, "from_search": str(uuid4())})

    assert (reply.status, reply.code) == (404, "not_found")


async def test_a_rule_about_nothing_is_refused(admin: Program) -> None:
    reply = await admin.post(
        "/searches", {**SOMEBODY, "only": ["gender", "language"], "preferences": {"gender": "man"}}
    )

    assert (reply.status, reply.code) == (422, "only_what_is_asked")
    assert "language" in reply.json["detail"]


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"state": "ZZ"}, "state"),
        ({"age": 121}, "age"),
        ({"problems": ["no_such_problem"]}, "problems.0"),
        ({"problems": ["grief", "sleep", "panic", "anxiety", "trauma", "alcohol"]}, "problems"),
        ({"plan": "none"}, "plan"),
        ({"preferences": {"language": "tlh"}}, "preferences.language"),
        ({"preferences": {"faith": "any"}}, "preferences.faith"),
        ({"place": {"latitude": 91, "longitude": 0, "within_miles": 1}}, "place.latitude"),
        ({"ethnicity": "any"}, "ethnicity"),
    ],
)
async def test_what_is_not_in_the_questionnaire_is_not_asked(admin: Program, wrong: dict[str, Any], where: str) -> None:
    reply = await admin.post("/searches", {**SOMEBODY, **wrong})

    assert reply.status == 400
    assert [one["where"] for one in reply.json["errors"]] == [where]


# What time does to a list


async def test_an_opening_that_was_taken_meanwhile_is_not_shown(admin: Program, deps: Deps, world: World) -> None:
    """The page is held against calendars as they are, whatever was computed ahead (3.5)."""
    one_hour = ("09:00", "09:50")
    full = await listed(world, hours=one_hour, settings={"horizon_d": 3})
    free = await listed(world)
    # The only slot within the horizon is on Friday at nine; nobody has told the worker that it is gone.
    await world.appointment(
        full,
        starts_at=datetime(2026, 11, 27, 14, tzinfo=UTC),
        length=timedelta(minutes=50),
        session_type=SessionType.FULL_SESSION,
    )

    reply = await admin.post("/searches", SOMEBODY)
    record = await admin.get(f"/searches/{reply.json['id']}/record")

    assert names(reply) == [str(free.id)]
    assert reply.json["passed"] == 2
    gone = {one["provider_id"]: one["gone"] for one in record.json["items"]}
    assert gone == {str(full.id): True, str(free.id): False}


async def test_a_page_is_filled_up_where_somebody_is_gone(admin: Program, world: World) -> None:
    people = [await listed(world, computed=False, hours=None if n < 3 else HOURS) for n in range(12)]
    async with world.deps.sessions.begin() as session:
        for one in people:
            soon = world.deps.now() + timedelta(days=3)
            session.add(
                Opening(
                    provider_id=one.id,
                    session_type=SessionType.FULL_SESSION,
                    next_at=soon,
                    starts=[int(soon.timestamp())],
                    week=[],
                    computed_at=world.deps.now(),
                )
            )

    reply = await admin.post("/searches", SOMEBODY)

    assert len(names(reply)) == 9
    assert set(names(reply)) == {str(one.id) for one in people[3:]}
    assert reply.json["next"] is None


async def test_who_does_not_fit_any_more_is_left_out_of_an_old_search(admin: Program, world: World) -> None:
    one, two = await listed(world), await listed(world)
    made = await admin.post("/searches", SOMEBODY)
    assert len(names(made)) == 2

    await world.settings(one, accepting=False)

    assert names(await admin.get(f"/searches/{made.json['id']}")) == [str(two.id)]


async def test_openings_follow_the_calendar_and_the_clock(
    deps: Deps, world: World, works: Worker, clock: Clock
) -> None:
    provider = await listed(world, computed=False)
    await works.turn()  # setting the hours has enqueued it
    assert await next_opening(deps, provider) == datetime(2026, 11, 26, 19, tzinfo=UTC)

    clock.forward(minutes=14)
    await works.turn()
    assert await next_opening(deps, provider) == datetime(2026, 11, 26, 19, tzinfo=UTC)
    clock.forward(minutes=1)
    await works.turn()
    assert await next_opening(deps, provider) == datetime(2026, 11, 26, 19, 15, tzinfo=UTC)


async def next_opening(deps: Deps, provider: Provider) -> datetime | None:
    async with deps.sessions() as session:
        row = await session.get(Opening, (provider.id, SessionType.FULL_SESSION))
        assert row is not None
        return row.next_at


async def test_a_time_of_day_is_the_clients_own(admin: Program, world: World) -> None:
    """Five in the afternoon in Los Angeles is eight in the evening in New York."""
    early = await listed(world, hours=HOURS, settings={"states": ["NY", "CA"]})
    late = await listed(world, hours=("20:00", "22:00"), settings={"states": ["NY", "CA"]})
    evening = {**SOMEBODY, "preferences": {"day_parts": ["evening"]}}

    wished = await admin.post("/searches", evening)
    insisted = await admin.post("/searches", {**evening, "only": ["day_parts"]})
    in_the_west = await admin.post(
        "/searches", {**evening, "only": ["day_parts"], "timezone": "America/Los_Angeles", "state": "CA"}
    )
    mornings = await admin.post(
        "/searches",
        {
            **SOMEBODY,
            "preferences": {"day_parts": ["morning"]},
            "only": ["day_parts"],
            "timezone": "America/Los_Angeles",
        },
    )

    assert names(wished) == [str(late.id), str(early.id)]
    assert codes(wished) == ["opening", "meets"]
    assert codes(wished, 1) == ["opening", "does_not_meet"]
    assert names(insisted) == names(in_the_west) == [str(late.id)]
    assert without(insisted) == [("preference", "day_parts", 1)]
    assert names(mornings) == [str(early.id)]


async def test_whoever_was_shown_is_counted_once_a_first_page(admin: Program, deps: Deps, world: World) -> None:
    provider = await listed(world)
    made = await admin.post("/searches", SOMEBODY)
    await admin.post("/searches", SOMEBODY)
    await admin.get(f"/searches/{made.json['id']}")

    async with deps.sessions() as session:
        row = await session.get(Impression, (provider.id, "2026-11-23"))
    assert row is not None
    assert row.shown == 2


async def test_bookings_that_were_dropped_lower_a_place(
    admin: Program, deps: Deps, world: World, clock: Clock, works: Worker
) -> None:
    provider = await listed(world)
    for _ in range(3):
        booked = await world.appointment(
            provider,
            starts_in=timedelta(days=9, hours=len(provider.last_name)),
            session_type=SessionType.FULL_SESSION,
            source=Source.BOOKING_LINK,
        )
        async with deps.sessions.begin() as session:
            row = await scheduling.cancel(
                session,
                booked.id,
                by=Side.PROVIDER,
                reason=None,
                message="Canary",
                actor=OPERATOR,
                house=scheduling.house(deps.settings),
                now=deps.now(),
                new_id=deps.new_id,
            )
            assert row.state is AppointmentState.CANCELLED_BY_PROVIDER

    await works.turn()  # each of them has enqueued it
    made = await admin.post("/searches", SOMEBODY)
    record = await admin.get(f"/searches/{made.json['id']}/record")
    assert record.json["items"][0]["reliability"] == 0.5  # (0 + 4) / (0 + 3 + 5)
    # A quarter of a year later it is forgotten.
    clock.forward(days=91)
    await works.turn()
    made = await admin.post("/searches", SOMEBODY)
    record = await admin.get(f"/searches/{made.json['id']}/record")
    assert record.json["items"][0]["reliability"] == 0.8


# Who may see what


async def test_a_program_of_a_practice_sees_its_own_searches_alone(api: Api, world: World) -> None:
    one, two = await listed(world), await listed(world)
    mine, theirs, operator = await api.of(one), await api.of(two), await api.admin()

    made = await mine.post("/searches", SOMEBODY)

    assert len(names(made)) == 2
    assert (await mine.get(f"/searches/{made.json['id']}")).status == 200
    assert (await operator.get(f"/searches/{made.json['id']}")).status == 200
    assert (await theirs.get(f"/searches/{made.json['id']}")).status == 404
    assert (await theirs.post("/searches", {**SOMEBODY, "from_search": made.json["id"]})).status == 404
    assert (await mine.get(f"/searches/{made.json['id']}/record")).status == 403


async def test_a_provider_learns_why_they_are_found_or_not(api: Api, world: World) -> None:
    provider = await listed(world, profile={"languages": ["en"]})
    me, admin = await api.of(provider), await api.admin()
    for _ in range(4):
        await admin.post("/searches", {**SOMEBODY, "plan": "aetna"})
    few = await me.get(f"/providers/{provider.id}/visibility")
    for _ in range(5):
        await admin.post("/searches", {**SOMEBODY, "preferences": {"language": "es"}, "only": ["language"]})
    for _ in range(6):
        await admin.post("/searches", {**SOMEBODY, "session_type": "phone_consultation", "plan": "aetna"})
    for _ in range(2):
        await admin.post("/searches", {**SOMEBODY, "age": 12})

    many = await me.get(f"/providers/{provider.id}/visibility")

    assert few.json == {
        "provider_id": str(provider.id),
        "searches": None,
        "passed": None,
        "missed": [],
        "first_pages": None,
    }
    assert many.json == {
        "provider_id": str(provider.id),
        "searches": 17,
        "passed": 0,
        # Two were for a child: too few to be told.
        "missed": [
            {"gate": "plan", "preference": None, "count": 10},
            {"gate": "preference", "preference": "language", "count": 5},
        ],
        "first_pages": 0,
    }


async def test_searches_older_than_a_week_are_not_told(api: Api, world: World, clock: Clock, works: Worker) -> None:
    provider = await listed(world)
    me = await api.of(provider)
    for _ in range(5):
        await me.post("/searches", SOMEBODY)
    assert (await me.get(f"/providers/{provider.id}/visibility")).json["searches"] == 5

    clock.forward(days=7, seconds=1)

    assert (await me.get(f"/providers/{provider.id}/visibility")).json["searches"] is None


async def test_everybody_may_read_how_lists_are_ordered_and_in_which_words(api: Api, world: World) -> None:
    provider = await world.provider()
    programs = [await api.admin(), await api.of(provider), await api.partner()]
    orders = [await program.get("/searches/order") for program in programs]
    vocabularies = [await program.get("/vocabulary") for program in programs]
    assert {reply.status for reply in (*orders, *vocabularies)} == {200}
    order, words = orders[0], vocabularies[0]

    assert order.json["version"] == 1
    assert order.json["weights"] == {
        "problems": 0.5,
        "preferences": 0.2,
        "soonest": 0.2,
        "reliability": 0.1,
        "distance": 0.1,
    }
    assert "What brings the client counts 50 %." in order.json["text"]["en"][1]
    assert len(order.json["text"]["es"]) == len(order.json["text"]["en"])
    assert [one["id"] for one in words.json["problems"]][:2] == ["anxiety", "worry"]
    assert "American Medical Association" in words.json["provider_types"]["notice"]


async def test_searches_are_forgotten_with_what_was_answered(
    admin: Program, deps: Deps, world: World, clock: Clock
) -> None:
    await listed(world)
    await admin.post("/searches", SOMEBODY)
    clock.forward(days=deps.settings.keep_searches_d)
    await admin.post("/searches", SOMEBODY)

    await forget(deps)
    assert await count(deps) == 2
    clock.forward(seconds=1)
    await forget(deps)
    assert await count(deps) == 1


async def test_a_referral_forgets_the_search_that_is_deleted(
    admin: Program, deps: Deps, world: World, clock: Clock
) -> None:
    await listed(world)
    made = await admin.post("/searches", SOMEBODY)
    appointment = await world.appointment(await world.provider(), starts_in=timedelta(days=3))
    async with deps.sessions.begin() as session:
        row = await session.get(Referral, appointment.referral_id)
        assert row is not None
        row.search_id = UUID(made.json["id"])

    clock.forward(days=deps.settings.keep_searches_d, seconds=1)
    await forget(deps)

    async with deps.sessions() as session:
        row = await session.get(Referral, appointment.referral_id)
    assert row is not None
    assert row.search_id is None


async def forget(deps: Deps) -> None:
    async with deps.sessions.begin() as session:
        keep = timedelta(days=deps.settings.keep_searches_d)
        await scheduling.forget_searches(session, keep=keep, now=deps.now())


async def count(deps: Deps) -> int:
    async with deps.sessions() as session:
        return (await session.execute(select(func.count(col(Search.id))))).scalar_one()
