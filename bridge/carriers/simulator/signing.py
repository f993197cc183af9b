"""The carrier's signature over a request: base64 of HMAC-SHA1 with the account's token.

Documented at https://www.twilio.com/docs/usage/webhooks/webhooks-security; the tests hold it equal to the
carrier's own library and to the documented vectors.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit


def signed_url(url: str, *, voice: bool) -> str:
    """Return the URL as it is signed: never userinfo or fragment; no port on a voice request over HTTPS."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if voice and parts.scheme == "https" and parts.port is not None:
        host = host.rpartition(":")[0]
    return urlunsplit(parts._replace(netloc=host, fragment=""))


def signature(token: str, url: str, params: Iterable[tuple[str, str]]) -> str:
    """Sign form parameters: sorted names, each with its distinct values sorted, nothing in between."""
    signed = url + "".join(name + value for name, value in sorted(set(params)))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
