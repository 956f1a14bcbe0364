"""From octets to a tree: the two ways in which a message comes through the browser (platform.md 1.2).

The query is taken as it was sent, percent signs and all, since that is what a service provider signs. A parameter that
stands twice is refused, because two readers could take two of them.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, unquote_plus

from lxml import etree

from watchword.base.xml import XmlRefused, parse_xml
from watchword.saml.model import Binding, Refused
from watchword.saml.names import DEFLATE

MOST_INFLATED_BYTES: Final = 64 * 1024
MOST_INFLATION: Final = 100
MOST_POSTED_BYTES: Final = 256 * 1024
MOST_PARAMETERS: Final = 64
_SIGNED: Final = ("RelayState", "SigAlg")
_LINE_BREAKS: Final = str.maketrans("", "", "\r\n")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class QuerySignature:
    """A signature beside a message: what it is over, octet for octet, and how it was made."""

    signed: bytes = field(repr=False)
    algorithm: str
    octets: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message as it came; nothing of it is proven yet."""

    binding: Binding
    root: etree._Element = field(repr=False)
    relay_state: str | None = field(repr=False)
    signature: QuerySignature | None = None
    """Of a message in a query; a posted one carries its own."""
    tenant: str = ""
    """The tenant that the address names beside the message, as one does that we have led on."""


def read_query(raw_query: str) -> Mapping[str, str]:
    """Return the parameters of a query as they were sent, in their order.

    Raises:
        Refused: one stands twice, or there are too many.
    """
    pairs = [part.partition("=") for part in raw_query.split("&") if part]
    if len(pairs) > MOST_PARAMETERS:
        raise Refused("the address has too many parameters")
    parameters = {unquote(name): value for name, _, value in pairs}
    if len(parameters) != len(pairs):
        raise Refused("a parameter stands twice")
    return parameters


def receive_redirect(raw_query: str, name: str) -> Received:
    """Return the message that the parameter *name* of a query carries.

    Raises:
        Refused
    """
    raw = read_query(raw_query)
    encoding = unquote(raw.get("SAMLEncoding", ""))
    if encoding not in {"", DEFLATE}:
        raise Refused("the message is packed in a way that nobody knows")
    octets = inflate(_decode(unquote(raw[name])))
    relay_state = raw.get("RelayState")
    return Received(
        binding=Binding.REDIRECT, root=_parse(octets),
        relay_state=None if relay_state is None else _relay_state(_text(relay_state)),
        signature=_query_signature(raw, name),
    )  # fmt: skip


def receive_post(fields: Mapping[str, str], name: str) -> Received:
    """Return the message that the field *name* of a form carries; long lines may be broken, as MIME does.

    Raises:
        Refused
    """
    octets = _decode(fields[name].translate(_LINE_BREAKS))
    relay_state = fields.get("RelayState")
    return Received(
        binding=Binding.POST, root=_parse(octets),
        relay_state=None if relay_state is None else _relay_state(relay_state),
    )  # fmt: skip


def inflate(packed: bytes) -> bytes:
    """Return what DEFLATE has packed, as far as that is credible: a small message may not become a large one.

    Raises:
        Refused
    """
    most = min(MOST_INFLATED_BYTES, MOST_INFLATION * len(packed))
    reader = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        octets = reader.decompress(packed, most + 1)
    except zlib.error:
        raise Refused("the message is not packed with DEFLATE") from None
    if len(octets) > most:
        raise Refused(f"the message is larger than {MOST_INFLATED_BYTES} bytes, or packed more than credibly")
    if not reader.eof or reader.unused_data:
        raise Refused("the message is cut off, or something follows it")
    return octets


def _query_signature(raw: Mapping[str, str], name: str) -> QuerySignature | None:
    """Return the signature of a query; it covers the parameters in the one order that SAML allows (bindings 3.4.4.1).

    Where the signature itself stands is not said: python3-saml puts it before the name of its algorithm.

    Raises:
        Refused: the parameters stand in another order, or a part of the signature is missing.
    """
    if "Signature" not in raw and "SigAlg" not in raw:
        return None
    if "Signature" not in raw or "SigAlg" not in raw:
        raise Refused("a part of the signature is missing")
    order = [name, *(each for each in _SIGNED if each in raw)]
    if [each for each in raw if each in order] != order:
        raise Refused("the parameters do not stand in the order in which they are signed")
    signed = "&".join(f"{each}={raw[each]}" for each in order)
    return QuerySignature(signed.encode("latin-1"), _text(raw["SigAlg"]), _decode(unquote(raw["Signature"])))


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("it is not base64") from None


def _parse(octets: bytes) -> etree._Element:
    try:
        return parse_xml(octets, most_bytes=MOST_POSTED_BYTES)
    except XmlRefused as refusal:
        raise Refused(f"the XML: {refusal}") from None


def _text(raw: str) -> str:
    try:
        return unquote_plus(raw, errors="strict")
    except UnicodeDecodeError:
        raise Refused("a parameter is not UTF-8") from None


def _relay_state(text: str) -> str:
    if _CONTROLS.search(text):
        raise Refused("the RelayState holds control characters")
    return text
