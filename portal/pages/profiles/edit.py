"""Settings of a provider: their profile, its photo, and what is known of their office (R1-R7, R12, R102)."""

from typing import Any

from aiohttp.web_request import FileField

from config.errors import BadInput, Problem, Refused
from people import actions as people
from people import queries
from people.models import Profile, Provider
from people.readers import photos
from people.rules import npi as npi_rules
from people.values import Role
from portal.pages.page import PROVIDERS, Page, Redirect, Shown, View, Visit
from portal.pages.profiles import form
from portal.photos import photo_path
from scheduling import actions as scheduling
from status.values import Actor, ActorKind

_FORM = 64 * 1024  # what surrounds a file in a form


async def begin(_: Visit) -> Shown:
    """Lead to the first tab that somebody has."""
    return Redirect("/settings/profile")


async def profile(visit: Visit) -> Shown:
    """Show the form of one's own profile."""
    row = await people.profile(visit.session, visit.provider_id, now=visit.now)
    return View(
        "settings/profile.html",
        {
            **form.told(row, visit.language, owner=True),
            **told_of_page(row, visit),
            "editor": await editor(visit, row),
            "programme": await _in_programme(visit),
            "returned": await scheduling.second_visits(visit.session, visit.provider_id, now=visit.now),
        },
    )


async def _in_programme(visit: Visit) -> bool:
    """Tell whether one's practice has the client referral programme (R68)."""
    provider = await queries.provider(visit.session, visit.provider_id)
    practice = await queries.practice(visit.session, provider.practice_id) if provider else None
    return practice is not None and practice.programme


async def save(visit: Visit) -> Shown:
    """Save one's own profile; what is required to be submitted is not asked for here (R87)."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    changed = form.read_whole(visit.form)
    await queries.provider_for_update(visit.session, visit.provider_id)
    await change(visit, visit.provider_id, changed, actor=visit.actor)
    return Redirect("/settings/profile", done="profile.saved", subjects=(visit.provider_id,))


async def change(visit: Visit, provider_id: Any, changed: dict[str, Any], *, actor: Actor) -> Profile:
    """Change a profile; what is wrong with its address is told beside the field."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    try:
        return await scheduling.change_profile(
            visit.session,
            provider_id,
            changed,
            version=form.version(visit.form),
            actor=actor,
            now=visit.now,
            new_id=visit.new_id,
        )
    except Refused as no:
        if no.code in {"slug_taken", "slug_needed"}:
            raise BadInput(Problem("slug", f"profile.problem_{no.code}")) from None
        raise


def told_of_page(row: Profile, visit: Visit) -> dict[str, object]:
    """Return what is told of the page that a profile makes: its address, its switches, what is missing."""
    return {
        "photo": photo_path(row.photo, "small") if row.photo else None,
        "address": f"{visit.settings.public_url}/p/{row.slug}" if row.slug else None,
        "slug": row.slug,
        "switches": [name for name in ("published", "listed", "noindex") if getattr(row, name)],
        "complete": people.completeness(row),
        "updated_at": row.updated_at if row.version > 1 else None,
    }


async def editor(visit: Visit, row: Profile) -> str | None:
    """Return who wrote last, if it was somebody else (R72)."""
    if row.edited_by is None or row.edited_by in {visit.me.provider_id, visit.me.account_id}:
        return None
    if row.edited_by_kind == ActorKind.PROVIDER:
        provider = await queries.provider(visit.session, row.edited_by)
        return f"{provider.first_name} {provider.last_name}" if provider else None
    account = await queries.account(visit.session, row.edited_by)
    return account.email if account and account.operator not in {Role.SUPPORT, Role.ADMIN} else "Consultline"


# The photo


async def photo(visit: Visit) -> Shown:
    """Show one's photo, and the form for another one."""
    row = await people.profile(visit.session, visit.provider_id, now=visit.now)
    return View("settings/photo.html", {"photo": photo_path(row.photo) if row.photo else None})


async def send_photo(visit: Visit) -> Shown:
    """Show another photo, or none."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    told: Any = {"actor": visit.actor, "now": visit.now, "new_id": visit.new_id}
    if "remove" in visit.form:
        await queries.provider_for_update(visit.session, visit.provider_id)
        await people.remove_photo(visit.session, visit.provider_id, **told)
        return Redirect("/settings/photo", done="profile.photo_removed", subjects=(visit.provider_id,))
    sent = visit.files.get("photo")
    files = await photos.read(sent.file.read(photos.LARGEST + 1) if isinstance(sent, FileField) else b"")
    await queries.provider_for_update(visit.session, visit.provider_id)
    await people.set_photo(visit.session, visit.provider_id, files, **told)
    return Redirect("/settings/photo", done="profile.photo_saved", subjects=(visit.provider_id,))


# The office


async def office(visit: Visit) -> Shown:
    """Show what is known of one's office."""
    provider = await queries.provider(visit.session, visit.provider_id)
    assert provider is not None  # noqa: S101 - who is signed in as one is one
    return View("settings/office.html", {"office": provider, "same_number": same_number(provider)})


def same_number(provider: Provider) -> bool:
    """Tell whether the number that may be shown is also the one that opens the line (R102)."""
    return provider.office_phone is not None and provider.office_phone == provider.dial_phone


async def save_office(visit: Visit) -> Shown:
    """Save what is known of one's office."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    changed = read_office(visit)
    row = await people.known_provider(visit.session, visit.provider_id)
    await people.change_provider(visit.session, row, changed, actor=visit.actor, now=visit.now, new_id=visit.new_id)
    return Redirect("/settings/office", done="profile.office_saved", subjects=(visit.provider_id,))


def read_office(visit: Visit) -> dict[str, Any]:
    """Read names, number, NPI and address of an office; BadInput with everything that is wrong."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    typed = {
        name: form.clean(visit.form.get(name, ""))
        for name in ("first_name", "last_name", "office_phone", "npi", "location")
    }
    wrong = [Problem(name, "problems.missing") for name in ("first_name", "last_name") if not typed[name]]
    wrong += [
        Problem(name, "profile.problem_too_long")
        for name, most in (("first_name", 100), ("last_name", 100), ("location", 300))
        if len(typed[name]) > most
    ]
    changed: dict[str, Any] = {
        **{name: " ".join(typed[name].split()) for name in ("first_name", "last_name")},
        "location": typed["location"] or None,
        "npi": typed["npi"].replace(" ", "") or None,
        "office_phone": None,
    }
    if changed["npi"] and not npi_rules.well_formed(changed["npi"]):
        wrong.append(Problem("npi", "profile.problem_npi"))
    if typed["office_phone"]:
        try:
            changed["office_phone"] = people.number(typed["office_phone"], where="office_phone")
        except BadInput:
            wrong.append(Problem("office_phone", "profile.problem_phone"))
    if wrong:
        raise BadInput(*wrong)
    return changed


PAGES = (
    Page(name="settings", path="/settings", roles=PROVIDERS, show=begin, menu="settings.menu"),
    Page(name="settings_profile", path="/settings/profile", roles=PROVIDERS, show=profile, submit=save),
    Page(
        name="settings_photo",
        path="/settings/photo",
        roles=PROVIDERS,
        show=photo,
        submit=send_photo,
        largest_body=photos.LARGEST + _FORM,
    ),
    Page(name="settings_office", path="/settings/office", roles=PROVIDERS, show=office, submit=save_office),
)
