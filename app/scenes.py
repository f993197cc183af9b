"""Who plays in the demo: five providers with hours, a page and a sign-in, and consultations that lie around now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app import deps as real
from app.embedded import keep_secret
from config.deps import Deps
from people import actions as people
from people import queries as people_queries
from people.models import Account, Client, Provider
from people.values import AccountKind, Language, PracticeKind, Role
from portal import passwords
from scheduling import actions as scheduling
from scheduling import queries as calendar
from scheduling.values import SessionType, Side, Source, WeeklyHours
from status.values import Actor, ActorKind

ZONE = "America/New_York"
OPERATOR = Actor(kind=ActorKind.OPERATOR)


@dataclass(frozen=True)
class Scene:
    """One provider of the demo: who they are, where they call from, and their consultations around now.

    A consultation is its start and length in seconds from now; `client_phone` None is a client without a number.
    """

    title: str
    first_name: str
    last_name: str
    dial_phone: str
    consultations: tuple[tuple[int, int], ...]
    client_phone: str | None
    expect: str
    focus: tuple[str, ...]


SCENES = (
    Scene("open now", "Alex", "Rivera", "+12125550110", ((-300, 1800),), "+12125550120", "bridged", ("worry", "panic")),
    Scene(
        "back to back",
        "Sam",
        "Okafor",
        "+12125550111",
        ((-840, 900), (60, 900)),
        "+12125550121",
        "for a minute two are open: each on its own line, a menu on the third",
        ("grief",),
    ),
    Scene(
        "too early",
        "Jo",
        "Lindqvist",
        "+12125550112",
        ((720, 900),),
        "+12125550123",
        "told when it opens",
        ("anxiety",),
    ),
    Scene("over", "Kim", "Hale", "+12125550113", ((-1200, 900),), "+12125550124", "told that it is over", ("trauma",)),
    Scene("no number", "Lee", "Moreau", "+12125550114", ((-300, 1800),), None, "told that there is none", ("worry",)),
)


async def lay_out(deps: Deps) -> list[tuple[Scene, Provider, list[UUID]]]:
    """Make the practice at the first start, and lay its consultations around now at each."""
    now = deps.now().replace(microsecond=0)
    found = []
    for number, scene in enumerate(SCENES):
        async with deps.sessions.begin() as session:
            provider = await _provider(session, scene, number, deps)
            await _clear(session, provider, deps, now)
        async with deps.sessions.begin() as session:
            found.append((scene, provider, await _book(session, scene, number, provider, deps, now)))
    return found


async def _provider(session: AsyncSession, scene: Scene, number: int, deps: Deps) -> Provider:
    email = f"{scene.first_name}.{scene.last_name}@example.com".lower()
    known = await people_queries.providers_by_email(session, email)
    if known:
        return known[0]
    practice = await people.add_practice(
        session,
        name=f"Elm Street Practice {number + 1}",
        kind=PracticeKind.SOLO,
        timezone=ZONE,
        now=deps.now(),
        new_id=deps.new_id,
    )
    practice.programme = True
    provider = await people.add_provider(
        session,
        practice_id=practice.id,
        first_name=scene.first_name,
        last_name=scene.last_name,
        email=email,
        dial_phone=scene.dial_phone,
        office_phone=None,
        timezone=ZONE,
        language=Language.ENGLISH,
        verified=True,
        now=deps.now(),
        new_id=deps.new_id,
    )
    await _open(session, scene, provider, deps)
    return provider


# Nine to five on weekdays, in New York.
HOURS = tuple(WeeklyHours(weekday=day, opens_m=540, closes_m=1020, timezone=ZONE) for day in range(5))
PAYER = "Oak Health"
BOOKED_BY: Mapping[str, Any] = {"states": ["NY"], "plans": ["aetna", "cigna"], "urgent": True}


async def _open(session: AsyncSession, scene: Scene, provider: Provider, deps: Deps) -> None:
    """Give a provider working hours, settings, a page that searches find, and a place in the referral programme."""
    now, new_id = deps.now(), deps.new_id
    await scheduling.set_hours(session, provider.id, HOURS, actor=OPERATOR, now=now, new_id=new_id)
    await scheduling.change_settings(session, provider.id, BOOKED_BY, actor=OPERATOR, now=now, new_id=new_id)
    page = {
        "slug": f"{scene.first_name}-{scene.last_name}".lower(),
        "published": True,
        "listed": True,
        "focus": list(scene.focus),
        "languages": ["en"],
        "taxonomy": "1041C0700X",
        "statement": "I listen first.\n\nThen we look for words, and for what you could try until the next time.",
        "highlights": ["Twelve years of practice", "Evenings on request"],
    }
    await scheduling.change_profile(session, provider.id, page, actor=OPERATOR, now=now, new_id=new_id)
    payer = await people_queries.payer_by_name(session, PAYER) or await people.add_payer(
        session, name=PAYER, instant=False, now=now, new_id=new_id
    )
    await people.enrol(session, provider.id, [payer.id], actor=OPERATOR, now=now, new_id=new_id)


async def _clear(session: AsyncSession, provider: Provider, deps: Deps, now: datetime) -> None:
    """Cancel what an earlier start laid out and what has not ended."""
    rows = await calendar.appointments(
        session, provider_id=provider.id, since=now, until=now + timedelta(days=2), after=None, limit=200
    )
    for row in rows:
        if row.state in calendar.TAKEN:
            await scheduling.cancel(
                session,
                row.id,
                by=Side.PROVIDER,
                reason=None,
                message=None,
                actor=OPERATOR,
                house=scheduling.house(deps.settings),
                now=now,
                new_id=deps.new_id,
            )


async def _book(
    session: AsyncSession, scene: Scene, number: int, provider: Provider, deps: Deps, now: datetime
) -> list[UUID]:
    ids = []
    for place, (start, length) in enumerate(scene.consultations):
        client = await _client(session, scene, number, place, provider, deps)
        starts_at, ends_at = now + timedelta(seconds=start), now + timedelta(seconds=start + length)
        taken = await calendar.appointments(
            session, provider_id=provider.id, since=starts_at, until=ends_at, after=None, limit=50
        )
        ended = max((row.ends_at for row in taken if not row.state.given_up), default=starts_at)
        row = await scheduling.book(
            session,
            provider_id=provider.id,
            client_id=client.id,
            session_type=SessionType.PHONE_CONSULTATION,
            source=Source.PLATFORM_SEARCH,
            original_source=None,
            starts_at=max(starts_at, ended),
            ends_at=ends_at,
            actor=OPERATOR,
            house=scheduling.house(deps.settings),
            now=now,
            new_id=deps.new_id,
        )
        ids.append(row.id)
    return ids


async def _client(
    session: AsyncSession, scene: Scene, number: int, place: int, provider: Provider, deps: Deps
) -> Client:
    email = f"client{number}{place}@example.com"
    known = await people_queries.client_by_email(session, email)
    if known:
        return known
    phone = f"{scene.client_phone[:-1]}{int(scene.client_phone[-1]) + place}" if scene.client_phone else None
    client, _ = await people.add_client(
        session,
        provider_id=provider.id,
        first_name="Casey",
        last_name=f"Client{number}{place}",
        email=email,
        phone=phone,
        actor=OPERATOR,
        now=deps.now(),
        new_id=deps.new_id,
    )
    return client


# Sign-ins


@dataclass(frozen=True, slots=True)
class DemoSignIn:
    """A sign-in of the demo; `key` is what an authenticator app takes."""

    who: str
    email: str
    key: str


async def sign_ins(deps: Deps, data: Path, providers: list[Provider]) -> list[DemoSignIn]:
    """Make a sign-in for each provider and an operator at the first start; all have the password that is printed.

    A provider of a solo practice administers it as well.
    """
    kept = await passwords.hashed(password(data))
    found = []
    async with deps.sessions.begin() as session:
        for provider in providers:
            name = f"{provider.first_name} {provider.last_name}"
            account = await _account(session, provider.email, deps, provider=provider)
            await people.add_member(session, account, provider.practice_id, Role.PRACTICE_ADMIN, now=deps.now())
            found.append(DemoSignIn(name, account.email, _ready(account, kept, deps)))
        account = await _account(session, "operator@example.com", deps, provider=None)
        found.append(DemoSignIn("operator", account.email, _ready(account, kept, deps)))
    return found


def password(data: Path) -> str:
    """Return the password of all sign-ins of the demo, made at the first start."""
    return f"demo-{keep_secret(data, 'password')[:16]}"


async def _account(session: AsyncSession, email: str, deps: Deps, *, provider: Provider | None) -> Account:
    known = await people_queries.account_by_email(session, AccountKind.STAFF, email)
    return known or await people.add_account(
        session,
        kind=AccountKind.STAFF,
        email=email,
        language=Language.ENGLISH,
        timezone=ZONE,
        provider_id=provider.id if provider else None,
        operator=None if provider else Role.ADMIN,
        now=deps.now(),
        new_id=deps.new_id,
    )


def _ready(account: Account, password_hash: str, deps: Deps) -> str:
    """Let an account be signed in to at once; return the key of its second factor."""
    if account.password_hash is None:
        account.password_hash, account.password_at, account.totp_since = password_hash, real.now(), real.now()
    return people.totp_secret(account, deps.settings)
