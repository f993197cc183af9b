"""A client's own account (requirements 4.6): every move that is listed, no other; and the rules around the table."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from config.errors import Refused
from config.lifecycles import next_state
from people import actions as people
from people import jobs
from people import queries as people_queries
from people.forms import CURRENT, FORMS
from people.models import Client, SingleUseLink
from people.rules import account as rules
from people.rules.lifecycle import ACCOUNT
from people.values import AccountEvent as Event
from people.values import AccountState as State
from people.values import AccountStep, FormKey, Insured, Language, LinkPurpose
from scheduling import actions as scheduling
from scheduling.values import BookingClient, Offer, SessionType, Source
from status.models import Notice
from status.values import Actor, ActorKind, NoticeKey, NoticeState
from tests.builders import OPERATOR, World, as_client
from tests.clock import Clock
from tests.fixtures import Worker
from tests.mailbox import Mailbox

NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)

LISTED: dict[tuple[State, Event], State] = {
    (State.SELF_REGISTERED, Event.LINK_USED): State.VERIFIED,
    (State.SELF_REGISTERED, Event.ADDRESS_PROVEN): State.VERIFIED,
    (State.INVITED, Event.INVITED): State.INVITED,
    (State.INVITED, Event.EDITED): State.INVITED,
    (State.INVITED, Event.BOUNCED): State.INVITE_FAILED,
    (State.INVITED, Event.INVITATION_OVER): State.INVITE_EXPIRED,
    (State.INVITED, Event.LINK_USED): State.VERIFIED,
    (State.INVITED, Event.ADDRESS_PROVEN): State.VERIFIED,
    (State.INVITE_FAILED, Event.INVITED): State.INVITED,
    (State.INVITE_FAILED, Event.EDITED): State.INVITED,
    (State.INVITE_FAILED, Event.ADDRESS_PROVEN): State.VERIFIED,
    (State.INVITE_EXPIRED, Event.INVITED): State.INVITED,
    (State.INVITE_EXPIRED, Event.EDITED): State.INVITED,
    (State.INVITE_EXPIRED, Event.ADDRESS_PROVEN): State.VERIFIED,
    (State.VERIFIED, Event.STEP_DONE): State.VERIFIED,
    (State.VERIFIED, Event.COMPLETED): State.READY,
    (State.VERIFIED, Event.ADDRESS_CHANGED): State.VERIFIED,
    (State.READY, Event.STEP_DONE): State.READY,
    (State.READY, Event.LAPSED): State.VERIFIED,
    (State.READY, Event.ADDRESS_CHANGED): State.READY,
    **{(state, Event.CLOSED): State.CLOSED for state in State if state is not State.CLOSED},
}


@pytest.mark.parametrize(("state", "event"), [*product(State, Event)])
def test_an_account_moves_as_listed_and_not_otherwise(state: State, event: Event) -> None:
    assert next_state(ACCOUNT, state, event) is LISTED.get((state, event))


@pytest.mark.parametrize(
    ("stored", "until", "lacks", "now_is"),
    [
        (State.INVITED, None, (), State.INVITED),  # held back: nobody was invited yet
        (State.INVITED, NOW + SECOND, (), State.INVITED),
        (State.INVITED, NOW, (), State.INVITE_EXPIRED),
        (State.INVITED, NOW - SECOND, (), State.INVITE_EXPIRED),
        (State.INVITE_FAILED, NOW - SECOND, (), State.INVITE_FAILED),
        (State.SELF_REGISTERED, NOW - SECOND, (), State.SELF_REGISTERED),
        (State.VERIFIED, NOW - SECOND, (AccountStep.FORMS,), State.VERIFIED),
        (State.READY, NOW - SECOND, (), State.READY),
        (State.READY, NOW - SECOND, (AccountStep.FORMS,), State.VERIFIED),
        (State.CLOSED, NOW - SECOND, tuple(AccountStep), State.CLOSED),
    ],
)
def test_time_and_versions_move_an_account_by_themselves(
    stored: State, until: datetime | None, lacks: tuple[AccountStep, ...], now_is: State
) -> None:
    assert rules.as_of(stored, until, lacks, NOW) is now_is


@pytest.mark.parametrize(
    ("asked", "known", "asks"),
    [
        (None, False, True),
        (None, True, False),
        (timedelta(days=7) - SECOND, False, False),
        (timedelta(days=7), False, True),
        (timedelta(days=7), True, False),
    ],
)
def test_r48_an_insurance_is_asked_for_once_a_week(asked: timedelta | None, *, known: bool, asks: bool) -> None:
    assert rules.may_ask_for_insurance(NOW - asked if asked else None, known=known, now=NOW) is asks


@pytest.mark.parametrize(
    ("told", "known"),
    [
        (Insured(company="A", member_id="B", birth_date="1990-02-28"), True),
        (Insured(company="A", member_id="B"), False),
        (Insured(company="A", birth_date="1990-02-28"), False),
        (Insured(member_id="B", birth_date="1990-02-28"), False),
        (Insured(), False),
    ],
)
def test_r47_two_of_three_are_a_draft(told: Insured, *, known: bool) -> None:
    assert rules.is_known(told) is known


@pytest.mark.parametrize(("place", "minutes"), [(0, 0), (1, 0.3), (100, 30), (200, 60), (299, 89.7)])
def test_r63_invitations_go_out_so_many_an_hour(place: int, minutes: float) -> None:
    assert rules.not_before(NOW, place, an_hour=200) == NOW + timedelta(minutes=minutes)


def test_every_form_is_there_in_both_languages() -> None:
    for key in FormKey:
        assert [*FORMS[key]] == [*range(1, CURRENT[key] + 1)]
        for version in FORMS[key].values():
            assert {language: bool(form.title and form.paragraphs) for language, form in version.items()} == {
                Language.ENGLISH: True,
                Language.SPANISH: True,
            }


class Story:
    """What happens to one client's account, each step in a transaction of its own."""

    def __init__(self, world: World) -> None:
        self.world, self.deps = world, world.deps

    @property
    def told(self) -> dict[str, Any]:
        return {"actor": OPERATOR, "now": self.deps.now(), "new_id": self.deps.new_id}

    async def adds(self, email: str = "casey@example.com", *, invite: bool = True) -> Client:
        self.provider = await self.world.provider()
        async with self.deps.sessions.begin() as session:
            row, _ = await people.add_client(
                session,
                provider_id=self.provider.id,
                first_name="Canary-Casey",
                last_name="Canary-Lee",
                email=email,
                phone=None,
                invite=invite,
                **self.told,
            )
        return row

    async def corrects(self, client: Client, **changed: str | None) -> None:
        async with self.deps.sessions.begin() as session:
            row = await people_queries.client_for_update(session, client.id)
            assert row is not None
            await people.correct_client(session, row, self.provider.id, changed, **self.told)

    async def invites(self, client: Client) -> None:
        async with self.deps.sessions.begin() as session:
            row = await people_queries.client_for_update(session, client.id)
            assert row is not None
            await people.invite(session, row, self.provider.id, **self.told)

    async def links(self, client: Client) -> list[SingleUseLink]:
        async with self.deps.sessions() as session:
            account = await people_queries.account_of_client(session, client.id)
            assert account is not None
            found = await session.execute(
                select(SingleUseLink)
                .where(col(SingleUseLink.account_id) == account.id)
                .order_by(col(SingleUseLink.created_at), col(SingleUseLink.voided_at).nulls_last())
            )
            return [*found.scalars()]

    async def uses(self, link: SingleUseLink) -> None:
        token = people.link_token(link, self.deps.settings)
        async with self.deps.sessions.begin() as session:
            row, account = await people.open_link(
                session, token, frozenset(LinkPurpose), settings=self.deps.settings, now=self.deps.now()
            )
            who = Actor(kind=ActorKind.CLIENT, id=account.client_id)
            await people.use_link(session, row, account, actor=who, now=self.deps.now(), new_id=self.deps.new_id)

    async def state(self, client: Client) -> State:
        async with self.deps.sessions() as session:
            row = await session.get(Client, client.id)
            assert row is not None
            return await people.standing(session, row, self.deps.now())


@pytest.fixture
def story(world: World) -> Story:
    return Story(world)


async def notices(session: AsyncSession, key: NoticeKey) -> list[Notice]:
    found = await session.execute(select(Notice).where(col(Notice.key) == key).order_by(col(Notice.created_at)))
    return [*found.scalars()]


async def test_an_invitation_is_mailed_ends_after_14_days_and_can_be_sent_again(
    story: Story, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    client = await story.adds()
    await works.turn()
    [letter] = mailbox.letters()
    assert letter["To"] == "casey@example.com"
    assert f"{story.provider.first_name} {story.provider.last_name}" in letter["Subject"]
    [link] = await story.links(client)
    assert link.expires_at == clock() + timedelta(days=14)

    clock.forward(days=14, seconds=-1)
    assert await story.state(client) is State.INVITED
    clock.forward(seconds=1)
    assert await story.state(client) is State.INVITE_EXPIRED
    with pytest.raises(Refused, match="over"):
        await story.uses(link)
    await story.invites(client)
    assert await story.state(client) is State.INVITED
    await story.uses((await story.links(client))[-1])
    assert await story.state(client) is State.VERIFIED
    with pytest.raises(Refused) as no:
        await story.corrects(client, first_name="Canary-Other")
    assert no.value.code == "verified_client"
    with pytest.raises(Refused):
        await story.invites(client)


async def test_who_is_not_to_be_invited_yet_gets_no_mail_and_no_end(
    story: Story, clock: Clock, works: Worker, mailbox: Mailbox
) -> None:
    client = await story.adds(invite=False)
    clock.forward(days=30)
    await works.turn()
    assert (mailbox.letters(), await story.state(client)) == ([], State.INVITED)
    await story.corrects(client, email="other@example.com")
    await works.turn()
    assert mailbox.letters() == []
    for _ in range(3):
        await story.invites(client)
    with pytest.raises(Refused) as no:
        await story.invites(client)
    assert no.value.code == "invited_often"


async def test_r54_a_corrected_address_voids_the_old_link_and_is_invited(
    story: Story, works: Worker, mailbox: Mailbox
) -> None:
    client = await story.adds()
    await story.corrects(client, first_name="Canary-Kim")
    [old] = await story.links(client)
    assert old.voided_at is None
    await story.corrects(client, email="right@example.com")
    await works.turn()
    assert [one["To"] for one in mailbox.letters()] == ["right@example.com"]
    with pytest.raises(Refused, match="over"):
        await story.uses(old)
    await story.uses((await story.links(client))[-1])
    assert await story.state(client) is State.VERIFIED


async def test_a_refused_address_fails_the_invitation_and_its_provider_corrects_it(
    story: Story, clock: Clock, works: Worker, mailbox: Mailbox, session: AsyncSession
) -> None:
    mailbox.rcpt = "550 No such user"
    client = await story.adds()
    await works.turn()
    assert await story.state(client) is State.INVITE_FAILED
    [told] = await notices(session, NoticeKey.INVITATION_FAILED)
    assert (told.recipient_id, told.state) == (story.provider.id, NoticeState.DELIVERED)
    assert all(one.voided_at for one in await story.links(client))
    mailbox.rcpt = "250 OK"
    clock.forward(minutes=1)
    await story.corrects(client, phone=None)  # whatever is corrected, the invitation goes out anew
    assert await story.state(client) is State.INVITED
    await works.turn()
    assert len(mailbox.letters()) == 1


@pytest.mark.parametrize("first", ["edit", "verify"])
async def test_r53_edit_and_verify_at_once_end_in_one_order_or_the_other(story: Story, first: str) -> None:
    """Both want the client's row: whoever comes second finds the account as the first has left it."""
    client = await story.adds()
    [link] = await story.links(client)
    work = [story.corrects(client, email="other@example.com"), story.uses(link)]
    done = await asyncio.gather(*(work if first == "edit" else reversed(work)), return_exceptions=True)
    refused = [one for one in done if isinstance(one, BaseException)]
    assert [type(one) for one in refused] == [Refused]
    async with story.deps.sessions() as session:
        row = await session.get(Client, client.id)
        assert row is not None
        verified = await story.state(client) is State.VERIFIED
        assert row.email == ("casey@example.com" if verified else "other@example.com")
        assert refused[0].code == ("verified_client" if verified else "link_over")  # type: ignore[attr-defined]


async def test_r49_three_steps_in_any_order_make_an_account_ready_and_a_new_version_asks_again(
    story: Story, clock: Clock, works: Worker, mailbox: Mailbox, session: AsyncSession
) -> None:
    client = await story.adds()
    await story.world.ready(client, but=frozenset({AccountStep.INSURANCE}))
    assert await story.state(client) is State.VERIFIED
    async with story.deps.sessions.begin() as writing:
        row = await people_queries.client_for_update(writing, client.id)
        assert row is not None
        draft = Insured(company="Canary Health", birth_date="1990-02-28")
        await people.set_insurance(writing, row, draft, **story.told)
        assert row.account is State.VERIFIED
        whole = Insured(company="Canary Health", member_id="CANARY-1")  # the birth date is known from before
        await people.set_insurance(writing, row, whole, **story.told)
    assert await story.state(client) is State.READY
    [told] = await notices(session, NoticeKey.ACCOUNT_READY)
    assert told.recipient_id == story.provider.id

    newer = {**CURRENT, FormKey.PRIVACY: CURRENT[FormKey.PRIVACY] + 1}
    await jobs.ask_again(story.deps, newer)
    await jobs.ask_again(story.deps, newer)
    assert await story.state(client) is State.VERIFIED
    asked = await notices(session, NoticeKey.ACCOUNT_LACKS)
    assert {one.recipient_id for one in asked} == {client.id}
    assert len(asked) == 2  # by mail and in the portal, once
    async with story.deps.sessions() as reading:
        row = await reading.get(Client, client.id)
        assert row is not None
        old = (FormKey.PRIVACY, CURRENT[FormKey.PRIVACY], Language.ENGLISH)
        with pytest.raises(Refused) as no:
            await people.acknowledge_form(
                reading, row, *old, **story.told | {"actor": as_client(client.id)}, current=newer
            )
    assert no.value.code == "form_renewed"


async def test_a_card_that_is_over_counts_no_more(story: Story, clock: Clock) -> None:
    client = await story.adds()
    await story.world.ready(client)
    async with story.deps.sessions.begin() as writing:
        row = await people_queries.client_for_update(writing, client.id)
        assert row is not None
        until = clock().date().isoformat()
        await people.set_billing_method(
            writing,
            row,
            reference="token-2",
            label="Visa",
            expires_on=until,
            **story.told | {"actor": as_client(client.id)},
        )
    assert await story.state(client) is State.READY
    clock.forward(days=1)
    assert await story.state(client) is State.VERIFIED
    async with story.deps.sessions() as reading:
        done = await people_queries.done_steps(reading, client.id, clock())
    assert rules.missing(done) == (AccountStep.BILLING,)


async def test_r48_an_appointment_asks_for_the_insurance_and_not_again_within_a_week(
    story: Story, clock: Clock, works: Worker, session: AsyncSession
) -> None:
    told: dict[str, Any] = {"session_type": SessionType.FULL_SESSION, "source": Source.PROVIDER_MADE}
    client = await story.adds(invite=False)

    async def books() -> int:
        clock.forward(minutes=90)
        await story.world.appointment(story.provider, client=client, starts_in=timedelta(hours=1), **told)
        return len({one.created_at for one in await notices(session, NoticeKey.INSURANCE_REQUEST)})

    assert await books() == 1
    assert await books() == 1
    clock.forward(days=7)
    assert await books() == 2
    clock.forward(days=7)
    await story.invites(client)  # what the invitation opens asks for it as well
    assert await books() == 2
    clock.forward(days=7)
    await story.world.ready(client)
    assert await books() == 2


async def test_a_closed_account_leaves_no_person_behind_save_with_who_has_met_them(
    story: Story, clock: Clock, session: AsyncSession
) -> None:
    client = await story.adds()
    await story.world.ready(client)
    met, stranger = story.provider, await story.world.provider()
    await story.world.client(stranger, email=client.email)
    ahead = await story.world.appointment(met, client=client, starts_in=timedelta(hours=1))
    told: dict[str, Any] = {
        "actor": Actor(kind=ActorKind.CLIENT, id=client.id),
        "house": scheduling.house(story.deps.settings),
    }
    async with story.deps.sessions() as reading:
        with pytest.raises(Refused) as no:
            await scheduling.close_account(
                reading, client.id, cancel_ahead=False, now=clock(), new_id=story.deps.new_id, **told
            )
    assert (no.value.code, no.value.facts["n"]) == ("still_booked", 1)
    clock.to(ahead.ends_at)
    await story.world.appointment(stranger, client=client, starts_in=timedelta(hours=5), source=Source.BOOKING_LINK)
    async with story.deps.sessions.begin() as writing:
        await scheduling.close_account(
            writing, client.id, cancel_ahead=True, now=clock(), new_id=story.deps.new_id, **told
        )
    row = await session.get(Client, client.id)
    assert row is not None
    assert (row.account, row.phone, row.birth_date, row.verified_at) == (State.CLOSED, None, None, None)
    assert "casey" not in row.email
    seen = await people_queries.seen(session, [(met.id, client.id), (stranger.id, client.id)], clock())
    assert seen[met.id, client.id].name == "Canary-Casey Canary-Lee"
    assert seen[stranger.id, client.id].name == "– –"
    assert await people_queries.insurance(session, client.id) is None
    assert await people_queries.billing_method(session, client.id) is None
    again = await story.adds()
    assert again.id != client.id


async def test_who_is_booked_for_has_registered_themselves_and_is_asked_to_verify(
    story: Story, clock: Clock, works: Worker, mailbox: Mailbox, session: AsyncSession
) -> None:
    """An operator vouches for the person and has not seen the address: it is proven by the link, and nobody edits."""
    story.provider = await story.world.provider()
    await story.world.hours(story.provider)
    starts_at = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
    offer = Offer(
        provider_id=story.provider.id,
        session_type=SessionType.FULL_SESSION,
        source=Source.BOOKING_LINK,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=50),
        issued_at=clock(),
    )
    who = BookingClient(
        first_name="Canary-Kim",
        last_name="Canary-Roe",
        email="kim.booked@example.com",
        phone=None,
        birth_date=None,
        state=None,
        plan=None,
        timezone=None,
        language=Language.ENGLISH,
    )
    async with story.deps.sessions.begin() as writing:
        await scheduling.book_offer(
            writing, offer, who, note=None, house=scheduling.house(story.deps.settings), **story.told
        )
    client = await people_queries.client_by_email(session, who.email)
    assert client is not None
    assert await story.state(client) is State.SELF_REGISTERED
    for refused in (story.corrects(client, first_name="Canary-Else"), story.invites(client)):
        with pytest.raises(Refused) as no:
            await refused
        assert no.value.code == "self_registered"
    await works.turn()
    assert "invites you" in " ".join(one["Subject"] for one in mailbox.letters())
    [link] = await story.links(client)
    await story.uses(link)
    assert await story.state(client) is State.VERIFIED
