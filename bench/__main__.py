"""``python -m bench``: measure, print the table, and write it to docs/explanation/performance.md.

Options: ``--quick`` for about two minutes instead of ten, ``--only FIGURES`` for some (a method of Bench in figures.py;
nothing is written then), ``--people N`` for the crowd of figure 9.
"""

import argparse

from bench.databases import postgres
from bench.figures import Pace, measured
from bench.report import told, write

USUAL = Pace(rounds=4, seconds=2.5, people=20_000, many_people=300_000, messages=6_000)
QUICK = Pace(rounds=2, seconds=1.5, people=10_000, many_people=50_000, messages=3_000)


def main() -> None:
    """Measure."""
    arguments = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="fewer and shorter rounds, about two minutes")
    arguments.add_argument("--only", default="", help="rates, overload, silent_provider, deliveries, start, …")
    arguments.add_argument("--people", type=int, help="how many people stand for many in figure 9")
    given = arguments.parse_args()
    pace = QUICK if given.quick else USUAL
    if given.people:
        pace = Pace(pace.rounds, pace.seconds, pace.people, given.people, pace.messages)
    with postgres() as server:
        figures = measured(server, pace, given.only)
        print()
        print(told(figures))
        if not given.only:
            write(figures, pace, server.version)


if __name__ == "__main__":
    main()
