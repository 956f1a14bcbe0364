import json
from typing import Any

import pytest

from tests.tenants.kit import ROUTES, Server
from watchword.base.problems import ConnectorUnknown, Malformed, PropertyRefused
from watchword.tenants.http.governance import ROOT
from watchword.web.model import Door

ONBOARDING = "VXNlciBPbmJvYXJkaW5n"
OLD = "QWNjb3VudCBNYW5hZ2VtZW50IFBvbGljaWVz"
SIGN_UP = "c2VsZi1zaWduLXVw"
ONE = f"{ROOT}/{ONBOARDING}/connectors/{SIGN_UP}"


def update(**values: object) -> str:
    named = [{"name": f"SelfRegistration.{name}", "value": value} for name, value in values.items()]
    return json.dumps({"operation": "UPDATE", "properties": named})


def value(server: Server, name: str, tenant: str = "carbon.super") -> str:
    shown = server.call("GET", ONE, tenant=tenant)["properties"]
    return str(next(each["value"] for each in shown if each["name"] == name))


def test_the_categories_have_the_ids_of_the_product(server: Server) -> None:
    found = {each["name"]: each["id"] for each in server.call("GET", ROOT)}
    assert found["User Onboarding"] == ONBOARDING
    assert found["Password Policies"] == "UGFzc3dvcmQgUG9saWNpZXM"
    assert found["Other Settings"] == "T3RoZXIgU2V0dGluZ3M"
    assert SIGN_UP in [each["id"] for each in server.call("GET", ROOT)[0]["connectors"]]


def test_a_connector_shows_its_properties_as_text(server: Server) -> None:
    shown = server.call("GET", ONE)
    assert (shown["id"], shown["name"], shown["category"]) == (SIGN_UP, "self-sign-up", "User Onboarding")
    enable = shown["properties"][0]
    assert enable["name"] == "SelfRegistration.Enable"
    assert (enable["value"], enable["displayName"], enable["meta"]["type"]) == (
        "false",
        "User self registration",
        "boolean",
    )
    assert all(isinstance(each["value"], str) for each in shown["properties"])
    assert "SelfRegistration.API.EnableDetailedResponseBody" not in [each["name"] for each in shown["properties"]]


def test_the_old_category_is_answered_too(server: Server) -> None:
    assert SIGN_UP in [each["id"] for each in server.call("GET", f"{ROOT}/{OLD}/connectors")]
    server.call("PATCH", f"{ROOT}/{OLD}/connectors/{SIGN_UP}", update(Enable="true"))
    assert value(server, "SelfRegistration.Enable") == "true"


def test_a_patch_changes_what_it_names_in_its_tenant(server: Server) -> None:
    server.call("PATCH", ONE, update(Enable="true", LockOnCreation="false"), tenant="wso2.com")
    assert value(server, "SelfRegistration.Enable", "wso2.com") == "true"
    assert value(server, "SelfRegistration.Enable") == "false"


def test_several_connectors_change_in_one_call(server: Server) -> None:
    lite = {"id": "bGl0ZS11c2VyLXNpZ24tdXA", "properties": [{"name": "LiteRegistration.Enable", "value": "true"}]}
    own = {"id": SIGN_UP, "properties": [{"name": "SelfRegistration.Enable", "value": "true"}]}
    body = json.dumps({"operation": "UPDATE", "connectors": [lite, own]})
    server.call("PATCH", f"{ROOT}/{ONBOARDING}/connectors", body)
    assert value(server, "SelfRegistration.Enable") == "true"


def test_a_revert_brings_the_servers_value_back(server: Server) -> None:
    server.call("PATCH", ONE, update(Enable="true"))
    server.call("POST", f"{ROOT}/{ONBOARDING}/connectors/revert", '{"properties": ["SelfRegistration.Enable"]}')
    assert value(server, "SelfRegistration.Enable") == "false"


@pytest.mark.parametrize(
    ("method", "path", "body", "problem"),
    [
        ("GET", f"{ROOT}/nothing", "", ConnectorUnknown),
        ("GET", f"{ROOT}/{ONBOARDING}/connectors/nothing", "", ConnectorUnknown),
        ("GET", f"{ROOT}/UGFzc3dvcmQgUG9saWNpZXM/connectors/{SIGN_UP}", "", ConnectorUnknown),
        ("PATCH", ONE, update(Nothing="true"), PropertyRefused),
        ("PATCH", ONE, update(Enable=True), PropertyRefused),
        ("PATCH", ONE, '{"operation": "DELETE", "properties": []}', Malformed),
        ("POST", f"{ROOT}/{ONBOARDING}/connectors/revert", '{"properties": ["Nothing"]}', PropertyRefused),
    ],
)
def test_what_is_unknown_or_of_the_wrong_type_is_refused(
    server: Server, method: str, path: str, body: str, problem: type[Exception]
) -> None:
    with pytest.raises(problem) as caught:
        server.call(method, path, body)
    codes = {ConnectorUnknown: "IDG-60002", PropertyRefused: "IDG-60001", Malformed: "USR-10003"}
    assert getattr(caught.value, "code", None) == codes[problem]


def preference(server: Server, *properties: str) -> Any:  # noqa: ANN401 - JSON
    body = json.dumps([{"connector-name": "self-sign-up", "properties": properties}])
    return server.call("POST", f"{ROOT}/preferences", body)


def test_a_page_learns_what_it_may_offer(server: Server) -> None:
    shown = [{"name": "SelfRegistration.Enable", "value": "false"}]
    assert preference(server, "SelfRegistration.Enable") == [{"connector-name": "self-sign-up", "properties": shown}]


def test_a_page_learns_nothing_that_is_not_listed(server: Server) -> None:
    with pytest.raises(PropertyRefused):
        preference(server, "SelfRegistration.EnableAccountLockForVerifiedPreferredChannel")
    names = [each["name"] for each in preference(server)[0]["properties"]]
    assert "SelfRegistration.EnableAccountLockForVerifiedPreferredChannel" not in names


def test_only_preferences_are_open_to_strangers() -> None:
    for route in ROUTES:
        if route.path == f"{ROOT}/preferences":
            assert route.door == Door.ANYONE
        else:
            assert route.permission == ("governance:view" if route.method == "GET" else "governance:edit")


def test_a_caller_who_may_look_may_not_change() -> None:
    for route in ROUTES:
        if route.permission == "governance:view":
            assert (route.method, route.reading) == ("GET", True)


def test_no_address_takes_the_name_that_the_tenants_prefix_has() -> None:
    assert all("{tenant}" not in route.path for route in ROUTES)
