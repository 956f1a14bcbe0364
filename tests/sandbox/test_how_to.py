"""The tests that docs/how-to shows pass against a running demo."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PAGES = Path(__file__).parent.parent.parent / "docs/how-to"
DEMO = (
    "from watchword.demo import run_demo; "
    "run_demo(home=None, port={port}, sample_port={sample_port}, default_channel='SMS', keep=False)"
)


def free_port() -> int:
    """Return a port that is free, as is the next, which the management listener takes."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


@pytest.mark.parametrize("page", ["test-your-sign-up.md", "test-a-log-in.md"])
def test_the_tests_of_a_page_pass(tmp_path: Path, page: str) -> None:
    [shown] = re.findall(r"```python\n(.*?)```", (PAGES / page).read_text(), re.DOTALL)
    port, sample_port = free_port(), free_port()
    here = {
        "localhost:9443": f"localhost:{port}", "localhost:8080": f"localhost:{sample_port}",
        ".venv/bin/watchword": str(Path(sys.executable).with_name("watchword")),
    }  # fmt: skip
    for there, place in here.items():
        shown = shown.replace(there, place)
    written = tmp_path / "test_of_page.py"
    written.write_text(shown)
    surroundings = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    demo = [sys.executable, "-c", DEMO.format(port=port, sample_port=sample_port)]
    with subprocess.Popen(demo, stdout=subprocess.PIPE, text=True, env=surroundings) as server:
        assert server.stdout is not None
        try:
            assert any(f"localhost:{port}" in line for line in server.stdout), "the demo did not start"
            ran = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", tmp_path, written],
                check=False, capture_output=True, text=True, cwd=tmp_path, env=surroundings,
            )  # fmt: skip
        finally:
            server.terminate()
            server.stdout.read()
    assert ran.returncode == 0, ran.stdout
    assert server.returncode == 0
