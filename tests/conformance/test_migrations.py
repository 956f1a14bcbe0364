"""The schema, and getting there, on both databases."""

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from tests.storage.test_sqlite import PATIENCE_SECONDS, start
from watchword.storage.engine import Database
from watchword.storage.migrate import current_revision, latest_revision, migrate
from watchword.storage.postgres import PostgresDatabase
from watchword.storage.schema import metadata
from watchword.storage.sqlite import SqliteDatabase

Opener = Callable[[], Database]


@pytest.fixture(params=["sqlite", "postgres"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Return what opens one and the same empty database, as each node does."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("fresh_postgres_database")()
        return lambda: PostgresDatabase(url)
    return lambda: SqliteDatabase(tmp_path / "watchword.db")


def test_an_empty_database_has_no_revision(opener: Opener) -> None:
    database = opener()
    assert current_revision(database) is None
    database.close()


def test_four_nodes_may_migrate_at_once_and_one_does_it(opener: Opener) -> None:
    def start_up() -> tuple[str | None, str]:
        database = opener()
        try:
            return migrate(database)
        finally:
            database.close()

    results = [result.result(PATIENCE_SECONDS) for result in [start(start_up) for _ in range(4)]]
    assert sorted(results, key=str) == [
        *[(latest_revision(), latest_revision())] * 3,
        (None, latest_revision()),
    ]


def test_a_second_migration_does_nothing(opener: Opener) -> None:
    database = opener()
    assert migrate(database) == (None, latest_revision())
    assert migrate(database) == (latest_revision(), latest_revision())
    assert current_revision(database) == latest_revision()
    database.close()


def test_the_migrated_schema_is_the_one_on_the_page(opener: Opener) -> None:
    database = opener()
    migrate(database)

    def differences() -> list[object]:
        transaction = database.open()
        try:
            context = MigrationContext.configure(transaction.connection, opts={"compare_type": True})
            return list(compare_metadata(context, metadata))
        finally:
            transaction.rollback()

    assert database.run(differences) == []
    database.close()
