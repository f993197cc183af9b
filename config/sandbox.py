"""A processor that takes no cards: it hands out tokens of its own, so that everything around it can be tried."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from config.deps import WayToPay
from config.keys import derive, digest
from config.settings import Settings

PATH = "/sandbox/card"
CARDS: Mapping[str, WayToPay] = {
    "visa": WayToPay("sandbox-visa", "Visa 4242", None),
    "short": WayToPay("sandbox-short", "Mastercard 4444", "2030-12-31"),
}


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Its page is one of ours; what comes of it is signed, as a real processor would keep it on its own side."""

    base: str
    key: bytes

    @classmethod
    def of(cls, settings: Settings) -> "Sandbox":
        """Return the sandbox of an installation."""
        return cls(settings.public_url, derive(settings.secret_key.get_secret_value(), "sandbox processor"))

    def page(self, *, ticket: str, back: str) -> str:
        """Return where a client chooses one of the cards that are none."""
        return f"{PATH}?{urlencode({'ticket': ticket, 'back': back})}"

    def result(self, card: str, ticket: str) -> str:
        """Return the id of what came of it, for the way back."""
        return f"{card}.{digest(self.key, f'{card}/{ticket}')}"

    async def redeem(self, result: str, *, ticket: str) -> WayToPay | None:
        """Return the card behind a result that was made for this ticket."""
        card, _, proof = result.partition(".")
        good = hmac.compare_digest(proof.encode(), digest(self.key, f"{card}/{ticket}").encode())
        return CARDS.get(card) if good else None
