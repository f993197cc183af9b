"""My account: the four steps, my details, my providers with a yes or no to who has added me, my address."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import available_timezones

from config.errors import NotFound, Refused
from people import actions as people
from people import queries
from people.models import Client, Relationship
from people.rules import account as rules
from people.values import AccountStep, Language, LinkPurpose, RelationshipState
from portal.consents import TEXTS_CONSENT
from portal.pages.clients.one import ID
from portal.pages.page import CLIENTS, Page, Redirect, Shown, View, Visit
from portal.pages.typed import Typed

LINKS_AN_HOUR = 5
TEXTS = max(TEXTS_CONSENT)


@dataclass(frozen=True, slots=True)
class Their:
    """A provider of this client, or one who has added them and waits for an answer."""

    id: UUID
    name: str
    state: str


async def me(visit: Visit, *, lock: bool = False) -> Client:
    """Return the client whose account this is."""
    find = queries.client_for_update if lock else queries.client
    row = await find(visit.session, visit.client_id)
    if row is None:
        raise NotFound
    return row


async def overview(visit: Visit) -> Shown:
    """Show what is done, what is missing, and with whom."""
    client = await me(visit)
    done = await queries.done_steps(visit.session, client.id, visit.now)
    links = await queries.relationships_of_client(visit.session, client.id)
    return View(
        "account/overview.html",
        {
            "client": client,
            "steps": [(step.value, step in done) for step in AccountStep],
            "ready": not rules.missing(done),
            "asking": [await _their(visit, one) for one in links if one.state is RelationshipState.PROPOSED],
            "providers": [await _their(visit, one) for one in links if one.state in _KNOWN],
        },
    )


_KNOWN = frozenset({RelationshipState.ACTIVE, RelationshipState.PROSPECT, RelationshipState.BLOCKED})


async def _their(visit: Visit, link: Relationship) -> Their:
    provider = await queries.provider(visit.session, link.provider_id)
    name = f"{provider.first_name} {provider.last_name}" if provider else ""
    return Their(link.provider_id, name, link.state.value)


async def details(visit: Visit) -> Shown:
    """Show what a client tells of themselves."""
    client = await me(visit)
    consent = await queries.consent(visit.session, client.id, client.phone)
    return View(
        "account/details.html",
        {"client": client, "texts": consent is not None, "statement": TEXTS_CONSENT[TEXTS][visit.language]},
    )


async def save_details(visit: Visit) -> Shown:
    """Save it, and whether they want texts to this number."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    client = await me(visit, lock=True)
    typed = Typed(visit.form)
    first, last = typed.name("first_name", needed=True), typed.name("last_name", needed=True)
    preferred, phone = typed.name("preferred_name"), typed.phone("phone")
    language = typed.one_of("language", [one.value for one in Language], needed=True)
    zone = typed.one_of("timezone", available_timezones(), needed=True)
    typed.finish()
    changed = {
        "first_name": first,
        "last_name": last,
        "preferred_name": preferred,
        "phone": phone,
        "language": Language(language or Language.ENGLISH.value),
        "timezone": zone,
    }
    await people.change_own_data(visit.session, client, changed, actor=visit.actor, now=visit.now, new_id=visit.new_id)
    wants = TEXTS if visit.form.get("texts") == "yes" else None
    await people.consent_to_texts(visit.session, client, wants, actor=visit.actor, now=visit.now, new_id=visit.new_id)
    cookies: dict[str, str | None] = {"language": None}  # the account's own counts from now on
    return Redirect("/account", done="account.saved", subjects=(client.id,), cookies=cookies)


async def address(visit: Visit) -> Shown:
    """Show the address of the account, and a field for another one."""
    return View("account/address.html", {"email": (await me(visit)).email})


async def new_address(visit: Visit) -> Shown:
    """Mail a link to a new address: it counts once that link was used, and both are told (4.6)."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    typed = Typed(visit.form)
    email = typed.address("email", needed=True)
    typed.finish()
    account = await queries.account_for_update(visit.session, visit.me.account_id)
    if account is None or email is None:
        raise NotFound
    hour_ago = visit.now - timedelta(hours=1)
    if await queries.links_since(visit.session, account.id, LinkPurpose.NEW_ADDRESS, hour_ago) >= LINKS_AN_HOUR:
        raise Refused("too_many_codes", "Too many links were sent. Try again in an hour.")
    if (
        await queries.client_by_email(visit.session, email) is None
    ):  # whether an address has an account is not told: nothing comes, as if it were not theirs
        await people.make_link(
            visit.session, account, LinkPurpose.NEW_ADDRESS, email=email, now=visit.now, new_id=visit.new_id
        )
    return Redirect("/account", done="account.address_sent")


async def accept(visit: Visit) -> Shown:
    """Let a provider who has added this client see the account (R46)."""
    link = await _asking(visit)
    await people.accept_provider(visit.session, link, actor=visit.actor, now=visit.now, new_id=visit.new_id)
    return Redirect("/account", done="account.accepted", subjects=(link.client_id, link.provider_id))


async def decline(visit: Visit) -> Shown:
    """Keep the account closed to a provider who has added this client."""
    link = await _asking(visit)
    await people.decline_provider(visit.session, link, actor=visit.actor, now=visit.now, new_id=visit.new_id)
    return Redirect("/account", done="account.declined", subjects=(link.client_id, link.provider_id))


async def _asking(visit: Visit) -> Relationship:
    provider_id = UUID(visit.path["provider_id"])
    link = await queries.relationship_for_update(visit.session, provider_id, visit.client_id)
    if link is None:
        raise NotFound
    return link


PAGES = (
    Page(name="account", path="/account", roles=CLIENTS, show=overview, menu="account.menu"),
    Page(name="account_details", path="/account/details", roles=CLIENTS, show=details, submit=save_details),
    Page(name="account_address", path="/account/address", roles=CLIENTS, show=address, submit=new_address),
    Page(
        name="account_accept",
        path=f"/account/providers/{{provider_id:{ID}}}/accept",
        roles=CLIENTS,
        submit=accept,
        again=overview,
    ),
    Page(
        name="account_decline",
        path=f"/account/providers/{{provider_id:{ID}}}/decline",
        roles=CLIENTS,
        submit=decline,
        again=overview,
    ),
)
