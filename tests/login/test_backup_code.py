"""Backup codes on a page of their own, ``backup-code-authenticator``."""

import pytest

from tests.conftest import WorldMaker
from tests.login.visitor import BASIC, Visitor, add_application, with_protocol
from tests.world import World
from watchword.accounts.backup_codes import count_backup_codes, make_backup_codes
from watchword.accounts.claims import MOBILE
from watchword.accounts.guessing import with_failures
from watchword.accounts.model import Factor
from watchword.applications.model import Option
from watchword.tenants.usecases import change_policy

BACKUP = Option("LOCAL", "backup-code-authenticator")
SMS = Option("LOCAL", "sms-otp-authenticator")


@pytest.fixture
def world(worlds: WorldMaker) -> World:
    world = worlds(additions=with_protocol())
    world.add_person("alice", claims={MOBILE: "+94771234567"})
    return world


@pytest.fixture
def codes(world: World) -> tuple[str, ...]:
    user = world.known("alice")
    return world.do(lambda work: make_backup_codes(work, user))


@pytest.fixture
def app(world: World) -> str:
    return add_application(world, "demo", (BASIC,), (SMS, BACKUP))


def _sign_in(world: World, app: str) -> Visitor:
    visitor = Visitor(world)
    visitor.begin(app)
    visitor.password("alice")
    visitor.answer({"authenticator": "backup-code-authenticator", "idp": "LOCAL"})
    return visitor


def test_a_backup_code_logs_in_once(world: World, app: str, codes: tuple[str, ...]) -> None:
    visitor = _sign_in(world, app)
    assert visitor.page == "/authenticationendpoint/backup-code.jsp"
    visitor.answer({"BackupCode": f"{codes[0][:4]} {codes[0][4:]}"})
    assert visitor.finish()["user"] == "alice"
    user = world.known("alice")
    assert world.do(lambda work: count_backup_codes(work, user)) == 9
    again = _sign_in(world, app)
    again.answer({"BackupCode": codes[0]})
    assert again.page == "/authenticationendpoint/backup-code.jsp"
    assert again.query["authFailureMsg"] == "authentication.fail.message"


def test_wrong_codes_are_counted_and_lock(world: World, app: str, codes: tuple[str, ...]) -> None:
    visitor = _sign_in(world, app)
    for _ in range(4):
        visitor.answer({"BackupCode": "00000000"})
    user = world.known("alice")
    failures = world.do(lambda work: with_failures(work, user)).failures
    assert failures is not None
    assert failures[Factor.BACKUP] == 4
    visitor.answer({"BackupCode": "00000000"})
    assert world.known("alice").locked
    assert visitor.page == "/authenticationendpoint/backup-code-error.jsp"
    visitor.answer({"BackupCode": codes[0]})
    assert visitor.page == "/authenticationendpoint/backup-code-error.jsp"
    assert world.do(lambda work: count_backup_codes(work, user)) == 10


def test_the_sixth_answer_of_a_login_is_not_compared(world: World, app: str, codes: tuple[str, ...]) -> None:
    locking = {"account.lock.handler.lock.on.max.failed.attempts.enable": "false"}
    world.do(lambda work: change_policy(work, "account.lock.handler", locking))
    visitor = _sign_in(world, app)
    for _ in range(4):
        visitor.answer({"BackupCode": "00000000"})
        assert visitor.page == "/authenticationendpoint/backup-code.jsp"
    visitor.answer({"BackupCode": "00000000"})
    assert visitor.page == "/authenticationendpoint/backup-code-error.jsp"
    visitor.answer({"BackupCode": codes[0]})
    assert visitor.page == "/authenticationendpoint/backup-code-error.jsp"
    user = world.known("alice")
    assert world.do(lambda work: count_backup_codes(work, user)) == 10


def test_backup_codes_are_offered_to_whoever_has_some(world: World, app: str) -> None:
    def offers() -> list[bool]:
        visitor = Visitor(world)
        visitor.begin(app)
        visitor.password("alice")
        key = visitor.key
        offered = ["backup code" in visitor.get(visitor.location).text]
        visitor.answer({"authenticator": "sms-otp-authenticator", "idp": "LOCAL"}, key=key)
        return [*offered, "backup code" in visitor.get(visitor.location).text]

    assert offers() == [False, False]
    user = world.known("alice")
    world.do(lambda work: make_backup_codes(work, user))
    assert offers() == [True, True]


def test_whoever_has_no_codes_is_led_back_to_the_options(world: World, app: str) -> None:
    visitor = _sign_in(world, app)
    assert visitor.page == "/authenticationendpoint/login.do"
    assert visitor.query["authFailureMsg"] == "backup.codes.not.found"


def test_a_name_alone_is_asked_for_no_backup_code(world: World, codes: tuple[str, ...]) -> None:
    app = add_application(world, "first", (Option("LOCAL", "IdentifierExecutor"),), (BACKUP,))
    visitor = Visitor(world)
    visitor.begin(app)
    visitor.answer({"username": "alice"})
    assert visitor.page == "/authenticationendpoint/retry.do"
    assert codes
