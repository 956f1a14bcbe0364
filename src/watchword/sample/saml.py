"""What this application says and believes in SAML.

The XML is python3-saml's: schema, signatures, one assertion, nothing that has run out. But even its strict mode takes
an absent InResponseTo, Destination, Recipient or audience for a good one, compares addresses by their beginning, and
knows bad algorithms instead of good ones. What it leaves open is shut in :meth:`ServiceProvider.read_response`, and in
``strictness.py``.
"""

import base64
import ssl
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.authn_request import OneLogin_Saml2_Authn_Request
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Names
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.logout_request import OneLogin_Saml2_Logout_Request
from onelogin.saml2.logout_response import OneLogin_Saml2_Logout_Response
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils as Xml
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML as Tree

from watchword.sample.strictness import (
    MAX_MESSAGE_BYTES,
    SIGNATURE_ALGORITHMS,
    Refused,
    Unreachable,
    check_key,
    check_signatures,
    plain_xml,
    refusing,
)

METADATA_SECONDS = 300


class NotLoggedIn(Exception):
    """The identity server answers that nobody has logged in; the text is its status."""

    def __init__(self, in_response_to: str, status: str) -> None:
        super().__init__(status)
        self.in_response_to = in_response_to


@dataclass(frozen=True, slots=True)
class Person:
    """Who logged in, as the identity server says."""

    name: str
    name_format: str | None
    session_index: str | None
    attributes: Mapping[str, Sequence[str]]
    in_response_to: str
    assertion_id: str


@dataclass(frozen=True, slots=True)
class Sending:
    """A message on its way: to an address, or as a form that the browser posts there."""

    request_id: str
    url: str
    form: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """The identity server says that somebody has logged out."""

    id: str
    name: str
    session_indexes: Sequence[str]


@dataclass(frozen=True, slots=True)
class KeyPair:
    """What the application signs with: PEM, both."""

    key: str
    certificate: str


@dataclass(slots=True)
class IdentityServer:
    """The identity server, as its metadata describes it."""

    url: str = "https://localhost:9443"
    entity_id: str = "localhost"
    certificate: Path | None = None
    """Whom to trust for TLS; ``None``: whom this machine trusts, and anybody on this machine itself."""
    _metadata: str = field(default="", init=False)
    _read_at: float = field(default=-METADATA_SECONDS, init=False)

    def metadata(self) -> str:
        """Return the metadata, read anew when it is five minutes old: keys are changed while we run.

        Raises:
            Unreachable
        """
        if time.monotonic() - self._read_at >= METADATA_SECONDS:
            address = f"{self.url}/identity/metadata/saml2"
            try:
                with urllib.request.urlopen(address, timeout=5, context=self._trust()) as answer:  # noqa: S310  # our own setting
                    self._metadata = answer.read(MAX_MESSAGE_BYTES).decode()
            except (OSError, ValueError) as problem:
                message = f"{address} cannot be read: {problem}"
                raise Unreachable(message) from problem
            self._read_at = time.monotonic()
        return self._metadata

    def describe(self, binding: str = Names.BINDING_HTTP_REDIRECT) -> dict[str, Any]:
        """Return what python3-saml must know of the server, at whose addresses for *binding*.

        Raises:
            Unreachable: it cannot be read, is another one, or has keys that are too weak.
        """
        metadata = self.metadata()
        try:
            told = OneLogin_Saml2_IdPMetadataParser.parse(metadata, binding, binding, entity_id=self.entity_id)
        except Exception as problem:
            message = f"what {self.url} says are no metadata: {problem}"
            raise Unreachable(message) from problem
        found = told.get("idp", {})
        if found.get("entityId") != self.entity_id:
            message = f"the metadata at {self.url} is not of {self.entity_id}"
            raise Unreachable(message)
        listed = found.get("x509certMulti", {}).get("signing") or [found.get("x509cert", "")]
        for each in listed:
            check_key(each)
        return dict(found)

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.certificate)
        if self.certificate is None and urlsplit(self.url).hostname in {"localhost", "127.0.0.1", "::1"}:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


@dataclass(frozen=True, slots=True)
class ServiceProvider:
    """One application, towards the identity server."""

    entity_id: str
    base_url: str
    server: IdentityServer
    keys: KeyPair | None = None
    """Without them requests are not signed, and assertions cannot be encrypted to us."""

    @property
    def path(self) -> str:
        """Return where the application begins."""
        return f"/{self.entity_id}/"

    @property
    def acs_url(self) -> str:
        """Return where the browser brings everything that the identity server says."""
        return f"{self.base_url}{self.path}home.jsp"

    # --- what we say ---

    def login_by_redirect(self, relay_state: str) -> Sending:
        """Return an AuthnRequest in an address."""
        auth = self._auth()
        url = auth.login(return_to=relay_state)
        return Sending(auth.get_last_request_id(), url)

    def login_by_post(self, relay_state: str) -> Sending:
        """Return an AuthnRequest in a form."""
        settings = self._settings(Names.BINDING_HTTP_POST)
        request = OneLogin_Saml2_Authn_Request(settings)
        xml = request.get_xml().encode()
        if self.keys:
            xml = Xml.add_sign(xml, self.keys.key, self.keys.certificate, False, Names.RSA_SHA256, Names.SHA256)  # noqa: FBT003  # its own order
        form = {"SAMLRequest": base64.b64encode(xml).decode(), "RelayState": relay_state}
        return Sending(request.get_id(), settings.get_idp_sso_url(), form)

    def logout(self, person: Person) -> Sending:
        """Return a LogoutRequest in an address."""
        auth = self._auth()
        url = auth.logout(
            return_to=self.path,
            name_id=person.name,
            session_index=person.session_index,
            name_id_format=person.name_format,
        )
        return Sending(auth.get_last_request_id(), url)

    def confirm_logout(self, request: LogoutRequest, relay_state: str | None) -> Sending:
        """Return the answer to a LogoutRequest, in an address."""
        auth = self._auth()
        answer = OneLogin_Saml2_Logout_Response(auth.get_settings())
        answer.build(request.id)
        parameters = {"SAMLResponse": answer.get_response()}
        if relay_state is not None:
            parameters["RelayState"] = relay_state
        if self.keys:
            auth.add_response_signature(parameters, Names.RSA_SHA256)
        return Sending(request.id, auth.redirect_to(auth.get_slo_response_url(), parameters))

    def metadata(self) -> str:
        """Return what the identity server must know of us."""
        text = self._settings().get_sp_metadata()
        return text.decode() if isinstance(text, bytes) else str(text)

    # --- what we believe ---

    def read_response(self, encoded: str) -> Person:
        """Return who logged in. Whether it was this browser that asked is for the caller to look up.

        Raises:
            NotLoggedIn, Refused
        """
        self._check_success(encoded)
        settings = self._settings()
        with refusing():
            response = OneLogin_Saml2_Response(settings, encoded)
            response.is_valid(self._at_acs(), raise_exceptions=True)
            document = response.get_xml_document()
            self._check_strictly(document)
            return Person(
                response.get_nameid(),
                response.get_nameid_format(),
                response.get_session_index(),
                response.get_attributes(),
                document.get("InResponseTo"),
                response.get_assertion_id(),
            )

    def read_logout_request(self, encoded: str, raw_query: str | None) -> LogoutRequest:
        """Return who has logged out, of a LogoutRequest that came by POST, or with *raw_query* by Redirect.

        Raises:
            Refused
        """
        root = self._signed_message("LogoutRequest", encoded, raw_query)
        with refusing():
            until = root.get("NotOnOrAfter")
            if until and Xml.parse_SAML_to_time(until) <= Xml.now():
                raise Refused("the LogoutRequest has run out")
            name = OneLogin_Saml2_Logout_Request.get_nameid(root)
            return LogoutRequest(root.get("ID"), name, OneLogin_Saml2_Logout_Request.get_session_indexes(root))

    def read_logout_response(self, encoded: str, raw_query: str | None) -> tuple[str, bool]:
        """Return which LogoutRequest of ours was answered, and whether everybody has confirmed.

        Raises:
            Refused
        """
        root = self._signed_message("LogoutResponse", encoded, raw_query)
        return root.get("InResponseTo", ""), _statuses(root) == [Names.STATUS_SUCCESS]

    def _check_success(self, encoded: str) -> None:
        """Tell an answer that nobody logged in from one that cannot be believed.

        Raises:
            NotLoggedIn, Refused
        """
        xml = plain_xml(encoded)
        with refusing():
            statuses = _statuses(Tree.to_etree(xml))
        if statuses and statuses != [Names.STATUS_SUCCESS]:
            root = self._signed_message("Response", encoded, None)
            if root.xpath("//saml:Assertion | //saml:EncryptedAssertion", namespaces=Names.NSMAP):
                raise Refused("an assertion stands beside the status that there is none")
            raise NotLoggedIn(root.get("InResponseTo", ""), " ".join(_statuses(root)))

    def _check_strictly(self, document: Any) -> None:  # noqa: ANN401  # an element of lxml, without types
        """Refuse what strict mode of the library would let pass; its signatures have been verified."""
        check_signatures(document)
        if document.get("Destination") != self.acs_url:
            raise Refused("the Response is meant for another address")
        in_response_to = document.get("InResponseTo")
        if not in_response_to:
            raise Refused("nobody asked for this Response")
        subject = "/samlp:Response/saml:Assertion/saml:Subject/saml:SubjectConfirmation[@Method=$bearer]"
        confirmations = document.xpath(
            subject + "/saml:SubjectConfirmationData", namespaces=Names.NSMAP, bearer=Names.CM_BEARER
        )
        if not any(self._confirms(each, in_response_to) for each in confirmations):
            raise Refused("no SubjectConfirmation is for this address, this request and this time")
        restrictions = Tree.query(document, "/samlp:Response/saml:Assertion/saml:Conditions/saml:AudienceRestriction")
        audiences = [
            {Tree.element_text(each) for each in Tree.query(restriction, "./saml:Audience")}
            for restriction in restrictions
        ]
        if not audiences or any(self.entity_id not in each for each in audiences):
            raise Refused("the assertion is meant for another application")

    def _confirms(self, confirmation: Any, in_response_to: str) -> bool:  # noqa: ANN401  # an element of lxml, without types
        until = confirmation.get("NotOnOrAfter")
        return (
            confirmation.get("Recipient") == self.acs_url
            and confirmation.get("InResponseTo") == in_response_to
            and until is not None
            and Xml.parse_SAML_to_time(until) > Xml.now()
        )

    def _signed_message(self, kind: str, encoded: str, raw_query: str | None) -> Any:  # noqa: ANN401  # an element of lxml, without types
        """Return the root of a logout message that the identity server signed: in the XML, or over the query."""
        xml = plain_xml(encoded, deflated=raw_query is not None)
        with refusing():
            root = Tree.to_etree(xml)
            valid = not isinstance(Tree.validate_xml(root, "saml-schema-protocol-2.0.xsd"), str)
            if not valid or root.tag != f"{{{Names.NS_SAMLP}}}{kind}":
                raise Refused(f"this is no {kind}")
            signed = self._is_signed(root, kind) if raw_query is None else self._is_signed_query(raw_query)
            if not signed:
                raise Refused(f"the {kind} is not signed by the identity server")
            if root.get("Destination") != self.acs_url:
                raise Refused(f"the {kind} is meant for another address")
            if [Tree.element_text(each) for each in Tree.query(root, "./saml:Issuer")] != [self.server.entity_id]:
                raise Refused(f"the {kind} is of another identity server")
            return root

    def _is_signed(self, root: Any, kind: str) -> bool:  # noqa: ANN401  # an element of lxml, without types
        check_signatures(root)
        described = self._settings().get_idp_data()
        certificates = described.get("x509certMulti", {}).get("signing") or [described["x509cert"]]
        pem = [Xml.format_cert(each) for each in certificates]
        return bool(Xml.validate_sign(root, multicerts=pem, xpath=f"/samlp:{kind}/ds:Signature"))

    def _is_signed_query(self, raw_query: str) -> bool:
        given = dict(parse_qsl(raw_query, keep_blank_values=True))
        if given.get("SigAlg") not in SIGNATURE_ALGORITHMS:
            raise Refused("the query is not signed, or not well enough")
        auth = self._auth({"get_data": given, "query_string": raw_query, "validate_signature_from_qs": True})
        if "SAMLRequest" in given:
            return bool(auth.validate_request_signature(given))
        return bool(auth.validate_response_signature(given))

    # --- python3-saml's own words ---

    def _settings(self, binding: str = Names.BINDING_HTTP_REDIRECT) -> OneLogin_Saml2_Settings:
        keys = {"x509cert": self.keys.certificate, "privateKey": self.keys.key} if self.keys else {}
        signs = self.keys is not None
        return OneLogin_Saml2_Settings(
            {
                "strict": True,
                "sp": {
                    "entityId": self.entity_id,
                    "assertionConsumerService": {"url": self.acs_url, "binding": Names.BINDING_HTTP_POST},
                    "singleLogoutService": {"url": self.acs_url, "binding": Names.BINDING_HTTP_POST},
                    "NameIDFormat": Names.NAMEID_UNSPECIFIED,
                    **keys,
                },
                "idp": self.server.describe(binding),
                "security": {
                    "wantMessagesSigned": True,
                    "wantAssertionsSigned": True,
                    "wantAttributeStatement": False,
                    "rejectDeprecatedAlgorithm": True,
                    "requestedAuthnContext": False,
                    "authnRequestsSigned": signs,
                    "logoutRequestSigned": signs,
                    "logoutResponseSigned": signs,
                    "signatureAlgorithm": Names.RSA_SHA256,
                    "digestAlgorithm": Names.SHA256,
                },
            }
        )

    def _at_acs(self) -> dict[str, Any]:
        """Return a request as the library wants to see it: at our own address, whatever the Host header says."""
        ours = urlsplit(self.acs_url)
        return {"https": "on" if ours.scheme == "https" else "off", "http_host": ours.netloc, "script_name": ours.path}

    def _auth(self, request: Mapping[str, Any] | None = None) -> OneLogin_Saml2_Auth:
        return OneLogin_Saml2_Auth({**self._at_acs(), "get_data": {}, **(request or {})}, self._settings())


def _statuses(root: Any) -> list[str]:  # noqa: ANN401  # an element of lxml, without types
    return [each.get("Value", "") for each in Tree.query(root, "./samlp:Status//samlp:StatusCode")]
