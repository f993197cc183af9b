"""Stories of who is calling: PINs, shared numbers, groups, attestation, and the code that proves a number."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from bridge import actions
from bridge.models import Call
from bridge.values import Reason
from people.models import PinTry, Provider
from people.values import Language, PracticeKind
from status.models import Notice
from status.values import ActorKind, NoticeKey
from tests.builders import World
from tests.clock import Clock
from tests.fixtures import Carrier

SHARED = "+12125550177"


async def reason(session: AsyncSession) -> Reason | None:
    await session.rollback()
    found = await session.execute(select(Call).order_by(col(Call.dialled_at).desc(), col(Call.id)).limit(1))
    return found.scalar_one().reason


async def test_f21_a_shared_number_always_asks_for_the_pin(
    service: str, carrier: Carrier, world: World, session: AsyncSession
) -> None:
    one = await world.provider(dial_phone=SHARED, pin="111111")
    await world.provider(dial_phone=SHARED, pin="222222")
    client = await world.client(one)
    await world.appointment(one, client=client)  # the only open window

    asked = await carrier.dial(SHARED, digits=["111111"])

    assert asked.words == ["Please enter your six digit PIN."]
    assert asked.rang[0].number == client.phone
    other = await carrier.dial(SHARED, digits=["222222"])
    assert not other.rang
    assert "no consultation" in other.words[-1]


async def test_f22_two_providers_two_windows_one_number_never_mix(service: str, carrier: Carrier, world: World) -> None:
    one = await world.provider(dial_phone=SHARED, pin="111111")
    two = await world.provider(dial_phone=SHARED, pin="222222")
    first, second = await world.client(one), await world.client(two)
    await world.appointment(one, client=first)
    await world.appointment(two, client=second)

    assert (await carrier.dial(SHARED, digits=["111111"])).rang[0].number == first.phone
    assert (await carrier.dial(SHARED, digits=["222222"])).rang[0].number == second.phone


async def test_somebody_who_claims_the_number_without_proof_changes_nothing(
    service: str, carrier: Carrier, world: World, session: AsyncSession
) -> None:
    claims = await world.provider(dial_phone=SHARED, verified=False)
    await world.appointment(claims)
    proven = await world.provider(dial_phone=SHARED)
    client = await world.client(proven)
    await world.appointment(proven, client=client)

    call = await carrier.dial(SHARED, talk_s=90)

    assert [rang.number for rang in call.rang] == [client.phone]
    await session.rollback()
    kept = (await session.execute(select(Call))).scalar_one()
    assert (kept.provider_id, kept.talk_s) == (proven.id, 90)


async def test_without_pins_a_shared_number_is_off(
    service: str, carrier: Carrier, world: World, session: AsyncSession
) -> None:
    one = await world.provider(dial_phone=SHARED)
    await world.provider(dial_phone=SHARED)
    await world.appointment(one)

    call = await carrier.dial(SHARED)

    assert not call.rang
    assert "needs a PIN" in call.words[0]
    assert await reason(session) is Reason.NOT_VERIFIED


async def test_a_group_keys_a_pin_once_its_line_is_on(
    service: str, carrier: Carrier, world: World, session: AsyncSession
) -> None:
    group = await world.practice(kind=PracticeKind.GROUP)
    provider = await world.provider(practice=group, pin="123456")
    client = await world.client(provider)
    await world.appointment(provider, client=client)

    off = await carrier.dial(provider)
    assert not off.rang
    assert "not switched on" in off.words[0]
    async with world.deps.sessions.begin() as writing:
        row = await writing.get(type(group), group.id)
        assert row is not None
        row.line_enabled = True
    on = await carrier.dial(provider, digits=["123456"])

    assert on.rang[0].number == client.phone


async def test_three_wrong_pins_end_the_call_and_a_repeated_request_counts_once(
    service: str, carrier: Carrier, world: World, session: AsyncSession
) -> None:
    provider = await world.provider(dial_phone=SHARED, pin="111111")
    await world.provider(dial_phone=SHARED, pin="222222")
    await world.appointment(provider)

    call = await carrier.dial(SHARED, digits=["000000", "000001", "000002"])

    assert [w for w in call.words if "again" in w] == [
        "That PIN does not match. Please enter your six digit PIN again."
    ] * 2
    assert "could not match that PIN" in call.words[-1]
    assert await reason(session) is Reason.PIN_FAILED
    for exchange in [e for e in call.exchanges if "/pin/" in e.url]:
        await carrier.simulator.replay(exchange)
    await session.rollback()
    tries = (await session.execute(select(PinTry))).scalars().all()
    assert len({t.id for t in tries}) == 3 * 2  # once for each of the two practices behind this number


async def test_ten_wrong_pins_in_an_hour_lock_the_number_and_are_told(
    service: str, carrier: Carrier, world: World, session: AsyncSession, clock: Clock
) -> None:
    provider = await world.provider(dial_phone=SHARED, pin="111111")
    await world.provider(dial_phone=SHARED, pin="222222")
    await world.appointment(provider, length=timedelta(hours=3))
    for _ in range(3):
        await carrier.dial(SHARED, digits=["000000", "000001", "000002"])
    await carrier.dial(SHARED, digits=["000003"])

    locked = await carrier.dial(SHARED, digits=["111111"])

    assert not locked.rang
    assert "wait an hour" in locked.words[-1]
    await session.rollback()
    told = (await session.execute(select(Notice).where(col(Notice.key) == NoticeKey.PIN_LOCKED))).scalars().all()
    assert {n.recipient_id for n in told} >= {provider.id}
    clock.forward(hours=1, seconds=1)
    assert (await carrier.dial(SHARED, digits=["111111"])).rang


async def test_f26_a_caller_whose_attestation_failed_proves_themselves_or_hears_no_times(
    service: str, carrier: Carrier, world: World, session: AsyncSession
) -> None:
    plain = await world.provider()
    await world.appointment(plain, starts_in=timedelta(minutes=10))
    with_pin = await world.provider(pin="654321")
    client = await world.client(with_pin)
    await world.appointment(with_pin, client=client)

    refused = await carrier.dial(plain, stir_verstat="TN-Validation-Failed-A")
    assert "could not confirm" in refused.words[0]
    assert "2:" not in refused.words[0]
    assert await reason(session) is Reason.ATTESTATION_FAILED
    stepped_up = await carrier.dial(with_pin, stir_verstat="TN-Validation-Failed", digits=["654321"])
    assert stepped_up.rang[0].number == client.phone


@pytest.mark.parametrize(
    "verstat", [None, "TN-Validation-Passed-B", "TN-Validation-Passed-C", "No-TN-Validation", "NULL"]
)
async def test_f26_everything_but_failed_goes_on(
    service: str, carrier: Carrier, world: World, verstat: str | None
) -> None:
    provider, _, _ = await world.consultation()

    assert (await carrier.dial(provider, stir_verstat=verstat)).rang


async def verification(world: World, provider: Provider) -> str:
    """Ask for a code as the portal does, and return what it shows."""
    async with world.deps.sessions.begin() as writing:
        row = await writing.get(Provider, provider.id)
        assert row is not None
        code, _ = await actions.begin_verification(
            writing,
            row,
            settings=world.deps.settings,
            new_code=world.deps.new_code,
            now=world.deps.now(),
            new_id=world.deps.new_id,
        )
    return code


async def test_a_number_is_proven_from_both_ends(
    service: str, carrier: Carrier, world: World, session: AsyncSession
) -> None:
    provider = await world.provider(verified=False)
    client = await world.client(provider)
    await world.appointment(provider, client=client)

    before = await carrier.dial(provider)
    assert "not verified" in before.words[0]
    code = await verification(world, provider)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    call = await carrier.dial(provider, digits=[wrong, code])

    assert call.words[0] == "Please enter the six digit code that your portal shows."
    assert "verified now" in call.words[-1]
    assert (await carrier.dial(provider)).rang[0].number == client.phone


async def test_a_code_ends_after_ten_minutes_and_after_five_tries(
    service: str, carrier: Carrier, world: World, clock: Clock
) -> None:
    late = await world.provider(verified=False)
    code = await verification(world, late)
    clock.forward(minutes=10)
    assert "not verified" in (await carrier.dial(late)).words[0]
    guessed = await world.provider(verified=False)
    code = await verification(world, guessed)
    wrong = [f"{(int(code) + n) % 10**6:06d}" for n in range(1, 6)]
    await carrier.dial(guessed, digits=wrong[:3])
    await carrier.dial(guessed, digits=wrong[3:])

    call = await carrier.dial(guessed, digits=[code])

    assert "verified now" not in " ".join(call.words)


async def test_f24_a_changed_number_is_refused_until_it_is_proven(service: str, carrier: Carrier, world: World) -> None:
    from people import actions as people  # noqa: PLC0415
    from status.values import Actor  # noqa: PLC0415

    provider, client, _ = await world.consultation()
    old = provider.dial_phone
    async with world.deps.sessions.begin() as writing:
        row = await writing.get(Provider, provider.id)
        assert row is not None
        await people.change_dial_phone(
            writing,
            row,
            "+12125550178",
            verified=False,
            actor=Actor(kind=ActorKind.PROVIDER, id=provider.id),
            now=world.deps.now(),
            new_id=world.deps.new_id,
        )

    assert old is not None
    assert "do not recognize" in (await carrier.dial(old)).words[0]
    assert "not verified" in (await carrier.dial("+12125550178")).words[0]
    code = await verification(world, provider)
    await carrier.dial("+12125550178", digits=[code])
    assert (await carrier.dial("+12125550178")).rang[0].number == client.phone


async def test_a_provider_who_speaks_spanish_is_answered_in_spanish(
    service: str, carrier: Carrier, world: World
) -> None:
    provider = await world.provider(language=Language.SPANISH)
    await world.appointment(provider, starts_in=timedelta(minutes=30))

    call = await carrier.dial(provider)

    assert call.heard[0].language == "es-US"
    assert "se abre a las" in call.words[0]
