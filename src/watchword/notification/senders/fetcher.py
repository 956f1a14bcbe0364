"""The one way out: every HTTP call that the server makes on its own goes through this fetcher.

It calls only addresses that it has checked itself, follows nothing, and gives up in time and in size.
"""

import contextlib
import ipaddress
import re
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol, Self

import certifi
import httpcore

from watchword.notification.senders.addresses import (
    Address,
    Forbidden,
    OutgoingRules,
    Target,
    literal_address,
    read_url,
)

Resolve = Callable[[str, int], list[str]]
"""Gives the addresses of a host; raises OSError."""
Headers = tuple[tuple[str, str], ...]

_LARGEST_REPLY_BYTES: Final = 64 * 1024
_LONGEST_CONNECT_SECONDS: Final = 5.0
_IDLE_SECONDS: Final = 15.0
_MOST_IDLE: Final = 256
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class FetchFailed(Exception):
    """No whole answer came; *ambiguous* when the request may have been received nevertheless."""

    def __init__(self, reason: str, *, ambiguous: bool) -> None:
        super().__init__(reason)
        self.ambiguous = ambiguous


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a foreign server; *trusted* as in OutgoingRules.check."""

    method: str
    url: str = field(repr=False)
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    trusted: bool = False
    most_bytes: int = _LARGEST_REPLY_BYTES
    """How large the answer may be."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a foreign server said: not decompressed. Header names are in lower case."""

    status: int
    reason: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def resolve(host: str, port: int) -> list[str]:
    """Return every address of a host."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Fetcher:
    """Sends requests, keeps connections warm, and may be used by any number of threads."""

    def __init__(
        self,
        rules: OutgoingRules,
        *,
        extra_authorities: Path | None = None,
        resolve: Resolve = resolve,
        verifies: bool = True,
    ) -> None:
        """Trust the usual authorities, and those of *extra_authorities* (a PEM file) besides.

        Without *verifies* the other side need not show who it is: for those whom an administrator has excepted.
        """
        self.rules = rules
        self._resolve = resolve
        self._resolvers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolve")
        self._deadlines = _Deadlines()
        context = tls_context(extra_authorities) if verifies else _unverified_context()
        # A connection that only a listed URL may open is never handed to another one: each kind has its own.
        self._connections = {
            listed: _Connections(context, _CheckedNetwork(self.addresses, self._deadlines, listed=listed))
            for listed in (False, True)
        }

    def fetch(self, request: Request, *, seconds: float) -> Reply:
        """Return the answer, whatever its status.

        *seconds* is for everything together: name, connection, TLS, request and the last byte of the answer.

        Raises:
            Forbidden: the rules do not allow this call; nothing was sent.
            FetchFailed: no whole answer within the time and size.
        """
        target = read_url(request.url)
        self.rules.check(target, trusted=request.trusted)
        _check_headers(request)
        progress = _Progress()
        try:
            with self._deadlines.within(seconds):
                return self._exchange(request, target, progress)
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
            # Without the cause: h11 quotes the bytes that it dislikes, and they may be a secret of ours.
            raise FetchFailed(_describe(error), ambiguous=progress.sent) from None

    def addresses(self, host: str, port: int, *, listed: bool, seconds: float) -> list[Address]:
        """Return the addresses of a host, all of them checked.

        Raises:
            Forbidden: one of them is out of bounds.
            OSError: the name does not resolve, or not in time.
        """
        literal = literal_address(host)
        found = [literal] if literal else self._look_up(host, port, seconds)
        for address in found:
            self.rules.check_address(address, listed=listed)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what is open."""
        for connections in self._connections.values():
            connections.close()
        self._resolvers.shutdown(wait=False, cancel_futures=True)

    def _look_up(self, host: str, port: int, seconds: float) -> list[Address]:
        try:
            texts = self._resolvers.submit(self._resolve, host, port).result(timeout=seconds)
        except NotInTime as error:
            raise OSError(f"{host} was not resolved in time") from error
        if not texts:
            raise OSError(f"{host} has no address")
        return [ipaddress.ip_address(text.partition("%")[0]) for text in dict.fromkeys(texts)]

    def _exchange(self, request: Request, target: Target, progress: "_Progress") -> Reply:
        host = f"[{target.host}]" if ":" in target.host else target.host
        named = host if target.port == {"http": 80, "https": 443}[target.scheme] else f"{host}:{target.port}"
        url = httpcore.URL(
            scheme=target.scheme.encode(),
            host=target.host.encode(),
            port=target.port,
            target=target.path_and_query.encode(),
        )
        fixed = [("Host", named), ("Accept-Encoding", "identity"), ("User-Agent", "watchword")]
        given = {name.lower() for name, _ in request.headers}
        headers = [(name, value) for name, value in fixed if name.lower() not in given or name == "Host"]
        headers += [(name, value) for name, value in request.headers if name.lower() not in {"host", "content-length"}]
        if request.body or request.method in {"POST", "PUT"}:
            headers.append(("Content-Length", str(len(request.body))))
        kept = self._connections[self.rules.lists(target, trusted=request.trusted)]
        with (
            kept.connection(url.origin) as connection,
            connection.stream(
                request.method,
                url,
                headers=[(name.encode("ascii"), value.encode()) for name, value in headers],
                content=request.body,
                extensions={"trace": progress.watch},
            ) as response,
        ):
            body = _read_body(response.iter_stream(), request.most_bytes)
            told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            phrase: bytes = response.extensions.get("reason_phrase", b"")
            return Reply(response.status, phrase.decode("latin-1"), told, body)


class _Connections:
    """Connections that are open, by where they lead; each is in the hands of one call at a time.

    httpcore's own pool looks at all of them for each of them, and takes a core for itself where a hundred are in use.
    """

    def __init__(self, context: ssl.SSLContext, network: "_CheckedNetwork") -> None:
        self._context = context
        self._network = network
        self._idle: dict[str, deque[httpcore.HTTPConnection]] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def connection(self, origin: httpcore.Origin) -> Iterator[httpcore.HTTPConnection]:
        """Lend a connection, and keep it if it can be used again."""
        taken = self._take(origin) or httpcore.HTTPConnection(
            origin, self._context, keepalive_expiry=_IDLE_SECONDS, network_backend=self._network
        )
        try:
            yield taken
        finally:
            if taken.is_idle():
                self._keep(origin, taken)
            else:
                taken.close()

    def close(self) -> None:
        """Close what nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for connections in idle.values():
            for each in connections:
                each.close()

    def _take(self, origin: httpcore.Origin) -> httpcore.HTTPConnection | None:
        """Return the connection that was used last, if the other side has not closed it."""
        with self._lock:
            idle = self._idle.get(str(origin), deque())
            while idle:
                latest = idle.pop()
                if not latest.has_expired():
                    return latest
                latest.close()
        return None

    def _keep(self, origin: httpcore.Origin, connection: httpcore.HTTPConnection) -> None:
        with self._lock:
            idle = self._idle.setdefault(str(origin), deque())
            while idle and (idle[0].has_expired() or len(idle) >= _MOST_IDLE):
                idle.popleft().close()
            idle.append(connection)


@cache
def tls_context(extra_authorities: Path | None) -> ssl.SSLContext:
    """Return the settings with which fetchers verify servers, read once: there are many authorities."""
    return new_tls_context(extra_authorities)


def _unverified_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def new_tls_context(extra_authorities: Path | None) -> ssl.SSLContext:
    """Return settings by which a foreign server is verified: the system's authorities, certifi's and the file's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if extra_authorities is not None:
        context.load_verify_locations(extra_authorities)
    return context


class _Progress:
    """Notices when a request has left in full: from then on its effect is unknown until an answer comes."""

    def __init__(self) -> None:
        self.sent = False

    def watch(self, event: str, _: Mapping[str, object]) -> None:
        if event == "http11.send_request_body.complete":
            self.sent = True


class _Deadlines(threading.local):
    """The instant by which this thread's call must end.

    httpcore's own time-outs begin anew with every byte; the synchronous pool works in the caller's thread, so what
    stands here holds for the whole call.
    """

    at: float = 0.0

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        self.at = time.monotonic() + seconds
        yield

    def left(self) -> float:
        """Return the seconds that are left.

        Raises:
            httpcore.ReadTimeout: none are.
        """
        left = self.at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the time for the whole call is over")
        return left


class _Addresses(Protocol):
    def __call__(self, host: str, port: int, *, listed: bool, seconds: float) -> list[Address]: ...


class _CheckedNetwork(httpcore.NetworkBackend):
    """Connects to the very address that was checked, so that a name cannot change its meaning in between."""

    def __init__(self, addresses: "_Addresses", deadlines: _Deadlines, *, listed: bool) -> None:
        self._addresses = addresses
        self._deadlines = deadlines
        self._listed = listed

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,  # Any: the option tuples of the socket module
    ) -> httpcore.NetworkStream:
        try:
            addresses = self._addresses(host, port, listed=self._listed, seconds=self._deadlines.left())
            return _Stream(_connect(addresses, port, self._deadlines), self._deadlines)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("no connection in time") from error
        except OSError as error:
            raise httpcore.ConnectError(error.strerror or str(error)) from error


class _Stream(httpcore.NetworkStream):
    """A socket whose every wait is cut at the deadline of the calling thread."""

    def __init__(self, raw: socket.socket, deadlines: _Deadlines) -> None:
        self._socket = raw
        self._deadlines = deadlines

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._socket.settimeout(self._deadlines.left())
        try:
            return self._socket.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout("no answer in time") from error
        except OSError as error:
            raise httpcore.ReadError("the connection broke") from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        rest = memoryview(buffer)
        while rest:
            self._socket.settimeout(self._deadlines.left())
            try:
                rest = rest[self._socket.send(rest) :]
            except TimeoutError as error:
                raise httpcore.WriteTimeout("the request was not taken in time") from error
            except OSError as error:
                raise httpcore.WriteError("the connection broke") from error

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        self._socket.settimeout(self._deadlines.left())
        try:
            secured = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
        except TimeoutError as error:
            self.close()
            raise httpcore.ConnectTimeout("no TLS in time") from error
        except OSError as error:
            self.close()
            raise httpcore.ConnectError(f"TLS failed: {getattr(error, 'reason', None) or error}") from error
        return _Stream(secured, self._deadlines)

    def get_extra_info(self, info: str) -> object:
        if info == "is_readable":
            # An idle connection with something to read has been closed by the other side.
            if self._socket.fileno() < 0:
                return True
            waiting = select.poll()
            waiting.register(self._socket, select.POLLIN)
            return bool(waiting.poll(0))
        if info == "ssl_object" and isinstance(self._socket, ssl.SSLSocket):
            return self._socket
        return None


def _connect(addresses: list[Address], port: int, deadlines: _Deadlines) -> socket.socket:
    """Try the addresses in turn, each for a fair share of the time."""
    for tried, address in enumerate(addresses, start=1):
        share = min(_LONGEST_CONNECT_SECONDS, deadlines.left() / (len(addresses) - tried + 1))
        try:
            raw = socket.create_connection((str(address), port), timeout=share)
        except OSError:
            if tried == len(addresses):
                raise
        else:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return raw
    raise OSError("no address answered")


def _read_body(chunks: Iterable[bytes], most_bytes: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > most_bytes:
            raise _TooLarge(f"the answer is larger than {most_bytes // 1024} KiB")
    return bytes(body)


def _check_headers(request: Request) -> None:
    for name, value in request.headers:
        if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
            raise Forbidden("a header has no proper name")
        if _CONTROL.search(value):
            raise Forbidden(f"a line break or another control character in the header {name}")


class _TooLarge(httpcore.RemoteProtocolError):
    pass


def _describe(error: Exception) -> str:
    """Return what a person may read: our own words or the operating system's, never bytes that went over the wire."""
    if isinstance(error, _TooLarge):
        return str(error)
    if isinstance(error, httpcore.LocalProtocolError):
        return "the request cannot be written as HTTP"
    if isinstance(error, httpcore.RemoteProtocolError):
        return "the connection ended, or the answer is not proper HTTP"
    return str(error) or type(error).__name__
