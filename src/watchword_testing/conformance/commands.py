"""The commands of a case: `watchword batch`, and what its answers say of users and messages."""

import contextlib
import json
import queue
import shlex
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from watchword_testing.conformance.server import ANSWER_WITHIN_SECONDS, ServerFailed, environment, program, tail


class CommandRefused(Exception):
    """A command answered with an error."""

    def __init__(self, words: Sequence[str], answer: Mapping[str, Any]) -> None:
        super().__init__(f"watchword {shlex.join(words)}: {answer.get('error', answer)}")


class Batch:
    """`watchword batch`: one process that takes all commands of a case."""

    def __init__(self, home: Path, log: Path) -> None:
        self._log = log
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*program(), "batch", "--home", str(home)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
                encoding="utf-8",
                env=environment(),
            )
        if self._process.stdin is None or self._process.stdout is None:
            raise ServerFailed("no pipes to the process")
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
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
            self._stdin.write(line + "\n")
            self._stdin.flush()
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
        self._process.wait()
        self._reader.join()
        self._stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _read_answers(self) -> None:
        for line in self._stdout:
            self._answers.put(line)
        self._answers.put("")  # the end: whoever waits for an answer must not wait longer
