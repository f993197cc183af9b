"""Booking from a provider's public page: openings, the form, the code, the waitlist (R4, R21, R23-R28)."""

from portal.pages.booking import code, form, openings, waitlist

PAGES = (*openings.PAGES, *form.PAGES, *code.PAGES, *waitlist.PAGES)
