"""Whether a message was signed by a service provider, and what exactly was.

The key is always one of those that the application was registered with; what a message says about keys is not read.
After an XML signature only the element that it covers is read on, as the library returns it from the signed octets.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA as ECDSA_WITH
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import HashAlgorithm
from cryptography.x509 import Certificate, load_pem_x509_certificate
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from watchword.applications.model import ServiceProvider
from watchword.saml.algorithms import (
    ENVELOPED,
    EXCLUSIVE,
    PublicKey,
    allowed_digests,
    allowed_signatures,
    hash_of,
    strong_keys,
)
from watchword.saml.model import Binding, Refused
from watchword.saml.names import signature
from watchword.saml.reading import QuerySignature, Received

_SHAPE: Final = {
    signature("Signature"): ("SignedInfo", "SignatureValue", "KeyInfo"),
    signature("SignedInfo"): ("CanonicalizationMethod", "SignatureMethod", "Reference"),
    signature("Reference"): ("Transforms", "DigestMethod", "DigestValue"),
}
"""What may stand in the parts of a signature, each once: no ``Object``, and no second ``Reference``."""
_UNREADABLE: Final = (SignXMLException, ValueError, TypeError, AttributeError, KeyError, etree.LxmlError)
"""What a signature that makes no sense ends in."""
_INCLUSIVE: Final = f"{{{EXCLUSIVE}}}InclusiveNamespaces"


def verified(received: Received, provider: ServiceProvider, now: datetime) -> etree._Element:
    """Return the message as far as the service provider has signed it.

    Raises:
        Refused: it is not signed, or not by this service provider, or not in a way that is allowed.
    """
    keys = _certificates(provider.certificates, now)
    if received.signature is None and received.binding is Binding.REDIRECT:
        raise Refused("a message in an address is signed beside it")
    if received.signature is not None:
        _check_query(received.signature, keys, legacy=provider.legacy_algorithms)
        return received.root
    return _verified_element(received.root, keys, now, legacy=provider.legacy_algorithms)


def is_signed(received: Received) -> bool:
    """Tell whether a message says that it is signed; in a query only what stands beside it counts."""
    if received.binding is Binding.REDIRECT:
        return received.signature is not None
    return received.root.find(f".//{signature('Signature')}") is not None


def _certificates(certificates: Sequence[str], now: datetime) -> list[Certificate]:
    """Return the certificates that hold now."""
    loaded = [load_pem_x509_certificate(each.encode()) for each in certificates]
    valid = [each for each in loaded if each.not_valid_before_utc <= now <= each.not_valid_after_utc]
    if not valid:
        raise Refused("the service provider has no certificate that holds now")
    return valid


# --- over a query -----------------------------------------------------------------------------------------------------


def _check_query(given: QuerySignature, certificates: Sequence[Certificate], *, legacy: bool) -> None:
    algorithm = hash_of(given.algorithm, legacy=legacy)
    keys = strong_keys(certificates, given.algorithm)
    if not any(_made(given, key, algorithm) for key in keys.values()):
        raise Refused("the signature is not the service provider's")


def _made(given: QuerySignature, key: PublicKey, algorithm: HashAlgorithm) -> bool:
    """Tell whether the signature was made with a key."""
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(given.octets, given.signed, PKCS1v15(), algorithm)
        else:
            key.verify(_as_der(given.octets, key.key_size), given.signed, ECDSA_WITH(algorithm))
    except InvalidSignature:
        return False
    return True


def _as_der(octets: bytes, key_bits: int) -> bytes:
    """Return an ECDSA signature as DER; XML signature writes both numbers one after the other."""
    half = (key_bits + 7) // 8
    if len(octets) != 2 * half:
        return octets
    return encode_dss_signature(int.from_bytes(octets[:half], "big"), int.from_bytes(octets[half:], "big"))


# --- inside a message -------------------------------------------------------------------------------------------------


def _verified_element(
    root: etree._Element, certificates: Sequence[Certificate], now: datetime, *, legacy: bool
) -> etree._Element:
    algorithm = _check_shape(root)
    _check_algorithms(root, algorithm, legacy=legacy)
    refusal = "the signature is not the service provider's"
    for certificate in strong_keys(certificates, algorithm):
        try:
            result = XMLVerifier().verify(
                etree.tostring(root), x509_cert=certificate, expect_config=_configuration(now, legacy=legacy)
            )
        except _UNREADABLE as problem:
            refusal = f"the signature is not the service provider's ({type(problem).__name__})"
            continue
        return _covered(result, root)
    raise Refused(refusal)


def _covered(result: VerifyResult | list[VerifyResult], root: etree._Element) -> etree._Element:
    """Return the element that was signed, which must be the message itself."""
    if isinstance(result, list) or result.signed_xml is None:
        raise Refused("the signature covers something else")
    covered = result.signed_xml
    if covered.tag != root.tag or covered.get("ID") != root.get("ID"):
        raise Refused("the signature covers something else")
    return covered


def _check_shape(root: etree._Element) -> str:
    """Return the algorithm of a signature that is one of the only shape that SAML knows.

    There is one signature, and it is a child of the message; it refers to the message, once, and changes nothing of it
    but to leave itself out. So a signature cannot be wrapped, moved, or made to cover less than it seems to.

    Raises:
        Refused
    """
    found = [each for each in root.iter() if each.tag == signature("Signature")]
    if not found:
        raise Refused("it is not signed")
    if len(found) > 1 or found[0].getparent() is not root:
        raise Refused("there is more than one signature, or it stands in another place than the message's own")
    for element in found[0].iter():
        _check_part(element)
    information = _only(found[0], "SignedInfo")
    reference = _only(information, "Reference")
    if not root.get("ID") or reference.get("URI") != f"#{root.get('ID')}":
        raise Refused("the signature refers to something else than the message")
    if _only(information, "CanonicalizationMethod").get("Algorithm") != EXCLUSIVE:
        raise Refused("the canonical form is not the exclusive one")
    transforms = [each.get("Algorithm") for each in _only(reference, "Transforms")]
    if transforms != [ENVELOPED, EXCLUSIVE]:
        raise Refused("the signature changes the message before it covers it")
    return _only(information, "SignatureMethod").get("Algorithm") or ""


def _check_algorithms(root: etree._Element, algorithm: str, *, legacy: bool) -> None:
    """Refuse what is not allowed by its name, since the verifier would only say that something is wrong."""
    hash_of(algorithm, legacy=legacy)
    digests = {
        each.get("Algorithm") for each in root.iterfind(f".//{signature('Reference')}/{signature('DigestMethod')}")
    }
    if not digests <= allowed_digests(legacy=legacy):
        raise Refused("the algorithm of the digest is not allowed")


def _check_part(element: etree._Element) -> None:
    if element.tag == signature("Object"):
        raise Refused("the signature has a content of its own")
    allowed = _SHAPE.get(element.tag)
    names = [etree.QName(each).localname for each in element]
    if allowed is not None and (len(set(names)) != len(names) or not set(names) <= set(allowed)):
        raise Refused("there is more in the signature than it needs")
    if element.tag == signature("Transform") and any(each.tag != _INCLUSIVE for each in element):
        raise Refused("a transform holds more than a list of prefixes")


def _only(parent: etree._Element, name: str) -> etree._Element:
    found = parent.findall(signature(name))
    if len(found) != 1:
        raise Refused(f"{name} does not stand once in the signature")
    return found[0]


def _configuration(now: datetime, *, legacy: bool) -> SignatureConfiguration:
    return SignatureConfiguration(
        require_x509=True, location="./", expect_references=1, verification_time=now,
        signature_methods=frozenset(SignatureMethod(each) for each in allowed_signatures(legacy=legacy)),
        digest_algorithms=frozenset(DigestAlgorithm(each) for each in allowed_digests(legacy=legacy)),
        ignore_ambiguous_key_info=True,
    )  # fmt: skip
