"""Twilio's numbers for what goes wrong with a text, and what each means to us. The one table of them.

Its dictionary grows without notice, so a number that does not stand here is judged by the HTTP status that it
came with, and says nothing about the person's telephone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from config.deps import Taken
from people.values import SuppressionReason


@dataclass(frozen=True, slots=True)
class Meaning:
    """Whether a text was taken, and why no further text should go to this number, if so."""

    taken: Taken
    suppress: SuppressionReason | None = None


_LATER = Meaning(Taken.NO)
_NEVER = Meaning(Taken.NEVER)

CODES: Mapping[int, Meaning] = {
    # Refused for now, by our own account or its pace: nothing was taken, and the same text may go later.
    14107: _LATER,  # too many messages
    20003: _LATER,  # not authenticated
    20005: _LATER,  # account not active
    20404: _LATER,  # no such account
    20429: _LATER,  # too many requests
    21611: _LATER,  # our number's queue is full
    # Refused for good: this text never goes this way.
    21211: _NEVER,  # invalid To
    21212: _NEVER,  # invalid From
    21217: _NEVER,  # not a number
    21408: _NEVER,  # region not switched on
    21602: _NEVER,  # no body
    21603: _NEVER,  # no From
    21604: _NEVER,  # no To
    21606: _NEVER,  # From cannot text, or not there
    21612: _NEVER,  # no route between the two numbers
    21617: _NEVER,  # too long
    21659: _NEVER,  # From is not the carrier's
    30007: _NEVER,  # filtered
    30034: _NEVER,  # From is not registered with the carriers
    # Refused for good, and so would every other text to this number be.
    21610: Meaning(Taken.NEVER, SuppressionReason.STOP),
    21614: Meaning(Taken.NEVER, SuppressionReason.NOT_A_MOBILE),
    21635: Meaning(Taken.NEVER, SuppressionReason.NOT_A_MOBILE),  # a landline
    30006: Meaning(Taken.NEVER, SuppressionReason.NOT_A_MOBILE),  # a landline, found out at delivery
    30005: Meaning(Taken.NEVER, SuppressionReason.UNREACHABLE),  # no such handset; 30003 may only be switched off
}


def refusal(status: int, code: int | None) -> Meaning:
    """Return what an answer of the REST API means that is not 2xx.

    A 5xx says that the carrier stumbled, not when: the text may stand in its queue, whatever code it names.
    """
    if status >= 500 or status < 400 or status == 408:
        return Meaning(Taken.UNKNOWN)
    if code is not None and code in CODES:
        return CODES[code]
    return _LATER if status in {401, 403, 404, 429} else _NEVER


def suppression(code: str | None) -> SuppressionReason | None:
    """Return why no further text should go to a number, by the code of a refusal or of a failed delivery."""
    known = CODES.get(int(code)) if code and code.isascii() and code.isdigit() else None
    return known.suppress if known else None
