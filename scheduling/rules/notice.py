"""How long before its start an appointment can be booked by somebody else than the provider (R24, R25, R92)."""

from datetime import timedelta

from scheduling.values import Acceptance, Source, SourcePolicy

# A payer never gets nearer than this, whatever a provider has set (1.16).
PAYER_AT_LEAST = timedelta(hours=2)


def least_notice(
    source: Source,
    policy: SourcePolicy,
    *,
    usual: timedelta,
    urgent: timedelta | None,
    cutoff: timedelta,
    decision: timedelta,
) -> timedelta:
    """Return the notice of a source; `urgent` is what a provider takes who wants urgent referrals.

    Where somebody has to say yes, a request ends `cutoff` before its start, and a time is shown only while
    `decision` is left until then.
    """
    if not policy.notice:
        return timedelta()
    notice = usual if urgent is None else min(usual, urgent)
    if source is Source.PAYER:
        notice = max(notice, PAYER_AT_LEAST)
    if policy.acceptance is Acceptance.REQUIRED:
        notice = max(notice, cutoff + decision)
    return notice
