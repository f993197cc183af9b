"""Offers: what was shown can be shown again, unchanged and for ten minutes (R23)."""

import re
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.rules.offers import BadOffer, read, sign
from scheduling.values import Offer, SessionType, Source

KEY, LIVES = b"k" * 32, timedelta(minutes=10)
MALFORMED = BadOffer.MALFORMED
ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
ISSUED = datetime(2026, 11, 24, 15, 0, 0, 250_000, tzinfo=UTC)
OFFER = Offer(
    provider_id=UUID(int=1),
    session_type=SessionType.FULL_SESSION,
    source=Source.BOOKING_LINK,
    starts_at=datetime(2026, 12, 1, 15, tzinfo=UTC),
    ends_at=datetime(2026, 12, 1, 15, 50, tzinfo=UTC),
    issued_at=ISSUED,
)

instants = st.datetimes(datetime(1980, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
offers = st.builds(
    Offer,
    provider_id=st.uuids(),
    session_type=st.sampled_from(SessionType),
    source=st.sampled_from(Source),
    starts_at=instants,
    ends_at=instants,
    issued_at=instants,
    label=st.none() | st.text(max_size=40),
    payer_id=st.none() | st.uuids(),
)


@given(offers, st.binary(min_size=32, max_size=32))
def test_an_offer_comes_back_as_it_was_signed(offer: Offer, key: bytes) -> None:
    assert read(sign(offer, key), key, now=offer.issued_at, lives=LIVES) == offer


@given(offers)
def test_its_text_can_stand_in_an_address(offer: Offer) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]+", sign(offer, KEY))


def test_its_text_is_short() -> None:
    assert len(sign(OFFER, KEY)) <= 83
    assert len(sign(replace(OFFER, payer_id=uuid4(), label="l" * 40), KEY)) <= 160


@given(offers, st.data())
def test_no_character_can_be_changed(offer: Offer, data: st.DataObject) -> None:
    text = sign(offer, KEY)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters().filter(lambda character: character != text[at]))

    told = read(text[:at] + other + text[at + 1 :], KEY, now=offer.issued_at, lives=LIVES)

    assert told in {BadOffer.MALFORMED, BadOffer.FORGED}


@given(offers, st.data())
def test_nothing_can_be_left_out_or_added(offer: Offer, data: st.DataObject) -> None:
    text = sign(offer, KEY)
    at = data.draw(st.integers(0, len(text) - 1))
    more = data.draw(st.text(min_size=1))

    for changed in (text[:at], text[at + 1 :], text + more, more + text, text[:at] + more + text[at:]):
        assert read(changed, KEY, now=offer.issued_at, lives=LIVES) in {BadOffer.MALFORMED, BadOffer.FORGED}


def test_one_offer_has_one_text() -> None:
    """Base64 reads more than it writes: other signs are skipped, and the last character has bits that say nothing."""
    text = sign(OFFER, KEY)
    last = ALPHABET.index(text[-1])
    said = last & 0b110000 if len(text) % 4 == 2 else last & 0b111100
    twins = [text[:-1] + letter for at, letter in enumerate(ALPHABET) if at & said == said and at > last]

    for other in (*twins, text + "=", text + "!", "\n" + text, f"{text[:9]} {text[9:]}", text + "=" * 4):
        assert read(other, KEY, now=ISSUED, lives=LIVES) in {BadOffer.MALFORMED, BadOffer.FORGED}
    longer = sign(replace(OFFER, label="~~~???"), KEY)
    for one, other in ("-+", "_/"):
        assert one not in longer or read(longer.replace(one, other), KEY, now=ISSUED, lives=LIVES) is MALFORMED


@given(st.text() | st.binary().map(lambda some: some.hex()))
def test_any_other_text_is_no_offer(text: str) -> None:
    assert read(text, KEY, now=ISSUED, lives=LIVES) in {BadOffer.MALFORMED, BadOffer.FORGED}


def test_another_key_reads_nothing() -> None:
    assert read(sign(OFFER, KEY), b"o" * 32, now=ISSUED, lives=LIVES) is BadOffer.FORGED


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (timedelta(0), OFFER),
        (LIVES - timedelta(seconds=1), OFFER),
        (LIVES - timedelta(microseconds=1), OFFER),
        (LIVES, BadOffer.EXPIRED),
        (LIVES + timedelta(seconds=1), BadOffer.EXPIRED),
        (timedelta(days=1), BadOffer.EXPIRED),
    ],
)
def test_it_is_good_for_ten_minutes_and_not_at_their_end(after: timedelta, told: Offer | BadOffer) -> None:
    assert read(sign(OFFER, KEY), KEY, now=ISSUED + after, lives=LIVES) == told


def test_a_forged_offer_is_told_as_such_even_when_it_is_old() -> None:
    assert read(sign(OFFER, b"o" * 32), KEY, now=ISSUED + LIVES * 9, lives=LIVES) is BadOffer.FORGED


def test_the_clock_of_another_process_may_be_behind() -> None:
    assert read(sign(OFFER, KEY), KEY, now=ISSUED - timedelta(seconds=2), lives=LIVES) == OFFER


def test_no_label_and_an_empty_one_are_two_things() -> None:
    for label in (None, "", "=", "clinic-website"):
        offer = replace(OFFER, label=label)
        assert read(sign(offer, KEY), KEY, now=ISSUED, lives=LIVES) == offer


def test_every_word_has_a_number_of_its_own() -> None:
    texts = {
        sign(replace(OFFER, session_type=session_type, source=source), KEY)
        for session_type in SessionType
        for source in Source
    }
    assert len(texts) == len(SessionType) * len(Source)


def test_an_offer_that_is_out_there_keeps_its_meaning() -> None:
    """Written by the first release; whoever changes the form gives it another version and keeps reading this one."""
    text = "AQAAAAAAAAAAAAAAAAAAAAEBAgAGYZPHxhwAAAZhlHqWegAABmEG9uZMkAAhiZKWLrjWAQzbo70vGpD0"

    assert read(text, KEY, now=ISSUED, lives=LIVES) == OFFER
