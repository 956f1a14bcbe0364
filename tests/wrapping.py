"""Signature wrapping: a signed Response is turned into one that says something else beside what was signed.

The names are those of "On Breaking SAML" and of SAML Raider. Every forged part says that somebody else has logged in.
"""

from collections.abc import Callable
from copy import deepcopy

from lxml import etree

from tests.hand_made_idp import DS, SAMLP, SPACES, first, new_id, without_signature

FORGED_NAME = "admin"
FORGED_MOBILE = "+94000000000"
Wrap = Callable[[etree._Element], etree._Element]  # noqa: SLF001  # the only name that the class has


def forged_response_around_the_original(response: etree._Element) -> etree._Element:
    """XSW1: the original, without its signature, inside the signature of a forged Response."""
    evil, original = _forged(response), without_signature(response)
    _signature(evil).append(original)
    return evil


def forged_response_with_its_signature_last(response: etree._Element) -> etree._Element:
    """XSW1 for who takes the first assertion of the document: the original comes after the forged one."""
    evil = forged_response_around_the_original(response)
    evil.append(_signature(evil))
    return evil


def forged_response_beside_the_original(response: etree._Element) -> etree._Element:
    """XSW2: the original, without its signature, before the signature of a forged Response."""
    evil, original = _forged(response), without_signature(response)
    _signature(evil).addprevious(original)
    return evil


def forged_assertion_first(response: etree._Element) -> etree._Element:
    """XSW3: a forged assertion without a signature before the signed one."""
    response = deepcopy(response)
    assertion = first(response, "//saml:Assertion")
    assertion.addprevious(without_signature(_forged(assertion)))
    return response


def forged_assertion_around(response: etree._Element) -> etree._Element:
    """XSW4: the signed assertion as a child of a forged one."""
    response = deepcopy(response)
    assertion = first(response, "//saml:Assertion")
    evil = without_signature(_forged(assertion))
    response.replace(assertion, evil)
    evil.append(assertion)
    return response


def forged_assertion_with_the_signature(response: etree._Element) -> etree._Element:
    """XSW5: the assertion is forged and keeps its signature; a copy of what was signed stands at the end."""
    response = deepcopy(response)
    assertion = first(response, "//saml:Assertion")
    evil = _forged(assertion)
    response.replace(assertion, evil)
    response.append(without_signature(assertion))
    return response


def forged_assertion_with_the_original_in_the_signature(response: etree._Element) -> etree._Element:
    """XSW6: as XSW5, the copy inside the signature."""
    response = deepcopy(response)
    assertion = first(response, "//saml:Assertion")
    evil = _forged(assertion)
    response.replace(assertion, evil)
    _signature(evil).append(without_signature(assertion))
    return response


def forged_assertion_of_the_same_id(response: etree._Element) -> etree._Element:
    """XSW7: a forged assertion of the same ID inside Extensions, before the signed one."""
    response = deepcopy(response)
    assertion = first(response, "//saml:Assertion")
    evil = without_signature(_forged(assertion))
    evil.set("ID", str(assertion.get("ID")))
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(evil)
    first(response, "/samlp:Status").addprevious(extensions)
    return response


def forged_assertion_with_the_original_in_an_object(response: etree._Element) -> etree._Element:
    """XSW8: as XSW6, the copy inside an Object of the signature."""
    response = deepcopy(response)
    assertion = first(response, "//saml:Assertion")
    evil = _forged(assertion)
    response.replace(assertion, evil)
    etree.SubElement(_signature(evil), f"{{{DS}}}Object").append(without_signature(assertion))
    return response


def assertions_signature_on_the_response(response: etree._Element) -> etree._Element:
    """XSW10: the assertion's signature on the Response, with what was signed in an Object; the assertion is forged."""
    response = without_signature(response)
    assertion = first(response, "//saml:Assertion")
    evil = _forged(assertion)
    signature = _signature(evil)
    first(response, "/saml:Issuer").addnext(signature)
    response.replace(assertion, evil)
    etree.SubElement(signature, f"{{{DS}}}Object").append(without_signature(assertion))
    return response


WRAPPINGS: dict[str, Wrap] = {
    "XSW1": forged_response_around_the_original,
    "XSW1-last": forged_response_with_its_signature_last,
    "XSW2": forged_response_beside_the_original,
    "XSW3": forged_assertion_first,
    "XSW4": forged_assertion_around,
    "XSW5": forged_assertion_with_the_signature,
    "XSW6": forged_assertion_with_the_original_in_the_signature,
    "XSW7": forged_assertion_of_the_same_id,
    "XSW8": forged_assertion_with_the_original_in_an_object,
    "XSW10": assertions_signature_on_the_response,
}


def _forged(element: etree._Element) -> etree._Element:
    """Return a copy with other ids that says that somebody else has logged in; signatures stay where they are."""
    evil = deepcopy(element)
    for each in (evil, *evil.iterfind(".//saml:Assertion", SPACES)):
        each.set("ID", new_id())
    for name in evil.iterfind(".//saml:NameID", SPACES):
        name.text = FORGED_NAME
    for value in evil.iterfind(".//saml:AttributeValue", SPACES):
        value.text = FORGED_MOBILE
    return evil


def _signature(element: etree._Element) -> etree._Element:
    """Return the element's own signature."""
    return first(element, "/ds:Signature")
