"""Defects of counting and of uniqueness."""

import time
from typing import Any

from sqlalchemy import text

from watchword import app
from watchword.accounts.store import Users
from watchword.codes.store import Codes
from watchword.registration.usecases import register
from watchword.storage.work import Work
from watchword.web.model import SUPER_TENANT


def drop_index(name: str) -> None:
    """Start without one of the indexes."""
    seed = app.seed_administrator

    def seed_administrator(installation: app.Installation, environment: Any) -> None:  # noqa: ANN401  # passed on
        def drop(work: Work) -> None:
            work.connection.execute(text(f'DROP INDEX "{name}"'))
            work.commit()

        installation.works.do(SUPER_TENANT, drop)
        seed(installation, environment)

    app.seed_administrator = seed_administrator


def race_02() -> None:
    """Look whether the name is taken, then insert; no unique index."""
    drop_index("users_by_name")
    Users.find = _first_of_that_name  # type: ignore[method-assign]


def _first_of_that_name(users: Users, realm: str, canonical: str) -> Any:  # noqa: ANN401  # a user or none
    mine = [each for each in users.page() if (each.name.realm, each.name.canonical) == (realm, canonical)]
    return mine[0] if mine else None


def race_04() -> None:
    """A resend leaves the old code alive."""
    drop_index("codes_by_user")
    Codes.delete_of = lambda self, user_id, scenarios: None  # type: ignore[method-assign]


def race_06() -> None:
    """The key is stored after the work."""
    keep = register.keep_answer
    pending: list[Any] = []

    def keep_answer(work: Work, repeat: Any, answer: Any) -> None:  # noqa: ANN401  # passed on
        pending.append((repeat, answer))

    def write(work: Work, *rest: Any) -> Any:  # noqa: ANN401  # passed on
        registered = _write(work, *rest)
        keep(work, *pending.pop())
        work.commit()
        return registered

    _write = register._write  # noqa: SLF001  # a defect goes where it must
    register.keep_answer, register._write = keep_answer, write  # noqa: SLF001


def race_01() -> None:
    """Find the code, then spend it."""

    def spend_attempt(self: Codes, given: str, limit: int, user_id: str | None) -> Any:  # noqa: ANN401  # a code or none
        found = self.find(given)
        self.work.release()
        time.sleep(0.05)  # the gap between the two statements, held open
        return found if found and found.attempts < limit else None

    Codes.spend_attempt = spend_attempt  # type: ignore[method-assign]
