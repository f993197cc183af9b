"""What a provider says of themselves for clients to choose by (R2, R10, R15)."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from people.models import Profile
from people.values import Gender
from portal.api import access
from portal.api.fields import Absent, Nothing, Shape, changes
from portal.api.operation import ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from portal.api.words import AffirmsId, LanguageId, ProblemId, ProviderType, TherapyId
from scheduling import actions as scheduling

Slug = Annotated[
    str,
    Field(
        min_length=3,
        max_length=80,
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
        description="The last part of the page's address.",
        examples=["ana-lee-lcsw"],
    ),
]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class PracticePlace(Shape):
    """Where clients are seen in person, in degrees."""

    latitude: Latitude
    longitude: Longitude


class ProfileChange(Shape):
    """What is to change; what is not sent stays.

    `published` makes the page's address work, `listed` puts the provider into searches. `focus` has the problems
    that a provider is best at, at most five of them, `also` the rest. `place` is where clients come in person.
    """

    published: bool = Absent
    listed: bool = Absent
    slug: Slug | None = Absent
    taxonomy: ProviderType | None = Absent
    focus: Annotated[list[ProblemId], Field(max_length=5)] = Absent
    also: Annotated[list[ProblemId], Field(max_length=60)] = Absent
    languages: Annotated[list[LanguageId], Field(max_length=20)] = Absent
    therapies: Annotated[list[TherapyId], Field(max_length=20)] = Absent
    affirms: Annotated[list[AffirmsId], Field(max_length=20)] = Absent
    gender: Gender | None = Absent
    place: PracticePlace | None = Absent


class ProfileShown(Shape):
    """A profile; a draft until it is published, and in no search until it is listed as well."""

    provider_id: UUID
    published: bool
    listed: bool
    slug: str | None
    taxonomy: str | None
    focus: list[str]
    also: list[str]
    languages: list[str]
    therapies: list[str]
    affirms: list[str]
    gender: Gender | None
    place: PracticePlace | None
    version: int


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show a profile."""
    provider = await access.provider(ask, ask.path["provider_id"])
    return Answer(_shown(await scheduling.profile(ask.session, provider.id, now=ask.now)))


async def edit(ask: Ask[ProfileChange, Nothing]) -> Answer:
    """Change a profile."""
    provider = await access.provider(ask, ask.path["provider_id"], lock=True)
    changed = {
        name: list(dict.fromkeys(value)) if isinstance(value, list) else value
        for name, value in changes(ask.body, "place").items()
    }
    if "place" in ask.body.model_fields_set:
        place: PracticePlace | None = ask.body.place
        changed["latitude"] = place.latitude if place else None
        changed["longitude"] = place.longitude if place else None
    row = await scheduling.change_profile(
        ask.session, provider.id, changed, actor=ask.actor, now=ask.now, new_id=ask.new_id
    )
    return Answer(_shown(row), (provider.id,))


def _shown(row: Profile) -> ProfileShown:
    placed = row.latitude is not None and row.longitude is not None
    return ProfileShown(
        provider_id=row.provider_id,
        published=row.published,
        listed=row.listed,
        slug=row.slug,
        taxonomy=row.taxonomy,
        focus=row.focus,
        also=row.also,
        languages=row.languages,
        therapies=row.therapies,
        affirms=row.affirms,
        gender=row.gender,
        place=PracticePlace.model_validate(row) if placed else None,
        version=row.version,
    )


OPERATIONS = (
    Operation(
        name="getProfile",
        method=Method.GET,
        path="/providers/{provider_id}/profile",
        roles=ADMIN_AND_PROVIDER,
        summary="Show what a provider says of themselves",
        handler=show,
        body=Nothing,
        query=Nothing,
        answer=ProfileShown,
    ),
    Operation(
        name="changeProfile",
        method=Method.PATCH,
        path="/providers/{provider_id}/profile",
        roles=ADMIN_AND_PROVIDER,
        summary="Change what a provider says of themselves, publish it, or list it",
        handler=edit,
        body=ProfileChange,
        query=Nothing,
        answer=ProfileShown,
        refuses=frozenset({409, 422}),
    ),
)
