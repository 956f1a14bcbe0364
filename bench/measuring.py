"""How a figure is measured and kept: a ratio of two things that were measured in turn, round by round, in one run."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.databases import Postgres
from bench.scene import Crowd, Loop, Scene

SETTLE_SECONDS = 0.5
NO_TARGET = "see the peers"


@dataclass(slots=True)
class Series:
    """One figure over the rounds."""

    values: list[float] = field(default_factory=list)

    def add(self, value: float) -> None:
        """Keep the figure of one round."""
        self.values.append(value)

    @property
    def median(self) -> float:
        """Return the median of the rounds."""
        return statistics.median(self.values) if self.values else float("nan")

    def told(self, digits: int = 2, unit: str = "") -> str:
        """Return the median with the lowest and the highest."""
        if not self.values:
            return "-"
        low, high = min(self.values), max(self.values)
        return f"{self.median:.{digits}f}{unit} ({low:.{digits}f}-{high:.{digits}f})"


@dataclass(slots=True)
class Figure:
    """A row of the table: what was measured, what it must reach, and how many requests failed on the way."""

    number: str
    name: str
    target: str
    ratio: Series
    reached: Callable[[float], bool]
    beside: str = ""
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """How long and how often is measured."""

    rounds: int
    seconds: float
    people: int
    many_people: int
    messages: int
    abandoned: int


@dataclass(slots=True)
class Bench:
    """Makes scenes, and keeps the figures."""

    loop: Loop
    postgres: Postgres
    pace: Pace
    folder: Path
    figures: list[Figure] = field(default_factory=list)
    _scenes: int = 0

    @property
    def few_rounds(self) -> range:
        """Return the rounds of what takes long."""
        return range(max(1, self.pace.rounds - 1))

    @property
    def rounds(self) -> range:
        """Return the rounds."""
        return range(self.pace.rounds)

    @contextmanager
    def scene(
        self, database: Postgres | None, *, servers: int = 1, people: int = 0, crowd: Crowd = Crowd.PENDING
    ) -> Iterator[Scene]:
        """Open a scene of its own."""
        self._scenes += 1
        folder = self.folder / str(self._scenes)
        with Scene(self.loop, folder, people or self.pace.people, database, servers=servers, crowd=crowd) as scene:
            yield scene

    def add(  # noqa: PLR0913, PLR0917  # a row of the table has this many columns
        self, number: str, name: str, target: str, ratio: Series, reached: Callable[[float], bool], beside: str = "",
        failed: int = 0,
    ) -> None:  # fmt: skip
        """Keep a figure, and print it."""
        self.figures.append(Figure(number, name, target, ratio, reached, beside, failed))
        print(f"{number:14} {name:52} {ratio.told()}  {target}  {beside}  {failed or 'none'} failed", flush=True)


def name_of(database: Postgres | None) -> str:
    """Return what a database is called in the table."""
    return "PostgreSQL" if database else "SQLite"


def await_messages(scene: Scene, count: int) -> None:
    """Wait until the sink has what was sent, since a code that has not arrived cannot be typed."""
    deadline = time.perf_counter() + 20
    while scene.sink.taken < count and time.perf_counter() < deadline:
        time.sleep(0.02)
