"""Run Watchword with known defects in it.

A defect is a function of a module beside this one, named after the case that must turn red with it. It replaces a piece
of the program in memory; nothing of this travels with a release.
"""

import importlib
import sys
from collections.abc import Callable, Sequence

from watchword.cli.main import main


def run(defects: Sequence[str], words: Sequence[str]) -> None:
    """Plant the defects of some cases, and run a command."""
    for case in defects:
        defect(case)()
    sys.argv = ["watchword", *words]
    main()


def defect(case: str) -> Callable[[], None]:
    """Return what plants the defect of a case."""
    family = importlib.import_module(f"tests.mutants.{case.partition('-')[0].lower()}")
    planted: Callable[[], None] = getattr(family, case.lower().replace("-", "_"))
    return planted
