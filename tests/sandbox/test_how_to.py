"""The test that docs/how-to/test-your-sign-up.md shows passes against a running demo."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs/how-to/test-your-sign-up.md"
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


def test_the_test_of_the_page_passes(tmp_path: Path) -> None:
    [shown] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    port = free_port()
    written = tmp_path / "test_sign_up.py"
    written.write_text(shown.replace("localhost:9443", f"localhost:{port}"))
    surroundings = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    demo = [sys.executable, "-c", DEMO.format(port=port, sample_port=free_port())]
    with subprocess.Popen(demo, stdout=subprocess.PIPE, text=True, env=surroundings) as server:
        assert server.stdout is not None
        try:
            assert any(f"localhost:{port}" in line for line in server.stdout), "the demo did not start"
            ran = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", tmp_path, written],
                check=False, capture_output=True, text=True, cwd=tmp_path,
            )  # fmt: skip
        finally:
            server.terminate()
            server.stdout.read()
    assert ran.returncode == 0, ran.stdout
    assert server.returncode == 0
