"""The letters about accounts, in English."""

from collections.abc import Mapping

from portal.letters.values import Wording
from status.values import NoticeKey

TO_ACCOUNTS: Mapping[NoticeKey, Wording] = {
    NoticeKey.INVITATION: Wording(
        subject="Your sign-in for Consultline",
        paragraphs=(
            "You have been given a sign-in for Consultline.",
            "Open this link to begin: {link}",
            "It works once, until {until}.",
        ),
        text="Consultline: you were invited. Please see your mail.",
        sentence="You were invited.",
    ),
    NoticeKey.CLIENT_INVITATION: Wording(
        subject="{provider} invites you to Consultline",
        paragraphs=(
            "{provider} has added you as a client.",
            "Open this link to begin with your account: {link}",
            "It works once, until {until}.",
        ),
        text="Consultline: {provider} has invited you. Please see your mail.",
        sentence="{provider} has added you as a client.",
    ),
    NoticeKey.SIGN_IN_LINK: Wording(
        subject="Your link to sign in",
        paragraphs=(
            "Open this link to sign in: {link}",
            "It works once, until {until}. Nobody else should have it.",
        ),
        text="Consultline: your link to sign in is in your mail.",
        sentence="A link to sign in was sent.",
    ),
    NoticeKey.PASSWORD_RESET: Wording(
        subject="A new password for Consultline",
        paragraphs=(
            "Somebody has asked for a new password for your account.",
            "Open this link to choose one: {link}",
            "It works once, until {until}. If it was not you, there is nothing to do.",
        ),
        text="Consultline: a link for a new password is in your mail.",
        sentence="A link for a new password was sent.",
    ),
    NoticeKey.NEW_DEVICE: Wording(
        subject="Your account was used in a new browser",
        paragraphs=(
            "A browser that we have not seen before has just signed in to your account.",
            "If it was not you, please choose a new password at once: that signs everybody out.",
        ),
        text="Consultline: a new browser has signed in to your account.",
        sentence="A new browser has signed in to your account.",
    ),
    NoticeKey.NEW_ADDRESS: Wording(
        subject="Please confirm your new address",
        paragraphs=(
            "Open this link to use this address for your account from now on: {link}",
            "It works once, until {until}.",
        ),
        text="Consultline: please confirm your new address by the link in your mail.",
        sentence="A link to confirm your new address was sent.",
    ),
    NoticeKey.ADDRESS_CHANGED: Wording(
        subject="The address of your account was changed",
        paragraphs=(
            "The mail address of your account was changed.",
            "If it was not you, please write to our support at once.",
        ),
        text="Consultline: the address of your account was changed.",
        sentence="The address of your account was changed.",
    ),
    NoticeKey.REQUEST_TO_DECIDE: Wording(
        subject="A request waits for a decision in your practice",
        paragraphs=(
            "A provider of your practice is asked for an appointment.",
            (
                "They or you accept or decline in the portal by {until}. The time is held until then; without a"
                " decision the request ends and the time is free again."
            ),
        ),
        text="Consultline: a request waits for a decision in your practice. Please see the portal.",
        sentence="A provider of your practice is asked for an appointment.",
    ),
    NoticeKey.PROFILE_NEEDS_ATTENTION: Wording(
        subject="A profile of your practice is hidden from payers",
        paragraphs=(
            "Something that payers need is missing from the public profile of a provider of your practice.",
            "Payers do not see that profile until it is filled in. The portal says whose it is and what is missing.",
        ),
        text="Consultline: a profile of your practice is hidden from payers. Please see the portal.",
        sentence="A profile of your practice is hidden from payers.",
    ),
}
