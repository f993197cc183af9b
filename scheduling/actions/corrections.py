"""What an operator puts right (R121)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import NotFound
from people import actions as people
from people.values import CaseKind
from scheduling.actions.house import NewId
from status import actions as ledger
from status import queries as ledger_queries
from status.models import Consultation
from status.rules.access import may
from status.values import Actor, ActorKind, Policy


@may(ActorKind.OPERATOR)
async def correct_consultation(
    session: AsyncSession,
    consultation_id: UUID,
    *,
    occurred: bool,
    reason: str,
    explanation: str,
    actor: Actor,
    policy: Policy,
    now: datetime,
    new_id: NewId,
) -> Consultation:
    """Append an operator's correction; its free words stand on a support case, history holds the case's id."""
    row = await ledger_queries.consultation(session, consultation_id)
    if row is None:
        raise NotFound
    case = await people.open_case(
        session,
        kind=CaseKind.CORRECTION,
        provider_id=row.provider_id,
        appointment_id=row.appointment_id,
        text=explanation,
        facts={"consultation": str(consultation_id), "reason": reason},
        now=now,
        new_id=new_id,
    )
    return await ledger.correct(
        session,
        consultation_id,
        occurred=occurred,
        reason=reason,
        case_id=case.id,
        actor=actor,
        now=now,
        policy=policy,
        new_id=new_id,
    )
