"""Staff → Active Staff Members → Details → Public Profile (R72, R83-R89)."""

from typing import Any
from uuid import UUID

from config.errors import BadInput, NotFound, Problem, Refused
from people import actions as people
from people import queries
from people.models import Enrolment, Practice, Profile, Provider
from people.rules import programme as rules
from people.values import EnrolmentEvent, EnrolmentState, Role
from people.values.profiles import PULLED, Required
from portal.pages.organization import frame
from portal.pages.page import PRACTICE_ADMINS, Page, Redirect, Shown, View, Visit
from portal.pages.profiles import edit, form
from portal.photos import photo_path

_PLACES = {Required.FOCUS: "focus_1"}  # where a field stands that is named otherwise in the form


async def begin(visit: Visit) -> Shown:
    """Lead to the first tab."""
    practice = await frame.where(visit)
    return Redirect(f"/organization/staff{frame.suffix(visit, practice.id)}")


async def staff(visit: Visit) -> Shown:
    """Show the active staff members of a practice."""
    practice = await frame.where(visit)
    rows = await queries.staff(visit.session, practice.id)
    return View("organization/staff.html", {**await frame.told(visit, practice), "staff": rows})


async def details(visit: Visit) -> Shown:
    """Show what is known of a staff member's office."""
    provider, practice = await people.staff_member(visit.session, visit.me, UUID(visit.path["provider_id"]))
    told = {"office": provider, "same_number": edit.same_number(provider)}
    return View("organization/details.html", {**await frame.told(visit, practice), **told})


async def save_details(visit: Visit) -> Shown:
    """Save what is known of a staff member's office."""
    provider, practice = await people.staff_member(visit.session, visit.me, UUID(visit.path["provider_id"]))
    changed = edit.read_office(visit)
    await people.change_provider(
        visit.session, provider, changed, actor=visit.as_practice, now=visit.now, new_id=visit.new_id
    )
    to = f"/organization/staff/{provider.id}{frame.suffix(visit, practice.id)}"
    return Redirect(to, done="profile.office_saved", subjects=(provider.id, practice.id))


# The public profile


async def _whose(visit: Visit) -> tuple[Provider, Practice, bool]:
    """Return whose profile it is, locked, and whether they look at it themselves; NotFound for everybody else."""
    provider_id = UUID(visit.path["provider_id"])
    if provider_id == visit.me.provider_id:
        provider = await people.known_provider(visit.session, provider_id)
        practice = await queries.practice(visit.session, provider.practice_id)
        assert practice is not None  # noqa: S101 - a provider has one
        return provider, practice, True
    return *await people.staff_member(visit.session, visit.me, provider_id), False


async def public_profile(visit: Visit) -> Shown:
    """Show the form of what payers are shown; to an admin nothing of what is the owner's alone (R86)."""
    provider, practice, owner = await _whose(visit)
    row = await people.profile(visit.session, provider.id, now=visit.now)
    enrolment = await queries.enrolment(visit.session, provider.id) if practice.programme else None
    facts = await people.told(visit.session, provider.id)
    admin = Role.PRACTICE_ADMIN in visit.me.roles
    return View(
        "organization/public_profile.html",
        {
            **(await frame.told(visit, practice) if admin else {"practice": practice, "practices": [], "at": ""}),
            **form.told(row, visit.language, owner=owner),
            "provider": provider,
            "owner": owner,
            "needed": [one.value for one in Required],
            "pulled": [(one.value, _said(one, facts[one])) for one in PULLED],
            "photo": photo_path(row.photo, "small") if row.photo else None,
            "elsewhere": _elsewhere(provider, owner=owner),
            "submit": _submit(enrolment, practice),
            "enrolment": enrolment,
            "unsent": _unsent(enrolment, row),
            "missing": [one.value for one in rules.missing(facts)],
            "editor": await edit.editor(visit, row),
            "updated_at": row.updated_at,
        },
    )


def _said(one: Required, value: object) -> str:
    return "" if value is None or one is Required.PHOTO else str(value)


def _elsewhere(provider: Provider, *, owner: bool) -> dict[str, str]:
    """Return where each field that is read-only here can be changed; who is no owner cannot change a photo (R84)."""
    office = "/settings/office" if owner else f"/organization/staff/{provider.id}"
    changed_there = {one.value: office for one in PULLED if one not in {Required.EMAIL, Required.PHOTO}}
    return changed_there | ({Required.PHOTO.value: "/settings/photo"} if owner else {})


def _submit(enrolment: Enrolment | None, practice: Practice) -> str:
    """Return what stands at the end of the form: the button, or why there is none (R82, R88)."""
    if not practice.programme:
        return "no_programme"
    if enrolment is None:
        return "not_enrolled"
    return "ended" if enrolment.state is EnrolmentState.DEACTIVATED else "button"


def _unsent(enrolment: Enrolment | None, row: Profile) -> bool:
    """Tell whether the profile has changed since payers were shown it."""
    return enrolment is not None and enrolment.submitted_at is not None and row.updated_at > enrolment.submitted_at


async def save_public_profile(visit: Visit) -> Shown:
    """Save, and submit where that was pressed: only then is anything required, and all of it is told at once (R87)."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    provider, practice, owner = await _whose(visit)
    actor = visit.actor if owner else visit.as_practice
    await edit.change(visit, provider.id, form.read(visit.form, owner=owner), actor=actor)
    done = "organization.profile_saved"
    if visit.form.get("do") == "submit":
        await _send(visit, provider.id, actor)
        done = "organization.profile_submitted"
    to = f"/organization/staff/{provider.id}/profile"
    return Redirect(to, done=done, subjects=(provider.id, practice.id))


async def _send(visit: Visit, provider_id: UUID, actor: Any) -> None:
    try:
        await people.move_enrolment(
            visit.session, provider_id, EnrolmentEvent.SUBMIT, actor=actor, now=visit.now, new_id=visit.new_id
        )
    except NotFound:
        raise Refused("not_enrolled", "An admin of the practice has to add this provider first.") from None
    except Refused as no:
        lacking = [Required(one) for one in no.facts.get("missing", ())]  # type: ignore[attr-defined]
        if not lacking:
            raise
        raise BadInput(
            *(Problem(_PLACES.get(one, one.value), f"organization.lacks_{one.value}") for one in lacking)
        ) from None


PAGES = (
    Page(name="organization", path="/organization", roles=PRACTICE_ADMINS, show=begin, menu="organization.menu"),
    Page(name="staff", path="/organization/staff", roles=PRACTICE_ADMINS, show=staff),
    Page(
        name="staff_details",
        path=f"/organization/staff/{{provider_id:{frame.ID}}}",
        roles=PRACTICE_ADMINS,
        show=details,
        submit=save_details,
    ),
    Page(
        name="public_profile",
        path=f"/organization/staff/{{provider_id:{frame.ID}}}/profile",
        roles=PRACTICE_ADMINS | {Role.PROVIDER},
        show=public_profile,
        submit=save_public_profile,
    ),
)
