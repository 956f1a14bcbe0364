"""What this application does not believe, beyond what python3-saml refuses by itself."""

import base64
import binascii
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Names
from onelogin.saml2.utils import OneLogin_Saml2_Utils as Xml
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML as Tree

MAX_MESSAGE_BYTES = 256 * 1024
MIN_RSA_BITS = 2048
DECLARATION = re.compile(
    r"""<\?xml version=["']1\.0["']( encoding=["'][Uu][Tt][Ff]-8["'])?( standalone=["'](yes|no)["'])?\s*\?>"""
)
SIGNATURE_ALGORITHMS = frozenset(
    f"http://www.w3.org/2001/04/xmldsig-more#{kind}-sha{size}" for kind in ("rsa", "ecdsa") for size in (256, 384, 512)
)
ALGORITHMS = SIGNATURE_ALGORITHMS | {
    Names.SHA256,
    Names.SHA384,
    Names.SHA512,
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
}
"""All that may be named in a signature; whatever is not here is refused, known or not."""


class Refused(Exception):
    """A message is not believed; the text says why, for the log and not for the person."""


class Unreachable(Exception):
    """The identity server does not answer, or is not the one that was expected."""


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what a library says of a bad message, by exceptions of many kinds, into a refusal."""
    try:
        yield
    except (Refused, Unreachable):
        raise
    except Exception as problem:
        raise Refused(str(problem)) from problem


def plain_xml(encoded: str, *, deflated: bool = False) -> bytes:
    """Return the XML of a message, of which nothing is hidden from whoever reads it.

    A document type, a comment, a CDATA section or a processing instruction may make two readers see two texts; an
    identity server has no use for any of them.

    Raises:
        Refused
    """
    try:
        octets = base64.b64decode("".join(encoded.split()), validate=True)
        if deflated:
            inflating = zlib.decompressobj(-zlib.MAX_WBITS)
            octets = inflating.decompress(octets, MAX_MESSAGE_BYTES + 1)
        text = octets.decode()
    except (binascii.Error, zlib.error, UnicodeDecodeError) as problem:
        raise Refused(str(problem)) from problem
    body = DECLARATION.sub("", text, count=1) if text.startswith("<?xml") else text
    if len(octets) > MAX_MESSAGE_BYTES or "<!" in body or "<?" in body:
        raise Refused("the message is too long, or holds a document type, a comment, CDATA or an instruction")
    return octets


def kind_of(encoded: str) -> str:
    """Return what a message calls itself, to know who is to read it; nothing of it is believed yet.

    Raises:
        Refused
    """
    found = re.search(r"<(?:[\w.-]+:)?(\w+)", DECLARATION.sub("", plain_xml(encoded).decode(), count=1))
    return found[1] if found else ""


def check_signatures(document: Any) -> None:  # noqa: ANN401  # an element of lxml, without types
    """Refuse signatures that name an algorithm which is not allowed, cover another element, or carry anything more."""
    ids = document.xpath("//@ID")
    if len(ids) != len(set(ids)):
        raise Refused("an ID stands twice")
    signatures = Tree.query(document, "//ds:Signature")
    for signature in signatures:
        covered = [each.get("URI") for each in Tree.query(signature, "./ds:SignedInfo/ds:Reference")]
        if covered != ["#" + signature.getparent().get("ID", "")]:
            raise Refused("a signature covers something else than the element it stands in")
        named = signature.xpath("./ds:SignedInfo//@Algorithm", namespaces=Names.NSMAP)
        if not ALGORITHMS.issuperset(named):
            raise Refused(f"a signature is made by {', '.join(sorted(set(named) - ALGORITHMS))}")
        if Tree.query(signature, "./ds:Object"):
            raise Refused("a signature carries an object")


def check_key(certificate: str) -> None:
    """Refuse a key of the identity server that is missing or too weak to believe."""
    try:
        key = x509.load_pem_x509_certificate(Xml.format_cert(certificate).encode()).public_key()
    except ValueError as problem:
        raise Unreachable("the metadata holds no certificate to verify signatures with") from problem
    strong_rsa = isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS and key.public_numbers().e > 1
    if not strong_rsa and not isinstance(key, ec.EllipticCurvePublicKey):
        raise Unreachable("the identity server signs with a key that is too weak")
