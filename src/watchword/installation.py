"""An installation: its settings, database, keys and senders, opened for whatever process needs them."""

import importlib
import importlib.util
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from watchword.base.clock import SystemClock
from watchword.base.entropy import SystemEntropy
from watchword.base.hashing import Hasher
from watchword.base.seal import create_keys, read_keys
from watchword.base.settings import Settings
from watchword.notification.configured import ConfiguredSenders
from watchword.notification.model import Senders
from watchword.notification.outbox import Notifier
from watchword.notification.recipe import RecipeInvalid
from watchword.notification.senders.addresses import Forbidden
from watchword.notification.templating import Templates
from watchword.storage.engine import Database
from watchword.storage.migrate import current_revision, latest_revision, migrate
from watchword.storage.sqlite import SqliteDatabase
from watchword.storage.work import Faults, NoFaults, Surroundings, Works

log = logging.getLogger(__name__)

TEST_KIT = "watchword_testing"
FAULTS_VARIABLE = "FAULTS"


class CannotStart(Exception):
    """Something is missing or wrong that must be mended before; the text says what."""


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation that is open: its database, its keys, and what leaves messages in it."""

    settings: Settings
    database: Database
    works: Works
    senders: Senders
    templates: Templates
    notifier: Notifier


@contextmanager
def open_installation(
    settings: Settings,
    *,
    create: bool = False,
    senders: Senders | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Iterator[Installation]:
    """Open the database and the keys of an installation, and close them in the end.

    *create* makes what a first start needs: folder, keys (of SQLite; those of PostgreSQL are made once, by hand) and
    schema. *senders* take the place of the configured ones, in the sandbox.

    Raises:
        CannotStart, KeysMissing, SettingsRefused
    """
    entropy = SystemEntropy()
    if create:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not settings.database_url:
            create_keys(settings.data / "keys", entropy)
    keys = read_keys(settings.data / "keys")
    database = open_database(settings)
    used = senders or configure_senders(settings)
    templates = Templates(settings.sms_templates, settings.email_templates)
    hashing = settings.hashing
    hasher = Hasher(hashing.memory_kib, hashing.passes, hashing.lanes, hashing.threads, hashing.queue)
    try:
        if create:
            migrate(database)
        elif current_revision(database) != latest_revision():
            message = "the database is not at this version's schema: run `watchword migrate`"
            raise CannotStart(message)
        clock = SystemClock(settings.data / "clock" if settings.dev else None)
        faults = find_faults(settings, environment)
        surroundings = Surroundings(database, settings, clock, entropy, keys, hasher, faults)
        works = Works(surroundings)
        yield Installation(settings, database, works, used, templates, Notifier(templates, used))
    finally:
        if isinstance(used, ConfiguredSenders):
            used.close()
        hasher.close()
        database.close()


def configure_senders(settings: Settings) -> ConfiguredSenders:
    """Return the senders of the settings, and log which addresses are called only because a file names them.

    Raises:
        CannotStart: what the settings say about a sender cannot be used.
    """
    try:
        configured = ConfiguredSenders.of_settings(settings)
    except (RecipeInvalid, Forbidden) as problem:
        message = f"a sender cannot be used: {problem}"
        raise CannotStart(message) from problem
    for relaxation in configured.relaxations():
        log.warning(relaxation)
    return configured


def open_database(settings: Settings) -> Database:
    """Return the database of the settings."""
    if settings.database_url:
        # Not imported above: a server on SQLite would carry the driver for nothing.
        found: Database = importlib.import_module("watchword.storage.postgres").PostgresDatabase(settings.database_url)
        return found
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return SqliteDatabase(settings.data / "watchword.db")


def find_faults(settings: Settings, environment: Mapping[str, str]) -> Faults:
    """Return the faults that a test wants; a server that was not built for tests refuses them.

    Raises:
        CannotStart: faults are asked for, and the test kit is not installed.
    """
    asked = environment.get(FAULTS_VARIABLE, "")
    if settings.faults is None and not asked:
        return NoFaults()
    if importlib.util.find_spec(TEST_KIT) is None:
        message = f"[watchword.testing] and {FAULTS_VARIABLE} need the test kit, which no release contains"
        raise CannotStart(message)
    faults: Faults = importlib.import_module(f"{TEST_KIT}.faults").FileFaults(settings.faults, asked)
    return faults
