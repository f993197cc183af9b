"""Which page is whose: every page by every role, and by those who have the role and not the row (F35).

The actions have a table of their own (tests/test_access.py), and so has the API. A page without a row here fails.
"""

import re
from collections.abc import Callable, Mapping

from config.deps import Deps
from people.values import Role
from portal.pages import PAGES
from portal.pages.page import CLIENTS, DESK, EVERYBODY, PRACTICE, PRACTICE_ADMINS, PROVIDERS, SIGNED_IN, Page
from tests.builders import World
from tests.portal.api.test_access import Things, things_of
from tests.portal.pages.conftest import Accounts, Browser

STAFF = frozenset(Role) - CLIENTS
SIDES = PROVIDERS | CLIENTS

# Who reaches a page at all; what is theirs on it is tried below.
WHOSE: Mapping[frozenset[Role], str] = {
    EVERYBODY: """home contact client_link forgotten sign_in sign_in_second link preferences openings book code
        another_code join_waitlist find how_ordered found leave_out write write_code public_page""",
    SIGNED_IN: "recovery_codes sign_out sign_out_everywhere",
    STAFF: "prove security change_password change_factor",
    CLIENTS: """waitlist_place bookings booking cancel_booking withdraw_booking move_booking find_another booking_file
        account account_details account_address account_accept account_decline account_insurance account_forms
        account_billing account_billing_back sandbox_card account_close""",
    PROVIDERS: """share_status decide share clients clients_export clients_add client client_edit client_invite
        client_archive client_unarchive client_block client_support client_refer import import_preview
        import_report settings_notices notices_again issues client_take client_insurance number
        number_code number_text number_typed other_number pin settings settings_profile settings_photo
        settings_office settings_referrals""",
    PRACTICE: """calendar unconfirmed referrals new_appointment request confirm_request decline_request open_referral
        appointment reschedule switch_to_call cancel_appointment confirm_details mark_no_show report_issue hand_back
        doubt_status hours new_block block delete_block add_feed remove_feed calendar_feed""",
    PRACTICE_ADMINS: """organization staff staff_details programme programme_add programme_edit programme_remind
        programme_delete programme_deactivate practice practice_invite practice_remove practice_line""",
    PRACTICE_ADMINS | PROVIDERS: "public_profile",
    SIDES: "message_support message_with",
    SIDES | DESK: "messages thread",
    DESK: """desk desk_cases desk_case answer_case close_case write_about_case rematch desk_line desk_calls desk_call
        desk_appointment correct""",
    frozenset({Role.ADMIN}): "desk_history export",
}
TABLE = {name: roles for roles, names in WHOSE.items() for name in names.split()}


def test_every_page_has_a_row() -> None:
    assert {page.name: page.roles for page in PAGES} == TABLE


def path_of(page: Page, ids: Mapping[str, object]) -> str:
    return re.sub(r"\{(\w+):.*?\}(?=/|$)|\{(\w+)\}", lambda found: str(ids[found[1] or found[2]]), page.path)


async def answers(browser: Browser, page: Page, path: str, *, once: bool = False) -> dict[str, int]:
    """Return what somebody gets who asks for a page, and who sends its form; `once` is one of the two."""
    found = {}
    if page.show is not None and not (once and page.submit is not None):
        found["GET"] = (await browser.get(path, allow_redirects=False)).status
    if page.submit is not None:
        found["POST"] = (await browser.post(path, allow_redirects=False)).status
    return found


async def test_f35_who_has_not_the_role_finds_nothing_and_who_has_it_nothing_of_others(
    browsers: Callable[[], Browser], accounts: Accounts, world: World, deps: Deps
) -> None:
    one, two = await world.provider(), await world.provider()
    ids = await ids_of(world, deps, await things_of(world, one))
    client = await world.client(two)
    practice = await world.practice()
    people_there = {
        Role.PROVIDER: await accounts.of(two),
        Role.CLIENT: await accounts.of_client(client),
        Role.PRACTICE_ADMIN: await accounts.in_practice(practice, Role.PRACTICE_ADMIN, email="admin@example.com"),
        Role.SCHEDULER: await accounts.in_practice(practice, Role.SCHEDULER, email="scheduler@example.com"),
        Role.SUPPORT: await accounts.of(operator=Role.SUPPORT, email="support@example.com"),
    }
    wrong: list[str] = []
    nobody = browsers()
    for page in PAGES:
        if page.roles:
            told = await answers(nobody, page, path_of(page, ids), once=True)
            wrong += [f"nobody {method} {page.name}: {status}" for method, status in told.items() if status != 303]
    for role, account in people_there.items():
        browser = browsers()
        await accounts.by_cookie(browser, account)
        for page in PAGES:
            theirs = not page.roles or role in page.roles
            another = "{" in page.path and page.name not in PUBLIC and role is not Role.SUPPORT
            if page.roles and (not theirs or another):
                told = await answers(browser, page, path_of(page, ids), once=not theirs)
                wrong += [f"{role} {method} {page.name}: {got}" for method, got in told.items() if got != 404]
    assert not wrong, "\n" + "\n".join(wrong)


# Ids in these paths are no secrets, or say what is asked for and not whose.
PUBLIC = {"clients_export"}


async def ids_of(world: World, deps: Deps, things: Things) -> Mapping[str, object]:
    """Return what stands in paths: one of everything of a provider's."""
    return {
        **vars(things),
        "entry_id": things.waitlist_id,
        "feed_id": things.busy_feed_id,
        "other_id": things.client_id,
        "case_id": deps.new_id(),
        "account_id": deps.new_id(),
        "thread_id": deps.new_id(),
        "format": "csv",
    }
