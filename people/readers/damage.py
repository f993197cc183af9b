"""What is said of a file whose reader gave up."""

from config.errors import Refused


def damaged() -> Refused:
    """Return the refusal of a file that cannot be read although it is of the right kind."""
    return Refused(
        "damaged",
        "This file is damaged, or it is not what its name says. Open it, save it anew and try again.",
        status=422,
    )


def too_demanding() -> Refused:
    """Return the refusal of a file that takes more time or memory than a list of clients can need."""
    return Refused(
        "too_demanding",
        "This file takes more to read than a list of clients can need. Copy the list into a new one.",
        status=422,
    )
