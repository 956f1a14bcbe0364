"""Where a command is carried out: which installation, which tenant; and how a command is declared."""

import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import Any, Self, TypeVar

import click

from watchword.base.clock import SystemClock
from watchword.base.home import load_settings
from watchword.base.settings import Settings
from watchword.cli.answers import Answer, CommandFailed
from watchword.demo import demo_folder
from watchword.installation import Installation, open_installation
from watchword.notification.model import Senders
from watchword.sandbox.inbox import Inbox
from watchword.sandbox.senders import SandboxSenders
from watchword.storage.work import Origin, Work
from watchword.tenants.policies import all_properties
from watchword.tenants.usecases import read_tenant
from watchword.web.model import SUPER_TENANT

Result = TypeVar("Result")

HOME_VARIABLE = "WATCHWORD_HOME"
HELP = {"help_option_names": ["-h", "--help"]}
FOLDER = click.Path(file_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Place:
    """Which installation is meant."""

    home: Path | None
    data: Path | None = None
    dev: bool = False
    demo: bool = False

    @property
    def senders(self) -> Senders | None:
        """Return what stands for the senders of the demo, whose server has the phone and the mailbox."""
        return SandboxSenders.of_inbox(Inbox(), SystemClock()) if self.demo else None

    def settings(self, environment: Mapping[str, str], overrides: Mapping[str, str] | None = None) -> Settings:
        """Return its settings.

        Raises:
            SettingsRefused: with everything that is wrong.
        """
        return load_settings(
            self.home, properties=all_properties(), data=self.data, dev=self.dev, demo=self.demo,
            overrides=overrides, environment=environment,
        )  # fmt: skip


@dataclass(slots=True)
class Session:
    """What the commands of one process share: the installations that are open."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    place: Place | None = None
    """The installation of commands that name none; set by ``batch``, whose commands have no terminal to ask."""
    _has_named_demo: bool = field(default=False, init=False)
    _open: dict[Place, Installation] = field(default_factory=dict, init=False)
    _closing: ExitStack = field(default_factory=ExitStack, init=False)

    def __enter__(self) -> Self:
        """Return the session; what it opens is closed in the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close what was opened."""
        self._closing.close()

    @property
    def has_terminal(self) -> bool:
        """Tell whether a person can be asked for something."""
        return self.place is None and sys.stdin.isatty()

    def place_of(self, home: Path | None, data: Path | None, *, dev: bool, or_demo: bool) -> Place:
        """Return the installation that a command means.

        Raises:
            CommandFailed: it names none, and there is none to be found.
        """
        if home is None and self.place is not None:
            return replace(self.place, data=data or self.place.data, dev=dev or self.place.dev)
        if home is None and (variable := self.environment.get(HOME_VARIABLE)):
            home = Path(variable)
        if home is not None:
            return Place(home, data, dev)
        demo = demo_folder()
        if not or_demo or not demo.is_dir():
            raise CommandFailed(f"Which installation? Give --home DIR, or set {HOME_VARIABLE}.")
        if not self._has_named_demo:
            click.echo(f"watchword: no --home was given, so this is about the demo in {demo}", err=True)
            self._has_named_demo = True
        return Place(None, data or demo, dev, demo=True)

    def open(self, place: Place) -> Installation:
        """Return an installation, opened at the first call; a first start on SQLite needs no preparation."""
        if place not in self._open:
            settings = place.settings(self.environment)
            # Nobody stands and waits for the first attempt: what a command leaves is the courier's at once.
            delivery = replace(settings.delivery, answer="accepted")
            opened = open_installation(
                replace(settings, delivery=delivery),
                create=not settings.database_url,
                senders=place.senders,
                environment=self.environment,
            )
            with opening_quietly():
                self._open[place] = self._closing.enter_context(opened)
        return self._open[place]


@contextmanager
def opening_quietly() -> Iterator[None]:
    """Log errors alone: what an operator should know of a home is said by ``check`` and at a server's start."""
    ours = logging.getLogger("watchword")
    level = ours.level
    ours.setLevel(logging.ERROR)
    try:
        yield
    finally:
        ours.setLevel(level)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a command is carried out."""

    session: Session
    home: Path | None = None
    data: Path | None = None
    dev: bool = False
    tenant: str = SUPER_TENANT

    @property
    def place(self) -> Place:
        """Return the installation that is meant; the demo's if none is named."""
        return self.session.place_of(self.home, self.data, dev=self.dev, or_demo=True)

    @property
    def named_place(self) -> Place:
        """Return the installation that is named: a server is never started by guess."""
        return self.session.place_of(self.home, self.data, dev=self.dev, or_demo=False)

    @property
    def installation(self) -> Installation:
        """Return the installation, open."""
        return self.session.open(self.place)

    @property
    def settings(self) -> Settings:
        """Return the settings of the installation, which is open."""
        return self.installation.settings

    def do(self, task: Callable[[Work], Result]) -> Result:
        """Do something in the tenant."""
        return self._do(task, reading=False)

    def look(self, task: Callable[[Work], Result]) -> Result:
        """Read something of the tenant."""
        return self._do(task, reading=True)

    def must_be_development(self, what: str) -> None:
        """Refuse what belongs to tests in an installation that real people use, which the demo is not.

        Raises:
            CommandFailed
        """
        if not (self.settings.dev or self.settings.demo):
            raise CommandFailed(f"{what} is for development: give --dev, or set [watchword] dev = true.")

    def _do(self, task: Callable[[Work], Result], *, reading: bool) -> Result:
        def checked(work: Work) -> Result:
            if work.tenant != SUPER_TENANT:
                read_tenant(work, work.tenant)
            return task(work)

        return self.installation.works.do(self.tenant, checked, Origin("operator", "command line"), reading=reading)


Option = Callable[[Callable[..., Any]], Callable[..., Any]]

PLACE: tuple[Option, ...] = (
    click.option("--home", type=FOLDER, help=f"The operator's folder; else that of {HOME_VARIABLE}, else the demo's."),
    click.option("--data", type=FOLDER, help="Where our own database and keys are; else HOME/watchword."),
    click.option("--dev", is_flag=True, help="Development on loopback, as `[watchword] dev = true`."),
)
TENANT: Option = click.option(
    "--tenant", default=SUPER_TENANT, metavar="TENANT", help=f"The tenant; else {SUPER_TENANT}."
)
JSON: Option = click.option("--json", is_flag=True, expose_value=False, help="Answer with one line of JSON.")
USUAL = (*PLACE, TENANT, JSON)


def command(
    group: click.Group,
    name: str,
    *,
    example: str,
    options: Sequence[Option] = USUAL,
    context_settings: dict[str, Any] | None = None,
) -> Callable[[Callable[..., Answer | None]], click.Command]:
    """Declare a command of a group; it is given the desk, made of the shared *options*, then what it declares itself.

    A command returns its answer, or nothing if it has spoken for itself while it ran.
    """

    def declare(function: Callable[..., Answer | None]) -> click.Command:
        @wraps(function)
        def called(
            home: Path | None,
            data: Path | None,
            tenant: str = SUPER_TENANT,
            *,
            dev: bool,
            **own: Any,  # noqa: ANN401 - whatever the command declares
        ) -> Answer | None:
            session = click.get_current_context().find_object(Session)
            if session is None:
                raise LookupError("a command is called within a session")
            return function(Desk(session, home, data, dev, tenant), **own)

        shared: Callable[..., Any] = called
        for option in reversed(options):
            shared = option(shared)
        about = {"epilog": f"\b\nExample:\n  {example}", "short_help": _first_sentence(function)}
        return group.command(name, context_settings=context_settings, **about)(shared)

    return declare


def _first_sentence(function: Callable[..., Answer | None]) -> str:
    return (function.__doc__ or "").strip().partition("\n")[0]
