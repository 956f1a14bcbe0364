"""The real commands as processes of their own: `watchword serve` and `watchword worker`, as they are installed."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil

from watchword.base.entropy import SystemEntropy
from watchword.base.home import load_settings
from watchword.base.seal import create_keys
from watchword.installation import Installation, open_installation
from watchword.tenants.policies import all_properties
from watchword_testing.conformance.server import Ports

PROGRAM = [str(Path(sys.executable).with_name("watchword"))]
ADMINISTRATOR, PASSWORD = "bench-operator", "seven-quiet-rivers-run"
READY_SECONDS = 30.0
_ports = Ports()

TOML = """
[identity_mgt.user_self_registration]
allow_self_registration = true
enable_detailed_api_response = true
[identity_mgt.notification]
default_notification_channel = "SMS"
resolve_notification_channel = true
[watchword.tls]
enabled = false
[watchword.server]
host = "127.0.0.1"
[watchword.sms.provider]
recipe = "custom"
request.url = "http://127.0.0.1:{sink}/messages"
request.json = {{ to = "{{{{to}}}}", text = "{{{{text}}}}" }}
reply = {{ success = [200], receipt = "sid" }}
[watchword.limits]
name_checks_per_caller = "1000000/1h"
[watchword.outgoing]
allow = ["http://127.0.0.1:{sink}"]
"""


@dataclass(frozen=True, slots=True)
class Home:
    """An operator's folder, with everything as it is shipped but the provider, TLS, and who listens where."""

    folder: Path
    database_url: str | None = None

    @classmethod
    def furnish(cls, folder: Path, sink_port: int, database_url: str | None, more: str = "") -> Self:
        """Write the settings, and make the keys."""
        folder.mkdir(parents=True)
        url = f'[watchword.database]\nurl = "{database_url}"\n' if database_url else ""
        (folder / "deployment.toml").write_text(TOML.format(sink=sink_port) + url + more)
        create_keys(folder / "watchword" / "keys", SystemEntropy())
        return cls(folder, database_url)

    def installation(self) -> AbstractContextManager[Installation]:
        """Open the installation in this process, and make what a first start needs."""
        return open_installation(load_settings(self.folder, properties=all_properties()), create=True)


@dataclass(slots=True)
class Process:
    """A command that runs until the block ends."""

    home: Home
    command: str = "serve"
    port: int = 0
    ready_seconds: float = 0.0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def __enter__(self) -> Self:
        arguments: Sequence[str] = ["--home", str(self.home.folder)]
        if self.command == "serve":
            self.port = _ports.pair()
            arguments = [*arguments, "--port", str(self.port)]
        environment = {**os.environ, "WATCHWORD_ADMIN_NAME": ADMINISTRATOR, "WATCHWORD_ADMIN_PASSWORD": PASSWORD}
        began_at = time.perf_counter()
        with (self.home.folder / f"{self.command}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*PROGRAM, self.command, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
            )
        if self.command == "serve":
            self._wait_until_ready(began_at)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def memory_mib(self) -> float:
        """Return the proportional set size of the process and its children, in MiB."""
        return sum(each.memory_full_info().pss for each in self._tree()) / 2**20

    def cpu_seconds(self) -> float:
        """Return how much processor time it has used."""
        return sum(sum(each.cpu_times()[:2]) for each in self._tree())

    def _tree(self) -> list[psutil.Process]:
        assert self._process is not None
        main = psutil.Process(self._process.pid)
        return [main, *main.children(recursive=True)]

    def _wait_until_ready(self, began_at: float) -> None:
        assert self._process is not None
        while not self._is_ready():
            assert self._process.poll() is None, (self.home.folder / f"{self.command}.log").read_text()[-2000:]
            assert time.perf_counter() - began_at < READY_SECONDS, "the server does not become ready"
            time.sleep(0.003)
        self.ready_seconds = time.perf_counter() - began_at

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        with suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == http.HTTPStatus.OK
        return False
