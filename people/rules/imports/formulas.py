"""What a spreadsheet would take for a formula (5.7): written with a quote before it, and read without."""

import re

# Full-width forms as well: some programs fold them before they look.
_FORMULA = re.compile("'*[=+\\-@\t\r\x00\uff1d\uff0b\uff0d\uff20]")


def guard(text: str) -> str:
    """Return `text` as a cell of a .csv that no spreadsheet runs; `unguard` gives it back, whatever it is."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguard(text: str) -> str:
    """Take away the one quote that `guard` has set."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
