"""The tenant's signing keys: which one signs, which are published, and how a new one is made.

A key is ``next`` while only the metadata shows it, ``active`` while it signs, and ``retired`` while the metadata still
shows it, so that service providers have time on both sides of a change.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

RSA_BITS: Final = 3072
EXPONENT: Final = 65537
LIFETIME: Final = timedelta(days=3650)
SERIAL_BYTES: Final = 16


class KeyState(StrEnum):
    """What a key is used for."""

    NEXT = "next"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantKey:
    """A key pair of a tenant; the private half is sealed."""

    id: str
    certificate: str
    """PEM."""
    sealed: bytes = field(repr=False)
    state: KeyState
    created_at: datetime
    ends_at: datetime

    @property
    def fingerprint(self) -> str:
        """Return the certificate's SHA-256 in hex, as people compare it."""
        return x509.load_pem_x509_certificate(self.certificate.encode()).fingerprint(SHA256()).hex()


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key that was just made, in PEM."""

    private: bytes = field(repr=False)
    certificate: str


def make_pair(name: str, serial: bytes, now: datetime) -> KeyPair:
    """Return a new key with a certificate of its own, which says nothing but whose it is.

    This takes a good part of a second: no transaction may be open meanwhile.
    """
    key = rsa.generate_private_key(EXPONENT, RSA_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(serial, "big") >> 1 | 1)
        .not_valid_before(now - timedelta(minutes=10))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return KeyPair(private, certificate.public_bytes(Encoding.PEM).decode())
