"""Commands for people who run the service: calls to try, the operator's switch, the numbers at the carrier, tokens.

They find a running service by `run.json` in the data folder where the environment does not name one.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp

from app import deps as real
from app.embedded import read_run
from app.trouble import Failed
from bridge import actions, queries
from bridge.carriers import setup
from bridge.carriers.simulator import Account, Outcome, PlacedCall, Simulator
from bridge.models import Call
from bridge.values import CarrierName
from config import database, logging, phones
from config.deps import Deps
from config.keys import derive
from config.settings import Settings, data_dir, is_loopback, load, set_in_environment
from people import actions as people
from people import queries as people_queries
from people.values import TokenRole
from status import queries as ledger
from status.values import Actor, ActorKind

OPERATOR = Actor(kind=ActorKind.OPERATOR)
TALK_S = {Outcome.VOICEMAIL: 20}


def settings() -> Settings:
    """Return the settings of the service that runs, from the environment and from `run.json`."""
    data = data_dir().resolve()
    run = read_run(data)
    if run is None and not set_in_environment("database_url"):
        msg = f"Nothing runs on {data.name}/. Start `make run` first, or set DATABASE_URL."
        raise Failed(msg)
    return load(**run.model_dump(exclude={"pid", "started_at"})) if run else load()


@asynccontextmanager
async def service() -> AsyncIterator[Deps]:
    """Open what a command needs of the running service."""
    told = settings()
    logging.configure(production=True)
    async with real.connect(told) as deps:
        yield deps


async def migrate(_told: argparse.Namespace) -> int:
    """Bring the database to the newest schema, the job engine's included."""
    url = settings().database_url
    await database.migrate(url)
    print("The database has the newest schema.")
    return 0


# A call, placed by the simulated carrier


async def call(told: argparse.Namespace) -> int:
    """Place a call and print what the caller heard and what became of it."""
    async with service() as deps, aiohttp.ClientSession() as http:
        config = deps.settings
        if config.carrier != "simulator" or not is_loopback(config.host):
            msg = "Only a service on this machine with CONSULTLINE_CARRIER=simulator can be called like this."
            raise Failed(msg)
        caller, line = _caller(told.caller), _number(told.line or config.lines[0])
        outcome = Outcome(told.outcome)
        print(f"dials      {_shown(line)} from {_shown(caller)}")
        placed = await Simulator(
            http,
            account=Account(sid=config.twilio_account_sid, auth_token=config.twilio_auth_tokens[0], keys={}),
            webhooks=setup.simulated(config),
            now=deps.now,
            new_id=deps.new_id,
            sleep=asyncio.sleep,
        ).dial(
            caller,
            line,
            outcome=outcome,
            talk_s=TALK_S.get(outcome, 60) if told.talk is None else told.talk,
            digits=[part for part in told.digits.split(",") if part],
            real_time=told.real_time,
        )
        _print_heard(placed)
        await _print_kept(deps, placed)
    return 0


def _caller(text: str) -> str:
    """Return a number as E.164 where it is one; anything else is dialled from as it stands: `anonymous`, `sip:…`."""
    return phones.e164(text, "US") or text


def _number(text: str) -> str:
    found = phones.e164(text, "US")
    if found is None:
        msg = "Give a number such as +12125550100."
        raise Failed(msg)
    return found


def _shown(number: str) -> str:
    return phones.spoken(number) if phones.e164(number) else number


def _print_heard(placed: PlacedCall) -> None:
    for heard in placed.heard:
        who = "carrier" if heard.by_carrier else heard.language
        print(f"hears      ({who}) {heard.text}")
    for rang in placed.rang:
        print(f"rings      {_shown(rang.number)}, which shows {_shown(rang.caller_id)}, for {rang.timeout} s")
    if placed.outcome:
        print(f"phone      {placed.outcome.value}, {placed.talk_s} s of talk")
    for fault in placed.faults:
        print(f"fault      {fault}")


async def _print_kept(deps: Deps, placed: PlacedCall) -> None:
    async with deps.sessions() as session:
        row = await queries.call_by_sid_for_update(session, CarrierName(deps.settings.carrier), placed.sid)
        if row is None:
            print("kept       nothing: the service refused the request")
            return
        print(f"kept       {_kept(row)}")
        if row.appointment_id is None:
            return
        found = await ledger.latest_consultations(session, [row.appointment_id])
        for consultation in found.values():
            by = f" by {consultation.decided_by.value}" if consultation.decided_by else ""
            print(f"status     {consultation.status.value}{by}")


def _kept(row: Call) -> str:
    parts = [row.outcome.value if row.outcome else "under way"]
    if row.reason:
        parts.append(row.reason.value)
    if row.talk_s is not None:
        parts.append(f"{row.talk_s} s of talk")
    return ", ".join(parts)


# The operator's switch


async def line_status(_told: argparse.Namespace) -> int:
    """Print how each line is doing."""
    async with service() as deps, deps.sessions() as session:
        known = {row.line: row for row in await queries.line_statuses(session)}
        for line in deps.settings.lines:
            row = known.get(line)
            if row is None:
                print(f"{_shown(line)}  up  (not judged yet)")
                continue
            why = f", {row.reason.value}" if row.reason else ""
            since = f" since {row.since:%Y-%m-%d %H:%M:%S} UTC" if row.since else ""
            said = f": {row.declared_reason}" if row.declared_reason else ""
            print(f"{_shown(line)}  {row.state.value}{since}{why}{said}")
    return 0


async def declare_outage(told: argparse.Namespace) -> int:
    """Declare lines down: direct numbers are shown from now on."""
    async with service() as deps:
        lines = _lines(deps, told.line)
        async with deps.sessions.begin() as session:
            await actions.declare_outage(
                session,
                lines=lines,
                reason=told.reason,
                actor=OPERATOR,
                settings=deps.settings,
                now=deps.now(),
                new_id=deps.new_id,
            )
        print(f"{len(lines)} lines are declared down. Direct numbers are shown from now on.")
    return await line_status(told)


async def restore(told: argparse.Namespace) -> int:
    """Take the outage back."""
    async with service() as deps:
        lines = _lines(deps, told.line)
        async with deps.sessions.begin() as session:
            await actions.restore(
                session,
                lines=lines,
                actor=OPERATOR,
                settings=deps.settings,
                now=deps.now(),
                new_id=deps.new_id,
            )
        print("The outage is taken back. What was shown stays shown to its end.")
    return await line_status(told)


def _lines(deps: Deps, told: str | None) -> Sequence[str]:
    if told is None:
        return deps.settings.lines
    line = _number(told)
    if line not in deps.settings.lines:
        msg = "That is no line of ours; CONSULTLINE_LINES lists them."
        raise Failed(msg)
    return [line]


# The numbers at the carrier


async def carrier_check(_told: argparse.Namespace) -> int:
    """List how the numbers' set-up differs from what it should be."""
    async with service() as deps:
        drifts = []
        for line in deps.settings.lines:
            found = await deps.telephone.line(line)
            drifts += [f"{_shown(line)}: {drift}" for drift in setup.drifts(found, deps.settings)]
        print("\n".join(drifts) or f"All {len(deps.settings.lines)} numbers are set up as they should be.")
    return 1 if drifts else 0


async def carrier_configure(told: argparse.Namespace) -> int:
    """Set the numbers up, and check."""
    async with service() as deps:
        for line in deps.settings.lines:
            await deps.telephone.configure(line, setup.wanted(deps.settings))
    return await carrier_check(told)


# Tokens


async def token_create(told: argparse.Namespace) -> int:
    """Make a token and print it, alone on its line; it cannot be shown again."""
    async with service() as deps:
        role = TokenRole(told.role)
        async with deps.sessions.begin() as session:
            subject = told.payer
            if role is TokenRole.PROVIDER:
                found = await people_queries.providers_by_email(session, told.email or "")
                if len(found) != 1:
                    msg = "Give --email of one provider; none or several have this address."
                    raise Failed(msg)
                subject = found[0].id
            if role is TokenRole.PARTNER and subject is None:
                msg = "Give --payer, the id of the payer that the token acts as."
                raise Failed(msg)
            token = f"cl_{role.value}_{deps.new_token()}"
            await people.add_token(
                session,
                token=token,
                role=role,
                subject_id=subject,
                token_key=derive(deps.settings.secret_key.get_secret_value(), "tokens"),
                now=deps.now(),
                new_id=deps.new_id,
            )
        print(token)
    return 0
