"""How the courier empties the outbox: leases, tries again, and tells the truth (decisions 2, 5.4)."""

import threading
from datetime import timedelta
from functools import partial
from itertools import pairwise

import pytest

from tests.conftest import WorldMaker
from tests.world import MAILBOX, PATIENCE_SECONDS, World
from watchword.accounts.claims import Channel
from watchword.notification.courier import Courier
from watchword.notification.model import MessageState, OutboxEntry
from watchword.notification.store import Outbox
from watchword.storage.work import Work

FIRST_ATTEMPT = {"watchword.delivery.answer": "first-attempt"}
LONG_LIFE = {"identity_mgt.user_self_registration.verification_sms_validity": "10"}


def lease(world: World) -> list[OutboxEntry]:
    """Take what is due, as another courier would."""

    def take(work: Work) -> list[OutboxEntry]:
        taken = Outbox(work).lease_due(Channel.SMS, 100, work.now + timedelta(seconds=30))
        work.commit()
        return taken

    return world.do(take)


def mark(world: World, entry: OutboxEntry) -> bool:
    """Write down that a message has failed, as the courier that leased it would."""

    def write(work: Work) -> bool:
        is_ours = Outbox(work).mark(entry, MessageState.FAILED, reason="late")
        work.commit()
        return is_ours

    return world.do(write)


def test_a_message_is_sent_once(world: World) -> None:
    world.register()
    assert len(world.letters) == 1
    world.clock.tick(minutes=5)
    assert len(world.letters) == 1
    assert world.states() == ["sent"]


def test_failures_are_tried_again_after_1_4_15_and_60_seconds_until_the_code_has_died(worlds: WorldMaker) -> None:
    world = worlds(**LONG_LIFE)
    tries: list[float] = []
    world.post_office.is_unreachable = "busy"
    world.register()
    began = world.clock.shift()
    for _ in range(700):
        before = world.messages()[0].attempts
        world.deliver()
        if world.messages()[0].attempts > before:
            tries.append((world.clock.shift() - began).total_seconds())
        world.clock.tick(seconds=1)
    waits = [round(later - sooner) for sooner, later in pairwise(tries)]
    assert waits[:4] == [1, 4, 15, 60] or waits[:4] == [2, 5, 16, 61]
    assert set(waits[4:]) <= {60, 61}
    assert tries[-1] <= 600
    [entry] = world.messages()
    assert (entry.state, entry.sealed) in {("failed", None), ("expired", None)}


def test_every_try_carries_the_same_code(world: World) -> None:
    world.post_office.is_unreachable = "busy"
    world.register()
    world.deliver()
    assert (world.states(), world.messages()[0].reason) == (["waiting"], "busy")
    world.post_office.is_unreachable = None
    world.clock.tick(seconds=2)
    assert world.confirm(world.last_code()).status == 202
    assert world.messages()[0].attempts == 2
    assert world.messages()[0].reason is None


def test_a_refusal_is_final(world: World) -> None:
    world.post_office.refuses = "no such number"
    world.register()
    world.deliver()
    [entry] = world.messages()
    assert (entry.state, entry.reason, entry.sealed) == ("failed", "no such number", None)
    world.post_office.refuses = None
    world.clock.tick(seconds=30)
    assert world.letters == []


def test_a_dead_code_is_not_sent(world: World) -> None:
    world.register()
    world.clock.tick(minutes=2)
    assert world.letters == []
    assert world.states() == ["expired"]


def test_a_lease_keeps_the_others_away_until_it_ends(worlds: WorldMaker) -> None:
    world = worlds(**LONG_LIFE)
    world.register()
    assert len(lease(world)) == 1
    assert lease(world) == []
    assert world.letters == []
    world.clock.tick(seconds=31)
    assert len(world.letters) == 1


def test_a_courier_that_overslept_its_lease_cannot_write_over_the_next_ones_result(worlds: WorldMaker) -> None:
    world = worlds(**LONG_LIFE)
    world.register()
    [overslept] = lease(world)
    world.clock.tick(seconds=31)
    [next_one] = lease(world)
    assert not mark(world, overslept)
    assert world.states() == ["sending"]
    assert mark(world, next_one)
    assert world.states() == ["failed"]


def test_a_message_that_was_cancelled_while_it_was_sent_stays_cancelled(worlds: WorldMaker) -> None:
    world = worlds(courier="running")
    world.post_office.hangs_until.clear()
    world.register()
    assert world.post_office.is_asked.wait(PATIENCE_SECONDS)
    world.clock.tick(seconds=31)
    world.resend()
    world.post_office.hangs_until.set()
    world.courier.stop()
    assert world.messages()[0].state == "cancelled"


def test_parallel_couriers_send_each_message_once(worlds: WorldMaker) -> None:
    world = worlds()
    for number in range(20):
        world.register(f"person{number}", mobile=f"+947712345{number:02}")
    taken = world.together(*[partial(lease, world)] * 6)
    ids = [entry.id for some in taken for entry in some]
    assert len(ids) == len(set(ids)) == 20


# --- the request waits ------------------------------------------------------------------------------------------------


def test_a_request_that_waits_hears_of_success(worlds: WorldMaker) -> None:
    world = worlds(courier="running", **FIRST_ATTEMPT)
    assert world.register().status == 201
    assert len(world.post_office.taken) == 1
    assert world.states() == ["sent"]


@pytest.mark.parametrize("how", ["refuses", "is_unreachable"])
def test_a_failure_that_was_told_ends_the_message(worlds: WorldMaker, how: str) -> None:
    world = worlds(courier="running", **FIRST_ATTEMPT, **LONG_LIFE)
    setattr(world.post_office, how, "down")
    assert world.register().code == "20011"
    assert (world.states(), world.messages()[0].reason) == (["failed"], "down")
    setattr(world.post_office, how, None)
    world.clock.tick(minutes=5)
    world.courier.stop()
    assert world.post_office.taken == []


def test_silence_past_the_wait_is_accepted_and_the_message_goes_its_way(worlds: WorldMaker) -> None:
    world = worlds(courier="running", **FIRST_ATTEMPT, **{"watchword.delivery.first_attempt_wait": "50ms"})
    world.post_office.hangs_until.clear()
    assert world.register().status == 201
    assert world.states() == ["sending"]
    world.post_office.hangs_until.set()
    world.courier.stop()
    assert world.states() == ["sent"]


def test_a_failure_after_silence_is_tried_again(worlds: WorldMaker) -> None:
    world = worlds(courier="running", **FIRST_ATTEMPT, **LONG_LIFE, **{"watchword.delivery.first_attempt_wait": "50ms"})
    world.post_office.hangs_until.clear()
    world.post_office.is_unreachable = "timed out"
    assert world.register().status == 201
    world.post_office.hangs_until.set()
    world.courier.stop()
    assert world.states() == ["waiting"]


def test_past_the_number_of_waiters_a_request_is_answered_as_accepted(worlds: WorldMaker) -> None:
    world = worlds(courier="running", **FIRST_ATTEMPT, **{"watchword.delivery.waiters": "0"})
    world.post_office.refuses = "no"
    assert world.register().status == 201


def test_a_hanging_provider_holds_up_nobody_who_does_not_ask_for_it(worlds: WorldMaker) -> None:
    world = worlds(courier="running")
    world.post_office.hangs_until.clear()
    for number in range(20):
        assert world.register(f"person{number}", mobile=f"+947712345{number:02}").status == 201
    assert world.post_office.is_asked.wait(PATIENCE_SECONDS)
    assert world.confirm("NOSUCH").status == 400
    assert world.register("mailed", mobile=None, email=MAILBOX).status == 201


def test_nobody_waits_for_ever_if_the_outcome_cannot_be_stored(worlds: WorldMaker) -> None:
    world = worlds(courier="running", **FIRST_ATTEMPT)
    world.post_office.hangs_until.clear()
    told: list[int] = []
    asking = threading.Thread(target=lambda: told.append(world.register().status))
    asking.start()
    assert world.post_office.is_asked.wait(PATIENCE_SECONDS)
    world.faults.places.add("before_commit")
    world.post_office.hangs_until.set()
    asking.join(PATIENCE_SECONDS)
    world.faults.places.clear()
    assert told == [201]


def test_a_stop_does_not_wait_for_a_provider_that_hangs(worlds: WorldMaker) -> None:
    world = worlds(courier="running")
    world.post_office.hangs_until.clear()
    world.register()
    assert world.post_office.is_asked.wait(PATIENCE_SECONDS)
    world.courier.stop(0.05)
    assert world.states() == ["sending"]


def test_what_was_being_sent_when_a_server_died_is_sent_by_the_next(worlds: WorldMaker) -> None:
    world = worlds(**LONG_LIFE)
    world.register()
    lease(world)
    world.clock.tick(seconds=31)
    next_one = Courier(world.installation.works, world.post_office)
    next_one.start()
    assert world.post_office.is_asked.wait(PATIENCE_SECONDS)
    next_one.stop()
    assert world.states() == ["sent"]


# --- by themselves ----------------------------------------------------------------------------------------------------


def test_the_counts_tell_what_was_done(world: World) -> None:
    world.register()
    world.deliver()
    world.post_office.refuses = "no"
    world.register("pat", mobile=None, email=MAILBOX)
    world.deliver()
    assert world.courier.counts.by_outcome == {("SMS", "sent"): 1, ("EMAIL", "failed"): 1}


def test_a_sender_that_breaks_leaves_the_message_for_later(worlds: WorldMaker) -> None:
    world = worlds(**LONG_LIFE)
    world.register()
    world.post_office.breaks = True
    world.deliver()
    assert world.states() == ["sending"]
    world.post_office.breaks = False
    assert world.letters == []
    world.clock.tick(seconds=31)
    assert len(world.letters) == 1
