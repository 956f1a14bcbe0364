"""Bring the schema up to date, where it is not: which revision there is, and which is needed."""

import importlib
from pathlib import Path

from sqlalchemy import Text, column, inspect, select, table
from sqlalchemy.exc import DBAPIError

from watchword.storage.engine import Database, DatabaseUnusable

VERSIONS = Path(__file__).with_name("migrations") / "versions"
_REVISION = select(column("version_num", Text)).select_from(table("alembic_version"))


def migrate(database: Database) -> tuple[str | None, str]:
    """Take every step that is missing; return the revisions before and after."""
    latest = latest_revision()
    if current_revision(database) == latest:
        return latest, latest
    # Alembic takes a tenth of the start and of the memory, and is needed once in the life of a version.
    taken: tuple[str | None, str] = importlib.import_module("watchword.storage.steps").take_steps(database)
    return taken


def current_revision(database: Database) -> str | None:
    """Return the revision of the database; ``None`` before the first migration.

    Raises:
        Unavailable: it cannot be reached.
        DatabaseUnusable: what is there cannot be read.
    """
    try:
        return database.run(lambda: _current(database))
    except DBAPIError as problem:
        raise DatabaseUnusable(str(problem.orig)) from problem


def latest_revision() -> str:
    """Return the revision that this version of the server needs: the number of the last script."""
    return max(script.name.partition("_")[0] for script in VERSIONS.glob("[0-9]*.py"))


def _current(database: Database) -> str | None:
    transaction = database.open()
    try:
        if not inspect(transaction.connection).has_table("alembic_version"):
            return None
        return transaction.connection.execute(_REVISION).scalar_one_or_none()
    finally:
        transaction.rollback()
