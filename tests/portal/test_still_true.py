"""Whether a letter about scheduling still says what is so: a table of how things may stand by the time it is sent."""

from dataclasses import replace

import pytest

from portal import rules
from portal.rules import Standing
from scheduling.values import AppointmentState, DraftState, RequestState, SessionType, WaitlistState
from status.values import NoticeKey, PsychiatricState, ReferralState

CALL, SESSION = SessionType.PHONE_CONSULTATION, SessionType.FULL_SESSION
BOOKED = Standing(state=AppointmentState.BOOKED, session_type=CALL)
TOO_LATE = Standing(too_late=True)


def only(key: NoticeKey, name: str, true_in: set[str], words: type) -> list[tuple[NoticeKey, Standing, bool]]:
    """Return a row for each word of a state: the letter is true in some, and not without any."""
    rows = [(key, Standing(**{name: word}), word in true_in) for word in words]  # type: ignore[attr-defined]
    return [*rows, (key, Standing(), False)]


AHEAD = [
    NoticeKey.NEW_REFERRAL,
    NoticeKey.BOOKING_MADE,
    NoticeKey.REQUEST_ACCEPTED,
    NoticeKey.RESCHEDULED,
    NoticeKey.CLIENT_REMINDER,
    NoticeKey.SWITCHED_TO_CALL,
]
TABLE = [
    *(
        (key, replace(BOOKED, state=state), state is AppointmentState.BOOKED)
        for key in AHEAD
        for state in AppointmentState
    ),
    *((key, replace(BOOKED, over=True, begun=True), False) for key in AHEAD),
    # What has begun is news as long as it lasts, but nothing to be reminded of.
    *((key, replace(BOOKED, begun=True), key is not NoticeKey.CLIENT_REMINDER) for key in AHEAD),
    # What was written for another time says so only where the time is the news.
    *(
        (key, replace(BOOKED, same_occurrence=False), key not in {NoticeKey.RESCHEDULED, NoticeKey.CLIENT_REMINDER})
        for key in AHEAD
    ),
    (NoticeKey.SWITCHED_TO_CALL, replace(BOOKED, session_type=SESSION), False),
    *only(NoticeKey.CANCELLED_BY_PROVIDER, "state", {"cancelled_p"}, AppointmentState),
    *only(NoticeKey.CANCELLED_BY_CLIENT, "state", {"cancelled_c"}, AppointmentState),
    *only(NoticeKey.REQUEST_TO_DECIDE, "request", {"pending"}, RequestState),
    *only(NoticeKey.REQUEST_EXPIRING, "request", {"pending"}, RequestState),
    *only(NoticeKey.REQUEST_DECLINED, "request", {"declined"}, RequestState),
    *only(NoticeKey.REQUEST_EXPIRED, "request", {"expired"}, RequestState),
    *only(NoticeKey.REQUEST_WITHDRAWN, "request", {"withdrawn"}, RequestState),
    *only(NoticeKey.WAITLIST_OPENING, "waits", {"offered"}, WaitlistState),
    *only(NoticeKey.BOOKING_CODE, "draft", {"awaiting_code"}, DraftState),
    *only(NoticeKey.NO_CONTACT, "referral", {"no_contact"}, ReferralState),
    *only(NoticeKey.HANDED_BACK, "referral", {"handed_back"}, ReferralState),
    *only(NoticeKey.CLIENT_MOVED_ON, "referral", {"rematch_by_client"}, ReferralState),
    *only(NoticeKey.PSYCHIATRIC_REFERRAL, "psychiatric", {"sent"}, PsychiatricState),
    *only(
        NoticeKey.PSYCHIATRIC_ANSWERED,
        "psychiatric",
        {"accepted", "declined", "expired", "first_visit"},
        PsychiatricState,
    ),
    (NoticeKey.REQUEST_TO_DECIDE, replace(TOO_LATE, request=RequestState.PENDING), False),
    (NoticeKey.REQUEST_EXPIRING, replace(TOO_LATE, request=RequestState.PENDING), False),
    (NoticeKey.REQUEST_DECLINED, replace(TOO_LATE, request=RequestState.DECLINED), True),
    (NoticeKey.WAITLIST_OPENING, replace(TOO_LATE, waits=WaitlistState.OFFERED), False),
    (NoticeKey.BOOKING_CODE, replace(TOO_LATE, draft=DraftState.AWAITING_CODE), False),
    (NoticeKey.PSYCHIATRIC_REFERRAL, replace(TOO_LATE, psychiatric=PsychiatricState.SENT), False),
    (NoticeKey.PSYCHIATRIC_ANSWERED, replace(TOO_LATE, psychiatric=PsychiatricState.EXPIRED), True),
    (NoticeKey.SERIES_CHANGED, Standing(), True),
]


@pytest.mark.parametrize(("key", "now_is", "expected"), TABLE)
def test_a_letter_about_scheduling_is_still_true(key: NoticeKey, now_is: Standing, *, expected: bool) -> None:
    assert rules.still_true(key, now_is) is expected


@pytest.mark.parametrize("key", NoticeKey)
def test_every_letter_is_judged(key: NoticeKey) -> None:
    assert rules.still_true(key, Standing()) in {True, False}
