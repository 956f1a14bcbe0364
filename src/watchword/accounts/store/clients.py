"""The API clients of the Work's tenant, as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, insert, select

from watchword.accounts.model import Client
from watchword.storage.schema import clients
from watchword.storage.statements import Statement
from watchword.storage.work import Work

_FIND_CLIENT = Statement(
    select(clients).where(clients.c.tenant == bindparam("tenant"), clients.c.name == bindparam("name"))
)


@dataclass(frozen=True, slots=True)
class Clients:
    """The API clients of the Work's tenant."""

    work: Work

    def find(self, name: str) -> Client | None:
        """Return the client of that name; names are compared without case."""
        row = self.work.row(_FIND_CLIENT, name=name.casefold())
        return None if row is None else _client(row)

    def add(self, client: Client) -> None:
        """Store a client."""
        self.work.connection.execute(insert(clients), {
            "tenant": self.work.tenant, "name": client.name.casefold(), "secret_hash": client.secret_hash,
            "permissions": " ".join(sorted(client.permissions)), "created_at": client.created_at,
        })  # fmt: skip

    def all(self) -> Sequence[Client]:
        """Return all clients, by name."""
        query = select(clients).where(clients.c.tenant == self.work.tenant).order_by(clients.c.name)
        rows = self.work.connection.execute(query)
        return [_client(row) for row in rows]

    def delete(self, name: str) -> bool:
        """Remove a client; return whether there was one."""
        mine = (clients.c.tenant == self.work.tenant) & (clients.c.name == name.casefold())
        return bool(self.work.connection.execute(delete(clients).where(mine)).rowcount)


def _client(row: Any) -> Client:  # noqa: ANN401  # a row of clients
    return Client(row.name, row.secret_hash, frozenset(row.permissions.split()), row.created_at)
