"""``python -m bench``: measure, print the table, and write it to docs/explanation/performance.md.

Options: ``--quick`` for about five minutes instead of fifteen, ``--only GROUPS`` for some (see GROUPS below; nothing is
written then), ``--rounds N``, ``--people N`` for the crowd of figure 9.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench import figures, login_figures
from bench.databases import postgres
from bench.measuring import Bench, Pace
from bench.report import told, write
from bench.scene import Loop

USUAL = Pace(rounds=4, seconds=2.5, people=20_000, many_people=200_000, messages=5_000, abandoned=100_000)
QUICK = Pace(rounds=2, seconds=1.5, people=10_000, many_people=50_000, messages=3_000, abandoned=10_000)
GROUPS: dict[str, Callable[[Bench], None]] = {
    "rates-sqlite": lambda bench: figures.rates(bench, None),
    "rates-postgresql": lambda bench: figures.rates(bench, bench.postgres),
    "log-ins-sqlite": lambda bench: login_figures.log_ins(bench, None),
    "log-ins-postgresql": lambda bench: login_figures.log_ins(bench, bench.postgres),
    "overload": figures.overload,
    "log-in-overload": login_figures.log_in_overload,
    "silent-provider": figures.silent_provider,
    "deliveries": figures.deliveries,
    "start": figures.start,
    "many-people-sqlite": lambda bench: figures.many_people(bench, None),
    "many-people-postgresql": lambda bench: figures.many_people(bench, bench.postgres),
    "two-servers": figures.two_servers,
    "walk": login_figures.walk,
    "abandoned": login_figures.abandoned,
}


def main() -> None:
    """Measure."""
    arguments = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="fewer and shorter rounds, about five minutes")
    arguments.add_argument("--only", default="", help=f"some of {', '.join(GROUPS)}, or the beginning of a name")
    arguments.add_argument("--rounds", type=int, help="how often each figure is measured")
    arguments.add_argument("--people", type=int, help="how many people stand for many in figure 9")
    given = arguments.parse_args()
    pace = QUICK if given.quick else USUAL
    pace = replace(pace, rounds=given.rounds or pace.rounds, many_people=given.people or pace.many_people)
    wanted = tuple(given.only.split(","))
    with postgres() as server, tempfile.TemporaryDirectory(prefix="watchword-bench-") as folder:
        bench = Bench(Loop(), server, pace, Path(folder))
        for name, measure in GROUPS.items():
            if name.startswith(wanted):
                began_at = time.perf_counter()
                measure(bench)
                print(f"{'':14} ({name}: {time.perf_counter() - began_at:.0f} s)", flush=True)
        print()
        print(told(bench.figures))
        if not given.only:
            write(bench.figures, pace, server.version)


if __name__ == "__main__":
    main()
