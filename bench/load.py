"""Load over the loopback: raw HTTP/1.1 on kept connections, a closed loop and an open one, every failure counted.

The load shares the machine with the server, so that it must cost little: no client library, requests encoded before
the clock starts, one event loop.
"""

import asyncio
import re
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookies import SimpleCookie
from typing import cast

MOST_CONNECTIONS = 1500
ANSWER_SECONDS = 20.0
_COOKIE = re.compile(rb"\r\nset-cookie: *([^\r]*)", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation: *([^\r]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, as it came over the wire."""

    status: int
    head: bytes
    body: bytes

    @property
    def location(self) -> str:
        """Return where the browser is sent."""
        found = _LOCATION.search(self.head)
        return found[1].decode() if found else ""

    @property
    def cookies(self) -> dict[str, str]:
        """Return the cookies that are set; those that are taken away are empty."""
        jar: SimpleCookie = SimpleCookie()
        for value in _COOKIE.findall(self.head):
            jar.load(value.decode())
        return {name: morsel.value for name, morsel in jar.items()}


@dataclass(frozen=True, slots=True)
class Question:
    """A request whose answer matters for what is asked next."""

    octets: bytes
    hear: Callable[[Answer], bool]
    """Takes the answer, and tells whether it is the one that was hoped for."""


Request = bytes | Question
WRONG = "wrong answer"


class Connection(asyncio.Protocol):
    """One kept connection; one question at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._received = b""

    @classmethod
    async def open(cls, port: int) -> "Connection":
        """Connect to a port of the loopback."""
        _, opened = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return opened

    async def ask(self, octets: bytes) -> Answer:
        """Send a request, and return the answer.

        Raises:
            OSError: the connection is gone, or there was no answer in time.
        """
        if self._transport is None or self._transport.is_closing():
            raise ConnectionError("the connection is closed")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(octets)
        async with asyncio.timeout(ANSWER_SECONDS):
            return await self._answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take a part of an answer."""
        self._received += data
        head, blank, body = self._received.partition(b"\r\n\r\n")
        if not blank or self._answer is None:
            return
        at = head.lower().find(b"content-length:")
        length = int(head[at + 15 : at + 30].split(b"\r", 1)[0]) if at >= 0 else 0
        if len(body) >= length:
            self._received = body[length:]
            self._settle(Answer(int(head[9:12]), head, body[:length]))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the server hung up"))

    def _settle(self, answer: Answer) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)


@dataclass(slots=True)
class Outcome:
    """What came of some load."""

    seconds: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    latencies: dict[str, list[float]] = field(default_factory=dict)

    def add(self, status: str, seconds: float) -> None:
        """Count one answer."""
        self.statuses[status] += 1
        self.latencies.setdefault(status, []).append(seconds)

    def rate(self, wanted: int) -> float:
        """Return how many answers with the wanted status came in a second."""
        return self.statuses[str(wanted)] / self.seconds if self.seconds else 0.0

    def failures(self, *fine: int) -> int:
        """Return how many answers had none of these statuses, or never came."""
        return sum(number for status, number in self.statuses.items() if status not in set(map(str, fine)))

    def milliseconds(self, share: float, wanted: int) -> float:
        """Return the latency below which this share of the wanted answers stayed."""
        sorted_ones = sorted(self.latencies.get(str(wanted), []))
        return sorted_ones[min(len(sorted_ones) - 1, int(len(sorted_ones) * share))] * 1000 if sorted_ones else 0.0


def request(method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """Return a request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def basic(name: str, password: str) -> dict[str, str]:
    """Return the headers of a JSON request by an administrator."""
    pair = b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}", "Content-Type": "application/json"}


async def closed_loop(ports: Iterable[int], connections: int, requests: Iterator[Request], seconds: float) -> Outcome:
    """Ask as fast as the answers come, until the time or the requests end; the connections go to the ports in turn."""
    outcome, ports = Outcome(), list(ports)
    opened = [await Connection.open(ports[number % len(ports)]) for number in range(connections)]
    began_at = time.perf_counter()
    ends_at = began_at + seconds

    async def ask_on(connection: Connection) -> None:
        while time.perf_counter() < ends_at and (request := next(requests, None)) is not None:
            if not await _ask(connection, request, outcome):
                return

    await asyncio.gather(*map(ask_on, opened))
    outcome.seconds = time.perf_counter() - began_at
    for connection in opened:
        connection.close()
    return outcome


async def open_loop(port: int, per_second: float, requests: Iterator[Request], seconds: float) -> Outcome:
    """Ask at a fixed rate, whether or not answers come, each on a connection of its own that is kept for the next."""
    outcome, idle, asked = Outcome(), list[Connection](), list[asyncio.Task[None]]()
    opened = 0

    async def ask_once(request: Request) -> None:
        nonlocal opened
        try:
            if idle:
                connection = idle.pop()
            else:
                opened += 1
                connection = await Connection.open(port)
        except OSError:
            outcome.add("no connection", 0.0)
            return
        if await _ask(connection, request, outcome):
            idle.append(connection)

    began_at = time.perf_counter()
    for number in range(int(per_second * seconds)):
        await asyncio.sleep(max(0.0, began_at + number / per_second - time.perf_counter()))
        if (request := next(requests, None)) is None:
            outcome.add("no request left", 0.0)
        elif opened < MOST_CONNECTIONS or idle:
            asked.append(asyncio.create_task(ask_once(request)))
        else:
            outcome.add("no connection", 0.0)
    outcome.seconds = time.perf_counter() - began_at
    await asyncio.gather(*asked)
    for connection in idle:
        connection.close()
    return outcome


async def _ask(connection: Connection, request: Request, outcome: Outcome) -> bool:
    octets = request if isinstance(request, bytes) else request.octets
    asked_at = time.perf_counter()
    try:
        answer = await connection.ask(octets)
    except (OSError, TimeoutError) as problem:
        outcome.add(type(problem).__name__, time.perf_counter() - asked_at)
        return False
    spent = time.perf_counter() - asked_at
    is_refused = answer.status >= HTTPStatus.BAD_REQUEST
    is_fine = is_refused or isinstance(request, bytes) or request.hear(answer)
    outcome.add(str(answer.status) if is_fine else WRONG, spent)
    return True
