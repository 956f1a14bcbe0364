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


def test_a_password_is_refused_before_anything_is_looked_up_and_a_code_is_not(worlds: WorldMaker) -> None:
    world = worlds(**NOBODY_MAY_WAIT)
    form = [("content-type", "application/x-www-form-urlencoded")]
    password, code = (
        world.send("POST", "/commonauth", f"sessionDataKey=0&{field}=x".encode(), form)
        for field in ("password", "OTPcode")
    )
    assert (password.status, password.headers["retry-after"]) == (503, "1")
    assert code.status == 302
