"""A code by mail, ``email-otp-authenticator``."""

import pytest

from tests.conftest import WorldMaker
from tests.login.visitor import BASIC, Visitor, add_application, with_protocol
from tests.world import World
from watchword.accounts.claims import EMAIL_ADDRESS, Channel
from watchword.accounts.guessing import with_failures
from watchword.accounts.model import Factor
from watchword.applications.model import Option

MAIL = Option("LOCAL", "email-otp-authenticator")


@pytest.fixture
def world(worlds: WorldMaker) -> World:
    world = worlds(additions=with_protocol())
    world.add_person("alice", claims={EMAIL_ADDRESS: "alice@example.com"})
    world.add_person("bob")
    return world


@pytest.fixture
def app(world: World) -> str:
    return add_application(world, "demo", (BASIC,), (MAIL,))


def _sign_in(world: World, app: str, name: str = "alice") -> Visitor:
    visitor = Visitor(world)
    visitor.begin(app)
    visitor.password(name)
    return visitor


def test_a_code_by_mail_logs_in_and_proves_the_mailbox(world: World, app: str) -> None:
    visitor = _sign_in(world, app)
    assert visitor.page == "/authenticationendpoint/email-otp.jsp"
    assert visitor.query["screenValue"] != "alice@example.com"
    [letter] = world.letters
    assert (letter.channel, letter.template, letter.to) == (Channel.EMAIL, "EmailOTP", "alice@example.com")
    assert letter.facts["OTPCode"] in letter.body
    visitor.answer({"OTPcode": letter.facts["OTPCode"]})
    assert visitor.finish()["user"] == "alice"
    assert world.known("alice").is_verified(Channel.EMAIL)


def test_a_wrong_code_counts_at_a_factor_of_its_own(world: World, app: str) -> None:
    visitor = _sign_in(world, app)
    visitor.answer({"OTPcode": "000000"})
    assert visitor.query["authFailureMsg"] == "authentication.fail.message"
    user = world.known("alice")
    failures = world.do(lambda work: with_failures(work, user)).failures
    assert failures is not None
    assert (failures[Factor.EMAIL], failures.get(Factor.SMS, 0)) == (1, 0)


def test_without_a_mailbox_the_page_says_so(world: World, app: str) -> None:
    visitor = _sign_in(world, app, "bob")
    assert visitor.page == "/authenticationendpoint/email-otp-error.jsp"
    assert visitor.query["authFailureMsg"] == "user.email.not.found"


def test_a_new_code_kills_the_old_one(world: World, app: str) -> None:
    visitor = _sign_in(world, app)
    first = world.letters[-1].facts["OTPCode"]
    visitor.answer({"resendCode": "true"})
    second = world.letters[-1].facts["OTPCode"]
    visitor.answer({"OTPcode": first})
    assert visitor.query["authFailureMsg"] == "authentication.fail.message"
    visitor.answer({"OTPcode": second})
    assert visitor.finish()["user"] == "alice"
