"""How people sign in: what a password must be, how long to wait after wrong ones, which codes and links are good.

An attacker can make a stranger's browser wait, never the victim's own: a browser that has signed in before is counted
by itself (a device cookie), and a link by mail is always a way in.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from people.values import LinkPurpose

PASSWORD_LEAST, PASSWORD_MOST = 12, 200
TRIES_COUNT_FOR = timedelta(minutes=15)
FREE_TRIES = {"account": 5, "device": 5, "address": 30}
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=15)

LINK_LIVES = {
    LinkPurpose.INVITATION: timedelta(days=14),  # R49
    LinkPurpose.SIGN_IN: timedelta(minutes=15),
    LinkPurpose.RESET: timedelta(minutes=30),
    LinkPurpose.NEW_ADDRESS: timedelta(hours=24),
}
HALF_LIVES = timedelta(minutes=10)  # between password and second factor
RECOVERY_CODES = 10

_RUNS = ("0123456789", "9876543210", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_COMMON = re.compile(r"password|passwort|contrase|letmein|welcome|iloveyou|consultline|therap|admin|qwerty|123456")


def password_problem(password: str, email: str) -> str | None:
    """Return the key of what is wrong with a new password, or None (ASVS 6.2: long, not common, no composition)."""
    if len(password) < PASSWORD_LEAST:
        return "problems.password_short"
    if len(password) > PASSWORD_MOST:
        return "problems.password_long"
    plain = password.casefold()
    rest = _COMMON.sub("", plain.replace(email.partition("@")[0].casefold(), ""))
    for run in _RUNS:
        for size in range(len(run), 3, -1):
            for start in range(len(run) - size + 1):
                rest = rest.replace(run[start : start + size], "")
    return "problems.password_common" if len(set(rest)) < 5 or len(rest) < 6 else None


def wait_until(kind: str, tries: Sequence[datetime], now: datetime) -> datetime | None:
    """Return until when to wait after the failed `tries` of the last quarter of an hour, oldest first; None for now.

    The first few are free; each further one doubles the wait, which ends by itself.
    """
    recent = [at for at in tries if now - at < TRIES_COUNT_FOR]
    over = len(recent) - FREE_TRIES[kind]
    if over < 0:
        return None
    until = recent[-1] + min(_FIRST_WAIT * (1 << min(over, 10)), _LONGEST_WAIT)
    return until if now < until else None


def link_token(link_id: UUID, key: bytes) -> str:
    """Return the token of a link: its id and a proof that it was us who made it."""
    proof = hmac.new(key, link_id.bytes, hashlib.sha256).digest()[:18]
    return base64.urlsafe_b64encode(link_id.bytes + proof).decode().rstrip("=")


def link_of(token: str, key: bytes) -> UUID | None:
    """Return the id of the link behind a token, or None where we did not make it."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    if len(raw) != 34:
        return None
    link_id = UUID(bytes=raw[:16])
    return link_id if hmac.compare_digest(link_token(link_id, key), token) else None


def totp_secret(account_id: UUID, generation: int, key: bytes) -> str:
    """Return the second factor's secret in base32, as authenticator apps take it: 160 bits, derived, never stored."""
    derived = hmac.new(key, account_id.bytes + generation.to_bytes(4, "big"), hashlib.sha256).digest()[:20]
    return base64.b32encode(derived).decode()


def recovery_code(random: str) -> str:
    """Return a code that can be written down out of a random token: 50 bits in two groups, no letters to confuse."""
    digest = hashlib.sha256(random.encode()).digest()
    letters = "23456789abcdefghjkmnpqrstuvwxyzt"
    drawn = "".join(letters[byte % 32] for byte in digest[:10])
    return f"{drawn[:5]}-{drawn[5:]}"


def plain_code(typed: str) -> str:
    """Return a code as it is compared: without spaces and dashes, in small letters."""
    return re.sub(r"[\s-]", "", typed).casefold()
