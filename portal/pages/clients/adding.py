"""Clients are added by their provider: one, or several in rows (R45–R47)."""

from dataclasses import dataclass
from typing import Any

from people import actions as people
from people import queries
from people.rules.account import is_known
from people.values import Insured
from portal import views
from portal.pages.page import PROVIDERS, Form, Page, Redirect, Shown, View, Visit
from portal.pages.typed import Typed

MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """Somebody to be added."""

    first_name: str
    last_name: str
    email: str
    phone: str | None
    insured: Insured | None


async def blank(visit: Visit) -> Shown:
    """Show the form: one row, or as many as were asked for."""
    asked = (visit.form.get("rows") if visit.form is not None else None) or visit.query.get("rows") or "1"
    rows = max(1, min(MOST, int(asked))) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 1
    return View("clients/add.html", {"n": rows, "most": MOST})


async def add(visit: Visit) -> Shown:
    """Add everybody who was filled in, or nobody; sent twice, it adds nobody twice."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    told: dict[str, Any] = {"actor": visit.actor, "now": visit.now, "new_id": visit.new_id}
    invite = visit.form.get("invite") != "later"
    subjects = [visit.provider_id]
    for one in _filled(visit, visit.form):
        if await _is_there(visit, one):
            continue
        row, _ = await people.add_client(
            visit.session,
            provider_id=visit.provider_id,
            first_name=one.first_name,
            last_name=one.last_name,
            email=one.email,
            phone=one.phone,
            insured=one.insured,
            invite=invite,
            **told,
        )
        subjects.append(row.id)
    return Redirect("/clients", done="clients.added" if invite else "clients.added_later", subjects=tuple(subjects))


async def _is_there(visit: Visit, one: New) -> bool:
    """Tell whether this very person was added a moment ago: a form that was sent twice."""
    known = await queries.client_by_email(visit.session, one.email)
    link = await queries.relationship(visit.session, visit.provider_id, known.id) if known else None
    if known is None or link is None:
        return False
    as_typed = (link.typed_first_name or known.first_name, link.typed_last_name or known.last_name)
    fresh = (visit.now - link.since).total_seconds() < 60
    return fresh and as_typed == (one.first_name, one.last_name)


def _filled(visit: Visit, form: Form) -> list[New]:
    """Return who was filled in, row by row; an empty row is nobody, save for the first one."""
    typed, found, seen = Typed(form), [], set[str]()
    today = views.local_day(visit.now, visit.timezone)
    for n in range(1, MOST + 1):
        names = [f"{field}_{n}" for field in ("first", "last", "email", "phone", "company", "member", "born")]
        if n > 1 and not any(form.get(name, "").strip() for name in names):
            continue
        first, last = typed.name(names[0], needed=True), typed.name(names[1], needed=True)
        email, phone = typed.address(names[2], needed=True), typed.phone(names[3])
        company, member = typed.name(names[4]), typed.name(names[5])
        born = typed.birth_day(names[6], today=today)
        if email is not None and email.casefold() in seen:
            typed.wrong(names[2], "problems.address_twice")
        if first and last and email:
            seen.add(email.casefold())
            day = born.isoformat() if born else None
            insured = Insured(company=company, member_id=member, birth_date=day)
            told = insured if is_known(insured) or company or member or day else None
            found.append(New(first_name=first, last_name=last, email=email, phone=phone, insured=told))
    typed.finish()
    return found


PAGES = (Page(name="clients_add", path="/clients/add", roles=PROVIDERS, show=blank, submit=add),)
