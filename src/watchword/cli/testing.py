"""`watchword clock` and `watchword testing`: what a test moves and puts in place. Development only."""

import click

from watchword.accounts.usecases.names import find_user
from watchword.base.clock import advance
from watchword.cli.answers import Answer, CommandFailed, clock_time, instant
from watchword.cli.desk import Desk, command
from watchword.cli.durations import parse_duration
from watchword.codes.model import Scenario, Step
from watchword.codes.usecases import put_code
from watchword.storage.work import Work

clock = click.Group("clock", help="The clock of a development server.")
testing = click.Group("testing", help="What a test puts in place. Development only.")
code = click.Group("code", help="Confirmation codes.")
testing.add_command(code)

CHANNELS = ("EMAIL", "SMS", "EXTERNAL")


@command(clock, "advance", example="watchword clock advance PT61S --dev")
@click.argument("duration")
def advance_clock(desk: Desk, duration: str) -> Answer:
    """Move the clock forward by an ISO 8601 DURATION, such as PT61S or P1DT2H; it never goes back."""
    desk.must_be_development("A clock that can be moved")
    try:
        shift = advance(desk.settings.data / "clock", parse_duration(duration))
    except ValueError as problem:
        raise CommandFailed(f"{duration}: {problem}.") from problem
    now = desk.installation.works.surroundings.clock.now()
    return Answer({"now": instant(now), "offset_seconds": shift.total_seconds()}, [f"It is {clock_time(now)} now."])


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
