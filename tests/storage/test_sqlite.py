"""Group commit on SQLite: units take turns, are undone alone, and are on the disk when they return."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import text

from watchword.base.problems import Unavailable
from watchword.storage.engine import Transaction
from watchword.storage.sqlite import SqliteDatabase

PATIENCE_SECONDS = 20.0
ORPHAN = text("INSERT INTO children (parent) VALUES (4711)")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


@pytest.fixture
def database(file: Path) -> Iterator[SqliteDatabase]:
    made = SqliteDatabase(file)
    unit = made.open()
    for statement in (
        "CREATE TABLE parents (id INTEGER PRIMARY KEY)",
        "CREATE TABLE children (parent INTEGER REFERENCES parents (id))",
    ):
        unit.connection.execute(text(statement))
    unit.commit()
    yield made
    made.close()


def put(unit: Transaction, number: int) -> None:
    unit.connection.execute(text("INSERT INTO parents (id) VALUES (:id)"), {"id": number})


def on_the_disk(file: Path) -> list[int]:
    """Return what another process would find."""
    raw = sqlite3.connect(file)
    try:
        return [number for (number,) in raw.execute("SELECT id FROM parents ORDER BY id")]
    finally:
        raw.close()


def start(task: Callable[[], object]) -> "Future[object]":
    """Do *task* on a thread of its own."""
    done: Future[object] = Future()

    def run() -> None:
        try:
            done.set_result(task())
        except BaseException as failure:  # noqa: BLE001  # it is raised again where the result is taken
            done.set_exception(failure)

    threading.Thread(target=run, daemon=True).start()
    return done


def wait_until_somebody_waits(database: SqliteDatabase, count: int = 1) -> None:
    asleep = threading.Event()
    for _ in range(2000):
        if database._waiting >= count:  # noqa: SLF001  # how many stand before the door
            return
        asleep.wait(0.001)
    pytest.fail("nobody came to wait")


def test_what_was_committed_is_on_the_disk(database: SqliteDatabase, file: Path) -> None:
    unit = database.open()
    put(unit, 1)
    assert on_the_disk(file) == []
    unit.commit()
    assert on_the_disk(file) == [1]


def test_units_of_sixteen_threads_are_all_kept(database: SqliteDatabase, file: Path) -> None:
    seen: list[int] = []

    def write(first: int) -> None:
        for number in range(first, first + 20):
            unit = database.open()
            put(unit, number)
            unit.commit()
            seen.extend(set(on_the_disk(file)) & {number})

    for done in [start(lambda first=first: write(first)) for first in range(0, 16 * 20, 20)]:  # type: ignore[misc]  # bound at once
        done.result(PATIENCE_SECONDS)
    assert on_the_disk(file) == sorted(seen) == list(range(320))
    assert database._waiting == 0  # noqa: SLF001  # nobody is left before the door


def test_a_unit_that_fails_undoes_itself_and_nothing_else_of_its_group(database: SqliteDatabase, file: Path) -> None:
    first = database.open()
    put(first, 1)

    def fail() -> None:
        unit = database.open()
        put(unit, 2)
        unit.rollback()

    failing = start(fail)
    wait_until_somebody_waits(database)
    kept = start(first.commit)
    failing.result(PATIENCE_SECONDS)
    kept.result(PATIENCE_SECONDS)
    assert on_the_disk(file) == [1]


def test_a_constraint_that_is_broken_undoes_its_unit_alone(database: SqliteDatabase, file: Path) -> None:
    def write(number: int) -> None:
        unit = database.open()
        try:
            put(unit, number)
            put(unit, number % 7)
        except Exception:
            unit.rollback()
            raise
        unit.commit()

    unit = database.open()
    for number in range(7):
        put(unit, number)
    unit.commit()
    results = [start(lambda number=number: write(number)) for number in range(100, 116)]  # type: ignore[misc]  # bound at once
    assert all(result.exception(PATIENCE_SECONDS) is not None for result in results)
    assert on_the_disk(file) == list(range(7))


def test_a_commit_that_fails_fails_for_everybody_in_its_group(database: SqliteDatabase, file: Path) -> None:
    first = database.open()
    put(first, 1)

    def leave_an_orphan() -> None:
        unit = database.open()
        unit.connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        unit.connection.execute(ORPHAN)
        unit.commit()

    orphan = start(leave_an_orphan)
    wait_until_somebody_waits(database)
    kept = start(first.commit)
    for result in (orphan, kept):
        assert isinstance(result.exception(PATIENCE_SECONDS), Unavailable)
    assert on_the_disk(file) == []
    unit = database.open()
    put(unit, 2)
    unit.commit()
    assert on_the_disk(file) == [2]


def test_a_unit_that_cannot_begin_leaves_nobody_of_its_group_waiting(database: SqliteDatabase, file: Path) -> None:
    def forbid(action: int, first: str | None, *_: str | None) -> int:
        return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_SAVEPOINT and first == "BEGIN" else sqlite3.SQLITE_OK

    unit = database.open()
    put(unit, 1)
    refused = start(database.open)
    wait_until_somebody_waits(database)
    raw = cast("sqlite3.Connection", unit.connection.connection.dbapi_connection)
    raw.set_authorizer(forbid)
    start(unit.commit).result(PATIENCE_SECONDS)
    assert isinstance(refused.exception(PATIENCE_SECONDS), sqlite3.DatabaseError)
    raw.set_authorizer(None)
    assert on_the_disk(file) == [1]


def test_a_busy_database_refuses_everybody_who_waits_and_holds_up_nobody(database: SqliteDatabase, file: Path) -> None:
    unit = database.open()
    unit.connection.execute(text("PRAGMA busy_timeout = 50"))
    unit.rollback()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    results = [start(database.open) for _ in range(8)]
    for result in results:
        assert isinstance(result.exception(PATIENCE_SECONDS), Unavailable)
    other.execute("ROLLBACK")
    other.close()
    unit = database.open()
    put(unit, 1)
    unit.commit()
    assert on_the_disk(file) == [1]


def test_a_reader_sees_one_moment_and_waits_for_nobody(database: SqliteDatabase) -> None:
    count = text("SELECT count(*) FROM parents")
    reader = database.open(reading=True)
    assert reader.connection.execute(count).scalar() == 0
    unit = start(database.open).result(PATIENCE_SECONDS)
    put(unit, 1)  # type: ignore[arg-type]  # it is the unit that was opened
    assert reader.connection.execute(count).scalar() == 0
    unit.commit()  # type: ignore[attr-defined]  # likewise
    assert reader.connection.execute(count).scalar() == 0
    reader.rollback()
    later = database.open(reading=True)
    assert later.connection.execute(count).scalar() == 1
    later.rollback()


def test_a_unit_that_changed_nothing_costs_nothing(database: SqliteDatabase, file: Path) -> None:
    database.open().commit()
    database.open().rollback()
    assert on_the_disk(file) == []


def test_commits_are_full_and_the_log_is_ahead(database: SqliteDatabase) -> None:
    unit = database.open()
    found = [unit.connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")]
    unit.rollback()
    assert found == ["wal", 2]


def test_no_page_is_copied_to_a_file_outside_the_database(database: SqliteDatabase) -> None:
    unit = database.open()
    in_memory = 2
    assert unit.connection.execute(text("PRAGMA temp_store")).scalar_one() == in_memory
    unit.rollback()


def test_a_unit_that_is_undone_alone_leaves_the_next_one_whole(database: SqliteDatabase, file: Path) -> None:
    first = database.open()
    put(first, 1)

    def put_another() -> None:
        second = database.open()
        put(second, 2)
        second.commit()

    waiting = start(put_another)
    wait_until_somebody_waits(database)
    first.rollback()
    waiting.result(PATIENCE_SECONDS)
    assert on_the_disk(file) == [2]
