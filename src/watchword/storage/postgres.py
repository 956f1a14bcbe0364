"""PostgreSQL: one connection per thread, spoken to by asyncpg on an event loop of that thread.

asyncpg is the driver whose licence and speed we can live with, and it is asynchronous; SQLAlchemy's greenlet bridge lets
the same synchronous use cases run over it. Each thread runs its own loop, so nothing of this is seen outside.
"""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import uvloop
from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import SingletonThreadPool
from sqlalchemy.util import greenlet_spawn

from watchword.base.problems import Unavailable
from watchword.storage.engine import Result

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 10
MOST_THREADS = 256
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
        for last_try in (False, True):
            connection: Connection | None = None
            try:
                connection = self._engine.connect()
                at = connection.execute(_NOW).scalar_one()
            except (DBAPIError, OSError, TimeoutError) as problem:
                if connection is not None:
                    connection.invalidate()
                    connection.close()
                if last_try:
                    raise Unavailable(seconds=1) from problem
            else:
                return _Session(connection, at)
        raise Unavailable(seconds=1)

    def close(self) -> None:
        """Forget the connections; the server ends them with their threads."""
        self._engine.dispose(close=False)


@dataclass(frozen=True, slots=True)
class _Session:
    """A transaction on a thread's connection."""

    connection: Connection
    at: datetime

    def began_at(self) -> datetime | None:
        return self.at

    def commit(self) -> None:
        try:
            self.connection.commit()
        except (OperationalError, InterfaceError) as problem:
            self.connection.invalidate()
            raise Unavailable(seconds=1) from problem
        finally:
            self.connection.close()

    def rollback(self) -> None:
        self.connection.close()


def _engine(url: URL) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+asyncpg"),
        poolclass=SingletonThreadPool,
        pool_size=MOST_THREADS,
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
