"""Pages of logging in that an operator keeps on a host of his own: browsers must be let there, and back."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.login.visitor import Visitor, add_application, with_protocol
from tests.world import FrontDoor, World, open_database, open_world, settings_of
from watchword.base.settings import AuthenticatorSettings

ELSEWHERE = "https://pages.example:8443"
ADDRESSES = {
    "SMSOTPAuthenticationEndpointURL": f"{ELSEWHERE}/otp/smsotp.jsp",
    "MobileNumberRegPage": "authenticationendpoint/mobile.jsp",
    "SMSOTPAuthenticationEndpointErrorPage": "https://evil.example; script-src *",
}


@pytest.fixture
def world(tmp_path: Path, furnished_file: Path, front_door: FrontDoor) -> Iterator[World]:
    shutil.copyfile(furnished_file, tmp_path / furnished_file.name)
    authenticators = {"SMSOTP": AuthenticatorSettings(parameters=ADDRESSES)}
    settings = replace(settings_of("wso2", tmp_path, {}), authenticators=authenticators)
    with open_world(settings, open_database(tmp_path, None), front_door, additions=with_protocol()) as world:
        world.add_person("alice")
        yield world


@pytest.fixture
def visitor(world: World) -> Visitor:
    """Return a browser at the log-in page."""
    visitor = Visitor(world)
    visitor.begin(add_application(world, "one"))
    return visitor


def test_a_form_may_lead_to_the_operators_page_and_to_no_other(visitor: Visitor) -> None:
    policy = visitor.get(visitor.location).headers["content-security-policy"]
    assert f"form-action 'self' {ELSEWHERE};" in policy
    assert "evil.example" not in policy


def test_the_operators_page_may_send_its_form(visitor: Visitor) -> None:
    visitor.headers = {"origin": ELSEWHERE, "sec-fetch-site": "cross-site"}
    visitor.password("alice")
    assert visitor.finish()["user"] == "alice"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://pages.example", "http://pages.example:8443", "null", ""]
)
def test_no_other_site_may(visitor: Visitor, origin: str) -> None:
    visitor.headers = {"origin": origin, "sec-fetch-site": "cross-site"}
    assert visitor.password("alice").status == 403
