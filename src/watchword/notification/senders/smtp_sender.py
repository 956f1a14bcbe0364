"""The sender that speaks SMTP: one mail, one connection, one deadline for all of it."""

import contextlib
import email.errors
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from watchword.notification.model import Message, Receipt, Refused, Unreachable
from watchword.notification.senders.addresses import Forbidden
from watchword.notification.senders.fetcher import Fetcher, new_tls_context

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
# One plain mailbox (decisions 5.3): no list, no comment, no quotes, no literal.
_MAILBOX: Final = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,64}@(?:[\w-]{1,63}\.)*[\w-]{1,63}")
_PERMANENT: Final = 500
_CONNECT_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class MailServer:
    """The operator's mail server: ``[output_adapter.email]``. *signature* is the sender's shown name."""

    hostname: str
    from_address: str
    port: int = 587
    username: str = ""
    password: str = field(default="", repr=False)
    authentication: bool = True
    start_tls: bool = True
    signature: str = ""
    reply_to: str = ""
    extra_authorities: Path | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """What goes out by mail, whoever has put it together."""

    id: str
    to: str
    subject: str = field(repr=False)
    text: str = field(repr=False)
    content_type: str = "text/plain"
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SmtpSender:
    """Hands mails to the operator's server. May be used by any number of threads."""

    server: MailServer
    fetcher: Fetcher
    """Lends its rules: even a mail server is looked up and checked as every other address."""
    name: str = "SMTP"

    def send(self, message: Message, deadline_seconds: float) -> Receipt:
        """Hand a message over as a mail of its own."""
        text = message.body + message.footer
        mail = Mail(message.id, message.to, message.subject, text, message.content_type, message.created_at)
        return self.send_mail(mail, deadline_seconds)

    def send_mail(self, mail: Mail, deadline_seconds: float) -> Receipt:
        """Hand a mail over.

        Raises:
            Refused: the address or the mail will never be taken.
            Unreachable: the server is away, or asks to come again.
        """
        composed = compose(mail, self.server)
        progress = _Progress(ends=time.monotonic() + deadline_seconds)
        try:
            with self._translated(progress):
                client = self._connect(progress)
                try:
                    self._hand_over(client, composed, mail.to, progress)
                    _leave(client)
                finally:
                    client.close()
        except Forbidden as forbidden:
            raise Refused(f"{self.name}: {forbidden}") from forbidden
        return Receipt(self.name, str(composed["Message-ID"]))

    def _connect(self, progress: "_Progress") -> "_Client":
        """Connect, with one immediate second try."""
        try:
            return self._connect_once(progress)
        except OSError:
            if progress.left() < _CONNECT_SECONDS / 2:
                raise
        return self._connect_once(progress)

    def _connect_once(self, progress: "_Progress") -> "_Client":
        host, port = self.server.hostname, self.server.port
        *others, last = self.fetcher.addresses(host, port, listed=True, seconds=progress.left())
        for address in others:
            with contextlib.suppress(OSError):
                return _Client.connected(host, port, str(address), progress)
        return _Client.connected(host, port, str(last), progress)

    def _hand_over(self, client: "_Client", composed: EmailMessage, to: str, progress: "_Progress") -> None:
        client.ehlo_or_helo_if_needed()
        if self.server.start_tls:
            self._secure(client)
        if self.server.authentication and self.server.username:
            client.login(self.server.username, self.server.password)
        _expect(client.mail(_wire_address(self.server.from_address)), 250)
        _expect(client.rcpt(_wire_address(to)), 250, 251)
        progress.in_body = True
        _expect(client.data(composed.as_bytes()), 250)

    def _secure(self, client: "_Client") -> None:
        if not client.has_extn("starttls"):
            raise Unreachable(f"{self.name}: the server offers no STARTTLS, and nothing is sent in clear")
        code, _ = client.starttls(context=_timed_tls(self.server.extra_authorities))
        if code != 220:  # noqa: PLR2004 - "ready" (RFC 3207)
            raise Unreachable(f"{self.name}: the server refused STARTTLS ({code})")
        client.keep_timed()
        client.ehlo()

    @contextlib.contextmanager
    def _translated(self, progress: "_Progress") -> Iterator[None]:
        """Say in our words what smtplib raises; the server's own words stay out, for they may quote the mail."""
        try:
            yield
        except smtplib.SMTPResponseException as error:
            told = f"{self.name} answered {error.smtp_code}"
            if error.smtp_code >= _PERMANENT:
                raise Refused(told) from None
            raise Unreachable(told) from None
        except smtplib.SMTPNotSupportedError:
            raise Unreachable(f"{self.name}: the server does not offer what the settings ask of it") from None
        except OSError as error:
            told = error.strerror or "the connection ended"
            raise Unreachable(f"{self.name}: {told}", ambiguous=progress.in_body) from None


def compose(mail: Mail, server: MailServer) -> EmailMessage:
    """Return the mail as it goes over the wire.

    Raises:
        Refused: a header would break, or the address is not one plain mailbox.
    """
    if not _MAILBOX.fullmatch(mail.to):
        raise Refused("not a plain mail address")
    if _CONTROL.search(mail.subject):
        raise Refused("a line break in the subject of the mail")
    composed = EmailMessage(policy=SMTP)
    sender = server.from_address
    try:
        composed["From"] = Address(server.signature or server.username, addr_spec=_wire_address(sender))
        composed["Reply-To"] = _wire_address(server.reply_to or sender)
        composed["To"] = Address(addr_spec=_wire_address(mail.to))
        composed["Subject"] = mail.subject
    except (ValueError, IndexError, email.errors.MessageError):
        raise Refused("an address of the mail cannot be written in its header") from None
    if mail.at is not None:
        composed["Date"] = format_datetime(mail.at)
    composed["Message-ID"] = f"<{mail.id}@{_wire_address(sender).rpartition('@')[2]}>"
    # Nobody's holiday notice shall answer a code (RFC 3834).
    composed["Auto-Submitted"] = "auto-generated"
    subtype = "html" if mail.content_type.partition(";")[0].strip().lower() == "text/html" else "plain"
    composed.set_content(mail.text, subtype=subtype, charset="utf-8")
    return composed


@dataclass(slots=True)
class _Progress:
    """Until when the whole hand-over must be done, and whether the server may have the mail already."""

    ends: float
    in_body: bool = False

    def left(self) -> float:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError(None, "not done in time")
        return left


class _Timed:
    """A socket whose every wait is cut at the end of the whole hand-over, also against a server that drips."""

    progress: _Progress | None = None

    def recv_into(self, *arguments: Any) -> int:  # noqa: ANN401 - passed on as socket.recv_into takes them
        """Wait for bytes, while there is time."""
        self._cut()
        return super().recv_into(*arguments)  # type: ignore[misc,no-any-return]  # both bases have it

    def sendall(self, *arguments: Any) -> None:  # noqa: ANN401 - passed on as socket.sendall takes them
        """Send bytes, while there is time."""
        self._cut()
        super().sendall(*arguments)  # type: ignore[misc]  # both bases have it

    def _cut(self) -> None:
        if self.progress is not None:
            self.settimeout(self.progress.left())  # type: ignore[attr-defined]  # both bases have it


class _PlainSocket(_Timed, socket.socket):
    """A connection without TLS."""


class _SecuredSocket(_Timed, ssl.SSLSocket):
    """A connection with TLS."""


class _Client(smtplib.SMTP):
    """smtplib's client, on a connection to the address that was checked."""

    def __init__(self, host: str, address: str, progress: _Progress) -> None:
        super().__init__(local_hostname="localhost", timeout=_CONNECT_SECONDS)
        self._address = address
        self._progress = progress
        self._host = host  # smtplib verifies TLS against this name

    @classmethod
    def connected(cls, host: str, port: int, address: str, progress: _Progress) -> "_Client":
        """Return a client that the server has greeted."""
        client = cls(host, address, progress)
        try:
            _expect(client.connect(host, port), 220)
        except (OSError, smtplib.SMTPException):
            client.close()
            raise
        return client

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        connection = _PlainSocket(family, socket.SOCK_STREAM)
        connection.settimeout(min(timeout, self._progress.left()))
        try:
            connection.connect((self._address, port))
        except OSError:
            connection.close()
            raise
        connection.progress = self._progress
        return connection

    def keep_timed(self) -> None:
        """Keep the deadline for the socket that TLS has put in the place of the first."""
        if isinstance(self.sock, _SecuredSocket):
            self.sock.progress = self._progress


@cache
def _timed_tls(extra_authorities: Path | None) -> ssl.SSLContext:
    context = new_tls_context(extra_authorities)
    context.sslsocket_class = _SecuredSocket
    return context


def _expect(answered: tuple[int, bytes], *codes: int) -> None:
    if answered[0] not in codes:
        raise smtplib.SMTPResponseException(*answered)


def _leave(client: _Client) -> None:
    # The mail is taken; how the server says good-bye no longer matters.
    with contextlib.suppress(smtplib.SMTPException, OSError):
        client.quit()


def _wire_address(address: str) -> str:
    """Return an address with its domain as DNS writes it."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise Refused("not a plain mail address") from None
