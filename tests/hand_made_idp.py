"""An identity provider of our own making, which signs whatever a test wants: the good and the hostile."""

import base64
import secrets
import zlib
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, SignatureMethod
from signxml.signer import XMLSigner

from watchword.sample.keys import make_keys
from watchword.sample.saml import IdentityServer, KeyPair

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
SPACES = {"saml": SAML, "samlp": SAMLP, "ds": DS}
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
MOBILE = "http://wso2.org/claims/mobile"
LIFE = timedelta(minutes=5)
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
PLACE = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="placeholder"></ds:Signature>'


@cache
def shared_keys(name: str) -> KeyPair:
    """Return a pair of keys that is made once per run: making one takes its time."""
    return make_keys(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a Response says; a test changes one of them."""

    in_response_to: str | None
    acs_url: str
    audience: str | None
    name: str = "kim"
    issuer: str = "localhost"
    assertion_issuer: str | None = None
    method: str = BEARER
    recipient: str | None = None
    confirms: str | None = None
    """The InResponseTo of the SubjectConfirmationData, where it is not the Response's."""
    not_before: timedelta = timedelta(0)
    not_on_or_after: timedelta = LIFE
    confirmed_until: timedelta = LIFE
    status: str = SUCCESS
    assertion_id: str | None = None
    session_index: str = "_session"


@dataclass(frozen=True, slots=True)
class HandMadeIdp:
    """The keys, and what is made with them."""

    keys: KeyPair = field(default_factory=lambda: shared_keys("identity provider"))
    url: str = "https://localhost:9443"

    def server(self) -> IdentityServer:
        """Return the server as the sample application sees it: the metadata is there already."""
        return _Described(self.url, "localhost", described=self.metadata())

    def metadata(self, entity_id: str = "localhost") -> str:
        body = "".join(self.keys.certificate.split("\n")[1:-2])
        bindings = ("HTTP-Redirect", "HTTP-POST")
        services = "".join(
            f'<md:{kind} Binding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}" Location="{self.url}/samlsso"/>'
            for kind in ("SingleLogoutService", "SingleSignOnService")
            for binding in bindings
        )
        return (
            f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity_id}">'
            f'<md:IDPSSODescriptor protocolSupportEnumeration="{SAMLP}"><md:KeyDescriptor use="signing">'
            f'<ds:KeyInfo xmlns:ds="{DS}"><ds:X509Data><ds:X509Certificate>{body}</ds:X509Certificate></ds:X509Data>'
            f"</ds:KeyInfo></md:KeyDescriptor>{services}</md:IDPSSODescriptor></md:EntityDescriptor>"
        )

    def response(self, facts: Facts) -> etree._Element:
        """Return a Response that is signed twice: its assertion, and it."""
        response = self.unsigned(facts)
        assertion = first(response, "//saml:Assertion")
        response.replace(assertion, self.sign(assertion))
        return self.sign(response)

    def unsigned(self, facts: Facts) -> etree._Element:
        now = datetime.now(UTC)
        asked = f' InResponseTo="{facts.in_response_to}"' if facts.in_response_to else ""
        confirms = facts.in_response_to if facts.confirms is None else facts.confirms
        confirmed = f' InResponseTo="{confirms}"' if confirms else ""
        restriction = (
            f"<saml:AudienceRestriction><saml:Audience>{facts.audience}</saml:Audience></saml:AudienceRestriction>"
            if facts.audience
            else ""
        )
        assertion_id = facts.assertion_id or new_id()
        xml = f"""<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{new_id()}" Version="2.0"
 IssueInstant="{instant(now)}" Destination="{facts.acs_url}"{asked}><saml:Issuer>{facts.issuer}</saml:Issuer>{PLACE}
<samlp:Status><samlp:StatusCode Value="{facts.status}"/></samlp:Status>
<saml:Assertion ID="{assertion_id}" Version="2.0" IssueInstant="{instant(now)}">
<saml:Issuer>{facts.assertion_issuer or facts.issuer}</saml:Issuer>{PLACE}
<saml:Subject><saml:NameID>{facts.name}</saml:NameID><saml:SubjectConfirmation Method="{facts.method}">
<saml:SubjectConfirmationData Recipient="{facts.recipient or facts.acs_url}"{confirmed}
 NotOnOrAfter="{instant(now + facts.confirmed_until)}"/></saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{instant(now + facts.not_before)}" NotOnOrAfter="{instant(now + facts.not_on_or_after)}">
{restriction}</saml:Conditions>
<saml:AuthnStatement AuthnInstant="{instant(now)}" SessionIndex="{facts.session_index}"><saml:AuthnContext>
<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>
</saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>
<saml:Attribute Name="{MOBILE}" NameFormat="{BASIC}"><saml:AttributeValue>+94771234567</saml:AttributeValue>
</saml:Attribute></saml:AttributeStatement></saml:Assertion></samlp:Response>"""
        return etree.fromstring(xml)

    def logout_request(self, name: str, destination: str, *, session_index: str = "_session") -> etree._Element:
        now = datetime.now(UTC)
        xml = f"""<samlp:LogoutRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{new_id()}" Version="2.0"
 IssueInstant="{instant(now)}" Destination="{destination}" NotOnOrAfter="{instant(now + LIFE)}">
<saml:Issuer>localhost</saml:Issuer>{PLACE}<saml:NameID>{name}</saml:NameID>
<samlp:SessionIndex>{session_index}</samlp:SessionIndex></samlp:LogoutRequest>"""
        return self.sign(etree.fromstring(xml))

    def logout_response(self, in_response_to: str, destination: str, *, status: str = SUCCESS) -> etree._Element:
        xml = f"""<samlp:LogoutResponse xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{new_id()}" Version="2.0"
 IssueInstant="{instant(datetime.now(UTC))}" Destination="{destination}" InResponseTo="{in_response_to}">
<saml:Issuer>localhost</saml:Issuer>{PLACE}
<samlp:Status><samlp:StatusCode Value="{status}"/></samlp:Status></samlp:LogoutResponse>"""
        return self.sign(etree.fromstring(xml))

    def sign(self, element: etree._Element, keys: KeyPair | None = None) -> etree._Element:
        """Return the element with a signature in its place."""
        pair = keys or self.keys
        signer = XMLSigner(
            signature_algorithm=SignatureMethod.RSA_SHA256,
            c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        )
        signed: etree._Element = signer.sign(
            deepcopy(element), key=pair.key.encode(), cert=pair.certificate, reference_uri=element.get("ID")
        )
        return signed


class _Described(IdentityServer):
    """A server whose metadata has been read."""

    def __init__(self, url: str, entity_id: str, *, described: str) -> None:
        super().__init__(url, entity_id)
        self.described = described

    def metadata(self) -> str:
        return self.described


def signed_query(
    keys: KeyPair, message: etree._Element, name: str, *, relay_state: str | None = None, algorithm: str = RSA_SHA256
) -> str:
    """Return a message as a query carries it, with its signature."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = base64.b64encode(packer.compress(etree.tostring(message)) + packer.flush()).decode()
    given = {name: packed} | ({} if relay_state is None else {"RelayState": relay_state}) | {"SigAlg": algorithm}
    query = urlencode(given)
    key = load_pem_private_key(keys.key.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    hashed = SHA256() if algorithm == RSA_SHA256 else SHA1()  # noqa: S303  # what must be refused
    return (
        f"{query}&{urlencode({'Signature': base64.b64encode(key.sign(query.encode(), PKCS1v15(), hashed)).decode()})}"
    )


def first(element: etree._Element, path: str) -> etree._Element:
    """Return the first element at a path."""
    found = element.find(path if path.startswith(".") else f".{path}", SPACES)
    assert found is not None
    return found


def without_signature(element: etree._Element) -> etree._Element:
    """Return a copy without its own signature; the text behind the signature stays."""
    copy = deepcopy(element)
    copy.tail = None
    for signature in copy.findall("ds:Signature", SPACES):
        before = signature.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + (signature.tail or "")
        copy.remove(signature)
    return copy


def new_id() -> str:
    return "_" + secrets.token_hex(16)


def instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def encoded(element: etree._Element | bytes) -> str:
    """Return a message as a form carries it."""
    octets = element if isinstance(element, bytes) else etree.tostring(element)
    return base64.b64encode(octets).decode()
