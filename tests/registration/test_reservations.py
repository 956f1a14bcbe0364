"""How long a pending account keeps its name, and who gets it then (decisions 3.11, 5.1)."""

import pytest

from tests.conftest import WorldMaker
from tests.world import LONG_PASSWORD, MAILBOX, PASSWORD, World
from watchword.accounts.claims import GIVEN_NAME
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.passwords import try_password
from watchword.storage.schema import codes, users


def test_a_name_whose_code_has_expired_can_be_had(world: World) -> None:
    world.register(claims={GIVEN_NAME: "First"})
    first, old = world.known(), world.last_code()
    world.clock.tick(minutes=2)
    assert world.register(password="Other-Pass-2", mobile="+94771234568").status == 201
    second = world.known()
    assert second.id != first.id
    assert GIVEN_NAME not in second.claims
    assert world.letters[-1].to == "+94771234568"
    assert world.confirm(old).code == "18001"
    assert world.confirm(world.last_code()).status == 202
    assert world.do(lambda work: try_password(work, "kim", "Other-Pass-2")).id == second.id
    assert len(world.rows(users)) == 2


def test_a_message_of_the_one_who_lost_the_name_is_cancelled(world: World) -> None:
    world.register()
    world.clock.tick(minutes=2)
    world.register(mobile="+94771234568")
    assert world.states() == ["cancelled", "waiting"]


def test_a_name_whose_code_is_alive_is_taken(world: World) -> None:
    world.register()
    world.clock.tick(seconds=50)
    assert world.register().code == "20030"


def test_a_confirmed_name_stays(world: World) -> None:
    world.register()
    world.confirm(world.last_code())
    world.clock.tick(days=400)
    assert world.register().code == "20030"


def test_a_name_that_somebody_has_logged_in_with_stays(world: World) -> None:
    world.register()
    user = world.known()
    world.change(lambda work: Users(work).note_login(user.id))
    world.clock.tick(days=2)
    assert world.register().code == "20030"


def test_a_name_that_was_locked_by_hand_stays(world: World) -> None:
    world.add_person("kim", locked=True)
    world.clock.tick(days=2)
    assert world.register().code == "20030"


@pytest.mark.parametrize("profile", ["is-5.10", "is-6", "is-7"])
def test_the_releases_give_no_name_away(worlds: WorldMaker, profile: str) -> None:
    world = worlds(**{"watchword.compat_profile": profile})
    world.register()
    world.clock.tick(days=2)
    assert world.register().code == "20030"


def test_a_registration_that_is_refused_takes_nothing_over(world: World) -> None:
    world.register()
    world.clock.tick(minutes=2)
    assert world.register(password="x").code == "20035"
    assert len(world.rows(codes)) == 1


def test_a_name_of_other_letters_can_be_had_as_well(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    assert world.register("мария", password=LONG_PASSWORD).status == 201
    world.clock.tick(minutes=11)
    assert world.register("мария", password=LONG_PASSWORD, mobile="+94771234568").status == 201
    assert world.register("МАРИЯ", password=LONG_PASSWORD, mobile="+94771234569").code == "20030"


def test_a_mailbox_that_was_its_own_name_can_be_had_as_well(worlds: WorldMaker) -> None:
    world = worlds(**{"user_store.username_java_regex": ".{3,40}"})
    world.register(MAILBOX, email=MAILBOX)
    world.clock.tick(minutes=2)
    assert world.register(MAILBOX, email=MAILBOX).status == 201


# --- sweeping ---------------------------------------------------------------------------------------------------------


def test_under_recommended_a_pending_account_is_swept_after_a_day(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    world.register(password=LONG_PASSWORD)
    world.clock.tick(hours=23)
    world.sweep()
    assert world.user() is not None
    world.clock.tick(hours=2)
    world.sweep()
    assert world.user() is None
    assert world.rows(codes) == []
    world.sweep()
    assert len(world.rows(users)) == 1


def test_a_confirmed_account_is_never_swept(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    world.register(password=LONG_PASSWORD)
    world.confirm(world.last_code())
    world.clock.tick(days=400)
    world.sweep()
    assert world.user() is not None


def test_under_wso2_nobody_is_swept(world: World) -> None:
    world.register(password=PASSWORD)
    world.clock.tick(days=400)
    world.sweep()
    assert world.user() is not None


def test_a_message_whose_code_has_died_is_swept(world: World) -> None:
    world.register()
    world.clock.tick(minutes=2)
    world.sweep()
    assert world.states() == ["expired"]
    assert world.messages()[0].sealed is None
    world.sweep()
    assert world.letters == []


def test_the_operator_says_how_long_a_name_is_kept(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended", **{"watchword.registration.pending_reservation": "30m"})
    world.register(password=LONG_PASSWORD)
    world.clock.tick(minutes=29)
    world.sweep()
    assert world.user() is not None
    world.clock.tick(minutes=2)
    world.sweep()
    assert world.user() is None
