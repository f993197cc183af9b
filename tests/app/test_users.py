"""`consultline user create`, as an operator types it, against a running service's database."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app import users
from app.cli import parser
from app.trouble import Failed
from config.deps import Deps
from people import queries
from people.values import AccountKind, Role
from tests.builders import World
from tests.fixtures import Worker
from tests.mailbox import Mailbox


@pytest.fixture
def running(deps: Deps, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for finding a running service by its `run.json`: here it is the test's own."""

    @asynccontextmanager
    async def service() -> AsyncIterator[Deps]:
        yield deps

    monkeypatch.setattr(users, "service", service)


def typed(*words: str) -> argparse.Namespace:
    return parser().parse_args(["user", "create", *words])


@pytest.mark.parametrize("role", [Role.PROVIDER, Role.CLIENT, Role.PRACTICE_ADMIN, Role.SCHEDULER, Role.ADMIN])
async def test_a_sign_in_is_made_for_every_role_and_invited(
    role: Role, running: None, world: World, session: AsyncSession, works: Worker, mailbox: Mailbox
) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    email = {Role.PROVIDER: provider.email, Role.CLIENT: client.email}.get(role, "new@example.com")
    practice = ["--practice", str(provider.practice_id)] if role in users.OF_A_PRACTICE else []

    await users.create(typed("--role", role.value, "--email", email, *practice))

    kind = AccountKind.CLIENT if role is Role.CLIENT else AccountKind.STAFF
    account = await queries.account_by_email(session, kind, email)
    assert account is not None
    found = {
        Role.PROVIDER: account.provider_id == provider.id,
        Role.CLIENT: account.client_id == client.id,
        Role.ADMIN: account.operator is Role.ADMIN,
    }
    assert found.get(role, True)
    await works.turn()
    assert [letter["To"] for letter in mailbox.letters()] == [email]


async def test_somebody_can_be_provider_and_admin_of_the_practice(
    running: None, world: World, session: AsyncSession
) -> None:
    provider = await world.provider()
    practice = ["--practice", str(provider.practice_id)]
    await users.create(typed("--role", "provider", "--email", provider.email))
    await users.create(typed("--role", "practice_admin", "--email", provider.email.upper(), *practice))

    account = await queries.account_by_email(session, AccountKind.STAFF, provider.email)
    assert account is not None
    assert account.provider_id == provider.id


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--role", "provider", "--email", "nobody@example.com"), "Add the provider first"),
        (("--role", "scheduler", "--email", "new@example.com"), "Give --practice"),
        (("--role", "client", "--email", "nobody@example.com"), "No client has this address"),
        (("--role", "admin", "--email", "not an address"), "Give --email an address"),
    ],
)
async def test_what_cannot_be_is_told_and_leaves_nothing(
    words: tuple[str, ...], told: str, running: None, session: AsyncSession
) -> None:
    with pytest.raises(Failed, match=told):
        await users.create(typed(*words))
    assert await queries.account_by_email(session, AccountKind.STAFF, words[-1]) is None
