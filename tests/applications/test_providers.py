"""Identity providers over REST."""

from typing import Any

import pytest

from tests.applications.kit import (
    APPLICATIONS,
    MOBILE,
    PROVIDER,
    PROVIDERS,
    SECRET,
    SEED_APPLICATION,
    SMS_OTP_ID,
    SMS_URL,
    add_application,
    add_provider,
    as_base64,
    certificate,
    create,
    reason,
)
from tests.world import OTHER_TENANT, World
from watchword.applications.store import Applications, IdentityProviders
from watchword.base.masking import MASK


def stored(world: World, provider: str) -> dict[str, str]:
    """Return the properties of the authenticator as they are used."""
    found = world.do(lambda work: IdentityProviders(work).fresh(provider))
    assert found is not None
    configured = found.authenticator("SMSOTP")
    assert configured is not None
    return dict(configured.properties)


def authenticator(provider: str) -> str:
    return f"{PROVIDERS}/{provider}/federated-authenticators/{SMS_OTP_ID}"


def properties(**values: str) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in values.items()]


def test_the_provider_of_the_seeds_is_made(world: World) -> None:
    reply = world.request("POST", PROVIDERS, PROVIDER)
    assert reply.status == 201
    assert reply.headers["location"].endswith(f"/identity-providers/{reply.json['id']}")
    assert reply.json["federatedAuthenticators"]["defaultAuthenticatorId"] == SMS_OTP_ID
    listed = world.request("GET", f"{PROVIDERS}?filter=name+sw+SMS").json
    assert [each["name"] for each in listed["identityProviders"]] == ["SMSOTP"]
    assert world.request("GET", f"/api/server/v1/idps/{reply.json['id']}").json["name"] == "SMSOTP"
    assert world.request("POST", PROVIDERS, {**PROVIDER, "name": "smsotp"}).status == 409


def test_plat_idp_04_a_mask_that_comes_back_keeps_the_secret(world: World) -> None:
    provider = add_provider(world)
    before = stored(world, provider)
    assert before["headers"] == SECRET
    for place in (f"{PROVIDERS}/{provider}", authenticator(provider)):
        shown = world.request("GET", place)
        assert "s3cret" not in shown.text
        assert "k3y-of-provider" not in shown.text
        assert MASK in shown.text
        assert "https://sms.example/send?api_key=" in shown.text
        assert world.request("PUT", place, shown.json).status == 200
        assert stored(world, provider) == before


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("sms_url", "https://u:p@sms.example/?to=$ctx.num", None),
        ("sms_url", "https://sms.example/?user=u&Password=p4ss&to=$ctx.num", "Password=********&to=$ctx.num"),
        ("payload", '{"apiKey": "k-1", "text": "$ctx.msg"}', '"apiKey": "********", "text": "$ctx.msg"'),
        ("payload", "{“secret”:”k-1”,“to”:”&num”}", "“to”:”&num”"),
        (
            "payload",
            "<sms><password>k-1</password><to>$ctx.num</to></sms>",
            "<password>********</password><to>$ctx.num</to>",
        ),
        ("payload", "auth_token=$ctx.msg&token=k-1", "auth_token=$ctx.msg&token=********"),
        ("payload", "auth" * 1000 + " token=k-1", "auth token=********"),
    ],
)
def test_secrets_within_an_address_or_a_payload_are_masked(
    world: World, key: str, value: str, shown: str | None
) -> None:
    provider = add_provider(world)
    given = {"sms_url": SMS_URL, "http_method": "POST", key: value}
    reply = world.request("PUT", authenticator(provider), {"isEnabled": True, "properties": properties(**given)})
    if shown is None:
        assert reply.status == 400
        return
    assert reply.status == 200, reply.text
    told = {each["key"]: each["value"] for each in reply.json["properties"]}[key]
    assert MASK in told
    assert "k-1" not in told
    assert "p4ss" not in told
    assert shown in told


def test_a_secret_that_is_not_said_is_kept_and_one_that_is_emptied_goes(world: World) -> None:
    provider = add_provider(world)
    body: dict[str, Any] = {"isEnabled": True, "isDefault": True, "properties": properties(sms_url=SMS_URL)}
    assert world.request("PUT", authenticator(provider), body).status == 200
    assert stored(world, provider) == {"sms_url": SMS_URL, "headers": SECRET}
    body["properties"] = properties(sms_url=SMS_URL, headers="")
    assert world.request("PUT", authenticator(provider), body).status == 200
    assert stored(world, provider) == {"sms_url": SMS_URL}


def test_a_secret_that_is_not_said_does_not_follow_to_another_address(world: World) -> None:
    provider = add_provider(world)
    elsewhere = "https://other.example/send?to=$ctx.num&text=$ctx.msg"
    masked = {"isEnabled": True, "isDefault": True, "properties": properties(sms_url=elsewhere, headers=MASK)}
    assert "headers" in reason(world.request("PUT", authenticator(provider), masked))
    body = {"isEnabled": True, "isDefault": True, "properties": properties(sms_url=elsewhere)}
    assert world.request("PUT", authenticator(provider), body).status == 200
    assert stored(world, provider) == {"sms_url": elsewhere}


def test_a_mask_where_no_secret_is_known_is_refused(world: World) -> None:
    provider = add_provider(world)
    moved = SMS_URL.replace("k3y-of-provider", MASK).replace("sms.example", "elsewhere.example")
    body = {"isEnabled": True, "properties": properties(sms_url=moved)}
    told = reason(world.request("PUT", authenticator(provider), body))
    assert "sms_url" in told
    fresh = {"name": "Other", "federatedAuthenticators": {"authenticators": [
        {"authenticatorId": SMS_OTP_ID, "properties": properties(headers=MASK)}]}}  # fmt: skip
    assert "headers" in reason(world.request("POST", PROVIDERS, fresh))


def test_plat_idp_02_a_provider_in_use_is_not_lost_by_accident(world: World) -> None:
    application = add_application(world)
    provider = world.request("GET", PROVIDERS).json["identityProviders"][0]["id"]
    place = f"{PROVIDERS}/{provider}"
    assert "travelocity.com" in reason(world.request("DELETE", place), 409)

    off = {**world.request("GET", authenticator(provider)).json, "isEnabled": False, "isDefault": False}
    assert "travelocity.com" in reason(world.request("PUT", authenticator(provider), off), 409)
    disabled = [{"operation": "REPLACE", "path": "/isEnabled", "value": False}]
    assert "travelocity.com" in reason(world.request("PATCH", place, disabled), 409)
    assert world.request("PUT", f"{authenticator(provider)}?force=true", off).status == 200

    renamed = [{"operation": "REPLACE", "path": "/name", "value": "Carrier"}]
    assert world.request("PATCH", place, renamed).status == 200
    kept = world.do(lambda work: Applications(work).get(application))
    assert kept is not None
    assert [option.idp for option in kept.sequence.options()] == ["LOCAL", provider]
    shown = world.request("GET", f"{APPLICATIONS}/{application}").json
    assert shown["authenticationSequence"]["steps"][1]["options"][0]["idp"] == "Carrier"
    assert world.request("PATCH", f"{APPLICATIONS}/{application}", {"description": "still"}).status == 200
    same = {"authenticationSequence": SEED_APPLICATION["authenticationSequence"], "name": "other"}
    assert "no identity provider SMSOTP" in reason(world.request("PATCH", f"{APPLICATIONS}/{application}", same))


def test_a_provider_deleted_by_force_leaves_the_steps(world: World) -> None:
    application = add_application(world)
    provider = world.request("GET", PROVIDERS).json["identityProviders"][0]["id"]
    connected = world.request("GET", f"{PROVIDERS}/{provider}/connected-apps").json
    assert [each["appId"] for each in connected["connectedApps"]] == [application]
    assert world.request("DELETE", f"{PROVIDERS}/{provider}?force=true").status == 204
    sequence = world.request("GET", f"{APPLICATIONS}/{application}").json["authenticationSequence"]
    assert [each["options"] for each in sequence["steps"]] == [
        [{"idp": "LOCAL", "authenticator": "BasicAuthenticator"}]
    ]
    assert world.request("GET", f"{PROVIDERS}/{provider}").code == "IDP-60002"


def test_a_step_cannot_take_a_provider_that_is_switched_off(world: World) -> None:
    create(world, PROVIDERS, {**PROVIDER, "isEnabled": False})
    assert "disabled" in reason(world.request("POST", APPLICATIONS, SEED_APPLICATION))


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("IDP-60025", {"name": "local"}),
        ("IDP-60025", {"name": " "}),
        ("IDP-60025", {"image": "javascript:alert(1)"}),
        ("IDP-60025", {"isEnabled": "perhaps"}),
        ("IDP-60036", {"certificate": {"certificates": [as_base64("no certificate")]}}),
        ("IDP-60024", {"claims": {"mappings": [{"idpClaim": "shoe", "localClaim": {"uri": "urn:shoe"}}]}}),
        ("IDP-60027", {"federatedAuthenticators": {"defaultAuthenticatorId": SMS_OTP_ID}}),
        ("IDP-60027", {"federatedAuthenticators": {"authenticators": [
            {"authenticatorId": SMS_OTP_ID, "isDefault": True}]}}),
        ("IDP-60025", {"federatedAuthenticators": {"authenticators": [
            {"authenticatorId": SMS_OTP_ID}, {"authenticatorId": SMS_OTP_ID}]}}),
        ("IDP-60025", {"federatedAuthenticators": {"authenticators": [{"authenticatorId": "QmFzaWM"}]}}),
    ],
)  # fmt: skip
def test_a_provider_that_cannot_be_is_refused(world: World, code: str, change: dict[str, Any]) -> None:
    reply = world.request("POST", PROVIDERS, {**PROVIDER, **change})
    assert (reply.status, reply.code) == (400, code)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("shoe_size", "44"),
        ("sms_url", "ftp://sms.example/"),
        ("sms_url", "https://$ctx.num/"),
        ("http_method", "BREW"),
        ("headers", "Bad Name: x"),
        ("mobile_number_regex", "(a|aa)+$"),
        ("mobile_number_regex", "["),
        ("values_to_be_masked", "ok,["),
        ("show_detailed_error_info", "perhaps"),
        ("SmsOtpLength", "six"),
    ],
)
def test_a_property_that_cannot_be_is_refused_by_name(world: World, key: str, value: str) -> None:
    provider = add_provider(world)
    given = {"sms_url": SMS_URL, key: value}
    told = reason(world.request("PUT", authenticator(provider), {"isEnabled": True, "properties": properties(**given)}))
    assert "SMSOTP" in told
    assert stored(world, provider)["sms_url"] == SMS_URL


def test_the_old_spelling_of_the_seeds_is_taken_with_a_warning(world: World) -> None:
    provider = add_provider(world)
    old = "https://rest.example/sms/json?api_key=a&api_secret=b&from=NEXMO&to=&num&text=&msg"
    reply = world.request("PUT", authenticator(provider), {"isEnabled": True, "properties": properties(sms_url=old)})
    assert reply.status == 200
    assert "$ctx.num" in reply.headers["warning"]
    assert "to=&num&text=&msg" in reply.text
    assert "api_secret=b" not in reply.text


def test_parts_are_read_and_written_alone(world: World) -> None:
    provider = add_provider(world)
    place = f"{PROVIDERS}/{provider}"
    claims = {"userIdClaim": {"uri": "sub"}, "mappings": [{"idpClaim": "phone", "localClaim": {"uri": MOBILE}}]}
    assert world.request("PUT", f"{place}/claims", claims).status == 200
    assert world.request("GET", f"{place}/claims").json["mappings"] == claims["mappings"]
    roles = {"mappings": [{"idpRole": "boss", "localRole": "admin"}]}
    assert world.request("PUT", f"{place}/roles", roles).status == 200
    assert world.request("GET", f"{place}/roles").json["mappings"] == roles["mappings"]
    assert world.request("PUT", f"{place}/provisioning/jit", {"isEnabled": True}).json["isEnabled"] is True
    assert world.request("GET", f"{place}/provisioning/jit").json["scheme"] == "PROVISION_SILENTLY"
    assert world.request("PUT", f"{place}/provisioning/jit", {"scheme": "GUESS"}).status == 400
    assert stored(world, provider)["headers"] == SECRET
    pem = [as_base64(certificate())]
    change = [{"operation": "REPLACE", "path": "/certificate/certificates", "value": pem}]
    assert world.request("PATCH", place, change).json["certificate"]["certificates"] == pem
    nowhere = [{"operation": "REPLACE", "path": "/shoe", "value": 1}]
    assert world.request("PATCH", place, nowhere).status == 400


def test_a_form_can_be_drawn_from_the_properties(world: World) -> None:
    meta = f"{PROVIDERS}/meta/federated-authenticators"
    assert [each["authenticatorId"] for each in world.request("GET", meta).json] == [SMS_OTP_ID]
    known = {each["key"]: each for each in world.request("GET", f"{meta}/{SMS_OTP_ID}").json["properties"]}
    assert known["sms_url"]["displayName"] == "SMS URL"
    assert known["headers"]["isConfidential"] is True
    assert world.request("GET", f"{meta}/QmFzaWM").status == 404


def test_who_may_see_applications_may_not_see_providers(world: World) -> None:
    provider = add_provider(world)
    world.add_client("viewer", "viewer-secret", "apps:view", "apps:edit")
    by = ("viewer", "viewer-secret")
    assert world.request("GET", f"{PROVIDERS}/{provider}", by=by).status == 403
    assert world.request("DELETE", f"{PROVIDERS}/{provider}", by=by).status == 403


def test_a_provider_is_not_there_in_another_tenant(world: World) -> None:
    provider = add_provider(world)
    place = f"{PROVIDERS}/{provider}"
    assert world.request("GET", place, tenant=OTHER_TENANT).status == 404
    assert world.request("PUT", place, PROVIDER, tenant=OTHER_TENANT).status == 404
    assert world.request("DELETE", f"{place}?force=true", tenant=OTHER_TENANT).status == 404
    assert world.request("GET", PROVIDERS, tenant=OTHER_TENANT).json["totalResults"] == 0
    assert world.request("GET", place).status == 200
