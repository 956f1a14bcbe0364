"""Which addresses there are, and what every answer says."""

from uuid import UUID

import pytest

from tests.conftest import WorldMaker
from tests.world import API, OTHER_TENANT, World


@pytest.mark.parametrize(
    "path",
    [
        "/api", f"{API}/nothing", f"{API}/me/", f"{API}//me", f"/{API}/me", f"{API}/./me", "/API/identity/user/v1.0/me",
        f"{API}/me;x=y", f"/t/a/../t/{OTHER_TENANT}{API}/me", f"/t/{API}/me", f"/o/acme{API}/me", f"{API}/me%00",
        f"/t/a%00b{API}/me",
        "/api/identity/user/v1.0/%252e/me",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_not_found(world: World, path: str) -> None:
    reply = world.request("POST", path, {}, by=None)
    assert (reply.status, reply.code) == (404, "404-0")


@pytest.mark.parametrize("tenant", ["nowhere.example", "%F0%9F%92%A9", "x" * 300])
def test_an_unknown_tenant_is_not_found(world: World, tenant: str) -> None:
    reply = world.register(tenant=tenant)
    assert (reply.status, reply.code) == (404, "18016")


def test_the_unknown_tenant_is_named(worlds: WorldMaker) -> None:
    reply = worlds().register(tenant="nowhere.example")
    assert reply.json["description"] == "Invalid tenant 'nowhere.example'."
    older = worlds(**{"watchword.compat_profile": "is-5.10"})
    assert older.register(tenant="nowhere.example").json["description"] == "Invalid tenant'nowhere.example'."


def test_the_super_tenant_may_be_named(world: World) -> None:
    assert world.register(tenant="carbon.super").status == 201
    assert world.user() is not None


def test_tenants_have_their_own_users(world: World) -> None:
    assert world.register().status == 201
    assert world.register(tenant=OTHER_TENANT).status == 201
    assert world.register(tenant=OTHER_TENANT.upper()).status == 409
    assert world.known().id != world.known(tenant=OTHER_TENANT).id


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "TRACE", "OPTIONS"])
def test_another_method_is_not_allowed(world: World, method: str) -> None:
    reply = world.request(method, f"{API}/me", by=None)
    assert reply.status == 405
    assert reply.code == "405-0"
    assert {"GET", "POST"} <= {allowed.strip() for allowed in reply.headers["allow"].split(",")}


def test_every_answer_carries_a_trace_id(world: World) -> None:
    for reply in (
        world.register(), world.register(), world.register(by=("nobody", "x")), world.request("GET", "/nothing"),
        world.request("DELETE", f"{API}/me"), world.register(tenant="nowhere.example"),
    ):  # fmt: skip
        assert str(UUID(reply.headers["x-trace-id"])) == reply.headers["x-trace-id"]


@pytest.mark.parametrize("header", ["X-Correlation-ID", "activityid"])
def test_the_callers_own_id_is_taken(world: World, header: str) -> None:
    assert world.register(headers={header: "my-id_1.2"}).headers["x-trace-id"] == "my-id_1.2"
    assert world.messages()[0].trace == "my-id_1.2"
    assert {event.trace for event in world.audit("register_user")} == {"my-id_1.2"}


@pytest.mark.parametrize("given", ["", "x" * 65, "two words", "a;b", "\u00e9"])
def test_an_id_that_could_be_mistaken_is_not_taken(world: World, given: str) -> None:
    assert world.register(headers={"X-Correlation-ID": given}).headers["x-trace-id"] != given


def test_the_trace_id_stands_in_the_errors_of_later_releases(worlds: WorldMaker) -> None:
    assert "traceId" not in worlds().register("k!").json
    assert "traceId" not in worlds(**{"watchword.compat_profile": "is-5.10"}).register("k!").json
    for profile in ("is-6", "is-7"):
        reply = worlds(**{"watchword.compat_profile": profile}).register("k!")
        assert reply.json["traceId"] == reply.headers["x-trace-id"]


def test_no_answer_may_be_kept_by_a_cache(world: World) -> None:
    for name in ("kim", "k!"):
        assert world.register(name).headers["cache-control"] == "no-store, no-cache, must-revalidate, private"


def test_health_is_one_word_for_anybody(world: World) -> None:
    assert world.request("GET", "/health/live", by=None).text == "alive\n"
    assert world.request("GET", "/health/ready", by=None).text == "ready\n"


def test_the_figures_count_what_was_done(world: World) -> None:
    world.register()
    world.confirm(world.last_code())
    figures = world.request("GET", "/metrics", by=None).text
    assert f'watchword_requests_total{{method="POST",path="{API}/me",status="201"}} 1.0' in figures
    assert 'watchword_messages_total{channel="SMS",outcome="sent"} 1.0' in figures
    assert "watchword_code_comparisons_total 1.0" in figures
