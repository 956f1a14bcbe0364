"""Breaking a server on purpose: what is asked for happens, at its place and nowhere else."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli_terminal import PROGRAM, Terminal, clean_environment
from watchword.storage.work import StepFailed
from watchword_testing.faults import FileFaults, read_faults


def test_faults_come_and_go_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / "faults"
    faults = FileFaults(file)
    faults.reach("add_user")
    file.write_text("add_user\ntemplate:SMS:accountconfirmation\n")
    with pytest.raises(StepFailed):
        faults.reach("add_user")
    faults.reach("after_add_user")
    assert faults.is_set("template:SMS:accountconfirmation")
    fresh = tmp_path / "fresh"
    fresh.write_text("lock_user:raise\n")
    os.utime(fresh, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    fresh.replace(file)
    faults.reach("add_user")
    with pytest.raises(StepFailed):
        faults.reach("lock_user")
    file.unlink()
    faults.reach("lock_user")


def test_faults_of_the_environment_stay(tmp_path: Path) -> None:
    faults = FileFaults(tmp_path / "faults", "before_send:raise,publish_event")
    with pytest.raises(StepFailed):
        faults.reach("before_send")
    assert faults.is_set("publish_event")


def test_a_colon_may_belong_to_the_place() -> None:
    asked = read_faults(["template:SMS:accountconfirmation", "after_commit:kill9", "", "kill9", " add_user:raise "])
    assert asked == {
        "template:SMS:accountconfirmation": "raise",
        "after_commit": "kill9",
        "kill9": "raise",
        "add_user": "raise",
    }


@pytest.mark.parametrize(("place", "stored"), [("before_commit", False), ("after_commit", True)])
def test_a_process_dies_before_or_after_it_has_stored(dev: Terminal, place: str, *, stored: bool) -> None:
    assert dev.ask("user", "list") == {"users": []}
    killed = subprocess.run(
        [*PROGRAM, "user", "add", "kim", "--home", str(dev.home)],
        env=clean_environment(FAULTS=f"{place}:kill9"),
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert dev.ask("user", "show", "kim")["exists"] is stored
