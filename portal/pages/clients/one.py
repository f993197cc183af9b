"""One client: what is known, what is missing, what has been; corrected, invited, archived, blocked (R50–R57)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bridge import queries as bridge_queries
from config.errors import NotFound, Refused
from config.lifecycles import next_state
from people import actions as people
from people import queries
from people.models import Client, Relationship
from people.rules import account as rules
from people.rules.lifecycle import ACCOUNT
from people.values import AccountEvent, AccountState, AccountStep, CaseKind, Insured, RelationshipState
from portal import views
from portal.pages.page import PROVIDERS, Page, Redirect, Shown, View, Visit
from portal.pages.typed import Typed
from scheduling import actions as scheduling
from scheduling import queries as calendar
from scheduling.rules import vocabulary
from status import queries as ledger_queries

ID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
HISTORY = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A client as their provider sees them now; of who has yet to accept, what the provider typed (R46)."""

    id: UUID
    name: str
    legal: str
    first_name: str
    last_name: str
    preferred_name: str | None
    email: str
    phone: str | None
    state: str
    accepted: bool
    account: str | None
    invited_until: datetime | None
    missing: tuple[str, ...]
    may_edit: bool
    may_invite: bool
    may_insure: bool
    insurance: Insured | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """An appointment that was or is to be, with what is known of its calls: when, how long, how it ended."""

    session_type: str
    state: str
    starts_at: datetime
    ends_at: datetime
    status: str | None
    calls: tuple[tuple[datetime, str | None, int | None], ...]


async def theirs(visit: Visit, *, lock: bool = False) -> tuple[Client, Relationship]:
    """Return a client of this provider's, and where the two stand."""
    client_id = UUID(visit.path["client_id"])
    find = queries.client_for_update if lock else queries.client
    client = await find(visit.session, client_id)
    link = await queries.relationship(visit.session, visit.provider_id, client_id)
    if client is None or link is None:
        raise NotFound
    return client, link


async def show(visit: Visit) -> Shown:
    """Show a client."""
    client, link = await theirs(visit)
    profile = await queries.profile(visit.session, visit.provider_id)
    refers = link.state is RelationshipState.ACTIVE and not (profile and vocabulary.prescribes(profile.taxonomy))
    return View(
        "clients/one.html",
        {"client": await _seen(visit, client, link), "history": await _history(visit, client.id), "refers": refers},
    )


async def _seen(visit: Visit, client: Client, link: Relationship) -> Seen:
    if link.typed_email is not None:
        return _typed(client, link)
    stands = await people.standing(visit.session, client, visit.now)
    done = await queries.done_steps(visit.session, client.id, visit.now)
    kept = await queries.insurance(visit.session, client.id)
    told = Insured(company=kept.company, member_id=kept.member_id, birth_date=client.birth_date) if kept else None
    held = stands is AccountState.INVITED and client.invited_until is None
    return Seen(
        id=client.id,
        name=f"{client.preferred_name or client.first_name} {client.last_name}",
        legal=f"{client.first_name} {client.last_name}",
        first_name=client.first_name,
        last_name=client.last_name,
        preferred_name=client.preferred_name,
        email=client.email,
        phone=client.phone,
        state=link.state.value,
        accepted=True,
        account="held" if held else stands.value,
        invited_until=client.invited_until,
        missing=tuple(step.value for step in rules.missing(done)),
        may_edit=next_state(ACCOUNT, stands, AccountEvent.EDITED) is not None,
        may_invite=next_state(ACCOUNT, stands, AccountEvent.INVITED) is not None,
        may_insure=stands.verified and visit.settings.provider_may_edit_insurance,
        insurance=told,
    )


def _typed(client: Client, link: Relationship) -> Seen:
    closed = client.account is AccountState.CLOSED
    name = f"{link.typed_first_name} {link.typed_last_name}"
    return Seen(
        id=client.id,
        name=name,
        legal=name,
        first_name=link.typed_first_name or "",
        last_name=link.typed_last_name or "",
        preferred_name=None,
        email="" if closed else link.typed_email or "",
        phone=link.typed_phone,
        state=link.state.value,
        accepted=False,
        account=AccountState.CLOSED.value if closed else None,
        invited_until=None,
        missing=tuple(step.value for step in AccountStep),
        may_edit=link.state is RelationshipState.PROPOSED,
        may_invite=link.state is RelationshipState.PROPOSED,
        may_insure=False,
        insurance=None,
    )


async def _history(visit: Visit, client_id: UUID) -> Sequence[Met]:
    rows = await calendar.history_with(visit.session, visit.provider_id, client_id, HISTORY)
    ids = [row.id for row in rows]
    became = await ledger_queries.latest_consultations(visit.session, ids)
    calls: dict[UUID | None, list[tuple[datetime, str | None, int | None]]] = {}
    for call in await bridge_queries.calls_about(visit.session, ids):
        told = call.outcome.value if call.outcome else None
        calls.setdefault(call.appointment_id, []).append((call.dialled_at, told, call.talk_s))
    return [
        Met(
            session_type=row.session_type.value,
            state=row.state.value,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            status=became[row.id].status.value if row.id in became else None,
            calls=tuple(calls.get(row.id, ())),
        )
        for row in rows
    ]


# Corrected, while nobody has proven the address


async def edit(visit: Visit) -> Shown:
    """Show the form with what is known; Refused where only the client changes it (R53)."""
    client, link = await theirs(visit)
    seen = await _seen(visit, client, link)
    if visit.form is None and not seen.may_edit:
        raise _only_theirs(seen)
    return View("clients/edit.html", {"client": seen})


def _only_theirs(seen: Seen) -> Refused:
    code = {"closed": "account_closed", "self_registered": "self_registered"}.get(seen.account or "", "verified_client")
    return Refused(code, "Only the client can change this.")


async def save(visit: Visit) -> Shown:
    """Save what was corrected; who has verified meanwhile is told apart in the same transaction (R54)."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    client, link = await theirs(visit, lock=True)
    typed = Typed(visit.form)
    first, last = typed.name("first_name", needed=True), typed.name("last_name", needed=True)
    phone = typed.phone("phone")
    if link.typed_email is not None:
        typed.finish()
        await people.retype(visit.session, link, {"first_name": first, "last_name": last, "phone": phone})
        return Redirect(f"/clients/{client.id}", done="clients.saved", subjects=(client.id, link.provider_id))
    email, preferred = typed.address("email", needed=True), typed.name("preferred_name")
    today = views.local_day(visit.now, visit.timezone)
    insured = _insured(typed, today)
    typed.finish()
    told: dict[str, Any] = {"actor": visit.actor, "now": visit.now, "new_id": visit.new_id}
    changed = {
        name: value
        for name, value in (
            ("first_name", first),
            ("last_name", last),
            ("preferred_name", preferred),
            ("email", email),
            ("phone", phone),
        )
        if value != getattr(client, name)
    }
    await people.correct_client(visit.session, client, link.provider_id, changed, **told)
    kept = await queries.insurance(visit.session, client.id)
    before = (
        Insured(company=kept.company, member_id=kept.member_id, birth_date=client.birth_date) if kept else Insured()
    )
    if insured != before:
        await people.set_insurance(visit.session, client, insured, **told)
    return Redirect(f"/clients/{client.id}", done="clients.saved", subjects=(client.id, link.provider_id))


def _insured(typed: Typed, today: Any) -> Insured:
    born = typed.birth_day("birth_date", today=today)
    return Insured(
        company=typed.name("company"), member_id=typed.name("member_id"), birth_date=born.isoformat() if born else None
    )


async def insurance(visit: Visit) -> Shown:
    """Show the insurance of a client who has verified, where this house lets providers correct it (R53)."""
    client, link = await theirs(visit)
    seen = await _seen(visit, client, link)
    if not seen.may_insure:
        return Redirect(f"/clients/{client.id}")
    return View("clients/insurance.html", {"client": seen})


async def save_insurance(visit: Visit) -> Shown:
    """Keep what was corrected of it."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    client, link = await theirs(visit, lock=True)
    if not (await _seen(visit, client, link)).may_insure:
        raise NotFound
    typed = Typed(visit.form)
    insured = _insured(typed, views.local_day(visit.now, visit.timezone))
    typed.finish()
    await people.set_insurance(visit.session, client, insured, actor=visit.actor, now=visit.now, new_id=visit.new_id)
    return Redirect(f"/clients/{client.id}", done="clients.saved", subjects=(client.id, link.provider_id))


# Invited, archived, blocked


async def invite(visit: Visit) -> Shown:
    """Invite a client, again or for the first time."""
    client, link = await theirs(visit, lock=True)
    await people.invite_client(visit.session, client, link, actor=visit.actor, now=visit.now, new_id=visit.new_id)
    return Redirect(f"/clients/{client.id}", done="clients.invited", subjects=(client.id, link.provider_id))


async def take(visit: Visit) -> Shown:
    """Take somebody who has written first into the list (R44)."""
    client, link = await theirs(visit, lock=True)
    if link.state is not RelationshipState.PROSPECT:
        return Redirect(f"/clients/{client.id}")
    await people.add_client(
        visit.session,
        provider_id=link.provider_id,
        first_name=client.first_name,
        last_name=client.last_name,
        email=client.email,
        phone=client.phone,
        actor=visit.actor,
        now=visit.now,
        new_id=visit.new_id,
    )
    return Redirect(f"/clients/{client.id}", done="clients.taken", subjects=(client.id, link.provider_id))


async def leaving(visit: Visit) -> Shown:
    """Ask before a client is archived: what lies ahead is counted, and cancelled only where that is ticked (R51)."""
    client, link = await theirs(visit)
    ahead = await calendar.ahead_with(visit.session, visit.provider_id, client.id, visit.now)
    return View("clients/archive.html", {"client": await _seen(visit, client, link), "ahead": ahead})


async def archive(visit: Visit) -> Shown:
    """Archive a client."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    client, link = await theirs(visit)
    typed = Typed(visit.form)
    message = typed.note("message")
    typed.finish()
    await scheduling.archive_client(
        visit.session,
        link.provider_id,
        client.id,
        cancel_ahead=visit.form.get("cancel") == "yes",
        message=message,
        actor=visit.actor,
        house=scheduling.house(visit.settings),
        now=visit.now,
        new_id=visit.new_id,
    )
    return Redirect("/clients", done="clients.archived_one", subjects=(client.id, link.provider_id))


async def unarchive(visit: Visit) -> Shown:
    """Take a client back into the list."""
    client, link = await theirs(visit)
    await scheduling.unarchive_client(
        visit.session, link.provider_id, client.id, actor=visit.actor, now=visit.now, new_id=visit.new_id
    )
    return Redirect(f"/clients/{client.id}", done="clients.unarchived_one", subjects=(client.id, link.provider_id))


async def block(visit: Visit) -> Shown:
    """Take no more messages and bookings from somebody; they are not told."""
    client, link = await theirs(visit)
    await people.block(
        visit.session, link.provider_id, client.id, actor=visit.actor, now=visit.now, new_id=visit.new_id
    )
    return Redirect("/clients", done="clients.blocked_one", subjects=(client.id, link.provider_id))


async def ask_support(visit: Visit) -> Shown:
    """Open a case about a client's account, with ids and nothing of the person (R55)."""
    client, link = await theirs(visit)
    stands = await people.standing(visit.session, client, visit.now)
    await people.open_case(
        visit.session,
        kind=CaseKind.CLIENT_ACCOUNT,
        provider_id=link.provider_id,
        appointment_id=None,
        text="",
        facts={"client": str(client.id), "account": stands.value if link.typed_email is None else None},
        now=visit.now,
        new_id=visit.new_id,
    )
    return Redirect(f"/clients/{client.id}", done="clients.asked_support", subjects=(client.id, link.provider_id))


def _page(name: str, tail: str = "", **told: Any) -> Page:
    return Page(name=name, path=f"/clients/{{client_id:{ID}}}{tail}", roles=PROVIDERS, **told)


PAGES = (
    _page("client", show=show),
    _page("client_edit", "/edit", show=edit, submit=save),
    _page("client_insurance", "/insurance", show=insurance, submit=save_insurance),
    _page("client_invite", "/invite", submit=invite, again=show),
    _page("client_take", "/take", submit=take, again=show),
    _page("client_archive", "/archive", show=leaving, submit=archive),
    _page("client_unarchive", "/unarchive", submit=unarchive, again=show),
    _page("client_block", "/block", submit=block, again=show),
    _page("client_support", "/support", submit=ask_support, again=show),
)
