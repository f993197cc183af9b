"""The support desk: why a caller was refused, answers, the switch, corrections, and that every look is history."""

import csv
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from io import StringIO
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bridge import actions as bridge
from bridge.models import Call
from config.deps import Deps
from people.models import Message, SupportCase
from people.values import CaseKind, CaseState, Role
from portal import words
from portal.pages import desk
from scheduling import actions as scheduling
from scheduling.values import SessionType, Source
from status import actions as ledger
from status.models import Consultation, Event, Referral
from status.values import ConsultationStatus, EventKind, MismatchReason, ReferralEvent
from tests.builders import OPERATOR, World
from tests.clock import Clock
from tests.fixtures import LINES, Carrier, Worker
from tests.mailbox import Mailbox
from tests.portal.pages.conftest import Accounts, Browser
from tests.portal.pages.test_find import listed


async def test_support_explains_a_refused_call(
    service: str,
    carrier: Carrier,
    browser: Browser,
    accounts: Accounts,
    world: World,
    session: AsyncSession,
) -> None:
    provider, client, appointment = await world.consultation(starts_in=timedelta(minutes=12))
    assert provider.dial_phone
    assert client.phone
    await carrier.dial(provider, LINES[0])
    await accounts.by_cookie(browser, await accounts.of(operator=Role.SUPPORT))
    assert (await browser.get("/")).path == "/desk"
    found = await browser.post("/desk/calls", {"number": provider.dial_phone})
    assert (found.status, "too early" in found.words) == (200, True)
    assert provider.last_name in found.words
    call = (await session.execute(select(Call))).scalar_one()
    link = f"/desk/calls/{call.id}"
    assert link in found.text

    seen = await browser.get(link)
    assert "It was too early: the line opened at Tue, Nov 24, 2:11 PM EST, and the call came 11:00 before" in seen.words
    assert "dialled" in seen.words
    for number in (provider.dial_phone, client.phone):
        assert number not in seen.text + re.sub(r'value="[^"]*"', "", found.text)
        assert number[-4:] not in seen.words
    browser.take("language", "es")
    assert "Era demasiado pronto" in (await browser.get(link)).words
    browser.take("language", "en")
    by_time = await browser.post("/desk/calls", {"on": "2026-11-24", "at": "14:05"})
    assert link in by_time.text
    assert "No calls" in (await browser.post("/desk/calls", {"on": "2026-11-23"})).words
    assert (await browser.post("/desk/calls", {})).status == 422
    assert (await browser.get(f"/desk/appointments/{appointment.id}")).status == 200

    looks = (await session.execute(select(Event).where(Event.kind == EventKind.SUPPORT_LOOKED))).scalars().all()  # type: ignore[arg-type]
    told = [(one.actor_kind, one.data["what"], one.call_id) for one in looks]
    assert ("operator", "calls_by_number", None) in told
    assert ("operator", "call", call.id) in told
    assert not any(provider.dial_phone[-4:] in str(one.data) for one in looks)


def test_every_reason_every_outcome_and_every_fact_has_words() -> None:
    from bridge.values import Attestation, Detail, DownReason, FactSource, Heard, Outcome, Reason  # noqa: PLC0415
    from config.phones import Unusable  # noqa: PLC0415

    told = {
        "why": Reason,
        "short": Reason,
        "detail": [*Detail, *Unusable],
        "became": Outcome,
        "outcome": Outcome,
        "heard": Heard,
        "source": FactSource,
        "attestation": Attestation,
        "down": DownReason,
        "kind": CaseKind,
        "state": CaseState,
        "reason": MismatchReason,
        "status": ConsultationStatus,
    }
    missing = [f"{name}_{one.value}" for name, kinds in told.items() for one in kinds]  # type: ignore[attr-defined]
    assert [one for one in missing if not words.knows(f"desk.{one}")] == []


async def test_an_issue_is_answered_once_and_its_words_stay_in_the_portal(
    browsers: Callable[[], Browser],
    accounts: Accounts,
    world: World,
    deps: Deps,
    works: Worker,
    mailbox: Mailbox,
    session: AsyncSession,
) -> None:
    provider, _, appointment = await world.consultation()
    async with deps.sessions.begin() as writing:
        case = await bridge.report_issue(
            writing, appointment.id, text="Canary trouble", actor=OPERATOR, now=deps.now(), new_id=deps.new_id
        )
    support, theirs = browsers(), browsers()
    await accounts.by_cookie(support, await accounts.of(operator=Role.SUPPORT))
    await accounts.by_cookie(theirs, await accounts.of(provider))
    assert f"/desk/cases/{case.id}" in (await support.get("/desk/cases?kind=issue")).text
    assert "Canary trouble" in (await support.get(f"/desk/cases/{case.id}")).words
    empty = await support.post(f"/desk/cases/{case.id}/answer", {"answer": " "})
    assert (empty.status, 'id="answer-problem"' in empty.text) == (422, True)
    done = await support.post(f"/desk/cases/{case.id}/answer", {"answer": "Canary answer"})
    assert "The answer is kept" in done.words
    twice = await support.post(f"/desk/cases/{case.id}/answer", {"answer": "Canary other"})
    assert (twice.status, "closed already" in twice.words) == (409, True)
    await works.turn()
    mails = [one.as_string() for one in mailbox.letters()]
    assert any("answered your report" in one for one in mails)
    assert not any("Canary answer" in one for one in mails)
    assert "Canary answer" in (await theirs.get("/issues")).words
    assert (await theirs.get(f"/desk/cases/{case.id}")).status == 404
    row = (await session.execute(select(SupportCase))).scalar_one()
    assert (row.state, row.answer) == (CaseState.CLOSED, "Canary answer")


async def test_a_declared_outage_shows_direct_numbers_until_it_is_taken_back(
    browsers: Callable[[], Browser], accounts: Accounts, world: World
) -> None:
    provider, client, _ = await world.consultation(starts_in=timedelta(minutes=30))
    support, theirs = browsers(), browsers()
    await accounts.by_cookie(support, await accounts.of(operator=Role.SUPPORT))
    await accounts.by_cookie(theirs, await accounts.of(provider))
    silent = await support.post("/desk/line", {"lines": list(LINES), "switch": "declare"})
    assert (silent.status, 'id="reason-problem"' in silent.text) == (422, True)
    none = await support.post("/desk/line", {"switch": "declare", "reason": "Canary trouble"})
    assert none.status == 422
    told = {"lines": list(LINES), "switch": "declare", "reason": "Canary trouble"}
    done = await support.post("/desk/line", told)
    assert "The outage is declared" in done.words
    assert f'href="tel:{client.phone}"' in (await theirs.get("/")).text
    for one in (support, theirs):  # whatever page they are on
        assert "The consultation line is out of service" in (await one.get("/contact")).words
    assert "3 of 3 numbers are down" in (await support.get("/desk")).words
    back = await support.post("/desk/line", {"lines": list(LINES), "switch": "restore"})
    assert "The switch is taken back" in back.words
    assert "All 3 numbers" in (await support.get("/desk")).words
    assert "out of service" not in (await theirs.get("/contact")).words


async def test_the_line_is_drawn_and_told_by_day(
    service: str, carrier: Carrier, browser: Browser, accounts: Accounts, world: World, deps: Deps
) -> None:
    provider, _, _ = await world.consultation()
    await listed(world, deps, "first", {})
    await carrier.dial(provider, LINES[0], talk_s=125)
    await carrier.dial("+12125550199", LINES[0])
    await accounts.by_cookie(browser, await accounts.of(operator=Role.SUPPORT))
    seen = await browser.get("/desk/line")
    assert 'class="bar-connected"' in seen.text
    assert 'class="bar-refused"' in seen.text
    assert 'class="bar-full_session"' in seen.text  # somebody can be seen
    assert "style=" not in seen.text
    row = re.search(r"Tuesday, November 24(.*?)</tr>", seen.text, re.DOTALL)
    assert row
    assert re.findall(r"<td>([^<]*)</td>", row[1]) == ["1", "1", "100 %", "2", "2:05"]
    assert "unknown number 1" in seen.words


async def test_r42_who_was_handed_back_is_searched_for_and_told(
    browsers: Callable[[], Browser], accounts: Accounts, world: World, deps: Deps, session: AsyncSession
) -> None:
    provider = await listed(world, deps, "first", {})
    other = await listed(world, deps, "other", {})
    client = await world.client(provider)
    search = await world.search(session_type=SessionType.PHONE_CONSULTATION)
    row = await world.appointment(provider, client=client, source=Source.PLATFORM_SEARCH)
    referral = (await session.execute(select(Referral))).scalar_one()
    assert row.referral_id == referral.id
    async with deps.sessions.begin() as writing:
        told = {"actor": OPERATOR, "now": deps.now(), "new_id": deps.new_id}
        found = await writing.get(Referral, referral.id)
        assert found
        found.search_id = search.search_id
        await ledger.move_referral(writing, referral.id, ReferralEvent.OPENED, **told)  # type: ignore[arg-type]
        await scheduling.hand_back(writing, referral.id, reason=MismatchReason.EXPERTISE, text="Canary words", **told)  # type: ignore[arg-type]
    case = (await session.execute(select(SupportCase))).scalar_one()
    support, theirs = browsers(), browsers()
    await accounts.by_cookie(support, await accounts.of(operator=Role.SUPPORT))
    await accounts.by_cookie(theirs, await accounts.of_client(client))
    seen = await support.get(f"/desk/cases/{case.id}")
    assert client.email in seen.words
    wrote = await support.post(f"/desk/cases/{case.id}/message", {"message": "Canary greeting"})
    assert "The message is sent" in wrote.words
    done = await support.post(f"/desk/cases/{case.id}/rematch")
    assert "the case is closed" in done.words
    texts = (await session.execute(select(Message.text).order_by(Message.number))).scalars().all()  # type: ignore[call-overload]
    assert texts[0] == "Canary greeting"
    link = re.search(r"/find/[0-9a-f-]{36}", texts[1])
    assert link
    listing = await theirs.get(link[0])
    assert other.last_name in listing.words
    assert provider.last_name not in listing.words
    assert (await support.post(f"/desk/cases/{case.id}/close")).status == 409


async def test_r121_a_settled_status_is_put_right_with_a_reason(
    browser: Browser, accounts: Accounts, world: World, clock: Clock, works: Worker, session: AsyncSession
) -> None:
    _, _, appointment = await world.consultation()
    page = f"/desk/appointments/{appointment.id}"
    clock.to(appointment.ends_at + timedelta(hours=72))
    await works.turn()
    await accounts.by_cookie(browser, await accounts.of(operator=Role.SUPPORT))
    assert "unknown" in (await browser.get(page)).words
    wrong = await browser.post(f"{page}/correct", {"occurred": "yes", "kind": "nonsense"})
    assert (wrong.status, 'id="kind-problem"' in wrong.text) == (422, True)
    told = {"occurred": "yes", "kind": "late_evidence", "explanation": "Canary words"}
    done = await browser.post(f"{page}/correct", told)
    assert "The correction is appended" in done.words
    row = (await session.execute(select(Consultation))).scalar_one()
    assert row.status is ConsultationStatus.OCCURRED_MANUAL
    assert (await session.execute(select(SupportCase))).scalar_one().text == "Canary words"


async def test_the_audit_log_and_exports_are_for_operators_and_hold_nobodys_data(
    service: str,
    carrier: Carrier,
    browsers: Callable[[], Browser],
    accounts: Accounts,
    world: World,
    session: AsyncSession,
) -> None:
    provider, client, appointment = await world.consultation()
    assert provider.dial_phone
    await carrier.dial(provider, LINES[0])
    admin, support = browsers(), browsers()
    await accounts.by_cookie(admin, await accounts.of(operator=Role.ADMIN, email="admin@example.com"))
    await accounts.by_cookie(support, await accounts.of(operator=Role.SUPPORT))
    assert (await support.get("/desk/history")).status == 404
    assert (await support.post("/desk/export", {"what": "calls"})).status == 404
    seen = await admin.get(f"/desk/history?kind=appointment:booked&subject={appointment.id}")
    assert str(appointment.id) in seen.text
    assert "call:connected" not in seen.text.partition("<tbody")[2]
    odd = await admin.get("/desk/history?kind=nonsense&subject=nonsense&before=x-y")
    assert odd.status == 200
    days = {"first": "2026-11-24", "last": "2026-11-24"}
    wrong = await admin.post("/desk/export", {**days, "last": "2026-11-23"})
    assert wrong.status == 422
    calls = await admin.post("/desk/export", {"what": "calls", **days})
    row = next(csv.DictReader(StringIO(calls.text)))
    assert (row["outcome"], row["appointment_id"]) == ("connected", str(appointment.id))
    events = await admin.post("/desk/export", {"what": "events", **days})
    assert "call:connected" in events.text
    for one in (client.phone or "", provider.dial_phone, client.last_name, client.email):
        assert one.removeprefix("+") not in calls.text + events.text
    looks = (await session.execute(select(Event).where(Event.kind == EventKind.SUPPORT_LOOKED))).scalars().all()  # type: ignore[arg-type]
    assert {one.data["what"] for one in looks} == {"export_calls", "export_events"}


async def test_long_lists_go_on_where_they_ended(
    browser: Browser, accounts: Accounts, world: World, deps: Deps, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.cases, "SHOWN", 2)
    monkeypatch.setattr(desk.history, "SHOWN", 2)
    _, _, appointment = await world.consultation()
    made: list[str] = []
    for _ in range(5):
        clock.forward(seconds=1)
        async with deps.sessions.begin() as writing:
            row = await bridge.report_issue(
                writing, appointment.id, text="Canary trouble", actor=OPERATOR, now=deps.now(), new_id=deps.new_id
            )
        made.append(str(row.id))
    await accounts.by_cookie(browser, await accounts.of(operator=Role.ADMIN))

    async def followed(first: str, wanted: str) -> list[str]:
        """Read a list to its end, two at a time."""
        found: list[str] = []
        path: str | None = first
        while path:
            seen = await browser.get(path)
            found += re.findall(wanted, seen.text)
            more = re.search(r'href="([^"]*(?:after|before)=[0-9a-f-]+)"', seen.text)
            path = unescape(more[1]) if more else None
        return found

    assert await followed("/desk/cases", r"/desk/cases/([0-9a-f-]{36})") == made  # the oldest first
    for case in made:
        await browser.post(f"/desk/cases/{case}/close")
    assert await followed("/desk/cases", r"/desk/cases/([0-9a-f-]{36})") == []
    assert await followed("/desk/cases?state=closed", r"/desk/cases/([0-9a-f-]{36})") == made[::-1]
    log = await followed("/desk/history?kind=issue:reported", r"case&#34;: &#34;([0-9a-f-]{36})")
    assert log == made[::-1]  # the newest first


@pytest.mark.parametrize("who", ["nobody", "provider", "client"])
async def test_f35_the_desk_is_there_for_nobody_else(
    browser: Browser, accounts: Accounts, world: World, who: str
) -> None:
    provider = await world.provider()
    if who == "provider":
        await accounts.by_cookie(browser, await accounts.of(provider))
    elif who == "client":
        await accounts.by_cookie(browser, await accounts.of_client(await world.client(provider)))
    for page in desk.PAGES:
        if page.name == "issues":
            continue
        path = re.sub(r"\{[^{}]*(\{[^{}]*\}[^{}]*)*\}", str(uuid4()), page.path)
        for send in [browser.get] * (page.show is not None) + [browser.post] * (page.submit is not None):
            seen = await send(path)
            assert (seen.status, seen.path) == ((200, "/sign-in") if who == "nobody" else (404, path)), page.name
