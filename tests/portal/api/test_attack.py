"""The API attacked by its own description: valid and invalid data, wrong methods, missing tokens, chains of calls.

Everything in the description has to be true: each status and header that comes back is in it, each answer fits
its schema, what the schemas refuse is refused and what they allow is not. The attack knows the ids of some rows,
else it would learn no more than that unknown ids are unknown.
"""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, get_args
from uuid import UUID

import pytest
import schemathesis
from aiohttp import ClientSession
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.schemas import BaseSchema

from config.deps import Deps
from people import actions as people
from people.models import Payer, Provider
from people.values import EnrolmentEvent
from portal.api import OPERATIONS
from portal.api.fields import State
from scheduling import actions as scheduling
from scheduling.queries import waitlist
from scheduling.rules import offers
from scheduling.values import SessionType, Source
from status.models import PsychiatricReferral, Referral
from status.queries import latest_consultations
from status.values import PsychiatricState, ReferralState
from tests.builders import OPERATOR, World, present
from tests.clock import START
from tests.portal.api.conftest import Program
from tests.portal.api.test_support import call
from tests.scheduling.matching.listing import listed

EXAMPLES = 30
BAD_LUCK = 2  # operations that so few examples may not find a good one of
SEED = 1108

# What a format means here, where its name says less: addresses and numbers that exist, an instant of this century.
_ZONES = [UTC, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=5))]
_ANY_INSTANT = st.datetimes(
    datetime(2000, 1, 2),  # noqa: DTZ001 - the zone comes from `timezones`
    datetime(2099, 12, 30),  # noqa: DTZ001
    timezones=st.sampled_from(_ZONES),
)


def _in_a_month(*, hours: int) -> st.SearchStrategy[datetime]:
    """Draw an even hour of two days a month ahead, and so many hours: ends often come soon after starts."""
    return st.integers(0, 20).map(lambda n: START + timedelta(days=30, hours=2 * n + hours))


FORMATS = {
    "email": st.from_regex(r"[a-z0-9]{1,8}(\.[a-z0-9]{1,4})?@[a-z]{1,5}\.example\.com", fullmatch=True),
    "phone": st.builds(
        str.format,
        st.sampled_from(["+12125550{:03d}", "(212) 555-0{:03d}", "212.555.0{:03d}", "1 212/555 0{:03d}"]),
        st.integers(100, 199),
    ),
    "iana-time-zone": st.sampled_from(["America/New_York", "Europe/Berlin", "Asia/Kolkata", "UTC"]),
    "date": st.dates(date(2000, 1, 1), date(2099, 12, 31)).map(date.isoformat),
    "date-time": _ANY_INSTANT.map(datetime.isoformat),
    **{name: st.just(name) for name in ("First Name", "Last Name", "Email")},
    "clients": st.one_of(
        st.lists(st.integers(0, 99), max_size=5).map(
            lambda numbers: "First Name,Last Name,Email\n" + "".join(f"Kim,Roe,kim{n}@example.com\n" for n in numbers)
        ),
        st.text(max_size=200),
    ),
    "starts_at": st.one_of(_in_a_month(hours=0), _ANY_INSTANT).map(datetime.isoformat),
    "ends_at": st.one_of(_in_a_month(hours=1), _ANY_INSTANT).map(datetime.isoformat),
}


@dataclass
class Report:
    """What an attack met: how often each operation gave each status, and every check that failed."""

    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    findings: list[str] = field(default_factory=list)
    chains: int = 0

    def take(self, event: object) -> None:
        if isinstance(event, events.NonFatalError | events.FatalError):
            self.findings.append(repr(vars(event)))
        if isinstance(event, events.ScenarioFinished):
            recorder = event.recorder
            self.chains += len(recorder.interactions) > 1
            for case, interaction in recorder.interactions.items():
                if interaction.response is not None:
                    label = recorder.cases[case].value.operation.label
                    self.statuses[label][interaction.response.status_code] += 1
            self.findings += [
                f"{recorder.cases[case].value.operation.label}: {check.failure_info.failure}\n"
                f"{check.failure_info.code_sample}"
                for case, checks in recorder.checks.items()
                for check in checks
                if check.failure_info
            ]

    def never(self, reached: range) -> set[str]:
        """Return the operations that were attacked and never gave a status in this range."""
        return {label for label, counted in self.statuses.items() if not set(counted) & set(reached)}


@pytest.fixture
async def known(world: World, deps: Deps) -> dict[str, list[str]]:
    """Lay out rows of every kind, in states from which every operation can succeed, and return their ids."""
    practices = [await world.practice() for _ in range(2)]
    one, two = [await world.provider(practice=practice) for practice in practices]
    clients = [await world.client(one, email=f"shared{n}@example.com") for n in range(8)]
    async with deps.sessions.begin() as session:
        for client in clients:
            await people.add_client(
                session,
                provider_id=two.id,
                first_name="Casey",
                last_name="Client",
                email=client.email,
                phone=None,
                actor=OPERATOR,
                now=deps.now(),
                new_id=deps.new_id,
            )
    await world.ready(*clients[:2])  # the sessions of the others can become no-shows
    appointments = [
        await world.appointment(provider, client=clients[n % 4], starts_in=timedelta(hours=6 * n + 1), **kind)
        for provider in (one, two)
        for n, kind in enumerate(_kinds(-8, 8), start=-8)
    ]
    requests = [await world.request(two, starts_in=timedelta(days=20, hours=n)) for n in range(40)]
    payers = [await world.payer() for _ in range(2)]
    calls = [
        await call(deps, one, appointments[0], number="+12125550111", at=deps.now() + timedelta(seconds=n))
        for n in range(3)
    ]
    imports = [await world.looked_at(provider) for provider in (one, two) for _ in range(12)]
    blocks = [await world.block(provider, opens=f"{n:02d}:00") for provider in (one, two) for n in range(12)]
    series = [await world.series(one, client=clients[n], at=f"{n + 1:02d}:00") for n in range(3)]
    feeds = [await world.busy_feed(two, f"https://calendar.example.com/{n}.ics") for n in range(8)]
    await world.hours(one)
    searches = [await world.search(one, prescriber=True) for _ in range(2)]
    prescribers = [await listed(world, profile={"taxonomy": "2084P0800X"}) for _ in range(2)]
    referrals, psychiatric = await _referrals(world, one, prescribers[0], searches[0].search_id)
    async with deps.sessions() as session:
        followed = await latest_consultations(session, [row.id for row in appointments])
    return {
        "practice_id": [str(row.id) for row in practices],
        "provider_id": [str(one.id), str(two.id)],
        "enrolled_id": await _in_the_programme(world, deps, payers[0]),
        "client_id": [str(row.id) for row in (*clients, *[await world.client(one) for _ in range(8)])],
        "appointment_id": [str(row.id) for row in appointments],
        "consultation_id": [str(row.id) for row in followed.values()],
        "call_id": [str(row.id) for row in calls],
        "payer_id": [str(row.id) for row in payers],
        "request_id": [str(row.id) for row in requests],
        "referral_id": [*{str(row.referral_id) for row in appointments}, *referrals],
        "psychiatric_id": psychiatric,
        "exclude": [str(one.id), str(two.id)],
        "prescriber_id": [str(row.id) for row in prescribers],
        "block_id": [str(row.id) for row in blocks],
        "import_id": [str(row.id) for row in imports],
        "busy_feed_id": [str(row.id) for row in feeds],
        **{name: [str(one.search_id) for one in searches] for name in ("search_id", "from_search")},
        "series_id": [str(row.id) for row in series],
        "waitlist_id": await _offered(world, one),
        **await _to_be_booked(world),
    }


async def _to_be_booked(world: World) -> dict[str, list[str]]:
    """Lay out a provider's offers, and bookings that wait for their code."""
    provider, house = await world.provider(), scheduling.house(world.deps.settings)
    await world.hours(provider, "00:00", "24:00", weekdays=range(7))
    await world.settings(provider, states=list(get_args(State)), youngest=0)
    async with world.deps.sessions.begin() as session:
        offered = await scheduling.list_slots(
            session,
            provider.id,
            session_type=SessionType.PHONE_CONSULTATION,
            source=Source.BOOKING_LINK,
            since=START + timedelta(days=3),
            until=START + timedelta(days=4),
            house=house,
            now=world.deps.now(),
        )
    days = [START + timedelta(days=5 + n) for n in range(8)]
    drafts = [await world.draft(provider, starts_at=at, email=f"begun{at.day}@example.com") for at in days]
    return {
        "offer": [offers.sign(one, house.offer_key) for one in offered],
        "draft_id": [str(row.id) for row in drafts],
        "booking-code": [scheduling.booking_code(row.id, world.deps.settings) for row in drafts],
    }


async def _offered(world: World, provider: Provider) -> list[str]:
    """Lay out places on the waitlist to which a time is offered: each can be answered once."""
    for n in range(30):
        await world.waits(provider, client=await world.client(provider, email=f"waits{n}@example.com"))
        await world.freed(provider, starts_in=timedelta(days=40, hours=n))
    async with world.deps.sessions() as session:
        return [str(row.id) for row in await waitlist(session, provider.id, after=None, limit=100)]


async def _referrals(
    world: World, provider: Provider, prescriber: Provider, search_id: UUID
) -> tuple[list[str], list[str]]:
    """Lay out referrals that can be handed back or moved on from, each only once, and some for medication."""
    now = world.deps.now()
    rows: list[Referral] = []
    psychiatric: list[PsychiatricReferral] = []
    asked = [PsychiatricState.SENT] * 5  # accepting, declining and withdrawing all begin there
    on_the_way = (PsychiatricState.DRAFT, PsychiatricState.CONSENTED, *asked, PsychiatricState.ACCEPTED)
    for n in range(48):
        client = await world.client(provider, email=f"referred{n}@example.com")
        rows.append(
            Referral(
                id=world.deps.new_id(),
                provider_id=provider.id,
                client_id=client.id,
                source=Source.BOOKING_LINK,
                search_id=search_id,
                state=ReferralState.SEEN,
                created_at=now,
                changed_at=now,
            )
        )
        psychiatric.append(
            PsychiatricReferral(
                id=world.deps.new_id(),
                provider_id=provider.id,
                client_id=client.id,
                prescriber_id=prescriber.id,
                state=on_the_way[n % 8],
                created_at=now,
                expires_at=now + timedelta(days=14),
            )
        )
    async with world.deps.sessions.begin() as session:
        session.add_all([*rows, *psychiatric])
    return [str(row.id) for row in rows], [str(row.id) for row in psychiatric]


async def _in_the_programme(world: World, deps: Deps, payer: Payer) -> list[str]:
    """Lay out providers of a practice with the programme, whose places in it can still go every way.

    They are many: a place that one operation has ended is lost to those that come after it.
    """
    practice = await world.practice()
    rows = [await world.provider(practice=practice) for _ in range(100)]
    told: dict[str, Any] = {"actor": OPERATOR, "now": deps.now(), "new_id": deps.new_id}
    async with deps.sessions.begin() as session:
        (await session.merge(practice)).programme = True
        for row in rows[25:]:
            await people.enrol(session, row.id, [payer.id], **told)
        for row in rows[70:]:
            await present(session, row.id, deps.now())
        for row in rows[85:]:
            await people.move_enrolment(session, row.id, EnrolmentEvent.SUBMIT, **told)
    return [str(row.id) for row in rows]


def _kinds(first: int, last: int) -> Iterator[dict[str, Any]]:
    """Yield consultations and, every third time, a session that a client made."""
    for n in range(first, last):
        kind = SessionType.PHONE_CONSULTATION if n % 3 else SessionType.FULL_SESSION
        yield {"session_type": kind, "source": Source.BOOKING_LINK}


async def attack(
    base: str,
    admin: Program,
    known: Mapping[str, Sequence[str]],
    report: Report,
    *,
    phases: Sequence[str],
    only: Sequence[str] = (),
    seed: int = SEED,
) -> None:
    """Attack the API of `base` in these phases, the operations with these tags only where some are named."""
    async with ClientSession() as http, http.get(f"{base}/api/v1/openapi.json") as response:
        described = json.loads(await response.text())
    for name, strategy in FORMATS.items():
        schemathesis.openapi.format(name, strategy)
    for name, ids in known.items():
        other = st.sampled_from(ids) if name == "booking-code" else st.uuids().map(str)
        schemathesis.openapi.format(name, st.one_of(st.sampled_from(ids), st.sampled_from(ids), other))
    config = SchemathesisConfig.from_dict(
        {
            "base-url": f"{base}/api/v1",
            "headers": {"Authorization": f"Bearer {admin.token}"},
            "continue-on-failure": True,
            "seed": seed,
            "generation": {"max-examples": EXAMPLES, "no-shrink": True},
            "phases": {name: {"enabled": name in phases} for name in ("examples", "coverage", "fuzzing", "stateful")},
            # 422 is for what a schema cannot say: an end before its start, a cursor that no list has given.
            "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "403", "404", "409", "422"]}},
        }
    )
    whole: BaseSchema = schemathesis.openapi.from_dict(as_an_operator_sends_it(described, known), config=config)
    schema = whole.include(tag=list(only)) if only else whole

    def run() -> None:
        for one in from_schema(schema).execute():
            report.take(one)

    await asyncio.to_thread(run)


def as_an_operator_sends_it(described: dict[str, Any], known: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the description with a format of its own for each kind of id that is sent; answers stay as they are.

    What a provider's token may leave out since it says so itself, an operator has to send.
    """
    schemas = described["components"]["schemas"]
    for name, needed in {
        "NewClient": ["provider_id"],
        "NewMessage": ["provider_id"],
        "NewPsychiatricReferral": ["provider_id"],
        "NewAppointment": ["provider_id", "source"],
    }.items():
        schemas[name].setdefault("required", []).extend(needed)
        for one in needed:
            schemas[name]["properties"][one] = schemas[name]["properties"][one]["anyOf"][0]
    for name in ("NewAppointment", "NewTime"):
        schemas[name]["properties"]["starts_at"]["format"] = "starts_at"
    schemas["NewAppointment"]["properties"]["ends_at"]["format"] = "ends_at"
    _send_clients(schemas["NewImport"])
    for path, operations in described["paths"].items():
        whose = {"provider_id": "enrolled_id"} if "/enrolment" in path else {}
        for operation in operations.values():
            for parameter in operation["parameters"]:
                _name_id(whose.get(parameter["name"], parameter["name"]), parameter["schema"], known)
            for content in operation.get("requestBody", {}).get("content", {}).values():
                body = described["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
                for name, schema in body["properties"].items():
                    for option in schema.get("anyOf", [schema]):
                        _name_id(name, option, known)
                        _name_id(_ITEMS.get(name, name), option.get("items", {}), known)
    return described


def _send_clients(schema: dict[str, Any]) -> None:
    """Let some of the files that are sent hold clients, and have the columns that are named."""
    schema["required"].append("provider_id")
    schema["properties"]["file"]["format"] = "clients"
    for name in ("First Name", "Last Name", "Email"):
        schema["properties"][f"{name.lower().replace(' ', '_')}_column"]["format"] = name


# What the items of a list are ids of, where its name says otherwise.
_ITEMS = {"payer_ids": "payer_id", "exclude": "provider_id"}


def _name_id(name: str, schema: dict[str, Any], known: Mapping[str, Sequence[str]]) -> None:
    if schema.get("format") == "uuid":
        assert name in known, f"no rows are known for {name}"
        schema["format"] = name


TAGS = sorted({operation.path.split("/")[1] for operation in OPERATIONS})
MOVES = {
    f"{operation.method.value} {operation.path}"
    for operation in OPERATIONS
    if operation.writes and "}" in operation.path
}
HEAVY = ["appointments", "consultations", "issues", "line", "practices"]


@pytest.mark.parametrize("only", [HEAVY, [tag for tag in TAGS if tag not in HEAVY]], ids=["heavy", "others"])
async def test_valid_and_invalid_requests(
    base: str, admin: Program, known: dict[str, list[str]], only: list[str]
) -> None:
    report = Report()
    await attack(base, admin, known, report, phases=["fuzzing"], only=only)

    assert not report.findings, report.findings[0]
    assert len(report.statuses) == sum(operation.path.split("/")[1] in only for operation in OPERATIONS)
    # Of series an operator makes none; that providers do is told by their own stories. What changes one row may be
    # open to few of them, and once, so chance may miss some of these: their stories do not.
    never = report.never(range(200, 300))
    assert len(never - MOVES - {"POST /series"}) <= BAD_LUCK, never - MOVES
    assert len(never & MOVES) <= len(MOVES) // 2, never
    # Where only ids are sent, and what they name is gone after the first, the attack ends sooner.
    few = {label for label, counted in report.statuses.items() if counted.total() < EXAMPLES // 4}
    assert few <= {"GET /line", "GET /vocabulary", "GET /searches/order"}, "there is one way to ask for nothing"


async def test_every_boundary_and_every_part_left_out(base: str, admin: Program, known: dict[str, list[str]]) -> None:
    report = Report()
    await attack(base, admin, known, report, phases=["examples", "coverage"])

    assert not report.findings, report.findings[0]
    assert len(report.statuses) == len(OPERATIONS)
    assert report.never(range(401, 402)) == set()


async def test_chains_of_calls(base: str, admin: Program, known: dict[str, list[str]]) -> None:
    report = Report()
    for seed in range(SEED, SEED + 30):
        # Every chain leaves something behind, and hypothesis ends a run in which the same start goes on otherwise.
        if report.chains < EXAMPLES:
            await attack(base, admin, known, report, phases=["stateful"], seed=seed)

    assert not report.findings, report.findings[0]
    assert report.chains >= EXAMPLES
