"""Service providers that are none, and requests that want more than they say: SAML."""

import http.client
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from tests.attacks.stage import ADMIN_A, PASSWORD, Answer, Row, Stage
from tests.saml.kit import (
    NAMES,
    RSA_SHA1,
    SSO,
    Posted,
    authn_request,
    logout_request,
    pair,
    posted,
    redirect,
    signed_redirect,
)
from tests.world import Reply
from watchword.base.clock import SystemClock

case = pytest.mark.case
ACS = "https://sp.test/acs"
FORM = "application/x-www-form-urlencoded"


class Now:
    """The machine's clock, which the server has too."""

    clock = SystemClock()


NOW = Now()


@dataclass(slots=True)
class Browser:
    """Somebody's browser: it keeps cookies, and follows nothing by itself."""

    stage: Stage
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, address: str) -> Answer:
        return self._ask("GET", address, None)

    def post(self, address: str, fields: Mapping[str, str]) -> Answer:
        return self._ask("POST", address, urlencode(fields).encode())

    def log_in(self, answer: Answer, name: str) -> Answer:
        """Answer the page of a login, and go where that leads."""
        key = parse_qs(urlsplit(answer.headers["location"]).query)["sessionDataKey"][0]
        fields = {"username": name, "password": PASSWORD, "sessionDataKey": key}
        return self.get(self.post("/commonauth", fields).headers["location"])

    def _ask(self, method: str, address: str, octets: bytes | None) -> Answer:
        parts = urlsplit(address)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if octets is not None:
            headers["Content-Type"] = FORM
        connection = http.client.HTTPConnection("127.0.0.1", self.stage.nodes[-1].port, timeout=30)
        try:
            connection.request(method, path, octets, headers)
            response = connection.getresponse()
            for name, value in response.getheaders():
                if name.lower() == "set-cookie":
                    self.cookies |= {each.key: each.value for each in SimpleCookie(value).values()}
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, named, response.read())
        finally:
            connection.close()


@dataclass(frozen=True, slots=True)
class Party:
    """A service provider that is registered, and somebody who may log in there."""

    stage: Stage
    issuer: str
    person: str
    ours: str
    """Our own address, as our metadata has it."""

    @property
    def acs(self) -> str:
        return f"{ACS}/{self.issuer}"

    def sessions(self) -> list[Row]:
        return [row for row in self.stage.evidence.rows("sessions") if self.person_id == row["user_id"]]

    @property
    def person_id(self) -> str:
        user = self.stage.user(self.person)
        assert user is not None
        return str(user["id"])

    def logged_in(self) -> tuple[Browser, Posted]:
        """Log the person in."""
        browser = Browser(self.stage)
        name = self.stage.new_name("_r")
        address = redirect(authn_request(NOW, self.issuer, id=name, Destination=self.ours))
        return browser, opened(browser.log_in(browser.get(signed_redirect(address)), self.person))


def party(stage: Stage, **saml: Any) -> Party:  # noqa: ANN401  # as the interface has it
    """Register a service provider and a person."""
    issuer, person = stage.new_name("sp"), stage.new_name("kim")
    stage.confirm(stage.pending(person))
    manual = {
        "issuer": issuer, "assertionConsumerUrls": [f"{ACS}/{issuer}"],
        "requestValidation": {"enableSignatureValidation": True}, **saml,
    }  # fmt: skip
    body = {
        "name": issuer,
        "advancedConfigurations": {"certificate": {"type": "PEM", "value": pair("sp").certificate}},
        "inboundProtocolConfiguration": {"saml": {"manualConfiguration": manual}},
    }
    made = stage.ask("POST", "/api/server/v1/applications", body, by=ADMIN_A)
    assert made.status == 201, made.body
    ours = re.search(rb'SingleSignOnService [^>]*Location="([^"]*)"', metadata(stage))
    assert ours is not None
    return Party(stage, issuer, person, ours[1].decode())


def metadata(stage: Stage) -> bytes:
    return stage.ask("GET", "/identity/metadata/saml2", by=None).body


def opened(answer: Answer) -> Posted:
    """Open the form that carries a message."""
    return posted(Reply(answer.status, answer.headers, answer.body, ()))


@pytest.fixture
def unsigned(stage: Stage) -> Party:
    return party(stage, requestValidation={"enableSignatureValidation": False})


@pytest.fixture
def signing(stage: Stage) -> Party:
    return party(stage)


def is_refused(answer: Answer) -> bool:
    """Tell whether nobody was answered, and nobody led anywhere."""
    return answer.status == 400 and b"SAMLRe" not in answer.body and "location" not in answer.headers


@case("SAML-01")
def test_only_a_registered_address_gets_an_answer(unsigned: Party) -> None:
    acs = unsigned.acs
    others = [
        "https://evil.test/acs", acs.replace("/acs/", "/bcs/"), f"{acs}/../evil", acs.replace("sp.test", "sp.test:443"),
        acs.replace("https://", "https://sp@"), acs.replace("sp.test", "SP.test"), f"{acs}/", f"{acs}.evil.test",
        acs.replace("/acs/", "/%61cs/"), acs.replace("https", "http"), acs.replace("sp.test", "spxtest"),
    ]  # fmt: skip
    browser = Browser(unsigned.stage)
    for url in others:
        message = authn_request(NOW, unsigned.issuer, AssertionConsumerServiceURL=url)
        answer = browser.get(redirect(message))
        assert is_refused(answer), url
        assert urlsplit(url).netloc.encode() not in answer.body
    message = authn_request(NOW, unsigned.issuer, AssertionConsumerServiceURL=acs)
    assert opened(browser.log_in(browser.get(redirect(message)), unsigned.person)).action == acs


def hostile_queries(known: Party) -> Iterator[tuple[str, str]]:
    message = authn_request(NOW, known.issuer, Destination=known.ours)
    good = signed_redirect(redirect(message, relay_state="abc"))
    path, _, query = good.partition("?")
    request, relay, algorithm, made = query.split("&")
    yield "unsigned", redirect(message)
    yield "another RelayState", good.replace("RelayState=abc", "RelayState=abd")
    yield "another order", f"{path}?{relay}&{request}&{algorithm}&{made}"
    yield "another spelling", good.replace("RelayState=abc", "RelayState=%61bc")
    yield "SigAlg swapped", good.replace("rsa-sha256", "rsa-sha512")
    yield "RSA-SHA1", signed_redirect(redirect(message), algorithm=RSA_SHA1, digest=SHA1())  # noqa: S303  # the attack
    yield "key of SP2", signed_redirect(redirect(message), "other")
    for name in ("SAMLRequest", "RelayState"):
        yield f"{name} twice", f"{good}&{name}={quote_plus('x')}"


@case("SAML-03")
def test_a_request_is_signed_as_it_was_sent(signing: Party) -> None:
    browser = Browser(signing.stage)
    for what, address in hostile_queries(signing):
        assert is_refused(browser.get(address)), what
    good = signed_redirect(redirect(authn_request(NOW, signing.issuer, Destination=signing.ours), relay_state="abc"))
    assert browser.get(good).status == 302


def judge_of(known: Party) -> OneLogin_Saml2_Settings:
    """Return a strict service provider of another house."""
    certificate = re.search(rb"X509Certificate>([^<]*)<", metadata(known.stage))
    assert certificate is not None
    idp = {
        "entityId": "localhost", "x509cert": certificate[1].decode(),
        "singleSignOnService": {"url": known.ours, "binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"},
    }  # fmt: skip
    wants = {"wantMessagesSigned": True, "wantAssertionsSigned": True, "rejectDeprecatedAlgorithm": True,
             "rejectUnsolicitedResponsesWithInResponseTo": True, "wantAttributeStatement": False}  # fmt: skip
    sp = {"entityId": known.issuer, "assertionConsumerService": {"url": known.acs}}
    return OneLogin_Saml2_Settings({"strict": True, "idp": idp, "sp": sp, "security": wants})


def is_accepted(settings: OneLogin_Saml2_Settings, known: Party, carried: str, request_id: str) -> bool:
    parts = urlsplit(known.acs)
    asked = {"https": "on", "http_host": parts.netloc, "script_name": parts.path, "get_data": {}, "post_data": {}}
    try:
        return bool(OneLogin_Saml2_Response(settings, carried).is_valid(asked, request_id))
    except Exception:  # noqa: BLE001  # a judge that cannot read it has not accepted it
        return False


@case("SAML-05")
def test_a_response_says_everything_and_bears_no_change(signing: Party) -> None:
    _, answer = signing.logged_in()
    root = answer.root
    request_id = str(root.get("InResponseTo"))
    [assertion] = answer.find("saml:Assertion")
    [data] = answer.find(".//saml:SubjectConfirmationData")
    [conditions] = answer.find(".//saml:Conditions")
    assert (root.get("Destination"), data.get("Recipient")) == (signing.acs, signing.acs)
    assert data.get("InResponseTo") == request_id
    assert answer.text(".//saml:Audience") == signing.issuer
    assert conditions.get("NotBefore")
    assert len(answer.find(".//saml:AuthnStatement")) == 1
    assert answer.text(".//saml:AuthnContextClassRef")
    for each in (root, assertion):
        assert len(str(each.get("ID"))) >= 33
        method = each.find("ds:Signature/ds:SignedInfo/ds:SignatureMethod", NAMES)
        assert method is not None
        assert str(method.get("Algorithm")).endswith("rsa-sha256")
    settings, carried = judge_of(signing), answer.fields["SAMLResponse"]
    assert is_accepted(settings, signing, carried, request_id)
    assert not is_accepted(settings, signing, carried, "_another")
    whole = b64decode(carried)
    begin, end = whole.index(b"<saml:Assertion"), whole.index(b"</saml:Assertion>")
    places = [each for each in range(begin, end, 41) if not whole[each : each + 1].isspace()]
    for place in places:
        changed = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        assert not is_accepted(settings, signing, b64encode(changed).decode(), request_id), whole[place - 20 : place]


@case("SAML-06")
def test_a_relay_state_is_carried_and_nothing_else(unsigned: Party) -> None:
    for state in (
        "javascript:alert(1)",
        '"><script>alert(1)</script>',
        "a\r\nX: y",
        "//evil.test",
        "https://evil.test/",
    ):
        browser = Browser(unsigned.stage)
        message = authn_request(NOW, unsigned.issuer, id=unsigned.stage.new_name("_r"))
        answer = browser.log_in(browser.get(redirect(message, relay_state=state)), unsigned.person)
        assert answer.status == 200
        assert "location" not in answer.headers
        assert b"<script>alert" not in answer.body
        assert "x" not in answer.headers
        form = opened(answer)
        assert (form.action, form.fields["RelayState"]) == (unsigned.acs, state)
    long = redirect(authn_request(NOW, unsigned.issuer), relay_state="x" * 81)
    assert is_refused(Browser(unsigned.stage).get(long))


@case("SAML-08")
def test_a_logout_is_asked_for_by_those_who_take_part(signing: Party) -> None:
    browser, answer = signing.logged_in()
    index = answer.session_index
    other = party(signing.stage)
    unproven = party(signing.stage, requestValidation={"enableSignatureValidation": False})
    stranger = Browser(signing.stage)

    def asked(name: str = signing.person, issuer: str = signing.issuer, **more: str) -> str:
        return logout_request(
            NOW, name, index, issuer, id=signing.stage.new_name("_l"), Destination=signing.ours, **more
        )

    assert is_refused(browser.get(redirect(asked())))
    assert is_refused(stranger.get(redirect(asked(unproven.person, unproven.issuer))))
    assert is_refused(stranger.post(SSO, {"SAMLRequest": "x"}))
    for message in (
        asked("somebody else"), asked(issuer=other.issuer), asked(NotOnOrAfter="2020-01-01T00:00:00Z"),
    ):  # fmt: skip
        assert opened(browser.get(signed_redirect(redirect(message)))).status[0] == "Requester"
    assert len(signing.sessions()) == 1
    message = asked()
    form = opened(browser.get(signed_redirect(redirect(message))))
    assert form.action == signing.acs
    assert form.status[0] == "Success"
    assert signing.sessions() == []
    browser, answer = signing.logged_in()
    assert opened(browser.get(signed_redirect(redirect(message)))).status[0] == "Requester", "it was replayed"
    assert len(signing.sessions()) == 1


@case("SAML-09")
def test_nobody_is_logged_in_where_that_was_not_asked_for(signing: Party) -> None:
    allowing = party(signing.stage, singleSignOnProfile={"enableIdpInitiatedSingleSignOn": True})
    browser = Browser(signing.stage)
    for query in (
        {"spEntityID": signing.issuer}, {"spEntityID": "nobody"}, {"spEntityID": allowing.issuer, "acs": signing.acs}
    ):  # fmt: skip
        assert is_refused(browser.get(f"{SSO}?{urlencode(query)}")), query
    answer = browser.get(f"{SSO}?{urlencode({'spEntityID': allowing.issuer})}")
    assert opened(browser.log_in(answer, allowing.person)).root.get("InResponseTo") is None
