"""The two databases, and everything in which they differ.

A :class:`Database` opens transactions and runs tasks in the surroundings that its driver needs. On SQLite one
transaction writes at a time and those that wait are committed together (:mod:`watchword.storage.sqlite`); on PostgreSQL
every thread has a connection of its own (:mod:`watchword.storage.postgres`).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from watchword.storage.statements import Statement

Result = TypeVar("Result")


class DatabaseUnusable(Exception):  # a state of a database
    """What is there is no database of ours, or its address is none; the text is for the operator."""


class Transaction(Protocol):
    """One open transaction."""

    @property
    def connection(self) -> Connection:
        """Return what runs statements that are built as they are needed; everything written so far is in it."""

    def run(self, statement: Statement, values: Mapping[str, Any]) -> list[Any]:
        """Run a statement, and return its rows.

        Raises:
            DBAPIError: the database refuses, or is gone.
        """

    def write(self, statement: Statement, values: Mapping[str, Any]) -> None:
        """Run a statement whose outcome nobody waits for: now, or together with the next that somebody waits for."""

    def flush(self) -> None:
        """Run what was left for later, so that whatever is wrong with it shows here.

        Raises:
            DBAPIError: as :meth:`run`.
        """

    def began_at(self) -> datetime | None:
        """Return the database's time at its beginning; ``None`` where the process's clock is the database's."""

    def commit(self) -> None:
        """Make it durable, and end it; returns when it is on the disk."""

    def rollback(self) -> None:
        """Undo and end it."""


class Database(Protocol):
    """Where transactions come from."""

    def run(self, task: Callable[[], Result]) -> Result:
        """Call *task* on this thread; transactions may only be opened inside."""

    def open(self, *, reading: bool = False) -> Transaction:
        """Begin a transaction; one that is only *reading* never waits for a writer.

        Raises:
            Unavailable: the database cannot be had in time.
        """

    def close(self) -> None:
        """Let go of every connection."""
