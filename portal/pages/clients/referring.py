"""A client referred for medication: consent first, then a prescriber who fits, then their answer (R43)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from config.errors import NotFound, Refused
from people import queries
from portal.consents import PSYCHIATRIC_CONSENT
from portal.pages.clients.one import ID, theirs
from portal.pages.page import PROVIDERS, Page, Redirect, Shown, View, Visit
from portal.pages.typed import Typed, opaque
from scheduling import actions as scheduling
from scheduling import queries as calendar
from scheduling.rules import vocabulary
from scheduling.values import Answers, SessionType
from status import queries as ledger_queries
from status.models import PsychiatricReferral
from status.rules.psychiatric import state_at
from status.values import ConsentBy, PsychiatricState

STATEMENT = max(PSYCHIATRIC_CONSENT)


@dataclass(frozen=True, slots=True)
class Prescriber:
    """Somebody who could be asked."""

    id: UUID
    name: str


async def show(visit: Visit) -> Shown:
    """Show what is next: to consent, to choose, or to wait."""
    return await _stage(visit, ())


async def _stage(visit: Visit, found: tuple[Prescriber, ...], search_id: UUID | None = None) -> View:
    client, link = await theirs(visit)
    profile = await queries.profile(visit.session, visit.provider_id)
    if profile and vocabulary.prescribes(profile.taxonomy):
        raise Refused("you_prescribe", "You prescribe yourself, so your clients need no referral for it.")
    seen = await queries.seen(visit.session, [(link.provider_id, client.id)], visit.now)
    who = seen[link.provider_id, client.id]
    open_one = await ledger_queries.open_psychiatric(visit.session, link.provider_id, client.id)
    stands = state_at(open_one.state, open_one.expires_at, visit.now) if open_one else None
    asked = open_one.prescriber_id if open_one else None
    prescriber = await queries.provider(visit.session, asked) if asked else None
    return View(
        "clients/refer.html",
        {
            "client": {"id": client.id, "name": who.name, "age": who.age, "lives_in": who.lives_in},
            "stands": stands.value if stands and stands.open else None,
            "until": open_one.expires_at if open_one else None,
            "prescriber": f"{prescriber.first_name} {prescriber.last_name}" if prescriber else "",
            "statement": PSYCHIATRIC_CONSENT[STATEMENT][visit.language],
            "states": [(key, getattr(word, visit.language.value)) for key, word in vocabulary.STATES.items()],
            "found": found,
            "search_id": search_id,
            "searched": search_id is not None,
        },
    )


async def act(visit: Visit) -> Shown:
    """Take the step that the form is for."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    step = {"consent": _consent, "find": _find, "send": _send, "withdraw": _withdraw}.get(visit.form.get("step", ""))
    if step is None:
        raise NotFound
    return await step(visit)


async def _open(visit: Visit) -> PsychiatricReferral:
    row = await ledger_queries.open_psychiatric(visit.session, visit.provider_id, UUID(visit.path["client_id"]))
    if row is None:
        raise NotFound
    return row


async def _consent(visit: Visit) -> Shown:
    assert visit.form is not None  # noqa: S101 - a POST has one
    client, link = await theirs(visit)
    typed = Typed(visit.form)
    by = typed.one_of("by", [one.value for one in ConsentBy], needed=True)
    if visit.form.get("agreed") != "yes":
        typed.wrong("agreed", "problems.agree")
    typed.finish()
    told: dict[str, Any] = {"actor": visit.actor, "now": visit.now, "new_id": visit.new_id}
    row = await ledger_queries.open_psychiatric(visit.session, link.provider_id, client.id)
    if row is None or row.state is not PsychiatricState.DRAFT:
        row = await scheduling.refer_to_prescriber(visit.session, link.provider_id, client.id, **told)
    given = scheduling.Consent(by=ConsentBy(by or ""), statement=STATEMENT)
    await scheduling.record_consent(visit.session, row.id, given, **told)
    return Redirect(f"/clients/{client.id}/refer", done="clients.consented", subjects=(row.id, link.provider_id))


async def _find(visit: Visit) -> Shown:
    """Look for those who prescribe and fit; the list is the one that every search gives."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    client, link = await theirs(visit)
    typed = Typed(visit.form)
    state = typed.one_of("state", list(vocabulary.STATES), needed=True)
    age = typed.whole("age", 0, 120, needed=True)
    typed.finish()
    result = await scheduling.search(
        visit.session,
        Answers(
            state=state or "",
            age=age or 0,
            session_type=SessionType.FULL_SESSION,
            plan=client.plan if link.typed_email is None else None,
            prescriber=True,
            exclude=frozenset({link.provider_id}),
        ),
        house=scheduling.house(visit.settings),
        now=visit.now,
        new_id=visit.new_id,
        asked_by=link.provider_id,
        client_id=client.id,
    )
    rows = {one: await queries.provider(visit.session, one) for one in [found.provider_id for found in result.found]}
    found = tuple(Prescriber(one, f"{row.first_name} {row.last_name}") for one, row in rows.items() if row)
    return await _stage(visit, found, result.search_id)


async def _send(visit: Visit) -> Shown:
    assert visit.form is not None  # noqa: S101 - a POST has one
    row = await _open(visit)
    search_id, prescriber_id = opaque(visit.form.get("search")), opaque(visit.form.get("prescriber"))
    search = await calendar.search(visit.session, search_id) if search_id else None
    if search is None or search.asked_by != visit.provider_id or prescriber_id is None:
        raise NotFound
    await scheduling.send_to_prescriber(
        visit.session,
        row.id,
        search=search,
        prescriber_id=prescriber_id,
        lives=timedelta(days=visit.settings.psychiatric_d),
        actor=visit.actor,
        now=visit.now,
        new_id=visit.new_id,
    )
    subjects = (row.id, row.provider_id, prescriber_id)
    return Redirect(f"/clients/{row.client_id}/refer", done="clients.referred", subjects=subjects)


async def _withdraw(visit: Visit) -> Shown:
    row = await _open(visit)
    told: dict[str, Any] = {"actor": visit.actor, "now": visit.now, "new_id": visit.new_id}
    await scheduling.withdraw_psychiatric(visit.session, row.id, **told)
    subjects = tuple(one for one in (row.id, row.provider_id, row.prescriber_id) if one)
    return Redirect(f"/clients/{row.client_id}", done="clients.withdrawn", subjects=subjects)


PAGES = (Page(name="client_refer", path=f"/clients/{{client_id:{ID}}}/refer", roles=PROVIDERS, show=show, submit=act),)
