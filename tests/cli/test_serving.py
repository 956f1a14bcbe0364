"""A server in a process of its own: how it starts, how it refuses to, and how it ends."""

import signal
import socket
import subprocess
from pathlib import Path

from tests.cli_terminal import PROGRAM, Terminal, clean_environment
from watchword_testing.conformance.cases import Request
from watchword_testing.conformance.server import Ports, Server


def serve(terminal: Terminal, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*PROGRAM, "serve", "--home", str(terminal.home), *words],
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(),
    )


def test_a_server_answers_and_sees_what_a_command_has_done(dev: Terminal, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with Server(dev.home, log, Ports().pair()) as server:
        server.wait_until_ready()
        assert dev.run("admin", "create", "lee", "--password", "admin").status == 0
        asked = Request(method="GET", path="/api/identity/user/v1.0/me")
        assert server.ask(asked).status == 401
        dev.run("admin", "create", "admin", "--password", "admin")
        assert server.ask(asked).status == 200
    assert "development mode" in log.read_text()


def test_a_server_whose_clock_was_moved_says_so_at_its_start(dev: Terminal, tmp_path: Path) -> None:
    dev.run("clock", "advance", "PT11M")
    log = tmp_path / "log"
    with Server(dev.home, log, Ports().pair()) as server:
        server.wait_until_ready()
    assert "the clock is moved by 0:11:00, until `watchword clock reset`" in log.read_text()


def test_a_server_that_is_told_to_stop_ends_well(dev: Terminal) -> None:
    process = serve(dev, "--port", str(Ports().pair()))
    assert process.stderr is not None
    while "serving on https://127.0.0.1" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    process.stderr.close()


def test_settings_that_cannot_be_used_are_told_line_by_line(terminal: Terminal) -> None:
    (terminal.home / "deployment.toml").write_text("[watchword]\nnonsense = 1\n[watchword.limits]\nresend_after = 7\n")
    ran = terminal.run("serve")
    assert ran.status == 2
    assert len(ran.err.splitlines()) == 2


def test_development_stays_on_this_machine(dev: Terminal) -> None:
    ran = dev.run("serve", "--host", "0.0.0.0")
    assert ran.status == 2
    assert "must be a loopback address" in ran.err


def test_a_port_that_is_taken_is_told_in_one_line(dev: Terminal) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = serve(dev, "--port", str(port))
        _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert said.splitlines()[-1].startswith(f"watchword: 127.0.0.1 port {port} is in use by another program")
    assert "--port" in said
    assert "Traceback" not in said


def test_a_worker_needs_a_database_that_can_be_shared(terminal: Terminal) -> None:
    ran = terminal.run("worker")
    assert ran.status == 1
    assert "PostgreSQL" in ran.err
