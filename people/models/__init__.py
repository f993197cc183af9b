"""The tables about people."""

from people.models.accounts import Account, Member, RecoveryCode, SignIn, SignInTry, SingleUseLink
from people.models.clients import (
    BillingMethod,
    Bounce,
    Client,
    Consent,
    FormAcknowledgement,
    Insurance,
    NoticeChoice,
    Relationship,
    Suppression,
)
from people.models.imports import ImportJob, ImportRow
from people.models.messages import Message, MessageDraft, Thread
from people.models.practices import (
    FormerNumber,
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
    "BillingMethod",
    "Bounce",
    "Client",
    "Consent",
    "Enrolment",
    "EnrolmentPayer",
    "FormAcknowledgement",
    "FormerNumber",
    "ImportJob",
    "ImportRow",
    "Insurance",
    "Member",
    "Message",
    "MessageDraft",
    "NoticeChoice",
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
    "Thread",
]
