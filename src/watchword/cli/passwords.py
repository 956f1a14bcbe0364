"""Passwords on the command line: asked for without an echo, or read; never left in the history of a shell."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from watchword.cli.answers import CommandFailed
from watchword.cli.desk import Desk

Declared = TypeVar("Declared", bound=Callable[..., Any])

READABLE = click.Path(exists=True, dir_okay=False, allow_dash=False, path_type=Path)


def password_options(called: Declared) -> Declared:
    """Give a command the three ways to say a password without being asked for it."""
    options = (
        click.option("--password", metavar="VALUE", help="The password itself; development only."),
        click.option("--password-file", type=READABLE, help="A file that holds the password in its first line."),
        click.option("--password-stdin", is_flag=True, help="Read the password from the first line of the input."),
    )
    for option in reversed(options):
        called = option(called)
    return called


def given_password(desk: Desk, value: str | None, file: Path | None, *, from_input: bool) -> str | None:
    """Return the password that was said, without asking anybody.

    Raises:
        CommandFailed: it stands on the command line, where every process of the machine can read it.
    """
    if value is not None:
        desk.must_be_development("--password VALUE")
        return value
    if file is not None:
        return file.read_text(encoding="utf-8").partition("\n")[0].removesuffix("\r")
    if from_input:
        return sys.stdin.readline().removesuffix("\n").removesuffix("\r")
    return None


def ask_password(desk: Desk, value: str | None, file: Path | None, *, from_input: bool, twice: bool) -> str:
    """Return the password that was said, or ask for it.

    Raises:
        CommandFailed: nobody is there to be asked.
    """
    said = given_password(desk, value, file, from_input=from_input)
    if said is not None:
        return said
    if not desk.session.has_terminal:
        raise CommandFailed("Nobody can be asked for the password here: give --password-file or --password-stdin.")
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=twice, err=True)
    return answer
