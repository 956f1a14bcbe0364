"""Logging in for service providers: the cases PLAT-SAML-* in which nothing hostile is."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import xmlsec
from sqlalchemy import insert
from xmlsec import constants

from tests.conftest import WorldMaker
from tests.saml.kit import (
    AVIS,
    FORMAT_11,
    FORMAT_20,
    NAMES,
    SEED,
    SEED_ACS,
    Person,
    Posted,
    add_alice,
    add_provider,
    authn_request,
    change_provider,
    give_key,
    pair,
    posted,
    redirect,
)
from tests.world import World
from watchword.accounts.claims import DIALECT, EMAIL_ADDRESS, MOBILE
from watchword.accounts.store.users import Users
from watchword.applications.model import (
    ClaimConfiguration,
    Encryption,
    RequestedClaim,
    RoleRule,
    SubjectRule,
)
from watchword.applications.store import Applications
from watchword.storage.schema import user_roles
from watchword.storage.work import Work
from watchword.web.model import SUPER_TENANT

PASSWORD_CLASS = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
PROTECTED = f"{PASSWORD_CLASS}ProtectedTransport"


def check_ordinary(answer: Posted, world: World) -> None:
    """Look at everything that PLAT-SAML-06 names."""
    assert answer.action == SEED_ACS
    assert answer.fields["RelayState"] == "abc"
    assert answer.status == ["Success"]
    root = answer.root
    assert (root.get("InResponseTo"), root.get("Destination")) == ("_r1", SEED_ACS)
    assert answer.text("saml:Issuer") == "localhost"
    [data] = answer.find(".//saml:SubjectConfirmationData")
    assert (data.get("Recipient"), data.get("InResponseTo")) == (SEED_ACS, "_r1")
    ends_at = datetime.fromisoformat(str(data.get("NotOnOrAfter")))
    assert abs(ends_at - world.clock.now() - timedelta(minutes=5)) < timedelta(seconds=5)
    assert [each.text for each in answer.find(".//saml:Audience")] == ["travelocity.com"]
    assert answer.text(".//saml:AuthnContextClassRef") == PASSWORD_CLASS
    assert answer.name_id == "alice"
    assert answer.attributes == {MOBILE: ["+94770000001"]}


def test_plat_saml_02_no_attributes_without_the_profile(world: World, alice: Person) -> None:
    add_provider(world, replace(SEED, attribute_profile=False))
    answer = alice.logged_in()
    assert answer.status == ["Success"]
    assert answer.find(".//saml:AttributeStatement") == []


def test_plat_saml_04_no_attributes_that_nobody_asks_for(world: World, alice: Person) -> None:
    add_provider(world, claims=ClaimConfiguration())
    assert alice.logged_in().find(".//saml:AttributeStatement") == []


def test_plat_saml_06_an_ordinary_log_in_by_redirect(world: World, alice: Person) -> None:
    add_provider(world)
    alice.send(authn_request(world), relay_state="abc")
    check_ordinary(alice.log_in(), world)


def test_plat_saml_07_no_relay_state_where_none_was_sent(world: World, alice: Person) -> None:
    add_provider(world)
    alice.logged_in()
    assert alice.last is not None
    assert "RelayState" not in alice.last.text
    assert "null" not in alice.last.text.lower()
    assert alice.last.headers["cache-control"].startswith("no-store")


def test_plat_saml_08_an_ordinary_log_in_by_post(world: World, alice: Person) -> None:
    add_provider(world)
    alice.send_posted(authn_request(world), relay_state="abc")
    check_ordinary(alice.log_in(), world)


def test_the_page_that_carries_on_needs_no_script(world: World, alice: Person) -> None:
    add_provider(world)
    answer = alice.logged_in()
    assert answer.goes_by_itself
    assert alice.last is not None
    assert '<button class="button" type="submit">' in alice.last.text
    policy = alice.last.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "<script>" not in alice.last.text


@pytest.mark.parametrize("claim", [DIALECT + "givenname", MOBILE])
def test_the_subject_is_the_claim_that_the_application_names(world: World, alice: Person, claim: str) -> None:
    add_provider(world, claims=ClaimConfiguration(subject=SubjectRule(claim=claim)))
    assert alice.logged_in().name_id == {MOBILE: "+94770000001"}.get(claim, "alice")


@pytest.mark.parametrize(
    ("index", "always", "told"),
    [("", False, False), ("1234", False, True), ("99", False, False), ("", True, True), ("1234", True, True),
     ("99", True, False)],
)  # fmt: skip
def test_attributes_by_the_table_of_1_8(
    world: World, alice: Person, index: str, always: bool, told: bool  # noqa: FBT001  # a row of the table
) -> None:  # fmt: skip
    add_provider(world, replace(SEED, always_include_attributes=always))
    alice.send(authn_request(world, AttributeConsumingServiceIndex=index))
    assert bool(alice.log_in().attributes) is told


def test_plat_saml_23_passive_wins_over_forced(world: World, alice: Person) -> None:
    add_provider(world)
    alice.logged_in()
    alice.send(authn_request(world, id="_r2", IsPassive="true", ForceAuthn="true"))
    answer = alice.arrive()
    assert answer.status == ["Responder", "NoPassive"]
    assert answer.find(".//saml:Assertion") == []


def test_passive_without_a_session_is_no_passive(world: World, alice: Person) -> None:
    add_provider(world)
    alice.send(authn_request(world, IsPassive="true"), relay_state="abc")
    answer = alice.arrive()
    assert (answer.action, answer.status) == (SEED_ACS, ["Responder", "NoPassive"])
    assert answer.fields["RelayState"] == "abc"


def test_whoever_cancels_is_told_to_the_service_provider(world: World, alice: Person) -> None:
    add_provider(world)
    alice.send(authn_request(world))
    alice.answer({"deny": "true"})
    assert alice.arrive().status == ["Responder", "AuthnFailed"]


def policy(format_: str) -> str:
    return f'<samlp:NameIDPolicy Format="{format_}"/>'


def named(alice: Person, world: World, format_: str, id_: str, issuer: str = "travelocity.com") -> Posted:
    alice.send(authn_request(world, issuer, id=id_, inner=policy(format_)))
    return alice.arrive() if alice.page == "/samlsso" else alice.log_in()


def test_plat_saml_25_each_format_has_its_own_name(world: World, alice: Person) -> None:
    add_provider(world)
    add_provider(world, AVIS)
    mail = named(alice, world, FORMAT_11 + "emailAddress", "_1")
    assert mail.name_id == "alice@example.com"
    assert mail.find(".//saml:NameID")[0].get("Format") == FORMAT_11 + "emailAddress"
    lasting = [named(alice, world, FORMAT_20 + "persistent", each).name_id for each in ("_2", "_3")]
    elsewhere = named(alice, world, FORMAT_20 + "persistent", "_4", "avis.com").name_id
    assert lasting[0] == lasting[1] != elsewhere
    passing = {named(alice, world, FORMAT_20 + "transient", each).name_id for each in ("_5", "_6")}
    assert len(passing) == 2
    alice.send(authn_request(world, id="_7", inner=policy(FORMAT_20 + "kerberos")))
    assert alice.last is not None
    assert posted(alice.last).status == ["Requester", "InvalidNameIDPolicy"]


def test_whoever_has_no_mailbox_cannot_be_named_by_it(world: World, alice: Person) -> None:
    world.change(lambda work: Users(work).remove_claims(world.known("alice").id, [EMAIL_ADDRESS]))
    add_provider(world)
    assert named(alice, world, FORMAT_11 + "emailAddress", "_1").status == ["Requester", "InvalidNameIDPolicy"]


def test_the_old_behaviour_keeps_the_raw_subject(world: World, alice: Person) -> None:
    add_provider(world, replace(SEED, keeps_raw_subject=True, name_id_format=FORMAT_11 + "emailAddress"))
    answer = alice.logged_in()
    assert answer.name_id == "alice"
    assert answer.find(".//saml:NameID")[0].get("Format") == FORMAT_11 + "emailAddress"


def test_plat_saml_30_missing_details_are_asked_for_once(world: World) -> None:
    add_provider(world, claims=ClaimConfiguration(requested=(RequestedClaim(MOBILE, mandatory=True),)))
    world.add_person("carol")
    carol = Person(world)
    carol.send(authn_request(world))
    carol.password("carol")
    key, page = carol.key, carol.get(carol.location)
    assert re.findall(r'<input id="([^"]*)"', page.text) == ["claim-mobile"]
    carol.answer({"claim-mobile": "+94771112223"}, key=key)
    assert carol.arrive().attributes == {MOBILE: ["+94771112223"]}
    assert world.known("carol").claims[MOBILE] == "+94771112223"
    again = Person(world)
    again.send(authn_request(world, id="_r2"))
    assert again.log_in("carol").attributes == {MOBILE: ["+94771112223"]}


def test_plat_saml_31_several_values_are_several_elements(world: World, alice: Person) -> None:
    role = DIALECT + "role"
    add_provider(
        world, claims=ClaimConfiguration(requested=(RequestedClaim(role),), role=RoleRule(mappings={"r1": "first"}))
    )
    roles = [{"tenant": SUPER_TENANT, "user_id": world.known("alice").id, "role": each} for each in ("r1", "r2")]
    world.change(lambda work: work.connection.execute(insert(user_roles), roles))
    told = alice.logged_in().attributes[role]
    assert {"first", "r2"} <= set(told)
    assert not any(",," in str(each) for each in told)


def test_plat_saml_32_unasked_log_ins_are_off_until_switched_on(world: World, alice: Person) -> None:
    application = add_provider(world)
    address = "/samlsso?spEntityID=travelocity.com"
    assert alice.get(address).status == 400
    change_provider(world, application, idp_initiated_sso=True)
    alice.get(f"{address}&RelayState=here")
    answer = alice.log_in()
    assert (answer.action, answer.fields["RelayState"]) == (SEED_ACS, "here")
    assert answer.root.get("InResponseTo") is None
    assert answer.find(".//saml:SubjectConfirmationData")[0].get("InResponseTo") is None
    refused = alice.get(f"{address}&acs=http://evil.example/")
    assert refused.status == 400
    assert "evil.example" not in refused.text


@pytest.mark.parametrize("algorithm", ["", "http://www.w3.org/2009/xmlenc11#aes128-gcm"])
@pytest.mark.parametrize("key_algorithm", ["", "http://www.w3.org/2009/xmlenc11#rsa-oaep"])
def test_plat_saml_33_only_the_service_provider_reads_it(
    world: World, alice: Person, algorithm: str, key_algorithm: str
) -> None:
    encryption = Encryption(enabled=True, assertion_algorithm=algorithm, key_algorithm=key_algorithm)
    add_provider(world, replace(SEED, certificates=(pair("sp").certificate,), encryption=encryption))
    answer = alice.logged_in()
    assert answer.find(".//saml:Assertion") == []
    [data] = answer.find("saml:EncryptedAssertion/xenc:EncryptedData")
    keys = xmlsec.KeysManager()
    keys.add_key(xmlsec.Key.from_memory(pair("sp").private, constants.KeyDataFormatPem))
    opened = xmlsec.EncryptionContext(keys).decrypt(data)
    assert opened.tag == f"{{{NAMES['saml']}}}Assertion"
    assert opened.find("ds:Signature", NAMES) is not None
    assert opened.findtext("saml:Subject/saml:NameID", namespaces=NAMES) == "alice"


def test_plat_saml_33_encryption_needs_a_certificate(world: World) -> None:
    manual = {
        "issuer": "other", "assertionConsumerUrls": ["https://sp.example/acs"],
        "singleSignOnProfile": {"assertion": {"encryption": {"enabled": True}}},
    }  # fmt: skip
    body = {"name": "other", "inboundProtocolConfiguration": {"saml": {"manualConfiguration": manual}}}
    refused = world.request("POST", "/api/server/v1/applications", body)
    assert (refused.status, refused.code) == (400, "APP-60001")
    assert "encryption.enabled" in refused.json["description"]


def test_an_id_may_be_a_bare_uuid(world: World, alice: Person) -> None:
    add_provider(world)
    uuid = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
    assert alice.logged_in(id=uuid).root.get("InResponseTo") == uuid


def asking_for(*classes: str, comparison: str = "") -> str:
    inner = "".join(f"<saml:AuthnContextClassRef>{each}</saml:AuthnContextClassRef>" for each in classes)
    how = f' Comparison="{comparison}"' if comparison else ""
    return f"<samlp:RequestedAuthnContext{how}>{inner}</samlp:RequestedAuthnContext>"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (asking_for(PROTECTED), PROTECTED),
        (asking_for(PASSWORD_CLASS, PROTECTED), PASSWORD_CLASS),
        (asking_for(PASSWORD_CLASS, comparison="minimum"), PASSWORD_CLASS),
        (asking_for(PASSWORD_CLASS, comparison="better"), PROTECTED),
    ],
)
def test_a_class_that_was_asked_for_is_told(world: World, alice: Person, asked: str, told: str) -> None:
    add_provider(world)
    alice.send(authn_request(world, inner=asked))
    assert alice.log_in().text(".//saml:AuthnContextClassRef") == told


def test_a_class_that_nobody_can_reach_asks_nobody(world: World, alice: Person) -> None:
    add_provider(world)
    reply = alice.send(authn_request(world, inner=asking_for("urn:oasis:names:tc:SAML:2.0:ac:classes:Smartcard")))
    assert posted(reply).status == ["Responder", "NoAuthnContext"]


def test_a_class_that_was_not_reached_is_not_told(world: World, alice: Person) -> None:
    add_provider(world)
    two = "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract"
    alice.send(authn_request(world, inner=asking_for(two)))
    assert alice.log_in().status == ["Responder", "NoAuthnContext"]


def test_only_whom_the_request_names_may_log_in(world: World, alice: Person) -> None:
    add_provider(world)
    world.add_person("bob")
    subject = "<saml:Subject><saml:NameID>bob</saml:NameID></saml:Subject>"
    alice.send(authn_request(world, inner=subject))
    assert alice.log_in("alice").status == ["Responder", "AuthnFailed"]
    other = Person(world)
    other.send(authn_request(world, id="_r2", inner=subject))
    assert other.log_in("bob").status == ["Success"]


def test_a_subject_that_must_be_confirmed_is_refused(world: World, alice: Person) -> None:
    add_provider(world)
    confirmed = (
        "<saml:Subject><saml:NameID>alice</saml:NameID>"
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/></saml:Subject>'
    )
    assert posted(alice.send(authn_request(world, inner=confirmed))).status == ["Requester", "RequestDenied"]


def test_an_answer_by_another_binding_is_refused(world: World, alice: Person) -> None:
    add_provider(world)
    artifact = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"
    reply = alice.send(authn_request(world, ProtocolBinding=artifact))
    assert posted(reply).status == ["Requester", "UnsupportedBinding"]


def test_a_tenant_says_what_it_is_called_and_how_long_its_words_hold(worlds: WorldMaker) -> None:
    settings: dict[str, Any] = {
        "saml.entity_id": "https://id.example/saml", "saml.response.validity_period": "2",
        "saml.session.not_on_or_after_period": "30",
    }  # fmt: skip
    world = worlds(**settings)
    give_key(world)
    add_alice(world)
    add_provider(world)
    answer = Person(world).logged_in()
    assert {each.text for each in answer.find(".//saml:Issuer")} == {"https://id.example/saml"}
    [conditions], [statement] = answer.find(".//saml:Conditions"), answer.find(".//saml:AuthnStatement")
    begin, end, session_end = (
        datetime.fromisoformat(str(value))
        for value in (
            conditions.get("NotBefore"),
            conditions.get("NotOnOrAfter"),
            statement.get("SessionNotOnOrAfter"),
        )
    )
    assert (end - begin, session_end - begin) == (timedelta(minutes=2), timedelta(minutes=30))
    assert b'entityID="https://id.example/saml"' in world.request("GET", "/identity/metadata/saml2", by=None).octets


def test_an_application_that_is_switched_off_meanwhile_gets_no_answer(world: World, alice: Person) -> None:
    application = add_provider(world)
    alice.send(authn_request(world))
    alice.password("alice")

    def switch_off(work: Work) -> None:
        found = Applications(work).fresh(application.id)
        assert found is not None
        Applications(work).replace(found, replace(found, enabled=False))

    world.change(switch_off)
    reply = alice.get(alice.location)
    assert reply.status == 400
    assert "SAMLResponse" not in reply.text


def test_an_alias_is_our_name_to_one_service_provider(world: World, alice: Person) -> None:
    add_provider(world, replace(SEED, idp_entity_id_alias="https://id.example/saml"))
    answer = alice.logged_in()
    assert {each.text for each in answer.find(".//saml:Issuer")} == {"https://id.example/saml"}


def test_further_audiences_and_recipients_stand_beside_the_first(world: World, alice: Person) -> None:
    add_provider(world, replace(SEED, audiences=("other",), recipients=("https://sp.example/other",)))
    answer = alice.logged_in()
    assert [each.text for each in answer.find(".//saml:Audience")] == ["travelocity.com", "other"]
    recipients = [each.get("Recipient") for each in answer.find(".//saml:SubjectConfirmationData")]
    assert recipients == [SEED_ACS, "https://sp.example/other"]


def test_a_second_application_needs_no_second_log_in(world: World, alice: Person) -> None:
    add_provider(world)
    add_provider(world, AVIS)
    first = alice.logged_in()
    world.clock.tick(minutes=2)
    alice.send(authn_request(world, "avis.com", id="_r2"))
    second = alice.arrive()
    assert second.session_index == first.session_index
    instants = {each.find(".//saml:AuthnStatement")[0].get("AuthnInstant") for each in (first, second)}
    assert len(instants) == 1


def test_a_qualifier_tells_service_providers_of_one_name_apart(world: World, alice: Person) -> None:
    add_provider(world)
    other = replace(SEED, qualifier="two", acs_urls=("http://localhost:8080/two",))
    add_provider(world, other, name="two")
    alice.get(redirect(authn_request(world), spQualifier="two"))
    assert alice.log_in().action == "http://localhost:8080/two"


def test_a_message_of_twenty_kilobytes_is_no_bomb(world: World, alice: Person) -> None:
    """The second half of PLAT-SAML-18."""
    add_provider(world)
    words = "".join(f'<x xmlns="urn:x" n="{number}">{number * 7919}</x>' for number in range(500))
    alice.send(authn_request(world, inner=f"<samlp:Extensions>{words}</samlp:Extensions>"))
    assert alice.log_in().status == ["Success"]
