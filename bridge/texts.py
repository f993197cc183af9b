"""What a carrier's word about a text means to the floors above, which know no carrier's words."""

from bridge.carriers import twilio_codes
from people.values import SuppressionReason


def suppression(code: str | None) -> SuppressionReason | None:
    """Return why no further text should go to a number, by the code of a refusal or of a failed delivery.

    The simulated carrier speaks the same words.
    """
    return twilio_codes.suppression(code)
