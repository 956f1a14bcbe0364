"""A service provider that takes messages about logouts by Redirect is answered by Redirect: python3-saml needs it."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate

from tests.conftest import WorldMaker
from tests.saml.kit import AVIS, SEED, Person, add_alice, add_provider, give_key, logout_request, pair
from tests.world import World
from watchword.applications.model import LogoutMethod, SingleLogout
from watchword.saml.reading import receive_redirect

SLO = "http://localhost:8080/travelocity.com/slo?by=redirect"
BY_REDIRECT = SingleLogout(request_url=SLO, response_url=SLO, method=LogoutMethod.FRONT_CHANNEL_REDIRECT)


@pytest.fixture
def world(worlds: WorldMaker) -> World:
    world = worlds()
    give_key(world)
    add_alice(world)
    return world


def test_the_answer_is_signed_in_the_address(world: World, alice: Person) -> None:
    add_provider(world, replace(SEED, logout=BY_REDIRECT))
    index = alice.logged_in().session_index
    reply = alice.send(logout_request(world, index=index), relay_state="bye")
    assert reply.status == 302
    address = urlsplit(reply.headers["location"])
    assert address._replace(query="").geturl() == SLO.partition("?")[0]
    by, _, query = address.query.partition("&")
    assert by == "by=redirect"
    received = receive_redirect(query, "SAMLResponse")
    assert received.root.get("InResponseTo") == "_l1"
    assert received.relay_state == "bye"
    assert received.signature is not None
    key = load_pem_x509_certificate(pair("idp").certificate.encode()).public_key()
    assert isinstance(key, RSAPublicKey)
    key.verify(received.signature.octets, received.signature.signed, PKCS1v15(), SHA256())


def test_it_waits_where_somebody_has_not_confirmed(world: World, alice: Person) -> None:
    add_provider(world, replace(SEED, logout=BY_REDIRECT))
    add_provider(world, replace(AVIS, logout=SingleLogout(request_url="http://127.0.0.1:9/slo")))
    index = alice.logged_in().session_index
    alice.logged_in("avis.com", id="_r2")
    reply = alice.send(logout_request(world, index=index))
    assert reply.status == 200
    assert "<li>avis.com</li>" in reply.text
    assert 'href="http://localhost:8080/travelocity.com/slo?by=redirect&amp;SAMLResponse=' in reply.text
