from datetime import timedelta
from pathlib import Path

import pytest

from tests.operator_home import Home
from watchword.base.home import all_options, load_settings, variable_of
from watchword.base.kinds import Limit
from watchword.base.options import undeclared_defaults
from watchword.base.report import explain
from watchword.base.settings import Delivery, Limits, Server
from watchword.tenants.policies import POLICIES, all_properties

SIGN_UP = "[identity_mgt.user_self_registration]\n"


def test_a_bare_folder_is_recommended_and_a_wso2_home_is_not(home: Home) -> None:
    assert home.load().security_profile == "recommended"
    home.write("", "repository/conf/deployment.toml")
    relaxed = home.load()
    assert relaxed.security_profile == "wso2"
    assert relaxed.delivery.answer == "first-attempt"
    assert relaxed.registration.verified_claim_policy == "compat"


def test_a_bare_folder_may_ask_for_wso2(home: Home) -> None:
    assert home.load(environment={"WATCHWORD_SECURITY_PROFILE": "wso2"}).security_profile == "wso2"


def test_a_wso2_home_may_ask_for_recommended(wso2_home: Home) -> None:
    wso2_home.write('[watchword]\nsecurity_profile = "recommended"', "repository/conf/deployment.toml")
    settings = wso2_home.load()
    assert settings.security_profile == "recommended"
    assert settings.delivery.answer == "accepted"


def test_each_relaxed_control_has_a_line_at_start(wso2_home: Home) -> None:
    told = "\n".join(wso2_home.load().warnings)
    for word in ("verified_claim_policy", "strict", "password_java_regex", "origin_bound", "never deleted"):
        assert word in told


def test_recommended_relaxes_nothing_but_the_seed_wire(home: Home) -> None:
    assert [line for line in home.load().warnings if "verified_preferred_channel" not in line] == []
    home.write('[watchword]\ncompat_profile = "is-7"')
    assert home.load().warnings == ()


def test_limits_are_read_as_numbers_in_spans(home: Home) -> None:
    home.write('[watchword.limits]\nsends_per_address = ["2/10m", "9/1d"]\nresend_after = "45s"\ntries_per_code = 3')
    limits = home.load().limits
    assert limits.sends_per_address == (Limit(2, timedelta(minutes=10)), Limit(9, timedelta(days=1)))
    assert (limits.resend_after, limits.tries_per_code) == (timedelta(seconds=45), 3)


def test_a_single_limit_needs_no_list(home: Home) -> None:
    home.write('[watchword.limits]\nsends_per_address = "100000/1m"')
    assert home.load().limits.sends_per_address == (Limit(100000, timedelta(minutes=1)),)


def test_the_documented_wrong_section_is_read_with_a_warning(wso2_home: Home) -> None:
    wso2_home.write(
        SIGN_UP + 'default_notification_channel = "SMS"\nenable_resolve_notification_channel = true\n',
        "repository/conf/deployment.toml",
    )
    settings = wso2_home.load()
    assert settings.policies["Notification.DefaultNotificationChannel"] == "SMS"
    assert settings.policies["Notification.ResolveNotificationChannels.Enable"] is True
    assert any("deployment.toml:3" in line and "[identity_mgt.notification]" in line for line in settings.warnings)


def test_keys_without_a_section_are_read_with_a_warning(home: Home) -> None:
    home.write('default_notification_channel = "SMS"\nresolve_notification_channel = true')
    settings = home.load()
    assert settings.policies["Notification.DefaultNotificationChannel"] == "SMS"
    assert "deployment.toml:1" in settings.warnings[0]


def test_the_right_section_wins_over_the_wrong_one(home: Home) -> None:
    home.write(
        SIGN_UP
        + 'default_notification_channel = "SMS"\n[identity_mgt.notification]\ndefault_notification_channel = "EMAIL"'
    )
    settings = home.load()
    assert settings.policies["Notification.DefaultNotificationChannel"] == "EMAIL"
    assert any("ignored" in line for line in settings.warnings)


def test_old_xml_is_read_whatever_its_namespace_and_toml_beats_it(wso2_home: Home) -> None:
    wso2_home.write(SIGN_UP + "lock_on_creation = true", "repository/conf/deployment.toml")
    wso2_home.write(
        """<?xml version="1.0"?>
<w:Server xmlns:w="http://wso2.org/projects/carbon/carbon.xml">
  <w:SelfRegistration>
    <w:LockOnCreation>false</w:LockOnCreation>
    <w:API><w:EnableDetailedResponseBody> true </w:EnableDetailedResponseBody></w:API>
  </w:SelfRegistration>
  <UserClaimUpdate><Claim uri="http://wso2.org/claims/mobile"><VerificationOnUpdate><Enable>true</Enable>
  </VerificationOnUpdate></Claim></UserClaimUpdate>
</w:Server>""",
        "repository/conf/identity/identity.xml",
    )
    settings = wso2_home.load()
    assert settings.policies["SelfRegistration.LockOnCreation"] is True
    assert settings.policies["SelfRegistration.API.EnableDetailedResponseBody"] is True
    assert settings.policies["UserClaimUpdate.MobileNumber.EnableVerification"] is True
    key = "identity_mgt.user_self_registration.enable_detailed_api_response"
    assert settings.values[key].origin == "identity.xml:5"


@pytest.mark.parametrize(
    "trick",
    [
        '<!DOCTYPE Server [<!ENTITY x SYSTEM "file:///etc/passwd">]><Server><A>&x;</A></Server>',
        "<!DOCTYPE Server><Server/>",
        '<!DOCTYPE Server SYSTEM "http://127.0.0.1/x.dtd"><Server/>',
        '<!DOCTYPE z [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><Server>&b;</Server>',
    ],
)
def test_a_document_type_is_never_read(wso2_home: Home, trick: str) -> None:
    wso2_home.write(trick, "repository/conf/identity/identity.xml")
    assert "document type" in wso2_home.refusal()


def test_everything_wrong_is_said_at_once_with_its_place(home: Home) -> None:
    home.write(
        """[watchword]
compat_profile = "is-9"
securty_profile = "wso2"

[watchword.delivery]
first_attempt_wait = "soon"
answer = true

[watchword.limits]
tries_per_code = "five"
unknown_codes_per_caller = "0/1m"
resend_after = "0s"

[identity_mgt.user_self_registration]
verification_sms_validity = 0
otp.otp_length = 3

[watchword.tls]
certificate = "missing.pem"

[output_adapter.email]
hostname = "mail.example.com"
password = "$secret{smtp}"
port = true

[identity_mgt.notification]
default_notification_channel = "sms"
"""
    )
    told = home.refusal()
    for line, words in (
        (2, ("compat_profile", '"seed" or "is-5.10"')),
        (3, ("securty_profile", "did you mean watchword.security_profile")),
        (6, ("first_attempt_wait", "span of time", "'soon'")),
        (7, ("answer", "accepted")),
        (10, ("tries_per_code", "whole number")),
        (11, ("unknown_codes_per_caller", "above 0")),
        (12, ("resend_after", "--dev")),
        (15, ("verification_sms_validity", "not 0")),
        (16, ("otp_length", "from 4 to 10")),
        (19, ("certificate", "missing.pem")),
        (23, ("password", "$secret{smtp}", "$env{SMTP}")),
        (24, ("port", "whole number")),
        (27, ("default_notification_channel", '"EMAIL" or "SMS"')),
    ):
        mine = [each for each in told.split("\n") if each.startswith(f"deployment.toml:{line}: ")]
        assert mine, f"nothing on line {line} in\n{told}"
        assert all(word in mine[0] for word in words), mine[0]
    assert "watchword.tls.key" in told
    assert "from_address" in told


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a = 1\nb = \n", "deployment.toml:2"),
        ("[x]\na = 1\na = 2\n", "deployment.toml:3"),
        ('a = "x', "deployment.toml"),
    ],
)
def test_a_mistake_of_form_has_its_position(home: Home, text: str, place: str) -> None:
    home.write(text)
    assert home.refusal().startswith(place)


def test_a_broken_toml_does_not_hide_a_broken_xml(wso2_home: Home) -> None:
    wso2_home.write("a = ", "repository/conf/deployment.toml")
    wso2_home.write("<Server><A></Server>", "repository/conf/identity/identity.xml")
    told = wso2_home.refusal()
    assert "deployment.toml:1" in told
    assert "identity.xml:1: is no XML" in told


def test_a_folder_without_settings_is_refused(tmp_path: Path) -> None:
    assert "deployment.toml: is missing" in Home(tmp_path).refusal()


def test_blanks_are_filled_in(home: Home) -> None:
    home.write(
        """[server]
hostname = "id.example.com"
[user]
mail = "post@example.com"
[output_adapter.email]
hostname = "$env{MAIL_HOST}"
from_address = "$ref{user.mail}"
[identity_mgt.user_self_registration]
callback_url = "${carbon.protocol}:\\\\/\\\\/${carbon.host}:${carbon.management.port}\\\\/.*"
[watchword.tls]
[watchword.sms.provider]
recipe = "twilio"
settings.token = "$env{TOKEN}"
"""
    )
    settings = home.load(environment={"MAIL_HOST": "mx.example.com", "TOKEN": "t"})
    assert settings.email is not None
    assert (settings.email.hostname, settings.email.from_address) == ("mx.example.com", "post@example.com")
    assert settings.policies["SelfRegistration.CallbackRegex"] == r"https:\/\/id\.example\.com:9443\/.*"
    assert settings.sms.provider == {"recipe": "twilio", "settings": {"token": "t"}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("$env{NOT_THERE}", "environment variable NOT_THERE"),
        ("$ref{no.where}", "refers to no.where"),
        ("$ref{output_adapter.email.hostname}", "refers back"),
        ("$sys{user.dir}", "$sys{user.dir}"),
    ],
)
def test_a_blank_without_a_value_is_named(home: Home, text: str, words: str) -> None:
    home.write(f'[output_adapter.email]\nhostname = "{text}"\nfrom_address = "a@example.com"')
    assert words in home.refusal()


def test_an_encrypted_secret_that_is_not_for_us_is_left_alone(home: Home) -> None:
    home.write('[keystore.primary]\npassword = "$secret{keystore}"\n[secrets]\nkeystore = "x"')
    assert home.load().ignored == (
        "deployment.toml:2: keystore.primary.password",
        "deployment.toml:4: secrets.keystore",
    )


def test_a_misspelt_key_of_a_shared_table_is_listed_with_a_hint(home: Home) -> None:
    home.write(SIGN_UP + "allow_self_registraton = true")
    assert home.load().ignored[0].endswith("did you mean identity_mgt.user_self_registration.allow_self_registration?")


def test_command_line_beats_environment_beats_file(home: Home) -> None:
    home.write("[watchword.server]\nport = 1001")
    environment = {"WATCHWORD_SERVER_PORT": "1002"}
    assert home.load().server.port == 1001
    assert home.load(environment=environment).server.port == 1002
    settings = home.load(environment=environment, overrides={"watchword.server.port": "1003"})
    assert settings.server.port == 1003
    assert settings.values["watchword.server.port"].origin == "command line watchword.server.port"
    assert (settings.server.management_port, settings.public_url) == (1004, "https://localhost:1003")


def test_an_offset_moves_the_default_port_only(home: Home) -> None:
    home.write("[server]\noffset = 2")
    assert home.load().server.port == 9445
    assert home.load(overrides={"watchword.server.port": "8000"}).server.port == 8000


def test_a_secret_may_come_from_a_file_and_is_shown_nowhere(home: Home, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://u:swordfish@db/w\n")
    settings = home.load(environment={"WATCHWORD_DATABASE_URL_FILE": str(tmp_path / "url")})
    assert settings.database_url == "postgresql://u:swordfish@db/w"
    report = explain(settings)
    assert "swordfish" not in report.text()
    assert "swordfish" not in str(report.as_json())


def test_a_wrong_secret_is_not_repeated(home: Home) -> None:
    home.write('[output_adapter.email]\npassword = ["swordfish"]\n[watchword.database]\nurl = "mysql://u:swordfish@db"')
    told = home.refusal()
    assert "swordfish" not in told
    assert "deployment.toml:2" in told
    assert "deployment.toml:4" in told


def test_an_unknown_variable_of_ours_is_told(home: Home) -> None:
    environment = {"WATCHWORD_SEVER_PORT": "1", "WATCHWORD_ADMIN_PASSWORD_FILE": "x", "OTHER": "y"}
    told = [line for line in home.load(environment=environment).warnings if line.startswith("environment")]
    assert told == ["environment WATCHWORD_SEVER_PORT: sets nothing; did you mean WATCHWORD_SERVER_PORT?"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[watchword.server]\nhost = "0.0.0.0"', "watchword.server.host"),
        ('[watchword]\npublic_url = "https://id.example.com"', "watchword.public_url"),
        (
            '[output_adapter.email]\nhostname = "mx.example.com"\nfrom_address = "a@b.test"',
            "output_adapter.email.hostname",
        ),
    ],
)
def test_development_stays_on_loopback(home: Home, text: str, key: str) -> None:
    home.write(text)
    assert key in home.refusal(dev=True)


def test_development_allows_no_cool_down(home: Home) -> None:
    home.write('[watchword.limits]\nresend_after = "0s"')
    settings = home.load(dev=True)
    assert settings.limits.resend_after == timedelta(0)
    assert settings.server.host == "127.0.0.1"
    home.write('[watchword]\ndev = true\n[watchword.limits]\nresend_after = "0s"')
    assert home.load().dev


def test_plain_http_needs_loopback_or_a_proxy(home: Home) -> None:
    home.write("[watchword.tls]\nenabled = false")
    assert "watchword.tls.enabled" in home.refusal()
    home.write('[watchword]\ntrusted_proxies = ["10.0.0.0/8"]\n[watchword.tls]\nenabled = false')
    assert home.load().public_url == "http://localhost:9443"
    home.write('[watchword.server]\nhost = "127.0.0.1"\n[watchword.tls]\nenabled = false')
    assert not home.load().server.tls


def test_recommended_limits_the_life_of_codes(home: Home) -> None:
    lives = SIGN_UP + 'verification_email_validity = "2d"\nverification_sms_validity = "-1"\n'
    home.write(lives)
    told = home.refusal()
    assert "deployment.toml:2" in told
    assert "deployment.toml:3" in told
    home.write(lives + '[watchword]\nsecurity_profile = "wso2"')
    policies = home.load().policies
    assert policies["SelfRegistration.VerificationCode.ExpiryTime"] == 2880
    assert policies["SelfRegistration.VerificationCode.SMSOTP.ExpiryTime"] == -1


def test_a_callback_open_to_all_holds_under_wso2_only(home: Home) -> None:
    home.write(SIGN_UP + 'callback_url = ".*"')
    settings = home.load()
    assert "SelfRegistration.CallbackRegex" not in settings.policies
    assert any("lets people be sent" in line and "ignored" in line for line in settings.warnings)
    home.write(SIGN_UP + 'callback_url = ".*"\n[watchword]\nsecurity_profile = "wso2"')
    settings = home.load()
    assert settings.policies["SelfRegistration.CallbackRegex"] == ".*"
    assert any("lets people be sent" in line for line in settings.warnings)


def test_a_code_pattern_of_another_form_holds_under_wso2_only(home: Home) -> None:
    home.write(SIGN_UP + 'sms_otp_regex = "\\\\d+"')
    assert "SelfRegistration.SMSOTP.Regex" not in home.load().policies
    assert "classes and a length" in "".join(home.load().warnings)
    assert (
        home.load(environment={"WATCHWORD_SECURITY_PROFILE": "wso2"}).policies["SelfRegistration.SMSOTP.Regex"]
        == r"\d+"
    )


def test_what_upstream_takes_for_the_default_is_told_and_taken_so_under_wso2(home: Home) -> None:
    home.write(SIGN_UP + 'otp.otp_length = 40\n[identity_mgt.notification]\ndefault_notification_channel = "FAX"')
    assert "deployment.toml:4" in home.refusal()
    settings = home.load(environment={"WATCHWORD_SECURITY_PROFILE": "wso2"})
    assert settings.policies == {}
    assert [line for line in settings.warnings if "otp_length" in line and "taken for its default" in line]


def test_a_tolerance_may_not_outlive_the_code(home: Home) -> None:
    home.write(SIGN_UP + "verification_email_validity = 5\nemail.confirmation_code_tolerance_period = 6")
    assert "deployment.toml:3" in home.refusal()


def test_the_demo_registers_locks_and_texts() -> None:
    settings = load_settings(None, properties=all_properties(), data=Path("d"), demo=True)
    assert settings.security_profile == "wso2"
    assert settings.server.host == "127.0.0.1"
    assert settings.limits.sends_per_address == (Limit(1000, timedelta(days=1)),)
    assert settings.warnings == ()


def test_the_folders_of_a_bare_home(home: Home) -> None:
    assert home.load().publishers_folder == home.folder / "repository/deployment/server/eventpublishers"
    (home.folder / "sms").mkdir()
    assert home.load().sms_templates == home.folder / "sms" / "sms-templates-admin-config.xml"
    assert home.load().email_templates == home.folder / "repository/conf/email/email-admin-config.xml"


def test_the_folders_of_a_wso2_home(wso2_home: Home) -> None:
    settings = wso2_home.load()
    assert settings.sms_templates == wso2_home.folder / "repository/conf/sms/sms-templates-admin-config.xml"
    assert settings.publishers_folder == wso2_home.folder / "repository/deployment/server/eventpublishers"
    assert settings.data == wso2_home.folder / "watchword"


def test_an_administrator_of_a_home_is_read_unless_it_is_not_to_be_made(home: Home) -> None:
    home.write('[super_admin]\nusername = "root"\npassword = "swordfish"')
    assert home.load().admin_seed == ("root", "swordfish")
    assert "swordfish" not in repr(home.load())
    home.write('[super_admin]\nusername = "root"\npassword = "swordfish"\ncreate_admin_account = false')
    assert home.load().admin_seed is None


def test_a_captcha_without_its_keys_has_no_effect(home: Home) -> None:
    home.write('[recaptcha]\nsite_key = "s"')
    settings = home.load()
    assert settings.recaptcha is None
    assert any("[recaptcha]" in line for line in settings.warnings)


def test_every_declaration_is_whole() -> None:
    options = (*all_options(), *all_properties())
    keys = [option.key for option in options if option.key]
    assert len(keys) == len(set(keys))
    variables = [variable_of(option) for option in all_options() if variable_of(option)]
    assert len(variables) == len(set(variables))
    for option in options:
        assert option.doc.endswith(".") or option.doc.endswith(")")
        for default in (option.default, option.wso2, option.demo):
            assert isinstance(option.kind.write(default), str)
    assert [name for group in (*POLICIES, Server, Limits, Delivery) for name in undeclared_defaults(group)] == []
