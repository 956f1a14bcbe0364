"""SAML on both databases: keys, answered requests and logouts are rows, and rows behave alike."""

from dataclasses import replace

import pytest

from tests.conftest import WorldMaker
from tests.saml.kit import (
    AVIS,
    Person,
    add_alice,
    add_provider,
    authn_request,
    give_key,
    logout_request,
    logout_response,
    posted,
)
from tests.world import World
from watchword.applications.model import LogoutMethod, SingleLogout
from watchword.login.usecases.sessions import end_session
from watchword.saml.back_channel import BackChannel
from watchword.saml.usecases.keys import add_next_key, promote_key, published_keys, retire_key
from watchword.storage.schema import logout_requests, session_applications, sessions

NOBODY_THERE = SingleLogout(request_url="http://127.0.0.1:9/slo")


@pytest.fixture
def world(worlds: WorldMaker) -> World:
    world = worlds()
    add_alice(world)
    add_provider(world)
    return world


def test_two_who_need_the_first_key_make_one(world: World) -> None:
    made = world.together(*[lambda: world.do(published_keys)] * 2)
    assert made[0] == made[1]
    assert len(made[0]) == 1


def test_keys_change_their_states(world: World) -> None:
    give_key(world)
    world.do(add_next_key)
    world.do(promote_key)
    world.do(lambda work: retire_key(work, "1"))
    assert [(each.id, each.state) for each in world.do(published_keys)] == [("2", "active")]


def test_a_request_is_answered_once(world: World) -> None:
    give_key(world)
    alice = Person(world)
    request = authn_request(world)
    alice.send(request)
    assert alice.log_in().status == ["Success"]
    assert posted(alice.send(request)).status == ["Requester", "RequestDenied"]


def test_a_logout_request_comes_once(world: World) -> None:
    give_key(world)
    alice = Person(world)
    message = logout_request(world, index=alice.logged_in().session_index)
    assert posted(alice.send(message)).status == ["Success"]
    alice.logged_in(id="_r2")
    assert posted(alice.send(message)).status == ["Requester", "RequestDenied"]
    assert len(world.rows(sessions)) == 1


def test_who_cannot_be_told_is_tried_again_and_given_up(world: World) -> None:
    give_key(world)
    add_provider(world, replace(AVIS, logout=NOBODY_THERE))
    alice = Person(world)
    index = alice.logged_in().session_index
    alice.logged_in("avis.com", id="_r2")
    assert posted(alice.send(logout_request(world, index=index))).status == ["Success", "PartialLogout"]
    back_channel = BackChannel.of_settings(world.installation.works, world.installation.settings)
    for seconds in (1, 5, 25):
        world.clock.tick(seconds=seconds)
        back_channel.look()
    back_channel.stop()
    assert [(row["state"], row["attempts"]) for row in world.rows(logout_requests)] == [("failed", 4)]


def test_one_try_at_a_time(world: World) -> None:
    give_key(world)
    add_provider(world, replace(AVIS, logout=NOBODY_THERE))
    alice = Person(world)
    alice.logged_in("avis.com")
    [session] = world.rows(sessions)
    world.change(lambda work: end_session(work, session["id"], "by an administrator"))
    couriers = [BackChannel.of_settings(world.installation.works, world.installation.settings) for _ in range(2)]
    world.together(*[each.look for each in couriers])
    for each in couriers:
        each.stop()
    assert [row["attempts"] for row in world.rows(logout_requests)] == [1]
    assert world.rows(session_applications) == []


def test_a_front_channel_is_walked(world: World) -> None:
    give_key(world)
    logout = SingleLogout(request_url="https://avis.example/slo", method=LogoutMethod.FRONT_CHANNEL_POST)
    add_provider(world, replace(AVIS, logout=logout))
    alice = Person(world)
    index = alice.logged_in().session_index
    alice.logged_in("avis.com", id="_r2")
    led = alice.send(logout_request(world, index=index))
    form = posted(alice.get(led.headers["location"]))
    answer = logout_response(world, str(form.root.get("ID")), "avis.com")
    led = alice.send_posted(answer, name="SAMLResponse")
    assert posted(alice.get(led.headers["location"])).status == ["Success"]
