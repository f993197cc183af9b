"""What a telephone number is, and which ones this service may ring.

Numbers are E.164 strings from here on. `phonenumbers` knows the plans of all countries; what it
cannot know is written here: numbers that carriers send in place of a withheld caller id.
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType

# Words typed on a keypad, as carriers send them for withheld callers (Twilio help 223179988;
# somleng issue 1820). phonenumbers takes +17378742833 for a valid number of Austin, Texas.
WITHHELD_DIGITS = frozenset(
    {
        "266696687",  # ANONYMOUS
        "7378742833",  # RESTRICTED
        "7378742883",  # the same, as often mistyped
        "2562533",  # BLOCKED
        "8656696",  # UNKNOWN
        "86282452253",  # UNAVAILABLE
        "7748283",  # PRIVATE
        "464",
    }
)


class CallerKind(StrEnum):
    """What stands in a carrier's From."""

    NUMBER = "number"
    WITHHELD = "withheld"
    SIP = "sip"
    CLIENT = "client"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class CallerId:
    """A caller as the carrier names them; `number` is E.164 and only there for kind NUMBER."""

    kind: CallerKind
    number: str | None = None


def read_caller(raw: str) -> CallerId:
    """Read a carrier's From.

    Digits are never taken out of a `sip:` or `client:` address: its user part is the caller's to choose.
    """
    text = raw.strip()
    low = text.lower()
    if low.startswith(("sip:", "sips:")) or "@" in low:
        return CallerId(CallerKind.SIP)
    if low.startswith("client:"):
        return CallerId(CallerKind.CLIENT)
    digits = text.removeprefix("+")
    if not text or not digits.isascii() or not digits.isdigit():
        return CallerId(CallerKind.INVALID if text.startswith("+") else CallerKind.WITHHELD)
    if digits in WITHHELD_DIGITS or digits.removeprefix("1") in WITHHELD_DIGITS:
        return CallerId(CallerKind.WITHHELD)
    if not text.startswith("+"):
        return CallerId(CallerKind.INVALID)
    number = e164(text)
    return CallerId(CallerKind.NUMBER, number) if number else CallerId(CallerKind.INVALID)


def e164(text: str, region: str | None = None) -> str | None:
    """Return the valid number in `text` as E.164, or None; `region` is for numbers typed without a plus.

    An extension makes it None: neither a caller id nor a dial can carry one.
    """
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if parsed.extension or not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@dataclass(frozen=True, slots=True)
class Typed:
    """A number as a list of clients has it: E.164, whether it is one by its country's plan, its extension apart."""

    number: str
    valid: bool
    extension: str | None


@lru_cache(maxsize=4096)  # families share a number, and reading one takes longer than all the rest of a row
def possible(text: str, region: str) -> Typed | None:
    """Return the number in `text` if its length makes one possible (5.5), also where no plan knows it; else None."""
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None  # a number that only works within its own town is none
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return Typed(number, phonenumbers.is_valid_number(parsed), parsed.extension or None)


class Unusable(StrEnum):
    """Why a client's number is not rung (R98, F25)."""

    NONE = "none"
    INVALID = "invalid"
    PREMIUM = "premium"
    EMERGENCY = "emergency"
    OTHER_COUNTRY = "other_country"


_COSTLY = frozenset(
    {PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.PAGER, PhoneNumberType.UAN}
)


def unusable(number: str | None, line: str) -> Unusable | None:
    """Tell why `number` may not be rung through `line`, or None if it may.

    Carriers block a domestic call that is forwarded abroad (Twilio 32224), hence the one-country rule. The line
    itself would answer, take the call for another one of the provider's, and ring itself again.
    """
    if not number:
        return Unusable.NONE
    if number == line:
        return Unusable.INVALID
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return Unusable.INVALID
    region = phonenumbers.region_code_for_number(parsed)
    national = str(parsed.national_number)
    if phonenumbers.is_emergency_number(national, region or "US"):
        return Unusable.EMERGENCY
    kind = phonenumbers.number_type(parsed)
    if kind == PhoneNumberType.UNKNOWN:  # which is what the library calls not valid
        return Unusable.INVALID
    if kind in _COSTLY:
        return Unusable.PREMIUM
    if region != country(line):
        return Unusable.OTHER_COUNTRY
    return None


@lru_cache(maxsize=256)  # of our own lines, mostly: each call asks for the one that it came in on
def country(number: str) -> str | None:
    """Return the two-letter country of an E.164 number."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return None


def may_take_texts(number: str) -> bool:
    """Tell whether a text can reach `number`, as far as its plan shows; in the US it rarely shows."""
    try:
        kind = phonenumbers.number_type(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False
    return kind in {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.VOIP}


def spoken(number: str) -> str:
    """Write a number as people of its country do, for a page or a letter."""
    return phonenumbers.format_number(phonenumbers.parse(number, None), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def written(number: str, region: str) -> str:
    """Write a number as people of `region` type it: without the country code where it is read as the same without."""
    parsed = phonenumbers.parse(number, None)
    if parsed.country_code == phonenumbers.country_code_for_region(region):
        national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
        read = possible(national, region)
        if read is not None and (read.number, read.extension) == (number, None):
            return national
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def number_key(number: str, secret: bytes) -> str:
    """Return the keyed hash under which a number may be kept and looked up (requirements 9)."""
    return hmac.new(secret, number.encode(), hashlib.sha256).hexdigest()
