"""A service provider's SAML metadata: where they are fetched from, and what they mean (platform.md 1.4)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from lxml import etree

from watchword.accounts.claims import KNOWN_CLAIMS, canonical_uri
from watchword.applications.certificates import CertificateRefused, describe_certificate, read_certificates
from watchword.applications.model import (
    NAME_ID_FORMATS,
    UNSPECIFIED,
    LogoutMethod,
    RequestedClaim,
    ServiceProvider,
    SingleLogout,
)
from watchword.applications.rules import NEVER_TOLD
from watchword.base.problems import MetadataRefused
from watchword.base.xml import XmlRefused, parse_xml
from watchword.notification.senders.addresses import Forbidden, OutgoingRules
from watchword.notification.senders.fetcher import Fetcher, FetchFailed, Request

MAX_BYTES: Final = 256 * 1024
FETCH_SECONDS: Final = 10.0
OK: Final = 200

_MD: Final = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
_BINDINGS: Final = "urn:oasis:names:tc:SAML:2.0:bindings:"
_POST: Final = _BINDINGS + "HTTP-POST"
_LOGOUT_METHODS: Final = {
    _POST: LogoutMethod.FRONT_CHANNEL_POST,
    _BINDINGS + "HTTP-Redirect": LogoutMethod.FRONT_CHANNEL_REDIRECT,
    _BINDINGS + "SOAP": LogoutMethod.BACK_CHANNEL,
}
"""In the order in which they are preferred."""


@dataclass(frozen=True, slots=True)
class Described:
    """What metadata say."""

    provider: ServiceProvider
    requested: tuple[RequestedClaim, ...]
    report: Sequence[str]
    """What was taken over and what was left out, line by line, for whoever brought them."""
    says_name_id: bool = True
    says_logout: bool = True


@dataclass(slots=True)
class _Reading:
    """The one role descriptor that is read, and what has been said of it."""

    entity_id: str
    role: etree._Element
    report: list[str] = field(default_factory=list)

    def elements(self, name: str) -> list[etree._Element]:
        return self.role.findall(_MD + name)

    def say(self, line: str) -> None:
        self.report.append(line)


def fetch_metadata(rules: OutgoingRules, url: str) -> bytes:
    """Return the document at an address, within the rules for everything that goes outside.

    Nothing of what came is repeated if it cannot be used: the address may be that of something private.

    Raises:
        MetadataRefused
    """
    request = Request("GET", url, (("Accept", "application/samlmetadata+xml, application/xml"),), most_bytes=MAX_BYTES)
    try:
        with Fetcher(rules) as fetcher:
            reply = fetcher.fetch(request, seconds=FETCH_SECONDS)
    except (Forbidden, FetchFailed) as problem:
        raise MetadataRefused(f"metadataURL: {problem}.") from problem
    if reply.status != OK:
        raise MetadataRefused(f"metadataURL: the answer has the status {reply.status}; redirects are not followed.")
    return reply.body


def read_metadata(octets: bytes, now: datetime) -> Described:
    """Return what a service provider's metadata mean for an application.

    Raises:
        MetadataRefused: they are no metadata of a service provider, or are over; the text says why.
    """
    try:
        root = parse_xml(octets, most_bytes=MAX_BYTES)
    except XmlRefused as problem:
        raise MetadataRefused(f"The metadata cannot be read: {problem}.") from problem
    entity = _entity(root)
    for element in (root, entity):
        _check_valid(element, now)
    entity_id = (entity.get("entityID") or "").strip()
    if not entity_id:
        raise MetadataRefused("The metadata name no entity: entityID is missing.")
    reading = _Reading(entity_id, _role(entity))
    _check_valid(reading.role, now)
    reading.say(f"entity id: {entity_id}")
    provider, requested = _provider(reading)
    says_name_id, says_logout = (bool(reading.elements(name)) for name in ("NameIDFormat", "SingleLogoutService"))
    return Described(provider, requested, reading.report, says_name_id, says_logout)


def _entity(root: etree._Element) -> etree._Element:
    if root.tag == _MD + "EntityDescriptor":
        return root
    if root.tag != _MD + "EntitiesDescriptor":
        raise MetadataRefused("This file holds no SAML 2.0 metadata: it does not begin with EntityDescriptor.")
    found = [each for each in root.iter(_MD + "EntityDescriptor") if each.find(_MD + "SPSSODescriptor") is not None]
    if len(found) != 1:
        raise MetadataRefused(f"The metadata describe {len(found)} service providers; give those of one.")
    return found[0]


def _role(entity: etree._Element) -> etree._Element:
    roles = [each for each in entity.findall(_MD + "SPSSODescriptor")
             if _PROTOCOL in (each.get("protocolSupportEnumeration") or "").split()]  # fmt: skip
    if roles:
        return roles[0]
    if entity.find(_MD + "IDPSSODescriptor") is not None:
        raise MetadataRefused("This file describes an identity provider, not a service provider.")
    raise MetadataRefused("The metadata describe no service provider of SAML 2.0.")


def _check_valid(element: etree._Element, now: datetime) -> None:
    until = element.get("validUntil")
    if until is None:
        return
    try:
        end = datetime.fromisoformat(until.strip())
    except ValueError:
        raise MetadataRefused("The metadata have a validUntil that is no instant.") from None
    end = end if end.tzinfo is not None else end.replace(tzinfo=UTC)
    if end <= now:
        raise MetadataRefused(f"The metadata were valid until {end.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC.")


def _provider(reading: _Reading) -> tuple[ServiceProvider, tuple[RequestedClaim, ...]]:
    urls, default = _consumer_urls(reading)
    certificates = _certificates(reading)
    signs = _is_true(reading.role.get("AuthnRequestsSigned"))
    if signs and not certificates:
        reading.say("signed requests: it says that it signs, but has no certificate to check by; not required")
    else:
        reading.say(f"signed requests: {'required' if signs else 'not required'}")
    if _is_true(reading.role.get("WantAssertionsSigned")):
        reading.say("signed assertions: wanted, and always sent")
    name_id_format, logout = _name_id_format(reading), _logout(reading)
    requested, index = _requested(reading)
    provider = ServiceProvider(
        issuer=reading.entity_id, acs_urls=urls, default_acs_url=default, certificates=certificates,
        verify_requests=signs and bool(certificates), name_id_format=name_id_format, logout=logout,
        attribute_profile=bool(requested), always_include_attributes=bool(requested), attribute_index=index,
    )  # fmt: skip
    return provider, requested


def _consumer_urls(reading: _Reading) -> tuple[tuple[str, ...], str]:
    """Return the addresses that take a response by POST, in their order, and the one to use if none is named."""
    urls: list[str] = []
    default = ""
    for each in reading.elements("AssertionConsumerService"):
        location, binding = (each.get("Location") or "").strip(), each.get("Binding") or ""
        if binding != _POST or not location:
            reading.say(f"assertion consumer: {location} was left out, its binding {_last(binding)} is not supported")
            continue
        if each.get("index") not in {None, str(len(urls))}:
            reading.say(f"assertion consumer: {location} has the index {each.get('index')}, here it is {len(urls)}")
        default = default or (location if _is_true(each.get("isDefault")) else "")
        urls.append(location)
    if not urls:
        raise MetadataRefused("The metadata name no AssertionConsumerService with the binding HTTP-POST.")
    default = default or urls[0]
    for url in dict.fromkeys(urls):
        reading.say(f"assertion consumer: {url}{' (default)' if url == default else ''}")
    return tuple(dict.fromkeys(urls)), default


def _certificates(reading: _Reading) -> tuple[str, ...]:
    """Return every certificate of the service provider, first those that may be encrypted to."""
    may_encrypt: list[str] = []
    signs_only: list[str] = []
    for descriptor in reading.elements("KeyDescriptor"):
        use = descriptor.get("use") or ""
        for element in descriptor.iter(_DS + "X509Certificate"):
            try:
                found = read_certificates(_text(element))
            except CertificateRefused as problem:
                reading.say(f"certificate for {use or 'everything'}: left out, {problem}")
                continue
            (signs_only if use == "signing" else may_encrypt).extend(found)
            known = describe_certificate(found[0])
            reading.say(f"certificate for {use or 'everything'}: {known.subject}, valid until {known.ends_at:%Y-%m-%d}")
    return tuple(dict.fromkeys([*may_encrypt, *signs_only]))


def _name_id_format(reading: _Reading) -> str:
    listed = [_text(each) for each in reading.elements("NameIDFormat")]
    chosen = next((each for each in listed if each in NAME_ID_FORMATS), UNSPECIFIED)
    for each in listed:
        if each not in NAME_ID_FORMATS:
            reading.say(f"NameID format: {each} is not supported")
    reading.say(f"NameID format: {chosen}{'' if listed else ' (none is listed)'}")
    return chosen


def _logout(reading: _Reading) -> SingleLogout:
    """Return how it is told of a logout: by POST if it can be, else by a redirect, else by SOAP."""
    services = {each.get("Binding"): each for each in reversed(reading.elements("SingleLogoutService"))}
    binding = next((each for each in _LOGOUT_METHODS if each in services), None)
    if binding is None:
        reading.say("single logout: off, the metadata name no service for it that is supported")
        return SingleLogout(enabled=False)
    location = (services[binding].get("Location") or "").strip()
    answers = (services[binding].get("ResponseLocation") or "").strip() or location
    reading.say(f"single logout: {_last(binding)} to {location}")
    return SingleLogout(
        request_url=location, response_url=answers, method=_LOGOUT_METHODS[binding],
        uses_soap=_LOGOUT_METHODS[binding] is LogoutMethod.BACK_CHANNEL,
    )  # fmt: skip


def _requested(reading: _Reading) -> tuple[tuple[RequestedClaim, ...], int | None]:
    """Return the attributes that are claims of ours, and the index under which they are asked for."""
    services = reading.elements("AttributeConsumingService")
    chosen = next((each for each in services if _is_true(each.get("isDefault"))), services[0] if services else None)
    if chosen is None:
        return (), None
    claims = {}
    for each in chosen.findall(_MD + "RequestedAttribute"):
        name = (each.get("Name") or "").strip()
        if canonical_uri(name) in KNOWN_CLAIMS - NEVER_TOLD:
            claims[name] = RequestedClaim(name, _is_true(each.get("isRequired")))
            reading.say(f"requested claim: {name}{' (mandatory)' if claims[name].mandatory else ''}")
        else:
            reading.say(f"requested attribute: {name} is no local claim; map it in the claim configuration")
    index = chosen.get("index") or ""
    return tuple(claims.values()), int(index) if index.isdecimal() and 0 < len(index) < 10 and int(index) else None  # noqa: PLR2004  # fits any integer


def _text(element: etree._Element) -> str:
    return "".join(_pieces(element)).strip()


def _pieces(element: etree._Element) -> Iterator[str]:
    yield from (str(each) for each in element.itertext())


def _is_true(text: str | None) -> bool:
    return text in {"true", "1"}


def _last(uri: str) -> str:
    return uri.rpartition(":")[2] or "(none)"
