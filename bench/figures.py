"""The figures: each is a ratio of two things that were measured in turn, round by round, in one run."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from bench import bare
from bench.databases import Postgres
from bench.load import Outcome
from bench.scene import Loop, Scene, confirmations, introspections, name_checks, number_of, resends, sign_ups, signed_up
from bench.seeds import leave_messages
from bench.servers import Process

SETTLE_SECONDS = 0.5
CROWD = 80_000
"""Enough for every round: a seeded person confirms once, and is sent a code again once."""


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


@dataclass(slots=True)
class Bench:
    """Measures in scenes of its own, and keeps the figures."""

    loop: Loop
    postgres: Postgres
    pace: Pace
    folder: Path
    figures: list[Figure] = field(default_factory=list)
    _scenes: int = 0

    def everything(self) -> None:
        """Measure all figures."""
        for database in (None, self.postgres):
            self.rates(database)
        self.overload()
        self.silent_provider()
        self.deliveries()
        self.start()
        for database in (None, self.postgres):
            self.many_people(database)
        self.two_servers()

    def rates(self, database: Postgres | None) -> None:
        """Measure figures 1, 2 and 4."""
        with self._scene(database, people=CROWD) as scene, self._scene(database, servers=0) as alone:
            sign_up, confirm, resend, absolute = Series(), Series(), Series(), [Series() for _ in range(5)]
            failed = [0, 0, 0]
            for _ in range(self.pace.rounds):
                hashes = bare.hashes_per_second(self.pace.seconds)
                before = scene.sink.taken
                signed = scene.closed(sign_ups(), self.pace.seconds, connections=16)
                _await_messages(scene, before + signed.statuses["201"])
                confirmed = scene.closed(
                    confirmations(chain(_codes_of(scene), scene.unused_codes())), self.pace.seconds
                )
                own_rate = bare.resends_per_second(alone.home, alone.people, self.pace.seconds)
                again = scene.closed(resends(scene.numbers), self.pace.seconds)
                sign_up.add(signed.rate(201) / hashes)
                confirm.add(confirmed.rate(202))
                resend.add(again.rate(201) / own_rate)
                for series, value in zip(absolute, (hashes, signed.rate(201), confirmed.milliseconds(0.99, 202),
                                                    own_rate, again.rate(201)), strict=True):  # fmt: skip
                    series.add(value)
                for place, (outcome, fine) in enumerate(((signed, 201), (confirmed, 202), (again, 201))):
                    failed[place] += outcome.failures(fine)
            where = _name(database)
            hashes_told, sign_ups_told, p99, own, resends_told = (series.told(0) for series in absolute)
            self._add(f"1 {where}", "sign-ups over bare argon2id", ">= 0.90", sign_up, lambda it: it >= 0.90,
                      f"{sign_ups_told} sign-ups/s, {hashes_told} hashes/s", failed[0])  # fmt: skip
            self._add(f"2 {where}", "validate-code a second", "see the peers", confirm, lambda it: it > 0,
                      f"p99 {p99} ms", failed[1])  # fmt: skip
            self._add(f"4 {where}", "resend-code over the database's own rate", ">= 0.50", resend,
                      lambda it: it >= 0.50, f"{resends_told} resends/s delivered, {own} alone", failed[2])  # fmt: skip

    def overload(self) -> None:
        """Measure figure 5: twice and five times what the server can do, from an open loop."""
        with self._scene(None) as scene:
            for times in (2, 5):
                goodput, accepted, others, failed = Series(), Series(), Series(), 0
                for _ in range(max(1, self.pace.rounds - 1)):
                    capacity = scene.closed(sign_ups(), self.pace.seconds, connections=16).rate(201)
                    with scene.beside(name_checks(), 50, 2 * self.pace.seconds) as beside:
                        outcome = scene.open(sign_ups(), times * capacity, 2 * self.pace.seconds)
                    goodput.add(outcome.rate(201) / capacity)
                    accepted.add(outcome.milliseconds(0.99, 201))
                    others.add(beside().milliseconds(0.99, 200))
                    failed += outcome.failures(201, 503) + beside().failures(200)
                    time.sleep(SETTLE_SECONDS)
                self._add(
                    f"5 at {times}x", "goodput over capacity", ">= 0.90", goodput, lambda it: it >= 0.90, "", failed
                )
                self._add(f"5 at {times}x", "p99 of the accepted, ms", "<= 1200", accepted, lambda it: it <= 1200)
                self._add(f"5 at {times}x", "p99 of another endpoint, ms", "<= 15", others, lambda it: it <= 15)

    def silent_provider(self) -> None:
        """Measure figure 6: sign-ups while the provider takes the message and never answers."""
        with self._scene(None) as scene:
            ratio, healthy, silent, failed = Series(), Series(), Series(), 0
            for _ in range(self.pace.rounds):
                outcomes = []
                for hangs in (False, True):
                    scene.sink.hangs = hangs
                    outcomes.append(scene.closed(sign_ups(), 2 * self.pace.seconds, connections=12))
                scene.sink.hangs = False
                for series, outcome in zip((healthy, silent), outcomes, strict=True):
                    series.add(outcome.milliseconds(0.99, 201))
                    failed += outcome.failures(201)
                ratio.add(silent.values[-1] / healthy.values[-1])
            beside = f"{silent.told(0)} ms over {healthy.told(0)} ms"
            self._add("6", "p99 of sign-ups, silent provider over healthy", "<= 1.10", ratio, lambda it: it <= 1.10,
                      beside, failed)  # fmt: skip

    def deliveries(self) -> None:
        """Measure figure 7: one worker, then two, on an outbox that is full; the provider takes 300 ms."""
        with self._scene(self.postgres, servers=0) as scene:
            one, ratio = Series(), Series()
            scene.sink.delay_seconds = 0.3
            for _ in range(max(1, self.pace.rounds - 1)):
                rates = [self._delivered(scene, workers) for workers in (1, 2)]
                one.add(rates[0])
                ratio.add(rates[1] / rates[0])
            self._add("7", "messages a second by one worker", ">= 500", one, lambda it: it >= 500)
            self._add("7", "two workers over one", ">= 1.80", ratio, lambda it: it >= 1.80)

    def _delivered(self, scene: Scene, workers: int) -> float:
        """Return how many messages a second were handed over, from the first to the last but a tail."""
        leave_messages(scene.home, self.pace.messages)
        with ExitStack() as running:
            first = scene.sink.taken
            for _ in range(workers):
                running.enter_context(Process(scene.home, "worker"))
            warm, wanted = first + self.pace.messages // 5, first + self.pace.messages * 9 // 10
            _await_taken(scene, warm)
            began_at, began_with = time.perf_counter(), scene.sink.taken
            _await_taken(scene, wanted)
            rate = (scene.sink.taken - began_with) / (time.perf_counter() - began_at)
            _await_taken(scene, first + self.pace.messages)
        return rate

    def start(self) -> None:
        """Measure figure 8: from the command to the first answer, and the memory of a server that does nothing."""
        with self._scene(None, servers=0) as scene:
            ready, memory = Series(), Series()
            for _ in range(self.pace.rounds + 1):
                with Process(scene.home) as process:
                    time.sleep(2 * SETTLE_SECONDS)
                    ready.add(process.ready_seconds)
                    memory.add(process.memory_mib())
            self._add("8", "start to first answer, s", "<= 0.80", ready, lambda it: it <= 0.80)
            self._add("8", "idle memory, MiB", "<= 90", memory, lambda it: it <= 90)

    def many_people(self, database: Postgres | None) -> None:
        """Measure figure 9: the same work among many people over among few."""
        with self._scene(database, people=self.pace.many_people) as many, self._scene(database) as few:
            kinds: dict[str, tuple[Callable[[Scene], Iterator[bytes]], int]] = {
                "sign-ups": (lambda _: sign_ups(), 201),
                "validate-code": (lambda scene: confirmations(scene.unused_codes()), 202),
                "resend-code": (lambda scene: resends(scene.numbers), 201),
            }
            for kind, (requests, fine) in kinds.items():
                ratio, failed = Series(), 0
                for _ in range(self.pace.rounds):
                    outcomes = [
                        scene.closed(requests(scene), self.pace.seconds / 2, connections=16) for scene in (few, many)
                    ]
                    ratio.add(outcomes[1].rate(fine) / outcomes[0].rate(fine))
                    failed += sum(outcome.failures(fine) for outcome in outcomes)
                name = f"{kind} with {self.pace.many_people:,} people over {self.pace.people:,}"
                self._add(f"9 {_name(database)}", name, ">= 0.90", ratio, lambda it: it >= 0.90, "", failed)

    def two_servers(self) -> None:
        """Measure figure 11: two servers on one PostgreSQL over one of them, by the endpoints that do not hash."""
        with self._scene(self.postgres, servers=2, people=CROWD) as scene:
            kinds: dict[str, tuple[Callable[[], Iterator[bytes]], int]] = {
                "introspect-code": (lambda: introspections(scene.unused_codes()), 202),
                "validate-code": (lambda: confirmations(scene.unused_codes()), 202),
            }
            for kind, (requests, fine) in kinds.items():
                ratio, failed = Series(), 0
                for _ in range(self.pace.rounds):
                    one, two = (scene.closed(requests(), self.pace.seconds, servers=count) for count in (1, 2))
                    ratio.add(two.rate(fine) / one.rate(fine))
                    failed += one.failures(fine) + two.failures(fine)
                self._add("11", f"{kind}, two servers over one", ">= 1.30", ratio, lambda it: it >= 1.30, "", failed)

    @contextmanager
    def _scene(self, database: Postgres | None, *, servers: int = 1, people: int = 0) -> Iterator[Scene]:
        self._scenes += 1
        folder = self.folder / str(self._scenes)
        with Scene(self.loop, folder, people or self.pace.people, database, servers=servers) as scene:
            yield scene

    def _add(  # noqa: PLR0913, PLR0917  # a row of the table has this many columns
        self, number: str, name: str, target: str, ratio: Series, reached: Callable[[float], bool], beside: str = "",
        failed: int = 0,
    ) -> None:  # fmt: skip
        self.figures.append(Figure(number, name, target, ratio, reached, beside, failed))
        print(f"{number:14} {name:52} {ratio.told()}  {target}  {beside}  {failed or 'none'} failed", flush=True)


def _codes_of(scene: Scene) -> Iterator[str]:
    """Yield the codes that the sink has taken from people who signed up, each once."""
    for person in signed_up():
        code = scene.sink.codes.pop(number_of(person), None)
        if code is not None:
            yield code


def _await_messages(scene: Scene, count: int) -> None:
    """Wait until the sink has what was sent, since a code that has not arrived cannot be typed."""
    deadline = time.perf_counter() + 20
    while scene.sink.taken < count and time.perf_counter() < deadline:
        time.sleep(0.02)


def _await_taken(scene: Scene, count: int) -> None:
    deadline = time.perf_counter() + 120
    while scene.sink.taken < count:
        assert time.perf_counter() < deadline, f"the provider has {scene.sink.taken} messages of {count}"
        time.sleep(0.005)


def _name(database: Postgres | None) -> str:
    return "PostgreSQL" if database else "SQLite"


def measured(postgres: Postgres, pace: Pace, only: str = "") -> list[Figure]:
    """Measure everything, or the figures of one method of Bench, and return them."""
    with tempfile.TemporaryDirectory(prefix="watchword-bench-") as folder:
        bench = Bench(Loop(), postgres, pace, Path(folder))
        if not only:
            bench.everything()
        elif only in {"rates", "many_people"}:
            for database in (None, postgres):
                getattr(bench, only)(database)
        else:
            getattr(bench, only)()
        return bench.figures


__all__ = ["Figure", "Outcome", "Pace", "Series", "measured"]
