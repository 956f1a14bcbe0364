"""Responses that were signed once and say something else now, at the sample application: XSW.

Nobody is logged in here by another identity provider yet; who believes Responses is the sample application, which is
there to be copied. What other people's service providers make of the same documents is in ``tests/peers``.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree
from onelogin.saml2.constants import OneLogin_Saml2_Constants

from tests.attacks.conftest import with_mutants
from tests.hand_made_idp import BEARER, HandMadeIdp, first, new_id
from tests.hand_made_signatures import weak_signatures
from tests.mutants.start import defect
from tests.sample.browser import AVIS, Stand, acs_url, facts
from tests.wrapping import WRAPPINGS
from watchword.sample import saml, strictness
from watchword.sample.keys import make_keys
from watchword.sample.saml import ServiceProvider

case = pytest.mark.case
MINUTE = timedelta(minutes=1)
OF_THE_SAMPLE = (ServiceProvider, OneLogin_Saml2_Constants, saml, strictness)
"""Where a defect of the sample application can be."""


@contextmanager
def planted(case_id: str) -> Iterator[None]:
    """Plant the defect of a case, for as long as the case is played: it lives in this process, not in a server's."""
    before = [(owner, dict(vars(owner))) for owner in OF_THE_SAMPLE]
    defect(case_id)()
    try:
        yield
    finally:
        for owner, members in before:
            for name, member in members.items():
                if vars(owner)[name] is not member:
                    setattr(owner, name, member)


@pytest.fixture
def stand(request: pytest.FixtureRequest) -> Iterator[Stand]:
    marker = request.node.get_closest_marker("case")
    if not with_mutants(request.config):
        yield Stand.of(HandMadeIdp())
        return
    with planted(marker.args[0]):
        yield Stand.of(HandMadeIdp())


def check_refused(
    stand: Stand, make: Callable[[str], etree._Element | bytes], caplog: pytest.LogCaptureFixture
) -> None:
    """Bring what is made of the ID of a request, and look at what became of it."""
    browser = stand.browser()
    caplog.clear()
    answer = browser.bring(make(browser.begin()))
    assert answer.status == 403
    assert not browser.is_logged_in()
    assert [record.levelno for record in caplog.records if "refused" in record.message] == [logging.WARNING]


def check_wrapped(stand: Stand, names: list[str], caplog: pytest.LogCaptureFixture) -> None:
    """Wrap Responses that are signed in each of the ways in which they may be, and see them refused."""
    for name in names:
        check_refused(stand, lambda asked, name=name: WRAPPINGS[name](stand.idp.response(facts(asked))), caplog)  # type: ignore[misc]  # a default binds it


@case("XSW-01")
def test_a_forged_response_around_the_original(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    check_wrapped(stand, ["XSW1", "XSW1-last", "XSW2"], caplog)


@case("XSW-03")
def test_a_forged_assertion_before_the_signed_one(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    check_wrapped(stand, ["XSW3"], caplog)


@case("XSW-04")
def test_a_forged_assertion_around_the_signed_one(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    check_wrapped(stand, ["XSW4"], caplog)


@case("XSW-06")
def test_a_forged_assertion_with_the_original_in_its_signature(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    check_wrapped(stand, ["XSW5", "XSW6"], caplog)


@case("XSW-07")
def test_a_forged_assertion_of_the_same_id(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    check_wrapped(stand, ["XSW7"], caplog)


@case("XSW-08")
def test_a_forged_assertion_with_the_original_in_an_object(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    check_wrapped(stand, ["XSW8"], caplog)


@case("XSW-09")
def test_the_assertions_signature_on_the_response(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    check_wrapped(stand, ["XSW10"], caplog)


@case("XSW-11")
def test_a_signature_of_a_bad_kind(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    for _, sign in weak_signatures(stand.idp.keys.key, stand.idp.keys.certificate):

        def weakly(asked: str, sign: Callable[[etree._Element], etree._Element] = sign) -> etree._Element:
            response = stand.idp.unsigned(facts(asked))
            assertion = first(response, "//saml:Assertion")
            response.replace(assertion, sign(assertion))
            return sign(response)

        check_refused(stand, weakly, caplog)


def test_a_key_that_is_too_short_is_not_believed() -> None:
    browser = Stand.of(HandMadeIdp(make_keys("short", bits=1024))).browser()
    assert browser.get("/travelocity.com/login").status == 502


@case("XSW-12")
def test_one_wrong_fact(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    changes: list[dict[str, Any]] = [
        {"audience": AVIS}, {"audience": None}, {"recipient": acs_url(AVIS)}, {"confirmed_until": -MINUTE},
        {"in_response_to": "_unknown"}, {"issuer": "another.example"}, {"not_before": 10 * MINUTE},
        {"acs_url": "http://localhost:8080/t/other/home.jsp", "recipient": acs_url()},
        {"method": BEARER.replace("bearer", "sender-vouches")}, {"confirms": ""}, {"recipient": acs_url() + "x"},
    ]  # fmt: skip
    for changed in changes:
        check_refused(stand, lambda asked, changed=changed: answer(stand, asked, changed), caplog)  # type: ignore[misc]  # a default binds it
    other = stand.browser()
    check_refused(stand, lambda _: stand.idp.response(facts(other.begin())), caplog)
    assertion_id, browser = new_id(), stand.browser()
    assert browser.bring(stand.idp.response(facts(browser.begin(), assertion_id=assertion_id))).status == 303
    check_refused(stand, lambda asked: answer(stand, asked, {"assertion_id": assertion_id}), caplog)


def answer(stand: Stand, asked: str, changed: dict[str, Any]) -> etree._Element:
    """Return a Response in which some facts are wrong."""
    given: dict[str, Any] = {"in_response_to": asked} | changed
    return stand.idp.response(facts(given.pop("in_response_to"), **given))


@case("XSW-13")
def test_a_document_that_two_readers_read_differently(stand: Stand, caplog: pytest.LogCaptureFixture) -> None:
    name = "admin@a.test.evil.test"
    changes = [
        (b"admin@a.test.evil", b"admin@a.test<!---->.evil"),
        (b"admin@a.test.evil", b"admin@a.test<![CDATA[]]>.evil"),
        (b"admin@a.test.evil", b"admin@a.test<?x?>.evil"),
        (b"<samlp:Response ", b"<!DOCTYPE r SYSTEM 'x\"><!--'><samlp:Response "),
        (b"<samlp:Response ", b"<!DOCTYPE r [<!ENTITY e 'admin'>]><samlp:Response "),
        (b"<samlp:Response ", b"<?xml version='1.0' encoding='utf-7'?><samlp:Response "),
        (b"</samlp:Response>", b"</samlp:Response><!-- -->"),
        (b"<saml:NameID>", b"<saml:NameID xmlns:saml2='urn:x'><saml2:NameID/>"),
    ]
    for before, after in changes:

        def changed(asked: str, before: bytes = before, after: bytes = after) -> bytes:
            octets = etree.tostring(stand.idp.response(facts(asked, name=name)))
            assert before in octets
            return octets.replace(before, after, 1)

        check_refused(stand, changed, caplog)
