"""Whose calendar is looked at: one's own, or for those who schedule for a practice, that of any of its providers."""

from dataclasses import dataclass
from uuid import UUID

from config.errors import NotFound
from people import queries as people
from people.models import Provider
from people.values import RelationshipState
from portal.pages.page import Visit
from scheduling import queries as calendar
from scheduling.models import Appointment
from status.values import Actor

MOST = 500


@dataclass(frozen=True, slots=True)
class Whose:
    """A provider, as pages name them, and whom else this person may look at."""

    id: UUID
    name: str
    timezone: str
    practice_id: UUID
    others: tuple[tuple[UUID, str], ...]
    own: bool

    @property
    def asked(self) -> str:
        """Return what addresses say of whose calendar it is; nothing where it is one's own."""
        return "" if self.own else f"&provider={self.id}"


def name_of(provider: Provider) -> str:
    """Return what a provider is called on pages."""
    return f"{provider.first_name} {provider.last_name}"


async def whose(visit: Visit) -> Whose:
    """Return the calendar that was asked for; NotFound where it is not this person's to see, or there is none."""
    others = await _others(visit)
    asked = visit.query.get("provider") or (visit.form.get("provider") if visit.form else None)
    chosen = _read(asked) or visit.me.provider_id or (others[0].id if others else None)
    if chosen is None:
        raise NotFound
    found = {one.id: one for one in others}.get(chosen) or await _own(visit, chosen)
    return Whose(
        id=found.id,
        name=name_of(found),
        timezone=found.timezone,
        practice_id=found.practice_id,
        others=tuple((one.id, name_of(one)) for one in others),
        own=found.id == visit.me.provider_id,
    )


async def _own(visit: Visit, provider_id: UUID) -> Provider:
    found = await people.provider(visit.session, provider_id) if provider_id == visit.me.provider_id else None
    if found is None:
        raise NotFound
    return found


async def _others(visit: Visit) -> list[Provider]:
    found: dict[UUID, Provider] = {}
    for practice_id in {practice_id for practice_id, _ in visit.me.practices}:
        rows = await people.providers(visit.session, practice_id=practice_id, after=None, limit=MOST)
        found |= {row.id: row for row in rows if row.active}
    return sorted(found.values(), key=lambda one: (one.last_name, one.first_name, one.id))


async def may_see(visit: Visit, provider_id: UUID) -> Provider:
    """Return a provider for whom this person may act; NotFound for all others (F35)."""
    provider = await people.provider(visit.session, provider_id)
    practices = {practice_id for practice_id, _ in visit.me.practices}
    if provider is None or (provider.id != visit.me.provider_id and provider.practice_id not in practices):
        raise NotFound
    return provider


def acting(visit: Visit, provider_id: UUID) -> Actor:
    """Return who history names: the provider themselves, or whoever acts for them in their practice."""
    return visit.actor if provider_id == visit.me.provider_id else visit.as_practice


async def appointment(visit: Visit) -> tuple[Appointment, Provider]:
    """Return the appointment that the path names, and whose it is; NotFound where it is not this person's to see."""
    row = await calendar.appointment(visit.session, UUID(visit.path["appointment_id"]))
    if row is None:
        raise NotFound
    return row, await may_see(visit, row.provider_id)


async def names(visit: Visit, provider_id: UUID, clients: set[UUID]) -> dict[UUID, str]:
    """Return what clients are called in this provider's list: until they accept, what was typed there (R46)."""
    found = await people.seen(visit.session, [(provider_id, one) for one in clients], visit.now)
    return {client_id: one.name for (_, client_id), one in found.items()}


def _read(asked: object) -> UUID | None:
    try:
        return UUID(str(asked)) if asked else None
    except ValueError:
        raise NotFound from None


# With whom appointments can be made: everybody in the list but those who were archived or blocked.
BOOKABLE = frozenset(RelationshipState) - {RelationshipState.ARCHIVED, RelationshipState.BLOCKED}
