"""The lifecycles of the ledger: every row of requirements 4.4 and 4.5, and that nothing else moves them."""

from collections.abc import Mapping
from enum import StrEnum
from itertools import product

import pytest

from config.lifecycles import next_state
from status.rules.lifecycle import CONSULTATION, NOTICE, TASK
from status.values import (
    ConsultationEvent,
    ConsultationStatus,
    NoticeEvent,
    NoticeState,
    TaskEvent,
    TaskState,
)

S, E = ConsultationStatus, ConsultationEvent
CORRECTABLE = (S.OCCURRED_AUTO, S.OCCURRED_MANUAL, S.DID_NOT_OCCUR, S.UNKNOWN)

CONSULTATION_MOVES = {
    (S.SCHEDULED, E.HELD): S.OCCURRED_AUTO,
    (S.SCHEDULED, E.END_PASSED): S.AWAITING_STATUS,
    (S.SCHEDULED, E.RESCHEDULED): S.VOID_RESCHEDULED,
    (S.SCHEDULED, E.CANCELLED): S.NOT_APPLICABLE,
    (S.AWAITING_STATUS, E.ANSWERED_YES): S.OCCURRED_MANUAL,
    (S.AWAITING_STATUS, E.ANSWERED_NO): S.DID_NOT_OCCUR,
    (S.AWAITING_STATUS, E.HELD): S.OCCURRED_AUTO,
    (S.AWAITING_STATUS, E.WINDOW_CLOSED): S.UNKNOWN,
    (S.AWAITING_STATUS, E.RESCHEDULED): S.VOID_RESCHEDULED,
    **{(state, E.CORRECTED_YES): S.OCCURRED_MANUAL for state in CORRECTABLE},
    **{(state, E.CORRECTED_NO): S.DID_NOT_OCCUR for state in CORRECTABLE},
}

T, K = TaskState, TaskEvent
TASK_MOVES = {
    (T.OPEN, K.ANSWERED): T.DONE,
    (T.OPEN, K.SETTLED): T.CANCELLED,
    (T.OPEN, K.DUE_PASSED): T.EXPIRED,
}

N, V = NoticeState, NoticeEvent
NOTICE_MOVES = {
    (N.DUE, V.CLAIMED): N.CLAIMED,
    (N.DUE, V.POSTPONED): N.DUE,
    (N.DUE, V.NO_LONGER_TRUE): N.CANCELLED,
    (N.DUE, V.TOO_LATE): N.EXPIRED,
    (N.DUE, V.NOBODY_TO_REACH): N.SKIPPED,
    (N.DUE, V.DELIVERED): N.DELIVERED,
    (N.CLAIMED, V.TAKEN): N.SENT,
    (N.CLAIMED, V.SURELY_NOT_TAKEN): N.DUE,
    (N.CLAIMED, V.PERHAPS_TAKEN): N.UNCERTAIN,
    (N.CLAIMED, V.REFUSED_FOR_GOOD): N.FAILED,
    (N.CLAIMED, V.GIVEN_UP): N.FAILED,
    (N.CLAIMED, V.DELIVERED): N.DELIVERED,
    (N.CLAIMED, V.UNDELIVERED): N.UNDELIVERED,
    (N.UNCERTAIN, V.TAKEN): N.SENT,
    (N.UNCERTAIN, V.SURELY_NOT_TAKEN): N.DUE,
    (N.UNCERTAIN, V.GIVEN_UP): N.FAILED,
    (N.UNCERTAIN, V.DELIVERED): N.DELIVERED,
    (N.UNCERTAIN, V.UNDELIVERED): N.UNDELIVERED,
    (N.SENT, V.DELIVERED): N.DELIVERED,
    (N.SENT, V.UNDELIVERED): N.UNDELIVERED,
}


@pytest.mark.parametrize(("state", "event"), [*product(S, E)])
def test_a_consultation_moves_as_listed_and_not_otherwise(state: ConsultationStatus, event: ConsultationEvent) -> None:
    assert next_state(CONSULTATION, state, event) is CONSULTATION_MOVES.get((state, event))


@pytest.mark.parametrize(("state", "event"), [*product(T, K)])
def test_a_task_moves_as_listed_and_not_otherwise(state: TaskState, event: TaskEvent) -> None:
    assert next_state(TASK, state, event) is TASK_MOVES.get((state, event))


@pytest.mark.parametrize(("state", "event"), [*product(N, V)])
def test_a_notice_moves_as_listed_and_not_otherwise(state: NoticeState, event: NoticeEvent) -> None:
    assert next_state(NOTICE, state, event) is NOTICE_MOVES.get((state, event))


def test_r121_a_locked_status_is_changed_by_an_operator_only() -> None:
    moves = {event for state in S if state.locked for event in CONSULTATION.get(state, {})}

    assert moves == {E.CORRECTED_YES, E.CORRECTED_NO}


def test_r124_a_locked_status_is_not_reopened() -> None:
    after = {next_state(CONSULTATION, state, event) for state in S if state.locked for event in E}

    assert not after & {S.SCHEDULED, S.AWAITING_STATUS}


def test_every_move_of_an_open_consultation_either_asks_or_locks() -> None:
    for state in (S.SCHEDULED, S.AWAITING_STATUS):
        for after in CONSULTATION[state].values():
            assert after.locked or after is S.AWAITING_STATUS


@pytest.mark.parametrize(
    ("moves", "ends"),
    [
        (TASK, {T.DONE, T.CANCELLED, T.EXPIRED}),
        (NOTICE, {N.DELIVERED, N.UNDELIVERED, N.FAILED, N.CANCELLED, N.EXPIRED, N.SKIPPED}),
        (CONSULTATION, {S.VOID_RESCHEDULED, S.NOT_APPLICABLE}),
    ],
)
def test_what_is_over_stays_over(moves: Mapping[StrEnum, Mapping[StrEnum, StrEnum]], ends: set[StrEnum]) -> None:
    (kind,) = {type(state) for state in ends}

    assert {state for state in kind if not moves.get(state)} == ends


def test_a_text_that_may_be_on_its_way_is_never_simply_sent_again() -> None:
    """From uncertain it comes back to due only by the carrier's word that it was not taken."""
    assert [event for event, after in NOTICE[N.UNCERTAIN].items() if after is N.DUE] == [V.SURELY_NOT_TAKEN]
    assert V.CLAIMED not in NOTICE[N.UNCERTAIN]
    assert all(N.DUE not in NOTICE.get(state, {}).values() for state in (N.SENT, N.DELIVERED))
