"""Which letters there are: to whom, and by which ways."""

import pytest

from status.rules.letters import KINDS, WAYS, ensure_known
from status.values import Channel, NoticeKey, Recipient


def test_no_letter_stands_twice_and_every_text_can_become_a_mail() -> None:
    """Save for the code that proves a number: a mail would prove the address."""
    only_texts = {kind.key for kind in KINDS if Channel.TEXT in kind.ways and Channel.MAIL not in kind.ways}
    assert len(WAYS) == len(KINDS)
    assert only_texts == {NoticeKey.NUMBER_CODE}
    assert all(kind.ways and kind.written for kind in KINDS)


@pytest.mark.parametrize(
    ("key", "reader", "way"),
    [
        (NoticeKey.REMINDER, Recipient.CLIENT, Channel.MAIL),  # clients never learn of the line (1.13)
        (NoticeKey.NEW_REFERRAL, Recipient.CLIENT, Channel.MAIL),
        (NoticeKey.HANDED_BACK, Recipient.PROVIDER, Channel.MAIL),
        (NoticeKey.BOOKING_MADE, Recipient.CLIENT, Channel.TEXT),
        (NoticeKey.STATUS_TASK, Recipient.PROVIDER, Channel.MAIL),
    ],
)
def test_a_letter_that_nobody_has_written_is_a_bug(key: NoticeKey, reader: Recipient, way: Channel) -> None:
    with pytest.raises(ValueError, match=key.value):
        ensure_known(key, reader, way)


@pytest.mark.parametrize(
    ("key", "reader", "way"), [(*known, way) for known, ways in WAYS.items() for way in sorted(ways)]
)
def test_the_others_are_known(key: NoticeKey, reader: Recipient, way: Channel) -> None:
    ensure_known(key, reader, way)
