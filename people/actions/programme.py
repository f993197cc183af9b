"""The client referral programme: payers, and the places of providers in it (requirements 4.7).

Leaving it is in `scheduling`, since it declines what payers have asked for (R81).
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import NotFound, Refused
from config.lifecycles import next_state
from people import queries
from people.models import Enrolment, Payer, Practice, Provider
from people.rules import lifecycle, programme
from people.values import EnrolmentEvent, EnrolmentState
from people.values.profiles import Demographic, Required
from status import actions as ledger
from status.actions import NewId
from status.rules.access import STAFF, may, see_theirs
from status.values import CLOCK, Actor, ActorKind, Channel, EventKind, NoticeKey, TaskEvent, TaskKind


async def add_payer(session: AsyncSession, *, name: str, instant: bool, now: datetime, new_id: NewId) -> Payer:
    """Add a payer (R69); `instant` lets practices book its clients without a yes."""
    await _see_that_name_is_free(session, name, None)
    row = Payer(id=new_id(), name=name, instant=instant, created_at=now)
    session.add(row)
    await session.flush()
    return row


async def rename_payer(session: AsyncSession, row: Payer, name: str) -> None:
    """Give a payer another name; requests keep the one that it had (R91)."""
    await _see_that_name_is_free(session, name, row.id)
    row.name = name
    await session.flush()


async def _see_that_name_is_free(session: AsyncSession, name: str, but: UUID | None) -> None:
    known = await queries.payer_by_name(session, name)
    if known is not None and known.id != but:
        raise Refused("name_taken", "There is a payer of this name already. Choose another name.")


@may(ActorKind.PRACTICE, ActorKind.OPERATOR)
async def enrol(
    session: AsyncSession,
    provider_id: UUID,
    payer_ids: Collection[UUID],
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> Enrolment:
    """Take a provider into the programme (R70, R76); who has left it does not come back this way (R82)."""
    see_theirs(actor, provider_id=provider_id)
    provider, _ = await programme_of(session, provider_id)
    earlier = await queries.enrolment_for_update(session, provider_id)
    if earlier is not None and earlier.state is EnrolmentState.DEACTIVATED:
        raise Refused(*programme.why_not(earlier.state, None))
    if earlier is not None:
        raise Refused("already_enrolled", "This provider is in the programme already.")
    await _see_that_payers_are_known(session, payer_ids)
    row = Enrolment(
        id=new_id(),
        provider_id=provider.id,
        practice_id=provider.practice_id,
        state=EnrolmentState.INCOMPLETE,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    await queries.set_payers(session, row.id, payer_ids)
    await _record(session, row, "enrol", actor=actor, now=now, new_id=new_id)
    await ledger.open_task(
        session,
        TaskKind.COMPLETE_PUBLIC_PROFILE,
        row.id,
        provider_id=provider_id,
        appointment_id=None,
        due_at=None,
        now=now,
        new_id=new_id,
    )
    await _write(session, NoticeKey.ENROLLED, row, Channel.MAIL, now=now, new_id=new_id)
    return row


@may(ActorKind.PRACTICE, ActorKind.OPERATOR)
async def change_payers(
    session: AsyncSession,
    provider_id: UUID,
    payer_ids: Collection[UUID],
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> Enrolment:
    """Say which payers may send clients from now on (R79); what was asked for before stays to be decided."""
    see_theirs(actor, provider_id=provider_id)
    row = await _enrolled(session, provider_id)
    if row.state not in {EnrolmentState.INCOMPLETE, EnrolmentState.COMPLETED}:
        raise Refused(*programme.why_not(row.state, None))
    await _see_that_payers_are_known(session, payer_ids)
    await queries.set_payers(session, row.id, payer_ids)
    row.version += 1
    await session.flush()
    await _record(session, row, "payers", actor=actor, now=now, new_id=new_id)
    return row


@may(*STAFF)
async def move_enrolment(
    session: AsyncSession, provider_id: UUID, event: EnrolmentEvent, *, actor: Actor, now: datetime, new_id: NewId
) -> Enrolment:
    """Move an enrolment by its table, else Refused with what to do instead.

    To be submitted a profile has to be complete (R84-R87): Refused with what is `missing`. Payers see what it says at
    that moment until it is submitted again.
    """
    see_theirs(actor, provider_id=provider_id)
    if event is not EnrolmentEvent.SUBMIT and actor.kind is ActorKind.PROVIDER:
        raise Refused("forbidden", "Who administers your practice takes you out of the programme (R73).", status=403)
    row = await _enrolled(session, provider_id)
    after = next_state(lifecycle.ENROLMENT, row.state, event)
    if after is None:
        raise Refused(*programme.why_not(row.state, event), state=row.state.value)
    if event is EnrolmentEvent.SUBMIT:
        row.submitted = await _complete(session, provider_id)
        row.submitted_at, row.needs_attention = now, False
    else:
        row.ended_at = now
    row.state, row.version = after, row.version + 1
    await session.flush()
    await queries.forget_photos(session, provider_id)
    ends = TaskEvent.ANSWERED if event is EnrolmentEvent.SUBMIT else TaskEvent.SETTLED
    await ledger.close_task(session, TaskKind.COMPLETE_PUBLIC_PROFILE, row.id, ends, now=now, new_id=new_id)
    await _record(session, row, event.value, actor=actor, now=now, new_id=new_id)
    if event is EnrolmentEvent.DEACTIVATE:
        await _write(session, NoticeKey.ENROLMENT_ENDED, row, Channel.MAIL, Channel.PORTAL, now=now, new_id=new_id)
    return row


@may(ActorKind.PRACTICE, ActorKind.OPERATOR)
async def remind_to_submit(
    session: AsyncSession, provider_id: UUID, *, actor: Actor, now: datetime, new_id: NewId
) -> Enrolment:
    """Write once more that the profile waits to be filled in (R74, M8), once an hour at most."""
    see_theirs(actor, provider_id=provider_id)
    row = await _enrolled(session, provider_id)
    if row.state is not EnrolmentState.INCOMPLETE:
        raise Refused(*programme.why_not(row.state, None), state=row.state.value)
    await _write(
        session, NoticeKey.ENROLLED, row, Channel.MAIL, dedupe=f"{now.astimezone(UTC):%Y%m%d%H}", now=now, new_id=new_id
    )
    await _record(session, row, "remind", actor=actor, now=now, new_id=new_id)
    return row


async def look_again(session: AsyncSession, provider_id: UUID, *, now: datetime, new_id: NewId) -> None:
    """See whether what payers need of a provider is still there where it comes from (R78).

    What was submitted stays completed, but payers see nothing of it until that is mended; the provider and the admins
    of their practice are told once each time.
    """
    row = await queries.enrolment_for_update(session, provider_id)
    if row is None:
        return
    needed = programme.needs_attention(row.state, await told(session, provider_id))
    if needed == row.needs_attention:
        return
    row.needs_attention, row.version = needed, row.version + 1
    await session.flush()
    await _record(session, row, "attention" if needed else "mended", actor=CLOCK, now=now, new_id=new_id)
    if not needed:
        return
    key, about = NoticeKey.PROFILE_NEEDS_ATTENTION, str(row.version)
    await _write(session, key, row, Channel.MAIL, Channel.PORTAL, dedupe=about, now=now, new_id=new_id)
    for admin in await queries.admins_of(session, row.practice_id):
        if admin.provider_id != provider_id:
            await ledger.notify(
                session,
                key,
                Channel.MAIL,
                account_id=admin.id,
                subject_id=row.id,
                dedupe=about,
                now=now,
                new_id=new_id,
            )


async def told(session: AsyncSession, provider_id: UUID) -> Mapping[Required, object]:
    """Return what payers need to be shown of a provider, read anew.

    Whoever changes it looks at the enrolment afterwards, and who submits has locked that: one of them sees the other.
    """
    provider, row = await queries.presented(session, provider_id)
    return {
        Required.FIRST_NAME: provider and provider.first_name,
        Required.LAST_NAME: provider and provider.last_name,
        Required.EMAIL: provider and provider.email,
        Required.NPI: provider and provider.npi,
        Required.OFFICE_PHONE: provider and provider.office_phone,
        Required.LOCATION: provider and provider.location,
        Required.PHOTO: row and row.photo,
        Required.STATEMENT: row and row.statement,
        Required.FOCUS: row and row.focus,
        Required.LANGUAGES: row and row.languages,
        Required.TAXONOMY: row and row.taxonomy,
    }


async def _complete(session: AsyncSession, provider_id: UUID) -> dict[str, Any]:
    """Return what payers are shown from now on; never the number that a provider dials from (R102)."""
    facts = await told(session, provider_id)
    lacking = programme.missing(facts)
    if lacking:
        names = ", ".join(one.value for one in lacking)
        raise Refused(
            "profile_incomplete",
            f"The profile cannot be submitted yet. Missing or not valid: {names}.",
            missing=[one.value for one in lacking],
        )
    _, row = await queries.presented(session, provider_id)
    assert row is not None  # noqa: S101 - nothing of it is missing
    more = ("highlights", "also", "therapies", "affirms", "education")
    return {
        **{one.value: value for one, value in facts.items()},
        **{name: getattr(row, name) for name in more},
        **{one.value: str(said) for one in Demographic if one in row.shown and (said := getattr(row, one))},
    }


async def programme_of(session: AsyncSession, provider_id: UUID) -> tuple[Provider, Practice]:
    """Return an active provider and their practice; NotFound where it does not have the programme (R68)."""
    provider = await queries.provider(session, provider_id)
    practice = await queries.practice(session, provider.practice_id) if provider and provider.active else None
    if provider is None or practice is None or not practice.programme:
        raise NotFound
    return provider, practice


async def _enrolled(session: AsyncSession, provider_id: UUID) -> Enrolment:
    await programme_of(session, provider_id)
    row = await queries.enrolment_for_update(session, provider_id)
    if row is None:
        raise NotFound
    return row


async def _see_that_payers_are_known(session: AsyncSession, payer_ids: Collection[UUID]) -> None:
    unknown = set(payer_ids) - await queries.active_payers(session, payer_ids)
    if unknown or not payer_ids:
        raise Refused("no_such_payer", "Name payers that are there and active, at least one.", status=422)


async def _record(
    session: AsyncSession, row: Enrolment, event: str, *, actor: Actor, now: datetime, new_id: NewId
) -> None:
    await ledger.record(
        session,
        EventKind.ENROLMENT_MOVED,
        actor=actor,
        now=now,
        new_id=new_id,
        provider_id=row.provider_id,
        data={"enrolment": str(row.id), "event": event, "state": row.state.value},
    )


async def _write(
    session: AsyncSession,
    key: NoticeKey,
    row: Enrolment,
    *channels: Channel,
    dedupe: str = "",
    now: datetime,
    new_id: NewId,
) -> None:
    await ledger.notify(
        session,
        key,
        *channels,
        provider_id=row.provider_id,
        subject_id=row.id,
        dedupe=dedupe,
        now=now,
        new_id=new_id,
    )
