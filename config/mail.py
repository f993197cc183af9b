"""Mail by SMTP: one message, one connection, and an honest word on whether it was taken.

What a server or a library says in words names addresses, so only codes leave this file.
"""

import asyncio
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from urllib.parse import SplitResult, unquote, urlsplit

import aiosmtplib

from config.deps import CalendarFile, Handover, Taken
from config.settings import is_loopback

CONNECT_WITHIN_S = 10.0
SEND_WITHIN_S = 20.0
BYE_WITHIN_S = 2.0

_CALENDAR_NAME = "appointment.ics"
_MESSAGE_ID = re.compile(r"<[^<>@\s]+@[^<>@\s]+>")
# Seven bits, so that the message passes servers without 8BITMIME unchanged.
_POLICY = SMTP_POLICY.clone(cte_type="7bit", raise_on_defect=True)


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over, as a mail_url tells it.

    `tls` is True for TLS from the first byte, `starttls` True for always, False for never, None for where it
    is offered. The certificate is looked at in every case.
    """

    host: str
    port: int
    tls: bool
    starttls: bool | None
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def read_mail_url(url: str) -> Server:
    """Read `smtp://`, `smtp+starttls://` or `smtps://`, with `user:password@` where the host asks.

    A password goes only over TLS, unless the server is on this machine. Raises ValueError.
    """
    parts = urlsplit(url)
    ports = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
    if parts.scheme not in ports or not parts.hostname:
        msg = "a mail_url is smtp://, smtp+starttls:// or smtps:// and a host"
        raise ValueError(msg)
    user = unquote(parts.username) if parts.username else None
    return Server(
        host=parts.hostname,
        port=parts.port or ports[parts.scheme],
        tls=parts.scheme == "smtps",
        starttls=_starttls(parts, secret=user is not None),
        user=user,
        password=unquote(parts.password) if parts.password else None,
    )


def _starttls(parts: SplitResult, *, secret: bool) -> bool | None:
    if parts.scheme == "smtps":
        return False
    if parts.scheme == "smtp+starttls":
        return True
    if is_loopback(parts.hostname or ""):
        return False  # nobody listens in between, and local relays sign their own certificates
    return True if secret else None


class Smtp:
    """The real `Mail`: `url` and `sender` are the settings mail_url and mail_from, `now` dates messages."""

    def __init__(
        self,
        url: str,
        sender: str,
        *,
        now: Callable[[], datetime],
        tls: ssl.SSLContext | None = None,
        connect_within_s: float = CONNECT_WITHIN_S,
        send_within_s: float = SEND_WITHIN_S,
    ) -> None:
        name, address = parseaddr(sender)
        self._server = read_mail_url(url)
        self._sender = Address(display_name=name, addr_spec=address)
        self._now = now
        self._tls = tls
        self._connect_within_s = connect_within_s
        self._send_within_s = send_within_s

    async def send(
        self,
        *,
        to: str,
        subject: str,
        body: str,
        html: str | None,
        message_id: str,
        calendar: CalendarFile | None = None,
    ) -> Handover:
        """Hand over one message; `message_id` is `<…@…>` and the same for every try.

        A message is UNKNOWN once its bytes may have been taken without a word back. It may be sent again: a
        receiver that has a message with this id drops the second.
        """
        recipient = _address(to)
        if recipient is None:
            return Handover(Taken.NEVER, code="address")
        written = self._write(recipient, subject, body, html, message_id)
        if calendar is not None:
            _enclose(written, calendar)
        message = written.as_bytes()
        client = aiosmtplib.SMTP(
            hostname=self._server.host,
            port=self._server.port,
            use_tls=self._server.tls,
            start_tls=self._server.starttls,
            username=self._server.user,
            password=self._server.password,
            local_hostname=self._sender.domain,  # the machine's own name is nobody's business
            tls_context=self._tls,
            timeout=None,  # one limit around each half instead of one for each command
        )
        try:
            trouble = await self._connect(client)
            return trouble or await self._hand_over(client, to, message, message_id)
        finally:
            client.close()

    def _write(self, to: Address, subject: str, body: str, html: str | None, message_id: str) -> EmailMessage:
        if not _MESSAGE_ID.fullmatch(message_id):
            msg = "a message id is <…@…>"
            raise ValueError(msg)
        message = EmailMessage(policy=_POLICY.clone(utf8=not to.addr_spec.isascii()))
        message["From"] = self._sender
        message["To"] = to
        message["Subject"] = subject
        message["Date"] = format_datetime(self._now())
        message["Message-ID"] = message_id
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday reply comes back
        message.set_content(body)
        if html is not None:
            message.add_alternative(html, subtype="html")
        return message

    async def _connect(self, client: aiosmtplib.SMTP) -> Handover | None:
        """Get as far as the greeting, TLS and login; what fails here has surely handed over nothing."""
        try:
            async with asyncio.timeout(self._connect_within_s):
                await client.connect()
        except TimeoutError:
            return Handover(Taken.NO, code="connect_timeout")
        except aiosmtplib.SMTPResponseException as refusal:
            return Handover(Taken.NO, code=str(refusal.code))
        except (aiosmtplib.SMTPException, OSError) as trouble:
            mistrusted = isinstance(trouble.__cause__ or trouble, ssl.SSLError)
            return Handover(Taken.NO, code="tls" if mistrusted else "connect")
        return None

    async def _hand_over(self, client: aiosmtplib.SMTP, to: str, message: bytes, message_id: str) -> Handover:
        try:
            async with asyncio.timeout(self._send_within_s):
                options = [] if to.isascii() else ["SMTPUTF8"]
                await client.sendmail(self._sender.addr_spec, [to], message, mail_options=options)
        except TimeoutError:
            return Handover(Taken.UNKNOWN, code="timeout")
        except aiosmtplib.SMTPRecipientsRefused as refusal:
            return _refused(refusal.recipients[0].code)
        except (aiosmtplib.SMTPHeloError, aiosmtplib.SMTPSenderRefused) as refusal:
            # That is about us, not about this letter: it waits while we are mended.
            return Handover(Taken.NO, code=str(refusal.code))
        except aiosmtplib.SMTPResponseException as refusal:
            return _refused(refusal.code)
        except aiosmtplib.SMTPNotSupported:
            return Handover(Taken.NEVER, code="smtputf8")
        except (aiosmtplib.SMTPException, OSError):
            return Handover(Taken.UNKNOWN, code="disconnected")
        with suppress(aiosmtplib.SMTPException, OSError):  # it is taken, however the two part
            async with asyncio.timeout(BYE_WITHIN_S):
                await client.quit()
        return Handover(Taken.YES, reference=message_id)


def _enclose(message: EmailMessage, calendar: CalendarFile) -> None:
    """Attach a file for calendars, beside the words and not as another form of them.

    As an alternative it would be taken for an invitation, and a PUBLISH for one that is broken (docs/decisions/0011).
    """
    message.add_attachment(
        calendar.text, subtype="calendar", filename=_CALENDAR_NAME, params={"method": calendar.method}
    )


def _address(text: str) -> Address | None:
    """Return what can stand in a header and on the wire; beyond ASCII it can, where the server knows how."""
    user, at, domain = text.rpartition("@")
    if not (user and at and domain) or not text.isprintable() or set(text) & set(' <>(),;:"'):
        return None
    return Address(username=user, domain=domain)


def _refused(code: int) -> Handover:
    """4xx may pass later, 5xx never does (RFC 5321, 4.2.1)."""
    return Handover(Taken.NEVER if code >= 500 else Taken.NO, code=str(code))
