"""What all actions of the line share: who called, as a key, and a line of history about a call."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bridge.models import Call
from config.keys import derive
from config.phones import number_key
from config.settings import Settings
from status import actions as ledger
from status.values import LINE, EventKind

NewId = Callable[[], UUID]


def caller_key(number: str | None, settings: Settings) -> str | None:
    """Return the keyed hash under which a call keeps who dialled."""
    return number_key(number, derive(settings.secret_key.get_secret_value(), "numbers")) if number else None


async def record(
    session: AsyncSession,
    kind: EventKind,
    row: Call,
    *,
    now: datetime,
    new_id: NewId,
    appointment_id: UUID | None = None,
    data: dict[str, str | int | bool | None] | None = None,
) -> None:
    """Append a line of history about a call; a refusal happened when it was dialled, everything else now."""
    await ledger.record(
        session,
        kind,
        actor=LINE,
        at=row.dialled_at if kind in {EventKind.CALL_REFUSED, EventKind.CALL_ASKED} else now,
        now=now,
        new_id=new_id,
        provider_id=row.provider_id,
        appointment_id=appointment_id or row.appointment_id,
        call_id=row.id,
        data=data,
    )
