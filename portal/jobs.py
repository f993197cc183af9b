"""Work of the portal: delivering notices."""

from typing import assert_never
from uuid import UUID

from config.deps import CarrierUnreachable, Deps, Handover
from people.values import ByText
from portal import delivery, rules


async def deliver(deps: Deps, notice_id: UUID) -> None:
    """Deliver one notice, if it is due: claim it, hand it over outside of any transaction, note what came of it.

    Killed at any point it leaves a row that a later job goes on from, and no second text.
    """
    async with deps.sessions.begin() as session:
        step = await delivery.begin(session, notice_id, settings=deps.settings, now=deps.now(), new_id=deps.new_id)
    match step:
        case None:
            return
        case delivery.Settled():
            subjects = step.subjects
        case delivery.Send():
            subjects = await _send(deps, step)
        case delivery.LookUp():
            subjects = await _look_up(deps, step)
        case _:
            assert_never(step)
    await deps.live.publish(subjects)


async def _send(deps: Deps, step: delivery.Send) -> tuple[UUID, ...]:
    if deps.now() - step.claimed_at > rules.FRESH:
        return ()  # this process was asleep; the claim is looked into by another one
    handover = await _hand_over(deps, step)
    async with deps.sessions.begin() as session:
        return await delivery.note(session, step, handover, settings=deps.settings, now=deps.now(), new_id=deps.new_id)


async def _hand_over(deps: Deps, step: delivery.Send) -> Handover:
    letter = step.letter
    if isinstance(step.way, ByText):
        return await deps.texts.send(to=step.way.number, body=letter.text, notice=step.notice_id, valid_s=step.valid_s)
    return await deps.mail.send(
        to=step.way.address,
        subject=letter.subject,
        body=letter.body,
        html=letter.html,
        message_id=step.message_id,
        calendar=step.calendar,
    )


async def _look_up(deps: Deps, step: delivery.LookUp) -> tuple[UUID, ...]:
    answer: delivery.Found | delivery.Unread
    try:
        answer = delivery.Found(await deps.texts.find(to=step.to, body=step.body, since=step.since))
    except CarrierUnreachable:
        answer = delivery.Unread()
    async with deps.sessions.begin() as session:
        return await delivery.note_look_up(session, step, answer, now=deps.now(), new_id=deps.new_id)
