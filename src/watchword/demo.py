"""The demo: everything in one process on this machine, with a phone and a mailbox instead of providers."""

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from watchword.app import Additions, serve
from watchword.base.clock import SystemClock
from watchword.base.home import load_settings
from watchword.base.settings import Settings
from watchword.installation import CannotStart
from watchword.notification.configured import ConfiguredSenders
from watchword.sandbox.http import SandboxApi
from watchword.sandbox.inbox import Inbox
from watchword.sandbox.pages import SandboxPages
from watchword.sandbox.senders import LiveSenderBeside, SandboxSenders, refuse_live_senders
from watchword.tenants.policies import all_properties
from watchword.web.pages import Pages


def demo_folder() -> Path:
    """Return where the demo keeps its database, for the commands that are run beside it."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "watchword" / "demo"


def run_demo(*, home: Path | None, port: int, default_channel: str, keep: bool) -> None:
    """Serve the demo until it is told to stop; what an earlier one stored is gone unless *keep*.

    Raises:
        CannotStart: a demo runs already; or a provider is configured, and beside it a demo could text strangers.
        SettingsRefused
    """
    folder = demo_folder()
    with _alone(folder):
        _run(home, folder, port, default_channel, keep=keep)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the demo's folder, so that a second demo cannot take the database away from under the first."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            message = "a demo runs already: stop it first, or give this one another XDG_STATE_HOME"
            raise CannotStart(message) from problem
        yield


def _run(home: Path | None, folder: Path, port: int, default_channel: str, *, keep: bool) -> None:
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    overrides = {
        "watchword.server.port": str(port),
        "identity_mgt.notification.default_notification_channel": default_channel,
    }
    settings = load_settings(home, properties=all_properties(), data=folder, demo=True, overrides=overrides)
    _refuse_live_senders(settings)
    inbox = Inbox()
    senders = SandboxSenders.of_inbox(inbox, SystemClock())

    routes = [*SandboxApi(inbox).routes(), *SandboxPages.of_parts(Pages.of_settings(settings), inbox).routes()]
    additions = Additions(senders, routes, public_metrics=True, on_stop=inbox.close)
    serve(settings, announce=_announce, additions=additions)


def _refuse_live_senders(settings: Settings) -> None:
    configured = ConfiguredSenders.of_settings(settings)
    try:
        refuse_live_senders(configured)
    except LiveSenderBeside as problem:
        raise CannotStart(str(problem)) from problem
    finally:
        configured.close()


def _announce(settings: Settings) -> None:
    text = resources.files("watchword").joinpath("demo.txt").read_text(encoding="utf-8")
    command = Path(sys.argv[0])
    shown = command.relative_to(Path.cwd()) if command.is_relative_to(Path.cwd()) else command
    sys.stdout.write(text.replace("{url}", settings.public_url).replace("{watchword}", str(shown)))
    sys.stdout.flush()
