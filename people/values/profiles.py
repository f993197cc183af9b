"""The words about what providers say of themselves, and what payers are shown of it."""

from dataclasses import dataclass
from enum import StrEnum


class Demographic(StrEnum):
    """What only the provider fills in, and shows or keeps to themselves (R86)."""

    GENDER = "gender"
    PRONOUNS = "pronouns"
    ETHNICITY = "ethnicity"
    FAITH = "faith"


class ProfilePart(StrEnum):
    """A part of a profile that the meter of completeness looks at (R3), in the order of its form."""

    PHOTO = "photo"
    STATEMENT = "statement"
    HIGHLIGHTS = "highlights"
    SPECIALTIES = "specialties"
    PROFESSION = "profession"
    LANGUAGES = "languages"
    EDUCATION = "education"


class Required(StrEnum):
    """What payers need to be shown (R84, R85). The first seven are read-only in the public profile's form."""

    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    EMAIL = "email"
    NPI = "npi"
    OFFICE_PHONE = "office_phone"
    LOCATION = "location"
    PHOTO = "photo"
    STATEMENT = "statement"
    FOCUS = "focus"
    LANGUAGES = "languages"
    TAXONOMY = "taxonomy"


PULLED = tuple(Required)[:7]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """How much of a profile is there; `recommended` are the missing ones of the recommended minimum (R3)."""

    done: tuple[ProfilePart, ...]
    missing: tuple[ProfilePart, ...]
    recommended: tuple[ProfilePart, ...]

    @property
    def percent(self) -> int:
        """Return how much is done, of a hundred."""
        return 100 * len(self.done) // (len(self.done) + len(self.missing))


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoFiles:
    """A photo as it is kept: written anew as WebP, without anything that the file carried besides its picture."""

    large: bytes
    small: bytes
