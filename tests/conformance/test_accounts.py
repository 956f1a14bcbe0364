"""What is kept of accounts works alike on both databases."""

from functools import partial

import pytest

from tests.conftest import WorldMaker
from tests.world import PASSWORD, World
from watchword.accounts.budgets import CODES_OF_STRANGERS, Verdict
from watchword.accounts.claims import MOBILE
from watchword.accounts.guessing import count_failure, note_success, spend_guess
from watchword.accounts.model import Factor, User
from watchword.accounts.standing import Standing, read_standing
from watchword.accounts.usecases.login_names import find_login_user
from watchword.accounts.usecases.passwords import change_password, try_password
from watchword.accounts.usecases.people import unlock_user
from watchword.accounts.usecases.stores import create_user_store
from watchword.base.problems import PasswordRefused
from watchword.storage.work import Work
from watchword.tenants.usecases import change_policy

NUMBER = "+94771234567"


def found(world: World, typed: str) -> str | None:
    user = world.do(lambda work: find_login_user(work, typed))
    return None if user is None else f"{user.name.realm}/{user.name.typed}"


def test_a_name_is_sought_in_all_stores_in_their_order(world: World) -> None:
    for realm in ("LATE", "EARLY"):
        world.do(partial(create_user_store, realm=realm))
    for name in ("EARLY/kim", "LATE/kim", "EARLY/lee", "LATE/lee", "kim"):
        world.add_person(name)
    assert [found(world, name) for name in ("kim", "lee", "EARLY/lee", "zed")] == [
        "PRIMARY/kim", "LATE/lee", "EARLY/lee", None,
    ]  # fmt: skip


def test_a_value_finds_its_owner(world: World) -> None:
    world.add_person("kim", claims={MOBILE: NUMBER})
    name = "account.multiattributelogin.handler"
    values = {f"{name}.enable": "true", f"{name}.allowedattributes": MOBILE}
    world.do(lambda work: change_policy(work, "multiattribute.login.handler", values))
    assert [found(world, typed) for typed in (NUMBER, "+94 77 123 4567", "kim")] == ["PRIMARY/kim"] * 3


def test_old_passwords_do_not_come_back_until_enough_newer_ones_were_used(world: World) -> None:
    user = world.add_person()
    values = {"passwordHistory.enable": "true", "passwordHistory.count": "2"}
    world.do(lambda work: change_policy(work, "passwordHistory", values))
    for number in (1, 2):
        world.do(partial(change_password, user=user, password=f"Later-Pass-{number}"))
        user = world.known("pat")
    with pytest.raises(PasswordRefused):
        world.do(partial(change_password, user=user, password="Later-Pass-1"))
    world.do(partial(change_password, user=user, password=PASSWORD))
    assert world.do(lambda work: try_password(work, "pat", PASSWORD)).id == user.id


def test_the_months_budget_is_spent_seen_and_given_back_by_an_administrator_alone(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    user = world.add_person()
    for _ in range(CODES_OF_STRANGERS.count):
        assert guess(world, user, right=False) is Verdict.OPEN
        assert guess(world, user, right=True, device_known=True) is Verdict.OPEN
    assert guess(world, user, right=True) is Verdict.SPENT
    assert [budget.spent for budget in standing(world, user).spent_months] == [CODES_OF_STRANGERS.count]
    world.do(lambda work: unlock_user(work, user))
    assert not standing(world, user).spent_months
    assert guess(world, user, right=True) is Verdict.OPEN


def test_failures_are_seen_with_their_time(world: World) -> None:
    user = world.add_person()
    assert guess(world, user, right=False) is Verdict.OPEN
    seen = standing(world, user)
    assert seen.failures["sms"].count == 1
    assert seen.failures["sms"].last_at <= seen.now
    assert not seen.suspended


def guess(world: World, user: User, *, right: bool, device_known: bool = False) -> Verdict:
    def guess_it(work: Work) -> Verdict:
        spent = spend_guess(work, user, Factor.SMS, device_known=device_known)
        if spent.is_open:
            (note_success if right else count_failure)(work, spent)
        work.commit()
        return spent.verdict

    return world.do(guess_it)


def standing(world: World, user: User) -> Standing:
    return world.do(lambda work: read_standing(work, user))
