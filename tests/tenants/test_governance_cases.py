"""What the governance interface shows at first, and what it refuses (platform.md 3.2, 3.3)."""

from typing import Any

import pytest

from tests.conftest import WorldMaker
from tests.tenants.kit import Server
from tests.world import World
from watchword.applications.http.authenticators import AuthenticatorsApi
from watchword.base.settings import AuthenticatorSettings
from watchword.tenants.http.configs import CONFIGS
from watchword.tenants.http.governance import ROOT
from watchword.tenants.model import opaque_id
from watchword.web.model import NOBODY, Ask

SIGN_UP = f"{ROOT}/VXNlciBPbmJvYXJkaW5n/connectors/c2VsZi1zaWduLXVw"
OTP = "SelfRegistration.OTP."
AS_THE_TABLE_SAYS = {
    "SelfRegistration.Enable": "false",
    "SelfRegistration.SendConfirmationOnCreation": "false",
    "SelfRegistration.LockOnCreation": "true",
    "SelfRegistration.Notification.InternallyManage": "true",
    "SelfRegistration.ReCaptcha": "true",
    "SelfRegistration.ResendConfirmationReCaptcha": "false",
    "SelfRegistration.ShowUsernameUnavailability": "true",
    "SelfRegistration.VerificationCode.ExpiryTime": "1440",
    "SelfRegistration.VerificationCode.SMSOTP.ExpiryTime": "1",
    OTP + "SendOTPInEmail": "false",
    OTP + "OTPLength": "6",
    "SelfRegistration.EmailOTP.Enable": "false",
    "SelfRegistration.NotifyAccountConfirmation": "false",
    "SelfRegistration.AutoLogin.Enable": "false",
    "SelfRegistration.AutoLogin.AliasName": "wso2carbon",
    "SelfRegistration.EnableDynamicPortal": "false",
}
DECIDED_OTHERWISE = {
    "SelfRegistration.CallbackRegex": "",  # the table's own value lets foreign hosts in
    "SelfRegistration.SMSOTP.Regex": "",  # this and the flags: decisions 5.1, empty until somebody sets them
    OTP + "UseUppercaseCharactersInOTP": "",
    OTP + "UseLowercaseCharactersInOTP": "",
    OTP + "UseNumbersInOTP": "",
}


def change(world: World, value: str) -> tuple[int, str]:
    properties = [{"name": "SelfRegistration.CallbackRegex", "value": value}]
    reply = world.request("PATCH", SIGN_UP, {"operation": "UPDATE", "properties": properties})
    return reply.status, reply.text


def test_PLAT_GOV_02_categories_have_ids_and_connectors_their_defaults(worlds: WorldMaker) -> None:
    world = worlds(**{"SelfRegistration.Enable": "false"})
    categories = world.request("GET", ROOT).json
    assert categories
    for category in categories:
        assert category["id"] == opaque_id(category["name"])
        assert category["self"].endswith(category["id"])
        assert category["connectors"]
        for connector in category["connectors"]:
            shown = world.request("GET", connector["self"]).json
            assert connector["id"] == shown["id"] == opaque_id(shown["name"])
            assert shown["properties"], shown["name"]
    shown = {each["name"]: each["value"] for each in world.request("GET", SIGN_UP).json["properties"]}
    assert shown == AS_THE_TABLE_SAYS | DECIDED_OTHERWISE


def test_PLAT_GOV_05_a_callback_to_a_stranger_is_refused_and_so_is_a_pattern_that_lets_one_in(world: World) -> None:
    refused = world.register(properties={"callback": "https://evil.example/x"})
    assert (refused.status, refused.code) == (400, "20044")
    assert "location" not in refused.headers
    assert world.user() is None
    status, told = change(world, "[https://localhost:9443].*[/authenticationendpoint/login.do]")
    assert status == 400
    assert "lets people be sent to hosts that it does not spell out" in told
    assert world.register(properties={"callback": "https://evil.example/x"}).code == "20044"


@pytest.mark.parametrize("callback", ["https://app.example.org/login", "https://app.example.org/a?b=c"])
def test_a_callback_of_a_pattern_that_names_its_host_is_taken(world: World, callback: str) -> None:
    assert change(world, r"https://app\.example\.org/.*")[0] == 200
    assert world.register(properties={"callback": callback}).status == 201


def test_PLAT_GOV_09_a_session_lasts_some_minutes(world: World) -> None:
    steps = [
        [{"operation": "REPLACE", "path": "/idleSessionTimeoutPeriod", "value": value}] for value in ("30", "abc", "0")
    ]
    assert [world.request("PATCH", CONFIGS, step).status for step in steps] == [200, 400, 400]
    assert world.request("GET", CONFIGS).json["idleSessionTimeoutPeriod"] == "30"


def test_the_servers_own_authenticators_are_listed(world: World) -> None:
    listed = world.request("GET", f"{CONFIGS}/authenticators").json
    assert listed[0]["name"] == "BasicAuthenticator"
    assert "SMSOTP" not in [each["name"] for each in listed], "that one is of an identity provider"
    shown = world.request("GET", listed[0]["self"]).json
    assert (shown["id"], shown["type"], shown["isEnabled"]) == (opaque_id("BasicAuthenticator"), "LOCAL", True)
    assert world.request("GET", f"{CONFIGS}/authenticators/{opaque_id('SMSOTP')}").status == 404


def test_an_authenticator_that_the_operator_switched_off_is_said_to_be_off(server: Server) -> None:
    said = {"email-otp-authenticator": AuthenticatorSettings(enabled=False)}
    ask = Ask(None, NOBODY, "127.0.0.1")
    listed: Any = server.with_settings(authenticators=said).do(lambda work: AuthenticatorsApi().list_all(work, ask))
    assert [each["name"] for each in listed if not each["isEnabled"]] == ["email-otp-authenticator"]
