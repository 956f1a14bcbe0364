"""A login proves one person: what each step proves is held against what the others have, and against the account."""

import pytest

from tests.conftest import WorldMaker
from tests.login.visitor import BASIC, Visitor, add_application, with_protocol
from tests.world import PASSWORD, World
from watchword.accounts.usecases.passwords import change_password
from watchword.applications.model import Option
from watchword.login.authenticator import Asked, Outcome, Proven, Turn
from watchword.login.model import Answer, Person, Place
from watchword.login.usecases.sessions import end_sessions_of

IDENTIFIER = Option("LOCAL", "IdentifierExecutor")
TOKEN = Option("LOCAL", "Token")
OTHER = Option("LOCAL", "Other")


class Token:
    """Whoever sends ``token=right`` has it; as a first step it is the token of whom ``owner`` names."""

    name = "Token"

    def wants(self, turn: Turn, answer: Answer) -> bool:
        return bool(answer.get("token"))

    def begin(self, turn: Turn) -> Outcome:
        return Asked(login=turn.login, place=Place(page="token"))

    def judge(self, turn: Turn, answer: Answer) -> Outcome:
        if answer.get("token") != "right":
            return Asked(login=turn.login, place=Place(page="token", query={"authFailure": "true"}))
        person = turn.person or Person(name=answer.get("owner"), tenant=turn.work.tenant, user_id=answer.get("id"))
        return Proven(person=Person(name=person.name, tenant=person.tenant, user_id=person.user_id))

    def send_failed(self, turn: Turn, message_id: str, reason: str) -> Outcome | None:
        return None


class Other(Token):
    """Proves somebody of its own choosing, whoever the steps before have found."""

    name = "Other"

    def judge(self, turn: Turn, answer: Answer) -> Outcome:
        return Proven(person=Person(name="mallory", tenant=turn.work.tenant, user_id=answer.get("id")))


@pytest.fixture
def world(worlds: WorldMaker) -> World:
    world = worlds(additions=with_protocol(Token(), Other()))
    world.add_person("alice")
    world.add_person("mallory")
    return world


def is_in(visitor: Visitor) -> bool:
    return visitor.page == "/test-return" and visitor.finish()["failure"] is None


def test_a_password_proves_whom_the_step_before_has_named(world: World) -> None:
    visitor = Visitor(world)
    visitor.begin(add_application(world, "named", (IDENTIFIER,), (BASIC,)))
    visitor.answer({"username": "alice"})
    visitor.answer({"username": "mallory", "password": f"{PASSWORD}-of-mallory"})
    assert visitor.query["authFailureMsg"] == "login.fail.message"
    visitor.answer({"username": "mallory", "password": PASSWORD})
    assert is_in(visitor)
    assert visitor.cookies["commonAuthId"]


def test_a_name_beside_the_password_of_somebody_who_is_known_is_not_looked_at(world: World) -> None:
    world.change(lambda work: change_password(work, world.known("mallory"), "Another-Pass-9"))
    visitor = Visitor(world)
    visitor.begin(add_application(world, "named", (IDENTIFIER,), (BASIC,)))
    visitor.answer({"username": "alice"})
    visitor.answer({"username": "mallory", "password": "Another-Pass-9"})
    assert visitor.query["authFailureMsg"] == "login.fail.message"
    assert "commonAuthId" not in visitor.cookies


def test_steps_that_prove_different_people_prove_nobody(world: World) -> None:
    mallory = world.known("mallory").id
    for steps in (((BASIC,), (OTHER,)), ((IDENTIFIER,), (OTHER,))):
        visitor = Visitor(world)
        visitor.begin(add_application(world, f"mixed {steps[0][0].authenticator}", *steps))
        visitor.answer(
            {"username": "alice"} if steps[0][0] == IDENTIFIER else {"username": "alice", "password": PASSWORD}
        )
        visitor.answer({"token": "right", "id": mallory})
        assert visitor.page == "/authenticationendpoint/retry.do"
        visitor.answer({})
        assert visitor.finish()["failure"] == "AuthnFailed"
        assert "commonAuthId" not in visitor.cookies


def test_the_name_alone_is_no_factor_and_not_the_spelling_of_the_account(world: World) -> None:
    application = add_application(world, "named", (IDENTIFIER,), (BASIC,))
    visitor = Visitor(world)
    visitor.begin(application)
    visitor.answer({"username": "ALICE"})
    visitor.answer({"password": PASSWORD})
    told = visitor.finish()
    assert told["user"] == "alice"
    assert not told["two_factor"]


def test_an_option_that_the_step_has_not_leaves_the_login_where_it_stands(world: World) -> None:
    visitor = Visitor(world)
    visitor.begin(add_application(world, "two", (BASIC,), (TOKEN,)))
    visitor.password("alice")
    before = visitor.location
    visitor.answer({"authenticator": "nix"})
    assert visitor.location == before


def test_an_option_that_is_chosen_anew_begins_anew(world: World) -> None:
    visitor = Visitor(world)
    visitor.begin(add_application(world, "choice", (BASIC,), (TOKEN, OTHER)))
    visitor.password("alice")
    visitor.answer({"authenticator": "Other", "idp": "LOCAL"})
    visitor.answer({"authenticator": "Token", "idp": "LOCAL", "token": "right"})
    assert visitor.page == "/token"
    visitor.answer({"token": "right"})
    assert is_in(visitor)


@pytest.mark.parametrize("ending", ["password", "sessions"])
def test_what_was_proven_before_the_account_ended_its_sessions_counts_no_more(world: World, ending: str) -> None:
    one, two = add_application(world, "one"), add_application(world, "two", (BASIC,), (TOKEN,))
    under_way, stepping_up, finished = Visitor(world), Visitor(world), Visitor(world)
    under_way.begin(two)
    under_way.password("alice")
    stepping_up.begin(one)
    stepping_up.password("alice")
    stepping_up.finish()
    stepping_up.begin(two)
    finished.begin(one)
    finished.password("alice")
    world.clock.tick(seconds=1)
    if ending == "password":
        world.change(lambda work: change_password(work, world.known("alice"), "Another-Pass-9"))
    else:
        world.do(lambda work: end_sessions_of(work, world.known("alice")))
    stepping_up.answer({"token": "right"})
    assert not is_in(stepping_up)
    assert finished.finish()["failure"] == "AuthnFailed"
    if ending == "password":
        under_way.answer({"token": "right"})
        assert not is_in(under_way)


def test_a_step_up_does_not_outlive_the_persons_own_logout(world: World) -> None:
    one, two = add_application(world, "one"), add_application(world, "two", (BASIC,), (TOKEN,))
    visitor = Visitor(world)
    visitor.begin(one)
    visitor.password("alice")
    visitor.finish()
    visitor.begin(two)
    key = visitor.key
    visitor.get("/commonauth?commonAuthLogout=true")
    visitor.answer({"token": "right"}, key=key)
    assert not is_in(visitor)


def test_the_cookie_of_the_tenant_comes_before_that_of_the_super_tenant(world: World) -> None:
    visitor = Visitor(world)
    visitor.begin(add_application(world, "one"))
    visitor.password("alice")
    visitor.finish()
    secret = visitor.cookies["commonAuthId"]
    both = Visitor(world, headers={"cookie": f"commonAuthId={secret}; commonAuthId=of-the-longer-path-behind"})
    both.begin(add_application(world, "two"))
    assert both.page == "/test-return"


def test_two_tabs_at_once_do_not_take_the_cookie_from_one_another(world: World) -> None:
    application = add_application(world, "one")
    visitor = Visitor(world)
    visitor.begin(application)
    visitor.password("alice")
    visitor.finish()
    before = visitor.cookies["commonAuthId"]
    tabs = [Visitor(world, dict(visitor.cookies)) for _ in range(2)]
    world.together(*(lambda tab=tab: tab.begin(application) for tab in tabs))
    assert [tab.page for tab in tabs] == ["/test-return"] * 2
    assert [tab.cookies["commonAuthId"] for tab in tabs] == [before] * 2
    visitor.begin(application, force="true")
    visitor.password("alice")
    assert visitor.cookies["commonAuthId"] != before
