"""The words about matching: what is asked for, who could be found, what an order is made of (requirements 3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from people.values import Gender
from scheduling.values.appointments import SessionType
from scheduling.values.booking import Gate, Modality, ReferralRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word of a closed list: a plan, a therapy, a language; `id` never changes, labels may."""

    id: str
    en: str
    es: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem(Word):
    """A presenting problem that clients and providers choose from; never a diagnosis (R14, R15).

    `icd10` has categories or blocks of ICD-10-CM, for statistics only. `crisis` brings crisis contacts first and
    counts in no order; `prescribers` leads to those who prescribe.
    """

    parent: str | None
    synonyms: Mapping[str, tuple[str, ...]]
    icd10: tuple[str, ...]
    crisis: bool = False
    prescribers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisContact(Word):
    """Where somebody in danger finds a person at once, by telephone, by text, or both."""

    call: str | None
    text: str | None


class Preference(StrEnum):
    """What somebody may wish for, or insist on with `only` (R13)."""

    LANGUAGE = "language"
    GENDER = "gender"
    THERAPY = "therapy"
    AFFIRMS = "affirms"
    DAY_PARTS = "day_parts"


class DayPart(StrEnum):
    """When somebody has time, by their own clock: before noon, from noon, from five; Saturday and Sunday."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"
    WEEKEND = "weekend"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where somebody is, in degrees, and how far they would go; counts in person only."""

    latitude: float
    longitude: float
    within_miles: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The questionnaire, filled in (R13, R14): whom the care is for, what brings them, what they wish for.

    `age` is that of the person in care and `state` where they are. `only` has the wishes that are rules. Without a
    `timezone` the hours of a provider are read by the provider's clock.
    """

    state: str
    age: int
    session_type: SessionType
    modality: Modality | None = None
    problems: tuple[str, ...] = ()
    plan: str | None = None
    language: str | None = None
    gender: Gender | None = None
    therapy: str | None = None
    affirms: tuple[str, ...] = ()
    day_parts: frozenset[DayPart] = frozenset()
    only: frozenset[Preference] = frozenset()
    place: Place | None = None
    prescriber: bool = False
    timezone: str | None = None
    exclude: frozenset[UUID] = frozenset()

    @property
    def near(self) -> Place | None:
        """Return the place that distance counts from: in person only."""
        return self.place if self.modality is Modality.IN_PERSON else None


class Miss(NamedTuple):
    """A gate that is not passed; a preference that was made a rule is named."""

    gate: Gate
    preference: Preference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Openings:
    """When somebody could be seen: the next start, the first start in each hour of the week, in order of time.

    All in whole seconds of UTC since 1970. `in_week` is how many sessions fit into the next seven days.
    """

    next_at: int | None = None
    starts: tuple[int, ...] = ()
    in_week: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """How somebody has kept what was booked or asked for in the last 90 days, and whether they tell (3.2, 3.4).

    `kept` and `dropped` are bookings that clients made: those whose time came, and those that the provider
    cancelled or let expire. `shared` and `missed` are consultations whose outcome was told, or never was.
    """

    kept: int = 0
    dropped: int = 0
    shared: int = 0
    missed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondVisits:
    """Of the clients who came for the first time at least 60 days ago, how many came again (R12)."""

    first: int
    again: int

    @property
    def percent(self) -> int | None:
        """Return how many of a hundred; None where nobody has come yet."""
        return round(100 * self.again / self.first) if self.first else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What a provider says of themselves, when they could be seen, and how they kept what was booked.

    That is all that a place in a list depends on. Openings are those of the session type that is asked for.
    """

    provider_id: UUID
    timezone: str
    focus: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    therapies: frozenset[str] = frozenset()
    affirms: frozenset[str] = frozenset()
    gender: Gender | None = None
    latitude: float | None = None
    longitude: float | None = None
    openings: Openings = Openings()
    record: Record = Record()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate(Person):
    """A provider as the gates see them; `shown` is published, listed and active."""

    shown: bool
    rules: ReferralRules
    taxonomy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """Every figure that an order is made with: published, and numbered, since an old order must be explainable.

    The first five are the weights of the parts; `distance` is taken from `preferences` where distance counts.
    `focus` to `unasked` are what one problem is worth. A provider begins with `kept_ahead` of `of_ahead` bookings
    kept. `exposure` is how many times the median of a band is too often on a first page of `page`.
    """

    version: int
    problems: float
    preferences: float
    soonest: float
    reliability: float
    distance: float
    focus: float
    listed: float
    related: float
    unasked: float
    soon_days: float
    halved_every_days: float
    near_miles: float
    kept_ahead: int
    of_ahead: int
    band: float
    exposure: float
    scored_at_most: int
    page: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a score is made of, each from 0 to 1; no distance where it does not count."""

    problems: float
    preferences: float
    soonest: float
    reliability: float
    distance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A provider who passed the gates, with everything that their place depends on.

    `exposure` is how often they stood on a first page this week, for each session that they have open.
    `gone` tells that their last opening was taken before the list was shown.
    """

    provider_id: UUID
    parts: Parts
    exposure: float = 0.0
    next_at: int | None = None
    gone: bool = False


class LineCode(StrEnum):
    """What one line of an explanation says (3.3)."""

    FOCUS = "focus"
    LISTED = "listed"
    RELATED = "related"
    OPENING = "opening"
    PLAN = "plan"
    MEETS = "meets"
    NEAR = "near"
    PRESCRIBES = "prescribes"
    NOT_LISTED = "not_listed"
    DOES_NOT_MEET = "does_not_meet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an explanation: codes and facts, which the reader's language turns into words."""

    code: LineCode
    problems: tuple[str, ...] = ()
    preferences: tuple[Preference, ...] = ()
    plan: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRecord:
    """A search as it is kept: enough to give the same order again, whatever has changed since (3.3).

    `failed` counts the providers who were looked at by the set of gates that they did not pass. `reasons` is what
    the client was told of those on the first page (R2).
    """

    version: int
    seed: str
    answers: Answers
    scored: tuple[Scored, ...]
    considered: int
    passed: int
    failed: Mapping[frozenset[Miss], int] = field(default_factory=dict)
    reasons: Mapping[UUID, tuple[Line, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Somebody in a list: when they could be seen, as their calendar is now, and why they stand there."""

    provider_id: UUID
    next_at: datetime
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """How many would be found without one gate, and some of them (R16)."""

    miss: Miss
    count: int
    provider_ids: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """What came of a search: a page of those who were found, and how many there are.

    `following` is the place at which the next page begins, if there is one. `scored` is less than `passed` where so
    many pass that only the best of them were looked at closely. `crisis` asks to show first where help is at once.
    """

    search_id: UUID
    made_at: datetime
    version: int
    crisis: bool
    found: tuple[Found, ...]
    following: int | None
    considered: int
    passed: int
    scored: int
    without: tuple[Without, ...] = ()
