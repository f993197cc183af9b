"""The security of one's own account: password, authenticator app, recovery codes, and where one is signed in."""

from config.errors import BadInput, Problem
from people import actions as people
from people import queries
from people.models import Account
from people.rules import sign_in as rules
from people.values import Role
from portal import passwords
from portal import session as sessions
from portal.pages.page import Page, Redirect, Shown, View, Visit
from portal.pages.sign_in import begin_session, new_factor

STAFF = frozenset(Role) - {Role.CLIENT}
HERE = "/settings/security"


async def _mine(visit: Visit) -> Account:
    account = await queries.account_for_update(visit.session, visit.me.account_id)
    assert account is not None  # noqa: S101 - who is signed in has one
    return account


async def security(visit: Visit) -> Shown:
    """Show how the account is kept safe."""
    account = await _mine(visit)
    return View(
        "settings/security.html",
        {
            "address": account.email,
            "codes_left": await queries.recovery_codes_left(visit.session, account.id),
            "password_at": account.password_at,
            "factor_since": account.totp_since,
            "signed_in": [
                {"since": row.created_at, "seen": row.seen_at, "here": row.id == visit.me.sign_in_id}
                for row in await queries.open_sign_ins_for_update(visit.session, account.id)
            ],
        },
    )


async def password(visit: Visit) -> Shown:
    """Ask for a new password."""
    return View("settings/password.html", {"address": (await _mine(visit)).email})


async def change_password(visit: Visit) -> Shown:
    """Take a new password: every other browser is signed out by it, and this one goes on under a new cookie (F36)."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    account, typed = await _mine(visit), visit.form.get("password", "")
    if (wrong := rules.password_problem(typed, account.email)) is not None:
        raise BadInput(Problem("password", wrong))
    kept = await passwords.hashed(typed)
    await sessions.forget(visit.deps, list(await people.set_password(visit.session, account, kept, now=visit.now)))
    return await begin_session(visit, account, HERE, done="security.password_changed")


async def factor(visit: Visit) -> Shown:
    """Show what another authenticator app needs; the old one is good until a code of the new one was seen."""
    account = await _mine(visit)
    secret = people.next_totp_secret(account, visit.settings)
    return View("settings/factor.html", {"factor": new_factor(account, secret)})


async def change_factor(visit: Visit) -> Shown:
    """Let another app take the place of the one so far."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    account = await _mine(visit)
    code = visit.form.get("code", "")
    if not await people.change_totp(visit.session, account, code, settings=visit.settings, now=visit.now):
        raise BadInput(Problem("code", "problems.code_wrong"))
    return Redirect(HERE, done="security.factor_changed")


PAGES = (
    Page(name="security", path=HERE, roles=STAFF, show=security),
    Page(
        name="change_password",
        path=f"{HERE}/password",
        roles=STAFF,
        show=password,
        submit=change_password,
        recent=True,
    ),
    Page(name="change_factor", path=f"{HERE}/factor", roles=STAFF, show=factor, submit=change_factor, recent=True),
)
