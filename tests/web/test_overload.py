"""What is refused while too many wait for a hash."""

from tests.conftest import WorldMaker
from tests.world import API

NOBODY_MAY_WAIT = {"watchword.hashing.queue": "1ms"}


def test_whoever_would_wait_too_long_for_a_hash_is_refused_before_the_body_is_read(worlds: WorldMaker) -> None:
    reply = worlds(**NOBODY_MAY_WAIT).request("POST", f"{API}/me", {"user": "no user"}, by=None)
    assert reply.status == 503
    assert reply.headers["retry-after"] == "1"


def test_whoever_needs_no_hash_is_served_meanwhile(worlds: WorldMaker) -> None:
    reply = worlds(**NOBODY_MAY_WAIT).request("POST", f"{API}/validate-code", {"code": 5}, by=None)
    assert reply.status == 400
