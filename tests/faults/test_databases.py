"""F17, F21, F22, F25: the database goes away, is locked, is full, or loses its process (security-reliability.md 4)."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests import provision
from tests.attacks.stage import Evidence, Scene, Stage, exchange, wait_for
from tests.faults.crowd import Crowd
from tests.faults.invariants import Snapshot, broken
from tests.postgres_keeper import Cluster, lay_out

pytestmark = pytest.mark.long
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
BACK_SECONDS = 5.0
IMAGES = 25
"""Of 200 in the specification."""


@on_sqlite
def test_a_locked_database_is_told_and_loses_nothing(stage: Stage) -> None:
    """F21: another process holds the lock for longer than the server waits."""
    stage.start()
    with Crowd.at(stage, 6) as crowd:
        crowd.wait_for_more(5)
        before = Snapshot.of(stage)
        with contextlib.closing(sqlite3.connect(stage.evidence.file, isolation_level=None)) as thief:
            thief.execute("BEGIN EXCLUSIVE")
            wait_for(lambda: 503 in crowd.refusals)
            assert exchange(stage.nodes[-1].port, "GET", "/health/live").status == 200
            thief.execute("ROLLBACK")
        crowd.wait_for_more(5)
    end_leases(stage)
    assert set(crowd.refusals) == {503}
    assert crowd.slowest_seconds < 10
    assert broken(stage, crowd.acknowledged, crashes=1, before=before) == []


@on_sqlite
def test_a_full_disk_is_told_and_loses_nothing(make_stage: Callable[..., Stage], tmp_path: Path) -> None:
    """F22: the data folder is on a small disk, which something else fills."""
    disk = tmp_path / "disk"
    disk.mkdir()
    with small_disk(disk):
        stage = make_stage(data=disk)
        stage.start()
        with Crowd.at(stage) as crowd:
            crowd.wait_for_more(5)
            ballast = disk / "ballast"
            fill(ballast)
            wait_for(lambda: crowd.refusals)
            fill(ballast)
            assert exchange(stage.nodes[-1].port, "GET", "/health/live").status == 200
            wait_for(lambda: len(crowd.refusals) > 10)
            ballast.unlink()
            crowd.wait_for_more(5)
        end_leases(stage)
        assert set(crowd.refusals) == {503}
        assert broken(stage, crowd.acknowledged, crashes=1) == []
        stage.close()


@on_sqlite
def test_the_files_of_a_server_without_power_hold_all_that_was_acknowledged(stage: Stage, tmp_path: Path) -> None:
    """F25: copies of the frozen server's files, as a crash would leave them."""
    node, lived = stage.start(), stage.evidence
    problems = []
    with Crowd.at(stage) as crowd:
        for number in range(IMAGES):
            crowd.wait_for_more(1)
            image = tmp_path / f"image{number}"
            image.mkdir()
            known = list(crowd.acknowledged)
            node.signal(signal.SIGSTOP)
            for file in lived.file.parent.glob("watchword.db*"):
                shutil.copy(file, image)
            node.signal(signal.SIGCONT)
            stage.evidence = Evidence(image / "watchword.db")
            # What the gateway had accepted by then may not be marked: the copy sends again.
            problems += broken(stage, known, crashes=1)
            stage.evidence = lived
    assert problems == []


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_postgresql_restarts_and_loses_nothing(mode: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """F17: the server of the database goes and comes back under load."""
    folder = tmp_path_factory.mktemp("cluster")
    with own_cluster() as (cluster, url):
        stage = Stage(folder, Scene(database="postgresql"), url)
        try:
            stage.prepare()
            stage.start()
            with Crowd.at(stage, 6) as crowd:
                crowd.wait_for_more(10)
                cluster.run("pg_ctl", "-w", "-m", mode, "-l", str(cluster.folder / "log"), "restart")
                back = time.monotonic()
                crowd.wait_for_more(1)
                assert time.monotonic() - back < BACK_SECONDS
                crowd.wait_for_more(10)
            end_leases(stage)
            assert set(crowd.refusals) <= {500, 503}
            assert broken(stage, crowd.acknowledged, crashes=1) == []
        finally:
            stage.close()


def end_leases(stage: Stage) -> None:
    """Let go out what was accepted and could not be marked: a copy more, which is what a fault may cost."""
    stage.move_clock(31)
    stage.settle()


@contextlib.contextmanager
def own_cluster() -> Iterator[tuple[Cluster, str]]:
    """Give a PostgreSQL of its own, which keeps what it acknowledges, and the URL of a database there."""
    folder = Path(tempfile.mkdtemp(prefix="watchword-postgres-"))
    folder.chmod(0o755)
    cluster = lay_out(provision._postgres_package(), folder)  # noqa: SLF001  # the same package as that of all tests
    url = cluster.start(secrets.token_hex(16))
    try:
        asyncio.run(_ask(url, "ALTER SYSTEM SET synchronous_commit = 'on'", "SELECT pg_reload_conf()",
                         "CREATE DATABASE faults"))  # fmt: skip
        yield cluster, urlsplit(url)._replace(path="/faults").geturl()
    finally:
        cluster.stop()
        shutil.rmtree(folder)


async def _ask(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a disk of 3 MiB, where that is allowed."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m,mode=0700", "tmpfs", folder],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(ballast: Path) -> None:
    """Write until nothing fits."""
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as stream:
        while stream.write(b"\0" * 4096):
            pass
