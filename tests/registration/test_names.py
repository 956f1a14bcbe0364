"""Whether a name may be had: POST /validate-username (self-registration.md 2.7)."""

import pytest

from tests.conftest import WorldMaker
from tests.world import API, OTHER_TENANT, Reply, World


def ask(world: World, name: str | None, *, tenant: str | None = None, **properties: str) -> Reply:
    pairs = [{"key": key, "value": value} for key, value in properties.items()]
    return world.request("POST", f"{API}/validate-username", {"username": name, "properties": pairs}, tenant=tenant)


@pytest.mark.parametrize(
    ("name", "properties", "status"),
    [
        ("kim", {}, 60000),
        ("kim", {"tenantDomain": "carbon.super", "realm": "PRIMARY"}, 60000),
        ("admin", {}, 60002),
        ("ADMIN", {}, 60002),
        ("trusted", {}, 60002),
        ("root", {}, 60002),
        ("k!", {}, 60004),
        ("ki", {}, 60004),
        ("kim", {"tenantDomain": "nowhere.example"}, 60001),
        ("kim", {"tenantDomain": OTHER_TENANT}, 60001),
        ("kim@acme.example", {}, 60001),
        ("kim", {"realm": "NOWHERE"}, 60006),
    ],
)
def test_a_name_has_its_number(world: World, name: str, properties: dict[str, str], status: int) -> None:
    reply = ask(world, name, **properties)
    assert reply.status == 200
    assert reply.json == {"statusCode": status}


def test_the_tenant_of_the_address_is_asked(world: World) -> None:
    world.register(tenant=OTHER_TENANT)
    assert ask(world, "kim").json == {"statusCode": 60000}
    assert ask(world, "kim", tenant=OTHER_TENANT).json == {"statusCode": 60002}
    assert ask(world, "kim@acme.example", tenant=OTHER_TENANT).json == {"statusCode": 60002}
    assert ask(world, "kim", tenant=OTHER_TENANT, tenantDomain="carbon.super").json == {"statusCode": 60001}


def test_where_nobody_may_register_no_name_is_told(worlds: WorldMaker) -> None:
    world = worlds(**{"SelfRegistration.Enable": "false"})
    assert ask(world, "admin").json == {"statusCode": 60003}
    assert ask(world, "admin", skipSignUpEnableCheck="TRUE").json == {"statusCode": 60002}
    assert ask(world, "kim", tenantDomain="nowhere.example").json == {"statusCode": 60001}


@pytest.mark.parametrize("name", ["", "  ", None])
def test_a_blank_name_is_refused(world: World, name: str | None) -> None:
    reply = ask(world, name)
    assert reply.status == 400
    assert reply.json["message"] == "Username cannot be empty."


@pytest.mark.parametrize("profile", ["is-6", "is-7"])
def test_later_releases_refuse_with_a_status(worlds: WorldMaker, profile: str) -> None:
    world = worlds(**{"watchword.compat_profile": profile})
    assert (ask(world, "kim").status, ask(world, "kim").json) == (200, {"statusCode": 60000})
    taken = ask(world, "admin")
    assert taken.status == 400
    assert taken.json.items() >= {"code": "60002", "message": None, "description": None}.items()
    assert ask(world, "k!").json["message"] == "k! is an invalid user name. Please pick a valid username."
    text = {"user_store.username_java_regex_violation_error_msg": "No."}
    assert ask(worlds(**{"watchword.compat_profile": profile}, **text), "k!").json["message"] == "No."


def test_asking_changes_nothing(world: World) -> None:
    ask(world, "kim")
    assert world.user() is None
    assert world.register().status == 201
