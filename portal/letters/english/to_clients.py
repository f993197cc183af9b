"""The letters to clients in English."""

from collections.abc import Mapping

from portal.letters.values import Wording
from status.values import NoticeKey

TO_CLIENTS: Mapping[NoticeKey, Wording] = {
    NoticeKey.BOOKING_CODE: Wording(
        subject="Your code for Consultline",
        paragraphs=(
            "Your code is {code}.",
            "Please enter it where you were asked for it, to complete what you began. It works until {until}.",
            "If you have begun nothing with us, you need do nothing: without the code nothing happens.",
        ),
        text="Consultline: your code is {code}. It works until {until}.",
        sentence="Your code is {code}. It works until {until}.",
    ),
    NoticeKey.BOOKING_MADE: Wording(
        subject="Your appointment on {when}",
        paragraphs=(
            "You have a {session} with {provider} on {when}.",
            "{held}",
            "If you cannot come, please cancel in the portal, so that somebody else can have the time.",
        ),
        text="Consultline: your appointment is on {when}. Please see the portal.",
        sentence="You have a {session} with {provider} on {when}.",
    ),
    NoticeKey.SWITCHED_TO_CALL: Wording(
        subject="Your appointment on {when} is now a call",
        paragraphs=(
            "{provider} has changed your appointment on {when} to a {session}. It is free and starts at the same time.",
            "{held}",
            "If a call does not suit you, you can cancel it in the portal at no cost.",
        ),
        text="Consultline: your appointment on {when} is now a free call. Please see the portal.",
        sentence="Your appointment with {provider} on {when} is now a {session}. It is free.",
    ),
    NoticeKey.CANCELLED_BY_PROVIDER: Wording(
        subject="Your appointment on {when} was cancelled",
        paragraphs=(
            "We are sorry: {provider} has cancelled your {session} on {when}.",
            "In the portal you can choose another time, or see other providers.",
        ),
        if_wrote="{provider} has written you a message. It waits for you in the portal.",
        text="Consultline: your appointment on {when} was cancelled. Please see the portal.",
        sentence="{provider} has cancelled your {session} on {when}.",
    ),
    NoticeKey.CANCELLED_BY_CLIENT: Wording(
        subject="Your appointment on {when} is cancelled",
        paragraphs=(
            "Your {session} with {provider} on {when} is cancelled, as you wished.",
            "In the portal you can choose another time whenever you like.",
        ),
        text="Consultline: your appointment on {when} is cancelled, as you wished.",
        sentence="You have cancelled your {session} with {provider} on {when}.",
    ),
    NoticeKey.REQUEST_ACCEPTED: Wording(
        subject="Your appointment on {when} is confirmed",
        paragraphs=(
            "{provider} has accepted your request: you have a {session} on {when}.",
            "{held}",
            "If you cannot come, please cancel in the portal, so that somebody else can have the time.",
        ),
        text="Consultline: your appointment on {when} is confirmed. Please see the portal.",
        sentence="{provider} has accepted your request: you have a {session} on {when}.",
    ),
    NoticeKey.REQUEST_DECLINED: Wording(
        subject="Your request for {when} was declined",
        paragraphs=(
            "We are sorry: {provider} cannot see you on {when}, so your request was declined.",
            "The portal shows other times, and other providers.",
        ),
        if_wrote="{provider} has written why. You can read it in the portal.",
        text="Consultline: your request for {when} was declined. The portal shows other times.",
        sentence="{provider} cannot see you on {when}, so your request was declined.",
    ),
    NoticeKey.REQUEST_EXPIRED: Wording(
        subject="Your request for {when} has ended",
        paragraphs=(
            "We are sorry: your request for a {session} with {provider} on {when} was not answered in time.",
            "It has ended, and the time is no longer held. The portal shows other times, and other providers.",
        ),
        text="Consultline: your request for {when} was not answered in time. The portal shows other times.",
        sentence="Your request for a {session} with {provider} on {when} was not answered in time.",
    ),
    NoticeKey.WAITLIST_OPENING: Wording(
        subject="A time has come free: {when}",
        paragraphs=(
            "A time with {provider} has come free, and you are next: a {session} on {when}.",
            (
                "It is kept for you until {until}. Please accept it in the portal by then. If you let it go, you keep"
                " your place on the waitlist."
            ),
        ),
        text="Consultline: a time has come free on {when}, kept for you until {until}. See the portal.",
        sentence="A {session} with {provider} on {when} is kept for you until {until}.",
    ),
    NoticeKey.CLIENT_REMINDER: Wording(
        subject="Reminder: your appointment on {when}",
        paragraphs=(
            "You have a {session} with {provider} on {when}.",
            "{held}",
        ),
        text="Consultline: your appointment is on {when}.",
        sentence="You have a {session} with {provider} on {when}.",
    ),
    NoticeKey.RESCHEDULED: Wording(
        subject="Your appointment was moved to {when}",
        paragraphs=(
            "Your {session} with {provider} was moved. It now starts on {when}.",
            "If that does not suit you, please choose another time or cancel in the portal.",
        ),
        text="Consultline: your appointment was moved to {when}. Please see the portal.",
        sentence="Your {session} with {provider} was moved to {when}.",
    ),
    NoticeKey.SERIES_CHANGED: Wording(
        subject="Your appointments have changed",
        paragraphs=(
            "Your series of appointments with {provider} has changed.",
            "Your next appointments are now: {ahead}.",
        ),
        text="Consultline: your series of appointments has changed. Please see the portal.",
        sentence="Your series of appointments with {provider} has changed. Next: {ahead}.",
    ),
    NoticeKey.HANDED_BACK: Wording(
        subject="We help you to find another provider",
        paragraphs=(
            "{provider} has asked our support to help you to find another provider.",
            (
                "Somebody of our support writes to you soon. You can also look at other providers in the portal at any"
                " time; appointments that you have stay as they are for now."
            ),
        ),
        text="Consultline: our support helps you to find another provider, and writes to you soon.",
        sentence="Our support helps you to find another provider than {provider}, and writes to you soon.",
    ),
    NoticeKey.INSURANCE_REQUEST: Wording(
        subject="Please add your insurance",
        paragraphs=(
            "{provider} needs your insurance to bill your sessions.",
            "Please add it in the portal: the company or plan, your member id and your birth date.",
        ),
        text="Consultline: please add your insurance in the portal.",
        sentence="Please add your insurance: {provider} needs it to bill your sessions.",
    ),
    NoticeKey.ACCOUNT_LACKS: Wording(
        subject="Please look at your account",
        paragraphs=(
            "Something in your account has to be renewed: a form has a new version, or a billing method is over.",
            "The portal shows what it is. Appointments that you have stay as they are.",
        ),
        text="Consultline: something in your account has to be renewed. Please see the portal.",
        sentence="Something in your account has to be renewed. Appointments that you have stay as they are.",
    ),
    NoticeKey.PROVIDER_ADDED: Wording(
        subject="{provider} has added you",
        paragraphs=(
            "{provider} has added you as a client.",
            "They see nothing of your account until you say yes. Please answer in the portal.",
        ),
        text="Consultline: {provider} has added you as a client. Please answer in the portal.",
        sentence="{provider} has added you as a client. They see nothing of your account until you say yes.",
    ),
    NoticeKey.NEW_MESSAGE: Wording(
        subject="You have a new message",
        paragraphs=("You have a new message. Please read it in the portal.",),
        text="Consultline: you have a new message. Please read it in the portal.",
        sentence="You have a new message.",
    ),
    NoticeKey.MESSAGE_CODE: Wording(
        subject="Your code for Consultline",
        paragraphs=(
            "Your code is {code}.",
            "Please enter it to send your message. It works until {until}.",
            "If you have not written anything, you need do nothing: without the code nothing is sent.",
        ),
        text="Consultline: your code is {code}. It works until {until}.",
        sentence="Your code is {code}. It works until {until}.",
    ),
}
