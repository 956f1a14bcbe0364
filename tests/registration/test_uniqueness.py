"""Values that only one account may have, however they come into the profile."""

import pytest

from tests.conftest import WorldMaker
from tests.world import API, MAILBOX, World
from watchword.accounts.claims import EMAIL_ADDRESS
from watchword.base.problems import ClaimTaken
from watchword.registration.usecases.update import update_claims

ONE_EACH = {"watchword.claims.unique": EMAIL_ADDRESS}
OTHER_MAILBOX = "lee@example.org"


@pytest.fixture
def world(worlds: WorldMaker) -> World:
    world = worlds(**ONE_EACH, **{"LiteRegistration.Enable": "true"})
    assert world.register("kim", mobile=None, email=MAILBOX).status == 201
    assert world.register("lee", mobile=None, email=OTHER_MAILBOX).status == 201
    return world


def change_mailbox(world: World, name: str, mailbox: str) -> None:
    user, notifier = world.known(name), world.installation.notifier
    world.do(lambda work: update_claims(work, user, {EMAIL_ADDRESS: mailbox}, notifier, as_person=False))


def test_a_change_cannot_take_what_another_has(world: World) -> None:
    with pytest.raises(ClaimTaken):
        change_mailbox(world, "lee", MAILBOX.upper())
    assert world.known("lee").claims[EMAIL_ADDRESS] == OTHER_MAILBOX


def test_what_was_given_back_can_be_had(world: World) -> None:
    change_mailbox(world, "kim", "kim@elsewhere.example")
    change_mailbox(world, "lee", MAILBOX)
    assert world.register("third", mobile=None, email=OTHER_MAILBOX).status == 201
    assert world.register("fourth", mobile=None, email="KIM@elsewhere.example").code == "20035"


def test_one_may_keep_ones_own(world: World) -> None:
    change_mailbox(world, "kim", MAILBOX)
    assert world.known("kim").claims[EMAIL_ADDRESS] == MAILBOX


def test_a_lite_sign_up_cannot_take_it_either(world: World) -> None:
    reply = world.request("POST", f"{API}/lite", {"email": MAILBOX, "realm": "PRIMARY"})
    assert (reply.status, reply.code) == (400, "20035")
