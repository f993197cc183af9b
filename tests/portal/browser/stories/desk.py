"""The support desk."""

from datetime import timedelta
from itertools import count

from bridge import actions as bridge
from bridge.models import Call, CallEvent
from bridge.values import Attestation, CarrierName, FactSource, Heard, Outcome, Reason
from people import actions as people
from people.models import Account, Provider, SupportCase
from people.values import Role
from scheduling import actions as scheduling
from scheduling.models import Appointment
from status import actions as ledger
from status.values import EventKind, MismatchReason, ReferralEvent
from tests.builders import OPERATOR
from tests.portal.browser.stories import Scene, Stage, story

_numbered = count(1)


async def support(stage: Stage, role: Role = Role.SUPPORT) -> Account:
    return await stage.accounts.of(operator=role, email=f"desk{next(_numbered)}@example.com")


async def call(stage: Stage, provider: Provider, appointment: Appointment | None = None) -> Call:
    """Write down a call: for an appointment a connected one, else one that came too early."""
    deps, now = stage.deps, stage.deps.now()
    row = Call(
        id=deps.new_id(),
        carrier=CarrierName.SIMULATOR,
        sid=f"CA{deps.new_id().hex}",
        line=deps.settings.lines[0],
        caller_key=bridge.caller_key(provider.dial_phone, deps.settings),
        caller_last2=(provider.dial_phone or "00")[-2:],
        attestation=Attestation.PASSED_A,
        dialled_at=now,
        provider_id=provider.id,
        appointment_id=appointment.id if appointment else None,
        occurrence=1 if appointment else None,
        outcome=Outcome.CONNECTED if appointment else Outcome.REFUSED,
        reason=None if appointment else Reason.TOO_EARLY,
        talk_s=840 if appointment else None,
        settled_at=now,
    )
    fact = CallEvent(
        id=deps.new_id(),
        call_id=row.id,
        carrier=row.carrier,
        leg=row.sid,
        source=FactSource.ANSWER,
        event=Heard.DIALLED,
        sequence=0,
        at=now,
        heard_at=now,
    )
    async with deps.sessions.begin() as session:
        session.add(row)
        await session.flush()
        session.add(fact)
        edge = now + timedelta(minutes=11)
        data: dict[str, str | int | bool | None] = {"reason": "too_early", "edge": edge.isoformat(), "off_by_s": -660}
        await ledger.record(
            session,
            EventKind.CALL_CONNECTED if appointment else EventKind.CALL_REFUSED,
            actor=OPERATOR,
            now=now,
            new_id=deps.new_id,
            provider_id=provider.id,
            call_id=row.id,
            data={} if appointment else data,
        )
    return row


async def issue(stage: Stage) -> tuple[Provider, SupportCase]:
    provider, _, appointment = await stage.world.consultation()
    await call(stage, provider, appointment)
    deps = stage.deps
    async with deps.sessions.begin() as session:
        return provider, await bridge.report_issue(
            session, appointment.id, text="Canary trouble", actor=OPERATOR, now=deps.now(), new_id=deps.new_id
        )


@story("desk", "something waits")
async def overview(stage: Stage) -> Scene:
    await issue(stage)
    return Scene(path="/desk", who=await support(stage))


@story("desk_cases", "some are open")
async def cases(stage: Stage) -> Scene:
    await issue(stage)
    return Scene(path="/desk/cases", who=await support(stage))


@story("desk_cases", "none was closed yet")
async def closed(stage: Stage) -> Scene:
    return Scene(path="/desk/cases?kind=correction&state=closed", who=await support(stage))


@story("desk_case", "an issue, and its answer is empty")
async def case(stage: Stage) -> Scene:
    _, row = await issue(stage)
    return Scene(
        path=f"/desk/cases/{row.id}/answer",
        who=await support(stage, Role.ADMIN),
        sent={"answer": " "},
        sent_from=f"/desk/cases/{row.id}",
    )


@story("desk_case", "a client who was handed back")
async def handed_back(stage: Stage) -> Scene:
    world, deps = stage.world, stage.deps
    provider = await world.provider()
    row = await world.appointment(provider, client=await world.client(provider))
    assert row.referral_id
    async with deps.sessions.begin() as session:
        now, new_id = deps.now(), deps.new_id
        await ledger.move_referral(
            session, row.referral_id, ReferralEvent.OPENED, actor=OPERATOR, now=now, new_id=new_id
        )
        referral = await scheduling.hand_back(
            session,
            row.referral_id,
            reason=MismatchReason.ACUITY,
            text="Canary words",
            actor=OPERATOR,
            now=now,
            new_id=new_id,
        )
        case_id = referral.case_id
    return Scene(path=f"/desk/cases/{case_id}", who=await support(stage))


@story("issues", "one is answered, one waits")
async def issues(stage: Stage) -> Scene:

    provider, row = await issue(stage)
    deps = stage.deps
    async with deps.sessions.begin() as session:
        await people.answer_case(session, row.id, "Canary answer", actor=OPERATOR, now=deps.now(), new_id=deps.new_id)
    return Scene(path="/issues", who=await stage.accounts.of(provider))


@story("issues", "none")
async def no_issues(stage: Stage) -> Scene:
    return Scene(path="/issues", who=await stage.accounts.of(await stage.world.provider()))


@story("desk_line", "two weeks with calls, and an outage without a reason")
async def line(stage: Stage) -> Scene:
    provider, _, appointment = await stage.world.consultation()
    await call(stage, provider, appointment)
    await call(stage, provider)
    sent = {"lines": stage.deps.settings.lines[0], "switch": "declare"}
    return Scene(path="/desk/line", who=await support(stage), sent=sent)


@story("desk_calls", "some were found")
async def calls(stage: Stage) -> Scene:
    provider = await stage.world.provider()
    await call(stage, provider)
    return Scene(path="/desk/calls", who=await support(stage), sent={"number": provider.dial_phone or ""})


@story("desk_calls", "nothing was typed")
async def no_calls(stage: Stage) -> Scene:
    return Scene(path="/desk/calls", who=await support(stage), sent={"at": "14:00"})


@story("desk_call", "it was refused")
async def refused(stage: Stage) -> Scene:
    row = await call(stage, await stage.world.provider())
    return Scene(path=f"/desk/calls/{row.id}", who=await support(stage))


@story("desk_appointment", "its status is settled")
async def settled(stage: Stage) -> Scene:
    provider, _, appointment = await stage.world.consultation()
    await call(stage, provider, appointment)
    stage.clock.to(appointment.ends_at + timedelta(hours=72))
    await stage.works.turn()
    return Scene(path=f"/desk/appointments/{appointment.id}", who=await support(stage))


@story("desk_history", "the newest")
async def history(stage: Stage) -> Scene:
    await issue(stage)
    return Scene(path="/desk/history", who=await support(stage, Role.ADMIN))
