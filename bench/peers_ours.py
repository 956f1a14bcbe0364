"""Our server in the run of the peers' driver: the file for its ``--extra``.

The driver keeps what it shares in a module of its own called ``bench``, and reads codes from the file in ``$SINK``; a
provider of ours writes them there. One process serves whatever the number of workers: its hash threads take all cores.
"""

import atexit
import socket
import subprocess
import sys
import tempfile
import zlib
from base64 import b64encode
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

import bench as driver
from bench import Bad, Conn, Peer, expect

PROJECT = Path(__file__).resolve().parent.parent
ADMINISTRATOR, PASSWORD = "bench-operator", "seven-quiet-rivers-run"
MOBILE = "http://wso2.org/claims/mobile"
API = "/api/identity/user/v1.0"
SSO = "/samlsso"
NONCE_COOKIE = "sessionNonceCookie-"
FURNISH = f"""
import os, pathlib, sys
sys.path.insert(0, {str(PROJECT)!r})
from bench.logins import add_application
from bench.servers import Home
url, home = os.environ["DB"], pathlib.Path(sys.argv[1])
add_application(Home.furnish(home, int(sys.argv[2]), url if url.startswith("postgresql:") else None))
"""
HOME_OF_DATABASE = 'case "$DB" in postgresql:*) home="$0/pg";; *) home="$0/sqlite";; esac'
_numbers = count(1)


class Ours(Peer):  # type: ignore[misc]  # the driver has no types
    """Watchword as it is shipped, but for its provider, plain HTTP, and the loopback."""

    name = "ours"
    ready = "/health/ready"
    hashes = ("same",)
    note = "confirms a phone; a log-in comes from a SAML service provider, its password step is two requests"

    def __init__(self) -> None:
        """Start the provider."""
        self._folder = Path(tempfile.mkdtemp(prefix="watchword-peers-"))
        self._sink = _free_port()
        words = [
            sys.executable,
            str(PROJECT / "bench" / "sink.py"),
            str(self._sink),
            f"{driver.WORK}/{self.key()}.sink",
        ]
        atexit.register(subprocess.Popen(words).terminate)

    def environ(self) -> dict[str, str]:
        """Return what the server is told by its environment; the driver adds the database."""
        return {"WATCHWORD_ADMIN_NAME": ADMINISTRATOR, "WATCHWORD_ADMIN_PASSWORD": PASSWORD}

    def start(self, port: int, workers: int) -> list[str]:
        """Return the command; a home of its own goes with each database."""
        del port, workers
        script = (
            f"export WATCHWORD_SERVER_MANAGEMENT_PORT={_free_port()}; "
            f'{HOME_OF_DATABASE}; exec "{PROJECT}/.venv/bin/watchword" serve --home "$home" --port "$PORT"'
        )
        return ["sh", "-c", script, str(self._folder)]

    def migrate(self) -> list[str]:
        """Return what makes a home for a database, with the application to which people log in."""
        script = f'{HOME_OF_DATABASE}; exec "{PROJECT}/.venv/bin/python" -P -c "$1" "$home" {self._sink}'
        return ["sh", "-c", script, str(self._folder), FURNISH]

    def recipient(self, u: str) -> str:
        """Return the phone of a person."""
        return f"+9477{int.from_bytes(u.encode(), 'big') % 9_999_991:07d}"

    async def signup(self, c: Conn, u: str) -> None:
        """Register."""
        user = {"username": u, "password": driver.PASSWORD, "claims": [{"uri": MOBILE, "value": self.recipient(u)}]}
        expect(await c.req("POST", f"{API}/me", {"user": user, "properties": []}, _basic()), 201)

    async def confirm(self, c: Conn, u: str, state: object, code: str) -> None:
        """Confirm by the code from the provider."""
        expect(await c.req("POST", f"{API}/validate-code", {"code": code, "properties": []}, _basic()), 202)

    async def login(self, c: Conn, u: str) -> tuple[str, str]:
        """Come from the service provider, and say the password."""
        query = urlencode({"SAMLRequest": _authn_request()})
        _, _, cookies = expect(await c.req("GET", f"{SSO}?{query}"), 302)
        nonce = next(each for each in cookies if each.startswith(NONCE_COOKIE))
        key = nonce.removeprefix(NONCE_COOKIE).partition("=")[0]
        form = {"sessionDataKey": key, "username": u, "password": driver.PASSWORD}
        expect(await c.req("POST", "/commonauth", form, [("Cookie", nonce)], form=True), 302)
        return key, nonce

    async def otp(self, c: Conn, u: str, state: tuple[str, str], code: str) -> None:
        """Say the code; whoever is logged in has a session then."""
        key, nonce = state
        form = {"sessionDataKey": key, "OTPcode": code, "resendCode": "false"}
        _, _, cookies = expect(await c.req("POST", "/commonauth", form, [("Cookie", nonce)], form=True), 302)
        if not any(each.startswith("commonAuthId=") for each in cookies):
            raise Bad(f"no session: {cookies}")


def _authn_request() -> str:
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    message = (
        '<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
        f' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_peers{next(_numbers)}" Version="2.0"'
        f' IssueInstant="{at}"><saml:Issuer>bench.example</saml:Issuer></samlp:AuthnRequest>'
    )
    packer = zlib.compressobj(6, wbits=-15)
    return b64encode(packer.compress(message.encode()) + packer.flush()).decode()


def _basic() -> list[tuple[str, str]]:
    return [("Authorization", "Basic " + b64encode(f"{ADMINISTRATOR}:{PASSWORD}".encode()).decode())]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


PEERS = [Ours()]
