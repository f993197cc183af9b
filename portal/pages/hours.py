"""Working hours, blocks, time off and imported calendars: when a provider can be booked (R18, R21, R22, R30, R31)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from config.errors import NotFound
from people import queries as people
from people.values import EnrolmentState
from portal import words
from portal.pages.calendar.appointment import told
from portal.pages.calendar.typed import Typed
from portal.pages.calendar.whose import Whose, acting, whose
from portal.pages.page import PRACTICE, Form, Page, Redirect, Shown, View, Visit
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.models import Block, WorkingHours
from scheduling.rules.hours import clock
from scheduling.values import BlockKind, BlockRule, Repeats, WeeklyHours

# A day has so many stretches in the form, and always one that is empty.
STRETCHES = 6
BLOCKS = 500
_END_OF_DAY = 24 * 60
_ENROLLED = frozenset({EnrolmentState.INCOMPLETE, EnrolmentState.COMPLETED})


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a weekday as it stands in the form; an end of 00:00 is midnight, since no field can say 24:00."""

    name: str
    opens: str
    closes: str


@dataclass(frozen=True, slots=True)
class Imported:
    """An imported calendar: its host alone, since its address is a secret, and how old the copy is that counts."""

    id: UUID
    host: str
    good_at: datetime | None
    trouble: str | None


async def hours(visit: Visit) -> Shown:
    """Show the week, the blocks and the imported calendars."""
    who = await whose(visit)
    rows = await queries.working_hours(visit.session, who.id)
    blocks = await queries.blocks(visit.session, who.id, after=None, limit=BLOCKS)
    feeds = await queries.busy_feeds(visit.session, who.id)
    today = visit.now.date().isoformat()
    return View(
        "settings/hours.html",
        {
            "who": who,
            "asked": "" if who.own else f"?provider={who.id}",
            "hours_zone": rows[0].timezone if rows else who.timezone,
            "week": [_stretches(weekday, rows) for weekday in range(7)],
            "blocks": sorted(
                (one for one in blocks if _lasts(one, today)), key=lambda one: (one.starts_on, one.starts_m)
            ),
            "minute": clock,
            "date": date.fromisoformat,
            "feeds": [
                Imported(one.id, one.host, one.good_at, one.trouble.value if one.trouble else None) for one in feeds
            ],
            "enrolled": await _enrolled(visit, who),
        },
    )


def _stretches(weekday: int, rows: Sequence[WorkingHours]) -> list[Stretch]:
    known = [(clock(row.opens_m), clock(row.closes_m % _END_OF_DAY)) for row in rows if row.weekday == weekday]
    shown = [*known, ("", "")][:STRETCHES]
    return [Stretch(f"{weekday}_{n}", opens, closes) for n, (opens, closes) in enumerate(shown)]


def _lasts(block: Block, today: str) -> bool:
    """Tell whether a block has something left that lies ahead."""
    return block.ends_on >= today if block.repeats is Repeats.NEVER else (block.repeats_until or today) >= today


async def _enrolled(visit: Visit, who: Whose) -> bool:
    """Tell whether the toggle for external appointments is shown (R30)."""
    found = await people.enrolment(visit.session, who.id)
    return found is not None and found.state in _ENROLLED


def _form(visit: Visit) -> Form:
    assert visit.form is not None  # noqa: S101 - a POST has one
    return visit.form


async def _held(visit: Visit) -> Whose:
    """Return whose hours are changed, locked, so that two changes come one after the other."""
    who = await whose(visit)
    await people.provider_for_update(visit.session, who.id)
    return who


def _how(visit: Visit, who: Whose) -> dict[str, Any]:
    return {"actor": acting(visit, who.id), "now": visit.now, "new_id": visit.new_id}


def _back(who: Whose, done: str) -> Redirect:
    return Redirect("/settings/hours" + ("" if who.own else f"?provider={who.id}"), done=done, subjects=(who.id,))


async def save_hours(visit: Visit) -> Shown:
    """Replace the week; what is booked stays (R25)."""
    who, typed = await _held(visit), Typed(_form(visit))
    rows = await queries.working_hours(visit.session, who.id)
    zone = rows[0].timezone if rows else who.timezone
    wanted = []
    for weekday in range(7):
        for n in range(STRETCHES):
            opens, closes = f"opens_{weekday}_{n}", f"closes_{weekday}_{n}"
            given = bool(_form(visit).get(opens) or _form(visit).get(closes))
            starts, ends = typed.minute(opens, needed=given), typed.minute(closes, needed=given)
            if starts is not None and ends is not None:
                wanted.append(WeeklyHours(weekday=weekday, opens_m=starts, closes_m=ends or _END_OF_DAY, timezone=zone))
    typed.finish()
    await scheduling.set_hours(visit.session, who.id, wanted, **_how(visit, who))
    return _back(who, "hours.saved")


# Blocks


async def _block(visit: Visit, who: Whose) -> Block | None:
    if "block_id" not in visit.path:
        return None
    row = await queries.block(visit.session, UUID(visit.path["block_id"]))
    if row is None or row.provider_id != who.id:
        raise NotFound
    return row


async def block(visit: Visit) -> Shown:
    """Show the form of a block, a new one or one that is there."""
    who = await whose(visit)
    row = await _block(visit, who)
    return View(
        "settings/block.html",
        {
            "who": who,
            "block": row,
            "opens": clock(row.starts_m) if row else "",
            "closes": clock(row.ends_m % _END_OF_DAY) if row else "",
            "block_zone": row.timezone if row else who.timezone,
            "kinds": told(visit, "hours.kind_", BlockKind),
            "repeats": told(visit, "hours.repeats_", Repeats),
            "accept": [("yes", words.say("hours.accept_external", visit.language))],
            "enrolled": await _enrolled(visit, who),
        },
    )


async def save_block(visit: Visit) -> Shown:
    """Write a block down, or write it anew; what is booked in it stays."""
    who, typed = await _held(visit), Typed(_form(visit))
    row = await _block(visit, who)
    kind, repeats = typed.of(BlockKind, "kind", needed=True), typed.of(Repeats, "repeats", needed=True)
    starts_on, opens = typed.day("starts_on", needed=True), typed.minute("opens", needed=True)
    ends_on, closes = typed.day("ends_on"), typed.minute("closes", needed=True)
    until = typed.day("until")
    typed.finish()
    assert kind and repeats and starts_on and opens is not None and closes is not None  # noqa: PT018, S101 - refused else
    external = _form(visit).get("accept") == "yes" if await _enrolled(visit, who) else bool(row and row.accept_external)
    rule = BlockRule(
        kind=kind,
        starts_on=starts_on,
        starts_m=opens,
        ends_on=ends_on or starts_on,
        ends_m=closes or _END_OF_DAY,
        timezone=row.timezone if row else who.timezone,
        repeats=repeats,
        until=until if repeats is not Repeats.NEVER else None,
        accept_external=external and kind is BlockKind.OPEN,
    )
    if row is None:
        await scheduling.add_block(visit.session, who.id, rule, **_how(visit, who))
    else:
        await scheduling.change_block(visit.session, row, rule, **_how(visit, who))
    return _back(who, "hours.block_saved")


async def delete_block(visit: Visit) -> Shown:
    """Delete a block; what is booked in it stays."""
    who = await _held(visit)
    row = await _block(visit, who)
    assert row is not None  # noqa: S101 - the path names one
    await scheduling.remove_block(visit.session, row, **_how(visit, who))
    return _back(who, "hours.block_deleted")


# Imported calendars


async def add_feed(visit: Visit) -> Shown:
    """Import a calendar whose events take time away."""
    who, typed = await _held(visit), Typed(_form(visit))
    url = typed.calendar_address("url")
    typed.finish()
    loopback = visit.settings.busy_feed_loopback
    await scheduling.add_feed(visit.session, who.id, url or "", loopback=loopback, **_how(visit, who))
    return _back(who, "hours.feed_added")


async def remove_feed(visit: Visit) -> Shown:
    """Import a calendar no longer."""
    who = await _held(visit)
    row = await queries.busy_feed_for_update(visit.session, UUID(visit.path["feed_id"]))
    if row is None or row.provider_id != who.id:
        raise NotFound
    await scheduling.remove_feed(visit.session, row, **_how(visit, who))
    return _back(who, "hours.feed_removed")


# The provider's own calendar, for their programs


async def calendar_feed(visit: Visit, url: str | None = None) -> Shown:
    """Tell whether there is an address; the address itself is shown once, when it is made."""
    who = await whose(visit)
    row = await queries.calendar_feed(visit.session, who.id)
    initials = [("yes", words.say("hours.initials", visit.language))]
    return View("settings/calendar_feed.html", {"who": who, "feed": row, "url": url, "initials": initials})


async def make_calendar_feed(visit: Visit) -> Shown:
    """Make a new address, and end the one before it; or end it only."""
    who = await _held(visit)
    if _form(visit).get("do") == "revoke":
        await scheduling.revoke_calendar_feed(visit.session, who.id, **_how(visit, who))
        where = "" if who.own else f"?provider={who.id}"
        return Redirect(f"/settings/calendar-feed{where}", done="hours.feed_revoked", subjects=(who.id,))
    _, token = await scheduling.make_calendar_feed(
        visit.session,
        who.id,
        secret=visit.deps.new_token(),
        initials=_form(visit).get("initials") == "yes",
        settings=visit.settings,
        **_how(visit, who),
    )
    return await calendar_feed(visit, f"{visit.settings.public_url.rstrip('/')}/calendar/{token}.ics")


_ID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_BLOCK = f"/settings/hours/blocks/{{block_id:{_ID}}}"
PAGES = (
    Page(name="hours", path="/settings/hours", roles=PRACTICE, show=hours, submit=save_hours),
    Page(name="new_block", path="/settings/hours/blocks/new", roles=PRACTICE, show=block, submit=save_block),
    Page(name="block", path=_BLOCK, roles=PRACTICE, show=block, submit=save_block),
    Page(name="delete_block", path=f"{_BLOCK}/delete", roles=PRACTICE, submit=delete_block, again=block),
    Page(name="add_feed", path="/settings/hours/calendars", roles=PRACTICE, submit=add_feed, again=hours),
    Page(
        name="remove_feed",
        path=f"/settings/hours/calendars/{{feed_id:{_ID}}}/remove",
        roles=PRACTICE,
        submit=remove_feed,
        again=hours,
    ),
    Page(
        name="calendar_feed",
        path="/settings/calendar-feed",
        roles=PRACTICE,
        show=calendar_feed,
        submit=make_calendar_feed,
    ),
)
