from datetime import timedelta
from typing import Any

import pytest

from tests.tenants.kit import Server
from watchword.base.options import Profiles, Property, SecurityProfile
from watchword.base.problems import ConnectorUnknown, PropertyRefused
from watchword.storage.audit import read_audit
from watchword.tenants.policies import (
    SELF_SIGN_UP,
    LiteRegistration,
    Notification,
    SelfRegistration,
    all_properties,
    properties_of,
)
from watchword.tenants.usecases import change_policies, change_policy, read_policy, read_property, revert_policies


def sign_up(server: Server, tenant: str = "carbon.super") -> SelfRegistration:
    return server.do(lambda work: read_policy(work, SelfRegistration), tenant)


def change(server: Server, name: str, value: object, tenant: str = "carbon.super") -> None:
    server.do(lambda work: change_policy(work, "self-sign-up", {name: value}), tenant)


def test_the_default_of_the_profile_holds_until_somebody_decides(server: Server) -> None:
    assert sign_up(server).sms_code_minutes == 1
    assert sign_up(server.with_settings(security_profile="recommended")).sms_code_minutes == 10
    assert sign_up(server.with_settings(demo=True)).enabled


def test_the_files_win_over_the_default_and_the_tenant_over_the_files(server: Server) -> None:
    told = server.with_settings(policies={"SelfRegistration.Enable": True, "SelfRegistration.OTP.OTPLength": 8})
    assert (sign_up(told).enabled, sign_up(told).otp_length) == (True, 8)
    change(told, "SelfRegistration.Enable", "false")
    assert (sign_up(told).enabled, sign_up(told).otp_length) == (False, 8)


def test_a_decision_is_of_one_tenant_only(server: Server) -> None:
    change(server, "SelfRegistration.Enable", "true", "wso2.com")
    assert sign_up(server, "wso2.com").enabled
    assert not sign_up(server).enabled


def test_a_decision_counts_at_once_in_this_process(server: Server) -> None:
    assert not sign_up(server).enabled
    change(server, "SelfRegistration.Enable", "true")
    assert sign_up(server).enabled


def test_a_reverted_property_is_the_servers_again(server: Server) -> None:
    change(server, "SelfRegistration.OTP.OTPLength", "9")
    server.do(lambda work: revert_policies(work, ["SelfRegistration.OTP.OTPLength"]))
    assert sign_up(server).otp_length == 6


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SelfRegistration.Enable", "yes"),
        ("SelfRegistration.Enable", True),
        ("SelfRegistration.Enable", None),
        ("SelfRegistration.Nothing", "true"),
        ("LiteRegistration.Enable", "true"),
        ("SelfRegistration.VerificationCode.ExpiryTime", "0"),
        ("SelfRegistration.VerificationCode.ExpiryTime", "soon"),
        ("SelfRegistration.OTP.OTPLength", "11"),
        ("SelfRegistration.SMSOTP.Regex", ".*"),
        ("SelfRegistration.CallbackRegex", ".*"),
        ("SelfRegistration.CallbackRegex", "("),
    ],
)
def test_what_cannot_be_taken_is_refused_and_nothing_is_kept(server: Server, name: str, value: object) -> None:
    values = {"SelfRegistration.LockOnCreation": "false", name: value}
    with pytest.raises(PropertyRefused):
        server.do(lambda work: change_policy(work, "self-sign-up", values))
    assert sign_up(server).lock_on_creation


def test_several_connectors_change_together_or_not_at_all(server: Server) -> None:
    good = {"LiteRegistration.Enable": "true"}
    with pytest.raises(PropertyRefused):
        server.do(lambda work: change_policies(work, {"lite-user-sign-up": good, "passwordPolicy": {"x": "1"}}))
    with pytest.raises(ConnectorUnknown):
        server.do(lambda work: change_policies(work, {"lite-user-sign-up": good, "nothing": {}}))
    assert not server.do(lambda work: read_policy(work, LiteRegistration)).enabled


def test_recommended_bounds_the_life_of_codes(server: Server) -> None:
    strict = server.with_settings(security_profile="recommended")
    name = "SelfRegistration.VerificationCode.SMSOTP.ExpiryTime"
    with pytest.raises(PropertyRefused):
        change(strict, name, "1441")
    change(server, name, "-1")
    assert sign_up(server).sms_code_minutes == -1
    assert sign_up(strict).sms_code_minutes == 10, "what was legal before the profile changed is not any more"


def test_a_pattern_that_fails_the_probe_is_refused_when_saved(server: Server) -> None:
    with pytest.raises(PropertyRefused):
        server.do(lambda work: change_policy(work, "passwordPolicy", {"passwordPolicy.pattern": "(?:a{1,999}){1,999}"}))


def test_a_change_is_in_the_audit_log(server: Server) -> None:
    change(server, "SelfRegistration.Enable", "true")
    event = server.do(read_audit)[-1]
    assert (event.action, event.target, event.reason) == (
        "policy.change",
        "self-sign-up",
        "SelfRegistration.Enable=true",
    )


def test_a_captcha_without_keys_is_saved_with_a_warning(server: Server) -> None:
    told = server.do(lambda work: change_policy(work, "self-sign-up", {"SelfRegistration.ReCaptcha": "true"}))
    assert "[recaptcha]" in told[0]


def test_what_only_files_decide_upstream_may_be_decided_by_a_tenant(server: Server) -> None:
    change(server, "SelfRegistration.API.EnableDetailedResponseBody", "true")
    server.do(
        lambda work: change_policy(work, "notification-channels", {"Notification.DefaultNotificationChannel": "SMS"})
    )
    assert sign_up(server).detailed_response
    assert server.do(lambda work: read_policy(work, Notification)).default_channel == "SMS"


def test_the_inverse_property_is_written_the_way_upstream_reads_it(server: Server) -> None:
    name = "SelfRegistration.EnableAccountLockForVerifiedPreferredChannel"
    assert sign_up(server).honours_preverified
    assert not sign_up(server.with_settings(compat_profile="is-7")).honours_preverified
    change(server, name, "true")
    assert not sign_up(server).honours_preverified
    assert server.do(lambda work: read_property(work, SELF_SIGN_UP, name)).value == "true"


def test_saving_the_form_unchanged_changes_nothing(server: Server) -> None:
    before = sign_up(server)
    names = [each.wire_name for each in properties_of(SelfRegistration).values()]
    shown = server.do(lambda work: {name: read_property(work, SELF_SIGN_UP, name).value for name in names})
    server.do(lambda work: change_policy(work, SELF_SIGN_UP.id, shown))
    assert sign_up(server) == before
    assert before.otp_uppercase is None


@pytest.mark.parametrize("profile", ["recommended", "wso2"])
@pytest.mark.parametrize("option", all_properties(), ids=lambda option: option.wire_name)
def test_every_default_can_be_written_and_read_back(option: Property[Any], profile: SecurityProfile) -> None:
    default = option.default_in(Profiles(profile))
    assert option.kind.read(option.kind.write(default)) == default
    if option.within is not None and profile == "recommended":
        assert option.within[0] <= default <= option.within[1]


def test_the_defaults_are_those_of_the_page_on_codes() -> None:
    lives = properties_of(SelfRegistration)["sms_code_minutes"]
    assert lives.default_in(Profiles("recommended")) == 10
    assert lives.default_in(Profiles("wso2")) == 1
    assert lives.default_in(Profiles("wso2", demo=True)) == 10
    assert timedelta(minutes=properties_of(SelfRegistration)["email_code_minutes"].default) == timedelta(days=1)
