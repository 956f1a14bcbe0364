"""`watchword demo`: the sample applications work at the first click, with everything else (PLAT-UI-09, PLAT-UI-10)."""

import base64
import json
import os
import socket
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.traveller import Page, Traveller
from watchword.demo import ALICE
from watchword.sample.keys import make_keys
from watchword.sample.saml import IdentityServer
from watchword.sample.strictness import Unreachable

DEMO = (
    "from watchword.demo import run_demo; "
    "run_demo(home=None, port={port}, sample_port={sample_port}, default_channel='SMS', keep=False)"
)
SERVERS_COOKIES = {"commonAuthId", "samlssoTokenId", "JSESSIONID"}
MOBILE = "http://wso2.org/claims/mobile"
GIVEN_NAME = "http://wso2.org/claims/givenname"


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that runs."""

    server: str
    samples: str
    certificate: Path

    def traveller(self) -> Traveller:
        return Traveller(self.certificate)

    def ask(self, method: str, path: str, body: object = None) -> str:
        """Ask as the demo's administrator."""
        headers = {"Authorization": "Basic " + base64.b64encode(b"admin:admin").decode()}
        octets = None if body is None else json.dumps(body).encode()
        headers |= {"Content-Type": "application/json"} if octets else {}
        request = urllib.request.Request(self.server + path, octets, headers, method=method)  # noqa: S310  # our own
        context = ssl.create_default_context(cafile=self.certificate)
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        with opener.open(request, timeout=20) as answer:
            return str(answer.read().decode())

    def log_in(self, traveller: Traveller, site: str, query: str = "") -> Page:
        """Log alice in, as far as she is asked: first the password, then the code on the phone."""
        page = traveller.open(f"{self.samples}/{site}/login{query}")
        if "password" in page.fields():
            typed = {"username": ALICE.name, "password": str(ALICE.password)}
            page = traveller.open(page.action(), page.fields() | typed)
        if "OTPcode" in page.fields():
            phone = json.loads(self.ask("GET", "/sandbox/api/messages?channel=SMS&wait=10"))
            page = traveller.open(page.action(), page.fields() | {"OTPcode": phone["messages"][-1]["code"]})
        return page

    def is_logged_in(self, traveller: Traveller, site: str) -> bool:
        return "You are logged in as alice" in traveller.ask(f"{self.samples}/{site}/").text


def free_ports() -> Iterator[int]:
    """Yield ports that are free, each with the one after it, which the management listener takes."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
        yield port


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder, ports = tmp_path_factory.mktemp("demo"), free_ports()
    port, sample_port = next(ports), next(ports)
    words = [sys.executable, "-c", DEMO.format(port=port, sample_port=sample_port)]
    surroundings = {**os.environ, "XDG_STATE_HOME": str(folder)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=surroundings) as running:
        assert running.stdout is not None
        try:
            assert any("Stop with Ctrl-C" in line for line in running.stdout), "the demo did not start"
            (certificate,) = folder.rglob("tls.crt")
            yield Demo(f"https://localhost:{port}", f"http://localhost:{sample_port}", certificate)
        finally:
            running.terminate()
            running.stdout.read()


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
    assert ran.stderr.strip().endswith(
        f"port {port}, where the sample applications should be, is in use: give another --sample-port"
    )
