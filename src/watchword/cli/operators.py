"""`watchword admin`, `client`, `tenant`, `keys` and `migrate`: what an operator sets up."""

from contextlib import closing
from pathlib import Path

import click

from watchword.accounts.model import PERMISSIONS
from watchword.accounts.store.clients import Clients
from watchword.accounts.usecases.administrators import create_administrator, create_client, delete_client
from watchword.base.entropy import SystemEntropy, draw
from watchword.base.seal import create_keys
from watchword.cli.answers import FAILED, Answer, clock_time, instant
from watchword.cli.desk import JSON, PLACE, Desk, command
from watchword.cli.passwords import ask_password, password_options
from watchword.installation import open_database
from watchword.storage.migrate import migrate as take_steps
from watchword.tenants.usecases import create_tenant, list_tenants

admin = click.Group("admin", help="Administrators: users who may do everything in their tenant.")
client = click.Group("client", help="Programs that call the API, each with its permissions.")
tenant = click.Group("tenant", help="Isolated users, policies and keys.")
keys = click.Group("keys", help="The keys that seal what is stored, and those that a tenant signs with.")

alone = click.Group()
"""Commands without a group of their own."""

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
CHARACTERS = 40
"""Forty of 56 characters are 232 bits."""


@command(admin, "create", example="watchword admin create lee --home /srv/identity")
@click.argument("name")
@password_options
def create_admin(
    desk: Desk, name: str, password: str | None, password_file: Path | None, *, password_stdin: bool
) -> Answer:
    """Make an administrator. A password that equals the name, or is well known, is refused."""
    secret = ask_password(desk, password, password_file, from_input=password_stdin, twice=True)
    trusting = desk.settings.dev or desk.settings.demo
    made = desk.do(lambda work: create_administrator(work, name, secret, trusting=trusting))
    return Answer({"id": made.id, "name": made.name.typed}, [f"{name} is an administrator of {desk.tenant}."])


@command(client, "create", example="watchword client create shop --permission selfregister:create")
@click.argument("name")
@click.option(
    "--permission",
    "permissions",
    multiple=True,
    required=True,
    metavar="PERMISSION",
    type=click.Choice(sorted(PERMISSIONS)),
    help=f"May be given several times: {', '.join(sorted(PERMISSIONS))}.",
)
def create_api_client(desk: Desk, name: str, permissions: tuple[str, ...]) -> Answer:
    """Make a client, and print its secret: this once, and never again."""
    secret = draw(desk.installation.works.surroundings.entropy, ALPHABET, CHARACTERS)
    made = desk.do(lambda work: create_client(work, name, secret, frozenset(permissions)))
    document = {"name": made.name, "secret": secret, "permissions": sorted(permissions), "tenant": desk.tenant}
    return Answer(document, [f"{made.name} may {', '.join(sorted(permissions))}. Its secret, shown once:", secret])


@command(client, "list", example="watchword client list")
def list_clients(desk: Desk) -> Answer:
    """List the clients of a tenant."""
    listed = desk.look(lambda work: Clients(work).all())
    documents = [
        {"name": each.name, "permissions": sorted(each.permissions), "created_at": instant(each.created_at)}
        for each in listed
    ]
    lines = [f"{each.name}: {', '.join(sorted(each.permissions))}" for each in listed]
    return Answer({"clients": documents}, lines or ["There are no clients."])


@command(client, "delete", example="watchword client delete shop")
@click.argument("name")
def delete_api_client(desk: Desk, name: str) -> Answer:
    """Remove a client; its secret is worth nothing from the next request on."""
    if desk.do(lambda work: delete_client(work, name)):
        return Answer({"name": name, "deleted": True}, [f"{name} was deleted."])
    return Answer({"name": name, "deleted": False}, [f"There is no client {name}."], FAILED)


@command(tenant, "create", example="watchword tenant create acme.example")
@click.argument("domain")
@click.option("--name", default="", help="What people call it; else its domain.")
def make_tenant(desk: Desk, domain: str, name: str) -> Answer:
    """Make a tenant."""
    made = desk.do(lambda work: create_tenant(work, domain, name))
    return Answer({"domain": made.domain, "id": made.id}, [f"The tenant {made.domain} was made."])


@command(tenant, "list", example="watchword tenant list")
def list_all_tenants(desk: Desk) -> Answer:
    """List the tenants beside the super tenant."""
    listed = desk.look(list_tenants)
    documents = [
        {"domain": each.domain, "id": each.id, "name": each.name, "active": each.active,
         "created_at": instant(each.created_at)}
        for each in listed
    ]  # fmt: skip
    lines = [f"{each.domain}{'' if each.active else ' (switched off)'}: made {clock_time(each.created_at)}"
             for each in listed]  # fmt: skip
    return Answer({"tenants": documents}, lines or ["There are no tenants but the super tenant."])


@command(keys, "create", example="watchword keys create --home /srv/identity", options=(*PLACE, JSON))
def make_keys(desk: Desk) -> Answer:
    """Make the installation's key file once; every node of it needs a copy of the same file."""
    folder = desk.place.settings(desk.session.environment).data / "keys"
    made = create_keys(folder, SystemEntropy())
    told = "was made; copy it to every node, and keep it as you keep the database" if made else "is there already"
    return Answer({"created": made, "file": str(folder / "secret.key")}, [f"{folder / 'secret.key'} {told}."])


@command(alone, "migrate", example="watchword migrate --home /srv/identity", options=(*PLACE, JSON))
def migrate(desk: Desk) -> Answer:
    """Bring the database up to this version. Any number of nodes may do so at once."""
    with closing(open_database(desk.place.settings(desk.session.environment))) as database:
        before, after = take_steps(database)
    told = f"The database is at {after} already." if before == after else f"The database went from {before} to {after}."
    return Answer({"from": before, "to": after}, [told])
