"""PostgreSQL: one connection per thread, spoken to by asyncpg on an event loop of that thread.

asyncpg is the driver whose licence and speed we can live with, and it is asynchronous; SQLAlchemy's greenlet bridge
lets the same synchronous use cases run over it. Each thread runs its own loop, so nothing of this is seen outside.
"""

import asyncio
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import asyncpg
import uvloop
from sqlalchemy import Connection, Dialect, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only, greenlet_spawn

from watchword.base.problems import Unavailable
from watchword.storage.engine import DatabaseUnusable, Result
from watchword.storage.schema import EPOCH
from watchword.storage.statements import Prepared, Statement

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 10
CLOSE_SECONDS = 1.0
CLOCK_SECONDS = 1.0
MOST_PARTS = 12
LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
GONE = (asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError, OSError, TimeoutError)
"""The server does not answer, or not any more."""
BUSY = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""The server answers that this cannot be done now."""
_CONNECTING: dict[str, Any] = {
    "timeout": CONNECT_SECONDS,
    "command_timeout": STATEMENT_SECONDS,
    "server_settings": {
        "application_name": "watchword",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "30s",
    },
}
_BLANK = re.compile(r"\$(\d+)")


class CommitRefused(Exception):
    """A work was committed although one of its statements had failed: nothing of it was stored."""


@dataclass(slots=True)
class _Line:
    """A thread's own connection, and the loop that it lives on."""

    loop: asyncio.AbstractEventLoop
    driver: Any = None
    bridge: Connection | None = None
    """SQLAlchemy's view of the connection, made when it is asked for."""

    def drop(self) -> None:
        """Drop the connection, whatever state it is in."""
        if self.driver is not None:
            self.driver.terminate()
        self.bridge = self.driver = None

    def close(self) -> None:
        """Take leave of the server; the thread must be idle."""
        if self.driver is not None:
            with suppress(*LOST):
                self.loop.run_until_complete(self.driver.close(timeout=CLOSE_SECONDS))
        self.loop.close()


class PostgresDatabase:
    """A server that any number of nodes share."""

    def __init__(self, url: str) -> None:
        """Take the *url* of the settings (``postgresql://…``); nothing is connected yet.

        Raises:
            DatabaseUnusable: it is no such address.
        """
        try:
            self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        except (ArgumentError, ValueError) as problem:
            message = "[watchword.database] url cannot be read: it must be like postgresql://user:password@host/name"
            raise DatabaseUnusable(message) from problem
        self._engine = create_engine(
            "postgresql+asyncpg://",
            connect_args={"async_creator_fn": self._own_connection},
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",  # what begins and ends a transaction is said by the session itself
        )
        self._bridging = threading.Lock()
        self._thread = threading.local()
        self._lines: list[_Line] = []
        self._clock = _ServerClock()

    def run(self, task: Callable[[], Result]) -> Result:
        """Call *task* where a synchronous statement may wait for the asynchronous driver."""
        result: Result = self._line().loop.run_until_complete(greenlet_spawn(task))
        return result

    def open(self, *, reading: bool = False) -> "_Session":
        """Begin a transaction on this thread's connection; it is made anew if the server has closed it."""
        del reading  # a reader never waits for a writer here
        line = self._line()
        try:
            return self._begin(line)
        except (DBAPIError, *LOST):
            line.drop()
        try:
            return self._begin(line)
        except (DBAPIError, *LOST) as problem:
            line.drop()
            raise Unavailable(seconds=1) from problem

    def close(self) -> None:
        """Close every connection; nothing may be under way any more."""
        for line in self._lines:
            if not line.loop.is_running():
                line.close()
        self._lines.clear()
        self._thread = threading.local()
        self._engine.dispose()

    def _line(self) -> _Line:
        line: _Line | None = getattr(self._thread, "line", None)
        if line is None:
            line = self._thread.line = _Line(uvloop.new_event_loop())
            self._lines.append(line)
        return line

    def _begin(self, line: _Line) -> "_Session":
        if line.driver is None:
            line.driver = await_only(asyncpg.connect(self._url, **_CONNECTING))
        await_only(line.driver.execute("BEGIN"))
        return _Session(line, self._clock.now(line.driver), self._engine.dialect, self._bridge)

    def _bridge(self) -> Connection:
        """Return SQLAlchemy's view of this thread's connection."""
        line = self._line()
        if line.bridge is None:
            with self._bridging:
                line.bridge = self._engine.connect()
            line.bridge.detach()  # the pool would end it on whatever thread collects garbage
        return line.bridge

    async def _own_connection(self, *_: object, **__: object) -> Any:  # noqa: ANN401  # asyncpg has no types
        return self._line().driver


@dataclass(slots=True)
class _ServerClock:
    """The server's time, which all nodes share: asked for about once a second, and counted on by a steady clock."""

    _known: tuple[float, datetime] = (float("-inf"), EPOCH)

    def now(self, driver: Any) -> datetime:  # noqa: ANN401  # asyncpg has no types
        """Return the server's time, to within half a journey to it and back."""
        known_at, server_time = self._known
        passed = time.monotonic() - known_at
        if not 0 <= passed < CLOCK_SECONDS:
            asked_at = time.monotonic()
            server_time = await_only(driver.fetchval("SELECT clock_timestamp()"))
            answered_at = time.monotonic()
            self._known = (asked_at + answered_at) / 2, server_time
            passed = (answered_at - asked_at) / 2
        return server_time + timedelta(seconds=passed)


@dataclass(slots=True)
class _Session:
    """A transaction on a thread's connection.

    Writes wait for one another and go together, since each journey to the server costs more than a write.
    """

    line: _Line
    at: datetime
    dialect: Dialect
    bridge: Callable[[], Connection]
    _waiting: list[tuple[Prepared, list[Any]]] = field(default_factory=list)

    def began_at(self) -> datetime | None:
        """Return the server's time."""
        return self.at

    @property
    def connection(self) -> Connection:
        """Return SQLAlchemy's view of the connection."""
        self.flush()
        return self.bridge()

    def run(self, statement: Statement, values: Mapping[str, Any]) -> list[Any]:
        """Run a statement after those that wait."""
        self.flush()
        prepared = statement.on(self.dialect)
        return prepared.rows(self._fetch(prepared.sql, prepared.values(values)))

    def write(self, statement: Statement, values: Mapping[str, Any]) -> None:
        """Let a statement wait, unless it and one that waits could change the same row."""
        prepared = statement.on(self.dialect)
        if len(self._waiting) == MOST_PARTS or any(_may_meet(prepared, other) for other, _ in self._waiting):
            self.flush()
        self._waiting.append((prepared, prepared.values(values)))

    def flush(self) -> None:
        """Run what waits, as one statement."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            whole = _as_one(tuple(prepared.sql for prepared, _ in waiting))
            self._fetch(whole, [value for _, values in waiting for value in values])

    def commit(self) -> None:
        """Commit; a connection that was lost meanwhile leaves it unknown whether that was done."""
        self.flush()
        if self.line.driver is None:
            raise Unavailable(seconds=1)
        self._end("COMMIT")

    def rollback(self) -> None:
        """Undo."""
        self._waiting = []
        if self.line.driver is not None:
            self._end("ROLLBACK")

    def _fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """Run a statement.

        Raises:
            Unavailable: the server is gone, too slow, or asks to try again.
            IntegrityError, DBAPIError: the statement cannot be run.
        """
        if self.line.driver is None:
            raise Unavailable(seconds=1)
        try:
            fetched: Sequence[Any] = await_only(self.line.driver.fetch(sql, *values))
        except asyncpg.IntegrityConstraintViolationError as problem:
            raise IntegrityError(sql, None, problem, hide_parameters=True) from problem
        except GONE as problem:
            self.line.drop()
            raise Unavailable(seconds=1) from problem
        except BUSY as problem:
            raise Unavailable(seconds=1) from problem
        except LOST as problem:
            raise DBAPIError(sql, None, problem, hide_parameters=True) from problem
        return fetched

    def _end(self, word: str) -> None:
        try:
            ended = await_only(self.line.driver.execute(word))
            if self.line.bridge is not None:
                self.line.bridge.rollback()  # SQLAlchemy has begun nothing of its own; it forgets that it was used
        except (DBAPIError, *LOST) as problem:
            self.line.drop()
            raise Unavailable(seconds=1) from problem
        if ended != word:
            raise CommitRefused


def _may_meet(one: Prepared, other: Prepared) -> bool:
    """Tell whether two statements could change the same row: the parts of one statement do not see one another."""
    return one.table == other.table and not (one.adds_only and other.adds_only)


@lru_cache(maxsize=1000)
def _as_one(parts: tuple[str, ...]) -> str:
    """Return one statement that does what several do."""
    if len(parts) == 1:
        return parts[0]
    renumbered, taken = [], 0
    for part in parts:
        renumbered.append(_renumbered(part, taken))
        taken += max((int(number) for number in _BLANK.findall(part)), default=0)
    first = ", ".join(f"part{number} AS ({part})" for number, part in enumerate(renumbered[:-1]))
    return f"WITH {first} {renumbered[-1]}"


def _renumbered(part: str, taken: int) -> str:
    return _BLANK.sub(lambda blank: f"${int(blank[1]) + taken}", part)
