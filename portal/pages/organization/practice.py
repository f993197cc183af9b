"""Practice: who administers and schedules, invitations, and the line of a group (R114)."""

from uuid import UUID

from email_validator import EmailNotValidError, validate_email

from config.errors import BadInput, Problem
from people import actions as people
from people import queries
from people.values import PracticeKind, Role
from portal.pages.organization import frame
from portal.pages.page import PRACTICE_ADMINS, Page, Redirect, Shown, View, Visit

PATH = "/organization/practice"


async def show(visit: Visit) -> Shown:
    """Show who does what for a practice, and whether its line is on."""
    practice = await frame.where(visit)
    pins = await queries.with_pins(visit.session, practice.id)
    staff = await queries.staff(visit.session, practice.id)
    return View(
        "organization/practice.html",
        {
            **await frame.told(visit, practice),
            "members": [
                {
                    "id": account.id,
                    "email": account.email,
                    "role": role.value,
                    "invited": account.password_hash is None,
                    "me": account.id == visit.me.account_id,
                }
                for account, role in await queries.members_of(visit.session, practice.id)
            ],
            "roles": [one.value for one in people.MEMBER_ROLES],
            "group": practice.kind is PracticeKind.GROUP,
            "without_pin": [f"{one.first_name} {one.last_name}" for one in staff if one.id not in pins],
        },
    )


async def invite(visit: Visit) -> Shown:
    """Invite somebody; what is told does not depend on whether the address has a sign-in."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    practice = await frame.where(visit)
    wrong: list[Problem] = []
    role = visit.form.get("role", "")
    if role not in set(people.MEMBER_ROLES):
        wrong.append(Problem("role", "problems.missing"))
    try:
        email = validate_email(visit.form.get("email", "").strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        email = ""
        wrong.append(Problem("email", "organization.problem_email"))
    if wrong:
        raise BadInput(*wrong)
    await people.invite_member(
        visit.session,
        visit.me,
        practice.id,
        email=email,
        role=Role(role),
        language=visit.language,
        now=visit.now,
        new_id=visit.new_id,
    )
    return _back(visit, practice.id, "organization.invited")


async def remove(visit: Visit) -> Shown:
    """Take somebody's role away."""
    practice = await frame.where(visit)
    account_id = UUID(visit.path["account_id"])
    await people.remove_member(visit.session, visit.me, practice.id, account_id, now=visit.now, new_id=visit.new_id)
    if account_id == visit.me.account_id:
        return Redirect("/", done="organization.removed")
    return _back(visit, practice.id, "organization.removed")


async def line(visit: Visit) -> Shown:
    """Switch the line of a group on or off."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    practice = await frame.where(visit)
    on = visit.form.get("line") == "on"
    await people.switch_line(visit.session, visit.me, practice.id, on=on, now=visit.now, new_id=visit.new_id)
    return _back(visit, practice.id, "organization.line_on" if on else "organization.line_off")


def _back(visit: Visit, practice_id: UUID, done: str) -> Redirect:
    return Redirect(f"{PATH}{frame.suffix(visit, practice_id)}", done=done, subjects=(practice_id,))


PAGES = (
    Page(name="practice", path=PATH, roles=PRACTICE_ADMINS, show=show),
    Page(name="practice_invite", path=f"{PATH}/members", roles=PRACTICE_ADMINS, submit=invite, again=show),
    Page(
        name="practice_remove",
        path=f"{PATH}/members/{{account_id:{frame.ID}}}",
        roles=PRACTICE_ADMINS,
        submit=remove,
        again=show,
    ),
    Page(name="practice_line", path=f"{PATH}/line", roles=PRACTICE_ADMINS, submit=line, again=show),
)
