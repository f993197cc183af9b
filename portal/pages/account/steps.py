"""Insurance and forms: two of the four steps (R47, R49)."""

from people import actions as people
from people import queries
from people.forms import CURRENT, FORMS
from people.values import FormKey, Insured
from portal import views
from portal.pages.account.overview import me
from portal.pages.page import CLIENTS, Page, Redirect, Shown, View, Visit
from portal.pages.typed import Typed


async def insurance(visit: Visit) -> Shown:
    """Show what is known of the insurance."""
    client = await me(visit)
    kept = await queries.insurance(visit.session, client.id)
    told = {"company": kept.company, "member_id": kept.member_id} if kept else {"company": None, "member_id": None}
    return View("account/insurance.html", {**told, "birth_date": client.birth_date})


async def save_insurance(visit: Visit) -> Shown:
    """Keep it: whole, or as a draft that is still asked for."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    client = await me(visit, lock=True)
    typed = Typed(visit.form)
    company, member_id = typed.name("company"), typed.name("member_id")
    born = typed.birth_day("birth_date", today=views.local_day(visit.now, visit.timezone))
    typed.finish()
    told = Insured(company=company, member_id=member_id, birth_date=born.isoformat() if born else None)
    await people.set_insurance(visit.session, client, told, actor=visit.actor, now=visit.now, new_id=visit.new_id)
    whole = bool(company and member_id and client.birth_date)
    done = "account.insurance_saved" if whole else "account.insurance_draft"
    return Redirect("/account", done=done, subjects=(client.id,))


async def forms(visit: Visit) -> Shown:
    """Show each form in its current version, and which were acknowledged."""
    known = {(one.form, one.version): one.at for one in await queries.acknowledgements(visit.session, visit.client_id)}
    shown = [
        (key.value, version, FORMS[key][version][visit.language], known.get((key, version)))
        for key, version in CURRENT.items()
    ]
    return View("account/forms.html", {"forms": shown})


async def acknowledge(visit: Visit) -> Shown:
    """Acknowledge the forms that are ticked, in the version that was shown."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    client = await me(visit, lock=True)
    typed = Typed(visit.form)
    read = {key: typed.whole(f"version_{key.value}", 1, 1000) for key in FormKey if visit.form.get(key.value) == "yes"}
    typed.finish()
    for key, version in read.items():
        await people.acknowledge_form(
            visit.session,
            client,
            key,
            version or 0,
            visit.language,
            actor=visit.actor,
            now=visit.now,
            new_id=visit.new_id,
        )
    return Redirect("/account", done="account.forms_saved", subjects=(client.id,))


PAGES = (
    Page(name="account_insurance", path="/account/insurance", roles=CLIENTS, show=insurance, submit=save_insurance),
    Page(name="account_forms", path="/account/forms", roles=CLIENTS, show=forms, submit=acknowledge),
)
