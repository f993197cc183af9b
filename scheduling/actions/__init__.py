"""What can happen in the calendar. Called inside somebody's transaction; never commits."""

from scheduling.actions.appointments import book, let_go, take_up
from scheduling.actions.availability import add_block, change_block, change_settings, remove_block, set_hours
from scheduling.actions.booking import WrongCode, begin_booking, book_offer, complete_booking
from scheduling.actions.calendar_feeds import calendar_feed_digest, make_calendar_feed, revoke_calendar_feed
from scheduling.actions.changes import cancel, reschedule, switch_to_call
from scheduling.actions.clients import archive_client, close_account, unarchive_client
from scheduling.actions.codes import booking_code
from scheduling.actions.corrections import correct_consultation
from scheduling.actions.deadlines import enqueue_due
from scheduling.actions.endings import confirm_details, end, mark_no_show
from scheduling.actions.feeds import (
    AHEAD,
    BEHIND,
    CLAIM_LASTS,
    Claim,
    Copy,
    add_feed,
    claim_feed,
    note_feed,
    remove_feed,
)
from scheduling.actions.house import House, house
from scheduling.actions.matching import (
    forget_searches,
    provider_visibility,
    read_search,
    search,
    search_again,
    show_search,
)
from scheduling.actions.openings import (
    HISTORY,
    compute_openings,
    openings_now,
    refresh_openings,
)
from scheduling.actions.profiles import (
    change_profile,
    second_visits,
)
from scheduling.actions.psychiatric import (
    Consent,
    accept_psychiatric,
    decline_psychiatric,
    note_first_visit,
    record_consent,
    refer_to_prescriber,
    send_to_prescriber,
    withdraw_psychiatric,
)
from scheduling.actions.rematch import find_another, hand_back, search_for_referred, see_referral
from scheduling.actions.requests import (
    accept_request,
    decline_request,
    expire_request,
    leave_programme,
    withdraw_request,
)
from scheduling.actions.series import Made, cancel_series, make_series, move_series
from scheduling.actions.slots import (
    alternatives,
    cautions,
    ensure_bookable,
    ensure_movable,
    list_slots,
    next_opening,
    shown,
    slot_rules,
    usual_length_m,
)
from scheduling.actions.waitlist import (
    accept_offer,
    decline_offer,
    join_waitlist,
    lapse_offer,
    leave_waitlist,
    offer_freed,
)

__all__ = [
    "AHEAD",
    "BEHIND",
    "CLAIM_LASTS",
    "HISTORY",
    "Claim",
    "Consent",
    "Copy",
    "House",
    "Made",
    "WrongCode",
    "accept_offer",
    "accept_psychiatric",
    "accept_request",
    "add_block",
    "add_feed",
    "alternatives",
    "archive_client",
    "begin_booking",
    "book",
    "book_offer",
    "booking_code",
    "calendar_feed_digest",
    "cancel",
    "cancel_series",
    "cautions",
    "change_block",
    "change_profile",
    "change_settings",
    "claim_feed",
    "close_account",
    "complete_booking",
    "compute_openings",
    "confirm_details",
    "correct_consultation",
    "decline_offer",
    "decline_psychiatric",
    "decline_request",
    "end",
    "enqueue_due",
    "ensure_bookable",
    "ensure_movable",
    "expire_request",
    "find_another",
    "forget_searches",
    "hand_back",
    "house",
    "join_waitlist",
    "lapse_offer",
    "leave_programme",
    "leave_waitlist",
    "let_go",
    "list_slots",
    "make_calendar_feed",
    "make_series",
    "mark_no_show",
    "move_series",
    "next_opening",
    "note_feed",
    "note_first_visit",
    "offer_freed",
    "openings_now",
    "provider_visibility",
    "read_search",
    "record_consent",
    "refer_to_prescriber",
    "refresh_openings",
    "remove_block",
    "remove_feed",
    "reschedule",
    "revoke_calendar_feed",
    "search",
    "search_again",
    "search_for_referred",
    "second_visits",
    "see_referral",
    "send_to_prescriber",
    "set_hours",
    "show_search",
    "shown",
    "slot_rules",
    "switch_to_call",
    "take_up",
    "unarchive_client",
    "usual_length_m",
    "withdraw_psychiatric",
    "withdraw_request",
]
