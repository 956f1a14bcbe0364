"""`python -m watchword_testing.conformance FILE`: play a file of cases, and tell what is not as it says."""

import fnmatch
import queue
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import click

from watchword_testing.conformance.cases import Case, CaseError, Unplayable, read_cases
from watchword_testing.conformance.databases import Databases
from watchword_testing.conformance.player import Circumstances, Outcome, play
from watchword_testing.conformance.server import Ports
from watchword_testing.sinks import Sinks


@click.command(epilog="Example: python -m watchword_testing.conformance cases.yaml --only SEED-01,CH-*")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--only", metavar="ID[,ID…]", help="Play these cases; * stands for anything.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="How many cases at a time.")
@click.option("--database", metavar="URL", help="Play on this PostgreSQL server, a database for each case.")
@click.option("--keep", is_flag=True, help="Leave the home folders of the cases, and name those of failed ones.")
def main(file: Path, only: str | None, jobs: int, database: str | None, *, keep: bool) -> None:
    """Play the cases of FILE against servers of their own; the exit status is 0 when all pass."""
    try:
        chosen = _chosen(read_cases(file), only)
    except CaseError as problem:
        raise click.ClickException(str(problem)) from problem
    started = time.monotonic()
    circumstances = Circumstances(Ports(), Databases(database) if database else None, keeps_homes=keep)
    failed = 0
    for outcome in play_all(chosen, jobs, circumstances):
        click.echo(report_of(outcome))
        failed += bool(outcome.problems)
    click.echo(f"played in {time.monotonic() - started:.0f} s")
    click.echo(f"{len(chosen) - failed} passed, {failed} failed")
    sys.exit(bool(failed))


def play_all(chosen: Sequence[Case | Unplayable], jobs: int, circumstances: Circumstances) -> Iterator[Outcome]:
    """Play cases, some at a time, and return how they went, in their order."""
    with ExitStack() as stack:
        free: queue.SimpleQueue[Sinks] = queue.SimpleQueue()
        for _ in range(jobs):
            free.put(stack.enter_context(Sinks.open()))
        threads = stack.enter_context(ThreadPoolExecutor(jobs))

        def play_one(case: Case | Unplayable) -> Outcome:
            sinks = free.get()
            try:
                return play(case, sinks, circumstances)
            finally:
                free.put(sinks)

        yield from threads.map(play_one, chosen)


def report_of(outcome: Outcome) -> str:
    """Return the lines that tell how a case went."""
    verdict = "FAIL" if outcome.problems else "ok  "
    problems = "".join(f"\n       {problem}" for problem in outcome.problems)
    return f"{verdict} {outcome.id} {outcome.title} ({outcome.seconds:.1f} s){problems}"


def _chosen(cases: Sequence[Case | Unplayable], only: str | None) -> list[Case | Unplayable]:
    if only is None:
        return list(cases)
    patterns = [pattern.strip() for pattern in only.split(",")]
    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(case.id, pattern) for case in cases):
            raise CaseError(f"no case is called {pattern}")
    return [case for case in cases if any(fnmatch.fnmatchcase(case.id, pattern) for pattern in patterns)]


if __name__ == "__main__":
    main()
