"""A row beside the provider's list (5.6): what is said of it in a preview, and what is done with it at the commit."""

from dataclasses import dataclass
from enum import StrEnum

from people.values import RelationshipState
from people.values.imports import ClientField, ClientRow, InList, RowDuplicate, Said


class Step(StrEnum):
    """What is done with a row. An account that was there is proposed to, and nobody is told that it was (R46)."""

    CREATE = "create"
    PROPOSE = "propose"
    CHANGE = "change"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A step; for a change, the values that the client then has, and whether they come back from the archive."""

    step: Step
    first_name: str = ""
    last_name: str = ""
    phone: str | None = None
    changes: bool = False
    unarchives: bool = False
    activates: bool = False


def meet(known: InList) -> Said:
    """Say of a row whose address is in the provider's list what will be done about it."""
    if known.state is RelationshipState.BLOCKED:
        return Said(RowDuplicate.BLOCKED)
    if known.state is RelationshipState.ARCHIVED:
        return Said(RowDuplicate.ARCHIVED)
    if known.verified and known.accepted:
        return Said(RowDuplicate.CLIENT_MANAGES)
    return Said(RowDuplicate.IN_YOUR_LIST, ClientField.PHONE if known.phone is None else None)


def plan(row: ClientRow, *, account: bool, known: InList | None, replace: bool, unarchive: bool) -> Plan:
    """Decide about a row as things stand now: `replace` and `unarchive` are what was ticked for it.

    Without a tick only empty fields are filled, and of a client who verified their account nothing is changed.
    """
    if known is None:
        return Plan(step=Step.PROPOSE if account else Step.CREATE)
    if known.state is RelationshipState.BLOCKED:
        return Plan(step=Step.SKIP)
    comes_back = known.state is RelationshipState.ARCHIVED
    if comes_back and not unarchive:
        return Plan(step=Step.SKIP)
    becomes = known.state is RelationshipState.PROSPECT
    theirs = known.verified and known.accepted
    first, last = (row.first_name, row.last_name) if replace and not theirs else (known.first_name, known.last_name)
    phone = known.phone
    if row.phone and not theirs and (replace or phone is None):
        phone = row.phone
    changes = (first, last, phone) != (known.first_name, known.last_name, known.phone)
    if not (changes or comes_back or becomes):
        return Plan(step=Step.SKIP)
    return Plan(
        step=Step.CHANGE,
        first_name=first,
        last_name=last,
        phone=phone,
        changes=changes,
        unarchives=comes_back,
        activates=becomes,
    )
