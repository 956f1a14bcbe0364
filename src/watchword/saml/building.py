"""From values to a tree: responses, assertions and messages of logout, as platform.md 1.6, 1.10 and 1.11 have them.

Nothing here reads a clock, a key or a row; what it needs it is given. The places for signatures are left to *sealing*.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from lxml import etree

from watchword.saml.model import Attribute, NameId, Status
from watchword.saml.names import (
    ASSERTION,
    BEARER,
    ENTITY,
    LOGOUT_BY_USER,
    PROTOCOL,
    SCHEMA,
    SCHEMA_INSTANCE,
    SUCCESS,
    VERSION,
    assertion,
    protocol,
)

_PROTOCOL_PREFIXES: Final = {"samlp": PROTOCOL, "saml": ASSERTION}
_VALUE_PREFIXES: Final = {"xs": SCHEMA, "xsi": SCHEMA_INSTANCE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What every message of ours says of itself."""

    id: str
    issuer: str
    destination: str
    at: datetime
    in_response_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is asserted about a person, to one service provider."""

    id: str
    issuer: str
    at: datetime
    not_on_or_after: datetime
    name_id: NameId
    audiences: Sequence[str]
    recipients: Sequence[str]
    """Where the assertion may be shown; the first is where it is sent."""
    in_response_to: str | None
    authenticated_at: datetime
    context_class: str
    session_index: str | None
    session_ends_at: datetime | None
    attributes: Sequence[Attribute] = field(repr=False)
    attribute_name_format: str


def build_response(envelope: Envelope, status: Status, reason: str = "") -> etree._Element:
    """Return a response without an assertion; *reason* is read by whoever runs the service provider."""
    root = _message("Response", envelope)
    _status(root, status, reason)
    return root


def build_logout_response(envelope: Envelope, status: Status) -> etree._Element:
    """Return the answer to a LogoutRequest."""
    root = _message("LogoutResponse", envelope)
    _status(root, status)
    return root


def build_logout_request(
    envelope: Envelope, name_id: NameId, session_index: str, not_on_or_after: datetime
) -> etree._Element:
    """Return what tells a service provider that somebody has logged out."""
    root = _message("LogoutRequest", envelope)
    root.set("NotOnOrAfter", written(not_on_or_after))
    root.set("Reason", LOGOUT_BY_USER)
    _name_id(root, name_id)
    etree.SubElement(root, protocol("SessionIndex")).text = session_index
    return root


def build_assertion(statement: Statement) -> etree._Element:
    """Return an assertion, as the root of a document of its own."""
    # What nothing uses would stand there outside of the signature.
    prefixes = {"saml": ASSERTION, **(_VALUE_PREFIXES if statement.attributes else {})}
    root = etree.Element(assertion("Assertion"), nsmap=prefixes)
    root.set("ID", statement.id)
    root.set("Version", VERSION)
    root.set("IssueInstant", written(statement.at))
    _issuer(root, statement.issuer)
    _subject(root, statement)
    _conditions(root, statement)
    _authentication(root, statement)
    if statement.attributes:
        _attributes(root, statement)
    return root


def written(instant: datetime) -> str:
    """Return an instant as XML has it, in UTC and to the millisecond."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


def _message(name: str, envelope: Envelope) -> etree._Element:
    root = etree.Element(protocol(name), nsmap=_PROTOCOL_PREFIXES)
    root.set("ID", envelope.id)
    root.set("Version", VERSION)
    root.set("IssueInstant", written(envelope.at))
    root.set("Destination", envelope.destination)
    if envelope.in_response_to is not None:
        root.set("InResponseTo", envelope.in_response_to)
    _issuer(root, envelope.issuer)
    return root


def _issuer(parent: etree._Element, issuer: str) -> None:
    element = etree.SubElement(parent, assertion("Issuer"))
    element.set("Format", ENTITY)
    element.text = issuer


def _name_id(parent: etree._Element, name_id: NameId) -> None:
    element = etree.SubElement(parent, assertion("NameID"))
    element.set("Format", name_id.format)
    element.text = name_id.value


def _status(root: etree._Element, status: Status, reason: str = "") -> None:
    whole = etree.SubElement(root, protocol("Status"))
    code = etree.SubElement(whole, protocol("StatusCode"))
    code.set("Value", status.top or SUCCESS)
    if status.second:
        etree.SubElement(code, protocol("StatusCode")).set("Value", status.second)
    if reason:
        etree.SubElement(whole, protocol("StatusMessage")).text = reason


def _subject(root: etree._Element, statement: Statement) -> None:
    subject = etree.SubElement(root, assertion("Subject"))
    _name_id(subject, statement.name_id)
    for recipient in statement.recipients:
        confirmation = etree.SubElement(subject, assertion("SubjectConfirmation"))
        confirmation.set("Method", BEARER)
        data = etree.SubElement(confirmation, assertion("SubjectConfirmationData"))
        if statement.in_response_to is not None:
            data.set("InResponseTo", statement.in_response_to)
        data.set("NotOnOrAfter", written(statement.not_on_or_after))
        data.set("Recipient", recipient)


def _conditions(root: etree._Element, statement: Statement) -> None:
    conditions = etree.SubElement(root, assertion("Conditions"))
    conditions.set("NotBefore", written(statement.at))
    conditions.set("NotOnOrAfter", written(statement.not_on_or_after))
    restriction = etree.SubElement(conditions, assertion("AudienceRestriction"))
    for audience in statement.audiences:
        etree.SubElement(restriction, assertion("Audience")).text = audience


def _authentication(root: etree._Element, statement: Statement) -> None:
    authentication = etree.SubElement(root, assertion("AuthnStatement"))
    authentication.set("AuthnInstant", written(statement.authenticated_at))
    if statement.session_index is not None:
        authentication.set("SessionIndex", statement.session_index)
    if statement.session_ends_at is not None:
        authentication.set("SessionNotOnOrAfter", written(statement.session_ends_at))
    context = etree.SubElement(authentication, assertion("AuthnContext"))
    etree.SubElement(context, assertion("AuthnContextClassRef")).text = statement.context_class


def _attributes(root: etree._Element, statement: Statement) -> None:
    told = etree.SubElement(root, assertion("AttributeStatement"))
    for attribute in statement.attributes:
        element = etree.SubElement(told, assertion("Attribute"))
        element.set("Name", attribute.name)
        element.set("NameFormat", statement.attribute_name_format)
        for value in attribute.values:
            found = etree.SubElement(element, assertion("AttributeValue"))
            found.set(f"{{{SCHEMA_INSTANCE}}}type", "xs:string")
            found.text = value
