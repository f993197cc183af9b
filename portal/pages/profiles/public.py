"""A provider's page, as anybody sees it at its address (R1, R4, R7, R8, R10)."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from people import queries
from people.models import Profile, Provider
from people.values import Language
from people.values.profiles import Demographic
from portal import words
from portal.matching import label
from portal.pages.page import EVERYBODY, Page, Redirect, Shown, View, Visit
from portal.pages.profiles.edit import same_number
from portal.photos import photo_path
from scheduling import queries as scheduling
from scheduling.models import ReferralSettings
from scheduling.rules import vocabulary
from scheduling.rules.gates import accepts_new
from scheduling.values import Modality, SessionType, Word

LABEL = re.compile(r"[A-Za-z0-9_-]{1,40}")
SEARCH = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


async def show(visit: Visit) -> Shown:
    """Show a provider's page; an address that it once had leads there for good.

    What is not published is there for its owner alone: everybody else is told the same as where nobody is (R4).
    """
    slug = visit.path["slug"]
    found = await queries.profile_at(visit.session, slug)
    owner = found is not None and visit.person is not None and visit.person.provider_id == found[0].id
    if found is None or found[1].slug is None or not found[0].active or not (found[1].published or owner):
        return View("profiles/nobody.html", status=404)
    provider, profile = found
    if profile.slug != slug:
        asked = f"?{urlencode(visit.query)}" if visit.query else ""
        return Redirect(f"/p/{profile.slug}{asked}", moved=True)
    settings = await scheduling.referral_settings(visit.session, provider.id)
    return View(
        "profiles/public.html",
        {
            **told(provider, profile, settings, visit.language),
            "accepting": accepts_new(scheduling.referral_rules(settings), visit.now),
            "owner": owner,
            "published": profile.published,
            "noindex": profile.noindex or not profile.published,
            "way": way(visit.query),
            "writes": visit.person is None or visit.person.client_id is not None,
        },
    )


def way(query: Mapping[str, str]) -> str:
    """Return what links of the page carry on: where a link to it was placed (R8), which search led here."""
    label, search = query.get("src", ""), query.get("search", "")
    kept = {"src": label if LABEL.fullmatch(label) else "", "search": search if SEARCH.fullmatch(search) else ""}
    said = urlencode({name: value for name, value in kept.items() if value})
    return f"&{said}" if said else ""


def told(provider: Provider, profile: Profile, settings: ReferralSettings, language: Language) -> Mapping[str, object]:
    """Return what a page tells: never the number that opens the line (R102), and of the owner's what they show."""

    def labels(known: Mapping[str, Word], chosen: list[str]) -> list[str]:
        return [label(known, one, language) for one in chosen]

    return {
        "provider_id": provider.id,
        "name": f"{provider.first_name} {provider.last_name}",
        "photo": photo_path(profile.photo) if profile.photo else None,
        "profession": label(vocabulary.PROVIDER_TYPES, profile.taxonomy, language) if profile.taxonomy else None,
        "slug": profile.slug,
        "statement": (profile.statement or "").split("\n\n") if profile.statement else [],
        "highlights": profile.highlights,
        "focus": labels(vocabulary.PROBLEMS, profile.focus),
        "also": labels(vocabulary.PROBLEMS, profile.also),
        "therapies": labels(vocabulary.THERAPIES, profile.therapies),
        "affirms": labels(vocabulary.AFFIRMS, profile.affirms),
        "languages": labels(vocabulary.LANGUAGES, profile.languages),
        "plans": labels(vocabulary.PLANS, settings.plans),
        "states": labels(vocabulary.STATES, settings.states),
        "education": profile.education,
        "about": [(one.value, value) for one in Demographic if (value := _shown(profile, one, language))],
        "session_types": [one.value for one in SessionType if one.value in settings.session_types],
        "modalities": [one.value for one in Modality if one.value in settings.modalities],
        "location": provider.location if Modality.IN_PERSON in settings.modalities else None,
        "office_phone": None if same_number(provider) else provider.office_phone,
    }


def _shown(profile: Profile, what: Demographic, language: Language) -> str | None:
    value = getattr(profile, what) if what in profile.shown else None
    return str(words.say(f"profile.gender_{value}", language)) if value and what is Demographic.GENDER else value


PAGES = (Page(name="public_page", path="/p/{slug:[A-Za-z0-9-]{1,80}}", roles=EVERYBODY, show=show),)
