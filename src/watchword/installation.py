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
from watchword.base.problems import Unavailable
from watchword.base.seal import create_keys, read_keys
from watchword.base.settings import Settings
from watchword.login.provider_route import ProviderRoutes
from watchword.notification.configured import ConfiguredSenders, outgoing_rules
from watchword.notification.model import Senders
from watchword.notification.outbox import Notifier
from watchword.notification.own_senders import OwnSenders
from watchword.notification.recipe import RecipeInvalid
from watchword.notification.senders.addresses import Forbidden
from watchword.notification.senders.fetcher import Fetcher
from watchword.notification.templating import Templates
from watchword.storage.engine import Database, DatabaseUnusable
from watchword.storage.marks import recognises_keys
from watchword.storage.migrate import current_revision, latest_revision, migrate
from watchword.storage.sqlite import SqliteDatabase
from watchword.storage.work import Faults, NoFaults, Surroundings, Works
from watchword.web.model import SUPER_TENANT

log = logging.getLogger(__name__)

TEST_KIT = "watchword_testing"
FAULTS_VARIABLE = "FAULTS"
SQLITE_FILE = "watchword.db"


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
    routes: ProviderRoutes
    """The providers that identity providers describe."""
    own_senders: OwnSenders
    """The senders that tenants have of their own."""


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
        if not settings.database_url and not (settings.data / SQLITE_FILE).exists():
            create_keys(settings.data / "keys", entropy)  # never beside a database, which knows its own
    keys = read_keys(settings.data / "keys")
    database = open_database(settings)
    used = senders or configure_senders(settings)
    fetcher = used.fetcher if isinstance(used, ConfiguredSenders) else Fetcher(outgoing_rules(settings))
    templates = Templates(settings.sms_templates, settings.email_templates)
    hashing = settings.hashing
    hasher = Hasher(hashing.memory_kib, hashing.passes, hashing.lanes, hashing.threads, hashing.queue)
    try:
        _bring_up_to_date(database, may_change=create)
        clock = SystemClock(settings.data / "clock" if settings.dev or settings.demo else None)
        if moved := clock.shift():
            log.warning("the clock is moved by %s, until `watchword clock reset`", moved)
        faults = find_faults(settings, environment)
        surroundings = Surroundings(database, settings, clock, entropy, keys, hasher, faults)
        works = Works(surroundings)
        if not works.do(SUPER_TENANT, recognises_keys):
            message = f"the key file in {settings.data / 'keys'} is not the one that this database was begun with"
            raise CannotStart(message)
        own, routes = OwnSenders(fetcher), ProviderRoutes(fetcher)
        yield Installation(settings, database, works, used, templates, Notifier(templates, used, own), routes, own)
    finally:
        if isinstance(used, ConfiguredSenders):
            used.close()
        else:
            fetcher.close()
        hasher.close()
        database.close()


def _bring_up_to_date(database: Database, *, may_change: bool) -> None:
    """Take the steps of the schema that are missing, or ask for them.

    Raises:
        CannotStart: they are missing, or the database cannot be used at all.
    """
    try:
        if may_change:
            migrate(database)
            return
        is_current = current_revision(database) == latest_revision()
    except Unavailable as problem:
        message = f"the database cannot be reached: {_innermost(problem)}"
        raise CannotStart(message) from problem
    except DatabaseUnusable as problem:
        message = f"the database cannot be used: {problem}"
        raise CannotStart(message) from problem
    if not is_current:
        message = "the database is not at this version's schema: run `watchword migrate`"
        raise CannotStart(message)


def _innermost(problem: BaseException) -> str:
    """Return the first line of what set off a chain of failures."""
    while problem.__cause__ is not None:
        problem = problem.__cause__
    return str(problem).strip().partition("\n")[0] or type(problem).__name__


def configure_senders(settings: Settings) -> ConfiguredSenders:
    """Return the senders of the settings; log what is called only because a file names it, and who cannot be reached.

    Raises:
        CannotStart: what the settings say about a sender cannot be used.
    """
    try:
        configured = ConfiguredSenders.of_settings(settings)
    except (RecipeInvalid, Forbidden) as problem:
        message = f"a sender cannot be used: {problem}"
        raise CannotStart(message) from problem
    for line in (*configured.relaxations(), *configured.gaps()):
        log.warning(line)
    return configured


def open_database(settings: Settings) -> Database:
    """Return the database of the settings.

    Raises:
        CannotStart: there is something else in its place.
    """
    try:
        if settings.database_url:
            # Not imported above: a server on SQLite would carry the driver for nothing.
            postgres = importlib.import_module("watchword.storage.postgres")
            found: Database = postgres.PostgresDatabase(settings.database_url)
            return found
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        return SqliteDatabase(settings.data / SQLITE_FILE)
    except DatabaseUnusable as problem:
        message = f"the database cannot be used: {problem}"
        raise CannotStart(message) from problem


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
