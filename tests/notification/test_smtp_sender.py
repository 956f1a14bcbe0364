"""Handing mails to a real SMTP server, well-behaved and otherwise."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.notification.gateway import Gateway, message
from watchword.notification.model import Channel, Message, Refused, Unreachable
from watchword.notification.senders.addresses import OutgoingRules
from watchword.notification.senders.fetcher import Fetcher
from watchword.notification.senders.smtp_sender import MailServer, SmtpSender


class Server:
    """Takes mail, and says what it is told to say to a recipient and to a text."""

    def __init__(self) -> None:
        self.to_recipient = "250 OK"
        self.to_text = "250 OK"
        self.mails: list[EmailMessage] = []
        self.logins: list[str] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(message_from_bytes(content, _class=EmailMessage, policy=policy.default))
        if self.to_text == "drop":
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            await asyncio.Event().wait()
        return self.to_text

    def log_in(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.logins.append(given.login.decode())
        return AuthResult(success=given.password == b"right", handled=False)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def port(server: Server) -> Iterator[int]:
    yield from _serve(server)


@pytest.fixture
def secured_port(server: Server, certificate: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    yield from _serve(server, tls_context=context, require_starttls=True, authenticator=server.log_in)


def _serve(server: Server, **options: Any) -> Iterator[int]:  # noqa: ANN401 - those of aiosmtpd's SMTP
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    opened = loop.create_server(lambda: SMTP(server, hostname="localhost", loop=loop, **options), "127.0.0.1", 0)
    listener = asyncio.run_coroutine_threadsafe(opened, loop).result(5.0)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_close(listener), loop).result(5.0)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5.0)
        loop.close()


async def _close(listener: asyncio.Server) -> None:
    listener.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _mail(to: str = "kim@example.com", subject: str = "Hallo", body: str = "<p>Hi</p>", **others: str) -> Message:
    return message(Channel.EMAIL, to, body, {}, subject=subject, content_type=others.get("content_type", "text/html"))


def _plain(fetcher: Fetcher, port: int, **others: Any) -> SmtpSender:  # noqa: ANN401 - the other settings of MailServer
    settings = MailServer("127.0.0.1", "noreply@id.example", port, start_tls=False, authentication=False, **others)
    return SmtpSender(settings, fetcher)


def test_a_mail_arrives_as_it_was_written(server: Server, port: int, fetcher: Fetcher) -> None:
    sender = _plain(fetcher, port, signature="Größe & Söhne", reply_to="help@id.example")
    receipt = sender.send(_mail(subject="Ihr Zugang – bestätigen", body="<p>Grüße</p>"), 5.0)
    (mail,) = server.mails
    assert mail["Subject"] == "Ihr Zugang – bestätigen"
    assert mail["From"] == "Größe & Söhne <noreply@id.example>"
    assert mail["Reply-To"] == "help@id.example"
    assert mail["To"] == "kim@example.com"
    assert mail["Message-ID"] == "<m-1@id.example>" == receipt.reference
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/html"
    assert mail.get_content_charset() == "utf-8"
    assert mail.get_content().strip() == "<p>Grüße</p>"


def test_plain_text_stays_plain(server: Server, port: int, fetcher: Fetcher) -> None:
    _plain(fetcher, port).send(_mail(body="a < b", content_type="text/plain"), 5.0)
    assert server.mails[0].get_content_type() == "text/plain"
    assert server.mails[0].get_content().strip() == "a < b"


@pytest.mark.parametrize("subject", ["a\r\nBcc: evil@example.com", "a\nb", "a\0b", "a\u2028b"])
def test_a_subject_cannot_begin_a_header(server: Server, port: int, fetcher: Fetcher, subject: str) -> None:
    with pytest.raises(Refused):
        _plain(fetcher, port).send(_mail(subject=subject), 5.0)
    assert not server.mails


@pytest.mark.parametrize(
    "to",
    [
        "kim@example.com\r\nRCPT TO:<evil@example.com>",
        "kim@example.com, evil@example.com",
        '"kim"@example.com',
        "Kim <kim@example.com>",
        "kim(x)@example.com",
        "kim@[127.0.0.1]",
        "kim",
        "kim@",
        "a@b@example.com",
    ],
)
def test_only_one_plain_mailbox_is_written_to(server: Server, port: int, fetcher: Fetcher, to: str) -> None:
    with pytest.raises(Refused):
        _plain(fetcher, port).send(_mail(to=to), 5.0)
    assert not server.mails


@pytest.mark.parametrize(
    ("said", "expected"), [("450 greylisted", Unreachable), ("421 later", Unreachable), ("550 no", Refused)]
)
def test_what_the_server_says_of_a_recipient_counts(
    server: Server, port: int, fetcher: Fetcher, said: str, expected: type[Exception]
) -> None:
    server.to_recipient = said
    with pytest.raises(expected):
        _plain(fetcher, port).send(_mail(), 5.0)


@pytest.mark.parametrize(("said", "expected"), [("452 full", Unreachable), ("552 too big", Refused)])
def test_what_the_server_says_of_a_text_counts(
    server: Server, port: int, fetcher: Fetcher, said: str, expected: type[Exception]
) -> None:
    server.to_text = said
    with pytest.raises(expected):
        _plain(fetcher, port).send(_mail(), 5.0)


def test_a_connection_that_ends_after_the_text_may_have_delivered_it(
    server: Server, port: int, fetcher: Fetcher
) -> None:
    server.to_text = "drop"
    with pytest.raises(Unreachable) as unreachable:
        _plain(fetcher, port).send(_mail(), 5.0)
    assert unreachable.value.ambiguous


def test_nothing_is_sent_in_clear_to_a_server_without_starttls(server: Server, port: int, fetcher: Fetcher) -> None:
    for authentication in (True, False):
        settings = MailServer("127.0.0.1", "noreply@id.example", port, "u", "right", authentication)
        with pytest.raises(Unreachable, match="STARTTLS"):
            SmtpSender(settings, fetcher).send(_mail(), 5.0)
    assert not server.mails
    assert not server.logins


def test_a_server_with_tls_and_login_takes_the_mail(
    server: Server, secured_port: int, fetcher: Fetcher, certificate: Path
) -> None:
    settings = MailServer(
        "localhost", "noreply@id.example", secured_port, username="u", password="right", extra_authorities=certificate
    )
    SmtpSender(settings, fetcher).send(_mail(), 5.0)
    assert len(server.mails) == 1
    assert server.logins == ["u"]
    assert "right" not in repr(settings)


def test_a_wrong_password_is_told(secured_port: int, fetcher: Fetcher, certificate: Path) -> None:
    settings = MailServer(
        "localhost", "noreply@id.example", secured_port, username="u", password="wrong", extra_authorities=certificate
    )
    with pytest.raises(Refused, match="535"):
        SmtpSender(settings, fetcher).send(_mail(), 5.0)


def test_a_server_that_is_not_verified_gets_no_password(server: Server, secured_port: int, fetcher: Fetcher) -> None:
    settings = MailServer("localhost", "noreply@id.example", secured_port, username="u", password="right")
    with pytest.raises(Unreachable):
        SmtpSender(settings, fetcher).send(_mail(), 5.0)
    assert not server.logins


def test_a_server_that_is_away_is_unreachable(fetcher: Fetcher) -> None:
    with Gateway() as gateway:
        port = gateway.port
    with pytest.raises(Unreachable) as unreachable:
        _plain(fetcher, port).send(_mail(), 5.0)
    assert not unreachable.value.ambiguous


def test_a_server_that_drips_ends_with_the_time(fetcher: Fetcher) -> None:
    stopped = threading.Event()
    listener = _dripping_server(stopped)
    began = time.monotonic()
    with pytest.raises(Unreachable):
        _plain(fetcher, next(listener)).send(_mail(), 0.3)
    stopped.set()
    assert time.monotonic() - began < 1.5
    next(listener, None)


def test_development_writes_to_no_foreign_mail_server() -> None:
    rules = OutgoingRules(loopback_only=True)
    with Fetcher(rules, resolve=lambda _host, _port: ["93.184.216.34"]) as fetcher, pytest.raises(Refused):
        SmtpSender(MailServer("mail.example.test", "noreply@id.example"), fetcher).send(_mail(), 5.0)


def _dripping_server(stopped: threading.Event) -> Iterator[int]:
    """Greet a byte at a time, without ever coming to an end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                while not stopped.wait(0.02):
                    connection.sendall(b"2")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5.0)
