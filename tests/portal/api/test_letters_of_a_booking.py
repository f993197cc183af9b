"""One appointment from its code to its end, as its letters tell it: real HTTP, real mail, two calendars beside them."""

import re
from email.message import EmailMessage

from tests.builders import World
from tests.calendars import Read, read
from tests.clock import Clock
from tests.fixtures import Worker
from tests.mailbox import Mailbox
from tests.portal.api.conftest import Api
from tests.portal.api.test_bookings import KIM, book, open_provider, slots

MESSAGE = "Canary words: I fell ill, please choose another time."
CLIENT = KIM["email"]


async def told(works: Worker, mailbox: Mailbox) -> dict[str, EmailMessage]:
    """Return what has been written since the last look, by who reads it; nobody hears of one thing twice."""
    await works.turn()
    found = {letter["To"]: letter for letter in mailbox.letters()}
    assert len(found) == len(mailbox.taken)
    mailbox.taken.clear()
    return found


def words_of(letter: EmailMessage) -> str:
    """Return everything that stands in a letter but for its address: all forms of the words, and the file."""
    parts = [part for part in letter.walk() if not part.is_multipart()]
    return "\n".join([str(letter["Subject"]), *(part.get_content().replace("\n ", "") for part in parts)])


def entry_of(letter: EmailMessage) -> tuple[str, Read]:
    """Return what the file of a letter asks of a calendar, and its one entry."""
    (file,) = [part for part in letter.walk() if part.get_content_type() == "text/calendar"]
    assert isinstance(file, EmailMessage)
    (entry,) = read(file.get_content().replace("\n", "\r\n"))
    return str(file.get_param("method")), entry


async def test_an_appointment_is_told_from_its_code_to_its_end(
    api: Api, world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    provider = await open_provider(world)
    name = f"{provider.first_name} {provider.last_name}"
    me = await api.of(provider)
    made = await me.post(f"/providers/{provider.id}/calendar-feed")
    feed = made.json["url"].replace(world.deps.settings.public_url, api.base)

    async def calendar() -> Read:
        async with api.http.get(feed) as response:
            (entry,) = read(await response.text())
        return entry

    # Somebody books on the practice's site, and is sent a code.
    first, second, *_ = await slots(me, provider, session_type="phone_consultation")
    begun = await book(me, first, note="Canary note: I cannot sleep.")
    letter = (await told(works, mailbox))[CLIENT]
    assert name not in words_of(letter)
    (code,) = set(re.findall(r"Your code is ([0-9]{6})\.", words_of(letter)))

    # With it they book: they learn with whom, their provider learns when, and both calendars have it.
    booked = await me.post(f"/bookings/{begun.json['id']}/complete", {"code": code})
    letters = await told(works, mailbox)
    assert letters.keys() == {CLIENT, provider.email}
    assert letters[provider.email]["Subject"] == "You have a new referral, starting on Mon, Nov 30, 9:00 AM EST"
    assert letters[CLIENT]["Subject"] == "Your appointment on Mon, Nov 30, 9:00 AM EST"
    assert f"You have a phone consultation with {name} on Mon, Nov 30, 9:00 AM EST." in words_of(letters[CLIENT])
    everything = [letter, *letters.values()]
    method, put = entry_of(letters[CLIENT])
    assert (method, put.uid, put.starts_at.isoformat()) == ("PUBLISH", booked.json["id"], "2026-11-30T14:00:00+00:00")
    shown = await calendar()
    assert (shown.uid, shown.sequence, shown.starts_at) == (put.uid, put.sequence, put.starts_at)

    # A day before, each is reminded: one of the line, the other not.
    clock.to(put.starts_at.replace(day=29))
    letters = await told(works, mailbox)
    assert "+1 212-555-01" in words_of(letters[provider.email])
    assert letters[CLIENT]["Subject"] == "Reminder: your appointment on Mon, Nov 30, 9:00 AM EST"
    everything += letters.values()

    # The provider moves it: both hear of it, and the entry moves.
    moved = await me.patch(f"/appointments/{booked.json['id']}", {"starts_at": second["starts_at"]})
    assert moved.status == 200
    letters = await told(works, mailbox)
    assert letters[CLIENT]["Subject"] == "Your appointment was moved to Mon, Nov 30, 10:00 AM EST"
    assert letters[provider.email]["Subject"] == "An appointment was moved to Mon, Nov 30, 10:00 AM EST"
    method, theirs = entry_of(letters[CLIENT])
    assert (method, theirs.uid) == ("PUBLISH", put.uid)
    assert theirs.sequence > put.sequence
    assert entry_of(letters[provider.email])[1].sequence == theirs.sequence == (await calendar()).sequence
    everything += letters.values()

    # The provider cancels it and writes why: that waits in the portal, and the entry goes.
    gone = await me.post(
        f"/appointments/{booked.json['id']}/cancel", {"by": "provider", "reason": "illness", "message": MESSAGE}
    )
    assert gone.status == 200
    letters = await told(works, mailbox)
    assert letters.keys() == {CLIENT}
    assert f"{name} has written you a message. It waits for you in the portal." in words_of(letters[CLIENT])
    method, last = entry_of(letters[CLIENT])
    assert (method, last.uid, last.status) == ("CANCEL", put.uid, "CANCELLED")
    assert last.sequence > theirs.sequence
    assert (await calendar()).status == "CANCELLED"
    everything += letters.values()

    # Nothing is left to be told, and nothing was told that a letter may not hold.
    clock.to(last.starts_at)
    assert await told(works, mailbox) == {}
    for letter in everything:
        said = words_of(letter).replace(name, "")
        assert not re.search(r"Canary|sleep|ill,|0177|1990", said)
        assert letter["To"] == provider.email or "555-01" not in said
        assert str(provider.dial_phone)[-8:] not in said.replace("-", "")


async def test_who_books_in_spanish_is_written_to_in_spanish_from_the_first_letter_on(
    api: Api, world: World, works: Worker, mailbox: Mailbox
) -> None:
    provider = await open_provider(world)
    me = await api.of(provider)
    first, *_ = await slots(me, provider)
    begun = await book(me, first, {**KIM, "language": "es", "timezone": "America/Los_Angeles"})
    letter = (await told(works, mailbox))[CLIENT]
    assert letter["Subject"] == "Su código para Consultline"
    (code,) = set(re.findall(r"Su código es ([0-9]{6})\.", words_of(letter)))

    await me.post(f"/bookings/{begun.json['id']}/complete", {"code": code})

    assert (await told(works, mailbox))[CLIENT]["Subject"] == "Su cita del lun 30 nov, 6:00 a.m. PST"
