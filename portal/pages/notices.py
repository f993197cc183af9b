"""Settings, notices: every letter to this provider with its fate and time, and what they do without (issue 4.7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from people import actions as people
from people import queries
from portal.pages.page import PROVIDERS, Page, Redirect, Shown, View, Visit
from portal.pages.typed import opaque
from status import queries as ledger_queries
from status.models import Notice
from status.rules.letters import OPTIONAL
from status.values import Channel, NoticeKey

AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A letter: what it was about, by which way it went or is to go, what became of it and when."""

    id: UUID
    key: str
    way: str
    state: str
    trouble: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """A letter that leaves a choice, by one way."""

    value: str
    key: str
    way: str
    wanted: bool


async def show(visit: Visit) -> Shown:
    """Show the newest letters, older ones on further pages, and the choices."""
    after = opaque(visit.query.get("after"))
    row = await ledger_queries.notice(visit.session, after) if after else None
    mine = row is not None and row.recipient_id == visit.provider_id
    before = (row.created_at, row.id) if row and mine else None
    found = await ledger_queries.notices_before(visit.session, visit.provider_id, before, AT_ONCE + 1)
    off = await queries.notice_choices(visit.session, visit.provider_id)
    provider = await queries.provider(visit.session, visit.provider_id)
    key = people.address_key(provider.email, visit.settings) if provider else ""
    shown = found[:AT_ONCE]
    return View(
        "settings/notices.html",
        {
            "told": [_told(one) for one in shown],
            "refused": await queries.bounced(visit.session, key),
            "after": shown[-1].id if len(found) > AT_ONCE else None,
            "choices": [Choice(_value(*one), one[0].value, one[1].value, one not in off) for one in _optional()],
        },
    )


def _optional() -> Sequence[tuple[NoticeKey, Channel]]:
    return [(key, way) for key, ways in OPTIONAL.items() for way in Channel if way in ways]


def _value(key: NoticeKey, way: Channel) -> str:
    return f"{key.value}.{way.value}"


def _told(row: Notice) -> Told:
    return Told(
        id=row.id,
        key=row.key.value,
        way=(row.sent_by or row.channel).value,
        state=row.state.value,
        trouble=row.trouble if row.trouble in _SAID else None,
        at=row.settled_at or row.sent_at or row.due_at,
    )


# What is said in words of why something did not arrive; a carrier's codes are support's.
_SAID = frozenset({"not_wanted", "bounced", "no_address", "no_mobile", "stopped"})


async def choose(visit: Visit) -> Shown:
    """Keep what this provider wants: what is not ticked is done without."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    wanted = set(visit.form.getall("wanted", []))
    off = [one for one in _optional() if _value(*one) not in wanted]
    await queries.choose_notices(visit.session, visit.provider_id, off, visit.now)
    return Redirect("/settings/notices", done="notices.saved", subjects=(visit.provider_id,))


async def try_again(visit: Visit) -> Shown:
    """Send mail to this provider's address again, which its server had refused for good."""
    provider = await queries.provider(visit.session, visit.provider_id)
    if provider is not None:
        await queries.lift_bounce(visit.session, people.address_key(provider.email, visit.settings), visit.now)
    return Redirect("/settings/notices", done="notices.tried_again", subjects=(visit.provider_id,))


PAGES = (
    Page(name="settings_notices", path="/settings/notices", roles=PROVIDERS, show=show, submit=choose),
    Page(name="notices_again", path="/settings/notices/again", roles=PROVIDERS, submit=try_again, again=show),
)
