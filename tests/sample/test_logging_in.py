"""The sample application says who is logged in, and nothing else lets anybody in."""

import base64
import logging

import pytest
from lxml import etree
from signxml.verifier import XMLVerifier

from tests.hand_made_idp import MOBILE, HandMadeIdp, first, shared_keys
from tests.sample.browser import AVIS, BASE_URL, TRAVELOCITY, Browser, Stand, acs_url, asked, facts
from watchword.applications.model import ServiceProvider
from watchword.saml.sealing import encrypt_assertion

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


def test_the_start_offers_both_bindings(browser: Browser) -> None:
    for path in ("/", "/travelocity.com/"):
        text = browser.get(path).text
        assert 'href="/travelocity.com/login"' in text
        assert 'href="/travelocity.com/login?binding=post"' in text


def test_by_redirect_the_request_names_us_and_our_address(browser: Browser) -> None:
    answer = browser.get("/travelocity.com/login")
    assert answer.status == 303
    assert answer.location.startswith("https://localhost:9443/samlsso?")
    request = asked(answer.location)
    assert request.get("AssertionConsumerServiceURL") == acs_url()
    assert request.findtext("{urn:oasis:names:tc:SAML:2.0:assertion}Issuer") == TRAVELOCITY


def test_by_post_the_form_goes_to_the_identity_server(browser: Browser) -> None:
    answer = browser.get("/travelocity.com/login?binding=post")
    assert 'action="https://localhost:9443/samlsso"' in answer.text
    request = etree.fromstring(base64.b64decode(answer.form["SAMLRequest"]))
    assert request.get("AssertionConsumerServiceURL") == acs_url()


def test_requests_are_signed_where_there_is_a_key() -> None:
    keys = shared_keys("sample")
    browser = Stand.of(HandMadeIdp(), keys).browser()
    assert (
        f"SigAlg={RSA_SHA256.replace(':', '%3A').replace('/', '%2F').replace('#', '%23')}"
        in browser.get("/travelocity.com/login").location
    )
    form = browser.get("/travelocity.com/login?binding=post").form
    XMLVerifier().verify(base64.b64decode(form["SAMLRequest"]), x509_cert=keys.certificate)


def test_whoever_logs_in_is_shown_with_their_attributes(stand: Stand, browser: Browser) -> None:
    answer = stand.log_in(browser)
    assert (answer.status, answer.location) == (303, "/travelocity.com/home.jsp")
    text = browser.get(answer.location).text
    assert "You are logged in as kim" in text
    assert MOBILE in text
    assert "+94771234567" in text


def test_logging_in_at_one_application_is_not_logging_in_at_the_other(stand: Stand, browser: Browser) -> None:
    stand.log_in(browser)
    assert not browser.is_logged_in(AVIS)
    stand.log_in(browser, AVIS)
    assert browser.is_logged_in(AVIS)
    assert browser.is_logged_in(TRAVELOCITY)


def test_a_browser_that_keeps_its_cookie_from_a_foreign_post_sends_the_form_again(stand: Stand) -> None:
    browser = stand.browser()
    response = stand.idp.response(facts(browser.begin()))
    kept, browser.cookies = browser.cookies, {}
    again = browser.bring(response, relay_state="/travelocity.com/")
    browser.cookies = kept
    assert f'action="{acs_url()}"' in again.text
    assert browser.post("/travelocity.com/home.jsp", again.form).status == 303
    assert browser.is_logged_in()


def failed(stand: Stand, in_response_to: str) -> etree._Element:
    """Return the answer that nobody has logged in, not signed yet."""
    response = stand.idp.unsigned(facts(in_response_to, status="urn:oasis:names:tc:SAML:2.0:status:Responder"))
    response.remove(first(response, "//saml:Assertion"))
    return response


def test_whoever_cancels_is_told_so_and_may_begin_again(stand: Stand, browser: Browser) -> None:
    response = stand.idp.sign(failed(stand, browser.begin()))
    assert "The log-in was cancelled" in browser.follow(browser.bring(response)).text
    assert not browser.is_logged_in()
    stand.log_in(browser)
    assert browser.is_logged_in()


def test_a_failure_that_the_server_did_not_sign_ends_nothing(stand: Stand, browser: Browser) -> None:
    asked_for = browser.begin()
    forged = HandMadeIdp(shared_keys("stranger")).sign(failed(stand, asked_for))
    assert browser.bring(forged).status == 403
    assert browser.bring(failed(stand, asked_for)).status == 403
    browser.bring(stand.idp.response(facts(asked_for)))
    assert browser.is_logged_in()


def test_the_form_is_sent_again_once_only(stand: Stand) -> None:
    browser = stand.browser()
    response = stand.idp.response(facts(browser.begin()))
    browser.cookies = {}
    again = browser.bring(response)
    assert browser.post("/travelocity.com/home.jsp", again.form).status == 403


def test_the_cookies_are_not_the_servers_and_do_without_tls(stand: Stand, browser: Browser) -> None:
    answers = [browser.get("/travelocity.com/login"), stand.log_in(browser)]
    made = [value for answer in answers for name, value in answer.headers if name == "set-cookie"]
    assert {value.split("=")[0] for value in made} == {"travelocity.com-login", "travelocity.com-session"}
    for value in made:
        assert "secure" not in value.lower()
        assert "max-age=0" in value.lower() or "httponly" in value.lower()


@pytest.mark.parametrize(
    "relay_state",
    ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example", "/a\nb", "//[", ""],
)
def test_a_relay_state_leads_nowhere_else(stand: Stand, browser: Browser, relay_state: str) -> None:
    """PLAT-XSW-04: it may be anything; it is followed as a path of this site, or not at all."""
    answer = browser.bring(stand.idp.response(facts(browser.begin())), relay_state=relay_state)
    assert (answer.status, answer.location) == (303, "/travelocity.com/home.jsp")


def test_a_relay_state_leads_to_a_path_of_ours(stand: Stand, browser: Browser) -> None:
    answer = browser.bring(stand.idp.response(facts(browser.begin())), relay_state="/travelocity.com/trips?n=1")
    assert answer.location == "/travelocity.com/trips?n=1"


def test_a_refusal_is_logged_and_says_nothing_of_the_message(
    stand: Stand, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    browser.begin()
    with caplog.at_level(logging.WARNING):
        answer = browser.bring(b"<evil/>", relay_state="<script>")
    assert answer.status == 403
    assert "evil" not in answer.text
    assert "<script>&" not in answer.text
    assert "refused" in caplog.text
    assert stand.idp.keys.certificate not in caplog.text


def test_every_page_keeps_to_itself(browser: Browser) -> None:
    for path in ("/", "/travelocity.com/login?binding=post", "/avis.com/", "/travelocity.com/logout"):
        headers = dict(browser.get(path).headers)
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


def test_the_metadata_says_where_we_are(browser: Browser) -> None:
    root = etree.fromstring(browser.get("/avis.com/metadata").text.encode())
    assert root.get("entityID") == AVIS
    (service,) = root.iter("{urn:oasis:names:tc:SAML:2.0:metadata}AssertionConsumerService")
    assert service.get("Location") == f"{BASE_URL}/avis.com/home.jsp"


def test_an_encrypted_assertion_is_read_where_there_is_a_key() -> None:
    keys = shared_keys("sample")
    stand = Stand.of(HandMadeIdp(), keys)
    browser = stand.browser()
    response = stand.idp.unsigned(facts(browser.begin()))
    assertion = first(response, "//saml:Assertion")
    to_us = ServiceProvider(issuer=TRAVELOCITY, acs_urls=(acs_url(),), certificates=(keys.certificate,))
    response.replace(assertion, encrypt_assertion(stand.idp.sign(assertion), to_us))
    assert browser.bring(stand.idp.sign(response)).status == 303
    assert browser.is_logged_in()
