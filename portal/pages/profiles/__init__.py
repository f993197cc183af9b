"""The pages of what a provider says of themselves: their public page, and the tabs of the settings that fill it."""

from portal.pages.page import Page
from portal.pages.profiles import edit, public, referrals

PAGES: tuple[Page, ...] = (*public.PAGES, *edit.PAGES, *referrals.PAGES)
