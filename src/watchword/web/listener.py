"""Sockets: TLS, limits on what arrives before a request is whole, and a stop that lets requests end."""

import asyncio
import logging
import signal
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

log = logging.getLogger(__name__)

MAX_HEADER_BYTES = 16 * 1024
MAX_MESSAGE_BYTES = 512 * 1024
"""Head, body, chunk marks and trailers of one request; the body alone is bounded by the endpoint."""
IDLE_SECONDS = 30
HEADER_SECONDS = 10.0
DRAIN_SECONDS = 10
FAREWELL_SECONDS = 0.5


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 that closes on a head which is too large, or too slow to come."""

    _head_bytes = 0
    _message_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  # uvicorn's own signature
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def data_received(self, data: bytes) -> None:
        """Count what comes before a head is whole, and what a message costs with its chunk marks and trailers."""
        if self.transport.is_closing():
            return
        self._message_bytes += len(data)
        if self._message_bytes > MAX_MESSAGE_BYTES:
            self._refuse(b"413 Content Too Large")
            return
        cycle: RequestResponseCycle | None = self.cycle
        if self._head_timer is None and cycle is not None and cycle.response_complete:
            self._head_timer = self.loop.call_later(HEADER_SECONDS, self._give_up)
        if self._head_timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEADER_BYTES and b"\r\n\r\n" not in data[:MAX_HEADER_BYTES]:
                self._refuse(b"431 Request Header Fields Too Large")
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Begin to count anew."""
        self._message_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop counting: a head is whole. One without a version of HTTP that knows heads is refused."""
        self._stop_timer()
        self._head_bytes = 0
        if self.parser.get_http_version() not in {"1.0", "1.1"}:
            self._refuse(b"505 HTTP Version Not Supported")
            return
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer with the connection."""
        self._stop_timer()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        self._head_timer = None
        if self.transport.is_closing():
            return
        if self._head_bytes:
            self._refuse(b"408 Request Timeout")
        else:  # nobody has said anything
            self.transport.close()

    def _refuse(self, status: bytes) -> None:
        self.transport.write(b"HTTP/1.1 " + status + b"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        self.transport.close()

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


@dataclass(frozen=True, slots=True)
class Listener:
    """One port, and what answers there."""

    application: Any
    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None

    def bind(self) -> socket.socket:
        """Take the port.

        Raises:
            OSError: somebody has it, or it may not be taken.
        """
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        taken = socket.socket(family, socket.SOCK_STREAM)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((self.host, self.port))
        except OSError as problem:
            taken.close()
            raise OSError(problem.errno, problem.strerror, f"{self.host} port {self.port}") from problem
        return taken

    def server(self) -> uvicorn.Server:
        """Return what serves the port."""
        config = uvicorn.Config(
            self.application, host=self.host, port=self.port, loop="uvloop", http=BoundedProtocol, ws="none",
            lifespan="off", log_config=None, access_log=False, server_header=False, proxy_headers=False,
            ssl_certfile=self.certificate, ssl_keyfile=self.key, timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS, backlog=2048,
        )  # fmt: skip
        config.load()
        if config.ssl is not None:
            config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
        return uvicorn.Server(config)


def listen(
    listeners: Sequence[Listener], announce: Callable[[], None], on_stop: Callable[[], None] | None = None
) -> None:
    """Serve all *listeners* until SIGTERM or SIGINT; then take nothing new, and let requests end."""
    sockets = [listener.bind() for listener in listeners]
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(_listen([listener.server() for listener in listeners], sockets, announce, on_stop))


class _Loop(uvloop.Loop):
    """An event loop that does not wait for a client's farewell when a TLS connection is closed."""

    async def create_server(self, *given: Any, **named: Any) -> asyncio.AbstractServer:  # type: ignore[override]  # noqa: ANN401
        """Open a listener; a client that holds an idle connection cannot hold up the stop."""
        if named.get("ssl") is not None:
            named.setdefault("ssl_shutdown_timeout", FAREWELL_SECONDS)
        server: asyncio.AbstractServer = await super().create_server(*given, **named)
        return server


async def _listen(
    servers: list[uvicorn.Server],
    sockets: list[socket.socket],
    announce: Callable[[], None],
    on_stop: Callable[[], None] | None,
) -> None:
    def stop() -> None:
        if on_stop is not None:
            on_stop()
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    tasks = [asyncio.create_task(server._serve([taken])) for server, taken in zip(servers, sockets, strict=True)]  # noqa: SLF001  # serve() would install handlers of its own
    while not all(server.started or task.done() for server, task in zip(servers, tasks, strict=True)):
        await asyncio.wait(tasks, timeout=0.005)
    announce()
    await asyncio.gather(*tasks)
