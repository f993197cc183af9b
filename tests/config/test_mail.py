"""Mail over real SMTP: aiosmtpd on loopback, with and without TLS, in good and in bad moods."""

import asyncio
import ssl
import subprocess
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from config.deps import CalendarFile, Handover, Mail, Taken
from config.mail import Server, Smtp, read_mail_url
from tests.mailbox import Mailbox, serving

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
SENDER = "Consultline <no-reply@example.com>"
ID = "<3f1d8a52-4b60-4f0e-9a36-0d1f64b1c111@example.com>"
LETTER = {"to": "ana@example.org", "subject": "Your consultation", "body": "It starts.\n", "message_id": ID}


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a certificate for localhost that signs itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    what = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    names = "-addext subjectAltName=DNS:localhost,IP:127.0.0.1"
    command = ["openssl", *what.split(), *names.split(), "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


@pytest.fixture
def server_tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def trusting(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[0]))


def smtp(url: str, **options: Any) -> Smtp:
    return Smtp(url, SENDER, now=lambda: NOW, **options)


async def send(mail: Mail, **changes: Any) -> Handover:
    letter: dict[str, Any] = {**LETTER, "html": None, **changes}
    return await mail.send(**letter)


# What is written


async def test_a_message_says_who_when_and_under_which_id() -> None:
    mailbox = Mailbox()
    async with serving(mailbox) as port:
        taken = await send(smtp(f"smtp://127.0.0.1:{port}"))
    assert taken == Handover(Taken.YES, reference=ID)
    message = mailbox.letter()
    assert message["From"] == "Consultline <no-reply@example.com>"
    assert message["To"] == "ana@example.org"
    assert message["Subject"] == "Your consultation"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == ID
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert message.get_content() == "It starts.\n"
    assert (mailbox.taken[0].mail_from, mailbox.taken[0].rcpt_tos) == (
        "no-reply@example.com",
        ["ana@example.org"],
    )


async def test_html_goes_beside_the_plain_text_and_all_in_seven_bits() -> None:
    mailbox = Mailbox()
    async with serving(mailbox) as port:
        await send(
            smtp(f"smtp://127.0.0.1:{port}"),
            subject="¿Se realizó?",
            body="Mañana a las 3\n",
            html="<p>Mañana</p>\n",
        )
    content = mailbox.taken[0].original_content
    assert content is not None
    assert content.isascii()
    plain, html = mailbox.letter().iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert mailbox.letter()["Subject"] == "¿Se realizó?"
    assert (plain.get_content_type(), plain.get_content()) == ("text/plain", "Mañana a las 3\n")
    assert (html.get_content_type(), html.get_content()) == ("text/html", "<p>Mañana</p>\n")


async def test_a_file_for_calendars_is_attached_and_does_not_look_like_an_invitation() -> None:
    """Beside the words and not as another form of them: what is an alternative is shown with buttons."""
    mailbox = Mailbox()
    written = "BEGIN:VCALENDAR\r\nSUMMARY:Sesión\r\nEND:VCALENDAR\r\n"
    async with serving(mailbox) as port:
        taken = await send(
            smtp(f"smtp://127.0.0.1:{port}"), html="<p>It starts.</p>\n", calendar=CalendarFile("PUBLISH", written)
        )
    assert taken.taken is Taken.YES
    content = mailbox.taken[0].original_content
    assert content is not None
    assert content.isascii()
    message = mailbox.letter()
    words, file = message.iter_parts()
    assert isinstance(file, EmailMessage)
    assert (message.get_content_type(), words.get_content_type()) == ("multipart/mixed", "multipart/alternative")
    assert (file.get_content_type(), file.get_content_disposition()) == ("text/calendar", "attachment")
    assert dict(file["Content-Type"].params) == {"charset": "utf-8", "method": "PUBLISH"}
    assert file.get_filename() == "appointment.ics"
    assert file.get_content().replace("\n", "\r\n") == written
    plain = message.get_body(("plain",))
    assert plain is not None
    assert plain.get_content() == "It starts.\n"


async def test_a_message_tried_again_keeps_its_id() -> None:
    mailbox = Mailbox()
    async with serving(mailbox) as port:
        mail = smtp(f"smtp://127.0.0.1:{port}")
        await send(mail)
        await send(mail)
    assert [letter["Message-ID"] for letter in mailbox.letters()] == [ID, ID]


async def test_an_address_beyond_ascii_goes_to_a_server_that_knows_them() -> None:
    mailbox = Mailbox()
    async with serving(mailbox) as port:
        taken = await send(smtp(f"smtp://127.0.0.1:{port}"), to="peña@example.org")
    assert taken.taken is Taken.YES
    assert mailbox.taken[0].rcpt_tos == ["peña@example.org"]


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "a@example.org\nBcc: b@example.org"},
        {"subject": "Hello\nBcc: b@example.org"},
        {"to": "no address"},
        {"to": ""},
    ],
)
async def test_nothing_smuggles_a_header_in(changes: dict[str, str]) -> None:
    mailbox = Mailbox()
    async with serving(mailbox) as port:
        try:
            taken = await send(smtp(f"smtp://127.0.0.1:{port}"), **changes)
        except ValueError:  # a subject is ours, so that is a bug
            assert "subject" in changes
        else:
            assert taken == Handover(Taken.NEVER, code="address")
    assert mailbox.taken == []


async def test_a_message_id_without_brackets_is_a_bug() -> None:
    with pytest.raises(ValueError, match="message id"):
        await send(smtp("smtp://127.0.0.1:1"), message_id="3f1d8a52")


# What is known afterwards


@pytest.mark.parametrize(
    ("mailbox", "expected"),
    [
        (Mailbox(mail="550 5.7.1 <no-reply@example.com>: not yours"), Handover(Taken.NO, code="550")),
        (Mailbox(rcpt="550 5.1.1 <ana@example.org>: no such user"), Handover(Taken.NEVER, code="550")),
        (Mailbox(rcpt="450 4.2.1 <ana@example.org>: mailbox busy"), Handover(Taken.NO, code="450")),
        (Mailbox(data="554 5.7.1 refused"), Handover(Taken.NEVER, code="554")),
        (Mailbox(data="452 4.3.1 full"), Handover(Taken.NO, code="452")),
        (Mailbox(data="hang"), Handover(Taken.UNKNOWN, code="timeout")),
        (Mailbox(data="drop"), Handover(Taken.UNKNOWN, code="disconnected")),
    ],
    ids=["our own address", "no such user", "busy", "refused", "full", "no word", "dropped"],
)
async def test_what_the_server_says_decides(mailbox: Mailbox, expected: Handover) -> None:
    async with serving(mailbox) as port:
        assert await send(smtp(f"smtp://127.0.0.1:{port}", send_within_s=0.2)) == expected


async def test_nobody_there_means_surely_not_taken() -> None:
    mailbox = Mailbox()
    async with serving(mailbox) as port:
        pass
    assert await send(smtp(f"smtp://127.0.0.1:{port}")) == Handover(Taken.NO, code="connect")


async def test_a_server_that_never_greets_has_surely_not_taken_it() -> None:
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        taken = await send(smtp(f"smtp://127.0.0.1:{port}", connect_within_s=0.1))
        await left.wait()
    finally:
        server.close()
        await server.wait_closed()
    assert taken == Handover(Taken.NO, code="connect_timeout")


# TLS and login


async def test_smtps_is_encrypted_from_the_first_byte(server_tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    mailbox = Mailbox()
    async with serving(mailbox, tls=server_tls) as port:
        taken = await send(smtp(f"smtps://localhost:{port}", tls=trusting))
    assert taken.taken is Taken.YES
    assert len(mailbox.taken) == 1


async def test_starttls_and_login(server_tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    mailbox = Mailbox()
    options: dict[str, Any] = {
        "tls_context": server_tls,
        "authenticator": mailbox.login,
        "auth_required": True,
    }
    async with serving(mailbox, require_starttls=True, **options) as port:
        taken = await send(smtp(f"smtp+starttls://ana:p%40ss@localhost:{port}", tls=trusting))
    assert taken.taken is Taken.YES
    assert mailbox.logins == [b"p@ss"]


async def test_a_wrong_password_loses_no_letter(server_tls: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    mailbox = Mailbox()
    async with serving(mailbox, tls_context=server_tls, authenticator=mailbox.login) as port:
        taken = await send(smtp(f"smtp+starttls://ana:wrong@localhost:{port}", tls=trusting))
    assert taken == Handover(Taken.NO, code="535")
    assert mailbox.taken == []


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
async def test_a_strangers_certificate_gets_neither_password_nor_letter(
    scheme: str, server_tls: ssl.SSLContext
) -> None:
    mailbox = Mailbox()
    first_byte = server_tls if scheme == "smtps" else None
    later = None if scheme == "smtps" else server_tls
    async with serving(mailbox, authenticator=mailbox.login, tls=first_byte, tls_context=later) as port:
        taken = await send(smtp(f"{scheme}://ana:p%40ss@localhost:{port}"))
    assert taken == Handover(Taken.NO, code="tls")
    assert (mailbox.taken, mailbox.logins) == ([], [])


async def test_starttls_that_is_not_offered_gets_no_letter() -> None:
    mailbox = Mailbox()
    async with serving(mailbox) as port:
        taken = await send(smtp(f"smtp+starttls://localhost:{port}"))
    assert taken.taken is Taken.NO
    assert mailbox.taken == []


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://127.0.0.1", Server("127.0.0.1", 25, tls=False, starttls=False)),
        ("smtp://127.0.0.1:1025", Server("127.0.0.1", 1025, tls=False, starttls=False)),
        ("smtp://mail.example.com", Server("mail.example.com", 25, tls=False, starttls=None)),
        (
            "smtp://u:p@mail.example.com",
            Server("mail.example.com", 25, tls=False, starttls=True, user="u", password="p"),
        ),
        ("smtp+starttls://mail.example.com", Server("mail.example.com", 587, tls=False, starttls=True)),
        (
            "smtps://u:p%2F@mail.example.com",
            Server("mail.example.com", 465, tls=True, starttls=False, user="u", password="p/"),
        ),
    ],
)
def test_a_mail_url_tells_the_server(url: str, server: Server) -> None:
    assert read_mail_url(url) == server


@pytest.mark.parametrize("url", ["", "mail.example.com", "http://mail.example.com", "smtp://"])
def test_a_mail_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="smtp"):
        read_mail_url(url)


def test_a_password_stands_in_no_repr() -> None:
    assert "hush" not in repr(read_mail_url("smtps://u:hush@mail.example.com"))
