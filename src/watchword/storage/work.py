"""The unit of work: one transaction, in one tenant, at one instant."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from watchword.base.clock import Clock
from watchword.base.entropy import Entropy
from watchword.base.hashing import Hasher
from watchword.base.problems import Problem
from watchword.base.seal import Keys
from watchword.base.settings import Settings
from watchword.storage.engine import Database, Transaction
from watchword.storage.statements import Statement

Result = TypeVar("Result")

REMEMBERED = timedelta(milliseconds=500)


class StepFailed(Exception):
    """A step of a use case was made to fail, by a test that watches what is left behind."""


class Faults(Protocol):
    """Where a test makes a step fail, or kills the process."""

    def reach(self, place: str) -> None:
        """Do what was asked for at *place*: nothing, raise StepFailed, or end the process."""

    def is_set(self, place: str) -> bool:
        """Tell whether something was asked for at *place*."""


class NoFaults:
    """What production has."""

    def reach(self, place: str) -> None:
        """Do nothing."""

    def is_set(self, place: str) -> bool:
        """Return that nothing was asked for."""
        del place
        return False


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asks, from where, and under which trace id: what the audit log says."""

    actor: str = "-"
    source: str = "-"
    trace: str = ""


@dataclass(slots=True)
class Memory:
    """What a process remembers for a moment, so that policies are not read at every request."""

    _kept: dict[tuple[str, str], tuple[float, object]] = field(default_factory=dict)

    def recall(self, tenant: str, key: str, load: Callable[[], Result]) -> Result:
        """Return what *load* gave for *key*, at most half a second ago."""
        found = self._kept.get((tenant, key))
        if found is not None and found[0] > monotonic():
            return cast("Result", found[1])
        fresh = load()
        self._kept[tenant, key] = (monotonic() + REMEMBERED.total_seconds(), fresh)
        return fresh

    def forget(self, tenant: str, key: str) -> None:
        """Read *key* anew next time."""
        self._kept.pop((tenant, key), None)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every unit of work of a process shares."""

    database: Database
    settings: Settings
    clock: Clock
    entropy: Entropy
    keys: Keys
    hasher: Hasher
    faults: Faults = field(default_factory=NoFaults)
    memory: Memory = field(default_factory=Memory)
    tally: Counter[str] = field(default_factory=Counter)
    """What this process has done, for the metrics."""


@dataclass(slots=True)
class Work:
    """One transaction, in one tenant, at one instant. No clock, no chance, no global is read elsewhere."""

    surroundings: Surroundings
    tenant: str
    origin: Origin
    reading: bool = False
    _transaction: Transaction | None = None
    _now: datetime | None = None
    _written: int = 0

    @property
    def settings(self) -> Settings:
        """Return the operator's settings."""
        return self.surroundings.settings

    @property
    def entropy(self) -> Entropy:
        """Return the source of chance."""
        return self.surroundings.entropy

    @property
    def keys(self) -> Keys:
        """Return the installation's keys."""
        return self.surroundings.keys

    @property
    def hasher(self) -> Hasher:
        """Return what hashes passwords; release the work before."""
        return self.surroundings.hasher

    @property
    def connection(self) -> Connection:
        """Return what runs statements; the transaction begins with the first."""
        return self._begun().connection

    def rows(self, statement: Statement, **values: object) -> list[Any]:
        """Run a statement, and return its rows; the tenant is among its values."""
        return self._begun().run(statement, {"tenant": self.tenant, **values})

    def row(self, statement: Statement, **values: object) -> Any:  # noqa: ANN401  # a row of that statement
        """Run a statement, and return its only row, or ``None``."""
        found = self._begun().run(statement, {"tenant": self.tenant, **values})
        return found[0] if found else None

    def write(self, statement: Statement, **values: object) -> None:
        """Run a statement that gives nothing back, before the next that does, the end of the step, or the commit."""
        self._written += 1
        self._begun().write(statement, {"tenant": self.tenant, **values})

    @property
    def now(self) -> datetime:
        """Return the instant of this work: the database's where nodes share one, moved by the test clock."""
        if self._now is None:
            self._begun()
        return cast("datetime", self._now)

    def commit(self) -> None:
        """Make everything since the beginning durable."""
        transaction, self._transaction = self._transaction, None
        if transaction is None:
            return
        try:
            self.surroundings.faults.reach("before_commit")
        except BaseException:
            transaction.rollback()
            raise
        transaction.commit()
        self.surroundings.faults.reach("after_commit")

    def release(self) -> None:
        """End the transaction before something slow; what was only read stays read, what was written is undone."""
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            transaction.rollback()

    @contextmanager
    def step(self, name: str, problem: type[Problem]) -> Iterator[None]:
        """Tell a failure of the database inside this step as *problem*."""
        try:
            self.surroundings.faults.reach(name)
            written_before = self._written
            yield
            if self._transaction is not None and self._written != written_before:
                self._transaction.flush()
        except (DBAPIError, StepFailed) as failure:
            raise problem from failure
        self.surroundings.faults.reach(f"after_{name}")

    def reach(self, place: str) -> None:
        """Mark a place where a test may fail or kill the process."""
        self.surroundings.faults.reach(place)

    def recall(self, key: str, load: Callable[[], Result]) -> Result:
        """Return what *load* gave for *key* in this tenant, at most half a second ago."""
        return self.surroundings.memory.recall(self.tenant, key, load)

    def forget(self, key: str) -> None:
        """Read *key* anew next time."""
        self.surroundings.memory.forget(self.tenant, key)

    def within(self, tenant: str) -> "Work":
        """Return the same transaction in another tenant, for those who may act in all."""
        return Work(self.surroundings, tenant, self.origin, self.reading, self._begun(), self.now)

    def elsewhere(self, tenant: str) -> "Work":
        """Release this work, and return one of its own in another tenant, for what commits by itself there, now."""
        self.release()
        return Work(self.surroundings, tenant, self.origin, self.reading, _now=self._now)

    def _begun(self) -> Transaction:
        if self._transaction is None:
            self._transaction = self.surroundings.database.open(reading=self.reading)
        if self._now is None:
            at = self._transaction.began_at()
            clock = self.surroundings.clock
            self._now = clock.now() if at is None else at + clock.shift()
        return self._transaction


@dataclass(frozen=True, slots=True)
class Works:
    """Where units of work come from."""

    surroundings: Surroundings

    def do(
        self, tenant: str, task: Callable[[Work], Result], origin: Origin = Origin(), *, reading: bool = False
    ) -> Result:
        """Do *task* in a work of its own; what it has not committed is rolled back."""

        def begun() -> Result:
            work = Work(self.surroundings, tenant, origin, reading)
            try:
                return task(work)
            finally:
                work.release()

        return self.surroundings.database.run(begun)
