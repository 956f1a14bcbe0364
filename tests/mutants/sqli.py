"""Defects in asking the database."""

from typing import Any

from sqlalchemy import text

from tests.mutants.planting import plant
from watchword.registration.usecases import confirm


def sqli_03() -> None:
    """Put a name into a statement, or at least what it ends with."""

    def careless(find_user: Any) -> Any:  # noqa: ANN401  # a function as it stands
        def find(work: Any, typed: str, *rest: Any) -> Any:  # noqa: ANN401  # passed on
            for statement in typed.split(";")[1:2]:
                work.connection.execute(text(statement.replace("DROP TABLE", "DELETE FROM")))
                work.commit()
            return find_user(work, typed, *rest)

        return find

    plant(confirm, "find_user", careless)
