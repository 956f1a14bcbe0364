"""Start Watchword with one known defect in it: ``python -m tests.mutants.start OTP-07 serve --home …``.

A defect is a function of a module beside this one, named after the case that must turn red with it. It replaces a piece
of the program in memory; nothing of this travels with a release.
"""

import importlib
import sys
from collections.abc import Callable

from watchword.cli.main import main


def defect(case: str) -> Callable[[], None]:
    """Return what plants the defect of a case."""
    family = importlib.import_module(f"tests.mutants.{case.partition('-')[0].lower()}")
    planted: Callable[[], None] = getattr(family, case.lower().replace("-", "_"))
    return planted


if __name__ == "__main__":
    for name in sys.argv[1].split(","):
        defect(name)()
    main(sys.argv[2:])
