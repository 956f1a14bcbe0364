"""The figures of signing up, of sending, and of the server as a whole."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import chain

from bench import bare
from bench.databases import Postgres
from bench.measuring import NO_TARGET, SETTLE_SECONDS, Bench, Series, await_messages, name_of
from bench.scene import Scene, confirmations, introspections, name_checks, number_of, resends, sign_ups, signed_up
from bench.seeds import leave_messages
from bench.servers import Process

CROWD = 40_000
"""Enough for every round: a seeded person confirms once, and is sent a code again once."""


def rates(bench: Bench, database: Postgres | None) -> None:
    """Measure figures 1, 2 and 4."""
    with bench.scene(database, people=CROWD) as scene, bench.scene(database, servers=0) as alone:
        sign_up, confirm, resend, absolute = Series(), Series(), Series(), [Series() for _ in range(5)]
        failed = [0, 0, 0]
        for _ in bench.rounds:
            hashes = bare.hashes_per_second(bench.pace.seconds)
            before = scene.sink.taken
            signed = scene.closed(sign_ups(), bench.pace.seconds, connections=16)
            await_messages(scene, before + signed.statuses["201"])
            confirmed = scene.closed(confirmations(chain(_codes_of(scene), scene.unused_codes())), bench.pace.seconds)
            own_rate = bare.resends_per_second(alone.home, alone.people, bench.pace.seconds)
            again = scene.closed(resends(scene.numbers), bench.pace.seconds)
            sign_up.add(signed.rate(201) / hashes)
            confirm.add(confirmed.rate(202))
            resend.add(again.rate(201) / own_rate)
            for series, value in zip(absolute, (hashes, signed.rate(201), confirmed.milliseconds(0.99, 202),
                                                own_rate, again.rate(201)), strict=True):  # fmt: skip
                series.add(value)
            for place, (outcome, fine) in enumerate(((signed, 201), (confirmed, 202), (again, 201))):
                failed[place] += outcome.failures(fine)
        where = name_of(database)
        hashes_told, sign_ups_told, p99, own, resends_told = (series.told(0) for series in absolute)
        bench.add(f"1 {where}", "sign-ups over bare argon2id", ">= 0.90", sign_up, lambda it: it >= 0.90,
                  f"{sign_ups_told} sign-ups/s, {hashes_told} hashes/s", failed[0])  # fmt: skip
        bench.add(f"2 {where}", "validate-code a second", NO_TARGET, confirm, lambda it: it > 0,
                  f"p99 {p99} ms", failed[1])  # fmt: skip
        bench.add(f"4 {where}", "resend-code over the database's own rate", ">= 0.50", resend,
                  lambda it: it >= 0.50, f"{resends_told} resends/s delivered, {own} alone", failed[2])  # fmt: skip


def overload(bench: Bench) -> None:
    """Measure figure 5: twice and five times what the server can do, from an open loop."""
    with bench.scene(None) as scene:
        for times in (2, 5):
            goodput, accepted, others, failed = Series(), Series(), Series(), 0
            for _ in bench.few_rounds:
                capacity = scene.closed(sign_ups(), bench.pace.seconds, connections=16).rate(201)
                with scene.beside(name_checks(), 50, 2 * bench.pace.seconds) as beside:
                    outcome = scene.open(sign_ups(), times * capacity, 2 * bench.pace.seconds)
                goodput.add(outcome.rate(201) / capacity)
                accepted.add(outcome.milliseconds(0.99, 201))
                others.add(beside().milliseconds(0.99, 200))
                failed += outcome.failures(201, 503) + beside().failures(200)
                time.sleep(SETTLE_SECONDS)
            bench.add(f"5 at {times}x", "goodput over capacity", ">= 0.90", goodput, lambda it: it >= 0.90, "", failed)
            bench.add(f"5 at {times}x", "p99 of the accepted, ms", "<= 1200", accepted, lambda it: it <= 1200)
            bench.add(f"5 at {times}x", "p99 of another endpoint, ms", "<= 15", others, lambda it: it <= 15)


def silent_provider(bench: Bench) -> None:
    """Measure figure 6: sign-ups while the provider takes the message and never answers."""
    with bench.scene(None) as scene:
        ratio, healthy, silent, failed = Series(), Series(), Series(), 0
        for _ in bench.rounds:
            outcomes = []
            for hangs in (False, True):
                scene.sink.hangs = hangs
                outcomes.append(scene.closed(sign_ups(), 2 * bench.pace.seconds, connections=12))
            scene.sink.hangs = False
            for series, outcome in zip((healthy, silent), outcomes, strict=True):
                series.add(outcome.milliseconds(0.99, 201))
                failed += outcome.failures(201)
            ratio.add(silent.values[-1] / healthy.values[-1])
        beside = f"{silent.told(0)} ms over {healthy.told(0)} ms"
        bench.add("6", "p99 of sign-ups, silent provider over healthy", "<= 1.10", ratio, lambda it: it <= 1.10,
                  beside, failed)  # fmt: skip


def deliveries(bench: Bench) -> None:
    """Measure figure 7: one worker, then two, on an outbox that is full; the provider takes 300 ms."""
    with bench.scene(bench.postgres, servers=0) as scene:
        one, ratio = Series(), Series()
        scene.sink.delay_seconds = 0.3
        for _ in bench.few_rounds:
            rates = [_delivered(bench, scene, workers) for workers in (1, 2)]
            one.add(rates[0])
            ratio.add(rates[1] / rates[0])
        bench.add("7", "messages a second by one worker", ">= 500", one, lambda it: it >= 500)
        bench.add("7", "two workers over one", ">= 1.80", ratio, lambda it: it >= 1.80)


def _delivered(bench: Bench, scene: Scene, workers: int) -> float:
    """Return how many messages a second were handed over, from the first to the last but a tail."""
    leave_messages(scene.home, bench.pace.messages)
    with ExitStack() as running:
        first = scene.sink.taken
        for _ in range(workers):
            running.enter_context(Process(scene.home, "worker"))
        warm, wanted = first + bench.pace.messages // 5, first + bench.pace.messages * 9 // 10
        _await_taken(scene, warm)
        began_at, began_with = time.perf_counter(), scene.sink.taken
        _await_taken(scene, wanted)
        rate = (scene.sink.taken - began_with) / (time.perf_counter() - began_at)
        _await_taken(scene, first + bench.pace.messages)
    return rate


def start(bench: Bench) -> None:
    """Measure figure 8: from the command to the first answer, and the memory of a server that does nothing."""
    with bench.scene(None, servers=0) as scene:
        ready, memory = Series(), Series()
        for _ in range(bench.pace.rounds + 1):
            with Process(scene.home) as process:
                time.sleep(2 * SETTLE_SECONDS)
                ready.add(process.ready_seconds)
                memory.add(process.memory_mib())
        bench.add("8", "start to first answer, s", "<= 0.80", ready, lambda it: it <= 0.80)
        bench.add("8", "idle memory, MiB", "<= 90", memory, lambda it: it <= 90)


def many_people(bench: Bench, database: Postgres | None) -> None:
    """Measure figure 9: the same work among many people over among few."""
    with bench.scene(database, people=bench.pace.many_people) as many, bench.scene(database) as few:
        kinds: dict[str, tuple[Callable[[Scene], Iterator[bytes]], int]] = {
            "sign-ups": (lambda _: sign_ups(), 201),
            "validate-code": (lambda scene: confirmations(scene.unused_codes()), 202),
            "resend-code": (lambda scene: resends(scene.numbers), 201),
        }
        for kind, (requests, fine) in kinds.items():
            ratio, failed = Series(), 0
            for _ in bench.rounds:
                outcomes = [
                    scene.closed(requests(scene), bench.pace.seconds / 2, connections=16) for scene in (few, many)
                ]
                ratio.add(outcomes[1].rate(fine) / outcomes[0].rate(fine))
                failed += sum(outcome.failures(fine) for outcome in outcomes)
            name = f"{kind} with {bench.pace.many_people:,} people over {bench.pace.people:,}"
            bench.add(f"9 {name_of(database)}", name, ">= 0.90", ratio, lambda it: it >= 0.90, "", failed)


def two_servers(bench: Bench) -> None:
    """Measure figure 11: two servers on one PostgreSQL over one of them, by the endpoints that do not hash."""
    with bench.scene(bench.postgres, servers=2, people=CROWD) as scene:
        kinds: dict[str, tuple[Callable[[], Iterator[bytes]], int]] = {
            "introspect-code": (lambda: introspections(scene.codes()), 202),
            "validate-code": (lambda: confirmations(scene.unused_codes()), 202),
        }
        for kind, (requests, fine) in kinds.items():
            ratio, failed = Series(), 0
            for _ in bench.rounds:
                one, two = (scene.closed(requests(), bench.pace.seconds, servers=count) for count in (1, 2))
                ratio.add(two.rate(fine) / one.rate(fine))
                failed += one.failures(fine) + two.failures(fine)
            bench.add("11", f"{kind}, two servers over one", ">= 1.30", ratio, lambda it: it >= 1.30, "", failed)


def _codes_of(scene: Scene) -> Iterator[str]:
    """Yield the codes that the sink has taken from people who signed up, each once."""
    for person in signed_up():
        code = scene.sink.codes.pop(number_of(person), None)
        if code is not None:
            yield code


def _await_taken(scene: Scene, count: int) -> None:
    deadline = time.perf_counter() + 120
    while scene.sink.taken < count:
        assert time.perf_counter() < deadline, f"the provider has {scene.sink.taken} messages of {count}"
        time.sleep(0.005)
