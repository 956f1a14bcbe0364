"""Single logout: cases PLAT-SLO-*, and what else platform.md 1.10 says."""

import base64
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from lxml import etree

from tests.conftest import WorldMaker
from tests.saml.kit import (
    AVIS,
    AVIS_ACS,
    NAMES,
    SEED,
    SEED_ACS,
    SSO,
    Person,
    Posted,
    add_alice,
    add_provider,
    authn_request,
    encoded,
    give_key,
    logout_request,
    logout_response,
    pair,
    posted,
    redirect,
    signed,
    signed_redirect,
)
from tests.world import OTHER_TENANT, Reply, World
from watchword.applications.model import LogoutMethod, SingleLogout
from watchword.login.usecases.sessions import end_session
from watchword.saml.back_channel import BackChannel
from watchword.saml.reading import receive_redirect
from watchword.storage.schema import logout_requests, session_applications, sessions

PAGE = "/authenticationendpoint/samlsso_logout.do"


@dataclass
class Peer:
    """A service provider's own server: it notes what it is told, and answers as it was told to."""

    url: str
    told: list[dict[str, str]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def requests(self) -> list[etree._Element]:
        """Return the LogoutRequests that arrived."""
        return [etree.fromstring(base64.b64decode(each["SAMLRequest"])) for each in self.told]


@contextmanager
def open_peer() -> Iterator[Peer]:
    """Serve a peer on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            opened.told.append(dict(parse_qsl(body)) if body.startswith("SAML") else {"body": body})
            status, headers, octets = opened.answers.pop(0) if opened.answers else (200, {}, b"bye")
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    opened = Peer(f"http://127.0.0.1:{server.server_port}/slo")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield opened
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    with open_peer() as opened:
        yield opened


@pytest.fixture
def world(worlds: WorldMaker) -> World:
    """Return an installation that may call this machine."""
    settings: dict[str, Any] = {"watchword.outgoing.allow_private": "true", "watchword.dev": "true"}
    world = worlds(**settings)
    give_key(world)
    add_alice(world)
    return world


def front(url: str, method: LogoutMethod = LogoutMethod.FRONT_CHANNEL_REDIRECT) -> SingleLogout:
    return SingleLogout(request_url=url, method=method)


def both(world: World, person: Person, logout: SingleLogout) -> Posted:
    """Log in at two applications, of which the second wants to be told so."""
    add_provider(world)
    add_provider(world, replace(AVIS, logout=logout))
    first = person.logged_in()
    person.logged_in("avis.com", id="_r2")
    return first


# --- asked for by a service provider ----------------------------------------------------------------------------------


def test_a_logout_tells_the_others_and_answers_the_one_who_asked(world: World, alice: Person, peer: Peer) -> None:
    first = both(world, alice, SingleLogout(request_url=peer.url))
    alice.send_posted(logout_request(world, index=first.session_index), relay_state="bye")
    assert alice.last is not None
    answer = posted(alice.last)
    assert (answer.action, answer.status) == (SEED_ACS, ["Success"])
    assert answer.fields["RelayState"] == "bye"
    assert answer.root.get("InResponseTo") == "_l1"
    assert answer.goes_by_itself
    [told] = peer.requests
    assert told.findtext("saml:NameID", namespaces=NAMES) == "alice"
    assert told.findtext("samlp:SessionIndex", namespaces=NAMES) == first.session_index
    assert told.get("Reason") == "urn:oasis:names:tc:SAML:2.0:logout:user"
    assert told.get("Destination") == peer.url
    assert told.find("ds:Signature", NAMES) is not None
    assert world.rows(sessions) == []
    assert world.rows(session_applications) == []
    assert "commonAuthId" not in alice.cookies


def test_plat_slo_02_who_does_not_confirm_is_named(world: World, alice: Person) -> None:
    first = both(world, alice, SingleLogout(request_url="http://127.0.0.1:9/slo"))
    alice.send_posted(logout_request(world, index=first.session_index))
    assert alice.last is not None
    answer = posted(alice.last)
    assert answer.status == ["Success", "PartialLogout"]
    assert "<li>avis.com</li>" in alice.last.text
    assert not answer.goes_by_itself
    assert world.rows(sessions) == []


def test_plat_slo_03_an_index_is_not_enough(world: World, alice: Person) -> None:
    add_provider(world)
    index = alice.logged_in().session_index
    stranger = Person(world)
    assert stranger.send_posted(logout_request(world, index=index)).status == 400
    assert stranger.send(logout_request(world, index=index)).status == 400
    assert posted(alice.send_posted(logout_request(world, "bob", index, id="_l2"))).status[0] == "Requester"
    assert alice.is_logged_in


@pytest.mark.parametrize("body", [{"SAMLRequest": "%%%"}, {"SAMLRequest": ""}, {}, {"SAMLResponse": "x"}])
def test_plat_slo_04_nonsense_is_a_page(alice: Person, body: dict[str, str]) -> None:
    reply = alice.post(SSO, body)
    assert reply.status == 400
    assert reply.headers["x-trace-id"] in reply.text


def test_plat_slo_04_an_unknown_issuer_is_a_page(world: World, alice: Person) -> None:
    reply = alice.send_posted(logout_request(world, issuer="nosuch"))
    assert reply.status == 400
    assert "nosuch" not in reply.text
    assert reply.headers["x-trace-id"] in reply.text


def test_plat_slo_05_an_issuer_may_name_its_tenant(world: World) -> None:
    give_key(world, OTHER_TENANT)
    add_alice(world, OTHER_TENANT)
    add_provider(world, tenant=OTHER_TENANT)
    person = Person(world)
    issuer = f"travelocity.com@{OTHER_TENANT}"
    led = person.send(authn_request(world, issuer))
    assert led.status == 307
    person.get(led.headers["location"])
    person.tenant = OTHER_TENANT
    answer = person.log_in()
    assert [each.text for each in answer.find(".//saml:Audience")] == ["travelocity.com"]
    led = person.post(SSO, {"SAMLRequest": encoded(logout_request(world, index=answer.session_index, issuer=issuer))})
    assert led.status == 307
    body = {"SAMLRequest": encoded(logout_request(world, index=answer.session_index, issuer=issuer))}
    assert posted(person.post(urlsplit(led.headers["location"]).path, body)).status == ["Success"]


def test_a_tenant_that_is_not_there_is_refused(world: World, alice: Person) -> None:
    assert alice.send(authn_request(world, "travelocity.com@nowhere.example")).status == 400
    assert alice.get(f"{SSO}?spEntityID=travelocity.com&tenantDomain=nowhere.example").status == 400


def test_plat_slo_07_who_wants_no_answer_gets_none(world: World, alice: Person) -> None:
    add_provider(world)
    index = alice.logged_in().session_index
    wish = (
        '<samlp:Extensions><aslo:Asynchronous xmlns:aslo="urn:oasis:names:tc:SAML:2.0:protocol:ext:async-slo"/>'
        "</samlp:Extensions>"
    )
    reply = alice.send_posted(logout_request(world, index=index, inner=wish))
    assert reply.status == 200
    assert "SAMLResponse" not in reply.text
    assert "<h1>You are logged out</h1>" in reply.text
    assert world.rows(sessions) == []


def test_without_an_index_the_browsers_own_session_is_meant(world: World, alice: Person) -> None:
    add_provider(world)
    alice.logged_in()
    assert posted(alice.send(logout_request(world))).status == ["Success"]
    assert world.rows(sessions) == []


def test_nobody_is_logged_out_who_is_not_logged_in(world: World, alice: Person) -> None:
    add_provider(world)
    answer = posted(alice.send(logout_request(world, index="unknown")))
    assert (answer.action, answer.status) == (SEED_ACS, ["Requester"])


def test_a_service_provider_that_takes_no_part_ends_nothing(world: World, alice: Person) -> None:
    add_provider(world)
    add_provider(world, AVIS)
    index = alice.logged_in().session_index
    answer = posted(alice.send(logout_request(world, index=index, issuer="avis.com")))
    assert (answer.action, answer.status) == (AVIS_ACS, ["Requester", "RequestDenied"])
    assert alice.is_logged_in


def test_a_request_comes_once_and_in_time(world: World, alice: Person) -> None:
    add_provider(world)
    first = alice.logged_in()
    late = logout_request(world, index=first.session_index, NotOnOrAfter="2029-12-31T00:00:00Z")
    assert posted(alice.send(late)).status == ["Requester", "RequestDenied"]
    message = logout_request(world, index=first.session_index)
    assert posted(alice.send(message)).status == ["Success"]
    alice.logged_in(id="_r9")
    again = message.replace(first.session_index, "")
    assert posted(alice.send(again)).status == ["Requester", "RequestDenied"]
    assert alice.is_logged_in


# --- signed -----------------------------------------------------------------------------------------------------------

SIGNING = replace(SEED, verify_requests=True, certificates=(pair("sp").certificate,))


def signed_log_in(world: World, alice: Person) -> tuple[str, str]:
    """Log in where requests must be signed; return the session's index and our address."""
    add_provider(world, SIGNING)
    ours = f"{world.installation.settings.public_url}{SSO}"
    alice.get(signed_redirect(redirect(authn_request(world, Destination=ours))))
    return alice.log_in().session_index, ours


def test_a_signed_request_needs_no_cookie(world: World, alice: Person) -> None:
    index, ours = signed_log_in(world, alice)
    message = logout_request(world, index=index, Destination=ours)
    assert posted(Person(world).send_posted(signed(message))).status == ["Success"]
    assert world.rows(sessions) == []


def test_who_must_sign_and_does_not_ends_nothing(world: World, alice: Person) -> None:
    index, ours = signed_log_in(world, alice)
    message = logout_request(world, index=index, Destination=ours)
    assert alice.send_posted(message).status == 400
    assert alice.send(message).status == 400
    assert alice.get(signed_redirect(redirect(message), "other")).status == 400
    assert len(world.rows(sessions)) == 1


# --- front channel ----------------------------------------------------------------------------------------------------


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def test_a_front_channel_is_walked_by_redirection(world: World, alice: Person) -> None:
    first = both(world, alice, front("https://avis.example/slo?x=1"))
    alice.send(logout_request(world, index=first.session_index))
    page = follow(alice)
    address = link_in(page)
    assert address.startswith("https://avis.example/slo?x=1&SAMLRequest=")
    assert "Signature" in query_of(address)
    received = receive_redirect(address.partition("?")[2].replace("x=1&", ""), "SAMLRequest")
    request_id = str(received.root.get("ID"))
    alice.get(redirect(logout_response(world, request_id, "avis.com"), name="SAMLResponse"))
    answer = posted(follow(alice))
    assert (answer.action, answer.status) == (SEED_ACS, ["Success"])


def test_a_front_channel_is_walked_by_forms(world: World, alice: Person) -> None:
    first = both(world, alice, front("https://avis.example/slo", LogoutMethod.FRONT_CHANNEL_POST))
    alice.send(logout_request(world, index=first.session_index))
    form = posted(follow(alice))
    assert form.action == "https://avis.example/slo"
    assert form.find("ds:Signature") != []
    alice.send_posted(logout_response(world, str(form.root.get("ID")), "avis.com"), name="SAMLResponse")
    assert posted(follow(alice)).status == ["Success"]


def follow(person: Person) -> Reply:
    assert person.last is not None
    assert person.last.status in {302, 303}, person.last.text
    return person.get(person.last.headers["location"])


def link_in(page: Reply) -> str:
    return unescape(page.text.partition('class="button" href="')[2].partition('"')[0])


def test_a_service_provider_that_is_gone_strands_nobody(world: World, alice: Person) -> None:
    first = both(world, alice, front("https://gone.example/slo"))
    alice.send(logout_request(world, index=first.session_index))
    assert 'http-equiv="refresh"' in follow(alice).text
    [row] = world.rows(logout_requests)
    back = alice.get(f"{PAGE}?logout={row['logout_id']}")
    assert "has not answered yet" in back.text
    assert 'http-equiv="refresh"' not in back.text
    fields = dict(re.findall(r'name="(logout|skip)" value="([^"]*)"', back.text))
    alice.post(PAGE, fields)
    answer = posted(follow(alice))
    assert answer.status == ["Success", "PartialLogout"]


def test_an_answer_goes_the_way_of_the_requests(world: World, alice: Person) -> None:
    logout = replace(front("https://travelocity.example/slo"), response_url="https://travelocity.example/slo")
    add_provider(world, replace(SEED, logout=logout))
    add_provider(world, replace(AVIS, logout=SingleLogout(request_url="http://127.0.0.1:9/slo")))
    first = alice.logged_in()
    reply = alice.send(logout_request(world, index=first.session_index), relay_state="bye")
    assert reply.status == 302
    address = reply.headers["location"]
    assert address.startswith("https://travelocity.example/slo?SAMLResponse=")
    assert query_of(address)["RelayState"] == "bye"
    index = alice.logged_in(id="_r3").session_index
    alice.logged_in("avis.com", id="_r2")
    reply = alice.send(logout_request(world, index=index, id="_l2"))
    assert "<li>avis.com</li>" in reply.text
    assert link_in(reply).startswith("https://travelocity.example/slo?SAMLResponse=")
    assert "<form" not in reply.text


def test_a_round_that_is_none_leads_to_the_end(alice: Person) -> None:
    reply = alice.post(PAGE, {"logout": "\u0100\r\nX-Y: z", "skip": "\u0100"})
    assert reply.headers["location"].isascii()
    assert "x-y" not in reply.headers
    assert "<h1>You are logged out</h1>" in follow(alice).text


def test_a_failed_front_channel_is_partial(world: World, alice: Person) -> None:
    first = both(world, alice, front("https://avis.example/slo", LogoutMethod.FRONT_CHANNEL_POST))
    alice.send(logout_request(world, index=first.session_index))
    form = posted(follow(alice))
    answer = logout_response(world, str(form.root.get("ID")), "avis.com", "Responder")
    alice.send_posted(answer, name="SAMLResponse")
    assert posted(follow(alice)).status == ["Success", "PartialLogout"]


def test_who_must_sign_signs_its_answer_too(world: World, alice: Person) -> None:
    logout = front("https://avis.example/slo", LogoutMethod.FRONT_CHANNEL_POST)
    add_provider(world)
    signing: dict[str, Any] = {"verify_requests": True, "certificates": (pair("sp").certificate,)}
    add_provider(world, replace(AVIS, logout=logout, qualifier="two", **signing), name="avis two")
    ours = f"{world.installation.settings.public_url}{SSO}"
    first = alice.logged_in()
    asked = redirect(authn_request(world, "avis.com", id="_r2", Destination=ours), spQualifier="two")
    path, _, query = asked.partition("?")
    bare, _, qualifier = query.rpartition("&")
    alice.get(f"{signed_redirect(f'{path}?{bare}')}&{qualifier}")
    assert alice.arrive().status == ["Success"]
    alice.send(logout_request(world, index=first.session_index))
    request_id = str(posted(follow(alice)).root.get("ID"))
    answer = logout_response(world, request_id, "avis.com")
    assert alice.send_posted(answer, name="SAMLResponse").status == 400
    answer = answer.replace('Version="2.0"', f'Version="2.0" Destination="{ours}"')
    assert alice.send_posted(signed(answer, "other"), name="SAMLResponse").status == 400
    alice.send_posted(signed(answer), name="SAMLResponse")
    assert posted(follow(alice)).status == ["Success"]


def test_an_answer_that_nobody_waits_for_is_refused(world: World, alice: Person) -> None:
    first = both(world, alice, front("https://avis.example/slo", LogoutMethod.FRONT_CHANNEL_POST))
    assert alice.send_posted(logout_response(world, "_unknown", "avis.com"), name="SAMLResponse").status == 400
    alice.send(logout_request(world, index=first.session_index))
    form = posted(follow(alice))
    forged = logout_response(world, str(form.root.get("ID")), "travelocity.com")
    assert alice.send_posted(forged, name="SAMLResponse").status == 400
    assert world.rows(logout_requests)[0]["state"] == "waiting"


# --- back channel -----------------------------------------------------------------------------------------------------


def look(world: World) -> None:
    back_channel = BackChannel.of_settings(world.installation.works, world.installation.settings)
    try:
        back_channel.look()
    finally:
        back_channel.stop()


def test_a_back_channel_is_tried_again_after_1_5_and_25_seconds(world: World, alice: Person, peer: Peer) -> None:
    first = both(world, alice, SingleLogout(request_url=peer.url))
    peer.answers += [(500, {}, b"")] * 4
    alice.send(logout_request(world, index=first.session_index))
    for seconds in (1, 5, 25):
        look(world)
        tries = len(peer.told)
        world.clock.tick(seconds=seconds)
        look(world)
        assert len(peer.told) == tries + 1
    world.clock.tick(hours=1)
    look(world)
    assert len(peer.told) == 4
    assert [row["state"] for row in world.rows(logout_requests)] == ["failed"]
    assert len({each.get("ID") for each in peer.requests}) == 1
    [told] = world.audit("saml_logout_told")
    assert (told.target, told.outcome) == ("avis.com", "failed")


def test_a_try_that_succeeds_later_is_noted(world: World, alice: Person, peer: Peer) -> None:
    first = both(world, alice, SingleLogout(request_url=peer.url))
    peer.answers += [(503, {}, b"")]
    answer = posted(alice.send(logout_request(world, index=first.session_index)))
    assert answer.status == ["Success", "PartialLogout"]
    world.clock.tick(seconds=1)
    look(world)
    assert [row["state"] for row in world.rows(logout_requests)] == ["confirmed"]


def test_an_answer_that_says_no_is_not_taken_for_a_yes(world: World, alice: Person, peer: Peer) -> None:
    first = both(world, alice, SingleLogout(request_url=peer.url))
    peer.answers += [(200, {}, logout_response(world, "_x", "avis.com", "Responder").encode())]
    answer = posted(alice.send(logout_request(world, index=first.session_index)))
    assert answer.status == ["Success", "PartialLogout"]


@pytest.mark.parametrize("confirms", [True, False])
def test_a_redirection_confirms_only_with_an_answer(
    world: World, alice: Person, peer: Peer, confirms: bool  # noqa: FBT001  # a parameter
) -> None:  # fmt: skip
    first = both(world, alice, SingleLogout(request_url=peer.url))
    told = redirect(logout_response(world, "_x", "avis.com"), name="SAMLResponse")
    peer.answers += [(302, {"location": told if confirms else "/login"}, b"")]
    answer = posted(alice.send(logout_request(world, index=first.session_index)))
    assert answer.status == (["Success"] if confirms else ["Success", "PartialLogout"])


def test_soap_is_spoken_where_the_metadata_says_so(world: World, alice: Person, peer: Peer) -> None:
    first = both(world, alice, SingleLogout(request_url=peer.url, uses_soap=True))
    alice.send(logout_request(world, index=first.session_index))
    envelope = etree.fromstring(peer.told[0]["body"].encode())
    assert envelope.tag == "{http://schemas.xmlsoap.org/soap/envelope/}Envelope"
    assert envelope.find(".//samlp:LogoutRequest/ds:Signature", NAMES) is not None


def test_a_session_that_an_administrator_ends_is_told(world: World, alice: Person, peer: Peer) -> None:
    both(world, alice, SingleLogout(request_url=peer.url))
    [session] = world.rows(sessions)
    world.change(lambda work: end_session(work, session["id"], "by an administrator"))
    look(world)
    assert len(peer.told) == 1
    assert world.rows(session_applications) == []
    look(world)
    assert len(peer.told) == 1


def test_a_private_address_is_not_called(worlds: WorldMaker, peer: Peer) -> None:
    world = worlds()
    give_key(world)
    add_alice(world)
    alice = Person(world)
    first = both(world, alice, SingleLogout(request_url=peer.url))
    answer = posted(alice.send(logout_request(world, index=first.session_index)))
    assert answer.status == ["Success", "PartialLogout"]
    assert peer.told == []


# --- asked for by the person ------------------------------------------------------------------------------------------

BYE = "http://localhost:8080/bye"
RETURNING = replace(
    SEED, logout=SingleLogout(request_url="http://127.0.0.1:9/slo", idp_initiated=True, return_to_urls=(BYE,))
)


def test_plat_slo_06_only_registered_addresses_are_returned_to(world: World, alice: Person) -> None:
    add_provider(world, RETURNING)
    alice.logged_in()
    for query in (
        "slo=true&spEntityID=travelocity.com&returnTo=http://evil.example/",
        f"slo=true&returnTo={BYE}",
        f"slo=true&spEntityID=nosuch&returnTo={BYE}",
        f"slo=true&spEntityID=travelocity.com&returnTo={BYE}/../evil",
    ):
        reply = alice.get(f"{SSO}?{query}")
        assert reply.status == 400
        assert "location" not in reply.headers
    assert len(world.rows(sessions)) == 1
    reply = alice.get(f"{SSO}?slo=true&spEntityID=travelocity.com&returnTo={BYE}")
    assert (reply.status, reply.headers["location"]) == (302, BYE)
    assert world.rows(sessions) == []


def test_a_service_provider_that_takes_nobody_back_is_not_returned_to(world: World, alice: Person) -> None:
    add_provider(world)
    alice.logged_in()
    assert alice.get(f"{SSO}?slo=true&spEntityID=travelocity.com&returnTo={SEED_ACS}").status == 400


def test_a_person_logs_out_everywhere(world: World, alice: Person, peer: Peer) -> None:
    add_provider(world, replace(SEED, logout=SingleLogout(request_url="http://127.0.0.1:9/slo")))
    add_provider(world, replace(AVIS, logout=SingleLogout(request_url=peer.url)))
    alice.logged_in()
    alice.logged_in("avis.com", id="_r2")
    reply = alice.get(f"{SSO}?slo=true")
    assert reply.status == 200
    assert "<h1>You are logged out</h1>" in reply.text
    assert re.findall("<li>(.*com)</li>", reply.text) == ["travelocity.com"]
    assert len(peer.told) == 1
    assert world.rows(sessions) == []


def test_a_picture_in_another_page_logs_nobody_out(world: World, alice: Person) -> None:
    add_provider(world)
    alice.logged_in()
    alice.headers["sec-fetch-dest"] = "image"
    assert alice.get(f"{SSO}?slo=true").status == 400
    assert len(world.rows(sessions)) == 1


def test_whoever_is_logged_out_already_is_told_so(alice: Person) -> None:
    assert "<h1>You are logged out</h1>" in alice.get(f"{SSO}?slo=true").text
