"""That a client wants texts, or no longer does: given for the number that they have now, in the words of a version."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import BadInput, Problem
from people import queries
from people.models import Client, Consent
from status import actions as ledger
from status.actions import NewId
from status.rules.access import may, see_theirs
from status.values import Actor, ActorKind, EventKind


@may(ActorKind.CLIENT)
async def consent_to_texts(
    session: AsyncSession, client: Client, version: int | None, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    """Let a client have texts by the words of a `version`, or have none any more; said again it changes nothing."""
    see_theirs(actor, client_id=client.id)
    current = await queries.consent_for_update(session, client.id)
    if version is None:
        if current is None:
            return
        current.withdrawn_at = now
    else:
        if client.phone is None:
            raise BadInput(Problem("texts", "problems.texts_number"))
        if current is not None and (current.number, current.version) == (client.phone, version):
            return
        if current is not None:
            current.withdrawn_at = now
        session.add(Consent(id=new_id(), client_id=client.id, number=client.phone, version=version, given_at=now))
    await session.flush()
    await ledger.record(
        session,
        EventKind.TEXTS_CONSENTED,
        actor=actor,
        now=now,
        new_id=new_id,
        data={"client": str(client.id), "version": version},
    )
