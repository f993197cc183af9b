"""A client's own account: what is known of them, the four steps, their providers, and its end (4.6, R46, R49)."""

from portal.pages.account import billing, closing, overview, steps

PAGES = (*overview.PAGES, *steps.PAGES, *billing.PAGES, *closing.PAGES)
