"""The later code by SMS, ``sms-otp-authenticator`` (sms-otp.md 1.17, 2.4, 2.5; cases REL)."""

import pytest

from tests.login.player import CASES, scene_of
from tests.login.stage import Scene, Stage, StageMaker
from tests.login.visitor import Visitor
from watchword.accounts.claims import Channel

WRONG = "authentication.fail.message"


@pytest.fixture
def stage(stages: StageMaker) -> Stage:
    return stages(Scene(local=True))


def test_a_code_logs_in_and_proves_the_number(stage: Stage) -> None:
    stage.sign_in("demo", "alice")
    assert stage.page == "code"
    assert stage.visitor.page == "/authenticationendpoint/smsOtp.jsp"
    query = stage.visitor.query
    assert (query["authenticators"], query["username"]) == ("sms-otp-authenticator", "alice")
    assert query["screenValue"] == "********4567"
    [message] = stage.world.post_office.taken
    assert (message.template, message.event) == ("SMSOTP", "TRIGGER_SMS_NOTIFICATION_LOCAL")
    stage.submit(stage.code)
    told = stage.visitor.finish()
    assert (told["user"], told["two_factor"]) == ("alice", True)
    assert stage.world.known("alice").is_verified(Channel.SMS)


def test_REL_02_with_the_notice_off_a_failure_shows_nothing(stages: StageMaker) -> None:
    stage = stages(scene_of(CASES["REL-02"]))
    stage.world.post_office.is_unreachable = "down"
    stage.sign_in("demo", "alice")
    assert stage.page == "code"
    assert not {"authFailure", "errorCode"} & set(stage.visitor.query)


def test_REL_03_a_failure_is_told_and_the_login_goes_on(stages: StageMaker) -> None:
    stage = stages(scene_of(CASES["REL-03"]))
    stage.world.post_office.is_unreachable = "down"
    stage.sign_in("demo", "alice")
    assert stage.page == "code"
    assert (stage.visitor.query["authFailure"], stage.visitor.query["errorCode"][:3]) == ("true", "SP-")
    location = stage.visitor.location
    assert 'id="failed-msg"' in stage.visitor.get(location).text
    stage.world.post_office.is_unreachable = None
    stage.visitor.answer({"resendCode": "true", "OTPcode": ""}, key=location.split("sessionDataKey=")[1][:48])
    assert stage.page == "code"
    assert "errorCode" not in stage.visitor.query
    assert stage.sent == 1
    stage.submit(stage.code)
    assert stage.visitor.finish()["user"] == "alice"


def test_EVT_20_no_sender_is_a_failure_that_is_told(stages: StageMaker) -> None:
    stage = stages(scene_of(CASES["EVT-20"]))
    stage.world.post_office.closed.add(Channel.SMS)
    stage.sign_in("demo", "alice")
    assert stage.page == "code"
    assert stage.visitor.query["authFailure"] == "true"
    assert stage.visitor.query["errorCode"]


def test_without_a_number_nobody_is_asked_for_one(stage: Stage) -> None:
    stage.sign_in("demo", "bob")
    assert stage.page == "error"
    assert stage.visitor.query["authFailureMsg"] == "user.mobile.not.found"


@pytest.mark.parametrize("late", [False, True])
def test_an_expired_code_is_told_like_a_wrong_one(stage: Stage, late: bool) -> None:  # noqa: FBT001  # both ways
    stage.sign_in("demo", "alice")
    if late:
        stage.clock.tick(seconds=300)
    stage.submit(stage.code if late else stage.other_code)
    assert stage.page == "code"
    assert stage.visitor.query["authFailureMsg"] == WRONG


def test_just_before_its_end_a_code_is_good(stage: Stage) -> None:
    stage.sign_in("demo", "alice")
    stage.clock.tick(seconds=299.999)
    stage.submit(stage.code)
    assert stage.page == "app"


def test_REL_05_the_answer_that_reaches_the_limit_ends_the_login(stages: StageMaker) -> None:
    limits = {"maximumAllowedFailureAttempts": "2", "showAuthFailureReason": "true"}
    stage = stages(Scene(local=True, parameters=limits))
    stage.sign_in("demo", "alice")
    stage.submit(stage.other_code)
    assert stage.page == "code"
    assert stage.visitor.query["remainingNumberOfSMSOtpAttempts"] == "1"
    stage.submit(stage.other_code)
    assert stage.page == "failed"


@pytest.mark.parametrize(("ends", "page"), [("true", "failed"), ("false", "code")])
def test_one_resend_too_many(stages: StageMaker, ends: str, page: str) -> None:
    limits = {"maximumAllowedResendAttempts": "1", "terminateOnResendLimitExceeded": ends,
              "EnableUserBasedResendBlocking": "false"}  # fmt: skip
    stage = stages(Scene(local=True, parameters=limits))
    stage.sign_in("demo", "alice")
    stage.resend()
    assert stage.page == "code"
    stage.resend()
    assert stage.page == page
    assert stage.sent == 2
    if page == "code":  # D-17
        assert stage.visitor.query["authFailureMsg"] == "resent.count.exceeded"
        stage.submit(stage.code)
        assert stage.page == "app"


def test_sends_are_counted_for_the_person_over_all_logins(stages: StageMaker) -> None:
    stage = stages(Scene(local=True, policies={"SmsOTP.ResendAttemptsCount": "1"}))
    for page in ("code", "code", "error"):
        stage.visitor = Visitor(stage.world)
        stage.sign_in("demo", "alice")
        assert stage.page == page
    assert stage.sent == 2
    stage.clock.tick(minutes=5)
    stage.sign_in("demo", "alice", Visitor(stage.world))
    assert stage.sent == 3


def test_the_policy_says_what_a_code_is_like(stages: StageMaker) -> None:
    policies = {"SmsOTP.OTPLength": "9", "SmsOTP.OtpRegex.UseNumericChars": "false", "SmsOTP.ExpiryTime": "60"}
    stage = stages(Scene(local=True, policies=policies))
    stage.sign_in("demo", "alice")
    assert len(stage.code) == 9
    assert stage.code.isalnum()
    assert stage.world.post_office.taken[0].facts["otp-expiry-time"] == "1"
    stage.submit(stage.code.lower())
    assert stage.page == "app"


def test_under_recommended_a_code_lives_ten_minutes_at_most(stages: StageMaker) -> None:
    scene = Scene(local=True, profile="recommended", policies={"SmsOTP.ExpiryTime": "3600"})
    stage = stages(scene)
    stage.sign_in("demo", "alice")
    stage.clock.tick(seconds=601)
    stage.submit(stage.code)
    assert stage.page == "code"


def test_wrong_codes_lock_where_the_tenant_wants_it(stages: StageMaker) -> None:
    policies = {"account.lock.handler.lock.on.max.failed.attempts.enable": "true",
                "account.lock.handler.On.Failure.Max.Attempts": "2"}  # fmt: skip
    stage = stages(Scene(local=True, policies=policies))
    stage.sign_in("demo", "alice")
    for _ in range(2):
        stage.submit(stage.other_code)
    assert stage.page == "error"
    assert stage.world.known("alice").locked


def test_a_new_code_and_the_one_before_are_told(stage: Stage) -> None:
    stage.sign_in("demo", "alice")
    old, key = stage.code, stage.visitor.key
    stage.resend()
    assert "A new code was sent." in stage.visitor.get(stage.visitor.location).text
    stage.visitor.answer({"OTPcode": old, "resendCode": "false"}, key=key)
    assert "A newer code was sent" in stage.visitor.get(stage.visitor.location).text
    stage.visitor.answer({"OTPcode": f"{stage.code[:3]} {stage.code[3:]}", "resendCode": "false"}, key=key)
    assert stage.page == "app"


def test_at_the_limit_of_resends_none_is_offered(stages: StageMaker) -> None:
    limits = {"maximumAllowedResendAttempts": "1", "EnableUserBasedResendBlocking": "false"}
    stage = stages(Scene(local=True, parameters=limits))
    stage.sign_in("demo", "alice")
    stage.resend()
    stage.resend()
    shown = stage.visitor.get(stage.visitor.location).text
    assert "Use the last one" in shown
    assert 'name="OTPcode"' in shown
    assert "Send a new code" not in shown


def test_an_empty_answer_after_the_last_try_ends_the_login_too(stages: StageMaker) -> None:
    stage = stages(Scene(local=True, parameters={"maximumAllowedFailureAttempts": "1"}))
    stage.sign_in("multi", "alice")
    key = stage.visitor.key
    stage.visitor.answer({"authenticator": "sms-otp-authenticator", "idp": "LOCAL"})
    stage.submit(stage.other_code)
    assert stage.page == "login"
    chosen = {"authenticator": "sms-otp-authenticator", "idp": "LOCAL"}
    for answer in ({}, {"OTPcode": "", "resendCode": "false"}, {"OTPcode": stage.code}):
        stage.visitor.answer({**chosen, **answer}, key=key)
        assert (stage.page, stage.sent) == ("login", 1)


@pytest.mark.parametrize("name", ["alice", "bob", "nobody"])
def test_as_first_factor_it_tells_nobody_apart(stage: Stage, name: str) -> None:
    stage.enter("first")
    stage.visitor.answer({"username": name})
    assert stage.page == "code"
    assert "screenValue" not in stage.visitor.query
    stage.submit("000000")
    assert stage.page == "code"
    assert stage.visitor.query["authFailureMsg"] == WRONG
