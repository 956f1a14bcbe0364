"""Log-in codes on SQLite and on PostgreSQL: they are counted, sent, used up and kept alike."""

import pytest

from tests.conftest import WorldMaker
from tests.login.visitor import BASIC, Visitor, add_application, with_protocol
from tests.world import World
from watchword.accounts.claims import MOBILE
from watchword.applications.model import Option
from watchword.storage.schema import challenges

SMS = Option("LOCAL", "sms-otp-authenticator")
FIELDS = {"resendCode": "false"}


@pytest.fixture
def world(worlds: WorldMaker) -> World:
    world = worlds(additions=with_protocol())
    world.add_person("alice", claims={MOBILE: "+94771234567"})
    return world


def _sign_in(world: World, app: str) -> Visitor:
    visitor = Visitor(world)
    visitor.begin(app)
    visitor.password("alice")
    return visitor


def _code(world: World) -> str:
    return world.letters[-1].facts["otpToken"]


def test_a_login_that_begins_with_a_code_is_stored_with_it(world: World) -> None:
    one = add_application(world, "one", (BASIC,))
    two = add_application(world, "two", (BASIC,), (SMS,))
    visitor = _sign_in(world, one)
    visitor.finish()
    visitor.begin(two)  # the session has taken the first step: the code goes out before the login is there
    assert visitor.page == "/authenticationendpoint/smsOtp.jsp"
    visitor.answer({"OTPcode": _code(world), **FIELDS})
    assert visitor.finish()["two_factor"] is True
    assert world.rows(challenges) == []


def test_answers_that_come_together_are_counted_one_by_one(world: World) -> None:
    visitor = _sign_in(world, add_application(world, "two", (BASIC,), (SMS,)))
    wrong = "000000" if _code(world) != "000000" else "000001"
    key, tally = visitor.key, world.installation.works.surroundings.tally
    before = tally["code_comparisons"]
    many = [Visitor(world, dict(visitor.cookies)) for _ in range(12)]
    world.together(*(lambda each=each: each.answer({"OTPcode": wrong, **FIELDS}, key=key) for each in many))
    assert tally["code_comparisons"] - before == 5
    [row] = world.rows(challenges)
    assert row["attempts"] == 5


def test_a_resend_among_answers_gives_none_of_them_back(world: World) -> None:
    visitor = _sign_in(world, add_application(world, "two", (BASIC,), (SMS,)))
    key, cookies = visitor.key, dict(visitor.cookies)
    many = [Visitor(world, dict(cookies)) for _ in range(6)]
    calls = [lambda each=each: each.answer({"OTPcode": "wrong", **FIELDS}, key=key) for each in many[:4]]
    calls += [lambda each=each: each.answer({"OTPcode": "", "resendCode": "true"}, key=key) for each in many[4:]]
    world.together(*calls)
    [row] = world.rows(challenges)
    assert row["attempts"] == 4


def test_of_two_with_the_right_code_both_are_led_to_the_same_end(world: World) -> None:
    visitor = _sign_in(world, add_application(world, "two", (BASIC,), (SMS,)))
    key, code, cookies = visitor.key, _code(world), dict(visitor.cookies)
    both = [Visitor(world, dict(cookies)) for _ in range(2)]
    world.together(*(lambda each=each: each.answer({"OTPcode": code, **FIELDS}, key=key) for each in both))
    assert {each.page for each in both} == {"/test-return"}
    assert sorted("commonAuthId" in each.cookies for each in both) == [False, True]
