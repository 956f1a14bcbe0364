"""A demo is alone in its folder, and what it keeps works on."""

import fcntl
import socket
from pathlib import Path

import pytest

from tests.world import World
from watchword.applications.store import Applications
from watchword.demo import demo_folder, furnish_demo, run_demo
from watchword.installation import CannotStart
from watchword.storage.work import Work
from watchword.web.model import SUPER_TENANT


def test_a_second_demo_leaves_the_first_one_its_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = demo_folder()
    folder.mkdir(parents=True)
    (folder / "watchword.db").write_bytes(b"of the first")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CannotStart, match="runs already"):
            run_demo(home=None, port=0, sample_port=0, default_channel="SMS", keep=False)
    assert (folder / "watchword.db").read_bytes() == b"of the first"


def test_a_demo_that_finds_its_ports_taken_names_them_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as main, socket.create_server(("127.0.0.1", 0)) as samples:
        port, sample_port = main.getsockname()[1], samples.getsockname()[1]
        with pytest.raises(CannotStart) as refused:
            run_demo(home=None, port=port, sample_port=sample_port, default_channel="SMS", keep=False)
    assert str(refused.value) == (
        f"port {port} and port {sample_port} are in use by another program: give another --port and --sample-port"
    )


def test_a_kept_application_follows_its_port_and_stays_as_it_was_made(world: World) -> None:
    def furnish(port: int) -> tuple[str, str]:
        def put(work: Work) -> None:
            furnish_demo(work, f"http://localhost:{port}")

        world.installation.works.do(SUPER_TENANT, put)
        found = world.do(lambda work: Applications(work).find("travelocity.com"))
        assert found is not None
        assert found.saml is not None
        return found.id, found.saml.acs_url

    made = furnish(8080)
    assert made[1] == "http://localhost:8080/travelocity.com/home.jsp"
    assert furnish(8080) == made
    assert furnish(8090) == (made[0], "http://localhost:8090/travelocity.com/home.jsp")
