"""PostgreSQL: one connection per thread, spoken to by asyncpg on an event loop of that thread.

asyncpg is the driver whose licence and speed we can live with, and it is asynchronous; SQLAlchemy's greenlet bridge
lets the same synchronous use cases run over it. Each thread runs its own loop, so nothing of this is seen outside.
"""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import uvloop
from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from sqlalchemy.util import greenlet_spawn

from watchword.base.problems import Unavailable
from watchword.storage.engine import Result

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 10
_NOW = text("SELECT clock_timestamp()")


class PostgresDatabase:
    """A server that any number of nodes share."""

    def __init__(self, url: str) -> None:
        """Take the *url* of the settings (``postgresql://…``); nothing is connected yet."""
        self._engine = _engine(make_url(url))
        self._thread = threading.local()

    def run(self, task: Callable[[], Result]) -> Result:
        """Call *task* where a synchronous statement may wait for the asynchronous driver."""
        loop: asyncio.AbstractEventLoop | None = getattr(self._thread, "loop", None)
        if loop is None:
            loop = self._thread.loop = uvloop.new_event_loop()
        result: Result = loop.run_until_complete(greenlet_spawn(task))
        return result

    def open(self, *, reading: bool = False) -> "_Session":
        """Begin a transaction on this thread's connection; it is made anew if the server has closed it."""
        del reading  # a reader never waits for a writer here
        try:
            return self._begin()
        except (DBAPIError, OSError, TimeoutError):
            self._forget()
        try:
            return self._begin()
        except (DBAPIError, OSError, TimeoutError) as problem:
            self._forget()
            raise Unavailable(seconds=1) from problem

    def close(self) -> None:
        """Forget the connections; the server ends them with their threads."""
        self._engine.dispose(close=False)

    def _begin(self) -> "_Session":
        connection: Connection | None = getattr(self._thread, "connection", None)
        if connection is None:
            connection = self._thread.connection = self._engine.connect()
        return _Session(connection, connection.execute(_NOW).scalar_one(), self._forget)

    def _forget(self) -> None:
        """Drop this thread's connection, whatever state it is in."""
        connection: Connection | None = getattr(self._thread, "connection", None)
        self._thread.connection = None
        if connection is not None:
            connection.invalidate()
            connection.close()


@dataclass(frozen=True, slots=True)
class _Session:
    """A transaction on a thread's connection."""

    connection: Connection
    at: datetime
    forget: Callable[[], None]

    def began_at(self) -> datetime | None:
        """Return the server's time."""
        return self.at

    def commit(self) -> None:
        """Commit; a connection that was lost meanwhile leaves it unknown whether that was done."""
        self._end(self.connection.commit)

    def rollback(self) -> None:
        """Undo."""
        self._end(self.connection.rollback)

    def _end(self, ending: Callable[[], None]) -> None:
        try:
            ending()
        except (DBAPIError, OSError, TimeoutError) as problem:
            self.forget()
            raise Unavailable(seconds=1) from problem


def _engine(url: URL) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+asyncpg"),
        poolclass=NullPool,
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": STATEMENT_SECONDS,
            "server_settings": {
                "application_name": "watchword",
                "lock_timeout": "5s",
                "idle_in_transaction_session_timeout": "30s",
            },
        },
    )
