"""The code that completes a booking: derived where it is needed, stored nowhere (1.16)."""

from uuid import UUID

from config.keys import derive, six_digits
from config.settings import Settings


def booking_code(draft_id: UUID, settings: Settings) -> str:
    """Return the six digits for a draft, the same for its letter and for whoever judges what was typed."""
    return six_digits(derive(settings.secret_key.get_secret_value(), "booking codes"), draft_id)
