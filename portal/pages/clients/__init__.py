"""Clients as their provider sees them: the list, one of them, added, corrected, archived (R43–R57)."""

from portal.pages.clients import adding, lists, one, referring

PAGES = (*lists.PAGES, *adding.PAGES, *one.PAGES, *referring.PAGES)
