"""What one library signs another verifies: the two share one lxml, and this fails if they do not."""

import pytest
from cryptography.x509 import load_pem_x509_certificate
from lxml import etree
from signxml.exceptions import InvalidDigest
from signxml.verifier import SignatureConfiguration, XMLVerifier

from tests.saml.kit import NAMES, SEED, Person, add_provider, change_provider, pair
from tests.world import START, World
from watchword.applications import algorithms
from watchword.saml.sealing import SigningKey

CERTIFICATE = load_pem_x509_certificate(pair("idp").certificate.encode())


def key() -> SigningKey:
    return SigningKey.read("1", pair("idp").certificate, pair("idp").private)


def verified(element: etree._Element) -> etree._Element:
    configuration = SignatureConfiguration(location="./", verification_time=START)
    result = XMLVerifier().verify(etree.tostring(element), x509_cert=CERTIFICATE, expect_config=configuration)
    assert not isinstance(result, list)
    assert result.signed_xml is not None
    return result.signed_xml


def test_both_signatures_hold(world: World, alice: Person) -> None:
    add_provider(world)
    root = alice.logged_in().root
    assert verified(root).get("ID") == root.get("ID")
    [assertion] = root.findall("saml:Assertion", NAMES)
    assert verified(assertion).findtext("saml:Subject/saml:NameID", namespaces=NAMES) == "alice"


def test_a_signature_does_not_hold_after_a_change(world: World, alice: Person) -> None:
    add_provider(world)
    root = alice.logged_in().root
    name = root.find(".//saml:NameID", NAMES)
    assert name is not None
    name.text = "admin"
    with pytest.raises(InvalidDigest):
        verified(root)


@pytest.mark.parametrize("signature", algorithms.SIGNATURES)
@pytest.mark.parametrize("digest", algorithms.DIGESTS)
def test_a_service_provider_chooses_its_algorithms(world: World, alice: Person, signature: str, digest: str) -> None:
    application = add_provider(world)
    change_provider(world, application, signature_algorithm=signature, digest_algorithm=digest)
    root = alice.logged_in().root
    verified(root)
    used = {str(each.get("Algorithm")) for each in root.iterfind(".//ds:SignatureMethod", NAMES)}
    digests = {str(each.get("Algorithm")) for each in root.iterfind(".//ds:DigestMethod", NAMES)}
    assert (used, digests) == ({signature}, {digest})


def test_only_the_assertion_is_signed_where_nobody_wants_more(world: World, alice: Person) -> None:
    application = add_provider(world)
    change_provider(world, application, sign_responses=False)
    root = alice.logged_in().root
    assert root.find("ds:Signature", NAMES) is None
    verified(root.findall("saml:Assertion", NAMES)[0])


def test_a_private_key_is_told_to_no_log() -> None:
    assert "PRIVATE" not in repr(key())
    assert SEED.certificates == ()
