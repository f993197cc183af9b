"""The number that a provider dials from: a credential, proven from both ends, and their PIN (R102, R104, R114)."""

from bridge import actions as bridge
from config import phones
from config.errors import BadInput, Problem
from config.keys import derive
from people import actions as people
from people import queries as people_queries
from people.models import Provider
from people.values import PracticeKind
from portal.pages.page import PROVIDERS, Page, Redirect, Shown, View, Visit

HERE = "/settings/number"


async def _mine(visit: Visit) -> Provider:
    return await people.known_provider(visit.session, visit.provider_id)


async def number(visit: Visit) -> Shown:
    """Show the number, whether it is proven, and what is left to do before the first consultation."""
    return await _show(visit, await _mine(visit))


async def _show(visit: Visit, provider: Provider, code: str | None = None) -> View:
    practice = await people_queries.practice(visit.session, provider.practice_id)
    holders = await people_queries.providers_with_number(visit.session, provider.dial_phone or "")
    return View(
        "settings/number.html",
        {
            "number": provider.dial_phone,
            "verified_at": provider.dial_phone_verified_at,
            "same_as_office": provider.dial_phone is not None and provider.dial_phone == provider.office_phone,
            "takes_texts": provider.dial_phone is not None and phones.may_take_texts(provider.dial_phone),
            "lines": list(visit.settings.lines),
            "code": code,
            "code_minutes": int(people.CODE_LIVES.total_seconds() // 60),
            "group": practice is not None and practice.kind is PracticeKind.GROUP,
            "line_enabled": practice is not None and practice.line_enabled,
            "shared": any(one.id != provider.id for one in holders),
            "has_pin": await people_queries.has_pin(visit.session, provider.id),
        },
    )


async def show_code(visit: Visit) -> Shown:
    """Make a code and show it, this once: it is keyed on a call from the number (R104)."""
    provider = await _mine(visit)
    code, _ = await bridge.begin_verification(
        visit.session,
        provider,
        settings=visit.settings,
        new_code=visit.deps.new_code,
        now=visit.now,
        new_id=visit.new_id,
    )
    return await _show(visit, provider, code)


async def text_code(visit: Visit) -> Shown:
    """Text a code to the number, the second way."""
    await bridge.text_number_code(
        visit.session,
        await _mine(visit),
        settings=visit.settings,
        actor=visit.actor,
        now=visit.now,
        new_id=visit.new_id,
    )
    return Redirect(HERE, done="number.texted")


async def take_code(visit: Visit) -> Shown:
    """Take the code that was texted; a wrong one counts, so it is kept whatever is shown."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    async with visit.deps.sessions.begin() as writing:
        left = await bridge.take_number_code(
            writing,
            await people.known_provider(writing, visit.provider_id),
            visit.form.get("code", "").strip(),
            settings=visit.settings,
            actor=visit.actor,
            now=visit.now,
            new_id=visit.new_id,
        )
    if left is not None:
        raise BadInput(Problem("code", "problems.number_code_wrong"))
    return Redirect(HERE, done="number.verified", subjects=(visit.provider_id,))


async def other(visit: Visit) -> Shown:
    """Ask for another number."""
    provider = await _mine(visit)
    return View("settings/other_number.html", {"number": provider.dial_phone})


async def change(visit: Visit) -> Shown:
    """Take another number: unproven from now on; the old number and the address are told (R104, M21)."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    typed = visit.form.get("number", "").strip()
    if not typed:
        raise BadInput(Problem("number", "problems.number_missing"))
    try:
        told = people.number(typed, where="number")
    except BadInput:
        raise BadInput(Problem("number", "problems.number_wrong")) from None
    await people.change_dial_phone(
        visit.session,
        await _mine(visit),
        told,
        verified=False,
        actor=visit.actor,
        now=visit.now,
        new_id=visit.new_id,
    )
    return Redirect(HERE, done="number.changed", subjects=(visit.provider_id,))


async def pin(visit: Visit) -> Shown:
    """Ask for a PIN."""
    return View("settings/pin.html", {"has_pin": await people_queries.has_pin(visit.session, visit.provider_id)})


async def set_pin(visit: Visit) -> Shown:
    """Set the PIN; nobody can read it again."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    key = derive(visit.settings.secret_key.get_secret_value(), "pins")
    try:
        await people.set_pin(visit.session, await _mine(visit), visit.form.get("pin", ""), pin_key=key, now=visit.now)
    except BadInput:
        raise BadInput(Problem("pin", "problems.pin_wrong")) from None
    return Redirect(HERE, done="number.pin_set", subjects=(visit.provider_id,))


PAGES = (
    Page(name="number", path=HERE, roles=PROVIDERS, show=number),
    Page(name="number_code", path=f"{HERE}/code", roles=PROVIDERS, submit=show_code, again=number),
    Page(name="number_text", path=f"{HERE}/text", roles=PROVIDERS, submit=text_code, again=number),
    Page(name="number_typed", path=f"{HERE}/typed", roles=PROVIDERS, submit=take_code, again=number),
    Page(name="other_number", path=f"{HERE}/change", roles=PROVIDERS, show=other, submit=change, recent=True),
    Page(name="pin", path=f"{HERE}/pin", roles=PROVIDERS, show=pin, submit=set_pin, recent=True),
)
