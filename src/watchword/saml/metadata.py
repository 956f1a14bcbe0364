"""What we tell service providers about ourselves (platform.md 1.3): only what works."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from watchword.applications.model import NAME_ID_FORMATS
from watchword.saml.building import written
from watchword.saml.names import HTTP_POST, HTTP_REDIRECT, METADATA, PROTOCOL, SIGNATURE, signature
from watchword.saml.sealing import bare

_PREFIXES: Final = {"md": METADATA, "ds": SIGNATURE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """Who we are, where we are, and which keys we sign with."""

    entity_id: str
    sso_url: str
    certificates: Sequence[str]
    """PEM; the one that signs first."""
    valid_until: datetime


def build_metadata(description: Description) -> bytes:
    """Return our metadata as a document."""
    root = etree.Element(_named("EntityDescriptor"), nsmap=_PREFIXES)
    root.set("entityID", description.entity_id)
    root.set("validUntil", written(description.valid_until))
    role = etree.SubElement(root, _named("IDPSSODescriptor"))
    role.set("WantAuthnRequestsSigned", "false")
    role.set("protocolSupportEnumeration", PROTOCOL)
    for certificate in description.certificates:
        _key(role, certificate)
    for binding in (HTTP_REDIRECT, HTTP_POST):
        _place(role, "SingleLogoutService", binding, description.sso_url).set("ResponseLocation", description.sso_url)
    for each in NAME_ID_FORMATS:
        etree.SubElement(role, _named("NameIDFormat")).text = each
    for binding in (HTTP_REDIRECT, HTTP_POST):
        _place(role, "SingleSignOnService", binding, description.sso_url)
    document: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return document


def _key(role: etree._Element, certificate: str) -> None:
    key = etree.SubElement(role, _named("KeyDescriptor"))
    key.set("use", "signing")
    known = etree.SubElement(etree.SubElement(key, signature("KeyInfo")), signature("X509Data"))
    etree.SubElement(known, signature("X509Certificate")).text = bare(certificate)


def _place(role: etree._Element, service: str, binding: str, url: str) -> etree._Element:
    place = etree.SubElement(role, _named(service))
    place.set("Binding", binding)
    place.set("Location", url)
    return place


def _named(name: str) -> str:
    return f"{{{METADATA}}}{name}"
