"""The letters in English."""

from portal.letters.english.to_accounts import TO_ACCOUNTS
from portal.letters.english.to_clients import TO_CLIENTS
from portal.letters.english.to_providers import TO_PROVIDERS
from portal.letters.values import Catalogue
from scheduling.values import Method, SessionType

ENGLISH = Catalogue(
    to_providers=TO_PROVIDERS,
    to_clients=TO_CLIENTS,
    to_accounts=TO_ACCOUNTS,
    session={
        SessionType.PHONE_CONSULTATION: "phone consultation",
        SessionType.FULL_SESSION: "session",
    },
    held={
        SessionType.PHONE_CONSULTATION: "{provider} calls you at the number that you have given us.",
        SessionType.FULL_SESSION: "The portal shows where it is held.",
    },
    held_without_a_number="{provider} will call you, but we have no number of yours: please add one in the portal.",
    enclosed={
        Method.PUBLISH: "The attached file brings your calendar up to date.",
        Method.CANCEL: "The attached file takes it out of most calendars; please see that it is gone from yours.",
    },
    none_ahead="none",
    to_the_portal="Open the portal",
    footer_for_providers="Consultline sends you this because you are one of its providers."
    " Nobody reads replies to this address.",
    footer_for_clients="Consultline sends you this about appointments with one of its providers."
    " Nobody reads replies to this address.",
    footer_for_accounts="Consultline sends you this because of an account with your address."
    " If it was not you, please tell our support.",
    stop="STOP to end texts.",
    entry_title={
        SessionType.PHONE_CONSULTATION: "Phone consultation",
        SessionType.FULL_SESSION: "Session",
    },
    entry_title_with_initials="{title}, {initials}",
    entry_with="With {provider}.",
    entry_line="Call {line}; the line works from {opens} until {closes}.",
)
