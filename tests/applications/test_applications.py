"""Applications over REST."""

from typing import Any

import pytest

from tests.applications.kit import (
    ACS,
    APPLICATIONS,
    MOBILE,
    SEED_APPLICATION,
    SEED_SAML,
    add_application,
    add_provider,
    as_base64,
    certificate,
    create,
    reason,
    with_saml,
)
from tests.world import OTHER_TENANT, World

SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
RSA15 = "http://www.w3.org/2001/04/xmlenc#rsa-1_5"
VIEWER = ("viewer", "viewer-secret")


def shown(world: World, application: str, path: str = "") -> Any:  # noqa: ANN401  # a document
    reply = world.request("GET", f"{APPLICATIONS}/{application}{path}")
    assert reply.status == 200, reply.text
    return reply.json


def test_plat_app_01_the_application_of_the_seeds_is_made_as_it_is_printed(world: World) -> None:
    add_provider(world)
    reply = world.request("POST", APPLICATIONS, SEED_APPLICATION)
    assert (reply.status, reply.octets) == (201, b"")
    application = shown(world, reply.headers["location"].rpartition("/")[2])
    assert application["name"] == "travelocity.com"
    assert [each["claim"]["uri"] for each in application["claimConfiguration"]["requestedClaims"]] == [MOBILE]
    assert application["authenticationSequence"]["steps"] == SEED_APPLICATION["authenticationSequence"]["steps"]
    saml = shown(world, application["id"], "/inbound-protocols/saml")
    assert saml["responseSigning"]["enabled"] is True
    assert saml["singleLogoutProfile"]["enabled"] is True
    assert saml["attributeProfile"]["enabled"] is True
    assert saml["attributeProfile"]["alwaysIncludeAttributesInResponse"] is True
    assert int(saml["singleSignOnProfile"]["attributeConsumingServiceIndex"]) > 0
    assert saml["requestValidation"]["enableSignatureValidation"] is False
    assert application["inboundProtocols"][0]["type"] == "samlsso"
    assert [event.target for event in world.audit("create_application")] == [application["id"]]


def test_plat_app_03_what_is_taken_or_cannot_be_is_refused(world: World) -> None:
    add_application(world)
    assert world.request("POST", APPLICATIONS, {**SEED_APPLICATION, "name": "TRAVELOCITY.com"}).status == 409
    assert "travelocity.com" in reason(world.request("POST", APPLICATIONS, {**SEED_APPLICATION, "name": "other"}), 409)
    for wrong in (
        {**SEED_APPLICATION, "name": "a/b"},
        {**with_saml(issuer="other", assertionConsumerUrls=[]), "name": "other"},
        {**with_saml(issuer="other", singleSignOnProfile={"bindings": ["HTTP_REDIRECT"]}), "name": "other"},
    ):
        reply = world.request("POST", APPLICATIONS, wrong)
        assert (reply.status, reply.code) == (400, "APP-60001")
    assert world.request("GET", APPLICATIONS).json["totalResults"] == 1


def test_plat_app_04_a_patch_leaves_what_it_does_not_name(world: World) -> None:
    application = add_application(world)
    before = shown(world, application)
    world.request("PATCH", f"{APPLICATIONS}/{application}", {"advancedConfigurations": {"skipLoginConsent": False}})
    assert world.request("PATCH", f"{APPLICATIONS}/{application}", {"description": "x"}).status == 200
    change = {"advancedConfigurations": {"saas": True}}
    assert world.request("PATCH", f"{APPLICATIONS}/{application}", change).status == 200
    after = shown(world, application)
    assert after["advancedConfigurations"] == {
        **before["advancedConfigurations"], "skipLoginConsent": False, "saas": True
    }  # fmt: skip
    assert {**after, "description": "", "advancedConfigurations": before["advancedConfigurations"]} == before
    assert shown(world, application, "/inbound-protocols/saml")["issuer"] == "travelocity.com"


def test_a_patch_replaces_a_list_whole_and_takes_null_for_absent(world: World) -> None:
    application = add_application(world)
    change: dict[str, Any] = {"description": None, "claimConfiguration": {"requestedClaims": []}}
    assert world.request("PATCH", f"{APPLICATIONS}/{application}", change).status == 200
    assert shown(world, application)["claimConfiguration"]["requestedClaims"] == []


def test_plat_app_05_a_signature_cannot_be_required_without_a_certificate(world: World) -> None:
    application = add_application(world)
    place = f"{APPLICATIONS}/{application}/inbound-protocols/saml"
    wanted = {**SEED_SAML, "requestValidation": {"enableSignatureValidation": True}}
    told = reason(world.request("PUT", place, {"manualConfiguration": wanted}))
    assert "requestValidation.enableSignatureValidation" in told
    assert "certificate" in told
    both = {"manualConfiguration": SEED_SAML, "metadataURL": "https://sp.example/metadata"}
    assert "one of" in reason(world.request("PUT", place, both))
    assert world.request("PUT", place, {"manualConfiguration": SEED_SAML}).status == 200


def test_signatures_are_required_by_default_where_there_is_a_certificate(world: World) -> None:
    add_provider(world)
    bare = create(world, APPLICATIONS, {**with_saml(requestValidation=None, issuer="bare"), "name": "bare"})
    pem = {"type": "PEM", "value": as_base64(certificate())}
    body = {**with_saml(requestValidation=None), "advancedConfigurations": {"certificate": pem}}
    signed = create(world, APPLICATIONS, body)
    place = "/inbound-protocols/saml"
    assert shown(world, bare, place)["requestValidation"]["enableSignatureValidation"] is False
    assert shown(world, signed, place)["requestValidation"]["enableSignatureValidation"] is True
    known = shown(world, signed)
    assert known["advancedConfigurations"]["certificate"]["value"] == certificate()
    assert known["certificates"][0]["notAfter"].startswith("2030-06-01")
    remove = {"advancedConfigurations": {"certificate": {"value": ""}}}
    assert "certificate" in reason(world.request("PATCH", f"{APPLICATIONS}/{signed}", remove))


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("issuer", {"issuer": "sp@carbon.super"}),
        ("issuer", {"issuer": "sp-urn:sp:qualifier:x"}),
        ("issuer", {"issuer": " "}),
        ("assertionConsumerUrls", {"assertionConsumerUrls": ["javascript:alert(1)"]}),
        ("assertionConsumerUrls", {"assertionConsumerUrls": ["https://user@sp.example/acs"]}),
        ("assertionConsumerUrls", {"assertionConsumerUrls": ["https://sp.example/acs#here"]}),
        ("assertionConsumerUrls", {"assertionConsumerUrls": ["https://sp.example\\@evil.example/acs"]}),
        ("assertionConsumerUrls", {"assertionConsumerUrls": [ACS, ACS]}),
        ("defaultAssertionConsumerUrl", {"defaultAssertionConsumerUrl": "https://evil.example/acs"}),
        ("logoutResponseUrl", {"singleLogoutProfile": {"logoutResponseUrl": "ftp://sp.example/"}}),
        ("returnToUrls", {"singleLogoutProfile": {"idpInitiatedSingleLogout": {"returnToUrls": ["/home"]}}}),
        ("logoutMethod", {"singleLogoutProfile": {"logoutMethod": "PIGEON"}}),
        ("bindings", {"singleSignOnProfile": {"bindings": ["HTTP_POST", "HTTP_REDIRECT", "ARTIFACT"]}}),
        ("nameIdFormat", {"singleSignOnProfile": {"assertion": {"nameIdFormat": "kerberos"}}}),
        ("nameFormat", {"attributeProfile": {"nameFormat": "urn:other"}}),
        ("signingAlgorithm", {"responseSigning": {"signingAlgorithm": SHA1}}),
        ("keyEncryptionAlgorithm", {"singleSignOnProfile": {"assertion": {"encryption": {
            "keyEncryptionAlgorithm": RSA15}}}}),
        ("encryption.enabled", {"singleSignOnProfile": {"assertion": {"encryption": {"enabled": True}}}}),
        ("enableAssertionQueryProfile", {"enableAssertionQueryProfile": True}),
        ("issuer", {"issuer": 5}),
    ],
)  # fmt: skip
def test_a_service_provider_that_cannot_be_is_refused_by_field(
    world: World, field: str, change: dict[str, Any]
) -> None:
    add_provider(world)
    assert field in reason(world.request("POST", APPLICATIONS, with_saml(**change)))


def test_old_algorithms_are_for_the_application_that_asks_for_them(world: World) -> None:
    add_provider(world)
    wanted = with_saml(responseSigning={"signingAlgorithm": SHA1}, legacyAlgorithms=True)
    application = create(world, APPLICATIONS, wanted)
    assert shown(world, application, "/inbound-protocols/saml")["responseSigning"]["signingAlgorithm"] == SHA1


def step(number: int, *options: tuple[str, str]) -> dict[str, Any]:
    return {"id": number, "options": [{"idp": idp, "authenticator": name} for idp, name in options]}


@pytest.mark.parametrize(
    ("told", "steps"),
    [
        ("must be 1 to", []),
        ("1, 2, 3", [step(2, ("LOCAL", "BasicAuthenticator"))]),
        ("step 1 must have", [step(1)]),
        ("twice", [step(1, ("LOCAL", "BasicAuthenticator"), ("LOCAL", "BasicAuthenticator"))]),
        ("step 1 needs", [step(1, ("LOCAL", "backup-code-authenticator"))]),
        ("no step proves", [step(1, ("LOCAL", "IdentifierExecutor"))]),
        ("no authenticator", [step(1, ("LOCAL", "Telepathy"))]),
        ("belongs to an identity provider", [step(1, ("LOCAL", "SMSOTP"))]),
        ("no identity provider", [step(1, ("LOCAL", "BasicAuthenticator")), step(2, ("elsewhere", "SMSOTP"))]),
        ("not enabled", [step(1, ("LOCAL", "BasicAuthenticator")), step(2, ("SMSOTP", "BasicAuthenticator"))]),
    ],
)
def test_steps_that_let_in_nobody_or_anybody_are_refused(world: World, told: str, steps: list[dict[str, Any]]) -> None:
    add_provider(world)
    sequence = {"type": "USER_DEFINED", "steps": steps}
    assert told in reason(world.request("POST", APPLICATIONS, {**with_saml(), "authenticationSequence": sequence}))


@pytest.mark.parametrize("wrong", [{"subjectStepId": 3}, {"attributeStepId": 0}, {"script": "var onLoginRequest"}])
def test_what_the_sequence_names_must_be_there(world: World, wrong: dict[str, Any]) -> None:
    add_provider(world)
    sequence = {**SEED_APPLICATION["authenticationSequence"], **wrong}
    told = reason(world.request("POST", APPLICATIONS, {**with_saml(), "authenticationSequence": sequence}))
    assert next(iter(wrong)) in told


@pytest.mark.parametrize("first", ["SMSOTP", "IdentifierExecutor"])
def test_a_code_may_come_first_and_so_may_the_name_alone(world: World, first: str) -> None:
    add_provider(world)
    idp = "SMSOTP" if first == "SMSOTP" else "LOCAL"
    steps = [step(1, (idp, first)), step(2, ("LOCAL", "BasicAuthenticator"))]
    sequence = {"type": "USER_DEFINED", "steps": steps}
    create(world, APPLICATIONS, {**with_saml(), "authenticationSequence": sequence})


@pytest.mark.parametrize(
    "claims",
    [
        {"requestedClaims": [{"claim": {"uri": "http://wso2.org/claims/shoeSize"}}]},
        {"requestedClaims": [{"claim": {"uri": "http://wso2.org/claims/identity/secretkey"}}]},
        {"requestedClaims": [{"claim": {"uri": MOBILE}}, {"claim": {"uri": MOBILE}}]},
        {"dialect": "CUSTOM", "requestedClaims": [{"claim": {"uri": "phone"}}]},
        {"dialect": "CUSTOM", "claimMappings": [{"applicationClaim": "phone", "localClaim": {"uri": MOBILE}}],
         "requestedClaims": [{"claim": {"uri": "mail"}}]},
        {"subject": {"claim": {"uri": "http://wso2.org/claims/identity/askPassword"}}},
    ],
)  # fmt: skip
def test_claims_that_are_none_or_told_to_nobody_are_refused(world: World, claims: dict[str, Any]) -> None:
    add_provider(world)
    assert "claim" in reason(world.request("POST", APPLICATIONS, {**SEED_APPLICATION, "claimConfiguration": claims}))


def test_plat_role_01_the_creator_gets_the_role_of_the_application(world: World) -> None:
    application = add_application(world)
    assert "Application/travelocity.com" in world.known("admin").roles
    assert world.request("PATCH", f"{APPLICATIONS}/{application}", {"name": "travel"}).status == 200
    assert "Application/travel" in world.known("admin").roles
    assert "Application/travelocity.com" not in world.known("admin").roles
    assert world.request("DELETE", f"{APPLICATIONS}/{application}").status == 204
    assert not [role for role in world.known("admin").roles if role.startswith("Application/")]


def test_an_application_that_is_gone_is_gone(world: World) -> None:
    application = add_application(world)
    place = f"{APPLICATIONS}/{application}"
    assert world.request("DELETE", place).status == 204
    assert world.request("GET", place).status == 404
    assert world.request("DELETE", place).code == "APP-60006"
    create(world, APPLICATIONS, SEED_APPLICATION)


def test_the_service_provider_comes_and_goes(world: World) -> None:
    application = add_application(world)
    place = f"{APPLICATIONS}/{application}/inbound-protocols/saml"
    index = world.request("GET", place).json["singleSignOnProfile"]["attributeConsumingServiceIndex"]
    assert world.request("PUT", place, {"manualConfiguration": SEED_SAML}).status == 200
    assert world.request("GET", place).json["singleSignOnProfile"]["attributeConsumingServiceIndex"] == index
    assert world.request("DELETE", place).status == 204
    assert world.request("GET", place).status == 404
    assert world.request("DELETE", place).status == 404
    assert shown(world, application)["inboundProtocols"] == []
    off = {**SEED_SAML, "attributeProfile": {"enabled": False, "alwaysIncludeAttributesInResponse": True}}
    assert world.request("PUT", place, {"manualConfiguration": off}).status == 201
    after = world.request("GET", place).json
    assert "attributeConsumingServiceIndex" not in after["singleSignOnProfile"]
    assert after["attributeProfile"]["alwaysIncludeAttributesInResponse"] is False


def test_a_list_is_filtered_sorted_and_cut(world: World) -> None:
    add_provider(world)
    for name in ("Alpha", "beta", "gamma ray"):
        create(world, APPLICATIONS, {**with_saml(issuer=name), "name": name})

    def listed(query: str) -> Any:  # noqa: ANN401  # a document
        reply = world.request("GET", f"{APPLICATIONS}?{query}")
        assert reply.status == 200, reply.text
        return reply.json

    def found(query: str) -> list[str]:
        return [each["name"] for each in listed(query)["applications"]]

    assert found("filter=name+co+A") == ["Alpha", "beta", "gamma ray"]
    assert found("filter=name+sw+al+or+issuer+eq+beta") == ["Alpha", "beta"]
    assert found("filter=name+ew+a+and+name+sw+b") == ["beta"]
    assert found("filter=name+eq+%22gamma+ray%22") == ["gamma ray"]
    assert found("filter=clientId+eq+abc") == []
    assert found("sortBy=name&sortOrder=DESC") == ["gamma ray", "beta", "Alpha"]
    page = listed("limit=1&offset=1")
    assert (page["totalResults"], page["startIndex"], page["count"]) == (3, 2, 1)
    assert [each["rel"] for each in page["links"]] == ["next", "previous"]
    follow = world.request("GET", page["links"][0]["href"])
    assert [each["name"] for each in follow.json["applications"]] == ["gamma ray"]
    for wrong in (
        "filter=name+gt+a",
        "filter=shoe+eq+a",
        "limit=-1",
        "sortBy=shoe",
        "sortOrder=UP",
        "filter=name+eq+a+and",
    ):
        assert world.request("GET", f"{APPLICATIONS}?{wrong}").status == 400


def test_who_may_look_may_not_change(world: World) -> None:
    application = add_application(world)
    world.add_client(*VIEWER, "apps:view")
    place = f"{APPLICATIONS}/{application}"
    known = world.request("GET", place, by=VIEWER)
    assert (known.status, known.json["access"]) == (200, "READ")
    assert world.request("PATCH", place, {"description": "x"}, by=VIEWER).status == 403
    assert world.request("DELETE", place, by=VIEWER).status == 403
    assert world.request("POST", APPLICATIONS, SEED_APPLICATION, by=VIEWER).status == 403
    world.add_person("pat")
    assert world.request("GET", place, by=("pat", "Sample-Pass-1")).status == 403
    assert world.request("GET", place, by=None).status == 401


def test_an_application_is_not_there_in_another_tenant(world: World) -> None:
    application = add_application(world)
    place = f"{APPLICATIONS}/{application}"
    assert world.request("GET", place, tenant=OTHER_TENANT).status == 404
    assert world.request("PATCH", place, {"description": "x"}, tenant=OTHER_TENANT).status == 404
    assert world.request("DELETE", place, tenant=OTHER_TENANT).status == 404
    assert world.request("GET", APPLICATIONS, tenant=OTHER_TENANT).json["totalResults"] == 0
    told = reason(world.request("POST", APPLICATIONS, SEED_APPLICATION, tenant=OTHER_TENANT))
    assert "no identity provider SMSOTP" in told
    add_provider(world, OTHER_TENANT)
    create(world, APPLICATIONS, SEED_APPLICATION, OTHER_TENANT)
    assert world.request("GET", place).status == 200


def test_an_export_is_an_import(world: World) -> None:
    application = add_application(world)
    document = shown(world, application, "/export")
    assert document["kind"] == "application"
    assert world.request("POST", f"{APPLICATIONS}/import", document).status == 409
    world.request("DELETE", f"{APPLICATIONS}/{application}")
    again = create(world, f"{APPLICATIONS}/import", document)
    assert shown(world, again, "/export") == document


def test_the_options_of_a_form_begin_with_the_default(world: World) -> None:
    options = shown(world, "meta/inbound-protocols/saml")
    assert options["responseSigningAlgorithm"]["defaultValue"].endswith("rsa-sha256")
    assert options["assertionEncryptionAlgorithm"]["defaultValue"].endswith("aes256-gcm")
    assert [each["name"] for each in shown(world, "meta/inbound-protocols")] == ["saml"]


def test_people_of_several_tenants_who_look_alike_are_warned_about(world: World) -> None:
    told = world.request("POST", APPLICATIONS, {"name": "wide", "advancedConfigurations": {"saas": True}})
    assert (told.status, "includeTenantDomain" in told.headers["warning"]) == (201, True)
    place = f"{APPLICATIONS}/{told.headers['location'].rpartition('/')[2]}"
    assert "includeTenantDomain" in world.request("PATCH", place, {"description": "for all"}).headers["warning"]
    apart = {"claimConfiguration": {"subject": {"includeTenantDomain": True}}}
    assert "warning" not in world.request("PATCH", place, apart).headers


def test_a_body_that_cannot_be_read_is_not_called_a_registration(world: World) -> None:
    told = world.request("POST", APPLICATIONS, {"name": [[[[[[[[[[[[[[[[["deep"]]]]]]]]]]]]]]]]]})
    assert told.status == 400
    assert told.json["description"].startswith("The body cannot be read. More than 16 levels")
