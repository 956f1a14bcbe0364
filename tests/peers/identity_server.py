"""The server that the peers talk to: `watchword serve --dev`, over TLS, with a phone that takes messages by HTTP."""

import base64
import json
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchword_testing.sinks import Inbox, SmsSink

WATCHWORD = Path(sys.executable).with_name("watchword")
ADMINISTRATOR = ("admin", "Peers-Pass-12345")
PASSWORD = "Alice12!x"
MOBILE_NUMBER = "+94771234567"
MOBILE = "http://wso2.org/claims/mobile"
READY_SECONDS = 60.0
SETTINGS = """
[server]
hostname = "localhost"

[watchword]
security_profile = "wso2"

[watchword.limits]
resend_after = "0s"
sends_per_address = "100000/10m"
login_sends_per_address = "100000/10m"
"""


@dataclass(frozen=True, slots=True)
class IdentityServer:
    """A server that runs."""

    home: Path
    port: int
    phone: Inbox
    certificate: Path

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def metadata(self) -> str:
        return self.ask("GET", "/identity/metadata/saml2")

    def ask(self, method: str, path: str, body: object = None) -> str:
        """Ask as the administrator, and return the text of the answer, or where it leads."""
        request = urllib.request.Request(  # noqa: S310  # our own server
            path if path.startswith("https") else self.url + path,
            None if body is None else json.dumps(body).encode(),
            {
                "Authorization": "Basic " + base64.b64encode(":".join(ADMINISTRATOR).encode()).decode(),
                "Content-Type": "application/json",
            },
            method=method,
        )
        context = ssl.create_default_context(cafile=self.certificate)
        try:
            with urllib.request.urlopen(request, timeout=20, context=context) as answer:  # noqa: S310  # our own server
                return str(answer.headers.get("Location") or answer.read().decode())
        except urllib.error.HTTPError as problem:
            raise AssertionError(f"{method} {path}: {problem.code} {problem.read().decode()}") from problem

    def command(self, *words: str) -> str:
        """Carry out a command beside the server."""
        done = subprocess.run(
            [WATCHWORD, *words, "--home", self.home, "--dev"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def add_application(self, name: str, metadata: str, **saml: Any) -> str:  # noqa: ANN401  # members of the wire
        """Register a service provider by its metadata, with password and SMS code; *saml* are further members."""
        by_file = {"metadataFile": base64.b64encode(metadata.encode()).decode()}
        body = {
            "name": name,
            "inboundProtocolConfiguration": {"saml": by_file},
            "claimConfiguration": {"dialect": "LOCAL", "requestedClaims": [{"claim": {"uri": MOBILE}}]},
            "authenticationSequence": {
                "type": "USER_DEFINED",
                "steps": [
                    {"id": 1, "options": [{"idp": "LOCAL", "authenticator": "BasicAuthenticator"}]},
                    {"id": 2, "options": [{"idp": "SMSOTP", "authenticator": "SMSOTP"}]},
                ],
            },
        }
        place = self.ask("POST", "/api/server/v1/applications", body)
        address = place if place.startswith("https") else f"{self.url}{place}"
        self.change(address, attributeProfile={"enabled": True, "alwaysIncludeAttributesInResponse": True}, **saml)
        return address

    def change(self, application: str, **members: Any) -> None:  # noqa: ANN401  # members of the wire
        """Change some members of what SAML knows of an application."""
        address = f"{application}/inbound-protocols/saml"
        manual = json.loads(self.ask("GET", address))
        self.ask("PUT", address, {"manualConfiguration": _merged(manual, members)})


def _merged(before: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(before)
    for key, value in changed.items():
        merged[key] = _merged(before.get(key) or {}, value) if isinstance(value, Mapping) else value
    return merged


@contextmanager
def identity_server(folder: Path, port: int) -> Iterator[IdentityServer]:
    """Start a server with a user, alice, whose codes go to a phone that we hold."""
    home = folder / "home"
    (home / "repository" / "conf").mkdir(parents=True)
    (home / "repository" / "conf" / "deployment.toml").write_text(SETTINGS)
    phone = Inbox()
    variables = {"WATCHWORD_ADMIN_NAME": ADMINISTRATOR[0], "WATCHWORD_ADMIN_PASSWORD": ADMINISTRATOR[1]}
    log = folder / "server.log"
    with SmsSink(phone) as sink, log.open("w") as written:
        words = [str(WATCHWORD), "serve", "--dev", "--home", str(home), "--port", str(port)]
        running = subprocess.Popen(words, stdout=written, stderr=written, env={**os.environ, **variables})
        try:
            wait_until(lambda: answers(port), running, log)
            (certificate,) = home.rglob("tls.crt")
            server = IdentityServer(home, port, phone, certificate)
            _furnish(server, sink.url)
            yield server
        finally:
            end(running)


def _furnish(server: IdentityServer, sms_url: str) -> None:
    server.command(
        "user", "add", "alice", "--password", PASSWORD, "--claim", f"{MOBILE}={MOBILE_NUMBER}",
        "--claim", "http://wso2.org/claims/identity/phoneVerified=true",
    )  # fmt: skip
    payload = '{"to": "$ctx.num", "content": "$ctx.msg", "code": "$ctx.otp"}'
    properties = {
        "sms_url": sms_url, "http_method": "POST", "headers": "Content-Type: application/json", "payload": payload,
    }  # fmt: skip
    authenticator = {
        "authenticatorId": "U01TT1RQ", "isEnabled": True, "isDefault": True,
        "properties": [{"key": key, "value": value} for key, value in properties.items()],
    }  # fmt: skip
    body = {
        "name": "SMSOTP",
        "federatedAuthenticators": {"defaultAuthenticatorId": "U01TT1RQ", "authenticators": [authenticator]},
    }
    server.ask("POST", "/api/server/v1/identity-providers", body)


def answers(port: int) -> bool:
    """Tell whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(ready: Callable[[], bool], running: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a program is ready, as long as it lives."""
    deadline = time.monotonic() + READY_SECONDS
    while not ready():
        assert running.poll() is None, log.read_text(errors="replace")[-3000:]
        assert time.monotonic() < deadline, log.read_text(errors="replace")[-3000:]
        time.sleep(0.05)


def end(running: subprocess.Popen[bytes]) -> None:
    """End a process that we have started."""
    running.terminate()
    try:
        running.wait(10)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()
