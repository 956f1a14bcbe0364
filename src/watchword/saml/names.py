"""The words of SAML 2.0, XML signature and XML encryption, as they stand on the wire."""

from typing import Final

PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
METADATA: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
SIGNATURE: Final = "http://www.w3.org/2000/09/xmldsig#"
ASYNCHRONOUS: Final = "urn:oasis:names:tc:SAML:2.0:protocol:ext:async-slo"
SCHEMA: Final = "http://www.w3.org/2001/XMLSchema"
SCHEMA_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"

VERSION: Final = "2.0"

HTTP_REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
HTTP_POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
DEFLATE: Final = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"

ENTITY: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
LOGOUT_BY_USER: Final = "urn:oasis:names:tc:SAML:2.0:logout:user"

PASSWORD: Final = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"  # noqa: S105  # a class of proofs, not a password
PASSWORD_PROTECTED: Final = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"  # noqa: S105  # as above
UNSPECIFIED_CLASS: Final = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"
MOBILE_TWO_FACTOR: Final = "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract"

SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
REQUESTER: Final = "urn:oasis:names:tc:SAML:2.0:status:Requester"
RESPONDER: Final = "urn:oasis:names:tc:SAML:2.0:status:Responder"
VERSION_MISMATCH: Final = "urn:oasis:names:tc:SAML:2.0:status:VersionMismatch"
AUTHN_FAILED: Final = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"
NO_PASSIVE: Final = "urn:oasis:names:tc:SAML:2.0:status:NoPassive"
NO_AUTHN_CONTEXT: Final = "urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext"
INVALID_NAME_ID_POLICY: Final = "urn:oasis:names:tc:SAML:2.0:status:InvalidNameIDPolicy"
REQUEST_DENIED: Final = "urn:oasis:names:tc:SAML:2.0:status:RequestDenied"
UNSUPPORTED_BINDING: Final = "urn:oasis:names:tc:SAML:2.0:status:UnsupportedBinding"
PARTIAL_LOGOUT: Final = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout"


def protocol(name: str) -> str:
    """Return an element of the protocol, as lxml names it."""
    return f"{{{PROTOCOL}}}{name}"


def assertion(name: str) -> str:
    """Return an element of assertions, as lxml names it."""
    return f"{{{ASSERTION}}}{name}"


def signature(name: str) -> str:
    """Return an element of XML signature, as lxml names it."""
    return f"{{{SIGNATURE}}}{name}"
