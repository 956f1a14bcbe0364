"""PLAT-SAML-38: other people's service providers log people in and out here (platform.md 10.4)."""

import json

import pytest

from tests.peers.conftest import Neighbourhood
from tests.peers.peers import PEERS, Peer
from tests.traveller import Traveller, with_one_octet_changed

OK = 200
WHO = {"name": "alice", "mobile": "+94771234567"}


def who_is(traveller: Traveller, peer: Peer) -> dict[str, str] | None:
    """Return whom the peer knows; asking must not begin to log anybody in."""
    page = traveller.ask(peer.whoami_url)
    if page.status != OK or not page.text.startswith("{"):
        return None
    said: dict[str, str] = json.loads(page.text)
    return said | {"name": "alice"} if peer.asks_for_passing_names and said["name"].startswith("_") else said


def test_alice_logs_in_with_password_and_code_and_her_number_arrives(neighbourhood: Neighbourhood, peer: Peer) -> None:
    traveller = neighbourhood.traveller()
    page = neighbourhood.log_in(traveller, peer)
    assert who_is(traveller, peer) == WHO, page


def test_logging_out_there_ends_the_session_here(neighbourhood: Neighbourhood, peer: Peer) -> None:
    traveller = neighbourhood.traveller()
    neighbourhood.log_in(traveller, peer)
    page = traveller.open(peer.logout_url)
    assert who_is(traveller, peer) is None, page
    assert "password" in traveller.open(peer.login_url).fields()


def test_a_response_with_one_octet_changed_lets_nobody_in(neighbourhood: Neighbourhood, peer: Peer) -> None:
    traveller = neighbourhood.traveller(with_one_octet_changed)
    neighbourhood.log_in(traveller, peer)
    assert who_is(traveller, peer) is None


def test_without_a_signature_of_the_response_the_assertions_is_enough(neighbourhood: Neighbourhood, peer: Peer) -> None:
    name = next(each for each, kind in PEERS.items() if isinstance(peer, kind))
    application = neighbourhood.applications[name]
    neighbourhood.server.change(application, responseSigning={"enabled": False})
    try:
        traveller = neighbourhood.traveller()
        neighbourhood.log_in(traveller, peer)
        assert who_is(traveller, peer) == (None if peer.needs_both_signatures else WHO)
    finally:
        neighbourhood.server.change(application, responseSigning={"enabled": True})


@pytest.mark.parametrize("algorithm", ["aes256-gcm", "aes128-gcm"])
def test_an_encrypted_assertion_is_read(neighbourhood: Neighbourhood, peer: Peer, algorithm: str) -> None:
    name = next(each for each, kind in PEERS.items() if isinstance(peer, kind))
    application = neighbourhood.applications[name]
    uri = f"http://www.w3.org/2009/xmlenc11#{algorithm}"
    encryption = {"enabled": True, "assertionEncryptionAlgorithm": uri}
    neighbourhood.server.change(application, singleSignOnProfile={"assertion": {"encryption": encryption}})
    try:
        traveller = neighbourhood.traveller()
        neighbourhood.log_in(traveller, peer)
        assert who_is(traveller, peer) == WHO
        spoilt = neighbourhood.traveller(with_one_octet_changed)
        neighbourhood.log_in(spoilt, peer)
        assert who_is(spoilt, peer) is None
    finally:
        off = {"assertion": {"encryption": {"enabled": False, "assertionEncryptionAlgorithm": ""}}}
        neighbourhood.server.change(application, singleSignOnProfile=off)


@pytest.mark.parametrize(("one", "other"), [("mod_auth_mellon", "mod_shib"), ("mod_shib", "node-saml")])
def test_one_log_in_serves_two_and_one_log_out_ends_both(neighbourhood: Neighbourhood, one: str, other: str) -> None:
    first, second = neighbourhood.peer(one), neighbourhood.peer(other)
    traveller = neighbourhood.traveller()
    neighbourhood.log_in(traveller, first)
    traveller.open(second.login_url)
    assert who_is(traveller, second) == WHO
    traveller.open(first.logout_url)
    assert who_is(traveller, first) is None
    assert who_is(traveller, second) is None


@pytest.mark.parametrize(
    ("name", "path"), [("mod_auth_mellon", "/mellon/logout"), ("mod_shib", "/Shibboleth.sso/SLO/SOAP")]
)
def test_a_logout_elsewhere_is_told_by_soap(neighbourhood: Neighbourhood, name: str, path: str) -> None:
    peer, other = neighbourhood.peer(name), neighbourhood.peer("pysaml2")
    by_soap = {"logoutMethod": "BACKCHANNEL", "useSoap": True, "logoutRequestUrl": peer.base_url + path}
    by_browser = json.loads(
        neighbourhood.server.ask("GET", f"{neighbourhood.applications[name]}/inbound-protocols/saml")
    )
    neighbourhood.server.change(neighbourhood.applications[name], singleLogoutProfile=by_soap)
    try:
        traveller = neighbourhood.traveller()
        neighbourhood.log_in(traveller, peer)
        traveller.open(other.login_url)
        assert who_is(traveller, other) == WHO
        page = traveller.open(other.logout_url)
        assert page.text == "bye", page
        assert who_is(traveller, peer) is None
    finally:
        before = by_browser["singleLogoutProfile"]
        neighbourhood.server.change(neighbourhood.applications[name], singleLogoutProfile=before)


def test_metadata_come_in_by_command_as_well(neighbourhood: Neighbourhood) -> None:
    peer = neighbourhood.peer("pysaml2")
    said = neighbourhood.server.command(
        "apply", "--metadata", str(peer.folder / "metadata.xml"), "--name", "pysaml2", "--diff"
    )
    assert peer.base_url in said
