"""Asking who has an account, at the pages of a log-in: ENUM.

The equal count of statements and hashes is measured in tests/login/test_sessions.py; here, the time.
"""

import http.client
import random
import re
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from urllib.parse import urlencode

import pytest

from tests.attacks.stage import Stage
from tests.attacks.visitor import BASIC, FORM, SMS, Shop, Visitor, open_shop, people, person

case = pytest.mark.case
PER_CLASS = 2000
LOOSE_LIMIT = 0.035
"""Of security-reliability.md 5, G5: 3.8 standard errors at 2000 for each class."""
QUICK_HASHES = '{"watchword": {"hashing": {"memory_kib": 8192, "passes": 1}}}'
KEYS = re.compile(rb"[0-9a-f]{48}|[0-9a-f]{64}|[0-9a-f-]{36}|v=[0-9a-f]+|value=\"[A-Za-z0-9+/=]{200,}\"")


def area(first: Sequence[float], second: Sequence[float]) -> float:
    """Return how often one of the first is smaller than one of the second: 0.5 where nothing tells them apart."""
    ordered = sorted(second)
    wins = sum(
        len(ordered) - bisect_right(ordered, each) + (bisect_right(ordered, each) - bisect_left(ordered, each)) / 2
        for each in first
    )
    return wins / (len(first) * len(second))


def seconds_of(visitor: Visitor, names: Sequence[str]) -> dict[str, float]:
    """Return how long a wrong password takes for each name, on one connection."""
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    headers = {"Cookie": cookies, "Content-Type": FORM}
    connection = http.client.HTTPConnection("127.0.0.1", visitor.stage.nodes[-1].port, timeout=60)
    taken = {}
    for name in names:
        fields = {"sessionDataKey": visitor.key, "username": name, "password": "wrong-Horse-battery-7"}
        body = urlencode(fields).encode()
        begun = time.perf_counter()
        connection.request("POST", "/commonauth", body, headers)
        answer = connection.getresponse()
        answer.read()
        taken[name] = time.perf_counter() - begun
        assert answer.status == 302
    connection.close()
    return taken


@case("ENUM-02", toml=QUICK_HASHES, database="sqlite", alone=True)
def test_the_time_of_a_wrong_password_tells_nobody_whether_there_is_an_account(stage: Stage) -> None:
    """Each name is tried once, in a random order; with quick hashes, so that the rest of the work stands out.

    On PostgreSQL the area is 0.453 at such hashes: finding somebody costs the database more than finding nobody. What
    that comes to beside hashes as they are shipped takes a machine of its own to measure.
    """
    known = people(stage, PER_CLASS)
    unknown = [stage.new_name("kim") for _ in known]
    visitor = Visitor(stage)
    visitor.enter(open_shop(stage, BASIC))
    mixed = [*known, *unknown]
    random.shuffle(mixed)
    seconds_of(visitor, [stage.new_name("warm") for _ in range(50)])
    taken = seconds_of(visitor, mixed)
    found = area([taken[name] for name in known], [taken[name] for name in unknown])
    assert abs(found - 0.5) <= LOOSE_LIMIT, found


def shown(stage: Stage, shop: Shop, name: str) -> list[tuple[int, bytes, bytes]]:
    """Return everything that somebody sees who only names an account, and asks for a code again and again."""
    visitor, seen = Visitor(stage), []
    visitor.enter(shop)

    def look() -> None:
        assert visitor.last is not None
        location = visitor.last.headers.get("location", "")
        page = visitor.twin().get(location)
        whole = [KEYS.sub(b"", each.replace(name.encode(), b"NAME")) for each in (location.encode(), page.body)]
        seen.append((visitor.last.status, whole[0], whole[1]))

    visitor.submit({"username": name})
    look()
    for _ in range(5):
        visitor.submit({"OTPcode": "", "resendCode": "true"})
        look()
    for number in range(6):
        visitor.submit({"OTPcode": f"00000{number}"})
        look()
    return seen


@case("ENUM-03")
def test_the_code_page_says_the_same_whoever_was_named(stage: Stage) -> None:
    """The code is the first step here: nobody has proven anything. Recovery has no pages yet."""
    shop = open_shop(stage, SMS)
    known, without, locked = person(stage), person(stage, number=None), person(stage)
    stage.command("user", "lock", locked)
    names = [known, without, locked, stage.new_name("kim")]
    width = max(map(len, names))
    assert width - min(map(len, names)) <= 1, "the names are of one length"
    seen = [shown(stage, shop, name) for name in names]
    assert seen[0][0][0] == 302
    assert b"unsaid" not in seen[0][0][2]
    for other, name in zip(seen[1:], names[1:], strict=True):
        assert other == seen[0], name


@case("ENUM-07")
def test_no_page_of_a_login_waits_for_a_provider(stage: Stage) -> None:
    first, second, name = open_shop(stage, SMS), open_shop(stage, BASIC, SMS), person(stage)
    stage.settle()
    stage.sms.holds = True
    try:
        for shop, fields in (
            (first, {"username": name}), (first, {"username": "nobody"}),
            (second, {"username": name, "password": "correct-Horse-battery-7"}),
        ):  # fmt: skip
            visitor = Visitor(stage)
            visitor.enter(shop)
            begun = time.monotonic()
            visitor.submit(fields)
            visitor.submit({"OTPcode": "", "resendCode": "true"})
            assert time.monotonic() - begun < 1.5
            assert visitor.stands_at_code
    finally:
        stage.sms.holds = False
        for held in stage.sms.held:
            held.answer(400)
