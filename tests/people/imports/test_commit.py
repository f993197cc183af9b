"""A file beside a provider's list (5.6): what the preview says, and what the commit does."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from config.deps import Deps
from config.errors import NotFound, Refused
from people import actions, jobs, queries
from people.models import Client, ImportJob, ImportRow, Provider, Relationship
from people.values import AccountState, RelationshipEvent, RelationshipState
from people.values.imports import ImportState
from status.models import Event, Notice
from status.values import Actor, ActorKind, EventKind
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import Worker
from tests.people.imports.conftest import Importer

ANN = "Ann,Canary,ann@example.com,212-555-0142"
BEA = "Bea,Canary,bea@example.com,"


async def stands(deps: Deps, provider: Provider, client: Client, event: RelationshipEvent) -> None:
    async with deps.sessions.begin() as session:
        link = await queries.relationship(session, provider.id, client.id)
        assert link is not None
        await actions.move_relationship(session, link, event, now=deps.now())


async def verify(deps: Deps, client: Client) -> None:
    async with deps.sessions.begin() as session:
        row = await session.merge(client)
        row.verified_at, row.account = deps.now(), AccountState.VERIFIED


async def test_new_clients_are_in_the_list_after_the_commit_and_not_before(
    importer: Importer, world: World, session: AsyncSession
) -> None:
    provider = await world.provider()

    job = await importer.look_at(provider, ANN, BEA, "Cat,Canary,,", "Dan,Canary,ann@example.com,")
    assert await importer.listed(provider) == []
    assert job.counts == {"valid": 2, "warning": 0, "error": 1, "duplicate": 1, "blank": 0, "to_do": 2}
    done = await importer.commit(job)

    assert await importer.listed(provider) == [
        ("ann@example.com", "+12125550142", "active"),
        ("bea@example.com", None, "active"),
    ]
    assert done.state is ImportState.COMMITTED
    assert done.result == {"added": 2, "filled": 0, "replaced": 0, "unarchived": 0, "skipped": 1}
    assert await importer.fates(job) == [(2, "added"), (3, "added"), (4, "skipped"), (5, "skipped")]
    told = await session.execute(select(Event).where(col(Event.kind) == EventKind.CLIENTS_IMPORTED))
    event = told.scalar_one()
    assert (event.provider_id, event.actor_kind, event.actor_id) == (provider.id, "provider", provider.id)
    assert event.data == {"import": str(job.id), "file": "csv", "invite": True, **done.result}


async def test_an_unverified_client_gets_what_is_missing_and_nothing_else(
    importer: Importer, world: World, deps: Deps
) -> None:
    provider = await world.provider()
    ann = await world.client(provider, email="ann@example.com", phone=None)
    bea = await world.client(provider, email="bea@example.com", phone="+12125550177")

    job = await importer.look_at(
        provider, "New,Name,ANN@example.com,212-555-0142", "New,Name,bea@example.com,212-555-0143"
    )
    assert await importer.said(job) == [(2, "duplicate", ["in_your_list"]), (3, "duplicate", ["in_your_list"])]
    done = await importer.commit(job)

    now_ann, _ = await importer.account("ann@example.com")
    now_bea, _ = await importer.account("bea@example.com")
    assert (now_ann.first_name, now_ann.phone, now_ann.version) == (ann.first_name, "+12125550142", 2)
    assert (now_bea.first_name, now_bea.phone, now_bea.version) == (bea.first_name, "+12125550177", 1)
    assert (done.result["filled"], done.result["skipped"]) == (1, 1)


async def test_a_ticked_row_replaces_what_is_there(importer: Importer, world: World) -> None:
    provider = await world.provider()
    await world.client(provider, email="ann@example.com", phone="+12125550177")
    await world.client(provider, email="bea@example.com", phone="+12125550178")

    job = await importer.look_at(provider, ANN, BEA)
    done = await importer.commit(job, replace=[2, 3])

    for email, names, phone in (("ann", "Ann", "+12125550142"), ("bea", "Bea", "+12125550178")):
        client, _ = await importer.account(f"{email}@example.com")
        assert (client.first_name, client.last_name, client.phone) == (names, "Canary", phone)
    assert done.result["replaced"] == 2


async def test_a_client_who_verified_their_account_is_left_alone(importer: Importer, world: World, deps: Deps) -> None:
    provider = await world.provider()
    ann = await world.client(provider, email="ann@example.com", phone=None)
    await verify(deps, ann)

    job = await importer.look_at(provider, ANN)
    assert await importer.said(job) == [(2, "duplicate", ["client_manages"])]
    await importer.commit(job, replace=[2])

    client, _ = await importer.account("ann@example.com")
    assert (client.first_name, client.phone, client.version) == (ann.first_name, None, 1)
    assert await importer.fates(job) == [(2, "skipped")]


async def test_one_who_verifies_between_preview_and_commit_is_left_alone(
    importer: Importer, world: World, deps: Deps
) -> None:
    provider = await world.provider()
    ann = await world.client(provider, email="ann@example.com", phone=None)
    job = await importer.look_at(provider, ANN)
    await verify(deps, ann)

    await importer.commit(job, replace=[2])

    client, _ = await importer.account("ann@example.com")
    assert (client.first_name, client.phone) == (ann.first_name, None)


@pytest.mark.parametrize(("unarchive", "state", "fate"), [([], "archived", "skipped"), ([2], "active", "unarchived")])
async def test_an_archived_client_comes_back_where_that_was_ticked(
    importer: Importer, world: World, deps: Deps, unarchive: list[int], state: str, fate: str
) -> None:
    provider = await world.provider()
    ann = await world.client(provider, email="ann@example.com", phone=None)
    await stands(deps, provider, ann, RelationshipEvent.ARCHIVED)

    job = await importer.look_at(provider, ANN)
    assert await importer.said(job) == [(2, "duplicate", ["archived"])]
    await importer.commit(job, unarchive=unarchive)

    assert await importer.listed(provider) == [("ann@example.com", "+12125550142" if unarchive else None, state)]
    assert await importer.fates(job) == [(2, fate)]


async def test_a_blocked_client_stays_blocked(importer: Importer, world: World, deps: Deps) -> None:
    provider = await world.provider()
    ann = await world.client(provider, email="ann@example.com", phone=None)
    await stands(deps, provider, ann, RelationshipEvent.BLOCKED)

    job = await importer.look_at(provider, ANN)
    await importer.commit(job, replace=[2], unarchive=[2])

    assert await importer.said(job) == [(2, "duplicate", ["blocked"])]
    assert await importer.listed(provider) == [("ann@example.com", None, "blocked")]


async def test_whoever_has_written_to_the_provider_becomes_theirs(importer: Importer, world: World, deps: Deps) -> None:
    provider = await world.provider()
    ann = await world.client(provider, email="ann@example.com", phone=None)
    async with deps.sessions.begin() as session:
        link = await queries.relationship(session, provider.id, ann.id)
        assert link is not None
        link.state = RelationshipState.PROSPECT

    job = await importer.look_at(provider, ANN)
    await importer.commit(job)

    assert await importer.listed(provider) == [("ann@example.com", "+12125550142", "active")]
    assert await importer.fates(job) == [(2, "added")]


async def test_r46_an_account_elsewhere_is_proposed_to_and_nobody_is_told_of_it(
    importer: Importer, world: World
) -> None:
    one, two = await world.provider(), await world.provider()
    account = await world.client(one, email="ann@example.com", phone="+12125550199")

    job = await importer.look_at(two, ANN, BEA)
    assert await importer.said(job) == [(2, "valid", []), (3, "valid", [])]
    done = await importer.commit(job)

    assert done.result["added"] == 2
    assert await importer.fates(job) == [(2, "added"), (3, "added")]
    assert await importer.listed(two) == [
        ("ann@example.com", "+12125550142", "proposed"),
        ("bea@example.com", None, "active"),
    ]
    client, links = await importer.account("ann@example.com")
    assert (client.first_name, client.phone, client.version) == (account.first_name, "+12125550199", 1)
    assert {link.state for link in links} == {RelationshipState.ACTIVE, RelationshipState.PROPOSED}


async def test_r46_of_one_who_has_not_accepted_only_what_was_typed_changes(
    importer: Importer, world: World, deps: Deps
) -> None:
    one, two = await world.provider(), await world.provider()
    account = await world.client(one, email="ann@example.com", phone="+12125550199")
    await verify(deps, account)
    await importer.commit(await importer.look_at(two, "Typed,Canary,ann@example.com,"))

    job = await importer.look_at(two, ANN)
    assert await importer.said(job) == [(2, "duplicate", ["in_your_list"])], "that the account is verified is not told"
    await importer.commit(job, replace=[2])

    assert await importer.listed(two) == [("ann@example.com", "+12125550142", "proposed")]
    client, links = await importer.account("ann@example.com")
    assert (client.first_name, client.phone) == (account.first_name, "+12125550199")
    assert [link.typed_first_name for link in links if link.provider_id == two.id] == ["Ann"]


async def test_r46_one_who_never_accepted_comes_back_as_proposed(importer: Importer, world: World, deps: Deps) -> None:
    one, two = await world.provider(), await world.provider()
    account = await world.client(one, email="ann@example.com")
    await importer.commit(await importer.look_at(two, ANN))
    await stands(deps, two, account, RelationshipEvent.ARCHIVED)

    await importer.commit(await importer.look_at(two, ANN), unarchive=[2])

    assert await importer.listed(two) == [("ann@example.com", "+12125550142", "proposed")]


async def test_the_same_person_under_another_address_is_warned_of(importer: Importer, world: World, deps: Deps) -> None:
    provider = await world.provider()
    await importer.commit(await importer.look_at(provider, ANN))

    job = await importer.look_at(
        provider, "ANN,canary,other@example.com,(212) 555-0142", "Ann,Canary,third@example.com,"
    )

    assert [(number, notes) for number, _, notes in await importer.said(job)] == [
        (2, ["capitals", "same_person"]),
        (3, []),
    ]


# Once, all or nothing, and again after a fault


async def test_a_second_commit_is_the_first_one(importer: Importer, world: World, works: Worker) -> None:
    provider = await world.provider()
    job = await importer.look_at(provider, ANN)
    first = await importer.commit(job)

    again = await importer.begin(job)
    await jobs.commit_import(importer.deps, job.id)
    await works.turn()

    assert again.state is ImportState.COMMITTED
    assert (await importer.job(job.id)).committed_at == first.committed_at
    assert len(await importer.listed(provider)) == 1


async def test_the_same_file_again_changes_nothing(importer: Importer, world: World) -> None:
    provider = await world.provider()
    await importer.commit(await importer.look_at(provider, ANN, BEA))
    before = await importer.listed(provider)

    done = await importer.commit(await importer.look_at(provider, ANN, BEA))

    assert done.result == {"added": 0, "filled": 0, "replaced": 0, "unarchived": 0, "skipped": 2}
    assert await importer.listed(provider) == before


async def test_the_worker_does_it_and_its_progress_can_be_read_meanwhile(
    importer: Importer, world: World, works: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = await world.provider()
    monkeypatch.setattr("people.actions.imports._WRITTEN_AT_ONCE", 2)
    seen: list[tuple[int, str, int]] = []
    told = queries.note_progress

    async def note(session: AsyncSession, job_id: object, done: int) -> None:
        await told(session, job.id, done)
        await session.commit()
        now = await importer.job(job.id)
        seen.append((now.done, now.state.value, len(await importer.listed(provider))))

    monkeypatch.setattr("people.jobs.queries.note_progress", note)
    job = await importer.look_at(provider, *(f"Canary{n},Client,c{n}@example.com," for n in range(5)))
    await importer.begin(job)
    await works.turn()

    assert seen == [(2, "committing", 0), (4, "committing", 0), (5, "committing", 0)]
    assert (await importer.job(job.id)).state is ImportState.COMMITTED
    assert len(await importer.listed(provider)) == 5


async def test_a_worker_that_dies_leaves_nothing_and_the_next_one_does_it_all(
    importer: Importer, world: World, works: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = await world.provider()
    monkeypatch.setattr("people.actions.imports._WRITTEN_AT_ONCE", 2)
    job = await importer.look_at(provider, *(f"Canary{n},Client,c{n}@example.com," for n in range(5)))
    await importer.begin(job)

    async def dies(_session: AsyncSession, _job_id: object, done: int) -> None:
        if done > 2:
            raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr("people.jobs.queries.note_progress", dies)
        with pytest.raises(asyncio.CancelledError):
            await jobs.commit_import(importer.deps, job.id)
    assert await importer.listed(provider) == []
    assert (await importer.job(job.id)).state is ImportState.COMMITTING

    await works.turn()

    assert len(await importer.listed(provider)) == 5


async def test_a_commit_that_fails_every_time_is_given_up_and_can_be_asked_for_again(
    importer: Importer, world: World
) -> None:
    provider = await world.provider()
    job = await importer.look_at(provider, ANN)
    await importer.begin(job)
    async with importer.deps.sessions.begin() as session:
        (await session.merge(await importer.job(job.id))).tries = actions.imports.TRIES

    await jobs.commit_import(importer.deps, job.id)
    assert (await importer.job(job.id)).state is ImportState.FAILED
    assert await importer.listed(provider) == []

    assert (await importer.commit(job)).state is ImportState.COMMITTED


async def test_two_workers_at_once_do_it_once(importer: Importer, world: World) -> None:
    provider = await world.provider()
    job = await importer.look_at(provider, *(f"Canary{n},Client,c{n}@example.com," for n in range(50)))
    await importer.begin(job)

    await asyncio.gather(*(jobs.commit_import(importer.deps, job.id) for _ in range(3)))

    assert len(await importer.listed(provider)) == 50


async def test_two_providers_import_the_same_people_at_once(importer: Importer, world: World) -> None:
    """Whoever is first makes the account, the other proposes; neither waits for the other in a circle."""
    one, two = await world.provider(), await world.provider()
    lines = [f"Canary{n},Client,c{n}@example.com," for n in range(200)]
    looked_at = [await importer.look_at(one, *lines), await importer.look_at(two, *reversed(lines))]
    for job in looked_at:
        await importer.begin(job)

    await asyncio.gather(*(jobs.commit_import(importer.deps, job.id) for job in looked_at))

    lists = [await importer.listed(provider) for provider in (one, two)]
    assert [len(listed) for listed in lists] == [200, 200]
    assert {(a[2], b[2]) for a, b in zip(*lists, strict=True)} <= {("active", "proposed"), ("proposed", "active")}


# How long it is kept


async def test_a_preview_is_over_after_a_day(importer: Importer, world: World, clock: Clock) -> None:
    job = await importer.look_at(await world.provider(), ANN)

    clock.to(job.expires_at - timedelta(seconds=1))
    await importer.begin(job)
    other = await importer.look_at(await world.provider(), BEA)
    clock.to(other.expires_at)
    with pytest.raises(Refused, match="Upload the file again"):
        await importer.begin(other)


async def test_rows_are_forgotten_after_a_day_and_previews_with_them(
    importer: Importer, world: World, clock: Clock, deps: Deps
) -> None:
    provider = await world.provider()
    kept = await importer.look_at(provider, ANN)
    await importer.look_at(provider, BEA)
    await importer.commit(kept)

    async def forget() -> tuple[int, int]:
        async with deps.sessions.begin() as session:
            await queries.delete_old_imports(session, deps.now())
            jobs_left = await session.execute(select(func.count()).select_from(ImportJob))
            rows_left = await session.execute(select(func.count()).select_from(ImportRow))
            return jobs_left.scalar_one(), rows_left.scalar_one()

    clock.to(kept.expires_at - timedelta(seconds=1))
    assert await forget() == (2, 2)
    clock.to(kept.expires_at)
    assert await forget() == (1, 0)
    assert "samples" not in (await importer.job(kept.id)).facts
    assert len(await importer.listed(provider)) == 1


async def test_an_import_that_nobody_has_made_is_not_found(importer: Importer, deps: Deps) -> None:
    async with deps.sessions.begin() as session:
        with pytest.raises(NotFound):
            await actions.begin_commit(
                session,
                deps.new_id(),
                invite=True,
                replaced=(),
                unarchived=(),
                actor=Actor(kind=ActorKind.OPERATOR),
                now=deps.now(),
            )


async def test_what_the_database_holds_to(importer: Importer, world: World, session: AsyncSession) -> None:
    """An account for each address, a relationship for each pair: also after an import over existing rows."""
    provider = await world.provider()
    await importer.commit(await importer.look_at(provider, ANN, BEA))

    pairs = await session.execute(select(func.count()).select_from(Relationship))
    accounts = await session.execute(select(func.count()).select_from(Client))
    assert (pairs.scalar_one(), accounts.scalar_one()) == (2, 2)


async def test_r63_invitations_go_out_one_after_the_other_and_after_those_that_wait_already(
    importer: Importer, world: World, clock: Clock, session: AsyncSession
) -> None:
    """Two hundred an hour of one provider are one each 18 seconds; who has an account hears who added them (M24)."""
    provider = await world.provider()
    known = await world.client(await world.provider(), email="known@example.com")

    async def due() -> list[tuple[str, int]]:
        found = await session.execute(select(Notice).order_by(col(Notice.due_at), col(Notice.key)))
        return [(one.key.value, int((one.due_at - clock()).total_seconds())) for one in found.scalars()]

    await importer.commit(await importer.look_at(provider, ANN, BEA, "Kim,Canary,known@example.com,"))
    first = [("client_invitation", 0), ("client_invitation", 18), ("provider_added", 36)]
    assert await due() == first
    await importer.commit(
        await importer.look_at(provider, "Cat,Canary,cat@example.com,", "Dan,Canary,dan@example.com,")
    )
    assert await due() == [*first[:2], ("client_invitation", 36), first[2], ("client_invitation", 54)]
    client, _ = await importer.account("dan@example.com")
    assert client.invited_until == clock() + timedelta(seconds=54, days=14)
    assert (await session.get(Client, known.id)).invited_until is None  # type: ignore[union-attr]
