"""Defects in what tells one browser from another."""

from dataclasses import replace
from typing import Any

from tests.mutants.planting import plant
from watchword.login import front
from watchword.login.store import logins


class AnyLogin(dict[str, str]):
    """The secrets of a browser that is bound to every login."""

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401  # as of a dictionary
        del default
        return key


def csrf_02() -> None:
    """Bind no login to a browser, and take forms from everywhere."""
    bound = logins.Logins._nonce  # noqa: SLF001  # a defect is made of its neighbours
    plant(logins.Logins, "_nonce", lambda _: lambda self, nonce: bound(self, ""))
    plant(front, "read_browser", lambda read: lambda work, ask: replace(read(work, ask), nonces=AnyLogin()))
    plant(front, "is_own_form", lambda _: lambda work, headers: True)
