"""How a number is to be set up at the carrier, and how it differs from that.

A changed setting of a number is a total outage that nothing else shows; an application or trunk on it silently
wins over all addresses, and a recording switched on would break the promise of R97.
"""

from collections.abc import Mapping

from bridge.carriers.simulator import Webhooks
from bridge.carriers.twilio import CALLBACK, STEP
from config.deps import LineConfiguration
from config.settings import Settings

# Empty, or they win over the addresses above.
MUST_BE_EMPTY = ("VoiceApplicationSid", "TrunkSid", "SmsApplicationSid")


def wanted(settings: Settings) -> Mapping[str, str]:
    """Return the settings of a number, by the carrier's names."""
    base = f"{settings.carrier_base}/twilio"
    fallback = f"{settings.fallback_url or settings.carrier_base}/twilio/voice/fallback"
    return {
        "VoiceUrl": f"{base}/voice{STEP}",
        "VoiceMethod": "POST",
        "VoiceFallbackUrl": fallback,
        "VoiceFallbackMethod": "POST",
        "StatusCallback": f"{base}/voice/ended{CALLBACK}",
        "StatusCallbackMethod": "POST",
        "SmsUrl": f"{base}/text",
        "SmsMethod": "POST",
        "VoiceCallerIdLookup": "false",
        **dict.fromkeys(MUST_BE_EMPTY, ""),
    }


def drifts(found: LineConfiguration, settings: Settings) -> list[str]:
    """Return one sentence for each setting that is not as it should be."""
    if not found.found:
        return ["this account has no such number"]
    out = []
    for name, value in wanted(settings).items():
        actual = found.settings.get(name, "")
        if actual != value:
            out.append(f"{name} is {actual or 'empty'}, should be {value or 'empty'}")
    out += [
        f"{name} is {value}: recording must be off"
        for name, value in found.settings.items()
        if "record" in name.lower() and value.lower() not in {"", "false", "do-not-record", "disable-recording"}
    ]
    return out


def simulated(settings: Settings) -> Webhooks:
    """Return the same set-up for the simulated carrier."""
    told = wanted(settings)
    return Webhooks(
        voice_url=told["VoiceUrl"],
        fallback_url=told["VoiceFallbackUrl"],
        ended_url=told["StatusCallback"],
        text_url=told["SmsUrl"],
    )
