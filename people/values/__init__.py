"""The words about people."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class PracticeKind(StrEnum):
    """Whether one provider works there, or several behind perhaps one number."""

    SOLO = "solo"
    GROUP = "group"


class Language(StrEnum):
    """What the service speaks."""

    ENGLISH = "en"
    SPANISH = "es"


class RelationshipState(StrEnum):
    """Where a provider and a client stand (requirements 4.6).

    `proposed`: the provider added an address that has an account, and the client has not said yes (R46).
    """

    PROSPECT = "prospect"
    PROPOSED = "proposed"
    ACTIVE = "active"
    ARCHIVED = "archived"
    BLOCKED = "blocked"


class RelationshipEvent(StrEnum):
    """What can happen between a provider and a client.

    `becomes_active` is an act of the client's own, such as a booking, or the provider's yes to one. Who comes back
    without having accepted is `proposed_again`.
    """

    ACCEPTED = "accepted"
    BECOMES_ACTIVE = "becomes_active"
    ARCHIVED = "archived"
    UNARCHIVED = "unarchived"
    PROPOSED_AGAIN = "proposed_again"
    BLOCKED = "blocked"


class Role(StrEnum):
    """As what somebody signs in; practice_admin and scheduler are tied to one practice each."""

    PROVIDER = "provider"
    CLIENT = "client"
    PRACTICE_ADMIN = "practice_admin"
    SCHEDULER = "scheduler"
    SUPPORT = "support"
    ADMIN = "admin"


class AccountKind(StrEnum):
    """Clients sign in by links, all others by password and second factor; one address may have one of each."""

    STAFF = "staff"
    CLIENT = "client"


class LinkPurpose(StrEnum):
    """What a single-use link is for."""

    INVITATION = "invitation"
    SIGN_IN = "sign_in"
    RESET = "reset"
    NEW_ADDRESS = "new_address"


class TokenRole(StrEnum):
    """On whose behalf a program calls the API."""

    ADMIN = "admin"
    PROVIDER = "provider"
    PARTNER = "partner"


class CaseKind(StrEnum):
    """What a support case is about."""

    ISSUE = "issue"
    CORRECTION = "correction"
    HANDED_BACK = "handed_back"
    REMATCH = "rematch"
    CLIENT_ACCOUNT = "client_account"


class CaseState(StrEnum):
    """Where a support case stands."""

    OPEN = "open"
    CLOSED = "closed"


class EnrolmentState(StrEnum):
    """Where a provider stands in the client referral programme (requirements 4.7)."""

    INCOMPLETE = "incomplete"
    COMPLETED = "completed"
    DELETED = "deleted"
    DEACTIVATED = "deactivated"


class EnrolmentEvent(StrEnum):
    """What can happen to an enrolment."""

    SUBMIT = "submit"
    DELETE = "delete"
    DEACTIVATE = "deactivate"


class AccountStep(StrEnum):
    """What a client sets up before a provider can confirm a session's details (R49, R50)."""

    VERIFY = "verify"
    INSURANCE = "insurance"
    BILLING = "billing"
    FORMS = "forms"


class AccountState(StrEnum):
    """Where a client's own account stands (requirements 4.6); one for each person, whoever their providers are."""

    SELF_REGISTERED = "self_registered"
    INVITED = "invited"
    INVITE_FAILED = "invite_failed"
    INVITE_EXPIRED = "invite_expired"
    VERIFIED = "verified"
    READY = "ready"
    CLOSED = "closed"

    @property
    def verified(self) -> bool:
        """Tell whether the address is proven, so that only the client changes what stands there (R53)."""
        return self in {AccountState.VERIFIED, AccountState.READY}


class AccountEvent(StrEnum):
    """What can happen to a client's account.

    `link_used` is the link of an invitation, `address_proven` any other proof: a code of a booking or a message, or a
    link to sign in. `lapsed` is a step that no longer counts: a new version of a form, a card that is over.
    """

    INVITED = "invited"
    EDITED = "edited"
    BOUNCED = "bounced"
    INVITATION_OVER = "invitation_over"
    LINK_USED = "link_used"
    ADDRESS_PROVEN = "address_proven"
    STEP_DONE = "step_done"
    COMPLETED = "completed"
    LAPSED = "lapsed"
    ADDRESS_CHANGED = "address_changed"
    CLOSED = "closed"


class FormKey(StrEnum):
    """A form that clients acknowledge (R49); its versions and words stand in `people/forms`."""

    BILLING = "billing"
    PRIVACY = "privacy"


class MessageSide(StrEnum):
    """Who has written a message."""

    PROVIDER = "provider"
    CLIENT = "client"
    DESK = "desk"


class DraftedState(StrEnum):
    """Where a message stands that waits for its code."""

    AWAITING_CODE = "awaiting_code"
    SENT = "sent"


class Gender(StrEnum):
    """How a provider describes themselves; given only where they want it to be asked for."""

    WOMAN = "woman"
    MAN = "man"
    NONBINARY = "nonbinary"


class SuppressionReason(StrEnum):
    """Why no text goes to a number."""

    STOP = "stop"
    NOT_A_MOBILE = "not_a_mobile"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenClient:
    """A client as one provider sees them now; without a birth date there is no `age` (R33, R57)."""

    name: str
    first_name: str
    last_name: str
    age: int | None
    lives_in: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Insured:
    """What is told of an insurance; it counts once all three are there (R47). `birth_date` is a day in ISO."""

    company: str | None = None
    member_id: str | None = None
    birth_date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """How a person can be reached, as known at the moment of sending.

    `takes_texts` is that the number can and its owner wants them; `texts_had` how many of ours they had in seven days,
    where somebody may have only so many. `bounced` is that mail to the address was refused for good, `wants_mail` that
    they have not chosen to do without this letter.
    `at_any_hour` is for what they have just asked for and wait for.
    """

    number: str | None
    takes_texts: bool
    suppressed: bool
    address: str | None
    timezone: str
    texts_had: int = 0
    bounced: bool = False
    wants_mail: bool = True
    at_any_hour: bool = False


@dataclass(frozen=True, slots=True)
class ByText:
    """Send a text."""

    number: str


@dataclass(frozen=True, slots=True)
class ByMail:
    """Send a mail; `instead_of_text` says why no text goes out."""

    address: str
    instead_of_text: str | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """Wait until then: it is night where they live."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Nobody:
    """There is no way to reach them."""

    why: str


Way = ByText | ByMail | Later | Nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerFacts:
    """A provider whose `dial_phone` is the number that calls."""

    provider_id: UUID
    practice_id: UUID
    practice_kind: PracticeKind
    line_enabled: bool
    verified: bool
    has_pin: bool
    verifying: bool
    language: Language
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is signed in. `practices` are those that they administer or schedule for, each with the roles there.

    Somebody may be a provider and the admin of their practice at once.
    """

    account_id: UUID
    sign_in_id: UUID
    kind: AccountKind
    roles: frozenset[Role]
    provider_id: UUID | None = None
    client_id: UUID | None = None
    practices: tuple[tuple[UUID, Role], ...] = ()
    language: Language = Language.ENGLISH
    timezone: str | None = None
    signed_in_at: datetime
    proven_at: datetime  # when a password, code or link was last given: what is asked anew before a number changes
