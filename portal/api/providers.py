"""Providers: who they are, how the line knows them, and the proof of their number.

`dial_phone` is what the line knows a provider by (R102), so nobody sees it but the provider and operators.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from bridge import actions as bridge
from config.errors import Refused
from config.keys import derive
from people import actions as people
from people import queries
from people.models import Provider
from people.values import Language, TokenRole
from portal.api import access, cursors
from portal.api.fields import (
    LINES,
    Absent,
    Address,
    Listing,
    Name,
    Nothing,
    Phone,
    Pin,
    Shape,
    Zone,
    changes,
)
from portal.api.operation import ADMIN, ADMIN_AND_PROVIDER, Answer, Ask, Method, Operation

Npi = Annotated[
    str,
    Field(
        pattern=r"^[12][0-9]{9}$",
        description="A National Provider Identifier; one whose check digit is wrong is a 422.",
        examples=["1234567893"],
    ),
]
Location = Annotated[
    str,
    Field(
        min_length=1,
        max_length=300,
        pattern=LINES,
        description="Where they usually work, as on an envelope.",
        examples=["12 Elm Street\nNew York, NY 10001"],
    ),
    AfterValidator(str.strip),
]


class NewProvider(Shape):
    """A provider to be added; `dial_phone_verified` is an operator's word that the number is theirs."""

    practice_id: UUID
    first_name: Name
    last_name: Name
    email: Address
    dial_phone: Phone
    dial_phone_verified: bool = False
    office_phone: Phone | None = None
    timezone: Zone
    language: Language = Language.ENGLISH


class ProviderChange(Shape):
    """What is to change; a new `dial_phone` is not verified, unless an operator says so."""

    first_name: Name = Absent
    last_name: Name = Absent
    email: Address = Absent
    dial_phone: Phone | None = Absent
    dial_phone_verified: Literal[True] = Absent
    office_phone: Phone | None = Absent
    npi: Npi | None = Absent
    location: Location | None = Absent
    timezone: Zone = Absent
    language: Language = Absent


class NewPin(Shape):
    """Six digits by which the line tells those apart who share a number (R114)."""

    pin: Pin


class ProviderShown(Shape):
    """A provider, as they see themselves."""

    id: UUID
    practice_id: UUID
    first_name: str
    last_name: str
    email: str
    dial_phone: str | None
    dial_phone_verified_at: datetime | None
    office_phone: str | None
    npi: str | None
    location: str | None
    timezone: str
    language: Language
    active: bool
    created_at: datetime
    version: int


class ProvidersShown(Shape):
    """Providers, in the order of their ids."""

    items: list[ProviderShown]
    next: str | None


class CodeTexted(Shape):
    """A code is on its way to the number."""

    expires_at: datetime


class TextedCode(Shape):
    """The code that came in the text."""

    code: Annotated[str, Field(pattern=r"^[0-9]{6}$", examples=["274913"])]


class NumberVerified(Shape):
    """Whether the code was right; if not, how many more tries it has."""

    verified: bool
    tries_left: int | None


class CodeShown(Shape):
    """A code to be keyed on a call from `dial_phone` to any of `lines` (R104)."""

    code: str
    expires_at: datetime
    lines: list[str]


class ProviderListing(Listing):
    """Which providers."""

    practice_id: UUID | None = None


async def create(ask: Ask[NewProvider, Nothing]) -> Answer:
    """Add a provider."""
    new = ask.body
    row = await people.add_provider(
        ask.session,
        practice_id=new.practice_id,
        first_name=new.first_name,
        last_name=new.last_name,
        email=new.email,
        dial_phone=new.dial_phone,
        office_phone=new.office_phone,
        timezone=new.timezone,
        language=new.language,
        verified=new.dial_phone_verified,
        now=ask.now,
        new_id=ask.new_id,
    )
    return _shown(row)


async def listed(ask: Ask[Nothing, ProviderListing]) -> Answer:
    """List providers; a provider finds themselves."""
    if ask.caller.role is TokenRole.PROVIDER:
        rows = [await access.provider(ask, access.acting_provider(ask, None))]
        rows = [row for row in rows if ask.query.practice_id in {None, row.practice_id}]
        return Answer(ProvidersShown(items=[ProviderShown.model_validate(row) for row in rows], next=None))
    found = await queries.providers(
        ask.session,
        practice_id=ask.query.practice_id,
        after=cursors.row_id(ask.query.after),
        limit=ask.query.limit + 1,
    )
    shown, after = cursors.page(found, ask.query.limit)
    return Answer(ProvidersShown(items=[ProviderShown.model_validate(row) for row in shown], next=after))


async def show(ask: Ask[Nothing, Nothing]) -> Answer:
    """Show a provider."""
    return _shown(await access.provider(ask, ask.path["provider_id"]))


async def edit(ask: Ask[ProviderChange, Nothing]) -> Answer:
    """Change a provider; only an operator can call a number verified (R104)."""
    row = await access.provider(ask, ask.path["provider_id"], lock=True)
    sent = changes(ask.body)
    if "dial_phone_verified" in sent and ask.caller.role is not TokenRole.ADMIN:
        raise Refused("forbidden", "Verify the number from your own phone: dial-phone/verify.", status=403)
    changed = changes(ask.body, "dial_phone", "dial_phone_verified")
    await people.change_provider(ask.session, row, changed, actor=ask.actor, now=ask.now, new_id=ask.new_id)
    if sent.keys() & {"dial_phone", "dial_phone_verified"}:
        await people.change_dial_phone(
            ask.session,
            row,
            sent.get("dial_phone", row.dial_phone),
            verified="dial_phone_verified" in sent,
            actor=ask.actor,
            now=ask.now,
            new_id=ask.new_id,
        )
    return _shown(row)


async def set_pin(ask: Ask[NewPin, Nothing]) -> Answer:
    """Set or change a PIN; nobody can read it again."""
    row = await access.provider(ask, ask.path["provider_id"], lock=True)
    key = derive(ask.settings.secret_key.get_secret_value(), "pins")
    await people.set_pin(ask.session, row, ask.body.pin, pin_key=key, now=ask.now)
    return Answer(None, (row.id,))


async def verify(ask: Ask[Nothing, Nothing]) -> Answer:
    """Begin to verify `dial_phone`: the code is shown here and keyed on a call from there."""
    row = await access.provider(ask, ask.path["provider_id"], lock=True)
    code, expires_at = await bridge.begin_verification(
        ask.session, row, settings=ask.settings, new_code=ask.deps.new_code, now=ask.now, new_id=ask.new_id
    )
    return Answer(CodeShown(code=code, expires_at=expires_at, lines=list(ask.settings.lines)), (row.id,))


async def text_code(ask: Ask[Nothing, Nothing]) -> Answer:
    """Text a code to `dial_phone`, to be sent back here."""
    row = await access.provider(ask, ask.path["provider_id"], lock=True)
    expires_at = await bridge.text_number_code(
        ask.session, row, settings=ask.settings, actor=ask.actor, now=ask.now, new_id=ask.new_id
    )
    return Answer(CodeTexted(expires_at=expires_at))


async def take_code(ask: Ask[TextedCode, Nothing]) -> Answer:
    """Take the code that was texted; a wrong one is an answer, so that it counts."""
    row = await access.provider(ask, ask.path["provider_id"], lock=True)
    left = await bridge.take_number_code(
        ask.session, row, ask.body.code, settings=ask.settings, actor=ask.actor, now=ask.now, new_id=ask.new_id
    )
    return Answer(NumberVerified(verified=left is None, tries_left=left), (row.id,))


def _shown(row: Provider) -> Answer:
    return Answer(ProviderShown.model_validate(row), (row.id,))


OPERATIONS = (
    Operation(
        name="createProvider",
        method=Method.POST,
        path="/providers",
        roles=ADMIN,
        summary="Add a provider to a practice",
        handler=create,
        body=NewProvider,
        query=Nothing,
        answer=ProviderShown,
        status=201,
        makes="provider_id",
    ),
    Operation(
        name="listProviders",
        method=Method.GET,
        path="/providers",
        roles=ADMIN_AND_PROVIDER,
        summary="List providers",
        handler=listed,
        body=Nothing,
        query=ProviderListing,
        answer=ProvidersShown,
    ),
    Operation(
        name="getProvider",
        method=Method.GET,
        path="/providers/{provider_id}",
        roles=ADMIN_AND_PROVIDER,
        summary="Show a provider",
        handler=show,
        body=Nothing,
        query=Nothing,
        answer=ProviderShown,
    ),
    Operation(
        name="changeProvider",
        method=Method.PATCH,
        path="/providers/{provider_id}",
        roles=ADMIN_AND_PROVIDER,
        summary="Change a provider",
        handler=edit,
        body=ProviderChange,
        query=Nothing,
        answer=ProviderShown,
    ),
    Operation(
        name="setPin",
        method=Method.PUT,
        path="/providers/{provider_id}/pin",
        roles=ADMIN_AND_PROVIDER,
        summary="Set the PIN that a provider keys on the line",
        handler=set_pin,
        body=NewPin,
        query=Nothing,
        answer=None,
        status=204,
    ),
    Operation(
        name="verifyDialPhone",
        method=Method.POST,
        path="/providers/{provider_id}/dial-phone/verify",
        roles=ADMIN_AND_PROVIDER,
        summary="Begin to verify the number that a provider dials from",
        handler=verify,
        body=Nothing,
        query=Nothing,
        answer=CodeShown,
        status=201,
        kept=False,
    ),
    Operation(
        name="textDialPhoneCode",
        method=Method.POST,
        path="/providers/{provider_id}/dial-phone/text",
        roles=ADMIN_AND_PROVIDER,
        summary="Text a code to the number that a provider dials from",
        handler=text_code,
        body=Nothing,
        query=Nothing,
        answer=CodeTexted,
        status=201,
        refuses=frozenset({409, 422}),
    ),
    Operation(
        name="takeDialPhoneCode",
        method=Method.POST,
        path="/providers/{provider_id}/dial-phone/code",
        roles=ADMIN_AND_PROVIDER,
        summary="Verify that number by the code that was texted to it",
        handler=take_code,
        body=TextedCode,
        query=Nothing,
        answer=NumberVerified,
        refuses=frozenset({409}),
    ),
)
