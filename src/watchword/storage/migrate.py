"""Bring the schema up to date; any number of nodes may start it at once, and one does it.

The steps run in one transaction: on SQLite the next starter waits for the write lock, on PostgreSQL for an advisory
lock.
"""

from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from watchword.storage.engine import Database
from watchword.storage.schema import metadata

FOLDER = Path(__file__).with_name("migrations")
LOCK_NUMBER = 0x77617463686D6967
_LOCK = text("SELECT pg_advisory_xact_lock(:number)")


def migrate(database: Database) -> tuple[str | None, str]:
    """Take every step that is missing; return the revisions before and after."""
    return database.run(lambda: _migrate(database))


def current_revision(database: Database) -> str | None:
    """Return the revision of the database; ``None`` before the first migration."""
    return database.run(lambda: _current(database))


def latest_revision() -> str:
    """Return the revision that this version of the server needs."""
    return _scripts().get_heads()[0]


def _migrate(database: Database) -> tuple[str | None, str]:
    transaction = database.open()
    try:
        connection = transaction.connection
        if connection.dialect.name == "postgresql":
            connection.execute(_LOCK, {"number": LOCK_NUMBER})
        before = MigrationContext.configure(connection).get_current_revision()
        scripts = _scripts()
        if before != scripts.get_current_head():
            _upgrade(connection, scripts)
    except BaseException:
        transaction.rollback()
        raise
    transaction.commit()
    return before, latest_revision()


def _upgrade(connection: Connection, scripts: ScriptDirectory) -> None:
    with EnvironmentContext(
        Config(),
        scripts,
        fn=lambda revision, _: scripts._upgrade_revs("head", revision),  # noqa: SLF001  # what alembic's own command calls
    ) as environment:
        environment.configure(connection=connection, target_metadata=metadata, transactional_ddl=False)
        environment.run_migrations()


def _current(database: Database) -> str | None:
    transaction = database.open(reading=True)
    try:
        return MigrationContext.configure(transaction.connection).get_current_revision()
    finally:
        transaction.rollback()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(FOLDER))
