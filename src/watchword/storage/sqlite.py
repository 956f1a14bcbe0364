"""SQLite: one file, write-ahead log, every commit on the disk before it is acknowledged.

One connection writes. Units of work take turns on it; a unit that commits while others wait leaves the transaction open
for them, each of those runs inside a savepoint of its own, and all of them return when the last has put it on the disk.
So the cost of ``synchronous=FULL`` is shared, and no unit sees half of another (group commit).
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, StaticPool

from watchword.base.problems import Unavailable
from watchword.storage.engine import DatabaseUnusable, Result
from watchword.storage.statements import Statement

BUSY_SECONDS = 5.0
GROUP_LIMIT = 64


@dataclass(slots=True)
class _Ending:
    """How the shared transaction of a unit ended."""

    known: threading.Event = field(default_factory=threading.Event)
    failure: Exception | None = None


class SqliteDatabase:
    """The database of one process."""

    def __init__(self, file: Path) -> None:
        """Open *file*, and make it if there is none.

        Raises:
            DatabaseUnusable: it is no SQLite file, or may not be written.
        """
        try:
            self._writer = _engine(file, StaticPool).connect()
        except DBAPIError as problem:
            message = f"{file}: {problem.orig}"
            raise DatabaseUnusable(message) from problem
        self._raw = _driver(self._writer)
        self._readers = _engine(file, NullPool)
        self._reading = threading.local()
        self._turn = threading.Lock()
        self._door = threading.Lock()
        self._waiting = 0
        self._is_open = False
        self._group: list[_Ending] = []
        self._refused_at = float("-inf")

    def run(self, task: Callable[[], Result]) -> Result:
        """Call *task* as it stands: any thread will do."""
        return task()

    def open(self, *, reading: bool = False) -> "_Reading | _Unit":
        """Begin a transaction: a snapshot for reading, or the next turn to write."""
        return self._open_reading() if reading else self._open_unit()

    def close(self) -> None:
        """Close the file; the log is folded into it by the last one to leave."""
        self._writer.close()
        self._writer.engine.dispose()
        self._readers.dispose()

    def _open_reading(self) -> "_Reading":
        connection: Connection | None = getattr(self._reading, "connection", None)
        if connection is None:
            connection = self._reading.connection = self._readers.connect()
            self._reading.raw = _driver(connection)
        raw: sqlite3.Connection = self._reading.raw
        raw.execute("BEGIN")
        return _Reading(connection, raw)

    def _open_unit(self) -> "_Unit":
        asked_at = time.monotonic()
        with self._door:
            self._waiting += 1
        self._turn.acquire()
        with self._door:
            self._waiting -= 1
        try:
            if self._is_open:
                self._raw.execute("SAVEPOINT unit")
            else:
                self._begin(asked_at)
        except BaseException:
            self._pass_on()  # those whose unit is kept already wait for an end
            raise
        return _Unit(self._writer, self._raw, self)

    def _begin(self, asked_at: float) -> None:
        if self._refused_at > asked_at:  # whoever waited beside a refused one has waited long enough
            raise Unavailable(seconds=1)
        try:
            self._raw.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as problem:
            self._refused_at = time.monotonic()
            raise Unavailable(seconds=1) from problem
        self._is_open = True

    def keep(self) -> None:
        """End the turn with its unit kept; return when it is on the disk."""
        ending = _Ending()
        try:
            if self._group:
                self._raw.execute("RELEASE unit")
            self._group.append(ending)
        finally:
            self._pass_on()
        ending.known.wait()
        if ending.failure is not None:
            raise ending.failure

    def drop(self) -> None:
        """End the turn with its unit undone."""
        try:
            if self._group:
                with suppress(sqlite3.OperationalError):  # a full disk has undone the whole transaction already
                    self._raw.execute("ROLLBACK TO unit")
                    self._raw.execute("RELEASE unit")
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        """Leave what was kept to the next who waits, or end the transaction."""
        if self._waiting and 0 < len(self._group) < GROUP_LIMIT and self._raw.in_transaction:
            self._turn.release()
            return
        group, self._group, self._is_open = self._group, [], False
        failure = self._end(keeping=bool(group))
        self._turn.release()
        for ending in group:
            ending.failure = failure
            ending.known.set()

    def _end(self, *, keeping: bool) -> Exception | None:
        """Put the transaction on the disk, or throw it away; return why it could not be kept."""
        try:
            self._raw.execute("COMMIT" if keeping else "ROLLBACK")
        except sqlite3.Error as problem:
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
            refusal = Unavailable(seconds=1)
            refusal.__cause__ = problem
            return refusal
        return None


@dataclass(frozen=True, slots=True)
class _Local:
    """What both kinds of transaction have. The file is at hand: nothing is gained by leaving a write for later."""

    connection: Connection
    raw: sqlite3.Connection

    def began_at(self) -> datetime | None:
        return None

    def run(self, statement: Statement, values: Mapping[str, Any]) -> list[Any]:
        prepared = statement.on(self.connection.dialect)
        try:
            return prepared.rows(self.raw.execute(prepared.sql, prepared.values(values)))
        except sqlite3.Error as problem:
            raise DBAPIError.instance(prepared.sql, None, problem, sqlite3.Error) from problem

    def write(self, statement: Statement, values: Mapping[str, Any]) -> None:
        self.run(statement, values)

    def flush(self) -> None:
        """Do nothing: everything is written."""


@dataclass(frozen=True, slots=True)
class _Unit(_Local):
    """A turn to write."""

    database: SqliteDatabase

    def commit(self) -> None:
        self.database.keep()

    def rollback(self) -> None:
        self.database.drop()


@dataclass(frozen=True, slots=True)
class _Reading(_Local):
    """A snapshot."""

    def commit(self) -> None:
        self.raw.execute("COMMIT")

    def rollback(self) -> None:
        self.raw.execute("ROLLBACK")


def _driver(connection: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.dbapi_connection)


def _engine(file: Path, pool: type[StaticPool] | type[NullPool]) -> Engine:
    def connect() -> sqlite3.Connection:
        raw = sqlite3.connect(
            file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "trusted_schema=OFF",
            "cache_size=-16000",
            "temp_store=MEMORY",  # what a savepoint may have to restore: pages, which belong in no other file
        ):
            raw.execute(f"PRAGMA {pragma}")
        return raw

    return create_engine("sqlite://", creator=connect, poolclass=pool)
