"""Password hashing on threads of its own, with a door that closes before the queue grows too long.

argon2id at 19456 KiB, two passes, one lane (OWASP; decisions 5.3). A hash takes some 20 ms of one core and lets go of
the interpreter, so there is one thread per core, at a lower priority than everything else: under overload the other
endpoints stay quick, and whoever could not be served within the bound is told so at once.
"""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from watchword.base.problems import Unavailable

Result = TypeVar("Result")

NICENESS = 10
MOST_WAITING = 48
"""Fewer than there are threads for requests, so that some are left for those that need no hash."""
FIRST_GUESS_SECONDS = 0.025


@dataclass(slots=True)
class Hasher:
    """Hashes and verifies passwords, as many at a time as there are *threads*.

    *queue* bounds how long an admitted request may wait for its turn; it is what turns overload into quick refusals.
    """

    memory_kib: int = 19456
    passes: int = 2
    lanes: int = 1
    threads: int = 0
    queue: timedelta = timedelta(seconds=1)
    _argon2: PasswordHasher = field(init=False, repr=False)
    _pool: ThreadPoolExecutor = field(init=False, repr=False)
    _count: threading.Lock = field(init=False, repr=False)
    _queued: int = field(init=False, default=0)
    _mean_seconds: float = field(init=False, default=FIRST_GUESS_SECONDS)
    _nobody: str = field(init=False, repr=False, default="")

    def __post_init__(self) -> None:
        """Start no thread yet: they come with the first hash."""
        self.threads = self.threads or os.cpu_count() or 1
        self._argon2 = PasswordHasher(self.passes, self.memory_kib, self.lanes, type=Type.ID)
        self._pool = ThreadPoolExecutor(self.threads, "hash", initializer=_yield_to_others)
        self._count = threading.Lock()

    def hash(self, password: str) -> str:
        """Return the argon2id hash of *password*, in its usual text form.

        Raises:
            Unavailable: too many wait already.
        """
        return self._wait_for(lambda: self._argon2.hash(password))

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Tell whether *password* has this hash; without a hash the same work is done, and the answer is no.

        Raises:
            Unavailable: too many wait already.
        """
        return self._wait_for(lambda: self._verify(password_hash, password))

    def refuse_if_full(self) -> None:
        """Refuse whoever would be refused later, before anything was done for them.

        Raises:
            Unavailable: too many wait already.
        """
        if self._is_full():
            raise Unavailable(seconds=1)

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verify(self, password_hash: str | None, password: str) -> bool:
        if not self._nobody:
            self._nobody = self._argon2.hash("nobody has this password")
        try:
            matches = self._argon2.verify(password_hash or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None and bool(matches)

    def _wait_for(self, task: Callable[[], Result]) -> Result:
        with self._count:
            self.refuse_if_full()
            self._queued += 1
        asked_at = time.monotonic()
        try:
            job: Future[Result | None] = self._pool.submit(self._timed, task, asked_at + self.queue.total_seconds())
            result = job.result()
        finally:
            with self._count:
                self._queued -= 1
        if result is None:
            raise Unavailable(seconds=1)
        return result

    def _is_full(self) -> bool:
        wait_seconds = (self._queued + 1) * self._mean_seconds / self.threads
        return self._queued >= MOST_WAITING or wait_seconds > self.queue.total_seconds()

    def _timed(self, task: Callable[[], Result], deadline: float) -> Result | None:
        """Do *task*, and learn how long one takes; a job whose time has passed is dropped unhashed."""
        began_at = time.monotonic()
        if began_at > deadline:
            return None
        result = task()
        self._mean_seconds += (time.monotonic() - began_at - self._mean_seconds) / 16
        return result


def _yield_to_others() -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
