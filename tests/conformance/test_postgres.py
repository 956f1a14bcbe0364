"""What PostgreSQL alone does: a server that goes away, and threads with connections of their own."""

import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from tests.storage.test_sqlite import PATIENCE_SECONDS, start
from watchword.base.problems import Unavailable
from watchword.storage.engine import Transaction
from watchword.storage.postgres import PostgresDatabase
from watchword.storage.statements import Statement

MINE = text("SELECT pg_backend_pid()")
OWN_PID = Statement(select(func.pg_backend_pid().label("pid")))
KILL = text("SELECT pg_terminate_backend(:pid, 5000)")


@pytest.fixture
def url(fresh_postgres_database: Callable[..., str]) -> str:
    return fresh_postgres_database()


@pytest.fixture
def database(url: str) -> Iterator[PostgresDatabase]:
    made = PostgresDatabase(url)
    yield made
    made.close()


def connection_of(database: PostgresDatabase) -> int:
    """Return which connection this thread has."""

    def ask() -> int:
        transaction = database.open()
        pid: int = transaction.connection.execute(MINE).scalar_one()
        transaction.commit()
        return pid

    return database.run(ask)


def kill(database: PostgresDatabase, pid: int) -> None:
    """End a connection from the server's side."""

    def end() -> None:
        transaction = database.open()
        assert transaction.connection.execute(KILL, {"pid": pid}).scalar_one()
        transaction.commit()

    start(lambda: database.run(end)).result(PATIENCE_SECONDS)


def test_a_thread_keeps_its_connection_and_shares_it_with_nobody(database: PostgresDatabase) -> None:
    mine = connection_of(database)
    assert connection_of(database) == mine
    theirs = start(lambda: connection_of(database)).result(PATIENCE_SECONDS)
    assert theirs != mine


def test_a_connection_that_the_server_dropped_is_made_anew(database: PostgresDatabase) -> None:
    dropped = connection_of(database)
    kill(database, dropped)
    assert connection_of(database) != dropped


def test_a_connection_that_is_dropped_in_the_middle_fails_that_work_alone(database: PostgresDatabase) -> None:
    dropped = connection_of(database)

    def lose() -> None:
        transaction = database.open()
        kill(database, dropped)
        try:
            transaction.connection.execute(MINE)
        finally:
            transaction.rollback()

    with pytest.raises((DBAPIError, Unavailable)):
        database.run(lose)
    assert connection_of(database) != dropped


def test_a_statement_on_a_lost_connection_asks_to_come_again(database: PostgresDatabase) -> None:
    dropped = connection_of(database)

    def lose() -> None:
        session = database.open()
        kill(database, dropped)
        try:
            session.run(OWN_PID, {})
        finally:
            session.rollback()

    with pytest.raises(Unavailable):
        database.run(lose)
    assert connection_of(database) != dropped


def test_a_commit_that_cannot_be_made_is_no_success(database: PostgresDatabase) -> None:
    dropped = connection_of(database)

    def lose() -> None:
        transaction = database.open()
        transaction.connection.execute(text("CREATE TABLE lost (id int)"))
        kill(database, dropped)
        transaction.commit()

    with pytest.raises((DBAPIError, Unavailable)):
        database.run(lose)

    def look() -> object:
        transaction = database.open()
        found = transaction.connection.execute(text("SELECT to_regclass('lost')")).scalar()
        transaction.rollback()
        return found

    assert database.run(look) is None


def test_a_server_that_is_not_there_is_unavailable(unused_url: str) -> None:
    database = PostgresDatabase(unused_url)
    with pytest.raises(Unavailable):
        database.run(database.open)
    database.close()


@pytest.fixture
def unused_url(url: str) -> str:
    return url.rpartition(":")[0] + ":1/nothing"


def test_the_time_is_the_servers(database: PostgresDatabase) -> None:
    def compare() -> float:
        transaction: Transaction = database.open()
        began_at = transaction.began_at()
        assert began_at is not None
        servers = transaction.connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        transaction.rollback()
        seconds: float = abs((servers - began_at).total_seconds())
        return seconds

    assert database.run(compare) < 1


def test_a_closed_database_leaves_no_connection(url: str, fresh_postgres_database: Callable[..., str]) -> None:
    database = PostgresDatabase(url)
    ready, leave = threading.Barrier(5), threading.Event()

    def stay() -> None:
        connection_of(database)
        ready.wait(PATIENCE_SECONDS)
        leave.wait(PATIENCE_SECONDS)

    staying = [start(stay) for _ in range(4)]
    ready.wait(PATIENCE_SECONDS)
    leave.set()
    for each in staying:
        each.result(PATIENCE_SECONDS)
    database.close()
    assert fresh_postgres_database(url)  # a database cannot be copied while somebody is connected to it
