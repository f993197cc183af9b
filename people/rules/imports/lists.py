"""A row beside the provider's list (5.6): what is said of it in a preview, and what is done with it at the commit."""

from dataclasses import dataclass
from enum import StrEnum

from people.values import RelationshipEvent, RelationshipState
from people.values.imports import ClientField, InList, RowDuplicate, RowFate, RowOutcome, RowToDo, Said


class Step(StrEnum):
    """What is done with a row. An account that was there is proposed to, and nobody is told that it was (R46)."""

    CREATE = "create"
    PROPOSE = "propose"
    CHANGE = "change"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A step, and what is told of it; for a change, what the provider then sees and how the two then stand."""

    step: Step
    fate: RowFate
    first_name: str = ""
    last_name: str = ""
    phone: str | None = None
    event: RelationshipEvent | None = None


_CREATE = Plan(step=Step.CREATE, fate=RowFate.ADDED)
_PROPOSE = Plan(step=Step.PROPOSE, fate=RowFate.ADDED)
_SKIP = Plan(step=Step.SKIP, fate=RowFate.SKIPPED)


def meet(known: InList) -> Said:
    """Say of a row whose address is in the provider's list what will be done about it."""
    if known.state is RelationshipState.BLOCKED:
        return Said(RowDuplicate.BLOCKED)
    if known.state is RelationshipState.ARCHIVED:
        return Said(RowDuplicate.ARCHIVED)
    if known.verified and known.accepted:
        return Said(RowDuplicate.CLIENT_MANAGES)
    return Said(RowDuplicate.IN_YOUR_LIST, ClientField.PHONE if known.phone is None else None)


def plan(row: RowToDo, *, account: bool, known: InList | None) -> Plan:
    """Decide about a row as things stand now, which may be otherwise than when it was looked at.

    Without a tick only empty fields are filled, and of a client who verified their account nothing is changed.
    """
    if known is None:
        return _PROPOSE if account else _CREATE
    comes_back = known.state is RelationshipState.ARCHIVED
    if known.state is RelationshipState.BLOCKED or (comes_back and not row.unarchive):
        return _SKIP
    first, last, phone = _as_it_will_be(row, known)
    if comes_back:
        fate = RowFate.UNARCHIVED
    elif known.state is RelationshipState.PROSPECT:
        fate = RowFate.ADDED
    elif (first, last, phone) == (known.first_name, known.last_name, known.phone):
        return _SKIP
    else:
        fate = RowFate.REPLACED if row.replace else RowFate.FILLED
    event = _EVENTS.get(known.state)
    return Plan(step=Step.CHANGE, fate=fate, first_name=first, last_name=last, phone=phone, event=event)


_EVENTS = {
    RelationshipState.ARCHIVED: RelationshipEvent.UNARCHIVED,
    RelationshipState.PROSPECT: RelationshipEvent.BECOMES_ACTIVE,
}


def _as_it_will_be(row: RowToDo, known: InList) -> tuple[str, str, str | None]:
    if known.accepted and known.verified:
        return known.first_name, known.last_name, known.phone
    if row.replace:
        return row.first_name, row.last_name, row.phone or known.phone
    return known.first_name, known.last_name, known.phone or row.phone


def fate_of(outcome: RowOutcome, kept: RowFate | None) -> RowFate:
    """Return what a commit has done with a row; only what its outcome does not say is kept."""
    if kept:
        return kept
    return RowFate.ADDED if outcome in {RowOutcome.VALID, RowOutcome.WARNING} else RowFate.SKIPPED
