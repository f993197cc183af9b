"""Payers: insurers that send clients to providers of the referral programme (R69)."""

from datetime import datetime
from uuid import UUID

from config.errors import NotFound
from people import actions as people
from people import queries
from people.models import Payer
from portal.api import cursors
from portal.api.fields import Absent, Listing, Nothing, Shape, Title, change, changes
from portal.api.operation import ADMIN, ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation


class NewPayer(Shape):
    """A payer to be added; `instant` lets practices book its clients without a yes of their own."""

    name: Title
    instant: bool = False


class PayerChange(Shape):
    """What is to change; one that is not `active` sends nobody any more."""

    name: Title = Absent
    instant: bool = Absent
    active: bool = Absent


class PayerShown(Shape):
    """A payer."""

    id: UUID
    name: str
    instant: bool
    active: bool
    created_at: datetime


class PayersShown(Shape):
    """Payers, in the order of their ids."""

    items: list[PayerShown]
    next: str | None


async def create(ask: Ask[NewPayer, Nothing]) -> Answer:
    """Add a payer."""
    row = await people.add_payer(
        ask.session, name=ask.body.name, instant=ask.body.instant, now=ask.now, new_id=ask.new_id
    )
    return Answer(PayerShown.model_validate(row))


async def listed(ask: Ask[Nothing, Listing]) -> Answer:
    """List payers."""
    found = await queries.payers(ask.session, after=cursors.row_id(ask.query.after), limit=ask.query.limit + 1)
    rows, after = cursors.page(found, ask.query.limit)
    return Answer(PayersShown(items=[PayerShown.model_validate(row) for row in rows], next=after))


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show a payer."""
    return Answer(PayerShown.model_validate(_found(await queries.payer(ask.session, ask.path["payer_id"]))))


async def edit(ask: Ask[PayerChange, Nothing]) -> Answer:
    """Change a payer; what its clients have asked for stays as it was."""
    row = _found(await queries.payer_for_update(ask.session, ask.path["payer_id"]))
    changed = changes(ask.body)
    if "name" in changed:
        await people.rename_payer(ask.session, row, changed.pop("name"))
    change(row, changed)
    return Answer(PayerShown.model_validate(row), (row.id,))


def _found(row: Payer | None) -> Payer:
    if row is None:
        raise NotFound
    return row


OPERATIONS = (
    Operation(
        name="createPayer",
        method=Method.POST,
        path="/payers",
        roles=ADMIN,
        summary="Add a payer",
        handler=create,
        body=NewPayer,
        query=Nothing,
        answer=PayerShown,
        status=201,
        makes="payer_id",
    ),
    Operation(
        name="listPayers",
        method=Method.GET,
        path="/payers",
        roles=ADMIN_AND_PROVIDER,
        summary="List payers",
        handler=listed,
        body=Nothing,
        query=Listing,
        answer=PayersShown,
    ),
    Operation(
        name="getPayer",
        method=Method.GET,
        path="/payers/{payer_id}",
        roles=ADMIN_AND_PROVIDER,
        summary="Show a payer",
        handler=show,
        body=Nothing,
        query=Nothing,
        answer=PayerShown,
    ),
    Operation(
        name="changePayer",
        method=Method.PATCH,
        path="/payers/{payer_id}",
        roles=ADMIN,
        summary="Change a payer",
        handler=edit,
        body=PayerChange,
        query=Nothing,
        answer=PayerShown,
    ),
)
