"""Guesses and backup codes under parallel requests, on both databases."""

from collections import Counter
from functools import partial

import pytest

from tests.conftest import WorldMaker
from tests.world import PASSWORD, World
from watchword.accounts.backup_codes import count_backup_codes, make_backup_codes, spend_backup_code
from watchword.accounts.budgets import MOST_IN_A_ROW, Verdict
from watchword.accounts.claims import BACKUP_CODES
from watchword.accounts.guessing import Failed, count_failure, note_success, spend_guess
from watchword.accounts.model import Factor, User
from watchword.accounts.usecases.passwords import PasswordOutcome, prove_password
from watchword.storage.schema import backup_codes
from watchword.storage.work import Work
from watchword.tenants.usecases import change_policy


def guess_wrong(world: World, user: User, factor: Factor) -> Failed | Verdict:
    """Guess as one request does: the account was read before anybody failed."""

    def guess(work: Work) -> Failed | Verdict:
        spent = spend_guess(work, user, factor)
        outcome = count_failure(work, spent) if spent.is_open else spent.verdict
        work.commit()
        return outcome

    return world.do(guess)


def locking_after(world: World, attempts: int) -> None:
    values = {"account.lock.handler.On.Failure.Max.Attempts": str(attempts)}
    world.do(lambda work: change_policy(work, "account.lock.handler", values))


@pytest.mark.parametrize("factor", [Factor.SMS, Factor.PASSWORD])
def test_of_48_parallel_guesses_exactly_3_are_compared_and_one_locks(world: World, factor: Factor) -> None:
    locking_after(world, 3)
    user = world.add_person()
    outcomes = world.together(*[partial(guess_wrong, world, user, factor)] * 48)
    compared = [each for each in outcomes if isinstance(each, Failed)]
    assert sorted(each.count for each in compared) == [1, 2, 3]
    assert len([each for each in compared if each.lock is not None]) == 1
    assert {each for each in outcomes if isinstance(each, Verdict)} == {Verdict.LOCKED}
    assert (world.known("pat").lockouts, world.known("pat").locked) == (1, True)
    assert len(world.audit("lock_user")) == 1


def test_after_a_lock_48_parallel_guesses_lock_once_more(world: World) -> None:
    locking_after(world, 3)
    world.add_person()
    for turn in (1, 2):
        world.together(*[partial(guess_wrong, world, world.known("pat"), Factor.SMS)] * 48)
        assert world.known("pat").lockouts == turn
        world.clock.tick(minutes=10 * turn, seconds=1)


def test_of_48_parallel_codes_exactly_20_are_compared_where_none_locks(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    user = world.add_person()
    factors = [Factor.SMS, Factor.EMAIL, Factor.BACKUP] * 16
    outcomes = world.together(*[partial(guess_wrong, world, user, factor) for factor in factors])
    assert len([each for each in outcomes if isinstance(each, Failed)]) == MOST_IN_A_ROW
    assert len(world.audit("suspend_codes")) == 1


def test_of_24_parallel_passwords_one_is_compared_when_the_wait_is_over(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    world.add_person()
    for _ in range(11):
        world.clock.tick(minutes=1)
        assert prove(world, "Wrong-Pass-0") is PasswordOutcome.WRONG
    assert prove(world, PASSWORD) is PasswordOutcome.TOO_EARLY
    world.clock.tick(minutes=1)
    outcomes = world.together(*[partial(prove, world, f"Wrong-Pass-{number}") for number in range(24)])
    assert Counter(outcomes) == {PasswordOutcome.WRONG: 1, PasswordOutcome.TOO_EARLY: 23}


def prove(world: World, password: str) -> PasswordOutcome:
    def prove_it(work: Work) -> PasswordOutcome:
        tried = prove_password(work, "pat", password)
        work.commit()
        return tried.outcome

    return world.do(prove_it)


def test_of_8_parallel_uses_of_a_backup_code_one_wins(world: World) -> None:
    user = world.add_person()
    for code in world.do(lambda work: make_backup_codes(work, user))[:4]:
        assert sum(world.together(*[partial(spend, world, user, code)] * 8)) == 1
    assert len(world.rows(backup_codes)) == 6


def test_of_8_parallel_uses_of_a_code_in_clear_one_wins_and_the_others_stay(world: World) -> None:
    user = world.add_person(claims={BACKUP_CODES: "482913,110257,555555,"})
    assert sum(world.together(*[partial(spend, world, user, "110257")] * 8)) == 1
    assert left(world) == 2


def test_all_codes_of_a_list_in_clear_can_be_used_at_once(world: World) -> None:
    codes = [f"48291{number}" for number in range(8)]
    user = world.add_person(claims={BACKUP_CODES: ",".join(codes)})
    assert world.together(*[partial(spend, world, user, code) for code in codes]) == [True] * 8
    assert left(world) == 0


def left(world: World) -> int:
    user = world.known("pat")
    return world.do(lambda work: count_backup_codes(work, user))


def spend(world: World, user: User, code: str) -> bool:
    def spend_it(work: Work) -> bool:
        guess = spend_guess(work, user, Factor.SMS, locks=False)
        won = guess.is_open and spend_backup_code(work, user, code)
        if won:
            note_success(work, guess)
        work.commit()
        return won

    return world.do(spend_it)
