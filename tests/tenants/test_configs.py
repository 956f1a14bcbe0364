"""How long a log-in lasts, over REST (PLAT-GOV-09)."""

import pytest

from tests.world import CREATE_ONLY, OTHER_TENANT, World
from watchword.tenants.policies import Sessions
from watchword.tenants.usecases import read_policy

CONFIGS = "/api/server/v1/configs"


def replace(world: World, value: object, path: str = "/idleSessionTimeoutPeriod") -> int:
    return world.request("PATCH", CONFIGS, [{"operation": "REPLACE", "path": path, "value": value}]).status


def test_the_periods_are_shown_and_changed(world: World) -> None:
    usual = {"idleSessionTimeoutPeriod": "15", "rememberMePeriod": "20160"}
    assert world.request("GET", CONFIGS).json == usual
    assert replace(world, "30") == 200
    assert replace(world, "600", "/rememberMePeriod") == 200
    assert world.request("GET", CONFIGS).json == {"idleSessionTimeoutPeriod": "30", "rememberMePeriod": "600"}
    assert world.do(lambda work: read_policy(work, Sessions)).idle_minutes == 30
    assert world.request("GET", CONFIGS, tenant=OTHER_TENANT).json == usual


@pytest.mark.parametrize("value", ["abc", "0", "-1", "", "525601", 30, None])
def test_a_period_is_some_minutes(world: World, value: object) -> None:
    assert replace(world, value) == 400
    assert world.request("GET", CONFIGS).json["idleSessionTimeoutPeriod"] == "15"


def test_what_is_asked_happens_all_or_not_at_all(world: World) -> None:
    body = [
        {"operation": "REPLACE", "path": "/rememberMePeriod", "value": "600"},
        {"operation": "REPLACE", "path": "/homeRealmIdentifiers/-", "value": "x"},
    ]
    assert world.request("PATCH", CONFIGS, body).status == 400
    assert world.request("GET", CONFIGS).json["rememberMePeriod"] == "20160"


def test_it_needs_a_permission(world: World) -> None:
    assert world.request("GET", CONFIGS, by=CREATE_ONLY).status == 403
    assert world.request("PATCH", CONFIGS, [], by=CREATE_ONLY).status == 403
