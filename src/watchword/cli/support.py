"""More of `watchword user`: what the support desk does for somebody who cannot log in."""

import click

from watchword.accounts.backup_codes import make_backup_codes
from watchword.accounts.usecases.passwords import require_password_change
from watchword.cli.answers import Answer
from watchword.cli.desk import Desk, command
from watchword.cli.users import must_find

user = click.Group("user")
"""Joined with the other commands of this name."""


@command(user, "backup-codes", example="watchword user backup-codes kim")
@click.argument("name")
def backup_codes(desk: Desk, name: str) -> Answer:
    """Make new backup codes in place of all old ones, and print them: the only time that they can be read."""
    codes = desk.do(lambda work: make_backup_codes(work, must_find(work, name)))
    lines = [f"Each of these lets {name} past the code once; the codes made before are void.", *codes]
    return Answer({"name": name, "backup_codes": list(codes)}, lines)


@command(user, "require-password-change", example="watchword user require-password-change kim")
@click.argument("name")
def require_change(desk: Desk, name: str) -> Answer:
    """Let somebody choose another password at the next log-in, before anything else."""
    desk.do(lambda work: require_password_change(work, must_find(work, name)))
    return Answer({"name": name, "must_change_password": True}, [f"{name} must choose another password."])
