"""What a person is told when a command cannot do its work; anything else is a bug and keeps its traceback."""

from sqlalchemy import exc as sql

from app.embedded import EngineDied, EnginesBusy, EnginesUnavailable
from config.deps import CarrierUnreachable
from config.errors import BadInput, Refused
from config.settings import SettingsError


class Failed(Exception):  # noqa: N818 - says what is so
    """A command could not do its work; the message says why and what to do."""


def sentence(trouble: Exception) -> str | None:
    """Return what to tell, or None for a bug."""
    if isinstance(trouble, Failed | SettingsError | EngineDied | EnginesBusy | EnginesUnavailable | Refused | BadInput):
        return str(trouble)
    if isinstance(trouble, CarrierUnreachable):
        return f"The carrier's API cannot be reached ({trouble})."
    if isinstance(trouble, OSError | sql.OperationalError | sql.InterfaceError):
        return f"The database or the service cannot be reached ({type(trouble).__name__}). Is it running?"
    return None
