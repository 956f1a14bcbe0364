"""`watchword serve`, `worker` and `demo`: what runs until it is told to stop."""

import logging
import sys
from pathlib import Path

import click

from watchword.app import run_worker
from watchword.app import serve as run_server
from watchword.base.log import set_up_log
from watchword.base.settings import Settings
from watchword.cli.desk import FOLDER, PLACE, Desk, command
from watchword.demo import run_demo
from watchword.login.parameters import page_doubts

log = logging.getLogger(__name__)

lasting = click.Group()
PORT = click.IntRange(0, 65535)


@command(lasting, "serve", example="watchword serve --home /srv/identity --port 9443", options=PLACE)
@click.option("--host", help="The address to listen on; with --dev on loopback only.")
@click.option("--port", type=PORT, help="The main port; that for health and metrics is the next, on loopback.")
@click.option("--no-tls", is_flag=True, help="Speak HTTP; only on loopback, or behind a trusted proxy.")
def serve(desk: Desk, host: str | None, port: int | None, *, no_tls: bool) -> None:
    """Serve until SIGTERM or SIGINT."""
    said = {
        "watchword.server.host": host,
        "watchword.server.port": None if port is None else str(port),
        "watchword.tls.enabled": "false" if no_tls else None,
    }
    settings = _started(desk, {key: value for key, value in said.items() if value is not None})
    run_server(settings, announce=_announce)


@command(lasting, "worker", example="watchword worker --home /srv/identity", options=PLACE)
def worker(desk: Desk) -> None:
    """Send messages beside the servers that share a PostgreSQL database, until SIGTERM or SIGINT."""
    run_worker(_started(desk, {}))


@click.command(
    "demo",
    short_help="Show everything on this machine, without any provider.",
    epilog="\b\nExample:\n  watchword demo --default-channel EMAIL",
)
@click.option(
    "--default-channel", type=click.Choice(["SMS", "EMAIL"]), default="SMS", help="Where codes go by default."
)
@click.option("--port", type=PORT, default=9443, help="The main port; else 9443.")
@click.option("--sample-port", type=PORT, default=8080, help="The port of the sample applications; else 8080.")
@click.option("--home", type=FOLDER, help="A home to show instead of the demo's own settings; no live sender in it.")
@click.option("--keep", is_flag=True, help="Keep what an earlier demo has stored.")
def demo(default_channel: str, port: int, sample_port: int, home: Path | None, *, keep: bool) -> None:
    """Show everything on this machine, with a phone and a mailbox on a page instead of providers."""
    set_up_log(plain=sys.stderr.isatty(), level=logging.WARNING, stream=sys.stderr)
    run_demo(home=home, port=port, sample_port=sample_port, default_channel=default_channel, keep=keep)


lasting.add_command(demo)


def _started(desk: Desk, overrides: dict[str, str]) -> Settings:
    """Return the settings of a server that is about to start, and log what its operator should know."""
    settings = desk.named_place.settings(desk.session.environment, overrides)
    set_up_log(plain=sys.stderr.isatty(), stream=sys.stderr)
    for warning in (*settings.warnings, *page_doubts(settings)):
        log.warning(warning)
    return settings


def _announce(settings: Settings) -> None:
    scheme = "https" if settings.server.tls else "http"
    log.info("serving on %s://%s:%s as %s", scheme, settings.server.host, settings.server.port, settings.public_url)
