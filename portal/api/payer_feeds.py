"""What a payer reads: who takes its clients, as they have presented themselves, and when (R71, docs/payers.md).

The shape follows FHIR's PractitionerRole, Schedule and Slot as far as they fit, as publishers of open appointments use
them: names of fields are therefore FHIR's, not ours.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from config.errors import NotFound, Refused
from people import queries
from people.models import Payer
from people.values import Language, TokenRole
from people.values.profiles import Demographic
from portal.api import access, cursors
from portal.api.fields import WHOLE, Cursor, Instant, Nothing, Shape
from portal.api.operation import Answer, Ask, Method, Operation
from portal.api.profiles import Schooling
from portal.api.slots import MOST
from portal.matching import label
from portal.photos import photo_path
from scheduling import actions as scheduling
from scheduling.actions.payer_feed import Presented
from scheduling.rules import vocabulary
from scheduling.values import Offer, SessionType

NPI_SYSTEM = "http://hl7.org/fhir/sid/us-npi"
TAXONOMY_SYSTEM = "http://nucc.org/provider-taxonomy"
_TYPES = {SessionType.FULL_SESSION: "session", SessionType.PHONE_CONSULTATION: "consultation"}


class Coding(Shape):
    """A code of a list that has a name of its own."""

    system: str
    code: str
    display: str


class Concept(Shape):
    """A concept: codes for programs, a text for people."""

    coding: list[Coding]
    text: str


class Identifier(Shape):
    """A number by which others know a provider."""

    system: str
    value: str


class Reference(Shape):
    """Points to another resource of the same feed, or says who or where."""

    reference: str | None
    display: str | None


class Telecom(Shape):
    """A way to reach an office."""

    system: Literal["phone", "email"]
    value: str
    use: Literal["work"]


class PractitionerRole(Shape):
    """A provider as they were submitted."""

    resourceType: Literal["PractitionerRole"]  # noqa: N815 - FHIR's name
    id: UUID
    active: bool
    practitioner: Reference
    identifier: list[Identifier]
    specialty: list[Concept]
    location: list[Reference]
    telecom: list[Telecom]


class Presentation(Shape):
    """What the provider says of themselves, in the words of `GET /vocabulary`; `photo` is an address."""

    statement: str
    highlights: list[str]
    focus: list[str]
    also: list[str]
    therapies: list[str]
    affirms: list[str]
    languages: list[str]
    education: list[Schooling]
    photo: str
    demographics: dict[str, str]
    submitted_at: datetime


class Schedule(Shape):
    """One kind of appointment of one provider."""

    resourceType: Literal["Schedule"]  # noqa: N815 - FHIR's name
    id: str
    actor: list[Reference]
    serviceType: list[Concept]  # noqa: N815 - FHIR's name


class Extension(Shape):
    """What FHIR has no field for: the signed offer that books a slot by `POST /bookings`, for ten minutes."""

    url: str
    valueString: str  # noqa: N815 - FHIR's name


class Slot(Shape):
    """A time that is open to the payer's clients."""

    resourceType: Literal["Slot"]  # noqa: N815 - FHIR's name
    id: str
    schedule: Reference
    status: Literal["free"]
    start: datetime
    end: datetime
    extension: list[Extension]


class ProviderPresented(Shape):
    """A provider, with everything of theirs that is in the feed."""

    role: PractitionerRole
    profile: Presentation
    schedules: list[Schedule]
    slots: list[Slot]


class FeedShown(Shape):
    """One page of a payer's feed, in the order of the providers' ids, as things are at `transaction_time`."""

    payer: Reference
    transaction_time: datetime
    items: list[ProviderPresented]
    next: str | None


class FeedListing(Shape):
    """Openings that start at `from` or later and before `to`, at most two weeks after it; without them, from now on."""

    after: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=50, description="How many providers at most."), WHOLE] = 20
    since: Instant | None = Field(default=None, alias="from")
    until: Instant | None = Field(default=None, alias="to")


async def show(ask: Ask[Nothing, FeedListing]) -> Answer:
    """Show who receives clients from a payer, and when."""
    payer = await _payer(ask)
    since = ask.query.since or ask.now
    until = ask.query.until or since + MOST
    if until - since > MOST:
        raise Refused("too_long", "Ask for two weeks at most: `from` and `to`.", status=422)
    house = scheduling.house(ask.settings)
    found = await scheduling.payer_feed(
        ask.session,
        payer.id,
        since=since,
        until=until,
        after=cursors.row_id(ask.query.after),
        limit=ask.query.limit + 1,
        house=house,
        now=ask.now,
    )
    _, after = cursors.page([one.provider for one in found], ask.query.limit)
    shown = [_presented(one, house, ask.settings.public_url) for one in found[: ask.query.limit]]
    named = Reference(reference=f"Organization/{payer.id}", display=payer.name)
    return Answer(FeedShown(payer=named, transaction_time=ask.now, items=shown, next=after))


async def _payer(ask: Ask[Nothing, FeedListing]) -> Payer:
    """Return the payer whose feed it is: a partner reads its own and no other."""
    payer_id = ask.path["payer_id"]
    row = await queries.payer(ask.session, payer_id)
    if ask.caller.payer_id not in {None, payer_id}:
        raise access.NotYours(access.Attempt("payer", payer_id, exists=row is not None))
    if row is None:
        raise NotFound
    return row


def _presented(one: Presented, house: scheduling.House, public_url: str) -> ProviderPresented:
    provider_id, told = one.provider.id, one.enrolment.submitted
    assert one.enrolment.submitted_at is not None  # noqa: S101 - only who has submitted is presented
    kinds = [kind for kind in SessionType if any(offer.session_type is kind for offer in one.openings)]
    # The number that opens the line is in no feed, also where somebody has written it down as their office's (R102).
    phone = told["office_phone"] if told["office_phone"] != one.provider.dial_phone else None
    return ProviderPresented(
        role=PractitionerRole(
            resourceType="PractitionerRole",
            id=provider_id,
            active=True,
            practitioner=Reference(reference=None, display=f"{told['first_name']} {told['last_name']}"),
            identifier=[Identifier(system=NPI_SYSTEM, value=told["npi"])],
            specialty=[_specialty(told["taxonomy"])],
            location=[Reference(reference=None, display=told["location"])],
            telecom=[
                *([Telecom(system="phone", value=phone, use="work")] if phone else []),
                Telecom(system="email", value=told["email"], use="work"),
            ],
        ),
        profile=Presentation(
            statement=told["statement"],
            highlights=told["highlights"],
            focus=told["focus"],
            also=told["also"],
            therapies=told["therapies"],
            affirms=told["affirms"],
            languages=told["languages"],
            education=[Schooling(**each) for each in told["education"]],
            photo=f"{public_url}{photo_path(told['photo'])}",
            demographics={name.value: told[name.value] for name in Demographic if name.value in told},
            submitted_at=one.enrolment.submitted_at,
        ),
        schedules=[
            Schedule(
                resourceType="Schedule",
                id=_schedule(provider_id, kind),
                actor=[Reference(reference=f"PractitionerRole/{provider_id}", display=None)],
                serviceType=[Concept(coding=[], text=kind.value)],
            )
            for kind in kinds
        ],
        slots=[_slot(offer, house) for offer in one.openings],
    )


def _specialty(code: str) -> Concept:
    display = label(vocabulary.PROVIDER_TYPES, code, Language.ENGLISH)
    return Concept(coding=[Coding(system=TAXONOMY_SYSTEM, code=code, display=display)], text=display)


def _schedule(provider_id: UUID, kind: SessionType) -> str:
    return f"{provider_id}-{_TYPES[kind]}"


def _slot(offer: Offer, house: scheduling.House) -> Slot:
    schedule = _schedule(offer.provider_id, offer.session_type)
    signed = scheduling.shown(offer, house)["offer"]
    return Slot(
        resourceType="Slot",
        id=f"{offer.provider_id.hex}-{_TYPES[offer.session_type][0]}-{int(offer.starts_at.timestamp())}",
        schedule=Reference(reference=f"Schedule/{schedule}", display=None),
        status="free",
        start=offer.starts_at,
        end=offer.ends_at,
        extension=[Extension(url="urn:consultline:offer", valueString=signed)],
    )


OPERATIONS = (
    Operation(
        name="getPayerFeed",
        method=Method.GET,
        path="/feeds/payer/{payer_id}",
        roles=frozenset({TokenRole.ADMIN, TokenRole.PARTNER}),
        summary="Show a payer the submitted profiles and the open slots that are for its clients",
        handler=show,
        body=Nothing,
        query=FeedListing,
        answer=FeedShown,
        refuses=frozenset({422}),
    ),
)
