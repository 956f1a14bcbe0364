"""Providers that keep what they are given: an HTTP one for SMS, an SMTP one for mail, and a judge of captchas.

Real servers on real ports of the loopback, in threads of their own. Each can refuse, hang or be gone,
as a provider can.
"""

import asyncio
import contextlib
import html
import json
import re
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

import msgspec
from aiosmtpd.smtp import SMTP, Envelope, Session

LOOPBACK = "127.0.0.1"

_LINKS = re.compile(r"https?://[^\s\"'<>]+")
_LARGEST_BODY_BYTES = 1_000_000


class Mode(StrEnum):
    """How a provider behaves."""

    OK = "ok"
    FAIL = "fail"  # a definite refusal: HTTP 400, SMTP 550
    HANG = "hang"  # takes the request and never answers
    DOWN = "down"  # the connection is refused


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that a sink has accepted.

    *texts* are its text parts as sent; an SMS has one. *links* are the addresses in them, with HTML undone.
    """

    channel: str
    message_id: str | None
    to: str
    texts: tuple[str, ...]
    links: tuple[str, ...] = ()
    code: str | None = None


@dataclass(slots=True)
class Inbox:
    """What has arrived, in order, from any number of sinks."""

    _arrived: list[Delivery] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, delivery: Delivery) -> None:
        """Keep a message."""
        with self._lock:
            self._arrived.append(delivery)

    def take(self) -> list[Delivery]:
        """Return what has arrived since the last time, and forget it."""
        with self._lock:
            arrived, self._arrived = self._arrived, []
        return arrived


def _hold_port() -> socket.socket:
    """Return a socket that owns a free port without listening, so that the port stays ours while the sink is down."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((LOOPBACK, 0))
    return holder


class _HttpSink(ABC):
    """An HTTP server in a thread, on a port that it keeps, which may be asked to behave badly."""

    def __init__(self) -> None:
        self._holder = _hold_port()
        self.port: int = self._holder.getsockname()[1]
        self._mode = Mode.OK
        self._released = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._listen()

    @property
    def url(self) -> str:
        """The address to which requests are sent."""
        return f"http://{LOOPBACK}:{self.port}/"

    def set_mode(self, mode: Mode) -> None:
        """Behave so from now on; whoever hangs is let go without an answer."""
        self._mode = mode
        self._released.set()
        self._released = threading.Event()
        if mode is Mode.DOWN:
            self._stop_listening()
        elif self._server is None:
            self._listen()

    def close(self) -> None:
        """Let everybody go, and give the port back."""
        self.set_mode(Mode.DOWN)
        self._holder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def take(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer to a request; header names are in lower case."""

    def _listen(self) -> None:
        server = ThreadingHTTPServer((LOOPBACK, self.port), _handler_of(self._answer))
        server.daemon_threads = True
        self._server = server
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _answer(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes] | None:
        mode, released = self._mode, self._released
        if mode is Mode.OK:
            return self.take(headers, body)
        if mode is Mode.FAIL:
            return 400, b'{"error": "refused"}'
        released.wait()
        return None


_Answer = Callable[[dict[str, str], bytes], tuple[int, bytes] | None]


def _handler_of(answer: _Answer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One request for each connection (HTTP/1.0), so that none outlives a change of mode."""

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            body = self.rfile.read(min(length, _LARGEST_BODY_BYTES))
            answered = answer({name.lower(): value for name, value in self.headers.items()}, body)
            if answered is None:
                return
            status, content = answered
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the standard library
            """Say nothing: what arrived is in the inbox."""

    return Handler


class _Sms(msgspec.Struct, frozen=True):
    to: str
    content: str
    code: str | None


class SmsSink(_HttpSink):
    """Takes `{"to": …, "content": …, "code": …}`; the header `Idempotency-Key` is the id of the message."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        super().__init__()

    def take(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Keep a message, or refuse what is none."""
        try:
            sms = msgspec.json.decode(body, type=_Sms)
        except msgspec.MsgspecError:
            return 400, b'{"error": "not a message"}'
        self._inbox.put(Delivery("SMS", headers.get("idempotency-key"), sms.to, (sms.content,), code=sms.code))
        return 200, b'{"accepted": true}'


class CaptchaSink(_HttpSink):
    """Says of a form with `response` whether a person has solved the captcha: the answer `good` is the right one."""

    def take(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Judge one answer."""
        given = parse_qs(body.decode("utf-8", "replace")).get("response")
        return 200, json.dumps({"success": given == ["good"]}).encode()


class MailSink:
    """Takes mail by SMTP, without TLS or login, since it is on the loopback."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._mode = Mode.OK
        self._holder = _hold_port()
        self.port: int = self._holder.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._released = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.set_mode(Mode.OK)

    def set_mode(self, mode: Mode) -> None:
        """Behave so from now on; whoever hangs is refused for the moment."""
        asyncio.run_coroutine_threadsafe(self._change(mode), self._loop).result()

    def close(self) -> None:
        """Stop, and give the port back."""
        self.set_mode(Mode.DOWN)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._holder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it by this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept or refuse a recipient, as the mode says."""
        if self._mode is Mode.FAIL:
            return "550 no such mailbox"
        if self._mode is Mode.HANG:
            await self._released.wait()
            return "421 closing"
        if self._mode is Mode.DOWN:
            return "421 closing"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Keep a mail, once for each recipient."""
        mail = message_from_bytes(envelope.original_content or b"", _class=EmailMessage, policy=policy.default)
        for recipient in envelope.rcpt_tos:
            self._inbox.put(delivery_of_mail(mail, recipient))
        return "250 OK"

    async def _change(self, mode: Mode) -> None:
        self._mode = mode
        self._released.set()
        self._released = asyncio.Event()
        if mode is Mode.DOWN and self._server is not None:
            self._server.close()
            self._server = None
        elif mode is not Mode.DOWN and self._server is None:
            self._server = await self._loop.create_server(self._session, LOOPBACK, self.port)

    def _session(self) -> SMTP:
        return SMTP(self, hostname="localhost", enable_SMTPUTF8=True, loop=self._loop)


def delivery_of_mail(mail: EmailMessage, recipient: str) -> Delivery:
    """Return what a mail says: the id from `Message-ID`, the code from `confirmation=` of a link."""
    texts = tuple(
        part.get_content().replace("\r\n", "\n").removesuffix("\n")
        for part in mail.walk()
        if part.get_content_maintype() == "text"
    )
    links = tuple(html.unescape(link) for text in texts for link in _LINKS.findall(text))
    codes = [code for link in links for code in _query(link).get("confirmation", [])]
    message_id = mail["Message-ID"]
    local_part = None if message_id is None else str(message_id).strip().strip("<>").partition("@")[0]
    return Delivery("EMAIL", local_part, recipient, texts, links, codes[0] if codes else None)


def _query(link: str) -> dict[str, list[str]]:
    with contextlib.suppress(ValueError):
        return parse_qs(urlsplit(link).query)
    return {}


@dataclass(frozen=True, slots=True)
class Sinks:
    """The providers that a server of this run may send to: one set for each job, used by one case after the other."""

    inbox: Inbox
    sms: SmsSink
    mail: MailSink
    captcha: CaptchaSink

    @classmethod
    def open(cls) -> Self:
        """Start them."""
        inbox = Inbox()
        return cls(inbox, SmsSink(inbox), MailSink(inbox), CaptchaSink())

    def refresh(self) -> None:
        """Forget the case before."""
        self.set_mode("SMS", Mode.OK)
        self.set_mode("EMAIL", Mode.OK)
        self.inbox.take()

    def set_mode(self, channel: str, mode: Mode) -> None:
        """Let the provider of `SMS` or `EMAIL` behave so."""
        sinks: dict[str, SmsSink | MailSink] = {"SMS": self.sms, "EMAIL": self.mail}
        sinks[channel].set_mode(mode)

    def close(self) -> None:
        """Stop them."""
        for sink in (self.sms, self.mail, self.captcha):
            sink.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
