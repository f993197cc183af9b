"""Finding a provider: the questions, who fits and why, and how every list is ordered (R13-R20, requirements 3).

Answers are posted and never stand in an address; what was found has an opaque id. No account is needed to look.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from uuid import UUID

from config.errors import NotFound
from people import queries as people_queries
from people.models import Profile, Provider
from people.values import Gender
from portal import matching
from portal.pages.booking.whose import choices
from portal.pages.page import EVERYBODY, Page, Redirect, Shown, View, Visit
from portal.pages.typed import Typed, opaque
from scheduling import actions as scheduling
from scheduling import queries as calendar
from scheduling.models import Search
from scheduling.rules import vocabulary
from scheduling.rules.matching.weights import ORDERING
from scheduling.values import (
    Answers,
    DayPart,
    Found,
    Gate,
    Miss,
    Modality,
    Preference,
    Problem,
    SessionType,
    Without,
)

_ID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_PICKS, _OLDEST, _FAR = 5, 120, 10_000
# What somebody can leave out to find more; where they are and how old they are, nobody can.
_CAN_GO = frozenset({Gate.PLAN, Gate.MODALITY, Gate.PREFERENCE, Gate.PROBLEM})


# The questions


@dataclass(frozen=True, slots=True)
class Group:
    """Problems that belong together, the general one first; `picked` opens it."""

    title: str
    options: Sequence[tuple[str, str]]
    picked: bool


async def questions(visit: Visit) -> Shown:
    """Ask; answers of a search before are there again."""
    row = await _theirs(visit, visit.query.get("from"))
    known = scheduling.read_search(row).answers if row else None
    return View(
        "find/questions.html",
        {
            "known": known,
            "groups": _groups(visit, known.problems if known else ()),
            "states": choices(vocabulary.STATES, visit),
            "plans": choices(vocabulary.PLANS, visit),
            "languages": choices(vocabulary.LANGUAGES, visit),
            "therapies": choices(vocabulary.THERAPIES, visit),
            "affirms": choices(vocabulary.AFFIRMS, visit),
            "genders": [one.value for one in Gender],
            "day_parts": [one.value for one in DayPart],
            "types": [one.value for one in SessionType],
            "modalities": [one.value for one in Modality],
            "crisis": _crisis(visit),
        },
    )


def _groups(visit: Visit, known: Sequence[str]) -> list[Group]:
    typed = visit.form.getall("problems", []) if visit.form is not None else known
    families: dict[str, list[Problem]] = {}
    for one in vocabulary.PROBLEMS.values():
        families.setdefault(one.parent or one.id, []).append(one)
    return [
        Group(
            matching.label(vocabulary.PROBLEMS, head, visit.language),
            [(one.id, matching.label(vocabulary.PROBLEMS, one.id, visit.language)) for one in family],
            any(one.id in typed for one in family),
        )
        for head, family in families.items()
    ]


@dataclass(frozen=True, slots=True)
class Help:
    """Where somebody in danger finds a person at once."""

    label: str
    call: str | None
    text: str | None


def _crisis(visit: Visit) -> list[Help]:
    contacts = {one.id: one for one in vocabulary.CRISIS_CONTACTS}
    return [Help(matching.label(contacts, one.id, visit.language), one.call, one.text) for one in contacts.values()]


async def look(visit: Visit) -> Shown:
    """Find who fits, and show it under an id of its own."""
    row = await _theirs(visit, visit.query.get("from"))
    excluded = scheduling.read_search(row).answers.exclude if row else frozenset[UUID]()
    return await _searched(visit, replace(_answers(visit), exclude=excluded))


async def _searched(visit: Visit, answers: Answers) -> Redirect:
    found = await scheduling.search(
        visit.session,
        answers,
        house=scheduling.house(visit.settings),
        now=visit.now,
        new_id=visit.new_id,
        client_id=visit.person.client_id if visit.person else None,
    )
    return Redirect(f"/find/{found.search_id}")


def _answers(visit: Visit) -> Answers:
    assert visit.form is not None  # noqa: S101 - a POST has one
    typed = Typed(visit.form)
    state = typed.one_of("state", vocabulary.STATES, needed=True)
    age = typed.whole("age", 0, _OLDEST, needed=True)
    session_type = typed.one_of("session_type", {one.value for one in SessionType}, needed=True)
    modality = typed.one_of("modality", {one.value for one in Modality})
    problems = typed.some_of("problems", vocabulary.PROBLEMS, most=_PICKS)
    plan = typed.one_of("plan", vocabulary.PLANS)
    language = typed.one_of("language", vocabulary.LANGUAGES)
    gender = typed.one_of("gender", {one.value for one in Gender})
    therapy = typed.one_of("therapy", vocabulary.THERAPIES)
    affirms = typed.some_of("affirms", vocabulary.AFFIRMS, most=_PICKS)
    day_parts = typed.some_of("day_parts", {one.value for one in DayPart}, most=len(DayPart))
    only = typed.some_of("only", {one.value for one in Preference}, most=len(Preference))
    typed.finish()
    answers = Answers(
        state=state or "",
        age=age or 0,
        session_type=SessionType(session_type or ""),
        modality=Modality(modality) if modality else None,
        problems=problems,
        plan=plan,
        language=language,
        gender=Gender(gender) if gender else None,
        therapy=therapy,
        affirms=affirms,
        day_parts=frozenset(DayPart(one) for one in day_parts),
        timezone=visit.timezone,
    )
    wished = {one for one in Preference if getattr(answers, one.value)}
    return replace(answers, only=frozenset(Preference(one) for one in only) & wished)


async def _theirs(visit: Visit, text: str | None) -> Search | None:
    """Return a search that somebody may look at again: one of theirs, or one that nobody was signed in for."""
    search_id = opaque(text)
    row = await calendar.search(visit.session, search_id) if search_id else None
    if row is None or row.asked_by is not None:
        return None
    me = visit.person.client_id if visit.person else None
    return row if row.client_id in {None, me} else None


# Who fits


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Somebody who was found: who they are, when they could be seen, and why they stand here."""

    name: str
    kind: str | None
    page: str
    openings: str
    next_at: datetime | None
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Band:
    """Those who fit equally well."""

    cards: Sequence[Card]


@dataclass(frozen=True, slots=True)
class But:
    """How many meet everything but one thing, and some of them where nobody meets all (R16)."""

    name: str
    words: str
    count: int
    cards: Sequence[Card]
    can_go: bool


async def results(visit: Visit) -> Shown:
    """Show who fits, in the order that was given, with the reasons; nothing is relaxed in silence (R16)."""
    row = await _theirs(visit, visit.path["search_id"])
    if row is None:
        raise NotFound
    kept, place = scheduling.read_search(row), _place(visit.query.get("place"))
    house = scheduling.house(visit.settings)
    result = await scheduling.show_search(
        visit.session, row, place=place, limit=ORDERING.page, house=house, now=visit.now
    )
    without = await scheduling.missed_in(visit.session, row, now=visit.now) if place == 0 else ()
    ids = [one.provider_id for one in result.found] + [one for some in without for one in some.provider_ids]
    who = await people_queries.profiles_with_names(visit.session, ids)
    bands = scheduling.bands(kept)
    shown = [one for one in result.found if one.provider_id in who]
    return View(
        "find/results.html",
        {
            "id": row.id,
            "type": kept.answers.session_type.value,
            "bands": [
                Band([_card(visit, row.id, kept.answers, one, who) for one in some])
                for _, some in groupby(shown, lambda one: bands.get(one.provider_id))
            ],
            "passed": kept.passed,
            "place": place,
            "following": result.following,
            "crisis": _crisis(visit) if result.crisis else [],
            "without": [_but(visit, row.id, kept.answers, one, who) for one in without if one.count],
        },
    )


def _place(text: str | None) -> int:
    return min(int(text), _FAR) if text and text.isascii() and text.isdigit() and len(text) < 6 else 0


_Who = Mapping[UUID, tuple[Provider, Profile]]


def _card(visit: Visit, search_id: UUID, answers: Answers, found: Found, who: _Who) -> Card:
    card = _named(visit, search_id, answers, *who[found.provider_id])
    lines = [matching.line(one, answers, visit.language, visit.timezone) for one in found.lines]
    return replace(card, next_at=found.next_at, lines=lines)


def _named(visit: Visit, search_id: UUID, answers: Answers, provider: Provider, profile: Profile) -> Card:
    page, way = f"/p/{profile.slug}", f"search={search_id}"
    kinds = vocabulary.PROVIDER_TYPES
    return Card(
        name=f"{provider.first_name} {provider.last_name}",
        kind=matching.label(kinds, profile.taxonomy, visit.language) if profile.taxonomy else None,
        page=f"{page}?{way}",
        openings=f"{page}/openings?type={answers.session_type.value}&{way}",
        next_at=None,
        lines=(),
    )


def _but(visit: Visit, search_id: UUID, answers: Answers, without: Without, who: _Who) -> But:
    miss = without.miss
    told = [who[one] for one in without.provider_ids if one in who]
    return But(
        name=miss.preference.value if miss.preference else miss.gate.value,
        words=matching.preference(miss.preference, answers, visit.language)
        if miss.preference
        else matching.gate(miss.gate, visit.language),
        count=without.count,
        cards=[_named(visit, search_id, answers, *one) for one in told],
        can_go=miss.gate in _CAN_GO,
    )


async def leave_out(visit: Visit) -> Shown:
    """Search once more without one of the conditions, the rest as before; only because somebody asked for it."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    row = await _theirs(visit, visit.path["search_id"])
    if row is None:
        raise NotFound
    answers = scheduling.read_search(row).answers
    return await _searched(visit, _without(answers, _named_miss(visit.form.get("but", ""))))


def _named_miss(name: str) -> Miss:
    if name in set(Preference):
        return Miss(Gate.PREFERENCE, Preference(name))
    return Miss(Gate(name) if name in set(Gate) else Gate.PREFERENCE)


def _without(answers: Answers, miss: Miss) -> Answers:
    """Return the answers without one condition: a rule becomes a wish, a plan or a way to meet is left open."""
    if miss.preference is not None:
        return replace(answers, only=answers.only - {miss.preference})
    match miss.gate:
        case Gate.PLAN:
            return replace(answers, plan=None)
        case Gate.MODALITY:
            return replace(answers, modality=None, place=None)
        case Gate.PROBLEM:
            return replace(answers, problems=())
        case _:
            return answers


async def how_ordered(visit: Visit) -> Shown:
    """Say how every list is ordered (3.3)."""
    text = matching.how_lists_are_ordered(ORDERING, scheduling.HISTORY.days, visit.language)
    return View("find/order.html", {"paragraphs": text})


PAGES = (
    Page(name="find", path="/find", roles=EVERYBODY, show=questions, submit=look, menu="find.menu"),
    Page(name="how_ordered", path="/find/order", roles=EVERYBODY, show=how_ordered),
    Page(name="found", path=f"/find/{{search_id:{_ID}}}", roles=EVERYBODY, show=results),
    Page(
        name="leave_out",
        path=f"/find/{{search_id:{_ID}}}/without",
        roles=EVERYBODY,
        submit=leave_out,
        again=results,
    ),
)
