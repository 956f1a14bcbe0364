"""The places for users beside PRIMARY, as rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from watchword.accounts.model import UserStore
from watchword.base.problems import StoreExists
from watchword.storage.schema import user_stores, users
from watchword.storage.statements import Statement
from watchword.storage.work import Work

_MINE = users.c.tenant == bindparam("tenant")
_IN_REALM = _MINE & (users.c.realm == bindparam("realm"))
_COUNT_IN = Statement(select(func.count().label("number")).select_from(users).where(_IN_REALM))
_IDS_IN = Statement(select(users.c.id).where(_IN_REALM).order_by(users.c.id))
_REMOVE_IN = Statement(delete(users).where(_IN_REALM))
_STORES = Statement(
    select(user_stores).where(user_stores.c.tenant == bindparam("tenant")).order_by(user_stores.c.realm)
)
_THIS_STORE = (user_stores.c.tenant == bindparam("tenant")) & (user_stores.c.realm == bindparam("of_realm"))
_DESCRIBE_STORE = Statement(update(user_stores).where(_THIS_STORE).values(description=bindparam("new_description")))
_REMOVE_STORE = Statement(delete(user_stores).where(_THIS_STORE))


@dataclass(frozen=True, slots=True)
class UserStores:
    """The secondary user stores of the Work's tenant."""

    work: Work

    def add(self, store: UserStore) -> None:
        """Make a user store.

        Raises:
            StoreExists: somebody else was quicker to take the name; the work can only be released.
        """
        row = {
            "tenant": self.work.tenant, "realm": store.name, "description": store.description,
            "created_at": store.created_at,
        }  # fmt: skip
        try:
            self.work.connection.execute(insert(user_stores), row)
        except IntegrityError as problem:
            raise StoreExists(name=store.name) from problem

    def all(self) -> Sequence[UserStore]:
        """Return the user stores, by name."""
        return [UserStore(row.realm, row.description, row.created_at) for row in self.work.rows(_STORES)]

    def describe(self, name: str, description: str) -> None:
        """Say of a user store what it is for."""
        self.work.write(_DESCRIBE_STORE, of_realm=name, new_description=description)

    def count_users(self, name: str) -> int:
        """Return how many users a user store has."""
        number: int = self.work.row(_COUNT_IN, realm=name).number
        return number

    def ids_of_users(self, name: str) -> Sequence[str]:
        """Return the ids of the users of a user store."""
        return [row.id for row in self.work.rows(_IDS_IN, realm=name)]

    def remove(self, name: str) -> None:
        """Remove a user store with its users."""
        self.work.write(_REMOVE_STORE, of_realm=name)
        self.work.write(_REMOVE_IN, realm=name)
