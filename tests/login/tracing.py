"""What a request asks of the database, so that two requests can be compared."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from sqlalchemy import ClauseElement
from sqlalchemy.dialects import sqlite

from watchword.storage.statements import Statement
from watchword.storage.work import Work


def trace(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> list[str]:
    """Return the statements that an act runs, in their order."""
    seen: list[str] = []

    def noting(original: Callable[..., Any]) -> Callable[..., Any]:
        def note(self: Work, statement: Statement, **values: object) -> Any:  # noqa: ANN401  # as the original
            seen.append(
                str(cast("ClauseElement", statement.clause).compile(dialect=sqlite.dialect())).partition(" WHERE")[0]
            )
            return original(self, statement, **values)

        return note

    with monkeypatch.context() as patched:
        for name in ("rows", "row", "write"):
            patched.setattr(Work, name, noting(getattr(Work, name)))
        act()
    return seen
