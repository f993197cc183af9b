"""A way to pay: entered at the processor's, kept here as what the processor calls it (R49).

Who comes back brings the id of what came of it; a GET only asks, so a link that is followed by accident pays nothing.
"""

from urllib.parse import urlencode

from config.errors import NotFound, Refused
from config.keys import derive, digest
from config.sandbox import CARDS, PATH, Sandbox
from people import actions as people
from people import queries
from portal.pages.account.overview import me
from portal.pages.page import CLIENTS, Page, Redirect, Shown, View, Visit

BACK = "/account/billing/back"


def _ticket(visit: Visit) -> str:
    """Return what binds a card to this client and this session, so that nobody brings another's."""
    key = derive(visit.settings.secret_key.get_secret_value(), "billing tickets")
    return digest(key, f"{visit.client_id}/{visit.me.sign_in_id}")


async def billing(visit: Visit) -> Shown:
    """Show how this client pays, and where a card is entered."""
    method = await queries.billing_method(visit.session, visit.client_id)
    processor = visit.deps.processor
    page = processor.page(ticket=_ticket(visit), back=BACK) if processor else None
    over = bool(method and method.expires_on and method.expires_on < visit.now.date().isoformat())
    return View("account/billing.html", {"method": method.label if method else None, "over": over, "page": page})


async def back(visit: Visit) -> Shown:
    """Ask whether this is the card."""
    return View("account/billing_back.html", {"result": visit.query.get("result", "")[:200]})


async def take(visit: Visit) -> Shown:
    """Take the card that the processor has taken."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    processor, result = visit.deps.processor, visit.form.get("result", "")
    found = await processor.redeem(result, ticket=_ticket(visit)) if processor else None
    if found is None:
        raise Refused("billing_failed", "The payment partner has not taken this card. Try another one.", status=422)
    client = await me(visit, lock=True)
    await people.set_billing_method(
        visit.session,
        client,
        reference=found.reference,
        label=found.label,
        expires_on=found.expires_on,
        actor=visit.actor,
        now=visit.now,
        new_id=visit.new_id,
    )
    return Redirect("/account", done="account.billing_saved", subjects=(client.id,))


async def again(visit: Visit) -> Shown:
    """Show the page of the card once more, after one that was not taken."""
    return await billing(visit)


# The sandbox's own page, where there is no real processor


async def sandbox(visit: Visit) -> Shown:
    """Let somebody choose a card that is none."""
    if not isinstance(visit.deps.processor, Sandbox):
        raise NotFound
    told = {name: (visit.form or visit.query).get(name, "")[:200] for name in ("ticket", "back")}
    return View("account/sandbox.html", {**told, "cards": [(key, one.label) for key, one in CARDS.items()]})


async def choose(visit: Visit) -> Shown:
    """Go back with what came of it."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    processor = visit.deps.processor
    if not isinstance(processor, Sandbox) or visit.form.get("back") != BACK:
        raise NotFound
    card = visit.form.get("card", "")
    result = processor.result(card, visit.form.get("ticket", "")) if card in CARDS else "declined"
    return Redirect(f"{BACK}?{urlencode({'result': result})}")


PAGES = (
    Page(name="account_billing", path="/account/billing", roles=CLIENTS, show=billing),
    Page(name="account_billing_back", path=BACK, roles=CLIENTS, show=back, submit=take, again=again),
    Page(name="sandbox_card", path=PATH, roles=CLIENTS, show=sandbox, submit=choose),
)
