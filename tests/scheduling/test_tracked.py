"""Which appointments are held over the line and tracked: R100 and R101, over all sources."""

from itertools import product

import pytest

from scheduling.values import SessionType, Source, tracked

BY_SOURCE = {
    Source.PLATFORM_SEARCH: True,
    Source.BOOKING_LINK: True,
    Source.COLLEAGUE: True,
    Source.PAYER: True,
    Source.CLIENT_PORTAL: False,
    Source.PROVIDER_MADE: False,
}


def test_the_table_has_every_source() -> None:
    assert set(BY_SOURCE) | {Source.WAITLIST_OFFER} == set(Source)


@pytest.mark.parametrize(("source", "expected"), BY_SOURCE.items())
def test_a_consultation_is_tracked_by_who_made_it(source: Source, expected: bool) -> None:
    assert tracked(SessionType.PHONE_CONSULTATION, source, None) is expected


@pytest.mark.parametrize(("original", "expected"), [*BY_SOURCE.items(), (None, False), (Source.WAITLIST_OFFER, False)])
def test_a_waitlist_offer_is_tracked_as_its_original_was(original: Source | None, expected: bool) -> None:
    assert tracked(SessionType.PHONE_CONSULTATION, Source.WAITLIST_OFFER, original) is expected


@pytest.mark.parametrize(("source", "original"), [*product(BY_SOURCE, Source)])
def test_the_original_of_any_other_source_does_not_count(source: Source, original: Source) -> None:
    assert tracked(SessionType.PHONE_CONSULTATION, source, original) is BY_SOURCE[source]


@pytest.mark.parametrize(("source", "original"), [*product(Source, (None, *Source))])
def test_a_paid_session_is_never_tracked(source: Source, original: Source | None) -> None:
    assert not tracked(SessionType.FULL_SESSION, source, original)
