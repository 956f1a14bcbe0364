"""A demo that runs in a process of its own, and alice, who logs in to its applications."""

import base64
import json
import os
import socket
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.traveller import Page, Traveller
from watchword.demo import ALICE

DEMO = (
    "from watchword.demo import run_demo; "
    "run_demo(home=None, port={port}, sample_port={sample_port}, default_channel='SMS', keep=False)"
)


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
            page = traveller.open(page.action(), page.fields() | {"OTPcode": self.code_on_the_phone()})
        return page

    def code_on_the_phone(self) -> str:
        """Return the code in the last message."""
        phone = json.loads(self.ask("GET", "/sandbox/api/messages?channel=SMS&wait=10"))
        return str(phone["messages"][-1]["code"])

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


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """Start a demo, and end it in the end."""
    ports = free_ports()
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
