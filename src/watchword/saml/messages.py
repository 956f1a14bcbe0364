"""From a tree to a value: the only place that knows where in a message something stands.

Every element is looked for where the schema has it, as a child of its parent: what stands anywhere else is not there.
"""

import re
from datetime import UTC, datetime
from typing import Final

from lxml import etree

from watchword.applications.model import UNSPECIFIED
from watchword.saml.model import AuthnRequest, LogoutRequest, LogoutResponse, NameId, Refused, Status
from watchword.saml.names import ASYNCHRONOUS, assertion, protocol

MOST_TEXT = 2048
_ID: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._:-]{0,255}")
"""A little more than XML allows: some service providers take a bare UUID, or random base64 that begins as it likes."""
_INSTANT: Final = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?")
_BOOLEANS: Final = {"": False, "false": False, "0": False, "true": True, "1": True}


def read_message(root: etree._Element) -> AuthnRequest | LogoutRequest | LogoutResponse:
    """Return what a message says.

    Raises:
        Refused: it is no message for an identity provider, or not of the shape that it must have.
    """
    if root.tag == protocol("AuthnRequest"):
        return _authn_request(root)
    if root.tag == protocol("LogoutRequest"):
        return _logout_request(root)
    if root.tag == protocol("LogoutResponse"):
        return _logout_response(root)
    raise Refused("it is neither an AuthnRequest nor a message of single logout")


def _authn_request(root: etree._Element) -> AuthnRequest:
    subject = _child(root, assertion("Subject"))
    policy = _child(root, protocol("NameIDPolicy"))
    context = _child(root, protocol("RequestedAuthnContext"))
    name_id = None if subject is None else _name_id(subject)
    # A declaration is none of ours: it stands among the classes as one that nobody can reach.
    kinds = ("AuthnContextClassRef", "AuthnContextDeclRef")
    references = [] if context is None else [each for kind in kinds for each in context.findall(assertion(kind))]
    issuer, issuer_format = _issuer(root)
    return AuthnRequest(
        id=_id(root), version=_attribute(root, "Version"), issued_at=_instant(root, "IssueInstant"),
        issuer=issuer, issuer_format=issuer_format, destination=_attribute(root, "Destination"),
        acs_url=_attribute(root, "AssertionConsumerServiceURL"),
        acs_index=_number(root, "AssertionConsumerServiceIndex"),
        protocol_binding=_attribute(root, "ProtocolBinding"),
        force=_boolean(root, "ForceAuthn"), passive=_boolean(root, "IsPassive"),
        subject=name_id,
        has_other_subject=subject is not None and (name_id is None or len(subject) > 1),
        name_id_format="" if policy is None else _attribute(policy, "Format"),
        attribute_index=_number(root, "AttributeConsumingServiceIndex"),
        classes=tuple(_text(each) for each in references),
        comparison="exact" if context is None else _attribute(context, "Comparison") or "exact",
    )  # fmt: skip


def _logout_request(root: etree._Element) -> LogoutRequest:
    extensions = _child(root, protocol("Extensions"))
    asynchronous = extensions is not None and extensions.find(f"{{{ASYNCHRONOUS}}}Asynchronous") is not None
    issuer, issuer_format = _issuer(root)
    return LogoutRequest(
        id=_id(root), version=_attribute(root, "Version"), issued_at=_instant(root, "IssueInstant"),
        issuer=issuer, issuer_format=issuer_format, destination=_attribute(root, "Destination"),
        not_on_or_after=_instant(root, "NotOnOrAfter"), name_id=_name_id(root),
        session_indexes=tuple(_text(each) for each in root.findall(protocol("SessionIndex"))),
        asynchronous=asynchronous,
    )  # fmt: skip


def _logout_response(root: etree._Element) -> LogoutResponse:
    status = _child(root, protocol("Status"))
    code = None if status is None else _child(status, protocol("StatusCode"))
    second = None if code is None else _child(code, protocol("StatusCode"))
    issuer, issuer_format = _issuer(root)
    return LogoutResponse(
        id=_id(root), version=_attribute(root, "Version"), issued_at=_instant(root, "IssueInstant"),
        issuer=issuer, issuer_format=issuer_format, destination=_attribute(root, "Destination"),
        in_response_to=_attribute(root, "InResponseTo"),
        status=Status(
            "" if code is None else _attribute(code, "Value"), "" if second is None else _attribute(second, "Value")
        ),
    )  # fmt: skip


def _issuer(root: etree._Element) -> tuple[str, str]:
    """Return the issuer and its format."""
    issuer = _child(root, assertion("Issuer"))
    return ("", "") if issuer is None else (_text(issuer), _attribute(issuer, "Format"))


def _name_id(parent: etree._Element) -> NameId | None:
    found = _child(parent, assertion("NameID"))
    return None if found is None else NameId(_text(found), _attribute(found, "Format") or UNSPECIFIED)


def _child(parent: etree._Element, tag: str) -> etree._Element | None:
    """Return the only child of that name."""
    found = parent.findall(tag)
    if len(found) > 1:
        raise Refused(f"{etree.QName(tag).localname} stands twice")
    return found[0] if found else None


def _text(element: etree._Element) -> str:
    """Return a text that is whole: nothing stands inside of it that could cut it off."""
    if len(element):
        raise Refused(f"{etree.QName(element).localname} holds more than a text")
    return _short((element.text or "").strip())


def _attribute(element: etree._Element, name: str) -> str:
    return _short(element.get(name) or "")


def _short(text: str) -> str:
    if len(text) > MOST_TEXT:
        raise Refused(f"a text is longer than {MOST_TEXT} characters")
    return text


def _id(root: etree._Element) -> str:
    found = _attribute(root, "ID")
    if not _ID.fullmatch(found):
        raise Refused("it has no proper ID")
    return found


def _instant(element: etree._Element, name: str) -> datetime | None:
    """Return an instant; without a zone it is taken as UTC, which SAML asks for (core, 1.3.3)."""
    text = _attribute(element, name)
    if not text:
        return None
    found = _INSTANT.fullmatch(text)
    zone = "+00:00" if found is None or found[3] in {None, "Z"} else found[3]
    try:
        return datetime.fromisoformat((found[1] if found else text) + zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(f"{name} is no instant") from None


def _number(element: etree._Element, name: str) -> int | None:
    text = _attribute(element, name)
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > len("4294967295"):
        raise Refused(f"{name} is no number")
    return int(text)


def _boolean(element: etree._Element, name: str) -> bool:
    text = _attribute(element, name)
    if text not in _BOOLEANS:
        raise Refused(f"{name} is neither true nor false")
    return _BOOLEANS[text]
