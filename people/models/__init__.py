"""The tables about people."""

from people.models.clients import (
    Client,
    ClientStep,
    Relationship,
    Suppression,
)
from people.models.practices import (
    PhoneVerification,
    Pin,
    PinTry,
    Practice,
    Profile,
    Provider,
)
from people.models.programme import (
    Enrolment,
    EnrolmentPayer,
    Payer,
)
from people.models.support import (
    SupportCase,
)
from people.models.tokens import (
    ApiToken,
    ApiWrite,
)

__all__ = [
    "ApiToken",
    "ApiWrite",
    "Client",
    "ClientStep",
    "Enrolment",
    "EnrolmentPayer",
    "Payer",
    "PhoneVerification",
    "Pin",
    "PinTry",
    "Practice",
    "Profile",
    "Provider",
    "Relationship",
    "SupportCase",
    "Suppression",
]
