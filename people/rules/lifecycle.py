"""The lifecycles of people, as tables: of accounts, between provider and client, and in the referral programme."""

from collections.abc import Mapping

from people.values import (
    AccountEvent,
    AccountState,
    EnrolmentEvent,
    EnrolmentState,
    RelationshipEvent,
    RelationshipState,
)

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

_A, _V = AccountState, AccountEvent

# Requirements 4.6. Whoever holds the address decides from then on; before, a provider may correct what they typed.
ACCOUNT: Mapping[AccountState, Mapping[AccountEvent, AccountState]] = {
    _A.SELF_REGISTERED: {_V.LINK_USED: _A.VERIFIED, _V.ADDRESS_PROVEN: _A.VERIFIED, _V.CLOSED: _A.CLOSED},
    _A.INVITED: {
        _V.INVITED: _A.INVITED,
        _V.EDITED: _A.INVITED,
        _V.BOUNCED: _A.INVITE_FAILED,
        _V.INVITATION_OVER: _A.INVITE_EXPIRED,
        _V.LINK_USED: _A.VERIFIED,
        _V.ADDRESS_PROVEN: _A.VERIFIED,
        _V.CLOSED: _A.CLOSED,
    },
    _A.INVITE_FAILED: {
        _V.INVITED: _A.INVITED,
        _V.EDITED: _A.INVITED,
        _V.ADDRESS_PROVEN: _A.VERIFIED,
        _V.CLOSED: _A.CLOSED,
    },
    _A.INVITE_EXPIRED: {
        _V.INVITED: _A.INVITED,
        _V.EDITED: _A.INVITED,
        _V.ADDRESS_PROVEN: _A.VERIFIED,
        _V.CLOSED: _A.CLOSED,
    },
    _A.VERIFIED: {
        _V.STEP_DONE: _A.VERIFIED,
        _V.COMPLETED: _A.READY,
        _V.ADDRESS_CHANGED: _A.VERIFIED,
        _V.CLOSED: _A.CLOSED,
    },
    _A.READY: {
        _V.STEP_DONE: _A.READY,
        _V.LAPSED: _A.VERIFIED,
        _V.ADDRESS_CHANGED: _A.READY,
        _V.CLOSED: _A.CLOSED,
    },
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
