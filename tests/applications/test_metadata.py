"""Service providers by their SAML metadata."""

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from tests.applications.kit import APPLICATIONS, MOBILE, add_application, body_of, certificate, create, reason
from tests.conftest import WorldMaker
from tests.world import Reply, World
from watchword.applications.model import PERSISTENT
from watchword.applications.store import Applications

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings:"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
ACS = "https://sp.example/acs"


def key(pem: str, use: str = "signing") -> str:
    return (
        f"<md:KeyDescriptor{f' use={chr(34)}{use}{chr(34)}' if use else ''}><ds:KeyInfo><ds:X509Data>"
        f"<ds:X509Certificate>{body_of(pem)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )


def metadata(inner: str = "", *, root: str = "", role: str = "SPSSODescriptor", attributes: str = "") -> str:
    consumer = f'<md:AssertionConsumerService index="0" Binding="{BINDINGS}HTTP-POST" Location="{ACS}"/>'
    return (
        f'<md:EntityDescriptor xmlns:md="{MD}" xmlns:ds="{DS}" entityID="https://sp.example/metadata" {root}>'
        f'<md:{role} protocolSupportEnumeration="{PROTOCOL}" {attributes}>{inner}{consumer}</md:{role}>'
        "</md:EntityDescriptor>"
    )


def put(world: World, text: str) -> Reply:
    """Give the application of the seeds the service provider of these metadata."""
    application = world.request("GET", APPLICATIONS).json["applications"][0]["id"]
    body = {"metadataFile": base64.b64encode(text.encode()).decode()}
    return world.request("PUT", f"{APPLICATIONS}/{application}/inbound-protocols/saml", body)


@pytest.fixture
def shop(world: World) -> str:
    """Return the id of the only application."""
    return add_application(world)


def test_plat_saml_35_metadata_are_taken_over_line_by_line(world: World, shop: str) -> None:
    first, second = certificate("first"), certificate("second")
    inner = (
        key(first) + key(second)
        + f'<md:SingleLogoutService Binding="{BINDINGS}HTTP-Redirect" Location="https://sp.example/slo/redirect"/>'
        + f'<md:SingleLogoutService Binding="{BINDINGS}HTTP-POST" Location="https://sp.example/slo/post"/>'
        + f"<md:NameIDFormat>{PERSISTENT}</md:NameIDFormat><md:NameIDFormat>{TRANSIENT}</md:NameIDFormat>"
    )  # fmt: skip
    reply = put(world, metadata(inner, attributes='AuthnRequestsSigned="true"'))
    assert reply.status == 200, reply.text
    saml = world.request("GET", f"{APPLICATIONS}/{shop}/inbound-protocols/saml").json
    assert saml["issuer"] == "https://sp.example/metadata"
    assert saml["assertionConsumerUrls"] == [ACS]
    logout = saml["singleLogoutProfile"]
    assert (logout["logoutRequestUrl"], logout["logoutMethod"]) == (
        "https://sp.example/slo/post", "FRONTCHANNEL_HTTP_POST"
    )  # fmt: skip
    assert saml["singleSignOnProfile"]["assertion"]["nameIdFormat"] == PERSISTENT
    assert saml["requestValidation"]["enableSignatureValidation"] is True
    kept = world.do(lambda work: Applications(work).get(shop))
    assert kept is not None
    assert kept.saml is not None
    assert kept.saml.certificates == (first, second)
    assert kept.certificate == first + second
    report = reply.json["report"]
    assert [line for line in report if line.startswith("certificate")] == [
        "certificate for signing: CN=first, valid until 2030-06-01",
        "certificate for signing: CN=second, valid until 2030-06-01",
    ]
    assert "signed requests: required" in report
    assert f"NameID format: {PERSISTENT}" in report

    over = metadata(root='validUntil="2029-12-31T23:59:59Z"')
    assert "2029-12-31 23:59:59 UTC" in reason(put(world, over))
    assert "identity provider" in reason(put(world, metadata(role="IDPSSODescriptor")))
    assert world.request("GET", f"{APPLICATIONS}/{shop}/inbound-protocols/saml").json == saml


def test_metadata_that_are_still_valid_will_do(world: World, shop: str) -> None:
    del shop
    assert put(world, metadata(root='validUntil="2030-06-01T00:00:00Z"')).status == 200


def test_the_key_for_encryption_comes_first(world: World, shop: str) -> None:
    signing, encryption = certificate("first"), certificate("second")
    assert put(world, metadata(key(signing) + key(encryption, "encryption"))).status == 200
    kept = world.do(lambda work: Applications(work).get(shop))
    assert kept is not None
    assert kept.saml is not None
    assert kept.saml.certificates == (encryption, signing)
    assert not kept.saml.verify_requests


def test_attributes_that_are_claims_are_asked_for(world: World) -> None:
    services = (
        '<md:AttributeConsumingService index="7"><md:ServiceName>shop</md:ServiceName>'
        f'<md:RequestedAttribute Name="{MOBILE}" isRequired="true"/>'
        '<md:RequestedAttribute Name="urn:oid:2.5.4.42"/></md:AttributeConsumingService>'
    )
    file = base64.b64encode(metadata(services).encode()).decode()
    application = create(
        world, APPLICATIONS, {"name": "shop", "inboundProtocolConfiguration": {"saml": {"metadataFile": file}}}
    )
    shown = world.request("GET", f"{APPLICATIONS}/{application}").json
    assert shown["claimConfiguration"]["requestedClaims"] == [{"claim": {"uri": MOBILE}, "mandatory": True}]
    saml = world.request("GET", f"{APPLICATIONS}/{application}/inbound-protocols/saml").json
    assert saml["attributeProfile"]["alwaysIncludeAttributesInResponse"] is True
    assert saml["singleSignOnProfile"]["attributeConsumingServiceIndex"] == "7"


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ("cannot be read", "no xml"),
        ("DOCTYPE", f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>{metadata()}'),
        ("cannot be read", metadata().replace("</md:EntityDescriptor>", "")),
        ("no SAML 2.0 metadata", "<html/>"),
        ("0 service providers", f'<md:EntitiesDescriptor xmlns:md="{MD}"/>'),
        ("no service provider of SAML 2.0", metadata().replace(PROTOCOL, "urn:oasis:names:tc:SAML:1.1:protocol")),
        ("no AssertionConsumerService", metadata().replace("HTTP-POST", "PAOS")),
        ("assertionConsumerUrls", metadata().replace(ACS, "javascript:alert(1)")),
        ("issuer", metadata().replace("https://sp.example/metadata", "sp@example")),
    ],
)
def test_what_is_no_metadata_of_a_service_provider_is_refused(world: World, shop: str, told: str, text: str) -> None:
    del shop
    assert told in reason(put(world, text))


class Site(BaseHTTPRequestHandler):
    """A web site on this machine, which nobody may be led to."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        elsewhere = self.path == "/elsewhere"
        self.send_response(302 if elsewhere else 200)
        if elsewhere:
            self.send_header("Location", "/metadata")
        self.end_headers()
        if not elsewhere:
            self.wfile.write(b"<private/>" if self.path == "/private" else metadata().encode())

    def log_message(self, *_: Any) -> None:  # noqa: ANN401  # as the library has it
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """Return the address of a web site on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    Site.asked.clear()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def by_url(world: World, url: str) -> Reply:
    body = {"name": "shop", "inboundProtocolConfiguration": {"saml": {"metadataURL": url}}}
    return world.request("POST", APPLICATIONS, body)


def test_plat_saml_36_metadata_are_not_fetched_from_where_nobody_may_go(world: World, site: str) -> None:
    for url in (
        "file:///etc/passwd",
        "http://169.254.169.254/",
        "https://169.254.169.254/latest/meta-data/",
        "https://localhost:9443/",
        "https://127.0.0.1/",
        "https://[::1]/",
        f"{site}/metadata",
    ):
        reply = by_url(world, url)
        assert reply.status == 400, url
        assert "root:" not in reply.text
    assert Site.asked == []
    assert world.request("GET", APPLICATIONS).json["totalResults"] == 0


def test_plat_saml_36_a_redirect_is_not_followed(worlds: WorldMaker, site: str) -> None:
    allowed: Any = {"watchword.outgoing.allow": site}
    world = worlds(**allowed)
    assert "redirects are not followed" in reason(by_url(world, f"{site}/elsewhere"))
    assert Site.asked == ["/elsewhere"]
    assert "private" not in reason(by_url(world, f"{site}/private"))
    assert by_url(world, f"{site}/metadata").status == 201
