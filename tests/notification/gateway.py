"""A provider on the loopback that answers what it is told to, byte by byte if need be."""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from watchword.notification.model import Channel, Message

Answer = bytes | Callable[[socket.socket], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it arrived. Header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> object:
        return json.loads(self.body)


@dataclass(slots=True)
class Gateway:
    """Takes connections, keeps what it was asked, and gives the answers in turn; the last one again and again."""

    answers: list[Answer] = field(default_factory=lambda: [reply(200)])
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    tls: ssl.SSLContext | None = None
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _open: list[socket.socket] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # shutdown wakes the thread that waits in accept; close alone would not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        if self.tls is not None:
            try:
                connection = self.tls.wrap_socket(connection, server_side=True)
            except OSError:
                connection.close()
                return
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as stream:
            while (first := stream.readline()).count(b" ") == 2:
                method, path, _ = first.decode("latin-1").split(" ")
                headers = {}
                while line := stream.readline().decode("utf-8").rstrip("\r\n"):
                    name, _, value = line.partition(": ")
                    headers[name.lower()] = value
                body = stream.read(int(headers.get("content-length", "0")))
                with self._lock:
                    self.asked.append(Asked(method, path, headers, body))
                    answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if isinstance(answer, bytes):
                    connection.sendall(answer)
                else:
                    answer(connection)
                    return


def reply(status: int, body: object = "", **headers: str) -> bytes:
    """Return an answer as it goes over the wire; a body that is no text is written as JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    content = text.encode()
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Whatever\r\n{named}Content-Length: {len(content)}\r\n\r\n".encode() + content


def silent(until: threading.Event) -> Answer:
    """Return no answer at all, until the test is over."""

    def wait(_: socket.socket) -> None:
        until.wait(5.0)

    return wait


def sms(to: str = "+94711111111", body: str = "Your code is 123456.", **facts: str) -> Message:
    """Return an SMS with a code."""
    return message(Channel.SMS, to, body, facts)


def message(channel: Channel, to: str, body: str, facts: Mapping[str, str], **others: str) -> Message:
    """Return a message."""
    return Message(
        id="m-1",
        tenant="carbon.super",
        channel=channel,
        to=to,
        template="accountconfirmation",
        locale="en_US",
        event="TRIGGER_SMS_NOTIFICATION",
        facts={"confirmation-code": "123456", **facts},
        subject=others.get("subject", ""),
        body=body,
        footer=others.get("footer", ""),
        content_type=others.get("content_type", "text/plain"),
        created_at=datetime(2026, 11, 21, tzinfo=UTC),
        expires_at=None,
    )
