"""Draw `docs/lifecycles.md` from the tables in the code: `make docs`. A test compares the drawing with the tables."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from people.rules.lifecycle import ENROLMENT, RELATIONSHIP
from scheduling.rules.lifecycle import APPOINTMENT, REQUEST, WAITLIST
from status.rules.lifecycle import CONSULTATION, NOTICE, PSYCHIATRIC, REFERRAL, TASK

Moves = Mapping[Any, Mapping[Any, Any]]

HERE = Path(__file__).resolve().parent
PAGE = HERE / "lifecycles.md"

HEAD = """Drawn from the tables in the code by `make docs`; a move that is not drawn does not happen. Time limits are
rules that run before the table, with the present instant.
"""

# Each table with its floor, where it begins, and a sentence about it.
TABLES: tuple[tuple[str, str, str, Moves, str], ...] = (
    (
        "Consultation",
        "status",
        "scheduled",
        CONSULTATION,
        "One occurrence of a tracked consultation. Time is judged before evidence; an operator may correct it.",
    ),
    (
        "Task",
        "status",
        "open",
        TASK,
        "Something that a person is asked to do: one row, however many places show it.",
    ),
    (
        "Notice",
        "status",
        "due",
        NOTICE,
        "A letter in the outbox. A claim left behind is uncertain: it is looked up before it is ever sent again.",
    ),
    (
        "Referral",
        "status",
        "new",
        REFERRAL,
        "A client who came by referral, as their provider sees it; it awaits acceptance where a yes is needed.",
    ),
    (
        "Psychiatric referral",
        "status",
        "draft",
        PSYCHIATRIC,
        "A client referred to somebody who prescribes, with their consent; it ends by itself after 14 days.",
    ),
    (
        "Appointment",
        "scheduling",
        "booked",
        APPOINTMENT,
        "A span in a provider's calendar. Rescheduling keeps the appointment and begins a new occurrence.",
    ),
    (
        "Request",
        "scheduling",
        "pending",
        REQUEST,
        "An appointment that waits for a yes; decided once, by a person or by time.",
    ),
    (
        "Waitlist",
        "scheduling",
        "waiting",
        WAITLIST,
        "Somebody who waits for a freed time. An offer holds it for two hours.",
    ),
    (
        "Relationship",
        "people",
        "prospect",
        RELATIONSHIP,
        "Where one provider and one client stand; archived here says nothing about other providers.",
    ),
    (
        "Enrolment",
        "people",
        "incomplete",
        ENROLMENT,
        "A provider's place in the client referral programme.",
    ),
)


def page() -> str:
    """Return the whole page."""
    parts = [
        "# Lifecycles\n",
        HEAD,
    ]
    for title, floor, start, moves, told in TABLES:
        parts += [f"## {title}\n", f"{told} Table: `{floor}/rules/lifecycle.py`.\n", draw(start, moves), table(moves)]
    return "\n".join(parts)


def draw(start: str, moves: Moves) -> str:
    """Return a state diagram that Markdown pages can show."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {start}"]
    lines += [
        f"    {state.value} --> {after.value}: {event.value}"
        for state, row in moves.items()
        for event, after in row.items()
    ]
    return "\n".join([*lines, "```\n"])


def table(moves: Moves) -> str:
    """Return the same as a table, for readers without pictures."""
    lines = ["| state | event | next |", "|---|---|---|"]
    lines += [
        f"| {state.value} | {event.value} | {after.value} |"
        for state, row in moves.items()
        for event, after in row.items()
    ]
    return "\n".join([*lines, ""])


def main() -> int:
    """Write the page, or with `--check` tell whether it is current."""
    if "--check" in sys.argv:
        return 0 if PAGE.read_text() == page() else 1
    PAGE.write_text(page())
    print(f"wrote {PAGE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
