"""Which number a provider is shown: every line of the closed list, and which of two reasons is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.rules.contact import ContactFacts, contact
from bridge.values import Contact, ContactKind, ContactReason
from people.values import PracticeKind
from scheduling.values import AppointmentState, SessionType

START = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
OPENS, ENDS = START - timedelta(seconds=60), START + timedelta(minutes=15)
LINE, CLIENT = "+12125550100", "+12125550142"

USABLE = ContactFacts(
    session_type=SessionType.PHONE_CONSULTATION,
    tracked=True,
    state=AppointmentState.BOOKED,
    opens_at=OPENS,
    ends_at=ENDS,
    line=LINE,
    client_number=CLIENT,
    verified=True,
    shared_by=1,
    has_pin=False,
    practice_kind=PracticeKind.SOLO,
    line_enabled=True,
    revealed=False,
)
GROUP = replace(USABLE, practice_kind=PracticeKind.GROUP, has_pin=True)
BY_LINE = Contact(kind=ContactKind.LINE, number=LINE, opens_at=OPENS, closes_at=ENDS)


def direct(reason: ContactReason, number: str = CLIENT) -> Contact:
    return Contact(kind=ContactKind.DIRECT, number=number, reason=reason)


def none(reason: ContactReason) -> Contact:
    return Contact(kind=ContactKind.NONE, reason=reason)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(USABLE, BY_LINE, id="tracked and usable"),
        pytest.param(replace(USABLE, line_enabled=False), BY_LINE, id="solo has the line in any case"),
        pytest.param(GROUP, BY_LINE, id="a group with the line and a PIN"),
        pytest.param(replace(USABLE, shared_by=2, has_pin=True), BY_LINE, id="shared, with a PIN"),
        pytest.param(replace(USABLE, revealed=True), direct(ContactReason.OUTAGE), id="laid open"),
        pytest.param(replace(USABLE, line=None), direct(ContactReason.OUTAGE), id="no line to be had"),
        pytest.param(replace(USABLE, verified=False), direct(ContactReason.NUMBER_NOT_VERIFIED), id="not verified"),
        pytest.param(replace(USABLE, shared_by=2), direct(ContactReason.SHARED_NUMBER), id="shared, without a PIN"),
        pytest.param(
            replace(GROUP, line_enabled=False),
            direct(ContactReason.GROUP_PRACTICE),
            id="a group with the line off",
        ),
        pytest.param(replace(GROUP, has_pin=False), direct(ContactReason.GROUP_PRACTICE), id="a group without a PIN"),
        pytest.param(
            replace(USABLE, tracked=False, line=None),
            direct(ContactReason.SELF_SCHEDULED),
            id="made by the provider",
        ),
        pytest.param(replace(USABLE, client_number=None), none(ContactReason.NO_CLIENT_NUMBER), id="no number"),
        pytest.param(
            replace(USABLE, client_number="+442079460018"),
            none(ContactReason.NO_CLIENT_NUMBER),
            id="a number that the line cannot ring",
        ),
        pytest.param(
            replace(USABLE, tracked=False, line=None, client_number="+442079460018"),
            direct(ContactReason.SELF_SCHEDULED, "+442079460018"),
            id="but the provider may, for their own appointments",
        ),
        pytest.param(
            replace(USABLE, session_type=SessionType.FULL_SESSION, tracked=False),
            none(ContactReason.NOT_A_CALL),
            id="a full session",
        ),
        *(
            pytest.param(replace(USABLE, state=state), none(ContactReason.CANCELLED), id=state.value)
            for state in (
                AppointmentState.CANCELLED_BY_CLIENT,
                AppointmentState.CANCELLED_BY_PROVIDER,
                AppointmentState.RELEASED,
            )
        ),
        # Two reasons at once
        pytest.param(
            replace(USABLE, revealed=True, verified=False, shared_by=2),
            direct(ContactReason.OUTAGE),
            id="an outage before what the provider could mend",
        ),
        pytest.param(
            replace(GROUP, verified=False, line_enabled=False),
            direct(ContactReason.NUMBER_NOT_VERIFIED),
            id="not verified before the group's line",
        ),
        pytest.param(
            replace(USABLE, tracked=False, line=None, revealed=True),
            direct(ContactReason.SELF_SCHEDULED),
            id="no outage of what is not on the line",
        ),
        pytest.param(
            replace(USABLE, client_number=None, revealed=True),
            none(ContactReason.NO_CLIENT_NUMBER),
            id="an outage lays nothing open where there is nothing",
        ),
    ],
)
def test_what_is_shown(facts: ContactFacts, expected: Contact) -> None:
    assert expected == contact(facts, START)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param(START - timedelta(days=30), BY_LINE, id="from booking on (R105)"),
        pytest.param(OPENS, BY_LINE, id="opens"),
        pytest.param(ENDS - timedelta(microseconds=1), BY_LINE, id="until the end"),
        pytest.param(ENDS, none(ContactReason.WINDOW_OVER), id="the end"),
        pytest.param(ENDS + timedelta(days=1), none(ContactReason.WINDOW_OVER), id="after it"),
    ],
)
def test_the_line_is_shown_from_booking_to_the_end(at: datetime, expected: Contact) -> None:
    assert expected == contact(USABLE, at)


def test_a_number_that_was_laid_open_stays_so_to_its_end_and_no_longer() -> None:
    revealed = replace(USABLE, revealed=True)

    assert contact(revealed, ENDS - timedelta(seconds=1)) == direct(ContactReason.OUTAGE)
    assert contact(revealed, ENDS) == none(ContactReason.WINDOW_OVER)


@settings(max_examples=300, deadline=None)
@given(
    st.builds(
        ContactFacts,
        session_type=st.sampled_from(SessionType),
        tracked=st.booleans(),
        state=st.sampled_from(AppointmentState),
        opens_at=st.just(OPENS),
        ends_at=st.just(ENDS),
        line=st.sampled_from([LINE, None]),
        client_number=st.sampled_from([CLIENT, None, "", "+442079460018"]),
        verified=st.booleans(),
        shared_by=st.integers(1, 3),
        has_pin=st.booleans(),
        practice_kind=st.sampled_from(PracticeKind),
        line_enabled=st.booleans(),
        revealed=st.booleans(),
    ),
    st.sampled_from([OPENS, ENDS - timedelta(seconds=1), ENDS]),
)
def test_something_to_dial_or_a_reason_and_never_the_wrong_number(facts: ContactFacts, now: datetime) -> None:
    shown = contact(facts, now)

    assert (shown.reason is None) is (shown.kind is ContactKind.LINE)
    expected_number = {
        ContactKind.LINE: facts.line,
        ContactKind.DIRECT: facts.client_number,
        ContactKind.NONE: None,
    }
    assert shown.number == expected_number[shown.kind]
    assert (shown.opens_at is not None) is (shown.kind is ContactKind.LINE)
    if shown.kind is not ContactKind.NONE:
        assert shown.number
    if shown.kind is ContactKind.LINE:
        assert facts.tracked
        assert facts.verified
        assert facts.shared_by == 1 or facts.has_pin
