"""The gates as the database asks them are the gates of the rules: over invented providers and clients of every kind."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from config.deps import Deps
from people.models import Practice, Profile, Provider
from people.values import Gender, Language, PracticeKind
from scheduling import queries
from scheduling.models import Opening
from scheduling.queries import default_settings
from scheduling.rules.matching.day_parts import hour_of_week, week
from scheduling.rules.matching.gates import misses
from scheduling.rules.matching.weights import ORDERING
from scheduling.values import (
    Answers,
    Candidate,
    DayPart,
    Gate,
    Miss,
    Modality,
    Person,
    Place,
    Preference,
    SessionType,
    Source,
)
from tests.builders import World

PEOPLE, CLIENTS = 100, 25
STATES, PLANS = ["NY", "NJ", "CA"], ["aetna", "cigna", "medicare"]
PROBLEMS = ["anxiety", "panic", "phobia", "grief", "sleep", "self_harm", "medication"]
ZONES = ["America/New_York", "America/Los_Angeles", "Asia/Kolkata"]
LANGUAGES, THERAPIES, AFFIRMS = ["en", "es", "fr"], ["emdr", "art"], ["black", "veterans"]
CODES = ["103TC0700X", "2084P0800X", "363LP0808X", "208M00000X", None]
# A week before the clocks go back, so that hours of the week can be either.
NOW = datetime(2026, 10, 26, 19, 0, tzinfo=UTC)


def some(chance: Random, words: Sequence[str], most: int = 3) -> list[str]:
    return chance.sample(words, chance.randint(0, min(most, len(words))))


def chosen(chance: Random, kind: Any) -> list[Any]:
    return [one for one in kind if chance.random() < 0.7]


def invent_profile(chance: Random) -> dict[str, Any]:
    placed = chance.random() < 0.8
    return {
        "published": chance.random() < 0.9,
        "listed": chance.random() < 0.9,
        "taxonomy": chance.choice(CODES),
        "focus": some(chance, PROBLEMS),
        "also": some(chance, PROBLEMS),
        "languages": some(chance, LANGUAGES),
        "therapies": some(chance, THERAPIES),
        "affirms": some(chance, AFFIRMS),
        "gender": chance.choice([None, *Gender]),
        "latitude": chance.uniform(40, 41) if placed else None,
        "longitude": chance.uniform(-75, -73) if placed else None,
    }


def invent_settings(chance: Random) -> dict[str, Any]:
    paused = chance.choice([None, None, -1, 0, 1])
    youngest = chance.choice([0, 13, 18])
    by_source = {Source.PLATFORM_SEARCH.value: chosen(chance, SessionType)} if chance.random() < 0.3 else {}
    return {
        "accepting": chance.random() < 0.9,
        "paused_until": None if paused is None else NOW + timedelta(seconds=paused),
        "session_types": chosen(chance, SessionType),
        "by_source": by_source | ({Source.PAYER.value: []} if chance.random() < 0.3 else {}),
        "modalities": chosen(chance, Modality),
        "plans": some(chance, PLANS),
        "states": some(chance, STATES),
        "youngest": youngest,
        "oldest": chance.choice([youngest, 65, 120]),
        "not_treated": some(chance, PROBLEMS, 1),
    }


def invent_opening(chance: Random) -> dict[str, Any]:
    hours = chance.sample(range(24 * 28), chance.choice([0, 1, 1, 2, 5]))
    starts = sorted(int(NOW.timestamp()) + 3600 * hour + chance.choice([0, 1800]) for hour in hours)
    return {
        "next_at": datetime.fromtimestamp(starts[0], UTC) if starts else None,
        "starts": starts,
        "week": list(week(hour_of_week(start) for start in starts)),
    }


def invent_answers(chance: Random, people: Sequence[UUID]) -> Answers:
    place = Place(latitude=40.7, longitude=-74.0, within_miles=chance.choice([5, 25, 60]))
    return Answers(
        state=chance.choice(STATES),
        age=chance.choice([12, 13, 17, 18, 65, 66]),
        session_type=chance.choice(list(SessionType)),
        modality=chance.choice([None, *Modality]),
        problems=tuple(some(chance, PROBLEMS)),
        plan=chance.choice([None, *PLANS]),
        language=chance.choice([None, *LANGUAGES]),
        gender=chance.choice([None, *Gender]),
        therapy=chance.choice([None, *THERAPIES]),
        affirms=tuple(some(chance, AFFIRMS)),
        day_parts=frozenset(some(chance, list(DayPart), 2)),  # type: ignore[arg-type]
        only=frozenset(chosen(chance, Preference)),
        place=chance.choice([None, place]),
        prescriber=chance.random() < 0.2,
        timezone=chance.choice([None, *ZONES]),
        exclude=frozenset(chance.sample(people, 3)) if chance.random() < 0.5 else frozenset(),
    )


def a_provider(one: UUID, practice: Practice, **told: Any) -> Provider:
    return Provider(
        id=one,
        practice_id=practice.id,
        first_name="Canary-Pat",
        last_name="Canary",
        email="canary@example.com",
        language=Language.ENGLISH,
        created_at=NOW,
        **{"timezone": "UTC", **told},
    )


@pytest.fixture
async def people(deps: Deps, world: World) -> list[UUID]:
    """Invent providers: some without settings, some without openings, some who left."""
    chance = Random(1)
    practice = await world.practice(kind=PracticeKind.GROUP)
    ids = [deps.new_id() for _ in range(PEOPLE)]
    async with deps.sessions.begin() as session:
        for one in ids:
            session.add(a_provider(one, practice, timezone=chance.choice(ZONES), active=chance.random() < 0.95))
            session.add(Profile(**invent_profile(chance), provider_id=one, updated_at=NOW))
            if chance.random() < 0.9:
                row = default_settings(one)
                for name, value in invent_settings(chance).items():
                    setattr(row, name, value)
                session.add(row)
            for kind in SessionType:
                if chance.random() < 0.9:
                    told = invent_opening(chance)
                    session.add(Opening(provider_id=one, session_type=kind, computed_at=NOW, **told))
    return ids


def by_the_rules(found: Mapping[UUID, Candidate], answers: Answers) -> Mapping[UUID, tuple[Candidate, frozenset[Miss]]]:
    return {one: (person, misses(person, answers, now=NOW)) for one, person in found.items()}


def as_a_person(found: Candidate, answers: Answers) -> Person:
    """Return what is left of a candidate for their place: starts only where the time of day counts."""
    told = {field.name: getattr(found, field.name) for field in fields(Person)}
    openings = found.openings if answers.day_parts else replace(found.openings, starts=())
    return Person(**{**told, "openings": openings})


async def test_what_is_missed_is_the_same(people: list[UUID], session: AsyncSession) -> None:
    chance, seen = Random(2), Counter[Miss]()
    found = {kind: await queries.candidates(session, people, kind) for kind in SessionType}
    for _ in range(CLIENTS):
        answers = invent_answers(chance, people)
        expected = by_the_rules(found[answers.session_type], answers)
        looked_at = [missed for person, missed in expected.values() if person.shown]
        looked = await queries.look(session, answers, NOW, by=ORDERING, turn=7)
        tally, passing = looked.tally, looked.people

        assert tally.counts == Counter(looked_at), answers
        assert tally.considered == len(looked_at)
        assert tally.passed == looked_at.count(frozenset())
        assert {one.provider_id for one in passing} == {one for one, (_, missed) in expected.items() if not missed}, (
            answers
        )
        for one in passing:
            assert one == as_a_person(expected[one.provider_id][0], answers)
        for miss, count in list(tally.all_but().items())[:2]:
            some_of_them = await queries.who_misses_only(session, answers, miss, NOW, turn=7, limit=5)
            assert len(set(some_of_them)) == len(some_of_them) == min(5, count)
            assert all(expected[one][1] == {miss} for one in some_of_them)
        seen.update(miss for missed in looked_at for miss in missed)

    # Every gate was closed to somebody, and every wish that was made a rule.
    gates = {Miss(gate) for gate in Gate} - {Miss(Gate.PREFERENCE), Miss(Gate.PUBLISHED)}
    assert set(seen) == gates | {Miss(Gate.PREFERENCE, wish) for wish in Preference}


async def test_where_too_many_pass_the_likely_ones_are_looked_at(people: list[UUID], session: AsyncSession) -> None:
    """By problems and next opening (3.5); the same for one seed, others among equals for another."""
    answers = Answers(state="NY", age=18, session_type=SessionType.FULL_SESSION, problems=("grief",))
    few = replace(ORDERING, scored_at_most=5)
    found = await queries.candidates(session, people, answers.session_type)
    everybody = (await queries.look(session, answers, NOW, by=ORDERING, turn=7)).people
    assert len(everybody) > few.scored_at_most

    looked = await queries.look(session, answers, NOW, by=few, turn=7)
    likely = looked.people

    def worth(one: UUID) -> float:
        person = found[one]
        fit = 1.0 if "grief" in person.focus else 0.7 if "grief" in person.also else 0.0
        assert person.openings.next_at is not None
        days = (person.openings.next_at - NOW.timestamp()) / 86_400
        return float(round(0.5 * fit + 0.2 * 0.5 ** (max(0, days - 3) / 7), 9))

    best = sorted((worth(one.provider_id) for one in everybody), reverse=True)[:5]
    assert sorted((worth(one.provider_id) for one in likely), reverse=True) == pytest.approx(best)
    assert looked.tally.passed == len(everybody)
    again = await queries.look(session, answers, NOW, by=few, turn=7)
    assert {one.provider_id for one in again.people} == {one.provider_id for one in likely}


async def test_among_equals_nobody_is_always_among_the_likely(deps: Deps, world: World, session: AsyncSession) -> None:
    practice = await world.practice(kind=PracticeKind.GROUP)
    empty: dict[str, Any] = {name: [] for name in ("focus", "also", "languages", "therapies", "affirms")}
    opening: dict[str, Any] = {"next_at": NOW + timedelta(days=4), "starts": [], "week": [], "computed_at": NOW}
    async with deps.sessions.begin() as writing:
        for _ in range(10):
            one = deps.new_id()
            row = default_settings(one)
            row.states = ["NY"]
            profile = Profile(provider_id=one, published=True, listed=True, updated_at=NOW, **empty)
            slot = Opening(provider_id=one, session_type=SessionType.FULL_SESSION, **opening)
            writing.add_all([a_provider(one, practice), profile, row, slot])
    answers = Answers(state="NY", age=18, session_type=SessionType.FULL_SESSION)
    few = replace(ORDERING, scored_at_most=5)

    chosen_once = {
        one.provider_id
        for turn in range(20)
        for one in (await queries.look(session, answers, NOW, by=few, turn=turn)).people
    }

    assert len(chosen_once) == 10
