"""The lifecycle between a provider and a client, as a table."""

from collections.abc import Mapping

from people.values import RelationshipEvent, RelationshipState

_S, _E = RelationshipState, RelationshipEvent

RELATIONSHIP: Mapping[RelationshipState, Mapping[RelationshipEvent, RelationshipState]] = {
    _S.PROSPECT: {_E.BECOMES_ACTIVE: _S.ACTIVE, _E.ARCHIVED: _S.ARCHIVED, _E.BLOCKED: _S.BLOCKED},
    _S.ACTIVE: {_E.BECOMES_ACTIVE: _S.ACTIVE, _E.ARCHIVED: _S.ARCHIVED, _E.BLOCKED: _S.BLOCKED},
    _S.ARCHIVED: {_E.UNARCHIVED: _S.ACTIVE, _E.BLOCKED: _S.BLOCKED},
}
