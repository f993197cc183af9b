"""What holds for each source of appointments: the table of requirements 1.16, and what a practice may change in it."""

from collections.abc import Mapping
from dataclasses import replace

from scheduling.values import Acceptance, Source, SourcePolicy, Windows

_REFERRED = SourcePolicy(
    acceptance=Acceptance.NONE, windows=Windows.OPEN_HOURS, notice=True, recurring=False, referral=True
)

POLICIES: Mapping[Source, SourcePolicy] = {
    Source.PLATFORM_SEARCH: _REFERRED,
    Source.BOOKING_LINK: _REFERRED,
    Source.COLLEAGUE: _REFERRED,
    Source.PAYER: replace(_REFERRED, acceptance=Acceptance.REQUIRED, windows=Windows.EXTERNAL_BLOCKS),
    Source.CLIENT_PORTAL: replace(_REFERRED, acceptance=Acceptance.REQUIRED, referral=False),
    Source.PROVIDER_MADE: SourcePolicy(
        acceptance=Acceptance.NONE, windows=Windows.ANY, notice=False, recurring=True, referral=False
    ),
    Source.WAITLIST_OFFER: SourcePolicy(
        acceptance=Acceptance.CLIENT, windows=Windows.FREED, notice=False, recurring=False, referral=False
    ),
}


def policy_for(source: Source, asked: Acceptance | None = None, *, payer_is_instant: bool = False) -> SourcePolicy:
    """Return what holds for a source where a practice `asked` for some acceptance of its own.

    A practice may ask for more than the house does. For less it may ask with existing clients, and with a payer
    that allows it; what it may not ask for changes nothing.
    """
    policy = POLICIES[source]
    if asked is None or policy.acceptance is Acceptance.CLIENT or source is Source.PROVIDER_MADE:
        return policy
    may_lower = source is Source.CLIENT_PORTAL or (source is Source.PAYER and payer_is_instant)
    if asked is Acceptance.REQUIRED or (asked is Acceptance.NONE and may_lower):
        return replace(policy, acceptance=asked)
    return policy
