"""User stores: the places for users beside PRIMARY, each a part of the tenant's own rows."""

from collections.abc import Callable, Sequence

from watchword.accounts.model import PRIMARY, UserStore
from watchword.accounts.names import is_realm
from watchword.accounts.store.stores import UserStores
from watchword.base.problems import StoreExists, StoreFieldRefused, StoreInUse, StoreRefused, StoreUnknown
from watchword.storage.audit import note
from watchword.storage.failures import forget_failures
from watchword.storage.work import Work

LetGo = Callable[[Work, str], None]
"""Ends what slices above accounts keep of one: its sessions, and the messages that wait to go out."""

RESERVED = frozenset({"INTERNAL", "APPLICATION", "SYSTEM", "LOCAL", "FEDERATED"})
"""How roles and people begin that are of no user store."""


def create_user_store(work: Work, realm: str, description: str = "") -> UserStore:
    """Make a place for users beside PRIMARY.

    Raises:
        StoreRefused: the name cannot be one.
        StoreExists: it is taken.
    """
    name = realm.strip().upper()
    if not is_realm(name) or name in RESERVED:
        reason = "it must begin with a letter, hold letters, digits, `-` and `.` only, and be no word of our own"
        raise StoreRefused(realm=realm, reason=reason)
    if name == PRIMARY or any(store.name == name for store in UserStores(work).all()):
        raise StoreExists(name=name)
    store = UserStore(name, description, work.now)
    UserStores(work).add(store)
    note(work, "create_user_store", name)
    work.commit()
    return store


def list_user_stores(work: Work) -> Sequence[UserStore]:
    """Return the user stores beside PRIMARY, by name."""
    return UserStores(work).all()


def read_user_store(work: Work, name: str) -> UserStore:
    """Return a user store beside PRIMARY.

    Raises:
        StoreUnknown
    """
    for store in UserStores(work).all():
        if store.name == name:
            return store
    raise StoreUnknown(name=name)


def describe_user_store(work: Work, name: str, description: str) -> UserStore:
    """Say of a user store what it is for.

    Raises:
        StoreUnknown
        StoreFieldRefused: it is PRIMARY.
    """
    _changeable(work, name)
    UserStores(work).describe(name, description)
    note(work, "describe_user_store", name)
    work.commit()
    return read_user_store(work, name)


def remove_user_store(work: Work, name: str, let_go: LetGo, *, with_users: bool) -> None:
    """Remove a user store; one that has users only together *with_users* and all that is theirs.

    Raises:
        StoreUnknown
        StoreFieldRefused: it is PRIMARY.
        StoreInUse: it has users.
    """
    stores = UserStores(work)
    _changeable(work, name)
    count = stores.count_users(name)
    if count and not with_users:
        raise StoreInUse(name=name, users="1 user" if count == 1 else f"{count} users")
    for user_id in stores.ids_of_users(name):
        let_go(work, user_id)
        forget_failures(work, user_id)
    stores.remove(name)
    note(work, "delete_user_store", name, reason=f"users={count}")
    work.commit()


def _changeable(work: Work, name: str) -> None:
    if name == PRIMARY:
        raise StoreFieldRefused("PRIMARY comes with the tenant, and stays as it is.")
    read_user_store(work, name)
