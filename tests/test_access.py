"""Who may take which action on whose rows: every action of every floor that says who did it (F35).

The doors have tables of their own. This one is about what is left when a door forgets: an action without a row here
fails, so nobody can add one without saying who may take it.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

import bridge.actions
import people.actions
import scheduling.actions
import status.actions
from config.deps import Deps
from config.errors import NotFound, Refused
from people.models import Client, Payer, Provider, Relationship, SupportCase, Thread
from people.queries import relationship
from people.values import CaseKind, EnrolmentEvent, FormKey, Insured, Language
from people.values.profiles import PhotoFiles
from scheduling.models import Block, BusyFeed, Search
from scheduling.values import BlockKind, BlockRule, Scope, SessionType, Side, Source
from status.models import PsychiatricReferral
from status.rules.access import see_theirs
from status.values import CLOCK, Actor, ActorKind, ConsentBy, DecidedBy, MismatchReason, PsychiatricState
from tests.builders import OPERATOR, World, as_client, as_practice, as_provider
from tests.clock import START
from tests.portal.api.test_access import MONDAY, Things, things_of

FLOORS = (people.actions, scheduling.actions, status.actions, bridge.actions)
ACTIONS = {
    f"{floor.__name__.partition('.')[0]}.{name}": action
    for floor in FLOORS
    for name in floor.__all__
    if inspect.iscoroutinefunction(action := getattr(floor, name)) and "actor" in inspect.signature(action).parameters
}

PROVIDER, CLIENT, PRACTICE = ActorKind.PROVIDER, ActorKind.CLIENT, ActorKind.PRACTICE
OPERATORS, PARTNER = ActorKind.OPERATOR, ActorKind.PARTNER
STAFF = {PROVIDER, PRACTICE, OPERATORS}
EVERYBODY = {*STAFF, CLIENT, PARTNER}


@dataclass(frozen=True)
class Row:
    """A row that the caller of an action brings along, loaded in the action's own transaction."""

    kind: type[SQLModel]
    of: str


@dataclass(frozen=True)
class Case:
    """Who may take an action on what is theirs, and what it is told besides who acts.

    `whose` says what makes a row somebody's; an action without is for some kinds of people whatever the row.
    """

    kinds: set[ActorKind]
    told: Mapping[str, Any]
    whose: str = "provider"


def of(*names: str, **more: Any) -> dict[str, Any]:
    """Tell an action the ids of these things, each by its own name."""
    return dict.fromkeys(names, ID) | more


class _Id:
    """Stands for the id of the thing that has the parameter's name."""


ID = _Id()
SATURDAY = BlockRule(
    kind=BlockKind.OPEN,
    starts_on=date(2026, 12, 12),
    starts_m=9 * 60,
    ends_on=date(2026, 12, 12),
    ends_m=12 * 60,
    timezone="America/New_York",
)
CONSENT = scheduling.actions.Consent(ConsentBy.CLIENT, 1)
DAY = timedelta(days=1)
BOUND = {
    "provider": {PROVIDER, PRACTICE},
    "client": {CLIENT},
    "both": {PROVIDER, PRACTICE, CLIENT},
    "prescriber": {PROVIDER},
    "client or payer": {CLIENT, PARTNER},
    "nobody": set(),
}
WHEN = {"starts_at": MONDAY + timedelta(days=1), "ends_at": None}

CLIENT_ROW, CASE = Row(Client, "client_id"), Row(SupportCase, "opened for this")
CASES = {
    "people.acknowledge_form": Case(
        {CLIENT},
        {"client": CLIENT_ROW, "form": FormKey.PRIVACY, "version": 1, "language": Language.ENGLISH},
        "client",
    ),
    "people.add_client": Case(
        STAFF,
        of("provider_id", first_name="Kim", last_name="Canary", email="kim.canary@example.com", phone=None),
    ),
    "people.block": Case(STAFF, of("provider_id", "client_id")),
    "people.change_own_data": Case({CLIENT, OPERATORS}, {"client": CLIENT_ROW, "changed": {}}, "client"),
    "people.consent_to_texts": Case({CLIENT}, {"client": CLIENT_ROW, "version": None}, "client"),
    "people.correct_client": Case(STAFF, of("provider_id", client=CLIENT_ROW, changed={})),
    "people.decline_provider": Case({CLIENT}, {"link": Row(Relationship, "relationship")}, "client"),
    "people.invite_client": Case(STAFF, {"client": CLIENT_ROW, "link": Row(Relationship, "relationship")}),
    "people.set_billing_method": Case(
        {CLIENT, OPERATORS}, {"client": CLIENT_ROW, "reference": "tok_1", "label": "Card", "expires_on": None}, "client"
    ),
    "people.set_insurance": Case({CLIENT, *STAFF}, {"client": CLIENT_ROW, "told": Insured()}, "client"),
    "people.take_number_code": Case(
        {PROVIDER, OPERATORS},
        {"provider": Row(Provider, "provider_id"), "typed": "274913", "code_key": b"key", "number_key": "number"},
    ),
    "people.text_number_code": Case(
        {PROVIDER, OPERATORS}, {"provider": Row(Provider, "provider_id"), "code_key": b"key", "number_key": "number"}
    ),
    "bridge.take_number_code": Case(
        {PROVIDER, OPERATORS}, {"provider": Row(Provider, "provider_id"), "typed": "274913"}
    ),
    "bridge.text_number_code": Case({PROVIDER, OPERATORS}, {"provider": Row(Provider, "provider_id")}),
    "people.write_as_support": Case({OPERATORS}, {"thread": Row(Thread, "with support"), "text": "Hello."}, "nobody"),
    "people.write_to_client": Case({PROVIDER, OPERATORS}, of("provider_id", "client_id", text="Hello.")),
    "people.write_to_provider": Case({CLIENT}, of("provider_id", "client_id", text="Hello."), "client"),
    "people.write_to_support": Case({PROVIDER, CLIENT}, of("provider_id", "client_id", text="Hello."), "both"),
    "scheduling.close_account": Case({CLIENT, OPERATORS}, of("client_id", cancel_ahead=False), "client"),
    "people.accept_provider": Case({CLIENT}, {"link": Row(Relationship, "relationship")}, "client"),
    "people.begin_commit": Case(STAFF, {"job_id": "import_id", "invite": False, "replaced": (), "unarchived": ()}),
    "people.change_dial_phone": Case(
        {PROVIDER, OPERATORS}, {"provider": Row(Provider, "provider_id"), "number": "+12125550177", "verified": False}
    ),
    "people.change_provider": Case(
        STAFF, {"row": Row(Provider, "provider_id"), "changed": {"location": "1 Canary Street"}}
    ),
    "people.change_payers": Case({PRACTICE, OPERATORS}, of("provider_id", payer_ids=["payer_id"])),
    "people.enrol": Case({PRACTICE, OPERATORS}, of("provider_id", payer_ids=["payer_id"])),
    "people.move_enrolment": Case(STAFF, of("provider_id", event=EnrolmentEvent.SUBMIT)),
    "people.remind_to_submit": Case({PRACTICE, OPERATORS}, of("provider_id")),
    "people.remove_photo": Case(STAFF, of("provider_id")),
    "people.set_photo": Case(STAFF, of("provider_id", files=PhotoFiles(large=b"large", small=b"small"))),
    "scheduling.accept_offer": Case({CLIENT, *STAFF}, {"entry_id": "waitlist_id"}, "both"),
    "scheduling.accept_psychiatric": Case({PROVIDER, OPERATORS}, of("psychiatric_id"), "prescriber"),
    "scheduling.accept_request": Case(STAFF, of("request_id")),
    "scheduling.add_block": Case(STAFF, of("provider_id", block=SATURDAY)),
    "scheduling.add_feed": Case(STAFF, of("provider_id", url="https://calendar.example.com/1.ics", loopback=False)),
    "scheduling.archive_client": Case(STAFF, of("provider_id", "client_id")),
    "scheduling.book": Case(
        EVERYBODY,
        of(
            "provider_id",
            "client_id",
            session_type=SessionType.FULL_SESSION,
            source=Source.PROVIDER_MADE,
            original_source=None,
            starts_at=MONDAY + timedelta(days=2),
            ends_at=MONDAY + timedelta(days=2, minutes=50),
        ),
        "both",
    ),
    "scheduling.cancel": Case(
        {CLIENT, *STAFF}, of("appointment_id", by=Side.CLIENT, reason=None, message="Canary"), "both"
    ),
    "scheduling.cancel_series": Case(STAFF, of("appointment_id", scope=Scope.ALL, reason=None, message=None)),
    "scheduling.change_block": Case(STAFF, {"row": Row(Block, "block_id"), "block": SATURDAY}),
    "scheduling.change_profile": Case(STAFF, of("provider_id", changed={})),
    "scheduling.change_settings": Case(STAFF, of("provider_id", changed={})),
    "scheduling.confirm_details": Case(STAFF, of("appointment_id")),
    "scheduling.correct_consultation": Case(
        {OPERATORS}, of("consultation_id", occurred=True, reason="other", explanation="A slip.")
    ),
    "scheduling.decline_offer": Case({CLIENT, *STAFF}, {"entry_id": "waitlist_id"}, "both"),
    "scheduling.decline_psychiatric": Case({PROVIDER, OPERATORS}, of("psychiatric_id"), "prescriber"),
    "scheduling.decline_request": Case(STAFF, of("request_id")),
    "scheduling.find_another": Case({CLIENT, OPERATORS}, of("referral_id", reason=None), "client"),
    "scheduling.hand_back": Case({PROVIDER, OPERATORS}, of("referral_id", reason=MismatchReason.OTHER, text=None)),
    "scheduling.join_waitlist": Case(
        {CLIENT, *STAFF},
        of(
            "provider_id",
            "client_id",
            session_type=SessionType.PHONE_CONSULTATION,
            original_source=Source.BOOKING_LINK,
        ),
        "both",
    ),
    "scheduling.leave_programme": Case({PRACTICE, OPERATORS}, of("provider_id")),
    "scheduling.leave_waitlist": Case({CLIENT, *STAFF}, {"entry_id": "waitlist_id"}, "both"),
    "scheduling.make_calendar_feed": Case({PROVIDER, OPERATORS}, of("provider_id", secret="s" * 43, initials=False)),
    "scheduling.mark_no_show": Case(STAFF, of("appointment_id")),
    "scheduling.move_series": Case(STAFF, of("appointment_id", scope=Scope.ALL, **WHEN)),
    "scheduling.note_first_visit": Case({PROVIDER, OPERATORS}, of("psychiatric_id"), "prescriber"),
    "scheduling.record_consent": Case({PROVIDER, OPERATORS}, of("psychiatric_id", consent=CONSENT)),
    "scheduling.refer_to_prescriber": Case({PROVIDER, OPERATORS}, of("provider_id", "client_id")),
    "scheduling.remove_block": Case(STAFF, {"row": Row(Block, "block_id")}),
    "scheduling.remove_feed": Case(STAFF, {"row": Row(BusyFeed, "busy_feed_id")}),
    "scheduling.reschedule": Case({CLIENT, *STAFF}, of("appointment_id", by=Side.CLIENT, **WHEN), "both"),
    "scheduling.revoke_calendar_feed": Case({PROVIDER, OPERATORS}, of("provider_id")),
    "scheduling.see_referral": Case(STAFF, of("referral_id")),
    "scheduling.send_to_prescriber": Case(
        {PROVIDER, OPERATORS},
        of("psychiatric_id", search=Row(Search, "search_id"), prescriber_id="provider_id", lives=DAY),
    ),
    "scheduling.set_hours": Case(STAFF, of("provider_id", hours=())),
    "scheduling.switch_to_call": Case(STAFF, of("appointment_id")),
    "scheduling.unarchive_client": Case(STAFF, of("provider_id", "client_id")),
    "scheduling.withdraw_psychiatric": Case({PROVIDER, OPERATORS}, of("psychiatric_id")),
    "scheduling.withdraw_request": Case({CLIENT, PARTNER, OPERATORS}, of("request_id"), "client or payer"),
    "status.answer": Case({PROVIDER, OPERATORS}, of("consultation_id", occurred=True, by=DecidedBy.PORTAL)),
    "status.correct": Case({OPERATORS}, of("consultation_id", occurred=True, reason=None, case_id=None)),
    "people.answer_case": Case({OPERATORS}, {"case_id": CASE, "text": "It works again."}, "nobody"),
    "people.close_case": Case({OPERATORS}, {"case_id": CASE}, "nobody"),
    "bridge.doubt_status": Case(STAFF, of("appointment_id", text="Nobody answered.")),
    "bridge.declare_outage": Case({OPERATORS}, {"lines": (), "reason": "A drill."}, "nobody"),
    "bridge.report_issue": Case(STAFF, of("appointment_id", text="It cut off.")),
    "bridge.restore": Case({OPERATORS}, {"lines": ()}, "nobody"),
}
# Asked of a booking that names nobody yet, or of rows that the caller has just judged: steps, and no acts of people.
STEPS = {
    "people.client_of_address",
    "people.close_client",
    "people.invite",
    "people.leave_word",
    "people.note_look",
    "people.prove_address",
    "people.settle_account",
    "people.try_code",
    "people.use_link",
    "scheduling.book_offer",  # whose address it is, is known in its course: tests/scheduling/test_booking.py
    "scheduling.let_go",
    "scheduling.make_series",  # its own sentence: tests/scheduling/test_series.py
    "scheduling.take_up",
    "scheduling.wait",  # as `book_offer`: the address is proven by its code
    "status.booked_further",
    "status.draft_psychiatric",
    "status.end_consultation",
    "status.move_psychiatric",
    "status.move_referral",
    "status.open_referral",
    "status.record",
    "bridge.contacts",
    "bridge.judge_line",
    "bridge.reveal",
}


def test_every_action_has_a_row() -> None:
    assert set(ACTIONS) == set(CASES) | STEPS
    assert not set(CASES) & STEPS


async def everything_of(world: World, provider: Provider) -> Things:
    """Lay out everything that a provider can have, all of it with one client where it is with a client."""
    things = await things_of(world, provider)
    async with world.deps.sessions() as session:
        client = await session.get_one(Client, things.client_id)
        payer = await session.get_one(Payer, things.payer_id)
    request = await world.request(provider, client=client, payer=payer, starts_in=timedelta(days=9))
    waits = await world.waits(provider, client=client)
    return replace(things, request_id=request.id, waitlist_id=waits.id)


async def asked_of(world: World, prescriber: Provider, things: Things) -> UUID:
    """Send this provider's client to a prescriber."""
    row = PsychiatricReferral(
        id=world.deps.new_id(),
        provider_id=things.provider_id,
        client_id=things.client_id,
        prescriber_id=prescriber.id,
        state=PsychiatricState.SENT,
        created_at=START,
        expires_at=START + timedelta(days=14),
    )
    async with world.deps.sessions.begin() as session:
        session.add(row)
    return row.id


async def test_f35_who_may_and_on_whose(world: World, deps: Deps) -> None:
    """Wrong roles are refused before anything is read; what is another's is not there; all else is for the rules."""
    one, other = await world.provider(), await world.provider()
    mine, others = await everything_of(world, one), await everything_of(world, other)
    asked = {"own": await asked_of(world, one, others), "another's": await asked_of(world, other, mine)}
    actors = {
        PROVIDER: as_provider(mine.provider_id),
        CLIENT: as_client(mine.client_id),
        PRACTICE: as_practice(mine.provider_id),
        OPERATORS: OPERATOR,
        PARTNER: Actor(kind=PARTNER, id=mine.payer_id),
    }
    found: dict[str, list[str]] = {}
    wanted: dict[str, list[str]] = {}
    for name, case in CASES.items():
        for kind, actor in actors.items():
            for whose, theirs in (("own", mine), ("another's", others)):
                by_prescriber = case.whose == "prescriber"
                things = replace(theirs, psychiatric_id=asked[whose]) if by_prescriber else theirs
                told = f"{whose} by {kind.value}"
                away = whose == "another's" and kind in BOUND[case.whose]
                said = "not_found" if away else "theirs"
                wanted.setdefault(name, []).append(f"{told}: {said if kind in case.kinds else 'forbidden'}")
                found.setdefault(name, []).append(f"{told}: {await attempt(deps, name, things, actor)}")

    assert found == wanted


async def attempt(deps: Deps, name: str, things: Things, actor: Actor, **more: Any) -> str:
    """Try an action and take it back; whatever the rules say of a row, it was theirs to try."""
    action = ACTIONS[name]
    known = {
        "actor": actor,
        "now": deps.now(),
        "new_id": deps.new_id,
        "house": scheduling.actions.house(deps.settings),
        "settings": deps.settings,
        "policy": status.actions.policy(deps.settings),
    }
    asks = inspect.signature(action).parameters
    async with deps.sessions() as session:
        told = {key: await _value(session, key, value, things) for key, value in CASES[name].told.items()}
        try:
            await action(session, **told | more, **{key: value for key, value in known.items() if key in asks})
        except NotFound:
            return "not_found"
        except Refused as no:
            return "forbidden" if no.code == "forbidden" else "theirs"
    return "theirs"


async def opened(session: AsyncSession, things: Things) -> SupportCase:
    return await people.actions.open_case(
        session,
        kind=CaseKind.ISSUE,
        provider_id=things.provider_id,
        appointment_id=things.appointment_id,
        text="It cut off.",
        facts={},
        now=START,
        new_id=uuid4,
    )


async def _value(session: AsyncSession, key: str, value: Any, things: Things) -> Any:
    """Turn what the table says into what the action takes."""
    if value is ID:
        return getattr(things, key)
    if isinstance(value, list):
        return [getattr(things, one) for one in value]
    if isinstance(value, Row) and value.of == "relationship":
        return await relationship(session, things.provider_id, things.client_id)
    if value is CASE:
        return (await opened(session, things)).id
    if isinstance(value, Row) and value.kind is Thread:
        return Thread(id=UUID(int=1), provider_id=things.provider_id, created_at=START, last_at=START)
    if isinstance(value, Row):
        return await session.get(value.kind, getattr(things, value.of))
    return getattr(things, value, value) if isinstance(value, str) else value


async def test_a_client_does_not_act_on_the_providers_side(world: World, deps: Deps) -> None:
    mine = await things_of(world, await world.provider())

    for name in ("scheduling.cancel", "scheduling.reschedule"):
        assert await attempt(deps, name, mine, as_client(mine.client_id), by=Side.PROVIDER) == "forbidden"


@pytest.mark.parametrize(
    ("actor", "provider_id", "client_id", "theirs"),
    [
        (as_provider(UUID(int=1)), UUID(int=1), None, True),
        (as_provider(UUID(int=1)), UUID(int=2), UUID(int=1), False),
        (as_client(UUID(int=1)), UUID(int=2), UUID(int=1), True),
        (as_client(UUID(int=1)), UUID(int=1), None, False),
        (as_practice(UUID(int=1), UUID(int=2)), UUID(int=2), None, True),
        (as_practice(), UUID(int=2), None, False),
        (OPERATOR, UUID(int=9), None, True),
        (CLOCK, UUID(int=9), None, True),
    ],
)
def test_what_makes_a_row_somebodys(actor: Actor, provider_id: UUID, client_id: UUID | None, theirs: bool) -> None:
    if theirs:
        see_theirs(actor, provider_id=provider_id, client_id=client_id)
    else:
        with pytest.raises(NotFound):
            see_theirs(actor, provider_id=provider_id, client_id=client_id)
