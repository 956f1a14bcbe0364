"""Defects in keeping tenants apart."""

from typing import Any

from sqlalchemy import select, update

from watchword.accounts.store import Users
from watchword.codes.store import Codes
from watchword.storage.schema import codes, users
from watchword.storage.work import Memory


def xten_01() -> None:
    """Look up a code without its tenant."""

    def spend_attempt(self: Codes, text: str, limit: int, user_id: str | None) -> Any:  # noqa: ANN401  # a code or none
        del user_id
        mine = (codes.c.digest == self.digest(text)) & (codes.c.attempts < limit)
        counted = update(codes).where(mine).values(attempts=codes.c.attempts + 1).returning(codes)
        return self._code(self.work.connection.execute(counted).one_or_none())  # noqa: SLF001  # its own method

    Codes.digest = lambda self, text: self.work.keys.digest("code", "carbon.super", text)  # type: ignore[method-assign]
    Codes.spend_attempt = spend_attempt  # type: ignore[method-assign]


def xten_02() -> None:
    """One query without the tenant."""

    def one(self: Users, condition: Any) -> Any:  # noqa: ANN401  # a user or none
        row = self.work.connection.execute(select(users).where(condition)).first()
        return None if row is None else self._user(row)  # noqa: SLF001  # its own method

    Users._one = one  # type: ignore[method-assign]  # noqa: SLF001  # as above


def xten_06() -> None:
    """Remember without the tenant."""
    recall = Memory.recall
    Memory.recall = lambda self, tenant, key, load: recall(self, "", key, load)  # type: ignore[method-assign]
