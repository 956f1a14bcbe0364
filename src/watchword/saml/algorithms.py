"""The algorithms of signatures that are believed, by allow-lists; whatever is not named here does not exist.

What a service provider may be *given* stands in ``applications/algorithms.py``.
"""

from collections.abc import Sequence
from typing import Final, TypeGuard

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.x509 import Certificate

from watchword.applications.algorithms import DIGESTS, LEGACY_DIGESTS, LEGACY_SIGNATURES, SIGNATURES
from watchword.saml.model import Refused

PublicKey = RSAPublicKey | EllipticCurvePublicKey
MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"

ECDSA: Final = (MORE + "ecdsa-sha256", MORE + "ecdsa-sha384", MORE + "ecdsa-sha512")
_HASHES: Final[dict[str, type[HashAlgorithm]]] = {
    LEGACY_SIGNATURES[0]: SHA1,
    **dict(zip(SIGNATURES, (SHA256, SHA384, SHA512), strict=True)),
    **dict(zip(ECDSA, (SHA256, SHA384, SHA512), strict=True)),
}
MIN_RSA_BITS: Final = 2048
MIN_EXPONENT: Final = 65537


def allowed_signatures(*, legacy: bool) -> frozenset[str]:
    """Return the algorithms that a signature may be made by; *legacy* is one service provider's own exception."""
    return frozenset((*SIGNATURES, *ECDSA, *(LEGACY_SIGNATURES if legacy else ())))


def allowed_digests(*, legacy: bool) -> frozenset[str]:
    """Return the algorithms that a digest may be made by."""
    return frozenset((*DIGESTS, *(LEGACY_DIGESTS if legacy else ())))


def hash_of(algorithm: str, *, legacy: bool) -> HashAlgorithm:
    """Return the hash that an algorithm of signatures begins with.

    Raises:
        Refused: it is not allowed.
    """
    if algorithm not in allowed_signatures(legacy=legacy):
        raise Refused("the algorithm of the signature is not allowed")
    return _HASHES[algorithm]()


def strong_keys(certificates: Sequence[Certificate], algorithm: str) -> dict[Certificate, PublicKey]:
    """Return the certificates whose key is strong enough, and of the kind that the algorithm is for.

    Raises:
        Refused: none is.
    """
    keys = {each: each.public_key() for each in certificates}
    fitting = {each: key for each, key in keys.items() if _fits(key, algorithm)}
    if not fitting:
        raise Refused("the service provider has no key that is strong enough and fits the algorithm")
    return fitting


def _fits(key: object, algorithm: str) -> TypeGuard[PublicKey]:
    if isinstance(key, RSAPublicKey):
        return algorithm not in ECDSA and key.key_size >= MIN_RSA_BITS and key.public_numbers().e >= MIN_EXPONENT
    return isinstance(key, EllipticCurvePublicKey) and algorithm in ECDSA
