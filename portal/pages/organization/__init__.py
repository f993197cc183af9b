"""The pages of who administers a practice: its staff, the client referral programme, members and the line."""

from portal.pages.organization import practice, programme, staff
from portal.pages.page import Page

PAGES: tuple[Page, ...] = (*staff.PAGES, *programme.PAGES, *practice.PAGES)
