"""F31, F43: the server is killed again and again, or told to stop, while people sign up (security-reliability.md 4)."""

import signal
import threading
import time

import pytest

from tests.attacks.stage import Answer, Stage, wait_for
from tests.faults.crowd import Crowd
from tests.faults.invariants import Snapshot, broken

CRASHES = 8
DRAINED_SECONDS = 12.0


@pytest.mark.long
def test_a_server_that_is_killed_again_and_again_loses_nobody(stage: Stage) -> None:
    stage.start()
    before = Snapshot()
    with Crowd.at(stage) as crowd:
        for crash in range(CRASHES):
            crowd.wait_for_more(3)
            time.sleep(crash * 0.037)  # so that each crash meets other steps
            stage.nodes[-1].kill()
            assert broken(stage, list(crowd.acknowledged), crashes=CRASHES, before=before) == []
            before = Snapshot.of(stage)
            stage.start()
        crowd.wait_for_more(3)
    stage.move_clock(31)
    stage.settle()
    assert broken(stage, crowd.acknowledged, crashes=CRASHES, before=before) == []
    assert set(crowd.refusals) <= {503}


@pytest.mark.long
def test_a_server_that_is_told_to_stop_ends_in_time_and_loses_nobody(stage: Stage) -> None:
    node = stage.start()
    with Crowd.at(stage, 6, retries=False) as crowd:
        crowd.wait_for_more(20)
        told = time.monotonic()
        node.signal(signal.SIGTERM)
        assert node.has_died(DRAINED_SECONDS)
        assert time.monotonic() - told < DRAINED_SECONDS
    assert node.end() == 0
    assert broken(stage, crowd.acknowledged, crashes=0) == []


def test_whoever_waits_when_the_server_is_told_to_stop_gets_an_answer(make_stage: object) -> None:
    """The request is held by the gateway when SIGTERM comes, and answered when the gateway lets go."""
    stage: Stage = make_stage(  # type: ignore[operator]  # the fixture of conftest.py
        toml='{"watchword": {"delivery": {"answer": "first-attempt", "first_attempt_wait": "8s"}}}'
    )
    node = stage.start()
    stage.sms.holds = True
    name, answers = stage.new_name(), list[Answer]()
    waiting = threading.Thread(target=lambda: answers.append(stage.register(name, sms=True)))
    waiting.start()
    wait_for(lambda: len(stage.sms.held) == 1)
    node.signal(signal.SIGTERM)
    time.sleep(0.2)  # the stop has begun: the answer may not depend on who is quicker
    stage.sms.held[0].answer(200)
    waiting.join()
    assert [answer.status for answer in answers] == [201]
    assert node.has_died()
    assert node.end() == 0
    (row,) = stage.messages(name)
    assert row["state"] == "sent"
    assert broken(stage, [name], crashes=0) == []
