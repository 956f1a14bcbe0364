"""A demo is alone in its folder."""

import fcntl
from pathlib import Path

import pytest

from watchword.demo import demo_folder, run_demo
from watchword.installation import CannotStart


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
