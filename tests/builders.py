"""People and appointments for stories, made through the same actions that the API calls.

All of them are invented: numbers are 212-555-01xx, addresses are at example.com, every name has "Canary" in it.
Nothing of that may turn up in what the service logs: `tests/canaries.py` looks.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import count
from tempfile import TemporaryFile
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from config.deps import Deps
from config.keys import derive
from people import actions as people
from people import forms
from people import queries as people_queries
from people.models import Client, ImportJob, Payer, Practice, Profile, Provider
from people.readers import bounded
from people.values import AccountEvent, AccountStep, EnrolmentEvent, Insured, Language, PracticeKind, RelationshipState
from people.values.imports import ReadChoices
from scheduling import actions as scheduling
from scheduling.actions.requests import make_request
from scheduling.models import (
    Appointment,
    Block,
    BookingDraft,
    BusyFeed,
    ReferralSettings,
    Request,
    Series,
    WaitlistEntry,
)
from scheduling.values import (
    Answers,
    BlockKind,
    BlockRule,
    BookingClient,
    Every,
    Offer,
    Repeats,
    Save,
    SearchResult,
    SeriesRule,
    SessionType,
    Source,
    WeeklyHours,
)
from status.models import PsychiatricReferral
from status.values import Actor, ActorKind

OPERATOR = Actor(kind=ActorKind.OPERATOR)


def as_provider(provider_id: UUID) -> Actor:
    """Act as this provider."""
    return Actor(kind=ActorKind.PROVIDER, id=provider_id)


def as_client(client_id: UUID) -> Actor:
    """Act as this client."""
    return Actor(kind=ActorKind.CLIENT, id=client_id)


def as_practice(*provider_ids: UUID) -> Actor:
    """Act as somebody of the practice in which these providers work."""
    return Actor(kind=ActorKind.PRACTICE, providers=frozenset(provider_ids))


def _numbers(first: int) -> Iterator[str]:
    """Yield invented numbers that phonenumbers takes for valid: 212-555-01xx and, after these, 646-555-01xx."""
    for area in (212, 646, 917, 718, 332, 347):
        for last in range(first if area == 212 else 0, 100):
            yield f"+1{area}55501{last:02d}"


@dataclass
class World:
    """Builds rows with sensible defaults; every default can be told otherwise."""

    deps: Deps
    numbers: Iterator[str] = field(default_factory=lambda: _numbers(10))
    names: Iterator[int] = field(default_factory=lambda: count(1))

    async def practice(self, *, kind: PracticeKind = PracticeKind.SOLO, line_enabled: bool | None = None) -> Practice:
        async with self.deps.sessions.begin() as session:
            row = await people.add_practice(
                session,
                name="Canary Street Practice",
                kind=kind,
                timezone="America/New_York",
                now=self.deps.now(),
                new_id=self.deps.new_id,
            )
            if line_enabled is not None:
                row.line_enabled = line_enabled
        return row

    async def provider(
        self,
        *,
        practice: Practice | None = None,
        dial_phone: str | None = "",
        verified: bool = True,
        timezone: str = "America/New_York",
        language: Language = Language.ENGLISH,
        pin: str | None = None,
        email: str | None = None,
    ) -> Provider:
        practice = practice or await self.practice()
        n = next(self.names)
        async with self.deps.sessions.begin() as session:
            row = await people.add_provider(
                session,
                practice_id=practice.id,
                first_name="Canary-Pat",
                last_name=f"Canary-Provider{n}",
                email=email or f"provider{n}@example.com",
                dial_phone=next(self.numbers) if dial_phone == "" else dial_phone,
                office_phone=None,
                timezone=timezone,
                language=language,
                verified=verified,
                now=self.deps.now(),
                new_id=self.deps.new_id,
            )
            if pin:
                key = derive(self.deps.settings.secret_key.get_secret_value(), "pins")
                await people.set_pin(session, row, pin, pin_key=key, now=self.deps.now())
        return row

    async def published(self, provider: Provider) -> None:
        """Give a provider a public page."""
        async with self.deps.sessions.begin() as session:
            await session.merge(
                Profile(
                    provider_id=provider.id,
                    slug=f"canary-{provider.id.hex[:12]}",
                    published=True,
                    focus=[],
                    also=[],
                    languages=[],
                    therapies=[],
                    affirms=[],
                    updated_at=self.deps.now(),
                )
            )

    async def client(self, provider: Provider, *, phone: str | None = "", email: str | None = None) -> Client:
        n = next(self.names)
        async with self.deps.sessions.begin() as session:
            row, _ = await people.add_client(
                session,
                provider_id=provider.id,
                first_name="Canary-Casey",
                last_name=f"Canary-Client{n}",
                email=email or f"client{n}@example.com",
                phone=next(self.numbers) if phone == "" else phone,
                actor=OPERATOR,
                now=self.deps.now(),
                new_id=self.deps.new_id,
            )
        return row

    async def prospect(self, provider: Provider, *, phone: str | None = "", email: str | None = None) -> Client:
        """Return somebody who has asked a provider for something and is not yet in their list."""
        n = next(self.names)
        deps = self.deps
        async with deps.sessions.begin() as session:
            row = await people.client_of_address(
                session,
                first_name="Canary-Casey",
                last_name=f"Canary-Prospect{n}",
                email=email or f"prospect{n}@example.com",
                phone=next(self.numbers) if phone == "" else phone,
                birth_date=None,
                lives_in=None,
                plan=None,
                timezone=None,
                language=Language.ENGLISH,
                proven=True,
                actor=OPERATOR,
                now=deps.now(),
                new_id=deps.new_id,
            )
            await people.begin_relationship(
                session, provider.id, row.id, RelationshipState.PROSPECT, now=deps.now(), new_id=deps.new_id
            )
        return row

    async def appointment(
        self,
        provider: Provider,
        *,
        client: Client | None = None,
        starts_in: timedelta = timedelta(0),
        starts_at: datetime | None = None,
        length: timedelta = timedelta(minutes=15),
        source: Source = Source.PLATFORM_SEARCH,
        original_source: Source | None = None,
        session_type: SessionType = SessionType.PHONE_CONSULTATION,
    ) -> Appointment:
        client = client or await self.client(provider)
        starts_at = starts_at or self.deps.now() + starts_in
        async with self.deps.sessions.begin() as session:
            return await scheduling.book(
                session,
                provider_id=provider.id,
                client_id=client.id,
                session_type=session_type,
                source=source,
                original_source=original_source,
                starts_at=starts_at,
                ends_at=starts_at + length,
                actor=OPERATOR,
                house=scheduling.house(self.deps.settings),
                now=self.deps.now(),
                new_id=self.deps.new_id,
            )

    async def payer(self, *providers: Provider, instant: bool = False) -> Payer:
        """Return a payer that may send clients to these providers: their enrolment is completed, their practice in."""
        n = next(self.names)
        deps = self.deps
        told: Any = {"actor": OPERATOR, "now": deps.now(), "new_id": deps.new_id}
        async with deps.sessions.begin() as session:
            row = await people.add_payer(
                session, name=f"Canary Health {n}", instant=instant, now=deps.now(), new_id=deps.new_id
            )
            for provider in providers:
                practice = await people_queries.practice(session, provider.practice_id)
                assert practice
                practice.programme = True
                await people.enrol(session, provider.id, [row.id], **told)
                await present(session, provider.id, deps.now())
                await people.move_enrolment(session, provider.id, EnrolmentEvent.SUBMIT, **told)
        return row

    async def request(
        self,
        provider: Provider,
        *,
        client: Client | None = None,
        starts_in: timedelta = timedelta(days=7),
        source: Source = Source.CLIENT_PORTAL,
        payer: Payer | None = None,
        session_type: SessionType = SessionType.FULL_SESSION,
        note: str | None = None,
    ) -> Request:
        """Return a request that waits for an answer, made by a client of the provider's."""
        client = client or await self.client(provider)
        deps = self.deps
        offer = Offer(
            provider_id=provider.id,
            session_type=session_type,
            source=Source.PAYER if payer else source,
            starts_at=deps.now() + starts_in,
            ends_at=deps.now() + starts_in + timedelta(minutes=50),
            issued_at=deps.now(),
            payer_id=payer.id if payer else None,
        )
        async with deps.sessions.begin() as session:
            return await make_request(
                session,
                offer,
                client.id,
                payer=payer,
                note=note,
                search_id=None,
                actor=Actor(kind=ActorKind.CLIENT, id=client.id),
                house=scheduling.house(deps.settings),
                now=deps.now(),
                new_id=deps.new_id,
            )

    async def draft(self, provider: Provider, *, starts_at: datetime, email: str = "kim@example.com") -> BookingDraft:
        """Begin a booking of a session with a provider who is open then; it waits for its code."""
        deps = self.deps
        offer = Offer(
            provider_id=provider.id,
            session_type=SessionType.FULL_SESSION,
            source=Source.BOOKING_LINK,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=50),
            issued_at=deps.now(),
        )
        who = BookingClient(first_name="Canary-Kim", last_name="Canary-Roe", email=email)
        async with deps.sessions.begin() as session:
            return await scheduling.begin_booking(
                session,
                offer,
                who,
                note=None,
                house=scheduling.house(deps.settings),
                now=deps.now(),
                new_id=deps.new_id,
            )

    async def hours(
        self,
        provider: Provider,
        opens: str = "09:00",
        closes: str = "17:00",
        *,
        weekdays: Iterable[int] = range(5),
        timezone: str | None = None,
    ) -> None:
        """Open a provider's weeks: from nine to five on working days, unless told."""
        rows = [
            WeeklyHours(
                weekday=day,
                opens_m=minute(opens),
                closes_m=minute(closes),
                timezone=timezone or provider.timezone,
            )
            for day in weekdays
        ]
        async with self.deps.sessions.begin() as session:
            await scheduling.set_hours(
                session, provider.id, rows, actor=OPERATOR, now=self.deps.now(), new_id=self.deps.new_id
            )

    async def block(
        self,
        provider: Provider,
        day: str = "2026-12-05",
        opens: str = "09:00",
        closes: str = "12:00",
        *,
        kind: BlockKind = BlockKind.OPEN,
        repeats: Repeats = Repeats.NEVER,
        until: str | None = None,
        accept_external: bool = False,
        timezone: str | None = None,
    ) -> Block:
        """Add a block of one day, a Saturday morning unless told."""
        rule = BlockRule(
            kind=kind,
            starts_on=date.fromisoformat(day),
            starts_m=minute(opens),
            ends_on=date.fromisoformat(day),
            ends_m=minute(closes),
            timezone=timezone or provider.timezone,
            repeats=repeats,
            until=date.fromisoformat(until) if until else None,
            accept_external=accept_external,
        )
        async with self.deps.sessions.begin() as session:
            return await scheduling.add_block(
                session, provider.id, rule, actor=OPERATOR, now=self.deps.now(), new_id=self.deps.new_id
            )

    async def busy_feed(self, provider: Provider, url: str = "https://calendar.example.com/secret.ics") -> BusyFeed:
        async with self.deps.sessions.begin() as session:
            return await scheduling.add_feed(
                session,
                provider.id,
                url,
                loopback=self.deps.settings.busy_feed_loopback,
                actor=OPERATOR,
                now=self.deps.now(),
                new_id=self.deps.new_id,
            )

    async def settings(self, provider: Provider, **changed: object) -> ReferralSettings:
        """Change how a provider wants to be booked, by the names of the columns."""
        async with self.deps.sessions.begin() as session:
            return await scheduling.change_settings(
                session, provider.id, changed, actor=OPERATOR, now=self.deps.now(), new_id=self.deps.new_id
            )

    async def series(
        self,
        provider: Provider,
        *,
        client: Client | None = None,
        starts_on: str = "2026-12-01",
        at: str = "09:00",
        times: int = 4,
        every: Every = Every.WEEK,
        session_type: SessionType = SessionType.FULL_SESSION,
        length_m: int = 50,
        timezone: str | None = None,
        save: Save = Save.ALL_OR_NOTHING,
    ) -> Series:
        """Let appointments come again: four Tuesdays at nine, unless told."""
        client = client or await self.client(provider)
        rule = SeriesRule(
            starts_on=date.fromisoformat(starts_on),
            starts_m=minute(at),
            length_m=length_m,
            timezone=timezone or provider.timezone,
            every=every,
            times=times,
        )
        async with self.deps.sessions.begin() as session:
            made = await scheduling.make_series(
                session,
                provider_id=provider.id,
                client_id=client.id,
                session_type=session_type,
                rule=rule,
                save=save,
                actor=Actor(kind=ActorKind.PROVIDER, id=provider.id),
                house=scheduling.house(self.deps.settings),
                now=self.deps.now(),
                new_id=self.deps.new_id,
            )
        return made.series

    async def waits(
        self,
        provider: Provider,
        *,
        client: Client | None = None,
        session_type: SessionType = SessionType.FULL_SESSION,
        original_source: Source = Source.PLATFORM_SEARCH,
    ) -> WaitlistEntry:
        """Let a client wait for a freed time."""
        client = client or await self.client(provider)
        async with self.deps.sessions.begin() as session:
            return await scheduling.join_waitlist(
                session,
                provider.id,
                client.id,
                session_type=session_type,
                original_source=original_source,
                actor=OPERATOR,
                now=self.deps.now(),
                new_id=self.deps.new_id,
            )

    async def freed(
        self, provider: Provider, *, starts_in: timedelta = timedelta(days=3), length: timedelta = timedelta(minutes=50)
    ) -> WaitlistEntry | None:
        """Offer a freed time to whoever is first in line."""
        starts_at = self.deps.now() + starts_in
        async with self.deps.sessions.begin() as session:
            return await scheduling.offer_freed(
                session,
                provider.id,
                starts_at,
                starts_at + length,
                house=scheduling.house(self.deps.settings),
                now=self.deps.now(),
                new_id=self.deps.new_id,
            )

    async def ready(self, *clients: Client, but: frozenset[AccountStep] = frozenset()) -> None:
        """Let clients have done every step of their accounts, save for some (R49)."""
        async with self.deps.sessions.begin() as session:
            for client in clients:
                told: Any = {"actor": as_client(client.id), "now": self.deps.now(), "new_id": self.deps.new_id}
                row = await people_queries.client_for_update(session, client.id)
                assert row is not None
                if row.verified_at is None:
                    await people.prove_address(session, row, AccountEvent.ADDRESS_PROVEN, **told)
                if AccountStep.INSURANCE not in but:
                    insured = Insured(company="Canary Health", member_id="CANARY-4711", birth_date="1990-02-28")
                    await people.set_insurance(session, row, insured, **told)
                if AccountStep.BILLING not in but:
                    await people.set_billing_method(
                        session, row, reference="token-1", label="Visa 4242", expires_on=None, **told
                    )
                if AccountStep.FORMS not in but:
                    for form, version in forms.CURRENT.items():
                        await people.acknowledge_form(session, row, form, version, Language.ENGLISH, **told)

    async def looked_at(self, provider: Provider, *lines: str) -> ImportJob:
        """Look at a .csv of clients for a provider, as the API does when it is uploaded."""
        lines = lines or ("Canary-Kim,Canary-Roe,kim.roe@example.com,",)
        with TemporaryFile() as file:
            file.write("\n".join(["First Name,Last Name,Email,Mobile Phone", *lines]).encode())
            async with (
                bounded.reading(file, "clients.csv", ReadChoices(region="US")) as reading,
                self.deps.sessions.begin() as session,
            ):
                return await people.look_at(
                    session,
                    provider.id,
                    reading,
                    keep=timedelta(hours=self.deps.settings.keep_imports_h),
                    now=self.deps.now(),
                    new_id=self.deps.new_id,
                )

    async def search(self, asked_by: Provider | None = None, **told: Any) -> SearchResult:
        """Look for a provider, for a grown-up in New York unless told."""
        asked: dict[str, Any] = {"state": "NY", "age": 34, "session_type": SessionType.FULL_SESSION, **told}
        async with self.deps.sessions.begin() as session:
            return await scheduling.search(
                session,
                Answers(**asked),
                house=scheduling.house(self.deps.settings),
                now=self.deps.now(),
                new_id=self.deps.new_id,
                asked_by=asked_by.id if asked_by else None,
            )

    async def drafted(self, provider: Provider) -> PsychiatricReferral:
        """Draft a referral for medication, for a client of the provider's."""
        client = await self.client(provider)
        async with self.deps.sessions.begin() as session:
            return await scheduling.refer_to_prescriber(
                session, provider.id, client.id, actor=OPERATOR, now=self.deps.now(), new_id=self.deps.new_id
            )

    async def consultation(self, **told: object) -> tuple[Provider, Client, Appointment]:
        """Return a provider, their client and a consultation that starts now, ready to be dialled."""
        provider = await self.provider()
        client = await self.client(provider)
        appointment = await self.appointment(provider, client=client, **told)  # type: ignore[arg-type]
        return provider, client, appointment


def minute(clock: str) -> int:
    """Return the minute of the day: 09:30 is 570."""
    return int(clock[:2]) * 60 + int(clock[3:])


async def present(session: AsyncSession, provider_id: UUID, now: datetime) -> None:
    """Fill in everything that payers need to be shown of a provider (R84)."""
    provider = await people_queries.provider_for_update(session, provider_id)
    assert provider is not None
    provider.npi, provider.office_phone = "1234567893", "+12125550109"
    provider.location = "1 Canary Street\nNew York, NY 10001"
    profile = await people.profile(session, provider_id, now=now)
    profile.photo = profile.photo or sha256(provider_id.bytes).hexdigest()
    profile.statement = profile.statement or "I listen first, says Canary-Pat."
    profile.taxonomy = profile.taxonomy or "1041C0700X"
    profile.focus, profile.languages = profile.focus or ["grief"], profile.languages or ["en"]
    session.add(profile)
    await session.flush()


async def fresh(session: AsyncSession, kind: type, row_id: UUID) -> object:
    """Return a row as it stands in the database now."""
    return await session.get(kind, row_id, populate_existing=True)
