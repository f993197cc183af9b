"""Referrals as providers and support meet them: the badge, what is seen of a client, handing back, moving on."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from config.deps import Deps
from people.models import Client, Provider, SupportCase
from people.values import CaseKind
from scheduling import actions as scheduling
from scheduling.models import Appointment
from scheduling.values import SessionType, Source
from status.models import Notice, Task
from status.values import Channel, NoticeKey, Recipient, TaskKind
from tests.builders import OPERATOR, World
from tests.clock import Clock
from tests.fixtures import Worker
from tests.mailbox import Mailbox
from tests.portal.api.conftest import Api, Program
from tests.scheduling.matching.listing import listed

DAY = timedelta(days=1)
WORDS = "Canary words that nobody but support may read."


async def notices(session: AsyncSession, key: NoticeKey) -> Sequence[Notice]:
    found = await session.execute(select(Notice).where(col(Notice.key) == key).order_by(col(Notice.channel)))
    return found.scalars().all()


async def cases(session: AsyncSession) -> Sequence[SupportCase]:
    return (await session.execute(select(SupportCase))).scalars().all()


async def told(deps: Deps, row: Client | Appointment, **changed: Any) -> None:
    async with deps.sessions.begin() as session:
        merged = await session.merge(row)
        for name, value in changed.items():
            setattr(merged, name, value)


async def seen_referral(program: Program) -> str:
    """Open the only referral of a provider and return its id."""
    (item,) = (await program.get("/referrals")).json["items"]
    assert (await program.post(f"/referrals/{item['id']}/open")).json["state"] == "seen"
    return str(item["id"])


async def booked_from(world: World, provider: Provider, client: Client, search_id: UUID) -> Appointment:
    """Book a time as a client does who has found the provider by a search."""
    deps = world.deps
    async with deps.sessions.begin() as session:
        return await scheduling.book(
            session,
            provider_id=provider.id,
            client_id=client.id,
            session_type=SessionType.FULL_SESSION,
            source=Source.PLATFORM_SEARCH,
            original_source=None,
            starts_at=deps.now() + 3 * DAY,
            ends_at=deps.now() + 3 * DAY + timedelta(minutes=50),
            actor=OPERATOR,
            house=scheduling.house(deps.settings),
            now=deps.now(),
            new_id=deps.new_id,
            search_id=search_id,
        )


# What is seen


async def test_r33_the_icon_tells_who_how_old_what_for_and_what_they_wrote(api: Api, world: World, deps: Deps) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    await told(deps, client, preferred_name="Canary-Kit", birth_date="1990-11-25")
    made = await world.appointment(provider, client=client, starts_in=DAY, session_type=SessionType.FULL_SESSION)
    await told(deps, made, note="<b>It is hard</b> to say.")
    me = await api.of(provider)

    reply = await me.get("/referrals")

    assert (reply.json["unseen"], reply.json["next"]) == (1, None)
    assert reply.json["items"] == [
        {
            "id": str(made.referral_id),
            "provider_id": str(provider.id),
            "client_id": str(client.id),
            "name": f"Canary-Kit {client.last_name}",
            "age": 35,  # 36 tomorrow
            "source": "platform_search",
            "state": "new",
            "note": "<b>It is hard</b> to say.",
            "appointment": {
                "id": str(made.id),
                "session_type": "full_session",
                "state": "booked",
                "starts_at": "2026-11-25T19:00:00Z",
                "ends_at": "2026-11-25T19:15:00Z",
            },
            "created_at": "2026-11-24T19:00:00Z",
            "seen_at": None,
            "changed_at": "2026-11-24T19:00:00Z",
            "version": 1,
        }
    ]
    for path in ("/referrals", f"/referrals/{made.referral_id}"):
        assert "1990" not in (await me.get(path)).text


async def test_r33_an_age_that_was_not_given_is_null_and_so_is_a_note(api: Api, world: World) -> None:
    provider, _, appointment = await world.consultation()
    me = await api.of(provider)

    shown = (await me.get(f"/referrals/{appointment.referral_id}")).json

    assert (shown["age"], shown["note"]) == (None, None)
    assert (shown["first_name"], shown["mismatch"]) == ("Canary-Casey", None)


async def test_opening_takes_one_off_the_badge_and_tells_the_client_nothing(
    api: Api, world: World, session: AsyncSession, clock: Clock
) -> None:
    provider = await world.provider()
    for n in (1, 2):
        await world.appointment(provider, starts_in=n * DAY)
    me = await api.of(provider)
    newest = (await me.get("/referrals")).json["items"][0]["id"]
    clock.forward(minutes=1)

    opened = await me.post(f"/referrals/{newest}/open")
    again = await me.post(f"/referrals/{newest}/open")

    assert (opened.json["state"], opened.json["seen_at"]) == ("seen", "2026-11-24T19:01:00Z")
    assert again.json == opened.json
    assert (await me.get("/referrals")).json["unseen"] == 1
    assert (await me.get("/referrals", state="new")).json["unseen"] == 1
    found = await session.execute(select(Notice).where(col(Notice.recipient) == Recipient.CLIENT))
    assert not [row for row in found.scalars() if row.subject_id == newest]


async def test_what_is_closed_cannot_be_opened(api: Api, world: World) -> None:
    provider, _, appointment = await world.consultation(starts_in=DAY)
    me = await api.of(provider)
    await me.post(f"/appointments/{appointment.id}/cancel", {"by": "client"})

    refused = await me.post(f"/referrals/{appointment.referral_id}/open")

    assert (refused.status, refused.code) == (409, "not_possible_now")
    assert refused.json["facts"] == {"state": "closed_by_client"}


async def test_the_list_goes_on_newest_first_and_by_state(api: Api, world: World, clock: Clock) -> None:
    provider = await world.provider()
    made = []
    for n in range(1, 6):
        made.append(await world.appointment(provider, starts_in=n * DAY))
        if n != 3:  # two of one instant are kept apart by their ids
            clock.forward(minutes=1)
    me = await api.of(provider)
    whole = (await me.get("/referrals")).json["items"]
    await me.post(f"/referrals/{whole[1]['id']}/open")

    pages, after = [], None
    while True:
        page = (await me.get("/referrals", limit=2, **({"after": after} if after else {}))).json
        pages.append([item["id"] for item in page["items"]])
        after = page["next"]
        if after is None:
            break

    assert [len(page) for page in pages] == [2, 2, 1]
    assert [one for page in pages for one in page] == [item["id"] for item in whole]
    times = [item["created_at"] for item in whole]
    assert times == sorted(times, reverse=True)
    assert [item["id"] for item in (await me.get("/referrals", state="seen")).json["items"]] == [whole[1]["id"]]
    assert (await me.get("/referrals", after="bm90IG9uZQ")).code == "no_such_cursor"
    assert {item["id"] for item in whole} == {str(row.referral_id) for row in made}


async def test_the_appointment_that_is_told_is_the_next_one_else_the_last(api: Api, world: World, clock: Clock) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    first, second, third = [
        await world.appointment(
            provider,
            client=client,
            starts_in=n * DAY,
            source=Source.BOOKING_LINK,
            session_type=SessionType.FULL_SESSION,
        )
        for n in (1, 2, 3)
    ]
    me = await api.of(provider)

    async def told_is() -> str:
        return str((await me.get(f"/referrals/{first.referral_id}")).json["appointment"]["id"])

    assert await told_is() == str(first.id)
    clock.to(first.ends_at)
    assert await told_is() == str(second.id)
    await me.post(f"/appointments/{second.id}/cancel", {"by": "client"})
    assert await told_is() == str(third.id)
    clock.to(third.ends_at)
    assert await told_is() == str(third.id)
    everything = (await me.get(f"/referrals/{first.referral_id}")).json["appointments"]
    assert [one["id"] for one in everything] == [str(row.id) for row in (first, second, third)]


# Not a match (R42)


@pytest.mark.parametrize("reason", ["expertise", "acuity", "other"])
@pytest.mark.parametrize("engaged", [False, True])
async def test_r42_support_takes_over_and_the_client_learns_no_reason(
    api: Api, admin: Program, world: World, deps: Deps, session: AsyncSession, clock: Clock, reason: str, engaged: bool
) -> None:
    provider, client, consult = await world.consultation()
    me = await api.of(provider)
    referral_id = await seen_referral(me)
    clock.to(consult.ends_at)
    if engaged:
        consultation = (await me.get(f"/appointments/{consult.id}")).json["consultation"]
        await me.post(f"/consultations/{consultation['id']}/answer", {"occurred": True})
    later = await world.appointment(provider, client=client, starts_in=DAY, source=Source.PROVIDER_MADE)

    reply = await me.post(f"/referrals/{referral_id}/not-a-match", {"reason": reason, "text": WORDS})

    assert reply.status == 200
    assert reply.json["referral"]["state"] == "handed_back"
    assert ["988" in str(one) for one in reply.json["crisis"][:1]] == ([True] if reason == "acuity" else [])
    assert [one["id"] for one in reply.json["ahead"]] == [str(later.id)]
    assert (await me.get(f"/appointments/{later.id}")).json["state"] == "booked"
    assert (await me.get(f"/referrals/{referral_id}")).json["mismatch"] == reason
    (case,) = await cases(session)
    assert (case.kind, case.text) == (CaseKind.HANDED_BACK, WORDS)
    assert case.facts == {"referral": referral_id, "client": str(client.id), "reason": reason}
    (letter,) = await notices(session, NoticeKey.HANDED_BACK)
    assert (letter.recipient_id, letter.channel) == (client.id, Channel.MAIL)

    # What support has to do is for support.
    tasks = (await admin.get("/tasks", state="open")).json["items"]
    assert [one["subject_id"] for one in tasks if one["kind"] == "support_followup"] == [str(case.id)]
    assert "support_followup" not in (await me.get("/tasks")).text
    assert WORDS not in (await me.get("/events")).text


async def test_r42_it_is_said_once_and_only_after_it_was_opened(api: Api, world: World, session: AsyncSession) -> None:
    provider, _, appointment = await world.consultation()
    me = await api.of(provider)
    path = f"/referrals/{appointment.referral_id}/not-a-match"

    unopened = await me.post(path, {"reason": "other"})
    await seen_referral(me)
    first, second = await me.post(path, {"reason": "other"}), await me.post(path, {"reason": "other"})

    assert (unopened.status, unopened.json["facts"]) == (409, {"state": "new"})
    assert (first.status, second.status, second.json["facts"]) == (200, 409, {"state": "handed_back"})
    assert len(await cases(session)) == 1
    found = await session.execute(select(Task).where(col(Task.kind) == TaskKind.SUPPORT_FOLLOWUP))
    assert len(found.scalars().all()) == 1


# Find another (R19)


async def test_r19_the_client_moves_on_and_the_provider_learns_no_reason(
    api: Api, admin: Program, world: World, session: AsyncSession
) -> None:
    provider, client, consult = await world.consultation(starts_in=DAY)
    me = await api.of(provider)
    referral_id = await seen_referral(me)

    reply = await admin.post(f"/referrals/{referral_id}/find-another", {"reason": WORDS})

    assert reply.json["referral"]["state"] == "rematch_by_client"
    assert [one["id"] for one in reply.json["ahead"]] == [str(consult.id)]
    assert (await me.get(f"/appointments/{consult.id}")).json["state"] == "booked"
    (case,) = await cases(session)
    assert (case.kind, case.text, case.facts) == (
        CaseKind.REMATCH,
        WORDS,
        {"referral": referral_id, "client": str(client.id)},
    )
    letters = await notices(session, NoticeKey.CLIENT_MOVED_ON)
    assert {(row.recipient_id, row.channel) for row in letters} == {
        (provider.id, Channel.MAIL),
        (provider.id, Channel.PORTAL),
    }
    for path in (f"/referrals/{referral_id}", "/events", "/issues", "/tasks", "/notices"):
        assert WORDS not in (await me.get(path)).text


async def test_r19_the_old_answers_are_searched_with_again_without_who_they_moved_on_from(
    api: Api, admin: Program, world: World, deps: Deps
) -> None:
    first, other, another = [await listed(world) for _ in range(3)]
    search = await world.search(problems=("grief",), exclude=frozenset({other.id}))
    client = await world.client(first)
    await booked_from(world, first, client, search.search_id)
    referral_id = await seen_referral(await api.of(first))

    reply = await admin.post(f"/referrals/{referral_id}/find-another", {"reason": WORDS})

    assert reply.json["search_id"] not in {None, str(search.search_id)}
    again = (await admin.get(f"/searches/{reply.json['search_id']}")).json
    assert [one["provider_id"] for one in again["items"]] == [str(another.id)]
    record = (await admin.get(f"/searches/{reply.json['search_id']}/record")).json
    assert record["answers"]["problems"] == ["grief"]
    assert set(record["answers"]["exclude"]) == {str(first.id), str(other.id)}
    assert (await (await api.of(first)).get(f"/searches/{reply.json['search_id']}")).status == 404


async def test_r39_after_a_cancellation_the_client_is_shown_others(
    admin: Program, api: Api, world: World, deps: Deps
) -> None:
    first, other = [await listed(world) for _ in range(2)]
    search = await world.search()
    client = await world.client(first)
    made = await booked_from(world, first, client, search.search_id)
    path = f"/referrals/{made.referral_id}/search"

    early = await admin.post(path)
    me = await api.of(first)
    cancelled = await me.post(f"/appointments/{made.id}/cancel", {"by": "provider", "message": "I am so sorry."})
    again = await admin.post(path)

    assert (early.status, early.code, cancelled.status) == (409, "referral_open", 200)
    assert again.status == 201
    shown = (await admin.get(f"/searches/{again.json['search_id']}")).json
    assert [one["provider_id"] for one in shown["items"]] == [str(other.id)]
    assert (await me.get(f"/referrals/{made.referral_id}")).json["state"] == "closed_by_provider"


async def test_who_came_without_a_search_has_none_to_make_again(api: Api, admin: Program, world: World) -> None:
    provider, _, appointment = await world.consultation(starts_in=DAY)
    await (await api.of(provider)).post(f"/appointments/{appointment.id}/cancel", {"by": "client"})

    refused = await admin.post(f"/referrals/{appointment.referral_id}/search")

    assert (refused.status, refused.code) == (409, "no_search")


async def test_r19_no_reason_makes_no_case(api: Api, admin: Program, world: World, session: AsyncSession) -> None:
    provider, _, _ = await world.consultation(starts_in=DAY)
    referral_id = await seen_referral(await api.of(provider))

    reply = await admin.post(f"/referrals/{referral_id}/find-another")

    assert (reply.status, reply.json["search_id"]) == (200, None)
    assert await cases(session) == []


async def test_r19_who_was_not_reached_can_move_on_as_well(
    api: Api, admin: Program, world: World, clock: Clock
) -> None:
    provider, _, appointment = await world.consultation()
    me = await api.of(provider)
    clock.to(appointment.ends_at)
    consultation = (await me.get(f"/appointments/{appointment.id}")).json["consultation"]
    await me.post(f"/consultations/{consultation['id']}/answer", {"occurred": False})
    assert (await me.get(f"/referrals/{appointment.referral_id}")).json["state"] == "no_contact"

    reply = await admin.post(f"/referrals/{appointment.referral_id}/find-another")

    assert reply.json["referral"]["state"] == "rematch_by_client"


async def test_a_client_who_moved_on_may_come_back_and_is_a_new_referral(
    api: Api, admin: Program, world: World
) -> None:
    provider, client, consult = await world.consultation(starts_in=DAY)
    me = await api.of(provider)
    referral_id = await seen_referral(me)
    await admin.post(f"/referrals/{referral_id}/find-another")

    again = await world.appointment(provider, client=client, starts_in=2 * DAY)

    assert str(again.referral_id) != referral_id
    assert (await me.get("/referrals")).json["unseen"] == 1
    assert (await me.get(f"/referrals/{referral_id}")).json["appointments"][0]["id"] == str(consult.id)


async def test_a_request_is_in_the_list_before_anybody_has_said_yes(api: Api, world: World, deps: Deps) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    async with deps.sessions.begin() as session:
        held = await scheduling.book(
            session,
            provider_id=provider.id,
            client_id=client.id,
            session_type=SessionType.FULL_SESSION,
            source=Source.PAYER,
            original_source=None,
            starts_at=deps.now() + 3 * DAY,
            ends_at=deps.now() + 3 * DAY + timedelta(minutes=50),
            actor=OPERATOR,
            house=scheduling.house(deps.settings),
            now=deps.now(),
            new_id=deps.new_id,
            held=True,
        )
    me = await api.of(provider)

    listed = (await me.get("/referrals")).json
    opened = await me.post(f"/referrals/{held.referral_id}/open")

    assert [(one["state"], one["source"]) for one in listed["items"]] == [("awaiting_acceptance", "payer")]
    assert listed["unseen"] == 0
    assert (opened.status, opened.json["facts"]) == (409, {"state": "awaiting_acceptance"})


# What becomes of a session, and what is written to whom


@pytest.mark.parametrize(("step", "state"), [("confirm-details", "engaged"), ("no-show", "no_contact")])
async def test_a_session_moves_its_referral_by_what_the_provider_says_of_it(
    api: Api, world: World, clock: Clock, step: str, state: str
) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    await world.ready(client)
    made = await world.appointment(provider, client=client, starts_in=DAY, session_type=SessionType.FULL_SESSION)
    me = await api.of(provider)
    clock.to(made.ends_at)

    said = await me.post(f"/appointments/{made.id}/{step}")

    assert said.status == 200, said.text
    assert (await me.get(f"/referrals/{made.referral_id}")).json["state"] == state


async def test_letters_about_an_ending_say_no_reason(
    api: Api, admin: Program, world: World, mailbox: Mailbox, works: Worker
) -> None:
    one, two = await world.provider(), await world.provider()
    handed_back = await world.appointment(one, starts_in=DAY)
    await world.appointment(two, starts_in=DAY)
    await (await api.of(one)).post(f"/referrals/{handed_back.referral_id}/open")
    moved_on = await seen_referral(await api.of(two))

    await (await api.of(one)).post(
        f"/referrals/{handed_back.referral_id}/not-a-match", {"reason": "acuity", "text": WORDS}
    )
    await admin.post(f"/referrals/{moved_on}/find-another", {"reason": WORDS})
    await works.turn()

    written = {
        str(letter["Subject"]): letter
        for letter in mailbox.letters()
        if "find another" in str(letter["Subject"]) or "has ended" in str(letter["Subject"])
    }
    assert len(written) == 2
    assert two.email in {str(letter["To"]) for letter in written.values()}
    for letter in written.values():
        assert "acuity" not in letter.as_string()
        assert "nobody but support" not in letter.as_string()
        assert "Canary-Casey" not in letter.as_string()
