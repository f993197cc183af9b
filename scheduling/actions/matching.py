"""Looking for a provider: searches, searches again, and what a provider may know of them (R13-R20, requirements 3)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config import times
from config.errors import NotFound
from config.jobs import enqueue
from scheduling import queries
from scheduling.actions.house import House
from scheduling.actions.openings import openings_now
from scheduling.models import Search
from scheduling.queries.matching import Tally
from scheduling.rules import vocabulary
from scheduling.rules.matching import gates, order, record, score
from scheduling.rules.matching.explain import explain
from scheduling.rules.matching.score import parts
from scheduling.rules.matching.visibility import Visibility, visibility
from scheduling.rules.matching.weights import ORDERING, VERSIONS
from scheduling.values import (
    Answers,
    Candidate,
    Found,
    Gate,
    Openings,
    Person,
    Scored,
    SearchRecord,
    SearchResult,
    SessionType,
    Without,
)

NewId = Callable[[], UUID]

# What a client can do nothing about, and what they have asked for themselves.
_UNTOLD = frozenset({Gate.PUBLISHED, Gate.EXCLUDED})
_EXAMPLES = 5
# What a provider's visibility is told from.
LOOKED_BACK = timedelta(days=7)
_AT_MOST = 5000
_AT_ONCE = 1000


async def search(
    session: AsyncSession,
    answers: Answers,
    *,
    house: House,
    now: datetime,
    new_id: NewId,
    asked_by: UUID | None = None,
    client_id: UUID | None = None,
    referral_id: UUID | None = None,
) -> SearchResult:
    """Find who fits, in order, and keep everything that the order was made from (3.3)."""
    search_id, by = new_id(), ORDERING
    seed = order.seed(now.astimezone(UTC).date(), search_id)
    looked = await queries.look(session, answers, now, by=by, turn=_turn(seed))
    tally = looked.tally
    scored = await _scored(session, answers, looked.people, now)
    ordered = order.order(scored, seed, by=by)
    page = await _page(session, answers, [one.provider_id for one in ordered], by.page, house=house, now=now)
    kept = SearchRecord(
        version=by.version,
        seed=seed,
        answers=answers,
        scored=tuple(replace(one, gone=one.provider_id in page.gone) for one in scored),
        considered=tally.considered,
        passed=tally.passed,
        failed={missed: count for missed, count in tally.counts.items() if missed},
        reasons={one.provider_id: one.lines for one in page.found},
    )
    row = Search(
        id=search_id,
        at=now,
        version=kept.version,
        seed=kept.seed,
        asked_by=asked_by,
        client_id=client_id,
        referral_id=referral_id,
        answers=record.write_answers(answers),
        outcome=record.write_outcome(kept),
    )
    session.add(row)
    await session.flush()
    await queries.count_impressions(session, [one.provider_id for one in page.found], week_of(now))
    await enqueue(session, "openings", *sorted(page.moved))
    without = await _without(session, answers, tally, seed, now)
    return _result(row, kept, page.found, by.page if page.more else None, without)


async def search_again(
    session: AsyncSession,
    search_id: UUID,
    *,
    exclude: Collection[UUID],
    house: House,
    now: datetime,
    new_id: NewId,
    asked_by: UUID | None = None,
    client_id: UUID | None = None,
    referral_id: UUID | None = None,
) -> SearchResult:
    """Search with the old answers, and without whom the client has moved on from (R19)."""
    row = await queries.search(session, search_id)
    if row is None:
        raise NotFound
    old = record.read_answers(row.answers)
    return await search(
        session,
        replace(old, exclude=old.exclude.union(exclude)),
        house=house,
        now=now,
        new_id=new_id,
        asked_by=asked_by,
        client_id=client_id,
        referral_id=referral_id,
    )


async def show_search(
    session: AsyncSession, row: Search, *, place: int, limit: int, house: House, now: datetime
) -> SearchResult:
    """Return a page of a search in the order that it was given then; who does not fit any more is left out."""
    kept = read_search(row)
    ordered = [one.provider_id for one in order.replay(kept)]
    following = place + limit if len(ordered) > place + limit else None
    ordered = ordered[place : place + limit]
    page = await _page(session, kept.answers, ordered, limit, house=house, now=now)
    return _result(row, kept, page.found, following)


async def missed_in(session: AsyncSession, row: Search, *, now: datetime) -> tuple[Without, ...]:
    """Return how many pass all gates of a search but one; and who, where nobody passed all (R16)."""
    kept = read_search(row)
    tally = Tally(counts={**kept.failed, frozenset(): kept.passed})
    return await _without(session, kept.answers, tally, kept.seed, now)


def bands(kept: SearchRecord) -> Mapping[UUID, int]:
    """Return in which band everybody stands who was scored: within one all are equal (3.2)."""
    by = VERSIONS[kept.version]
    return {one.provider_id: score.band(score.score(one.parts, by=by), by=by) for one in kept.scored}


def read_search(row: Search) -> SearchRecord:
    """Read a stored search."""
    return record.read(row.version, row.seed, row.answers, row.outcome)


async def provider_visibility(
    session: AsyncSession, provider_id: UUID, *, most: int = _AT_MOST, now: datetime
) -> tuple[Visibility, int]:
    """Return what the last week's searches make of a provider as they are now, and on how many first pages they stood.

    The latter is of this week, which begins on a Monday. Of many searches the newest `most` are looked at.
    """
    seen: dict[SessionType, Candidate] = {}
    for session_type in SessionType:
        seen[session_type] = (await queries.candidates(session, [provider_id], session_type))[provider_id]
    asked = await queries.answers_since(session, now - LOOKED_BACK, most)
    shown = await queries.impressions(session, [provider_id], week_of(now))
    found = visibility(seen, [record.read_answers(one) for one in asked], now=now)
    return found, shown.get(provider_id, 0)


async def forget_searches(session: AsyncSession, *, keep: timedelta, now: datetime) -> None:
    """Delete searches older than they may be kept, and who was shown how often in weeks as old."""
    while await queries.forget_searches(session, now - keep, week_of(now - keep), _AT_ONCE) == _AT_ONCE:
        pass


def week_of(now: datetime) -> str:
    """Return the name of a week: its Monday, in UTC."""
    day = now.astimezone(UTC).date()
    return (day - timedelta(days=day.weekday())).isoformat()


# Who is found


async def _scored(
    session: AsyncSession, answers: Answers, people: Sequence[Person], now: datetime
) -> tuple[Scored, ...]:
    ids = [one.provider_id for one in people]
    shown = await queries.impressions(session, ids, week_of(now))
    at = int(now.timestamp())
    return tuple(
        Scored(
            provider_id=one.provider_id,
            parts=parts(one, answers, by=ORDERING, now=at),
            exposure=order.exposure(shown.get(one.provider_id, 0), one.openings.in_week),
            next_at=gates.opening(one, answers),
        )
        for one in people
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """Who is shown, who is gone meanwhile, whose next opening is another one than was known, and if there are more."""

    found: tuple[Found, ...]
    gone: frozenset[UUID]
    moved: frozenset[UUID]
    more: bool


async def _page(
    session: AsyncSession, answers: Answers, ordered: Sequence[UUID], size: int, *, house: House, now: datetime
) -> _Page:
    """Return the first of these who can still be booked, by their calendars as they are now (3.5)."""
    found: list[Found] = []
    gone, moved, at = set[UUID](), set[UUID](), 0
    while at < len(ordered) and len(found) < size:
        some = ordered[at : at + size - len(found)]
        at += len(some)
        people = await queries.candidates(session, some, answers.session_type)
        live = await openings_now(
            session, some, answers.session_type, house=house, now=now, first_only=not answers.day_parts
        )
        for one in some:
            known, opened = people[one].openings, live.get(one, Openings())
            if known.next_at != opened.next_at:
                moved.add(one)
            person = replace(people[one], openings=opened)
            if gates.misses(person, answers, now=now):
                gone.add(one)
            else:
                found.append(_found(person, answers))
    return _Page(found=tuple(found), gone=frozenset(gone), moved=frozenset(moved), more=at < len(ordered))


def _found(person: Person, answers: Answers) -> Found:
    next_at = gates.opening(person, answers) or person.openings.next_at
    assert next_at is not None  # noqa: S101 - a gate asks for an opening
    return Found(
        provider_id=person.provider_id,
        next_at=times.instant(next_at),
        lines=explain(person, answers, next_at=next_at, by=ORDERING),
    )


async def _without(
    session: AsyncSession, answers: Answers, tally: Tally, seed: str, now: datetime
) -> tuple[Without, ...]:
    """Tell how many pass all gates but one; and who, where nobody passes all (R16)."""
    told = [(miss, count) for miss, count in tally.all_but().items() if miss.gate not in _UNTOLD]
    told.sort(key=lambda one: (-one[1], record.name(one[0])))
    if tally.passed:
        return tuple(Without(miss=miss, count=count) for miss, count in told)
    return tuple(
        [
            Without(
                miss=miss,
                count=count,
                provider_ids=tuple(
                    await queries.who_misses_only(session, answers, miss, now, turn=_turn(seed), limit=_EXAMPLES)
                ),
            )
            for miss, count in told
        ]
    )


def _turn(seed: str) -> int:
    """Return a number for the database to take turns by: eight bytes, as it reads them."""
    return int.from_bytes(sha256(seed.encode()).digest()[:8], signed=True)


def _result(
    row: Search,
    kept: SearchRecord,
    found: tuple[Found, ...],
    following: int | None,
    without: tuple[Without, ...] = (),
) -> SearchResult:
    return SearchResult(
        search_id=row.id,
        made_at=row.at,
        version=kept.version,
        crisis=vocabulary.is_crisis(kept.answers.problems),
        found=found,
        following=following,
        considered=kept.considered,
        passed=kept.passed,
        scored=len(kept.scored),
        without=without,
    )
