"""The tenant's signing keys and our metadata: made at first need, changed without a gap."""

import pytest
from lxml import etree

from tests.saml.kit import NAMES, Person, add_alice, add_provider, authn_request
from tests.world import OTHER_TENANT, World
from watchword.base.problems import SigningKeyRefused
from watchword.saml.keys import KeyState, TenantKey
from watchword.saml.sealing import bare
from watchword.saml.usecases.keys import add_next_key, promote_key, published_keys, retire_key
from watchword.storage.schema import tenant_keys
from watchword.web.model import SUPER_TENANT

METADATA = "/identity/metadata/saml2"


def described(world: World, tenant: str = "") -> etree._Element:
    reply = world.request("GET", f"{tenant}{METADATA}", by=None)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/samlmetadata+xml")
    return etree.fromstring(reply.octets)


def certificates(world: World, tenant: str = "") -> list[str | None]:
    return [each.text for each in described(world, tenant).iterfind(".//ds:X509Certificate", NAMES)]


def keys(world: World) -> list[TenantKey]:
    return list(world.do(published_keys))


def test_metadata_says_only_what_works(world: World) -> None:
    root = described(world)
    assert root.get("entityID") == "localhost"
    places = {
        (etree.QName(each).localname, str(each.get("Binding")).rpartition(":")[2], each.get("Location"))
        for each in root.iterfind("md:IDPSSODescriptor/*", NAMES)
        if each.get("Binding")
    }
    url = f"{world.installation.settings.public_url}/samlsso"
    ways = ("HTTP-Redirect", "HTTP-POST")
    assert places == {(name, way, url) for name in ("SingleSignOnService", "SingleLogoutService") for way in ways}
    assert [each.get("use") for each in root.iterfind(".//md:KeyDescriptor", NAMES)] == ["signing"]
    formats = [str(each.text).rpartition(":")[2] for each in root.iterfind(".//md:NameIDFormat", NAMES)]
    assert formats == ["unspecified", "emailAddress", "persistent", "transient"]


def test_the_first_key_is_made_at_first_need(world: World) -> None:
    assert [row["tenant"] for row in world.rows(tenant_keys)] == [SUPER_TENANT]
    root = described(world, f"/t/{OTHER_TENANT}")
    assert root.find("md:IDPSSODescriptor/md:SingleSignOnService", NAMES) is not None
    made = {row["tenant"] for row in world.rows(tenant_keys)}
    assert made == {SUPER_TENANT, OTHER_TENANT}
    assert certificates(world, f"/t/{OTHER_TENANT}") != certificates(world)


def test_two_who_need_the_first_key_make_one(world: World) -> None:
    replies = world.together(*[lambda: certificates(world, f"/t/{OTHER_TENANT}")] * 3)
    assert replies[0] == replies[1] == replies[2]
    assert len(replies[0]) == 1


def test_a_private_key_is_stored_sealed(world: World) -> None:
    assert all(b"PRIVATE" not in row["sealed"] for row in world.rows(tenant_keys))


def test_keys_are_changed_without_a_gap(world: World, alice: Person) -> None:
    add_provider(world)
    [old] = keys(world)
    new = world.do(add_next_key)
    assert new.state is KeyState.NEXT
    assert certificates(world) == [bare(old.certificate), bare(new.certificate)]
    assert bare(old.certificate) in signed_by(alice, world, "_r1")
    world.do(promote_key)
    assert certificates(world) == [bare(new.certificate), bare(old.certificate)]
    assert bare(new.certificate) in signed_by(alice, world, "_r2")
    world.do(lambda work: retire_key(work, old.id))
    assert certificates(world) == [bare(new.certificate)]


def signed_by(alice: Person, world: World, request_id: str) -> list[str]:
    alice.send(authn_request(world, id=request_id))
    answer = alice.arrive() if alice.page == "/samlsso" else alice.log_in()
    return ["".join(str(each.text).split()) for each in answer.find(".//ds:X509Certificate")]


def test_the_key_that_signs_cannot_be_retired(world: World) -> None:
    [active] = keys(world)
    with pytest.raises(SigningKeyRefused):
        world.do(lambda work: retire_key(work, active.id))
    with pytest.raises(SigningKeyRefused):
        world.do(promote_key)


def test_there_is_one_next_key(world: World) -> None:
    world.do(add_next_key)
    with pytest.raises(SigningKeyRefused):
        world.do(add_next_key)


def test_each_tenant_signs_with_its_own_key(world: World) -> None:
    add_alice(world, OTHER_TENANT)
    add_provider(world, tenant=OTHER_TENANT)
    person = Person(world, tenant=OTHER_TENANT)
    person.send(authn_request(world))
    answer = person.log_in()
    assert answer.status == ["Success"]
    told = {"".join(str(each.text).split()) for each in answer.find(".//ds:X509Certificate")}
    assert told == set(certificates(world, f"/t/{OTHER_TENANT}"))
