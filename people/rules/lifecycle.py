"""The lifecycles of people, as tables: between a provider and a client, and in the referral programme."""

from collections.abc import Mapping

from people.values import EnrolmentEvent, EnrolmentState, RelationshipEvent, RelationshipState

_S, _E = RelationshipState, RelationshipEvent

RELATIONSHIP: Mapping[RelationshipState, Mapping[RelationshipEvent, RelationshipState]] = {
    _S.PROSPECT: {_E.BECOMES_ACTIVE: _S.ACTIVE, _E.ARCHIVED: _S.ARCHIVED, _E.BLOCKED: _S.BLOCKED},
    _S.PROPOSED: {
        _E.ACCEPTED: _S.ACTIVE,
        _E.BECOMES_ACTIVE: _S.ACTIVE,
        _E.ARCHIVED: _S.ARCHIVED,
        _E.BLOCKED: _S.BLOCKED,
    },
    _S.ACTIVE: {_E.BECOMES_ACTIVE: _S.ACTIVE, _E.ARCHIVED: _S.ARCHIVED, _E.BLOCKED: _S.BLOCKED},
    _S.ARCHIVED: {_E.UNARCHIVED: _S.ACTIVE, _E.PROPOSED_AGAIN: _S.PROPOSED, _E.BLOCKED: _S.BLOCKED},
}

# Requirements 4.7. Deleting ends what was never completed; deactivating ends it for good (R80, R82).
ENROLMENT: Mapping[EnrolmentState, Mapping[EnrolmentEvent, EnrolmentState]] = {
    EnrolmentState.INCOMPLETE: {
        EnrolmentEvent.SUBMIT: EnrolmentState.COMPLETED,
        EnrolmentEvent.DELETE: EnrolmentState.DELETED,
        EnrolmentEvent.DEACTIVATE: EnrolmentState.DEACTIVATED,
    },
    EnrolmentState.COMPLETED: {
        EnrolmentEvent.SUBMIT: EnrolmentState.COMPLETED,
        EnrolmentEvent.DEACTIVATE: EnrolmentState.DEACTIVATED,
    },
}
