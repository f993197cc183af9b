"""Which practice a page is about, and what every page of an organization tells."""

from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import UUID

from people import actions as people
from people import queries
from people.models import Practice
from people.values import Role
from portal.pages.page import Visit

ID = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"


async def where(visit: Visit) -> Practice:
    """Return the practice that is asked for, of those that one administers; the first where none is named."""
    return await people.administered(visit.session, visit.me, row_id(visit.query.get("practice")))


def row_id(text: str | None) -> UUID | None:
    """Return an id as it stands in an address; None where there is none, or what is none."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


async def told(visit: Visit, practice: Practice) -> Mapping[str, object]:
    """Return what the frame tells: which practice, which tabs it has, and the others of who is there."""
    theirs = [one for one, role in visit.me.practices if role is Role.PRACTICE_ADMIN]
    rows = [await queries.practice(visit.session, one) for one in theirs] if len(theirs) > 1 else []
    return {
        "practice": practice,
        "practices": [(row.id, row.name) for row in rows if row is not None],
        "at": suffix(visit, practice.id),
    }


def suffix(visit: Visit, practice_id: UUID, **more: str) -> str:
    """Return what follows a path so that it leads to this practice, and not to one's first."""
    theirs = [one for one, role in visit.me.practices if role is Role.PRACTICE_ADMIN]
    asked = {"practice": str(practice_id)} if len(theirs) > 1 else {}
    said = urlencode({**asked, **{name: value for name, value in more.items() if value}})
    return f"?{said}" if said else ""
