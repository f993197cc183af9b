"""What a provider says of themselves for clients to choose by (R2, R10, R15)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, WithJsonSchema

from people import actions as people
from people.models import Profile
from people.readers import photos
from people.rules import profile as rules
from people.values import Gender
from people.values.profiles import Demographic, PhotoFiles, ProfilePart
from portal.api import access
from portal.api.fields import LINES, ONE_LINE, WHOLE, Absent, Nothing, Shape, Version, changes
from portal.api.operation import ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from portal.api.words import AffirmsId, LanguageId, ProblemId, ProviderType, TherapyId
from portal.photos import photo_path
from portal.uploads import Upload
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


Statement = Annotated[
    str, Field(min_length=1, max_length=rules.STATEMENT_LONGEST, pattern=LINES), AfterValidator(str.strip)
]
Highlight = Annotated[
    str, Field(min_length=1, max_length=rules.HIGHLIGHT_LONGEST, pattern=ONE_LINE), AfterValidator(str.strip)
]
Demographics = Annotated[
    str, Field(min_length=1, max_length=rules.DEMOGRAPHIC_LONGEST, pattern=ONE_LINE), AfterValidator(str.strip)
]
Learned = Annotated[
    str, Field(min_length=1, max_length=rules.EDUCATION_LONGEST, pattern=ONE_LINE), AfterValidator(str.strip)
]


class Schooling(Shape):
    """A degree or a training: what, where, and perhaps the year in which it was finished."""

    what: Learned
    where: Learned
    year: Annotated[int, Field(ge=1940, le=2099), WHOLE] | None = None


class NewPhoto(Shape):
    """A photo: JPEG, PNG or WebP, at most 10 MB and 50 megapixels; what it carries besides its picture is dropped."""

    file: Annotated[str, WithJsonSchema({"type": "string", "format": "binary"})]


class ProfileChange(Shape):
    """What is to change; what is not sent stays.

    `published` makes the page's address work, `listed` puts the provider into searches. `focus` has the problems
    that a provider is best at, at most five of them, `also` the rest. `place` is where clients come in person.
    `shown` has what of gender, pronouns, ethnicity and faith is told on the page. `noindex` asks search engines to
    leave the page out. With a `version`, nothing changes if somebody else has written since it was read.
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
    pronouns: Demographics | None = Absent
    ethnicity: Demographics | None = Absent
    faith: Demographics | None = Absent
    shown: Annotated[list[Demographic], Field(max_length=4)] = Absent
    statement: Statement | None = Absent
    highlights: Annotated[list[Highlight], Field(max_length=rules.HIGHLIGHTS_MOST)] = Absent
    education: Annotated[list[Schooling], Field(max_length=rules.EDUCATION_MOST)] = Absent
    noindex: bool = Absent
    place: PracticePlace | None = Absent
    version: Version = Absent


class ProfileShown(Shape):
    """A profile; a draft until it is published, and in no search until it is listed as well.

    `photo` is the path of the photo below the portal's address. `missing` is what would make the profile complete (R3).
    """

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
    pronouns: str | None
    ethnicity: str | None
    faith: str | None
    shown: list[Demographic]
    statement: str | None
    highlights: list[str]
    education: list[Schooling]
    photo: str | None
    noindex: bool
    place: PracticePlace | None
    complete_percent: int
    missing: list[ProfilePart]
    version: int


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show a profile."""
    provider = await access.provider(ask, ask.path["provider_id"])
    return Answer(_shown(await people.profile(ask.session, provider.id, now=ask.now)))


async def edit(ask: Ask[ProfileChange, Nothing]) -> Answer:
    """Change a profile."""
    provider = await access.provider(ask, ask.path["provider_id"], lock=True)
    changed = {
        name: list(dict.fromkeys(value)) if isinstance(value, list) else value
        for name, value in changes(ask.body, "place", "version", "education").items()
    }
    if "education" in ask.body.model_fields_set:
        changed["education"] = [one.model_dump() for one in ask.body.education]
    if "place" in ask.body.model_fields_set:
        place: PracticePlace | None = ask.body.place
        changed["latitude"] = place.latitude if place else None
        changed["longitude"] = place.longitude if place else None
    row = await scheduling.change_profile(
        ask.session,
        provider.id,
        changed,
        version=ask.body.version,
        actor=ask.actor,
        now=ask.now,
        new_id=ask.new_id,
    )
    return Answer(_shown(row), (provider.id,))


@asynccontextmanager
async def bring(ask: Ask[NewPhoto, Nothing], upload: Upload) -> AsyncIterator[PhotoFiles]:
    """Read a photo, for a provider that the caller is or may write for."""
    async with ask.session.begin():
        await access.provider(ask, ask.path["provider_id"])
    given = upload.file.read(photos.LARGEST + 1)
    yield await photos.read(given)


async def put_photo(ask: Ask[NewPhoto, Nothing]) -> Answer:
    """Show a photo."""
    provider = await access.provider(ask, ask.path["provider_id"], lock=True)
    row = await people.set_photo(ask.session, provider.id, ask.brought, actor=ask.actor, now=ask.now, new_id=ask.new_id)
    return Answer(_shown(row), (provider.id,))


async def delete_photo(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show no photo."""
    provider = await access.provider(ask, ask.path["provider_id"], lock=True)
    row = await people.remove_photo(ask.session, provider.id, actor=ask.actor, now=ask.now, new_id=ask.new_id)
    return Answer(_shown(row), (provider.id,))


def _shown(row: Profile) -> ProfileShown:
    complete = people.completeness(row)
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
        pronouns=row.pronouns,
        ethnicity=row.ethnicity,
        faith=row.faith,
        shown=[Demographic(one) for one in row.shown],
        statement=row.statement,
        highlights=row.highlights,
        education=[Schooling(**one) for one in row.education],
        photo=photo_path(row.photo) if row.photo else None,
        noindex=row.noindex,
        complete_percent=complete.percent,
        missing=list(complete.missing),
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
    Operation(
        name="putPhoto",
        method=Method.PUT,
        path="/providers/{provider_id}/photo",
        roles=ADMIN_AND_PROVIDER,
        summary="Show a photo on a provider's page",
        handler=put_photo,
        body=NewPhoto,
        query=Nothing,
        answer=ProfileShown,
        kept=False,
        bring=bring,
    ),
    Operation(
        name="deletePhoto",
        method=Method.DELETE,
        path="/providers/{provider_id}/photo",
        roles=ADMIN_AND_PROVIDER,
        summary="Show no photo on a provider's page",
        handler=delete_photo,
        body=Nothing,
        query=Nothing,
        answer=ProfileShown,
    ),
)
