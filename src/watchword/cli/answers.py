"""What a command answers: a document for a program, lines for a person, and the exit status."""

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import click

from watchword.base.operator_files import SettingsRefused
from watchword.base.problems import Problem
from watchword.base.seal import KeysMissing
from watchword.installation import CannotStart
from watchword.notification.recipe import RecipeInvalid
from watchword.notification.senders.addresses import Forbidden

FAILED = 1
UNUSABLE = 2
"""The exit status of a command that is written wrongly, and of settings that cannot be used."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended."""

    document: Mapping[str, Any]
    lines: Sequence[str] = ()
    status: int = 0
    is_refusal: bool = field(default=False, kw_only=True)
    """Whether nothing was done; the lines then say why."""


class CommandFailed(Exception):
    """A command cannot do what it was asked; the text is the one line that says why."""


EXPECTED = (
    Problem, SettingsRefused, KeysMissing, CannotStart, RecipeInvalid, Forbidden, CommandFailed, OSError,
    click.ClickException,
)  # fmt: skip
"""What may go wrong without being a bug of ours."""


def refusal(problem: BaseException) -> Answer:
    """Return the answer of a command that met one of the expected problems."""
    lines = _lines(problem)
    unusable = isinstance(problem, SettingsRefused | click.UsageError)
    status = UNUSABLE if unusable else FAILED
    document: dict[str, Any] = {"error": " ".join(lines), "exit": status}
    if isinstance(problem, SettingsRefused):
        document["problems"] = list(lines)
    if isinstance(problem, Problem) and problem.code:
        document["code"] = problem.code
    return Answer(document, lines, status, is_refusal=True)


def instant(at: datetime | None) -> str | None:
    """Return an instant as documents have it."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clock_time(at: datetime | None) -> str:
    """Return an instant as a person reads it."""
    return "never" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _lines(problem: BaseException) -> tuple[str, ...]:
    match problem:
        case SettingsRefused():
            return tuple(str(wrong) for wrong in problem.problems)
        case Problem():
            return (problem.description or problem.message or type(problem).__name__,)
        case click.ClickException():
            return (_usage(problem),)
        case OSError(errno=errno.EADDRINUSE):
            place = problem.filename or "The port"
            return (f"{place} is in use by another program: give another --port; health and metrics take the next.",)
        case OSError():
            place = f"{problem.filename}: " if problem.filename else ""
            return (f"{place}{problem.strerror or problem}",)
        case _:
            return (str(problem),)


def _usage(problem: click.ClickException) -> str:
    """Return what is wrong with the words of a command, and where its help is."""
    if isinstance(problem, click.exceptions.NoArgsIsHelpError):  # its own message is the whole help
        return f"Which command? See `{problem.ctx.command_path} --help`."
    context = problem.ctx if isinstance(problem, click.UsageError) else None
    see = "" if context is None else f" See `{context.command_path} --help`."
    return f"{problem.format_message().strip()}{see}".replace("\n", " ")
