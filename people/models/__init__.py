"""The tables about people."""

from people.models.accounts import Account, Member, RecoveryCode, SignIn, SignInTry, SingleUseLink
from people.models.clients import (
    Client,
    ClientStep,
    Relationship,
    Suppression,
)
from people.models.imports import ImportJob, ImportRow
from people.models.practices import (
    PhoneVerification,
    Photo,
    Pin,
    PinTry,
    Practice,
    Profile,
    ProfileAddress,
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
    "Account",
    "ApiToken",
    "ApiWrite",
    "Client",
    "ClientStep",
    "Enrolment",
    "EnrolmentPayer",
    "ImportJob",
    "ImportRow",
    "Member",
    "Payer",
    "PhoneVerification",
    "Photo",
    "Pin",
    "PinTry",
    "Practice",
    "Profile",
    "ProfileAddress",
    "Provider",
    "RecoveryCode",
    "Relationship",
    "SignIn",
    "SignInTry",
    "SingleUseLink",
    "SupportCase",
    "Suppression",
]
