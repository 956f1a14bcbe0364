"""One case, played: its home is furnished, its givens are made, its steps are done and judged."""

import shutil
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from watchword_testing.conformance import cases
from watchword_testing.conformance.cases import Case, CaseError, Unplayable
from watchword_testing.conformance.commands import Batch, CommandRefused
from watchword_testing.conformance.databases import Databases
from watchword_testing.conformance.givens import make_givens
from watchword_testing.conformance.home import Home, Surroundings
from watchword_testing.conformance.server import Ports, Server, ServerFailed
from watchword_testing.conformance.steps import Play
from watchword_testing.sinks import Sinks


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case went; no problem means that it passed."""

    id: str
    title: str
    problems: tuple[str, ...]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What all cases of a run share."""

    ports: Ports
    databases: Databases | None = None
    keeps_homes: bool = False


def play(case: Case | Unplayable, sinks: Sinks, circumstances: Circumstances) -> Outcome:
    """Play a case from an empty folder to the end of its server."""
    if isinstance(case, Unplayable):
        return Outcome(case.id, case.title, (f"error: {case.problem}",))
    started = time.monotonic()
    sinks.refresh()
    folder = Path(tempfile.mkdtemp(prefix="watchword-case-"))
    try:
        problems = list(_played(case, folder, sinks, circumstances))
    except (CaseError, CommandRefused, ServerFailed) as problem:
        problems = [f"error: {problem}"]
    except Exception:  # noqa: BLE001 - a case that breaks the player fails, and the others are still played
        problems = [f"error: the player broke\n{traceback.format_exc()}"]
    if circumstances.keeps_homes:
        problems = [*problems, f"home: {folder}"] if problems else []
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return Outcome(case.id, case.title, tuple(problems), time.monotonic() - started)


def _played(case: Case, folder: Path, sinks: Sinks, circumstances: Circumstances) -> Iterator[str]:
    with ExitStack() as stack:
        database = stack.enter_context(circumstances.databases.fresh()) if circumstances.databases else None
        home = Home(folder)
        templates = [given.template for given in case.givens if isinstance(given, cases.GivenTemplate)]
        home.furnish(
            case.configured, Surroundings(sinks.sms.url, sinks.mail.port, sinks.captcha.url, database), templates
        )
        batch = stack.enter_context(Batch(folder, home.log))
        if database is not None:  # what a server does by itself only where it is alone with its database
            batch.run("keys", "create")
            batch.run("migrate")
        make_givens(case, batch)
        home.break_down(*_faults_of(case))  # not before the givens are in: commands meet the faults as well
        server = stack.enter_context(Server(folder, home.log, circumstances.ports.pair()))
        server.wait_until_ready()
        yield from Play(case, home, batch, server, sinks).problems()


def _faults_of(case: Case) -> Iterator[str]:
    if case.configured.store_fault is not None:
        yield case.configured.store_fault
    if case.configured.password_action is not None:
        yield "password_action"
    for given in case.givens:
        if isinstance(given, cases.GivenTemplateRemoved):
            yield f"template:{given.template_removed.channel}:{given.template_removed.type}"
