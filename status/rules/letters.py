"""Every letter there is: who reads it, by which ways it may go, and when it is written (requirements 1.13).

The outbox takes no other. `number` is that of the requirements; a letter without one is an addition of ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from status.values import Channel, NoticeKey, Recipient

_K = NoticeKey
_MAIL, _TEXT, _PORTAL = Channel.MAIL, Channel.TEXT, Channel.PORTAL
_P, _C, _D, _A = Recipient.PROVIDER, Recipient.CLIENT, Recipient.DRAFT, Recipient.ACCOUNT


@dataclass(frozen=True, slots=True)
class Kind:
    """A letter to one kind of reader. Where a text is no way, or fails, a mail goes instead."""

    key: NoticeKey
    reader: Recipient
    ways: frozenset[Channel]
    written: str
    number: str = ""


def _kind(key: NoticeKey, reader: Recipient, *ways: Channel, written: str, number: str = "") -> Kind:
    return Kind(key, reader, frozenset(ways) | ({_MAIL} if _TEXT in ways else set()), written, number)


KINDS: tuple[Kind, ...] = (
    _kind(_K.NEW_REFERRAL, _P, _MAIL, _PORTAL, number="M1", written="a client books who comes by referral"),
    _kind(_K.BOOKING_MADE, _P, _MAIL, _PORTAL, written="a client whom they know books, or takes a freed time"),
    _kind(_K.BOOKING_MADE, _C, _MAIL, _PORTAL, number="M2", written="an appointment is booked"),
    _kind(_K.SWITCHED_TO_CALL, _C, _MAIL, _PORTAL, number="M3", written="the provider turns a session into a call"),
    _kind(_K.CANCELLED_BY_PROVIDER, _C, _MAIL, _PORTAL, number="M4", written="the provider cancels"),
    _kind(_K.CANCELLED_BY_CLIENT, _P, _MAIL, _PORTAL, number="M5", written="the client cancels"),
    _kind(_K.CANCELLED_BY_CLIENT, _C, _MAIL, _PORTAL, number="M5", written="they have cancelled"),
    _kind(_K.CLIENT_MOVED_ON, _P, _MAIL, _PORTAL, number="M5", written="a referred client looks for somebody else"),
    _kind(_K.REQUEST_TO_DECIDE, _P, _MAIL, _PORTAL, number="M9", written="an appointment is asked for"),
    _kind(_K.REQUEST_TO_DECIDE, _A, _MAIL, number="M9", written="the same, to who schedules for the practice"),
    _kind(_K.REQUEST_EXPIRING, _P, _MAIL, _PORTAL, number="M10", written="a request has 12 hours left"),
    _kind(_K.REQUEST_WITHDRAWN, _P, _PORTAL, written="the client takes a request back"),
    _kind(_K.REQUEST_ACCEPTED, _C, _MAIL, _PORTAL, number="M11", written="a request is accepted"),
    _kind(
        _K.REQUEST_DECLINED, _C, _MAIL, _PORTAL, number="M12", written="a request is declined, or its provider leaves"
    ),
    _kind(_K.REQUEST_EXPIRED, _C, _MAIL, _PORTAL, number="M12", written="nobody decided a request in time"),
    _kind(_K.REMINDER, _P, _MAIL, _TEXT, number="M13", written="24 hours before a consultation on the line"),
    _kind(
        _K.STATUS_TASK, _P, _PORTAL, number="M14", written="a consultation is over and nobody knows whether it was held"
    ),
    _kind(_K.STATUS_TEXT, _P, _TEXT, number="M15", written="24 hours later, still nobody knows"),
    _kind(
        _K.STATUS_UNKNOWN, _P, _PORTAL, number="M16", written="72 hours after its end, its status is unknown for good"
    ),
    _kind(_K.STATUS_CORRECTED, _P, _PORTAL, written="support corrects the status of a consultation"),
    _kind(_K.LINE_OUTAGE, _P, _MAIL, _PORTAL, number="M17", written="the line of a coming consultation fails"),
    _kind(_K.LINE_RESTORED, _P, _PORTAL, number="M17", written="that line works again"),
    _kind(_K.WAITLIST_OPENING, _C, _MAIL, _TEXT, _PORTAL, number="M18", written="a freed time is kept for them"),
    _kind(_K.CLIENT_REMINDER, _C, _MAIL, _TEXT, number="M19", written="24 hours before an appointment"),
    _kind(_K.RESCHEDULED, _P, _MAIL, _PORTAL, number="M20", written="an appointment is moved"),
    _kind(_K.RESCHEDULED, _C, _MAIL, _PORTAL, number="M20", written="an appointment is moved"),
    _kind(
        _K.DIAL_NUMBER_CHANGED,
        _P,
        _MAIL,
        _TEXT,
        _PORTAL,
        number="M21",
        written="the number that they call from changes",
    ),
    # No mail goes instead: it would prove an address, and not the number.
    Kind(_K.NUMBER_CODE, _P, frozenset({_TEXT}), "they want to prove the number that they call from"),
    _kind(_K.PIN_LOCKED, _P, _MAIL, _PORTAL, number="M22", written="too many wrong PINs came from their number"),
    _kind(_K.ISSUE_RECEIVED, _P, _MAIL, _PORTAL, number="M23", written="they report an issue"),
    _kind(_K.ISSUE_ANSWERED, _P, _MAIL, _PORTAL, number="M23", written="support answers an issue that they reported"),
    _kind(_K.BOOKING_CODE, _D, _MAIL, number="M26", written="somebody begins to book with their address"),
    _kind(_K.CLIENT_INVITATION, _A, _MAIL, number="M6", written="a provider adds or imports a client"),
    _kind(_K.INVITATION, _A, _MAIL, number="M26", written="somebody is given a sign-in by an operator or a practice"),
    _kind(_K.SIGN_IN_LINK, _A, _MAIL, number="M26", written="a client asks to sign in"),
    _kind(_K.PASSWORD_RESET, _A, _MAIL, number="M26", written="somebody has forgotten their password"),
    _kind(_K.NEW_DEVICE, _A, _MAIL, number="M26", written="a browser signs in that was never seen with the account"),
    _kind(_K.NEW_ADDRESS, _A, _MAIL, number="M26", written="somebody enters another address for their account"),
    _kind(_K.ADDRESS_CHANGED, _A, _MAIL, number="M26", written="the address of an account changes; to both addresses"),
    _kind(_K.HANDED_BACK, _C, _MAIL, _PORTAL, number="M27", written="the provider says that it is not a good match"),
    _kind(_K.SERIES_CHANGED, _C, _MAIL, _PORTAL, number="M28", written="a series of appointments is made or changed"),
    _kind(_K.NO_CONTACT, _P, _MAIL, _PORTAL, written="a referral's first consultation was not held"),
    _kind(_K.PSYCHIATRIC_REFERRAL, _P, _MAIL, _PORTAL, written="a colleague refers a client to them for medication"),
    _kind(_K.PSYCHIATRIC_ANSWERED, _P, _MAIL, _PORTAL, written="such a referral of theirs is answered, or ends"),
    _kind(
        _K.INSURANCE_REQUEST, _C, _MAIL, _PORTAL, number="M7", written="their provider books and no insurance is known"
    ),
    _kind(
        _K.PROVIDER_ADDED, _C, _MAIL, _PORTAL, number="M24", written="a provider adds an address that has an account"
    ),
    _kind(_K.NEW_MESSAGE, _P, _MAIL, number="M25", written="somebody writes, and they have read all before"),
    _kind(_K.NEW_MESSAGE, _C, _MAIL, number="M25", written="somebody writes, and they have read all before"),
    _kind(_K.MESSAGE_CODE, _D, _MAIL, number="M26", written="somebody writes to a provider with their address"),
    _kind(_K.ACCOUNT_LACKS, _C, _MAIL, _PORTAL, written="a form has a new version, or a billing method is over"),
    _kind(_K.INVITATION_FAILED, _P, _PORTAL, written="the address of a client they have invited is refused"),
    _kind(_K.ACCOUNT_READY, _P, _PORTAL, written="a client of theirs has done every step"),
    _kind(_K.CLIENT_NUMBER_UNUSABLE, _P, _PORTAL, written="the line could not reach the client's number"),
    _kind(_K.ENROLLED, _P, _MAIL, number="M8", written="they are taken into the referral programme, or reminded of it"),
    _kind(
        _K.PROFILE_NEEDS_ATTENTION, _P, _MAIL, _PORTAL, written="payers no longer see their profile: something is gone"
    ),
    _kind(_K.PROFILE_NEEDS_ATTENTION, _A, _MAIL, written="the same, to who administers the practice"),
    _kind(_K.ENROLMENT_ENDED, _P, _MAIL, _PORTAL, written="their practice takes them out of the referral programme"),
)

WAYS: Mapping[tuple[NoticeKey, Recipient], frozenset[Channel]] = {(kind.key, kind.reader): kind.ways for kind in KINDS}


# What a provider may do without, by which way: everything else has to be known, or is asked for.
OPTIONAL: Mapping[NoticeKey, frozenset[Channel]] = {
    _K.REMINDER: frozenset({_MAIL, _TEXT}),
    _K.STATUS_TEXT: frozenset({_TEXT}),
    _K.BOOKING_MADE: frozenset({_MAIL}),
    _K.CANCELLED_BY_CLIENT: frozenset({_MAIL}),
    _K.RESCHEDULED: frozenset({_MAIL}),
    _K.NEW_MESSAGE: frozenset({_MAIL}),
    _K.CLIENT_MOVED_ON: frozenset({_MAIL}),
    _K.NO_CONTACT: frozenset({_MAIL}),
    _K.PSYCHIATRIC_ANSWERED: frozenset({_MAIL}),
    _K.ISSUE_RECEIVED: frozenset({_MAIL}),
}


def ensure_known(key: NoticeKey, reader: Recipient, way: Channel) -> None:
    """Raise ValueError for a letter that nobody has written: to this reader, or by this way."""
    if way not in WAYS.get((key, reader), frozenset()):
        msg = f"there is no letter {key.value} to a {reader.value} by {way.value}"
        raise ValueError(msg)
