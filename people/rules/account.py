"""What a client's account still needs before a session's details can be confirmed (R49, R50)."""

from collections.abc import Collection, Sequence

from people.values import AccountStep

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
