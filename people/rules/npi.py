"""National Provider Identifiers: whether one is well-formed (requirements 3.6)."""

import re

# What stands before the ten digits when the check digit is made: the number of the card issuer, by the standard.
PREFIX = "80840"
_NPI = re.compile(r"[12][0-9]{9}")


def well_formed(npi: str) -> bool:
    """Tell whether this can be an NPI: ten digits, the first 1 or 2, and the check digit right. Not whether it exists.

    Swapped neighbours are found out, save 0 and 9: that is how this check digit works.
    """
    if not _NPI.fullmatch(npi):
        return False
    digits = [int(digit) for digit in reversed(PREFIX + npi)]
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
