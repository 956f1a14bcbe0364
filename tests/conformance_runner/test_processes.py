"""The real commands, started as the player starts them."""

from pathlib import Path

import pytest

from watchword_testing.conformance.cases import Request
from watchword_testing.conformance.commands import Batch, CommandRefused
from watchword_testing.conformance.home import Home, Surroundings
from watchword_testing.conformance.server import Ports, Server, ServerFailed
from watchword_testing.conformance.settings import Configured


def a_home(folder: Path, configured: Configured) -> Home:
    home = Home(folder)
    home.furnish(configured, Surroundings("http://127.0.0.1:1/", 25, "http://127.0.0.1:2/"), [])
    return home


def test_commands_and_server_share_a_home_and_end_when_told(tmp_path: Path) -> None:
    home = a_home(tmp_path, Configured())
    with Batch(tmp_path, home.log) as batch:
        batch.run("admin", "create", "admin", "--password", "admin")
        with pytest.raises(CommandRefused, match="user delete nobody"):
            batch.run("user", "delete", "nobody")
        with Server(tmp_path, home.log, Ports().pair()) as server:
            server.wait_until_ready()
            assert server.ask(Request(method="GET", path="/api/identity/user/v1.0/me")).status == 200
            assert server.ask(Request(method="GET", path="/api/identity/user/v1.0/me", auth="none")).status == 401


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    home = a_home(tmp_path, Configured(raw_toml="[watchword]\nno_such_setting = 1\n"))
    with Server(tmp_path, home.log, Ports().pair()) as server, pytest.raises(ServerFailed, match="no_such_setting"):
        server.wait_until_ready()


def test_a_batch_that_cannot_start_is_not_waited_for(tmp_path: Path) -> None:
    home = a_home(tmp_path, Configured(raw_toml="[watchword]\nno_such_setting = 1\n"))
    with Batch(tmp_path, home.log) as batch, pytest.raises((ServerFailed, CommandRefused), match="no_such_setting"):
        batch.run("tenant", "list")
