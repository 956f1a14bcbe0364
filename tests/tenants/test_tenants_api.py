"""Tenants with their owners over REST (platform.md 4.1)."""

from functools import partial
from typing import Any

import pytest

from tests.conftest import WorldMaker
from tests.login.visitor import BASIC, Visitor, add_application, with_protocol
from tests.world import ADMIN, API, OTHER_TENANT, PASSWORD, Reply, World
from watchword.accounts.usecases.administrators import create_client
from watchword.applications.model import Advanced
from watchword.storage.schema import metadata, sessions, users
from watchword.tenants.http.tenants import TENANTS
from watchword.tenants.model import opaque_id

DOMAIN = "example.com"
KIM = ("kim", "Kim12!xyz")
MOBILE = "http://wso2.org/claims/mobile"


def owner(**changes: object) -> dict[str, object]:
    usual = {
        "username": KIM[0], "password": KIM[1], "email": "kim@example.com", "firstname": "Kim", "lastname": "Lee",
        "provisioningMethod": "inline-password",
    }  # fmt: skip
    return usual | changes


def found(world: World, *owners: dict[str, object], domain: str = DOMAIN) -> Reply:
    return world.request("POST", TENANTS, {"domain": domain, "name": "Example", "owners": list(owners)})


@pytest.fixture
def tenant_x(world: World) -> str:
    """Make the tenant, and return its id."""
    return str(found(world, owner()).json["id"])


def test_PLAT_TEN_01_a_tenant_is_made_with_its_owner(world: World) -> None:
    made = found(world, owner())
    assert (made.status, made.headers["location"]) == (201, f"{TENANTS}/{made.json['id']}")
    assert [each["username"] for each in made.json["owners"]] == ["kim"]
    suffixed = (f"kim@{DOMAIN}", KIM[1])
    assert world.request("GET", "/api/server/v1/userstores", by=suffixed, tenant=DOMAIN).status == 200
    assert [row["name"] for row in world.rows(users) if row["tenant"] == DOMAIN] == ["kim"]
    assert world.request("GET", "/api/server/v1/userstores", by=KIM).status == 401


@pytest.mark.usefixtures("tenant_x")
def test_PLAT_TEN_02_a_tenants_administrator_sees_no_other_tenant(world: World) -> None:
    world.add_person("pat", tenant=OTHER_TENANT)
    known = f"{API}/pi-info/{opaque_id('pat')}"
    assert world.request("GET", known, tenant=OTHER_TENANT).status == 200
    assert world.request("GET", known, by=KIM, tenant=DOMAIN).status == 404
    assert world.request("GET", known, by=KIM, tenant=OTHER_TENANT).status == 401
    assert world.request("GET", TENANTS, by=KIM, tenant=DOMAIN).status == 403
    suffixed = (f"kim@{DOMAIN}", KIM[1])
    assert world.request("GET", TENANTS, by=suffixed, tenant="carbon.super").status == 401
    assert world.request("GET", TENANTS, by=suffixed).status == 401


@pytest.mark.usefixtures("tenant_x")
def test_a_client_of_a_tenant_manages_no_tenants_whatever_it_was_given(world: World) -> None:
    permissions = frozenset({"tenants:manage", "stores:view"})
    world.do(partial(create_client, name="robot", secret="robot-secret", permissions=permissions), DOMAIN)
    robot = ("robot", "robot-secret")
    assert world.request("GET", "/api/server/v1/userstores", by=robot, tenant=DOMAIN).status == 200
    assert world.request("GET", TENANTS, by=robot, tenant=DOMAIN).status == 403


def test_a_tenant_is_found_by_id_and_domain(world: World, tenant_x: str) -> None:
    assert world.request("GET", f"{TENANTS}/{tenant_x}").json["domain"] == DOMAIN
    shown = world.request("GET", f"{TENANTS}/domain/{DOMAIN}").json
    assert (shown["id"], shown["name"], shown["lifecycleStatus"]) == (tenant_x, "Example", {"activated": True})
    assert shown["createdDate"].startswith("2030-01-01T")
    listed = world.request("GET", TENANTS).json
    assert [each["domain"] for each in listed["tenants"]] == [OTHER_TENANT, DOMAIN]
    assert listed["totalResults"] == 2


@pytest.mark.usefixtures("tenant_x")
@pytest.mark.parametrize(("domain", "status"), [(DOMAIN, 200), ("carbon.super", 200), ("nobody.example", 404)])
def test_head_tells_whether_a_domain_is_taken(world: World, domain: str, status: int) -> None:
    assert world.request("HEAD", f"{TENANTS}/domain/{domain}").status == status


@pytest.mark.usefixtures("tenant_x")
def test_a_domain_is_given_once(world: World) -> None:
    assert (again := found(world, owner())).status == 409
    assert again.code == "TM-60002"
    assert found(world, domain="carbon.super").status == 409


def test_of_two_who_want_a_domain_one_has_it(world: World) -> None:
    replies = world.together(partial(found, world, owner()), partial(found, world, owner()))
    assert sorted(each.status for each in replies) == [201, 409]
    assert len([row for row in world.rows(users) if row["tenant"] == DOMAIN]) == 1


@pytest.mark.parametrize(
    "domain", ["", "Example.com", "a b", "a/b", "a@b", "a:b", "-a", "a..b", ".a", "é.test", "x" * 300]
)
def test_a_domain_is_like_a_host_name(world: World, domain: str) -> None:
    refused = found(world, owner(), domain=domain)
    assert (refused.status, refused.code) == (400, "TM-60001")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"provisioningMethod": "invite-via-email"}, "owners[0].provisioningMethod"),
        ({"username": ""}, "owners[0].username"),
        ({"password": ""}, "owners[0].password"),
        ({"email": ""}, "owners[0].email"),
        ({"email": "kim at home"}, "email"),
        ({"password": "kim"}, "password"),
        ({"password": "with a blank"}, "Credential"),
        ({"password": "wso2carbon"}, "password"),
        ({"username": "STAFF/kim"}, "username"),
        (
            {"additionalClaims": [{"claim": "http://wso2.org/claims/shoe", "value": "42"}]},
            "http://wso2.org/claims/shoe",
        ),
        ({"additionalClaims": [{"claim": "http://wso2.org/claims/role", "value": "x"}]}, "http://wso2.org/claims/role"),
    ],
)
def test_a_tenant_whose_owner_is_refused_is_not_made(world: World, changes: dict[str, object], told: str) -> None:
    refused = found(world, owner(username="lee"), owner(**changes))
    assert refused.status == 400
    assert told.replace("[0]", "[1]") in refused.json["description"]
    assert world.request("GET", f"{TENANTS}/domain/{DOMAIN}").status == 404
    assert [row["name"] for row in world.rows(users)] == ["admin"]


def test_an_owner_twice_is_no_two_owners(world: World) -> None:
    assert found(world, owner(), owner(username="KIM")).status == 409
    assert world.request("GET", f"{TENANTS}/domain/{DOMAIN}").status == 404


def test_an_owner_is_shown_and_changed(world: World, tenant_x: str) -> None:
    (listed,) = world.request("GET", f"{TENANTS}/{tenant_x}/owners").json
    place = f"{TENANTS}/{tenant_x}/owners/{listed['id']}"
    change: dict[str, Any] = {
        "lastname": "Park", "password": "Another-1x", "additionalClaims": [{"claim": MOBILE, "value": "+94770000009"}],
    }  # fmt: skip
    assert world.request("PUT", place, change).status == 200
    shown = world.request("GET", place).json
    assert (shown["username"], shown["firstname"], shown["lastname"]) == ("kim", "Kim", "Park")
    assert shown["email"] == "kim@example.com"
    assert shown["additionalClaims"] == change["additionalClaims"]
    assert world.request("GET", "/api/server/v1/userstores", by=KIM, tenant=DOMAIN).status == 401
    fresh = ("kim", "Another-1x")
    assert world.request("GET", "/api/server/v1/userstores", by=fresh, tenant=DOMAIN).status == 200


def test_only_an_owner_of_the_tenant_is_one(world: World, tenant_x: str) -> None:
    pat = world.add_person("pat", tenant=DOMAIN)
    for stranger in (pat.id, world.known("admin").id, "nobody"):
        place = f"{TENANTS}/{tenant_x}/owners/{stranger}"
        assert world.request("GET", place).status == 404
        assert world.request("PUT", place, {"password": "Another-1x"}).status == 404
    assert world.request("GET", f"{TENANTS}/nobody/owners").status == 404


def test_an_owner_gets_no_weak_password(world: World, tenant_x: str) -> None:
    (listed,) = world.request("GET", f"{TENANTS}/{tenant_x}/owners").json
    refused = world.request("PUT", f"{TENANTS}/{tenant_x}/owners/{listed['id']}", {"password": "wso2carbon"})
    assert refused.status == 400
    assert world.request("GET", "/api/server/v1/userstores", by=KIM, tenant=DOMAIN).status == 200


def switch(world: World, tenant_id: str, *, activated: bool) -> Reply:
    return world.request("PUT", f"{TENANTS}/{tenant_id}/lifecycle-status", {"activated": activated})


def test_a_tenant_that_is_switched_off_answers_nothing(world: World, tenant_x: str) -> None:
    assert switch(world, tenant_x, activated=False).status == 200
    for by in (KIM, ADMIN):
        refused = world.request("GET", "/api/server/v1/userstores", by=by, tenant=DOMAIN)
        assert (refused.status, refused.code) == (404, "18016")
    assert world.request("GET", "/authenticationendpoint/register.do", tenant=DOMAIN).status == 404
    assert world.request("GET", f"{TENANTS}/{tenant_x}").json["lifecycleStatus"] == {"activated": False}
    assert switch(world, tenant_x, activated=True).status == 200
    assert world.request("GET", "/api/server/v1/userstores", by=KIM, tenant=DOMAIN).status == 200


def test_sessions_end_with_the_tenant_and_do_not_come_back(worlds: WorldMaker) -> None:
    world = worlds(additions=with_protocol())
    tenant_id = found(world, owner()).json["id"]
    world.add_person("pat", tenant=DOMAIN)
    application = add_application(world, "app", (BASIC,), tenant=DOMAIN)
    visitor = Visitor(world)
    visitor.begin(application, DOMAIN)
    visitor.answer({"username": "pat", "password": PASSWORD}, tenant=DOMAIN)
    assert visitor.finish()["user"] == "pat"
    visitor.begin(application, DOMAIN)
    assert visitor.page == "/test-return", "the session serves a second login"
    switch(world, tenant_id, activated=False)
    assert world.rows(sessions) == []
    switch(world, tenant_id, activated=True)
    visitor.begin(application, DOMAIN)
    assert visitor.page == "/authenticationendpoint/login.do"


def test_its_people_lose_their_sessions_in_other_tenants_too(worlds: WorldMaker) -> None:
    world = worlds(additions=with_protocol())
    tenant_id = found(world, owner()).json["id"]
    application = add_application(world, "for all", (BASIC,), advanced=Advanced(saas=True))
    visitor = Visitor(world)
    visitor.begin(application)
    visitor.password(f"kim@{DOMAIN}", KIM[1])
    assert visitor.finish()["user"] == "kim"
    switch(world, tenant_id, activated=False)
    stranger = Visitor(world)
    stranger.begin(application)
    stranger.password(f"kim@{DOMAIN}", KIM[1])
    assert stranger.page == "/authenticationendpoint/login.do"
    switch(world, tenant_id, activated=True)
    visitor.begin(application)
    assert visitor.page == "/authenticationendpoint/login.do"


def test_a_tenant_is_removed_with_everything_but_its_audit_log(world: World, tenant_x: str) -> None:
    world.register("pat", tenant=DOMAIN)
    assert world.request("DELETE", f"{TENANTS}/{tenant_x}/metadata").status == 204
    assert world.request("GET", f"{TENANTS}/{tenant_x}").status == 404
    assert world.request("GET", "/api/server/v1/userstores", tenant=DOMAIN).status == 404
    left = {table.name for table in metadata.sorted_tables for row in world.rows(table) if row["tenant"] == DOMAIN}
    assert left == {"audit"}
    assert found(world, owner()).status == 201


def test_the_super_tenant_stays(world: World) -> None:
    for place in ("carbon.super", "-1234"):
        assert switch(world, place, activated=False).code == "TM-60005"
        assert world.request("DELETE", f"{TENANTS}/{place}/metadata").code == "TM-60005"
    assert world.request("GET", f"{TENANTS}/-1234").json["domain"] == "carbon.super"
