"""Searches: the gates as one statement over everybody listed, and what scores are made from (3.2, 3.5).

`rules/matching/gates.py` says what a gate is; here each is said once more in SQL, and a test holds the two equal
over invented providers and clients.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import reduce
from operator import add
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Double,
    Integer,
    Select,
    String,
    Uuid,
    and_,
    any_,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from people.models import Profile, Provider
from people.values import Gender
from scheduling.models import Opening, ReferralSettings
from scheduling.queries.availability import default_settings, referral_rules
from scheduling.rules import vocabulary
from scheduling.rules.matching.day_parts import EVENING, NOON, SATURDAY, hours_in
from scheduling.rules.matching.gates import EARTH_MILES, SOURCE, treated, wants_prescriber
from scheduling.values import (
    Answers,
    Candidate,
    DayPart,
    Gate,
    Miss,
    Openings,
    Ordering,
    Person,
    Place,
    Preference,
    Record,
    SessionType,
)

# How far ahead hours of a week are told apart by their bits alone: near enough that clocks seldom change in between.
_NEAR = timedelta(days=21)
_KEPT = tuple(field.name for field in fields(Record))


# Who passes


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many providers were looked at, by the set of gates that they do not pass; nobody is named."""

    counts: Mapping[frozenset[Miss], int]

    @property
    def considered(self) -> int:
        """Return how many were looked at: everybody published and listed."""
        return sum(self.counts.values())

    @property
    def passed(self) -> int:
        """Return how many passed all gates."""
        return self.counts.get(frozenset(), 0)

    def all_but(self) -> Mapping[Miss, int]:
        """Return how many pass all gates but one, by that one (R16)."""
        return {next(iter(missed)): count for missed, count in self.counts.items() if len(missed) == 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one look at everybody found: how many pass which gates, and who passes all of them."""

    tally: Tally
    people: Sequence[Person]


async def look(session: AsyncSession, answers: Answers, now: datetime, *, by: Ordering, turn: int) -> Looked:
    """Hold everybody who is listed against every gate that was asked for, in one statement.

    Of those who pass all, the best by problems and next opening are returned, and among equals by turns (3.5).
    """
    gates = _gates(answers, now)
    everybody = _looked_at(answers, gates, now, by, turn).cte("looked")
    counted = select(everybody.c.missed, func.count().label("count")).group_by(everybody.c.missed).subquery()
    told = select(func.jsonb_object_agg(counted.c.missed, counted.c.count).cast(String).label("told")).subquery()
    best = (
        select(everybody.c.provider_id)
        .where(everybody.c.missed == 0)
        .order_by(everybody.c.likely.desc(), everybody.c.turn)
        .limit(by.scored_at_most)
        .subquery()
    )
    people = (
        select(*_of_a_person(answers))
        .select_from(best)
        .join(Profile, col(Profile.provider_id) == best.c.provider_id)
        .join(Provider, col(Provider.id) == best.c.provider_id)
        .join(Opening, _of_type(best.c.provider_id, answers.session_type))
        .subquery()
    )
    found = (await session.execute(select(told, people).select_from(told).outerjoin(people, true()))).all()
    return Looked(
        tally=_read_tally(found[0].told, list(gates)),
        people=[_person(row[1:]) for row in found if row.provider_id is not None],
    )


def _looked_at(
    answers: Answers, gates: Mapping[Miss, ColumnElement[bool]], now: datetime, by: Ordering, turn: int
) -> Select[Any]:
    """Return everybody with the gates that they miss, and how likely those who miss none are to stand first.

    The fence (OFFSET 0) keeps the gates from being asked twice.
    """
    row = (
        _listed(
            answers.session_type,
            col(Profile.provider_id),
            col(Profile.focus),
            col(Profile.also),
            col(Opening.next_at),
            _missed(gates.values()).label("missed"),
        )
        .offset(0)
        .subquery()
        .c
    )
    return select(
        row.provider_id,
        row.missed,
        case((row.missed == 0, _likely(row, answers, now, by))).label("likely"),
        case((row.missed == 0, func.uuid_hash_extended(row.provider_id, turn))).label("turn"),
    )


def _read_tally(told: str | None, names: Sequence[Miss]) -> Tally:
    counts: Mapping[str, int] = json.loads(told or "{}")
    return Tally(
        counts={
            frozenset(name for place, name in enumerate(names) if int(mask) >> place & 1): count
            for mask, count in counts.items()
        }
    )


async def who_misses_only(
    session: AsyncSession, answers: Answers, miss: Miss, now: datetime, *, turn: int, limit: int
) -> Sequence[UUID]:
    """Return some of those who pass all gates but one, by turns (R16)."""
    gates = _gates(answers, now)
    query = _listed(answers.session_type, col(Profile.provider_id)).where(
        not_(gates[miss]), *(passes for one, passes in gates.items() if one != miss)
    )
    query = query.order_by(func.uuid_hash_extended(col(Profile.provider_id), turn)).limit(limit)
    found: Sequence[UUID] = (await session.execute(query)).scalars().all()
    return found


def _of_a_person(answers: Answers) -> tuple[Any, ...]:
    """Return the columns that a place depends on; starts are read where the time of day counts.

    Lists come as words with spaces in between: five hundred people are read several times as fast as with arrays.
    """
    starts = _joined(Opening.starts) if answers.day_parts else literal("")
    lists = (Profile.focus, Profile.also, Profile.languages, Profile.therapies, Profile.affirms)
    return (
        col(Profile.provider_id),
        col(Provider.timezone),
        *(_joined(one) for one in lists),
        col(Profile.gender),
        col(Profile.latitude),
        col(Profile.longitude),
        cast(func.date_part("epoch", col(Opening.next_at)), BigInteger),
        starts,
        col(Opening.open_in_week),
        col(Opening.kept),
        col(Opening.dropped),
        col(Opening.shared),
        col(Opening.missed),
    )


def _joined(column: Any) -> ColumnElement[str]:
    return func.array_to_string(column, " ")


def _person(row: Any) -> Person:
    one, timezone, focus, also, languages, therapies, affirms, gender, latitude, longitude, *opening = row
    next_at, starts, in_week, *kept = opening
    return Person(
        provider_id=one,
        timezone=timezone,
        focus=frozenset(focus.split()),
        also=frozenset(also.split()),
        languages=frozenset(languages.split()),
        therapies=frozenset(therapies.split()),
        affirms=frozenset(affirms.split()),
        gender=gender,
        latitude=latitude,
        longitude=longitude,
        openings=Openings(next_at=next_at, starts=tuple(map(int, starts.split())), in_week=in_week),
        record=Record(**dict(zip(_KEPT, kept, strict=True))),
    )


def _listed(session_type: SessionType, *wanted: Any) -> Select[Any]:
    """Select from everybody who is published and listed, with their settings and openings where they have some."""
    return (
        select(*wanted)
        .select_from(Profile)
        .join(Provider, col(Provider.id) == col(Profile.provider_id))
        .outerjoin(ReferralSettings, col(ReferralSettings.provider_id) == col(Profile.provider_id))
        .outerjoin(Opening, _of_type(col(Profile.provider_id), session_type))
        .where(col(Profile.published), col(Profile.listed), col(Provider.active))
    )


def _of_type(provider_id: Any, session_type: SessionType) -> ColumnElement[bool]:
    return and_(col(Opening.provider_id) == provider_id, col(Opening.session_type) == session_type)


def _missed(passes: Collection[ColumnElement[bool]]) -> ColumnElement[int]:
    """Return one number with a bit for each gate that is not passed."""
    bits = [case((one, 0), else_=1 << place) for place, one in enumerate(passes)]
    return reduce(add, bits, cast(0, Integer))


def _likely(row: Any, answers: Answers, now: datetime, by: Ordering) -> ColumnElement[float]:
    """Return the weighted problems and soonest opening of 3.2."""
    days = func.date_part("epoch", row.next_at - now) / 86_400.0
    soon = func.power(0.5, func.greatest(0.0, days - by.soon_days) / by.halved_every_days)
    counting = vocabulary.counting(answers.problems)
    fits = [_fit(row, one, by) for one in counting]
    fit = reduce(add, fits) / len(fits) if fits else literal(by.unasked, Double())
    return by.problems * fit + by.soonest * soon


def _fit(row: Any, problem: str, by: Ordering) -> ColumnElement[float]:
    relatives = vocabulary.relatives(problem)
    return case(
        (_has(row.focus, problem), literal(by.focus, Double())),
        (_has(row.also, problem), by.listed),
        (or_(_overlaps(row.focus, relatives), _overlaps(row.also, relatives)), by.related),
        else_=0.0,
    )


# The gates


def _gates(answers: Answers, now: datetime) -> dict[Miss, ColumnElement[bool]]:
    """Return whether each gate that was asked for is passed. Who has no settings has those of the house."""
    return {**_of_the_provider(answers, now), **_of_the_search(answers), **_of_the_rules(answers, now)}


def _of_the_provider(answers: Answers, now: datetime) -> dict[Miss, ColumnElement[bool]]:
    row, usual = ReferralSettings, default_settings(UUID(int=0))
    kind, source, by_source = answers.session_type.value, SOURCE.value, col(row.by_source)
    asked: dict[Gate, ColumnElement[bool]] = {
        Gate.ACCEPTING: and_(
            _or(col(row.accepting), usual.accepting),
            func.coalesce(col(row.paused_until) <= now, True),
        ),
        Gate.LICENSED: _or(_has(col(row.states), answers.state), answers.state in usual.states),
        Gate.AGE: literal(answers.age).between(
            func.coalesce(col(row.youngest), usual.youngest), func.coalesce(col(row.oldest), usual.oldest)
        ),
        Gate.SESSION_TYPE: _or(
            case(
                (by_source.bool_op("?")(source), by_source.op("->")(source).bool_op("?")(kind)),
                else_=_has(col(row.session_types), kind),
            ),
            kind in usual.session_types,
        ),
    }
    if answers.plan:
        asked[Gate.PLAN] = _or(_has(col(row.plans), answers.plan), answers.plan in usual.plans)
    if problems := treated(answers):
        asked[Gate.PROBLEM] = _or(not_(_overlaps(col(row.not_treated), problems)), True)
    if answers.modality:
        offered = _or(_has(col(row.modalities), answers.modality.value), answers.modality.value in usual.modalities)
        asked[Gate.MODALITY] = and_(offered, _within(answers.near)) if answers.near else offered
    return {Miss(gate): passes for gate, passes in asked.items()}


def _of_the_search(answers: Answers) -> dict[Miss, ColumnElement[bool]]:
    asked: dict[Gate, ColumnElement[bool]] = {Gate.OPENING: col(Opening.next_at).is_not(None)}
    if answers.exclude:
        asked[Gate.EXCLUDED] = not_(col(Profile.provider_id) == any_(cast(sorted(answers.exclude), ARRAY(Uuid()))))
    if wants_prescriber(answers):
        codes = [col(Profile.taxonomy).startswith(code, autoescape=True) for code in vocabulary.PRESCRIBERS]
        asked[Gate.PRESCRIBER] = _or(or_(*codes), False)
    return {Miss(gate): passes for gate, passes in asked.items()}


def _of_the_rules(answers: Answers, now: datetime) -> dict[Miss, ColumnElement[bool]]:
    """Return the wishes that were made rules, in the order of `Preference`."""
    asked: dict[Preference, ColumnElement[bool]] = {}
    if answers.language:
        asked[Preference.LANGUAGE] = _has(col(Profile.languages), answers.language)
    if answers.gender:
        asked[Preference.GENDER] = _or(col(Profile.gender) == answers.gender, False)
    if answers.therapy:
        asked[Preference.THERAPY] = _has(col(Profile.therapies), answers.therapy)
    if answers.affirms:
        asked[Preference.AFFIRMS] = col(Profile.affirms).bool_op("@>")(_texts(answers.affirms))
    if answers.day_parts and Preference.DAY_PARTS in answers.only:
        asked[Preference.DAY_PARTS] = _or(_opens_in(answers, now), False)
    return {Miss(Gate.PREFERENCE, wish): passes for wish, passes in asked.items() if wish in answers.only}


def _or(found: ColumnElement[bool] | Any, otherwise: bool) -> ColumnElement[bool]:
    """Read what cannot be told as this: a row that is not there, a value that was not given."""
    return func.coalesce(found, otherwise)


def _has(words: Any, word: str) -> ColumnElement[bool]:
    return literal(word) == any_(words)


def _overlaps(words: Any, others: Collection[str]) -> ColumnElement[bool]:
    return words.bool_op("&&")(_texts(others))  # type: ignore[no-any-return]


def _texts(words: Collection[str]) -> ColumnElement[Any]:
    return cast(sorted(words), ARRAY(String))


def _within(place: Place) -> ColumnElement[bool]:
    """Measure as `distance` does."""
    here, there = func.radians(place.latitude), func.radians(col(Profile.latitude))
    across = func.radians(col(Profile.longitude) - place.longitude)
    half = func.power(func.sin((there - here) / 2), 2) + func.cos(here) * func.cos(there) * func.power(
        func.sin(across / 2), 2
    )
    miles = 2 * EARTH_MILES * func.asin(func.least(1, func.sqrt(half)))
    return _or(miles <= place.within_miles, False)


def _opens_in(answers: Answers, now: datetime) -> ColumnElement[bool]:
    """Tell whether there is an opening in the stated parts of the day.

    Mostly seven comparisons of bits settle it. Where starts lie far ahead, or the clocks change, an hour of the week
    can be either: then the starts themselves are looked at.
    """
    if answers.timezone is None:
        return _any_start_in(answers.day_parts, col(Provider.timezone))
    since = int(now.timestamp())
    until = since + int(_NEAR.total_seconds())
    always, perhaps = hours_in(answers.day_parts, ZoneInfo(answers.timezone), since, until)
    last = col(Opening.starts)[func.cardinality(col(Opening.starts))]
    return case(
        (and_(last < until, _any_hour(always)), true()),
        (and_(last < until, not_(_any_hour(perhaps))), false()),
        else_=_any_start_in(answers.day_parts, literal(answers.timezone)),
    )


def _any_hour(week: Sequence[int]) -> ColumnElement[bool]:
    days = [col(Opening.week)[day].bitwise_and(hours) != 0 for day, hours in enumerate(week, 1) if hours]
    return _or(or_(*days), False)


def _any_start_in(parts: Collection[DayPart], zone: Any) -> ColumnElement[bool]:
    start = func.unnest(col(Opening.starts)).column_valued("start")
    there = func.timezone(zone, func.to_timestamp(start))
    hour, weekday = func.date_part("hour", there), func.date_part("isodow", there) - 1
    said = {
        DayPart.MORNING: hour < NOON,
        DayPart.AFTERNOON: hour.between(NOON, EVENING - 1),
        DayPart.EVENING: hour >= EVENING,
        DayPart.WEEKEND: weekday >= SATURDAY,
    }
    return select(start).where(or_(*(said[part] for part in sorted(parts)))).exists()


# What scores are made from


async def candidates(
    session: AsyncSession, provider_ids: Collection[UUID], session_type: SessionType
) -> Mapping[UUID, Candidate]:
    """Return providers as a search for a session type sees them."""
    found = await session.execute(
        select(Provider, Profile, ReferralSettings, Opening)
        .outerjoin(Profile, col(Profile.provider_id) == col(Provider.id))
        .outerjoin(ReferralSettings, col(ReferralSettings.provider_id) == col(Provider.id))
        .outerjoin(Opening, _of_type(col(Provider.id), session_type))
        .where(col(Provider.id) == any_(cast(sorted(provider_ids), ARRAY(Uuid()))))
    )
    return {row.Provider.id: _candidate(row) for row in found}


def _candidate(row: Any) -> Candidate:
    provider, profile, opening = row.Provider, row.Profile, row.Opening
    told = row.ReferralSettings or default_settings(provider.id)
    seen = {} if profile is None else _profile(profile)
    return Candidate(
        provider_id=provider.id,
        timezone=provider.timezone,
        shown=provider.active and profile is not None and profile.published and profile.listed,
        rules=referral_rules(told),
        openings=openings_of(opening),
        record=Record(**{name: getattr(opening, name) for name in _KEPT}) if opening else Record(),
        **seen,
    )


def _profile(row: Profile) -> dict[str, Any]:
    return {
        "taxonomy": row.taxonomy,
        "focus": frozenset(row.focus),
        "also": frozenset(row.also),
        "languages": frozenset(row.languages),
        "therapies": frozenset(row.therapies),
        "affirms": frozenset(row.affirms),
        "gender": Gender(row.gender) if row.gender else None,
        "latitude": row.latitude,
        "longitude": row.longitude,
    }


def openings_of(row: Opening | None) -> Openings:
    """Return what was computed ahead; nothing, where nothing was yet."""
    if row is None:
        return Openings()
    return Openings(
        next_at=int(row.next_at.timestamp()) if row.next_at else None,
        starts=tuple(row.starts),
        in_week=row.open_in_week,
    )
