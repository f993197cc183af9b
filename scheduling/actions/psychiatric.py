"""Referring a client to somebody who prescribes (R43): who may, to whom, and what a yes brings with it.

A therapist drafts it, the client consents, and the therapist chooses from a search for prescribers. The prescriber
is asked without a name. With their yes the client stands in their list as a prospect, whom they may write to and book;
with the first visit, or when they book themselves, the client becomes active.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.errors import NotFound, Refused
from config.lifecycles import next_state
from people import actions as people
from people import queries as people_queries
from people.values import RelationshipEvent, RelationshipState
from scheduling import queries
from scheduling.models import Search
from scheduling.rules import gates as sentences
from scheduling.rules import vocabulary
from scheduling.rules.matching import gates, record
from scheduling.values import Answers, Gate
from status import actions as ledger
from status import queries as ledger_queries
from status.actions import NewId
from status.models import PsychiatricReferral
from status.rules.access import may, see_theirs
from status.rules.lifecycle import PSYCHIATRIC
from status.rules.psychiatric import may_consent, state_at
from status.values import Actor, ActorKind, ConsentBy, PsychiatricEvent, PsychiatricState


@dataclass(frozen=True, slots=True)
class Consent:
    """Who has consented, and to which version of the statement."""

    by: ConsentBy
    statement: int


@may(ActorKind.PROVIDER, ActorKind.OPERATOR)
async def refer_to_prescriber(
    session: AsyncSession, provider_id: UUID, client_id: UUID, *, actor: Actor, now: datetime, new_id: NewId
) -> PsychiatricReferral:
    """Draft a referral for one of a provider's active clients; one at a time, and not by those who prescribe."""
    see_theirs(actor, provider_id=provider_id)
    profile = await people_queries.profile(session, provider_id)
    if profile and vocabulary.prescribes(profile.taxonomy):
        raise Refused("you_prescribe", "You prescribe yourself, so your clients need no referral for it.")
    link = await people_queries.relationship(session, provider_id, client_id)
    if link is None:
        raise NotFound
    if link.state is not RelationshipState.ACTIVE:
        raise Refused(
            "client_not_active", "Only a client who is active in your list can be referred.", state=link.state.value
        )
    known = await ledger_queries.open_psychiatric_for_update(session, provider_id, client_id)
    if known and not await ledger.lapse_psychiatric(session, known.id, now=now, new_id=new_id):
        raise Refused(
            "already_referred",
            "This client has an open referral for medication already. See it through, or withdraw it.",
            psychiatric_referral=str(known.id),
            state=known.state.value,
        )
    return await ledger.draft_psychiatric(
        session, provider_id=provider_id, client_id=client_id, actor=actor, now=now, new_id=new_id
    )


@may(ActorKind.PROVIDER, ActorKind.OPERATOR)
async def record_consent(
    session: AsyncSession, psychiatric_id: UUID, consent: Consent, *, actor: Actor, now: datetime, new_id: NewId
) -> PsychiatricReferral:
    """Write down that the client has consented, or a guardian for who is not of age."""
    row = await _ready(session, psychiatric_id, PsychiatricEvent.CONSENT, actor=actor, now=now)
    seen = await people_queries.seen(session, [(row.provider_id, row.client_id)], now)
    if not may_consent(consent.by, seen[row.provider_id, row.client_id].age):
        raise Refused("guardian_needed", "This client is not of age: record the consent of a guardian.", status=422)
    row.consented_at, row.consented_by, row.consent_statement = now, consent.by, consent.statement
    return await _moved(session, row, PsychiatricEvent.CONSENT, actor=actor, now=now, new_id=new_id)


@may(ActorKind.PROVIDER, ActorKind.OPERATOR)
async def send_to_prescriber(
    session: AsyncSession,
    psychiatric_id: UUID,
    *,
    search: Search,
    prescriber_id: UUID,
    lives: timedelta,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> PsychiatricReferral:
    """Ask a prescriber whom a search has found; its gates are asked again. `lives` is the time to answer."""
    row = await _ready(session, psychiatric_id, PsychiatricEvent.SEND, actor=actor, now=now)
    await _ensure_fits(session, record.read_answers(search.answers), prescriber_id, of=row.provider_id, now=now)
    row.search_id, row.prescriber_id = search.id, prescriber_id
    row.sent_at, row.expires_at = now, now + lives
    return await _moved(session, row, PsychiatricEvent.SEND, actor=actor, now=now, new_id=new_id)


async def _ensure_fits(
    session: AsyncSession, answers: Answers, prescriber_id: UUID, *, of: UUID, now: datetime
) -> None:
    """See that somebody is what was looked for, as they are now; a full calendar keeps nobody from asking."""
    if not gates.wants_prescriber(answers):
        raise Refused("no_prescribers_sought", "Search for those who prescribe, then choose from them.", status=422)
    if prescriber_id == of:
        raise Refused("yourself", "Choose somebody else than the one who refers.", status=422)
    found = (await queries.candidates(session, [prescriber_id], answers.session_type)).get(prescriber_id)
    if found is None:
        raise Refused("no_such_provider", "There is no provider under this id.", status=422)
    missed = {miss.gate for miss in gates.misses(found, answers, now=now)} - {Gate.OPENING}
    if missed:
        raise Refused(
            "does_not_fit",
            f"This provider does not fit what was searched for. {sentences.sentence(missed)}",
            gates=sorted(missed),
        )


@may(ActorKind.PROVIDER, ActorKind.OPERATOR)
async def accept_psychiatric(
    session: AsyncSession, psychiatric_id: UUID, *, actor: Actor, now: datetime, new_id: NewId
) -> PsychiatricReferral:
    """Say yes as the prescriber: the client stands in their list from now on, and they learn who it is."""
    row = await _ready(session, psychiatric_id, PsychiatricEvent.ACCEPT, actor=actor, now=now)
    assert row.prescriber_id is not None  # noqa: S101 - one was asked
    link = await people_queries.relationship_for_update(session, row.prescriber_id, row.client_id)
    if link is None:
        await people.begin_relationship(
            session, row.prescriber_id, row.client_id, RelationshipState.PROSPECT, now=now, new_id=new_id
        )
    elif link.state is RelationshipState.BLOCKED:
        raise Refused("blocked", "You have blocked this client. Please decline.")
    elif link.state is RelationshipState.ARCHIVED:
        await people.unarchive(session, link, now=now)
    elif link.state is RelationshipState.PROPOSED:  # the client's consent is what was waited for
        await people.move_relationship(session, link, RelationshipEvent.BECOMES_ACTIVE, now=now)
    return await _moved(session, row, PsychiatricEvent.ACCEPT, actor=actor, now=now, new_id=new_id)


@may(ActorKind.PROVIDER, ActorKind.OPERATOR)
async def decline_psychiatric(
    session: AsyncSession, psychiatric_id: UUID, *, actor: Actor, now: datetime, new_id: NewId
) -> PsychiatricReferral:
    """Say no as the prescriber, who never learns whom it was about."""
    row = await _ready(session, psychiatric_id, PsychiatricEvent.DECLINE, actor=actor, now=now)
    return await _moved(session, row, PsychiatricEvent.DECLINE, actor=actor, now=now, new_id=new_id)


@may(ActorKind.PROVIDER, ActorKind.OPERATOR)
async def withdraw_psychiatric(
    session: AsyncSession, psychiatric_id: UUID, *, actor: Actor, now: datetime, new_id: NewId
) -> PsychiatricReferral:
    """Take a referral back, since its client takes back their consent, or for any other reason."""
    row = await _ready(session, psychiatric_id, PsychiatricEvent.WITHDRAW, actor=actor, now=now)
    return await _moved(session, row, PsychiatricEvent.WITHDRAW, actor=actor, now=now, new_id=new_id)


@may(ActorKind.PROVIDER, ActorKind.OPERATOR)
async def note_first_visit(
    session: AsyncSession, psychiatric_id: UUID, *, actor: Actor, now: datetime, new_id: NewId
) -> PsychiatricReferral:
    """Write down that the client has seen the prescriber, who has an active client from now on."""
    row = await _ready(session, psychiatric_id, PsychiatricEvent.VISIT, actor=actor, now=now)
    assert row.prescriber_id is not None  # noqa: S101 - somebody has accepted
    link = await people_queries.relationship_for_update(session, row.prescriber_id, row.client_id)
    if link and link.state is RelationshipState.PROSPECT:
        await people.move_relationship(session, link, RelationshipEvent.BECOMES_ACTIVE, now=now)
    return await _moved(session, row, PsychiatricEvent.VISIT, actor=actor, now=now, new_id=new_id)


async def _ready(
    session: AsyncSession, psychiatric_id: UUID, event: PsychiatricEvent, *, actor: Actor, now: datetime
) -> PsychiatricReferral:
    """Lock one and see that this can happen to it now, else Refused with where it stands."""
    row = await ledger_queries.psychiatric_referral_for_update(session, psychiatric_id)
    if row is None:
        raise NotFound
    see_theirs(actor, provider_id=row.prescriber_id if event in _BY_PRESCRIBER else row.provider_id)
    stands = state_at(row.state, row.expires_at, now)
    if next_state(PSYCHIATRIC, stands, event) is None:
        raise Refused("not_possible_now", _STANDS[stands], state=stands.value)
    return row


# What is up to the prescriber; all else is up to who refers.
_BY_PRESCRIBER = {PsychiatricEvent.ACCEPT, PsychiatricEvent.DECLINE, PsychiatricEvent.VISIT}

_STANDS = {
    PsychiatricState.DRAFT: "This referral is a draft. Record the client's consent first.",
    PsychiatricState.CONSENTED: "The client has consented. Choose a prescriber and send the referral next.",
    PsychiatricState.SENT: "This referral was sent, and the prescriber has yet to answer.",
    PsychiatricState.ACCEPTED: "This referral was accepted, and the first visit comes next.",
    PsychiatricState.DECLINED: "This referral was declined. Make another one.",
    PsychiatricState.EXPIRED: "Nobody answered this referral in time, so it has expired. Make another one.",
    PsychiatricState.WITHDRAWN: "This referral was withdrawn. Make another one.",
    PsychiatricState.FIRST_VISIT: "The client has been to the prescriber, so this referral is done.",
}


async def _moved(
    session: AsyncSession,
    row: PsychiatricReferral,
    event: PsychiatricEvent,
    *,
    actor: Actor,
    now: datetime,
    new_id: NewId,
) -> PsychiatricReferral:
    moved = await ledger.move_psychiatric(session, row, event, actor=actor, now=now, new_id=new_id)
    assert moved  # noqa: S101 - `_ready` has looked
    return row
