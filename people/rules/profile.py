"""What a profile holds at most, and how complete it is (R2, R3)."""

from collections.abc import Mapping

from people.values.profiles import Completeness, ProfilePart

STATEMENT_LONGEST = 4000
HIGHLIGHTS_MOST, HIGHLIGHT_LONGEST = 5, 120
EDUCATION_MOST, EDUCATION_LONGEST = 10, 160
DEMOGRAPHIC_LONGEST = 60
FOCUS_MOST = 5

# Recommended to everybody, and needed by nobody but payers (R3).
RECOMMENDED = (ProfilePart.PHOTO, ProfilePart.STATEMENT, ProfilePart.HIGHLIGHTS)


def completeness(filled: Mapping[ProfilePart, bool]) -> Completeness:
    """Return how complete a profile is; what is not named is missing."""
    missing = tuple(part for part in ProfilePart if not filled.get(part))
    return Completeness(
        done=tuple(part for part in ProfilePart if filled.get(part)),
        missing=missing,
        recommended=tuple(part for part in RECOMMENDED if part in missing),
    )
