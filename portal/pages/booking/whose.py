"""Whose page it is, and in what way somebody has come to it: what every page below `/p/{slug}` begins with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from config.errors import NotFound
from people import queries as people_queries
from people.models import Profile, Provider
from people.values import RelationshipState
from portal import matching
from portal.consents import TEXTS_CONSENT
from portal.pages.page import Visit
from portal.pages.typed import Typed, opaque
from scheduling import queries as calendar
from scheduling.rules import vocabulary
from scheduling.rules.gates import accepts_new
from scheduling.rules.policy import policy_for
from scheduling.values import Acceptance, BookingClient, ReferralRules, SessionType, Source, Word

SLUG = "[A-Za-z0-9-]{1,80}"
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
_COLLEAGUE = "colleague"
_OLDEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """A public page, its provider, and the way that led here; `own` is the provider's look at their own page (R7).

    `source` says as what a booking from here counts (R8, R9), `asks` that it is a request (1.16).
    """

    provider: Provider
    profile: Profile
    rules: ReferralRules
    source: Source
    label: str | None
    search_id: UUID | None
    asks: bool
    own: bool
    accepting: bool

    @property
    def name(self) -> str:
        """Return the provider's name."""
        return f"{self.provider.first_name} {self.provider.last_name}"

    @property
    def path(self) -> str:
        """Return the path of the page."""
        return f"/p/{self.profile.slug}"

    @property
    def types(self) -> list[SessionType]:
        """Return what can be booked from here, sessions first."""
        offered = self.rules.by_source.get(self.source, self.rules.session_types)
        return [one for one in SessionType if one in offered]

    @property
    def way(self) -> dict[str, str]:
        """Return what a link within the page carries on: where the booking link was placed, which search led here."""
        kept = {"src": self.label, "search": str(self.search_id) if self.search_id else None}
        return {name: value for name, value in kept.items() if value}

    def to(self, below: str = "", **query: str) -> str:
        """Return the address of a page below this one."""
        asked = urlencode({**query, **self.way})
        return f"{self.path}{below}{'?' if asked else ''}{asked}"


async def whose(visit: Visit) -> Whose:
    """Find whose page this is; NotFound for one that is not public, whether or not there is such a provider (R4)."""
    session = visit.session
    at = await people_queries.profile_at(session, visit.path["slug"])
    if at is None or not at[0].active or not at[1].published:
        raise NotFound
    provider, profile = at
    label = visit.query.get("src", "")
    search_id = opaque(visit.query.get("search"))
    search = await calendar.search(session, search_id) if search_id else None
    source = await _source(visit, provider.id, label, from_search=search is not None)
    rules = calendar.referral_rules(await calendar.referral_settings(session, provider.id))
    asked = (await calendar.practice_acceptance(session, provider.practice_id)).get(source)
    return Whose(
        provider=provider,
        profile=profile,
        rules=rules,
        source=source,
        label=label if _LABEL.fullmatch(label) else None,
        search_id=search.id if search else None,
        asks=policy_for(source, asked).acceptance is Acceptance.REQUIRED,
        own=visit.person is not None and visit.person.provider_id == provider.id,
        accepting=source is Source.CLIENT_PORTAL or accepts_new(rules, visit.now),
    )


async def _source(visit: Visit, provider_id: UUID, label: str, *, from_search: bool) -> Source:
    """Return as what a booking counts: a client of theirs books as that, whichever way they have come."""
    client_id = visit.person.client_id if visit.person else None
    link = await people_queries.relationship(visit.session, provider_id, client_id) if client_id else None
    if link is not None and link.state in {RelationshipState.ACTIVE, RelationshipState.ARCHIVED}:
        return Source.CLIENT_PORTAL
    if from_search:
        return Source.PLATFORM_SEARCH
    return Source.COLLEAGUE if label == _COLLEAGUE else Source.BOOKING_LINK


def session_type(visit: Visit, found: Whose) -> SessionType | None:
    """Return what is looked for: as asked, if it can be booked here, else the first that can."""
    asked = visit.query.get("type")
    return next((one for one in found.types if one.value == asked), next(iter(found.types), None))


# What somebody is asked who has no account, and no more than the provider's gates need


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the form asks for: states and plans as choices, and which fields are needed."""

    states: list[tuple[str, str]]
    plans: list[tuple[str, str]]
    birth_date: bool
    phone: bool
    texts: str  # the words of the consent to texts


def asked(visit: Visit, found: Whose, what: SessionType) -> Asked:
    """Return what has to be known: a state always, an age where not everybody is seen, a number to be called at."""
    plans = {one: vocabulary.PLANS[one] for one in vocabulary.PLANS if one in found.rules.plans}
    return Asked(
        states=choices(vocabulary.STATES, visit),
        plans=choices(plans, visit),
        birth_date=found.rules.youngest > 0 or found.rules.oldest < _OLDEST,
        phone=what is SessionType.PHONE_CONSULTATION,
        texts=TEXTS_CONSENT[max(TEXTS_CONSENT)][visit.language],
    )


def choices(words: Mapping[str, Word], visit: Visit) -> list[tuple[str, str]]:
    """Return the words of a list with their labels, in the order of the labels."""
    told = [(one, matching.label(words, one, visit.language)) for one in words]
    return sorted(told, key=lambda one: one[1].casefold())


def typed_client(visit: Visit, needs: Asked) -> BookingClient:
    """Read who books; BadInput with everything that is wrong."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    typed = Typed(visit.form)
    first = typed.name("first_name", needed=True)
    last = typed.name("last_name", needed=True)
    preferred = typed.name("preferred_name")
    email = typed.address("email", needed=True)
    phone = typed.phone("phone", needed=needs.phone)
    born: date | None = typed.birth_day("birth_date", today=visit.now.date(), needed=True) if needs.birth_date else None
    state = typed.one_of("state", dict(needs.states), needed=True)
    plan = typed.one_of("plan", dict(needs.plans)) if needs.plans else None
    typed.note("note")
    texts = visit.form.get("texts") == "yes"
    if texts and not visit.form.get("phone", "").strip():
        typed.wrong("texts", "problems.texts_number")
    typed.finish()
    return BookingClient(
        first_name=first or "",
        last_name=last or "",
        preferred_name=preferred,
        email=email or "",
        phone=phone,
        birth_date=born.isoformat() if born else None,
        state=state,
        plan=plan,
        timezone=visit.timezone,
        language=visit.language,
        texts=max(TEXTS_CONSENT) if texts else None,
    )


async def as_client(visit: Visit) -> BookingClient | None:
    """Return who is signed in as a client, by what their account says."""
    client_id = visit.person.client_id if visit.person else None
    client = await people_queries.client(visit.session, client_id) if client_id else None
    if client is None:
        return None
    return BookingClient(
        first_name=client.first_name,
        last_name=client.last_name,
        preferred_name=client.preferred_name,
        email=client.email,
        phone=client.phone,
        birth_date=client.birth_date,
        state=client.lives_in,
        plan=client.plan,
        timezone=client.timezone,
        language=visit.language,
    )
