"""People who sign up while something breaks: each tries again until it is told that it is done."""

import http.client
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

from tests.attacks.stage import Answer, Stage

PAUSE_SECONDS = 0.05


@dataclass(slots=True)
class Crowd:
    """Threads that sign people up, one after the other, with an Idempotency-Key each."""

    stage: Stage
    size: int = 4
    retries: bool = True
    acknowledged: list[str] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    """The statuses of answers that were no success."""
    slowest_seconds: float = 0.0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    @classmethod
    @contextmanager
    def at(cls, stage: Stage, size: int = 4, *, retries: bool = True):  # type: ignore[no-untyped-def]  # noqa: ANN206  # a context of Self
        """Let people sign up as long as the block lasts."""
        crowd = cls(stage, size, retries)
        crowd.begin()
        try:
            yield crowd
        finally:
            crowd.end()

    def begin(self) -> Self:
        for number in range(self.size):
            thread = threading.Thread(target=self._sign_up, args=(number,), daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    def end(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def wait_for_more(self, count: int, seconds: float = 30.0) -> None:
        """Wait until so many more were acknowledged."""
        goal, deadline = len(self.acknowledged) + count, time.monotonic() + seconds
        while len(self.acknowledged) < goal:
            assert time.monotonic() < deadline, f"no more sign-ups are acknowledged: {self.refusals[-3:]}"
            time.sleep(0.01)

    def _sign_up(self, number: int) -> None:
        count = 0
        while not self._stopping.is_set():
            count += 1
            name = f"crowd{number}x{count}"
            if self._until_told(lambda name=name: self.stage.register(name, headers={"Idempotency-Key": name})):  # type: ignore[misc]  # bound at once
                self.acknowledged.append(name)

    def _until_told(self, ask: Callable[[], Answer]) -> bool:
        """Ask until the answer is a success, or nobody waits any more."""
        while not self._stopping.is_set():
            begun = time.monotonic()
            try:
                answer = ask()
            except (OSError, http.client.HTTPException):
                if not self.retries:
                    return False
                time.sleep(PAUSE_SECONDS)
                continue
            self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - begun)
            if answer.status == 201:
                return True
            self.refusals.append(answer.status)
            time.sleep(PAUSE_SECONDS)
        return False
