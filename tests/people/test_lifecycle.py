"""Where a provider and a client stand: every move that is listed, and that nothing else moves them."""

from itertools import product

import pytest

from config.lifecycles import next_state
from people.rules.lifecycle import ENROLMENT, RELATIONSHIP
from people.values import EnrolmentEvent, EnrolmentState
from people.values import RelationshipEvent as Event
from people.values import RelationshipState as State

LISTED = {
    (State.PROSPECT, Event.BECOMES_ACTIVE): State.ACTIVE,
    (State.PROSPECT, Event.ARCHIVED): State.ARCHIVED,
    (State.PROSPECT, Event.BLOCKED): State.BLOCKED,
    (State.PROPOSED, Event.ACCEPTED): State.ACTIVE,
    (State.PROPOSED, Event.BECOMES_ACTIVE): State.ACTIVE,
    (State.PROPOSED, Event.ARCHIVED): State.ARCHIVED,
    (State.PROPOSED, Event.BLOCKED): State.BLOCKED,
    (State.ACTIVE, Event.BECOMES_ACTIVE): State.ACTIVE,
    (State.ACTIVE, Event.ARCHIVED): State.ARCHIVED,
    (State.ACTIVE, Event.BLOCKED): State.BLOCKED,
    (State.ARCHIVED, Event.UNARCHIVED): State.ACTIVE,
    (State.ARCHIVED, Event.PROPOSED_AGAIN): State.PROPOSED,
    (State.ARCHIVED, Event.BLOCKED): State.BLOCKED,
}


@pytest.mark.parametrize(("state", "event"), [*product(State, Event)])
def test_a_relationship_moves_as_listed_and_not_otherwise(state: State, event: Event) -> None:
    assert next_state(RELATIONSHIP, state, event) is LISTED.get((state, event))


def test_whoever_is_archived_comes_back_by_the_providers_will_only() -> None:
    """4.6: a client who books again does not become active by it, the provider is asked first."""
    assert next_state(RELATIONSHIP, State.ARCHIVED, Event.BECOMES_ACTIVE) is None
    assert State.BLOCKED not in RELATIONSHIP


ENROLMENT_MOVES = {
    (EnrolmentState.INCOMPLETE, EnrolmentEvent.SUBMIT): EnrolmentState.COMPLETED,
    (EnrolmentState.INCOMPLETE, EnrolmentEvent.DELETE): EnrolmentState.DELETED,
    (EnrolmentState.INCOMPLETE, EnrolmentEvent.DEACTIVATE): EnrolmentState.DEACTIVATED,
    (EnrolmentState.COMPLETED, EnrolmentEvent.SUBMIT): EnrolmentState.COMPLETED,
    (EnrolmentState.COMPLETED, EnrolmentEvent.DEACTIVATE): EnrolmentState.DEACTIVATED,
}


@pytest.mark.parametrize(("state", "event"), [*product(EnrolmentState, EnrolmentEvent)])
def test_an_enrolment_moves_as_listed_and_not_otherwise(state: EnrolmentState, event: EnrolmentEvent) -> None:
    """Requirements 4.7."""
    assert next_state(ENROLMENT, state, event) is ENROLMENT_MOVES.get((state, event))
