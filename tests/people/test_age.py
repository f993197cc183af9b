"""How old somebody is (R13, R33): on the day before a birthday, on it, after it, and in years without February 29."""

from datetime import date

import pytest

from people.rules.age import age


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        (date(2008, 11, 24), date(2026, 11, 23), 17),
        (date(2008, 11, 24), date(2026, 11, 24), 18),
        (date(2008, 11, 24), date(2026, 11, 25), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 2, 29), date(2028, 2, 29), 20),
        (date(2026, 11, 24), date(2026, 11, 24), 0),
    ],
)
def test_a_year_is_complete_on_the_birthday(born: date, on: date, years: int) -> None:
    assert age(born, on) == years
