"""A service provider of the tests: it makes requests, opens what it is sent, and is as strict or as odd as it is told.

What it signs it signs with xmlsec, which verifies nothing here; judges of another house are in test_judges.py.
"""

import base64
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from html import unescape
from typing import Any, Protocol
from urllib.parse import quote_plus

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID
from lxml import etree
from xmlsec import constants

from tests.login.visitor import Visitor
from tests.world import PASSWORD, START, Reply, World
from watchword.accounts.claims import EMAIL_ADDRESS, MOBILE
from watchword.applications.model import (
    Application,
    ClaimConfiguration,
    RequestedClaim,
    ServiceProvider,
)
from watchword.applications.store import Applications
from watchword.base.clock import Clock
from watchword.base.entropy import new_id
from watchword.saml.keys import LIFETIME, KeyPair, KeyState, TenantKey, make_pair
from watchword.saml.store import TenantKeys
from watchword.storage.work import Work
from watchword.web.model import SUPER_TENANT

SEED_ACS = "http://localhost:8080/travelocity.com/home.jsp"
AVIS_ACS = "http://localhost:8080/avis.com/home.jsp"
SSO = "/samlsso"
NAMES = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
}
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
FORMAT_11 = "urn:oasis:names:tc:SAML:1.1:nameid-format:"
FORMAT_20 = "urn:oasis:names:tc:SAML:2.0:nameid-format:"


@cache
def pair(name: str) -> KeyPair:
    """Return a key that is made once in a run."""
    if name == "idp":
        return make_pair("localhost", bytes(range(1, 17)), START - timedelta(days=1))
    key = rsa.generate_private_key(65537, 1024 if name == "small" else 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    dated = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2060, 1, 1, tzinfo=UTC))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return KeyPair(private, dated.sign(key, SHA256()).public_bytes(Encoding.PEM).decode())


def give_key(world: World, tenant: str = SUPER_TENANT) -> None:
    """Spare a tenant the making of its first key."""

    def add(work: Work) -> None:
        made = pair("idp")
        sealed = work.keys.seal(work.entropy, made.private, f"tenant_keys {tenant} 1")
        key = TenantKey(
            id="1", certificate=made.certificate, sealed=sealed, state=KeyState.ACTIVE, created_at=work.now,
            ends_at=work.now + LIFETIME,
        )  # fmt: skip
        assert TenantKeys(work).add(key)

    world.change(add, tenant)


SEED = ServiceProvider(
    issuer="travelocity.com", acs_urls=(SEED_ACS,), attribute_profile=True, always_include_attributes=True,
    attribute_index=1234,
)  # fmt: skip
"""The application of the seeds, all four boxes ticked."""
AVIS = replace(SEED, issuer="avis.com", acs_urls=(AVIS_ACS,))


def add_provider(
    world: World, provider: ServiceProvider = SEED, *, tenant: str = SUPER_TENANT, **more: Any  # noqa: ANN401  # fields of an application
) -> Application:  # fmt: skip
    """Make an application that asks for the mobile number."""

    def create(work: Work) -> Application:
        claims = ClaimConfiguration(requested=(RequestedClaim(MOBILE),))
        made = Application(
            **{
                "id": new_id(work.entropy, work.now), "name": provider.issuer, "saml": provider, "claims": claims,
                "created_at": work.now, "modified_at": work.now, **more,
            }
        )  # fmt: skip
        Applications(work).add(made)
        work.commit()
        return made

    return world.do(create, tenant)


def change_provider(world: World, application: Application, tenant: str = SUPER_TENANT, **changes: Any) -> Application:  # noqa: ANN401  # fields of a service provider
    """Give the service provider of an application other settings."""

    def change(work: Work) -> Application:
        before = Applications(work).fresh(application.id)
        assert before is not None
        assert before.saml is not None
        changed = Applications(work).replace(before, replace(before, saml=replace(before.saml, **changes)))
        work.commit()
        return changed

    return world.do(change, tenant)


def add_alice(world: World, tenant: str = SUPER_TENANT) -> None:
    world.add_person("alice", tenant=tenant, claims={EMAIL_ADDRESS: "alice@example.com", MOBILE: "+94770000001"})


# --- messages out -----------------------------------------------------------------------------------------------------


class Timed(Protocol):
    """Something with the server's clock."""

    @property
    def clock(self) -> Clock: ...


def instant(world: World | Timed, **shift: float) -> str:
    """Return an instant as XML has it; a database that several share has a clock of its own."""
    now = world.do(lambda work: work.now) if isinstance(world, World) else world.clock.now()
    return (now + timedelta(**shift)).strftime("%Y-%m-%dT%H:%M:%SZ")


def authn_request(
    world: Timed,
    issuer: str = "travelocity.com",
    *,
    id: str = "_r1",  # noqa: A002  # the attribute's name
    at: str | None = None,
    inner: str = "",
    **attributes: str,
) -> str:
    """Return an AuthnRequest; an attribute that is empty is left out."""
    own = {"ID": id, "Version": "2.0", "IssueInstant": instant(world) if at is None else at, **attributes}
    written = " ".join(f'{name}="{value}"' for name, value in own.items() if value)
    return (
        f'<samlp:AuthnRequest xmlns:samlp="{NAMES["samlp"]}" xmlns:saml="{NAMES["saml"]}" {written}>'
        f"<saml:Issuer>{issuer}</saml:Issuer>{inner}</samlp:AuthnRequest>"
    )


def logout_request(  # a request is all of this
    world: Timed,
    name_id: str = "alice",
    index: str = "",
    issuer: str = "travelocity.com",
    *,
    id: str = "_l1",  # noqa: A002  # the attribute's name
    inner: str = "",
    **attributes: str,
) -> str:
    """Return a LogoutRequest."""
    own = {"ID": id, "Version": "2.0", "IssueInstant": instant(world), **attributes}
    written = " ".join(f'{name}="{value}"' for name, value in own.items() if value)
    session = f"<samlp:SessionIndex>{index}</samlp:SessionIndex>" if index else ""
    return (
        f'<samlp:LogoutRequest xmlns:samlp="{NAMES["samlp"]}" xmlns:saml="{NAMES["saml"]}" {written}>'
        f"<saml:Issuer>{issuer}</saml:Issuer>{inner}<saml:NameID>{name_id}</saml:NameID>{session}"
        f"</samlp:LogoutRequest>"
    )


def logout_response(world: Timed, in_response_to: str, issuer: str, status: str = "Success") -> str:
    return (
        f'<samlp:LogoutResponse xmlns:samlp="{NAMES["samlp"]}" xmlns:saml="{NAMES["saml"]}" ID="_lr1" Version="2.0" '
        f'IssueInstant="{instant(world)}" InResponseTo="{in_response_to}"><saml:Issuer>{issuer}</saml:Issuer>'
        f'<samlp:Status><samlp:StatusCode Value="{STATUS}{status}"/></samlp:Status></samlp:LogoutResponse>'
    )


def encoded(message: str | bytes) -> str:
    octets = message.encode() if isinstance(message, str) else message
    return base64.b64encode(octets).decode()


def deflated(message: str | bytes) -> str:
    octets = message.encode() if isinstance(message, str) else message
    packer = zlib.compressobj(9, wbits=-15)
    return base64.b64encode(packer.compress(octets) + packer.flush()).decode()


def redirect(message: str | bytes, *, name: str = "SAMLRequest", relay_state: str | None = None, **more: str) -> str:
    """Return the address that carries a message in its query."""
    query = f"{name}={quote_plus(deflated(message))}"
    if relay_state is not None:
        query += f"&RelayState={quote_plus(relay_state)}"
    return f"{SSO}?{query}" + "".join(f"&{key}={quote_plus(value)}" for key, value in more.items())


def private_key(name: str) -> RSAPrivateKey:
    key = load_pem_private_key(pair(name).private, None)
    assert isinstance(key, RSAPrivateKey)
    return key


def signed_redirect(
    address: str, key: str = "sp", algorithm: str = RSA_SHA256, digest: HashAlgorithm | None = None
) -> str:
    """Return the address with a signature over its query."""
    path, _, query = address.partition("?")
    query += f"&SigAlg={quote_plus(algorithm)}"
    made = private_key(key).sign(query.encode(), padding.PKCS1v15(), digest or SHA256())
    return f"{path}?{query}&Signature={quote_plus(base64.b64encode(made))}"


def signed(message: str, key: str = "sp", *, exclusive: bool = True) -> bytes:
    """Return a message with an enveloped signature behind its issuer."""
    form = constants.TransformExclC14N if exclusive else constants.TransformInclC14N
    root = etree.fromstring(message)
    template = xmlsec.template.create(root, form, constants.TransformRsaSha256, ns="ds")
    root.insert(1, template)
    reference = xmlsec.template.add_reference(template, constants.TransformSha256, uri=f"#{root.get('ID')}")
    xmlsec.template.add_transform(reference, constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, form)
    xmlsec.template.x509_data_add_certificate(xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(template)))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pair(key).private, constants.KeyDataFormatPem)
    context.key.load_cert_from_memory(pair(key).certificate.encode(), constants.KeyDataFormatCertPem)
    context.register_id(root, "ID")
    context.sign(template)
    signed_octets: bytes = etree.tostring(root)
    return signed_octets


# --- messages in ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Posted:
    """A form of ours that is on its way to a service provider."""

    action: str
    fields: Mapping[str, str]
    goes_by_itself: bool

    @property
    def root(self) -> etree._Element:
        """Return the message; nothing of it is verified."""
        carried = self.fields.get("SAMLResponse") or self.fields["SAMLRequest"]
        return etree.fromstring(base64.b64decode(carried))

    @property
    def status(self) -> list[str]:
        """Return the codes of the status, the first level first."""
        codes = self.root.iterfind(".//samlp:StatusCode", NAMES)
        return [str(code.get("Value")).removeprefix(STATUS) for code in codes]

    def find(self, path: str) -> list[etree._Element]:
        return self.root.findall(path, NAMES)

    def text(self, path: str) -> str | None:
        found = self.root.find(path, NAMES)
        return None if found is None else found.text

    @property
    def name_id(self) -> str | None:
        return self.text(".//saml:Subject/saml:NameID")

    @property
    def session_index(self) -> str:
        found = self.root.find(".//saml:AuthnStatement", NAMES)
        assert found is not None
        return str(found.get("SessionIndex"))

    @property
    def attributes(self) -> dict[str, list[str | None]]:
        return {
            str(each.get("Name")): [value.text for value in each.findall("saml:AttributeValue", NAMES)]
            for each in self.find(".//saml:Attribute")
        }


def posted(reply: Reply) -> Posted:
    """Open the form of a page that takes a message to a service provider."""
    assert reply.status == 200, (reply.status, reply.text)
    forms = [each for each in re.findall(r"<form.*?</form>", reply.text, re.DOTALL) if "SAMLRe" in each]
    assert len(forms) == 1, reply.text
    action = re.search(r'action="([^"]*)"', forms[0])
    assert action is not None
    fields = re.findall(r'name="([^"]*)" value="([^"]*)"', forms[0])
    return Posted(
        unescape(action[1]), {unescape(name): unescape(value) for name, value in fields}, "data-go" in forms[0]
    )


# --- walks ------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Person(Visitor):
    """Somebody with a browser, in front of service providers."""

    tenant: str = ""
    seen: dict[str, Any] = field(default_factory=dict)

    def send(self, message: str | bytes, *, relay_state: str | None = None, **more: str) -> Reply:
        """Bring a message by redirection."""
        return self.get(self._prefix + redirect(message, relay_state=relay_state, **more))

    def send_posted(self, message: str | bytes, *, relay_state: str | None = None, name: str = "SAMLRequest") -> Reply:
        """Bring a message by a form."""
        fields = {name: encoded(message)} | ({} if relay_state is None else {"RelayState": relay_state})
        return self.post(self._prefix + SSO, fields)

    def log_in(self, name: str = "alice", password: str = PASSWORD) -> Posted:
        """Answer the page at which the last answer has led, and follow it to the service provider."""
        assert self.page.endswith("/login.do"), self.location
        self.answer({"username": name, "password": password}, tenant=self.tenant)
        return self.arrive()

    def arrive(self) -> Posted:
        """Follow to the form that goes to the service provider."""
        assert self.page == SSO, self.location
        return posted(self.get(self.location))

    def logged_in(self, issuer: str = "travelocity.com", *, id: str = "_r1") -> Posted:  # noqa: A002  # as above
        """Log in at a service provider, by name and password or by the session that is there."""
        self.send(authn_request(self.world, issuer, id=id))
        return self.arrive() if self.page == SSO else self.log_in()

    @property
    def is_logged_in(self) -> bool:
        """Tell whether the session is still there."""
        other = f"_probe{len(self.world.audit('saml_login'))}"
        self.send(authn_request(self.world, id=other, IsPassive="true"))
        return self.arrive().status == ["Success"]

    @property
    def _prefix(self) -> str:
        return f"/t/{self.tenant}" if self.tenant else ""
