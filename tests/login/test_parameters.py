"""The parameters of authenticators: where a value comes from, and what is said of one that cannot be used."""

from dataclasses import replace
from pathlib import Path

from tests.world import settings_of
from watchword.base.settings import AuthenticatorSettings, Settings
from watchword.login.parameters import (
    GROUPS,
    SmsOtpParameters,
    own_page,
    page_doubts,
    page_origins,
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


def test_pages_with_a_whole_address_are_told() -> None:
    path = "smsotpauthenticationendpoint/smsotp.jsp"
    ours = replace(_settings(), public_url="https://id.example")
    told = {}
    for address in (
        f"https://localhost:9443/{path}", f"https://id.example:8243/{path}?theme=x", f"https://id.example/{path}", path,
        f"https://pages.example/{path}", "https://localhost:9443/of/somebody.jsp",
    ):  # fmt: skip
        said = {"SMSOTP": AuthenticatorSettings(parameters={"SMSOTPAuthenticationEndpointURL": address})}
        settings = replace(ours, authenticators=said)
        told[address] = (list(page_doubts(settings)), set(page_origins(settings)), own_page(settings, address))
        assert told[address][0] == list(parameter_doubts(settings))
    (local, renamed, same, short, foreign, other) = told.values()
    assert "it means https://id.example/smsotpauthenticationendpoint/smsotp.jsp, not" in local[0][0]
    assert renamed[2] == f"{path}?theme=x"
    assert (local[1], renamed[1], same[:2], short) == (set(), set(), ([], set()), ([], set(), None))
    assert "leads to https://pages.example, which is not this server" in foreign[0][0]
    assert foreign[1:] == ({"https://pages.example"}, None)
    assert other[1:] == ({"https://localhost:9443"}, None)


def test_every_parameter_says_what_it_does() -> None:
    for group in GROUPS.values():
        for each in parameters_of(group).values():
            assert each.effect.endswith("."), each.name
