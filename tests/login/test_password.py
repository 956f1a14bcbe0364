"""The password step: what it tells of a lock, and to whom."""

import pytest

from tests.login.stage import PASSWORD, Scene, Stage, StageMaker
from tests.login.visitor import Visitor
from watchword.accounts.model import LockedReason
from watchword.accounts.store.users import Users

HIDDEN, LOCKED = "login.fail.message", "user.account.locked"


@pytest.fixture
def stage(stages: StageMaker) -> Stage:
    policies = {"account.lock.handler.lock.on.max.failed.attempts.enable": "true",
                "account.lock.handler.On.Failure.Max.Attempts": "2"}  # fmt: skip
    return stages(Scene(password={"showAuthFailureReason": "true"}, policies=policies))


def _told(stage: Stage, visitor: Visitor, name: str, password: str) -> tuple[str, str | None]:
    stage.enter("demo", visitor)
    visitor.password(name, password)
    return visitor.query["authFailureMsg"], visitor.query.get("unlockTime")


def test_a_lock_is_told_to_whoever_knows_the_password(stage: Stage) -> None:
    user = stage.world.known("alice")
    stage.world.change(lambda work: Users(work).lock(user.id, LockedReason.ADMIN_INITIATED))
    visitor = Visitor(stage.world)
    assert _told(stage, visitor, "alice", PASSWORD) == (LOCKED, None)
    assert "This account is locked" in visitor.get(visitor.location).text
    assert _told(stage, visitor, "alice", "wrong") == (HIDDEN, None)
    assert _told(stage, visitor, "nobody", PASSWORD) == (HIDDEN, None)


def test_while_failures_lock_an_account_only_a_browser_of_its_person_is_told(stage: Stage) -> None:
    stage.sign_in("demo", "alice")
    stage.submit(stage.code)
    stage.visitor.finish()
    stage.visitor.cookies = {name: kept for name, kept in stage.visitor.cookies.items() if name != "commonAuthId"}
    stranger = Visitor(stage.world)
    for _ in range(2):
        assert _told(stage, stranger, "alice", "wrong") == (HIDDEN, None)
    assert _told(stage, stranger, "alice", PASSWORD) == (HIDDEN, None)
    assert _told(stage, stage.visitor, "alice", PASSWORD) == (LOCKED, "5")
    assert "Try again in 5 minutes" in stage.visitor.get(stage.visitor.location).text


def test_no_reason_is_told_unless_it_is_wanted(stages: StageMaker) -> None:
    stage = stages(Scene())
    user = stage.world.known("alice")
    stage.world.change(lambda work: Users(work).lock(user.id, LockedReason.ADMIN_INITIATED))
    assert _told(stage, Visitor(stage.world), "alice", PASSWORD) == (HIDDEN, None)
