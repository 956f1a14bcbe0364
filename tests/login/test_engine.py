"""The dispatcher, sessions, and what binds a login to a browser (platform.md 2; cases PLAT-AUTH-*)."""

import re

import pytest

from tests.conftest import WorldMaker
from tests.login.visitor import BASIC, Visitor, add_application, with_protocol
from tests.world import OTHER_TENANT, PASSWORD, World
from watchword.accounts.store.users import Users
from watchword.accounts.usecases.stores import create_user_store
from watchword.applications.model import Advanced, Option
from watchword.login.authenticator import Asked, Outcome, Proven, Turn
from watchword.login.model import Answer, Place
from watchword.storage.schema import logins, sessions
from watchword.tenants.usecases import change_policy

LOCKING = "account.lock.handler"
IDENTIFIER = Option("LOCAL", "IdentifierExecutor")
TOKEN = Option("LOCAL", "Token")
CARD = Option("LOCAL", "Card")


class Token:
    """A second factor of the tests: whoever sends ``token=right`` has it."""

    name = "Token"

    def wants(self, turn: Turn, answer: Answer) -> bool:
        return bool(answer.get("token"))

    def begin(self, turn: Turn) -> Outcome:
        return Asked(login=turn.login, place=Place(page="token"))

    def judge(self, turn: Turn, answer: Answer) -> Outcome:
        if answer.get("token") == "right" and turn.person is not None:
            return Proven(person=turn.person)
        return Asked(login=turn.login, place=Place(page="token", query={"authFailure": "true"}))

    def send_failed(self, turn: Turn, message_id: str, reason: str) -> Outcome | None:
        return None


class Card(Token):
    name = "Card"


@pytest.fixture
def world(worlds: WorldMaker) -> World:
    world = worlds(additions=with_protocol(Token(), Card()))
    world.add_person("alice")
    world.add_person("bob")
    return world


@pytest.fixture
def one_step(world: World) -> str:
    return add_application(world, "one")


@pytest.fixture
def two_steps(world: World) -> str:
    return add_application(world, "two", (BASIC,), (TOKEN,))


def test_name_and_password_log_in(world: World, one_step: str) -> None:
    visitor = Visitor(world)
    visitor.begin(one_step, relay="kept")
    assert visitor.page == "/authenticationendpoint/login.do"
    assert visitor.query["relyingParty"] == "test-party"
    assert visitor.query["sp"] == "one"
    assert visitor.query["authenticators"] == "BasicAuthenticator:LOCAL"
    visitor.password("alice")
    told = visitor.finish()
    assert told["user"] == "alice"
    assert told["failure"] is None
    assert told["memory"] == {"relay": "kept"}
    assert told["steps"] == [[1, "BasicAuthenticator", False]]


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_PLAT_AUTH_01_every_refusal_is_told_alike(world: World, one_step: str, name: str) -> None:
    world.add_person("closed", disabled=True)
    world.add_person("shut", locked=True)
    answers = []
    for who, password in ((name, "wrong"), ("closed", PASSWORD), ("shut", PASSWORD), ("nobody", PASSWORD)):
        visitor = Visitor(world)
        visitor.begin(one_step)
        visitor.password(who, password)
        answers.append((visitor.page, {**visitor.query, "sessionDataKey": ""}))
    assert all(each == answers[0] for each in answers)
    assert answers[0][1]["authFailureMsg"] == "login.fail.message"


def test_PLAT_AUTH_02_a_step_that_the_session_has_taken_is_not_asked_again(
    world: World, one_step: str, two_steps: str
) -> None:
    visitor = Visitor(world)
    visitor.begin(one_step)
    visitor.password("alice")
    visitor.finish()
    visitor.begin(two_steps)
    assert visitor.page == "/token"
    visitor.answer({"token": "right"})
    assert visitor.finish()["two_factor"]
    visitor.begin(two_steps)
    assert visitor.finish()["user"] == "alice"


def test_PLAT_AUTH_03_a_new_tab_asks_for_nothing(world: World, two_steps: str) -> None:
    visitor = Visitor(world)
    visitor.begin(two_steps)
    visitor.password("alice")
    visitor.answer({"token": "right"})
    visitor.finish()
    visitor.begin(two_steps)
    assert visitor.page == "/test-return"


def test_PLAT_AUTH_04_only_options_of_the_step_may_be_chosen(world: World, two_steps: str) -> None:
    visitor = Visitor(world)
    visitor.begin(two_steps)
    visitor.password("alice")
    for option in ({"authenticator": "BasicAuthenticator", "idp": "LOCAL"}, {"authenticator": "Token", "idp": "Weak"}):
        visitor.answer({**option, "username": "alice", "password": PASSWORD, "token": "right"})
        assert visitor.page != "/test-return"
    visitor.answer({"authenticator": "Token", "idp": "LOCAL", "token": "right"})
    assert visitor.finish()["two_factor"]


def test_PLAT_AUTH_05_a_login_belongs_to_the_browser_that_began_it(world: World, one_step: str) -> None:
    victim, other = Visitor(world), Visitor(world)
    victim.begin(one_step)
    key = victim.key
    other.answer({"username": "bob", "password": PASSWORD}, key=key)
    assert other.page == "/authenticationendpoint/retry.do"
    assert other.query["authFailureMsg"] == "login.stale"
    assert "commonAuthId" not in other.cookies
    victim.answer({"username": "alice", "password": PASSWORD}, key=key)
    assert victim.finish()["user"] == "alice"


def test_PLAT_AUTH_06_a_login_that_is_old_or_over_begins_again(world: World, one_step: str) -> None:
    visitor = Visitor(world)
    visitor.begin(one_step)
    key = visitor.key
    world.clock.tick(minutes=60)
    visitor.answer({"username": "alice", "password": PASSWORD}, key=key)
    assert visitor.query["authFailureMsg"] == "login.stale"
    visitor.begin(one_step)
    key = visitor.key
    visitor.answer({"username": "alice", "password": PASSWORD}, key=key)
    back = visitor.location
    visitor.finish()
    visitor.answer({"username": "alice", "password": PASSWORD}, key=key)
    assert visitor.query["authFailureMsg"] == "login.stale"
    assert visitor.get(back).status == 400


def test_PLAT_AUTH_07_the_cookie_is_changed_by_every_login_and_stands_nowhere(world: World, one_step: str) -> None:
    visitor = Visitor(world)
    visitor.begin(one_step)
    reply = visitor.password("alice")
    first = visitor.cookies["commonAuthId"]
    cookie = next(each for each in reply.cookies if each.startswith("commonAuthId="))
    assert "HttpOnly" in cookie
    assert "Path=/;" in cookie
    visitor.finish()
    visitor.begin(one_step, force="true")
    assert visitor.page == "/authenticationendpoint/login.do"
    visitor.password("bob")
    assert visitor.finish()["user"] == "bob"
    assert visitor.cookies["commonAuthId"] != first
    rows = world.rows(sessions)
    assert len(rows) == 1
    assert visitor.cookies["commonAuthId"] not in str(rows)
    old = Visitor(world, {"commonAuthId": first})
    old.begin(one_step)
    assert old.page == "/authenticationendpoint/login.do"


def test_PLAT_AUTH_08_a_session_ends_when_nobody_uses_it(world: World, one_step: str) -> None:
    visitor, remembered = Visitor(world), Visitor(world)
    for each, more in ((visitor, {}), (remembered, {"chkRemember": "on"})):
        each.begin(one_step)
        each.password("alice", **more)
        each.finish()
    world.clock.tick(minutes=14)
    visitor.begin(one_step)
    assert visitor.page == "/test-return"
    world.clock.tick(minutes=16)
    visitor.begin(one_step)
    assert visitor.page == "/authenticationendpoint/login.do"
    world.clock.tick(days=13)
    remembered.begin(one_step)
    assert remembered.page == "/test-return"
    world.clock.tick(days=2)
    remembered.begin(one_step)
    assert remembered.page == "/authenticationendpoint/login.do"


def test_a_session_ends_after_a_day_however_much_it_is_used(world: World, one_step: str) -> None:
    visitor = Visitor(world)
    visitor.begin(one_step)
    visitor.password("alice")
    visitor.finish()
    for _ in range(24 * 6):
        world.clock.tick(minutes=10)
        visitor.begin(one_step)
    assert visitor.page == "/authenticationendpoint/login.do"


def test_PLAT_AUTH_12_locks_are_forgotten_when_the_whole_login_has_succeeded(world: World, two_steps: str) -> None:
    world.do(lambda work: change_policy(work, LOCKING, {f"{LOCKING}.On.Failure.Max.Attempts": "2"}))
    visitor = Visitor(world)
    visitor.begin(two_steps)
    for _ in range(2):
        visitor.password("alice", "wrong")
    assert world.known("alice").lockouts == 1
    world.clock.tick(minutes=6)
    visitor.password("alice")
    assert visitor.page == "/token"
    assert world.known("alice").lockouts == 1
    visitor.answer({"token": "right"})
    assert visitor.finish()["user"] == "alice"
    assert world.known("alice").lockouts == 0


def test_PLAT_AUTH_13_people_of_another_tenant_need_an_application_for_all(world: World, one_step: str) -> None:
    world.add_person("kim", tenant=OTHER_TENANT)
    visitor = Visitor(world)
    visitor.begin(one_step)
    visitor.password(f"kim@{OTHER_TENANT}")
    assert visitor.query["authFailureMsg"] == "user.tenant.domain.mismatch.message"
    for_all = add_application(world, "for all", advanced=Advanced(saas=True))
    visitor = Visitor(world)
    visitor.begin(for_all)
    visitor.password(f"kim@{OTHER_TENANT}")
    assert visitor.finish()["user"] == "kim"


def test_a_passive_request_shows_no_page(world: World, one_step: str) -> None:
    visitor = Visitor(world)
    visitor.begin(one_step, passive="true")
    assert visitor.finish()["failure"] == "NoPassive"
    visitor.begin(one_step)
    visitor.password("alice")
    visitor.finish()
    visitor.begin(one_step, passive="true")
    assert visitor.finish()["user"] == "alice"
    visitor.begin(one_step, passive="true", force="true")
    assert visitor.finish()["failure"] == "NoPassive"


def test_whoever_cancels_goes_back_without_a_proof(world: World, two_steps: str) -> None:
    visitor = Visitor(world)
    visitor.begin(two_steps)
    visitor.password("alice")
    visitor.answer({"deny": "true"})
    told = visitor.finish()
    assert told["failure"] == "cancelled"
    assert told["user"] is None
    assert "commonAuthId" not in visitor.cookies


def test_only_the_wanted_person_may_log_in_where_that_is_asked(world: World, one_step: str) -> None:
    visitor = Visitor(world)
    visitor.begin(one_step, user="alice", must="true")
    visitor.password("bob")
    assert visitor.page == "/authenticationendpoint/retry.do"
    visitor.answer({})
    assert visitor.finish()["failure"] == "AuthnFailed"


def test_the_name_first_proves_nothing(world: World) -> None:
    application = add_application(world, "named", (IDENTIFIER,), (BASIC,))
    visitor = Visitor(world)
    visitor.begin(application)
    visitor.answer({"username": "alice"})
    assert visitor.query["authenticators"] == "BasicAuthenticator:LOCAL"
    visitor.answer({"password": "wrong"})
    assert visitor.query["authFailureMsg"] == "login.fail.message"
    visitor.answer({"password": PASSWORD})
    assert visitor.finish()["user"] == "alice"


def test_the_name_first_may_be_of_another_store_and_tenant(world: World) -> None:
    world.change(lambda work: create_user_store(work, "STAFF"), OTHER_TENANT)
    world.add_person("STAFF/kim", tenant=OTHER_TENANT)
    application = add_application(world, "named", (IDENTIFIER,), (BASIC,), advanced=Advanced(saas=True))
    visitor = Visitor(world)
    visitor.begin(application)
    visitor.answer({"username": f"STAFF/kim@{OTHER_TENANT}"})
    visitor.answer({"password": PASSWORD})
    assert visitor.finish()["user"] == "kim"


def test_a_step_with_options_is_taken_by_the_one_that_is_chosen(world: World) -> None:
    application = add_application(world, "choice", (BASIC,), (TOKEN, CARD))
    visitor = Visitor(world)
    visitor.begin(application)
    visitor.password("alice")
    assert visitor.page == "/authenticationendpoint/login.do"
    assert visitor.query["authenticators"] == "Token:LOCAL;Card:LOCAL"
    visitor.answer({"authenticator": "Card", "idp": "LOCAL"})
    assert visitor.page == "/token"
    visitor.answer({"token": "wrong"})
    visitor.answer({"token": "right"})
    assert visitor.finish()["steps"][1] == [2, "Card", False]


def test_the_second_factor_of_somebody_else_does_not_count(world: World) -> None:
    first = add_application(world, "first", (BASIC,), (TOKEN,))
    second = add_application(world, "second", (CARD,), (TOKEN,))
    visitor = Visitor(world)
    visitor.begin(first)
    visitor.password("alice")
    visitor.answer({"token": "right"})
    visitor.finish()
    visitor.begin(second)
    assert visitor.page == "/token"
    assert world.rows(logins)


def test_two_answers_at_once_lead_to_one_login(world: World, one_step: str) -> None:
    visitor = Visitor(world)
    visitor.begin(one_step)
    key, cookies = visitor.key, dict(visitor.cookies)
    both = [Visitor(world, dict(cookies)) for _ in range(2)]
    fields = {"username": "alice", "password": PASSWORD}
    world.together(*(lambda each=each: each.answer(fields, key=key) for each in both))
    assert [each.page for each in both] == ["/test-return", "/test-return"]
    assert len(world.rows(sessions)) == 1


def test_an_account_that_is_closed_meanwhile_is_not_told_to_the_application(world: World, one_step: str) -> None:
    visitor = Visitor(world)
    visitor.begin(one_step)
    visitor.password("alice")
    world.change(lambda work: Users(work).set_disabled(world.known("alice").id, disabled=True))
    assert visitor.finish()["failure"] == "AuthnFailed"
    visitor.begin(one_step)
    assert visitor.page == "/authenticationendpoint/login.do"


def test_a_form_of_another_site_is_refused(world: World, one_step: str) -> None:
    visitor = Visitor(world)
    visitor.begin(one_step)
    visitor.headers = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    assert visitor.password("alice").status == 403


def test_a_password_in_an_address_is_not_taken(world: World, one_step: str) -> None:
    visitor = Visitor(world)
    visitor.begin(one_step)
    visitor.get(f"/commonauth?sessionDataKey={visitor.key}&username=alice&password={PASSWORD}")
    assert visitor.page == "/authenticationendpoint/login.do"


def test_logging_out_ends_the_session(world: World, one_step: str) -> None:
    visitor = Visitor(world)
    visitor.begin(one_step)
    visitor.password("alice")
    visitor.finish()
    visitor.get("/commonauth?commonAuthLogout=true")
    assert visitor.page == "/authenticationendpoint/samlsso_logout.do"
    assert not world.rows(sessions)
    assert "commonAuthId" not in visitor.cookies


def test_logins_and_sessions_that_are_over_are_swept(world: World, one_step: str) -> None:
    visitor = Visitor(world)
    visitor.begin(one_step)
    visitor.password("alice")
    Visitor(world).begin(one_step)
    assert world.rows(logins)
    world.clock.tick(hours=25)
    world.sweep()
    assert not world.rows(logins)
    assert not world.rows(sessions)


def test_the_key_of_a_login_stands_in_no_row(world: World, one_step: str) -> None:
    visitor = Visitor(world)
    visitor.begin(one_step)
    assert re.fullmatch(r"[0-9a-f]{48}", visitor.key)
    assert visitor.key not in str(world.rows(logins))
