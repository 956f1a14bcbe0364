"""Where one service provider, one tenant, one site and one time end, and the next begins."""

import re
from dataclasses import replace
from typing import Any

import pytest

from tests.conftest import WorldMaker
from tests.saml.kit import (
    FORMAT_11,
    SEED,
    SEED_ACS,
    SSO,
    Person,
    add_alice,
    add_provider,
    authn_request,
    encoded,
    give_key,
    instant,
    logout_request,
    logout_response,
    pair,
    posted,
    redirect,
    signed,
    signed_redirect,
)
from tests.world import OTHER_TENANT, PASSWORD, Reply, World
from watchword.accounts.claims import EMAIL_VERIFIED
from watchword.accounts.store.users import Users
from watchword.applications.model import LogoutMethod, SingleLogout
from watchword.applications.store import Applications
from watchword.storage.schema import sessions
from watchword.storage.work import Work

BYE = "http://localhost:8080/bye"
FRONT = SingleLogout(request_url="https://sp.example/slo", method=LogoutMethod.FRONT_CHANNEL_POST)
QUALIFIED = replace(SEED, qualifier="two", logout=FRONT)
SIGNING = replace(SEED, verify_requests=True, certificates=(pair("sp").certificate,))
ACROSS: dict[str, str] = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


def follow(person: Person) -> Reply:
    """Go where the last answer leads."""
    assert person.last is not None
    return person.get(person.last.headers["location"])


# --- service providers of one name ------------------------------------------------------------------------------------


def qualified(world: World, alice: Person, **changes: Any) -> str:  # noqa: ANN401  # fields of a service provider
    """Log Alice in where two share a name, and return her session as the second one knows it."""
    add_provider(world, replace(QUALIFIED, **changes), name="second")
    alice.send(authn_request(world), spQualifier="two")
    return alice.log_in().session_index


@pytest.mark.parametrize("beside", [{}, {"spQualifier": "two"}])
def test_a_qualified_service_provider_confirms_a_logout(world: World, alice: Person, beside: dict[str, str]) -> None:
    add_provider(world)
    qualified(world, alice)
    alice.get(f"{SSO}?slo=true")
    ours = posted(follow(alice))
    answer = logout_response(world, str(ours.root.get("ID")), "travelocity.com")
    alice.get(redirect(answer, name="SAMLResponse", **beside))
    assert "travelocity" not in follow(alice).text
    assert [each.outcome for each in world.audit("saml_logout_told")] == ["ok"]


@pytest.mark.parametrize("beside", [{}, {"spQualifier": "two"}])
@pytest.mark.parametrize("named", [True, False])
def test_a_qualified_service_provider_asks_for_a_logout(
    world: World, alice: Person, beside: dict[str, str], named: bool  # noqa: FBT001  # a parameter
) -> None:  # fmt: skip
    add_provider(world, replace(SEED, logout=FRONT))
    index = qualified(world, alice)
    reply = alice.send(logout_request(world, index=index if named else ""), **beside)
    assert posted(reply).status == ["Success"]
    assert world.rows(sessions) == []


def test_a_qualified_one_that_must_sign_is_not_believed_without(world: World, alice: Person) -> None:
    add_provider(world, replace(SEED, logout=FRONT))
    add_provider(world, replace(SIGNING, qualifier="two", logout=FRONT), name="second")
    ours = f"{world.installation.settings.public_url}{SSO}"
    asked = signed(authn_request(world, Destination=ours))
    alice.post(f"{SSO}?spQualifier=two", {"SAMLRequest": encoded(asked)})
    index = alice.log_in().session_index
    assert alice.send(logout_request(world, index=index)).status == 400
    assert len(world.rows(sessions)) == 1
    assert posted(alice.send_posted(signed(logout_request(world, index=index, Destination=ours)))).status == ["Success"]


# --- times ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [5, 60])
def test_a_request_is_remembered_as_long_as_it_is_valid(worlds: WorldMaker, minutes: int) -> None:
    settings: dict[str, str] = {"saml.request.validity_period": str(minutes)}
    world = worlds(**settings)
    give_key(world)
    add_alice(world)
    add_provider(world)
    once = authn_request(world, at=instant(world, seconds=290))
    alice = Person(world)
    alice.send(once)
    assert alice.log_in().status == ["Success"]
    world.clock.tick(minutes=minutes + 9, seconds=45)
    other = Person(world)
    other.send(once)
    assert other.last is not None
    assert posted(other.last).status == ["Requester", "RequestDenied"]


# --- sites ------------------------------------------------------------------------------------------------------------


def test_another_site_is_asked_about_before_anybody_is_logged_out(world: World, alice: Person) -> None:
    add_provider(world, replace(SEED, logout=FRONT))
    alice.logged_in()
    alice.headers.update(ACROSS)
    reply = alice.get(f"{SSO}?slo=true")
    assert reply.status == 302
    assert len(world.rows(sessions)) == 1
    page = alice.get(reply.headers["location"])
    assert "alice" in page.text
    action = re.search(r'<form method="post" action="([^"]*)"', page.text)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
    assert action is not None
    alice.headers["sec-fetch-site"] = "same-origin"
    alice.post(action[1], fields)
    assert world.rows(sessions) == []
    assert posted(follow(alice)).action == "https://sp.example/slo"


def test_another_site_that_takes_the_person_back_is_a_service_provider_of_the_session(
    world: World, alice: Person
) -> None:
    logout = replace(FRONT, idp_initiated=True, return_to_urls=(BYE,))
    add_provider(world, replace(SEED, logout=logout))
    alice.headers.update(ACROSS)
    assert "<h1>You are logged out</h1>" in alice.get(f"{SSO}?slo=true").text
    alice.headers.clear()
    alice.logged_in()
    alice.headers.update(ACROSS)
    assert alice.get(f"{SSO}?slo=true&spEntityID=travelocity.com&returnTo=http://evil.example/").status == 400
    assert alice.get(f"{SSO}?slo=true&spEntityID=travelocity.com").status == 302
    assert len(world.rows(sessions)) == 1
    alice.get(f"{SSO}?slo=true&spEntityID=travelocity.com&returnTo={BYE}")
    assert world.rows(sessions) == []


# --- tenants ----------------------------------------------------------------------------------------------------------


def in_tenant(world: World) -> tuple[Person, str]:
    """Return somebody in front of a tenant with a service provider that signs, and the address of everybody."""
    give_key(world, OTHER_TENANT)
    add_alice(world, OTHER_TENANT)
    add_provider(world, SIGNING, tenant=OTHER_TENANT)
    return Person(world, tenant=OTHER_TENANT), f"{world.installation.settings.public_url}{SSO}"


def test_what_was_signed_for_the_super_tenant_is_none_of_a_tenants(world: World) -> None:
    alice, plain = in_tenant(world)
    message = authn_request(world, Destination=plain)
    assert alice.send_posted(signed(message)).status == 400
    assert alice.get(f"/t/{OTHER_TENANT}{signed_redirect(redirect(message))}").status == 400
    own = plain.replace(SSO, f"/t/{OTHER_TENANT}{SSO}")
    alice.send_posted(signed(authn_request(world, Destination=own)))
    assert alice.log_in().status == ["Success"]


@pytest.mark.parametrize("by_issuer", [True, False])
def test_what_we_lead_to_a_tenant_may_name_the_address_that_it_came_to(
    world: World,
    by_issuer: bool,  # noqa: FBT001  # a parameter
) -> None:
    alice, plain = in_tenant(world)
    issuer = f"travelocity.com@{OTHER_TENANT}" if by_issuer else "travelocity.com"
    fields = {"SAMLRequest": encoded(signed(authn_request(world, issuer, Destination=plain)))}
    came = alice.post(SSO if by_issuer else f"{SSO}?tenantDomain={OTHER_TENANT}", fields)
    assert came.status == 307
    assert came.headers["location"].startswith(f"{plain.removesuffix(SSO)}/t/{OTHER_TENANT}{SSO}")
    alice.post(came.headers["location"].removeprefix(plain.removesuffix(SSO)), fields)
    assert alice.log_in().status == ["Success"]


# --- applications -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("removed", [True, False])
def test_an_application_that_goes_during_a_login_is_said_to_be_gone(
    world: World,
    alice: Person,
    removed: bool,  # noqa: FBT001  # a parameter
) -> None:
    made = add_provider(world)
    alice.send(authn_request(world))

    def take_away(work: Work) -> None:
        found = Applications(work).fresh(made.id)
        assert found is not None
        if removed:
            Applications(work).delete(found)
        else:
            Applications(work).replace(found, replace(found, enabled=False))

    world.change(take_away)
    alice.answer({"username": "alice", "password": PASSWORD})
    reply = follow(alice)
    assert reply.status == 400
    assert "<h1>This application is not there any more</h1>" in reply.text
    assert reply.headers["x-trace-id"] in reply.text
    assert [each.outcome for each in world.audit("saml_message")] == ["refused"]


# --- bindings ---------------------------------------------------------------------------------------------------------


def test_a_query_is_signed_beside_its_message(world: World, alice: Person) -> None:
    add_provider(world, SIGNING)
    message = authn_request(world, Destination=f"{world.installation.settings.public_url}{SSO}")
    assert alice.send(signed(message)).status == 400
    alice.send_posted(signed(message))
    assert alice.log_in().status == ["Success"]


# --- mail addresses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["wso2", "recommended"])
@pytest.mark.parametrize("proven", [True, False])
def test_only_a_proven_mail_address_names_somebody(
    worlds: WorldMaker,
    profile: str,
    proven: bool,  # noqa: FBT001  # a parameter
) -> None:
    world = worlds(profile=profile)
    give_key(world)
    add_alice(world)
    add_provider(world, replace(SEED, name_id_format=FORMAT_11 + "emailAddress"))
    verified = {EMAIL_VERIFIED: "true" if proven else "false"}
    world.change(lambda work: Users(work).set_claims(world.known("alice").id, verified))
    answer = Person(world).logged_in()
    if proven or profile == "wso2":
        assert answer.name_id == "alice@example.com"
        return
    assert answer.status == ["Requester", "InvalidNameIDPolicy"]
    assert "not verified" in str(answer.text(".//samlp:StatusMessage"))
    assert answer.action == SEED_ACS
