"""F14, F15: whoever carries the messages is killed or frozen (security-reliability.md 4.4).

A message goes out until it was accepted; a crash costs one copy at most, of the same code.
"""

import signal
from collections.abc import Callable

import pytest

from tests.attacks.stage import Row, Stage, wait_for
from tests.faults.invariants import broken
from watchword_testing.sinks import Mode

LEASE_SECONDS = 31
long = pytest.mark.long


def signed_up(stage: Stage) -> str:
    name = stage.new_name()
    assert stage.register(name, sms=True).status == 201
    return name


def row_of(stage: Stage, name: str) -> Row:
    (row,) = stage.messages(name)
    return row


@pytest.mark.parametrize(("place", "copies"), [("before_send", 1), ("after_2xx", 2)])
def test_a_courier_that_dies_costs_one_copy_at_most(stage: Stage, place: str, copies: int) -> None:
    stage.start()
    stage.break_at(f"{place}:kill9")
    name = signed_up(stage)
    assert stage.nodes[-1].has_died()
    assert row_of(stage, name)["state"] == "sending"
    stage.break_at()
    stage.start()
    stage.move_clock(LEASE_SECONDS)
    stage.settle()
    assert row_of(stage, name)["state"] == "sent"
    received = stage.deliveries_to(name)
    assert (len(received), len({delivery.code for delivery in received})) == (copies, 1)
    assert broken(stage, [name], crashes=1) == []
    assert stage.confirm(received[0].code).status == 202


def test_a_courier_that_dies_in_the_middle_of_a_call_sends_again(stage: Stage) -> None:
    stage.start()
    stage.sms.set_mode(Mode.HANG)
    name = signed_up(stage)
    wait_for(lambda: row_of(stage, name)["state"] == "sending")
    stage.nodes[-1].kill()
    stage.sms.set_mode(Mode.OK)
    stage.start()
    stage.move_clock(LEASE_SECONDS)
    stage.settle()
    assert row_of(stage, name)["state"] == "sent"
    assert len(stage.deliveries_to(name)) == 1
    assert broken(stage, [name], crashes=1) == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_courier_that_overslept_its_lease_does_not_write_over_the_next(stage: Stage) -> None:
    """The frozen one is refused by the gateway when it wakes up; the next one is still at work on the same message."""
    first = stage.start()
    stage.sms.holds = True
    name = signed_up(stage)
    wait_for(lambda: len(stage.sms.held) == 1)
    first.signal(signal.SIGSTOP)
    stage.move_clock(LEASE_SECONDS)
    stage.start_worker()
    wait_for(lambda: len(stage.sms.held) == 2)
    stage.sms.held[0].answer(400)
    first.signal(signal.SIGCONT)
    wait_for(lambda: "message overtaken" in stage.log.read_text())
    assert row_of(stage, name)["state"] == "sending"
    stage.sms.held[1].answer(200)
    stage.settle()
    assert (row_of(stage, name)["state"], row_of(stage, name)["fence"]) == ("sent", 2)
    assert broken(stage, [name], crashes=1) == []


@long
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_worker_that_dies_is_replaced_by_another(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage()
    stage.start()
    stage.sms.set_mode(Mode.HANG)
    names = [signed_up(stage) for _ in range(4)]
    wait_for(lambda: all(row_of(stage, name)["state"] == "sending" for name in names))
    stage.nodes[-1].kill()
    stage.sms.set_mode(Mode.OK)
    stage.move_clock(LEASE_SECONDS)
    dying = stage.start_worker(FAULTS="after_2xx:kill9")
    assert dying.has_died()
    stage.move_clock(2 * LEASE_SECONDS)
    stage.start_worker()
    stage.settle()
    assert [row_of(stage, name)["state"] for name in names] == ["sent"] * 4
    assert broken(stage, names, crashes=1) == []
