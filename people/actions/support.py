"""Support cases, and texts that did not arrive."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import NotFound, Refused
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
from status.rules.access import may
from status.values import Actor, ActorKind, Channel, EventKind, NoticeKey, TaskEvent, TaskKind


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


@may(ActorKind.OPERATOR)
async def answer_case(
    session: AsyncSession, case_id: UUID, text: str, *, actor: Actor, now: datetime, new_id: NewId
) -> SupportCase:
    """Answer an issue and close it; its provider is told that there is an answer, and not what it says (M23)."""
    row = await _open(session, case_id)
    if row.kind is not CaseKind.ISSUE:
        raise NotFound
    row.answer = text
    await _close(session, row, EventKind.ISSUE_ANSWERED, actor=actor, now=now, new_id=new_id)
    await ledger.notify(
        session,
        NoticeKey.ISSUE_ANSWERED,
        Channel.MAIL,
        Channel.PORTAL,
        provider_id=row.provider_id,
        subject_id=row.id,
        appointment_id=row.appointment_id,
        now=now,
        new_id=new_id,
    )
    return row


@may(ActorKind.OPERATOR)
async def close_case(
    session: AsyncSession, case_id: UUID, *, actor: Actor, now: datetime, new_id: NewId
) -> SupportCase:
    """Close a case that needs nothing more; who was handed back is in somebody's hands by now (R42)."""
    row = await _open(session, case_id)
    await _close(session, row, EventKind.CASE_CLOSED, actor=actor, now=now, new_id=new_id)
    await ledger.close_task(session, TaskKind.SUPPORT_FOLLOWUP, row.id, TaskEvent.ANSWERED, now=now, new_id=new_id)
    return row


async def _open(session: AsyncSession, case_id: UUID) -> SupportCase:
    row = await queries.case_for_update(session, case_id)
    if row is None:
        raise NotFound
    if row.state is not CaseState.OPEN:
        raise Refused("case_closed", "This case is closed already. Look at it again.")
    return row


async def _close(
    session: AsyncSession, row: SupportCase, kind: EventKind, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    row.state, row.closed_at = CaseState.CLOSED, now
    await session.flush()
    await ledger.record(
        session,
        kind,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=row.provider_id,
        appointment_id=row.appointment_id,
        data={"case": str(row.id), "kind": row.kind.value},
    )


async def note_look(
    session: AsyncSession,
    what: str,
    *,
    provider_id: UUID | None = None,
    appointment_id: UUID | None = None,
    call_id: UUID | None = None,
    case_id: UUID | None = None,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> None:
    """Make it history that support has read somebody's data: what, and whose, by ids."""
    await ledger.record(
        session,
        EventKind.SUPPORT_LOOKED,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=provider_id,
        appointment_id=appointment_id,
        call_id=call_id,
        data={"what": what, **({"case": str(case_id)} if case_id else {})},
    )


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
