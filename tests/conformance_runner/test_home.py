import tomllib
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from watchword.base.home import load_settings
from watchword.tenants.policies import CONNECTORS, all_properties
from watchword_testing.conformance.cases import CaseError, Template
from watchword_testing.conformance.home import Home, Surroundings, toml_of
from watchword_testing.conformance.settings import PLACES, Codes, Configured, Throttle, password_policy, policies_of

SURROUNDINGS = Surroundings("http://127.0.0.1:1/", 25, "http://127.0.0.1:2/")
SIGN_UP = ("identity_mgt", "user_self_registration")


def settings_of(folder: Path, configured: Configured) -> dict[str, Any]:
    Home(folder).furnish(configured, SURROUNDINGS, [])
    return tomllib.loads((folder / "repository/conf/deployment.toml").read_text(encoding="utf-8"))


def value_at(settings: Any, *path: str) -> Any:  # noqa: ANN401 - any value of TOML
    for name in path:
        settings = settings.get(name, {})
    return settings


@pytest.mark.parametrize(
    ("configured", "path", "value"),
    [
        (Configured(notifications="internal"), (*SIGN_UP, "notification", "manage_internally"), True),
        (Configured(notifications="external"), (*SIGN_UP, "notification", "manage_internally"), False),
        (
            Configured(pre_verified_honoured=True),
            (*SIGN_UP, "enable_account_lock_for_verified_preferred_channel"),
            False,
        ),
        (Configured(email_expiry_minutes=-1), (*SIGN_UP, "verification_email_validity"), "-1m"),
        (Configured(otp=Codes(length=8)), (*SIGN_UP, "otp"), {"otp_length": 8}),
        (
            Configured(validate_throttle=Throttle(limit=3, window_minutes=5)),
            ("watchword", "limits", "unknown_codes_per_caller"),
            "3/5m",
        ),
        (Configured(), ("watchword", "limits", "unknown_codes_per_caller"), "100000/1m"),
        (Configured(username_violation_text=""), ("user_store", "username_java_regex_violation_error_msg"), ""),
        (Configured(), SIGN_UP, {}),
        (Configured(unique_claims=[]), ("watchword", "claims", "unique"), []),
        (Configured(captcha_provider="test"), ("recaptcha", "verify_url"), SURROUNDINGS.captcha_url),
        (Configured(captcha_provider=None), ("recaptcha",), {}),
    ],
)
def test_a_word_is_written_at_its_place(
    tmp_path: Path, configured: Configured, path: tuple[str, ...], value: object
) -> None:
    assert value_at(settings_of(tmp_path, configured), *path) == value


def test_what_a_case_writes_itself_stands(tmp_path: Path) -> None:
    raw = "[identity_mgt.user_self_registration]\nlock_on_creation = false\n[watchword.limits]\nresend_after = '9s'\n"
    settings = settings_of(tmp_path, Configured(raw_toml=raw, lock_on_creation=True, self_registration=True))
    assert value_at(settings, *SIGN_UP) == {"lock_on_creation": False, "allow_self_registration": True}
    assert value_at(settings, "watchword", "limits", "resend_after") == "9s"


def test_what_the_older_file_says_is_not_said_again(tmp_path: Path) -> None:
    raw = "<SelfRegistration><LockOnCreation>false</LockOnCreation></SelfRegistration>"
    settings = settings_of(tmp_path, Configured(raw_identity_xml=raw, lock_on_creation=True, detailed=True))
    assert value_at(settings, *SIGN_UP) == {"enable_detailed_api_response": True}
    written = (tmp_path / "repository/conf/identity/identity.xml").read_text(encoding="utf-8")
    assert ElementTree.fromstring(written).findtext("SelfRegistration/LockOnCreation") == "false"


@pytest.mark.parametrize("configured", [Configured(raw_toml="a = "), Configured(raw_identity_xml="<a>")])
def test_a_raw_file_that_cannot_be_parsed_is_an_error(tmp_path: Path, configured: Configured) -> None:
    with pytest.raises(CaseError):
        Home(tmp_path).furnish(configured, SURROUNDINGS, [])


def test_templates_and_publisher_are_files_of_the_server(tmp_path: Path) -> None:
    template = Template(channel="SMS", type="accountconfirmation", body="Hi <{{confirmation-code}}> & more")
    Home(tmp_path).furnish(Configured(), SURROUNDINGS, [template])
    texts = ElementTree.parse(tmp_path / "repository/conf/sms/sms-templates-admin-config.xml").getroot()
    assert texts is not None
    assert texts.findtext("configuration[@type='accountconfirmation'][@locale='en_US']/body") == template.body
    assert not (tmp_path / "repository/conf/email").exists()
    publisher = tmp_path / "repository/deployment/server/eventpublishers/SMSPublisher.xml"
    assert '{"to": {{send-to}}, "content": {{body}}, "code": {{confirmation-code}}}' in publisher.read_text(
        encoding="utf-8"
    )


def test_faults_come_and_go_but_a_missing_template_stays_missing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.furnish(Configured(), SURROUNDINGS, [])
    assert home.faults_file.read_text(encoding="utf-8") == ""
    home.break_down("template:SMS:x", "add_user")
    assert home.faults_file.read_text(encoding="utf-8") == "add_user\ntemplate:SMS:x\n"
    home.mend()
    assert home.faults_file.read_text(encoding="utf-8") == "template:SMS:x\n"


def test_a_tenant_has_policies_and_no_settings_of_the_operator() -> None:
    own = Configured(self_registration=False, email_expiry_minutes=5, notifications="external")
    assert list(policies_of(own)) == [
        ("self-sign-up", "SelfRegistration.Enable", "false"),
        ("self-sign-up", "SelfRegistration.Notification.InternallyManage", "false"),
        ("self-sign-up", "SelfRegistration.VerificationCode.ExpiryTime", "5"),
    ]
    with pytest.raises(ValueError, match="username_regex"):
        list(policies_of(Configured(username_regex=".*")))


def test_the_policies_of_the_player_are_policies_of_the_server() -> None:
    known = {each.wire_name for each in all_properties()} | {"passwordPolicy.enable"}
    assert {place.policy[1] for place in PLACES.values() if place.policy is not None} <= known
    assert {name for _, name, _ in password_policy({"pattern": ".*", "text": "t"})} <= known
    assert {place.policy[0] for place in PLACES.values() if place.policy is not None} <= {
        each.name for each in CONNECTORS
    }


def test_a_server_takes_every_setting_of_the_player(tmp_path: Path) -> None:
    configured = Configured(
        compat_profile="is-7",
        callback_regex="https://localhost/.*",
        email_expiry_minutes=-1,
        email_tolerance_minutes=5,
        otp=Codes(uppercase=False, lowercase=False, numeric=True, length=8, send_in_email=True),
        validate_throttle=Throttle(limit=3, window_minutes=5),
        captcha_provider="test",
        unique_claims=["http://wso2.org/claims/mobile"],
    )
    settings_of(tmp_path, configured)
    settings = load_settings(tmp_path, properties=all_properties(), environment={})
    assert settings.security_profile == "wso2"
    assert settings.limits.unknown_codes_per_caller.count == 3
    assert settings.recaptcha is not None
    assert settings.policies["SelfRegistration.VerificationCode.ExpiryTime"] == -1


VALUES = st.recursive(
    st.booleans() | st.integers(-(2**60), 2**60) | st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), below)
    ),
    max_leaves=9,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), VALUES, max_size=5))
def test_a_table_is_the_same_after_writing_and_reading(table: dict[str, Any]) -> None:
    assert tomllib.loads(toml_of(table)) == table
