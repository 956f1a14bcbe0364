"""Defects of counting and of uniqueness."""

import time
from typing import Any

from sqlalchemy import insert, text

from tests.mutants import otp_login
from tests.mutants.planting import plant
from watchword import app
from watchword.accounts.store.users import Users
from watchword.codes.store import Codes
from watchword.registration.usecases import register
from watchword.storage.schema import codes
from watchword.web.model import SUPER_TENANT


def drop_index(name: str) -> None:
    """Start without one of the indexes."""

    def dropping(seed_administrator: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def seed(installation: Any, environment: Any) -> None:  # noqa: ANN401  # passed on
            def drop(work: Any) -> None:  # noqa: ANN401  # a work
                work.connection.execute(text(f'DROP INDEX "{name}"'))
                work.commit()

            installation.works.do(SUPER_TENANT, drop)
            seed_administrator(installation, environment)

        return seed

    plant(app, "seed_administrator", dropping)


def race_01() -> None:
    """Find the code, then spend it."""

    def spend_attempt(self: Codes, given: str, limit: int) -> Any:  # noqa: ANN401  # a code or none
        found = self.find(given)
        self.work.release()
        time.sleep(0.05)  # the gap between the two statements, held open
        return found if found and found.attempts < limit else None

    plant(Codes, "spend_attempt", lambda _: spend_attempt)
    otp_login.find_then_redeem()


def race_02() -> None:
    """Look whether the name is taken, then insert; no unique index."""

    def first_of_that_name(self: Users, realm: str, canonical: str) -> Any:  # noqa: ANN401  # a user or none
        mine = [each for each in self.page() if (each.name.realm, each.name.canonical) == (realm, canonical)]
        return mine[0] if mine else None

    drop_index("users_by_name")
    plant(Users, "find", lambda _: first_of_that_name)


def race_04() -> None:
    """Let a resend leave the old code alive."""

    def put(self: Codes, code: Any, given: str) -> None:  # noqa: ANN401  # a code
        row = {name: getattr(code, name) for name in codes.c.keys() if hasattr(code, name)}  # noqa: SIM118  # its columns
        more = {"tenant": self.work.tenant, "digest": self.digest(given), "step": code.scenario.step, "facts": "{}"}
        self.work.connection.execute(insert(codes), {**row, **more})

    drop_index("codes_by_user")
    plant(Codes, "put", lambda _: put)
    plant(Codes, "delete_of", lambda _: lambda self, user_id, scenarios: None)


def race_06() -> None:
    """Store the key after the work."""
    kept: list[Any] = []

    def late(write: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def write_and_keep(work: Any, *rest: Any) -> Any:  # noqa: ANN401  # passed on
            registered = write(work, *rest)
            keep_answer, repeat, answer = kept.pop()
            keep_answer(work, repeat, answer)
            work.commit()
            return registered

        return write_and_keep

    plant(register, "keep_answer", lambda keep: lambda work, repeat, answer: kept.append((keep, repeat, answer)))
    plant(register, "_write", late)
