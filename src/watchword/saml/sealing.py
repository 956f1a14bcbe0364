"""A signature over what we have built, or encryption to the service provider who alone shall read it.

libxmlsec works inside the process, on trees of our own making only; nothing that came from outside is given to it.
"""

import base64
import zlib
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote_plus

import xmlsec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from xmlsec import constants

from watchword.applications import algorithms
from watchword.applications.model import ServiceProvider
from watchword.saml.algorithms import hash_of
from watchword.saml.names import ASSERTION, SIGNATURE, assertion, signature

_SIGNATURES: Final = dict(
    zip(
        (*algorithms.SIGNATURES, *algorithms.LEGACY_SIGNATURES),
        (constants.TransformRsaSha256, constants.TransformRsaSha384, constants.TransformRsaSha512,
         constants.TransformRsaSha1),
        strict=True,
    )
)  # fmt: skip
_DIGESTS: Final = dict(
    zip(
        (*algorithms.DIGESTS, *algorithms.LEGACY_DIGESTS),
        (constants.TransformSha256, constants.TransformSha384, constants.TransformSha512, constants.TransformSha1),
        strict=True,
    )
)
_CIPHERS: Final = dict(
    zip(
        algorithms.ENCRYPTIONS,
        ((constants.TransformAes256Gcm, 256), (constants.TransformAes192Gcm, 192), (constants.TransformAes128Gcm, 128)),
        strict=True,
    )
)
_OAEP_OF_2009: Final = algorithms.KEY_ENCRYPTIONS[1]
_ENCRYPTION: Final = "http://www.w3.org/2001/04/xmlenc#"
_ENCRYPTION_OF_2009: Final = "http://www.w3.org/2009/xmlenc11#"
_AFTER_ISSUER: Final = 1


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A tenant's key, ready for use; reading it costs more than signing with it."""

    id: str
    certificate: str
    """PEM."""
    _private: RSAPrivateKey = field(repr=False)
    _sealer: xmlsec.Key = field(repr=False)

    @classmethod
    def read(cls, key_id: str, certificate: str, private: bytes) -> "SigningKey":
        """Return the key that *private* (PEM) holds."""
        sealer = xmlsec.Key.from_memory(private, constants.KeyDataFormatPem)
        sealer.load_cert_from_memory(certificate.encode(), constants.KeyDataFormatCertPem)
        found = load_pem_private_key(private, None)
        if not isinstance(found, RSAPrivateKey):
            raise TypeError(type(found).__name__)
        return cls(key_id, certificate, found, sealer)

    def sign(self, root: etree._Element, provider: ServiceProvider) -> None:
        """Put an enveloped signature behind the issuer of a message or an assertion."""
        signing = _SIGNATURES[provider.signature_algorithm or algorithms.SIGNATURES[0]]
        digest = _DIGESTS[provider.digest_algorithm or algorithms.DIGESTS[0]]
        template = xmlsec.template.create(root, constants.TransformExclC14N, signing, ns="ds")
        root.insert(_AFTER_ISSUER, template)
        reference = xmlsec.template.add_reference(template, digest, uri=f"#{root.get('ID')}")
        xmlsec.template.add_transform(reference, constants.TransformEnveloped)
        # No list of prefixes, though the type of a value names one that stands nowhere else: ruby-saml takes the first
        # list of a document for every signature's, and minisaml reads none. Nothing that is told hangs on that prefix.
        xmlsec.template.add_transform(reference, constants.TransformExclC14N)
        known = xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(template))
        xmlsec.template.x509_data_add_certificate(known)
        context = xmlsec.SignatureContext()
        context.key = self._sealer
        context.register_id(root, "ID")
        context.sign(template)

    def sign_query(self, query: str, algorithm: str) -> str:
        """Return a query with its signature."""
        signed = f"{query}&SigAlg={quote_plus(algorithm)}"
        octets = self._private.sign(signed.encode(), PKCS1v15(), hash_of(algorithm, legacy=True))
        return f"{signed}&Signature={quote_plus(base64.b64encode(octets))}"


def encrypt_assertion(signed: etree._Element, provider: ServiceProvider) -> etree._Element:
    """Return an EncryptedAssertion, for the first certificate of a service provider."""
    certificate = provider.certificates[0]
    cipher, bits = _CIPHERS[provider.encryption.assertion_algorithm or algorithms.ENCRYPTIONS[0]]
    root = etree.Element(assertion("EncryptedAssertion"), nsmap={"saml": ASSERTION})
    data = xmlsec.template.encrypted_data_create(root, cipher, type=constants.TypeEncElement, ns="xenc")
    root.append(data)
    xmlsec.template.encrypted_data_ensure_cipher_value(data)
    about_key = xmlsec.template.encrypted_data_ensure_key_info(data, ns="ds")
    wrapped = xmlsec.template.add_encrypted_key(about_key, constants.TransformRsaOaep)
    xmlsec.template.encrypted_data_ensure_cipher_value(wrapped)
    _name_key_encryption(wrapped, provider.encryption.key_algorithm or algorithms.KEY_ENCRYPTIONS[0])
    _name_recipient(wrapped, certificate)
    keys = xmlsec.KeysManager()
    keys.add_key(xmlsec.Key.from_memory(certificate, constants.KeyDataFormatCertPem))
    context = xmlsec.EncryptionContext(keys)
    context.key = xmlsec.Key.generate(constants.KeyDataAes, bits, constants.KeyDataTypeSession)
    context.encrypt_binary(data, etree.tostring(signed))
    return root


def _name_key_encryption(wrapped: etree._Element, algorithm: str) -> None:
    """Say how the key is wrapped; the newer way lets SHA-256 stand in both places of OAEP."""
    method = wrapped.find(f"{{{_ENCRYPTION}}}EncryptionMethod")
    if method is None:
        raise LookupError(algorithm)
    method.set("Algorithm", algorithm)
    if algorithm == _OAEP_OF_2009:
        etree.SubElement(method, signature("DigestMethod")).set("Algorithm", algorithms.DIGESTS[0])
        mask = etree.SubElement(method, f"{{{_ENCRYPTION_OF_2009}}}MGF", nsmap={"xenc11": _ENCRYPTION_OF_2009})
        mask.set("Algorithm", f"{_ENCRYPTION_OF_2009}mgf1sha256")


def _name_recipient(wrapped: etree._Element, certificate: str) -> None:
    """Say whose key it is, for service providers that have several."""
    about = etree.Element(signature("KeyInfo"), nsmap={"ds": SIGNATURE})
    wrapped.insert(_AFTER_ISSUER, about)
    known = etree.SubElement(etree.SubElement(about, signature("X509Data")), signature("X509Certificate"))
    known.text = bare(certificate)


def bare(certificate: str) -> str:
    """Return a certificate of PEM as XML has it: base64 without its first and last line."""
    return "".join(line for line in certificate.splitlines() if line and not line.startswith("-----"))


def posted(root: etree._Element) -> str:
    """Return a message as a field of a form carries it."""
    return base64.b64encode(etree.tostring(root, encoding="UTF-8", xml_declaration=True)).decode()


def query_of(root: etree._Element, name: str, relay_state: str | None) -> str:
    """Return a message as a query carries it, without a signature."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = base64.b64encode(packer.compress(etree.tostring(root)) + packer.flush())
    query = f"{name}={quote_plus(packed)}"
    return query if relay_state is None else f"{query}&RelayState={quote_plus(relay_state)}"
