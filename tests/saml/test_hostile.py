"""Requests that must get nobody in, and no answer out: the cases PLAT-SAML-* with something hostile in them.

What is refused before its sender is proven ends on a page of ours, with a trace id and nothing of the request in it,
and with a line in the audit log.
"""

import base64
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import quote_plus

import pytest
from cryptography.hazmat.primitives.hashes import MD5, SHA1
from lxml import etree

from tests.conftest import WorldMaker
from tests.saml.kit import (
    NAMES,
    RSA_SHA1,
    SEED,
    SEED_ACS,
    SSO,
    Person,
    add_provider,
    authn_request,
    change_provider,
    deflated,
    encoded,
    instant,
    pair,
    posted,
    redirect,
    signed,
    signed_redirect,
)
from tests.world import Reply, World
from watchword.base.log import PlainLines
from watchword.storage.schema import logins

EVIL = "http://evil.example/"
SIGNING = replace(SEED, verify_requests=True, certificates=(pair("sp").certificate,))
OURS = "https://localhost:9443/samlsso"


def check_refused(world: World, reply: Reply, *fragments: str, audited: int = 1) -> None:
    """Look at a refusal that nobody is answered with."""
    assert reply.status == 400, (reply.status, reply.headers.get("location"), reply.text[:300])
    assert reply.headers["x-trace-id"] in reply.text
    assert "SAMLResponse" not in reply.text
    assert not [each for each in (*fragments, "evil") if each in reply.text]
    refused = [each for each in world.audit("saml_message") if each.outcome == "refused"]
    assert len(refused) == audited
    assert world.rows(logins) == []


@pytest.fixture
def public_url(world: World) -> str:
    return f"{world.installation.settings.public_url}{SSO}"


def test_why_a_message_was_refused_stands_in_the_log(
    world: World, alice: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "watchword.saml")
    caplog.handler.setFormatter(PlainLines())
    unknown = alice.send(authn_request(world, "nosuch"))
    add_provider(world)
    old = alice.send(authn_request(world, at=instant(world, minutes=-11)))
    first, second = caplog.text.splitlines()
    assert "a SAML message was refused  reason=" in first
    assert first.endswith(f"trace={unknown.headers['x-trace-id']}")
    assert "a service provider gets no assertion  sp=travelocity.com  reason=the message is too old" in second
    assert second.endswith(f"trace={old.headers['x-trace-id']}")


# --- who asks ---------------------------------------------------------------------------------------------------------


def test_plat_saml_09_an_unknown_issuer_gets_nothing(world: World, alice: Person) -> None:
    reply = alice.send(authn_request(world, "nosuch", AssertionConsumerServiceURL=EVIL), relay_state="<b>x</b>")
    check_refused(world, reply, "nosuch", "<b>")


@pytest.mark.parametrize("must_sign", [False, True])
def test_plat_saml_10_an_unregistered_address_gets_nothing(
    world: World, alice: Person, public_url: str, must_sign: bool  # noqa: FBT001  # a parameter
) -> None:  # fmt: skip
    add_provider(world, SIGNING if must_sign else SEED)
    address = redirect(authn_request(world, AssertionConsumerServiceURL=f"{EVIL}acs", Destination=public_url))
    check_refused(world, alice.get(signed_redirect(address) if must_sign else address))


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8080/travelocity.com/HOME.jsp",
        "http://LOCALHOST:8080/travelocity.com/home.jsp",
        f"{SEED_ACS}/",
        "http://user@localhost:8080/travelocity.com/home.jsp",
        "http://localhost/travelocity.com/home.jsp",
        "http://localhost:8081/travelocity.com/home.jsp",
        "http://localhost:08080/travelocity.com/home.jsp",
        "http://localhost:8080/travelocity%2ecom/home.jsp",
        "http://localhost:8080/travelocity.com/home.jsp#x",
        "http://localhost:8080/travelocity.com/home.jsp/../evil",
        f"{SEED_ACS}?x=1",
        "https://localhost:8080/travelocity.com/home.jsp",
        "http://localhost:8080/travelocity_com/home.jsp",
        f" {SEED_ACS}",
    ],
)
def test_plat_saml_11_only_the_exact_address_passes(world: World, alice: Person, url: str) -> None:
    add_provider(world)
    check_refused(world, alice.send(authn_request(world, AssertionConsumerServiceURL=url)))
    alice.send(authn_request(world, AssertionConsumerServiceURL=SEED_ACS))
    assert alice.log_in().action == SEED_ACS


def test_an_index_past_the_list_gets_nothing(world: World, alice: Person) -> None:
    add_provider(world, replace(SEED, acs_urls=(SEED_ACS, f"{SEED_ACS}2")))
    check_refused(world, alice.send(authn_request(world, AssertionConsumerServiceIndex="2")))
    alice.send(authn_request(world, AssertionConsumerServiceIndex="1"))
    assert alice.log_in().action == f"{SEED_ACS}2"


def test_who_has_one_address_may_count_from_one(world: World, alice: Person) -> None:
    add_provider(world)
    alice.send(authn_request(world, AssertionConsumerServiceIndex="1"))
    assert alice.log_in().action == SEED_ACS


def test_plat_saml_17_a_comment_does_not_cut_the_issuer_off(world: World, alice: Person) -> None:
    add_provider(world)
    other = "http://localhost:8080/other"
    add_provider(world, replace(SEED, issuer="travelocity.com.evil", acs_urls=(other,)))
    alice.send(authn_request(world, "travelocity.com<!-- -->.evil"))
    assert alice.query["relyingParty"] == "travelocity.com.evil"
    assert alice.log_in().action == other


@pytest.mark.parametrize("issuer", ["travelocity.com<?x?>.evil", "travelocity.com<b/>.evil"])
def test_what_could_cut_an_issuer_off_is_refused(world: World, alice: Person, issuer: str) -> None:
    add_provider(world)
    check_refused(world, alice.send(authn_request(world, issuer)))


# --- XML --------------------------------------------------------------------------------------------------------------

DOCTYPES = {
    "external entity": '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "external DTD": '<!DOCTYPE r SYSTEM "http://127.0.0.1:9509/canary.dtd">',
    "parameter entity": '<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:9509/p"> %p;]>',
    "bomb": '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>',
    "bare": "<!DOCTYPE r>",
}


@pytest.mark.parametrize("doctype", DOCTYPES.values(), ids=DOCTYPES.keys())
@pytest.mark.parametrize("way", ["redirect", "post"])
def test_a_document_type_is_refused_before_anything(world: World, alice: Person, doctype: str, way: str) -> None:
    add_provider(world)
    message = doctype + authn_request(world, "&x;")
    reply = alice.send(message) if way == "redirect" else alice.send_posted(message)
    check_refused(world, reply, "root:")
    assert "DOCTYPE not allowed" in world.audit("saml_message")[0].reason


@pytest.mark.parametrize(
    "inner",
    [
        '<samlp:Extensions><x:include xmlns:x="http://www.w3.org/2001/XInclude" href="passwd"/></samlp:Extensions>',
        '<samlp:Extensions><x:transform xmlns:x="http://www.w3.org/1999/XSL/Transform"/></samlp:Extensions>',
        '<?xml-stylesheet href="http://127.0.0.1:9509/canary.xsl"?>',
    ],
)
def test_what_instructs_a_reader_is_refused(world: World, alice: Person, inner: str) -> None:
    add_provider(world)
    check_refused(world, alice.send(authn_request(world, inner=inner)), "root:")


def test_an_id_may_not_stand_twice(world: World, alice: Person) -> None:
    add_provider(world)
    twin = '<samlp:Extensions><x xmlns="urn:x" Id="_r1"/></samlp:Extensions>'
    check_refused(world, alice.send(authn_request(world, inner=twin)))


@pytest.mark.parametrize(
    "octets",
    [
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-32"),
        lambda text: b'<?xml version="1.0" encoding="x"?>' + text.encode(),
        lambda text: b'<?xml version="1.0" encoding="UTF-7"?>' + text.encode("utf-7"),
        lambda text: b"\xef\xbb\xbf" + b'<?xml version="1.0" encoding="UTF-16"?>' + text.encode(),
        lambda text: b"\xff\xfe" + text.encode(),
        lambda text: text.encode() + b"\xff",
    ],
)
def test_only_utf_8_is_read(world: World, alice: Person, octets: Callable[[str], bytes]) -> None:
    add_provider(world)
    check_refused(world, alice.send_posted(octets(authn_request(world))))


def test_plat_saml_18_a_bomb_is_refused_and_never_unpacked(world: World, alice: Person) -> None:
    add_provider(world)
    packer = zlib.compressobj(9, wbits=-15)
    bomb = base64.b64encode(packer.compress(bytes(10 << 20)) + packer.flush()).decode()
    check_refused(world, alice.get(f"{SSO}?SAMLRequest={quote_plus(bomb)}"))


@pytest.mark.parametrize("way", ["cut", "followed", "url alphabet", "line breaks", "no base64", "not packed"])
def test_a_query_is_packed_in_one_way_only(world: World, alice: Person, way: str) -> None:
    add_provider(world)
    good = deflated(authn_request(world))
    raw = base64.b64decode(good)
    value = {
        "cut": base64.b64encode(raw[:-4]).decode(),
        "followed": base64.b64encode(raw + b"more").decode(),
        "url alphabet": base64.urlsafe_b64encode(raw + bytes([0xFB, 0xFF])).decode(),
        "line breaks": good[:60] + "\r\n" + good[60:],
        "no base64": "%%%",
        "not packed": encoded(authn_request(world)),
    }[way]
    check_refused(world, alice.get(f"{SSO}?SAMLRequest={quote_plus(value)}"))


def test_a_posted_message_may_have_broken_lines(world: World, alice: Person) -> None:
    add_provider(world)
    text = base64.encodebytes(authn_request(world).encode()).decode()
    alice.post(SSO, {"SAMLRequest": text})
    assert alice.log_in().status == ["Success"]


# --- time and repetition ----------------------------------------------------------------------------------------------


def test_plat_saml_19_requests_have_an_age(world: World, alice: Person) -> None:
    add_provider(world)
    for minutes in (-20, 20):
        stamp = instant(world, minutes=minutes)
        assert posted(alice.send(authn_request(world, at=stamp))).status == ["Requester", "RequestDenied"]
    alice.send(authn_request(world, at=instant(world, minutes=-2)))
    assert alice.log_in().status == ["Success"]


def test_plat_saml_20_another_version_is_told(world: World, alice: Person) -> None:
    add_provider(world)
    answer = posted(alice.send(authn_request(world, Version="1.1")))
    assert (answer.action, answer.status) == (SEED_ACS, ["VersionMismatch"])
    assert world.rows(logins) == []


def test_a_request_is_answered_once(world: World, alice: Person) -> None:
    add_provider(world)
    request = authn_request(world)
    alice.send(request)
    alice.send(request)  # a reload before the log-in is nobody's fault
    assert alice.log_in().status == ["Success"]
    assert posted(alice.send(request)).status == ["Requester", "RequestDenied"]


def test_of_two_tabs_with_one_request_one_is_answered(world: World, alice: Person) -> None:
    add_provider(world)
    request = authn_request(world)
    alice.send(request)
    first = alice.key
    alice.send(request)
    assert alice.log_in().status == ["Success"]
    alice.answer({"username": "alice", "password": "Sample-Pass-1"}, key=first)
    reply = alice.get(alice.location)
    assert reply.status == 400
    assert "SAMLResponse" not in reply.text


# --- signatures over a query ------------------------------------------------------------------------------------------


@pytest.fixture
def request_text(world: World, public_url: str) -> str:
    add_provider(world, SIGNING)
    return authn_request(world, Destination=public_url)


def test_a_signed_query_is_taken(request_text: str, alice: Person) -> None:
    alice.get(signed_redirect(redirect(request_text, relay_state="a b+c/ü")))
    assert alice.log_in().fields["RelayState"] == "a b+c/ü"


def test_a_signed_form_is_taken(request_text: str, alice: Person) -> None:
    alice.send_posted(signed(request_text))
    assert alice.log_in().status == ["Success"]


def test_a_signed_form_beside_a_query_is_taken(request_text: str, alice: Person) -> None:
    alice.post(f"{SSO}?tenantDomain=carbon.super", {"SAMLRequest": encoded(signed(request_text))})
    assert alice.log_in().status == ["Success"]


def test_an_unsigned_request_is_refused(world: World, request_text: str, alice: Person) -> None:
    check_refused(world, alice.send(request_text))


def test_a_signature_without_its_name_is_refused(world: World, request_text: str, alice: Person) -> None:
    whole = signed_redirect(redirect(request_text))
    check_refused(world, alice.get(whole.partition("&Signature=")[0]))


def test_the_relay_state_is_signed_too(world: World, request_text: str, alice: Person) -> None:
    whole = signed_redirect(redirect(request_text, relay_state="good"))
    check_refused(world, alice.get(whole.replace("RelayState=good", "RelayState=bad")))


def test_a_relay_state_cannot_be_added(world: World, request_text: str, alice: Person) -> None:
    whole = signed_redirect(redirect(request_text))
    check_refused(world, alice.get(whole.replace("&SigAlg", "&RelayState=bad&SigAlg")))


def test_another_spelling_of_the_same_query_is_refused(world: World, request_text: str, alice: Person) -> None:
    whole = signed_redirect(redirect(request_text, relay_state="abc"))
    check_refused(world, alice.get(whole.replace("RelayState=abc", "RelayState=%61bc")))


def test_another_order_is_refused(world: World, request_text: str, alice: Person) -> None:
    path, _, query = signed_redirect(redirect(request_text, relay_state="abc")).partition("?")
    request, relay, *rest = query.split("&")
    check_refused(world, alice.get(f"{path}?{'&'.join([relay, request, *rest])}"))


@pytest.mark.parametrize("name", ["SAMLRequest", "RelayState", "SigAlg", "Signature", "SAMLReques%74"])
def test_a_parameter_twice_is_refused(world: World, request_text: str, alice: Person, name: str) -> None:
    whole = signed_redirect(redirect(request_text, relay_state="abc"))
    check_refused(world, alice.get(f"{whole}&{name}=x"))


def test_the_key_of_another_service_provider_is_refused(world: World, request_text: str, alice: Person) -> None:
    add_provider(world, replace(SIGNING, issuer="other", certificates=(pair("other").certificate,)))
    check_refused(world, alice.get(signed_redirect(redirect(request_text), "other")))


def test_a_signature_for_another_place_is_refused(world: World, alice: Person) -> None:
    add_provider(world, SIGNING)
    for destination in ("", "https://elsewhere.example/samlsso"):
        message = authn_request(world, Destination=destination)
        assert alice.get(signed_redirect(redirect(message))).status == 400
    assert world.rows(logins) == []


@pytest.mark.parametrize(
    "algorithm",
    [
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "none",
        "",
    ],
)
def test_plat_saml_15_other_algorithms_do_not_exist(
    world: World, request_text: str, alice: Person, algorithm: str
) -> None:
    digest = MD5() if algorithm.endswith("md5") else None  # noqa: S303  # that is the attack
    check_refused(world, alice.get(signed_redirect(redirect(request_text), algorithm=algorithm, digest=digest)))


def test_sha_1_is_one_service_providers_own_exception(world: World, public_url: str, alice: Person) -> None:
    application = add_provider(world, SIGNING)
    message = authn_request(world, Destination=public_url)
    whole = signed_redirect(redirect(message), algorithm=RSA_SHA1, digest=SHA1())  # noqa: S303  # that is the attack
    check_refused(world, alice.get(whole))
    change_provider(world, application, legacy_algorithms=True)
    alice.get(whole)
    assert alice.log_in().status == ["Success"]


def test_an_algorithm_that_was_swapped_is_refused(world: World, request_text: str, alice: Person) -> None:
    whole = signed_redirect(redirect(request_text))
    check_refused(world, alice.get(whole.replace("rsa-sha256", "rsa-sha512")))


def test_a_small_key_is_refused(world: World, public_url: str, alice: Person) -> None:
    add_provider(world, replace(SIGNING, certificates=(pair("small").certificate,)))
    message = authn_request(world, Destination=public_url)
    check_refused(world, alice.get(signed_redirect(redirect(message), "small")))


def test_a_certificate_that_is_over_is_refused(world: World, public_url: str, alice: Person) -> None:
    add_provider(world, SIGNING)
    world.clock.tick(days=12000)
    check_refused(world, alice.get(signed_redirect(redirect(authn_request(world, Destination=public_url)))))


# --- signatures inside a message --------------------------------------------------------------------------------------

DS = f"{{{NAMES['ds']}}}"
EXTENSIONS = f"{{{NAMES['samlp']}}}Extensions"


@dataclass(frozen=True, slots=True)
class Signed:
    """A message that was signed, in parts to be tampered with."""

    root: etree._Element
    forged: etree._Element

    @classmethod
    def of(cls, world: World, message: bytes) -> "Signed":
        root = etree.fromstring(message)
        forged = authn_request(world, id="_forged", Destination=str(root.get("Destination")))
        return cls(root, etree.fromstring(forged))

    def part(self, path: str) -> etree._Element:
        found = self.root.find(path, NAMES)
        assert found is not None
        return found

    @property
    def signature(self) -> etree._Element:
        return self.part("ds:Signature")

    @property
    def reference(self) -> etree._Element:
        return self.part("ds:Signature/ds:SignedInfo/ds:Reference")

    def name(self, path: str, algorithm: str) -> etree._Element:
        """Give a part of SignedInfo another algorithm."""
        self.part(f"ds:Signature/ds:SignedInfo/{path}").set("Algorithm", algorithm)
        return self.root

    def wrap(self, *, in_signature: bool) -> etree._Element:
        """Let the signature stand in a forged message, and the original inside or beside it."""
        signature = self.signature
        self.root.remove(signature)
        self.forged.insert(1, signature)
        holder = etree.SubElement(signature, f"{DS}Object") if in_signature else self.extensions()
        holder.append(self.root)
        return self.forged

    def extensions(self) -> etree._Element:
        return etree.SubElement(self.forged, EXTENSIONS)

    def having(self, parent: etree._Element, child: etree._Element) -> etree._Element:
        parent.append(child)
        return self.root

    def without(self, child: etree._Element) -> etree._Element:
        self.root.remove(child)
        return self.root

    def setting(self, element: etree._Element, name: str, value: str) -> etree._Element:
        element.set(name, value)
        return self.root

    def emptied(self) -> etree._Element:
        self.part("ds:Signature/ds:SignatureValue").text = ""
        return self.root

    def inside(self) -> etree._Element:
        self.extensions().append(self.root)
        return self.forged


def copy(element: etree._Element) -> etree._Element:
    return etree.fromstring(etree.tostring(element))


def transform(algorithm: str) -> etree._Element:
    made = etree.Element(f"{DS}Transform")
    made.set("Algorithm", algorithm)
    return made


XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
TAMPERING: dict[str, Callable[[Signed], etree._Element]] = {
    "xsw1": lambda it: it.wrap(in_signature=True),
    "xsw2": lambda it: it.wrap(in_signature=False),
    "wrapped whole": lambda it: it.inside(),
    "changed": lambda it: it.setting(it.root, "ForceAuthn", "true"),
    "xslt": lambda it: it.having(it.reference[0], transform(XSLT)),
    "xpath": lambda it: it.name("ds:Reference/ds:Transforms/ds:Transform", XPATH),
    "two references": lambda it: it.having(it.part("ds:Signature/ds:SignedInfo"), copy(it.reference)),
    "empty reference": lambda it: it.setting(it.reference, "URI", ""),
    "reference elsewhere": lambda it: it.setting(it.reference, "URI", "http://127.0.0.1:9509/canary"),
    "with comments": lambda it: it.name("ds:CanonicalizationMethod", f"{EXCLUSIVE}WithComments"),
    "hmac": lambda it: it.name("ds:SignatureMethod", f"{NAMES['ds']}hmac-sha1"),
    "deeper": lambda it: it.having(etree.SubElement(it.root, EXTENSIONS), it.signature),
    "twice": lambda it: it.having(it.root, copy(it.signature)),
    "without": lambda it: it.without(it.signature),
    "an object more": lambda it: it.having(it.signature, etree.Element(f"{DS}Object")),
    "empty value": lambda it: it.emptied(),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_a_signature_covers_the_whole_message_or_nothing(
    world: World, request_text: str, alice: Person, how: str
) -> None:
    """Cases PLAT-SAML-15 and the wrapping of platform.md 1.14, as it can be done to a request."""
    tampered = TAMPERING[how](Signed.of(world, signed(request_text)))
    check_refused(world, alice.send_posted(etree.tostring(tampered)))


def test_another_canonical_form_is_refused(world: World, request_text: str, alice: Person) -> None:
    check_refused(world, alice.send_posted(signed(request_text, exclusive=False)))


def test_a_key_that_a_message_brings_is_not_read(world: World, request_text: str, alice: Person) -> None:
    check_refused(world, alice.send_posted(signed(request_text, "attacker")))


def test_a_wrapped_signature_of_another_requests_own_id_is_refused(
    world: World, request_text: str, alice: Person
) -> None:
    """XSW7: the same ID, inside of Extensions."""
    root = etree.fromstring(signed(request_text))
    extensions = etree.SubElement(root, EXTENSIONS)
    extensions.append(etree.fromstring(authn_request(world)))
    check_refused(world, alice.send_posted(etree.tostring(root)))


# --- what is carried along --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "state", ["javascript:alert(1)", '"><script>alert(1)</script>', "a\r\nSet-Cookie: x=y", "//evil.test", "x" * 80]
)
def test_a_relay_state_is_only_carried(world: World, alice: Person, state: str) -> None:
    add_provider(world)
    alice.send(authn_request(world), relay_state=state)
    answer = alice.log_in()
    assert (answer.action, answer.fields["RelayState"]) == (SEED_ACS, state)
    assert alice.last is not None
    assert "<script>alert" not in alice.last.text
    assert "location" not in alice.last.headers
    assert alice.last.text.count("set-cookie") == 0


def test_a_relay_state_past_the_standard_is_refused_by_default(worlds: WorldMaker) -> None:
    world = worlds(profile="recommended")
    add_provider(world)
    reply = Person(world).send(authn_request(world), relay_state="x" * 81)
    assert reply.status == 400


def test_an_administrator_may_allow_more(world: World, alice: Person) -> None:
    add_provider(world)
    alice.send(authn_request(world), relay_state="x" * 2000)
    assert alice.log_in().fields["RelayState"] == "x" * 2000
    assert alice.send(authn_request(world, id="_r2"), relay_state="x" * 2049).status == 400


@pytest.mark.parametrize("page", ["samlsso_notification.do", "samlsso_logout.do"])
def test_pages_say_nothing_that_the_address_says(alice: Person, page: str) -> None:
    query = (
        "status=x1&statusMsg=Call+%2B94700000001&SAMLResponse=x2&ACSUrl=http://evil.example/&RelayState=x3&logout=x4"
    )
    reply = alice.get(f"/authenticationendpoint/{page}?{query}")
    assert reply.status == 200
    shown = reply.text.partition("<footer>")[0]
    assert not [each for each in ("x1", "Call", "x2", "evil", "x3", "x4") if each in shown]


def test_nothing_at_all_is_a_refusal(world: World, alice: Person) -> None:
    check_refused(world, alice.get(SSO))


@pytest.mark.parametrize("name", ["SAMLRequest", "SAMLResponse"])
def test_an_address_carries_no_message_of_a_form(world: World, alice: Person, name: str) -> None:
    add_provider(world)
    address = redirect(authn_request(world), name=name)
    check_refused(world, alice.post(address, {"other": "x"}))
    check_refused(world, world.send("POST", address, b"", []), audited=2)
