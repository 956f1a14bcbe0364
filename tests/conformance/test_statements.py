"""Statements on both databases: on PostgreSQL writes wait for one another, and nobody can tell."""

import pytest
from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.exc import DBAPIError

from tests.world import World
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.names import find_user
from watchword.base.problems import UserNotStored
from watchword.storage.audit import note, read_audit
from watchword.storage.schema import audit, user_claims
from watchword.storage.statements import Statement
from watchword.storage.work import Work

ADD_CLAIM = Statement(insert(user_claims))
CLAIMS = Statement(
    select(user_claims.c.uri, user_claims.c.value).where(
        user_claims.c.tenant == bindparam("tenant"), user_claims.c.user_id == bindparam("user_id")
    )
)


def test_writes_to_one_row_happen_in_their_order(world: World) -> None:
    world.register()

    def change(work: Work) -> None:
        user = find_user(work, "kim")
        assert user is not None
        for number in range(20):
            Users(work).set_claims(user.id, {"http://example.com/one": str(number)})
            Users(work).set_disabled(user.id, disabled=number % 2 == 0)
        Users(work).set_claims(user.id, {"http://example.com/two": ""})

    world.change(change)
    user = world.do(lambda work: find_user(work, "kim"))
    assert user is not None
    assert user.claims["http://example.com/one"] == "19"
    assert not user.disabled


def test_more_writes_than_go_together_are_all_kept(world: World) -> None:
    def write(work: Work) -> None:
        for number in range(40):
            note(work, "mark", str(number))

    world.change(write)
    marks = [event.target for event in world.do(read_audit) if event.action == "mark"]
    assert sorted(marks, key=int) == [str(number) for number in range(40)]


def test_what_was_written_is_read_back_in_the_same_work(world: World) -> None:
    def write(work: Work) -> tuple[int, int]:
        note(work, "mark", "here")
        count = select(audit.c.id).where(audit.c.action == "mark")
        plainly = len(work.connection.execute(count).all())
        note(work, "mark", "there")
        return plainly, len([event for event in read_audit(work) if event.action == "mark"])

    assert world.do(write) == (1, 2)


def test_a_write_that_fails_is_told_as_the_problem_of_its_step(world: World) -> None:
    def write(work: Work) -> None:
        with work.step("add_user", UserNotStored):
            work.write(ADD_CLAIM, user_id="nobody", uri="http://example.com/one", value="1", folded="1")

    with pytest.raises(UserNotStored):
        world.do(write)


def test_a_write_that_fails_lets_nothing_be_committed(world: World) -> None:
    def write(work: Work) -> None:
        note(work, "mark", "before")
        work.write(ADD_CLAIM, user_id="nobody", uri="http://example.com/one", value="1", folded="1")
        work.commit()

    with pytest.raises(DBAPIError):
        world.do(write)
    assert "mark" not in {event.action for event in world.do(read_audit)}


def test_what_is_asked_with_another_tenants_id_stays_in_the_tenant(world: World) -> None:
    world.register()

    def ids(work: Work) -> list[object]:
        user = find_user(work, "kim")
        assert user is not None
        return [work.rows(CLAIMS, user_id=user.id), work.within("acme.example").rows(CLAIMS, user_id=user.id)]

    own, foreign = world.do(ids)
    assert own
    assert not foreign


def test_a_value_that_is_missing_is_an_error_and_not_null(world: World) -> None:
    with pytest.raises(KeyError):
        world.do(lambda work: work.rows(CLAIMS))
    assert world.do(lambda work: work.connection.execute(text("SELECT 1")).scalar()) == 1
