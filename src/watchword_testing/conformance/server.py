"""The server of a case: `watchword serve` in a process of its own, and a way to ask it."""

import contextlib
import http.client
import itertools
import json
import random
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Self
from urllib.parse import quote

from msgspec import UNSET

from watchword_testing.conformance.cases import Credentials, Request
from watchword_testing.conformance.judge import Reply
from watchword_testing.conformance.processes import start

READY_WITHIN_SECONDS = 30.0
ANSWER_WITHIN_SECONDS = 30.0
END_WITHIN_SECONDS = 0.1
ADMINISTRATOR = Credentials(username="admin", password="admin")  # noqa: S106 - the published default of the harness

_LOG_LINES = 25
_URL_CHARACTERS = "".join(map(chr, range(0x21, 0x7F)))
_TRUST_ANYBODY = ssl.create_default_context()
_TRUST_ANYBODY.check_hostname = False
_TRUST_ANYBODY.verify_mode = ssl.CERT_NONE


class ServerFailed(Exception):
    """The server or a command did not do what everything else needs; the text ends with the tail of the log."""


def tail(log: Path) -> str:
    """Return the last lines of a log, indented."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:] if log.exists() else []
    return "".join(f"\n    | {line}" for line in lines)


def last_traceback(log: Path) -> str | None:
    """Return the end of the last traceback in a log, whose lines are JSON objects."""
    for line in reversed(log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []):
        if '"traceback"' in line:
            with contextlib.suppress(ValueError, KeyError):
                return "".join(f"\n    | {part}" for part in json.loads(line)["traceback"].splitlines()[-3:])
    return None


class Ports:
    """Gives out pairs of neighbouring free ports, below those that the system gives to clients, and none twice."""

    def __init__(self) -> None:
        first = random.randrange(18000, 31000, 2)  # noqa: S311 - so that two runs on a machine seldom meet
        self._candidates: Iterator[int] = itertools.cycle([*range(first, 31998, 2), *range(18000, first, 2)])
        self._lock = threading.Lock()

    def pair(self) -> int:
        """Return a port that is free, as is the one after it."""
        with self._lock:
            return next(port for port in self._candidates if _is_free(port) and _is_free(port + 1))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Server:
    """`watchword serve` on a port of its own."""

    def __init__(self, home: Path, log: Path, port: int) -> None:
        self.port = port
        self._log = log
        self._process = start(["serve", "--dev", "--home", str(home), "--port", str(port)], log)

    def wait_until_ready(self) -> None:
        """Return as soon as the server takes requests.

        Raises:
            ServerFailed: it has died, or is not ready in time.
        """
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        probe = Request(method="GET", path="/health/ready", auth="none")
        while True:
            if not self._process.is_alive():
                raise ServerFailed(f"the server ended with status {self._process.exitcode}{tail(self._log)}")
            try:
                if self._exchange(probe).status == http.HTTPStatus.OK:
                    return
            except (OSError, http.client.HTTPException):
                pass
            if time.monotonic() > deadline:
                raise ServerFailed(f"the server is not ready after {READY_WITHIN_SECONDS:.0f} s{tail(self._log)}")
            time.sleep(0.02)

    def ask(self, request: Request) -> Reply:
        """Send a request and return the answer.

        Raises:
            ServerFailed: there was none.
        """
        try:
            return self._exchange(request)
        except (OSError, http.client.HTTPException) as problem:
            died = "" if self._process.is_alive() else f"; the server ended with status {self._process.exitcode}"
            raise ServerFailed(f"no answer: {problem!r}{died}{tail(self._log)}") from problem

    def end(self) -> None:
        """End the process: politely, but without waiting for its good manners."""
        self._process.terminate()
        self._process.join(END_WITHIN_SECONDS)
        self._process.kill()
        self._process.join()
        self._process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _exchange(self, request: Request) -> Reply:
        headers, body = wire_of(request)
        path = quote(request.path, safe=_URL_CHARACTERS)
        connection = http.client.HTTPSConnection(
            "localhost", self.port, timeout=ANSWER_WITHIN_SECONDS, context=_TRUST_ANYBODY
        )
        try:
            connection.request(request.method, path, body, {name: value.encode() for name, value in headers.items()})
            response = connection.getresponse()
            return Reply(response.status, tuple(response.getheaders()), response.read())
        finally:
            connection.close()


def wire_of(request: Request) -> tuple[dict[str, str], bytes | None]:
    """Return headers and body of a request; the administrator asks unless it says otherwise."""
    headers: dict[str, str] = {}
    body = None
    if request.json is not UNSET:
        body = json.dumps(request.json, ensure_ascii=False).encode("utf-8", "surrogatepass")
        headers["Content-Type"] = "application/json"
    elif isinstance(request.raw_body, str):
        body = request.raw_body.encode()
    named = {name.lower() for name in request.headers}
    headers = {name: value for name, value in headers.items() if name.lower() not in named} | request.headers
    caller = ADMINISTRATOR if request.auth is UNSET else request.auth
    if caller != "none" and "authorization" not in named:
        pair = f"{caller.username}:{caller.password}".encode()
        headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
    return headers, body
