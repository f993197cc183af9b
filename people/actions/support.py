"""Support cases, and texts that did not arrive."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from people import queries
from people.models import (
    SupportCase,
)
from people.values import (
    CaseKind,
    CaseState,
    SuppressionReason,
)
from status import actions as ledger
from status.actions import NewId
from status.models import Notice


async def open_case(
    session: AsyncSession,
    *,
    kind: CaseKind,
    provider_id: UUID,
    appointment_id: UUID | None,
    text: str,
    facts: dict[str, object],
    now: datetime,
    new_id: NewId,
) -> SupportCase:
    """Open a support case; `facts` hold ids, codes, counts and instants."""
    row = SupportCase(
        id=new_id(),
        kind=kind,
        state=CaseState.OPEN,
        provider_id=provider_id,
        appointment_id=appointment_id,
        text=text,
        facts=facts,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def note_receipt(
    session: AsyncSession,
    notice_id: UUID,
    *,
    delivered: bool | None,
    code: str | None,
    suppress: SuppressionReason | None,
    number_key: str | None,
    reference: str | None = None,
    now: datetime,
    new_id: NewId,
) -> Notice | None:
    """Take in what the carrier says of a text, and send no further ones where none can arrive.

    `suppress` is what `code` means for the number behind `number_key`, the one that the text went to.
    """
    if delivered is False and suppress is not None and number_key is not None:
        await queries.suppress(session, number_key, suppress, now)
    return await ledger.note_receipt(
        session, notice_id, delivered=delivered, code=code, reference=reference, now=now, new_id=new_id
    )
