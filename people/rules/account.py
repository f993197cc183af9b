"""Where a client's account stands, and what it still needs before a session's details can be confirmed (R49, R50)."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from people.values import AccountState, AccountStep, Insured

# An insurance is asked for once in so long, whatever gives the occasion (R48).
ASK_AGAIN_AFTER = timedelta(days=7)

_WORDS = {
    AccountStep.VERIFY: "verified address",
    AccountStep.INSURANCE: "insurance",
    AccountStep.BILLING: "billing form",
    AccountStep.FORMS: "acknowledged forms",
}


def missing(done: Collection[AccountStep]) -> tuple[AccountStep, ...]:
    """Return the steps that are not done, in the order in which a client is asked for them."""
    return tuple(step for step in AccountStep if step not in done)


def in_words(steps: Sequence[AccountStep]) -> str:
    """Name steps as a provider reads them: "billing form, acknowledged forms"."""
    return ", ".join(_WORDS[step] for step in steps)


def as_of(
    stored: AccountState, invited_until: datetime | None, lacks: Collection[AccountStep], now: datetime
) -> AccountState:
    """Return where an account stands now: an invitation ends by itself, and so does what an old form was worth."""
    if stored is AccountState.INVITED and invited_until is not None and now >= invited_until:
        return AccountState.INVITE_EXPIRED
    if stored is AccountState.READY and lacks:
        return AccountState.VERIFIED
    return stored


def is_known(told: Insured) -> bool:
    """Tell whether an insurance is known: all three, or it is a draft (R47)."""
    return bool(told.company and told.member_id and told.birth_date)


def may_ask_for_insurance(asked_at: datetime | None, *, known: bool, now: datetime) -> bool:
    """Tell whether a client is asked for their insurance now (R48)."""
    return not known and (asked_at is None or now - asked_at >= ASK_AGAIN_AFTER)


def not_before(starts_at: datetime, place: int, *, an_hour: int) -> datetime:
    """Return when the invitation at this place in a list goes out: so many an hour, evenly (R63)."""
    return starts_at + timedelta(hours=1) * place / an_hour
