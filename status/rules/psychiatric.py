"""When a referral for medication ends by itself, and who may consent to one (R43)."""

from datetime import datetime

from status.values import ConsentBy, PsychiatricState

# Who is younger does not consent to a referral for medication alone.
OF_AGE = 18


def state_at(state: PsychiatricState, expires_at: datetime | None, now: datetime) -> PsychiatricState:
    """Return where it stands: one that was sent has expired from its deadline on, however late anybody looks."""
    if state is PsychiatricState.SENT and expires_at is not None and now >= expires_at:
        return PsychiatricState.EXPIRED
    return state


def may_consent(by: ConsentBy, age: int | None) -> bool:
    """Tell whether this consent counts; where no age was given, the word of whoever records it does."""
    return by is ConsentBy.GUARDIAN or age is None or age >= OF_AGE
