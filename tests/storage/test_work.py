"""The unit of work: one transaction, in one tenant, at one instant."""

import itertools

import pytest
from sqlalchemy import text

from tests.world import OTHER_TENANT, World
from watchword.base.problems import UserNotStored
from watchword.storage.audit import note, read_audit
from watchword.storage.work import Origin, StepFailed, Work


def actions(world: World) -> list[str]:
    return [event.action for event in world.audit("mark")]


def mark(work: Work) -> None:
    note(work, "mark", "here")


def test_without_a_commit_everything_is_rolled_back(world: World) -> None:
    world.do(mark)
    assert actions(world) == []
    world.change(mark)
    assert actions(world) == ["mark"]


def test_what_fails_is_rolled_back(world: World) -> None:
    def fail(work: Work) -> None:
        mark(work)
        raise LookupError

    with pytest.raises(LookupError):
        world.do(fail)
    assert actions(world) == []


def test_a_release_undoes_what_was_written_and_the_work_goes_on(world: World) -> None:
    def task(work: Work) -> None:
        mark(work)
        work.release()
        note(work, "mark", "second")
        work.commit()

    world.do(task)
    assert [event.target for event in world.audit("mark")] == ["second"]


def test_a_work_has_one_instant(world: World) -> None:
    def instants(work: Work) -> set[object]:
        first = work.now
        world.clock.tick(hours=1)
        mark(work)
        work.commit()
        work.release()
        mark(work)
        return {first, work.now}

    assert len(world.do(instants)) == 1


def test_a_second_commit_does_nothing(world: World) -> None:
    def task(work: Work) -> None:
        mark(work)
        work.commit()
        work.commit()

    world.do(task)
    assert actions(world) == ["mark"]


def test_a_failure_at_the_commit_leaves_nothing(world: World) -> None:
    world.faults.places.add("before_commit")
    with pytest.raises(StepFailed):
        world.change(mark)
    world.faults.places.clear()
    assert actions(world) == []


def test_a_failure_after_the_commit_leaves_everything(world: World) -> None:
    world.faults.places.add("after_commit")
    with pytest.raises(StepFailed):
        world.change(mark)
    world.faults.places.clear()
    assert actions(world) == ["mark"]


def test_a_step_tells_a_fault_of_the_database_as_its_problem(world: World) -> None:
    def task(work: Work) -> None:
        with work.step("add_user", UserNotStored):
            work.connection.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(UserNotStored):
        world.do(task)


def test_a_step_lets_other_failures_through(world: World) -> None:
    def task(work: Work) -> None:
        with work.step("add_user", UserNotStored):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        world.do(task)


def test_within_another_tenant_it_is_the_same_transaction(world: World) -> None:
    def task(work: Work) -> None:
        mark(work.within(OTHER_TENANT))
        work.commit()

    world.do(task)
    assert actions(world) == []
    assert [event.action for event in world.do(read_audit, OTHER_TENANT)][-1:] == ["mark"]


def test_what_was_recalled_is_loaded_once_until_it_is_forgotten(world: World) -> None:
    loads = itertools.count(1)

    def recall(work: Work) -> int:
        return work.recall("key", lambda: next(loads))

    assert [world.do(recall), world.do(recall)] == [1, 1]
    assert world.do(recall, OTHER_TENANT) == 2
    world.do(lambda work: work.forget("key"))
    assert world.do(recall) == 3


def test_who_asked_is_noted(world: World) -> None:
    def task(work: Work) -> None:
        mark(work)
        work.commit()

    world.installation.works.do("carbon.super", task, Origin("me", "10.0.0.1", "trace-1"))
    [event] = world.audit("mark")
    assert (event.actor, event.source, event.trace, event.outcome) == ("me", "10.0.0.1", "trace-1", "ok")
