"""Consultations: what became of a tracked appointment, and who says so."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from config.errors import Refused
from portal.api import access
from portal.api.fields import Nothing, Shape, Words
from portal.api.operation import ADMIN, ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from scheduling import actions as scheduling
from status import actions as ledger
from status.models import Consultation
from status.rules import consultation as rules
from status.values import ConsultationStatus, DecidedBy, How, NoReason, Policy


class Sharing(Shape):
    """A provider's answer: `how` belongs to a yes, `reason` to a no."""

    occurred: bool
    how: How | None = None
    reason: NoReason | None = None


class CorrectionKind(StrEnum):
    """Why a settled status is corrected, in a word that history can hold."""

    WRONG_ANSWER = "wrong_answer"
    VOICEMAIL = "voicemail"
    LATE_EVIDENCE = "late_evidence"
    OTHER = "other"


class Correction(Shape):
    """An operator's correction: `reason` in words, kept with support's cases, and `kind` for history."""

    occurred: bool
    reason: Words
    kind: CorrectionKind = CorrectionKind.OTHER


class ConsultationShown(Shape):
    """One occurrence of a tracked consultation; `share_by` is when its status is settled as unknown."""

    id: UUID
    appointment_id: UUID
    occurrence: int
    provider_id: UUID
    starts_at: datetime
    ends_at: datetime
    status: ConsultationStatus
    decided_by: DecidedBy | None
    decided_at: datetime | None
    locked: bool
    share_by: datetime
    how: How | None
    reason: NoReason | None
    talk_s: int | None
    excused_at: datetime | None
    late_evidence_at: datetime | None
    version: int


def view(row: Consultation, policy: Policy) -> ConsultationShown:
    """Return a consultation as it is shown."""
    return ConsultationShown(
        id=row.id,
        appointment_id=row.appointment_id,
        occurrence=row.occurrence,
        provider_id=row.provider_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        status=row.status,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        locked=row.status.locked,
        share_by=rules.closes_at(row.ends_at, policy),
        how=row.how,
        reason=row.no_reason,
        talk_s=row.talk_s,
        excused_at=row.excused_at,
        late_evidence_at=row.late_evidence_at,
        version=row.version,
    )


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show a consultation."""
    row = await access.consultation(ask, ask.path["consultation_id"])
    return Answer(view(row, ledger.policy(ask.settings)))


async def answer(ask: Ask[Sharing, Nothing]) -> Answer:
    """Share whether the consultation occurred (R117); a settled one is refused (R121)."""
    _fits(ask.body)
    await access.consultation(ask, ask.path["consultation_id"])
    policy = ledger.policy(ask.settings)
    row = await ledger.answer(
        ask.session,
        ask.path["consultation_id"],
        occurred=ask.body.occurred,
        by=DecidedBy.PORTAL,
        actor=ask.actor,
        how=ask.body.how,
        no_reason=ask.body.reason,
        now=ask.now,
        policy=policy,
        new_id=ask.new_id,
    )
    return Answer(view(row, policy), (row.id, row.appointment_id, row.provider_id))


async def correct(ask: Ask[Correction, Nothing]) -> Answer:
    """Append an operator's correction to a settled status (R121)."""
    policy = ledger.policy(ask.settings)
    row = await scheduling.correct_consultation(
        ask.session,
        ask.path["consultation_id"],
        occurred=ask.body.occurred,
        reason=ask.body.kind.value,
        explanation=ask.body.reason,
        actor=ask.actor,
        policy=policy,
        now=ask.now,
        new_id=ask.new_id,
    )
    return Answer(view(row, policy), (row.id, row.appointment_id, row.provider_id))


def _fits(sharing: Sharing) -> None:
    if sharing.occurred and sharing.reason:
        raise Refused("reason_without_no", "A reason belongs to a consultation that did not occur.", status=422)
    if not sharing.occurred and sharing.how:
        raise Refused("how_without_yes", "How it was held belongs to a consultation that occurred.", status=422)


OPERATIONS = (
    Operation(
        name="getConsultation",
        method=Method.GET,
        path="/consultations/{consultation_id}",
        roles=ADMIN_AND_PROVIDER,
        summary="Show a consultation",
        handler=show,
        body=Nothing,
        query=Nothing,
        answer=ConsultationShown,
    ),
    Operation(
        name="answerConsultation",
        method=Method.POST,
        path="/consultations/{consultation_id}/answer",
        roles=ADMIN_AND_PROVIDER,
        summary="Share whether a consultation occurred",
        handler=answer,
        body=Sharing,
        query=Nothing,
        answer=ConsultationShown,
    ),
    Operation(
        name="correctConsultation",
        method=Method.POST,
        path="/consultations/{consultation_id}/correct",
        roles=ADMIN,
        summary="Correct a settled status",
        handler=correct,
        body=Correction,
        query=Nothing,
        answer=ConsultationShown,
    ),
)
