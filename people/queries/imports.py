"""Reads and writes of imports: thousands of rows at a time, so in few statements.

Addresses are compared in small letters. They are ASCII (5.5), for which Python and the database agree on those.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, String, and_, any_, bindparam, delete, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from config.database import Instant
from people.models import Account, Client, ImportJob, ImportRow, Relationship, SingleUseLink
from people.values import AccountKind, AccountState, Language, LinkPurpose, RelationshipState
from people.values.imports import ImportState, InList, RowDuplicate, RowFate, RowOutcome, RowToDo

_SAME_ADDRESS = col(ImportRow.said).op("@>", is_comparison=True)(
    text(f"'[[\"{RowDuplicate.SAME_ADDRESS.value}\"]]'::jsonb")
)
_COLUMNS = (
    "job_id",
    "number",
    "outcome",
    "first_name",
    "last_name",
    "email",
    "phone",
    "typed_phone",
    "said",
    "replace",
    "unarchive",
)


async def import_job(session: AsyncSession, job_id: UUID) -> ImportJob | None:
    """Return one import, as it stands now."""
    return await session.get(ImportJob, job_id, populate_existing=True)


async def import_job_for_update(session: AsyncSession, job_id: UUID) -> ImportJob | None:
    """Return one import, locked."""
    return await session.get(ImportJob, job_id, with_for_update=True, populate_existing=True)


async def import_jobs(
    session: AsyncSession, *, provider_id: UUID | None, after: UUID | None, limit: int
) -> Sequence[ImportJob]:
    """Return imports in the order of their ids."""
    query = select(ImportJob).order_by(col(ImportJob.id)).limit(limit)
    if provider_id:
        query = query.where(col(ImportJob.provider_id) == provider_id)
    if after:
        query = query.where(col(ImportJob.id) > after)
    return (await session.execute(query)).scalars().all()


async def latest_imports(session: AsyncSession, provider_id: UUID, limit: int) -> Sequence[ImportJob]:
    """Return the imports of a provider, the newest first."""
    found = await session.execute(
        select(ImportJob)
        .where(col(ImportJob.provider_id) == provider_id)
        .order_by(col(ImportJob.created_at).desc(), col(ImportJob.id))
        .limit(limit)
    )
    return found.scalars().all()


async def committing_imports(session: AsyncSession) -> Sequence[UUID]:
    """Return the imports whose commit was asked for and is not done."""
    found = await session.execute(select(col(ImportJob.id)).where(col(ImportJob.state) == ImportState.COMMITTING))
    return found.scalars().all()


async def hold_import(session: AsyncSession, job_id: UUID) -> bool:
    """Hold an import until this transaction ends; False at once where another one works at it."""
    name = func.hashtextextended(f"import/{job_id}", 0)
    found = await session.execute(select(func.pg_try_advisory_xact_lock(name)))
    return bool(found.scalar_one())


async def note_progress(session: AsyncSession, job_id: UUID, done: int) -> None:
    """Write down how many rows of an import are done."""
    await session.execute(update(ImportJob).where(col(ImportJob.id) == job_id).values(done=done))


async def delete_old_imports(session: AsyncSession, now: datetime) -> None:
    """Forget the rows of imports that are over, and the samples; of what was never committed, everything (R63)."""
    over = and_(col(ImportJob.expires_at) <= now, col(ImportJob.state) != ImportState.COMMITTING)
    await session.execute(delete(ImportRow).where(col(ImportRow.job_id).in_(select(col(ImportJob.id)).where(over))))
    await session.execute(delete(ImportJob).where(over, col(ImportJob.state) != ImportState.COMMITTED))
    await session.execute(
        update(ImportJob)
        .where(over, col(ImportJob.facts).has_key("samples"))  # type: ignore[attr-defined]
        .values(facts=col(ImportJob.facts).op("-")("samples"))
    )


# Rows


async def add_import_rows(
    session: AsyncSession, job_id: UUID, rows: Iterable[tuple[RowOutcome, Sequence[Any]]]
) -> None:
    """Write rows down, each with its outcome and the fields of a row as the reader tells them, by COPY."""
    connection = await (await session.connection()).get_raw_connection()
    bare = connection.driver_connection
    assert bare is not None  # noqa: S101 - a connected session has one
    records = [
        (job_id, number, outcome.value, first, last, email, phone, typed, orjson.dumps(said).decode(), False, False)
        for outcome, (number, first, last, email, phone, typed, said) in rows
    ]
    await bare.copy_records_to_table(ImportRow.__tablename__, records=records, columns=_COLUMNS)


async def import_rows(
    session: AsyncSession, job_id: UUID, *, outcome: RowOutcome | None, after: int, limit: int | None
) -> Sequence[ImportRow]:
    """Return rows of an import in the order of the file."""
    query = (
        select(ImportRow)
        .where(col(ImportRow.job_id) == job_id, col(ImportRow.number) > after)
        .order_by(col(ImportRow.number))
        .limit(limit)
    )
    if outcome:
        query = query.where(col(ImportRow.outcome) == outcome)
    return (await session.execute(query)).scalars().all()


async def count_outcomes(session: AsyncSession, job_id: UUID) -> dict[RowOutcome, int]:
    """Return how many rows of an import come to what."""
    found = await session.execute(
        select(col(ImportRow.outcome), func.count()).where(col(ImportRow.job_id) == job_id).group_by(ImportRow.outcome)
    )
    counted = {RowOutcome(outcome): count for outcome, count in found}
    return {outcome: counted.get(outcome, 0) for outcome in RowOutcome}


async def same_addresses(session: AsyncSession, job_id: UUID) -> int:
    """Return how many rows have the address of a row above."""
    mine = select(func.count()).where(col(ImportRow.job_id) == job_id, col(ImportRow.outcome) == RowOutcome.DUPLICATE)
    return (await session.execute(mine.where(_SAME_ADDRESS))).scalar_one()


async def provider_list(session: AsyncSession, provider_id: UUID) -> Sequence[tuple[str, InList]]:
    """Return everybody in a provider's list by their address, as the provider sees them."""
    found = await session.execute(
        select(
            col(Relationship.state),
            col(Relationship.typed_email),
            col(Relationship.typed_first_name),
            col(Relationship.typed_last_name),
            col(Relationship.typed_phone),
            col(Client.verified_at),
            col(Client.email),
            col(Client.first_name),
            col(Client.last_name),
            col(Client.phone),
        )
        .join(Client, col(Client.id) == col(Relationship.client_id))
        .where(col(Relationship.provider_id) == provider_id)
        .order_by(func.lower(col(Client.last_name)), func.lower(col(Client.first_name)), col(Client.id))
    )
    return [_in_list(*row) for row in found]


def _in_list(state: RelationshipState, typed_email: str | None, *told: Any) -> tuple[str, InList]:
    typed_first, typed_last, typed_phone, verified_at, email, first, last, phone = told
    if typed_email is None:
        return email, InList(
            state=state,
            accepted=True,
            verified=verified_at is not None,
            first_name=first,
            last_name=last,
            phone=phone,
        )
    return typed_email, InList(
        state=state, accepted=False, verified=False, first_name=typed_first, last_name=typed_last, phone=typed_phone
    )


# The commit: a chunk of rows at a time, in the order of their addresses, so that two imports cannot block each other


async def rows_to_do(session: AsyncSession, job_id: UUID, size: int) -> AsyncIterator[Sequence[RowToDo]]:
    """Yield the rows that may be imported, so many at a time, in the order of their addresses."""
    query = (
        select(
            col(ImportRow.number),
            col(ImportRow.outcome),
            col(ImportRow.first_name),
            col(ImportRow.last_name),
            col(ImportRow.email),
            col(ImportRow.phone),
            col(ImportRow.replace),
            col(ImportRow.unarchive),
        )
        .where(
            col(ImportRow.job_id) == job_id,
            col(ImportRow.outcome) != RowOutcome.ERROR,
            ~_SAME_ADDRESS,
        )
        .order_by(func.lower(col(ImportRow.email)).collate("C"))
    )
    found = await session.stream(query, execution_options={"yield_per": size})
    async for chunk in found.partitions():
        yield [RowToDo(*row) for row in chunk]


async def tick(session: AsyncSession, job_id: UUID, *, replaced: Sequence[int], unarchived: Sequence[int]) -> None:
    """Write down which rows replace what is there, and whose client comes back from the archive."""
    mine = col(ImportRow.job_id) == job_id
    await session.execute(
        update(ImportRow)
        .where(mine)
        .values(
            replace=col(ImportRow.number).in_(replaced),
            unarchive=col(ImportRow.number).in_(unarchived),
        )
        .where(or_(col(ImportRow.number).in_(replaced), col(ImportRow.number).in_(unarchived)))
    )


async def clients_by_email(session: AsyncSession, addresses: Sequence[str]) -> dict[str, UUID]:
    """Return which of these addresses, in small letters, have an account."""
    key = func.lower(col(Client.email))
    one_of_them = any_(bindparam("addresses", type_=ARRAY(String)))
    found = await session.execute(select(key, col(Client.id)).where(key == one_of_them), {"addresses": addresses})
    return {row[0]: row[1] for row in found}


async def links_for_update(
    session: AsyncSession, provider_id: UUID, clients: Collection[UUID]
) -> dict[UUID, tuple[Relationship, Client]]:
    """Return where a provider and these clients stand, the clients locked against changes but not against bookings."""
    found = await session.execute(
        select(Relationship, Client)
        .join(Client, col(Client.id) == col(Relationship.client_id))
        .where(col(Relationship.provider_id) == provider_id, col(Client.id).in_(clients))
        .order_by(func.lower(col(Client.email)).collate("C"))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {row[1].id: (row[0], row[1]) for row in found}


async def add_clients(
    session: AsyncSession,
    rows: Sequence[tuple[UUID, RowToDo]],
    now: datetime,
    *,
    language: Language,
) -> set[UUID]:
    """Add accounts; return the ids of those that are new, since somebody else may have been faster with an address."""
    found = await session.execute(
        text(
            "INSERT INTO clients"
            " (id, first_name, last_name, email, phone, language, account, created_at, version)"
            " SELECT id, first_name, last_name, email, phone, :language, :account, :now, 1 FROM unnest("
            "  CAST(:ids AS uuid[]), CAST(:first AS text[]), CAST(:last AS text[]), CAST(:email AS text[]),"
            "  CAST(:phone AS text[])) AS told(id, first_name, last_name, email, phone)"
            " ON CONFLICT (lower(email)) DO NOTHING RETURNING id"
        ).bindparams(bindparam("now", type_=Instant())),
        {
            "ids": [client_id for client_id, _ in rows],
            "first": [row.first_name for _, row in rows],
            "last": [row.last_name for _, row in rows],
            "email": [row.email for _, row in rows],
            "phone": [row.phone for _, row in rows],
            "language": language.value,
            "account": AccountState.INVITED.value,
            "now": now,
        },
    )
    return set(found.scalars())


async def add_links(
    session: AsyncSession, provider_id: UUID, links: Sequence[tuple[UUID, UUID, RowToDo | None]], now: datetime
) -> None:
    """Put clients into a provider's list: (id, client, None), or proposed to, with what the provider's file says."""
    await session.execute(
        text(
            "INSERT INTO relationships (id, provider_id, client_id, state, since,"
            "  typed_first_name, typed_last_name, typed_email, typed_phone)"
            " SELECT id, :provider_id, client_id, CASE WHEN email IS NULL THEN :active ELSE :proposed END, :now,"
            "  first_name, last_name, email, phone FROM unnest("
            "  CAST(:ids AS uuid[]), CAST(:clients AS uuid[]), CAST(:first AS text[]), CAST(:last AS text[]),"
            "  CAST(:email AS text[]), CAST(:phone AS text[]))"
            "  AS told(id, client_id, first_name, last_name, email, phone)"
            " ON CONFLICT (provider_id, client_id) DO NOTHING"
        ).bindparams(bindparam("now", type_=Instant())),
        {
            "provider_id": provider_id,
            "ids": [link_id for link_id, _, _ in links],
            "clients": [client_id for _, client_id, _ in links],
            "first": [row.first_name if row else None for _, _, row in links],
            "last": [row.last_name if row else None for _, _, row in links],
            "email": [row.email if row else None for _, _, row in links],
            "phone": [row.phone if row else None for _, _, row in links],
            "active": RelationshipState.ACTIVE.value,
            "proposed": RelationshipState.PROPOSED.value,
            "now": now,
        },
    )


async def last_invitation_ends(session: AsyncSession, provider_id: UUID) -> datetime | None:
    """Return when the last invitation ends that this provider has sent, or that waits for its turn."""
    found = await session.execute(
        select(func.max(col(SingleUseLink.expires_at))).where(
            col(SingleUseLink.invited_by) == provider_id, col(SingleUseLink.purpose) == LinkPurpose.INVITATION
        )
    )
    return found.scalar_one()


async def add_invited(
    session: AsyncSession,
    provider_id: UUID,
    rows: Sequence[tuple[UUID, UUID, UUID, str, datetime]],
    *,
    language: Language,
    now: datetime,
) -> None:
    """Add accounts and the links by which they are proven: (account, link, client, address, when it ends)."""
    accounts = [
        {
            "id": account_id,
            "kind": AccountKind.CLIENT,
            "email": email,
            "client_id": client_id,
            "language": language,
            "totp_step": 0,
            "created_at": now,
        }
        for account_id, _, client_id, email, _ in rows
    ]
    links = [
        {
            "id": link_id,
            "purpose": LinkPurpose.INVITATION,
            "account_id": account_id,
            "email": email,
            "invited_by": provider_id,
            "created_at": now,
            "expires_at": expires_at,
        }
        for account_id, link_id, _, email, expires_at in rows
    ]
    await session.execute(insert(Account), accounts)
    await session.execute(insert(SingleUseLink), links)
    await session.execute(
        text(
            "UPDATE clients SET invited_until = told.until, insurance_asked_at = :now FROM unnest("
            " CAST(:ids AS uuid[]), CAST(:until AS timestamptz[])) AS told(id, until) WHERE clients.id = told.id"
        ).bindparams(bindparam("now", type_=Instant())),
        {"now": now, "ids": [row[2] for row in rows], "until": [row[4] for row in rows]},
    )


async def note_fates(session: AsyncSession, job_id: UUID, fates: Sequence[tuple[int, RowFate]]) -> None:
    """Write down what was done with these rows."""
    await session.execute(
        text(
            "UPDATE import_rows SET fate = told.fate"
            " FROM unnest(CAST(:numbers AS int[]), CAST(:fates AS text[])) AS told(number, fate)"
            " WHERE job_id = :job_id AND import_rows.number = told.number"
        ),
        {"job_id": job_id, "numbers": [n for n, _ in fates], "fates": [fate.value for _, fate in fates]},
    )
