"""`watchword`: all commands, and how one is run."""

import logging
import os
import sys
from collections.abc import Sequence

import click

from watchword.base.log import set_up_log
from watchword.cli.answers import EXPECTED, FAILED, Answer, refusal
from watchword.cli.batch import batch, commands
from watchword.cli.desk import HELP, Session
from watchword.cli.printing import print_answer
from watchword.cli.serving import lasting

watchword = click.Group(
    "watchword",
    {**commands.commands, **lasting.commands, "batch": batch},
    help="Sign people up, prove that they hold a phone or a mailbox, and let them in with a second factor.",
    epilog="\b\nExample:\n  watchword demo",
    context_settings={"max_content_width": 110, **HELP},
)
click.version_option(package_name="watchword", message="%(prog)s %(version)s")(watchword)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the arguments name, and leave with its exit status."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    set_up_log(plain=sys.stderr.isatty(), level=logging.WARNING, stream=sys.stderr)
    with Session() as session:
        try:
            answer = watchword.main(words or ["--help"], prog_name="watchword", standalone_mode=False, obj=session)
        except EXPECTED as problem:
            answer = refusal(problem)
        except (click.Abort, KeyboardInterrupt):
            sys.exit(FAILED)
    if isinstance(answer, Answer):
        try:
            print_answer(answer, as_json="--json" in words)
        except BrokenPipeError:  # whoever read has seen enough; the rest must not be flushed at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(FAILED)
    sys.exit(answer.status if isinstance(answer, Answer) else answer)
