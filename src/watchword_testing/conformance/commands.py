"""The commands of a case: `watchword batch`, and what its answers say of users and messages."""

import contextlib
import json
import queue
import shlex
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from watchword_testing.conformance.processes import start_conversation
from watchword_testing.conformance.server import ANSWER_WITHIN_SECONDS, ServerFailed, tail


class CommandRefused(Exception):
    """A command answered with an error."""

    def __init__(self, words: Sequence[str], answer: Mapping[str, Any]) -> None:
        super().__init__(f"watchword {shlex.join(words)}: {answer.get('error', answer)}")


class Batch:
    """`watchword batch`: one process that takes all commands of a case."""

    def __init__(self, home: Path, log: Path) -> None:
        self._log = log
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._process, self._ends = start_conversation(["batch", "--home", str(home)], log)
        self._input = open(self._ends.fileno(), "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - see end
        self._output = open(self._ends.fileno(), encoding="utf-8", closefd=False)  # noqa: SIM115 - see end
        self._reader = threading.Thread(target=self._read_answers, daemon=True)
        self._reader.start()

    def run(self, *words: str) -> dict[str, Any]:
        """Run a command and return its answer.

        Raises:
            CommandRefused: the answer is an error.
            ServerFailed: there is no answer, or none that can be read.
        """
        answer = self.answer_to(*words)
        if "error" in answer:
            raise CommandRefused(words, answer)
        return answer

    def answer_to(self, *words: str) -> dict[str, Any]:
        """Run a command and return its answer, an error as well."""
        line = shlex.join(words)
        if "\n" in line:
            raise ServerFailed(f"a command is one line: {line!r}")
        try:
            self._input.write(line + "\n")
            self._input.flush()
            written = self._answers.get(timeout=ANSWER_WITHIN_SECONDS)
            answer = json.loads(written)
        except (OSError, queue.Empty, ValueError) as problem:
            raise ServerFailed(f"watchword {line}: no answer ({problem!r}){tail(self._log)}") from problem
        if not isinstance(answer, dict):
            raise ServerFailed(f"watchword {line}: the answer is no object: {written}")
        return answer

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self._reader.join()
        self._output.close()
        with contextlib.suppress(BrokenPipeError):
            self._input.close()
        self._ends.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _read_answers(self) -> None:
        with contextlib.suppress(ConnectionResetError):  # it ended before it had read all that we said
            for line in self._output:
                self._answers.put(line)
        self._answers.put("")  # the end: whoever waits for an answer must not wait longer
