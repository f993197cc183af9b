"""The figures of this installation that the calendar depends on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from config.keys import derive
from config.settings import Settings
from status import actions as ledger
from status.values import Policy

NewId = Callable[[], UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The figures of this installation that the calendar depends on, and the key that offers are signed with."""

    pool: Sequence[str]
    lead: timedelta
    consult_length: timedelta
    remind_before: timedelta
    late_cancel: timedelta
    moves_by_client: int
    waitlist_hold: timedelta
    policy: Policy
    # Of requests (R92): how long an answer may take, how long before the start it ends, how much time it must have.
    accept_ttl: timedelta
    request_cutoff: timedelta
    request_least: timedelta
    request_warning: timedelta
    # What one client may have at a time (R20, 1.16).
    open_bookings: int
    pending_requests: int
    # Of offers (R23, R24): the usual notice, how long one counts, and what it is signed with.
    min_notice: timedelta
    offer_lives: timedelta
    offer_key: bytes = field(repr=False)
    # What the codes that complete a booking are derived with (1.16).
    code_key: bytes = field(repr=False)


def house(settings: Settings) -> House:
    """Return the figures of this installation."""
    return House(
        pool=settings.lines,
        lead=settings.line_lead,
        consult_length=timedelta(minutes=settings.consult_length_m),
        remind_before=timedelta(hours=settings.reminder_before_h),
        late_cancel=timedelta(hours=settings.late_cancel_h),
        moves_by_client=settings.moves_by_client,
        waitlist_hold=timedelta(hours=settings.waitlist_hold_h),
        policy=ledger.policy(settings),
        accept_ttl=timedelta(hours=settings.accept_ttl_h),
        request_cutoff=timedelta(hours=settings.request_cutoff_h),
        request_least=timedelta(hours=settings.request_least_h),
        request_warning=timedelta(hours=settings.request_warning_h),
        open_bookings=settings.open_bookings,
        pending_requests=settings.pending_requests,
        min_notice=timedelta(hours=settings.min_notice_h),
        offer_lives=timedelta(minutes=settings.offer_m),
        offer_key=derive(settings.secret_key.get_secret_value(), "offers"),
        code_key=derive(settings.secret_key.get_secret_value(), "booking codes"),
    )
