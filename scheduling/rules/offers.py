"""A slot as it was shown, signed: nobody can make one up, and none is good for ever (R23).

The text is a version, the fields and a code over both, in base64 for URLs; about a hundred characters without names,
notes or addresses. Nothing of it is secret, and nobody needs to keep it.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from struct import Struct
from uuid import UUID

from scheduling.values import Offer, SessionType, Source

_VERSION = 1
# Half of SHA-256 is the usual length of a code; more would only make the address longer.
_CODE_BYTES = 16

# Version, provider, session type, source, start, end and issue in microseconds, whether a payer follows. A label
# takes what is left.
_FIELDS = Struct(">B16sBBqqq?")

# These numbers are in addresses that are out there: one is never given to another word.
_SESSION_TYPES: Mapping[SessionType, int] = {SessionType.FULL_SESSION: 1, SessionType.PHONE_CONSULTATION: 2}
_SOURCES: Mapping[Source, int] = {
    Source.PLATFORM_SEARCH: 1,
    Source.BOOKING_LINK: 2,
    Source.COLLEAGUE: 3,
    Source.PAYER: 4,
    Source.CLIENT_PORTAL: 5,
    Source.PROVIDER_MADE: 6,
    Source.WAITLIST_OFFER: 7,
}
_SESSION_TYPE_OF = {number: word for word, number in _SESSION_TYPES.items()}
_SOURCE_OF = {number: word for word, number in _SOURCES.items()}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class BadOffer(StrEnum):
    """Why a text is no offer that counts."""

    MALFORMED = "malformed"
    FORGED = "forged"
    EXPIRED = "expired"


def sign(offer: Offer, key: bytes) -> str:
    """Return the offer as a text for URLs and forms."""
    payer = b"" if offer.payer_id is None else offer.payer_id.bytes
    fields = _FIELDS.pack(
        _VERSION,
        offer.provider_id.bytes,
        _SESSION_TYPES[offer.session_type],
        _SOURCES[offer.source],
        *((instant - _EPOCH) // _MICROSECOND for instant in (offer.starts_at, offer.ends_at, offer.issued_at)),
        offer.payer_id is not None,
    )
    # No label and an empty one are two things: the mark before a label tells them apart.
    label = b"" if offer.label is None else b"=" + offer.label.encode()
    body = fields + payer + label
    return _text(body + _code(body, key))


def read(text: str, key: bytes, *, now: datetime, lives: timedelta) -> Offer | BadOffer:
    """Return the offer that was signed with this key less than `lives` ago."""
    try:
        found = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return BadOffer.MALFORMED
    body, code = found[:-_CODE_BYTES], found[-_CODE_BYTES:]
    # Some bits of a last character mean nothing, and other alphabets decode as well: one offer has one text.
    if len(body) < _FIELDS.size or body[0] != _VERSION or _text(found) != text:
        return BadOffer.MALFORMED
    if not hmac.compare_digest(code, _code(body, key)):
        return BadOffer.FORGED
    offer = _unpack(body)
    return offer if now < offer.issued_at + lives else BadOffer.EXPIRED


def _unpack(body: bytes) -> Offer:
    _, provider, session_type, source, *instants, paid = _FIELDS.unpack_from(body)
    starts_at, ends_at, issued_at = (_EPOCH + instant * _MICROSECOND for instant in instants)
    rest = body[_FIELDS.size :]
    payer, label = (rest[:16], rest[16:]) if paid else (None, rest)
    return Offer(
        provider_id=UUID(bytes=provider),
        session_type=_SESSION_TYPE_OF[session_type],
        source=_SOURCE_OF[source],
        starts_at=starts_at,
        ends_at=ends_at,
        issued_at=issued_at,
        label=label[1:].decode() if label else None,
        payer_id=None if payer is None else UUID(bytes=payer),
    )


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def _code(body: bytes, key: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()[:_CODE_BYTES]
