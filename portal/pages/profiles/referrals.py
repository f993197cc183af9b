"""Settings → Referrals: which clients can book and how, and why one is shown, or not (R18, R24-R26, R122, 3.3)."""

from datetime import date
from typing import Any

from config.errors import BadInput, Problem
from people import queries as people
from people.models import Provider
from portal import views
from portal.pages.page import PROVIDERS, Form, Page, Redirect, Shown, View, Visit
from portal.pages.profiles import form
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.models import ReferralSettings
from scheduling.rules import vocabulary
from scheduling.rules.matching.record import name
from scheduling.values import Modality, SessionType
from status import queries as ledger
from status.rules import sharing

# A page has no time for more: each is held against the gates anew.
NEWEST = 2000
# What a day may be: beyond, instants come to their end.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)

_LISTS = {"plans": vocabulary.PLANS, "states": vocabulary.STATES, "not_treated": vocabulary.PROBLEMS}
_AGES = {"youngest": (0, 120), "oldest": (0, 120), "urgent_notice_h": (1, 47)}


async def show(visit: Visit) -> Shown:
    """Show how one wants to be booked, and what this week's searches make of it."""
    session, provider_id = visit.session, visit.provider_id
    row = await queries.referral_settings(session, provider_id)
    profile = await people.profile(session, provider_id)
    seen, pages = await scheduling.provider_visibility(session, provider_id, most=NEWEST, now=visit.now)
    since = visit.now - sharing.WINDOW
    shared, missed = (await ledger.sharing_of(session, [provider_id], since)).get(provider_id, (0, 0))
    misses = await ledger.missed_consultations(session, provider_id, since)
    return View(
        "settings/referrals.html",
        {
            "known": row,
            "paused": _paused(row, await people.provider(session, provider_id), visit),
            "usual_notice_h": visit.settings.min_notice_h,
            "choices": {key: form.options(known, visit.language) for key, known in _LISTS.items()},
            "session_types": [one.value for one in SessionType],
            "modalities": [one.value for one in Modality],
            "shown": profile is not None and profile.published and profile.listed,
            "searches": seen.searches,
            "only_newest": seen.searches == NEWEST,
            "passed": seen.passed,
            "missed": [(name(miss).replace(".", "_"), count) for miss, count in seen.missed],
            "pages": pages,
            "sharing": {
                "shared": shared,
                "missed": missed,
                "percent": round(100 * sharing.factor(shared, missed)),
                "since": since,
                "misses": [(one.ends_at, sharing.drops_out_at(one.ends_at)) for one in misses],
            },
        },
    )


async def save(visit: Visit) -> Shown:
    """Save how one wants to be booked; what is booked stays (R25)."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    provider = await people.provider_for_update(visit.session, visit.provider_id)
    assert provider is not None  # noqa: S101 - who is signed in as one is one
    changed = read(visit.form, provider.timezone)
    await scheduling.change_settings(
        visit.session, visit.provider_id, changed, actor=visit.actor, now=visit.now, new_id=visit.new_id
    )
    return Redirect("/settings/referrals", done="settings.saved", subjects=(visit.provider_id,))


def _paused(row: ReferralSettings, provider: Provider | None, visit: Visit) -> str:
    """Return the day from which new clients are taken again, where that lies ahead."""
    if row.paused_until is None or row.paused_until <= visit.now or provider is None:
        return ""
    return views.local_day(row.paused_until, provider.timezone).isoformat()


def read(typed: Form, timezone: str) -> dict[str, Any]:
    """Return what is to be changed; BadInput with everything that is wrong. A day begins where the provider lives."""
    wrong: list[Problem] = []
    paused_until = None
    if said := typed.get("paused_until", "").strip():
        try:
            day = date.fromisoformat(said)
            paused_until = views.midnight(min(max(day, FIRST_DAY), LAST_DAY), timezone)
        except ValueError:
            wrong.append(Problem("paused_until", "settings.problem_paused_until"))
    changed: dict[str, Any] = {
        "accepting": typed.get("accepting") == "yes",
        "paused_until": paused_until,
        "urgent": typed.get("urgent") == "yes",
        "session_types": sorted(one.value for one in SessionType if one.value in typed.getall("session_types", [])),
        "modalities": sorted(one.value for one in Modality if one.value in typed.getall("modalities", [])),
        **{key: sorted(known.keys() & set(typed.getall(key, []))) for key, known in _LISTS.items()},
    }
    for key, (least, most) in _AGES.items():
        said = typed.get(key, "").strip()
        if said.isascii() and said.isdecimal() and len(said) < 4 and least <= int(said) <= most:
            changed[key] = int(said)
        else:
            wrong.append(Problem(key, f"settings.problem_{key}"))
    if not wrong and changed["youngest"] > changed["oldest"]:
        wrong.append(Problem("youngest", "settings.problem_ages"))
    if wrong:
        raise BadInput(*wrong)
    return changed


PAGES = (Page(name="settings_referrals", path="/settings/referrals", roles=PROVIDERS, show=show, submit=save),)
