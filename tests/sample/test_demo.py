"""`watchword demo`: the sample applications work at the first click, with everything else (PLAT-UI-09, PLAT-UI-10)."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sample.demo import Demo
from watchword.sample.keys import make_keys
from watchword.sample.saml import IdentityServer
from watchword.sample.strictness import Unreachable

SERVERS_COOKIES = {"commonAuthId", "samlssoTokenId", "JSESSIONID"}
MOBILE = "http://wso2.org/claims/mobile"
GIVEN_NAME = "http://wso2.org/claims/givenname"


@pytest.mark.parametrize("query", ["", "?binding=post"], ids=["redirect", "post"])
def test_alice_logs_in_with_password_and_code(demo: Demo, query: str) -> None:
    """PLAT-UI-09."""
    page = demo.log_in(demo.traveller(), "travelocity.com", query)
    assert page.url == f"{demo.samples}/travelocity.com/home.jsp"
    assert "You are logged in as alice" in page.text
    for text in (MOBILE, "+94771234567", "Anderson", "alice@example.com"):
        assert text in page.text


def test_what_is_not_asked_for_is_not_told(demo: Demo) -> None:
    """PLAT-UI-09."""
    (found,) = json.loads(demo.ask("GET", "/api/server/v1/applications?filter=name+eq+avis.com"))["applications"]
    asked = {"claimConfiguration": {"requestedClaims": [{"claim": {"uri": GIVEN_NAME}}]}}
    demo.ask("PATCH", f"/api/server/v1/applications/{found['id']}", asked)
    text = demo.log_in(demo.traveller(), "avis.com").text
    assert GIVEN_NAME in text
    assert MOBILE not in text


def test_one_log_in_serves_both_and_one_log_out_ends_both(demo: Demo) -> None:
    traveller = demo.traveller()
    demo.log_in(traveller, "travelocity.com")
    assert "You are logged in as alice" in traveller.open(f"{demo.samples}/avis.com/login").text
    assert "You are logged out" in traveller.open(f"{demo.samples}/travelocity.com/logout").text
    assert not demo.is_logged_in(traveller, "travelocity.com")
    assert not demo.is_logged_in(traveller, "avis.com")
    assert "password" in traveller.open(f"{demo.samples}/avis.com/login").fields()


def test_applications_and_server_share_no_cookie(demo: Demo) -> None:
    """PLAT-UI-10: browsers do not tell the ports of localhost apart."""
    traveller = demo.traveller()
    demo.log_in(traveller, "travelocity.com")
    ours = {name for name, (_, secure) in traveller.cookies.items() if not secure}
    theirs = {name for name, (_, secure) in traveller.cookies.items() if secure}
    assert ours == {"travelocity.com-session"}
    assert theirs & SERVERS_COOKIES == {"commonAuthId"}
    traveller.cookies = {name: cookie for name, cookie in traveller.cookies.items() if name in theirs}
    assert not demo.is_logged_in(traveller, "travelocity.com")
    assert "You are logged in as alice" in traveller.open(f"{demo.samples}/travelocity.com/login").text


def test_the_servers_certificate_is_checked_where_one_is_given(demo: Demo, tmp_path: Path) -> None:
    assert IdentityServer(demo.server, certificate=demo.certificate).describe()["entityId"] == "localhost"
    other = tmp_path / "other.crt"
    other.write_text(make_keys("somebody else").certificate)
    with pytest.raises(Unreachable, match="certificate"):
        IdentityServer(demo.server, certificate=other).describe()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = subprocess.run(
            [Path(sys.executable).with_name("watchword"), "demo", "--port", "0", "--sample-port", str(port)],
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert ran.returncode == 1
    assert ran.stderr.strip().endswith(f"port {port} is in use by another program: give another --sample-port")
