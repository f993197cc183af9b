"""Which times are shown, and which can still be booked: everything that the one slot function is asked (R18, R23).

What is shown and what is booked are asked of the same terms, made here from the provider's settings, the source's
policy and the house's figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config import times
from config.errors import Refused
from people import queries as people_queries
from scheduling import queries
from scheduling.actions.house import House
from scheduling.models import Appointment, ReferralSettings
from scheduling.rules import availability, gates, offers, slots
from scheduling.rules.notice import least_notice
from scheduling.rules.policy import policy_for
from scheduling.values import (
    Calendar,
    Caution,
    NotBookable,
    Offer,
    SessionType,
    SlotRules,
    Source,
    SourcePolicy,
    Span,
    Windows,
)

AROUND = timedelta(seconds=slots.AROUND_S)
# How far from a time that is gone others are looked for.
NEAR = timedelta(days=14)


def slot_rules(
    settings: ReferralSettings,
    session_type: SessionType,
    source: Source,
    house: House,
    *,
    policy: SourcePolicy | None = None,
) -> SlotRules:
    """Return how slots are cut; `policy` where the practice or the payer changes the usual one of the source."""
    policy = policy or policy_for(source)
    session = timedelta(minutes=settings.session_length_m)
    length = house.consult_length if session_type is SessionType.PHONE_CONSULTATION else session
    notice = least_notice(
        source,
        policy,
        usual=house.min_notice,
        urgent=timedelta(hours=settings.urgent_notice_h) if settings.urgent else None,
        cutoff=house.request_cutoff,
        # An offer lives for some minutes: taken up at the last of them, it must not expire at once.
        decision=max(min(house.request_least, house.accept_ttl), house.offer_lives),
    )
    return SlotRules(
        length=int(length.total_seconds()),
        step=settings.step_m * 60,
        notice=int(notice.total_seconds()),
        horizon=settings.horizon_d * 86400,
        buffer_before=settings.buffer_before_m * 60,
        buffer_after=settings.buffer_after_m * 60,
        per_day=settings.per_day,
        windows=policy.windows,
    )


async def usual_length_m(session: AsyncSession, provider_id: UUID, session_type: SessionType, house: House) -> int:
    """Return how many minutes an appointment of this type lasts with a provider, unless somebody says otherwise."""
    settings = await queries.referral_settings(session, provider_id)
    return slot_rules(settings, session_type, Source.PROVIDER_MADE, house).length // 60


async def list_slots(
    session: AsyncSession,
    provider_id: UUID,
    *,
    session_type: SessionType,
    source: Source,
    payer_id: UUID | None = None,
    since: datetime,
    until: datetime,
    label: str | None = None,
    house: House,
    now: datetime,
) -> list[Offer]:
    """Return the open slots that start in a range, each as an offer that is good from now.

    None for a provider who has left, takes nobody new, does not offer this session type, or is not in the payer's
    programme: no openings are a list that is empty, and no error (R21).
    """
    wanted = Wanted(provider_id, session_type, source, payer_id)
    rules = await _rules(session, wanted, house, now)
    if isinstance(rules, Closed):
        return []
    found = await queries.calendar(session, provider_id, since - AROUND, until + AROUND)
    return [
        Offer(
            provider_id=provider_id,
            session_type=session_type,
            source=source,
            starts_at=times.instant(span.start),
            ends_at=times.instant(span.end),
            issued_at=now,
            label=label,
            payer_id=payer_id,
        )
        for span in _open(found, rules, since, until, now)
    ]


async def open_hours(
    session: AsyncSession, provider_id: UUID, since: datetime, until: datetime
) -> tuple[list[tuple[datetime, datetime]], list[tuple[datetime, datetime]]]:
    """Return when a provider can be booked in a span, and when an imported calendar says that they are elsewhere."""
    found = await queries.calendar(session, provider_id, since, until)
    open_ones = availability.open_spans(found, Windows.OPEN_HOURS, times.seconds(since), times.seconds(until))
    elsewhere = [one for one in found.busy if not one.appointment]
    return (
        [(times.instant(one.start), times.instant(one.end)) for one in open_ones],
        [(times.instant(one.start), times.instant(one.end)) for one in elsewhere],
    )


async def free_times(
    session: AsyncSession,
    provider_id: UUID,
    session_type: SessionType,
    *,
    since: datetime,
    until: datetime,
    length: timedelta | None = None,
    but: UUID | None = None,
    house: House,
    now: datetime,
) -> list[tuple[datetime, datetime]]:
    """Return the open times that start in a range, for a provider who looks for one: no notice, whoever is taken.

    Of its own length, or the usual one; `but` is the appointment that is to be moved.
    """
    settings = await queries.referral_settings(session, provider_id)
    rules = slot_rules(settings, session_type, Source.PROVIDER_MADE, house)
    length_s = int(length.total_seconds()) if length else rules.length
    rules = replace(rules, windows=Windows.OPEN_HOURS, length=length_s)
    found = await queries.calendar(session, provider_id, since - AROUND, until + AROUND, but=but)
    return [(times.instant(one.start), times.instant(one.end)) for one in _open(found, rules, since, until, now)]


async def next_opening(
    session: AsyncSession,
    provider_id: UUID,
    *,
    session_type: SessionType,
    source: Source,
    payer_id: UUID | None = None,
    after: datetime,
    house: House,
    now: datetime,
) -> Span | None:
    """Return the first open slot that starts at `after` or later, however far ahead it is (requirements 2.6)."""
    rules = await _rules(session, Wanted(provider_id, session_type, source, payer_id), house, now)
    if isinstance(rules, Closed):
        return None
    last = now + timedelta(seconds=rules.horizon)
    since = max(after, now)
    found = await queries.calendar(session, provider_id, since - AROUND, last + AROUND)
    while since <= last:
        for span in _open(found, rules, since, since + NEAR, now):
            return span
        since += NEAR
    return None


async def ensure_bookable(session: AsyncSession, offer: Offer, *, house: House, now: datetime) -> None:
    """Refused where an offered slot cannot be booked any more; the three nearest that can come with the refusal.

    The same function as for the list, with the notice of the moment at which it was shown and what is taken now (R23).
    """
    no = await why_not(session, offer, house=house, now=now)
    if no is not None:
        raise await gone(session, offer, no, house=house, now=now)


async def why_not(session: AsyncSession, offer: Offer, *, house: House, now: datetime) -> NotBookable | None:
    """Return why an offered slot cannot be booked any more, if so; Refused where the provider takes nobody for it."""
    wanted = Wanted(offer.provider_id, offer.session_type, offer.source, offer.payer_id)
    rules = await _rules(session, wanted, house, now)
    if isinstance(rules, Closed):
        raise Refused(rules.code, rules.sentence, alternatives=[])
    found = await queries.calendar(session, offer.provider_id, offer.starts_at - AROUND, offer.ends_at + AROUND)
    issued, at = times.seconds(offer.issued_at), times.seconds(now, up=True)
    return slots.check(found, rules, _span(offer), issued=issued, now=at)


async def renewed(session: AsyncSession, offer: Offer, *, house: House, now: datetime) -> Offer | None:
    """Return an offer as it would be made now, with the notice of now; None where its time is open no longer."""
    anew = replace(offer, issued_at=now)
    return anew if await why_not(session, anew, house=house, now=now) is None else None


async def gone(session: AsyncSession, offer: Offer, why: NotBookable, *, house: House, now: datetime) -> Refused:
    """Return the refusal of a slot, with the three that are nearest to it and can be booked."""
    return Refused(why.value, _NOT_BOOKABLE[why], alternatives=await alternatives(session, offer, house=house, now=now))


async def ensure_movable(
    session: AsyncSession, row: Appointment, starts_at: datetime, ends_at: datetime, *, house: House, now: datetime
) -> None:
    """Refused where a client cannot move their appointment to this time; the three nearest that can come with it.

    By the notice and the windows of their source, and at any length that it has (R24). Whom a provider takes anew
    does not matter: this client is there.
    """
    rules = await _terms_of(session, row, house)
    span = Span(times.seconds(starts_at), times.seconds(ends_at))
    rules = replace(rules, length=span.end - span.start)
    at = times.seconds(now, up=True)
    found = await queries.calendar(
        session,
        row.provider_id,
        min(now, starts_at - NEAR) - AROUND,
        ends_at + NEAR + AROUND,
        but=row.id,
    )
    no = slots.check(found, rules, span, issued=at, now=at)
    if no is None:
        return
    since, until = max(now, starts_at - NEAR), max(now, starts_at) + NEAR
    near = slots.nearest(_open(found, rules, since, until, now), span)
    raise Refused(
        no.value,
        _NOT_BOOKABLE[no],
        alternatives=[{"starts_at": times.instant(one.start), "ends_at": times.instant(one.end)} for one in near],
    )


async def movable_to(
    session: AsyncSession, row: Appointment, *, since: datetime, until: datetime, house: House, now: datetime
) -> Sequence[Span]:
    """Return the times in a range that a client can move their appointment to; the same code refuses the others."""
    rules = await _terms_of(session, row, house)
    rules = replace(rules, length=times.seconds(row.ends_at) - times.seconds(row.starts_at))
    found = await queries.calendar(session, row.provider_id, since - AROUND, until + AROUND, but=row.id)
    return _open(found, rules, since, until, now)


async def _terms_of(session: AsyncSession, row: Appointment, house: House) -> SlotRules:
    """Return by which terms a client moves an appointment: what its provider made counts as the portal's."""
    source = row.original_source or row.source
    if source is Source.PROVIDER_MADE or source is Source.WAITLIST_OFFER:
        source = Source.CLIENT_PORTAL
    return slot_rules(await queries.referral_settings(session, row.provider_id), row.session_type, source, house)


async def cautions(session: AsyncSession, row: Appointment) -> tuple[Caution, ...]:
    """Return what a provider should know of a time that they chose: it is outside their hours, or taken elsewhere."""
    found = await queries.calendar(session, row.provider_id, row.starts_at - AROUND, row.ends_at + AROUND, but=row.id)
    return availability.cautions(found, times.seconds(row.starts_at), times.seconds(row.ends_at, up=True))


async def alternatives(session: AsyncSession, offer: Offer, *, house: House, now: datetime) -> list[dict[str, Any]]:
    """Return the three open slots that are nearest to one that is gone, as they are shown, with offers of their own."""
    listed = await list_slots(
        session,
        offer.provider_id,
        session_type=offer.session_type,
        source=offer.source,
        payer_id=offer.payer_id,
        since=max(now, offer.starts_at - NEAR),
        until=max(now, offer.starts_at) + NEAR,
        label=offer.label,
        house=house,
        now=now,
    )
    by_span = {_span(one): one for one in listed}
    return [shown(by_span[span], house) for span in slots.nearest(tuple(by_span), _span(offer))]


def _span(offer: Offer) -> Span:
    return Span(times.seconds(offer.starts_at), times.seconds(offer.ends_at))


def shown(offer: Offer, house: House) -> dict[str, Any]:
    """Return an offer as clients see it: its time, and the signed text to book it with."""
    return {
        "starts_at": offer.starts_at,
        "ends_at": offer.ends_at,
        "offer": offers.sign(offer, house.offer_key),
    }


_NOT_BOOKABLE: Mapping[NotBookable, str] = {
    NotBookable.TAKEN: "This time was just taken. Choose another one.",
    NotBookable.NOT_OPEN: "The provider is no longer open at this time. Choose another one.",
    NotBookable.OFF_GRID: "Appointments begin and last otherwise by now. Choose a time from a new list.",
    NotBookable.TOO_SOON: "This time is too near to be booked. Choose a later one.",
    NotBookable.TOO_FAR: "This time is too far ahead to be booked. Choose an earlier one.",
    NotBookable.TOO_CLOSE: "This time has come too close to another appointment. Choose another one.",
    NotBookable.DAY_IS_FULL: "The provider's day is full by now. Choose another day.",
}


# The terms of a provider, for a session type and a source


class Wanted(NamedTuple):
    """What is asked for, of whom, and from where."""

    provider_id: UUID
    session_type: SessionType
    source: Source
    payer_id: UUID | None


@dataclass(frozen=True, slots=True)
class Closed:
    """Nothing of what is asked for is open at any time; why, in the words of a refusal."""

    code: str
    sentence: str


async def _rules(session: AsyncSession, wanted: Wanted, house: House, now: datetime) -> SlotRules | Closed:
    provider = await people_queries.provider(session, wanted.provider_id)
    if provider is None or not provider.active:
        return Closed("provider_left", "This provider takes no appointments any more. Choose another one.")
    payer = await people_queries.receives_from(session, provider.id, wanted.payer_id) if wanted.payer_id else None
    if wanted.source is Source.PAYER and payer is None:
        return Closed("not_in_programme", "This provider takes no clients from this payer. Choose another one.")
    settings = await queries.referral_settings(session, provider.id)
    failed = gates.failed_gates(
        queries.referral_rules(settings),
        session_type=wanted.session_type,
        source=wanted.source,
        age=None,
        state=None,
        plan=None,
        problems=(),
        now=now,
    )
    if failed:
        return Closed(min(failed).value, gates.sentence(failed))
    asked = (await queries.practice_acceptance(session, provider.practice_id)).get(wanted.source)
    policy = policy_for(wanted.source, asked, payer_is_instant=payer is not None and payer.instant)
    return slot_rules(settings, wanted.session_type, wanted.source, house, policy=policy)


def _open(found: Calendar, rules: SlotRules, since: datetime, until: datetime, now: datetime) -> tuple[Span, ...]:
    at = times.seconds(now, up=True)
    return slots.slots(
        found, rules, since=times.seconds(since, up=True), until=times.seconds(until, up=True), issued=at, now=at
    )
