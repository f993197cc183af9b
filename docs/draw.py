"""Draw `docs/lifecycles.md` and `docs/letters.md` from the tables in the code: `make docs`.

A test compares the drawings with the tables.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from people.rules.lifecycle import ACCOUNT, ENROLMENT, RELATIONSHIP
from people.values import Language
from portal.letters import CATALOGUES, ENCLOSED_FOR_CLIENTS, ENCLOSED_FOR_PROVIDERS, Dial
from scheduling.rules.lifecycle import APPOINTMENT, REQUEST, WAITLIST
from status.rules.letters import KINDS, Kind
from status.rules.lifecycle import CONSULTATION, NOTICE, PSYCHIATRIC, REFERRAL, TASK
from status.values import NoticeKey, Recipient

Moves = Mapping[Any, Mapping[Any, Any]]

HERE = Path(__file__).resolve().parent
PAGE = HERE / "lifecycles.md"
LETTERS = HERE / "letters.md"

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
        "Client account",
        "people",
        "invited",
        ACCOUNT,
        "A client's own account, whoever their providers are. An invitation ends by itself after 14 days.",
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


# Letters

LETTERS_HEAD = """# Letters

Every letter that the service writes, drawn by `make docs` from the tables in the code: who reads it, by which ways it
may go, when it is written, and every fact that stands in it. The outbox takes no other letter, and none by another way
(`status/rules/letters.py`). Numbers are those of the requirements.

What a letter to a provider is made of has no field for a name, a telephone number of a person, an age, a note or a
reason; what a letter to a client is made of has the provider's name, and no field for a number or for anybody's words
(`portal/letters/values.py`). What somebody wrote stands in the portal, and the letter says that there is something to
read. Facts are read when a letter is sent, and one that is no longer true is not sent at all (`portal/rules.py`).

A text goes to a provider's verified mobile between 08:00 and 20:00 there, and to a client's only where they have
consented for that number, at most three in a week; else a mail goes in its place. An address that a mail server has
refused for good gets no more mail: what is not mailed stands in the portal, and in the ledger that every provider has.
Words are in `portal/letters/english` and `portal/letters/spanish`; files for calendars are explained in
[0015](decisions/0015-files-for-calendars.md).
"""

# What the names in braces stand for.
FACTS: Mapping[str, str] = {
    "when": "when it is",
    "session": "what kind of appointment",
    "provider": "the provider's name",
    "held": "how it is held",
    "until": "until when it is kept or works",
    "ahead": "when the next ones are",
    "code": "the code",
    "link": "a link that works once",
    "share_by": "until when its status can be told",
    "decide_by": "until when it can be decided",
    "line": "the line",
    "opens": "from when the line works",
    "closes": "until when the line works",
}


def letters() -> str:
    """Return the page about letters."""
    lines = ["| | letter | to | by | when | facts in it |", "|---|---|---|---|---|---|"]
    return "\n".join([LETTERS_HEAD, *lines, *(_letter(kind) for kind in KINDS), ""])


def _letter(kind: Kind) -> str:
    ways = ", ".join(sorted(way.value for way in kind.ways))
    reader = "who books" if kind.reader is Recipient.DRAFT else kind.reader.value
    return f"| {kind.number} | `{kind.key.value}` | {reader} | {ways} | {kind.written} | {_told(kind)} |"


def _told(kind: Kind) -> str:
    """Return what the words of a letter tell, in all its forms, and what it brings along."""
    catalogue = CATALOGUES[Language.ENGLISH]
    if kind.reader is Recipient.PROVIDER:
        variants = list(Dial) if kind.key is NoticeKey.REMINDER else [kind.key]
        wordings = [catalogue.to_providers[one] for one in variants]
        enclosed = kind.key in ENCLOSED_FOR_PROVIDERS
    elif kind.reader is Recipient.ACCOUNT:
        wordings, enclosed = [catalogue.to_accounts[kind.key]], False
    else:
        wordings, enclosed = [catalogue.to_clients[kind.key]], kind.key in ENCLOSED_FOR_CLIENTS
    words = " ".join(" ".join([one.subject, *one.paragraphs, one.text, one.sentence]) for one in wordings)
    named = set(re.findall(r"{(\w+)}", words))
    told = [FACTS[name] for name in FACTS if name in named]
    assert named <= FACTS.keys()  # noqa: S101 - a new fact has to be explained here
    told += ["that there are words to read"] if any(one.if_wrote for one in wordings) else []
    return "; ".join([*told, *(["a file for the calendar"] if enclosed else [])]) or "–"


def main() -> int:
    """Write the pages, or with `--check` tell whether they are current."""
    pages = {PAGE: page(), LETTERS: letters()}
    if "--check" in sys.argv:
        return 0 if all(path.read_text() == drawn for path, drawn in pages.items()) else 1
    for path, drawn in pages.items():
        path.write_text(drawn)
        print(f"wrote {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
