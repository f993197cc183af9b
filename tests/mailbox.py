"""A mail server on loopback that keeps what it takes."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


# ruff: noqa: N802 - aiosmtpd calls its handlers by the verbs of SMTP
@dataclass
class Mailbox:
    """What the server answers is scripted; "hang" never comes, "drop" hangs up. Either may have taken the mail."""

    mail: str = "250 OK"
    rcpt: str = "250 OK"
    data: str = "250 OK"
    taken: list[Envelope] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)

    async def handle_MAIL(self, _: SMTP, _s: Session, envelope: Envelope, address: str, _o: list[str]) -> str:
        envelope.mail_from = address
        return self.mail

    async def handle_RCPT(self, _: SMTP, _s: Session, envelope: Envelope, address: str, _o: list[str]) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.taken.append(envelope)
        if self.data == "hang":
            await asyncio.Event().wait()
        if self.data == "drop":
            assert server.transport is not None
            server.transport.close()
        return self.data

    def login(self, _server: SMTP, _session: Session, _envelope: Envelope, _way: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.password)
        return AuthResult(success=data.password == b"p@ss", handled=False)

    def letters(self) -> list[EmailMessage]:
        return [_read(envelope) for envelope in self.taken]

    def letter(self) -> EmailMessage:
        (only,) = self.letters()
        return only


def _read(envelope: Envelope) -> EmailMessage:
    content = envelope.original_content
    assert content is not None
    message = message_from_bytes(content.replace(b"\r\n", b"\n"), policy=default)
    assert isinstance(message, EmailMessage)
    return message


@asynccontextmanager
async def serving(
    mailbox: Mailbox, *, port: int = 0, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[int]:
    """Listen on loopback; yields the port. `tls` is for TLS from the first byte."""
    loop = asyncio.get_running_loop()
    started: list[SMTP] = []

    def protocol() -> SMTP:
        started.append(SMTP(mailbox, hostname="localhost", enable_SMTPUTF8=True, loop=loop, **options))
        return started[-1]

    server = await loop.create_server(protocol, "127.0.0.1", port, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for one in started:
            if one._handler_coroutine is not None:
                one._handler_coroutine.cancel()
                await asyncio.wait([one._handler_coroutine])
            if one.transport is not None:
                one.transport.close()
        await server.wait_closed()
