"""Logs: one JSON object a line in production, and no personal data in any of them.

`mask` is the last processor but one and goes through every value. It is a net under code that does not
log numbers in the first place, and the canary test holds the whole run's output against it.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any

import orjson
import structlog
from aiohttp.http_exceptions import HttpProcessingError

_TOKEN = re.compile(
    r"\b(?:cl_[a-z]+_|Bearer\s+|SK)[A-Za-z0-9_\-.]{8,}|\bBasic\s+[A-Za-z0-9+/=]{16,}"
    r"|\b(?:password|secret|token)=[^\s&\"']+|\b(?:pin|digits)[=:]\s*\d{4,}|\bcode[=:]\s*\d{6,}",
    re.IGNORECASE,
)
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]{1,200}@")
# The lengths are bounded, or a long word without an @ would cost its square.
_MAIL = re.compile(r"[\w.%+'!#$*^~\-]{1,128}(?:@|%40)[\w.\-]{1,255}", re.IGNORECASE)
_SID = re.compile(r"\b(?:AC|CA|SM|MM|PN)[0-9a-f]{32}\b")
_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_STAMP = re.compile(r"\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+\-]\d{2}:?\d{2})?")
_KEPT = re.compile(f"{_SID.pattern}|{_UUID.pattern}|{_STAMP.pattern}")
# Seven digits and more, with whatever people put between them, percent-encoded or not.
_BETWEEN = r"(?:[\s().\-\u2010-\u2015\u2212/+_]|%(?:20|28|29|2B|2D|2E|2F|C2%A0|E2%80%9[0-5]))"
_NUMBER = re.compile(rf"(?:\+|%2B)?(?:\(|%28)?\d(?:{_BETWEEN}{{0,3}}\d){{6,}}", re.IGNORECASE)
# What would begin a new line, or speak to a terminal.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

# Words in a key that say: what stands here is about a person or is a secret.
_PRIVATE = frozenset(
    {"name", "names", "phone", "number", "caller", "callee", "called", "from", "to", "address", "email", "mail"}
    | {"note", "text", "body", "token", "secret", "password", "pin", "digits", "typed", "authorization", "cookie"}
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")  # of snake_case and of the carriers' CamelCase
_FINE = frozenset({"logger", "event", "level", "timestamp", "path", "route"})
# Nothing of the above can stand in a text of these characters alone, but for a token that begins in one of these
# ways. Most texts of a log line are of that kind, or an id or an instant as a whole, and need no closer look.
_PLAIN = re.compile(r"[A-Za-z_./:{}\- ]*")
_TOKEN_BEGINS = re.compile(r"\b(?:cl_|bearer|basic|sk)", re.IGNORECASE)


def mask_text(value: str) -> str:
    """Return `value` without telephone numbers, mail addresses and tokens; ids and instants stay."""
    if _PLAIN.fullmatch(value):
        if not _TOKEN_BEGINS.search(value):
            return value
    elif _KEPT.fullmatch(value):
        return value
    kept: list[str] = []

    def hold(match: re.Match[str]) -> str:
        kept.append(match.group())
        return f"\x00{chr(0xE000 + len(kept) - 1)}\x00"

    out = _KEPT.sub(hold, value.encode(errors="backslashreplace").decode())
    out = _TOKEN.sub("[token]", out)
    out = _CREDENTIALS.sub("[private]@", out)
    out = _MAIL.sub("[mail]", out)
    out = _NUMBER.sub("[number]", out)
    for index, original in enumerate(kept):
        out = out.replace(f"\x00{chr(0xE000 + index)}\x00", original)
    return _CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode(), out)


@lru_cache(maxsize=1024)
def _is_private(key: str) -> bool:
    return key not in _FINE and not _PRIVATE.isdisjoint(word.lower() for word in _WORD.findall(key))


def _mask(key: str, value: object) -> object:
    if isinstance(value, bool | None):
        return value
    if _is_private(key):
        return "[private]"
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, bytes):
        return "[bytes]"
    if isinstance(value, Mapping):
        return {mask_text(str(k)): _mask(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_mask("", item) for item in value]
    if isinstance(value, int | float) and abs(value) < 1_000_000:
        return value
    return mask_text(str(value))


def mask(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask every value of an entry (structlog processor)."""
    return {mask_text(key): _mask(key, value) for key, value in event.items()}


def _written(_logger: object, _method: str, line: Any) -> tuple[tuple[str], Mapping[str, Any]]:
    """Hand a line that is ready to the standard library (the last structlog processor)."""
    return (line,), {"extra": {"written": True}}


class _Lines(structlog.stdlib.ProcessorFormatter):
    """Takes structlog's lines as they are, and sends what others log through the processors."""

    def format(self, record: logging.LogRecord) -> str:
        return record.getMessage() if "written" in record.__dict__ else super().format(record)


def configure(*, production: bool) -> None:
    """Set up structlog and send the standard library's loggers through the same processors."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    render: Any = (
        structlog.processors.JSONRenderer(serializer=lambda value, **_: orjson.dumps(value, default=str).decode())
        if production
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, mask, render, _written],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        _Lines(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, mask, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # These write addresses with numbers in them, or a line for every statement.
    for loud in ("twilio", "twilio.http_client", "sqlalchemy.engine", "aiohttp.access", "mail.log"):
        logging.getLogger(loud).setLevel(logging.WARNING)
    logging.getLogger("aiohttp.server").addFilter(_without_what_came)


def _without_what_came(record: logging.LogRecord) -> bool:
    """Let a request that is no HTTP be one short line: its traceback repeats what a stranger sent."""
    if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
        record.levelno, record.levelname = logging.INFO, logging.getLevelName(logging.INFO)
        record.msg, record.args, record.exc_info = "no http: %s", (type(record.exc_info[1]).__name__,), None
    return True
