"""The two databases, and everything in which they differ.

A :class:`Database` opens transactions and runs tasks in the surroundings that its driver needs. On SQLite one
transaction writes at a time and those that wait are committed together (:mod:`watchword.storage.sqlite`); on PostgreSQL
every thread has a connection of its own (:mod:`watchword.storage.postgres`).
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy import Connection

Result = TypeVar("Result")


class Transaction(Protocol):
    """One open transaction."""

    @property
    def connection(self) -> Connection:
        """Return what runs its statements."""

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
