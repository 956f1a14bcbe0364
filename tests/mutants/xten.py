"""Defects in keeping tenants apart."""

from typing import Any

from sqlalchemy import update

from tests.mutants.planting import plant
from watchword.accounts.store.users import Users
from watchword.codes.store import Codes
from watchword.login import dispatcher
from watchword.storage.schema import codes
from watchword.storage.work import Memory
from watchword.web.model import SUPER_TENANT


def xten_01() -> None:
    """Look up a code without its tenant."""

    def spend_attempt(self: Codes, given: str, limit: int) -> None:
        mine = (codes.c.digest == self.digest(given)) & (codes.c.attempts < limit)
        self.work.connection.execute(update(codes).where(mine).values(attempts=codes.c.attempts + 1))

    plant(Codes, "digest", lambda _: lambda self, given: self.work.keys.digest("code", SUPER_TENANT, given))
    plant(Codes, "spend_attempt", lambda _: spend_attempt)


def xten_02() -> None:
    """Ask once without the tenant."""

    def anywhere(find: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def find_anywhere(self: Users, realm: str, canonical: str) -> Any:  # noqa: ANN401  # a user or none
            return find(self, realm, canonical) or find(Users(self.work.within(SUPER_TENANT)), realm, canonical)

        return find_anywhere

    plant(Users, "find", anywhere)


def xten_03() -> None:
    """Compare nobody's tenant with that of the application."""
    plant(dispatcher, "_refusal", lambda _: lambda work, login: None)


def xten_06() -> None:
    """Remember without the tenant."""
    plant(Memory, "recall", lambda recall: lambda self, tenant, key, load: recall(self, "", key, load))
