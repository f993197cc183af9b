"""Clients from a file: a preview of what it comes to, then one commit of it, all or nothing (R63)."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import NotFound, Refused
from config.jobs import enqueue
from config.lifecycles import next_state
from people import queries
from people.models import Client, ImportJob, Provider, Relationship
from people.readers import spool
from people.readers.spool import Reading
from people.rules import account, lifecycle
from people.rules import imports as rules
from people.rules.imports import Plan, Step
from people.rules.sign_in import LINK_LIVES
from people.values import LinkPurpose, RelationshipEvent
from people.values.imports import (
    ClientRow,
    ImportState,
    InList,
    RowDuplicate,
    RowFate,
    RowOutcome,
    RowToDo,
    RowWarning,
    Said,
    outcome,
)
from status import actions as ledger
from status.actions import NewId
from status.rules.access import STAFF, may, see_theirs
from status.values import Actor, ActorKind, EventKind, NoticeKey, Recipient

TRIES = 5  # a commit that fails as often does not fail by chance
_READ_AT_ONCE = 5000
_WRITTEN_AT_ONCE = 2000

Progress = Callable[[int], Awaitable[None]]


async def look_at(
    session: AsyncSession, provider_id: UUID, reading: Reading, *, keep: timedelta, now: datetime, new_id: NewId
) -> ImportJob:
    """Keep what a file comes to for a provider, to be looked at before anything is written."""
    job = ImportJob(
        id=new_id(),
        provider_id=provider_id,
        kind=reading.facts.kind,
        state=ImportState.PREVIEW,
        facts=spool.facts_as_json(reading.facts),
        created_at=now,
        expires_at=now + keep,
    )
    session.add(job)
    await session.flush()
    known = _Known(await queries.provider_list(session, provider_id))
    counts = Counter({one.value: 0 for one in RowOutcome} | {"to_do": 0, "blank": reading.facts.blank})
    for chunk in reading.chunks(_READ_AT_ONCE):
        beside = [known.beside(row) for row in chunk]
        outcomes = [outcome(row.said) for row in beside]
        counts.update(one.value for one in outcomes)
        counts["to_do"] += sum(map(_may_be_imported, beside, outcomes))
        await queries.add_import_rows(session, job.id, zip(outcomes, map(spool.told, beside), strict=True))
    job.counts = dict(counts)
    await session.flush()
    return job


def _may_be_imported(row: ClientRow, comes_to: RowOutcome) -> bool:
    above = any(one.note is RowDuplicate.SAME_ADDRESS for one in row.said)
    return not above and comes_to is not RowOutcome.ERROR


class _Known:
    """A provider's list, to hold rows against."""

    def __init__(self, listed: Iterable[tuple[str, InList]]) -> None:
        self.by_address: dict[str, InList] = {}
        self.by_person: dict[tuple[str, str, str], str] = {}
        for email, one in listed:
            self.by_address[email.casefold()] = one
            if one.phone:
                self.by_person[one.first_name.casefold(), one.last_name.casefold(), one.phone] = email.casefold()

    def beside(self, row: ClientRow) -> ClientRow:
        """Say of a row that the provider has its client already, or perhaps has."""
        if outcome(row.said) in {RowOutcome.ERROR, RowOutcome.DUPLICATE}:
            return row
        known = self.by_address.get(row.email.casefold())
        if known:
            return replace(row, said=(*row.said, rules.meet(known)))
        person = (row.first_name.casefold(), row.last_name.casefold(), row.phone or "")
        return replace(row, said=(*row.said, Said(RowWarning.SAME_PERSON))) if person in self.by_person else row


@may(*STAFF)
async def begin_commit(
    session: AsyncSession,
    job_id: UUID,
    *,
    invite: bool,
    replaced: Sequence[int],
    unarchived: Sequence[int],
    actor: Actor,
    now: datetime,
) -> ImportJob:
    """Ask for the commit of a preview; asked again, it is the same one. Refused when the preview is over.

    `replaced` are rows whose values count before those in the list, `unarchived` rows whose client comes back.
    """
    job = await queries.import_job_for_update(session, job_id)
    if job is None:
        raise NotFound
    see_theirs(actor, provider_id=job.provider_id)
    if job.state in {ImportState.COMMITTING, ImportState.COMMITTED}:
        return job
    if now >= job.expires_at:
        raise Refused("preview_over", "This preview is over. Upload the file again.")
    await queries.tick(session, job_id, replaced=replaced, unarchived=unarchived)
    job.state, job.invite, job.tries, job.done = ImportState.COMMITTING, invite, 0, 0
    job.actor_kind, job.actor_id = actor.kind, actor.id
    await session.flush()
    await enqueue(session, "import", job.id)
    return job


async def take_up_import(session: AsyncSession, job_id: UUID) -> bool:
    """Count a try of a commit; False where there is nothing to commit, or nothing more to try."""
    job = await queries.import_job_for_update(session, job_id)
    if job is None or job.state is not ImportState.COMMITTING:
        return False
    job.tries += 1
    if job.tries > TRIES:
        job.state = ImportState.FAILED
    await session.flush()
    return job.state is ImportState.COMMITTING


async def commit_import(
    session: AsyncSession,
    job_id: UUID,
    *,
    progress: Progress,
    keep: timedelta,
    an_hour: int,
    now: datetime,
    new_id: NewId,
) -> ImportJob | None:
    """Write all rows of an import; None where another one is at it, or has done it.

    Who is invited hears of it in turn, so many `an_hour` of one provider (R63).

    `progress` is told how many rows are written. It must use a transaction of its own: nobody sees this one before
    all of it is there, and it touches the import itself only at its end.
    """
    if not await queries.hold_import(session, job_id):
        return None
    job = await queries.import_job(session, job_id)
    if job is None or job.state is not ImportState.COMMITTING:
        return None
    fates: Counter[RowFate] = Counter()
    invitations = await _Invitations.of(session, job, an_hour, now, new_id)
    async for chunk in queries.rows_to_do(session, job_id, _WRITTEN_AT_ONCE):
        fates.update(await _write(session, job, chunk, invitations, now=now, new_id=new_id))
        await progress(fates.total())
    done = fates.total()
    fates[RowFate.SKIPPED] += await queries.same_addresses(session, job_id)
    job.state, job.committed_at, job.expires_at = ImportState.COMMITTED, now, now + keep
    job.done, job.result = done, {fate.value: fates[fate] for fate in RowFate}
    await session.flush()
    await ledger.record(
        session,
        EventKind.CLIENTS_IMPORTED,
        actor=Actor(kind=ActorKind(job.actor_kind or ActorKind.CLOCK), id=job.actor_id),
        now=now,
        new_id=new_id,
        provider_id=job.provider_id,
        data={"import": str(job.id), "file": job.kind.value, "invite": job.invite, **job.result},
    )
    return job


@dataclass
class _Invitations:
    """The letters to those who are added, one after the other: so many an hour, after those that wait already."""

    provider: Provider
    wanted: bool
    begins_at: datetime
    an_hour: int
    now: datetime
    new_id: NewId
    place: int = 0

    @classmethod
    async def of(
        cls, session: AsyncSession, job: ImportJob, an_hour: int, now: datetime, new_id: NewId
    ) -> "_Invitations":
        provider = await queries.provider(session, job.provider_id)
        assert provider is not None  # noqa: S101 - a key of the import
        last = await queries.last_invitation_ends(session, provider.id)
        waits_until = last - LINK_LIVES[LinkPurpose.INVITATION] + timedelta(hours=1) / an_hour if last else now
        return cls(provider, job.invite, max(now, waits_until), an_hour, now, new_id)

    def due(self) -> datetime:
        """Return when the next one goes out."""
        self.place += 1
        return account.not_before(self.begins_at, self.place - 1, an_hour=self.an_hour)

    async def to_new(self, session: AsyncSession, clients: Sequence[tuple[UUID, str]]) -> None:
        """Give new clients an account, and the link that proves their address (M6)."""
        if not self.wanted or not clients:
            return
        lives = LINK_LIVES[LinkPurpose.INVITATION]
        told = [(self.new_id(), self.new_id(), client_id, email, self.due()) for client_id, email in clients]
        rows = [(own, link, client_id, email, due + lives) for own, link, client_id, email, due in told]
        whose = self.provider
        await queries.add_invited(session, whose.id, rows, language=whose.language, now=self.now)
        letters = [(own, link, due) for own, link, _, _, due in told]
        await self._put(session, NoticeKey.CLIENT_INVITATION, Recipient.ACCOUNT, letters)

    async def to_known(self, session: AsyncSession, links: Sequence[tuple[UUID, UUID]]) -> None:
        """Tell who has an account already that this provider has added them (M24)."""
        if self.wanted:
            letters = [(client_id, link_id, self.due()) for link_id, client_id in links]
            await self._put(session, NoticeKey.PROVIDER_ADDED, Recipient.CLIENT, letters)

    async def _put(
        self, session: AsyncSession, key: NoticeKey, to: Recipient, letters: Sequence[tuple[UUID, UUID, datetime]]
    ) -> None:
        await ledger.notify_many(session, key, to, letters, now=self.now, new_id=self.new_id)


async def _write(
    session: AsyncSession,
    job: ImportJob,
    rows: Sequence[RowToDo],
    invitations: _Invitations,
    *,
    now: datetime,
    new_id: NewId,
) -> list[RowFate]:
    """Write some rows; return what was done with each."""
    found = await queries.clients_by_email(session, [row.email.lower() for row in rows])
    links = await queries.links_for_update(session, job.provider_id, found.values()) if found else {}
    plans: list[tuple[RowToDo, Plan]] = []
    for row in rows:
        link = links.get(found.get(row.email.lower(), job.id))
        plan = rules.plan(row, account=row.email.lower() in found, known=_seen(*link) if link else None)
        if link and plan.step is Step.CHANGE:
            _change(*link, plan, now)
        plans.append((row, plan))
    await session.flush()
    created = [(new_id(), row) for row, plan in plans if plan.step is Step.CREATE]
    whose = invitations.provider
    new: set[UUID] = set()
    if created:
        new = await queries.add_clients(session, created, now, language=whose.language)
    faster = [row for client_id, row in created if client_id not in new]
    if faster:
        found |= await queries.clients_by_email(session, [row.email.lower() for row in faster])
    proposed = [row for row, plan in plans if plan.step is Step.PROPOSE] + faster
    added = [
        *((new_id(), client_id, None) for client_id, _ in created if client_id in new),
        *((new_id(), found[row.email.lower()], row) for row in proposed),
    ]
    if added:
        await queries.add_links(session, job.provider_id, added, now)
    await invitations.to_new(session, [(client_id, row.email) for client_id, row in created if client_id in new])
    await invitations.to_known(session, [(link_id, client_id) for link_id, client_id, row in added if row is not None])
    told = [(row.number, plan.fate) for row, plan in plans if plan.fate is not rules.fate_of(row.outcome, None)]
    if told:
        await queries.note_fates(session, job.id, told)
    return [plan.fate for _, plan in plans]


def _seen(link: Relationship, client: Client) -> InList:
    """Return a client as their provider sees them."""
    if link.typed_email is None:
        return InList(
            state=link.state,
            accepted=True,
            verified=client.verified_at is not None,
            first_name=client.first_name,
            last_name=client.last_name,
            phone=client.phone,
        )
    return InList(
        state=link.state,
        accepted=False,
        verified=False,
        first_name=link.typed_first_name or "",
        last_name=link.typed_last_name or "",
        phone=link.typed_phone,
    )


def _change(link: Relationship, client: Client, plan: Plan, now: datetime) -> None:
    """Let a client be what a plan says, in the account or, before they have accepted, in what was typed."""
    if link.typed_email is not None:
        link.typed_first_name, link.typed_last_name, link.typed_phone = plan.first_name, plan.last_name, plan.phone
    elif (client.first_name, client.last_name, client.phone) != (plan.first_name, plan.last_name, plan.phone):
        client.first_name, client.last_name, client.phone = plan.first_name, plan.last_name, plan.phone
        client.version += 1
    event = plan.event
    if event is RelationshipEvent.UNARCHIVED and link.typed_email is not None:
        event = RelationshipEvent.PROPOSED_AGAIN
    if event:
        link.state = next_state(lifecycle.RELATIONSHIP, link.state, event) or link.state
        link.since = now
