"""An appointment that is made by hand, once or again and again (R28, R101)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from config.errors import NotFound, Refused
from people import queries as people
from portal import words
from portal.pages.calendar.appointment import told
from portal.pages.calendar.changes import cautioned, done
from portal.pages.calendar.typed import Typed, instant
from portal.pages.calendar.whose import BOOKABLE, Whose, acting, whose
from portal.pages.page import Redirect, Shown, View, Visit
from scheduling import actions as scheduling
from scheduling.values import Every, Save, SeriesRule, SessionType, Source

# More clients than a list can show are looked for by name.
LISTED = 100
MOST_TIMES = 52


async def new(visit: Visit) -> Shown:
    """Show the form; with times of a series that are not free, those first, and what can be saved all the same."""
    who = await whose(visit)
    named = visit.form.get("find", "") if visit.form else ""
    found = await people.find_clients(visit.session, who.id, named, BOOKABLE, LISTED + 1)
    facts = visit.trouble.facts if visit.trouble and visit.trouble.code == "conflicts" else {}
    return View(
        "calendar/new.html",
        {
            "who": who,
            "clients": [(str(client_id), name) for client_id, name in found[:LISTED]],
            "many": len(found) > LISTED or bool(named),
            "types_in_words": told(visit, "home.kind_", SessionType),
            "everies_in_words": [
                ("", words.say("calendar.once", visit.language)),
                *told(visit, "calendar.every_", Every),
            ],
            "conflicts": _times(cast("Sequence[Mapping[str, str]]", facts.get("conflicts", ()))),
            "free": facts.get("free", 0),
            "chosen": visit.query.get("client", ""),
            "day_known": visit.query.get("day", ""),
        },
    )


def _times(conflicts: Sequence[Mapping[str, str]]) -> list[tuple[datetime, datetime]]:
    return [(datetime.fromisoformat(one["starts_at"]), datetime.fromisoformat(one["ends_at"])) for one in conflicts]


async def save(visit: Visit) -> Shown:
    """Put it into the calendar; "find" only looks for clients."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    if visit.form.get("do") == "find":
        return await new(visit)
    who, typed = await whose(visit), Typed(visit.form)
    client_id, session_type = typed.id("client", needed=True), typed.of(SessionType, "session_type", needed=True)
    on, minute = typed.day("day", needed=True), typed.minute("time", needed=True)
    length_m = typed.whole("length", 5, 480)
    every = typed.of(Every, "every")
    times = typed.whole("times", 2, MOST_TIMES, needed=every is not None)
    typed.finish()
    assert client_id and session_type and on is not None and minute is not None  # noqa: PT018, S101 - refused else
    if await people.relationship(visit.session, who.id, client_id) is None:
        raise NotFound
    house = scheduling.house(visit.settings)
    length_m = length_m or await scheduling.usual_length_m(visit.session, who.id, session_type, house)
    how: dict[str, Any] = {"actor": acting(visit, who.id), "house": house, "now": visit.now, "new_id": visit.new_id}
    if every is not None:
        made = await scheduling.make_series(
            visit.session,
            provider_id=who.id,
            client_id=client_id,
            session_type=session_type,
            rule=SeriesRule(
                starts_on=on,
                starts_m=minute,
                length_m=length_m,
                timezone=visit.timezone,
                every=every,
                times=times or 2,
            ),
            save=Save.FREE_ONES if visit.form.get("do") == "free_ones" else Save.ALL_OR_NOTHING,
            **how,
        )
        first = made.appointments[0]
        return Redirect(_calendar(who, on.isoformat()), done="calendar.series_saved", subjects=(first.id, who.id))
    starts_at = instant(visit.timezone, on, minute)
    if starts_at < visit.now:
        raise Refused("in_the_past", "Choose a time that lies ahead.", status=422)
    row = await scheduling.book(
        visit.session,
        provider_id=who.id,
        client_id=client_id,
        session_type=session_type,
        source=Source.PROVIDER_MADE,
        original_source=None,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=length_m),
        **how,
    )
    return done(row, cautioned(await scheduling.cautions(visit.session, row), "calendar.saved"))


def _calendar(who: Whose, day: str) -> str:
    return f"/calendar?view=week&day={day}{who.asked}"
