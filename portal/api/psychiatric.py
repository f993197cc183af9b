"""Referrals for medication (R43): a therapist refers, a prescriber answers, and each sees their side of it.

Before a yes the prescriber is shown an age, a state, a session type and problems, and neither name nor id.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from config.errors import Refused
from people import queries as people_queries
from people.values import SeenClient, TokenRole
from portal.api import access, cursors
from portal.api.fields import WHOLE, Listing, Nothing, Shape
from portal.api.operation import ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation
from portal.consents import PSYCHIATRIC_CONSENT
from scheduling import actions as scheduling
from scheduling import queries
from scheduling.rules.matching import record
from scheduling.values import Answers, SessionType
from status import queries as ledger_queries
from status.models import PsychiatricReferral
from status.rules.psychiatric import state_at
from status.values import ConsentBy, PsychiatricState


class Side(StrEnum):
    """On which side of a referral a provider stands."""

    REFERRER = "referrer"
    PRESCRIBER = "prescriber"


class NewPsychiatricReferral(Shape):
    """For whom it is made; a provider's token refers its own client and needs no `provider_id`."""

    provider_id: UUID | None = None


class ConsentGiven(Shape):
    """Who has consented, and to which version of the statement; for a minor it is a guardian."""

    by: ConsentBy
    statement: Annotated[int, Field(ge=1, le=1000), WHOLE]


class PrescriberChoice(Shape):
    """Who is asked, and the search for prescribers that found them."""

    search_id: UUID
    prescriber_id: UUID


class PsychiatricListing(Listing):
    """Which referrals: made by a provider or sent to them, and where they stand."""

    provider_id: UUID | None = None
    state: PsychiatricState | None = None


class ConsentShown(Shape):
    """A consent as it was recorded."""

    by: ConsentBy
    at: datetime
    statement: int


class StatementShown(Shape):
    """What a client consents to, in words to be read to them, and its version."""

    version: int
    en: str
    es: str


class ReferredClient(Shape):
    """Whom a referral is about; to a prescriber `id` and `name` are null until they have accepted."""

    id: UUID | None
    name: str | None
    age: int | None
    lives_in: str | None
    session_type: SessionType | None
    problems: list[str]


class PsychiatricShown(Shape):
    """A referral for medication; `side` is the caller's, null for an operator.

    `statement` is what the client is asked to consent to, shown to who refers until it is recorded.
    """

    id: UUID
    side: Side | None
    provider_id: UUID
    prescriber_id: UUID | None
    state: PsychiatricState
    client: ReferredClient
    consent: ConsentShown | None
    statement: StatementShown | None
    search_id: UUID | None
    created_at: datetime
    sent_at: datetime | None
    expires_at: datetime | None
    answered_at: datetime | None
    version: int


class PsychiatricsShown(Shape):
    """Referrals for medication, the newest first."""

    items: list[PsychiatricShown]
    next: str | None


async def create(ask: Ask[NewPsychiatricReferral, Nothing]) -> Answer:
    """Draft a referral for a client."""
    provider_id = access.acting_provider(ask, ask.body.provider_id)
    client, _ = await access.client(ask, ask.path["client_id"])
    row = await scheduling.refer_to_prescriber(
        ask.session, provider_id, client.id, actor=ask.actor, now=ask.now, new_id=ask.new_id
    )
    return await _shown(ask, row)


async def listed(ask: Ask[Nothing, PsychiatricListing]) -> Answer:
    """List referrals for medication, the newest first."""
    found = await ledger_queries.psychiatric_referrals(
        ask.session,
        provider_id=access.only_theirs(ask, ask.query.provider_id),
        state=ask.query.state,
        now=ask.now,
        before=cursors.instant_and_id(ask.query.after),
        limit=ask.query.limit + 1,
    )
    rows, after = cursors.newest(found, ask.query.limit)
    return Answer(PsychiatricsShown(items=await _views(ask, rows), next=after))


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show a referral for medication."""
    return await _shown(ask, await access.psychiatric(ask, ask.path["psychiatric_id"]))


async def consent(ask: Ask[ConsentGiven, Nothing]) -> Answer:
    """Record the client's consent."""
    row = await _own(ask, Side.REFERRER)
    if ask.body.statement not in PSYCHIATRIC_CONSENT:
        raise Refused("no_such_statement", "There is no statement of this version.", status=422)
    given = scheduling.Consent(by=ask.body.by, statement=ask.body.statement)
    row = await scheduling.record_consent(ask.session, row.id, given, actor=ask.actor, now=ask.now, new_id=ask.new_id)
    return await _shown(ask, row)


async def send(ask: Ask[PrescriberChoice, Nothing]) -> Answer:
    """Ask a prescriber."""
    row = await _own(ask, Side.REFERRER)
    row = await scheduling.send_to_prescriber(
        ask.session,
        row.id,
        search=await access.search(ask, ask.body.search_id),
        prescriber_id=ask.body.prescriber_id,
        lives=timedelta(days=ask.settings.psychiatric_d),
        actor=ask.actor,
        now=ask.now,
        new_id=ask.new_id,
    )
    return await _shown(ask, row)


async def accept(ask: Ask[Nothing, Nothing]) -> Answer:
    """Say yes as the prescriber."""
    row = await _own(ask, Side.PRESCRIBER)
    row = await scheduling.accept_psychiatric(ask.session, row.id, actor=ask.actor, now=ask.now, new_id=ask.new_id)
    return await _shown(ask, row)


async def decline(ask: Ask[Nothing, Nothing]) -> Answer:
    """Say no as the prescriber."""
    row = await _own(ask, Side.PRESCRIBER)
    row = await scheduling.decline_psychiatric(ask.session, row.id, actor=ask.actor, now=ask.now, new_id=ask.new_id)
    return await _shown(ask, row)


async def withdraw(ask: Ask[Nothing, Nothing]) -> Answer:
    """Take a referral back."""
    row = await _own(ask, Side.REFERRER)
    row = await scheduling.withdraw_psychiatric(ask.session, row.id, actor=ask.actor, now=ask.now, new_id=ask.new_id)
    return await _shown(ask, row)


async def visit(ask: Ask[Nothing, Nothing]) -> Answer:
    """Write down that the client has seen the prescriber."""
    row = await _own(ask, Side.PRESCRIBER)
    row = await scheduling.note_first_visit(ask.session, row.id, actor=ask.actor, now=ask.now, new_id=ask.new_id)
    return await _shown(ask, row)


async def _own(ask: Ask[Any, Any], side: Side) -> PsychiatricReferral:
    """Return a referral for who may do this: the side that it is up to, or an operator."""
    row = await access.psychiatric(ask, ask.path["psychiatric_id"])
    if _side(ask, row) not in {None, side}:
        raise Refused("other_side", f"This is up to the {side.value}.", status=403)
    return row


def _side(ask: Ask[Any, Any], row: PsychiatricReferral) -> Side | None:
    if ask.caller.role is TokenRole.ADMIN:
        return None
    return Side.REFERRER if ask.caller.provider_id == row.provider_id else Side.PRESCRIBER


async def _shown(ask: Ask[Any, Any], row: PsychiatricReferral) -> Answer:
    subjects = [row.id, row.provider_id, *([row.prescriber_id] if row.prescriber_id else [])]
    return Answer((await _views(ask, [row]))[0], tuple(subjects))


async def _views(ask: Ask[Any, Any], rows: Sequence[PsychiatricReferral]) -> list[PsychiatricShown]:
    pairs = [(row.provider_id, row.client_id) for row in rows]
    clients = await people_queries.seen(ask.session, pairs, ask.now)
    searched = await queries.searches_of(ask.session, [row.search_id for row in rows if row.search_id])
    answers = {one: record.read_answers(row.answers) for one, row in searched.items()}
    return [_view(ask, row, clients, answers.get(row.search_id) if row.search_id else None) for row in rows]


def _view(
    ask: Ask[Any, Any],
    row: PsychiatricReferral,
    clients: Mapping[tuple[UUID, UUID], SeenClient],
    answers: Answers | None,
) -> PsychiatricShown:
    side, stands = _side(ask, row), state_at(row.state, row.expires_at, ask.now)
    theirs = side is not Side.PRESCRIBER
    return PsychiatricShown(
        id=row.id,
        side=side,
        provider_id=row.provider_id,
        prescriber_id=row.prescriber_id,
        state=stands,
        client=_client(row, clients[row.provider_id, row.client_id], answers, named=theirs or stands.told),
        consent=_consent(row),
        statement=_STATEMENT if theirs and stands is PsychiatricState.DRAFT else None,
        search_id=row.search_id if theirs else None,
        created_at=row.created_at,
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        answered_at=row.answered_at,
        version=row.version,
    )


def _client(row: PsychiatricReferral, client: SeenClient, answers: Answers | None, *, named: bool) -> ReferredClient:
    """Show a client; what was said in the search stands in for what their account does not tell."""
    said = answers.age if answers else None
    return ReferredClient(
        id=row.client_id if named else None,
        name=client.name if named else None,
        age=said if client.age is None else client.age,
        lives_in=answers.state if answers else client.lives_in,
        session_type=answers.session_type if answers else None,
        problems=list(answers.problems) if answers else [],
    )


def _consent(row: PsychiatricReferral) -> ConsentShown | None:
    if row.consented_at is None or row.consented_by is None or row.consent_statement is None:
        return None
    return ConsentShown(by=row.consented_by, at=row.consented_at, statement=row.consent_statement)


_NEWEST = max(PSYCHIATRIC_CONSENT)
_STATEMENT = StatementShown(
    version=_NEWEST, **{language.value: said for language, said in PSYCHIATRIC_CONSENT[_NEWEST].items()}
)


def _step(name: str, path: str, summary: str, handler: Any, body: Any = Nothing) -> Operation[Any, Any]:
    """Return the operation of one step of a referral."""
    return Operation(
        name=name,
        method=Method.POST,
        path=f"/psychiatric-referrals/{{psychiatric_id}}/{path}",
        roles=ADMIN_AND_PROVIDER,
        summary=summary,
        handler=handler,
        body=body,
        query=Nothing,
        answer=PsychiatricShown,
    )


OPERATIONS = (
    Operation(
        name="createPsychiatricReferral",
        method=Method.POST,
        path="/clients/{client_id}/psychiatric-referral",
        roles=ADMIN_AND_PROVIDER,
        summary="Draft a referral of a client to somebody who prescribes",
        handler=create,
        body=NewPsychiatricReferral,
        query=Nothing,
        answer=PsychiatricShown,
        status=201,
        body_optional=True,
    ),
    Operation(
        name="listPsychiatricReferrals",
        method=Method.GET,
        path="/psychiatric-referrals",
        roles=ADMIN_AND_PROVIDER,
        summary="List referrals to those who prescribe",
        handler=listed,
        body=Nothing,
        query=PsychiatricListing,
        answer=PsychiatricsShown,
        refuses=frozenset({404}),
    ),
    Operation(
        name="getPsychiatricReferral",
        method=Method.GET,
        path="/psychiatric-referrals/{psychiatric_id}",
        roles=ADMIN_AND_PROVIDER,
        summary="Show a referral to somebody who prescribes",
        handler=show,
        body=Nothing,
        query=Nothing,
        answer=PsychiatricShown,
    ),
    _step("consentToPsychiatricReferral", "consent", "Record the client's consent", consent, ConsentGiven),
    _step("sendPsychiatricReferral", "send", "Ask a prescriber whom a search has found", send, PrescriberChoice),
    _step("acceptPsychiatricReferral", "accept", "Take a referred client on", accept),
    _step("declinePsychiatricReferral", "decline", "Take a referred client not on", decline),
    _step("withdrawPsychiatricReferral", "withdraw", "Take a referral back", withdraw),
    _step("notePsychiatricVisit", "visit", "Write down the first visit", visit),
)
