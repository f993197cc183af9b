"""Messages between a provider and a client, and between one of them and support; and the first one of a visitor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from config.errors import BadInput, NotFound, Problem, Refused
from people import actions as people
from people import queries
from people.models import Thread
from people.rules import messages as rules
from people.values import DraftedState, MessageSide, RelationshipState, Role
from portal.pages.clients.one import ID
from portal.pages.page import DESK, EVERYBODY, Page, Redirect, Shown, View, Visit
from portal.pages.typed import Typed
from scheduling import actions as scheduling

SHOWN = 100
WRITERS = frozenset({Role.PROVIDER, Role.CLIENT}) | DESK
SIDES = frozenset({Role.PROVIDER, Role.CLIENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A thread in the list; without a `name` it is with support."""

    id: UUID
    name: str | None
    excerpt: str
    at: datetime
    unread: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A message as its reader sees it."""

    mine: bool
    text: str
    at: datetime


def _side(visit: Visit) -> MessageSide:
    if visit.me.provider_id is not None:
        return MessageSide.PROVIDER
    return MessageSide.CLIENT if visit.me.client_id is not None else MessageSide.DESK


async def threads(visit: Visit) -> Shown:
    """List what was written, the newest first."""
    side = _side(visit)
    found = await queries.threads(
        visit.session, provider_id=visit.me.provider_id, client_id=visit.me.client_id, limit=SHOWN
    )
    names = await _names(visit, [one.thread for one in found])
    return View(
        "messages/list.html",
        {
            "threads": [
                Listed(
                    id=one.thread.id,
                    name=names[one.thread.id],
                    excerpt=one.last.text.replace("\n", " ")[:80] if one.last else "",
                    at=one.thread.last_at,
                    unread=getattr(one.thread, f"{side.value}_unread"),
                )
                for one in found
            ],
            "desk": side is MessageSide.DESK,
        },
    )


async def _names(visit: Visit, rows: Sequence[Thread]) -> Mapping[UUID, str | None]:
    """Return with whom each thread is, as who looks may call them; None stands for support."""
    side = _side(visit)
    pairs = [(one.provider_id, one.client_id) for one in rows if one.provider_id and one.client_id]
    seen = await queries.seen(visit.session, pairs, visit.now) if side is MessageSide.PROVIDER else {}
    found: dict[UUID, str | None] = {}
    for one in rows:
        if side is MessageSide.PROVIDER:
            whole = one.client_id is not None
            found[one.id] = seen[one.provider_id, one.client_id].name if whole else None  # type: ignore[index]
        elif one.provider_id is not None:
            provider = await queries.provider(visit.session, one.provider_id)
            found[one.id] = f"{provider.first_name} {provider.last_name}" if provider else ""
        else:
            client = await queries.client(visit.session, one.client_id) if one.client_id else None
            found[one.id] = f"{client.first_name} {client.last_name}" if client and side is MessageSide.DESK else None
    return found


async def _theirs(visit: Visit, *, lock: bool = False) -> Thread:
    """Return a thread of who looks; what a provider and a client write to each other is not support's."""
    find = queries.thread_for_update if lock else queries.thread
    row = await find(visit.session, UUID(visit.path["thread_id"]))
    if row is None or not _is_theirs(visit, row):
        raise NotFound
    return row


def _is_theirs(visit: Visit, row: Thread) -> bool:
    side = _side(visit)
    if side is MessageSide.PROVIDER:
        return row.provider_id == visit.me.provider_id
    if side is MessageSide.CLIENT:
        return row.client_id == visit.me.client_id
    return row.provider_id is None or row.client_id is None


async def thread(visit: Visit) -> Shown:
    """Show a thread; whoever looks has read it."""
    row = await _theirs(visit, lock=True)
    side = _side(visit)
    await people.read(visit.session, row, side)
    return await _thread(visit, row)


async def _thread(visit: Visit, row: Thread) -> View:
    side = _side(visit)
    found = await queries.messages(visit.session, row.id, before=None, limit=SHOWN)
    names = await _names(visit, [row])
    shown = [Written(mine=one.side is side, text=one.text, at=one.at) for one in found]
    told = {"name": names[row.id], "messages": shown, "post": f"/messages/{row.id}"}
    return View("messages/thread.html", {**told, **await _between(visit, row.provider_id, row.client_id)})


async def _between(visit: Visit, provider_id: UUID | None, client_id: UUID | None) -> dict[str, Any]:
    """Return what a page has to know of where the two stand."""
    if provider_id is None or client_id is None or _side(visit) is MessageSide.DESK:
        return {"why_not": None, "archived": False, "client_id": None}
    link = await queries.relationship(visit.session, provider_id, client_id)
    state = link.state if link else RelationshipState.PROSPECT
    why = rules.why_not(_side(visit), state)
    provider_looks = _side(visit) is MessageSide.PROVIDER
    archived = provider_looks and state is RelationshipState.ARCHIVED
    shown = why.value if why and not archived else None
    return {"why_not": shown, "archived": archived, "client_id": client_id if provider_looks else None}


async def answer(visit: Visit) -> Shown:
    """Write into a thread."""
    row = await _theirs(visit)
    return await _write(visit, row.provider_id, row.client_id, row)


async def begin(visit: Visit) -> Shown:
    """Show what two have written, or a blank page where they never have."""
    provider_id, client_id = _pair(visit)
    row = await queries.thread_between(visit.session, provider_id, client_id)
    if row is not None:
        return Redirect(f"/messages/{row.id}") if visit.form is None else await _thread(visit, row)
    name = await _name_of(visit, provider_id, client_id)
    told: dict[str, Any] = {"name": name, "messages": [], "post": f"/messages/with/{visit.path['other_id']}"}
    return View("messages/thread.html", {**told, **await _between(visit, provider_id, client_id)})


async def _name_of(visit: Visit, provider_id: UUID, client_id: UUID) -> str:
    if _side(visit) is MessageSide.PROVIDER:
        if await queries.relationship(visit.session, provider_id, client_id) is None:
            raise NotFound
        return (await queries.seen(visit.session, [(provider_id, client_id)], visit.now))[provider_id, client_id].name
    provider = await queries.provider(visit.session, provider_id)
    if provider is None:
        raise NotFound
    return f"{provider.first_name} {provider.last_name}"


def _pair(visit: Visit) -> tuple[UUID, UUID]:
    other = UUID(visit.path["other_id"])
    return (visit.me.provider_id, other) if visit.me.provider_id else (other, visit.client_id)


async def first(visit: Visit) -> Shown:
    """Write to somebody for the first time."""
    return await _write(visit, *_pair(visit))


async def support(visit: Visit) -> Shown:
    """Show what was written to support, or a blank page."""
    me = visit.me
    row = await queries.thread_between(visit.session, me.provider_id, me.client_id)
    if row is not None:
        return Redirect(f"/messages/{row.id}") if visit.form is None else await _thread(visit, row)
    told: dict[str, Any] = {"name": None, "messages": [], "post": "/messages/support"}
    return View("messages/thread.html", {**told, **await _between(visit, None, None)})


async def ask_support(visit: Visit) -> Shown:
    """Write to support."""
    return await _write(visit, visit.me.provider_id, visit.me.client_id)


async def _write(visit: Visit, provider_id: UUID | None, client_id: UUID | None, row: Thread | None = None) -> Redirect:
    assert visit.form is not None  # noqa: S101 - a POST has one
    refuse_files(visit)
    text = visit.form.get("text", "")
    told: dict[str, Any] = {"actor": visit.actor, "now": visit.now, "new_id": visit.new_id}
    side = _side(visit)
    if side is MessageSide.DESK:
        assert row is not None  # noqa: S101 - support only answers
        made = await people.write_as_support(visit.session, row, text, **told)
    elif provider_id is None or client_id is None:
        made = await people.write_to_support(visit.session, text, provider_id=provider_id, client_id=client_id, **told)
    elif side is MessageSide.PROVIDER:
        await _take_back(visit, provider_id, client_id)
        made = await people.write_to_client(visit.session, provider_id, client_id, text, **told)
    else:
        made = await people.write_to_provider(visit.session, client_id, provider_id, text, **told)
    subjects = tuple(one for one in (made.id, made.provider_id, made.client_id) if one)
    return Redirect(f"/messages/{made.id}", done="messages.sent", subjects=subjects)


async def _take_back(visit: Visit, provider_id: UUID, client_id: UUID) -> None:
    """Take an archived client back into the list, on an explicit yes only (R56)."""
    assert visit.form is not None  # noqa: S101 - as above
    link = await queries.relationship(visit.session, provider_id, client_id)
    if link is not None and link.state is RelationshipState.ARCHIVED and visit.form.get("unarchive") == "yes":
        await scheduling.unarchive_client(
            visit.session, provider_id, client_id, actor=visit.actor, now=visit.now, new_id=visit.new_id
        )


def refuse_files(visit: Visit) -> None:
    """Refuse what was attached, in a sentence: messages are plain text."""
    if visit.files:
        raise Refused("no_attachments", "Files cannot be sent here. Write what is in it.", status=422)


# A visitor's first message, from a public page


async def compose(visit: Visit) -> Shown:
    """Show the form of a visitor; a client who is signed in writes as themselves (R44)."""
    provider = await queries.provider(visit.session, UUID(visit.path["provider_id"]))
    if provider is None or not provider.active:
        raise NotFound
    profile = await queries.profile(visit.session, provider.id)
    if (profile is None or not profile.published) and visit.form is None:
        raise NotFound
    if visit.form is None and visit.person is not None and visit.person.client_id is not None:
        return Redirect(f"/messages/with/{provider.id}")
    return View("messages/compose.html", {"name": f"{provider.first_name} {provider.last_name}", "id": provider.id})


async def begin_message(visit: Visit) -> Shown:
    """Keep what a visitor wrote, and send a code to their address; the answer is the same for all addresses."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    refuse_files(visit)
    typed = Typed(visit.form)
    first_name, last_name = typed.name("first_name", needed=True), typed.name("last_name", needed=True)
    email = typed.address("email", needed=True)
    if not rules.plain(visit.form.get("text", "")):
        typed.wrong("text", "problems.message_empty")
    typed.finish()
    row = await people.begin_message(
        visit.session,
        UUID(visit.path["provider_id"]),
        visit.form.get("text", ""),
        first_name=first_name or "",
        last_name=last_name or "",
        email=email or "",
        language=visit.language,
        timezone=visit.timezone,
        now=visit.now,
        new_id=visit.new_id,
    )
    return Redirect(f"/write/code/{row.id}")


async def code(visit: Visit) -> Shown:
    """Ask for the code that went to the address."""
    row = await queries.message_draft(visit.session, UUID(visit.path["draft_id"]))
    if row is None:
        raise NotFound
    sent = row.state is DraftedState.SENT
    return View("messages/code.html", {"sent": sent, "until": row.expires_at, "id": row.id, "again": row.provider_id})


async def complete(visit: Visit) -> Shown:
    """Send the message, for who has the code; a wrong one counts."""
    assert visit.form is not None  # noqa: S101 - a POST has one
    async with visit.deps.sessions.begin() as writing:  # a wrong try is kept, though this form is refused
        made = await people.complete_message(
            writing,
            UUID(visit.path["draft_id"]),
            visit.form.get("code", ""),
            settings=visit.settings,
            now=visit.now,
            new_id=visit.new_id,
        )
    if isinstance(made, people.WrongMessageCode):
        raise BadInput(Problem("code", "problems.code_wrong"))
    subjects = tuple(one for one in (made.id, made.provider_id, made.client_id) if one)
    return Redirect(f"/write/code/{visit.path['draft_id']}", done="messages.sent", subjects=subjects)


PAGES = (
    Page(name="messages", path="/messages", roles=WRITERS, show=threads, menu="messages.menu"),
    Page(name="message_support", path="/messages/support", roles=SIDES, show=support, submit=ask_support),
    Page(name="message_with", path=f"/messages/with/{{other_id:{ID}}}", roles=SIDES, show=begin, submit=first),
    Page(name="thread", path=f"/messages/{{thread_id:{ID}}}", roles=WRITERS, show=thread, submit=answer),
    Page(name="write", path=f"/write/{{provider_id:{ID}}}", roles=EVERYBODY, show=compose, submit=begin_message),
    Page(name="write_code", path=f"/write/code/{{draft_id:{ID}}}", roles=EVERYBODY, show=code, submit=complete),
)
