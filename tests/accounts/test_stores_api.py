"""User stores over REST (platform.md 4.2)."""

import base64
from typing import Any

import pytest

from tests.conftest import WorldMaker
from tests.login.visitor import BASIC, Visitor, add_application, with_protocol
from tests.world import ADMIN, OTHER_TENANT, PASSWORD, Reply, World
from watchword.accounts.http.stores import STORES, TYPE_ID
from watchword.storage.schema import (
    codes,
    messages,
    session_applications,
    sessions,
    user_claims,
    user_roles,
    user_stores,
    users,
)

STAFF = f"{STORES}/U1RBRkY"
BODY = {"typeId": TYPE_ID, "description": "People who work here", "name": "STAFF", "properties": []}
OBSERVER = ("observer", "observer-secret")
NUMBER = "+94771234560"


def make(world: World, **changes: object) -> Reply:
    return world.request("POST", STORES, BODY | changes)


def names(world: World, **options: Any) -> list[str]:  # noqa: ANN401  # options of a request
    return [each["name"] for each in world.request("GET", STORES, **options).json]


def test_PLAT_STORE_01_a_registration_names_its_store(world: World) -> None:
    make(world)
    for number, (name, realm) in enumerate([("ann", "PRIMARY"), ("bob", "STAFF"), ("cat", None)]):
        assert world.register(name, realm=realm, mobile=f"+9477123456{number}").status == 201
    assert [world.known(name).name.realm for name in ("ann", "STAFF/bob", "cat")] == ["PRIMARY", "STAFF", "PRIMARY"]
    assert world.user("bob") is None
    before = world.rows(users)
    refused = world.register("dan", realm="NOSUCH", mobile="+94771234569")
    assert (refused.status, refused.code) == (400, "20047")
    assert world.rows(users) == before


def test_PLAT_STORE_03_a_store_with_users_goes_only_together_with_them(worlds: WorldMaker) -> None:
    world = worlds(additions=with_protocol())
    make(world)
    world.add_person("STAFF/pat")
    world.register("STAFF/new", mobile=NUMBER)
    world.add_person("pat")
    application = add_application(world, "app", (BASIC,))
    visitor = Visitor(world)
    visitor.begin(application)
    visitor.password("STAFF/pat")
    assert visitor.finish()["user"] == "pat"
    refused = world.request("DELETE", STAFF)
    assert (refused.status, refused.code) == (409, "UST-60004")
    assert "has 2 users" in refused.json["description"]
    assert (len(world.rows(users)), len(world.rows(sessions))) == (4, 1)

    assert world.request("DELETE", f"{STAFF}?force=true").status == 204
    assert sorted(row["name"] for row in world.rows(users)) == ["admin", "pat"]
    left = {row["user_id"] for table in (user_claims, user_roles, codes) for row in world.rows(table)}
    assert left <= {row["id"] for row in world.rows(users)}
    assert world.rows(sessions) == []
    assert all(row["ended_at"] is not None for row in world.rows(session_applications))
    assert [row["state"] for row in world.rows(messages)] == ["cancelled"]
    visitor.begin(application)
    assert visitor.page == "/authenticationendpoint/login.do"
    assert [event.reason for event in world.audit("delete_user_store")] == ["users=2"]


def test_one_user_is_counted_as_one(world: World) -> None:
    make(world)
    world.add_person("STAFF/pat")
    assert "has 1 user." in world.request("DELETE", STAFF).json["description"]


def test_a_store_is_made_shown_and_removed(world: World) -> None:
    made = make(world, name="staff")
    assert (made.status, made.headers["location"]) == (201, f"/t/carbon.super{STAFF}")
    shown = world.request("GET", STAFF).json
    assert (shown["id"], shown["name"], shown["description"]) == ("U1RBRkY", "STAFF", BODY["description"])
    assert (shown["typeName"], shown["enabled"]) == ("UniqueIDJDBCUserStoreManager", True)
    assert names(world) == ["STAFF"]
    assert world.request("DELETE", STAFF).status == 204
    assert world.request("GET", STAFF).status == 404
    assert names(world) == []


def test_primary_is_always_there_and_stays(world: World) -> None:
    place = f"{STORES}/{base64.urlsafe_b64encode(b'PRIMARY').decode().rstrip('=')}"
    assert world.request("GET", f"{STORES}/primary").json == world.request("GET", place).json
    assert world.request("GET", place).json["name"] == "PRIMARY"
    assert world.request("DELETE", f"{place}?force=true").code == "UST-60005"
    assert world.user("admin") is not None


def test_stores_are_a_tenants_own(world: World) -> None:
    make(world)
    assert names(world, tenant=OTHER_TENANT) == []
    assert world.request("GET", STAFF, tenant=OTHER_TENANT).status == 404
    assert world.request("DELETE", STAFF, tenant=OTHER_TENANT).status == 404
    assert names(world) == ["STAFF"]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"name": "PRIMARY"}, 409, "UST-60002"),
        ({"name": "taken"}, 409, "UST-60002"),
        ({"name": "A_B"}, 400, "UST-60001"),
        ({"name": "A/B"}, 400, "UST-60001"),
        ({"name": "Internal"}, 400, "UST-60001"),
        ({"name": ""}, 400, "UST-60001"),
        ({"typeId": "UmVhZE9ubHlMREFQ"}, 404, "UST-60003"),
        ({"properties": [{"name": "url", "value": "jdbc:mysql://db/users"}]}, 400, "UST-60005"),
        ({"claimAttributeMappings": [{"claimURI": "x", "mappedAttribute": "y"}]}, 400, "UST-60005"),
    ],
)
def test_what_has_no_effect_is_not_taken(world: World, changes: dict[str, object], status: int, code: str) -> None:
    make(world, name="TAKEN")
    refused = make(world, **changes)
    assert (refused.status, refused.code) == (status, code)
    assert [row["realm"] for row in world.rows(user_stores)] == ["TAKEN"]


def test_a_description_can_be_changed_and_a_name_cannot(world: World) -> None:
    make(world)
    step = {"operation": "REPLACE", "path": "/description", "value": "Others"}
    assert world.request("PATCH", STAFF, [step]).json["description"] == "Others"
    assert world.request("PUT", STAFF, BODY | {"description": "Again"}).json["description"] == "Again"
    assert world.request("PUT", STAFF, BODY | {"name": "CREW"}).code == "UST-60005"
    assert world.request("PATCH", STAFF, [step | {"path": "/name"}]).code == "UST-60005"
    assert world.request("PATCH", STAFF, []).status == 400
    assert world.request("GET", STAFF).json["description"] == "Again"


def test_the_one_type_is_described(world: World) -> None:
    (listed,) = world.request("GET", f"{STORES}/meta/types").json
    assert (listed["typeId"], listed["name"]) == (TYPE_ID, "UniqueIDJDBCUserStoreManager")
    assert world.request("GET", f"{STORES}/meta/types/{TYPE_ID}").json["properties"]["Mandatory"] == []
    shown = world.request("GET", f"{STORES}/meta/types/{TYPE_ID}/attributes").json["attributes"]
    mobile = next(each for each in shown if each["claimURI"] == "http://wso2.org/claims/mobile")
    assert (mobile["mappedAttribute"], mobile["displayName"]) == ("mobile", "Mobile")
    assert world.request("GET", f"{STORES}/meta/types/TERBUA").status == 404


@pytest.mark.parametrize(
    ("given", "reachable"),
    [({}, True), ({"driverName": "org.h2.Driver"}, False), ({"connectionURL": "jdbc:h2:./db"}, False)],
)
def test_only_our_own_database_can_be_reached(world: World, given: dict[str, str], reachable: bool) -> None:  # noqa: FBT001  # a table
    assert world.request("POST", f"{STORES}/test-connection", given).json == {"connection": reachable}


@pytest.mark.parametrize("encoded", ["STAFF", "!!!!", "w6k", "=", "U1RBRkY9"])
def test_an_id_that_is_none_is_unknown(world: World, encoded: str) -> None:
    make(world)
    assert world.request("GET", f"{STORES}/{encoded}").status == 404


def test_who_may_look_may_not_change(world: World) -> None:
    make(world)
    world.add_client(*OBSERVER, "stores:view")
    assert names(world, by=OBSERVER) == ["STAFF"]
    assert world.request("DELETE", STAFF, by=OBSERVER).status == 403
    assert world.request("POST", STORES, BODY | {"name": "CREW"}, by=OBSERVER).status == 403
    world.add_person("pat")
    assert world.request("GET", STORES, by=("pat", PASSWORD)).status == 403
    assert names(world, by=ADMIN) == ["STAFF"]
