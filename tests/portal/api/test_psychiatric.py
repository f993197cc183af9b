"""Referring a client to somebody who prescribes (R43): from both sides, and what each of them is shown when."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from config.deps import Deps
from people.models import Client, Provider, Relationship
from people.values import RelationshipState
from scheduling.actions import referrals
from scheduling.values import SessionType, Source
from status.models import PsychiatricReferral
from tests.builders import OPERATOR, World
from tests.clock import Clock
from tests.fixtures import Worker
from tests.mailbox import Mailbox
from tests.portal.api.conftest import Api, Program, Reply
from tests.scheduling.matching.listing import listed

PSYCHIATRIST = {"taxonomy": "2084P0800X"}
THERAPIST = {"taxonomy": "1041C0700X"}
SEARCH = {
    "state": "NY",
    "age": 34,
    "session_type": "full_session",
    "problems": ["panic"],
    "prescriber": True,
}
CONSENT = {"by": "client", "statement": 1}


@dataclass(frozen=True)
class Pair:
    """A therapist with a client, and a psychiatrist, each with a program of their own."""

    therapist: Provider
    client: Client
    prescriber: Provider
    me: Program
    them: Program

    async def draft(self) -> Reply:
        return await self.me.post(f"/clients/{self.client.id}/psychiatric-referral")

    async def consented(self) -> str:
        drafted = (await self.draft()).json["id"]
        assert (await self.me.post(f"/psychiatric-referrals/{drafted}/consent", CONSENT)).status == 200
        return str(drafted)

    async def choice(self, **changed: Any) -> dict[str, str]:
        found = await self.me.post("/searches", {**SEARCH, **changed})
        return {"search_id": found.json["id"], "prescriber_id": str(self.prescriber.id)}

    async def sent(self) -> str:
        referral_id = await self.consented()
        reply = await self.me.post(f"/psychiatric-referrals/{referral_id}/send", await self.choice())
        assert reply.status == 200, reply.text
        return referral_id


@pytest.fixture
async def pair(world: World, api: Api) -> Pair:
    therapist = await listed(world, profile=THERAPIST)
    prescriber = await listed(world, profile=PSYCHIATRIST)
    client = await world.client(therapist)
    return Pair(therapist, client, prescriber, await api.of(therapist), await api.of(prescriber))


async def told(deps: Deps, client: Client, **changed: Any) -> None:
    async with deps.sessions.begin() as session:
        row = await session.merge(client)
        for name, value in changed.items():
            setattr(row, name, value)


async def standing(deps: Deps, provider: Provider, client: Client) -> RelationshipState | None:
    async with deps.sessions() as session:
        found = await session.execute(
            select(Relationship).where(
                col(Relationship.provider_id) == provider.id, col(Relationship.client_id) == client.id
            )
        )
        link = found.scalar_one_or_none()
        return link.state if link else None


async def stand(deps: Deps, provider: Provider, client: Client, state: RelationshipState) -> None:
    async with deps.sessions.begin() as session:
        session.add(
            Relationship(id=deps.new_id(), provider_id=provider.id, client_id=client.id, state=state, since=deps.now())
        )


# The whole way


async def test_r43_from_a_draft_to_the_first_visit(pair: Pair, deps: Deps) -> None:
    await told(deps, pair.client, birth_date="1990-11-25", lives_in="NJ")
    drafted = await pair.draft()
    path = f"/psychiatric-referrals/{drafted.json['id']}"

    assert (drafted.status, drafted.json["state"], drafted.json["side"]) == (201, "draft", "referrer")
    assert drafted.json["statement"]["version"] == 1
    assert "not my name" in drafted.json["statement"]["en"]
    assert (await pair.them.get("/psychiatric-referrals")).json["items"] == []

    consented = await pair.me.post(f"{path}/consent", CONSENT)
    assert (consented.json["state"], consented.json["statement"]) == ("consented", None)
    assert consented.json["consent"] == {"by": "client", "at": "2026-11-24T19:00:00Z", "statement": 1}

    sent = await pair.me.post(f"{path}/send", await pair.choice())
    assert (sent.json["state"], sent.json["prescriber_id"]) == ("sent", str(pair.prescriber.id))
    assert (sent.json["sent_at"], sent.json["expires_at"]) == ("2026-11-24T19:00:00Z", "2026-12-08T19:00:00Z")

    before = await pair.them.get(path)
    assert before.json["side"] == "prescriber"
    assert before.json["client"] == {
        "id": None,
        "name": None,
        "age": 35,
        "lives_in": "NY",  # where they look for help, as the search said
        "session_type": "full_session",
        "problems": ["panic"],
    }
    for reply in (before, await pair.them.get("/psychiatric-referrals")):
        assert str(pair.client.id) not in reply.text
        assert "Canary" not in reply.text
    assert (await pair.them.get(f"/clients/{pair.client.id}")).status == 404

    accepted = await pair.them.post(f"{path}/accept")
    assert (accepted.json["state"], accepted.json["client"]["id"]) == ("accepted", str(pair.client.id))
    assert accepted.json["client"]["name"] == f"Canary-Casey {pair.client.last_name}"
    assert (await pair.them.get(f"/clients/{pair.client.id}")).status == 200
    assert await standing(deps, pair.prescriber, pair.client) is RelationshipState.PROSPECT

    seen = await pair.them.post(f"{path}/visit")
    assert seen.json["state"] == "first_visit"
    assert await standing(deps, pair.prescriber, pair.client) is RelationshipState.ACTIVE
    assert (await pair.me.get(path)).json["state"] == "first_visit"


async def test_a_kept_session_is_the_first_visit(pair: Pair, world: World, deps: Deps) -> None:
    referral_id = await pair.sent()
    await pair.them.post(f"/psychiatric-referrals/{referral_id}/accept")
    made = await world.appointment(
        pair.prescriber,
        client=pair.client,
        starts_in=timedelta(days=1),
        source=Source.PROVIDER_MADE,
        session_type=SessionType.FULL_SESSION,
    )

    async with deps.sessions.begin() as session:
        await referrals.held(session, made, was=True, actor=OPERATOR, now=deps.now(), new_id=deps.new_id)

    assert (await pair.me.get(f"/psychiatric-referrals/{referral_id}")).json["state"] == "first_visit"


async def test_who_declines_never_learns_whom_it_was_about_and_another_may_be_asked(pair: Pair, deps: Deps) -> None:
    referral_id = await pair.sent()

    declined = await pair.them.post(f"/psychiatric-referrals/{referral_id}/decline")

    assert declined.json["state"] == "declined"
    assert (declined.json["client"]["id"], declined.json["client"]["name"]) == (None, None)
    assert await standing(deps, pair.prescriber, pair.client) is None
    assert (await pair.draft()).status == 201


async def test_letters_have_no_names_and_lead_to_the_portal(
    pair: Pair, mailbox: Mailbox, works: Worker, deps: Deps
) -> None:
    referral_id = await pair.sent()
    await works.turn()
    asked = mailbox.letter()
    await pair.them.post(f"/psychiatric-referrals/{referral_id}/accept")
    await works.turn()
    answered = mailbox.letters()[-1]

    assert (asked["To"], answered["To"]) == (pair.prescriber.email, pair.therapist.email)
    for letter in (asked, answered):
        assert "Canary" not in letter.as_string()
    keys = [one["key"] for one in (await pair.them.get("/notices")).json["items"]]
    assert sorted(keys) == ["psychiatric_referral", "psychiatric_referral"]


# What is asked first


async def test_who_prescribes_needs_no_referral(pair: Pair, world: World) -> None:
    own = await world.client(pair.prescriber)

    refused = await pair.them.post(f"/clients/{own.id}/psychiatric-referral")

    assert (refused.status, refused.code) == (409, "you_prescribe")


async def test_a_client_is_referred_once_at_a_time(pair: Pair, admin: Program) -> None:
    first = await pair.draft()

    second = await pair.draft()
    by_operator = await admin.post(
        f"/clients/{pair.client.id}/psychiatric-referral", {"provider_id": str(pair.therapist.id)}
    )

    assert (second.status, second.code) == (by_operator.status, by_operator.code) == (409, "already_referred")
    assert second.json["facts"] == {"psychiatric_referral": first.json["id"], "state": "draft"}


async def test_of_two_at_one_moment_one_is_made(pair: Pair, session: AsyncSession) -> None:
    replies = await asyncio.gather(*(pair.draft() for _ in range(6)))

    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409, 409, 409]
    assert len((await session.execute(select(PsychiatricReferral))).scalars().all()) == 1


@pytest.mark.parametrize("state", [RelationshipState.PROSPECT, RelationshipState.BLOCKED, RelationshipState.ARCHIVED])
async def test_only_active_clients_are_referred(pair: Pair, world: World, deps: Deps, state: RelationshipState) -> None:
    other = await world.client(pair.prescriber)
    await stand(deps, pair.therapist, other, state)

    refused = await pair.me.post(f"/clients/{other.id}/psychiatric-referral")

    assert (refused.status, refused.code, refused.json["facts"]) == (409, "client_not_active", {"state": state})


@pytest.mark.parametrize(
    ("born", "by", "status"),
    [
        ("2008-11-25", "client", 422),  # 18 tomorrow
        ("2008-11-24", "client", 200),
        ("2008-11-25", "guardian", 200),
        (None, "client", 200),
    ],
)
async def test_for_a_minor_a_guardian_consents_and_that_is_recorded(
    pair: Pair, deps: Deps, born: str | None, by: str, status: int
) -> None:
    await told(deps, pair.client, birth_date=born)
    path = f"/psychiatric-referrals/{(await pair.draft()).json['id']}"

    reply = await pair.me.post(f"{path}/consent", {"by": by, "statement": 1})

    assert reply.status == status
    consent = (await pair.me.get(path)).json["consent"]
    assert (consent and consent["by"]) == (by if status == 200 else None)


async def test_consent_is_to_a_statement_that_exists_and_given_once(pair: Pair) -> None:
    path = f"/psychiatric-referrals/{(await pair.draft()).json['id']}"

    unknown = await pair.me.post(f"{path}/consent", {"by": "client", "statement": 2})
    first, second = await pair.me.post(f"{path}/consent", CONSENT), await pair.me.post(f"{path}/consent", CONSENT)

    assert (unknown.status, unknown.code) == (422, "no_such_statement")
    assert (first.status, second.status, second.json["facts"]) == (200, 409, {"state": "consented"})


# Whom it is sent to


async def test_nothing_is_sent_before_the_client_has_consented(pair: Pair) -> None:
    drafted = (await pair.draft()).json["id"]

    refused = await pair.me.post(f"/psychiatric-referrals/{drafted}/send", await pair.choice())

    assert (refused.status, refused.json["facts"]) == (409, {"state": "draft"})


async def test_it_goes_to_those_only_who_prescribe_and_fit(pair: Pair, world: World) -> None:
    path = f"/psychiatric-referrals/{await pair.consented()}/send"
    therapist = await listed(world, profile=THERAPIST)
    choice = await pair.choice()

    not_sought = await pair.me.post(path, await pair.choice(prescriber=False))
    no_prescriber = await pair.me.post(path, {**choice, "prescriber_id": str(therapist.id)})
    myself = await pair.me.post(path, {**choice, "prescriber_id": str(pair.therapist.id)})
    nobody = await pair.me.post(path, {**choice, "prescriber_id": str(UUID(int=7))})
    await world.settings(pair.prescriber, accepting=False)
    full = await pair.me.post(path, choice)

    assert (not_sought.status, not_sought.code) == (422, "no_prescribers_sought")
    assert (no_prescriber.status, no_prescriber.json["facts"]) == (409, {"gates": ["prescriber"]})
    assert (myself.status, myself.code) == (422, "yourself")
    assert (nobody.status, nobody.code) == (422, "no_such_provider")
    assert (full.status, full.json["facts"]) == (409, {"gates": ["accepting"]})
    assert "takes no new clients" in full.json["detail"]


async def test_a_search_of_somebody_else_is_none(pair: Pair) -> None:
    path = f"/psychiatric-referrals/{await pair.consented()}/send"
    theirs = (await pair.them.post("/searches", SEARCH)).json["id"]

    refused = await pair.me.post(path, {"search_id": theirs, "prescriber_id": str(pair.prescriber.id)})

    assert refused.status == 404


# By when it is answered


@pytest.mark.parametrize("answer", ["accept", "decline"])
@pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (0, 409), (1, 409)])
async def test_it_is_answered_within_fourteen_days_or_never(
    pair: Pair, clock: Clock, answer: str, seconds: int, status: int
) -> None:
    path = f"/psychiatric-referrals/{await pair.sent()}"
    clock.forward(days=14, seconds=seconds)

    reply = await pair.them.post(f"{path}/{answer}")  # no sweep has run

    assert reply.status == status
    if status == 409:
        assert reply.json["facts"] == {"state": "expired"}
        for side in (pair.me, pair.them):
            assert (await side.get(path)).json["state"] == "expired"
            assert len((await side.get("/psychiatric-referrals", state="expired")).json["items"]) == 1
            assert (await side.get("/psychiatric-referrals", state="sent")).json["items"] == []


async def test_one_that_has_expired_is_no_obstacle_to_the_next_even_before_a_sweep(
    pair: Pair, clock: Clock, session: AsyncSession
) -> None:
    lapsed = await pair.sent()
    clock.forward(days=14)

    again = await pair.draft()

    assert again.status == 201
    row = await session.get(PsychiatricReferral, UUID(lapsed))
    assert row is not None
    assert row.state.value == "expired"


@pytest.mark.parametrize(
    ("before", "status", "after"),
    [
        (None, 200, RelationshipState.PROSPECT),
        (RelationshipState.PROSPECT, 200, RelationshipState.PROSPECT),
        (RelationshipState.ACTIVE, 200, RelationshipState.ACTIVE),
        (RelationshipState.ARCHIVED, 200, RelationshipState.ACTIVE),
        (RelationshipState.BLOCKED, 409, RelationshipState.BLOCKED),
    ],
)
async def test_what_a_yes_makes_of_two_who_know_each_other_already(
    pair: Pair, deps: Deps, before: RelationshipState | None, status: int, after: RelationshipState
) -> None:
    if before:
        await stand(deps, pair.prescriber, pair.client, before)
    path = f"/psychiatric-referrals/{await pair.sent()}"

    reply = await pair.them.post(f"{path}/accept")

    assert reply.status == status
    assert await standing(deps, pair.prescriber, pair.client) is after


# Whose it is


async def test_each_side_does_its_own_part_and_nobody_else_sees_it(pair: Pair, world: World, api: Api) -> None:
    referral_id = await pair.sent()
    path = f"/psychiatric-referrals/{referral_id}"
    stranger = await api.of(await world.provider())

    for step in ("accept", "decline", "visit"):
        refused = await pair.me.post(f"{path}/{step}")
        assert (refused.status, refused.code) == (403, "other_side")
    assert (await pair.them.post(f"{path}/consent", CONSENT)).status == 403
    assert (await pair.them.post(f"{path}/withdraw")).status == 403
    for step in ("accept", "decline", "visit", "withdraw"):
        assert (await stranger.post(f"{path}/{step}")).status == 404
    assert (await stranger.get(path)).status == 404
    assert (await stranger.get("/psychiatric-referrals")).json["items"] == []
    assert (await pair.me.get(path)).json["state"] == "sent"


@pytest.mark.parametrize("state", ["draft", "consented", "sent"])
async def test_consent_can_be_taken_back_until_a_yes(pair: Pair, state: str) -> None:
    steps = {"draft": pair.draft, "consented": pair.consented, "sent": pair.sent}
    made = await steps[state]()
    referral_id = made.json["id"] if isinstance(made, Reply) else made

    reply = await pair.me.post(f"/psychiatric-referrals/{referral_id}/withdraw")

    assert (reply.status, reply.json["state"]) == (200, "withdrawn")
    if state == "sent":
        late = await pair.them.post(f"/psychiatric-referrals/{referral_id}/accept")
        assert (late.status, late.json["facts"]) == (409, {"state": "withdrawn"})
        assert (await pair.them.get(f"/psychiatric-referrals/{referral_id}")).json["client"]["name"] is None
    assert (await pair.draft()).status == 201


async def test_after_a_yes_it_is_not_taken_back(pair: Pair) -> None:
    path = f"/psychiatric-referrals/{await pair.sent()}"
    await pair.them.post(f"{path}/accept")

    refused = await pair.me.post(f"{path}/withdraw")

    assert (refused.status, refused.json["facts"]) == (409, {"state": "accepted"})


async def test_the_list_has_both_sides_newest_first(pair: Pair, world: World, clock: Clock, admin: Program) -> None:
    await pair.sent()
    clock.forward(minutes=1)
    other = await world.client(pair.therapist)
    drafted = await pair.me.post(f"/clients/{other.id}/psychiatric-referral")

    mine = (await pair.me.get("/psychiatric-referrals", limit=1)).json
    rest = (await pair.me.get("/psychiatric-referrals", limit=1, after=mine["next"])).json
    theirs = (await pair.them.get("/psychiatric-referrals")).json

    assert [one["id"] for one in mine["items"]] == [drafted.json["id"]]
    assert [(one["state"], one["side"]) for one in rest["items"]] == [("sent", "referrer")]
    assert rest["next"] is None
    assert [(one["state"], one["side"]) for one in theirs["items"]] == [("sent", "prescriber")]
    everything = (await admin.get("/psychiatric-referrals")).json["items"]
    assert [(one["state"], one["side"]) for one in everything] == [("draft", None), ("sent", None)]
    assert everything[1]["client"]["id"] == str(pair.client.id)
