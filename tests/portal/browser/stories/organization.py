"""Staff, the client referral programme, members and the line, as who administers a practice meets them."""

from people import actions as people
from people import queries
from people.models import Account, Practice, Provider
from people.values import PracticeKind, Role
from tests.builders import OPERATOR
from tests.portal.browser.stories import Scene, Stage, story

GRID = "/organization/programme"


@story("organization", "the first tab")
async def begin(stage: Stage) -> Scene:
    practice, admin = await _practice(stage, "begin@example.com")
    await stage.world.provider(practice=practice)
    return Scene(path="/organization", who=admin)


@story("staff", "nobody works there")
async def nobody(stage: Stage) -> Scene:
    return Scene(path="/organization/staff", who=(await _practice(stage, "nobody@example.com"))[1])


@story("staff_details", "refused")
async def details(stage: Stage) -> Scene:
    practice, admin = await _practice(stage, "details@example.com")
    provider = await stage.world.provider(practice=practice)
    wrong = {"first_name": "", "npi": "1234567890", "office_phone": "12"}
    return Scene(path=f"/organization/staff/{provider.id}", who=admin, sent=wrong)


@story("public_profile", "an admin submits it, and nearly everything is missing")
async def lacking(stage: Stage) -> Scene:
    practice, admin = await _practice(stage, "lacking@example.com")
    provider = await stage.world.provider(practice=practice)
    await _enrolled(stage, provider)
    path = f"/organization/staff/{provider.id}/profile"
    return Scene(path=path, who=admin, sent={"version": "1", "do": "submit"})


@story("public_profile", "its owner looks, who has to be added first")
async def owner(stage: Stage) -> Scene:
    practice, _ = await _practice(stage, "owner@example.com")
    provider = await stage.world.provider(practice=practice)
    return Scene(path=f"/organization/staff/{provider.id}/profile", who=await stage.accounts.of(provider))


@story("public_profile", "submitted, and hidden since something is gone")
async def hidden(stage: Stage) -> Scene:
    provider, admin = await _completed(stage, "hidden@example.com")
    deps = stage.deps
    async with deps.sessions.begin() as session:
        row = await people.known_provider(session, provider.id)
        told = {"actor": OPERATOR, "now": deps.now(), "new_id": deps.new_id}
        await people.change_provider(session, row, {"office_phone": None}, **told)  # type: ignore[arg-type]
    return Scene(path=f"/organization/staff/{provider.id}/profile", who=admin)


@story("programme", "nobody is in it")
async def empty(stage: Stage) -> Scene:
    return Scene(path=GRID, who=(await _practice(stage, "empty@example.com"))[1])


@story("programme", "in every state, sorted and filtered by none")
async def grid(stage: Stage) -> Scene:
    practice, admin = await _practice(stage, "grid@example.com")
    one, two = [await stage.world.provider(practice=practice) for _ in range(2)]
    await _enrolled(stage, one)
    await stage.world.payer(two)
    return Scene(path=f"{GRID}?sort=status&down=1", who=admin)


@story("programme", "filtered by a header, which is open")
async def filtered(stage: Stage) -> Scene:
    _, admin = await _completed(stage, "filtered@example.com")
    opened = "[popovertarget=filter-status]"
    return Scene(path=f"{GRID}?status=incomplete", who=admin, pressed=lambda page: page.click(opened))


@story("programme_add", "refused: no payer")
async def add(stage: Stage) -> Scene:
    practice, admin = await _practice(stage, "add@example.com")
    await stage.world.payer()
    provider = await stage.world.provider(practice=practice)
    return Scene(path=f"{GRID}/add", who=admin, sent={"staff": str(provider.id)})


@story("programme_add", "nobody is left to be added")
async def all_added(stage: Stage) -> Scene:
    return Scene(path=f"{GRID}/add", who=(await _completed(stage, "all@example.com"))[1])


@story("programme_edit", "its payers")
async def edit(stage: Stage) -> Scene:
    provider, admin = await _completed(stage, "edit@example.com")
    return Scene(path=f"{GRID}/{provider.id}", who=admin)


@story("programme_delete", "refused: it was completed meanwhile")
async def delete(stage: Stage) -> Scene:
    provider, admin = await _completed(stage, "delete@example.com")
    return Scene(path=f"{GRID}/{provider.id}/delete", who=admin, sent={})


@story("programme_deactivate", "with an open request")
async def deactivate(stage: Stage) -> Scene:
    provider, admin = await _completed(stage, "deactivate@example.com")
    async with stage.deps.sessions() as session:
        row = await queries.enrolment(session, provider.id)
        assert row is not None
        [payer_id] = await queries.payers_of(session, row.id)
        payer = await queries.payer(session, payer_id)
    await stage.world.request(provider, payer=payer)
    return Scene(path=f"{GRID}/{provider.id}/deactivate", who=admin)


@story("practice", "a group, with somebody invited, and a wrong address")
async def practice(stage: Stage) -> Scene:
    group, admin = await _practice(stage, "group@example.com", PracticeKind.GROUP)
    await stage.world.provider(practice=group)
    guest = await stage.accounts.of(email="guest@example.com", password_hash=None)
    await stage.accounts.join(guest, group, Role.SCHEDULER)
    form = {"email": "nobody", "role": "scheduler"}
    return Scene(path="/organization/practice/members", sent_from="/organization/practice", who=admin, sent=form)


async def _practice(stage: Stage, email: str, kind: PracticeKind = PracticeKind.SOLO) -> tuple[Practice, Account]:
    """Return a practice that has the programme, and who administers it."""
    made = await stage.world.practice(kind=kind)
    async with stage.deps.sessions.begin() as session:
        row = await queries.practice_for_update(session, made.id)
        assert row is not None
        row.programme = True
    return made, await stage.accounts.in_practice(made, Role.PRACTICE_ADMIN, email=email)


async def _completed(stage: Stage, email: str) -> tuple[Provider, Account]:
    made, admin = await _practice(stage, email)
    provider = await stage.world.provider(practice=made)
    await stage.world.payer(provider)
    async with stage.deps.sessions.begin() as session:
        row = await people.profile(session, provider.id, now=stage.deps.now())
        row.photo = None  # the builder's is no picture
    return provider, admin


async def _enrolled(stage: Stage, provider: Provider) -> None:
    payer, deps = await stage.world.payer(), stage.deps
    async with deps.sessions.begin() as session:
        await people.enrol(session, provider.id, [payer.id], actor=OPERATOR, now=deps.now(), new_id=deps.new_id)
