"""What an identity server signed lets one person in, once, here, soon, in the browser that asked (PLAT-XSW-02)."""

from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

from tests.hand_made_idp import HandMadeIdp, encoded, new_id, shared_keys
from tests.sample.browser import AVIS, Stand, acs_url, facts

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    "changed",
    [
        {"audience": AVIS},
        {"audience": None},
        {"recipient": acs_url(AVIS)},
        {"recipient": acs_url() + ".evil.example"},
        {"acs_url": acs_url(AVIS), "recipient": acs_url()},
        {"acs_url": acs_url() + "/more", "recipient": acs_url()},
        {"confirmed_until": -MINUTE},
        {"not_on_or_after": -6 * MINUTE},
        {"not_before": 10 * MINUTE},
        {"in_response_to": None},
        {"in_response_to": "_never-sent"},
        {"confirms": ""},
        {"confirms": "_another"},
        {"issuer": "evil.example"},
        {"assertion_issuer": "evil.example"},
        {"method": "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"},
        {"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"},
    ],
    ids=str,
)
def test_one_wrong_fact_is_enough(stand: Stand, changed: dict[str, Any]) -> None:
    browser = stand.browser()
    asked = {"in_response_to": browser.begin()} | changed
    response = stand.idp.response(facts(asked.pop("in_response_to"), **asked))
    assert browser.bring(response).status == 403
    assert not browser.is_logged_in()


def test_a_response_counts_once(stand: Stand) -> None:
    browser = stand.browser()
    response = stand.idp.response(facts(browser.begin()))
    assert browser.bring(response).status == 303
    browser.begin()
    assert browser.bring(response).status == 403


def test_nor_does_it_count_again_after_a_restart(stand: Stand) -> None:
    browser = stand.browser()
    asked, cookies = browser.begin(), dict(browser.cookies)
    response = stand.idp.response(facts(asked))
    assert browser.bring(response).status == 303
    browser = Stand.of(stand.idp).browser()
    browser.cookies = cookies
    assert browser.bring(response).status == 403


def test_an_assertion_counts_once_even_in_another_response(stand: Stand) -> None:
    browser, assertion_id = stand.browser(), new_id()
    first, second = browser.begin(), browser.begin()
    assert browser.bring(stand.idp.response(facts(first, assertion_id=assertion_id))).status == 303
    browser.begin()
    assert browser.bring(stand.idp.response(facts(second, assertion_id=assertion_id))).status == 403


def test_a_response_to_one_application_is_nothing_to_the_other(stand: Stand) -> None:
    browser = stand.browser()
    browser.begin(AVIS)
    assert browser.bring(stand.idp.response(facts(browser.begin())), AVIS).status == 403


def test_an_attackers_response_does_not_log_the_victim_in(stand: Stand) -> None:
    attacker, victim = stand.browser(), stand.browser()
    victim.begin()
    assert victim.bring(stand.idp.response(facts(attacker.begin(), name="mallory"))).status == 403
    assert not victim.is_logged_in()


def test_nor_does_it_a_victim_who_never_began(stand: Stand) -> None:
    attacker, victim = stand.browser(), stand.browser()
    again = victim.bring(stand.idp.response(facts(attacker.begin(), name="mallory")))
    assert victim.post("/travelocity.com/home.jsp", again.form).status == 403
    assert not victim.is_logged_in()


@pytest.mark.parametrize("cookie", [None, ""])
def test_an_answer_to_a_request_that_an_attacker_made_up_logs_nobody_in(stand: Stand, cookie: str | None) -> None:
    """Anybody can send a request in our name; the answer is signed, and the victim's browser brings it."""
    victim = stand.browser()
    if cookie is not None:
        victim.cookies["travelocity.com-login"] = cookie
    form = {"SAMLResponse": encoded(stand.idp.response(facts("_made-up", name="mallory"))), "sent-again": "yes"}
    assert victim.post("/travelocity.com/home.jsp", form).status == 403
    assert not victim.is_logged_in()


def test_a_message_that_is_not_signed_by_the_key_we_know_is_refused(stand: Stand) -> None:
    """PLAT-XSW-03: unsigned; signed by somebody who brings his own certificate."""
    browser, stranger = stand.browser(), HandMadeIdp(shared_keys("stranger"))
    assert browser.bring(stranger.response(facts(browser.begin()))).status == 403
    response = stand.idp.unsigned(facts(browser.begin()))
    for place in response.findall(".//{http://www.w3.org/2000/09/xmldsig#}Signature"):
        place.getparent().remove(place)  # type: ignore[union-attr]  # a signature is never the root
    assert browser.bring(response).status == 403
    assert not browser.is_logged_in()


def test_both_the_response_and_the_assertion_must_be_signed(stand: Stand) -> None:
    browser = stand.browser()
    for inside in (True, False):
        response = stand.idp.response(facts(browser.begin()))
        signatures = response.findall(".//{http://www.w3.org/2000/09/xmldsig#}Signature")
        signature = signatures[1 if inside else 0]
        signature.getparent().remove(signature)  # type: ignore[union-attr]  # a signature is never the root
        assert browser.bring(response).status == 403


def test_a_message_of_half_a_megabyte_is_not_read(stand: Stand) -> None:
    browser = stand.browser()
    browser.begin()
    assert browser.post("/travelocity.com/home.jsp", {"SAMLResponse": "A" * 600_000}).status == 413


def test_a_document_that_two_parsers_could_read_differently_is_refused(stand: Stand) -> None:
    browser = stand.browser()
    for before, after in (
        (b"<saml:NameID>kim", b"<saml:NameID>kim<!-- -->"),
        (b"<saml:NameID>kim", b"<saml:NameID>kim<?x?>"),
        (b"<saml:NameID>kim", b"<saml:NameID><![CDATA[kim]]>"),
        (b"<samlp:Response", b"<!DOCTYPE x [<!ENTITY e 'kim'>]><samlp:Response"),
    ):
        octets = etree.tostring(stand.idp.response(facts(browser.begin())))
        assert before in octets
        form = {"SAMLResponse": encoded(octets.replace(before, after, 1))}
        assert browser.post("/travelocity.com/home.jsp", form).status == 403
    assert not browser.is_logged_in()
