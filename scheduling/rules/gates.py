"""Whether a provider takes a client at all: the gates of R18, asked when times are listed and again when one is booked.

Each gate has a name and a sentence that can be shown. A fact that is not known, such as an age or a state, fails
no gate here: a client who books has told what they wanted to tell. Matching is stricter by itself.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from scheduling.values import Gate, ReferralRules, SessionType, Source

SENTENCES: Mapping[Gate, str] = {
    Gate.PUBLISHED: "This provider's page is not public at the moment.",
    Gate.ACCEPTING: "This provider takes no new clients at the moment.",
    Gate.LICENSED: "This provider is not licensed where the client lives.",
    Gate.AGE: "This provider does not see clients of this age.",
    Gate.SESSION_TYPE: "This kind of session cannot be booked with this provider.",
    Gate.MODALITY: "This provider does not offer sessions in this way.",
    Gate.PLAN: "This provider does not take this insurance plan.",
    Gate.PROBLEM: "This provider does not treat this problem.",
    Gate.PREFERENCE: "This provider is not what was asked for.",
    Gate.OPENING: "This provider has no openings.",
    Gate.EXCLUDED: "The client has chosen to see somebody else.",
    Gate.PRESCRIBER: "This provider does not prescribe.",
}


def failed_gates(
    rules: ReferralRules,
    *,
    session_type: SessionType,
    source: Source,
    age: int | None,
    state: str | None,
    plan: str | None,
    problems: Collection[str],
    now: datetime,
) -> frozenset[Gate]:
    """Return the gates that a client does not pass; `plan` is None for who pays themselves.

    A pause is for new clients (R18), so it does not stop those who book through the client portal: they are known.
    """
    failed = {
        Gate.ACCEPTING: source is not Source.CLIENT_PORTAL and not accepts_new(rules, now),
        Gate.SESSION_TYPE: session_type not in rules.by_source.get(source, rules.session_types),
        Gate.AGE: age is not None and not rules.youngest <= age <= rules.oldest,
        Gate.LICENSED: state is not None and state not in rules.states,
        Gate.PLAN: plan is not None and plan not in rules.plans,
        Gate.PROBLEM: not rules.not_treated.isdisjoint(problems),
    }
    return frozenset(gate for gate, is_failed in failed.items() if is_failed)


def accepts_new(rules: ReferralRules, now: datetime) -> bool:
    """Tell whether new clients are taken now; a pause ends at its instant, not after it."""
    return rules.accepting and (rules.paused_until is None or now >= rules.paused_until)


def sentence(failed: Collection[Gate]) -> str:
    """Say what does not fit, in the order in which gates are named."""
    return " ".join(said for gate, said in SENTENCES.items() if gate in failed)
