"""What is asked of the server, and the scene in which: a home, seeded people, the sink, a server that runs."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any, Self, TypeVar

import uvloop

from bench import logins
from bench.databases import Postgres
from bench.load import Outcome, Request, basic, closed_loop, open_loop, request
from bench.seeds import SECRET, code_of, numbers_from, seed, user_name
from bench.servers import ADMINISTRATOR, PASSWORD, Home, Process
from bench.sink import Sink
from watchword.accounts.claims import MOBILE

Result = TypeVar("Result")

API = "/api/identity/user/v1.0"
HEADERS = basic(ADMINISTRATOR, PASSWORD)
_people = count(1)
_last_signed_up = 0


class Loop:
    """The event loop of load and sink, on a thread of its own: so the sink answers between the measurements, too."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def begin(self, task: Coroutine[Any, Any, Result]) -> "Future[Result]":
        """Begin a task on the loop."""
        return asyncio.run_coroutine_threadsafe(task, self._loop)

    def do(self, task: Coroutine[Any, Any, Result]) -> Result:
        """Wait for a task on the loop."""
        return self.begin(task).result()


def sign_ups() -> Iterator[bytes]:
    """Yield registrations of people whom nobody knows yet."""
    global _last_signed_up  # noqa: PLW0603  # one run, one list of people
    for number in _people:
        _last_signed_up = number
        user = {
            "username": f"person-{number:08d}", "password": SECRET,
            "claims": [{"uri": MOBILE, "value": number_of(number)}],
        }  # fmt: skip
        yield _post("/me", {"user": user, "properties": []})


def signed_up() -> Iterator[int]:
    """Yield everybody who has signed up so far."""
    return iter(range(1, _last_signed_up + 1))


def name_checks() -> Iterator[bytes]:
    """Yield questions whether a name is free."""
    for number in count(1):
        yield _post("/validate-username", {"username": f"free-{number}", "properties": []})


def number_of(person: int) -> str:
    """Return the phone of a person who signs up."""
    return f"+9477{person:07d}"


def confirmations(codes: Iterator[str]) -> Iterator[bytes]:
    """Yield confirmations by code."""
    for code in codes:
        yield _post(
            "/validate-code", {"code": code, "verifiedChannel": {"type": "SMS", "claim": MOBILE}, "properties": []}
        )


def resends(numbers: Iterator[int]) -> Iterator[bytes]:
    """Yield resends of seeded people's codes."""
    for number in numbers:
        yield _post("/resend-code", {"user": {"username": user_name(number), "realm": "PRIMARY"}, "properties": []})


def introspections(codes: Iterable[str]) -> Iterator[bytes]:
    """Yield looks at codes, which change nothing."""
    for code in codes:
        yield _post("/introspect-code", {"code": code, "properties": []})


def _post(path: str, body: dict[str, Any]) -> bytes:
    return request("POST", API + path, json.dumps(body).encode(), HEADERS)


class Crowd(Enum):
    """What the seeded people have still to do."""

    PENDING = auto()
    """To confirm, each with a code that we know."""
    CONFIRMED = auto()
    """Nothing: they log in, to an application that is there, too."""


@dataclass(slots=True)
class Scene:
    """A home on one database with people in it, the sink, and a server in a process of its own."""

    loop: Loop
    folder: Path
    people: int
    postgres: Postgres | None = None
    more: str = ""
    servers: int = 1
    crowd: Crowd = Crowd.PENDING
    sink: Sink = field(init=False)
    home: Home = field(init=False)
    processes: list[Process] = field(init=False, default_factory=list)
    numbers: Iterator[int] = field(init=False)
    _closing: ExitStack = field(init=False, default_factory=ExitStack)

    def __enter__(self) -> Self:
        self.sink = Sink()
        port = self.loop.do(self.sink.listen())
        url = self.postgres.fresh() if self.postgres else None
        self.home = Home.furnish(self.folder, port, url, self.more)
        seed(self.home, 1, self.people, confirmed=self.crowd is Crowd.CONFIRMED)
        if self.crowd is Crowd.CONFIRMED:
            logins.add_application(self.home)
        self.numbers = numbers_from(1, self.people)
        for _ in range(self.servers):
            self.processes.append(self._closing.enter_context(Process(self.home)))
        for process in self.processes:
            # The first requests pay for what is made once: statements, connections, the memory of the credential.
            for connections in (1, 40):
                warm = self.loop.do(closed_loop([process.port], connections, self._looks(10 * connections), 20))
                assert not warm.failures(202, 302), warm.statuses
        return self

    def _looks(self, number: int) -> Iterator[Request]:
        """Yield requests that leave nothing behind that matters."""
        people = islice(cycle(range(1, 1 + self.people)), number)
        if self.crowd is Crowd.CONFIRMED:
            return logins.beginnings(logins.visits(people), logins.Visitors())
        return introspections(map(code_of, people))

    def __exit__(self, *_: object) -> None:
        self._closing.close()
        self.sink.close()

    @property
    def ports(self) -> list[int]:
        """Return the main port of each server."""
        return [process.port for process in self.processes]

    def closed(self, requests: Iterator[Request], seconds: float, connections: int = 32, servers: int = 0) -> Outcome:
        """Put load on the servers, or on the first few of them, as fast as they answer."""
        ports = self.ports[: servers or None]
        return self.loop.do(closed_loop(ports, connections, requests, seconds))

    def open(self, requests: Iterator[Request], per_second: float, seconds: float) -> Outcome:
        """Put load on the first server at a fixed rate."""
        return self.loop.do(open_loop(self.ports[0], per_second, requests, seconds))

    @contextmanager
    def beside(self, requests: Iterator[Request], per_second: float, seconds: float) -> Iterator[Callable[[], Outcome]]:
        """Ask at a fixed rate while the block measures something else; yield what gives the outcome afterwards."""
        running = self.loop.begin(open_loop(self.ports[0], per_second, requests, seconds))
        yield running.result

    def codes(self) -> Iterator[str]:
        """Yield codes of seeded people again and again, for those who only look."""
        return cycle(map(code_of, range(1, 1 + min(self.people, 5_000))))

    def unused_codes(self) -> Iterator[str]:
        """Yield codes of seeded people who have not been used yet."""
        return map(code_of, self.numbers)
