"""Backup codes: each works once."""

from functools import partial

import pytest

from tests.world import World
from watchword.accounts.backup_codes import COUNT, LENGTH, count_backup_codes, make_backup_codes, spend_backup_code
from watchword.accounts.claims import BACKUP_CODES, IDENTITY_BACKUP_CODES
from watchword.accounts.model import User
from watchword.storage.schema import backup_codes
from watchword.storage.work import Work


def listed(world: World, codes: str, uri: str = BACKUP_CODES) -> User:
    """Return pat, who came with a list in clear."""
    return world.add_person(claims={uri: codes})


def spend(world: World, typed: str) -> bool:
    def spend_it(work: Work) -> bool:
        spent = spend_backup_code(work, world.known("pat"), typed)
        work.commit()
        return spent

    return world.do(spend_it)


def left(world: World) -> int:
    return world.do(lambda work: count_backup_codes(work, world.known("pat")))


def test_new_codes_work_once_each(world: World) -> None:
    user = world.add_person()
    codes = world.do(lambda work: make_backup_codes(work, user))
    assert len(set(codes)) == COUNT
    assert {len(code) for code in codes} == {LENGTH}
    assert [spend(world, code) for code in codes] == [True] * COUNT
    assert [spend(world, code) for code in codes] == [False] * COUNT
    assert left(world) == 0


def test_no_code_can_be_read_again(world: World) -> None:
    user = world.add_person()
    codes = world.do(lambda work: make_backup_codes(work, user))
    stored = str(world.rows(backup_codes)) + str(world.known("pat")) + str(world.do(lambda work: work.tenant))
    assert not [code for code in codes if code in stored]


def test_new_codes_replace_the_old_ones_and_a_list_in_clear(world: World) -> None:
    user = listed(world, "482913,110257")
    old = world.do(lambda work: make_backup_codes(work, user))
    world.do(lambda work: make_backup_codes(work, user))
    assert not any(spend(world, code) for code in (*old, "482913", "110257"))
    assert left(world) == COUNT


@pytest.mark.parametrize("uri", [BACKUP_CODES, IDENTITY_BACKUP_CODES])
def test_a_list_in_clear_is_taken_and_becomes_digests_at_its_first_use(world: World, uri: str) -> None:
    listed(world, "482913, 110257,", uri)
    assert left(world) == 2
    assert spend(world, "110257")
    assert uri not in world.known("pat").claims
    assert "482913" not in str(world.rows(backup_codes))
    assert left(world) == 1
    assert not spend(world, "110257")
    assert spend(world, " 482913 ")
    assert left(world) == 0


@pytest.mark.parametrize("typed", ["", ",", "111111,", "1", "111111,222222", "%", ".*", "1111111", "11111", "\0"])
def test_only_a_whole_code_passes(world: World, typed: str) -> None:
    listed(world, "111111,222222,,")
    assert not spend(world, typed)
    assert spend(world, "111111")
    assert not spend(world, typed)


def test_a_code_that_stands_twice_in_a_list_works_once(world: World) -> None:
    listed(world, "111111,111111,222222")
    assert [spend(world, "111111"), spend(world, "111111")] == [True, False]


def test_a_code_is_its_persons_alone(world: World) -> None:
    user = world.add_person()
    codes = world.do(lambda work: make_backup_codes(work, user))
    other = world.add_person("kim")
    assert not world.do(lambda work: spend_backup_code(work, other, codes[0]))


def test_equal_codes_of_two_people_look_different_where_they_are_kept(world: World) -> None:
    for name in ("pat", "kim"):
        user = world.add_person(name, claims={BACKUP_CODES: "111111,222222"})
        assert world.do(partial(spend_and_keep, user=user, code="111111"))
    first, second = world.rows(backup_codes)
    assert first["digest"] != second["digest"]


def spend_and_keep(work: Work, user: User, code: str) -> bool:
    spent = spend_backup_code(work, user, code)
    work.commit()
    return spent


def test_the_log_tells_each_use_and_the_last_code(world: World) -> None:
    user = listed(world, "111111,222222")
    spend(world, "111111")
    spend(world, "333333")
    spend(world, "222222")
    assert [(event.target, event.reason) for event in world.audit("spend_backup_code")] == [
        (user.id, "1 left"), (user.id, "0 left"),
    ]  # fmt: skip
    assert [event.target for event in world.audit("last_backup_code_spent")] == [user.id]
