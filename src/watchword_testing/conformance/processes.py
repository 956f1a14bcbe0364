"""`watchword` commands in processes of their own, forked from one that has read the program already.

Reading the program takes a second, and a case needs it twice. A fork of it runs the same `main` with its own words,
environment and files, and shares nothing that the program has done, since it has done nothing but import.
"""

import os
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Literal, TextIO

from watchword.cli.main import main

_context = get_context("forkserver")
_context.set_forkserver_preload([__name__])
_starting = threading.Lock()


def start(words: Sequence[str], log: Path) -> BaseProcess:
    """Start a command; what it says goes to the log."""
    return _start(words, log, None)


def start_conversation(words: Sequence[str], log: Path) -> tuple[BaseProcess, Connection]:
    """Start a command that we talk to; its input and output are the other end of what is returned."""
    ours, its = _context.Pipe()
    process = _start(words, log, its)
    its.close()
    return process, ours


def _start(words: Sequence[str], log: Path, ends: Connection | None) -> BaseProcess:
    process = _context.Process(target=_live, args=(list(words), log, _environment(), ends), daemon=True)
    with _starting:
        process.start()
    return process


def _live(words: Sequence[str], log: Path, environment: Mapping[str, str], ends: Connection | None) -> None:
    """Be the command: run it with these words, and end with its exit status."""
    said = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(said, 2)
    os.dup2(said if ends is None else ends.fileno(), 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY) if ends is None else ends.fileno(), 0)
    # Those of the process that we are forked from belong to its own files.
    sys.stdin, sys.stdout, sys.stderr = (_text(0, "r"), _text(1, "w"), _text(2, "w"))
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["watchword", *words]
    main()


def _text(file: int, mode: Literal["r", "w"]) -> TextIO:
    return open(file, mode, encoding="utf-8", closefd=False)


def _environment() -> dict[str, str]:
    """Return our environment without what would change a server: its own variables, and proxies."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("WATCHWORD_") and not name.lower().endswith("_proxy") and name != "FAULTS"
    }
