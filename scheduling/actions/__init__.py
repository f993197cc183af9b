"""What can happen in the calendar. Called inside somebody's transaction; never commits."""

from scheduling.actions.appointments import (
    House,
    archive_client,
    book,
    cancel,
    correct_consultation,
    house,
    let_go,
    reschedule,
    switch_to_call,
    take_up,
    unarchive_client,
)

__all__ = [
    "House",
    "archive_client",
    "book",
    "cancel",
    "correct_consultation",
    "house",
    "let_go",
    "reschedule",
    "switch_to_call",
    "take_up",
    "unarchive_client",
]
