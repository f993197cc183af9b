"""What a telephone number is, and which ones are never rung or matched."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.keys import derive
from config.phones import (
    WITHHELD_DIGITS,
    CallerId,
    CallerKind,
    Unusable,
    country,
    e164,
    may_take_texts,
    number_key,
    read_caller,
    spoken,
    unusable,
)

LINE = "+12125550100"

# Telephony 1: words that carriers send in place of a number, and what a keypad makes of them.
WORDS = {
    "anonymous": "266696687",
    "restricted": "7378742833",
    "blocked": "2562533",
    "unknown": "8656696",
    "unavailable": "86282452253",
    "private": "7748283",
}
KEYPAD = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")


@pytest.mark.parametrize(("word", "digits"), WORDS.items())
def test_the_table_of_withheld_numbers_is_what_a_keypad_makes_of_the_words(word: str, digits: str) -> None:
    assert word.translate(KEYPAD) == digits
    assert digits in WITHHELD_DIGITS


@pytest.mark.parametrize("digits", sorted(WITHHELD_DIGITS))
@pytest.mark.parametrize("prefix", ["", "+", "+1", "1"])
def test_f27_a_word_typed_on_a_keypad_is_a_withheld_number(digits: str, prefix: str) -> None:
    assert read_caller(prefix + digits) == CallerId(CallerKind.WITHHELD)


def test_f27_the_one_that_looks_like_a_number_of_austin_is_withheld_too() -> None:
    assert e164("+17378742833") == "+17378742833"  # the library takes it for a number
    assert read_caller("+17378742833") == CallerId(CallerKind.WITHHELD)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("+12125550123", CallerId(CallerKind.NUMBER, "+12125550123")),
        (" +12125550123 ", CallerId(CallerKind.NUMBER, "+12125550123")),
        ("+442079460018", CallerId(CallerKind.NUMBER, "+442079460018")),
        *(
            (word, CallerId(CallerKind.WITHHELD))
            for word in ("", "   ", "Anonymous", "anonymous", "ANONYMOUS", "Restricted", "unknown", "Unavailable")
        ),
        *((word, CallerId(CallerKind.WITHHELD)) for word in ("private", "blocked", "withheld", "ex-directory")),
        # Its user part is the caller's to choose
        *(
            (address, CallerId(CallerKind.SIP))
            for address in (
                "sip:+12125550123@example.com",
                "SIP:+12125550123@example.com",
                "sips:+12125550123@example.com",
                " sip:12125550123",
                "+12125550123@example.com",
                "anonymous@anonymous.invalid",
                "<sip:+12125550123@example.com>",
            )
        ),
        *((name, CallerId(CallerKind.CLIENT)) for name in ("client:+12125550123", "Client:pat", " client:12125550123")),
        # Digits that are no number, or not written as one
        *(
            (digits, CallerId(CallerKind.INVALID))
            for digits in (
                "2125550123",
                "12125550123",
                "+1212555012",
                "+121255501234",
                "+1",
                "+",
                "++12125550123",
                "+0",
                "+999999999999",
                "+1 212 555 0123",
                "+1212555\u0660123",
                "+1212555012\x00",
                "+12125550123;ext=5",
                "+" + "1" * 5000,
            )
        ),
    ],
)
def test_what_stands_in_a_carriers_from(raw: str, expected: CallerId) -> None:
    assert expected == read_caller(raw)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30) | st.text("+0123456789 sip:client@", max_size=20))
def test_only_a_valid_number_is_ever_matched(raw: str) -> None:
    found = read_caller(raw)

    assert (found.number is not None) is (found.kind is CallerKind.NUMBER)
    if found.number is not None:
        assert found.number == raw.strip() == e164(found.number)
        assert found.number.removeprefix("+").removeprefix("1") not in WITHHELD_DIGITS


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("+12125550123", None, "+12125550123"),
        ("+1 (212) 555-0123", None, "+12125550123"),
        ("212-555-0123", "US", "+12125550123"),
        ("(212) 555.0123", "US", "+12125550123"),
        ("1 212 555 0123", "US", "+12125550123"),
        ("+44 20 7946 0018", "US", "+442079460018"),
        ("212-555-0123", None, None),
        ("212-555-0123 ext. 5", "US", None),
        ("+12125550123x5", None, None),
        ("+1 012 555 0123", None, None),
        ("911", "US", None),
        ("", "US", None),
        ("Casey", "US", None),
        ("1" * 300, "US", None),
    ],
)
def test_a_number_in_any_spelling(text: str, region: str | None, expected: str | None) -> None:
    assert e164(text, region) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+12125550142", None),
        ("+16465550100", None),
        ("+18005550142", None),
        (None, Unusable.NONE),
        ("", Unusable.NONE),
        ("12125550142", Unusable.INVALID),
        ("+1212555", Unusable.INVALID),
        ("Casey", Unusable.INVALID),
        ("+999123456789", Unusable.INVALID),
        ("911", Unusable.INVALID),
        (LINE, Unusable.INVALID),
        ("+19002345678", Unusable.PREMIUM),
        ("+449098790000", Unusable.PREMIUM),
        ("+1911", Unusable.EMERGENCY),
        ("+1112", Unusable.EMERGENCY),
        ("+44999", Unusable.INVALID),
        ("+442079460018", Unusable.OTHER_COUNTRY),
        ("+14165550142", Unusable.OTHER_COUNTRY),  # Canada has the same country code
        ("+18765550142", Unusable.OTHER_COUNTRY),  # and so has Jamaica
        ("+523312345678", Unusable.OTHER_COUNTRY),
    ],
)
def test_f25_what_may_be_rung_through_a_line(number: str | None, expected: Unusable | None) -> None:
    assert unusable(number, LINE) is expected


def test_what_another_country_is_depends_on_the_line() -> None:
    canadian, british = "+14165550142", "+442079460018"

    assert unusable(canadian, "+14165550100") is None
    assert unusable(british, "+442079460000") is None
    assert unusable("+12125550142", "+14165550100") is Unusable.OTHER_COUNTRY


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=20) | st.from_regex(r"\+1[0-9]{1,12}", fullmatch=True))
def test_f25_only_valid_numbers_of_the_lines_country_are_rung(number: str) -> None:
    if unusable(number, LINE) is None:
        assert e164(number) is not None
        assert country(number) == country(LINE)
        assert not re.fullmatch(r"\+1900\d{7}", number)
        assert number != LINE


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+12125550123", True),  # in the US the plan does not tell mobiles from landlines
        ("+447400123456", True),
        ("+442079460018", False),
        ("+18005550142", False),
        ("nonsense", False),
    ],
)
def test_what_may_take_a_text(number: str, expected: bool) -> None:
    assert may_take_texts(number) is expected


def test_the_country_of_a_number() -> None:
    assert [country(n) for n in (LINE, "+14165550142", "nonsense")] == ["US", "CA", None]


def test_a_number_is_written_as_people_write_it() -> None:
    assert spoken("+12125550123") == "+1 212-555-0123"


def test_a_number_is_kept_under_a_key_that_only_the_secret_makes() -> None:
    key, other = derive("one secret", "numbers"), derive("another secret", "numbers")

    assert number_key("+12125550123", key) == number_key("+12125550123", key)
    assert number_key("+12125550123", key) != number_key("+12125550123", other)
    assert number_key("+12125550123", key) != number_key("+12125550124", key)
    assert re.fullmatch("[0-9a-f]{64}", number_key("+12125550123", key))


def test_keys_of_different_purposes_differ() -> None:
    assert len({derive("one secret", purpose) for purpose in ("numbers", "pins", "codes", "tokens")}) == 4
