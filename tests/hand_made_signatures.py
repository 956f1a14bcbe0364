"""Signatures that no library makes any more, and a reader of them that believes too much."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import dsa, padding, rsa
from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate
from lxml import etree

from tests.hand_made_idp import DS, SAML, SPACES, without_signature

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
SHA256_DIGEST = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA1_DIGEST = "http://www.w3.org/2000/09/xmldsig#sha1"
MD5_DIGEST = "http://www.w3.org/2001/04/xmldsig-more#md5"
DIGESTS = {SHA256_DIGEST: "sha256", SHA1_DIGEST: "sha1", MD5_DIGEST: "md5"}
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
Make = Callable[[bytes], bytes]


def sign_by_hand(element: etree._Element, method: str, make: Make, *, digest: str = SHA256_DIGEST) -> etree._Element:
    """Return the element with a signature behind its issuer, whatever it is made with."""
    signed = without_signature(element)
    digested = base64.b64encode(hashlib.new(DIGESTS[digest], _canonical(signed)).digest()).decode()
    signature = etree.fromstring(
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>'
        f'<ds:SignatureMethod Algorithm="{method}"/><ds:Reference URI="#{signed.get("ID")}"><ds:Transforms>'
        f'<ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="{EXCLUSIVE}"/></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue>{digested}</ds:DigestValue></ds:Reference>'
        "</ds:SignedInfo><ds:SignatureValue/></ds:Signature>"
    )
    value = signature.find("ds:SignatureValue", SPACES)
    assert value is not None
    value.text = base64.b64encode(make(_canonical(signature[0]))).decode()
    signed.insert(1, signature)
    return signed


def by_rsa(private: str, algorithm: HashAlgorithm) -> Make:
    """Sign with an RSA key, and a hash of any age."""
    key = load_pem_private_key(private.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return lambda octets: key.sign(octets, padding.PKCS1v15(), algorithm)


def by_dsa() -> Make:
    """Sign with some DSA key."""
    key = dsa.generate_private_key(1024)  # noqa: S505  # the attack
    return lambda octets: key.sign(octets, SHA1())  # noqa: S303  # the attack


def by_hmac(secret: str) -> Make:
    """Sign with a secret that everybody knows."""
    return lambda octets: hmac.new(secret.encode(), octets, hashlib.sha1).digest()


def weak_signatures(private: str, certificate: str) -> Iterator[tuple[str, Callable[[etree._Element], etree._Element]]]:
    """Yield ways to sign that are known to be bad."""
    more, old = "http://www.w3.org/2001/04/xmldsig-more#", "http://www.w3.org/2000/09/xmldsig#"
    good = by_rsa(private, SHA256())
    yield "rsa-sha1", lambda each: sign_by_hand(each, old + "rsa-sha1", by_rsa(private, SHA1()))  # noqa: S303  # the attack
    yield "rsa-md5", lambda each: sign_by_hand(each, more + "rsa-md5", by_rsa(private, MD5()))  # noqa: S303  # the attack
    yield "sha1", lambda each: sign_by_hand(each, RSA_SHA256, good, digest=SHA1_DIGEST)
    yield "md5", lambda each: sign_by_hand(each, RSA_SHA256, good, digest=MD5_DIGEST)
    yield "dsa-sha1", lambda each: sign_by_hand(each, old + "dsa-sha1", by_dsa())
    yield "hmac-sha1", lambda each: sign_by_hand(each, old + "hmac-sha1", by_hmac(certificate))
    yield "none", lambda each: sign_by_hand(each, "none", lambda _: b"")


def naive_assertion(document: etree._Element, certificate: str, path: str) -> etree._Element | None:
    """Return the first assertion at a path, if anything at all in the document is signed: as not to do it."""
    key = load_pem_x509_certificate(certificate.encode()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    signatures = document.iterfind(f".//{{{DS}}}Signature")
    if not any(_holds(document, each, key) for each in signatures):
        return None
    return next(document.iterfind(path, {"saml": SAML}), None)


def _holds(document: etree._Element, signature: etree._Element, key: rsa.RSAPublicKey) -> bool:
    signed_info, value = signature.find("ds:SignedInfo", SPACES), signature.findtext("ds:SignatureValue", "", SPACES)
    reference = signature.find("ds:SignedInfo/ds:Reference", SPACES)
    if signed_info is None or reference is None:
        return False
    try:
        key.verify(base64.b64decode(value), _canonical(signed_info), padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    wanted = base64.b64decode(reference.findtext("ds:DigestValue", "", SPACES))
    named = [each for each in document.iter() if f"#{each.get('ID')}" == reference.get("URI")]
    return any(hashlib.sha256(_canonical(without_signature(each))).digest() == wanted for each in named)


def _canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
