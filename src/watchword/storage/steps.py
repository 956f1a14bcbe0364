"""The steps to a new schema, by Alembic; any number of nodes may start them at once, and one takes them.

The steps run in one transaction: on SQLite the next starter waits for the write lock, on PostgreSQL for an advisory
lock.
"""

from pathlib import Path
from typing import cast

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


def take_steps(database: Database) -> tuple[str | None, str]:
    """Take every step that is missing; return the revisions before and after."""
    return database.run(lambda: _take_steps(database))


def _take_steps(database: Database) -> tuple[str | None, str]:
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
    return before, cast("str", scripts.get_current_head())


def _upgrade(connection: Connection, scripts: ScriptDirectory) -> None:
    with EnvironmentContext(
        Config(),
        scripts,
        fn=lambda revision, _: scripts._upgrade_revs("head", revision),  # noqa: SLF001  # what alembic's own command calls
    ) as environment:
        environment.configure(connection=connection, target_metadata=metadata, transactional_ddl=False)
        environment.run_migrations()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(FOLDER))
