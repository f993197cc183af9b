"""Everybody is reached by the way that is theirs: 1.13 as a table, a client's texts, addresses that refuse, choices."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from people import actions as people
from people import queries
from people.models import Client
from people.values import Language
from portal import words
from portal.letters import CATALOGUES
from portal.letters.values import Wording
from scheduling.values import SessionType, Source
from status.models import Notice
from status.rules.letters import KINDS, OPTIONAL, WAYS
from status.values import Actor, ActorKind, Channel, NoticeKey, NoticeState, Recipient
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import Carrier, Worker
from tests.mailbox import Mailbox

P, C, D, A = Recipient.PROVIDER, Recipient.CLIENT, Recipient.DRAFT, Recipient.ACCOUNT
MAIL, TEXT, PORTAL = Channel.MAIL, Channel.TEXT, Channel.PORTAL
# What a letter may name at all. A client's name, a person's number, a note, a reason, a message are no names here.
TIMES = {"when", "until", "ahead", "share_by", "decide_by", "opens", "closes"}

# Requirements 1.13: number, to whom, by which ways at least, and what it may name.
TABLE: list[tuple[str, Recipient, set[Channel], set[str]]] = [
    ("M1", P, {MAIL, PORTAL}, TIMES),
    ("M2", C, {MAIL}, TIMES | {"provider", "session", "held"}),
    ("M3", C, {MAIL, PORTAL}, TIMES | {"provider", "session", "held"}),
    ("M4", C, {MAIL, PORTAL}, TIMES | {"provider", "session"}),
    ("M5", P, {MAIL, PORTAL}, TIMES),
    ("M6", A, {MAIL}, {"provider", "link", "until"}),
    ("M7", C, {MAIL}, {"provider"}),
    ("M8", P, {MAIL}, TIMES),
    ("M9", P, {MAIL, PORTAL}, TIMES),
    ("M10", P, {MAIL}, TIMES),
    ("M11", C, {MAIL}, TIMES | {"provider", "session", "held"}),
    ("M12", C, {MAIL}, TIMES | {"provider", "session"}),
    ("M13", P, {MAIL, TEXT}, TIMES | {"line"}),
    ("M14", P, {PORTAL}, TIMES),
    ("M15", P, {TEXT}, TIMES),
    ("M16", P, {PORTAL}, TIMES),
    ("M17", P, {MAIL, PORTAL}, TIMES | {"line"}),
    ("M18", C, {MAIL, TEXT}, TIMES | {"provider", "session"}),
    ("M19", C, {MAIL, TEXT}, TIMES | {"provider", "session", "held"}),
    ("M20", P, {MAIL, PORTAL}, TIMES),
    ("M20", C, {MAIL, PORTAL}, TIMES | {"provider", "session"}),
    ("M21", P, {MAIL, TEXT}, TIMES),
    ("M22", P, {MAIL, PORTAL}, TIMES),
    ("M23", P, {MAIL, PORTAL}, TIMES),
    ("M24", C, {MAIL}, {"provider"}),
    ("M25", P, {MAIL}, set()),
    ("M25", C, {MAIL}, set()),
    ("M26", D, {MAIL}, {"code", "until"}),
    ("M26", A, {MAIL}, {"link", "until"}),
    ("M27", C, {MAIL}, {"provider"}),
    ("M28", C, {MAIL}, {"ahead", "provider"}),
]


def wordings(key: NoticeKey, reader: Recipient, language: Language) -> list[Wording]:
    catalogue = CATALOGUES[language]
    if reader is P:
        from portal.letters import Dial  # noqa: PLC0415 - only here

        return [catalogue.to_providers[one] for one in (Dial if key is NoticeKey.REMINDER else [key])]
    return [catalogue.to_accounts[key] if reader is A else catalogue.to_clients[key]]


@pytest.mark.parametrize(("number", "reader", "ways", "may_name"), TABLE)
def test_every_letter_of_1_13_is_there_in_both_languages_and_names_no_more(
    number: str, reader: Recipient, ways: set[Channel], may_name: set[str]
) -> None:
    kinds = [one for one in KINDS if one.number == number and one.reader is reader]
    assert kinds
    assert ways <= set().union(*(one.ways for one in kinds))
    for kind in kinds:
        for language in Language:
            for one in wordings(kind.key, reader, language):
                text = " ".join([one.subject, *one.paragraphs, one.text, one.sentence, one.if_wrote or ""])
                assert set(re.findall(r"{(\w+)}", text)) <= may_name, kind.key


def test_nothing_of_1_13_is_missing_and_the_ledger_has_words_for_all_that_a_provider_is_told() -> None:
    assert {number for number, *_ in TABLE} == {f"M{n}" for n in range(1, 29)}
    for kind in KINDS:
        if kind.reader is P:
            assert words.knows(f"notices.key_{kind.key.value}"), kind.key
    for key, ways in OPTIONAL.items():
        assert ways <= WAYS[key, P]


# A client's texts


class Texts:
    """A client who is reminded of appointments, and what reaches them by text."""

    def __init__(self, world: World, carrier: Carrier, works: Worker, clock: Clock) -> None:
        self.world, self.carrier, self.works, self.clock = world, carrier, works, clock

    async def begins(self, *, consents: bool = True) -> Client:
        self.provider = await self.world.provider()
        self.client = await self.world.client(self.provider)
        async with self.world.deps.sessions.begin() as session:
            row = await queries.client_for_update(session, self.client.id)
            assert row is not None
            row.timezone = "America/Los_Angeles"
            who = Actor(kind=ActorKind.CLIENT, id=row.id)
            told: dict[str, Any] = {"actor": who, "now": self.clock(), "new_id": self.world.deps.new_id}
            await people.consent_to_texts(session, row, 1 if consents else None, **told)
        return self.client

    async def reminded(self, *, at: timedelta) -> None:
        """Book an appointment, and let the time come at which its client is reminded of it."""
        await self.world.appointment(
            self.provider,
            client=self.client,
            starts_in=at + timedelta(hours=24),
            session_type=SessionType.FULL_SESSION,
            source=Source.PROVIDER_MADE,
        )
        self.clock.forward(seconds=at.total_seconds())
        await self.works.turn()

    @property
    def had(self) -> list[str]:
        return [one.body for one in self.carrier.simulator.book.messages.values() if one.to == self.client.phone]


@pytest.fixture
def texts(service: str, world: World, carrier: Carrier, works: Worker, clock: Clock) -> Texts:
    return Texts(world, carrier, works, clock)


async def test_m19_a_client_who_has_consented_is_texted_by_day_three_times_a_week(
    texts: Texts, mailbox: Mailbox, session: AsyncSession
) -> None:
    await texts.begins()
    for n in range(1, 4):  # each at 11 in the morning where the client is
        await texts.reminded(at=timedelta(hours=24))
        assert len(texts.had) == n
    assert all(len(one) <= 160 and "STOP" in one for one in texts.had)
    assert all(texts.provider.last_name not in one for one in texts.had)
    before = len(mailbox.letters())
    await texts.reminded(at=timedelta(hours=24))
    assert (len(texts.had), len(mailbox.letters()) - before) == (3, 1)
    rows = (await session.execute(select(Notice).where(col(Notice.key) == NoticeKey.CLIENT_REMINDER))).scalars().all()
    assert sorted(str(one.sent_by) for one in rows) == ["mail", "text", "text", "text"]


async def test_a_text_waits_for_the_clients_own_morning(texts: Texts, session: AsyncSession) -> None:
    await texts.begins()
    await texts.reminded(at=timedelta(hours=39))  # two in the morning in Los Angeles
    row = (
        await session.execute(
            select(Notice).where(col(Notice.key) == NoticeKey.CLIENT_REMINDER).execution_options(populate_existing=True)
        )
    ).scalar_one()
    assert (texts.had, row.state) == ([], NoticeState.DUE)
    assert row.due_at == texts.clock() + timedelta(hours=6)
    texts.clock.forward(hours=6)
    await texts.works.turn()
    assert len(texts.had) == 1


async def test_stop_from_a_client_ends_texts_and_start_lets_them_come_again(
    texts: Texts, mailbox: Mailbox, carrier: Carrier
) -> None:
    client = await texts.begins()
    assert client.phone is not None
    carrier.simulator.book.opted_out.clear()
    assert await carrier.text(client.phone, "STOP") == []
    before = len(mailbox.letters())
    await texts.reminded(at=timedelta(hours=24))
    letters = [one["Subject"] for one in mailbox.letters()[before:] if "appointment" in one["Subject"]]
    assert (len(texts.had), len(letters)) == (0, 1)
    await carrier.text(client.phone, "START")
    await texts.reminded(at=timedelta(hours=24))
    assert len(texts.had) == 1


async def test_without_consent_or_after_another_number_it_is_a_mail(texts: Texts, mailbox: Mailbox) -> None:
    await texts.begins(consents=False)
    await texts.reminded(at=timedelta(hours=24))
    assert (texts.had, len(mailbox.letters())) == ([], 2)  # the reminder, and the insurance that is asked for


# Addresses that refuse, and what a provider does without


async def test_an_address_that_refuses_gets_no_more_mail_until_a_link_arrives_there(
    world: World, clock: Clock, works: Worker, mailbox: Mailbox, session: AsyncSession
) -> None:
    provider = await world.provider()
    client = await world.client(provider)
    told: dict[str, Any] = {"session_type": SessionType.FULL_SESSION, "source": Source.PROVIDER_MADE}
    mailbox.rcpt = "550 No such user"
    await world.appointment(provider, client=client, starts_in=timedelta(hours=30), **told)
    await works.turn()
    mailbox.rcpt = "250 OK"
    clock.forward(hours=6)
    await works.turn()
    rows = (
        await session.execute(
            select(Notice).where(col(Notice.recipient_id) == client.id, col(Notice.channel) == Channel.MAIL)
        )
    ).scalars()
    assert {(one.key, one.state, one.trouble) for one in rows} == {
        (NoticeKey.INSURANCE_REQUEST, NoticeState.FAILED, "550"),
        (NoticeKey.CLIENT_REMINDER, NoticeState.SKIPPED, "bounced"),
    }
    assert mailbox.letters() == []
    key = people.address_key(client.email, world.deps.settings)
    async with world.deps.sessions.begin() as writing:
        row = await writing.merge(client)
        who = Actor(kind=ActorKind.PROVIDER, id=provider.id)
        await people.invite(writing, row, provider.id, actor=who, now=clock(), new_id=world.deps.new_id)
    await works.turn()
    assert len(mailbox.letters()) == 1  # whoever asks for a link there is sent one
    assert not await queries.bounced(session, key)


async def test_a_letter_that_leaves_the_choice_is_not_mailed_to_who_does_without_it(
    world: World, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    provider = await world.provider()
    off = [(NoticeKey.NEW_MESSAGE, Channel.MAIL), (NoticeKey.REQUEST_TO_DECIDE, Channel.MAIL)]
    async with world.deps.sessions.begin() as writing:
        await queries.choose_notices(writing, provider.id, off, clock())
    client = await world.client(provider)
    async with world.deps.sessions.begin() as writing:
        who = Actor(kind=ActorKind.CLIENT, id=client.id)
        await people.write_to_provider(
            writing, client.id, provider.id, "Hello.", actor=who, now=clock(), new_id=world.deps.new_id
        )
    clock.forward(minutes=1)
    await works.turn()
    assert mailbox.letters() == []
    await world.request(provider)
    await works.turn()
    assert provider.email in {one["To"] for one in mailbox.letters()}  # what is to be decided is always told
