"""The figures of logging in."""

import asyncio
import re
import time
from collections.abc import Iterator
from itertools import islice, repeat

from bench import bare
from bench.databases import Postgres
from bench.load import Answer, Connection, request
from bench.logins import Visitor, Visitors, beginnings, codes, passwords, responses, returns, visits
from bench.measuring import NO_TARGET, SETTLE_SECONDS, Bench, Series, await_messages, name_of
from bench.scene import Crowd, Scene, name_checks
from bench.seeds import number_of

BEGINNERS_A_SECOND = 180
"""More than can say their password in a second, so that a round does not run out of them."""
MOST_REQUESTS = 6
MOST_PAGE_KIB = 30
MOST_GROWTH_MIB = 50
_LOADED = re.compile(rb'<(?:link|script|img)\b[^>]*?(?:href|src)="([^"]+)"')


def log_ins(bench: Bench, database: Postgres | None) -> None:
    """Measure password steps, OTP steps and SAML responses: on PostgreSQL the responses of two servers, too."""
    servers = 2 if database else 1
    with bench.scene(database, people=40_000, servers=servers, crowd=Crowd.CONFIRMED) as scene:
        password, otp, steps_told, failed = Series(), Series(), [Series() for _ in range(4)], [0, 0]
        signed = {count: (Series(), Series()) for count in range(1, servers + 1)}
        for _ in bench.rounds:
            hashes = bare.hashes_per_second(bench.pace.seconds)
            at_login, at_code, at_end, gone = Visitors(), Visitors(), Visitors(), Visitors()
            _begin(scene, int(bench.pace.seconds * BEGINNERS_A_SECOND), at_login)
            before = scene.sink.taken
            proven = scene.closed(passwords(at_login, at_code), bench.pace.seconds, connections=16, servers=1)
            await_messages(scene, before + len(at_code))
            tried = scene.closed(codes(at_code, scene.sink.codes, at_end), 20, servers=1)
            password.add(proven.rate(302) / hashes)
            otp.add(tried.rate(302))
            figures = (hashes, proven.rate(302), proven.milliseconds(0.99, 302), tried.milliseconds(0.99, 302))
            for series, value in zip(steps_told, figures, strict=True):
                series.add(value)
            failed[0] += proven.failures(302)
            failed[1] += tried.failures(302)
            fetched = scene.closed(responses(at_end, gone), 20)
            assert not fetched.failures(200), fetched.statuses
            _sign(bench, scene, gone, signed)
        where, (hashes_told, rate_told, p99_password, p99_otp) = (
            name_of(database),
            (each.told(0) for each in steps_told),
        )
        bench.add(f"1 {where}", "password steps over bare argon2id", ">= 0.90", password, lambda it: it >= 0.90,
                  f"{rate_told} steps/s, {hashes_told} hashes/s, p99 {p99_password} ms", failed[0])  # fmt: skip
        bench.add(f"3 {where}", "OTP steps a second", NO_TARGET, otp, lambda it: it > 0,
                  f"p99 {p99_otp} ms", failed[1])  # fmt: skip
        for count, (ratio, rate) in signed.items():
            servers_told, target = ("one server", 0.35) if count == 1 else ("two servers", 0.65)
            bench.add(f"10 {where}", f"SAML responses over bare signing, {servers_told}", f">= {target:.2f}", ratio,
                      target.__le__, f"{rate.told(0)} responses/s")  # fmt: skip


def _begin(scene: Scene, number: int, at_login: Visitors) -> None:
    begun = scene.closed(beginnings(visits(islice(scene.numbers, number)), at_login), 20)
    assert not begun.failures(302), begun.statuses


def _sign(bench: Bench, scene: Scene, logged_in: Visitors, signed: dict[int, tuple[Series, Series]]) -> None:
    """Measure what fetches a signed response, by people with a session who are sent again and again."""
    for count, (ratio, rate) in signed.items():
        own_rate = bare.signatures_per_second(bench.pace.seconds / 2)
        number, seconds = 0, 0.0
        while seconds < bench.pace.seconds / 2:
            at_end = Visitors()
            returned = scene.closed(returns(logged_in, at_end), 30)
            assert not returned.failures(302), returned.statuses
            fetched = scene.closed(responses(at_end, logged_in), 30, servers=count)
            assert not fetched.failures(200), fetched.statuses
            number, seconds = number + fetched.statuses["200"], seconds + fetched.seconds
        ratio.add(number / seconds / own_rate)
        rate.add(number / seconds)


def log_in_overload(bench: Bench) -> None:
    """Measure figure 5 for passwords: twice and five times what the server can do, from an open loop."""
    with bench.scene(None, people=60_000, crowd=Crowd.CONFIRMED) as scene:
        for times in (2, 5):
            goodput, accepted, others, failed = Series(), Series(), Series(), 0
            for _ in bench.few_rounds:
                at_login, at_code, seconds = Visitors(), Visitors(), bench.pace.seconds
                _begin(scene, int(seconds * BEGINNERS_A_SECOND), at_login)
                capacity = scene.closed(passwords(at_login, at_code), seconds, connections=16).rate(302)
                at_login.clear()
                _begin(scene, int(2 * seconds * times * capacity) + 1, at_login)
                with scene.beside(name_checks(), 50, 2 * seconds) as beside:
                    outcome = scene.open(passwords(at_login, at_code), times * capacity, 2 * seconds)
                goodput.add(outcome.rate(302) / capacity)
                accepted.add(outcome.milliseconds(0.99, 302))
                others.add(beside().milliseconds(0.99, 200))
                failed += outcome.failures(302, 503) + beside().failures(200)
                time.sleep(SETTLE_SECONDS)
            number = f"5 log-in at {times}x"
            bench.add(number, "goodput over capacity", ">= 0.90", goodput, lambda it: it >= 0.90, "", failed)
            bench.add(number, "p99 of the accepted, ms", "<= 1200", accepted, lambda it: it <= 1200)
            bench.add(number, "p99 of another endpoint, ms", "<= 15", others, lambda it: it <= 15)


def walk(bench: Bench) -> None:
    """Count the requests of one whole log-in, and weigh its pages with everything that they load."""
    with bench.scene(None, people=100, crowd=Crowd.CONFIRMED) as scene:
        visitor = Visitor(next(scene.numbers))
        asked, weights = Series(), Series()
        count, page_weights = scene.loop.do(_walk(scene, visitor))
        asked.add(count)
        for weight in page_weights.values():
            weights.add(weight / 1024)
        beside = ", ".join(f"{name} {weight / 1024:.1f} KiB" for name, weight in page_weights.items())
        bench.add("-", "requests of a log-in by password and code, with the way back", f"<= {MOST_REQUESTS}",
                  asked, lambda it: it <= MOST_REQUESTS)  # fmt: skip
        bench.add("-", "a page with everything it loads, KiB", f"< {MOST_PAGE_KIB}", weights,
                  lambda _: max(weights.values) < MOST_PAGE_KIB, beside)  # fmt: skip


async def _walk(scene: Scene, visitor: Visitor) -> tuple[int, dict[str, int]]:
    """Log in as a browser does, and return how many requests that took, and what the pages weigh."""
    connection, count, weights = await Connection.open(scene.ports[0]), 0, dict[str, int]()

    async def ask(octets: bytes) -> Answer:
        nonlocal count
        count += 1
        answer = await connection.ask(octets)
        assert answer.status < 400, answer
        visitor.cookies |= answer.cookies
        visitor.location = answer.location or visitor.location
        return answer

    async def see(name: str) -> None:
        page = await ask(visitor.look())
        addresses = [address.decode() for address in dict.fromkeys(_LOADED.findall(page.body))]
        parts = [page, *[await connection.ask(request("GET", address)) for address in addresses]]
        assert all(part.status == 200 for part in parts), parts
        weights[name] = sum(len(part.head) + len(part.body) for part in parts)

    await ask(visitor.come())
    await see("log-in")
    await ask(visitor.say_password())
    await see("code")
    await ask(visitor.say_code(await _code_of(scene, visitor)))
    await see("way back")
    connection.close()
    return count, weights


async def _code_of(scene: Scene, visitor: Visitor) -> str:
    deadline = time.perf_counter() + 10
    while number_of(visitor.number) not in scene.sink.codes:
        assert time.perf_counter() < deadline
        await asyncio.sleep(0.02)
    return scene.sink.codes[number_of(visitor.number)]


def abandoned(bench: Bench) -> None:
    """Measure the memory of a server before and after many people have opened the log-in page and gone away."""
    with bench.scene(None, people=5_000, crowd=Crowd.CONFIRMED) as scene:
        nobody = Visitors(maxlen=1)
        growth, people = Series(), repeat(1)
        _leave(scene, people, bench.pace.abandoned // 10, nobody)
        before = scene.processes[0].memory_mib()
        failed = _leave(scene, people, bench.pace.abandoned, nobody)
        after = scene.processes[0].memory_mib()
        growth.add(after - before)
        bench.add("-", f"memory that {bench.pace.abandoned:,} abandoned log-ins cost, MiB", f"<= {MOST_GROWTH_MIB}",
                  growth, lambda it: it <= MOST_GROWTH_MIB, f"{before:.0f} MiB before", failed)  # fmt: skip


def _leave(scene: Scene, people: Iterator[int], number: int, nobody: Visitors) -> int:
    return scene.closed(beginnings(visits(islice(people, number)), nobody), 300).failures(302)
