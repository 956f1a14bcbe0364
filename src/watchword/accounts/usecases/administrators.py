"""Administrators, and clients of the API."""

from watchword.accounts.model import ADMIN_ROLE, PRIMARY, Client, NewAccount, User
from watchword.accounts.passwords import is_common_password
from watchword.accounts.store.clients import Clients
from watchword.accounts.usecases.names import place_name
from watchword.accounts.usecases.people import add_user
from watchword.base.problems import PasswordRefused
from watchword.storage.audit import note
from watchword.storage.work import Work

WELL_KNOWN = frozenset({"admin", "wso2carbon", "watchword", "changeit"})
"""Passwords that installations begin with."""


def create_administrator(work: Work, name: str, password: str, *, trusting: bool) -> User:
    """Make an administrator of the tenant.

    *trusting* lets a well-known password pass: in the demo, and with ``--dev`` (decisions 5.2).

    Raises:
        PasswordRefused: the password is the name, or is well known.
    """
    weakness = None if trusting else administrator_weakness(name, password)
    if weakness is not None:
        message = f"An administrator's password must not be {weakness}."
        raise PasswordRefused(message)
    user = add_user(work, NewAccount(name, password, roles=(ADMIN_ROLE,)))
    work.commit()
    return user


def administrator_weakness(name: str, password: str) -> str | None:
    """Return what is wrong with an administrator's password, in words; ``None`` if it will do."""
    if password.casefold() == name.casefold():
        return "the name"
    if password.casefold() in WELL_KNOWN:
        return "one of the well-known defaults"
    return "on the list of common passwords, or too near to one" if is_common_password(password) else None


def is_well_known(password: str) -> bool:
    """Tell whether a password is one that every attacker tries first."""
    return password.casefold() in WELL_KNOWN or is_common_password(password)


def create_client(work: Work, name: str, secret: str, permissions: frozenset[str]) -> Client:
    """Make a client of the API.

    Raises:
        UserNameRefused: the name has no form to compare.
        UserExists: a client or a user has the name.
    """
    place = place_name(work, name, PRIMARY, by_operator=True)
    work.release()
    client = Client(place.canonical, work.hasher.hash(secret), permissions, work.now)
    Clients(work).add(client)
    note(work, "create_client", client.name)
    work.commit()
    return client


def delete_client(work: Work, name: str) -> bool:
    """Remove a client of the API, and return whether there was one."""
    if not Clients(work).delete(name):
        return False
    note(work, "delete_client", name.casefold())
    work.commit()
    return True
