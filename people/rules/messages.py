"""Who may write to whom, how much, and how a visitor proves the address they write from (R41, R44, R56)."""

import unicodedata
from datetime import timedelta
from enum import StrEnum

from people.values import MessageSide, RelationshipState

LONGEST = 4000
AN_HOUR = 30  # messages of one side in one thread
NEW_THREADS_A_DAY = 5  # of one client
CODE_LIVES = timedelta(minutes=10)
CODE_TRIES = 5
CODES_AN_HOUR = 5


class NotWritable(StrEnum):
    """Why a message is not taken."""

    ARCHIVED = "archived_first"
    BLOCKED = "you_blocked_them"
    NOT_ACCEPTED = "no_messages_yet"
    ANSWER_FIRST = "answer_first"
    CLOSED_TO_YOU = "not_writable"


def why_not(side: MessageSide, state: RelationshipState) -> NotWritable | None:
    """Return why this side may not write to the other one as the two stand, or None.

    Who is blocked is told no more than that it does not work; who was archived may still write, and is not taken
    back by it.
    """
    if side is MessageSide.PROVIDER:
        return {
            RelationshipState.ARCHIVED: NotWritable.ARCHIVED,
            RelationshipState.BLOCKED: NotWritable.BLOCKED,
            RelationshipState.PROPOSED: NotWritable.NOT_ACCEPTED,
        }.get(state)
    return {
        RelationshipState.BLOCKED: NotWritable.CLOSED_TO_YOU,
        RelationshipState.PROPOSED: NotWritable.ANSWER_FIRST,
    }.get(state)


def plain(text: str) -> str:
    """Return a message as it is kept: lines of one kind, nothing that cannot be seen and steers what is."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (one for one in lines if one == "\n" or unicodedata.category(one) not in {"Cc", "Cs", "Zl", "Zp"})
    return "".join(one for one in kept if one not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069").strip()
