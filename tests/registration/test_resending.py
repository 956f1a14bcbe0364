"""Sending a code again (self-registration.md 2.6, 4.2)."""

import pytest

from tests.conftest import WorldMaker
from tests.world import API, LONG_PASSWORD, MAILBOX, OTHER_TENANT, World
from watchword.accounts.model import AccountState
from watchword.storage.schema import codes, users

COOL = 31
"""Seconds after which a code may be sent again."""


def test_a_new_code_kills_the_old_one(world: World) -> None:
    world.register()
    old = world.last_code()
    world.clock.tick(seconds=COOL)
    reply = world.resend()
    assert (reply.status, reply.octets) == (201, b"")
    new = world.last_code()
    assert new != old
    assert world.letters[-1].template.lower() == "resendaccountconfirmation"
    assert world.confirm(old).code == "18001"
    assert world.known().locked
    assert world.confirm(new).status == 202


def test_inside_the_cool_down_nothing_is_sent_and_the_old_code_stays_good(world: World) -> None:
    world.register()
    world.clock.tick(seconds=29)
    reply = world.resend()
    assert (reply.status, reply.octets) == (201, b"")
    assert len(world.letters) == 1
    assert world.confirm(world.last_code()).status == 202


def test_the_cool_down_begins_anew_with_each_message(world: World) -> None:
    world.register()
    for sent in (2, 2, 3):
        world.clock.tick(seconds=COOL if sent != len(world.letters) else 5)
        world.resend()
        assert len(world.letters) == sent


def test_a_message_that_waits_is_cancelled_by_the_next(world: World) -> None:
    world.register()
    world.clock.tick(seconds=COOL)
    world.resend()
    assert world.states() == ["cancelled", "waiting"]
    assert len(world.letters) == 1
    assert world.confirm(world.last_code()).status == 202


def test_tries_begin_anew_with_a_new_code(world: World) -> None:
    world.register()
    for _ in range(5):
        world.confirm("WRONG1", user="kim")
    world.clock.tick(seconds=COOL)
    world.resend()
    assert world.confirm(world.last_code(), user="kim").status == 202


def test_a_new_code_lives_from_its_own_beginning(world: World) -> None:
    world.register()
    world.clock.tick(seconds=50)
    world.resend()
    world.clock.tick(seconds=50)
    assert world.confirm(world.last_code()).status == 202


def test_an_expired_code_can_be_replaced(world: World) -> None:
    world.register()
    world.clock.tick(hours=5)
    assert world.resend().status == 201
    assert world.confirm(world.last_code()).status == 202


def test_a_caller_that_sends_itself_is_given_the_new_code(worlds: WorldMaker) -> None:
    world = worlds(**{"SelfRegistration.Notification.InternallyManage": "false"})
    old = world.register().json["confirmationCode"]
    reply = world.resend()
    assert reply.headers["content-type"].startswith("text/plain")
    assert world.letters == []
    assert world.confirm(old).code == "18001"
    assert world.confirm(reply.text).status == 202


@pytest.mark.parametrize("name", ["nobody", "admin", "confirmed", "k!", "a@b@c"])
def test_there_is_nothing_to_resend_to_whoever_waits_for_nothing(world: World, name: str) -> None:
    world.register("confirmed")
    world.confirm(world.last_code())
    reply = world.resend(name)
    assert (reply.status, reply.code) == (400, "20024")
    assert reply.json["description"] == "Old confirmation code not found"


@pytest.mark.parametrize(
    ("profile", "status", "code"),
    [("seed", 400, "20024"), ("is-5.10", 201, None), ("is-6", 501, "501-0"), ("is-7", 400, None)],
)
def test_with_a_scenario_each_release_says_it_in_its_way(
    worlds: WorldMaker, profile: str, status: int, code: str | None
) -> None:
    world = worlds(**{"watchword.compat_profile": profile})
    for scenario in ("SELF_SIGN_UP", "USERNAME_RECOVERY", "MOBILE_VERIFICATION_ON_UPDATE"):
        reply = world.resend("nobody", scenario=scenario)
        assert reply.status == status
        assert (reply.code if reply.octets else None) == code
    assert world.resend("nobody").code == "20024"


def test_a_scenario_that_nobody_knows_is_refused(world: World) -> None:
    world.register()
    reply = world.resend(scenario="SELF_SIGNUP")
    assert (reply.status, reply.code) == (400, "UAR-10011")


@pytest.mark.parametrize("user", [None, {}, {"username": " "}, {"username": None}])
def test_the_user_must_be_named(world: World, user: object) -> None:
    reply = world.request("POST", f"{API}/resend-code", {"user": user})
    assert (reply.status, reply.code) == (400, "PWR-60001")


def test_an_unknown_realm_is_refused(world: World) -> None:
    assert world.resend(realm="NOWHERE").code == "20047"


def test_without_self_registration_nothing_is_resent_unless_a_scenario_is_named(worlds: WorldMaker) -> None:
    world = worlds(**{"SelfRegistration.Enable": "false"})
    assert world.resend().code == "20021"
    assert world.resend(scenario="SELF_SIGN_UP").code == "20024"


def test_the_name_may_be_written_in_all_its_forms(world: World) -> None:
    world.register()
    assert len(world.letters) == 1
    for sent, name in enumerate(("KIM", "PRIMARY/kim", "kim@carbon.super"), 2):
        world.clock.tick(seconds=COOL, minutes=20)
        assert world.resend(name).status == 201
        assert len(world.letters) == sent


def test_a_user_of_another_tenant_is_unknown(world: World) -> None:
    world.register(tenant=OTHER_TENANT)
    world.clock.tick(seconds=COOL)
    assert world.resend().code == "20024"
    assert world.resend(tenant=OTHER_TENANT).status == 201


def test_a_pending_account_whose_record_is_lost_gets_a_code_by_its_channel(world: World) -> None:
    world.register(email=MAILBOX)
    world.change(lambda work: work.connection.execute(codes.delete()))
    assert world.resend().status == 201
    assert world.letters[-1].channel == "SMS"
    assert world.confirm(world.last_code()).status == 202


def test_an_open_account_that_is_asked_to_confirm_is_resent_to(worlds: WorldMaker) -> None:
    world = worlds(
        **{"SelfRegistration.LockOnCreation": "false", "SelfRegistration.SendConfirmationOnCreation": "true"}
    )
    world.register()
    world.clock.tick(seconds=COOL)
    assert world.resend().status == 201
    assert world.confirm(world.last_code()).status == 202
    assert world.known().state is AccountState.UNLOCKED


@pytest.mark.parametrize("place", ["store_record", "publish_event", "before_commit"])
def test_a_resend_that_fails_leaves_the_old_code_good(world: World, place: str) -> None:
    world.register()
    old = world.last_code()
    world.clock.tick(seconds=COOL)
    world.faults.places.add(place)
    assert world.resend().status == 500
    world.faults.places.clear()
    assert world.confirm(old).status == 202


def test_within_the_tolerance_the_same_code_goes_out_again(worlds: WorldMaker) -> None:
    key = "identity_mgt.user_self_registration.email.confirmation_code_tolerance_period"
    world = worlds(**{key: "5"})
    world.register(mobile=None, email=MAILBOX)
    code = world.last_code()
    world.clock.tick(minutes=4)
    world.resend()
    assert len(world.letters) == 2
    assert world.last_code() == code
    world.clock.tick(minutes=2)
    world.resend()
    assert len(world.letters) == 3
    assert world.last_code() != code
    assert world.confirm(code).code == "18001"


def test_a_sealed_copy_is_kept_for_the_tolerance_alone(worlds: WorldMaker) -> None:
    key = "identity_mgt.user_self_registration.email.confirmation_code_tolerance_period"
    tolerant, usual = worlds(**{key: "5"}), worlds()
    for world in (tolerant, usual):
        world.register(mobile=None, email=MAILBOX)
    assert [row["sealed"] is None for row in tolerant.rows(codes) + usual.rows(codes)] == [False, True]


def test_a_resend_prolongs_the_reservation_of_the_name(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    world.register(password=LONG_PASSWORD, mobile=None, email=MAILBOX)
    world.clock.tick(hours=23)
    world.resend()
    world.clock.tick(hours=2)
    world.sweep()
    assert world.confirm(world.last_code()).status == 202


def test_a_resend_does_not_shorten_the_reservation(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    world.register(password=LONG_PASSWORD)
    reserved = {row["name"]: row["reserved_until"] for row in world.rows(users)}["kim"]
    world.clock.tick(minutes=5)
    world.resend()
    assert {row["name"]: row["reserved_until"] for row in world.rows(users)}["kim"] == reserved


def test_a_resend_that_is_held_leaves_the_old_code_good(world: World) -> None:
    world.register()
    for _ in range(2):
        world.clock.tick(seconds=31)
        world.resend()
    arriving = world.last_code()
    world.clock.tick(seconds=31)
    assert world.resend().status == 201
    assert world.states()[-1] == "held"
    assert world.confirm(arriving).status == 202
