"""Whether a National Provider Identifier is well-formed: the published example, its edges, and what Luhn finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from people.rules.npi import well_formed

NINE = st.from_regex(r"[12][0-9]{8}", fullmatch=True)


@pytest.mark.parametrize(
    ("npi", "fine"),
    [
        ("1234567893", True),  # the example of the standard
        ("1234567890", False),
        ("2234567891", True),
        ("3234567899", False),  # the check digit is right, the first digit is not
        ("123456789", False),
        ("12345678930", False),
        ("1234567893\n", False),
        (" 1234567893", False),
        ("123456789\u0663", False),  # three, in Arabic digits
        ("", False),
    ],
)
def test_an_npi_has_ten_digits_a_known_first_one_and_a_right_last_one(npi: str, fine: bool) -> None:
    assert well_formed(npi) is fine


@given(NINE)
def test_exactly_one_last_digit_is_right_and_it_is_that_of_the_short_way(nine: str) -> None:
    doubled = [int(digit) * 2 if place % 2 == 0 else int(digit) for place, digit in enumerate(nine)]
    expected = -(24 + sum(n - 9 if n > 9 else n for n in doubled)) % 10

    assert [last for last in range(10) if well_formed(f"{nine}{last}")] == [expected]


@given(NINE, st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_is_found_out(nine: str, place: int, off: int) -> None:
    right = next(f"{nine}{last}" for last in range(10) if well_formed(f"{nine}{last}"))
    wrong = f"{right[:place]}{(int(right[place]) + off) % 10}{right[place + 1 :]}"

    assert not well_formed(wrong)


@given(NINE, st.integers(1, 8))
def test_two_swapped_neighbours_are_found_out_save_0_and_9(nine: str, place: int) -> None:
    right = next(f"{nine}{last}" for last in range(10) if well_formed(f"{nine}{last}"))
    one, other = right[place], right[place + 1]
    swapped = f"{right[:place]}{other}{one}{right[place + 2 :]}"

    assert well_formed(swapped) is (one == other or {one, other} == {"0", "9"})
