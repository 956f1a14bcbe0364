"""`watchword policy`: what a tenant decides while the server runs."""

import click

from watchword.cli.answers import Answer
from watchword.cli.desk import Desk, command
from watchword.storage.work import Work
from watchword.tenants.policies import CONNECTORS
from watchword.tenants.usecases import change_policy, find_connector, read_connector, read_property, revert_policies

policy = click.Group("policy", help="What a tenant decides while the server runs.")


@command(
    policy,
    "set",
    example="watchword policy set self-sign-up SelfRegistration.LockOnCreation false",
    # A value may be a negative number, which means "never" in some properties, and is no option.
    context_settings={"ignore_unknown_options": True},
)
@click.argument("connector")
@click.argument("name")
@click.argument("value")
def set_property(desk: Desk, connector: str, name: str, value: str) -> Answer:
    """Decide a property of a connector; it counts within a second on every node."""
    warnings = desk.do(lambda work: change_policy(work, connector, {name: value}))
    stated = desk.look(lambda work: read_property(work, find_connector(connector), name))
    return Answer(
        {"connector": connector, "name": name, "value": stated.value, "warnings": list(warnings)},
        [f"{name} = {stated.value}", *warnings],
    )


@command(policy, "show", example="watchword policy show self-sign-up")
@click.argument("connector")
def show_connector(desk: Desk, connector: str) -> Answer:
    """Show the values of a connector that hold in the tenant."""
    stated = desk.look(lambda work: read_connector(work, find_connector(connector)))
    values = {each.property.wire_name: each.value for each in stated.properties}
    return Answer(
        {"connector": stated.connector.name, "id": stated.connector.id, "properties": values},
        [stated.connector.title, *(f"  {name} = {value}" for name, value in values.items())],
    )


@command(policy, "list", example="watchword policy list")
def list_connectors(desk: Desk) -> Answer:
    """List the connectors, which are groups of properties."""
    del desk
    return Answer(
        {"connectors": [{"name": each.name, "id": each.id, "title": each.title} for each in CONNECTORS]},
        [f"{each.name}: {each.title}" for each in CONNECTORS],
    )


@command(policy, "revert", example="watchword policy revert self-sign-up SelfRegistration.LockOnCreation")
@click.argument("names", nargs=-1, required=True, metavar="[CONNECTOR] NAMES...")
def revert(desk: Desk, names: tuple[str, ...]) -> Answer:
    """Take decisions back, so that the server's default holds. The connector may be named first, as for `set`."""

    def take_back(work: Work) -> None:
        if connector is not None:
            for name in names:
                read_property(work, connector, name)  # refuses a property of another connector
        revert_policies(work, names)

    connector = next((each for each in CONNECTORS if names[0] in {each.name, each.id}), None)
    if connector is not None:
        names = names[1:]
        if not names:
            raise click.UsageError("Which properties? Give their names after the connector's.")
    desk.do(take_back)
    return Answer({"reverted": list(names)}, [f"{name} is as the server has it." for name in names])
