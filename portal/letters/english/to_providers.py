"""The letters to providers in English."""

from collections.abc import Mapping

from portal.letters.values import Dial, Wording
from status.values import NoticeKey

TO_PROVIDERS: Mapping[NoticeKey | Dial, Wording] = {
    Dial.LINE: Wording(
        subject="Reminder: phone consultation on {when}",
        paragraphs=(
            "You have a phone consultation on {when}.",
            (
                "Please call {line} from the number that you verified with us. The line connects you from {opens}"
                " until {closes}, and neither before nor after. If you get cut off, call again until then."
            ),
        ),
        text="Consultline: consultation {when}. Call {line} between {opens} and {closes}.",
        sentence="Phone consultation on {when}. Call {line}; the line works from {opens} until {closes}.",
    ),
    Dial.DIRECT: Wording(
        subject="Reminder: phone consultation on {when}",
        paragraphs=(
            "You have a phone consultation on {when}.",
            "The consultation line cannot be used for it. The portal shows the direct number to call.",
        ),
        text="Consultline: consultation {when}. The line cannot be used: see the portal for the direct number.",
        sentence="Phone consultation on {when}. Please call the direct number shown here instead of the line.",
    ),
    Dial.UNVERIFIED: Wording(
        subject="Reminder: phone consultation on {when}",
        paragraphs=(
            "You have a phone consultation on {when}.",
            (
                "The consultation line does not know your number yet. Please verify the number that you call from"
                " in the portal, or call the direct number shown there."
            ),
        ),
        text="Consultline: consultation {when}. Verify your number in the portal, or use the direct one there.",
        sentence="Phone consultation on {when}. Verify the number you call from, or call the direct number.",
    ),
    Dial.NO_NUMBER: Wording(
        subject="Reminder: phone consultation on {when}",
        paragraphs=(
            "You have a phone consultation on {when}.",
            (
                "We have no telephone number of your client that can be called. Please ask for one by message and"
                " add it in the portal."
            ),
        ),
        text="Consultline: consultation {when}. No number to call is known yet: please see the portal.",
        sentence="Phone consultation on {when}. There is no number to call yet: please add one.",
    ),
    NoticeKey.STATUS_TASK: Wording(
        subject="Please share the status of your consultation on {when}",
        paragraphs=(
            "Your consultation on {when} is over.",
            "Did it take place? Please tell us in the portal by {share_by}.",
        ),
        text="Consultline: your consultation on {when} is over. Please share its status by {share_by}.",
        sentence="Did your consultation on {when} take place? Please share its status by {share_by}.",
    ),
    NoticeKey.STATUS_TEXT: Wording(
        subject="Did your consultation on {when} take place?",
        paragraphs=(
            "Your consultation on {when} is over, and we do not know yet whether it took place.",
            (
                "Please tell us in the portal by {share_by}. After that its status is recorded as unknown and can"
                " no longer be changed."
            ),
        ),
        text="Consultline: Did your consultation on {when} take place? Reply YES or NO by {share_by}.",
        sentence="Did your consultation on {when} take place? Please share its status by {share_by}.",
    ),
    NoticeKey.STATUS_UNKNOWN: Wording(
        subject="The status of a consultation was recorded as unknown",
        paragraphs=("The status of your consultation on {when} was not shared by {share_by}, so it is unknown.",),
        text="Consultline: the status of your consultation on {when} was recorded as unknown.",
        sentence="The status of your consultation on {when} was not shared by {share_by}, so it is unknown.",
    ),
    NoticeKey.STATUS_CORRECTED: Wording(
        subject="The status of a consultation was corrected",
        paragraphs=("Our support has corrected the status of your consultation on {when}.",),
        text="Consultline: our support has corrected the status of your consultation on {when}.",
        sentence="Our support has corrected the status of your consultation on {when}.",
    ),
    NoticeKey.LINE_OUTAGE: Wording(
        subject="The consultation line is out of service",
        paragraphs=(
            "The consultation line is out of service at the moment.",
            (
                "For your consultations in the next hours the portal shows the direct number to call. A status that"
                " stays open because of this does not count against you."
            ),
        ),
        text="Consultline: the line is out of service. The portal shows the direct numbers to call.",
        sentence="The consultation line is out of service. Direct numbers are shown with your consultations.",
    ),
    NoticeKey.LINE_RESTORED: Wording(
        subject="The consultation line works again",
        paragraphs=("The consultation line works again. Direct numbers already shown stay until the call's end.",),
        text="Consultline: the line works again.",
        sentence="The consultation line works again. Direct numbers already shown stay until the call's end.",
    ),
    NoticeKey.RESCHEDULED: Wording(
        subject="An appointment was moved to {when}",
        paragraphs=("One of your appointments was moved. It now starts on {when}.",),
        text="Consultline: one of your appointments was moved to {when}.",
        sentence="This appointment was moved to {when}.",
    ),
    NoticeKey.DIAL_NUMBER_CHANGED: Wording(
        subject="The number that you call the line from was changed",
        paragraphs=(
            (
                "The number from which you call the consultation line was changed. Please verify the new one in the"
                " portal before your next call."
            ),
            "If it was not you who changed it, please change your password and write to our support at once.",
        ),
        text="Consultline: your number for the line was changed. If that was not you, contact support at once.",
        sentence="The number you call the line from was changed. Please verify it before your next call.",
    ),
    NoticeKey.NUMBER_CODE: Wording(
        subject="Your code for the number that you call from",
        paragraphs=("Your code is {code}. Type it into the portal by {decide_by}.",),
        text="Consultline: your code is {code}. Type it into the portal by {decide_by}.",
        sentence="Your code is {code}. Type it into the portal by {decide_by}.",
    ),
    NoticeKey.PIN_LOCKED: Wording(
        subject="Your PIN for the consultation line is locked for an hour",
        paragraphs=(
            "Too many wrong PINs were keyed from your number, so the line takes none from it for an hour.",
            "If it was not somebody of your practice, please choose a new PIN in the portal.",
        ),
        text="Consultline: too many wrong PINs from your number. The line takes none from it for an hour.",
        sentence="Too many wrong PINs came from your number. The line takes none from it for an hour.",
    ),
    NoticeKey.ISSUE_RECEIVED: Wording(
        subject="We have received your report",
        paragraphs=(
            (
                "We have received your report about the appointment on {when}. Our support looks into it and"
                " answers you."
            ),
        ),
        text="Consultline: we have received your report about the appointment on {when}.",
        sentence="We have received your report about the appointment on {when}.",
    ),
    NoticeKey.ISSUE_ANSWERED: Wording(
        subject="We have answered your report",
        paragraphs=(
            "We have looked into your report about the appointment on {when}. You can read our answer in the portal.",
        ),
        text="Consultline: we have answered your report about the appointment on {when}. See the portal.",
        sentence="We have answered your report about the appointment on {when}.",
    ),
    NoticeKey.CLIENT_NUMBER_UNUSABLE: Wording(
        subject="A number is missing for your consultation on {when}",
        paragraphs=(
            (
                "The line could not connect you for your consultation on {when}: the telephone number of your"
                " client is missing or cannot be called."
            ),
            "Please ask for another one by message and add it in the portal.",
        ),
        text="Consultline: no number can be called for your consultation on {when}. Please see the portal.",
        sentence="Your client's number for {when} is missing or cannot be called. Please add another one.",
    ),
    NoticeKey.NEW_REFERRAL: Wording(
        subject="You have a new referral, starting on {when}",
        paragraphs=(
            "You have a new referral, starting on {when}. It is in your calendar; you need not confirm it.",
            "From the portal you can write to your client, switch the appointment to a call, or cancel it.",
        ),
        text="Consultline: you have a new referral, starting on {when}. Please see the portal.",
        sentence="You have a new referral, starting on {when}.",
    ),
    NoticeKey.BOOKING_MADE: Wording(
        subject="A new appointment on {when}",
        paragraphs=("One of your clients has booked an appointment on {when}.",),
        text="Consultline: one of your clients has booked an appointment on {when}.",
        sentence="One of your clients has booked an appointment on {when}.",
    ),
    NoticeKey.CANCELLED_BY_CLIENT: Wording(
        subject="Your appointment on {when} was cancelled",
        paragraphs=("Your client has cancelled the appointment on {when}. The time is free again.",),
        text="Consultline: your client has cancelled the appointment on {when}. The time is free again.",
        sentence="Your client has cancelled the appointment on {when}. The time is free again.",
    ),
    NoticeKey.REQUEST_TO_DECIDE: Wording(
        subject="A request for {when} waits for your decision",
        paragraphs=(
            "You are asked for an appointment on {when}.",
            (
                "Please accept or decline in the portal by {decide_by}. The time is held until then; without a"
                " decision the request ends and the time is free again."
            ),
        ),
        text="Consultline: a request for {when} waits. Please decide in the portal by {decide_by}.",
        sentence="You are asked for an appointment on {when}. Please accept or decline by {decide_by}.",
    ),
    NoticeKey.REQUEST_EXPIRING: Wording(
        subject="A request for {when} still waits for your decision",
        paragraphs=(
            "A request for an appointment on {when} still waits for your decision.",
            "It ends on {decide_by}. Please accept or decline in the portal before that.",
        ),
        text="Consultline: a request for {when} still waits. Please decide by {decide_by}.",
        sentence="A request for an appointment on {when} still waits. It ends on {decide_by}.",
    ),
    NoticeKey.REQUEST_WITHDRAWN: Wording(
        subject="A request for {when} was withdrawn",
        paragraphs=("The request for an appointment on {when} was withdrawn. The time is free again.",),
        text="Consultline: the request for {when} was withdrawn. The time is free again.",
        sentence="The request for an appointment on {when} was withdrawn. The time is free again.",
    ),
    NoticeKey.CLIENT_MOVED_ON: Wording(
        subject="One of your referrals has ended",
        paragraphs=(
            "A client who was referred to you has decided to look for another provider. You need do nothing.",
            "The portal shows which referral it is.",
        ),
        text="Consultline: a client who was referred to you has decided to look for another provider.",
        sentence="This client has decided to look for another provider. You need do nothing.",
    ),
    NoticeKey.NO_CONTACT: Wording(
        subject="You have not spoken with one of your referrals yet",
        paragraphs=(
            "As far as we know, you and a client who was referred to you have not spoken yet.",
            "You may want to write to them or to offer another time. The portal shows which referral it is.",
        ),
        text="Consultline: as far as we know, you have not spoken with one of your referrals. See the portal.",
        sentence="As far as we know, you have not spoken yet. You may want to write, or to offer another time.",
    ),
    NoticeKey.PSYCHIATRIC_REFERRAL: Wording(
        subject="A colleague refers a client to you",
        paragraphs=(
            "A colleague would like to refer a client to you. The client has consented to it.",
            "Please accept or decline in the portal by {decide_by}. After that the referral ends by itself.",
        ),
        text="Consultline: a colleague refers a client to you. Please decide in the portal by {decide_by}.",
        sentence="A colleague refers a client to you. Please accept or decline by {decide_by}.",
    ),
    NoticeKey.PSYCHIATRIC_ANSWERED: Wording(
        subject="There is news of a referral that you made",
        paragraphs=("There is news of a referral that you made to a colleague. Please see it in the portal.",),
        text="Consultline: there is news of a referral that you made. Please see the portal.",
        sentence="There is news of the referral that you made to a colleague.",
    ),
    NoticeKey.ENROLLED: Wording(
        subject="You are in the client referral programme: please fill in your public profile",
        paragraphs=(
            "Your practice has added you to the client referral programme.",
            (
                "Please fill in and submit your public profile, and say which of your times are open to payers."
                " Until you submit it, payers see nothing of you."
            ),
        ),
        text="Consultline: you are in the referral programme. Please submit your public profile in the portal.",
        sentence="You are in the client referral programme. Please fill in and submit your public profile.",
    ),
    NoticeKey.PROFILE_NEEDS_ATTENTION: Wording(
        subject="Your public profile is hidden from payers",
        paragraphs=(
            "Something that payers need is missing from your public profile, so they do not see it any more.",
            "The portal says what it is. As soon as it is filled in, payers see your profile again.",
        ),
        text="Consultline: your public profile is hidden from payers. Please see the portal for what is missing.",
        sentence="Payers do not see your public profile: something that they need is missing from it.",
    ),
    NoticeKey.ENROLMENT_ENDED: Wording(
        subject="You have left the client referral programme",
        paragraphs=(
            "Your practice has taken you out of the client referral programme.",
            "Open requests from payers were declined. Appointments that are booked stay as they are.",
        ),
        text="Consultline: you have left the client referral programme. Booked appointments stay.",
        sentence="You have left the client referral programme. Booked appointments stay as they are.",
    ),
    NoticeKey.INVITATION_FAILED: Wording(
        subject="An invitation did not arrive",
        paragraphs=(
            "The mail server of a client whom you have invited refuses their address.",
            "The portal shows which client it is. Please correct the address there, and we invite them again.",
        ),
        text="Consultline: an invitation of yours did not arrive. Please correct the address in the portal.",
        sentence="Your invitation did not arrive: the address is refused. Please correct it, and we invite them again.",
    ),
    NoticeKey.ACCOUNT_READY: Wording(
        subject="A client of yours is ready",
        paragraphs=("A client of yours has done every step of their account. The portal shows who it is.",),
        text="Consultline: a client of yours has done every step of their account.",
        sentence="This client has done every step of their account.",
    ),
    NoticeKey.NEW_MESSAGE: Wording(
        subject="You have a new message",
        paragraphs=("You have a new message. Please read it in the portal.",),
        text="Consultline: you have a new message. Please read it in the portal.",
        sentence="You have a new message.",
    ),
}
