"""Defects of a service provider: it believes what somebody wrapped around a signature."""

import base64
from collections.abc import Callable

from lxml import etree
from onelogin.saml2.constants import OneLogin_Saml2_Constants
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from tests.hand_made_idp import SPACES
from tests.hand_made_signatures import naive_assertion
from tests.mutants.planting import plant
from watchword.sample import saml, strictness
from watchword.sample.saml import Person, ServiceProvider
from watchword.sample.strictness import Refused

IN_DOCUMENT_ORDER = ".//saml:Assertion"
UNDER_THE_RESPONSE = "saml:Assertion"


def xsw_01() -> None:
    """Take the first assertion by its name, once something in the document is signed."""
    _believe(IN_DOCUMENT_ORDER)


def xsw_03() -> None:
    """Let the first assertion win."""
    _believe(UNDER_THE_RESPONSE)


def xsw_04() -> None:
    """Search among all descendants."""
    _believe(IN_DOCUMENT_ORDER)


def xsw_06() -> None:
    """Take whatever element of the signed ID digests as it should."""
    _believe(UNDER_THE_RESPONSE)


def xsw_07() -> None:
    """Look for no second element of an ID."""
    _believe(IN_DOCUMENT_ORDER)


def xsw_08() -> None:
    """Let a signature carry an Object."""
    _believe(IN_DOCUMENT_ORDER)


def xsw_09() -> None:
    """Let the place of a signature decide what it covers."""
    _believe(UNDER_THE_RESPONSE)


def xsw_11() -> None:
    """Allow what the library knows."""
    plant(saml, "check_signatures", lambda _: lambda document: None)
    plant(OneLogin_Saml2_Constants, "DEPRECATED_ALGORITHMS", lambda _: [])


def xsw_12() -> None:
    """Rely on strict mode alone."""
    plant(ServiceProvider, "_check_strictly", lambda _: lambda self, document: None)


def xsw_13() -> None:
    """Verify what one parser reads, and let another read the rest."""
    plant(saml, "plain_xml", lambda _: _decode)
    plant(strictness, "plain_xml", lambda _: _decode)


def _decode(encoded: str, *, deflated: bool = False) -> bytes:
    return base64.b64decode(encoded)


def _believe(path: str) -> None:
    """Read Responses as not to do it: the signature and the assertion are looked for each on its own."""

    def make(_: object) -> Callable[[ServiceProvider, str], Person]:
        def read_response(self: ServiceProvider, encoded: str) -> Person:
            document = etree.fromstring(base64.b64decode(encoded))
            certificate = OneLogin_Saml2_Utils.format_cert(self.server.describe()["x509cert"])
            assertion = naive_assertion(document, certificate, path)
            if assertion is None:
                raise Refused("nothing is signed")
            name = assertion.findtext(".//saml:NameID", "", SPACES)
            confirmed = assertion.find(".//saml:SubjectConfirmationData", SPACES)
            asked = "" if confirmed is None else str(confirmed.get("InResponseTo"))
            return Person(name, None, None, {}, asked, str(assertion.get("ID")))

        return read_response

    plant(ServiceProvider, "read_response", make)
