"""A logout at one application ends the sessions at all, and a forged one ends none."""

import pytest

from tests.hand_made_idp import DS, RSA_SHA256, HandMadeIdp, encoded, shared_keys, signed_query, without_signature
from tests.sample.browser import AVIS, TRAVELOCITY, Browser, Stand, acs_url, asked

PARTIAL = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout"


def test_logging_out_ends_the_session_here_and_asks_for_the_rest(stand: Stand, browser: Browser) -> None:
    stand.log_in(browser)
    answer = browser.post("/travelocity.com/logout", {})
    request = asked(answer.location)
    assert request.tag.endswith("LogoutRequest")
    assert request.findtext("{urn:oasis:names:tc:SAML:2.0:assertion}NameID") == "kim"
    assert request.findtext("{urn:oasis:names:tc:SAML:2.0:protocol}SessionIndex") == "_session"
    assert not browser.is_logged_in()


def test_the_bare_address_of_logging_out_is_the_first_applications(browser: Browser) -> None:
    assert browser.get("/logout").location == "/travelocity.com/logout"


def test_the_answer_tells_that_everybody_confirmed(stand: Stand, browser: Browser) -> None:
    stand.log_in(browser)
    request = asked(browser.get("/travelocity.com/logout").location)
    answer = browser.follow(browser.bring(stand.idp.logout_response(str(request.get("ID")), acs_url())))
    assert "You are logged out" in answer.text
    assert "every other that you had entered" in answer.text


def test_the_answer_tells_that_somebody_did_not_confirm(stand: Stand, browser: Browser) -> None:
    stand.log_in(browser)
    request = asked(browser.get("/travelocity.com/logout").location)
    response = stand.idp.logout_response(str(request.get("ID")), acs_url(), status=PARTIAL)
    assert "Not every application" in browser.follow(browser.bring(response)).text


def test_an_answer_that_nobody_waits_for_is_refused(stand: Stand, browser: Browser) -> None:
    assert browser.bring(stand.idp.logout_response("_unknown", acs_url())).status == 403


def test_a_logout_elsewhere_ends_the_session_here(stand: Stand) -> None:
    browser, server = stand.browser(), stand.browser()
    stand.log_in(browser)
    stand.log_in(browser, AVIS)
    answer = server.post("/avis.com/home.jsp", {"SAMLRequest": encoded(stand.idp.logout_request("kim", acs_url(AVIS)))})
    assert asked(answer.location).tag.endswith("LogoutResponse")
    assert not browser.is_logged_in(AVIS)
    assert browser.is_logged_in(TRAVELOCITY)


@pytest.mark.parametrize("of", ["a stranger", "nobody", "another site", "another session", "another person"])
def test_a_forged_logout_ends_nothing(stand: Stand, of: str) -> None:
    browser = stand.browser()
    stand.log_in(browser)
    idp = HandMadeIdp(shared_keys("stranger")) if of == "a stranger" else stand.idp
    request = idp.logout_request(
        "lee" if of == "another person" else "kim",
        acs_url(AVIS if of == "another site" else TRAVELOCITY),
        session_index="_other" if of == "another session" else "_session",
    )
    if of == "nobody":
        request.remove(request[1])
    browser.post("/travelocity.com/home.jsp", {"SAMLRequest": encoded(request)})
    assert browser.is_logged_in()


def test_a_logout_elsewhere_may_come_by_redirect(stand: Stand, browser: Browser) -> None:
    stand.log_in(browser)
    request = without_signature(stand.idp.logout_request("kim", acs_url()))
    query = signed_query(stand.idp.keys, request, "SAMLRequest", relay_state="a b")
    answer = browser.get(f"/travelocity.com/home.jsp?{query}")
    assert asked(answer.location).get("InResponseTo") == request.get("ID")
    assert "RelayState=a+b" in answer.location
    assert not browser.is_logged_in()


def test_so_may_the_answer_to_ours(stand: Stand, browser: Browser) -> None:
    stand.log_in(browser)
    request = asked(browser.get("/travelocity.com/logout").location)
    response = without_signature(stand.idp.logout_response(str(request.get("ID")), acs_url()))
    query = signed_query(stand.idp.keys, response, "SAMLResponse")
    assert "You are logged out" in browser.follow(browser.get(f"/travelocity.com/home.jsp?{query}")).text


@pytest.mark.parametrize("wrong", ["the key", "the algorithm", "no signature", "the relay state", "the document"])
def test_a_query_that_is_not_signed_well_ends_nothing(stand: Stand, browser: Browser, wrong: str) -> None:
    stand.log_in(browser)
    request = without_signature(stand.idp.logout_request("kim", acs_url()))
    keys = shared_keys("stranger") if wrong == "the key" else stand.idp.keys
    algorithm = f"{DS}rsa-sha1" if wrong == "the algorithm" else RSA_SHA256
    query = signed_query(keys, request, "SAMLRequest", relay_state="good", algorithm=algorithm)
    if wrong == "no signature":
        query = query.partition("&SigAlg")[0]
    if wrong == "the relay state":
        query = query.replace("good", "bad")
    if wrong == "the document":
        other = signed_query(keys, stand.idp.logout_request("kim", acs_url()), "SAMLRequest", relay_state="good")
        query = other.partition("&SigAlg")[0] + "&SigAlg" + query.partition("&SigAlg")[2]
    assert browser.get(f"/travelocity.com/home.jsp?{query}").status == 403
    assert browser.is_logged_in()


def test_a_logout_that_has_run_out_ends_nothing(stand: Stand, browser: Browser) -> None:
    stand.log_in(browser)
    request = without_signature(stand.idp.logout_request("kim", acs_url()))
    request.set("NotOnOrAfter", "2020-01-01T00:00:00Z")
    query = signed_query(stand.idp.keys, request, "SAMLRequest")
    assert browser.get(f"/travelocity.com/home.jsp?{query}").status == 403
    assert browser.is_logged_in()
