"""How long before its start an appointment can be booked (R24, R25, R92)."""

from datetime import timedelta

import pytest

from scheduling.rules.notice import least_notice
from scheduling.rules.policy import policy_for
from scheduling.values import Acceptance, Source


def notice(
    source: Source,
    *,
    urgent: float | None = None,
    usual: float = 48,
    cutoff: float = 2,
    decision: float = 4,
    asked: Acceptance | None = None,
    instant: bool = False,
) -> float:
    found = least_notice(
        source,
        policy_for(source, asked, payer_is_instant=instant),
        usual=timedelta(hours=usual),
        urgent=None if urgent is None else timedelta(hours=urgent),
        cutoff=timedelta(hours=cutoff),
        decision=timedelta(hours=decision),
    )
    return found / timedelta(hours=1)


S, A = Source, Acceptance


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # The toggle of 48 hours (R25)
        pytest.param(notice(S.PLATFORM_SEARCH), 48, id="off: 48 hours"),
        pytest.param(notice(S.PLATFORM_SEARCH, urgent=2), 2, id="on: the floor"),
        pytest.param(notice(S.BOOKING_LINK, urgent=47), 47, id="on, with a high floor"),
        pytest.param(notice(S.COLLEAGUE, urgent=2, usual=1), 1, id="urgent never asks for more than usual"),
        pytest.param(notice(S.BOOKING_LINK, usual=0), 0, id="a house without notice"),
        # Whom no notice binds (1.16)
        pytest.param(notice(S.PROVIDER_MADE), 0, id="the provider's own hand"),
        pytest.param(notice(S.WAITLIST_OFFER), 0, id="what was freed"),
        # Somebody has to say yes (R92)
        pytest.param(notice(S.CLIENT_PORTAL), 48, id="48 hours leave time enough"),
        pytest.param(notice(S.CLIENT_PORTAL, urgent=2), 6, id="4 hours to decide, until 2 before the start"),
        pytest.param(notice(S.CLIENT_PORTAL, urgent=2, asked=A.NONE), 2, id="nobody is asked"),
        pytest.param(notice(S.PLATFORM_SEARCH, urgent=2, asked=A.REQUIRED), 6, id="a practice asks for every source"),
        pytest.param(notice(S.CLIENT_PORTAL, urgent=7), 7, id="what is longer anyway"),
        pytest.param(notice(S.CLIENT_PORTAL, urgent=2, cutoff=0, decision=1 / 6), 2, id="a floor of its own counts"),
        # A payer never gets nearer than two hours (1.16)
        pytest.param(notice(S.PAYER, urgent=1), 6, id="a payer is asked for, too"),
        pytest.param(notice(S.PAYER, urgent=1, asked=A.NONE, instant=True), 2, id="instant: two hours all the same"),
        pytest.param(notice(S.BOOKING_LINK, urgent=1), 1, id="who is no payer may get nearer"),
    ],
)
def test_r24_r25_r92_the_least_notice(found: float, expected: float) -> None:
    assert found == pytest.approx(expected)
