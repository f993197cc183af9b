"""The words about the waitlist."""

from enum import StrEnum


class WaitlistState(StrEnum):
    """Where somebody on the waitlist stands."""

    WAITING = "waiting"
    OFFERED = "offered"
    BOOKED = "booked"
    LEFT = "left"


class WaitlistEvent(StrEnum):
    """What can happen to somebody on the waitlist."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"
    LEFT = "left"
