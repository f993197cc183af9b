"""Looking for a provider: the questionnaire, who was found and why, and what a provider may know of searches."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from config import times
from config.errors import Refused
from people import queries as people
from people.models import Profile, Provider
from people.values import Gender, Language
from portal import matching
from portal.api import access, cursors
from portal.api.fields import WHOLE, Limit, Listing, Nothing, Shape, State, Zone
from portal.api.operation import ADMIN, ADMIN_AND_PROVIDER, EVERYBODY, Answer, Ask, Method, Operation
from portal.api.profiles import Latitude, Longitude
from portal.api.vocabulary import CrisisContactShown, crisis_contacts
from portal.api.words import AffirmsId, LanguageId, PlanId, ProblemId, TherapyId
from scheduling import actions as scheduling
from scheduling.models import Search
from scheduling.rules.matching import order, record, score
from scheduling.rules.matching.weights import ORDERING, VERSIONS
from scheduling.values import (
    Answers,
    DayPart,
    Found,
    Gate,
    Line,
    LineCode,
    Miss,
    Modality,
    Place,
    Preference,
    Scored,
    SearchRecord,
    SearchResult,
    SessionType,
)


class Preferences(Shape):
    """What somebody wishes for; each counts as one, and nothing else about them does."""

    language: LanguageId | None = None
    gender: Gender | None = None
    therapy: TherapyId | None = None
    affirms: Annotated[tuple[AffirmsId, ...], Field(max_length=5)] = ()
    day_parts: Annotated[tuple[DayPart, ...], Field(max_length=4)] = ()


class ClientPlace(Shape):
    """Where somebody is, in degrees, and how far they would go; counts in person only."""

    latitude: Latitude
    longitude: Longitude
    within_miles: Annotated[float, Field(ge=0.1, le=500, allow_inf_nan=False)]


class NewSearch(Shape):
    """The questionnaire.

    `age` and `state` are those of the person in care, `state` where they are. `only` names the preferences that are
    rules. `timezone` is theirs: by its clock `day_parts` are read. `exclude` has whom they do not want to see, and
    `from_search` a search before this one: whom it excluded stays excluded. `prescriber` looks for those only who
    prescribe.
    """

    state: State
    age: Annotated[int, Field(ge=0, le=120), WHOLE]
    session_type: SessionType
    modality: Modality | None = None
    problems: Annotated[tuple[ProblemId, ...], Field(max_length=5)] = ()
    plan: PlanId | None = None
    preferences: Preferences = Preferences()
    only: Annotated[tuple[Preference, ...], Field(max_length=5)] = ()
    place: ClientPlace | None = None
    exclude: Annotated[tuple[UUID, ...], Field(max_length=100)] = ()
    from_search: UUID | None = None
    prescriber: bool = False
    timezone: Zone | None = None


class SearchAgain(Shape):
    """Whom somebody has moved on from; the answers are those of the search before (R19)."""

    exclude: Annotated[tuple[UUID, ...], Field(max_length=100)] = ()


class SearchPage(Listing):
    """Which part of a search."""

    limit: Limit = ORDERING.page


class LineShown(Shape):
    """One line of why: what it says as a code, and the facts in it."""

    code: LineCode
    problems: list[str]
    preferences: list[Preference]
    plan: str | None
    at: datetime | None


class FoundShown(Shape):
    """Somebody who was found: when they could be seen, and why they stand here, in at most four lines."""

    provider_id: UUID
    first_name: str
    last_name: str
    slug: str | None
    taxonomy: str | None
    next_opening: datetime
    lines: list[LineShown]


class WithoutShown(Shape):
    """How many would be found without one gate; `provider_ids` has some of them where nobody was found."""

    gate: Gate
    preference: Preference | None
    count: int
    provider_ids: list[UUID]


class SearchShown(Shape):
    """What came of a search. `crisis` is to be shown first, where it is not empty.

    `considered` counts everybody who is listed, `passed` who passed all gates, `scored` who was looked at closely.
    `without` tells how many would be found without one gate; it is told once, when the search is made.
    """

    id: UUID
    made_at: datetime
    version: int
    crisis: list[CrisisContactShown]
    items: list[FoundShown]
    next: str | None
    considered: int
    passed: int
    scored: int
    without: list[WithoutShown]


class OrderText(Shape):
    """The published text, one paragraph each."""

    en: list[str]
    es: list[str]


class OrderShown(Shape):
    """How every list is ordered: the figures, and what they mean in words."""

    version: int
    weights: dict[str, float]
    figures: dict[str, float]
    text: OrderText


class MissedShown(Shape):
    """In how many searches a gate was not passed."""

    gate: Gate
    preference: Preference | None
    count: int


class VisibilityShown(Shape):
    """Why a provider is shown, or not, by the searches of the last seven days and their settings as they are now.

    `searches` is null where there were fewer than five, and no count below five is told. `first_pages` counts since
    Monday.
    """

    provider_id: UUID
    searches: int | None
    passed: int | None
    missed: list[MissedShown]
    first_pages: int | None


class FailedShown(Shape):
    """How many providers did not pass just these gates."""

    gates: list[str]
    count: int


class ScoredShown(Shape):
    """A provider as they were scored: their place, their parts from 0 to 1, and the guard's figure."""

    provider_id: UUID
    band: int
    score: float
    problems: float
    preferences: float
    soonest: float
    reliability: float
    distance: float | None
    exposure: float
    next_opening: datetime | None
    gone: bool


class RecordShown(Shape):
    """Everything that an order was made from, in its order; made again from what is stored."""

    id: UUID
    made_at: datetime
    version: int
    seed: str
    answers: dict[str, Any]
    considered: int
    passed: int
    failed: list[FailedShown]
    items: list[ScoredShown]
    next: None


async def create(ask: Ask[NewSearch, Nothing]) -> Answer:
    """Find who fits."""
    answers = await _answers(ask)
    result = await scheduling.search(
        ask.session,
        answers,
        house=scheduling.house(ask.settings),
        now=ask.now,
        new_id=ask.new_id,
        asked_by=ask.caller.provider_id,
    )
    return Answer(await _shown(ask, result))


async def again(ask: Ask[SearchAgain, Nothing]) -> Answer:
    """Find somebody else with the old answers; whom the search before excluded stays excluded."""
    row = await access.search(ask, ask.path["search_id"])
    result = await scheduling.search_again(
        ask.session,
        row.id,
        exclude=ask.body.exclude,
        house=scheduling.house(ask.settings),
        now=ask.now,
        new_id=ask.new_id,
        asked_by=ask.caller.provider_id,
    )
    return Answer(await _shown(ask, result))


async def show(ask: Ask[Nothing, SearchPage]) -> Answer:
    """Show a search in the order that it was given."""
    row = await access.search(ask, ask.path["search_id"])
    result = await scheduling.show_search(
        ask.session,
        row,
        place=cursors.place(ask.query.after),
        limit=ask.query.limit,
        house=scheduling.house(ask.settings),
        now=ask.now,
    )
    return Answer(await _shown(ask, result))


async def show_record(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show what an order was made from, and make it again."""
    row = await access.search(ask, ask.path["search_id"])
    return Answer(_record(row, scheduling.read_search(row)))


async def show_order(_: Ask[Nothing, Nothing]) -> Answer:
    """Show how every list is ordered."""
    return Answer(_ORDER)


async def show_visibility(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show a provider why they are found, or not."""
    provider = await access.provider(ask, ask.path["provider_id"])
    found, first_pages = await scheduling.provider_visibility(ask.session, provider.id, now=ask.now)
    return Answer(
        VisibilityShown(
            provider_id=provider.id,
            searches=found.searches,
            passed=found.passed,
            missed=[
                MissedShown(gate=miss.gate, preference=miss.preference, count=count) for miss, count in found.missed
            ],
            first_pages=None if found.searches is None else first_pages,
        )
    )


async def _answers(ask: Ask[NewSearch, Nothing]) -> Answers:
    sent, wishes = ask.body, ask.body.preferences
    unasked = [one for one in sent.only if not getattr(wishes, one.value)]
    if unasked:
        raise Refused(
            "only_what_is_asked",
            f"`only` names what is not asked for: {', '.join(unasked)}. Say it in `preferences`, or leave it out.",
            status=422,
        )
    exclude = frozenset(sent.exclude)
    if sent.from_search:
        before = await access.search(ask, sent.from_search)
        exclude |= scheduling.read_search(before).answers.exclude
    place = sent.place
    return Answers(
        state=sent.state,
        age=sent.age,
        session_type=sent.session_type,
        modality=sent.modality,
        problems=tuple(dict.fromkeys(sent.problems)),
        plan=sent.plan,
        language=wishes.language,
        gender=wishes.gender,
        therapy=wishes.therapy,
        affirms=tuple(dict.fromkeys(wishes.affirms)),
        day_parts=frozenset(wishes.day_parts),
        only=frozenset(sent.only),
        place=Place(latitude=place.latitude, longitude=place.longitude, within_miles=place.within_miles)
        if place
        else None,
        prescriber=sent.prescriber,
        timezone=sent.timezone,
        exclude=exclude,
    )


async def _shown(ask: Ask[Any, Any], result: SearchResult) -> SearchShown:
    who = await people.profiles_with_names(ask.session, [one.provider_id for one in result.found])
    return SearchShown(
        id=result.search_id,
        made_at=result.made_at,
        version=result.version,
        crisis=crisis_contacts() if result.crisis else [],
        items=[_found(one, *who[one.provider_id]) for one in result.found],
        next=None if result.following is None else cursors.of_place(result.following),
        considered=result.considered,
        passed=result.passed,
        scored=result.scored,
        without=[
            WithoutShown(
                gate=one.miss.gate,
                preference=one.miss.preference,
                count=one.count,
                provider_ids=list(one.provider_ids),
            )
            for one in result.without
        ],
    )


def _found(one: Found, provider: Provider, profile: Profile) -> FoundShown:
    return FoundShown(
        provider_id=one.provider_id,
        first_name=provider.first_name,
        last_name=provider.last_name,
        slug=profile.slug,
        taxonomy=profile.taxonomy,
        next_opening=one.next_at,
        lines=[_line(line) for line in one.lines],
    )


def _line(line: Line) -> LineShown:
    return LineShown(
        code=line.code,
        problems=list(line.problems),
        preferences=list(line.preferences),
        plan=line.plan,
        at=line.at,
    )


def _record(row: Search, kept: SearchRecord) -> RecordShown:
    return RecordShown(
        id=row.id,
        made_at=row.at,
        version=kept.version,
        seed=kept.seed,
        answers=row.answers,
        considered=kept.considered,
        passed=kept.passed,
        failed=[_failed(missed, count) for missed, count in kept.failed.items()],
        items=[_scored(one, kept.version) for one in order.order(kept.scored, kept.seed, by=VERSIONS[kept.version])],
        next=None,
    )


def _failed(missed: frozenset[Miss], count: int) -> FailedShown:
    return FailedShown(gates=sorted(record.name(one) for one in missed), count=count)


def _scored(one: Scored, version: int) -> ScoredShown:
    by = VERSIONS[version]
    points = score.score(one.parts, by=by)
    return ScoredShown(
        provider_id=one.provider_id,
        band=score.band(points, by=by),
        score=points / 1_000_000,
        problems=one.parts.problems,
        preferences=one.parts.preferences,
        soonest=one.parts.soonest,
        reliability=one.parts.reliability,
        distance=one.parts.distance,
        exposure=one.exposure,
        next_opening=None if one.next_at is None else times.instant(one.next_at),
        gone=one.gone,
    )


_WEIGHTS = ("problems", "preferences", "soonest", "reliability", "distance")
_FIGURES = asdict(ORDERING)
_ORDER = OrderShown(
    version=ORDERING.version,
    weights={name: _FIGURES[name] for name in _WEIGHTS},
    figures={name: value for name, value in _FIGURES.items() if name not in {*_WEIGHTS, "version"}},
    text=OrderText(
        **{
            language.value: list(matching.how_lists_are_ordered(ORDERING, scheduling.HISTORY.days, language))
            for language in Language
        }
    ),
)


OPERATIONS = (
    Operation(
        name="createSearch",
        method=Method.POST,
        path="/searches",
        roles=ADMIN_AND_PROVIDER,
        summary="Find providers who fit, in order and with the reasons",
        handler=create,
        body=NewSearch,
        query=Nothing,
        answer=SearchShown,
        status=201,
        refuses=frozenset({404}),
        makes="search_id",
    ),
    Operation(
        name="repeatSearch",
        method=Method.POST,
        path="/searches/{search_id}/again",
        roles=ADMIN_AND_PROVIDER,
        summary="Find another option with the old answers",
        handler=again,
        body=SearchAgain,
        query=Nothing,
        answer=SearchShown,
        status=201,
        body_optional=True,
    ),
    Operation(
        name="getSearch",
        method=Method.GET,
        path="/searches/{search_id}",
        roles=ADMIN_AND_PROVIDER,
        summary="Show a search in the order that it was given",
        handler=show,
        body=Nothing,
        query=SearchPage,
        answer=SearchShown,
    ),
    Operation(
        name="getSearchRecord",
        method=Method.GET,
        path="/searches/{search_id}/record",
        roles=ADMIN,
        summary="Show what an order was made from, and make it again",
        handler=show_record,
        body=Nothing,
        query=Nothing,
        answer=RecordShown,
    ),
    Operation(
        name="getSearchOrder",
        method=Method.GET,
        path="/searches/order",
        roles=EVERYBODY,
        summary="Show how every list is ordered",
        handler=show_order,
        body=Nothing,
        query=Nothing,
        answer=OrderShown,
    ),
    Operation(
        name="getVisibility",
        method=Method.GET,
        path="/providers/{provider_id}/visibility",
        roles=ADMIN_AND_PROVIDER,
        summary="Show why a provider is found, or not",
        handler=show_visibility,
        body=Nothing,
        query=Nothing,
        answer=VisibilityShown,
    ),
)
