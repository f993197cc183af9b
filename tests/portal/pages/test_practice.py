"""Practice: members, invitations, and the line of a group."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from config.deps import Deps
from config.errors import NotFound, Refused
from people import actions as people
from people import queries
from people.values import AccountKind, Language, Person, PracticeKind, Role
from tests.builders import World
from tests.clock import START
from tests.fixtures import Worker
from tests.mailbox import Mailbox
from tests.portal.pages.conftest import Accounts, Browser

HERE = "/organization/practice"


async def test_members_come_and_go_and_one_admin_stays(
    browser: Browser,
    browsers: Callable[[], Browser],
    accounts: Accounts,
    world: World,
    works: Worker,
    mailbox: Mailbox,
    session: AsyncSession,
) -> None:
    practice = await world.practice(kind=PracticeKind.GROUP)
    admin = await accounts.in_practice(practice, Role.PRACTICE_ADMIN, email="admin@example.com")
    await accounts.by_cookie(browser, admin)

    wrong = await browser.post(f"{HERE}/members", {"email": "nobody", "role": "admin"})
    assert (wrong.status, 'id="email-problem"' in wrong.text, 'id="role-problem"' in wrong.text) == (422, True, True)
    invited = await browser.post(f"{HERE}/members", {"email": "kim@example.com", "role": "scheduler"})
    assert ("kim@example.com" in invited.words, "Invited" in invited.words) == (True, True)
    await works.turn()
    letter = mailbox.letter()
    assert (letter["To"], "sign-in" in str(letter["Subject"])) == ("kim@example.com", True)
    known = await accounts.of(email="known@example.com")
    await browser.post(f"{HERE}/members", {"email": "known@example.com", "role": "practice_admin"})
    await works.turn()
    assert len(mailbox.taken) == 1  # who has a password needs no link

    second = browsers()
    await accounts.by_cookie(second, known)
    removed = await second.post(f"{HERE}/members/{admin.id}")
    assert "The role is taken away" in removed.words
    assert (await browser.get(HERE)).status == 404
    last = await second.post(f"{HERE}/members/{known.id}")
    assert (last.status, "Name another admin first" in last.words) == (409, True)
    lowered = await second.post(f"{HERE}/members", {"email": "known@example.com", "role": "scheduler"})
    assert lowered.status == 409
    kim = await queries.account_by_email(session, AccountKind.STAFF, "kim@example.com")
    assert kim is not None
    await second.post(f"{HERE}/members/{kim.id}")
    assert (await second.post(f"{HERE}/members/{kim.id}")).status == 404
    assert [one.email for one, _ in await queries.members_of(session, practice.id)] == ["known@example.com"]


async def test_r114_a_group_switches_its_line_and_a_solo_practice_has_it(
    browser: Browser, browsers: Callable[[], Browser], accounts: Accounts, world: World, session: AsyncSession
) -> None:
    group, solo = await world.practice(kind=PracticeKind.GROUP), await world.practice()
    provider = await world.provider(practice=group)
    account = await accounts.in_practice(group, Role.PRACTICE_ADMIN, email="admin@example.com")
    await accounts.by_cookie(browser, account)

    seen = await browser.get(HERE)
    assert ("The line is off for this group" in seen.words, provider.last_name in seen.words) == (True, True)
    assert "The line is on." in (await browser.post(f"{HERE}/line", {"line": "on"})).words
    assert "The line is off." in (await browser.post(f"{HERE}/line", {"line": "off"})).words
    await accounts.join(account, solo)
    both = await browser.get(f"{HERE}?practice={solo.id}")
    assert "A solo practice always has the line" in both.words
    refused = await browser.post(f"{HERE}/line?practice={solo.id}", {"line": "off"})
    assert refused.status == 409
    row = await queries.practice(session, solo.id)
    assert row is not None
    assert row.line_enabled
    foreign = await world.practice()
    assert (await browser.get(f"{HERE}?practice={foreign.id}")).status == 404


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize("theirs", [True, False])
async def test_r73_a_practice_is_administered_by_its_admins_and_by_nobody_else(
    world: World, deps: Deps, role: Role | None, theirs: bool
) -> None:
    practice, other, provider = await world.practice(), await world.practice(), await world.provider()
    whose = practice if theirs else other
    person = Person(
        account_id=deps.new_id(),
        sign_in_id=deps.new_id(),
        kind=AccountKind.STAFF,
        roles=frozenset({role} if role else ()),
        practices=((whose.id, role),) if role in people.MEMBER_ROLES else (),
        signed_in_at=START,
        proven_at=START,
    )
    told: Any = {"now": START, "new_id": deps.new_id}
    invite: Any = {"email": "kim@example.com", "role": Role.SCHEDULER, "language": Language.ENGLISH}
    async with deps.sessions.begin() as session:
        if role is Role.PRACTICE_ADMIN and theirs:
            assert (await people.administered(session, person, practice.id)).id == practice.id
            await people.invite_member(session, person, practice.id, **invite, **told)
            with pytest.raises(Refused, match="solo practice"):
                await people.switch_line(session, person, practice.id, on=True, **told)
        else:
            for refused in (
                people.administered(session, person, practice.id),
                people.invite_member(session, person, practice.id, **invite, **told),
                people.switch_line(session, person, practice.id, on=True, **told),
            ):
                with pytest.raises(NotFound):
                    await refused
        with pytest.raises(NotFound):
            await people.staff_member(session, person, provider.id)
        with pytest.raises(NotFound):
            await people.remove_member(session, person, practice.id, deps.new_id(), **told)
