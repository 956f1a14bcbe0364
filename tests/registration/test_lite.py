"""Registering by an address alone: POST /lite (self-registration.md 2.9)."""

import pytest

from tests.conftest import WorldMaker
from tests.world import API, CREATE_ONLY, MAILBOX, MOBILE_NUMBER, Reply, World
from watchword.accounts.claims import EMAIL_VERIFIED, LITE_USER, Channel
from watchword.accounts.model import AccountState

ON = {"LiteRegistration.Enable": "true"}


@pytest.fixture
def world(worlds: WorldMaker) -> World:
    return worlds(**ON)


def lite(world: World, **members: object) -> Reply:
    return world.request("POST", f"{API}/lite", members, by=CREATE_ONLY)


def test_it_must_be_switched_on(worlds: WorldMaker) -> None:
    assert lite(worlds(), email=MAILBOX).code == "20060"


@pytest.mark.parametrize("addresses", [{}, {"email": ""}, {"email": None, "mobile": " "}])
def test_an_address_is_needed(world: World, addresses: dict[str, object]) -> None:
    assert lite(world, **addresses).code == "USR-10004"


def test_a_mailbox_becomes_a_locked_account_of_its_name(world: World) -> None:
    reply = lite(world, email=MAILBOX)
    assert (reply.status, reply.octets) == (201, b"")
    user = world.known(MAILBOX)
    assert (user.locked, user.state) == (True, AccountState.PENDING_LITE_REGISTRATION)
    assert user.password_hash is None
    assert user.claims[LITE_USER] == "true"
    assert world.letters[-1].template.lower() == "liteuseremailconfirmation"
    assert world.confirm(world.last_code(), by=CREATE_ONLY).status == 202
    assert not world.known(MAILBOX).locked
    assert world.known(MAILBOX).is_verified(Channel.EMAIL)


@pytest.mark.parametrize(
    ("preferred", "channel"), [("Mobile", "SMS"), ("SMS", "SMS"), ("Email", "EMAIL"), (None, "SMS")]
)
def test_the_preference_chooses_the_channel(world: World, preferred: str | None, channel: str) -> None:
    assert lite(world, email=MAILBOX, mobile=MOBILE_NUMBER, preferredChannel=preferred).status == 201
    assert world.letters[-1].channel == channel


@pytest.mark.parametrize(
    ("preferred", "code"), [("PIGEON", "USR-10001"), ("mobile", "USR-10001"), ("SMS", "USR-10002")]
)
def test_a_preference_that_cannot_be_is_refused(world: World, preferred: str, code: str) -> None:
    assert lite(world, email=MAILBOX, preferredChannel=preferred).code == code
    assert world.user(MAILBOX) is None


def test_an_address_is_registered_once(world: World) -> None:
    lite(world, email=MAILBOX)
    assert lite(world, email=MAILBOX.upper()).code == "20030"


def test_an_address_that_is_none_is_refused(world: World) -> None:
    assert lite(world, email="no mailbox").code == "USR-10002"
    assert lite(world, mobile="12").code == "USR-10002"


def test_no_flag_is_let_in(world: World) -> None:
    lite(world, email=MAILBOX, claims=[{"uri": EMAIL_VERIFIED, "value": "true"}])
    assert not world.known(MAILBOX).is_verified(Channel.EMAIL)


def test_a_code_can_be_sent_again(world: World) -> None:
    lite(world, email=MAILBOX)
    old = world.last_code()
    world.clock.tick(seconds=31)
    assert world.resend(MAILBOX, scenario="LITE_SIGN_UP").status == 201
    assert world.letters[-1].template.lower() == "resendliteuseremailconfirmation"
    assert world.confirm(old).code == "18001"
    assert world.introspect(world.last_code()).json["recoveryStep"] == "CONFIRM_LITE_SIGN_UP"
    assert world.confirm(world.last_code()).status == 202


def test_nobody_logs_in_without_a_password(world: World) -> None:
    lite(world, email=MAILBOX)
    world.confirm(world.last_code())
    assert world.request("GET", f"{API}/me", by=(MAILBOX, "")).status == 401


def test_under_recommended_a_pending_account_is_swept_after_a_day(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended", **ON)
    lite(world, email=MAILBOX)
    world.clock.tick(hours=25)
    world.sweep()
    assert world.user(MAILBOX) is None
