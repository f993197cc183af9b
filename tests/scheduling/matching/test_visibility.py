"""Why a provider is shown, or not: counts of searches, and below five of anything nothing."""

import pytest

from scheduling.rules.matching.visibility import Visibility, visibility
from scheduling.values import Answers, Candidate, Gate, Miss, Preference, SessionType
from tests.scheduling.matching.examples import CANDIDATE, NOW, asking, provider_id, settings

FITS, OTHER_PLAN, OTHER_STATE = asking(), asking(plan="medicare"), asking(state="CA")
SPANISH = asking(language="es", only=frozenset({Preference.LANGUAGE}))
REFUSED = asking(exclude=frozenset({provider_id(1)}))
PLAN, LICENSED = Miss(Gate.PLAN), Miss(Gate.LICENSED)


def seen(*asked: Answers, found: Candidate = CANDIDATE) -> Visibility:
    return visibility(dict.fromkeys(SessionType, found), asked, now=NOW)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(seen(), Visibility(searches=None), id="no search"),
        pytest.param(seen(*[OTHER_PLAN] * 4), Visibility(searches=None), id="four searches: nothing"),
        pytest.param(
            seen(*[OTHER_PLAN] * 5), Visibility(searches=5, passed=0, missed=((PLAN, 5),)), id="five searches"
        ),
        pytest.param(seen(*[FITS] * 5), Visibility(searches=5, passed=5), id="found by all"),
        pytest.param(
            seen(*[FITS] * 5, *[OTHER_PLAN] * 4), Visibility(searches=9, passed=5), id="a gate of four is not told"
        ),
        pytest.param(
            seen(*[FITS] * 4, *[OTHER_PLAN] * 5),
            Visibility(searches=9, passed=None, missed=((PLAN, 5),)),
            id="four that passed are not told either",
        ),
        pytest.param(
            seen(*[OTHER_STATE] * 5, *[OTHER_PLAN] * 6),
            Visibility(searches=11, passed=0, missed=((PLAN, 6), (LICENSED, 5))),
            id="the most frequent first",
        ),
        pytest.param(
            seen(*[asking(plan="medicare", state="CA")] * 5),
            Visibility(searches=5, passed=0, missed=((LICENSED, 5), (PLAN, 5))),
            id="a search can miss at two gates",
        ),
        pytest.param(
            seen(*[SPANISH] * 5),
            Visibility(searches=5, passed=0, missed=((Miss(Gate.PREFERENCE, Preference.LANGUAGE), 5),)),
            id="a wish that was a rule is named",
        ),
        pytest.param(
            seen(*[REFUSED] * 6), Visibility(searches=6, passed=6), id="that a client moved on is theirs to know (R19)"
        ),
        pytest.param(
            seen(*[FITS] * 7, found=settings(accepting=False)),
            Visibility(searches=7, passed=0, missed=((Miss(Gate.ACCEPTING), 7),)),
            id="as they are now, and not as they were",
        ),
    ],
)
def test_visibility(found: Visibility, expected: Visibility) -> None:
    assert found == expected
