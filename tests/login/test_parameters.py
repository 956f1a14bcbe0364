"""The parameters of authenticators: where a value comes from, and what is said of one that cannot be used."""

from dataclasses import replace
from pathlib import Path

from tests.world import settings_of
from watchword.base.settings import AuthenticatorSettings, Settings
from watchword.login.parameters import (
    GROUPS,
    SmsOtpParameters,
    parameter_doubts,
    parameters_of,
    read_parameters,
)

SEED_003 = {
    "SMSOTPAuthenticationEndpointURL": "smsotpauthenticationendpoint/smsotp.jsp",
    "SMSOTPAuthenticationEndpointErrorPage": "smsotpauthenticationendpoint/smsotpError.jsp",
    "MobileNumberRegPage": "smsotpauthenticationendpoint/mobile.jsp",
    "RetryEnable": True,
    "ResendEnable": True,
    "BackupCode": "true",
    "SMSOTPEnableByUserClaim": False,
    "SMSOTPMandatory": False,
    "usecase": "association",
    "secondaryUserstore": "primary",
    "CaptureAndUpdateMobileNumber": True,
    "SendOTPDirectlyToMobile": False,
}


def _settings(**parameters: str) -> Settings:
    said = {"SMSOTP": AuthenticatorSettings(parameters=parameters)} if parameters else {}
    return replace(settings_of("wso2", Path(), {}), authenticators=said)


def test_the_defaults_are_those_of_seed_003() -> None:
    defaults = {each.name: each.default for each in parameters_of(SmsOtpParameters).values()}
    assert defaults.items() >= SEED_003.items()
    assert read_parameters(_settings(), "SMSOTP", SmsOtpParameters) == SmsOtpParameters()


def test_only_true_is_true_in_any_case() -> None:
    for text, expected in (("TRUE", True), (" true ", True), ("yes", False), ("1", False), ("", False)):
        assert read_parameters(_settings(RetryEnable=text), "SMSOTP", SmsOtpParameters).retry is expected


def test_both_names_of_the_federated_switch_are_read() -> None:
    for name in ("SendOtpToFederatedMobile", "sendOTPToFederatedMobileAttribute"):
        assert read_parameters(_settings(**{name: "true"}), "SMSOTP", SmsOtpParameters).federated


def test_a_number_that_is_none_is_the_default_and_is_told() -> None:
    settings = _settings(TokenExpiryTime="soon", MaximumResendAttempts="-1", Retries="3")
    assert read_parameters(settings, "SMSOTP", SmsOtpParameters).expiry_seconds == 300
    told = list(parameter_doubts(settings))
    assert [line for line in told if "TokenExpiryTime" in line and "300" in line]
    assert [line for line in told if "MaximumResendAttempts" in line]
    assert [line for line in told if "Retries has no effect" in line]
    assert len(told) == 3


def test_every_parameter_says_what_it_does() -> None:
    for group in GROUPS.values():
        for each in parameters_of(group).values():
            assert each.effect.endswith("."), each.name
