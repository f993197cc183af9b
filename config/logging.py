"""Logs: one JSON object a line in production, and no personal data in any of them.

`mask` is the last processor but one and goes through every value. It is a net under code that does not
log numbers in the first place, and the canary test holds the whole run's output against it.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import orjson
import structlog

_TOKEN = re.compile(r"\b(?:cl_[a-z]+_|Bearer\s+|SK|pin=|code=)[A-Za-z0-9_\-.]{8,}")
_MAIL = re.compile(r"[A-Za-z0-9._%+\-]+(?:@|%40)[A-Za-z0-9.\-]+")
_SID = re.compile(r"\b(?:AC|CA|SM|MM|PN)[0-9a-f]{32}\b")
_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_STAMP = re.compile(r"\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+\-]\d{2}:?\d{2})?")
_KEPT = re.compile(f"{_SID.pattern}|{_UUID.pattern}|{_STAMP.pattern}")
# Seven digits and more, with whatever people put between them, percent-encoded or not.
_NUMBER = re.compile(r"(?:\+|%2B)?\(?\d(?:(?:[\s().\-–/]|%20|%28|%29){0,3}\d){6,}", re.IGNORECASE)

# Words in a key that say: what stands here is about a person or is a secret.
PRIVATE = re.compile(
    r"(^|_)(name|names|phone|number|caller|callee|email|mail|address|note|text|body|token|secret|password|pin|digits|code_typed|from|to|authorization|cookie)($|_)",
    re.IGNORECASE,
)
_FINE = frozenset({"logger", "event", "level", "timestamp", "path", "route"})


def mask_text(value: str) -> str:
    """Return `value` without telephone numbers, mail addresses and tokens; ids and instants stay."""
    kept: list[str] = []

    def hold(match: re.Match[str]) -> str:
        kept.append(match.group())
        return f"\x00{chr(0xE000 + len(kept) - 1)}\x00"

    out = _KEPT.sub(hold, value)
    out = _TOKEN.sub("[token]", out)
    out = _MAIL.sub("[mail]", out)
    out = _NUMBER.sub("[number]", out)
    for index, original in enumerate(kept):
        out = out.replace(f"\x00{chr(0xE000 + index)}\x00", original)
    return out.replace("\r", "\\r").replace("\n", "\\n")


def _mask(key: str, value: object) -> object:
    if key not in _FINE and PRIVATE.search(key) and not isinstance(value, bool):
        return "[private]"
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, bytes):
        return "[bytes]"
    if isinstance(value, Mapping):
        return {str(k): _mask(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_mask("", item) for item in value]
    if isinstance(value, bool | float | None):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1_000_000 else mask_text(str(value))
    return mask_text(str(value))


def mask(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask every value of an entry (structlog processor)."""
    return {key: _mask(key, value) for key, value in event.items()}


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
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
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
