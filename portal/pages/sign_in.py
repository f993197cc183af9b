"""Signing in and out: password and second factor for staff, a link by mail for clients.

No answer tells whether an address has an account: not by its words, not by its status, not by its time.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote
from uuid import UUID

import segno

from config.errors import BadInput, Problem, Refused
from config.keys import derive, digest
from people import actions as people
from people import queries
from people.models import Account
from people.rules import sign_in as rules
from people.values import AccountKind, LinkPurpose, Role
from portal import passwords
from portal import session as sessions
from portal.pages.page import EVERYBODY, SIGNED_IN, Page, Redirect, Shown, View, Visit
from status.values import Actor, ActorKind

HALF, DEVICE = "half", "device"


def _key(visit: Visit, purpose: str) -> bytes:
    return derive(visit.settings.secret_key.get_secret_value(), purpose)


def local(to: str | None) -> str:
    """Return where to go on to, if it is a page of ours; else the start page."""
    return to if to and to.startswith("/") and not to.startswith(("//", "/\\")) else "/"


# The first step


async def door(visit: Visit) -> Shown:
    """Show the form."""
    return View("sign_in/door.html", {"to": local(visit.query.get("to"))})


async def enter(visit: Visit) -> Shown:
    """Take address and password; right ones lead to the second factor."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    email, password = visit.form.get("email", "").strip(), visit.form.get("password", "")
    keys = _try_keys(visit, email)
    async with visit.deps.sessions() as reading:
        until = await people.waits_until(reading, keys, now=visit.now)
        account = await queries.account_by_email(reading, AccountKind.STAFF, email)
    right = await passwords.fits(password, account.password_hash if account else None)
    if until is not None:
        raise _wait(visit, until)
    if not right or account is None or account.disabled_at is not None:
        async with visit.deps.sessions.begin() as writing:
            await people.note_failed_sign_in(writing, keys, now=visit.now, new_id=visit.new_id)
        raise Refused("wrong_sign_in", "Address or password are not right.", status=422)
    half = _half(visit, account.id)
    to = quote(local(visit.form.get("to")), safe="/")
    return Redirect(f"/sign-in/second?to={to}", cookies={HALF: half})


def _wait(visit: Visit, until: datetime) -> Refused:
    minutes = max(1, -int((visit.now - until) // timedelta(minutes=1)))
    return Refused("wait", "Too many attempts. Wait a little, then try again.", status=422, minutes=minutes)


def _try_keys(visit: Visit, email: str) -> Mapping[str, str]:
    """Return under what a failed attempt is counted: the account or this known browser of it, and the address."""
    key = _key(visit, "sign-in tries")
    device = _known_device(visit, email)
    counted = ("device", f"device/{device}") if device else ("account", f"account/{email.casefold()}")
    return {counted[0]: digest(key, counted[1]), "address": digest(key, f"address/{visit.remote}")}


def _known_device(visit: Visit, email: str) -> str | None:
    name, _, proof = visit.cookies.get(DEVICE, "").partition(".")
    wanted = digest(_key(visit, "devices"), f"{name}/{email.casefold()}")
    return name if name and hmac.compare_digest(proof, wanted) else None


def device_cookie(visit: Visit, email: str) -> str:
    """Return the cookie by which this browser is known again as one that has signed in with this address."""
    name = _known_device(visit, email) or visit.new_id().hex
    return f"{name}.{digest(_key(visit, 'devices'), f'{name}/{email.casefold()}')}"


def _half(visit: Visit, account_id: UUID) -> str:
    until = int((visit.now + rules.HALF_LIVES).timestamp())
    said = f"{account_id.hex}.{until}"
    return f"{said}.{digest(_key(visit, 'half sign-ins'), said)}"


async def _whose_half(visit: Visit) -> Account:
    """Return who has given the right password a moment ago, or send them back to the door."""
    said, _, proof = visit.cookies.get(HALF, "").rpartition(".")
    if not said or not hmac.compare_digest(digest(_key(visit, "half sign-ins"), said), proof):
        raise Refused("begin_again", "Please sign in again.", status=404)
    account_id, _, until = said.partition(".")
    account = await queries.account_for_update(visit.session, UUID(account_id))
    if account is None or account.disabled_at is not None or visit.now.timestamp() >= int(until):
        raise Refused("begin_again", "Please sign in again.", status=404)
    return account


# The second step


@dataclass(frozen=True, slots=True)
class NewFactor:
    """What an authenticator app needs: the secret as text, and as a picture."""

    secret: str
    picture: str


def new_factor(account: Account, secret: str) -> NewFactor:
    """Return how an app is set up for an account."""
    address = f"otpauth://totp/Consultline:{quote(account.email)}?secret={secret}&issuer=Consultline"
    return NewFactor(secret, segno.make(address, error="m").svg_data_uri(scale=4, border=2))


async def second(visit: Visit) -> Shown:
    """Ask for a code of the app, or set the app up."""
    account = await _whose_half(visit)
    factor = None if account.totp_since else new_factor(account, people.totp_secret(account, visit.settings))
    return View("sign_in/second.html", {"factor": factor, "to": local(visit.query.get("to"))})


async def prove(visit: Visit) -> Shown:
    """Take a code of the app or a recovery code, and sign in."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    account = await _whose_half(visit)
    keys = _try_keys(visit, account.email)
    if (until := await people.waits_until(visit.session, keys, now=visit.now)) is not None:
        raise _wait(visit, until)
    begins, code = account.totp_since is None, visit.form.get("code", "")
    good = await people.confirm_totp(visit.session, account, code, settings=visit.settings, now=visit.now)
    if not good and not begins:
        good = await people.use_recovery_code(visit.session, account, code, settings=visit.settings, now=visit.now)
    if not good:
        async with visit.deps.sessions.begin() as writing:
            await people.note_failed_sign_in(writing, keys, now=visit.now, new_id=visit.new_id)
        raise BadInput(Problem("code", "problems.code_wrong"))
    to = local(visit.form.get("to"))
    return await begin_session(visit, account, "/sign-in/codes" if begins else to)


async def begin_session(visit: Visit, account: Account, to: str, *, done: str | None = None) -> Redirect:
    """Sign somebody in under a new cookie, whatever cookie they came with (F36)."""
    token = visit.deps.new_token()
    row = await people.sign_in(
        visit.session,
        account,
        token_digest=sessions.token_digest(token, visit.settings),
        settings=visit.settings,
        now=visit.now,
        new_id=visit.new_id,
    )
    new = visit.now in {account.totp_since, account.created_at}
    if _known_device(visit, account.email) is None and not new:
        await people.tell_of_new_device(visit.session, account, row.id, now=visit.now, new_id=visit.new_id)
    return Redirect(
        to,
        done=done,
        cookies={sessions.cookie_name(visit.settings): token, HALF: None},
        kept={DEVICE: device_cookie(visit, account.email)},
    )


async def codes(visit: Visit) -> Shown:
    """Make new recovery codes and show them, this once."""
    account = await queries.account_for_update(visit.session, visit.me.account_id)
    if account is None or account.totp_since is None:
        return Redirect("/")
    if visit.form is None and await queries.recovery_codes_left(visit.session, account.id):
        return View("sign_in/codes.html", {"codes": None})
    drawn = [visit.deps.new_token() for _ in range(rules.RECOVERY_CODES)]
    made = await people.make_recovery_codes(
        visit.session, account, drawn, settings=visit.settings, now=visit.now, new_id=visit.new_id
    )
    return View("sign_in/codes.html", {"codes": made})


# Signing out


async def leave(visit: Visit) -> Shown:
    """End this session."""
    ended = await people.sign_out(visit.session, visit.me.sign_in_id, now=visit.now)
    await sessions.forget(visit.deps, [ended] if ended else [])
    return Redirect("/sign-in", done="sign_in.signed_out", cookies={sessions.cookie_name(visit.settings): None})


async def leave_everywhere(visit: Visit) -> Shown:
    """End all sessions of the account, this one as well."""
    ended = await people.sign_out_everywhere(visit.session, visit.me.account_id, now=visit.now)
    await sessions.forget(visit.deps, list(ended))
    return Redirect("/sign-in", done="sign_in.signed_out", cookies={sessions.cookie_name(visit.settings): None})


# Links


_BY_PURPOSE = {
    LinkPurpose.INVITATION: "invitation",
    LinkPurpose.RESET: "reset",
    LinkPurpose.SIGN_IN: "sign_in",
    LinkPurpose.NEW_ADDRESS: "new_address",
}


async def link(visit: Visit) -> Shown:
    """Show what a link is for, and a button; a scanner of mail that fetches it uses nothing up."""
    row, account = await people.open_link(
        visit.session, visit.path["token"], frozenset(LinkPurpose), settings=visit.settings, now=visit.now
    )
    needs_password = account.kind is AccountKind.STAFF and row.purpose in {LinkPurpose.INVITATION, LinkPurpose.RESET}
    return View(
        "sign_in/link.html",
        {"purpose": _BY_PURPOSE[row.purpose], "needs_password": needs_password, "address": account.email},
    )


async def use_link(visit: Visit) -> Shown:
    """Use a link: sign a client in, set a password, take a new address."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    row, account = await people.open_link(
        visit.session, visit.path["token"], frozenset(LinkPurpose), settings=visit.settings, now=visit.now
    )
    actor = Actor(
        kind=ActorKind.CLIENT if account.client_id else ActorKind.PROVIDER,
        id=account.client_id or account.provider_id,
    )
    if account.kind is AccountKind.STAFF and row.purpose in {LinkPurpose.INVITATION, LinkPurpose.RESET}:
        password = visit.form.get("password", "")
        if (wrong := rules.password_problem(password, account.email)) is not None:
            raise BadInput(Problem("password", wrong))
        kept = await passwords.hashed(password)
        ended = await people.set_password(visit.session, account, kept, now=visit.now)
        await people.use_link(visit.session, row, account, actor=actor, now=visit.now, new_id=visit.new_id)
        await sessions.forget(visit.deps, list(ended))
        return Redirect("/sign-in/second", done="sign_in.password_set", cookies={HALF: _half(visit, account.id)})
    await people.use_link(visit.session, row, account, actor=actor, now=visit.now, new_id=visit.new_id)
    return await begin_session(visit, account, "/account" if row.purpose is LinkPurpose.INVITATION else "/")


# Links that are asked for


async def ask_for_link(visit: Visit) -> Shown:  # noqa: ARG001 - a handler takes a visit
    """Show the form for a client's link."""
    return View("sign_in/ask.html", {"kind": "link"})


async def mail_link(visit: Visit) -> Shown:
    """Mail a client a link, if the address has an account; the answer is the same for all."""
    await _mail(visit, AccountKind.CLIENT, LinkPurpose.SIGN_IN)
    return Redirect("/sign-in", done="sign_in.mailed")


async def forgotten(visit: Visit) -> Shown:  # noqa: ARG001 - as above
    """Show the form for a new password."""
    return View("sign_in/ask.html", {"kind": "reset"})


async def mail_reset(visit: Visit) -> Shown:
    """Mail a link for a new password, if the address has an account; the answer is the same for all."""
    await _mail(visit, AccountKind.STAFF, LinkPurpose.RESET)
    return Redirect("/sign-in", done="sign_in.mailed")


async def _mail(visit: Visit, kind: AccountKind, purpose: LinkPurpose) -> None:
    assert visit.form is not None  # noqa: S101 - a POST has one
    email = visit.form.get("email", "").strip()
    keys = {"address": digest(_key(visit, "link requests"), f"{visit.remote}")}
    if (until := await people.waits_until(visit.session, keys, now=visit.now)) is not None:
        raise _wait(visit, until)
    await people.note_failed_sign_in(visit.session, keys, now=visit.now, new_id=visit.new_id)
    account = await queries.account_by_email(visit.session, kind, email)
    client = await queries.client_by_email(visit.session, email) if kind is AccountKind.CLIENT else None
    if account is None and client is not None:  # somebody's client whom nobody has invited yet
        account = await people.account_for(visit.session, client, now=visit.now, new_id=visit.new_id)
    if account is None or account.disabled_at is not None:
        return
    if await queries.links_since(visit.session, account.id, purpose, visit.now - timedelta(hours=1)) < LINKS_AN_HOUR:
        await people.make_link(visit.session, account, purpose, email=account.email, now=visit.now, new_id=visit.new_id)


# Once more


async def ask_again(visit: Visit) -> Shown:
    """Ask for the password again before something that matters."""
    return View("sign_in/prove.html", {"to": local(visit.query.get("to"))})


async def prove_again(visit: Visit) -> Shown:
    """Take the password again; what it opens stays open for a quarter of an hour."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    account = await queries.account(visit.session, visit.me.account_id)
    keys = _try_keys(visit, account.email if account else "")
    if (until := await people.waits_until(visit.session, keys, now=visit.now)) is not None:
        raise _wait(visit, until)
    if not await passwords.fits(visit.form.get("password", ""), account.password_hash if account else None):
        async with visit.deps.sessions.begin() as writing:
            await people.note_failed_sign_in(writing, keys, now=visit.now, new_id=visit.new_id)
        raise BadInput(Problem("password", "problems.password_wrong"))
    row = await queries.sign_in_for_update(visit.session, visit.me.sign_in_id)
    if row is not None:
        row.proven_at = visit.now
    return Redirect(local(visit.form.get("to")))


STAFF = frozenset(Role) - {Role.CLIENT}
LINKS_AN_HOUR = 5

PAGES = (
    Page(name="client_link", path="/sign-in/link", roles=EVERYBODY, show=ask_for_link, submit=mail_link),
    Page(name="forgotten", path="/sign-in/forgotten", roles=EVERYBODY, show=forgotten, submit=mail_reset),
    Page(name="prove", path="/prove", roles=STAFF, show=ask_again, submit=prove_again),
    Page(name="sign_in", path="/sign-in", roles=EVERYBODY, show=door, submit=enter),
    Page(name="sign_in_second", path="/sign-in/second", roles=EVERYBODY, show=second, submit=prove),
    Page(name="recovery_codes", path="/sign-in/codes", roles=SIGNED_IN, show=codes, submit=codes),
    Page(name="sign_out", path="/sign-out", roles=SIGNED_IN, submit=leave),
    Page(name="sign_out_everywhere", path="/sign-out/everywhere", roles=SIGNED_IN, submit=leave_everywhere),
    Page(name="link", path="/l/{token}", roles=EVERYBODY, show=link, submit=use_link),
)
