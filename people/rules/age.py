"""How old somebody is."""

from datetime import date


def age(born: date, on: date) -> int:
    """Return the years that somebody has completed on a day; born on February 29, a year is complete on March 1."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
