"""`watchword batch`: many commands in one process, for programs that act again and again."""

import logging
import shlex
import sys
from contextlib import redirect_stdout
from io import StringIO

import click

from watchword.cli import (
    applying,
    auditing,
    checking,
    messages,
    operators,
    policies,
    sessions,
    signing,
    support,
    testing,
    users,
)
from watchword.cli.answers import EXPECTED, FAILED, Answer, CommandFailed, refusal
from watchword.cli.desk import HELP, PLACE, Desk, Session, command
from watchword.cli.printing import json_line

commands = click.Group("watchword", context_settings=HELP)
"""The commands that end by themselves."""
users.user.commands.update(support.user.commands)
operators.keys.commands.update(signing.keys.commands)
for _group in (users.user, users.userstore, sessions.session, operators.admin, operators.client, operators.tenant):
    commands.add_command(_group)
for _group in (policies.policy, operators.keys, messages.message, auditing.audit, testing.clock, testing.testing):
    commands.add_command(_group)
for _group in (applying.application, applying.idp):
    commands.add_command(_group)
commands.add_command(applying.apply_files)
commands.add_command(operators.migrate)
commands.add_command(checking.check)

log = logging.getLogger(__name__)

_root = click.Group("watchword")


@command(
    _root, "batch", example="printf 'user list\\nmessage list\\n' | watchword batch --home /srv/identity", options=PLACE
)
def batch(desk: Desk) -> None:
    """Take commands line by line, and answer each with one line of JSON.

    Words are quoted as in a shell. An answer that is a refusal has "error" and "exit". The end of the input ends it.
    """
    session = Session(desk.session.environment, desk.place)
    with session:
        for line in sys.stdin:
            sys.stdout.write(json_line(answer_to(session, line).document) + "\n")
            sys.stdout.flush()


def answer_to(session: Session, line: str) -> Answer:
    """Return the answer to one line."""
    help_text = StringIO()
    try:
        with redirect_stdout(help_text):
            answer = commands.main(shlex.split(line), prog_name="watchword", standalone_mode=False, obj=session)
    except ValueError as problem:  # shlex says what it misses
        return refusal(CommandFailed(f"The line cannot be read: {problem}."))
    except EXPECTED as problem:
        return refusal(problem)
    except Exception as problem:  # the edge: the next line is another command's
        log.exception("a command broke")
        return Answer({"error": f"The command broke: {type(problem).__name__}.", "exit": FAILED}, status=FAILED)
    if isinstance(answer, Answer):
        return answer
    return Answer({"help": help_text.getvalue()}, status=answer or 0)
