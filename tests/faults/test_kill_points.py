"""F01 to F08: the server is killed at a step of a sign-up, and started again (security-reliability.md 4.4).

A part of ``make test``: no account is half made, and none that was acknowledged is lost.
"""

import contextlib
import http.client
import json
import socket
from base64 import b64encode
from collections.abc import Iterator

import pytest

from tests.attacks.stage import API, TRUSTED, Answer, Stage, registration
from tests.faults.invariants import Snapshot, broken

BEFORE_IT_IS_KEPT = {
    "F01 after parsing": "read_settings",
    "F02 after the user and the claims": "after_add_user",
    "F03 after the lock": "after_lock_user",
    "F04 after the code": "after_store_record",
    "F05 after the message": "after_publish_event",
    "F06 before the commit": "unexpected",
}
BEFORE_IT_IS_CONFIRMED = ("set_claims", "after_set_claims", "unexpected")


def end_leases(stage: Stage) -> None:
    """Let the leases of the dead end, and everything go out."""
    stage.move_clock(31)
    stage.settle()


@contextlib.contextmanager
def killed_at(stage: Stage, place: str) -> Iterator[None]:
    """Let the server die at a place while the block asks it; then start it again."""
    stage.break_at(f"{place}:kill9")
    with pytest.raises((OSError, http.client.HTTPException)):
        yield
    assert stage.nodes[-1].has_died()
    stage.break_at()


def test_a_sign_up_that_is_killed_is_whole_or_was_never_there(stage: Stage) -> None:
    acknowledged = [stage.new_name() for _ in range(3)]
    stage.start()
    for name in acknowledged:
        assert stage.register(name).status == 201
    stage.settle()
    for crashes, (fault, place) in enumerate(BEFORE_IT_IS_KEPT.items(), 1):
        name, before = stage.new_name(), Snapshot.of(stage)
        with killed_at(stage, place):
            stage.register(name)
        assert stage.user(name) is None, fault
        assert broken(stage, acknowledged, crashes=crashes, before=before) == [], fault
        stage.start()
        assert stage.register(name).status == 201, fault
        acknowledged.append(name)
    end_leases(stage)
    assert broken(stage, acknowledged, crashes=len(BEFORE_IT_IS_KEPT)) == []


def test_a_sign_up_that_was_kept_before_the_answer_is_answered_again(stage: Stage) -> None:
    """F07 and F08: with its Idempotency-Key a retry gets the first answer, without it 409 and 20030."""
    stage.start()
    acknowledged: list[str] = []
    for crashes, half_written in enumerate((False, True), 1):
        for keyed in (True, False):
            name = stage.new_name()
            headers = {"Idempotency-Key": f"key-{name}"} if keyed else {}
            if half_written:
                _kill_while_answering(stage, name, headers)
            else:
                with killed_at(stage, "after_sign_up"):
                    stage.register(name, headers=headers)
            assert stage.user(name) is not None
            assert broken(stage, [*acknowledged, name], crashes=2 * crashes) == []
            stage.start()
            again: Answer = stage.register(name, headers=headers)
            assert (again.status, again.code) == ((201, "USR-02001") if keyed else (409, "20030"))
            acknowledged.append(name)
    end_leases(stage)
    assert broken(stage, acknowledged, crashes=4) == []
    for name in acknowledged:
        assert stage.confirm(stage.code_of(name)).status == 202
        assert len({delivery.code for delivery in stage.deliveries_to(name)}) == 1


def test_a_confirmation_that_is_killed_spends_no_code_without_opening_the_account(stage: Stage) -> None:
    stage.start()
    name = stage.new_name()
    code = stage.pending(name)
    for crashes, place in enumerate(BEFORE_IT_IS_CONFIRMED, 1):
        with killed_at(stage, place):
            stage.confirm(code)
        assert broken(stage, [name], crashes=crashes) == [], place
        assert stage.proofs(name) == set()
        stage.start()
    with killed_at(stage, "after_confirmation"):
        stage.confirm(code)
    assert stage.proofs(name) == {"EMAIL"}
    assert broken(stage, [name], crashes=4) == []
    stage.start()
    assert stage.confirm(code).code == "18001"


def _kill_while_answering(stage: Stage, name: str, headers: dict[str, str]) -> None:
    """Read the first octets of the answer, and kill the server before the client has seen the rest."""
    body = json.dumps(registration(name)).encode()
    basic = b64encode(f"{TRUSTED[0]}:{stage.secrets[TRUSTED[0]]}".encode()).decode()
    sent = {"Host": "localhost", "Content-Type": "application/json", "Content-Length": str(len(body)),
            "Authorization": f"Basic {basic}", **headers}  # fmt: skip
    head = "".join(f"{key}: {value}\r\n" for key, value in sent.items())
    with socket.create_connection(("127.0.0.1", stage.nodes[-1].port), timeout=10) as connection:
        connection.sendall(f"POST {API}/me HTTP/1.1\r\n{head}\r\n".encode() + body)
        assert connection.recv(9) == b"HTTP/1.1 "
        stage.nodes[-1].kill()
