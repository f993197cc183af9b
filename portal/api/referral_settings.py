"""How a provider wants to be booked: which clients, what for, with how much notice (R18, R24–R26)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from portal.api import access
from portal.api.fields import WHOLE, Absent, Instant, Nothing, Shape, State, changes
from portal.api.operation import ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from portal.api.words import PlanId, ProblemId
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.models import ReferralSettings
from scheduling.values import Modality, SessionType

SessionTypes = Annotated[list[SessionType], Field(max_length=10)]


Age = Annotated[int, Field(ge=0, le=120), WHOLE]
Buffer = Annotated[int, Field(ge=0, le=240), WHOLE]


class BySource(Shape):
    """Session types for one source, where they are others than usual; null is as usual."""

    platform_search: SessionTypes | None = None
    booking_link: SessionTypes | None = None
    colleague: SessionTypes | None = None
    payer: SessionTypes | None = None
    client_portal: SessionTypes | None = None


class SettingsChange(Shape):
    """What is to change; what is not sent stays.

    With `urgent`, clients book with `urgent_notice_h` hours of notice instead of the usual 48. A list that is empty
    takes nobody: no session type, no state, no plan. From `paused_until` on, new clients are accepted again.
    `per_day` null is no limit. `by_source` is replaced as a whole. Minutes end in `_m`, hours in `_h`, days in `_d`.
    """

    accepting: bool = Absent
    paused_until: Instant | None = Absent
    urgent: bool = Absent
    urgent_notice_h: Annotated[int, Field(ge=1, le=47), WHOLE] = Absent
    session_types: SessionTypes = Absent
    by_source: BySource = Absent
    modalities: Annotated[list[Modality], Field(max_length=10)] = Absent
    plans: Annotated[list[PlanId], Field(max_length=200)] = Absent
    states: Annotated[list[State], Field(max_length=100)] = Absent
    not_treated: Annotated[list[ProblemId], Field(max_length=200)] = Absent
    youngest: Age = Absent
    oldest: Age = Absent
    step_m: Annotated[int, Field(ge=5, le=120), WHOLE] = Absent
    session_length_m: Annotated[int, Field(ge=10, le=480), WHOLE] = Absent
    buffer_before_m: Buffer = Absent
    buffer_after_m: Buffer = Absent
    horizon_d: Annotated[int, Field(ge=1, le=365), WHOLE] = Absent
    per_day: Annotated[int, Field(ge=1, le=50), WHOLE] | None = Absent


class SettingsShown(Shape):
    """How a provider wants to be booked; without a word of theirs, the defaults of the house."""

    provider_id: UUID
    accepting: bool
    paused_until: datetime | None
    urgent: bool
    urgent_notice_h: int
    session_types: list[SessionType]
    by_source: BySource
    modalities: list[Modality]
    plans: list[str]
    states: list[str]
    not_treated: list[str]
    youngest: int
    oldest: int
    step_m: int
    session_length_m: int
    buffer_before_m: int
    buffer_after_m: int
    horizon_d: int
    per_day: int | None
    version: int


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show how a provider wants to be booked."""
    provider = await access.provider(ask, ask.path["provider_id"])
    return Answer(_shown(await queries.referral_settings(ask.session, provider.id)))


async def edit(ask: Ask[SettingsChange, Nothing]) -> Answer:
    """Change how a provider wants to be booked; what is booked stays (R25)."""
    provider = await access.provider(ask, ask.path["provider_id"], lock=True)
    changed = {name: _kept(value) for name, value in changes(ask.body).items()}
    row = await scheduling.change_settings(
        ask.session, provider.id, changed, actor=ask.actor, now=ask.now, new_id=ask.new_id
    )
    return Answer(_shown(row), (provider.id,))


def _kept(value: object) -> object:
    """Return a value as it is kept: lists are sets in order, overrides only those that are meant."""
    if isinstance(value, list):
        return sorted(set(value))
    if isinstance(value, BySource):
        return {name: sorted(set(kinds)) for name, kinds in value if kinds is not None}
    return value


def _shown(row: ReferralSettings) -> SettingsShown:
    return SettingsShown(
        provider_id=row.provider_id,
        accepting=row.accepting,
        paused_until=row.paused_until,
        urgent=row.urgent,
        urgent_notice_h=row.urgent_notice_h,
        session_types=[SessionType(kind) for kind in row.session_types],
        by_source=BySource(**{name: [SessionType(kind) for kind in kinds] for name, kinds in row.by_source.items()}),
        modalities=[Modality(modality) for modality in row.modalities],
        plans=row.plans,
        states=row.states,
        not_treated=row.not_treated,
        youngest=row.youngest,
        oldest=row.oldest,
        step_m=row.step_m,
        session_length_m=row.session_length_m,
        buffer_before_m=row.buffer_before_m,
        buffer_after_m=row.buffer_after_m,
        horizon_d=row.horizon_d,
        per_day=row.per_day,
        version=row.version,
    )


OPERATIONS = (
    Operation(
        name="getReferralSettings",
        method=Method.GET,
        path="/providers/{provider_id}/referral-settings",
        roles=ADMIN_AND_PROVIDER,
        summary="Show how a provider wants to be booked",
        handler=show,
        body=Nothing,
        query=Nothing,
        answer=SettingsShown,
    ),
    Operation(
        name="changeReferralSettings",
        method=Method.PATCH,
        path="/providers/{provider_id}/referral-settings",
        roles=ADMIN_AND_PROVIDER,
        summary="Change how a provider wants to be booked",
        handler=edit,
        body=SettingsChange,
        query=Nothing,
        answer=SettingsShown,
    ),
)
