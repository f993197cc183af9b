"""What can happen in the calendar. Called inside somebody's transaction; never commits."""

from scheduling.actions.appointments import book, let_go, take_up
from scheduling.actions.availability import add_block, change_block, change_settings, remove_block, set_hours
from scheduling.actions.booking import WrongCode, begin_booking, book_offer, complete_booking
from scheduling.actions.calendar_feeds import calendar_feed_digest, make_calendar_feed, revoke_calendar_feed
from scheduling.actions.changes import cancel, reschedule, switch_to_call
from scheduling.actions.clients import archive_client, unarchive_client
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
    profile,
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
from scheduling.actions.slots import (
    alternatives,
    ensure_bookable,
    list_slots,
    next_opening,
    shown,
    slot_rules,
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
    "WrongCode",
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
    "change_block",
    "change_profile",
    "change_settings",
    "claim_feed",
    "complete_booking",
    "compute_openings",
    "confirm_details",
    "correct_consultation",
    "decline_psychiatric",
    "decline_request",
    "end",
    "enqueue_due",
    "ensure_bookable",
    "expire_request",
    "find_another",
    "forget_searches",
    "hand_back",
    "house",
    "leave_programme",
    "let_go",
    "list_slots",
    "make_calendar_feed",
    "mark_no_show",
    "next_opening",
    "note_feed",
    "note_first_visit",
    "openings_now",
    "profile",
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
    "see_referral",
    "send_to_prescriber",
    "session_types",
    "set_hours",
    "show_search",
    "shown",
    "slot_rules",
    "switch_to_call",
    "take_up",
    "unarchive_client",
    "withdraw_psychiatric",
    "withdraw_request",
]
