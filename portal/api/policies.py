"""What holds for each source of appointments in a practice (requirements 1.16)."""

from typing import Literal
from uuid import UUID

from config.errors import Refused
from portal.api import access
from portal.api.fields import Nothing, Shape
from portal.api.operation import ADMIN, ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from scheduling import queries
from scheduling.rules.policy import policy_for
from scheduling.values import Acceptance, Source, Windows


class PolicyChange(Shape):
    """What a practice asks for with a source; null goes back to what the house does.

    It may ask for more. For less only with clients of its own portal, and with payers that allow it.
    """

    source: Source
    acceptance: Literal[Acceptance.NONE, Acceptance.REQUIRED] | None


class PolicyShown(Shape):
    """What holds for a source; `asked` is what the practice asks for, if anything.

    `ttl_h` is how long an answer may take, in hours; the appointment is held meanwhile.
    """

    source: Source
    acceptance: Acceptance
    asked: Acceptance | None
    ttl_h: int | None
    windows: Windows
    notice: bool
    recurring: bool
    referral: bool


class PoliciesShown(Shape):
    """One policy for each source."""

    items: list[PolicyShown]


async def listed(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show what holds for each source in a practice."""
    row = await access.practice(ask, ask.path["practice_id"])
    return await _shown(ask, row.id)


async def change(ask: Ask[PolicyChange, Nothing]) -> Answer:
    """Ask for another acceptance with one source."""
    row = await access.practice(ask, ask.path["practice_id"], lock=True)
    asked, source = ask.body.acceptance, ask.body.source
    if asked is not None and policy_for(source, asked, payer_is_instant=True).acceptance is not asked:
        raise Refused("cannot_be_asked", "A practice cannot ask for that with this source.", status=422)
    await queries.set_practice_acceptance(ask.session, row.id, source, asked)
    return await _shown(ask, row.id)


async def _shown(ask: Ask[Nothing, Nothing] | Ask[PolicyChange, Nothing], practice_id: UUID) -> Answer:
    asked = await queries.practice_acceptance(ask.session, practice_id)
    items = []
    for source in Source:
        policy = policy_for(source, asked.get(source))
        ttl_h = {Acceptance.REQUIRED: ask.settings.accept_ttl_h, Acceptance.CLIENT: ask.settings.waitlist_hold_h}
        items.append(
            PolicyShown(
                source=source,
                acceptance=policy.acceptance,
                asked=asked.get(source),
                ttl_h=policy.ttl_h or ttl_h.get(policy.acceptance),
                windows=policy.windows,
                notice=policy.notice,
                recurring=policy.recurring,
                referral=policy.referral,
            )
        )
    return Answer(PoliciesShown(items=items), (practice_id,))


OPERATIONS = (
    Operation(
        name="listPolicies",
        method=Method.GET,
        path="/practices/{practice_id}/policies",
        roles=ADMIN_AND_PROVIDER,
        summary="Show what holds for each source of appointments",
        handler=listed,
        body=Nothing,
        query=Nothing,
        answer=PoliciesShown,
    ),
    Operation(
        name="changePolicy",
        method=Method.PUT,
        path="/practices/{practice_id}/policies",
        roles=ADMIN,
        summary="Ask for acceptance with a source, or go back to what the house does",
        handler=change,
        body=PolicyChange,
        query=Nothing,
        answer=PoliciesShown,
    ),
)
