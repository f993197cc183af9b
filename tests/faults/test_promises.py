"""P1: a signed request to a path where somebody listens is answered in words and in time, whatever is down."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bridge import actions
from bridge.models import Call
from config.database import metadata
from people.models import Provider
from tests.builders import World
from tests.faults import kept, signed
from tests.faults.conftest import Voice
from tests.faults.proxy import Proxy
from tests.faults.signed import Answer, Poster
from tests.fixtures import LINES

VERBS = {"Response", "Dial", "Number", "Say", "Gather", "Hangup", "Message"}
SHARED = "+12125550177"


@dataclass(frozen=True)
class Request:
    """A request that the carrier may make now."""

    path: str
    params: dict[str, str]
    listens: bool = True


@pytest.fixture
async def requests(role: Voice, post: Poster, world: World, session: AsyncSession) -> Sequence[Request]:
    """Return one request to each webhook, and more to those that have several answers, in the middle of calls."""
    plain, _, _ = await world.consultation()
    torn = await world.provider()
    first = await world.appointment(torn, starts_in=timedelta(minutes=-14))
    second = await world.appointment(torn, starts_in=timedelta(minutes=1))
    third = next(line for line in LINES if line not in {first.line, second.line})
    sharing = await world.provider(dial_phone=SHARED, pin="111111")
    await world.provider(dial_phone=SHARED, pin="222222")
    await world.appointment(sharing)
    unproven = await world.provider(verified=False)
    async with world.deps.sessions.begin() as writing:
        row = await writing.get(Provider, unproven.id)
        assert row is not None
        code, _ = await actions.begin_verification(
            writing,
            row,
            settings=world.deps.settings,
            new_code=world.deps.new_code,
            now=world.deps.now(),
            new_id=world.deps.new_id,
        )

    async def begun(caller: str | None, line: str = LINES[0]) -> tuple[UUID, dict[str, str]]:
        params = signed.call(caller or "", line=line)
        await post("/twilio/voice", params)
        row: Call = next(one for one in await kept.calls(session) if one.sid == params["CallSid"])
        return row.id, params

    (ringing, ring), (choosing, menu) = await begun(plain.dial_phone), await begun(torn.dial_phone, third)
    (keying, pin), (proving, prove) = await begun(SHARED), await begun(unproven.dial_phone)
    await role.knows()
    child = {"CallSid": signed.sid(), "ParentCallSid": ring["CallSid"], "SequenceNumber": "1"}
    voice, failed = f"{role.url}/twilio/voice", "11200"
    return [
        *(Request("/twilio/voice", signed.call(who or "")) for who in (plain.dial_phone, torn.dial_phone, SHARED)),
        *(Request("/twilio/voice", signed.call(who)) for who in ("+12125550199", "anonymous", "sip:a@example.com")),
        Request("/twilio/voice", ring),  # a retry
        Request(f"/twilio/voice/menu/{choosing}?n=1", {**menu, "Digits": "1"}),
        Request(f"/twilio/voice/menu/{choosing}?n=1", {**menu, "Digits": "8"}),
        Request(f"/twilio/voice/pin/{keying}?n=1", {**pin, "Digits": "111111"}),
        Request(f"/twilio/voice/pin/{keying}?n=1", {**pin, "Digits": "999999"}),
        Request(f"/twilio/voice/code/{proving}?n=1", {**prove, "Digits": code}),
        Request(f"/twilio/voice/dialled/{ringing}", {**ring, "DialCallStatus": "no-answer"}),
        Request(f"/twilio/voice/dialled/{ringing}", {**ring, "DialCallStatus": "completed", "DialCallDuration": "9"}),
        Request("/twilio/voice/fallback", {**signed.call(SHARED), "ErrorCode": failed, "ErrorUrl": voice}),
        Request("/twilio/voice/fallback", {**ring, "ErrorCode": failed, "ErrorUrl": f"{voice}/dialled/{ringing}"}),
        Request("/twilio/text", signed.call(plain.dial_phone or "", MessageSid=signed.sid("SM"), Body="YES")),
        Request(f"/twilio/voice/leg/{ringing}", {**ring, **child, "CallStatus": "ringing"}, listens=False),
        Request("/twilio/voice/ended", {**ring, "CallStatus": "completed"}, listens=False),
        Request(
            f"/twilio/text/status/{ringing}", {**ring, "MessageSid": "SM1", "MessageStatus": "sent"}, listens=False
        ),
    ]


async def all_at_once(post: Poster, requests: Sequence[Request]) -> Sequence[Answer]:
    return await asyncio.gather(*(post(one.path, one.params) for one in requests))


def keep_the_promise(requests: Sequence[Request], answers: Sequence[Answer]) -> None:
    for request, answer in zip(requests, answers, strict=True):
        where = (request.path, request.params.get("From"), answer)
        assert answer.took_s < 2, where
        if not request.listens:
            assert answer.status in {204, 503}, where
            continue
        assert answer.status == 200, where
        assert answer.is_document, where
        tags = [part.tag for part in ET.fromstring(answer.body).iter()]
        assert set(tags) <= VERBS, where
        assert "Message" not in tags or "text" in request.path, where
        assert "Error" not in answer.body, where
        assert "Traceback" not in answer.body, where


@pytest.mark.parametrize(
    ("what", "toxic"),
    [
        ("nothing", None),
        ("database", Proxy.down),
        ("database", Proxy.hang),
        ("database", Proxy.deaf),
        ("database", Proxy.reset),
        ("cache", Proxy.down),
        ("cache", Proxy.hang),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", "fine"),
)
async def test_p1_whatever_is_down(
    post: Poster,
    requests: Sequence[Request],
    database: Proxy,
    cache: Proxy,
    what: str,
    toxic: Callable[[Proxy], None] | None,
) -> None:
    if toxic is not None:
        toxic(database if what == "database" else cache)

    answers = await all_at_once(post, requests)
    if max(answer.took_s for answer in answers) >= 2:  # the machine may be busy with other tests at the same time
        answers = await all_at_once(post, requests)

    keep_the_promise(requests, answers)


@asynccontextmanager
async def broken(session: AsyncSession, table: str) -> AsyncIterator[None]:
    await session.rollback()
    await session.execute(text(f"ALTER TABLE {table} RENAME TO {table}_gone"))
    await session.commit()
    yield
    await session.execute(text(f"ALTER TABLE {table}_gone RENAME TO {table}"))
    await session.commit()


async def test_p1_whatever_bug_is_in_the_way(post: Poster, requests: Sequence[Request], session: AsyncSession) -> None:
    """A table that is not there stands for every bug that shows in a statement."""
    for table in metadata.tables:
        async with broken(session, table):
            answers = await all_at_once(post, requests)

        keep_the_promise(requests, answers)


async def test_p1_whatever_is_wrong_with_the_disk(
    role: Voice, post: Poster, requests: Sequence[Request], database: Proxy
) -> None:
    """Neither database nor journal can be written."""
    folder = role.deps.settings.data_dir / "journal"
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    database.down()

    answers = await all_at_once(post, requests)

    keep_the_promise(requests, answers)
