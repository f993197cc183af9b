"""What a payer reads: submitted profiles, as they were submitted, and times that are for payers alone (R71)."""

from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession, FormData

from config.deps import Deps
from people.models import Payer, Provider
from tests.builders import World
from tests.people.pictures import photo
from tests.portal.api.conftest import Api, Program


async def feed(program: Program, payer: Payer, **query: Any) -> dict[str, Any]:
    reply = await program.get(f"/feeds/payer/{payer.id}", **query)
    assert reply.status == 200, reply.text
    told: dict[str, Any] = reply.json
    return told


async def test_r71_a_payer_reads_what_was_submitted_and_books_what_is_open_to_it(
    api: Api, admin: Program, world: World, deps: Deps
) -> None:
    provider = await world.provider()
    payer = await world.payer(provider)
    await world.hours(provider)  # for everybody, and so not for payers
    await world.block(provider, accept_external=True)
    partner = await api.partner(payer.id)

    told = await feed(partner, payer)
    assert told["payer"]["display"] == payer.name
    [one] = told["items"]
    assert one["role"]["identifier"] == [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}]
    assert one["role"]["practitioner"]["display"] == f"{provider.first_name} {provider.last_name}"
    assert {each["resourceType"] for each in one["slots"]} == {"Slot"}
    assert {each["schedule"]["reference"].removeprefix("Schedule/") for each in one["slots"]} == {
        each["id"] for each in one["schedules"]
    }
    listed = await partner.get(f"/providers/{provider.id}/slots", session_type="full_session")
    sessions = [each for each in one["slots"] if each["id"].split("-")[1] == "s"]
    assert [each["start"] for each in sessions] == [each["starts_at"] for each in listed.json["items"]] != []
    assert provider.dial_phone is not None
    assert provider.dial_phone not in str(told)  # R102

    # A change that is not submitted stays at home; the feed shows the version before it.
    path = f"/providers/{provider.id}"
    await admin.patch(f"{path}/profile", {"statement": "Canary words, not submitted.", "shown": ["gender"]})
    await admin.patch(f"{path}/profile", {"gender": "woman"})
    assert (await feed(partner, payer))["items"][0]["profile"] == one["profile"]
    assert (await admin.post(f"{path}/enrolment/submit")).status == 200
    submitted = (await feed(partner, payer))["items"][0]["profile"]
    assert (submitted["statement"], submitted["demographics"]) == ("Canary words, not submitted.", {"gender": "woman"})

    # R102: the number that opens the line is told to nobody, also where it stands as the office's.
    await admin.patch(path, {"office_phone": provider.dial_phone})
    await admin.post(f"{path}/enrolment/submit")
    assert provider.dial_phone not in str(await feed(partner, payer))

    booked = await partner.post("/bookings", {"offer": sessions[-1]["extension"][0]["valueString"], "client": KIM})
    assert booked.status == 202
    after = (await feed(partner, payer))["items"][0]["slots"]
    assert sessions[-1]["id"] not in {each["id"] for each in after}


async def test_a_photo_stays_as_long_as_payers_see_it(
    api: Api, admin: Program, base: str, http: ClientSession, world: World
) -> None:
    provider = await world.provider()
    payer = await world.payer(provider)
    me, path = await api.of(provider), f"/providers/{provider.id}"

    async def send(size: tuple[int, int]) -> str:
        form = FormData()
        form.add_field("file", photo(size, "WEBP"), filename="me.webp")
        return str((await me.send("PUT", f"{path}/photo", data=form)).json["photo"])

    async def there(*photos: str) -> list[bool]:
        found = []
        for one in photos:
            async with http.get(f"{base}{one}") as reply:
                found.append(reply.status == 200)
        return found

    old = await send((300, 300))
    await me.post(f"{path}/enrolment/submit")
    new = await send((300, 400))
    assert (await feed(admin, payer))["items"][0]["profile"]["photo"].endswith(old)
    assert await there(old, new) == [True, True]
    await me.post(f"{path}/enrolment/submit")
    assert await there(old, new) == [False, True]
    newest = await send((300, 500))
    await admin.post(f"{path}/enrolment/deactivate")
    assert await there(new, newest) == [False, True]


KIM = {"first_name": "Canary-Kim", "last_name": "Canary-Roe", "email": "kim@example.com"}


@pytest.mark.parametrize("flaw", ["needs attention", "programme off", "deactivated", "payer inactive", "other payer"])
async def test_r71_who_does_not_receive_from_a_payer_is_not_in_its_feed(
    api: Api, admin: Program, world: World, flaw: str
) -> None:
    provider = await world.provider()
    payer, other = await world.payer(provider), await world.payer()
    path = f"/providers/{provider.id}"
    if flaw == "needs attention":
        await admin.patch(path, {"office_phone": None})
    elif flaw == "programme off":
        await admin.patch(f"/practices/{provider.practice_id}", {"programme": False})
    elif flaw == "deactivated":
        await admin.post(f"{path}/enrolment/deactivate")
    elif flaw == "payer inactive":
        await admin.patch(f"/payers/{payer.id}", {"active": False})
    shown = other if flaw == "other payer" else payer
    assert (await feed(await api.partner(shown.id), shown))["items"] == []
    assert (await (await api.partner(other.id)).get(f"/feeds/payer/{payer.id}")).status == 404


async def test_a_feed_has_pages_and_a_range(admin: Program, world: World, deps: Deps) -> None:
    practice = await world.practice()
    providers: list[Provider] = [await world.provider(practice=practice) for _ in range(3)]
    payer = await world.payer(*providers)
    seen, after = [], None
    while True:
        told = await feed(admin, payer, limit=2, **({"after": after} if after else {}))
        seen += [one["role"]["id"] for one in told["items"]]
        after = told["next"]
        if after is None:
            break
    assert seen == sorted(str(one.id) for one in providers)
    far = (deps.now() + timedelta(days=15)).isoformat()
    assert (await admin.get(f"/feeds/payer/{payer.id}", to=far)).status == 422
