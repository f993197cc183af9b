"""Reads and writes of clients and relationships."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from people.forms import CURRENT
from people.models import (
    BillingMethod,
    Bounce,
    Client,
    Consent,
    FormAcknowledgement,
    Insurance,
    NoticeChoice,
    Relationship,
    Suppression,
)
from people.values import AccountState, AccountStep, FormKey, Language, SuppressionReason
from status.values import Channel, NoticeKey


async def client(session: AsyncSession, client_id: UUID) -> Client | None:
    """Return one client."""
    return await session.get(Client, client_id)


async def clients(session: AsyncSession, client_ids: Collection[UUID]) -> dict[UUID, Client]:
    """Return several clients by their ids."""
    found = await session.execute(select(Client).where(col(Client.id).in_(client_ids)))
    return {row.id: row for row in found.scalars()}


async def client_for_update(session: AsyncSession, client_id: UUID) -> Client | None:
    """Return one client, locked; who writes a row that points to them need not wait for that."""
    return await session.get(Client, client_id, with_for_update={"key_share": True}, populate_existing=True)


async def client_by_email(session: AsyncSession, email: str) -> Client | None:
    """Return the client with this address, in any spelling of its letters."""
    found = await session.execute(select(Client).where(func.lower(col(Client.email)) == email.lower()))
    return found.scalar_one_or_none()


async def client_by_email_in_turn(session: AsyncSession, email: str) -> Client | None:
    """Return the client with this address, locked; what is written down about them meanwhile need not wait."""
    found = await session.execute(
        select(Client)
        .where(func.lower(col(Client.email)) == email.lower())
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return found.scalar_one_or_none()


async def add_unless_known(session: AsyncSession, account: Client) -> None:
    """Write a client unless the address has one already, perhaps since a moment ago."""
    values = {name: getattr(account, name) for name in Client.__table__.columns.keys()}  # type: ignore[attr-defined]  # noqa: SIM118
    await session.execute(insert(Client).values(**values).on_conflict_do_nothing())


async def done_steps(
    session: AsyncSession, client_id: UUID, now: datetime, current: Mapping[FormKey, int] = CURRENT
) -> frozenset[AccountStep]:
    """Return the steps of their account that a client has done, as far as they count today.

    `current` are the versions of the forms that have to be acknowledged.
    """
    today = now.date().isoformat()
    found = await session.execute(
        select(
            col(Client.verified_at).is_not(None),
            and_(
                col(Insurance.company).is_not(None),
                col(Insurance.member_id).is_not(None),
                col(Client.birth_date).is_not(None),
            ),
            and_(
                col(BillingMethod.client_id).is_not(None),
                or_(col(BillingMethod.expires_on).is_(None), col(BillingMethod.expires_on) >= today),
            ),
        )
        .outerjoin(Insurance, col(Insurance.client_id) == col(Client.id))
        .outerjoin(BillingMethod, col(BillingMethod.client_id) == col(Client.id))
        .where(col(Client.id) == client_id)
    )
    told = found.one_or_none()
    if told is None:
        return frozenset()
    acknowledged = {one.form: one.version for one in await acknowledgements(session, client_id)}
    forms = all(acknowledged.get(key) == version for key, version in current.items())
    return frozenset(step for step, done in zip(AccountStep, (*told, forms), strict=True) if done)


async def acknowledgements(session: AsyncSession, client_id: UUID) -> Sequence[FormAcknowledgement]:
    """Return which versions of forms a client has acknowledged, older ones first."""
    found = await session.execute(
        select(FormAcknowledgement)
        .where(col(FormAcknowledgement.client_id) == client_id)
        .order_by(col(FormAcknowledgement.version))
    )
    return found.scalars().all()


async def acknowledge(
    session: AsyncSession, client_id: UUID, form: FormKey, version: int, language: Language, now: datetime
) -> None:
    """Write down that a client has acknowledged a version of a form; the first time stands."""
    await session.execute(
        insert(FormAcknowledgement)
        .values(client_id=client_id, form=form, version=version, language=language, at=now)
        .on_conflict_do_nothing()
    )


async def consent(session: AsyncSession, client_id: UUID, number: str | None) -> Consent | None:
    """Return the consent to texts that counts: given for this very number, and not withdrawn."""
    found = await session.execute(
        select(Consent).where(
            col(Consent.client_id) == client_id, col(Consent.number) == number, col(Consent.withdrawn_at).is_(None)
        )
    )
    return found.scalars().first()


async def consent_for_update(session: AsyncSession, client_id: UUID) -> Consent | None:
    """Return the consent of a client that is not withdrawn, whatever number it is for, locked."""
    found = await session.execute(
        select(Consent)
        .where(col(Consent.client_id) == client_id, col(Consent.withdrawn_at).is_(None))
        .with_for_update()
    )
    return found.scalars().first()


async def wants_texts(session: AsyncSession, client_id: UUID) -> bool:
    """Tell whether a client has consented to texts to the number that they have now."""
    found = await session.execute(
        select(col(Consent.id))
        .join(Client, and_(col(Client.id) == col(Consent.client_id), col(Client.phone) == col(Consent.number)))
        .where(col(Consent.client_id) == client_id, col(Consent.withdrawn_at).is_(None))
    )
    return found.first() is not None


async def consented_number(session: AsyncSession, number: str) -> bool:
    """Tell whether any client has consented to texts to this number."""
    found = await session.execute(
        select(col(Consent.id)).where(col(Consent.number) == number, col(Consent.withdrawn_at).is_(None)).limit(1)
    )
    return found.first() is not None


async def unwanted(session: AsyncSession, provider_id: UUID, key: NoticeKey) -> frozenset[Channel]:
    """Return the ways by which a provider does not want a letter."""
    found = await session.execute(
        select(col(NoticeChoice.channel)).where(
            col(NoticeChoice.provider_id) == provider_id, col(NoticeChoice.key) == key
        )
    )
    return frozenset(found.scalars())


async def notice_choices(session: AsyncSession, provider_id: UUID) -> frozenset[tuple[NoticeKey, Channel]]:
    """Return everything that a provider does without."""
    found = await session.execute(
        select(col(NoticeChoice.key), col(NoticeChoice.channel)).where(col(NoticeChoice.provider_id) == provider_id)
    )
    return frozenset((key, channel) for key, channel in found)


async def choose_notices(
    session: AsyncSession, provider_id: UUID, off: Collection[tuple[NoticeKey, Channel]], now: datetime
) -> None:
    """Let a provider do without these letters, and have all others."""
    await session.execute(delete(NoticeChoice).where(col(NoticeChoice.provider_id) == provider_id))
    session.add_all(NoticeChoice(provider_id=provider_id, key=key, channel=way, since=now) for key, way in off)
    await session.flush()


async def insurance(session: AsyncSession, client_id: UUID) -> Insurance | None:
    """Return what is known of a client's insurance, perhaps a draft."""
    return await session.get(Insurance, client_id)


async def billing_method(session: AsyncSession, client_id: UUID) -> BillingMethod | None:
    """Return how a client pays."""
    return await session.get(BillingMethod, client_id)


async def forget_person(session: AsyncSession, client_id: UUID) -> None:
    """Delete what nobody needs once an account is closed: insurance, way to pay."""
    await session.execute(delete(Insurance).where(col(Insurance.client_id) == client_id))
    await session.execute(delete(BillingMethod).where(col(BillingMethod.client_id) == client_id))


async def stale_accounts(
    session: AsyncSession, now: datetime, limit: int, current: Mapping[FormKey, int] = CURRENT
) -> Sequence[UUID]:
    """Return accounts that count as ready and lack something: a form has a new version, a card is over."""
    today = now.date().isoformat()
    lacks_a_form = [
        ~exists().where(
            col(FormAcknowledgement.client_id) == col(Client.id),
            col(FormAcknowledgement.form) == key,
            col(FormAcknowledgement.version) == version,
        )
        for key, version in current.items()
    ]
    card_over = exists().where(col(BillingMethod.client_id) == col(Client.id), col(BillingMethod.expires_on) < today)
    found = await session.execute(
        select(col(Client.id))
        .where(col(Client.account) == AccountState.READY, or_(card_over, *lacks_a_form))
        .order_by(col(Client.id))
        .limit(limit)
    )
    return found.scalars().all()


async def relationship(session: AsyncSession, provider_id: UUID, client_id: UUID) -> Relationship | None:
    """Return where a provider and a client stand."""
    found = await session.execute(
        select(Relationship).where(
            col(Relationship.provider_id) == provider_id, col(Relationship.client_id) == client_id
        )
    )
    return found.scalar_one_or_none()


async def relationship_for_update(session: AsyncSession, provider_id: UUID, client_id: UUID) -> Relationship | None:
    """Return where a provider and a client stand, locked."""
    found = await session.execute(
        select(Relationship)
        .where(col(Relationship.provider_id) == provider_id, col(Relationship.client_id) == client_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return found.scalar_one_or_none()


async def relationships_of_client(session: AsyncSession, client_id: UUID) -> Sequence[Relationship]:
    """Return where a client stands with all providers."""
    found = await session.execute(select(Relationship).where(col(Relationship.client_id) == client_id))
    return found.scalars().all()


async def relationship_by_id(session: AsyncSession, relationship_id: UUID) -> Relationship | None:
    """Return one relationship."""
    return await session.get(Relationship, relationship_id)


async def bounced(session: AsyncSession, address_key: str) -> bool:
    """Tell whether mail to the address behind this key was refused for good."""
    found = await session.execute(
        select(col(Bounce.address_key)).where(col(Bounce.address_key) == address_key, col(Bounce.lifted_at).is_(None))
    )
    return found.first() is not None


async def note_bounce(session: AsyncSession, address_key: str, now: datetime) -> None:
    """Send no more mail to the address behind this key."""
    await session.execute(
        insert(Bounce)
        .values(address_key=address_key, since=now, lifted_at=None)
        .on_conflict_do_update(index_elements=["address_key"], set_={"since": now, "lifted_at": None})
    )


async def lift_bounce(session: AsyncSession, address_key: str, now: datetime) -> None:
    """Try an address again."""
    await session.execute(
        update(Bounce)
        .where(col(Bounce.address_key) == address_key, col(Bounce.lifted_at).is_(None))
        .values(lifted_at=now)
    )


async def suppressed(session: AsyncSession, number_key: str) -> bool:
    """Tell whether no texts go to the number behind this key."""
    found = await session.execute(
        select(col(Suppression.number_key)).where(
            col(Suppression.number_key) == number_key, col(Suppression.lifted_at).is_(None)
        )
    )
    return found.first() is not None


async def suppress(session: AsyncSession, number_key: str, reason: SuppressionReason, now: datetime) -> None:
    """Send no more texts to the number behind this key."""
    await session.execute(
        insert(Suppression)
        .values(number_key=number_key, reason=reason, since=now, lifted_at=None)
        .on_conflict_do_update(index_elements=["number_key"], set_={"reason": reason, "since": now, "lifted_at": None})
    )


async def lift_suppression(session: AsyncSession, number_key: str, now: datetime) -> None:
    """Take back STOP after START."""
    await session.execute(
        update(Suppression)
        .where(
            col(Suppression.number_key) == number_key,
            col(Suppression.reason) == SuppressionReason.STOP,
            col(Suppression.lifted_at).is_(None),
        )
        .values(lifted_at=now)
    )
