"""Tenants and user stores come and go on SQLite and on PostgreSQL alike."""

from functools import partial

from tests.conftest import WorldMaker
from tests.world import World
from watchword.accounts.http.stores import STORES
from watchword.storage.schema import metadata, users
from watchword.tenants.http.tenants import TENANTS

DOMAIN = "example.com"
KIM = ("kim", "Kim12!xyz")
OWNER = {"username": KIM[0], "password": KIM[1], "email": "kim@example.com", "firstname": "Kim"}


def found(world: World) -> int:
    return world.request("POST", TENANTS, {"domain": DOMAIN, "owners": [OWNER]}).status


def of_tenant(world: World) -> set[str]:
    return {table.name for table in metadata.sorted_tables for row in world.rows(table) if row["tenant"] == DOMAIN}


def test_a_tenant_is_made_by_one_switched_off_and_removed(world: World) -> None:
    assert sorted(world.together(*[partial(found, world)] * 3)) == [201, 409, 409]
    tenant = world.request("GET", f"{TENANTS}/domain/{DOMAIN}").json
    assert [each["username"] for each in tenant["owners"]] == ["kim"]
    world.register("pat", tenant=DOMAIN)
    place = f"{TENANTS}/{tenant['id']}"
    assert world.request("PUT", f"{place}/owners/{tenant['owners'][0]['id']}", {"lastname": "Lee"}).status == 200
    assert world.request("PUT", f"{place}/lifecycle-status", {"activated": False}).status == 200
    assert world.request("GET", STORES, by=KIM, tenant=DOMAIN).status == 404
    assert {row["sessions_from"] is None for row in world.rows(users) if row["tenant"] == DOMAIN} == {False}
    assert world.request("DELETE", f"{place}/metadata").status == 204
    assert of_tenant(world) == {"audit"}


def test_an_owner_that_is_refused_leaves_nothing(worlds: WorldMaker) -> None:
    world = worlds(profile="wso2")
    body = {"domain": DOMAIN, "owners": [OWNER, OWNER | {"username": "lee", "password": "with a blank"}]}
    assert world.request("POST", TENANTS, body).status == 400
    assert of_tenant(world) == set()


def test_a_user_store_is_made_by_one_and_goes_with_its_users(world: World) -> None:
    body = {"name": "STAFF", "description": "People"}

    def make() -> int:
        return world.request("POST", STORES, body).status

    assert sorted(world.together(make, make, make)) == [201, 409, 409]
    (shown,) = world.request("GET", STORES).json
    world.register("STAFF/pat")
    place = f"{STORES}/{shown['id']}"
    assert world.request("DELETE", place).status == 409
    assert world.request("PUT", place, body | {"description": "Others"}).json["description"] == "Others"
    assert world.request("DELETE", f"{place}?force=true").status == 204
    assert [row["name"] for row in world.rows(users)] == ["admin"]
    assert world.states() == ["cancelled"]
