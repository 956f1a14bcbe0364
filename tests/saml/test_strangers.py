"""What libraries of other houses send and read, by hand: each was seen to fail here before."""

from dataclasses import replace

import pytest
import xmlsec
from lxml import etree
from xmlsec import constants

from tests.saml.kit import (
    FORMAT_11,
    NAMES,
    SEED,
    SSO,
    Person,
    add_provider,
    authn_request,
    change_provider,
    encoded,
    pair,
    posted,
    signed,
)
from tests.world import World

SHA1 = f"{NAMES['ds']}sha1"


def signed_with_sha1(message: str) -> bytes:
    """Return a message as node-saml, ruby-saml and lasso sign it where nobody tells them otherwise."""
    root = etree.fromstring(message)
    template = xmlsec.template.create(root, constants.TransformExclC14N, constants.TransformRsaSha1, ns="ds")
    root.insert(1, template)
    reference = xmlsec.template.add_reference(template, constants.TransformSha1, uri=f"#{root.get('ID')}")
    xmlsec.template.add_transform(reference, constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, constants.TransformExclC14N)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pair("sp").private, constants.KeyDataFormatPem)
    context.register_id(root, "ID")
    context.sign(template)
    octets: bytes = etree.tostring(root)
    return octets


def reasons(world: World) -> list[str]:
    """Return why messages were refused, as an administrator reads it."""
    return [entry.reason for entry in world.audit("saml_message")]


def test_no_signature_holds_a_list_of_prefixes(world: World, alice: Person) -> None:
    """ruby-saml takes the first list in a document for that of every signature; minisaml reads none."""
    add_provider(world)
    root = alice.logged_in().root
    assert len(root.findall(".//ds:Signature", NAMES)) == 2
    assert list(root.iter("{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces")) == []
    assert root.find(".//saml:AttributeValue", NAMES) is not None


def test_an_id_may_begin_as_it_likes(world: World, alice: Person) -> None:
    """As minisaml makes it, one time in 64."""
    add_provider(world)
    random = "-Jx0P8rXvlbYy7RuqP5qTzJ6x0QfM3W_qPsLz4mJ9hI"
    assert alice.logged_in(id=random).root.get("InResponseTo") == random


@pytest.mark.parametrize("broken", ["signature", "digest"])
def test_sha_1_inside_a_message_is_refused_by_its_name(world: World, alice: Person, broken: str) -> None:
    application = add_provider(world, replace(SEED, verify_requests=True, certificates=(pair("sp").certificate,)))
    message = authn_request(world, Destination=f"{world.installation.settings.public_url}{SSO}")
    octets = signed_with_sha1(message)
    if broken == "digest":
        octets = signed(message).replace(b"http://www.w3.org/2001/04/xmlenc#sha256", SHA1.encode())
    assert alice.send_posted(octets).status == 400
    assert reasons(world) == [f"the algorithm of the {broken} is not allowed"]
    if broken == "signature":
        change_provider(world, application, legacy_algorithms=True)
        alice.send_posted(octets)
        assert alice.log_in().status == ["Success"]


def test_a_declaration_of_a_context_is_nothing_that_can_be_reached(world: World, alice: Person) -> None:
    add_provider(world)
    asked = "<saml:AuthnContextDeclRef>urn:example:declaration</saml:AuthnContextDeclRef>"
    reply = alice.send(
        authn_request(world, inner=f"<samlp:RequestedAuthnContext>{asked}</samlp:RequestedAuthnContext>")
    )
    assert posted(reply).status == ["Responder", "NoAuthnContext"]


def test_whoever_runs_a_service_provider_reads_why(world: World, alice: Person) -> None:
    add_provider(world)
    policy = f'<samlp:NameIDPolicy Format="{FORMAT_11}X509SubjectName"/>'
    answer = posted(alice.send(authn_request(world, inner=policy)))
    assert answer.status == ["Requester", "InvalidNameIDPolicy"]
    assert answer.text("samlp:Status/samlp:StatusMessage") == "the format of the NameID is not known here"


def test_nobody_reads_how_a_person_failed_to_log_in(world: World, alice: Person) -> None:
    add_provider(world)
    named = "<saml:Subject><saml:NameID>somebody</saml:NameID></saml:Subject>"
    alice.send(authn_request(world, inner=named))
    answer = alice.log_in()
    assert answer.status == ["Responder", "AuthnFailed"]
    assert answer.find("samlp:Status/samlp:StatusMessage") == []


def test_what_other_libraries_add_to_a_request_changes_nothing(world: World, alice: Person) -> None:
    """ProviderName, Consent, AllowCreate, a name qualifier, Scoping: read over, and never a reason to refuse."""
    add_provider(world)
    inner = (
        '<samlp:NameIDPolicy AllowCreate="true" SPNameQualifier="travelocity.com"/>'
        '<samlp:Scoping ProxyCount="2"><samlp:RequesterID>urn:x</samlp:RequesterID></samlp:Scoping>'
    )
    request = authn_request(
        world, inner=inner, ProviderName="An application", Consent="urn:oasis:names:tc:SAML:2.0:consent:obtained"
    )
    page = alice.post(SSO, {"SAMLRequest": encoded(request)})
    assert page.status in {200, 302}
    assert alice.log_in().status == ["Success"]
