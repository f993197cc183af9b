"""Letters about scheduling, from the outbox to a real mail server: what they say, never hold, and bring along."""

import re
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import icalendar
import pytest
from sqlalchemy import select
from sqlmodel import col

from config.deps import Deps
from people.models import Client, Provider
from people.values import Language
from portal import jobs
from scheduling import actions as scheduling
from scheduling.models import Appointment, BookingDraft, Request, Series, WaitlistEntry
from scheduling.values import (
    AppointmentState,
    DraftState,
    Every,
    RequestState,
    SessionType,
    Side,
    Source,
    WaitlistState,
)
from status import actions as ledger
from status.models import Notice, PsychiatricReferral, Referral
from status.values import Channel, NoticeKey, NoticeState, PsychiatricState, ReferralState
from tests.builders import OPERATOR, World
from tests.calendars import Read, read
from tests.clock import START, Clock
from tests.fixtures import Worker
from tests.mailbox import Mailbox

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NUMBER = re.compile(r"555-?01\d\d")
SECRETS = ("Canary note", "Canary words", "Canary reason")


@dataclass
class Story:
    """A provider and a client two days before they meet, and one of everything that a letter can be about."""

    deps: Deps
    provider: Provider
    client: Client
    appointment: Appointment
    subjects: dict[str, UUID]

    async def change(self, kind: type, **values: Any) -> dict[str, Any]:
        """Change the one row of its kind, as nothing but a test may, and return what stood there."""
        async with self.deps.sessions.begin() as session:
            row: Any = (await session.execute(select(kind))).scalar_one()
            before = {name: getattr(row, name) for name in values}
            for name, value in values.items():
                setattr(row, name, value)
        return before

    async def notify(
        self, key: NoticeKey, *, to: str = "client", channel: Channel = Channel.MAIL, dedupe: str | None = None
    ) -> Notice:
        reader: dict[str, UUID] = {"client_id": self.client.id} if to == "client" else {"provider_id": self.provider.id}
        subject = SUBJECTS.get(key, "appointment")
        tail = f"story:{dedupe or self.appointment.occurrence}"  # beside what the calendar itself has written
        async with self.deps.sessions.begin() as session:
            await ledger.notify(
                session,
                key,
                channel,
                client_id=reader.get("client_id"),
                provider_id=reader.get("provider_id"),
                subject_id=self.subjects[subject],
                appointment_id=None if subject in {"referral", "psychiatric", "series"} else self.appointment.id,
                dedupe=tail,
                due_at=self.deps.now(),
                now=self.deps.now(),
                new_id=self.deps.new_id,
            )
            found = await session.execute(
                select(Notice).where(
                    col(Notice.key) == key,
                    col(Notice.recipient_id).in_(reader.values()),
                    col(Notice.dedupe).endswith(f"{self.subjects[subject]}:{tail}"),
                )
            )
            return found.scalar_one()

    async def deliver(self, key: NoticeKey, **told: Any) -> Notice:
        row = await self.notify(key, **told)
        await jobs.deliver(self.deps, row.id)
        async with self.deps.sessions() as session:
            return await session.get_one(Notice, row.id)

    @property
    def private(self) -> list[str]:
        """Return what no letter may hold, whoever reads it."""
        found = (self.client.first_name, self.client.last_name, self.client.phone, self.provider.dial_phone)
        return [*(one for one in found if one), *SECRETS, "Canary-Casey"]


SUBJECTS = {
    NoticeKey.REQUEST_TO_DECIDE: "request",
    NoticeKey.REQUEST_EXPIRING: "request",
    NoticeKey.REQUEST_ACCEPTED: "request",
    NoticeKey.REQUEST_DECLINED: "request",
    NoticeKey.REQUEST_EXPIRED: "request",
    NoticeKey.REQUEST_WITHDRAWN: "request",
    NoticeKey.WAITLIST_OPENING: "waits",
    NoticeKey.SERIES_CHANGED: "series",
    NoticeKey.HANDED_BACK: "referral",
    NoticeKey.CLIENT_MOVED_ON: "referral",
    NoticeKey.NO_CONTACT: "referral",
    NoticeKey.PSYCHIATRIC_REFERRAL: "psychiatric",
    NoticeKey.PSYCHIATRIC_ANSWERED: "psychiatric",
}


async def begin(world: World, *, session_type: SessionType = SessionType.PHONE_CONSULTATION) -> Story:
    deps = world.deps
    provider = await world.provider()
    client = await world.client(provider)
    appointment = await world.appointment(
        provider, client=client, starts_in=2 * DAY, length=HOUR, session_type=session_type
    )
    now, ids = deps.now(), {name: deps.new_id() for name in ("request", "waits", "series", "psychiatric")}
    both: dict[str, Any] = {"provider_id": provider.id, "client_id": client.id}
    async with deps.sessions.begin() as session:
        session.add_all(
            [
                Request(
                    id=ids["request"],
                    appointment_id=appointment.id,
                    source=Source.PAYER,
                    source_name="Canary Payer",
                    state=RequestState.PENDING,
                    requested_at=now,
                    expires_at=now + DAY,
                    **both,
                ),
                WaitlistEntry(
                    id=ids["waits"],
                    session_type=SessionType.FULL_SESSION,
                    original_source=Source.CLIENT_PORTAL,
                    state=WaitlistState.OFFERED,
                    since=now,
                    appointment_id=appointment.id,
                    offered_at=now,
                    expires_at=now + 2 * HOUR,
                    **both,
                ),
                Series(
                    id=ids["series"],
                    session_type=SessionType.FULL_SESSION,
                    starts_on="2026-12-01",
                    starts_m=540,
                    length_m=50,
                    timezone="America/New_York",
                    every=Every.WEEK,
                    times=10,
                    created_at=now,
                    **both,
                ),
                PsychiatricReferral(
                    id=ids["psychiatric"],
                    state=PsychiatricState.SENT,
                    created_at=now,
                    sent_at=now,
                    expires_at=now + 14 * DAY,
                    **both,
                ),
            ]
        )
    assert appointment.referral_id is not None
    subjects = {"appointment": appointment.id, "referral": appointment.referral_id, **ids}
    story = Story(deps, provider, client, appointment, subjects)
    await story.change(Appointment, note="Canary note")
    return story


def parts(letter: EmailMessage) -> list[str]:
    """Return every word of a mail, decoded: headers, forms of the text, and the file with its lines unfolded."""
    words = [f"{name}: {value}" for name, value in letter.items() if name != "To"]
    for part in letter.walk():
        if not part.is_multipart():
            assert isinstance(part, EmailMessage)
            words.append(part.get_content().replace("\r\n", "\n").replace("\n ", ""))
    return words


def file_of(letter: EmailMessage) -> tuple[str, list[Read]]:
    """Return what the enclosed file asks of a calendar, and what stands in it."""
    (file,) = [part for part in letter.walk() if part.get_content_type() == "text/calendar"]
    assert isinstance(file, EmailMessage)
    written = file.get_content().replace("\n", "\r\n")
    method = str(icalendar.Calendar.from_ical(written)["METHOD"])
    assert file.get_param("method") == method
    return method, read(written)


def body_of(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


# What makes each of them true, and what undoes it

Change = tuple[type, dict[str, Any]]
Ready = list[Change]
DECLINED: Change = (Request, {"state": RequestState.DECLINED, "reason": "Canary reason"})
HELD_NO_MORE: Change = (Appointment, {"state": AppointmentState.RELEASED})
CANCELLED_P: Change = (
    Appointment,
    {"state": AppointmentState.CANCELLED_BY_PROVIDER, "cancel_message": "Canary words", "version": 2},
)
CANCELLED_C: Change = (
    Appointment,
    {"state": AppointmentState.CANCELLED_BY_CLIENT, "cancel_message": "Canary words", "version": 2},
)
OVER: Change = (Appointment, {"state": AppointmentState.ENDED})
MOVED: Change = (Appointment, {"occurrence": 2})

LETTERS: list[tuple[NoticeKey, str, Ready, str, list[Change]]] = [
    (NoticeKey.BOOKING_MADE, "client", [], "Your appointment on Thu, Nov 26, 2:00 PM EST", [CANCELLED_C, OVER]),
    (
        NoticeKey.SWITCHED_TO_CALL,
        "client",
        [],
        "Your appointment on Thu, Nov 26, 2:00 PM EST is now a call",
        [
            CANCELLED_C,
            OVER,
            (Appointment, {"session_type": SessionType.FULL_SESSION}),
        ],
    ),
    (
        NoticeKey.CANCELLED_BY_PROVIDER,
        "client",
        [CANCELLED_P],
        "Your appointment on Thu, Nov 26, 2:00 PM EST was cancelled",
        [
            (Appointment, {"state": AppointmentState.BOOKED}),
        ],
    ),
    (
        NoticeKey.CANCELLED_BY_CLIENT,
        "client",
        [CANCELLED_C],
        "Your appointment on Thu, Nov 26, 2:00 PM EST is cancelled",
        [
            (Appointment, {"state": AppointmentState.BOOKED}),
        ],
    ),
    (
        NoticeKey.REQUEST_ACCEPTED,
        "client",
        [(Request, {"state": RequestState.ACCEPTED})],
        "Your appointment on Thu, Nov 26, 2:00 PM EST is confirmed",
        [CANCELLED_P, OVER],
    ),
    (
        NoticeKey.REQUEST_DECLINED,
        "client",
        [DECLINED, HELD_NO_MORE],
        "Your request for Thu, Nov 26, 2:00 PM EST was declined",
        [
            (Request, {"state": RequestState.PENDING}),
        ],
    ),
    (
        NoticeKey.REQUEST_EXPIRED,
        "client",
        [(Request, {"state": RequestState.EXPIRED}), HELD_NO_MORE],
        "Your request for Thu, Nov 26, 2:00 PM EST has ended",
        [(Request, {"state": RequestState.ACCEPTED})],
    ),
    (
        NoticeKey.WAITLIST_OPENING,
        "client",
        [],
        "A time has come free: Thu, Nov 26, 2:00 PM EST",
        [
            (WaitlistEntry, {"state": WaitlistState.WAITING, "expires_at": None, "appointment_id": None}),
            (WaitlistEntry, {"state": WaitlistState.BOOKED}),
            (WaitlistEntry, {"expires_at": START}),
        ],
    ),
    (
        NoticeKey.CLIENT_REMINDER,
        "client",
        [],
        "Reminder: your appointment on Thu, Nov 26, 2:00 PM EST",
        [
            CANCELLED_P,
            OVER,
            MOVED,
        ],
    ),
    (
        NoticeKey.RESCHEDULED,
        "client",
        [],
        "Your appointment was moved to Thu, Nov 26, 2:00 PM EST",
        [CANCELLED_P, OVER, MOVED],
    ),
    (NoticeKey.SERIES_CHANGED, "client", [], "Your appointments have changed", []),
    (
        NoticeKey.HANDED_BACK,
        "client",
        [(Referral, {"state": ReferralState.HANDED_BACK})],
        "We help you to find another provider",
        [(Referral, {"state": ReferralState.ENGAGED})],
    ),
    (
        NoticeKey.NEW_REFERRAL,
        "provider",
        [],
        "You have a new referral, starting on Thu, Nov 26, 2:00 PM EST",
        [CANCELLED_C, OVER],
    ),
    (NoticeKey.BOOKING_MADE, "provider", [], "A new appointment on Thu, Nov 26, 2:00 PM EST", [CANCELLED_C, OVER]),
    (
        NoticeKey.CANCELLED_BY_CLIENT,
        "provider",
        [CANCELLED_C],
        "Your appointment on Thu, Nov 26, 2:00 PM EST was cancelled",
        [
            (Appointment, {"state": AppointmentState.BOOKED}),
        ],
    ),
    (
        NoticeKey.REQUEST_TO_DECIDE,
        "provider",
        [],
        "A request for Thu, Nov 26, 2:00 PM EST waits for your decision",
        [
            (Request, {"state": RequestState.ACCEPTED}),
            (Request, {"expires_at": START}),
        ],
    ),
    (
        NoticeKey.REQUEST_EXPIRING,
        "provider",
        [],
        "A request for Thu, Nov 26, 2:00 PM EST still waits for your decision",
        [
            (Request, {"state": RequestState.DECLINED}),
            (Request, {"expires_at": START}),
        ],
    ),
    (
        NoticeKey.CLIENT_MOVED_ON,
        "provider",
        [(Referral, {"state": ReferralState.REMATCH_BY_CLIENT})],
        "One of your referrals has ended",
        [(Referral, {"state": ReferralState.ENGAGED})],
    ),
    (
        NoticeKey.NO_CONTACT,
        "provider",
        [(Referral, {"state": ReferralState.NO_CONTACT})],
        "You have not spoken with one of your referrals yet",
        [(Referral, {"state": ReferralState.SEEN})],
    ),
    (
        NoticeKey.PSYCHIATRIC_REFERRAL,
        "provider",
        [],
        "A colleague refers a client to you",
        [
            (PsychiatricReferral, {"state": PsychiatricState.ACCEPTED}),
            (PsychiatricReferral, {"expires_at": START}),
        ],
    ),
    (
        NoticeKey.PSYCHIATRIC_ANSWERED,
        "provider",
        [(PsychiatricReferral, {"state": PsychiatricState.DECLINED})],
        "There is news of a referral that you made",
        [(PsychiatricReferral, {"state": PsychiatricState.SENT})],
    ),
]


@pytest.mark.parametrize(("key", "to", "ready", "subject", "undoing"), LETTERS)
async def test_a_letter_goes_to_its_reader_while_it_is_so_and_names_no_client(
    world: World, mailbox: Mailbox, key: NoticeKey, to: str, ready: Ready, subject: str, undoing: list[Change]
) -> None:
    """The clock stands at the earliest instant at which an answer is too late."""
    story = await begin(world)
    for kind, values in ready:
        await story.change(kind, **values)
    for number, (kind, values) in enumerate(undoing):
        before = await story.change(kind, **values)
        row = await story.deliver(key, to=to, dedupe=f"{number}:1")
        assert (row.state, row.attempts) == (NoticeState.CANCELLED, 0)
        await story.change(kind, **before)
    assert mailbox.taken == []

    row = await story.deliver(key, to=to)
    assert (row.state, row.sent_by) == (NoticeState.SENT, Channel.MAIL)
    letter = mailbox.letter()
    assert letter["To"] == (story.client.email if to == "client" else story.provider.email)
    assert letter["Subject"] == subject
    for words in parts(letter):
        assert not [one for one in story.private if one in words]
        if to == "client":
            assert not NUMBER.search(words)  # neither the line's nor anybody's
        else:
            assert "Canary" not in words


# Whom, in which words


async def test_a_client_is_told_with_whom_in_their_language_and_zone(world: World, mailbox: Mailbox) -> None:
    story = await begin(world)
    await story.change(Client, language=Language.SPANISH, timezone="America/Los_Angeles")
    await story.deliver(NoticeKey.BOOKING_MADE)
    letter = mailbox.letter()
    assert letter["Subject"] == "Su cita del jue 26 nov, 11:00 a.m. PST"
    name = f"{story.provider.first_name} {story.provider.last_name}"
    assert f"Usted tiene una consulta telefónica con {name} el jue 26 nov, 11:00 a.m. PST." in body_of(letter)
    assert f"{name} le llamará al número que usted nos dio." in body_of(letter)
    assert name not in letter["Subject"]
    _, (entry,) = file_of(letter)
    assert entry.title == "Consulta telefónica"


async def test_a_client_without_a_zone_is_told_in_that_of_their_provider(world: World, mailbox: Mailbox) -> None:
    story = await begin(world)
    await story.change(Provider, timezone="America/Chicago")
    await story.change(Client, timezone=None)
    await story.deliver(NoticeKey.CLIENT_REMINDER)
    assert mailbox.letter()["Subject"] == "Reminder: your appointment on Thu, Nov 26, 1:00 PM CST"


async def test_a_session_is_not_called_a_call(world: World, mailbox: Mailbox) -> None:
    story = await begin(world, session_type=SessionType.FULL_SESSION)
    await story.deliver(NoticeKey.CLIENT_REMINDER)
    assert "You have a session with" in body_of(mailbox.letter())
    assert "calls you" not in body_of(mailbox.letter())


async def test_what_is_meant_as_a_text_goes_to_a_client_by_mail(world: World, mailbox: Mailbox) -> None:
    """No consent to texts is recorded anywhere (1.13), and mail knows no night."""
    story = await begin(world)
    row = await story.deliver(NoticeKey.CLIENT_REMINDER, channel=Channel.TEXT)
    assert (row.state, row.sent_by) == (NoticeState.SENT, Channel.MAIL)
    assert len(mailbox.taken) == 1


async def test_a_client_is_told_even_when_their_provider_has_left(world: World, mailbox: Mailbox) -> None:
    """That a request is declined because of it is the very news (4.2)."""
    story = await begin(world)
    await story.change(Provider, active=False)
    await story.change(Request, state=RequestState.DECLINED)
    assert (await story.deliver(NoticeKey.REQUEST_DECLINED)).state is NoticeState.SENT


@pytest.mark.parametrize(
    ("key", "ready", "said"),
    [
        (NoticeKey.CANCELLED_BY_PROVIDER, CANCELLED_P, "has written you a message. It waits for you in the portal."),
        (NoticeKey.REQUEST_DECLINED, DECLINED, "has written why. You can read it in the portal."),
    ],
)
async def test_what_a_provider_wrote_is_pointed_to_and_not_repeated(
    world: World, mailbox: Mailbox, key: NoticeKey, ready: Change, said: str
) -> None:
    story = await begin(world)
    await story.change(ready[0], **ready[1])
    await story.deliver(key)
    assert said in body_of(mailbox.letter())
    await story.change(ready[0], **{name: None for name in ready[1] if name in {"cancel_message", "reason"}})
    await story.deliver(key, dedupe="again")
    assert "written" not in body_of(mailbox.letters()[1])


async def test_a_mail_that_perhaps_went_out_is_not_repeated_once_it_is_untrue(
    world: World, mailbox: Mailbox, clock: Clock
) -> None:
    """An offer that has lapsed in between has no end to tell any more; that must not trip the outbox."""
    story = await begin(world)
    mailbox.data = "drop"
    row = await story.deliver(NoticeKey.WAITLIST_OPENING)
    assert row.state is NoticeState.UNCERTAIN
    await story.change(WaitlistEntry, state=WaitlistState.WAITING, expires_at=None, appointment_id=None)
    clock.to(row.due_at)
    await jobs.deliver(world.deps, row.id)
    async with world.deps.sessions() as session:
        assert (await session.get_one(Notice, row.id)).state is NoticeState.CANCELLED
    assert len(mailbox.taken) == 1


# The file that goes with it


async def test_a_booking_brings_a_file_that_a_move_and_a_cancel_follow(
    world: World, mailbox: Mailbox, works: Worker
) -> None:
    story = await begin(world)
    told: dict[str, Any] = {
        "actor": OPERATOR,
        "house": scheduling.house(world.deps.settings),
        "now": world.deps.now(),
        "new_id": world.deps.new_id,
    }
    await story.deliver(NoticeKey.BOOKING_MADE)
    async with world.deps.sessions.begin() as session:
        story.appointment = await scheduling.reschedule(
            session, story.appointment.id, starts_at=story.appointment.starts_at + DAY, ends_at=None, **told
        )
    await works.turn()
    async with world.deps.sessions.begin() as session:
        await scheduling.cancel(
            session, story.appointment.id, by=Side.PROVIDER, reason=None, message="Canary words", **told
        )
    await works.turn()
    sent = [letter for letter in mailbox.letters() if letter["To"] == story.client.email]
    (put, (first,)), (moved, (second,)), (taken, (third,)) = [file_of(letter) for letter in sent]
    assert [put, moved, taken] == ["PUBLISH", "PUBLISH", "CANCEL"]
    assert first.uid == second.uid == third.uid == str(story.appointment.id)
    assert first.sequence < second.sequence < third.sequence
    assert (first.status, second.status, third.status) == ("CONFIRMED", "CONFIRMED", "CANCELLED")
    assert second.starts_at == third.starts_at == story.appointment.starts_at == first.starts_at + DAY
    assert first.stamped_at == world.deps.now()
    assert first.title == "Phone consultation"
    name = f"{story.provider.first_name} {story.provider.last_name}"
    assert first.description == (
        f"With {name}.\n{name} calls you at the number that you have given us.\n"
        f"{world.deps.settings.public_url}/bookings/{story.appointment.id}"
    )


async def test_who_cancels_has_it_taken_out_of_their_calendar_too(
    world: World, mailbox: Mailbox, works: Worker
) -> None:
    story = await begin(world)
    async with world.deps.sessions.begin() as session:
        await scheduling.cancel(
            session,
            story.appointment.id,
            by=Side.CLIENT,
            reason=None,
            message="Canary words",
            actor=OPERATOR,
            house=scheduling.house(world.deps.settings),
            now=world.deps.now(),
            new_id=world.deps.new_id,
        )
    await works.turn()
    told = {letter["To"]: letter for letter in mailbox.letters()}
    assert told.keys() == {story.client.email, story.provider.email}
    assert "as you wished" in body_of(told[story.client.email])
    for letter in told.values():
        method, (entry,) = file_of(letter)
        assert (method, entry.uid, entry.status) == ("CANCEL", str(story.appointment.id), "CANCELLED")
        assert not any("Canary words" in words for words in parts(letter))


async def test_a_provider_who_is_told_of_a_move_finds_the_line_in_the_file(world: World, mailbox: Mailbox) -> None:
    story = await begin(world)
    await story.deliver(NoticeKey.RESCHEDULED, to="provider")
    method, (entry,) = file_of(mailbox.letter())
    assert (method, entry.title) == ("PUBLISH", "Phone consultation")
    assert entry.description.startswith("Call +1 212-555-0100; the line works from 1:59 PM until 3:00 PM EST.")
    assert str(story.provider.dial_phone) not in entry.description


async def test_a_series_that_changed_brings_all_that_lies_ahead(world: World, mailbox: Mailbox) -> None:
    story = await begin(world)
    series_id = story.subjects["series"]
    rows = [
        await world.appointment(
            story.provider,
            client=story.client,
            starts_in=week * 7 * DAY,
            session_type=SessionType.FULL_SESSION,
            source=Source.PROVIDER_MADE,
        )
        for week in range(10)
    ]
    async with world.deps.sessions.begin() as session:
        for place, row in enumerate(rows):
            kept = await session.get_one(Appointment, row.id)
            kept.series_id, kept.series_place = series_id, place
        gone = await session.get_one(Appointment, rows[3].id)
        gone.state, gone.version = AppointmentState.CANCELLED_BY_PROVIDER, 2
    await story.deliver(NoticeKey.SERIES_CHANGED)
    letter = mailbox.letter()
    said = body_of(letter)
    assert "Your next appointments are now: Tue, Dec 1, 2:00 PM EST; Tue, Dec 8, 2:00 PM EST; Tue, Dec 22," in said
    assert said.count(" EST") == 8
    method, found = file_of(letter)
    assert method == "PUBLISH"
    assert [one.uid for one in found] == [str(row.id) for row in rows[1:]]  # the first has begun
    assert [one.status for one in found] == ["CONFIRMED", "CONFIRMED", "CANCELLED", *["CONFIRMED"] * 6]


async def test_of_a_series_that_has_ended_none_lies_ahead(world: World, mailbox: Mailbox) -> None:
    story = await begin(world)
    await story.deliver(NoticeKey.SERIES_CHANGED)
    assert "Your next appointments are now: none." in body_of(mailbox.letter())
    assert mailbox.letter().get_content_type() == "multipart/alternative"


async def test_a_letter_without_news_for_a_calendar_carries_no_file(world: World, mailbox: Mailbox) -> None:
    story = await begin(world)
    await story.deliver(NoticeKey.CLIENT_REMINDER)
    assert "file" not in body_of(mailbox.letter())
    assert mailbox.letter().get_content_type() == "multipart/alternative"


# The code that completes a booking


async def drafted(story: Story, **values: Any) -> BookingDraft:
    now = story.deps.now()
    row = BookingDraft(
        id=story.deps.new_id(),
        provider_id=story.provider.id,
        session_type=SessionType.PHONE_CONSULTATION,
        source=Source.BOOKING_LINK,
        starts_at=now + 3 * DAY,
        ends_at=now + 3 * DAY + HOUR,
        offered_at=now,
        first_name="Canary-Robin",
        last_name="Canary-Stranger",
        email="stranger@example.com",
        note="Canary note",
        state=DraftState.AWAITING_CODE,
        created_at=now,
        expires_at=now + timedelta(minutes=10),
        timezone="America/Los_Angeles",
    )
    for name, value in values.items():
        setattr(row, name, value)
    async with story.deps.sessions.begin() as session:
        session.add(row)
        await session.flush()
        await ledger.notify(
            session,
            NoticeKey.BOOKING_CODE,
            Channel.MAIL,
            draft_id=row.id,
            subject_id=row.id,
            appointment_id=None,
            due_at=now,
            expires_at=row.expires_at,
            now=now,
            new_id=story.deps.new_id,
        )
    return row


async def test_who_begins_to_book_is_sent_a_code_and_nothing_that_a_stranger_may_not_know(
    world: World, mailbox: Mailbox, works: Worker
) -> None:
    """The address may be mistyped: neither with whom nor when stands in it."""
    story = await begin(world)
    draft = await drafted(story)
    await works.turn()
    letter = mailbox.letter()
    code = scheduling.booking_code(draft.id, world.deps.settings)
    assert (letter["To"], letter["Subject"]) == (draft.email, "Your code for Consultline")
    assert f"Your code is {code}." in body_of(letter)
    assert "It works until Tue, Nov 24, 11:10 AM PST." in body_of(letter)
    for words in parts(letter):
        assert "Canary" not in words
        assert "Nov 27" not in words


@pytest.mark.parametrize(
    "values", [{"state": DraftState.COMPLETED}, {"state": DraftState.VOID}, {"expires_at": START}], ids=str
)
async def test_a_code_that_is_good_for_nothing_is_not_sent(
    world: World, mailbox: Mailbox, works: Worker, values: dict[str, Any]
) -> None:
    await drafted(await begin(world), **values)
    await works.turn()
    assert mailbox.taken == []
