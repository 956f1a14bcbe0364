"""The classic code by SMS: the cases of sms-otp.yaml that no player can play, and what they leave out."""

import json
import logging
import re
import threading
from typing import Any

import pytest

from tests.login.player import CASES, scene_of
from tests.login.stage import (
    USUAL_RECIPE,
    Federation,
    Scene,
    Stage,
    StageMaker,
    answer,
    associate,
    force_code,
)
from tests.login.visitor import Visitor
from tests.notification.gateway import silent
from watchword.accounts.backup_codes import count_backup_codes
from watchword.accounts.claims import BACKUP_CODES, IDENTITY, IDENTITY_BACKUP_CODES, MOBILE, PHONE_VERIFIED, Channel
from watchword.accounts.model import LockedReason, Proof
from watchword.accounts.store.users import Users
from watchword.storage.audit import read_audit
from watchword.storage.schema import challenges

FAILED_CODES = IDENTITY + "failedSmsOtpAttempts"
LOCKOUTS = IDENTITY + "failedLoginLockoutCount"
WRONG = "authentication.fail.message"


def _stage(stages: StageMaker, case: str, **changes: Any) -> Stage:  # noqa: ANN401  # fields of a scene
    return stages(scene_of(CASES[case], **changes))


@pytest.fixture
def stage(stages: StageMaker) -> Stage:
    return stages(Scene(parameters={"RetryEnable": "true"}))


# --- the cases


def test_FLOW_17_without_the_federated_number_the_login_fails(stages: StageMaker) -> None:
    stage = _stage(stages, "FLOW-17")
    stage.sign_in("fed", "frank")
    assert stage.page == "failed"
    assert stage.sent == 0


def test_the_federated_number_is_found_under_its_name(stages: StageMaker) -> None:
    stage = _stage(stages, "FLOW-17")
    stage.sign_in("fed", "frank", mobile="+94770000002")
    assert stage.page == "code"
    assert stage.requests[0].json == {"to": "+94770000002", "content": f"Verification Code: {stage.code}"}
    stage.submit(stage.code)
    assert stage.visitor.finish()["user"] == "frank"


def test_FLOW_20_somebody_of_another_tenant_is_refused_at_the_answer(stages: StageMaker) -> None:
    stage = _stage(stages, "FLOW-20")
    tina = stage.world.known("tina", "abc.com")
    stage.enter("fed").answer({"assert": "tina", "tenant": "abc.com", "user_id": tina.id})
    assert stage.page == "code"
    assert stage.requests[0].json["to"] == "+94775555555"  # type: ignore[index]  # a document
    stage.submit(stage.code)
    assert stage.page == "error"
    assert stage.visitor.query["authFailureMsg"] == "user.tenant.domain.mismatch.message"


def test_FLOW_21_logging_out_sends_nothing(stage: Stage) -> None:
    stage.sign_in("demo", "alice")
    stage.submit(stage.code)
    stage.visitor.finish()
    stage.visitor.get("/commonauth?commonAuthLogout=true")
    assert stage.page.endswith("samlsso_logout.do")
    assert stage.sent == 1


def test_FLOW_25_a_wrong_code_leads_back_to_the_options(stages: StageMaker) -> None:
    stage = _stage(stages, "FLOW-25")
    stage.sign_in("multi", "alice")
    stage.visitor.answer({"authenticator": "SMSOTP", "idp": "idp-sms"})
    assert stage.page == "code"
    stage.submit(stage.other_code)
    assert stage.page == "login"
    assert "SMSOTP:idp-sms" in stage.visitor.query["authenticators"]


def test_FLOW_26_the_code_page_links_back_to_the_options(stage: Stage) -> None:
    stage.sign_in("multi", "alice")
    foreign = {"multiOptionURI": "https://evil.example/"}
    stage.visitor.answer({"authenticator": "SMSOTP", "idp": "idp-sms", **foreign})
    assert stage.page == "code"
    link = stage.visitor.query["multiOptionURI"]
    assert link.startswith("http://localhost:9443/authenticationendpoint/login.do?sessionDataKey=")
    assert "multiOptionURI=http%3A%2F%2Flocalhost%3A9443%2Fauthenticationendpoint" in stage.visitor.location


def test_FLOW_27_a_code_is_good_once(stage: Stage) -> None:
    stage.sign_in("demo", "alice")
    key, code = stage.visitor.key, stage.code
    stage.submit(code)
    assert stage.visitor.finish()["user"] == "alice"
    stage.visitor.answer({"OTPcode": code, "resendCode": "false"}, key=key)
    assert stage.page == "failed"
    assert stage.visitor.query["authFailureMsg"] == "login.stale"


def test_FLOW_28_a_code_is_of_one_login(stage: Stage) -> None:
    stage.sign_in("demo", "alice")
    first = stage.code
    other = stage.sign_in("demo", "alice", Visitor(stage.world))
    assert stage.sent == 2
    stage.visitor = other
    stage.submit(first)
    assert stage.page == "code"
    assert stage.visitor.query["authFailureMsg"] == WRONG


def test_FLOW_29_a_double_click_is_harmless(stage: Stage) -> None:
    stage.sign_in("demo", "alice")
    key, code, cookies = stage.visitor.key, stage.code, dict(stage.visitor.cookies)
    clicks = [Visitor(stage.world, dict(cookies)) for _ in range(2)]
    fields = {"OTPcode": code, "resendCode": "false"}
    stage.world.together(*(lambda each=each: each.answer(fields, key=key) for each in clicks))
    assert {each.page for each in clicks} == {"/test-return"}
    claims = stage.claims("alice")
    assert claims[FAILED_CODES] == "0"
    winner = next(each for each in clicks if "commonAuthId" in each.cookies)
    assert winner.finish()["user"] == "alice"


def test_MOB_06_a_number_that_the_store_refuses_is_asked_for_again(stages: StageMaker) -> None:
    stage = _stage(stages, "MOB-06", settings={"watchword.claims.unique": MOBILE})
    stage.sign_in("demo", "bob")
    stage.visitor.answer({"MOBILE_NUMBER": "+94776666666"})
    assert stage.page == "code"
    owner = stage.world.add_person("eve", claims={MOBILE: "+94776666666"})
    stage.submit(stage.code)
    assert stage.page == "mobile"
    assert stage.visitor.query["authFailureMsg"] == WRONG
    assert "already used" in stage.visitor.query["authFailureInfo"]
    assert stage.world.known("bob").address(Channel.SMS) is None
    assert owner.name.typed == "eve"


def test_OTP_06_leading_zeros_are_part_of_a_code(stage: Stage) -> None:
    stage.sign_in("demo", "alice")
    force_code(stage, "000123")
    stage.submit("123")
    assert stage.page == "code"
    assert stage.visitor.query["authFailure"] == "true"
    stage.submit("000123")
    assert stage.visitor.finish()["user"] == "alice"


@pytest.mark.parametrize(("seconds", "page"), [(60, "app"), (60.001, "code")])
def test_OTP_08_the_validity_is_accepted_to_its_end(stages: StageMaker, seconds: float, page: str) -> None:
    stage = _stage(stages, "OTP-08")
    stage.sign_in("demo", "alice")
    stage.clock.tick(seconds=seconds)
    stage.submit(stage.code)
    assert stage.page == page


def test_OTP_13_no_code_stands_where_others_read(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    stage.sign_in("demo", "alice")
    code, seen = stage.code, [stage.visitor.location]
    seen.append(stage.visitor.get(stage.visitor.location).text)
    stage.visitor.last = None
    stage.sign_in("demo", "alice")
    stage.submit(stage.code)
    seen += [stage.visitor.location, *(record.getMessage() + str(record.__dict__) for record in caplog.records)]
    seen += [repr(event) for event in stage.world.do(read_audit)]
    assert any("send_login_code" in text for text in seen)
    assert not any(each in text for text in seen for each in (code, stage.code))


@pytest.mark.parametrize("mandatory", ["true", "false"])
def test_RES_08_sends_are_counted_for_the_person(stages: StageMaker, mandatory: str) -> None:
    parameters = {**scene_of(CASES["RES-08"]).parameters, "SMSOTPMandatory": mandatory}
    stage = _stage(stages, "RES-08", parameters=parameters)
    stage.sign_in("demo", "alice")
    stage.clock.tick(seconds=31)
    stage.resend()
    assert stage.page == "code"
    stage.clock.tick(seconds=31)
    stage.resend()
    assert stage.page == "error"
    assert stage.visitor.query["authFailureMsg"] == "resent.count.exceeded"
    stage.sign_in("demo", "alice", Visitor(stage.world))
    assert stage.sent == 2
    stage.clock.tick(minutes=6)
    stage.visitor = Visitor(stage.world)
    stage.sign_in("demo", "alice")
    assert stage.page == "code"
    assert stage.claims("alice")[IDENTITY + "smsOtpResendAttempts"] == "1"


def test_LOCK_03_the_second_lock_lasts_twice_as_long(stages: StageMaker) -> None:
    stage = _stage(stages, "LOCK-03")
    for lockouts, minutes in (("1", 5), ("2", 10)):
        stage.visitor = Visitor(stage.world)
        stage.sign_in("demo", "alice")
        for _ in range(3):
            stage.submit(stage.other_code)
        assert stage.page == "error"
        claims, now = stage.claims("alice"), int(stage.clock.now().timestamp() * 1000)
        assert claims[IDENTITY + "unlockTime"] == str(now + minutes * 60_000)
        assert claims[LOCKOUTS] == lockouts
        stage.clock.tick(minutes=5, seconds=1)


def test_LOCK_04_whoever_is_locked_meanwhile_is_refused(stages: StageMaker) -> None:
    stage = _stage(stages, "LOCK-04")
    stage.sign_in("demo", "alice")
    user = stage.world.known("alice")
    stage.world.change(lambda work: Users(work).lock(user.id, LockedReason.ADMIN_INITIATED))
    stage.submit(stage.code)
    assert stage.page == "error"
    assert stage.visitor.query["authFailureMsg"] == WRONG


def test_a_lock_is_told_with_its_end_where_reasons_are_shown(stages: StageMaker) -> None:
    parameters = {**scene_of(CASES["LOCK-01"]).parameters, "showAuthFailureReason": "true"}
    stage = _stage(stages, "LOCK-01", parameters=parameters)
    stage.sign_in("demo", "alice")
    for _ in range(3):
        stage.submit(stage.other_code)
    assert stage.page == "error"
    assert (stage.visitor.query["authFailureMsg"], stage.visitor.query["unlockTime"]) == ("user.account.locked", "5")


def test_LOCK_07_a_success_begins_the_counting_anew(stages: StageMaker) -> None:
    stage = _stage(stages, "LOCK-07")
    stage.sign_in("demo", "alice")
    for _ in range(2):
        stage.submit(stage.other_code)
    assert stage.claims("alice")[FAILED_CODES] == "2"
    stage.submit(stage.code)
    assert stage.page == "app"
    claims = stage.claims("alice")
    assert (claims[FAILED_CODES], claims[LOCKOUTS]) == ("0", "0")


def test_LOCK_09_somebody_without_an_account_locks_nobody(stages: StageMaker) -> None:
    stage = _stage(stages, "LOCK-09")
    stage.sign_in("fed", "frank")
    stage.visitor.answer({"MOBILE_NUMBER": "+94770000001"})
    for _ in range(5):
        stage.submit(stage.other_code)
    assert not any(stage.world.known(name).locked for name in ("alice", "bob", "carol", "dave"))


def _left(stage: Stage, name: str = "dave") -> int:
    user = stage.world.known(name)
    return stage.world.do(lambda work: count_backup_codes(work, user))


def test_BAK_01_and_02_a_backup_code_logs_in_once(stages: StageMaker) -> None:
    stage = _stage(stages, "BAK-01")
    stage.sign_in("demo", "dave")
    assert stage.page == "code"
    stage.submit("110257")
    assert stage.visitor.finish()["user"] == "dave"
    assert _left(stage) == 1
    assert BACKUP_CODES not in stage.world.known("dave").claims  # what was in clear is not any more
    stage.visitor = Visitor(stage.world)
    stage.sign_in("demo", "dave")
    stage.submit("110257")
    assert stage.page == "code"
    assert stage.visitor.query["authFailureMsg"] == WRONG
    stage.submit("482913")
    assert stage.page == "app"
    assert _left(stage) == 0


def test_BAK_04_a_backup_code_outlives_the_code(stages: StageMaker) -> None:
    stage = _stage(stages, "BAK-04")
    stage.sign_in("demo", "dave")
    stage.clock.tick(seconds=301)
    stage.submit("482913")
    assert stage.page == "app"


def test_BAK_06_of_two_with_the_same_backup_code_one_wins(stages: StageMaker) -> None:
    stage = _stage(stages, "BAK-06")
    both = [stage.sign_in("demo", "dave", Visitor(stage.world)) for _ in range(2)]
    stage.world.together(*(lambda each=each: stage.submit("482913", each) for each in both))
    assert sorted(each.page == "/test-return" for each in both) == [False, True]


def test_BAK_07_the_list_may_stand_in_the_identity_claim(stages: StageMaker) -> None:
    people = {"dave": {BACKUP_CODES: "", IDENTITY_BACKUP_CODES: "482913,110257"}}
    stage = _stage(stages, "BAK-07", people=people)
    stage.sign_in("demo", "dave")
    stage.submit("482913")
    assert stage.page == "app"
    assert _left(stage) == 1


def test_BAK_08_somebody_without_an_account_has_no_backup_codes(stages: StageMaker) -> None:
    stage = _stage(stages, "BAK-08")
    stage.sign_in("fed", "dave")
    stage.visitor.answer({"MOBILE_NUMBER": "+94770000001"})
    stage.submit("482913")
    assert stage.page == "code"
    assert stage.visitor.query["authFailure"] == "true"
    assert _left(stage) == 2


def test_BAK_09_what_is_left_is_of_the_mapped_user(stages: StageMaker) -> None:
    stage = _stage(stages, "BAK-09")
    associate(stage, "someone", "dave")
    stage.sign_in("fed", "someone")
    stage.submit("482913")
    assert stage.visitor.finish()["user"] == "someone"
    assert _left(stage) == 1


def test_PERR_14_a_provider_that_says_nothing_is_given_up(stages: StageMaker) -> None:
    over = threading.Event()
    waits = {"watchword.delivery.attempt_timeout": "300ms", "watchword.delivery.first_attempt_wait": "5s"}
    stage = _stage(stages, "PERR-14", answers=[silent(over)], settings=waits)
    stage.sign_in("demo", "alice")
    over.set()
    assert stage.page == "error"
    assert stage.visitor.query["authFailureMsg"] == "SMSOTP-65004"


def test_PERR_18_each_failure_is_told_by_itself(stages: StageMaker) -> None:
    stage = _stage(stages, "PERR-18")
    stage.sign_in("demo", "alice")
    assert (stage.page, stage.visitor.query["authFailureMsg"]) == ("error", "SMSOTP-60005")
    stage.configure(http_response="202")
    stage.resend()
    assert (stage.page, stage.visitor.query["authFailureMsg"]) == ("error", "unable.send.code")
    assert stage.sent == 2


def test_EVT_04_a_repaired_document_is_sent(stages: StageMaker, caplog: pytest.LogCaptureFixture) -> None:
    stage = _stage(stages, "EVT-04")
    stage.sign_in("demo", "alice")
    assert stage.requests[0].json.items() >= {"api_key": "K", "api_secret": "S"}.items()  # type: ignore[attr-defined]
    assert any("SMSPublisher" in line and "repaired" in line for line in map(str, _remarks(stage) + caplog.messages))


def _remarks(stage: Stage) -> list[str]:
    publishers = stage.world.installation.senders.publishers  # type: ignore[attr-defined]
    return [str(remark) for each in publishers.all() for remark in each.remarks]


def test_EVT_17_headers_and_basic_authentication_travel(stages: StageMaker) -> None:
    case = CASES["EVT-17"]
    properties = case["config"]["adapter_properties"]
    more = "".join(f'<property name="{name}">{value}</property>' for name, value in properties.items())
    files = {path: text.replace("</to>", f"{more}</to>") for path, text in case["config"]["files"].items()}
    stage = _stage(stages, "EVT-17", files=files)
    stage.sign_in("demo", "alice")
    headers = stage.requests[0].headers
    assert (headers["x-a"], headers["authorization"]) == ("1", "Basic dTpw")


# --- what the cases leave out


def test_the_sixth_answer_is_refused_even_if_it_is_right(stage: Stage) -> None:  # D-12
    stage.sign_in("demo", "alice")
    for _ in range(4):
        stage.submit(stage.other_code)
        assert stage.page == "code"
    stage.submit(stage.other_code)
    code_page, key = "/smsotpauthenticationendpoint/smsotp.jsp", stage.visitor.key
    for more in ({"OTPcode": stage.code}, {"resendCode": "true"}, {"OTPcode": "", "resendCode": "false"}):
        assert stage.page == "error"
        assert (stage.visitor.query["authFailureMsg"], stage.visitor.query["resendCode"]) == (WRONG, "false")
        shown = stage.visitor.get(stage.visitor.location).text
        assert "No code is accepted here any more" in shown
        assert 'name="OTPcode"' not in shown
        assert 'name="resendCode"' not in shown
        stage.visitor.get(f"{code_page}?sessionDataKey={key}")
        assert stage.page == "error"
        stage.clock.tick(seconds=31)
        stage.visitor.answer(more)
    assert (stage.page, stage.sent) == ("error", 1)


@pytest.mark.parametrize("name", ["alice", "bob", "nobody"])
def test_as_first_factor_another_code_is_told_alike(stages: StageMaker, name: str) -> None:
    stage = stages(Scene(parameters={"MaximumResendAttempts": "1"}, answers=[answer(500)] * 4))
    stage.enter("first")
    stage.visitor.answer({"username": name})
    seen = []
    for _ in range(2):
        stage.clock.tick(seconds=31)
        key = stage.visitor.key
        stage.resend()
        shown = stage.visitor.get(location := stage.visitor.location).text
        seen.append((location.partition("?")[0].rpartition("/")[2], "A new code was sent" in shown))
        stage.visitor.answer({"OTPcode": "000000"}, key=key)
    assert seen == [("smsotp.jsp", True), ("smsotpError.jsp", False)]


@pytest.mark.parametrize("name", ["alice", "bob", "nobody"])
def test_as_first_factor_the_last_try_ends_the_login_of_anybody(stages: StageMaker, name: str) -> None:
    policies = {"account.lock.handler.lock.on.max.failed.attempts.enable": "true",
                "account.lock.handler.On.Failure.Max.Attempts": "5"}  # fmt: skip
    stage = stages(Scene(parameters={"EnableAccountLockingForFailedAttempts": "true"}, policies=policies))
    stage.enter("first")
    stage.visitor.answer({"username": name})
    seen = []
    for _ in range(6):
        stage.submit("000000")
        query = stage.visitor.query
        seen.append((stage.page, query["authFailureMsg"], query["resendCode"]))
    assert seen == [("code", WRONG, "true")] * 4 + [("error", WRONG, "false")] * 2


def test_answers_that_come_together_are_counted_one_by_one(stage: Stage) -> None:
    stage.sign_in("demo", "alice")
    key, cookies, wrong = stage.visitor.key, dict(stage.visitor.cookies), stage.other_code
    many = [Visitor(stage.world, dict(cookies)) for _ in range(12)]
    fields = {"OTPcode": wrong, "resendCode": "false"}
    before = stage.world.installation.works.surroundings.tally["code_comparisons"]
    stage.world.together(*(lambda each=each: each.answer(fields, key=key) for each in many))
    assert stage.world.installation.works.surroundings.tally["code_comparisons"] - before == 5
    [row] = stage.world.rows(challenges)
    assert row["attempts"] == 5


def test_a_name_that_is_changed_does_not_change_who_is_asked(stages: StageMaker) -> None:
    stage = stages(Scene())
    stage.enter("first")
    stage.visitor.answer({"username": "alice"})
    stage.world.together(lambda: None)
    code = _wait_for_code(stage)
    stage.visitor.answer({"username": "dave", "OTPcode": code, "resendCode": "false"})
    assert stage.visitor.finish()["user"] == "alice"


def test_a_code_is_of_no_use_to_anybody_else(stages: StageMaker) -> None:
    """Whoever goes to another option and back may type another name, and still has only his own code."""
    stage = stages(Scene())
    stage.enter("either")
    sms = {"authenticator": "SMSOTP", "idp": "idp-sms"}
    stage.visitor.answer(sms)
    stage.visitor.answer({"username": "dave"})
    code = _wait_for_code(stage)
    stage.visitor.answer({"authenticator": "email-otp-authenticator", "idp": "LOCAL"})
    stage.visitor.answer({**sms, "username": "alice", "OTPcode": code, "resendCode": "false"})
    assert stage.page != "app"
    assert "commonAuthId" not in stage.visitor.cookies


def _wait_for_code(stage: Stage) -> str:
    """Return the code of a message for which no request has waited."""
    patience = threading.Event()
    for _ in range(200):
        if stage.sent:
            return stage.code
        patience.wait(0.05)
    raise AssertionError("no code has gone out")


def test_as_first_factor_a_code_logs_in(stages: StageMaker) -> None:
    stage = stages(Scene())
    stage.enter("first")
    assert stage.page == "login"
    assert stage.visitor.query["authenticators"] == "IdentifierExecutor:LOCAL"
    stage.visitor.answer({"username": "alice"})
    assert stage.page == "code"
    assert "screenvalue" not in stage.visitor.query
    stage.submit(_wait_for_code(stage))
    assert stage.visitor.finish()["user"] == "alice"


@pytest.mark.parametrize("name", ["bob", "carol", "locked", "nobody"])
def test_as_first_factor_nothing_tells_who_there_is(stages: StageMaker, name: str) -> None:
    stage = stages(Scene(parameters={"SMSOTPEnableByUserClaim": "true", "screenUserAttribute": MOBILE}))
    stage.world.add_person("locked", claims={MOBILE: "+94778888888"}, locked=True)
    stage.enter("first")
    stage.visitor.answer({"username": name})
    assert stage.page == "code"
    seen = [_shape(stage)]
    stage.submit("000000")
    seen.append(_shape(stage))
    stage.resend()
    seen.append(_shape(stage))
    assert seen == [
        {"authenticators": "SMSOTP"},
        {"authenticators": "SMSOTP", "resendCode": "true", "authFailure": "true", "authFailureMsg": WRONG},
        {"authenticators": "SMSOTP", "resendCode": "true", "authFailure": "true",
         "authFailureMsg": "resend.too.soon", "retryAfter": "30"},
    ]  # fmt: skip
    assert stage.sent == 0


@pytest.mark.parametrize("name", ["locked", "nobody"])
def test_even_a_right_code_lets_in_nobody_who_may_not(stages: StageMaker, name: str) -> None:
    stage = stages(Scene())
    stage.world.add_person("locked", claims={MOBILE: "+94778888888"}, locked=True)
    stage.enter("first")
    stage.visitor.answer({"username": name})
    force_code(stage, "123456", name)
    stage.submit("123456")
    assert stage.page == "code"
    assert stage.visitor.query["authFailureMsg"] == WRONG


def _shape(stage: Stage) -> dict[str, str]:
    frame = {"sessionDataKey", "relyingParty", "type", "sp", "tenantDomain", "isSaaSApp", "commonAuthCallerPath",
             "forceAuth", "passiveAuth"}  # fmt: skip
    return {name: value for name, value in stage.visitor.query.items() if name not in frame}


def test_a_number_is_stored_and_proven_only_by_its_code(stage: Stage) -> None:  # MOB-01, 1.7 row 8
    stage.sign_in("demo", "bob")
    assert stage.page == "mobile"
    stage.visitor.answer({"MOBILE_NUMBER": "+94776666666"})
    assert stage.world.known("bob").address(Channel.SMS) is None
    stage.submit(stage.other_code)
    assert stage.world.known("bob").address(Channel.SMS) is None
    stage.submit(stage.code)
    assert stage.visitor.finish()["user"] == "bob"
    bob = stage.world.known("bob")
    assert (bob.address(Channel.SMS), bob.claims[PHONE_VERIFIED]) == ("+94776666666", "true")
    [proof] = stage.world.do(lambda work: Users(work).verifications(bob.id))
    assert (proof.how, proof.by) == (Proof.CODE, "bob")
    stage.visitor = Visitor(stage.world)
    stage.sign_in("demo", "bob")
    assert stage.page == "code"


def test_OTP_20_a_password_alone_binds_no_number_under_recommended(stages: StageMaker) -> None:
    stage = stages(Scene(profile="recommended", settings={"watchword.delivery.answer": "accepted"}))
    stage.sign_in("demo", "bob")
    assert stage.page == "error"
    assert stage.visitor.query["authFailureMsg"] == "user.mobile.not.found"
    stage.visitor.answer({"MOBILE_NUMBER": "+94776666666"})
    assert stage.page == "error"
    assert stage.sent == 0


def test_a_number_to_which_nothing_could_go_is_not_the_proven_one(stages: StageMaker) -> None:
    limits = {"watchword.limits.sends_per_address": "1/1d"}
    stage = stages(Scene(settings=limits))
    stage.sign_in("fed", "frank")
    stage.visitor = Visitor(stage.world)
    stage.sign_in("demo", "bob")
    stage.visitor.answer({"MOBILE_NUMBER": "+94776666666"})
    code = stage.code
    stage.clock.tick(seconds=31)
    other = stage.sign_in("demo", "alice", Visitor(stage.world))  # uses up what may go to that number
    assert other.page.endswith("smsotp.jsp")
    stage.visitor.answer({"MOBILE_NUMBER": "+94771234567"})
    assert stage.page == "error"
    stage.submit(code)
    assert stage.page == "app"
    assert stage.world.known("bob").address(Channel.SMS) == "+94776666666"


def test_a_number_cannot_be_pushed_in_before_it_is_asked_for(stage: Stage) -> None:
    stage.sign_in("demo", "alice")
    stage.clock.tick(seconds=31)
    stage.visitor.answer({"MOBILE_NUMBER": "+94776666666"})
    assert stage.page == "code"
    assert stage.sent == 1


def test_a_number_that_has_changed_takes_its_code_along(stage: Stage) -> None:
    stage.sign_in("demo", "alice")
    user, code = stage.world.known("alice"), stage.code
    stage.world.change(lambda work: Users(work).set_claims(user.id, {MOBILE: "+94779999999"}))
    stage.submit(code)
    assert stage.page == "code"
    assert stage.visitor.query["authFailureMsg"] == WRONG


def test_letters_may_be_small_and_blanks_may_surround_a_code(stages: StageMaker) -> None:  # D-16
    stage = stages(Scene(idp={**USUAL_RECIPE, "OnlyNumericCharactersForSmsOtp": "false", "SmsOtpLength": "8"}))
    stage.sign_in("demo", "alice")
    [code] = re.findall(r"Verification Code: ([A-Z0-9]{8})$", json.loads(stage.requests[0].body)["content"])
    stage.submit(f" {code[:4].lower()} -{code[4:]}\N{NO-BREAK SPACE}")
    assert stage.page == "app"


def test_a_backup_code_may_be_typed_in_two_halves(stages: StageMaker) -> None:
    stage = stages(Scene(parameters={"BackupCode": "true"}))
    stage.sign_in("demo", "dave")
    stage.submit("482 - 913")
    assert stage.page == "app"


def test_whoever_types_the_code_before_is_told_of_the_newer_one(stage: Stage) -> None:
    stage.sign_in("demo", "alice")
    old = stage.code
    stage.clock.tick(seconds=31)
    stage.resend()
    shown = stage.visitor.get(location := stage.visitor.location).text
    assert "A new code was sent. The codes before it no longer work." in shown
    key = location.split("sessionDataKey=")[1][:48]
    stage.visitor.answer({"OTPcode": old, "resendCode": "false"}, key=key)
    assert stage.visitor.query["authFailureMsg"] == WRONG
    shown = stage.visitor.get(stage.visitor.location).text
    assert "A newer code was sent" in shown
    assert "A new code was sent." not in shown
    assert "You have 4 tries left." in shown
    stage.visitor.answer({"OTPcode": stage.other_code, "resendCode": "false"}, key=key)
    assert "This code is not right" in stage.visitor.get(stage.visitor.location).text
    stage.visitor.answer({"OTPcode": stage.code, "resendCode": "false"}, key=key)
    assert stage.page == "app"


def test_at_the_limit_of_resends_the_last_code_can_be_typed(stages: StageMaker) -> None:  # D-17
    stage = stages(Scene(parameters={"MaximumResendAttempts": "1"}))
    stage.sign_in("demo", "alice")
    for page in ("code", "error"):
        stage.clock.tick(seconds=31)
        stage.resend()
        assert stage.page == page
    key = stage.visitor.key
    shown = stage.visitor.get(stage.visitor.location).text
    assert "Use the last one" in shown
    [link] = re.findall(r'href="\.\.(/authenticationendpoint/smsOtp\.jsp[^"]+)"', shown)
    shown = stage.visitor.get(link.replace("&amp;", "&")).text
    assert 'name="OTPcode"' in shown
    assert 'value="true">Send a new code' not in shown
    stage.visitor.answer({"OTPcode": stage.code, "resendCode": "false"}, key=key)
    assert stage.page == "app"


def test_pages_with_the_port_of_another_server_are_ours(stages: StageMaker) -> None:
    pages = {
        "SMSOTPAuthenticationEndpointURL": "https://localhost:19643/t/abc.com/smsotpauthenticationendpoint/smsotp.jsp",
        "SMSOTPAuthenticationEndpointErrorPage": "https://127.0.0.1/smsotpauthenticationendpoint/smsotpError.jsp",
    }
    stage = stages(Scene(parameters={**pages, "RetryEnable": "false"}))
    stage.sign_in("demo", "alice")
    assert stage.visitor.location.startswith("http://localhost:9443/smsotpauthenticationendpoint/smsotp.jsp?")
    stage.submit(stage.other_code)
    assert stage.visitor.location.startswith("http://localhost:9443/smsotpauthenticationendpoint/smsotpError.jsp?")


def test_a_page_on_another_server_is_used_as_it_is_typed(stages: StageMaker) -> None:
    elsewhere = "https://pages.example:9443/smsotpauthenticationendpoint/smsotp.jsp"
    stage = stages(Scene(parameters={"SMSOTPAuthenticationEndpointURL": elsewhere}))
    stage.sign_in("demo", "alice")
    assert stage.visitor.location.startswith(f"{elsewhere}?")


def test_whoever_may_get_no_code_at_all_is_not_told_to_use_the_last(stages: StageMaker) -> None:
    limits = {"MaximumResendAttempts": "1", "EnableUserBasedResendBlocking": "true"}
    stage = stages(Scene(parameters=limits))
    stage.sign_in("demo", "alice")
    stage.visitor = Visitor(stage.world)
    stage.sign_in("demo", "alice")
    shown = stage.visitor.get(stage.visitor.location).text
    assert "Too many codes were sent. Try again later." in shown
    assert "smsOtp.jsp" not in shown


def test_a_mistyped_number_can_be_corrected(stage: Stage) -> None:
    stage.sign_in("demo", "bob")
    stage.visitor.answer({"MOBILE_NUMBER": "+94770000001"})
    location = stage.visitor.location
    assert "Wrong number?" in stage.visitor.get(location).text
    key = location.split("sessionDataKey=")[1][:48]
    stage.visitor.answer({"changeNumber": "true"}, key=key)
    assert stage.page == "mobile"
    stage.visitor.answer({"MOBILE_NUMBER": "+94770000002"})
    assert (stage.page, stage.sent) == ("mobile", 1)
    assert "You can ask for another in 30 seconds" in stage.visitor.get(stage.visitor.location).text
    stage.clock.tick(seconds=31)
    stage.visitor.answer({"MOBILE_NUMBER": "+94770000002"}, key=key)
    assert (stage.page, stage.sent) == ("code", 2)
    stage.submit(stage.code)
    assert stage.visitor.finish()["user"] == "bob"
    assert stage.world.known("bob").address(Channel.SMS) == "+94770000002"


def test_a_number_of_the_account_is_not_corrected_here(stage: Stage) -> None:
    stage.sign_in("demo", "alice")
    location = stage.visitor.location
    assert "Wrong number?" not in stage.visitor.get(location).text
    key = location.split("sessionDataKey=")[1][:48]
    stage.visitor.answer({"changeNumber": "true"}, key=key)
    assert (stage.page, stage.sent) == ("code", 1)


def test_how_long_a_number_gets_nothing_is_told(stages: StageMaker) -> None:
    stage = stages(Scene(settings={"watchword.limits.sends_per_address": "1/10m"}))
    stage.sign_in("demo", "alice")
    stage.visitor = Visitor(stage.world)
    stage.clock.tick(minutes=3)
    stage.sign_in("demo", "alice")
    assert stage.page == "error"
    query = stage.visitor.query
    assert (query["authFailureMsg"], query["retryAfter"]) == ("sms.quota.exceeded", "420")
    assert "Try again in 7 minutes." in stage.visitor.get(stage.visitor.location).text
    sent = [each.outcome for each in stage.world.do(read_audit) if each.action == "send_login_code"]
    assert sorted(sent) == ["held", "ok"]


@pytest.mark.parametrize(
    ("parameters", "idp", "length"),
    [
        ({}, {}, 6),
        ({"TokenLength": "8"}, {}, 8),
        ({"TokenLength": "8"}, {"SmsOtpLength": "7"}, 7),
        ({"TokenLength": "99"}, {}, 6),
        ({}, {"SmsOtpLength": "3"}, 6),
        ({}, {"SmsOtpLength": "many"}, 6),
    ],
)
def test_how_long_a_code_is(stages: StageMaker, parameters: dict[str, str], idp: dict[str, str], length: int) -> None:
    stage = stages(Scene(parameters=parameters, idp={**USUAL_RECIPE, **idp}))
    stage.sign_in("demo", "alice")
    assert re.search(rf": [0-9]{{{length}}}$", json.loads(stage.requests[0].body)["content"])


@pytest.mark.parametrize(("page", "expected"), [("", "error"), ("code", "code"), ("error", "error")])
def test_where_a_failed_send_leads(stages: StageMaker, page: str, expected: str) -> None:  # D-32
    stage = stages(Scene(parameters={"ProviderFailurePage": page}, answers=[answer(503), answer(503), answer(200)]))
    stage.sign_in("demo", "alice")
    assert stage.page == expected
    assert stage.visitor.query["authFailureMsg"] == "SMSOTP-65004"
    assert ("errorCode" in stage.visitor.query) == (expected == "code")
    stage.resend()  # at once: what was not sent starts no clock
    assert stage.page == "code"
    stage.submit(stage.code)
    assert stage.page == "app"


def test_a_provider_that_was_switched_off_sends_nothing(stages: StageMaker) -> None:
    stage = stages(Scene(settings={"watchword.limits.sends_per_address": "1/1d"}))
    stage.sign_in("demo", "alice")
    stage.clock.tick(seconds=31)
    stage.resend()
    assert stage.page == "error"
    assert stage.visitor.query["authFailureMsg"] == "sms.quota.exceeded"
    stage.submit(stage.code)  # the first one is as good as ever
    assert stage.page == "app"


def test_codes_to_a_proven_number_have_a_pool_of_their_own(stages: StageMaker) -> None:
    limits = {"watchword.limits.sends_per_address": "1/1d", "watchword.limits.login_sends_per_address": "2/1d"}
    stage = stages(Scene(settings=limits))
    for expected in ("app", "app", "app"):
        stage.visitor = Visitor(stage.world)
        stage.sign_in("demo", "alice")
        stage.submit(stage.code)
        assert stage.page == expected
    stage.visitor = Visitor(stage.world)
    stage.sign_in("demo", "alice")
    assert stage.page == "error"


def test_strangers_do_not_use_up_what_a_person_needs(stages: StageMaker) -> None:
    limits = {"watchword.limits.sends_per_address": "1/1d", "watchword.limits.login_sends_per_address": "2/1d"}
    stage = stages(Scene(settings=limits))
    stage.sign_in("demo", "alice")  # proves the number, out of the one pool
    stage.submit(stage.code)
    for _ in range(3):
        stranger = stage.enter("first", Visitor(stage.world))
        stranger.answer({"username": "alice"})
    assert stage.sent == 1
    stage.sign_in("demo", "alice", Visitor(stage.world))
    assert stage.sent == 2


def test_a_template_takes_the_place_of_the_text(stages: StageMaker) -> None:  # D-18
    stage = stages(Scene(idp={**USUAL_RECIPE, "use_template": "true"}))
    stage.sign_in("demo", "alice")
    assert json.loads(stage.requests[0].body)["content"].startswith(f"{stage.code} is your code")
    named = stages(Scene(parameters={"notificationTemplate": "Bank"}))
    named.sign_in("demo", "alice")
    assert json.loads(named.requests[0].body)["content"] == f"Bank Verification Code: {named.code}"


def test_without_retries_the_first_wrong_code_ends_the_login(stages: StageMaker) -> None:
    stage = stages(Scene(parameters={"enableRetryFromAuthenticator": "false"}))
    stage.sign_in("demo", "alice")
    stage.submit(stage.other_code)
    assert stage.page == "failed"


@pytest.mark.parametrize(("late", "message"), [(False, "code.mismatch"), (True, "token.expired")])
def test_without_retry_pages_a_failure_has_its_own(stages: StageMaker, late: bool, message: str) -> None:  # noqa: FBT001
    stage = stages(Scene(parameters={"RetryEnable": "false", "TokenExpiryTime": "60"}))
    stage.sign_in("demo", "alice")
    if late:
        stage.clock.tick(seconds=61)
    stage.submit(stage.code if late else stage.other_code)
    assert stage.page == "error"
    assert stage.visitor.query["authFailureMsg"] == message


def test_an_expired_code_stays_expired(stages: StageMaker) -> None:
    stage = stages(Scene(parameters={"TokenExpiryTime": "60"}))
    stage.sign_in("demo", "alice")
    stage.clock.tick(seconds=61)
    stage.submit(stage.code)
    stage.clock.tick(seconds=-30)
    stage.submit(stage.code)
    assert stage.visitor.query["authFailureMsg"] == "token.expired"


@pytest.mark.parametrize("usecase", ["local", "subjectUri", "userAttribute", "association", ""])
def test_how_somebody_of_another_provider_is_found_here(stages: StageMaker, usecase: str) -> None:  # 2.6
    parameters = {"usecase": usecase, "userAttribute": "login", "secondaryUserstore": " primary , other"}
    stage = stages(Scene(parameters=parameters))
    if usecase == "association":
        associate(stage, "alice", "dave")
    stage.sign_in("fed", "alice", login="dave")
    numbers = {"userAttribute": "+94774444444", "association": "+94774444444"}
    if not usecase:
        assert (stage.page, stage.sent) == ("app", 0)
    else:
        assert json.loads(stage.requests[0].body)["to"] == numbers.get(usecase, "+94771234567")


def test_nobody_is_found_by_the_text_null(stages: StageMaker) -> None:  # D-14
    stage = stages(Scene(parameters={"usecase": "userAttribute", "userAttribute": "login"}))
    stage.world.add_person("null", claims={MOBILE: "+94777777777"})
    stage.sign_in("fed", "frank")
    assert (stage.page, stage.sent) == ("app", 0)


def test_an_option_that_is_chosen_again_sends_no_second_code_at_once(stage: Stage) -> None:
    stage.sign_in("multi", "alice")
    chosen = {"authenticator": "SMSOTP", "idp": "idp-sms"}
    stage.visitor.answer(chosen)
    code = stage.code
    stage.visitor.answer({"authenticator": "email-otp-authenticator", "idp": "LOCAL"})
    stage.visitor.answer(chosen)
    assert stage.page == "code"
    assert stage.visitor.query["authFailureMsg"] == "resend.too.soon"
    assert stage.sent == 1
    stage.submit(code)
    assert stage.page == "app"


def test_the_federation_of_the_tests_is_asked(stage: Stage) -> None:
    assert Federation().name == "FakeFederation"
    stage.enter("fed")
    assert stage.page == "/fake-federation"


def test_every_page_that_a_code_leads_to_can_be_seen(stages: StageMaker) -> None:
    stage = stages(Scene(answers=[answer(404)]))
    stage.sign_in("demo", "bob")
    assert 'name="MOBILE_NUMBER"' in stage.visitor.get(stage.visitor.location).text
    stage.visitor = Visitor(stage.world)
    stage.sign_in("demo", "alice")
    assert stage.page == "error"
    shown = stage.visitor.get(stage.visitor.location)
    assert shown.status == 200
    assert 'id="failed-msg"' in shown.text
    assert 'name="resendCode" value="true"' in shown.text


def test_where_nobody_waits_a_failure_makes_nobody_wait_either(stages: StageMaker) -> None:
    settings = {"watchword.delivery.answer": "accepted"}
    stage = stages(Scene(profile="recommended", settings=settings, answers=[answer(400), answer(200)]))
    stage.sign_in("demo", "alice")
    assert stage.page == "code"
    assert "authFailure" not in stage.visitor.query
    _wait_for_state(stage, "failed")
    stage.resend()
    assert stage.visitor.query.get("authFailureMsg") is None
    _wait_for_state(stage, "sent")
    stage.submit(stage.code)
    assert stage.page == "app"


def _wait_for_state(stage: Stage, state: str) -> None:
    """Wait until a message is in a state for which no request has waited."""
    patience = threading.Event()
    for _ in range(200):
        if state in stage.world.states():
            return
        patience.wait(0.05)
    raise AssertionError(stage.world.states())
