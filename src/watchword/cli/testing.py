"""`watchword clock` and `watchword testing`: what a test moves and puts in place. Development and demo only."""

from datetime import timedelta
from pathlib import Path

import click

from watchword.accounts.usecases.names import find_user
from watchword.base.clock import advance, reset
from watchword.cli.answers import Answer, CommandFailed, clock_time, instant
from watchword.cli.desk import Desk, command
from watchword.cli.durations import parse_duration
from watchword.codes.model import Scenario, Step
from watchword.codes.usecases import put_code
from watchword.storage.work import Work

clock = click.Group("clock", help="The clock of a development server, or of the demo.")
testing = click.Group("testing", help="What a test puts in place. Development only.")
code = click.Group("code", help="Confirmation codes.")
testing.add_command(code)

BELIEVED_BY_NOBODY = (
    "Applications have clocks of their own: what they are told now is not yet valid to them, and what they ask may be"
    " too old. `watchword clock reset` ends that."
)
LATER_TIMES = (
    "What was stored meanwhile keeps its times: a wait, a limit or a lock from then may last {seconds} seconds longer."
    " A fresh folder of data knows nothing of it."
)
CHANNELS = ("EMAIL", "SMS", "EXTERNAL")


@command(clock, "advance", example="watchword clock advance PT61S --dev")
@click.argument("duration")
def advance_clock(desk: Desk, duration: str) -> Answer:
    """Move the server's clock forward by an ISO 8601 DURATION, such as PT61S or P1DT2H."""
    desk.must_be_development("A clock that can be moved")
    try:
        shift = advance(_offset_file(desk), parse_duration(duration))
    except ValueError as problem:
        raise CommandFailed(f"{duration}: {problem}.") from problem
    return _time_of(desk, shift, BELIEVED_BY_NOBODY if shift else "")


@command(clock, "reset", example="watchword clock reset --dev")
def reset_clock(desk: Desk) -> Answer:
    """Let the server's clock be the machine's again.

    What was stored while it was moved keeps its later times: a wait, a limit or a lock may last that much longer, and a
    code that has run out stays so.
    """
    desk.must_be_development("A clock that can be moved")
    was = reset(_offset_file(desk))
    return _time_of(desk, timedelta(0), LATER_TIMES.format(seconds=f"{was.total_seconds():g}") if was else "")


def _offset_file(desk: Desk) -> Path:
    return desk.settings.data / "clock"


def _time_of(desk: Desk, shift: timedelta, remark: str) -> Answer:
    now = desk.installation.works.surroundings.clock.now()
    lines = [f"It is {clock_time(now)} now.", *([remark] if remark else [])]
    return Answer({"now": instant(now), "offset_seconds": shift.total_seconds()}, lines)


@command(code, "put", example="watchword testing code put --user kim --code A1B2C3 --channel SMS --dev")
@click.option("--user", "name", required=True, help="Whose code it is.")
@click.option("--code", "text", required=True, help="The code itself.")
@click.option(
    "--scenario",
    type=click.Choice([each.value for each in Scenario]),
    default=Scenario.SELF_SIGN_UP.value,
    help="Why it was sent; else SELF_SIGN_UP.",
)
@click.option("--step", type=click.Choice([each.value for each in Step]), help="Must be the scenario's own.")
@click.option("--channel", type=click.Choice(CHANNELS), default="EXTERNAL", help="How it was sent; else EXTERNAL.")
def put(desk: Desk, name: str, text: str, scenario: str, step: str | None, channel: str) -> Answer:
    """Give an account a code that the test knows."""
    desk.must_be_development("A code that somebody chose")
    wanted = Scenario(scenario)
    if step is not None and wanted.step != step:
        raise CommandFailed(f"The step of {scenario} is {wanted.step}.")

    def put_it(work: Work) -> None:
        found = find_user(work, name)
        if found is None:
            raise CommandFailed(f"There is no user {name}.")
        put_code(work, found.id, wanted, channel, text)

    desk.do(put_it)
    return Answer(
        {"user": name, "scenario": scenario, "step": wanted.step, "channel": channel}, [f"{name} has the code."]
    )
