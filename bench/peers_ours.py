"""Our server in the run of the peers' driver: the file for its ``--extra``.

The driver keeps what it shares in a module of its own called ``bench``, and reads codes from the file in ``$SINK``; a
provider of ours writes them there. One process serves whatever the number of workers: its hash threads take all cores.
"""

import atexit
import socket
import subprocess
import sys
import tempfile
from base64 import b64encode
from pathlib import Path

import bench as driver
from bench import Conn, Peer, expect

PROJECT = Path(__file__).resolve().parent.parent
ADMINISTRATOR, PASSWORD = "bench-operator", "seven-quiet-rivers-run"
MOBILE = "http://wso2.org/claims/mobile"
API = "/api/identity/user/v1.0"
TOML = """
[identity_mgt.user_self_registration]
allow_self_registration = true
enable_detailed_api_response = true
[identity_mgt.notification]
default_notification_channel = "SMS"
resolve_notification_channel = true
[watchword.server]
host = "127.0.0.1"
[watchword.sms.provider]
recipe = "custom"
request.url = "http://127.0.0.1:{sink}/messages"
request.json = {{ to = "{{{{to}}}}", text = "{{{{text}}}}" }}
reply = {{ success = [200], receipt = "sid" }}
[watchword.outgoing]
allow = ["http://127.0.0.1:{sink}"]
"""


class Ours(Peer):  # type: ignore[misc]  # the driver has no types
    """Watchword as it is shipped, but for its provider, plain HTTP, and the loopback."""

    name = "ours"
    ready = "/health/ready"
    hashes = ("same",)
    second_step = False
    note = "confirms a phone; no log-in yet"

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
            'home="$0/sqlite"; '
            'case "$DB" in postgresql:*) export WATCHWORD_DATABASE_URL="$DB"; home="$0/pg";; esac; '
            'mkdir -p "$home"; cp "$0/deployment.toml" "$home/"; '
            f'[ -e "$home/watchword/keys" ] || "{PROJECT}/.venv/bin/watchword" keys create --home "$home" || exit 1; '
            f'exec "{PROJECT}/.venv/bin/watchword" serve --home "$home" --port "$PORT" --no-tls'
        )
        (self._folder / "deployment.toml").write_text(TOML.format(sink=self._sink))
        return ["sh", "-c", script, str(self._folder)]

    def migrate(self) -> list[str]:
        """Return a command that does nothing, so that the driver makes the database."""
        return ["true"]

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

    async def login(self, c: Conn, u: str) -> None:
        """Log in: not yet; a look at the profile, so that the driver has something to do."""
        pair = b64encode(f"{u}:{driver.PASSWORD}".encode()).decode()
        expect(await c.req("GET", f"{API}/me", headers=[("Authorization", f"Basic {pair}")]), 200)


def _basic() -> list[tuple[str, str]]:
    return [("Authorization", "Basic " + b64encode(f"{ADMINISTRATOR}:{PASSWORD}".encode()).decode())]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


PEERS = [Ours()]
