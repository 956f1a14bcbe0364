"""Applications and identity providers on both databases."""

from functools import partial

from tests.applications.kit import APPLICATIONS, PROVIDERS, SEED_APPLICATION, add_provider, create, with_saml
from tests.world import OTHER_TENANT, World
from watchword.applications.store import Applications, Associations


def test_an_application_is_made_changed_and_removed(world: World) -> None:
    provider = add_provider(world)
    application = create(world, APPLICATIONS, SEED_APPLICATION)
    place = f"{APPLICATIONS}/{application}"
    assert world.request("PATCH", place, {"name": "travel", "description": "Κίμ 🦊"}).status == 200
    shown = world.request("GET", place).json
    assert (shown["name"], shown["description"], shown["issuer"]) == ("travel", "Κίμ 🦊", "travelocity.com")
    assert world.do(lambda work: Applications(work).of_issuer("travelocity.com", "other")) is None
    assert "Application/travel" in world.known("admin").roles
    assert world.request("DELETE", f"{PROVIDERS}/{provider}").status == 409
    assert world.request("DELETE", f"{PROVIDERS}/{provider}?force=true").status == 204
    assert world.request("DELETE", place).status == 204
    assert world.request("GET", place).status == 404


def test_of_several_who_take_a_name_at_once_one_has_it(world: World) -> None:
    add_provider(world)
    calls = [partial(world.request, "POST", APPLICATIONS, with_saml(issuer=f"issuer-{n}")) for n in range(4)]
    assert sorted(reply.status for reply in world.together(*calls)) == [201, 409, 409, 409]
    names = [{**with_saml(issuer="one"), "name": f"shop-{number}"} for number in range(4)]
    calls = [partial(world.request, "POST", APPLICATIONS, body) for body in names]
    assert sorted(reply.status for reply in world.together(*calls)) == [201, 409, 409, 409]


def test_of_several_changes_at_once_none_is_lost_unseen(world: World) -> None:
    add_provider(world)
    place = f"{APPLICATIONS}/{create(world, APPLICATIONS, SEED_APPLICATION)}"
    changes = [{"description": "x"}, {"accessUrl": "https://shop.example/"}, {"advancedConfigurations": {"saas": True}}]
    statuses = [
        reply.status for reply in world.together(*(partial(world.request, "PATCH", place, each) for each in changes))
    ]
    shown = world.request("GET", place).json
    arrived = [shown["description"] == "x", shown["accessUrl"] != "", shown["advancedConfigurations"]["saas"]]
    assert set(statuses) <= {200, 409}
    assert arrived == [status == 200 for status in statuses]
    assert any(arrived)


def test_a_link_can_be_made_anew(world: World) -> None:
    kim, pat = world.add_person("kim"), world.add_person("pat")
    world.change(lambda work: Associations(work).link("provider", "k@far", kim.id))
    world.change(lambda work: Associations(work).link("provider", "k@far", pat.id))
    assert world.do(lambda work: Associations(work).linked("provider", "k@far")) == pat.id
    assert world.do(lambda work: Associations(work).of_user(kim.id)) == []
    assert world.do(lambda work: Associations(work).linked("provider", "k@far"), OTHER_TENANT) is None
