"""Processes of Watchword that can be killed, frozen and watched.

They are forked from a process that has read the program already: reading it takes a second, and a run starts hundreds.
A fork of it has done nothing else, so each is as fresh as one that was started by hand.
"""

import contextlib
import http.client
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

from tests.mutants.start import run

READY_SECONDS = 40.0

_context = get_context("forkserver")
_context.set_forkserver_preload([__name__])
_starting = threading.Lock()


class Node:
    """One process: ``serve`` or ``worker``, with some defects in it or none."""

    def __init__(
        self, words: Sequence[str], log: Path, port: int, *, defects: Sequence[str], variables: Mapping[str, str]
    ) -> None:
        self.port = port
        self._log = log
        self._process = _context.Process(target=_live, args=(words, log, defects, variables), daemon=True)
        with _starting:
            self._process.start()

    def wait_until_ready(self, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            if not self.is_alive:
                raise RuntimeError(f"the server ended with {self._process.exitcode}: {self._tail()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if is_ready():
                    return
            if time.monotonic() > deadline:
                raise RuntimeError(f"the server is not ready: {self._tail()}")
            time.sleep(0.02)

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End the process as if its power were cut."""
        self._process.kill()
        self._process.join()

    def end(self) -> int | None:
        """End the process politely, and return its exit status."""
        if self.is_alive:
            self.signal(signal.SIGCONT)
            self._process.terminate()
        self._process.join(20)
        return self._process.exitcode

    def has_died(self, seconds: float = 10.0) -> bool:
        """Tell whether the process ends by itself within some seconds."""
        self._process.join(seconds)
        return not self.is_alive

    def _tail(self) -> str:
        return self._log.read_text(errors="replace")[-3000:]


def _live(words: Sequence[str], log: Path, defects: Sequence[str], variables: Mapping[str, str]) -> None:
    """Be the process: say everything into the log, forget what our environment says of servers, and run."""
    said = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, file in enumerate((nothing, said, said)):
        os.dup2(file, number)
    sys.stdin, sys.stdout, sys.stderr = open(0, closefd=False), open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115  # for the life of the process
    for name in [name for name in os.environ if name.startswith(("WATCHWORD_", "FAULTS")) or "proxy" in name.lower()]:
        del os.environ[name]
    os.environ.update(variables)
    run(defects, words)
