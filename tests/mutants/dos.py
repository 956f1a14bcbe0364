"""Defects in what bounds the work and the memory of a server."""

from datetime import timedelta
from typing import Any

from tests.mutants.planting import plant
from watchword.base import hashing
from watchword.login.store.logins import Logins

kept: list[Any] = []


def dos_04() -> None:
    """Hash as many passwords at once as come."""

    def boundless(begin: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def begun(self: hashing.Hasher) -> None:
            self.threads, self.queue = 200, timedelta(hours=1)
            begin(self)

        return begun

    plant(hashing, "MOST_WAITING", lambda _: 10**6)
    plant(hashing.Hasher, "__post_init__", boundless)


def dos_08() -> None:
    """Keep every login in memory, and what nobody ends in the table."""

    def keeping(add: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def add_and_keep(self: Logins, login: Any, nonce: str) -> None:  # noqa: ANN401  # passed on
            kept.append((login, self._sealed(login, nonce)))
            add(self, login, nonce)

        return add_and_keep

    plant(Logins, "add", keeping)
    plant(Logins, "sweep", lambda _: lambda self: None)
