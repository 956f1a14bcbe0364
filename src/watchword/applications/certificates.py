"""Certificates as administrators bring them, and what is known of them."""

import base64
import re
import textwrap
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, load_der_x509_certificate, load_pem_x509_certificate

_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----", re.ASCII)
MIN_RSA_BITS = 2048
MAX_CERTIFICATES = 8
MAX_CHARACTERS = 64 * 1024


class CertificateRefused(ValueError):
    """What was given is no certificate that can be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Described:
    """What an administrator wants to know of a certificate."""

    subject: str
    fingerprint: str
    """SHA-256 in hex."""
    begins_at: datetime
    ends_at: datetime


def read_certificates(text: str) -> tuple[str, ...]:
    """Return the certificates of a text as PEM: it holds PEM blocks, base64 of them, or base64 of DER.

    Raises:
        CertificateRefused
    """
    if len(text) > MAX_CHARACTERS:
        raise CertificateRefused("it is too large")
    blocks = _BLOCK.findall(text)
    if not blocks:
        blocks = _BLOCK.findall(_decoded(text)) or [text]
    if len(blocks) > MAX_CERTIFICATES:
        raise CertificateRefused(f"there are more than {MAX_CERTIFICATES} certificates")
    return tuple(dict.fromkeys(_pem(_load(block)) for block in blocks))


def describe_certificate(pem: str) -> Described:
    """Return what is known of a certificate that was read."""
    found = load_pem_x509_certificate(pem.encode())
    fingerprint = found.fingerprint(SHA256()).hex()
    return Described(found.subject.rfc4514_string(), fingerprint, found.not_valid_before_utc, found.not_valid_after_utc)


def can_be_encrypted_to(pem: str) -> bool:
    """Tell whether a key can be wrapped for a certificate that was read: only RSA can."""
    return isinstance(load_pem_x509_certificate(pem.encode()).public_key(), RSAPublicKey)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("ascii")
    except ValueError:
        return ""


def _load(block: str) -> Certificate:
    try:
        if block.startswith("-----"):
            found = load_pem_x509_certificate(block.encode())
        else:
            found = load_der_x509_certificate(base64.b64decode("".join(block.split()), validate=True))
        key = found.public_key()
    except (ValueError, TypeError) as problem:
        raise CertificateRefused("it is no certificate in PEM or in base64 of DER") from problem
    if isinstance(key, RSAPublicKey):
        if key.key_size < MIN_RSA_BITS:
            raise CertificateRefused(f"its key has {key.key_size} bits, and must have at least {MIN_RSA_BITS}")
    elif not isinstance(key, EllipticCurvePublicKey):
        raise CertificateRefused("its key is neither RSA nor of an elliptic curve")
    return found


def _pem(certificate: Certificate) -> str:
    body = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    return "\n".join(["-----BEGIN CERTIFICATE-----", *textwrap.wrap(body, 64), "-----END CERTIFICATE-----", ""])
