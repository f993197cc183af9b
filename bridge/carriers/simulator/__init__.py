"""The carrier, simulated: it places calls and texts to the running service over real, signed HTTP.

It follows the documents that the service answers, lets the dialled phone ring, tells every callback, and
serves the part of the REST API that the service uses. Demo, command line, tests and bench use it; the
documented payloads in `tests/recordings` hold it to the truth. It reads no clock and no chance of its own,
and it belongs on loopback only.
"""

from bridge.carriers.simulator.book import Book
from bridge.carriers.simulator.calls import PlacedCall
from bridge.carriers.simulator.carrier import PlacedText, Simulator
from bridge.carriers.simulator.rest_api import rest
from bridge.carriers.simulator.values import (
    Account,
    CarrierFault,
    Exchange,
    Fate,
    Heard,
    Mischief,
    Outcome,
    Party,
    Rang,
    RestFailure,
    Webhooks,
)

__all__ = [
    "Account",
    "Book",
    "CarrierFault",
    "Exchange",
    "Fate",
    "Heard",
    "Mischief",
    "Outcome",
    "Party",
    "PlacedCall",
    "PlacedText",
    "Rang",
    "RestFailure",
    "Simulator",
    "Webhooks",
    "rest",
]
