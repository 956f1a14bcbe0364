"""A terminal for tests of the command line: what is typed, and what comes back."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from watchword.cli.main import main

CHEAP = "[watchword.hashing]\nmemory_kib = 8\npasses = 1\n"
PROGRAM = (sys.executable, "-m", "watchword.cli")
"""The words that start a command in a process of its own."""


def clean_environment(**variables: str) -> dict[str, str]:
    """Return our environment without what would change a server, and with *variables*."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("WATCHWORD_") and name != "FAULTS"}
    return ours | variables


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.out)

    @property
    def documents(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True, slots=True)
class Terminal:
    """Somebody who types commands, about one home."""

    home: Path
    folder: Path

    @classmethod
    def at(cls, folder: Path, settings: str) -> "Terminal":
        home = folder / "home"
        home.mkdir()
        (home / "deployment.toml").write_text(settings)
        return cls(home, folder)

    def run(self, *words: str, typed: str = "") -> Ran:
        """Run a command about the home."""
        return self.type(*words, "--home", str(self.home), typed=typed)

    def type(self, *words: str, typed: str = "", environment: Mapping[str, str] | None = None) -> Ran:
        """Run a command as it stands; *typed* is its input, in which nobody can be asked for anything."""
        own = {"HOME": str(self.folder), "XDG_STATE_HOME": None, "WATCHWORD_HOME": None, **(environment or {})}
        status = 0
        with CliRunner().isolation(typed, own) as streams:
            try:
                main(words)
            except SystemExit as ended:
                status = int(ended.code or 0)
            return Ran(status, *(stream.getvalue().decode() for stream in streams[:2]))

    def ask(self, *words: str) -> Any:  # noqa: ANN401 - JSON
        """Return the document that a command answers."""
        return self.run(*words, "--json").document

    def batch(self, *lines: str) -> list[Any]:
        """Return the answers to the lines of a batch."""
        return self.run("batch", typed="".join(f"{line}\n" for line in lines)).documents
